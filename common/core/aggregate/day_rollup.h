/*
 * The satisfaction index by day: what a batch adds to `voc:{P}:index:<day>` (docs/SEMANTICS.md, "Index").
 *
 * Of each contact a score from 0 to 100, or none; of each day how many scores there were and their sum, in all and by
 * factor, dimension, channel, product, team and agent. Made once for the largest batch: nothing is allocated after
 * that. Names are borrowed until the next clear. No locks: one thread at a time.
 */
#ifndef VOC_CORE_DAY_ROLLUP_H
#define VOC_CORE_DAY_ROLLUP_H

#include "core/aggregate/periods.h"

#define VOC_DAY_MS INT64_C(86400000)
#define VOC_DAY_NAMES_MAX \
	1000 /* products, teams and agents that a day knows by name, in each partition; of cases, too */
#define VOC_SCORE_NONE     (-1)
#define VOC_SCORE_EXPECTED 75 /* just what was expected */

/* 0 to 100: how satisfied the contact was; VOC_SCORE_NONE if it does not say. */
int voc_contact_score(const struct voc_classified *event);

struct voc_day_rollup;

/* Room for `max_events` contacts between two clears; NULL when memory runs out. */
struct voc_day_rollup *voc_day_rollup_new(size_t max_events);
/* NULL is fine. */
void voc_day_rollup_free(struct voc_day_rollup *rollup);
void voc_day_rollup_clear(struct voc_day_rollup *rollup);
/* Counts an applied event. False when memory runs out, or there are more days than events allowed. */
VOC_MUST_CHECK bool voc_day_rollup_add(struct voc_day_rollup *rollup, const struct voc_classified *event);
/* The same contact speaks of a gap, and something came late to its customer of late. */
VOC_MUST_CHECK bool voc_day_rollup_add_late_gap(struct voc_day_rollup *rollup, const struct voc_classified *event);

/* Counts what a record did to a case, as it is after it: `tallies` are bits 1 << enum voc_case_tally. False when memory
 * runs out, or there are too many days. */
VOC_MUST_CHECK bool voc_day_rollup_add_case(struct voc_day_rollup *rollup, int64_t time_ms,
                                            const struct voc_case_names *names, uint32_t tallies);

/* Is told of increments; what is given is borrowed for the call. False stops the telling. */
struct voc_day_teller {
	bool (*field)(void *context, int64_t day, struct voc_str field, int64_t by);
	/*
	 * n:<name> and sum:<name>; `name` is "product:internet-500", and `others` its beginning, "product:", that it
	 * counts under where the day has VOC_DAY_NAMES_MAX names already and this is none of them.
	 */
	bool (*name)(void *context, int64_t day, struct voc_str others, struct voc_str name, int64_t n, int64_t sum);
	/* Of cases: `field` is "case:opened:team:A", counted as `others` where there are as many already. */
	bool (*case_name)(void *context, int64_t day, struct voc_str others, struct voc_str field, int64_t by);
};
/* How many names the day has: fields of its hash. */
#define VOC_DAY_NAMES      "names"
#define VOC_DAY_CASE_NAMES "case_names"

/* All increments, each day's together, its names in the order of their first contact; days before 1970 are not told of
 * (see voc_rollup_each). False if it was stopped. */
bool voc_day_rollup_each(const struct voc_day_rollup *rollup, const struct voc_day_teller *teller, void *context);

#endif
