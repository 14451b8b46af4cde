#include "base/civil.h"

/* H. Hinnant, "chrono-compatible low-level date algorithms". */
int64_t voc_civil_to_days(int64_t year, int64_t month, int64_t day)
{
	year -= month <= 2;
	int64_t era = (year >= 0 ? year : year - 399) / 400;
	int64_t year_of_era = year - era * 400;
	int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;
	int64_t day_of_era = year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year;
	return era * 146097 + day_of_era - 719468;
}

void voc_civil_from_days(int64_t days, int64_t *ret_year, int64_t *ret_month, int64_t *ret_day)
{
	days += 719468;
	int64_t era = (days >= 0 ? days : days - 146096) / 146097;
	int64_t day_of_era = days - era * 146097;
	int64_t year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
	int64_t day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
	int64_t shifted = (5 * day_of_year + 2) / 153;
	*ret_day = day_of_year - (153 * shifted + 2) / 5 + 1;
	*ret_month = shifted + (shifted < 10 ? 3 : -9);
	*ret_year = year_of_era + era * 400 + (*ret_month <= 2);
}

bool voc_civil_is_leap(int64_t year)
{
	return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

int64_t voc_civil_month_days(int64_t year, int64_t month)
{
	static const int8_t days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
	return month == 2 && voc_civil_is_leap(year) ? 29 : days[month - 1];
}

int voc_civil_weekday(int64_t days)
{
	return (int)(((days + 4) % 7 + 7) % 7);
}

static int64_t digits(struct voc_str s, size_t at, size_t count)
{
	int64_t value = 0;
	for (size_t i = at; i < at + count; i++) {
		unsigned digit = (unsigned)(unsigned char)s.ptr[i] - '0';
		if (digit > 9)
			return -1;
		value = value * 10 + digit;
	}
	return value;
}

bool voc_civil_parse(struct voc_str s, int64_t *ret_days)
{
	if (s.len != 10 || s.ptr[4] != '-' || s.ptr[7] != '-')
		return false;
	int64_t year = digits(s, 0, 4), month = digits(s, 5, 2), day = digits(s, 8, 2);
	if (year < 1 || month < 1 || month > 12 || day < 1 || day > voc_civil_month_days(year, month))
		return false;
	*ret_days = voc_civil_to_days(year, month, day);
	return true;
}
