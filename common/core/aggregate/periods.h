/*
 * The periods (minutes, or days) that a batch counts in, and the names that it counts under in each: products, teams
 * and agents of contacts, causes, teams and products of cases.
 *
 * Periods are numbered by place, 0, 1, …, in the order of their first records; the owner keeps its own counters of a
 * period in an array, at the same place. Made once for the largest batch; nothing is allocated after that but room for
 * cases' names, which are few. Texts of names are borrowed until the next clear. No locks: one thread at a time.
 */
#ifndef VOC_CORE_PERIODS_H
#define VOC_CORE_PERIODS_H

#include "core/customer/case.h"

/* A name's kind: one of these or, of cases, VOC_NAMED_CASE(tally, by). */
enum { VOC_NAMED_PRODUCT, VOC_NAMED_TEAM, VOC_NAMED_AGENT, VOC_NAMED_COUNT };
enum { VOC_CASE_BY_CAUSE, VOC_CASE_BY_TEAM, VOC_CASE_BY_PRODUCT, VOC_CASE_BY_COUNT };
#define VOC_NAMED_CASE(tally, by) (VOC_NAMED_COUNT + VOC_CASE_BY_COUNT * (tally) + (by))

static inline int voc_named_case_by(int kind)
{
	return (kind - VOC_NAMED_COUNT) % VOC_CASE_BY_COUNT;
}
/* What a case is counted by; an empty one is not counted. */
struct voc_case_names {
	struct voc_str by[VOC_CASE_BY_COUNT];
};

#define VOC_NAMED_FIELD_MAX (sizeof("case:resolve_overdue:product:") + 4 * (size_t)VOC_NAME_MAX_CHARS)

#define VOC_PLACE_NONE UINT32_MAX

struct voc_period {
	int64_t number;
	uint32_t chain;      /* place of the next period of the same bucket */
	uint32_t first_name; /* its names, in the order of their first record */
	uint32_t last_name;
};

struct voc_period_name {
	struct voc_str text;
	uint32_t place; /* its period's */
	uint32_t bucket;
	uint32_t chain; /* next name of the same bucket */
	uint32_t next;  /* next name of the same period; VOC_PLACE_NONE after the last */
	uint32_t n;     /* how often it was counted, and the sum of the scores with it */
	uint32_t sum;
	int kind;
};

/* Read freely; changed by the functions below. */
struct voc_periods {
	size_t count, max, name_count, name_room, bucket_mask;
	uint32_t *buckets, *name_buckets;
	struct voc_period *items;
	struct voc_period_name *names;
};

/* Room for `max` periods, and for as many contacts' names. False when memory runs out; freed either way by
 * voc_periods_free. */
VOC_MUST_CHECK bool voc_periods_init(struct voc_periods *periods, size_t max);
void voc_periods_free(struct voc_periods *periods);
void voc_periods_clear(struct voc_periods *periods);

/* The place of the period with this number, made if there is none; VOC_PLACE_NONE if there are as many as there may be.
 */
uint32_t voc_periods_place(struct voc_periods *periods, int64_t number);

/* Counts a name once more in the period at `place`; an empty name is not counted. False when memory runs out. */
VOC_MUST_CHECK bool voc_periods_count_name(struct voc_periods *periods, uint32_t place, int kind, struct voc_str text,
                                           int score);

/* Counts a case under its names, for each tally of it (bits 1 << enum voc_case_tally). False when memory runs out. */
VOC_MUST_CHECK bool voc_periods_count_case(struct voc_periods *periods, uint32_t place,
                                           const struct voc_case_names *names, uint32_t tallies);

/* What stands before a name in a field: "product:", "case:opened:team:". */
struct voc_str voc_named_prefix(int kind);
/* The whole field, in `buf`: "product:internet-500". */
struct voc_str voc_named_field(char buf[VOC_NAMED_FIELD_MAX], int kind, struct voc_str text);

#endif
