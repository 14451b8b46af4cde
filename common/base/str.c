#include "base/str.h"

#include <stdio.h>
#include <stdlib.h>

bool voc_str_starts_with(struct voc_str s, struct voc_str prefix)
{
	return s.len >= prefix.len && voc_str_eq(voc_str_of(s.ptr, prefix.len), prefix);
}

/* As voc_str_is: most names differ in their first letters, which a call to find their length would cost more than. */
static bool is_name(struct voc_str s, const char *name)
{
	size_t at = 0;
	while (at < s.len && name[at] == s.ptr[at] && name[at] != '\0')
		at++;
	return at == s.len && name[at] == '\0';
}

int voc_str_index(struct voc_str s, const char *const *names, int count)
{
	for (int i = 0; i < count; i++) {
		if (is_name(s, names[i]))
			return i;
	}
	return -1;
}

int voc_str_cmp(struct voc_str a, struct voc_str b)
{
	size_t shorter = a.len < b.len ? a.len : b.len;
	int order = shorter ? memcmp(a.ptr, b.ptr, shorter) : 0;
	if (order != 0)
		return order;
	return (a.len > b.len) - (a.len < b.len);
}

bool voc_str_to_i64(struct voc_str s, int64_t *ret_value)
{
	bool negative = s.len > 0 && s.ptr[0] == '-';
	size_t at = negative ? 1 : 0;
	int64_t value = 0;
	if (at == s.len)
		return false;
	/* Counts downwards, since INT64_MIN has no positive twin. */
	for (; at < s.len; at++) {
		unsigned digit = (unsigned)(unsigned char)s.ptr[at] - '0';
		if (digit > 9 || __builtin_mul_overflow(value, 10, &value) ||
		    __builtin_sub_overflow(value, (int64_t)digit, &value))
			return false;
	}
	if (!negative && __builtin_sub_overflow((int64_t)0, value, &value))
		return false;
	*ret_value = value;
	return true;
}

size_t voc_str_put_i64(char to[VOC_I64_SIZE], int64_t value)
{
	static const char pairs[] = "00010203040506070809101112131415161718192021222324252627282930313233343536373839"
	                            "40414243444546474849505152535455565758596061626364656667686970717273747576777879"
	                            "8081828384858687888990919293949596979899";
	char digits[VOC_I64_SIZE];
	size_t at = sizeof digits;
	uint64_t rest = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;
	for (; rest >= 10; rest /= 100) {
		at -= 2;
		memcpy(digits + at, pairs + 2 * (rest % 100), 2);
	}
	if (rest > 0 || at == sizeof digits)
		digits[--at] = (char)('0' + rest);
	if (value < 0)
		digits[--at] = '-';
	memcpy(to, digits + at, sizeof digits - at);
	return sizeof digits - at;
}

struct voc_str voc_str_clip(struct voc_str s, size_t max)
{
	if (s.len <= max)
		return s;
	while (max > 0 && ((unsigned char)s.ptr[max] & 0xC0) == 0x80)
		max--;
	return voc_str_of(s.ptr, max);
}

struct voc_str voc_str_take_until(struct voc_str *s, char mark)
{
	const char *at = s->len > 0 ? memchr(s->ptr, mark, s->len) : NULL;
	size_t len = at ? (size_t)(at - s->ptr) : s->len;
	size_t used = at ? len + 1 : len;
	struct voc_str taken = voc_str_of(s->ptr, len);
	*s = voc_str_of(s->ptr + used, s->len - used);
	return taken;
}

int voc_hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

size_t voc_str_copy(char *to, size_t size, struct voc_str from)
{
	if (size == 0)
		return 0;
	from = voc_str_clip(from, size - 1);
	if (from.len > 0)
		memcpy(to, from.ptr, from.len);
	to[from.len] = '\0';
	return from.len;
}

void voc_buf_init(struct voc_buf *buf, size_t max_bytes)
{
	*buf = (struct voc_buf){ .max = max_bytes };
}

void voc_buf_free(struct voc_buf *buf)
{
	free(buf->ptr);
	*buf = (struct voc_buf){ .max = buf->max };
}

void voc_buf_clear(struct voc_buf *buf)
{
	buf->len = 0;
	buf->failed = buf->out_of_memory = false;
}

bool voc_buf_grow(struct voc_buf *buf, size_t more)
{
	if (buf->failed)
		return false;
	if (more > buf->max - buf->len) {
		buf->failed = true;
		return false;
	}
	size_t cap = buf->cap ? buf->cap : 64;
	while (cap < buf->len + more)
		cap = cap > buf->max / 2 ? buf->max : cap * 2;
	if (cap > buf->max)
		cap = buf->max;
	char *ptr = realloc(buf->ptr, cap);
	if (!ptr) {
		buf->failed = buf->out_of_memory = true;
		return false;
	}
	buf->ptr = ptr;
	buf->cap = cap;
	return true;
}

bool voc_buf_add_i64(struct voc_buf *buf, int64_t value)
{
	char digits[VOC_I64_SIZE];
	return voc_buf_add(buf, digits, voc_str_put_i64(digits, value));
}

bool voc_buf_addf(struct voc_buf *buf, const char *format, ...)
{
	va_list args, again;
	va_start(args, format);
	va_copy(again, args);
	int need = vsnprintf(NULL, 0, format, args);
	va_end(args);
	/* One byte more than is kept: vsnprintf ends with NUL. */
	bool fits = need >= 0 && voc_buf_reserve(buf, (size_t)need + 1);
	if (fits) {
		vsnprintf(buf->ptr + buf->len, (size_t)need + 1, format, again);
		buf->len += (size_t)need;
	} else {
		buf->failed = true;
	}
	va_end(again);
	return fits;
}

const char *voc_buf_c_str(struct voc_buf *buf)
{
	if (!voc_buf_reserve(buf, 1))
		return "";
	buf->ptr[buf->len] = '\0';
	return buf->ptr;
}
