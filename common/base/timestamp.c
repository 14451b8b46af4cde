#include "base/timestamp.h"

#include "base/civil.h"

#define DAY_MS     INT64_C(86400000)
#define FIRST_DAY  (-719162) /* 0001-01-01 */
#define LAST_DAY   2932896   /* 9999-12-31 */
#define DATE_CHARS 10        /* "2026-11-21" */

/* Exactly `count` digits at *at, or -1. */
static int64_t take_digits(struct voc_str s, size_t *at, size_t count)
{
	int64_t value = 0;
	if (s.len - *at < count)
		return -1;
	for (size_t end = *at + count; *at < end; (*at)++) {
		unsigned digit = (unsigned)(unsigned char)s.ptr[*at] - '0';
		if (digit > 9)
			return -1;
		value = value * 10 + digit;
	}
	return value;
}

static bool take_char(struct voc_str s, size_t *at, const char *any_of)
{
	if (*at >= s.len || s.ptr[*at] == '\0' || !strchr(any_of, s.ptr[*at]))
		return false;
	(*at)++;
	return true;
}

static bool take_date(struct voc_str s, size_t *at, int64_t *ret_days)
{
	if (s.len < DATE_CHARS || !voc_civil_parse(voc_str_of(s.ptr, DATE_CHARS), ret_days))
		return false;
	*at = DATE_CHARS;
	return true;
}

/* ":ss" and a fraction, in milliseconds, or -1. */
static int64_t take_seconds(struct voc_str s, size_t *at)
{
	if (!take_char(s, at, ":"))
		return -1;
	int64_t seconds = take_digits(s, at, 2);
	if (seconds < 0 || seconds > 60)
		return -1;
	int64_t ms = (seconds == 60 ? 59 : seconds) * 1000;
	if (!take_char(s, at, "."))
		return ms;
	int64_t scale = 100;
	size_t first = *at;
	for (int64_t digit; (digit = take_digits(s, at, 1)) >= 0; scale /= 10)
		ms += digit * scale;
	return *at > first ? ms : -1;
}

static bool take_zone(struct voc_str s, size_t *at, int64_t *ret_ms)
{
	*ret_ms = 0;
	if (take_char(s, at, "Zz"))
		return true;
	bool west = *at < s.len && s.ptr[*at] == '-';
	if (!take_char(s, at, "+-"))
		return false;
	int64_t hours = take_digits(s, at, 2);
	if (hours < 0 || hours > 23 || !take_char(s, at, ":"))
		return false;
	int64_t minutes = take_digits(s, at, 2);
	if (minutes < 0 || minutes > 59)
		return false;
	*ret_ms = (hours * 60 + minutes) * (west ? -60000 : 60000);
	return true;
}

bool voc_timestamp_parse(struct voc_str s, int64_t *ret_ms)
{
	size_t at = 0;
	int64_t days;
	if (!take_date(s, &at, &days) || !take_char(s, &at, "Tt "))
		return false;
	int64_t hours = take_digits(s, &at, 2);
	if (hours < 0 || hours > 23 || !take_char(s, &at, ":"))
		return false;
	int64_t minutes = take_digits(s, &at, 2);
	if (minutes < 0 || minutes > 59)
		return false;
	int64_t ms = take_seconds(s, &at);
	int64_t zone_ms;
	if (ms < 0 || !take_zone(s, &at, &zone_ms) || at != s.len)
		return false;
	*ret_ms = days * DAY_MS + (hours * 60 + minutes) * 60000 + ms - zone_ms;
	return true;
}

static void put_digits(char *to, int64_t value, int count)
{
	while (count-- > 0) {
		to[count] = (char)('0' + value % 10);
		value /= 10;
	}
}

size_t voc_timestamp_format(int64_t ms, char to[VOC_TIMESTAMP_SIZE])
{
	if (ms < FIRST_DAY * DAY_MS)
		ms = FIRST_DAY * DAY_MS;
	if (ms >= (LAST_DAY + 1) * DAY_MS)
		ms = (LAST_DAY + 1) * DAY_MS - 1;
	int64_t in_day = ((ms % DAY_MS) + DAY_MS) % DAY_MS;
	int64_t year, month, day;
	voc_civil_from_days((ms - in_day) / DAY_MS, &year, &month, &day);
	memcpy(to, "0000-00-00T00:00:00.000Z", VOC_TIMESTAMP_SIZE);
	put_digits(to, year, 4);
	put_digits(to + 5, month, 2);
	put_digits(to + 8, day, 2);
	put_digits(to + 11, in_day / 3600000, 2);
	put_digits(to + 14, in_day / 60000 % 60, 2);
	put_digits(to + 17, in_day / 1000 % 60, 2);
	put_digits(to + 20, in_day % 1000, 3);
	return VOC_TIMESTAMP_SIZE - 1;
}
