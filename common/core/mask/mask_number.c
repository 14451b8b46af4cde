/* Numbers that are told by their digits, and by the words around them where those could be anything. */
#include "core/mask/mask_internal.h"

#define GROUPS_MAX 8
#define DIGITS_MIN 7 /* fewer are amounts, years, room numbers */

static bool is_day(unsigned month, unsigned day)
{
	static const unsigned days[] = { 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	return month >= 1 && month <= 12 && day >= 1 && day <= days[month - 1];
}

static bool is_broken(const struct voc_run *run, size_t first, size_t end)
{
	for (size_t i = first; i < end; i++) {
		if (run->gap[i] != VOC_RUN_JOINED)
			return true;
	}
	return false;
}

/* Part of a word or of a longer code: "A7f01012345678", "abc_12345". */
static bool is_glued(const struct voc_run *run, size_t end)
{
	size_t start = run->start[0], stop = run->end[end - 1];
	bool left = start > 0 && (voc_mask_is_letter(run->text.ptr[start - 1]) || run->text.ptr[start - 1] == '_');
	return left || (stop < run->text.len && voc_mask_is_letter(run->text.ptr[stop]));
}

/* "900101-1******": what others have masked still tells the birthday. */
static bool is_starred(const struct voc_run *run)
{
	size_t at = run->end[6];
	return run->count == 7 && at + 2 <= run->text.len &&
	       (run->text.ptr[at] == '*' || run->text.ptr[at] == 'x' || run->text.ptr[at] == 'X');
}

/*
 * Residents' and foreigners' registration numbers: a birthday, then 1 to 8 for sex and century. There is a checksum,
 * but those issued since October 2020 don't keep it.
 */
static size_t resident(const struct voc_run *run, enum voc_context context)
{
	bool divided = run->count >= 7 && run->gap[6] != VOC_RUN_JOINED;
	if (!is_day(voc_run_value(run, 2, 4), voc_run_value(run, 4, 6)) || run->digit[6] < 1 || run->digit[6] > 8)
		return 0;
	if (divided && !is_broken(run, 1, 6) && is_starred(run))
		return 7;
	if (run->count < 13 || !voc_run_breaks(run, 13) || is_broken(run, 7, 13))
		return 0;
	if (divided)
		return 13;
	return is_broken(run, 1, 7) || is_glued(run, 13) || context == VOC_CONTEXT_OTHER ? 0 : 13;
}

static bool passes_luhn(const struct voc_run *run, size_t count)
{
	unsigned sum = 0;
	for (size_t i = 0; i < count; i++) {
		unsigned digit = run->digit[count - 1 - i];
		unsigned twice = 2 * digit;
		sum += i % 2 == 0 ? digit : twice > 9 ? twice - 9 : twice;
	}
	return sum % 10 == 0;
}

/* What the schemes issue, and Korea's own that begin with 9. */
static bool is_issued(const struct voc_run *run, size_t count)
{
	unsigned two = voc_run_value(run, 0, 2);
	switch (count) {
	case 14: return two == 36 || two == 38 || two == 30;
	case 15: return two == 34 || two == 37;
	case 16: return (two >= 40 && two <= 69) || two == 35 || (two >= 90 && two <= 99) || (two >= 22 && two <= 27);
	default: return two == 62; /* 17 to 19 */
	}
}

static bool has_card_groups(const struct voc_run *run, size_t end)
{
	size_t lengths[GROUPS_MAX], digits = 0;
	size_t groups = voc_run_groups(run, lengths, GROUPS_MAX);
	for (size_t i = 0; i < groups && digits < end; i++) {
		digits += lengths[i];
		if (lengths[i] < 3)
			return false;
	}
	return true;
}

static size_t card(const struct voc_run *run, enum voc_context context)
{
	static const size_t counts[] = { 16, 15, 14, 19, 18, 17 };
	if (run->gap_before == VOC_RUN_TIGHT || context == VOC_CONTEXT_OTHER)
		return 0;
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++) {
		size_t n = counts[i];
		if (n > run->count || !voc_run_breaks(run, n) || !has_card_groups(run, n))
			continue;
		bool told = context == VOC_CONTEXT_CARD && n <= 16; /* said to be one, perhaps mistyped */
		if (told || (is_issued(run, n) && passes_luhn(run, n) && !(is_glued(run, n) && !is_broken(run, 1, n))))
			return n;
	}
	return 0;
}

static bool has_groups(const struct voc_run *run, const size_t *wanted, size_t count)
{
	size_t lengths[GROUPS_MAX];
	return voc_run_groups(run, lengths, GROUPS_MAX) >= count &&
	       memcmp(lengths, wanted, count * sizeof *wanted) == 0;
}

static size_t social(const struct voc_run *run)
{
	static const size_t groups[] = { 3, 2, 4 };
	unsigned area = voc_run_value(run, 0, 3);
	if (run->count < 9 || !has_groups(run, groups, 3) || run->gap[3] != run->gap[5])
		return 0;
	bool good =
	        area > 0 && area < 900 && area != 666 && voc_run_value(run, 3, 5) > 0 && voc_run_value(run, 5, 9) > 0;
	return good && voc_run_breaks(run, 9) ? 9 : 0;
}

