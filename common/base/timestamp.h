/*
 * Times as milliseconds since 1970-01-01T00:00:00Z (int64_t, suffix _ms), to and from RFC 3339. Pure, any thread.
 */
#ifndef VOC_BASE_TIMESTAMP_H
#define VOC_BASE_TIMESTAMP_H

#include "base/str.h"

/*
 * Parses an RFC 3339 date-time ("2026-11-21T09:30:00.123+09:00", "T", "t" or a space between, "Z" or "z" as the zone).
 * Years 0001 to 9999; a leap second (:60) counts as :59; digits past the millisecond are cut off. False if it is none.
 */
bool voc_timestamp_parse(struct voc_str s, int64_t *ret_ms);

#define VOC_TIMESTAMP_SIZE 25
/* "2026-11-21T09:30:00.000Z", always with three decimals; `ms` within years 1 to 9999 (clamped). Returns its
 * length, 24. */
size_t voc_timestamp_format(int64_t ms, char to[VOC_TIMESTAMP_SIZE]);

#endif
