/*
 * Opening connections, several at once: connect, log in, and look at who answers before any command is sent there.
 * For the other files of io/redis. One thread at a time.
 */
#ifndef VOC_IO_REDIS_GREET_H
#define VOC_IO_REDIS_GREET_H

#include "io/redis/redis_link.h"

/* What a server says of itself (INFO). */
struct voc_redis_server {
	bool is_cluster, is_sentinel;
	bool appends;    /* keeps an append-only file; true if it doesn't say */
	char policy[32]; /* maxmemory-policy; empty if it doesn't say */
};
/* Pure. */
void voc_redis_server_parse(struct voc_str info, struct voc_redis_server *ret_server);

/* What we come with, and what the server must be. */
struct voc_redis_terms {
	const struct voc_redis_login *login;
	enum voc_redis_kind kind;
	int db;
	bool writes;        /* it must not evict keys */
	bool *ret_volatile; /* set if a server keeps no append-only file; may be NULL */
};

/*
 * Makes those links ready that aren't. VOC_OK also if some can't be: they are closed, and link->why says why. VOC_FATAL
 * if a server refuses the login, or is not what the terms demand.
 */
VOC_MUST_CHECK enum voc_status voc_redis_greet(struct voc_redis_link *const *links, size_t count,
                                               const struct voc_redis_terms *terms, struct voc_redis_patience *patience,
                                               struct voc_error *error);

#endif
