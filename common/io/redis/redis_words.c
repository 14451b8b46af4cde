#include "io/redis/redis_words.h"

/* https://github.com/msgpack/msgpack/blob/master/spec.md: what begins a string, a 32-bit number, an array. */
#define FIXSTR_MAX 31
#define FIXSTR     0xa0
#define STR8       0xd9
#define STR16      0xda
#define STR32      0xdb
#define FIXINT_MAX 127
#define UINT32     0xce
#define ARRAY32    0xdd
#define HEAD_MAX   5

void voc_redis_words_init(struct voc_redis_words *words, size_t max_bytes)
{
	*words = (struct voc_redis_words){ .count = 0 };
	voc_buf_init(&words->buf, max_bytes);
}

void voc_redis_words_free(struct voc_redis_words *words)
{
	voc_buf_free(&words->buf);
}

void voc_redis_words_clear(struct voc_redis_words *words)
{
	voc_buf_clear(&words->buf);
	words->count = 0;
}

/* The type, and `bytes` of a big-endian number behind it; returns the length. */
static size_t put_head(char *to, int type, uint32_t number, size_t bytes)
{
	to[0] = (char)type;
	for (size_t i = 1; i <= bytes; i++)
		to[i] = (char)(number >> (8 * (bytes - i)));
	return 1 + bytes;
}

static size_t put_string_head(char *to, size_t len)
{
	if (len <= FIXSTR_MAX)
		return put_head(to, FIXSTR | (int)len, 0, 0);
	if (len <= UINT8_MAX)
		return put_head(to, STR8, (uint32_t)len, 1);
	if (len <= UINT16_MAX)
		return put_head(to, STR16, (uint32_t)len, 2);
	return put_head(to, STR32, (uint32_t)len, 4);
}

void voc_redis_words_add(struct voc_redis_words *words, struct voc_str word)
{
	struct voc_buf *buf = &words->buf;
	words->count++;
	if (!voc_buf_reserve(buf, word.len + HEAD_MAX))
		return;
	buf->len += put_string_head(buf->ptr + buf->len, word.len);
	if (word.len > 0)
		memcpy(buf->ptr + buf->len, word.ptr, word.len);
	buf->len += word.len;
}

void voc_redis_words_add_i64(struct voc_redis_words *words, int64_t number)
{
	char digits[VOC_I64_SIZE];
	voc_redis_words_add(words, voc_str_of(digits, voc_str_put_i64(digits, number)));
}

void voc_redis_words_add_count(struct voc_redis_words *words, uint32_t count)
{
	struct voc_buf *buf = &words->buf;
	bool small = count <= FIXINT_MAX;
	words->count++;
	if (voc_buf_reserve(buf, HEAD_MAX))
		buf->len += put_head(buf->ptr + buf->len, small ? (int)count : UINT32, count, small ? 0 : 4);
}

void voc_redis_words_append(struct voc_redis_words *words, const struct voc_redis_words *more)
{
	voc_buf_add_str(&words->buf, voc_buf_str(&more->buf));
	words->buf.failed |= more->buf.failed;
	words->buf.out_of_memory |= more->buf.out_of_memory;
	words->count += more->count;
}

void voc_redis_words_command(struct voc_buf *buf, const struct voc_redis_args *args,
                             const struct voc_redis_words *words)
{
	char head[HEAD_MAX];
	size_t len = put_head(head, ARRAY32, (uint32_t)words->count, 4);
	voc_buf_add_char(buf, '*');
	voc_buf_add_i64(buf, (int64_t)args->count + 1);
	voc_buf_add(buf, "\r\n", 2);
	voc_buf_add_str(buf, voc_buf_str(&args->buf));
	voc_buf_add_char(buf, '$');
	voc_buf_add_i64(buf, (int64_t)(len + words->buf.len));
	voc_buf_add(buf, "\r\n", 2);
	voc_buf_add(buf, head, len);
	voc_buf_add_str(buf, voc_buf_str(&words->buf));
	voc_buf_add(buf, "\r\n", 2);
	buf->failed |= args->buf.failed || words->buf.failed;
	buf->out_of_memory |= args->buf.out_of_memory || words->buf.out_of_memory;
}
