/*
 * Dates of the proleptic Gregorian calendar as days since 1970-01-01. Pure, any thread.
 */
#ifndef VOC_BASE_CIVIL_H
#define VOC_BASE_CIVIL_H

#include "base/str.h"

/* `month` from 1, `day` from 1; a day past the month's end counts on into the next one. */
int64_t voc_civil_to_days(int64_t year, int64_t month, int64_t day);
void voc_civil_from_days(int64_t days, int64_t *ret_year, int64_t *ret_month, int64_t *ret_day);
bool voc_civil_is_leap(int64_t year);
/* 28 to 31. */
int64_t voc_civil_month_days(int64_t year, int64_t month);
/* 0 is Sunday, as POSIX counts them. */
int voc_civil_weekday(int64_t days);
/* "2026-11-21", years 0001 to 9999, and nothing else; false if it is no date. */
bool voc_civil_parse(struct voc_str s, int64_t *ret_days);

#endif
