#include "core/aggregate/aggregate_apply.h"

#include "base/hash.h"

#include <stdlib.h>

/* The record at `offset` is being applied: all before it are done. Offsets may leave gaps (Kafka's own markers). */
enum voc_status voc_aggregate_advance(struct voc_partition_state *state, int64_t offset, struct voc_error *error)
{
	struct voc_partition_counts *now = &state->now;
	if (offset < now->offset)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_INTERNAL, -1, "offset %lld comes after %lld",
		                     (long long)offset, (long long)now->offset - 1);
	if (!state->rules)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_INTERNAL, -1, "no rules are in force");
	if (now->rules_from < 0)
		now->rules_from = offset;
	now->offset = offset + 1;
	return VOC_OK;
}

enum voc_status voc_aggregate_skip(struct voc_partition_state *state, int64_t offset, struct voc_error *error)
{
	enum voc_status status = voc_aggregate_advance(state, offset, error);
	if (status == VOC_OK)
		state->now.invalid++;
	return status;
}

enum voc_status voc_aggregate_rule(const struct voc_aggregate *aggregate, struct voc_partition_state *state,
                                   const struct voc_aggregate_record *record, struct voc_error *error)
{
	enum voc_status status = voc_aggregate_advance(state, record->offset, error);
	if (status != VOC_OK)
		return status;
	const struct voc_rule_set *set =
	        voc_rule_book_take(aggregate->book, &record->rules->rules, record->rules->json);
	if (!set)
		return voc_apply_out_of_memory(error);
	state->now.controls++;
	if (set == state->rules)
		voc_rule_set_release(set);
	else
		voc_partition_state_set_rules(state, set, record->offset);
	return VOC_OK;
}

enum voc_status voc_aggregate_forget(struct voc_partition_state *state, struct voc_customer *customer,
                                     const struct voc_aggregate_record *record, struct voc_error *error)
{
	enum voc_status status = voc_aggregate_advance(state, record->offset, error);
	if (status != VOC_OK)
		return status;
	if (customer->account && !voc_partition_state_move_value(state, customer->account->sums[VOC_SUM_VALUE], 0))
		return voc_apply_out_of_memory(error);
	state->now.controls++;
	voc_customer_free(customer);
	customer->forgotten = true;
	return VOC_OK;
}

/* Who the event is: the low 48 bits of XXH64(source, line feed, id). False if the arena is full. */
static bool identify(const struct voc_classified *event, struct voc_arena *arena, uint8_t ret_hash[VOC_RECENT_BYTES])
{
	size_t len = event->source.len + 1 + event->id.len;
	char *name = voc_arena_alloc(arena, len);
	if (!name)
		return false;
	memcpy(name, event->source.ptr, event->source.len);
	name[event->source.len] = '\n';
	memcpy(name + event->source.len + 1, event->id.ptr, event->id.len);
	uint64_t hash = voc_hash64(voc_str_of(name, len));
	for (int i = VOC_RECENT_BYTES - 1; i >= 0; i--, hash >>= 8)
		ret_hash[i] = (uint8_t)hash;
	return true;
}

static void count(struct voc_customer *customer, const struct voc_classified *event)
{
	struct voc_customer_counts *counts = &customer->counts;
	const struct voc_labels *labels = &event->labels;
	counts->events++;
	counts->feedback[labels->feedback] += labels->feedback != VOC_FEEDBACK_UNKNOWN;
	counts->satisfaction[labels->satisfaction] += labels->satisfaction != VOC_SATISFACTION_UNKNOWN;
	counts->servqual[labels->servqual] += labels->servqual != VOC_SERVQUAL_NONE;
	counts->channel[event->channel]++;
	counts->churn_intents += labels->churn_intent;
	int score = voc_contact_score(event);
	if (score != VOC_SCORE_NONE) {
		counts->index_contacts++;
		counts->index_points += (uint32_t)score;
	}
	for (int factor = VOC_FACTOR_NONE + 1; factor < VOC_FACTOR_COUNT; factor++)
		counts->factor[factor] += labels->factors >> factor & 1;
	for (int need = 0; need < VOC_NEED_COUNT; need++)
		counts->need[need] += event->needs_said >> need & 1;
}

