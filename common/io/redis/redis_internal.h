/* Shared by redis.c and redis_exchange.c: what stands behind io/redis/redis.h. */
#ifndef VOC_IO_REDIS_INTERNAL_H
#define VOC_IO_REDIS_INTERNAL_H

#include "base/hash.h"
#include "io/redis/redis.h"
#include "io/redis/redis_cluster.h"

#define VOC_REDIS_OUT_MAX_BYTES ((size_t)256 * 1024 * 1024)
#define VOC_REDIS_NO_SLOT       (-1)

struct voc_redis_command {
	size_t start, len; /* within `out` */
	int slot;          /* VOC_REDIS_NO_SLOT: it has no key */
};

struct voc_redis_script {
	char sha[2 * VOC_SHA1_BYTES + 1];
	struct voc_buf load; /* the whole SCRIPT LOAD */
};

struct voc_redis {
	struct voc_redis_url url;
	int64_t timeout_ms;
	int stop_fd; /* -1: none */
	bool writes;
	bool volatile_met; /* a server that keeps no append-only file */
	struct voc_redis_script scripts[VOC_REDIS_SCRIPTS_MAX];
	size_t script_count;

	struct voc_redis_link *one;        /* NULL for a cluster */
	struct voc_redis_cluster *cluster; /* NULL for all else */

	struct voc_buf out; /* whole commands */
	struct voc_redis_command *commands;
	size_t command_count, command_room;
	bool out_of_memory;
	struct voc_redis_args args; /* of the command that is being put together */
	int slot;                   /* of its key */

	struct voc_arena *arena;          /* the replies */
	struct voc_redis_reply **replies; /* one for each command; in the arena */
	size_t reply_count;
};

struct voc_redis_terms voc_redis_terms_of(struct voc_redis *redis);

#endif
