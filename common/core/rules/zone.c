#include "core/rules/zone.h"

#include "base/civil.h"

#define HOUR_S         3600
#define DAY_S          INT64_C(86400)
#define SUMMER_S       HOUR_S       /* what summer time adds where the rule does not say */
#define CHANGE_S       (2 * HOUR_S) /* when it begins and ends where the rule does not say */
#define CHANGE_HOURS   167
#define OFFSET_HOURS   24
#define ABBREVIATION   3 /* letters at least */
#define NAME_PARTS_MAX 5
#define NAME_CHARS_MAX 48
#define CHANGES_AROUND 6 /* of three years */

static bool take_char(struct voc_str *text, char c)
{
	if (text->len == 0 || text->ptr[0] != c)
		return false;
	*text = voc_str_of(text->ptr + 1, text->len - 1);
	return true;
}

/* One to three digits. */
static bool take_number(struct voc_str *text, int least, int most, int *ret_value)
{
	int value = 0;
	size_t count = 0;
	for (; count < text->len && count < 3; count++) {
		unsigned digit = (unsigned)(unsigned char)text->ptr[count] - '0';
		if (digit > 9)
			break;
		value = value * 10 + (int)digit;
	}
	if (count == 0 || value < least || value > most)
		return false;
	*ret_value = value;
	*text = voc_str_of(text->ptr + count, text->len - count);
	return true;
}

