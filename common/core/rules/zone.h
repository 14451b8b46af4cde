/*
 * A time zone as a POSIX TZ rule ("CET-1CEST,M3.5.0,M10.5.0/3"; POSIX.1-2017, 8.3, with the hours beyond a day that
 * RFC 8536, 3.3.1 adds): how far local time is from UTC at any moment, by the law in force, for all years alike.
 *
 * That is what the last line of an IANA zone's file holds. It travels with the rules in the log, so that deadlines come
 * out the same wherever and whenever they are computed again. A plain value; pure, any thread.
 */
#ifndef VOC_CORE_ZONE_H
#define VOC_CORE_ZONE_H

#include "base/err.h"
#include "base/str.h"

#define VOC_ZONE_TEXT_SIZE  64        /* of a rule, with the NUL */
#define VOC_ZONE_FILE_BYTES (1 << 20) /* of an IANA zone's file, at most; the largest has 4 KB */

enum voc_zone_form {
	VOC_ZONE_MONTH,  /* Mm.w.d: the w-th weekday d of month m, 5 is the last */
	VOC_ZONE_JULIAN, /* Jn: day 1 to 365, 29 February never counted */
	VOC_ZONE_DAY,    /* n: day 0 to 365 */
};

struct voc_zone_change {
	enum voc_zone_form form;
	int month, week, day;
	int32_t time_s; /* local time of the change, from that day's midnight */
};

struct voc_zone {
	int32_t standard_s, summer_s; /* east of UTC */
	bool has_summer;
	struct voc_zone_change begin, end; /* of summer time */
};

/* False, and the output untouched, if the text is no such rule. */
VOC_MUST_CHECK bool voc_zone_parse(struct voc_str text, struct voc_zone *ret_zone);
/* East of UTC, at a moment in seconds since 1970. */
int32_t voc_zone_offset_s(const struct voc_zone *zone, int64_t utc_s);
/*
 * Local time (seconds since 1970-01-01T00:00 on the clock on the wall there) to UTC. A time that comes twice is the
 * first one; one that is skipped is as if the clock had not been changed yet (PEP 495, fold 0).
 */
int64_t voc_zone_to_utc_s(const struct voc_zone *zone, int64_t local_s);

/*
 * The rule in an IANA zone's file (RFC 8536, version 2 and up): a view into `bytes`. False if it is no such file, or
 * has none that voc_zone_parse takes.
 */
VOC_MUST_CHECK bool voc_zone_file_rule(struct voc_str bytes, struct voc_str *ret_rule);
/* "Asia/Seoul": one to five parts of letters, digits, '_', '+' and '-', none of them beginning otherwise than with a
 * letter. */
bool voc_zone_name_is_good(struct voc_str name);

#endif
