/*
 * Connections to single Redis servers, used several at a time: what is sent to all of them goes out before any reply
 * is waited for. For the other files of io/redis: everybody else uses io/redis/redis.h.
 *
 * Nothing is ever sent again by itself. After any failure a link is closed, since a late reply would answer the next
 * command, and the calls that had no reply yet get one of type VOC_REDIS_LOST. Replies live in the links' arena. One
 * thread at a time; the process must ignore SIGPIPE.
 */
#ifndef VOC_IO_REDIS_LINK_H
#define VOC_IO_REDIS_LINK_H

#include "io/redis/redis_reply.h"
#include "io/redis/redis_url.h"

struct redisContext;

/* One command on its way. */
struct voc_redis_call {
	struct voc_str command; /* borrowed: whole, as voc_redis_args_command makes it */
	struct voc_redis_reply *reply;
	struct voc_redis_call *next; /* on the same link */
};

struct voc_redis_link {
	struct voc_redis_address address;
	struct voc_arena *arena;             /* borrowed */
	struct redisContext *context;        /* NULL: closed */
	struct ssl_st *ssl;                  /* the context's; NULL without TLS */
	struct voc_redis_call *first, *last; /* sent and not yet answered, in order */
	bool flushed;                        /* all of it is on its way */
	bool greeted;                        /* redis_greet.h */
	bool wanted;                         /* by the exchange that is being put together */
	char why[200];                       /* what closed it */
};

/* How long an exchange may wait. */
struct voc_redis_patience {
	int64_t until_ms; /* voc_clock_ms */
	int stop_fd;      /* once readable, a second at most is left; -1: none, or it was readable already */
};

/* A part of it, of at most `longest_ms`; and the stop that came during that part, if one did. */
struct voc_redis_patience voc_redis_patience_at_most(const struct voc_redis_patience *patience, int64_t longest_ms);
void voc_redis_patience_take(struct voc_redis_patience *patience, const struct voc_redis_patience *part);

/* NULL when memory runs out; closed. Free with voc_redis_link_free (NULL is fine). */
struct voc_redis_link *voc_redis_link_new(const struct voc_redis_address *address, struct voc_arena *arena);
void voc_redis_link_free(struct voc_redis_link *link);

/* Begins to connect, unless it is open; a failure shows in the exchange that follows, or at once in link->why. */
void voc_redis_link_open(struct voc_redis_link *link);
bool voc_redis_link_is_open(const struct voc_redis_link *link);
void voc_redis_link_close(struct voc_redis_link *link);

/* Queues a call, which must live until the exchange is over. On a closed link it is lost at once. */
void voc_redis_link_send(struct voc_redis_link *link, struct voc_redis_call *call);
/* Gives the call no answer but the reason why. */
void voc_redis_call_lose(struct voc_redis_call *call, struct voc_arena *arena, const char *why);

/* Sends what was queued on all these links and waits until every call has its reply, or was lost. */
void voc_redis_links_exchange(struct voc_redis_link *const *links, size_t count, struct voc_redis_patience *patience);

#endif
