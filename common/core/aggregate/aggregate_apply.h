/*
 * What one record's application works on: shared by core/aggregate*.c, for nobody else.
 */
#ifndef VOC_CORE_AGGREGATE_APPLY_H
#define VOC_CORE_AGGREGATE_APPLY_H

#include "core/aggregate/aggregate.h"
#include "core/customer/account_tell.h"

struct voc_apply {
	const struct voc_aggregate *aggregate;
	const struct voc_rules *rules;
	const struct voc_aggregate_record *record;
	struct voc_str customer_id;
	struct voc_customer *customer;
	struct voc_arena *arena;
	struct voc_aggregate_effects *effects;
	struct voc_error *error;
	enum voc_risk_state previous;
	const struct voc_value_counts *values; /* the partition's; may be NULL */
};

/* VOC_FATAL, with the reason. */
static inline enum voc_status voc_apply_out_of_memory(struct voc_error *error)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory left to apply a record");
}

/* None so far. The room for alerts stays as it is: they are a kilobyte, and most records cause none. */
static inline void voc_apply_no_effects(struct voc_aggregate_effects *effects, enum voc_apply_outcome outcome)
{
	effects->outcome = outcome;
	effects->move_refused = false;
	effects->alert_count = 0;
}

/* What an alert tells of its cause. Borrowed. */
struct voc_alert_cause {
	int64_t time_ms;
	const char *lang;
	enum voc_channel channel; /* VOC_CHANNEL_COUNT: no contact */
	struct voc_str product, team, agent_id, gap, needs;
	const struct voc_case *about; /* NULL: no case */
};

/* aggregate.c: the record at `offset` is being applied, all before it are done. Offsets may leave gaps (Kafka's own
 * markers). */
VOC_MUST_CHECK enum voc_status voc_aggregate_advance(struct voc_partition_state *state, int64_t offset,
                                                     struct voc_error *error);
/* aggregate_alert.c: fills the alert's id and JSON. VOC_OK, or VOC_FATAL when memory or the arena runs out. */
VOC_MUST_CHECK enum voc_status voc_apply_encode_alert(const struct voc_apply *apply,
                                                      const struct voc_alert_cause *cause,
                                                      struct voc_aggregate_alert *alert);
struct voc_alert_cause voc_apply_cause(const struct voc_classified *event);

/* aggregate_account.c */
/* What is to be told of the account, by rule from VOC_RULE_STAGE_CHANGED on; VOC_SEVERITY_NONE: nothing. */
struct voc_account_news {
	enum voc_severity severity[VOC_RULE_COUNT - VOC_RULE_STAGE_CHANGED];
};
/* An event that was counted: what it means for the account. */
void voc_apply_account_contact(struct voc_apply *apply, struct voc_account_news *ret_news);
/* The alerts that follow, behind all others: bits 1 << rule are added to *sent. VOC_FATAL when memory or the arena runs
 * out. */
VOC_MUST_CHECK enum voc_status voc_apply_account_alerts(struct voc_apply *apply, const struct voc_alert_cause *cause,
                                                        const struct voc_account_news *news, uint32_t *sent);
/* A profile or an order. VOC_FATAL likewise. */
VOC_MUST_CHECK enum voc_status voc_apply_account_fact(struct voc_apply *apply, struct voc_partition_state *state,
                                                      struct voc_rollup *rollup);

/* aggregate_case.c */
/* An event that was counted, its risk state found: what it means for cases. False when memory runs out. */
VOC_MUST_CHECK bool voc_apply_contact(struct voc_apply *apply, struct voc_case_changes *changes);
/* aggregate_account.c: what falls due for the customer as such; *ret_status if it took effect. */
enum voc_case_due_outcome voc_apply_account_due(struct voc_apply *apply, struct voc_rollup *rollup,
                                                enum voc_status *ret_status);
/* A follow-up. VOC_OK, also if it is refused; VOC_FATAL when memory or the arena runs out. */
VOC_MUST_CHECK enum voc_status voc_apply_follow_up(struct voc_apply *apply, struct voc_partition_state *state,
                                                   struct voc_rollup *rollup);
/* The alert that follows, if one does: bit 1 << rule is added to *sent. */
VOC_MUST_CHECK enum voc_status voc_apply_case_alert(struct voc_apply *apply, const struct voc_classified *event,
                                                    const struct voc_case_changes *changes, uint32_t *sent);

#endif
