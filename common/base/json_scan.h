/*
 * The lexical half of json_read: where a string, number or name ends, and whether it is well-formed. Private to
 * base/json_*.c. Pure.
 */
#ifndef VOC_BASE_JSON_SCAN_H
#define VOC_BASE_JSON_SCAN_H

#include "base/reason.h"
#include "base/str.h"

#define VOC_JSON_ONES  UINT64_C(0x0101010101010101)
#define VOC_JSON_HIGHS UINT64_C(0x8080808080808080)

/* Past the bytes that need no look: printable ASCII but for the quote and the backslash, eight at a time. */
static inline const char *voc_json_skip_plain(const char *at, const char *end)
{
	while (end - at >= 8) {
		uint64_t word;
		memcpy(&word, at, sizeof word);
		uint64_t quote = word ^ (VOC_JSON_ONES * '"');
		uint64_t backslash = word ^ (VOC_JSON_ONES * '\\');
		/* The high bit of each byte that is below 0x20, is one of the two, or has it itself. A borrow can mark
		 * a byte too many, but only above one that is marked rightly: the lowest mark is right. */
		uint64_t marks =
		        (word - VOC_JSON_ONES * 0x20) | (quote - VOC_JSON_ONES) | (backslash - VOC_JSON_ONES) | word;
		marks &= VOC_JSON_HIGHS;
#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
		if (marks)
			return at + __builtin_ctzll(marks) / 8;
#else
		if (marks)
			break;
#endif
		at += 8;
	}
	return at;
}

struct voc_json_scan {
	const char *at; /* behind what was scanned, or the offending byte */
	enum voc_reason reason;
	const char *what; /* is wrong; static */
	bool special;     /* a string has escapes; a number has a fraction or an exponent */
};

/* `at` is the byte behind the opening quote; the result is at the closing one. */
bool voc_json_scan_string(const char *at, const char *end, struct voc_json_scan *ret_scan);
/* `at` is a minus or a digit. Grammar only, not the range. */
bool voc_json_scan_number(const char *at, const char *end, struct voc_json_scan *ret_scan);
/* Resolves the escapes of a scanned string; `to` needs as many bytes as it has. Returns the length. */
size_t voc_json_unescape(char *to, struct voc_str from);
/* number × 10^shift, rounded half away from zero. False if it doesn't fit; *ret_exact tells whether digits were lost.
 */
bool voc_json_scale_number(struct voc_str number, int shift, int64_t *ret_value, bool *ret_exact);
/* False if no finite double is near enough: the value would overflow. */
bool voc_json_number_is_finite(struct voc_str number);

#endif
