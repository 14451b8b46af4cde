#include "core/mask/mask.h"

#include "core/mask/mask_internal.h"

struct finder {
	struct voc_str text;
	struct voc_mask *mask;
	enum voc_run_gap gap; /* before the digit that comes next, if it is not the first of its run */
};

enum look { LOOK_ON, LOOK_DIGIT, LOOK_WORD, LOOK_AT };

const char *voc_mask_kind_name(enum voc_mask_kind kind)
{
	static const char *const names[] = {
#define X(symbol, name) name,
		VOC_MASK_KINDS(X)
#undef X
	};
	return names[kind];
}

/* Later spans may swallow earlier ones: an e-mail address has a number in it. */
static void add(struct finder *finder, size_t start, size_t end, enum voc_mask_kind kind)
{
	struct voc_mask *mask = finder->mask;
	while (mask->count > 0 && mask->at[mask->count - 1].end > start) {
		if (mask->at[mask->count - 1].start < start)
			start = mask->at[mask->count - 1].start;
		mask->count--;
	}
	if (mask->count == VOC_MASK_SPANS_MAX - 1)
		end = finder->text.len;
	mask->at[mask->count++] = (struct voc_mask_span){ (uint32_t)start, (uint32_t)end, kind };
}

static bool is_at(struct voc_str text, size_t at, const char *three)
{
	return at + 3 <= text.len && memcmp(text.ptr + at, three, 3) == 0;
}

/* Full-width forms: U+FF10 to U+FF19 are digits, U+FF20 is the '@'. */
static enum look look_wide(struct voc_str text, size_t at)
{
	if (at + 3 > text.len || (unsigned char)text.ptr[at + 1] != 0xBC)
		return LOOK_ON;
	unsigned char last = (unsigned char)text.ptr[at + 2];
	return last == 0xA0 ? LOOK_AT : last >= 0x90 && last <= 0x99 ? LOOK_DIGIT : LOOK_ON;
}

/* What begins at `at`. Numbers that are said are looked for by their first syllable, a zero: 공, 영. */
static enum look look(struct voc_str text, size_t at)
{
	switch ((unsigned char)text.ptr[at]) {
	case '@': return LOOK_AT;
	case 0xEF: return look_wide(text, at);
	case 0xEA: return is_at(text, at, "공") ? LOOK_WORD : LOOK_ON;
	case 0xEC: return is_at(text, at, "영") ? LOOK_WORD : LOOK_ON;
	case 0xE1: /* decomposed */
		return is_at(text, at, "\xE1\x84\x80") || is_at(text, at, "\xE1\x84\x8B") ? LOOK_WORD : LOOK_ON;
	default: return LOOK_DIGIT;
	}
}

/* Bytes that look() has to see; all others are passed over. */
static const uint8_t seen[256] = {
	['0'] = 1, ['1'] = 1, ['2'] = 1, ['3'] = 1,  ['4'] = 1,  ['5'] = 1,  ['6'] = 1,  ['7'] = 1,
	['8'] = 1, ['9'] = 1, ['@'] = 1, [0xE1] = 1, [0xEA] = 1, [0xEC] = 1, [0xEF] = 1,
};

static size_t take_email(struct finder *finder, size_t at)
{
	size_t start, width = finder->text.ptr[at] == '@' ? 1 : 3;
	size_t end = voc_mask_email(finder->text, at, width, &start);
	if (end == 0)
		return at + width;
	add(finder, start, end, VOC_MASK_EMAIL);
	return end;
}

/* Numbers with letters before or within; the end of it, or 0. */
static size_t take_token(struct finder *finder, size_t at)
{
	size_t start = at;
	enum voc_mask_kind kind = VOC_MASK_PLATE;
	size_t end = voc_mask_plate(finder->text, at);
	if (end == 0 && at > 0 && voc_mask_is_letter(finder->text.ptr[at - 1])) {
		kind = VOC_MASK_ACCOUNT;
		end = voc_mask_iban(finder->text, at, &start);
		if (end == 0) {
			kind = VOC_MASK_PASSPORT;
			end = voc_mask_passport(finder->text, at, &start);
		}
	}
	if (end > 0)
		add(finder, start, end, kind);
	return end;
}

