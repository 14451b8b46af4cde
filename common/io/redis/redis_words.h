/*
 * Words for a script: many strings and counts as one argument, a MessagePack array that Redis' cmsgpack.unpack gives
 * back as a Lua table.
 *
 * Redis makes an object of each argument of a command, and another one of each for Lua: packed, a thousand words cost
 * it one. What doesn't fit is remembered in buf.failed, and why in buf.out_of_memory. No locks: one thread at a time.
 */
#ifndef VOC_IO_REDIS_WORDS_H
#define VOC_IO_REDIS_WORDS_H

#include "io/redis/redis_args.h"

struct voc_redis_words {
	struct voc_buf buf; /* without the array's head, which tells their number first */
	size_t count;
};

void voc_redis_words_init(struct voc_redis_words *words, size_t max_bytes);
void voc_redis_words_free(struct voc_redis_words *words);
void voc_redis_words_clear(struct voc_redis_words *words);
void voc_redis_words_add(struct voc_redis_words *words, struct voc_str word);
/* The number as a string, as a command takes it. */
void voc_redis_words_add_i64(struct voc_redis_words *words, int64_t number);
/* A number that Lua counts with. */
void voc_redis_words_add_count(struct voc_redis_words *words, uint32_t count);
void voc_redis_words_append(struct voc_redis_words *words, const struct voc_redis_words *more);
/* Appends one whole command: the arguments, and the words as its last one. */
void voc_redis_words_command(struct voc_buf *buf, const struct voc_redis_args *args,
                             const struct voc_redis_words *words);

#endif
