/*
 * Within core/mask*.c: a run of digits as it stands in a text, and what the matchers ask about it. Pure.
 */
#ifndef VOC_CORE_MASK_INTERNAL_H
#define VOC_CORE_MASK_INTERNAL_H

#include "core/mask/mask.h"

#define VOC_RUN_DIGITS_MAX 24 /* no number that is looked for has more */

/* What stands between a digit and the one before it. */
enum voc_run_gap {
	VOC_RUN_JOINED,
	VOC_RUN_TIGHT, /* a dash, a dot, a slash, a bracket */
	VOC_RUN_LOOSE, /* white space, perhaps among those */
};

/* Digits, of any spelling, that follow one another with no more than separators between them. */
struct voc_run {
	struct voc_str text;
	size_t count;
	uint8_t digit[VOC_RUN_DIGITS_MAX];
	uint32_t start[VOC_RUN_DIGITS_MAX], end[VOC_RUN_DIGITS_MAX]; /* bytes of each */
	enum voc_run_gap gap[VOC_RUN_DIGITS_MAX];                    /* before each; none before the first */
	enum voc_run_gap gap_before;                                 /* before the first, after an earlier digit */
	bool plus;                                                   /* "+" stands before the first */
	bool more;                                                   /* there were more digits */
};

/* What the words around a number say that it is. */
enum voc_context {
	VOC_CONTEXT_NONE,
	VOC_CONTEXT_ACCOUNT,
	VOC_CONTEXT_PHONE,
	VOC_CONTEXT_CARD,
	VOC_CONTEXT_PASSPORT,
	VOC_CONTEXT_RESIDENT,
	VOC_CONTEXT_OTHER, /* an order, a parcel, a model, an amount: nothing personal */
};

/* mask_char.c */
/* voc_mask_char for a character beyond ASCII; for it alone. */
size_t voc_mask_char_wide(struct voc_str text, size_t at, uint32_t *ret_char);
/* The character at `at`: decomposed Hangul is put together, ASCII capitals are made small. Returns its bytes in the
 * text, 0 at the end. */
static inline size_t voc_mask_char(struct voc_str text, size_t at, uint32_t *ret_char)
{
	if (at >= text.len)
		return 0;
	unsigned char first = (unsigned char)text.ptr[at];
	if (first >= 0x80)
		return voc_mask_char_wide(text, at, ret_char);
	*ret_char = first >= 'A' && first <= 'Z' ? first | 0x20U : first;
	return 1;
}

/* The digit at `at` (ASCII, full-width, or with `words` as Korean says it): its bytes; 0 if there is none. */
size_t voc_mask_digit(struct voc_str text, size_t at, bool words, uint8_t *ret_digit);
/* Gathers the run that begins at `at`, where a digit stands. */
void voc_run_gather(struct voc_str text, size_t at, bool words, struct voc_run *ret_run);

static inline bool voc_mask_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

static inline bool voc_mask_is_letter(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z');
}

/* mask_context.c */
/* By the nearest telling word before `start`; if there is none, by a bank's name after `end`. */
enum voc_context voc_mask_context(struct voc_str text, size_t start, size_t end);
/* Whether a unit stands after `end` ("원", "GB") or a currency sign before `start`. */
bool voc_mask_is_amount(struct voc_str text, size_t start, size_t end);

/* mask_number.c */
/* How many of the run's digits, from its first, are personal data of a kind; 0 if none are. */
size_t voc_mask_number(const struct voc_run *run, enum voc_mask_kind *ret_kind);

/* mask_phone.c */
size_t voc_mask_phone(const struct voc_run *run);
/* A number that only the words before it make a telephone's. */
size_t voc_mask_phone_by_context(const struct voc_run *run);

/* mask_token.c: what letters take part in; each the end of it, 0 if there is none. */
/* "12가3456" at `at`. */
size_t voc_mask_plate(struct voc_str text, size_t at);
/* A passport's number whose first digit is at `at`; *ret_start is where its letters begin. */
size_t voc_mask_passport(struct voc_str text, size_t at, size_t *ret_start);
/* An IBAN whose first digit is at `at`, likewise. */
size_t voc_mask_iban(struct voc_str text, size_t at, size_t *ret_start);
/* An e-mail address around the '@' (of `width` bytes) at `at`, likewise. */
size_t voc_mask_email(struct voc_str text, size_t at, size_t width, size_t *ret_start);

/* Digits first to last (exclusive) of a run as one number; few enough not to overflow. */
static inline unsigned voc_run_value(const struct voc_run *run, size_t first, size_t last)
{
	unsigned value = 0;
	for (size_t i = first; i < last; i++)
		value = value * 10 + run->digit[i];
	return value;
}

/* True if a group of digits may end before digit `i`. */
static inline bool voc_run_breaks(const struct voc_run *run, size_t i)
{
	return i == run->count ? !run->more : run->gap[i] != VOC_RUN_JOINED;
}

/* Lengths of the first groups; returns how many, `max` at most. The last may be cut short by the run's limit. */
size_t voc_run_groups(const struct voc_run *run, size_t lengths[], size_t max);

#endif