/* The next group of digits, or what comes after the run. */
static size_t pass_group(struct finder *finder, const struct voc_run *run)
{
	for (size_t i = 1; i < run->count; i++) {
		if (run->gap[i] != VOC_RUN_JOINED) {
			finder->gap = run->gap[i];
			return run->start[i];
		}
	}
	size_t at = run->end[run->count - 1], bytes;
	uint8_t digit;
	while ((bytes = voc_mask_digit(finder->text, at, false, &digit)) > 0)
		at += bytes;
	return at;
}

static size_t take_number(struct finder *finder, size_t at)
{
	struct voc_run run;
	enum voc_mask_kind kind;
	size_t end = finder->gap == VOC_RUN_TIGHT ? 0 : take_token(finder, at);
	if (end > 0) {
		finder->gap = VOC_RUN_JOINED;
		return end;
	}
	voc_run_gather(finder->text, at, false, &run);
	run.gap_before = finder->gap;
	finder->gap = VOC_RUN_JOINED;
	size_t digits = voc_mask_number(&run, &kind);
	if (digits == 0)
		return pass_group(finder, &run);
	add(finder, run.start[0], run.end[digits - 1], kind);
	return run.end[digits - 1];
}

/* Telephone numbers only: other words of digits are too often just words. */
static size_t take_said(struct finder *finder, size_t at)
{
	struct voc_run run;
	uint32_t c;
	voc_run_gather(finder->text, at, true, &run);
	size_t digits = run.count >= 9 ? voc_mask_phone(&run) : 0;
	if (digits > 0) {
		add(finder, run.start[0], run.end[digits - 1], VOC_MASK_PHONE);
		return run.end[digits - 1];
	}
	return at + voc_mask_char(finder->text, at, &c);
}

void voc_mask_find(struct voc_str text, struct voc_mask *ret_mask)
{
	struct finder finder = { text, ret_mask, VOC_RUN_JOINED };
	const unsigned char *bytes = (const unsigned char *)text.ptr;
	ret_mask->count = 0;
	for (size_t at = 0; at < text.len && ret_mask->count < VOC_MASK_SPANS_MAX;) {
		if (!seen[bytes[at]]) {
			at++;
			continue;
		}
		switch (look(text, at)) {
		case LOOK_ON: at++; break;
		case LOOK_AT: at = take_email(&finder, at); break;
		case LOOK_DIGIT: at = take_number(&finder, at); break;
		case LOOK_WORD: at = take_said(&finder, at); break;
		}
	}
}

/* Separators of a number stay, so that it is still seen to have been one. */
static void hide(const struct voc_mask_span *span, struct voc_str text, size_t start, size_t end, char *to)
{
	size_t first = span->start > start ? span->start : start, last = span->end < end ? span->end : end;
	for (size_t at = first; at < last; at++) {
		char c = text.ptr[at];
		bool plain = span->kind != VOC_MASK_EMAIL && (unsigned char)c < 0x80;
		if (!plain || voc_mask_is_digit(c) || voc_mask_is_letter(c))
			to[at - start] = '*';
	}
}

void voc_mask_slice(const struct voc_mask *mask, struct voc_str text, size_t start, size_t end, char *to)
{
	if (end <= start)
		return;
	memcpy(to, text.ptr + start, end - start);
	for (size_t i = 0; i < mask->count; i++) {
		if (mask->at[i].start < end && mask->at[i].end > start)
			hide(&mask->at[i], text, start, end, to);
	}
}

bool voc_mask(char *text, size_t len)
{
	struct voc_mask mask;
	struct voc_str whole = voc_str_of(text, len);
	voc_mask_find(whole, &mask);
	for (size_t i = 0; i < mask.count; i++)
		hide(&mask.at[i], whole, mask.at[i].start, mask.at[i].end, text + mask.at[i].start);
	return mask.count > 0;
}
