/* Telephone numbers: Korea's by its numbering plan, others' by how they are written. */
#include "core/mask/mask_internal.h"

#define GROUPS_MAX 6

/* How long a Korean number is that begins with these three digits, the trunk's 0 among them. */
struct plan {
	size_t least, most;
	size_t area; /* digits of the area code; 0: a mobile one, which is known in any grouping */
};

static struct plan plan_of(uint8_t a, uint8_t b, uint8_t c)
{
	const struct plan none = { 0, 0, 0 };
	if (a != 0)
		return none;
	if (b == 1)
		return c == 0 ? (struct plan){ 11, 11, 0 } : c == 1 || c >= 6 ? (struct plan){ 10, 11, 0 } : none;
	if (b == 2)
		return (struct plan){ 9, 10, 2 };
	if (b >= 3 && b <= 6 && c >= 1 && c <= 5)
		return (struct plan){ 10, 11, 3 };
	if (b == 7 && c == 0)
		return (struct plan){ 11, 11, 3 };
	if (b == 5 && c == 0)
		return (struct plan){ 11, 12, 4 };
	return none; /* 080 and the like belong to firms */
}

static bool is_undivided(const struct voc_run *run, size_t first, size_t end)
{
	for (size_t i = first + 1; i < end; i++) {
		if (run->gap[i] != VOC_RUN_JOINED)
			return false;
	}
	return true;
}

/* Mobile numbers come in any grouping, but "01" and "02" of a date are not the "010" of a number. */
static bool has_shape(const struct voc_run *run, size_t first, size_t end, size_t area)
{
	if (is_undivided(run, first, end))
		return true;
	if (area > 0)
		return run->gap[first + area] != VOC_RUN_JOINED && run->gap[end - 4] != VOC_RUN_JOINED;
	return is_undivided(run, first, first + 2) || !is_undivided(run, first + 1, first + 3);
}

/* A Korean number whose trunk 0 is digit `first`, or left out before it as abroad: its end, or 0. */
static size_t korean(const struct voc_run *run, size_t first, bool has_zero)
{
	size_t left_out = has_zero ? 0 : 1;
	if (first + 9 - left_out > run->count)
		return 0;
	const uint8_t *digit = run->digit + first;
	struct plan plan = has_zero ? plan_of(digit[0], digit[1], digit[2]) : plan_of(0, digit[0], digit[1]);
	size_t area = plan.area > 0 ? plan.area - left_out : 0;
	for (size_t n = plan.most; n >= plan.least && n > 0; n--) {
		size_t end = first + n - left_out;
		if (end <= run->count && voc_run_breaks(run, end) && has_shape(run, first, end, area))
			return end;
	}
	return 0;
}

/* After the country's code, with or without a "(0)". */
static size_t korean_from_abroad(const struct voc_run *run, size_t first)
{
	return first < run->count ? korean(run, first, run->digit[first] == 0) : 0;
}

static size_t longest(const struct voc_run *run, size_t least, size_t most)
{
	for (size_t n = most < run->count ? most : run->count; n >= least; n--) {
		if (voc_run_breaks(run, n))
			return n;
	}
	return 0;
}

static size_t with_plus(const struct voc_run *run)
{
	if (voc_run_value(run, 0, 2) == 82) {
		size_t end = korean_from_abroad(run, 2);
		if (end > 0)
			return end;
	}
	if (run->digit[0] == 0)
		return 0;
	if (run->digit[0] == 1)
		return longest(run, 11, 11);
	size_t end = longest(run, 8, 15);
	return end > 0 && !voc_mask_is_amount(run->text, run->start[0], run->end[end - 1]) ? end : 0;
}

/* "00 82 10 …", "00182-…", "00700-82-…"; other countries' only where it is written in groups. */
static size_t with_exit_code(const struct voc_run *run)
{
	static const size_t exits[] = { 2, 3, 5 };
	for (size_t i = 0; i < sizeof exits / sizeof *exits; i++) {
		size_t at = exits[i];
		if (at + 2 > run->count || voc_run_value(run, at, at + 2) != 82)
			continue;
		size_t end = korean_from_abroad(run, at + 2);
		if (end > 0)
			return end;
	}
	size_t lengths[GROUPS_MAX];
	return voc_run_groups(run, lengths, GROUPS_MAX) >= 3 && lengths[0] <= 5 ? longest(run, 11, 17) : 0;
}

/* "(415) 555-2671", "1-415-555-2671" */
static size_t american(const struct voc_run *run, const size_t *lengths, size_t groups)
{
	size_t at = groups >= 4 && lengths[0] == 1 && run->digit[0] == 1 ? 1 : 0;
	if (groups < at + 3 || lengths[at] != 3 || lengths[at + 1] != 3 || lengths[at + 2] != 4)
		return 0;
	return run->digit[at] >= 2 && run->digit[at + 3] >= 2 ? at + 10 : 0;
}

/* "020 7946 0958", "07911 123456" */
static size_t european(const struct voc_run *run, const size_t *lengths, size_t groups)
{
	size_t digits = lengths[0];
	if (run->digit[0] != 0 || run->digit[1] == 0 || digits < 3 || digits > 5)
		return 0;
	for (size_t i = 1; i < groups && lengths[i] >= 3; i++) {
		digits += lengths[i];
		if (digits == 10 || digits == 11)
			return voc_run_breaks(run, digits) ? digits : 0;
	}
	return 0;
}

static bool is_free_of_charge(const struct voc_run *run)
{
	return run->digit[0] == 0 && run->digit[1] == 8 && run->digit[2] == 0;
}

size_t voc_mask_phone(const struct voc_run *run)
{
	size_t lengths[GROUPS_MAX];
	if (run->count < 8)
		return 0;
	if (run->plus)
		return with_plus(run);
	size_t end = run->digit[0] == 0 ? korean(run, 0, true) : 0;
	if (end == 0 && voc_run_value(run, 0, 2) == 0)
		end = with_exit_code(run);
	if (end == 0 && voc_run_value(run, 0, 2) == 82)
		end = korean_from_abroad(run, 2);
	if (end > 0 || run->gap_before == VOC_RUN_TIGHT || is_free_of_charge(run))
		return end;
	size_t groups = voc_run_groups(run, lengths, GROUPS_MAX);
	end = american(run, lengths, groups);
	return end > 0 ? end : european(run, lengths, groups);
}

/* A firm's: 1588-1234, 080-123-4567. */
static bool is_service(const struct voc_run *run, size_t end)
{
	unsigned first = voc_run_value(run, 0, 2);
	return is_free_of_charge(run) || (end == 8 && (first == 15 || first == 16 || first == 18));
}

size_t voc_mask_phone_by_context(const struct voc_run *run)
{
	size_t lengths[GROUPS_MAX];
	size_t groups = voc_run_groups(run, lengths, GROUPS_MAX), end = 0;
	for (size_t i = 0; i < groups && i < 4; i++) {
		end += lengths[i];
		bool good = i == 0 ? end >= 7 : lengths[i - 1] >= 2 && lengths[i] == 4;
		if (end >= 7 && end <= 12 && good && voc_run_breaks(run, end) &&
		    !(i + 1 < groups && run->gap[end] == VOC_RUN_TIGHT && lengths[i + 1] == 4))
			return is_service(run, end) ? 0 : end;
	}
	return 0;
}
