/*
 * The aggregation step: (partition, customer, record) → (partition, customer, effects), as docs/SEMANTICS.md defines.
 *
 * A pure function of the log: batches, restarts and the number of processes change nothing. Two phases, so that the
 * caller can fetch many customers at once in between:
 *
 *   for each record:   voc_aggregate_decode: what customer is it of? fetch those that are not in memory
 *   in offset order:   voc_aggregate_apply, or voc_aggregate_skip for one that can't be decoded
 *   then, in order:    publish the alerts and wait for their acknowledgement; write the differences
 *                      (voc_customer_diff, voc_customer_at_risk, voc_rollup_each, voc_partition_state_diff) in one
 *                      transaction; voc_partition_state_saved
 *
 * If the write fails or the store stood elsewhere, drop all that was changed and load it again. No locks: one thread
 * at a time for one partition.
 */
#ifndef VOC_CORE_AGGREGATE_H
#define VOC_CORE_AGGREGATE_H

#include "core/alert.h"
#include "core/customer.h"
#include "core/partition_state.h"
#include "core/rollup.h"

/* What stays the same for all records of a partition. Borrowed. */
struct voc_aggregate {
	const struct voc_rules *rules;
	struct voc_str topic; /* voc.classified with its prefix: part of an alert's origin */
	int32_t partition;
};

/* A decoded record of voc.classified. Strings are borrowed from the record's bytes or the arena. */
struct voc_aggregate_record {
	int64_t offset;
	struct voc_source_position source; /* of the raw record that it was made from */
	struct voc_classified event;
};

enum voc_apply_outcome {
	VOC_APPLY_EVENT,     /* counted */
	VOC_APPLY_DUPLICATE, /* its sender had sent it before */
	VOC_APPLY_COPY,      /* a crash of the classifier made it again; the customer is untouched */
};

/* An alert to publish. Key: the customer's id; VOC_RECEIVED_HEADER: the classified record's timestamp. */
struct voc_aggregate_alert {
	enum voc_rule rule;
	enum voc_severity severity;
	char id[VOC_ALERT_ID_SIZE];
	struct voc_str json; /* in the arena */
};

struct voc_aggregate_effects {
	enum voc_apply_outcome outcome;
	size_t alert_count;
	struct voc_aggregate_alert alerts[VOC_RULE_COUNT]; /* in the order in which they are sent */
};

/*
 * `source_header` is the value of VOC_SOURCE_HEADER, empty if the record has none. VOC_OK, or VOC_INVALID with the
 * reason for the dead letter.
 */
VOC_MUST_CHECK enum voc_status voc_aggregate_decode(struct voc_str value, struct voc_str source_header, int64_t offset,
                                                    struct voc_arena *arena, struct voc_aggregate_record *ret_record,
                                                    struct voc_error *error);
/*
 * Applies one record: changes `state`, `customer` and `rollup` (which must be cleared at least every `max_events`
 * records). VOC_OK; VOC_FATAL when memory or the arena runs out, or a record comes out of order: what was changed is
 * then to be thrown away.
 */
VOC_MUST_CHECK enum voc_status voc_aggregate_apply(const struct voc_aggregate *aggregate,
                                                   struct voc_partition_state *state, struct voc_customer *customer,
                                                   struct voc_rollup *rollup, const struct voc_aggregate_record *record,
                                                   struct voc_arena *arena, struct voc_aggregate_effects *ret_effects,
                                                   struct voc_error *error);
/* A record that can't be decoded: it only counts as invalid. VOC_FATAL if it comes out of order. */
VOC_MUST_CHECK enum voc_status voc_aggregate_skip(const struct voc_aggregate *aggregate,
                                                  struct voc_partition_state *state, int64_t offset,
                                                  struct voc_error *error);

#endif
