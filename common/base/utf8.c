#include "base/utf8.h"

#define ONES UINT64_C(0x0101010101010101)

bool voc_utf8_check(struct voc_str s, size_t *ret_bad_at)
{
	for (size_t at = 0, len; at < s.len; at += len) {
		len = voc_utf8_length(s.ptr + at, s.ptr + s.len);
		if (len == 0) {
			if (ret_bad_at)
				*ret_bad_at = at;
			return false;
		}
	}
	return true;
}

void voc_utf8_mend(char *text, size_t len)
{
	for (size_t at = 0, bytes; at < len; at += bytes) {
		bytes = voc_utf8_length(text + at, text + len);
		if (bytes == 0) {
			text[at] = '?';
			bytes = 1;
		}
	}
}

uint32_t voc_utf8_take(struct voc_str *s)
{
	static const unsigned char first_bits[] = { 0, 0x7F, 0x1F, 0x0F, 0x07 };
	size_t len = voc_utf8_length(s->ptr, s->ptr + s->len);
	if (len == 0)
		len = 1; /* the caller broke the contract; take a byte, so that its loop ends */
	uint32_t code_point = (unsigned char)s->ptr[0] & first_bits[len];
	for (size_t i = 1; i < len; i++)
		code_point = code_point << 6 | ((unsigned char)s->ptr[i] & 0x3F);
	s->ptr += len;
	s->len -= len;
	return code_point;
}

size_t voc_utf8_count(struct voc_str s)
{
	size_t count = 0;
	for (size_t i = 0; i < s.len; i++)
		count += ((unsigned char)s.ptr[i] & 0xC0) != 0x80;
	return count;
}

size_t voc_utf8_put(char to[4], uint32_t code_point)
{
	if (code_point < 0x80) {
		to[0] = (char)code_point;
		return 1;
	}
	size_t len = code_point < 0x800 ? 2 : code_point < 0x10000 ? 3 : 4;
	for (size_t i = len - 1; i > 0; i--) {
		to[i] = (char)(0x80 | (code_point & 0x3F));
		code_point >>= 6;
	}
	/* 110, 1110 or 11110 in front. */
	to[0] = (char)((0xF00 >> len & 0xFF) | code_point);
	return len;
}

bool voc_unicode_is_space(uint32_t c)
{
	if (c < 0x80)
		return c == ' ' || (c >= '\t' && c <= '\r');
	return c == 0x85 || c == 0xA0 || c == 0x1680 || (c >= 0x2000 && c <= 0x200A) || c == 0x2028 || c == 0x2029 ||
	       c == 0x202F || c == 0x205F || c == 0x3000;
}

bool voc_unicode_is_control(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0);
}

bool voc_utf8_is_blank(struct voc_str s)
{
	while (s.len > 0)
		if (!voc_unicode_is_space(voc_utf8_take(&s)))
			return false;
	return true;
}

/* None of eight bytes is below 0x20 (the high bit is set by the first difference), above 0x7E, or begins a character.
 */
static bool is_printable_ascii(const char *at)
{
	uint64_t word;
	memcpy(&word, at, sizeof word);
	return (((word - ONES * 0x20) | (word + ONES) | word) & ONES * 0x80) == 0;
}

bool voc_utf8_has_control(struct voc_str s)
{
	for (size_t i = 0; i < s.len; i++) {
		while (s.len - i > sizeof(uint64_t) && is_printable_ascii(s.ptr + i))
			i += sizeof(uint64_t);
		unsigned char c = (unsigned char)s.ptr[i];
		/* U+0080 to U+009F are C2 80 to C2 9F. */
		if (c < 0x20 || c == 0x7F || (c == 0xC2 && i + 1 < s.len && (unsigned char)s.ptr[i + 1] < 0xA0))
			return true;
	}
	return false;
}
