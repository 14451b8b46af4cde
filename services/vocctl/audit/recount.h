/*
 * One partition's aggregates made again in memory, by the aggregator's own step: what Redis should hold. Alerts are
 * muted, that is, counted and forgotten. Pure: records in, state out.
 *
 *   recount_begin, recount_add per record, recount_apply; any number of times
 *
 * All customers of the partition are held, or one in `share` of them, within `max_bytes`. What a customer was when
 * recount_settle was last called stays known, so that a writer needs to write the difference only. One thread at a
 * time.
 */
#ifndef VOC_VOCCTL_RECOUNT_H
#define VOC_VOCCTL_RECOUNT_H

#include "core/aggregate/aggregate_step.h"
#include "minutes.h"

#define RECOUNT_BATCH_RECORDS 5000

struct recount_settings {
	int32_t partition;
	const char *topic;          /* voc.classified with its prefix; borrowed */
	struct voc_rule_book *book; /* borrowed */
	uint32_t share;             /* every customer: 1 */
	uint32_t which;             /* of the shares, below `share` */
	size_t max_bytes;
	int64_t rollup_retention_ms;
};

struct recount {
	struct recount_settings settings;
	struct voc_partition_state state;
	struct voc_customer_cache *customers; /* each pinned since it was last settled, if it changed since */
	struct minutes *minutes;              /* those that had not expired when they came */
	int64_t alerts;                       /* muted */

	struct voc_agg_step *step;
	struct voc_rollup *rollup;
	struct voc_cached_customer stranger; /* stands for every customer that is in no share of ours */
};

/* NULL when memory runs out. */
struct recount *recount_new(const struct recount_settings *settings);
/* NULL is fine. */
void recount_free(struct recount *recount);
/* The rules that the first records are under; before anything is applied. Takes the caller's hold. */
void recount_set_rules(struct recount *recount, const struct voc_rule_set *rules);

void recount_begin(struct recount *recount);
bool recount_is_full(const struct recount *recount);
/* What the input points to is borrowed until the next begin. VOC_FATAL if the batch is full or memory runs out. */
VOC_MUST_CHECK enum voc_status recount_add(struct recount *recount, const struct voc_agg_input *input,
                                           struct voc_error *error);
/* Rollups that are over by `wall_ms` are left out. VOC_FATAL: memory, or the bound; nothing can be done with it then.
 */
VOC_MUST_CHECK enum voc_status recount_apply(struct recount *recount, int64_t wall_ms, struct voc_error *error);
/* What there is now is what was written. */
void recount_settle(struct recount *recount);

/* NULL if Redis should hold no hash of this customer. */
const struct voc_cached_customer *recount_find(const struct recount *recount, struct voc_str customer_id);
/* Whether the customer is in the share that is held. */
bool recount_holds(const struct recount *recount, struct voc_str customer_id);
size_t recount_bytes(const struct recount *recount);

/* All fields of what Redis should hold. False if `tell` returned false, or memory ran out. */
bool recount_tell_customer(const struct voc_cached_customer *customer, voc_field_fn tell, void *context);
bool recount_tell_position(const struct recount *recount, voc_field_fn tell, void *context);
/* Member and score. */
/* The sorted set `due`, as members and scores. */
bool recount_tell_due(const struct recount *recount, voc_field_fn tell, void *context);
bool recount_tell_at_risk(const struct recount *recount, voc_field_fn tell, void *context);

/* When the rollups of this minute or day (see core/aggregate/rollup.h) expire, and whether that is over. */
int64_t recount_period_expires_ms(const struct recount *recount, int64_t period);
bool recount_period_is_over(const struct recount *recount, int64_t period, int64_t wall_ms);

#endif
