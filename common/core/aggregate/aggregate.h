/*
 * The aggregation step: (partition, customer, record) → (partition, customer, effects), as docs/SEMANTICS.md defines.
 *
 * A pure function of the log: batches, restarts and the number of processes change nothing. Two phases, so that the
 * caller can fetch many customers at once in between:
 *
 *   for each record:   voc_aggregate_decode: what is it, and what customer is it of? fetch those not in memory
 *   in offset order:   voc_aggregate_apply for an event or a fact, voc_aggregate_rule for rules, voc_aggregate_forget
 *                      for a customer who is to be forgotten, voc_aggregate_skip for one that can't be decoded
 *   then, in order:    publish the alerts and wait for their acknowledgement; write the differences
 *                      (voc_customer_diff, voc_customer_at_risk, voc_rollup_each, voc_partition_state_diff) in one
 *                      transaction; voc_partition_state_saved
 *
 * If the write fails or the store stood elsewhere, drop all that was changed and load it again. No locks: one thread
 * at a time for one partition.
 */
#ifndef VOC_CORE_AGGREGATE_H
#define VOC_CORE_AGGREGATE_H

#include "core/aggregate/alert.h"
#include "core/aggregate/due_record.h"
#include "core/aggregate/partition_state.h"
#include "core/aggregate/rollup.h"
#include "core/customer/customer.h"
#include "core/record/fact.h"
#include "core/rules/rules_record.h"

/* What stays the same for all records of a partition. Borrowed. */
struct voc_aggregate {
	struct voc_str topic; /* voc.classified with its prefix: part of an alert's origin */
	int32_t partition;
	struct voc_rule_book *book;
};

/* A record of voc.classified as it comes. Borrowed. */
struct voc_aggregate_input {
	int64_t offset, timestamp_ms;
	struct voc_str value;
	struct voc_str source; /* of VOC_SOURCE_HEADER; empty if it has none */
};

enum voc_record_kind {
	VOC_RECORD_EVENT,
	VOC_RECORD_FACT,
	VOC_RECORD_DUE,
	VOC_RECORD_RULES,
	VOC_RECORD_FORGET,
};

/* A decoded one. Strings are borrowed from the record's bytes or the arena. */
struct voc_aggregate_record {
	enum voc_record_kind kind;
	int64_t offset, timestamp_ms;
	struct voc_source_position source; /* of the record that an event or a fact was made from */
	union {
		struct voc_classified event;
		const struct voc_fact *fact;          /* in the arena */
		const struct voc_due *due;            /* in the arena */
		const struct voc_rules_record *rules; /* in the arena */
		struct voc_str forgotten;             /* the customer that a forget record is about */
	};
};

enum voc_apply_outcome {
	VOC_APPLY_EVENT,     /* counted */
	VOC_APPLY_DUE,       /* it fell due, and took effect */
	VOC_APPLY_STALE,     /* nothing waits for that any more; the customer is untouched */
	VOC_APPLY_DUPLICATE, /* its sender had sent it before */
	VOC_APPLY_COPY,      /* a crash of the classifier made it again; the customer is untouched */
	VOC_APPLY_FACT,      /* noted */
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
	bool move_refused; /* of a fact: it is a follow-up that no case could take */
	size_t alert_count;
	struct voc_aggregate_alert alerts[VOC_RULE_COUNT]; /* in the order in which they are sent */
};

/* VOC_OK, or VOC_INVALID with the reason for the dead letter; VOC_FATAL when memory or the arena runs out. */
VOC_MUST_CHECK enum voc_status voc_aggregate_decode(const struct voc_aggregate_input *input, struct voc_arena *arena,
                                                    struct voc_aggregate_record *ret_record, struct voc_error *error);
/* Whose the record is; empty for rules. */
struct voc_str voc_aggregate_customer_id(const struct voc_aggregate_record *record);
/*
 * Applies an event or a fact: changes `state`, `customer` and `rollup` (which must be cleared at least every
 * `max_events` records). VOC_OK; VOC_FATAL when memory or the arena runs out, a record comes out of order, or no rules
 * are in force: what was changed is then to be thrown away.
 */
VOC_MUST_CHECK enum voc_status voc_aggregate_apply(const struct voc_aggregate *aggregate,
                                                   struct voc_partition_state *state, struct voc_customer *customer,
                                                   struct voc_rollup *rollup, const struct voc_aggregate_record *record,
                                                   struct voc_arena *arena, struct voc_aggregate_effects *ret_effects,
                                                   struct voc_error *error);
/* Applies a due record, likewise. */
VOC_MUST_CHECK enum voc_status voc_aggregate_due(const struct voc_aggregate *aggregate,
                                                 struct voc_partition_state *state, struct voc_customer *customer,
                                                 struct voc_rollup *rollup, const struct voc_aggregate_record *record,
                                                 struct voc_arena *arena, struct voc_aggregate_effects *ret_effects,
                                                 struct voc_error *error);
/* Applies a rules record. VOC_OK or VOC_FATAL, as above. */
VOC_MUST_CHECK enum voc_status voc_aggregate_rule(const struct voc_aggregate *aggregate,
                                                  struct voc_partition_state *state,
                                                  const struct voc_aggregate_record *record, struct voc_error *error);
/* Applies a forget record: the customer is new again. VOC_OK or VOC_FATAL, as above. */
VOC_MUST_CHECK enum voc_status voc_aggregate_forget(struct voc_partition_state *state, struct voc_customer *customer,
                                                    const struct voc_aggregate_record *record, struct voc_error *error);
/* A record that can't be decoded: it only counts as invalid. VOC_OK or VOC_FATAL, as above. */
VOC_MUST_CHECK enum voc_status voc_aggregate_skip(struct voc_partition_state *state, int64_t offset,
                                                  struct voc_error *error);

#endif