/* Senders' ids are mostly of one length: a new one goes where the one before was. */
static bool name_last(struct voc_customer *customer, struct voc_str id)
{
	if (!customer->last_event || strlen(customer->last_event) < id.len) {
		char *copy = malloc(id.len + 1);
		if (!copy)
			return false;
		free(customer->last_event);
		customer->last_event = copy;
	}
	memcpy(customer->last_event, id.ptr, id.len);
	customer->last_event[id.len] = '\0';
	return true;
}

/* First and last contact. The event is counted already. */
static bool date(struct voc_customer *customer, const struct voc_classified *event)
{
	bool first = customer->counts.events == 1;
	if (first || event->time_ms < customer->first_ms)
		customer->first_ms = event->time_ms;
	if (!first && event->time_ms < customer->last_ms)
		return true;
	customer->last_ms = event->time_ms;
	return name_last(customer, event->id);
}

static void add_trouble(struct voc_customer *customer, const struct voc_classified *event)
{
	struct voc_trouble *troubles = customer->troubles;
	if (!voc_risk_is_trouble(&event->labels))
		return;
	if (customer->trouble_count == VOC_TROUBLES_MAX) {
		memmove(troubles, troubles + 1, sizeof customer->troubles - sizeof *troubles);
		customer->trouble_count--;
	}
	troubles[customer->trouble_count++] = (struct voc_trouble){
		.at_ms = event->time_ms,
		.factor = (uint8_t)event->labels.primary_factor,
		.complaint = event->labels.feedback == VOC_FEEDBACK_COMPLAINT,
	};
}

static bool add_contribution(struct voc_customer *customer, const struct voc_classified *event,
                             const struct voc_risk_terms *terms)
{
	struct voc_shared_text **list = customer->contributions;
	char bytes[VOC_CONTRIBUTION_MAX_BYTES];
	struct voc_buf buf = { .ptr = bytes, .cap = sizeof bytes, .max = sizeof bytes };
	bool good = voc_contribution_encode(&buf, event, terms);
	/* Kept for long, by the ten thousand: no byte more than needed. */
	struct voc_shared_text *kept = good ? voc_shared_text_new(voc_buf_str(&buf)) : NULL;
	if (!kept)
		return false;
	if (customer->contribution_count == VOC_CONTRIBUTIONS_MAX) {
		voc_shared_text_release(list[0]);
		memmove(list, list + 1, sizeof customer->contributions - sizeof *list);
		customer->contribution_count--;
	}
	list[customer->contribution_count++] = kept;
	return true;
}

static bool score(struct voc_apply *step)
{
	const struct voc_rules *rules = step->rules;
	const struct voc_classified *event = &step->record->event;
	struct voc_customer *customer = step->customer;
	struct voc_risk_terms terms;
	voc_risk_terms(rules, event,
	               voc_customer_troubles_near(customer, event->time_ms, rules->repeat_window_ms,
	                                          (int)event->labels.primary_factor, false),
	               &terms);
	if (customer->counts.events == 1)
		customer->risk = (struct voc_risk){ .at_ms = event->time_ms };
	customer->risk = voc_risk_add(customer->risk, terms.sum, event->time_ms, rules->half_life_ms);
	add_trouble(customer, event);
	step->previous = (enum voc_risk_state)customer->state;
	customer->state = (uint8_t)voc_risk_next_state(rules, step->previous, voc_risk_level(customer->risk));
	return terms.sum <= 0 || add_contribution(customer, event, &terms);
}

