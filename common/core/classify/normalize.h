/*
 * Text as the classifier sees it: NFC, case folded, tidied, as code points with a way back.
 *
 * Beyond NFC and Unicode case folding: runs of white space become one space, typographic apostrophes and quotes
 * become ASCII, invisible characters (zero width, variation selectors, controls) vanish, and a character that is
 * repeated more than twice ("ㅠㅠㅠㅠ", "sooooo", "!!!!") is kept twice, digits excepted. Each code point knows the
 * byte of the original where it began, so that what is found can be shown in the customer's own words. Of a text over
 * VOC_CLASSIFY_MAX_BYTES the head and the tail are looked at. Pure; one object belongs to one thread.
 */
#ifndef VOC_CORE_NORMALIZE_H
#define VOC_CORE_NORMALIZE_H

#include "base/str.h"
#include "core/classify/classify.h"

/* Case folding and NFC make at most three code points of one that takes at least two bytes. */
#define VOC_NORMAL_MAX_CHARS (VOC_CLASSIFY_MAX_BYTES * 3 / 2 + 16)

struct voc_normal {
	uint32_t chars[VOC_NORMAL_MAX_CHARS];
	uint32_t origin[VOC_NORMAL_MAX_CHARS + 1]; /* byte of the original; origin[count] is past the last one */
	size_t count;
};

/* `text` must be well-formed UTF-8; what is not decodable is left out. */
void voc_normalize(struct voc_str text, struct voc_normal *normal);

/* The original bytes of the characters [start, end): whole characters, never empty where start < end. */
void voc_normal_bytes(const struct voc_normal *normal, size_t start, size_t end, uint32_t *ret_start,
                      uint32_t *ret_end);

/* Kinds of characters; of normalised ones, hence lower case. */
static inline bool voc_char_is_hangul(uint32_t c)
{
	return (c >= 0xAC00 && c <= 0xD7A3) || (c >= 0x3131 && c <= 0x318E);
}

static inline bool voc_char_is_digit(uint32_t c)
{
	return c >= '0' && c <= '9';
}

/* Letters of any script; emoji and punctuation are not. */
static inline bool voc_char_is_letter(uint32_t c)
{
	if (c < 0x80)
		return c >= 'a' && c <= 'z';
	return voc_char_is_hangul(c) || (c >= 0xC0 && c < 0x2000 && c != 0xD7 && c != 0xF7) ||
	       (c >= 0x3040 && c < 0xA000);
}

static inline bool voc_char_is_word(uint32_t c)
{
	return voc_char_is_letter(c) || voc_char_is_digit(c);
}

/* Ends a sentence or a line; commas don't. */
static inline bool voc_char_is_stop(uint32_t c)
{
	return c == '.' || c == '?' || c == '!' || c == '\n' || c == 0x2026 || c == 0x3002;
}

#endif
