/*
 * Rollups: what a batch adds to the counters of each minute, `voc:{P}:rollup:<minute>`.
 *
 * Made once for the largest batch: nothing is allocated after that, and nothing fails but an event too many. Names of
 * products, teams and agents are borrowed until the next clear. No locks: one thread at a time.
 */
#ifndef VOC_CORE_ROLLUP_H
#define VOC_CORE_ROLLUP_H

#include "core/aggregate/day_rollup.h"
#include "core/customer/account.h"
#include "core/customer/case.h"

#define VOC_ROLLUP_MINUTE_MS 60000

/*
 * A period that is rolled up: a minute by its number since 1970 or, below zero, a day. Their hashes differ in name, in
 * content and in how long they are kept, and in nothing else.
 */
#define VOC_PERIOD_OF_DAY(day) (-1 - (day)) /* and back */
static inline bool voc_period_is_day(int64_t period)
{
	return period < 0;
}
#define VOC_INDEX_RETENTION_MS (400 * VOC_DAY_MS)

/* When the period's hash expires; a minute's `retention_ms` after its end. */
int64_t voc_period_expires_ms(int64_t period, int64_t retention_ms);

struct voc_rollup;

/* Room for `max_events` events between two clears; NULL when memory runs out. */
struct voc_rollup *voc_rollup_new(size_t max_events);
/* NULL is fine. */
void voc_rollup_free(struct voc_rollup *rollup);
void voc_rollup_clear(struct voc_rollup *rollup);

/* Counts an applied event and the alerts it sent (bit 1 << VOC_RULE_x). False, and nothing counted, if it is full. */
VOC_MUST_CHECK bool voc_rollup_add(struct voc_rollup *rollup, const struct voc_classified *event, uint32_t alerts);

/*
 * Counts what a record did to cases, at its time: `cases` as they are after it; `alerts` only if the record is no event
 * (an event's are counted above). Names are copied to the arena, for a case may be gone before the batch is. False if
 * memory or the arena runs out, or there are more records than events allowed.
 */
VOC_MUST_CHECK bool voc_rollup_add_cases(struct voc_rollup *rollup, int64_t time_ms, const struct voc_cases *cases,
                                         const struct voc_case_changes *changes, uint32_t alerts,
                                         struct voc_arena *arena);

/* Counts when in a purchase an event was that is counted above; the alerts that a profile or an order sent. False as
 * above. */
VOC_MUST_CHECK bool voc_rollup_add_purchase(struct voc_rollup *rollup, int64_t time_ms, enum voc_purchase purchase);
/* See voc_day_rollup_add_late_gap. */
VOC_MUST_CHECK bool voc_rollup_add_late_gap(struct voc_rollup *rollup, const struct voc_classified *event);
VOC_MUST_CHECK bool voc_rollup_add_alerts(struct voc_rollup *rollup, int64_t time_ms, uint32_t alerts);

/* Is told of one increment; `field` is borrowed for the call. False stops the telling. */
typedef bool (*voc_rollup_fn)(void *context, int64_t minute, struct voc_str field, int64_t by);
/*
 * All increments, each minute's together; the order depends on the events alone. False if `tell` returned false.
 * Minutes before 1970 are not told of: they are over, so that nothing is stored for them, and their numbers are those
 * of days.
 */
bool voc_rollup_each(const struct voc_rollup *rollup, voc_rollup_fn tell, void *context);
/* The same events by day: the satisfaction index. Borrowed. */
const struct voc_day_rollup *voc_rollup_days(const struct voc_rollup *rollup);

#endif