/* Alerts, before cooldowns: true if the rule speaks, and how loud. */
static bool is_candidate(const struct voc_apply *step, enum voc_rule rule, enum voc_severity *ret_severity)
{
	const struct voc_rules *rules = step->rules;
	const struct voc_classified *event = &step->record->event;
	enum voc_risk_state previous = step->previous;
	enum voc_risk_state now = (enum voc_risk_state)step->customer->state;
	*ret_severity = now == VOC_RISK_CRITICAL ? VOC_SEVERITY_CRITICAL : VOC_SEVERITY_WARNING;
	switch (rule) {
	case VOC_RULE_CHURN_INTENT: return event->labels.churn_intent;
	case VOC_RULE_REPEAT_COMPLAINT:
		return event->labels.feedback == VOC_FEEDBACK_COMPLAINT &&
		       voc_customer_troubles_near(step->customer, event->time_ms, rules->repeat_complaint_window_ms,
		                                  VOC_ANY_FACTOR, true) >= rules->repeat_complaint_count;
	case VOC_RULE_RISK_RAISED: return previous == VOC_RISK_NORMAL && now == VOC_RISK_AT_RISK;
	case VOC_RULE_RISK_CRITICAL: return previous != now && now == VOC_RISK_CRITICAL;
	case VOC_RULE_RISK_CLEARED: *ret_severity = VOC_SEVERITY_INFO; return previous != now && now == VOC_RISK_NORMAL;
	default: break; /* told of a case */
	}
	return false;
}

static bool is_suppressed(const struct voc_apply *step, enum voc_rule rule, enum voc_severity severity)
{
	const struct voc_customer *customer = step->customer;
	if (customer->alert_severity[rule] == VOC_SEVERITY_NONE || customer->alert_severity[rule] < severity)
		return false;
	/* Within less than the cooldown: one of nothing suppresses nothing. */
	return voc_is_within(step->record->event.time_ms, customer->alert_ms[rule], step->rules->cooldown_ms[rule] - 1);
}

static void mark(struct voc_customer *customer, enum voc_rule rule, enum voc_severity severity, int64_t time_ms)
{
	customer->alert_severity[rule] = (uint8_t)severity;
	customer->alert_ms[rule] = time_ms;
}

/* Decides on all alerts before the first is written down: each tells the state after the event. */
static enum voc_status raise_alerts(struct voc_apply *step, uint32_t *ret_sent)
{
	struct voc_aggregate_effects *effects = step->effects;
	struct voc_customer *customer = step->customer;
	for (int i = 0; i < VOC_RULE_MARKED_COUNT; i++) {
		enum voc_rule rule = (enum voc_rule)i;
		enum voc_severity severity;
		if (!is_candidate(step, rule, &severity) || is_suppressed(step, rule, severity))
			continue;
		mark(customer, rule, severity, step->record->event.time_ms);
		effects->alerts[effects->alert_count++] =
		        (struct voc_aggregate_alert){ .rule = rule, .severity = severity };
		*ret_sent |= UINT32_C(1) << rule;
	}
	if (*ret_sent >> VOC_RULE_RISK_CLEARED & 1) {
		mark(customer, VOC_RULE_RISK_RAISED, VOC_SEVERITY_NONE, 0);
		mark(customer, VOC_RULE_RISK_CRITICAL, VOC_SEVERITY_NONE, 0);
	}
	if (effects->alert_count == 0)
		return VOC_OK;
	enum voc_status status = VOC_OK;
	struct voc_alert_cause cause = voc_apply_cause(&step->record->event);
	for (size_t i = 0; i < effects->alert_count && status == VOC_OK; i++)
		status = voc_apply_encode_alert(step, &cause, &effects->alerts[i]);
	return status;
}

