#include "core/rules/business_hours.h"

#define MINUTE_MS INT64_C(60000)
#define DAY_MS    INT64_C(86400000)
#define DAY_S     INT64_C(86400)

static bool minute_parse(struct voc_str text, int16_t *ret_minute)
{
	int64_t hours, minutes;
	if (text.len != 5 || text.ptr[2] != ':' || text.ptr[0] == '-' || text.ptr[3] == '-' ||
	    !voc_str_to_i64(voc_str_of(text.ptr, 2), &hours) || !voc_str_to_i64(voc_str_of(text.ptr + 3, 2), &minutes))
		return false;
	if (minutes > 59 || hours * 60 + minutes > VOC_DAY_MINUTES)
		return false;
	*ret_minute = (int16_t)(hours * 60 + minutes);
	return true;
}

bool voc_day_span_parse(struct voc_str text, struct voc_day_span *ret_span)
{
	struct voc_day_span span;
	if (text.len != 11 || text.ptr[5] != '-' || !minute_parse(voc_str_of(text.ptr, 5), &span.from) ||
	    !minute_parse(voc_str_of(text.ptr + 6, 5), &span.to) || span.from >= span.to)
		return false;
	*ret_span = span;
	return true;
}

bool voc_day_hours_add(struct voc_day_hours *hours, struct voc_day_span span)
{
	if (hours->count == VOC_DAY_SPANS_MAX || (hours->count > 0 && hours->spans[hours->count - 1].to >= span.from))
		return false;
	hours->spans[hours->count++] = span;
	return true;
}

static const struct voc_day_hours *hours_of(const struct voc_business_hours *hours, int64_t day)
{
	size_t low = 0, high = hours->holiday_count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		const struct voc_holiday *holiday = &hours->holidays[middle];
		if (holiday->day == day)
			return &holiday->hours;
		if (holiday->day < day)
			low = middle + 1;
		else
			high = middle;
	}
	return &hours->week[((day + 4) % 7 + 7) % 7]; /* 1970-01-01 was a Thursday */
}

static int64_t floor_div(int64_t a, int64_t b)
{
	return a / b - (a % b < 0);
}

int64_t voc_business_deadline_ms(const struct voc_business_hours *hours, int64_t from_ms, int64_t minutes)
{
	int64_t left_ms = minutes * MINUTE_MS, from_s = floor_div(from_ms, 1000);
	int64_t first = floor_div(from_s + voc_zone_offset_s(&hours->zone, from_s), DAY_S);
	for (int64_t day = first; day < first + VOC_BUSINESS_DAYS_MAX; day++) {
		const struct voc_day_hours *open = hours_of(hours, day);
		for (int i = 0; i < open->count; i++) {
			const struct voc_day_span *span = &open->spans[i];
			int64_t start_ms = voc_zone_to_utc_s(&hours->zone, day * DAY_S + span->from * 60) * 1000;
			int64_t end_ms = voc_zone_to_utc_s(&hours->zone, day * DAY_S + span->to * 60) * 1000;
			int64_t begin_ms = start_ms > from_ms ? start_ms : from_ms;
			if (end_ms <= begin_ms)
				continue;
			if (left_ms <= end_ms - begin_ms)
				return begin_ms + left_ms;
			left_ms -= end_ms - begin_ms;
		}
	}
	return from_ms + VOC_BUSINESS_DAYS_MAX * DAY_MS;
}