static bool is_letter(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* "CET", or in brackets with digits and signs: "<+03>". The abbreviation itself is not needed. */
static bool take_abbreviation(struct voc_str *text)
{
	bool quoted = take_char(text, '<');
	size_t count = 0;
	while (count < text->len &&
	       (is_letter(text->ptr[count]) ||
	        (quoted && (is_digit(text->ptr[count]) || text->ptr[count] == '+' || text->ptr[count] == '-'))))
		count++;
	*text = voc_str_of(text->ptr + count, text->len - count);
	return count >= ABBREVIATION && (!quoted || take_char(text, '>'));
}

/* [+-]hh[:mm[:ss]] */
static bool take_time(struct voc_str *text, int most_hours, int32_t *ret_s)
{
	int hours, minutes = 0, seconds = 0;
	bool negative = take_char(text, '-');
	if (!negative)
		(void)take_char(text, '+');
	if (!take_number(text, 0, most_hours, &hours))
		return false;
	if (take_char(text, ':') && !take_number(text, 0, 59, &minutes))
		return false;
	if (take_char(text, ':') && !take_number(text, 0, 59, &seconds))
		return false;
	int32_t all = (int32_t)(hours * HOUR_S + minutes * 60 + seconds);
	*ret_s = negative ? -all : all;
	return true;
}

/* The rule counts offsets west of UTC. */
static bool take_offset(struct voc_str *text, int32_t *ret_east_s)
{
	int32_t west_s;
	if (!take_time(text, OFFSET_HOURS, &west_s))
		return false;
	*ret_east_s = -west_s;
	return true;
}

static bool take_change(struct voc_str *text, struct voc_zone_change *change)
{
	*change = (struct voc_zone_change){ .form = VOC_ZONE_DAY, .time_s = CHANGE_S };
	if (!take_char(text, ','))
		return false;
	if (take_char(text, 'M')) {
		change->form = VOC_ZONE_MONTH;
		if (!take_number(text, 1, 12, &change->month) || !take_char(text, '.') ||
		    !take_number(text, 1, 5, &change->week) || !take_char(text, '.') ||
		    !take_number(text, 0, 6, &change->day))
			return false;
	} else if (take_char(text, 'J')) {
		change->form = VOC_ZONE_JULIAN;
		if (!take_number(text, 1, 365, &change->day))
			return false;
	} else if (!take_number(text, 0, 365, &change->day)) {
		return false;
	}
	return !take_char(text, '/') || take_time(text, CHANGE_HOURS, &change->time_s);
}

bool voc_zone_parse(struct voc_str text, struct voc_zone *ret_zone)
{
	struct voc_zone zone = { 0 };
	if (text.len >= VOC_ZONE_TEXT_SIZE || !take_abbreviation(&text) || !take_offset(&text, &zone.standard_s))
		return false;
	zone.summer_s = zone.standard_s;
	if (text.len > 0) {
		zone.has_summer = true;
		zone.summer_s = zone.standard_s + SUMMER_S;
		if (!take_abbreviation(&text) ||
		    (text.len > 0 && text.ptr[0] != ',' && !take_offset(&text, &zone.summer_s)) ||
		    !take_change(&text, &zone.begin) || !take_change(&text, &zone.end) || text.len > 0)
			return false;
	}
	*ret_zone = zone;
	return true;
}

static int64_t change_day(const struct voc_zone_change *change, int64_t year)
{
	int64_t first = voc_civil_to_days(year, 1, 1);
	switch (change->form) {
	case VOC_ZONE_JULIAN: return first + change->day - 1 + (voc_civil_is_leap(year) && change->day >= 60);
	case VOC_ZONE_DAY: return first + change->day;
	case VOC_ZONE_MONTH: break;
	}
	int64_t days = voc_civil_to_days(year, change->month, 1);
	int64_t at = (change->day - voc_civil_weekday(days) + 7) % 7 + 7 * (change->week - 1);
	while (at >= voc_civil_month_days(year, change->month))
		at -= 7;
	return days + at;
}

/* A change of the clock: when, in UTC, and what is in force before and after. */
struct turn {
	int64_t utc_s;
	int32_t before_s, after_s;
};

/* The changes of this year, the one before and the one after, by time. */
static void turns_around(const struct voc_zone *zone, int64_t year, struct turn turns[CHANGES_AROUND])
{
	for (int i = 0; i < CHANGES_AROUND; i += 2) {
		int64_t y = year - 1 + i / 2;
		int64_t begin = change_day(&zone->begin, y) * DAY_S + zone->begin.time_s - zone->standard_s;
		int64_t end = change_day(&zone->end, y) * DAY_S + zone->end.time_s - zone->summer_s;
		struct turn to_summer = { begin, zone->standard_s, zone->summer_s };
		struct turn to_standard = { end, zone->summer_s, zone->standard_s };
		turns[i] = begin < end ? to_summer : to_standard;
		turns[i + 1] = begin < end ? to_standard : to_summer;
	}
}

static int64_t year_of(int64_t seconds)
{
	int64_t year, month, day;
	voc_civil_from_days((seconds - ((seconds % DAY_S) + DAY_S) % DAY_S) / DAY_S, &year, &month, &day);
	return year;
}

int32_t voc_zone_offset_s(const struct voc_zone *zone, int64_t utc_s)
{
	struct turn turns[CHANGES_AROUND];
	if (!zone->has_summer)
		return zone->standard_s;
	turns_around(zone, year_of(utc_s), turns);
	int32_t offset = turns[0].before_s;
	for (size_t i = 0; i < CHANGES_AROUND && turns[i].utc_s <= utc_s; i++)
		offset = turns[i].after_s;
	return offset;
}

int64_t voc_zone_to_utc_s(const struct voc_zone *zone, int64_t local_s)
{
	struct turn turns[CHANGES_AROUND];
	if (!zone->has_summer)
		return local_s - zone->standard_s;
	turns_around(zone, year_of(local_s), turns);
	int32_t offset = turns[0].before_s;
	for (size_t i = 0; i < CHANGES_AROUND; i++) {
		const struct turn *turn = &turns[i];
		int32_t later_s = turn->before_s > turn->after_s ? turn->before_s : turn->after_s;
		if (local_s < turn->utc_s + later_s)
			break;
		offset = turn->after_s;
	}
	return local_s - offset;
}

/* The rule is the file's last line. The tables of past changes before it are of no use for deadlines to come. */
bool voc_zone_file_rule(struct voc_str bytes, struct voc_str *ret_rule)
{
	struct voc_zone zone;
	if (!voc_str_starts_with(bytes, VOC_STR("TZif")) || bytes.len < 46 || bytes.ptr[4] < '2' ||
	    bytes.ptr[bytes.len - 1] != '\n')
		return false;
	size_t end = bytes.len - 1, start = end;
	while (start > 0 && end - start < VOC_ZONE_TEXT_SIZE && bytes.ptr[start - 1] != '\n')
		start--;
	struct voc_str rule = voc_str_of(bytes.ptr + start, end - start);
	if (!voc_zone_parse(rule, &zone))
		return false;
	*ret_rule = rule;
	return true;
}

bool voc_zone_name_is_good(struct voc_str name)
{
	size_t parts = 1;
	bool at_start = true;
	if (name.len == 0 || name.len > NAME_CHARS_MAX)
		return false;
	for (size_t i = 0; i < name.len; i++) {
		char c = name.ptr[i];
		if (c == '/' && !at_start) {
			parts++;
			at_start = true;
			continue;
		}
		if (!is_letter(c) && (at_start || !(is_digit(c) || c == '_' || c == '+' || c == '-')))
			return false;
		at_start = false;
	}
	return !at_start && parts <= NAME_PARTS_MAX;
}