static enum voc_status apply_event(struct voc_apply *step, struct voc_rollup *rollup)
{
	const struct voc_classified *event = &step->record->event;
	struct voc_case_changes changes = { .alerts = false };
	struct voc_account_news news;
	uint32_t sent = 0;
	count(step->customer, event);
	if (!date(step->customer, event) || !score(step) || !voc_apply_contact(step, &changes))
		return voc_apply_out_of_memory(step->error);
	voc_apply_account_contact(step, &news);
	enum voc_status status = raise_alerts(step, &sent);
	if (status == VOC_OK)
		status = voc_apply_case_alert(step, event, &changes, &sent);
	struct voc_alert_cause cause = voc_apply_cause(event);
	if (status == VOC_OK)
		status = voc_apply_account_alerts(step, &cause, &news, &sent);
	if (status != VOC_OK)
		return status;
	const struct voc_account *account = step->rules->account.on ? step->customer->account : NULL;
	if (account && !voc_rollup_add_purchase(rollup, event->time_ms, voc_account_purchase(account, event->time_ms)))
		return voc_apply_out_of_memory(step->error);
	if (account && event->gap_said.gap != VOC_GAP_NONE && voc_account_late(account, event->time_ms) > 0 &&
	    !voc_rollup_add_late_gap(rollup, event))
		return voc_apply_out_of_memory(step->error);
	if (!voc_rollup_add(rollup, event, sent))
		return voc_error_set(step->error, VOC_FATAL, VOC_REASON_INTERNAL, -1,
		                     "the batch is longer than its rollup");
	if (!voc_rollup_add_cases(rollup, event->time_ms, &step->customer->cases, &changes, 0, step->arena))
		return voc_apply_out_of_memory(step->error);
	return VOC_OK;
}

static enum voc_status apply_contact(struct voc_apply *step, struct voc_partition_state *state,
                                     struct voc_rollup *rollup)
{
	const struct voc_aggregate_record *record = step->record;
	struct voc_customer *customer = step->customer;
	uint8_t hash[VOC_RECENT_BYTES];
	if (!identify(&record->event, step->arena, hash))
		return voc_apply_out_of_memory(step->error);
	if (voc_recent_has(&customer->recent, hash)) {
		step->effects->outcome = VOC_APPLY_DUPLICATE;
		state->now.duplicates++;
		customer->counts.duplicates++;
		return VOC_OK;
	}
	step->effects->outcome = VOC_APPLY_EVENT;
	state->now.events++;
	if (!voc_recent_append(&customer->recent, hash, record->timestamp_ms))
		return voc_apply_out_of_memory(step->error);
	return apply_event(step, rollup);
}

/* A sender's duplicate changes nothing: what is noted is noted again, and no case takes the same move twice. */
static enum voc_status apply_fact(struct voc_apply *step, struct voc_partition_state *state, struct voc_rollup *rollup)
{
	step->effects->outcome = VOC_APPLY_FACT;
	state->now.facts++;
	return step->record->fact->kind == VOC_FACT_FOLLOWUP ? voc_apply_follow_up(step, state, rollup)
	                                                     : voc_apply_account_fact(step, state, rollup);
}

enum voc_status voc_aggregate_apply(const struct voc_aggregate *aggregate, struct voc_partition_state *state,
                                    struct voc_customer *customer, struct voc_rollup *rollup,
                                    const struct voc_aggregate_record *record, struct voc_arena *arena,
                                    struct voc_aggregate_effects *ret_effects, struct voc_error *error)
{
	voc_apply_no_effects(ret_effects, VOC_APPLY_COPY);
	enum voc_status status = voc_aggregate_advance(state, record->offset, error);
	if (status != VOC_OK)
		return status;
	if (record->source.offset < voc_partition_state_mark(state, &record->source)) {
		state->now.copies++;
		return VOC_OK;
	}
	status = voc_partition_state_set_mark(state, &record->source, record->source.offset + 1, error);
	if (status != VOC_OK)
		return status;
	struct voc_apply step = { .aggregate = aggregate,
		                  .rules = &state->rules->rules,
		                  .record = record,
		                  .customer_id = voc_aggregate_customer_id(record),
		                  .customer = customer,
		                  .arena = arena,
		                  .effects = ret_effects,
		                  .error = error,
		                  .values = state->values };
	return record->kind == VOC_RECORD_EVENT ? apply_contact(&step, state, rollup)
	                                        : apply_fact(&step, state, rollup);
}
