/*
 * Arguments of a command in Redis' protocol (RESP2 bulk strings), gathered apart from it: a command tells their number
 * first, and a script's keys stand before its arguments, while both are known only at the end.
 *
 * What doesn't fit is remembered in buf.failed, and why in buf.out_of_memory. No locks: one thread at a time.
 */
#ifndef VOC_IO_REDIS_ARGS_H
#define VOC_IO_REDIS_ARGS_H

#include "base/str.h"

struct voc_redis_args {
	struct voc_buf buf;
	size_t count;
};

void voc_redis_args_init(struct voc_redis_args *args, size_t max_bytes);
void voc_redis_args_free(struct voc_redis_args *args);
void voc_redis_args_clear(struct voc_redis_args *args);
void voc_redis_args_add(struct voc_redis_args *args, struct voc_str arg);
void voc_redis_args_add_i64(struct voc_redis_args *args, int64_t arg);
void voc_redis_args_append(struct voc_redis_args *args, const struct voc_redis_args *more);
/* Appends one whole command made of these arguments. */
void voc_redis_args_command(struct voc_buf *buf, const struct voc_redis_args *args);
/* The same of C strings, ended by NULL. */
void voc_redis_args_words(struct voc_buf *buf, const char *const *words);
/* AUTH with what there is of user and password; appends nothing if there is neither. */
void voc_redis_args_login(struct voc_buf *buf, const char *user, const char *password);

#endif
