/*
 * UTF-8 as the Unicode Standard defines it (table 3-7, "Well-Formed UTF-8 Byte Sequences"): no overlong forms, no
 * surrogates, nothing above U+10FFFF. Pure, any thread.
 */
#ifndef VOC_BASE_UTF8_H
#define VOC_BASE_UTF8_H

#include "base/str.h"

/* Bytes of the character that begins at `at` (at < end), 1 to 4; 0 if it is ill-formed or cut off. */
static inline size_t voc_utf8_length(const char *at, const char *end)
{
	const unsigned char *b = (const unsigned char *)at;
	size_t left = (size_t)(end - at);
	if (b[0] < 0x80)
		return 1;
	/* Three bytes first: that is what Korean text is made of. */
	if ((b[0] & 0xF0) == 0xE0) {
		if (left < 3 || (b[1] & 0xC0) != 0x80 || (b[2] & 0xC0) != 0x80)
			return 0;
		bool overlong = b[0] == 0xE0 && b[1] < 0xA0;
		bool surrogate = b[0] == 0xED && b[1] > 0x9F;
		return overlong || surrogate ? 0 : 3;
	}
	if (b[0] >= 0xC2 && b[0] <= 0xDF)
		return left >= 2 && (b[1] & 0xC0) == 0x80 ? 2 : 0;
	if (b[0] < 0xF0 || b[0] > 0xF4 || left < 4)
		return 0;
	if ((b[1] & 0xC0) != 0x80 || (b[2] & 0xC0) != 0x80 || (b[3] & 0xC0) != 0x80)
		return 0;
	bool overlong = b[0] == 0xF0 && b[1] < 0x90;
	bool too_high = b[0] == 0xF4 && b[1] > 0x8F;
	return overlong || too_high ? 0 : 4;
}

/* True if all of `s` is well-formed; else *ret_bad_at (may be NULL) is the first byte that is not. */
bool voc_utf8_check(struct voc_str s, size_t *ret_bad_at);
/* Puts '?' for each byte that belongs to no well-formed character: of a text that was cut anywhere, say. */
void voc_utf8_mend(char *text, size_t len);
/* The character at the front of well-formed, non-empty `s`, which is moved past it. */
uint32_t voc_utf8_take(struct voc_str *s);
/* Code points of well-formed `s`. */
size_t voc_utf8_count(struct voc_str s);
/* Writes a Unicode scalar value and returns its length, 1 to 4. */
size_t voc_utf8_put(char to[4], uint32_t code_point);

/* Unicode's White_Space property, and general category Cc. */
bool voc_unicode_is_space(uint32_t code_point);
bool voc_unicode_is_control(uint32_t code_point);
/* Nothing but white space in well-formed `s`; true for the empty string. */
bool voc_utf8_is_blank(struct voc_str s);
bool voc_utf8_has_control(struct voc_str s);

#endif
