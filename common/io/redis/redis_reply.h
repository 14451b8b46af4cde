/*
 * What Redis answered, and what an error among it means.
 *
 * hiredis' reader builds replies through these functions straight into an arena: a batch's replies come and go at once.
 * Pure values; a reply lives until its arena is reset. One thread at a time.
 */
#ifndef VOC_IO_REDIS_REPLY_H
#define VOC_IO_REDIS_REPLY_H

#include "base/arena.h"
#include "base/err.h"

enum voc_redis_type {
	VOC_REDIS_NIL,
	VOC_REDIS_STRING,
	VOC_REDIS_STATUS,
	VOC_REDIS_ERROR,
	VOC_REDIS_INTEGER,
	VOC_REDIS_ARRAY,
	VOC_REDIS_LOST, /* no answer came: what became of the command is unknown, and str says why */
};

struct voc_redis_reply {
	enum voc_redis_type type;
	struct voc_str str; /* of a string, status or error */
	int64_t integer;
	size_t count; /* of an array */
	struct voc_redis_reply **items;
};

struct redisReader;
/* From now on the reader makes its replies, of type voc_redis_reply, in the arena. */
void voc_redis_replies_into(struct redisReader *reader, struct voc_arena *arena);

/* Whether it is an error with this code, e.g. "MOVED". */
bool voc_redis_reply_is_error(const struct voc_redis_reply *reply, const char *code);
/*
 * VOC_OK if the reply is of that type (NIL passes for STRING). VOC_RETRY if it is lost, or an error that time may mend
 * (LOADING, OOM, READONLY, TRYAGAIN, ...), else VOC_FATAL. The text quotes no arguments, which hold customers' ids.
 */
VOC_MUST_CHECK enum voc_status voc_redis_reply_expect(const struct voc_redis_reply *reply, enum voc_redis_type type,
                                                      struct voc_error *error);

#endif
