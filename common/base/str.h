/*
 * Byte strings: a borrowed view (voc_str) and a bounded, growing buffer (voc_buf).
 *
 * A voc_str owns nothing and need not end in NUL. A voc_buf owns its memory, never grows past `max`, and remembers
 * its first failure: after one append did not fit, all later ones are refused and `failed` stays set, so a writer
 * checks once, at the end. No locks: an object belongs to one thread at a time.
 */
#ifndef VOC_BASE_STR_H
#define VOC_BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

struct voc_str {
	const char *ptr; /* borrowed; may be NULL when len is 0 */
	size_t len;      /* bytes */
};

#define VOC_STR(literal) ((struct voc_str){ (literal), sizeof(literal) - 1 })
/* For printf's "%.*s". */
#define VOC_STR_ARG(s) (int)(s).len, (s).ptr

static inline struct voc_str voc_str_from(const char *c_string)
{
	return (struct voc_str){ c_string, c_string ? strlen(c_string) : 0 };
}

static inline struct voc_str voc_str_of(const char *ptr, size_t len)
{
	return (struct voc_str){ ptr, len };
}

static inline bool voc_str_eq(struct voc_str a, struct voc_str b)
{
	return a.len == b.len && (a.len == 0 || memcmp(a.ptr, b.ptr, a.len) == 0);
}

static inline bool voc_str_is(struct voc_str a, const char *c_string)
{
	return voc_str_eq(a, voc_str_from(c_string));
}

bool voc_str_starts_with(struct voc_str s, struct voc_str prefix);
/* Which of `count` names this is; -1 if none of them. */
int voc_str_index(struct voc_str s, const char *const *names, int count);
/* Three-way comparison by bytes, shorter first. */
int voc_str_cmp(struct voc_str a, struct voc_str b);
/* Decimal digits with an optional minus, nothing else; false on overflow or anything unexpected. */
bool voc_str_to_i64(struct voc_str s, int64_t *ret_value);
/* Takes what stands before the first `mark` (all of it if there is none) off the front, the mark with it. */
struct voc_str voc_str_take_until(struct voc_str *s, char mark);
/* The value of a hexadecimal digit of either case; -1 if it is none. */
int voc_hex_digit(char c);
/* Decimal digits, a minus in front where it is negative; returns how many bytes there are. No NUL. */
#define VOC_I64_SIZE 20
size_t voc_str_put_i64(char to[VOC_I64_SIZE], int64_t value);
/* Copies into `to` and ends it with NUL, cutting at a UTF-8 character boundary where it doesn't fit. Returns the
 * length. */
size_t voc_str_copy(char *to, size_t size, struct voc_str from);
/* The longest prefix of at most `max` bytes that ends at a UTF-8 character boundary. */
struct voc_str voc_str_clip(struct voc_str s, size_t max);

struct voc_buf {
	char *ptr; /* owned; NULL until the first append */
	size_t len;
	size_t cap;
	size_t max;         /* never grows past this many bytes */
	bool failed;        /* something did not fit (or memory ran out) and was refused */
	bool out_of_memory; /* memory ran out: what is to be written is not at fault */
};

void voc_buf_init(struct voc_buf *buf, size_t max_bytes);
void voc_buf_free(struct voc_buf *buf);
/* Forgets the contents and the failure, keeps the memory. */
void voc_buf_clear(struct voc_buf *buf);
/* The slow path of voc_buf_reserve; nobody else calls it. */
bool voc_buf_grow(struct voc_buf *buf, size_t more);

/* Makes room for `more` bytes after len; false, and failed set, if that would pass max. */
static inline bool voc_buf_reserve(struct voc_buf *buf, size_t more)
{
	return (more <= buf->cap - buf->len && !buf->failed) || voc_buf_grow(buf, more);
}

static inline bool voc_buf_add(struct voc_buf *buf, const void *bytes, size_t len)
{
	if (!voc_buf_reserve(buf, len))
		return false;
	if (len > 0)
		memcpy(buf->ptr + buf->len, bytes, len);
	buf->len += len;
	return true;
}

static inline bool voc_buf_add_str(struct voc_buf *buf, struct voc_str s)
{
	return voc_buf_add(buf, s.ptr, s.len);
}

static inline bool voc_buf_add_char(struct voc_buf *buf, char c)
{
	if (!voc_buf_reserve(buf, 1))
		return false;
	buf->ptr[buf->len++] = c;
	return true;
}

bool voc_buf_add_i64(struct voc_buf *buf, int64_t value);
bool voc_buf_addf(struct voc_buf *buf, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Ends the contents with a NUL that len does not count, and returns them; "" if that failed. Borrowed. */
const char *voc_buf_c_str(struct voc_buf *buf);

static inline struct voc_str voc_buf_str(const struct voc_buf *buf)
{
	return (struct voc_str){ buf->ptr, buf->len };
}

#endif
