/* Characters of a text as the matchers want them, and runs of digits. */
#include "base/utf8.h"
#include "core/mask/mask_internal.h"

#define SEPARATORS_MAX 3 /* between two digits of one number: "+82 (0)10 - 1234" */

#define SYLLABLE_FIRST 0xAC00u
#define LEADING        0x1100u /* 19 consonants */
#define VOWEL          0x1161u /* 21 */
#define TRAILING       0x11A7u /* one before the 27 of them */

/* A part of a decomposed syllable at `at`: which one of `count` from `base` on; -1 if none. Each is of 3 bytes. */
static int part(struct voc_str text, size_t at, uint32_t base, uint32_t count)
{
	if (at + 3 > text.len || (unsigned char)text.ptr[at] != 0xE1)
		return -1;
	struct voc_str rest = voc_str_of(text.ptr + at, 3);
	uint32_t c = voc_utf8_take(&rest);
	return c >= base && c < base + count ? (int)(c - base) : -1;
}

size_t voc_mask_char_wide(struct voc_str text, size_t at, uint32_t *ret_char)
{
	struct voc_str rest = voc_str_of(text.ptr + at, text.len - at);
	*ret_char = voc_utf8_take(&rest);
	size_t bytes = text.len - at - rest.len;
	int leading = part(text, at, LEADING, 19), vowel = part(text, at + 3, VOWEL, 21);
	if (leading < 0 || vowel < 0)
		return bytes;
	int trailing = part(text, at + 6, TRAILING, 28);
	*ret_char = SYLLABLE_FIRST + (uint32_t)((leading * 21 + vowel) * 28 + (trailing > 0 ? trailing : 0));
	return trailing > 0 ? 9 : 6;
}

/* How Korean reads digits out: "공일공 일이삼사". */
static bool is_said(uint32_t c, uint8_t *ret_digit)
{
	static const struct {
		uint32_t syllable;
		uint8_t digit;
	} said[] = {
		{ 0xACF5 /* 공 */, 0 }, { 0xC601 /* 영 */, 0 }, { 0xC77C /* 일 */, 1 }, { 0xC774 /* 이 */, 2 },
		{ 0xC0BC /* 삼 */, 3 }, { 0xC0AC /* 사 */, 4 }, { 0xC624 /* 오 */, 5 }, { 0xC721 /* 육 */, 6 },
		{ 0xB959 /* 륙 */, 6 }, { 0xCE60 /* 칠 */, 7 }, { 0xD314 /* 팔 */, 8 }, { 0xAD6C /* 구 */, 9 },
	};
	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		if (said[i].syllable == c) {
			*ret_digit = said[i].digit;
			return true;
		}
	}
	return false;
}

size_t voc_mask_digit(struct voc_str text, size_t at, bool words, uint8_t *ret_digit)
{
	if (at >= text.len)
		return 0;
	if (voc_mask_is_digit(text.ptr[at])) {
		*ret_digit = (uint8_t)(text.ptr[at] - '0');
		return 1;
	}
	unsigned char lead = (unsigned char)text.ptr[at];
	if (lead != 0xEF && !words)
		return 0;
	uint32_t c;
	size_t bytes = voc_mask_char(text, at, &c);
	if (c >= 0xFF10 && c <= 0xFF19) { /* full-width */
		*ret_digit = (uint8_t)(c - 0xFF10);
		return bytes;
	}
	return words && is_said(c, ret_digit) ? bytes : 0;
}

static enum voc_run_gap separator(uint32_t c)
{
	switch (c) {
	case '-':
	case '.':
	case '/':
	case '(':
	case ')':
	case '_':
	case 0xB7:   /* middle dot */
	case 0x2212: /* minus */
	case 0x318D: /* Korean middle dot */
	case 0xFF08: /* full-width brackets, dash, stop */
	case 0xFF09:
	case 0xFF0D:
	case 0xFF0E: return VOC_RUN_TIGHT;
	case 0xAD: /* soft hyphen */
	case 0xFEFF: /* zero-width */ return VOC_RUN_LOOSE;
	default: break;
	}
	if (c >= 0x2010 && c <= 0x2015) /* dashes */
		return VOC_RUN_TIGHT;
	/* Line ends, too: if the agent spoke in between, a number goes on in the customer's next turn. */
	if (voc_unicode_is_space(c) || (c >= 0x200B && c <= 0x200D))
		return VOC_RUN_LOOSE;
	return VOC_RUN_JOINED;
}

/* Passes over the separators at *at; what they are. */
static enum voc_run_gap skip_separators(struct voc_str text, size_t *at)
{
	enum voc_run_gap gap = VOC_RUN_JOINED;
	for (int i = 0; i < SEPARATORS_MAX; i++) {
		uint32_t c;
		size_t bytes = voc_mask_char(text, *at, &c);
		enum voc_run_gap one = bytes > 0 ? separator(c) : VOC_RUN_JOINED;
		if (one == VOC_RUN_JOINED)
			break;
		gap = one > gap ? one : gap;
		*at += bytes;
	}
	return gap;
}

static bool follows_plus(struct voc_str text, size_t at)
{
	return (at >= 1 && text.ptr[at - 1] == '+') || (at >= 3 && memcmp(text.ptr + at - 3, "\xEF\xBC\x8B", 3) == 0);
}

void voc_run_gather(struct voc_str text, size_t at, bool words, struct voc_run *ret_run)
{
	struct voc_run *run = ret_run;
	enum voc_run_gap gap = VOC_RUN_JOINED;
	run->text = text;
	run->count = 0;
	run->gap_before = VOC_RUN_JOINED;
	run->plus = follows_plus(text, at);
	run->more = false;
	for (;;) {
		uint8_t digit;
		size_t bytes = voc_mask_digit(text, at, words, &digit);
		if (bytes == 0)
			return;
		if (run->count == VOC_RUN_DIGITS_MAX) {
			run->more = gap == VOC_RUN_JOINED;
			return;
		}
		run->digit[run->count] = digit;
		run->start[run->count] = (uint32_t)at;
		run->end[run->count] = (uint32_t)(at + bytes);
		run->gap[run->count++] = gap;
		at += bytes;
		gap = skip_separators(text, &at);
	}
}

size_t voc_run_groups(const struct voc_run *run, size_t lengths[], size_t max)
{
	size_t groups = 0;
	for (size_t i = 0; i < run->count; i++) {
		if (i == 0 || run->gap[i] != VOC_RUN_JOINED) {
			if (groups == max)
				break;
			lengths[groups++] = 0;
		}
		lengths[groups - 1]++;
	}
	return groups;
}
