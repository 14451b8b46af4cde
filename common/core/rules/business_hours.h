/*
 * Business hours: a week's opening hours and a calendar of holidays, in a time zone; and deadlines in business minutes.
 *
 * A plain value that owns nothing. It is read with the rules and travels with them in the log. Pure, any thread.
 */
#ifndef VOC_CORE_BUSINESS_HOURS_H
#define VOC_CORE_BUSINESS_HOURS_H

#include "core/rules/zone.h"

#define VOC_DAY_SPANS_MAX 4
#define VOC_HOLIDAYS_MAX  256
#define VOC_DAY_MINUTES   1440

/* From a minute of the day to before another one; 1440 is the day's end. */
struct voc_day_span {
	int16_t from, to;
};

/* In order, none touching another; no span: closed. */
struct voc_day_hours {
	int16_t count;
	struct voc_day_span spans[VOC_DAY_SPANS_MAX];
};

/* A date with hours of its own: closed, or a half day. */
struct voc_holiday {
	int32_t day; /* since 1970-01-01, in the zone */
	struct voc_day_hours hours;
};

struct voc_business_hours {
	struct voc_zone zone;
	struct voc_day_hours week[7];                  /* from Sunday */
	struct voc_holiday holidays[VOC_HOLIDAYS_MAX]; /* by day */
	size_t holiday_count;
};

/*
 * The moment (ms since 1970) when `minutes` of business time have passed after `from_ms`: real time that passed while
 * open, so a clock that is put back in between costs nobody anything. At a closing time exactly if they just fit. Never
 * later than VOC_BUSINESS_DAYS_MAX days after `from_ms`, for hours that hardly ever open.
 */
#define VOC_BUSINESS_DAYS_MAX 4000
int64_t voc_business_deadline_ms(const struct voc_business_hours *hours, int64_t from_ms, int64_t minutes);

/* "09:00-18:00"; "24:00" may end it. False if it is none, or ends before it begins. */
VOC_MUST_CHECK bool voc_day_span_parse(struct voc_str text, struct voc_day_span *ret_span);
/* Adds a span behind the others. False if there are too many, or it does not lie behind them. */
VOC_MUST_CHECK bool voc_day_hours_add(struct voc_day_hours *hours, struct voc_day_span span);

#endif