/* "11-12-123456-12": the first two are the issuing office's. */
static size_t licence(const struct voc_run *run)
{
	static const size_t groups[] = { 2, 2, 6, 2 };
	unsigned office = voc_run_value(run, 0, 2);
	bool good = run->count >= 12 && has_groups(run, groups, 4) && office >= 11 && office <= 28;
	return good && voc_run_breaks(run, 12) ? 12 : 0;
}

/* "2026-11-21", "20261121", "21.11.2026" */
static bool is_date(const struct voc_run *run)
{
	static const size_t day_first[] = { 2, 2, 4 };
	size_t lengths[GROUPS_MAX];
	size_t groups = voc_run_groups(run, lengths, GROUPS_MAX);
	if (run->count >= 8 && has_groups(run, day_first, 3)) {
		unsigned a = voc_run_value(run, 0, 2), b = voc_run_value(run, 2, 4);
		return is_day(a, b) || is_day(b, a);
	}
	if (run->count < 4 || voc_run_value(run, 0, 2) < 19 || voc_run_value(run, 0, 2) > 20)
		return false;
	if (lengths[0] == 8)
		return is_day(voc_run_value(run, 4, 6), voc_run_value(run, 6, 8));
	return lengths[0] == 4 && groups >= 3 && lengths[1] <= 2 && lengths[2] <= 2;
}

/* An account's number goes on as it began: dashes, or spaces, or neither. */
static size_t account(const struct voc_run *run)
{
	size_t end = 0;
	enum voc_run_gap gap = VOC_RUN_JOINED;
	for (size_t i = 1; i <= run->count && i <= 16; i++) {
		if (!voc_run_breaks(run, i))
			continue;
		end = i >= 9 ? i : end;
		if (i == run->count)
			break;
		if (gap == VOC_RUN_TIGHT && run->gap[i] != gap)
			break;
		gap = run->gap[i] > gap ? run->gap[i] : gap;
	}
	return end;
}

static size_t undivided(const struct voc_run *run, size_t least, size_t most)
{
	size_t lengths[1];
	voc_run_groups(run, lengths, 1);
	return lengths[0] >= least && lengths[0] <= most && voc_run_breaks(run, lengths[0]) ? lengths[0] : 0;
}

/* What only the words around it make personal. */
static size_t by_context(const struct voc_run *run, enum voc_context context, enum voc_mask_kind *ret_kind)
{
	size_t end = 0;
	if (run->gap_before == VOC_RUN_TIGHT || is_date(run))
		return 0;
	switch (context) {
	case VOC_CONTEXT_ACCOUNT:
		*ret_kind = VOC_MASK_ACCOUNT;
		end = account(run);
		break;
	case VOC_CONTEXT_PHONE:
		*ret_kind = VOC_MASK_PHONE;
		end = voc_mask_phone_by_context(run);
		break;
	case VOC_CONTEXT_PASSPORT:
		*ret_kind = VOC_MASK_PASSPORT;
		end = undivided(run, 7, 9);
		break;
	case VOC_CONTEXT_RESIDENT:
		*ret_kind = VOC_MASK_RESIDENT;
		end = undivided(run, 13, 13);
		break;
	default: break;
	}
	if (end == 0 || is_glued(run, end))
		return 0;
	return voc_mask_is_amount(run->text, run->start[0], run->end[end - 1]) ? 0 : end;
}

/* A mobile number is known by itself, but not in the middle of a code, unless that is "tel010…". */
static bool is_phone_here(const struct voc_run *run, size_t end, enum voc_context context)
{
	if (context == VOC_CONTEXT_PHONE || run->plus)
		return true;
	bool own = voc_run_value(run, 0, 3) == 10; /* "010": no order number looks like that */
	if (context == VOC_CONTEXT_OTHER && !own)
		return false;
	if (is_broken(run, 1, end))
		return true;
	return !is_glued(run, end) && (own || !voc_mask_is_amount(run->text, run->start[0], run->end[end - 1]));
}

size_t voc_mask_number(const struct voc_run *run, enum voc_mask_kind *ret_kind)
{
	size_t end;
	if (run->count < DIGITS_MIN)
		return 0;
	enum voc_context context = voc_mask_context(run->text, run->start[0], run->end[run->count - 1]);
	*ret_kind = VOC_MASK_RESIDENT;
	if ((end = resident(run, context)) > 0)
		return end;
	*ret_kind = VOC_MASK_PHONE;
	end = voc_mask_phone(run);
	if (context == VOC_CONTEXT_ACCOUNT && end > 0 && account(run) > end) /* 010-704239-13-198 */
		return by_context(run, context, ret_kind);
	if (end > 0 && is_phone_here(run, end, context))
		return end;
	*ret_kind = VOC_MASK_CARD;
	if ((end = card(run, context)) > 0)
		return end;
	if (run->gap_before != VOC_RUN_TIGHT && context != VOC_CONTEXT_OTHER) {
		*ret_kind = VOC_MASK_LICENCE;
		if ((end = licence(run)) > 0)
			return end;
		*ret_kind = VOC_MASK_SOCIAL;
		if ((end = social(run)) > 0)
			return end;
	}
	return by_context(run, context, ret_kind);
}
