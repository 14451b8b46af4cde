/* What records mean for cases: a contact, a follow-up, something that fell due. */
#include "core/aggregate/aggregate_apply.h"

static void count(struct voc_customer *customer, const struct voc_case_changes *changes)
{
	for (int cause = 0; cause < VOC_CAUSE_COUNT; cause++) {
		uint32_t tallies = changes->tallies[cause];
		customer->counts.cases += tallies >> VOC_TALLY_OPENED & 1;
		customer->counts.cases_reopened += tallies >> VOC_TALLY_REOPENED & 1;
		customer->counts.cases_recovered += tallies >> VOC_TALLY_RECOVERED & 1;
	}
}

bool voc_apply_contact(struct voc_apply *apply, struct voc_case_changes *changes)
{
	struct voc_customer *customer = apply->customer;
	const struct voc_case_contact contact = {
		.event = &apply->record->event,
		.critical = customer->state == VOC_RISK_CRITICAL,
		.stage = customer->account ? (enum voc_stage)customer->account->stage : VOC_STAGE_NONE,
		.number = customer->counts.cases + 1,
	};
	if (!voc_cases_contact(&customer->cases, &apply->rules->cases, &contact, changes))
		return false;
	count(customer, changes);
	return true;
}

enum voc_status voc_apply_follow_up(struct voc_apply *apply, struct voc_partition_state *state,
                                    struct voc_rollup *rollup)
{
	const struct voc_fact *fact = apply->record->fact;
	struct voc_customer *customer = apply->customer;
	struct voc_case_changes changes = { .alerts = false };
	enum voc_case_refusal refusal =
	        voc_cases_follow_up(&customer->cases, &apply->rules->cases, fact->values[VOC_FOLLOWUP_CASE].text,
	                            fact->values[VOC_FOLLOWUP_ACTION].text, fact->time_ms, &changes);
	if (refusal != VOC_CASE_TAKEN) {
		apply->effects->move_refused = true;
		state->now.moves_refused++;
		return VOC_OK;
	}
	count(customer, &changes);
	if (!voc_rollup_add_cases(rollup, fact->time_ms, &customer->cases, &changes, 0, apply->arena))
		return voc_apply_out_of_memory(apply->error);
	return VOC_OK;
}

/* Of a case for whose alert no contact stands. */
static struct voc_alert_cause cause_of(const struct voc_case *one, int64_t time_ms)
{
	return (struct voc_alert_cause){ .time_ms = time_ms,
		                         .lang = one->lang,
		                         .channel = (enum voc_channel)one->channel,
		                         .product = voc_str_from(one->product),
		                         .team = voc_str_from(one->team),
		                         .about = one };
}

static enum voc_status send_alert(struct voc_apply *apply, const struct voc_alert_cause *cause,
                                  const struct voc_case_changes *changes, uint32_t *sent)
{
	struct voc_aggregate_effects *effects = apply->effects;
	struct voc_aggregate_alert *alert = &effects->alerts[effects->alert_count++];
	*alert = (struct voc_aggregate_alert){ .rule = changes->rule, .severity = changes->severity };
	*sent |= UINT32_C(1) << changes->rule;
	return voc_apply_encode_alert(apply, cause, alert);
}

enum voc_status voc_apply_case_alert(struct voc_apply *apply, const struct voc_classified *event,
                                     const struct voc_case_changes *changes, uint32_t *sent)
{
	if (!changes->alerts)
		return VOC_OK;
	struct voc_alert_cause cause = voc_apply_cause(event);
	cause.about = voc_cases_find(&apply->customer->cases, changes->cause);
	return send_alert(apply, &cause, changes, sent);
}

static enum voc_case_due_outcome due_case(struct voc_apply *apply, struct voc_rollup *rollup,
                                          enum voc_status *ret_status)
{
	const struct voc_due *due = apply->record->due;
	const struct voc_case_rules *rules = &apply->rules->cases;
	struct voc_customer *customer = apply->customer;
	struct voc_case_changes changes = { .alerts = false };
	uint32_t sent = 0;
	*ret_status = VOC_OK;
	enum voc_case_due_outcome outcome = voc_cases_due(&customer->cases, rules, due, &changes);
	if (outcome != VOC_CASE_DUE_DONE)
		return outcome;
	count(customer, &changes);
	if (changes.alerts && rules->on) { /* else they have no advice for it */
		struct voc_alert_cause cause = cause_of(voc_cases_find(&customer->cases, changes.cause), due->due_ms);
		*ret_status = send_alert(apply, &cause, &changes, &sent);
	}
	if (*ret_status == VOC_OK &&
	    !voc_rollup_add_cases(rollup, due->due_ms, &customer->cases, &changes, sent, apply->arena))
		return VOC_CASE_DUE_OUT_OF_MEMORY;
	return VOC_CASE_DUE_DONE;
}

enum voc_status voc_aggregate_due(const struct voc_aggregate *aggregate, struct voc_partition_state *state,
                                  struct voc_customer *customer, struct voc_rollup *rollup,
                                  const struct voc_aggregate_record *record, struct voc_arena *arena,
                                  struct voc_aggregate_effects *ret_effects, struct voc_error *error)
{
	voc_apply_no_effects(ret_effects, VOC_APPLY_STALE);
	enum voc_status status = voc_aggregate_advance(state, record->offset, error);
	if (status != VOC_OK)
		return status;
	struct voc_apply apply = { .aggregate = aggregate,
		                   .rules = &state->rules->rules,
		                   .record = record,
		                   .customer_id = record->due->customer_id,
		                   .customer = customer,
		                   .arena = arena,
		                   .effects = ret_effects,
		                   .error = error,
		                   .previous = (enum voc_risk_state)customer->state,
		                   .values = state->values };
	bool of_account = record->due->kind == VOC_DUE_CLIENT_LAPSE;
	switch ((of_account ? voc_apply_account_due : due_case)(&apply, rollup, &status)) {
	case VOC_CASE_DUE_OUT_OF_MEMORY: return voc_apply_out_of_memory(error);
	case VOC_CASE_DUE_STALE: state->now.dues_stale++; return VOC_OK;
	case VOC_CASE_DUE_DONE: break;
	}
	ret_effects->outcome = VOC_APPLY_DUE;
	state->now.dues++;
	return status;
}
