#include "io/redis/redis_args.h"

void voc_redis_args_init(struct voc_redis_args *args, size_t max_bytes)
{
	*args = (struct voc_redis_args){ .count = 0 };
	voc_buf_init(&args->buf, max_bytes);
}

void voc_redis_args_free(struct voc_redis_args *args)
{
	voc_buf_free(&args->buf);
}

void voc_redis_args_clear(struct voc_redis_args *args)
{
	voc_buf_clear(&args->buf);
	args->count = 0;
}

void voc_redis_args_add(struct voc_redis_args *args, struct voc_str arg)
{
	struct voc_buf *buf = &args->buf;
	args->count++;
	if (!voc_buf_reserve(buf, arg.len + VOC_I64_SIZE + 5))
		return;
	char *to = buf->ptr + buf->len;
	*to++ = '$';
	to += voc_str_put_i64(to, (int64_t)arg.len);
	memcpy(to, "\r\n", 2);
	if (arg.len > 0)
		memcpy(to + 2, arg.ptr, arg.len);
	memcpy(to + 2 + arg.len, "\r\n", 2);
	buf->len = (size_t)(to - buf->ptr) + arg.len + 4;
}

void voc_redis_args_add_i64(struct voc_redis_args *args, int64_t arg)
{
	char digits[VOC_I64_SIZE];
	voc_redis_args_add(args, voc_str_of(digits, voc_str_put_i64(digits, arg)));
}

void voc_redis_args_append(struct voc_redis_args *args, const struct voc_redis_args *more)
{
	voc_buf_add_str(&args->buf, voc_buf_str(&more->buf));
	args->buf.failed |= more->buf.failed;
	args->buf.out_of_memory |= more->buf.out_of_memory;
	args->count += more->count;
}

void voc_redis_args_command(struct voc_buf *buf, const struct voc_redis_args *args)
{
	voc_buf_add_char(buf, '*');
	voc_buf_add_i64(buf, (int64_t)args->count);
	voc_buf_add(buf, "\r\n", 2);
	voc_buf_add_str(buf, voc_buf_str(&args->buf));
	buf->failed |= args->buf.failed;
	buf->out_of_memory |= args->buf.out_of_memory;
}

void voc_redis_args_words(struct voc_buf *buf, const char *const *words)
{
	struct voc_redis_args args;
	voc_redis_args_init(&args, buf->max);
	for (; *words; words++)
		voc_redis_args_add(&args, voc_str_from(*words));
	voc_redis_args_command(buf, &args);
	voc_redis_args_free(&args);
}

void voc_redis_args_login(struct voc_buf *buf, const char *user, const char *password)
{
	if (user[0])
		voc_redis_args_words(buf, (const char *[]){ "AUTH", user, password, NULL });
	else if (password[0])
		voc_redis_args_words(buf, (const char *[]){ "AUTH", password, NULL });
}
