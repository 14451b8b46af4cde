/*
 * Applies a batch of records of voc.classified. The aggregator does so, and vocctl where it counts again. Pure.
 *
 *   voc_agg_step_begin
 *   voc_agg_step_add          per record: decodes it, and finds out which customers the batch is about
 *   (the caller fetches and pins every step->customers[i].entry)
 *   voc_agg_step_apply        per touched partition: its records in order, onto its state; alerts and counts come out
 *
 * Everything a batch makes lives in its arena, until the next begin. One thread at a time.
 */
#ifndef VOC_CORE_AGGREGATE_STEP_H
#define VOC_CORE_AGGREGATE_STEP_H

#include "core/aggregate/aggregate.h"
#include "core/customer/customer_cache.h"

#define VOC_AGG_NONE UINT32_MAX /* ends a chain */

/* A record as it comes. Borrowed until the next begin. */
struct voc_agg_input {
	int32_t partition;
	struct voc_aggregate_input record;
};

struct voc_agg_record {
	int32_t partition;
	int64_t offset, timestamp_ms;
	struct voc_aggregate_record *decoded; /* NULL: it can't be, and `error` says why */
	struct voc_error *error;
	uint32_t customer; /* index into the step's customers; VOC_AGG_NONE if it is of none */
	uint32_t next;     /* record of the same partition */
};

/* A customer that the batch is about; one entry, however many records. */
struct voc_agg_customer {
	int32_t partition;
	struct voc_str id;
	struct voc_cached_customer *entry; /* pinned; NULL until the caller has fetched it */
	uint32_t next;                     /* customer of the same partition */
	uint32_t bucket;
};

struct voc_agg_alert {
	struct voc_agg_alert *next;
	struct voc_str customer_id;
	int64_t timestamp_ms; /* of the classified record */
	enum voc_rule rule;
	uint32_t record; /* that caused it */
	struct voc_str json;
};

/* What became of one partition's records; the chains begin here. */
struct voc_agg_partition {
	uint32_t first_record, last_record, first_customer;
	int64_t events, duplicates, copies, invalid, controls, facts, dues, dues_stale, moves_refused;
	struct voc_agg_alert *first_alert, *last_alert;
};

struct voc_agg_step {
	struct voc_arena *arena;
	struct voc_agg_record *records;
	size_t record_count, record_max;
	struct voc_agg_customer *customers;
	size_t customer_count;
	struct voc_agg_partition *partitions; /* by number */
	int32_t partition_count;
	int32_t *touched; /* partitions of this batch, in order of their first record */
	size_t touched_count;
	uint32_t *buckets; /* open addressing: 1 + index into customers, 0 where free */
	size_t bucket_mask;
};

/* NULL when memory runs out. Free with voc_agg_step_free (NULL is fine). */
struct voc_agg_step *voc_agg_step_new(int32_t partition_count, size_t max_records);
void voc_agg_step_free(struct voc_agg_step *step);

void voc_agg_step_begin(struct voc_agg_step *step);
/* VOC_OK also for a record that can't be decoded; VOC_FATAL when the step is full or memory runs out. */
VOC_MUST_CHECK enum voc_status voc_agg_step_add(struct voc_agg_step *step, const struct voc_agg_input *input,
                                                struct voc_error *error);
/*
 * Applies the records of aggregate->partition; what came of it is step->partitions[aggregate->partition]. `rollup` is
 * cleared first. On failure the state and the customers are to be thrown away.
 */
VOC_MUST_CHECK enum voc_status voc_agg_step_apply(struct voc_agg_step *step, const struct voc_aggregate *aggregate,
                                                  struct voc_partition_state *state, struct voc_rollup *rollup,
                                                  struct voc_error *error);

#endif
