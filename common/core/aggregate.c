#include "core/aggregate_apply.h"

#include "base/hash.h"
#include "base/json_read.h"
#include "core/forget_record.h"

#include <stdlib.h>

static enum voc_status out_of_memory(struct voc_error *error)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory left to apply a record");
}

static enum voc_status decode_event(const struct voc_aggregate_input *input, struct voc_arena *arena,
                                    struct voc_aggregate_record *ret_record, struct voc_error *error)
{
	struct voc_source_position source;
	if (!voc_source_position_parse(input->source, &source))
		return voc_error_set(error, VOC_INVALID, VOC_REASON_BAD_SOURCE_POSITION, -1,
		                     "header " VOC_SOURCE_HEADER);
	enum voc_status status = voc_classified_decode(input->value, arena, &ret_record->event, error);
	ret_record->kind = VOC_RECORD_EVENT;
	ret_record->source = source;
	return status;
}

static enum voc_status decode_rules(const struct voc_aggregate_input *input, struct voc_arena *arena,
                                    struct voc_aggregate_record *ret_record, struct voc_error *error)
{
	struct voc_rules_record *rules = voc_arena_alloc(arena, sizeof *rules);
	if (!rules)
		return out_of_memory(error);
	enum voc_status status = voc_rules_record_decode(input->value, arena, rules, error);
	if (status != VOC_OK)
		return status;
	ret_record->kind = VOC_RECORD_RULES;
	ret_record->rules = rules;
	return VOC_OK;
}

static enum voc_status decode_due(const struct voc_aggregate_input *input, struct voc_arena *arena,
                                  struct voc_aggregate_record *ret_record, struct voc_error *error)
{
	struct voc_due *due = voc_arena_alloc(arena, sizeof *due);
	if (!due)
		return out_of_memory(error);
	enum voc_status status = voc_due_record_decode(input->value, arena, due, error);
	if (status != VOC_OK)
		return status;
	ret_record->kind = VOC_RECORD_DUE;
	ret_record->due = due;
	return VOC_OK;
}

static enum voc_status decode_forget(const struct voc_aggregate_input *input, struct voc_arena *arena,
                                     struct voc_aggregate_record *ret_record, struct voc_error *error)
{
	struct voc_forget_record record;
	enum voc_status status = voc_forget_record_decode(input->value, arena, &record, error);
	if (status != VOC_OK)
		return status;
	ret_record->kind = VOC_RECORD_FORGET;
	ret_record->forgotten = record.customer_id;
	return VOC_OK;
}

/* What a CloudEvent says it is; empty if it says nothing that can be read. False if the arena is full. */
static bool read_type(struct voc_str value, struct voc_arena *arena, struct voc_str *ret_type)
{
	struct voc_json_reader json;
	struct voc_error why;
	struct voc_str name;
	*ret_type = (struct voc_str){ NULL, 0 };
	voc_json_read_begin(&json, value, arena, VOC_JSON_MAX_DEPTH, &why);
	if (voc_json_enter_object(&json)) {
		while (voc_json_next_member(&json, &name)) {
			if (voc_str_is(name, "type")) {
				voc_json_read_str(&json, ret_type);
				break;
			}
			voc_json_skip(&json, NULL);
		}
	}
	return why.reason != VOC_REASON_OUT_OF_MEMORY;
}

/* Records that no raw record was made into: the aggregator's own. */
static enum voc_status decode_control(const struct voc_aggregate_input *input, struct voc_arena *arena,
                                      struct voc_aggregate_record *ret_record, struct voc_error *error)
{
	static const struct {
		const char *type;
		enum voc_status (*decode)(const struct voc_aggregate_input *input, struct voc_arena *arena,
		                          struct voc_aggregate_record *ret_record, struct voc_error *error);
	} controls[] = {
		{ VOC_RULES_RECORD_TYPE, decode_rules },
		{ VOC_DUE_RECORD_TYPE, decode_due },
		{ VOC_FORGET_RECORD_TYPE, decode_forget },
		{ VOC_CLASSIFIED_TYPE, decode_event }, /* which refuses it, without its source */
		{ "", decode_event },
	};
	struct voc_str type;
	if (!read_type(input->value, arena, &type))
		return out_of_memory(error);
	for (size_t i = 0; i < sizeof controls / sizeof *controls; i++) {
		if (voc_str_is(type, controls[i].type))
			return controls[i].decode(input, arena, ret_record, error);
	}
	return voc_error_set(error, VOC_INVALID, VOC_REASON_UNKNOWN_TYPE, -1, "type");
}

static enum voc_status decode_fact(const struct voc_aggregate_input *input, enum voc_fact_kind kind,
                                   struct voc_arena *arena, struct voc_aggregate_record *ret_record,
                                   struct voc_error *error)
{
	/* its time must be there, and was held against the clock by the classifier */
	const struct voc_record record = { .value = input->value };
	struct voc_fact *fact = voc_arena_alloc(arena, sizeof *fact);
	if (!fact)
		return out_of_memory(error);
	enum voc_status status = voc_fact_decode(&record, kind, arena, fact, error);
	if (status == VOC_RETRY)
		return out_of_memory(error);
	ret_record->kind = VOC_RECORD_FACT;
	ret_record->fact = fact;
	return status;
}

/* Records that a record of another topic was made into. Nearly all are events: what is none is asked what it is. */
static enum voc_status decode_sourced(const struct voc_aggregate_input *input, struct voc_arena *arena,
                                      struct voc_aggregate_record *ret_record, struct voc_error *error)
{
	struct voc_str type;
	enum voc_fact_kind kind;
	enum voc_status status = decode_event(input, arena, ret_record, error);
	if (status != VOC_INVALID || error->reason == VOC_REASON_BAD_SOURCE_POSITION)
		return status;
	if (!read_type(input->value, arena, &type))
		return out_of_memory(error);
	if (!voc_fact_kind_parse(type, &kind))
		return status;
	voc_error_clear(error);
	return decode_fact(input, kind, arena, ret_record, error);
}

/* What is no control is told by its header before anything of the value is read. */
enum voc_status voc_aggregate_decode(const struct voc_aggregate_input *input, struct voc_arena *arena,
                                     struct voc_aggregate_record *ret_record, struct voc_error *error)
{
	struct voc_error own;
	error = error ? error : &own;
	voc_error_clear(error);
	ret_record->offset = input->offset;
	ret_record->timestamp_ms = input->timestamp_ms;
	return input->source.len > 0 ? decode_sourced(input, arena, ret_record, error)
	                             : decode_control(input, arena, ret_record, error);
}

struct voc_str voc_aggregate_customer_id(const struct voc_aggregate_record *record)
{
	switch (record->kind) {
	case VOC_RECORD_EVENT: return record->event.customer_id;
	case VOC_RECORD_FACT: return record->fact->customer_id;
	case VOC_RECORD_DUE: return record->due->customer_id;
	case VOC_RECORD_FORGET: return record->forgotten;
	case VOC_RECORD_RULES: break;
	}
	return (struct voc_str){ NULL, 0 };
}

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
		return out_of_memory(error);
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

/* First and last contact. The event is counted already. */
static bool date(struct voc_customer *customer, const struct voc_classified *event)
{
	bool first = customer->counts.events == 1;
	if (first || event->time_ms < customer->first_ms)
		customer->first_ms = event->time_ms;
	if (!first && event->time_ms < customer->last_ms)
		return true;
	char *id = strndup(event->id.ptr, event->id.len);
	if (!id)
		return false;
	free(customer->last_event);
	customer->last_event = id;
	customer->last_ms = event->time_ms;
	return true;
}

static bool is_within(int64_t a_ms, int64_t b_ms, int64_t window_ms)
{
	return (a_ms > b_ms ? a_ms - b_ms : b_ms - a_ms) <= window_ms;
}

static int repeats(const struct voc_customer *customer, const struct voc_classified *event, int64_t window_ms)
{
	int found = 0;
	for (int i = 0; i < customer->trouble_count; i++) {
		const struct voc_trouble *trouble = &customer->troubles[i];
		found += trouble->factor == event->labels.primary_factor &&
		         is_within(event->time_ms, trouble->at_ms, window_ms);
	}
	return found;
}

static int complaints(const struct voc_customer *customer, int64_t time_ms, int64_t window_ms)
{
	int found = 0;
	for (int i = 0; i < customer->trouble_count; i++) {
		const struct voc_trouble *trouble = &customer->troubles[i];
		found += trouble->complaint && is_within(time_ms, trouble->at_ms, window_ms);
	}
	return found;
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
	voc_risk_terms(rules, event, repeats(customer, event, rules->repeat_window_ms), &terms);
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
		       complaints(step->customer, event->time_ms, rules->repeat_complaint_window_ms) >=
		               rules->repeat_complaint_count;
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
	return is_within(step->record->event.time_ms, customer->alert_ms[rule], step->rules->cooldown_ms[rule] - 1);
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
		return out_of_memory(step->error);
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
		return out_of_memory(step->error);
	if (!voc_rollup_add(rollup, event, sent))
		return voc_error_set(step->error, VOC_FATAL, VOC_REASON_INTERNAL, -1,
		                     "the batch is longer than its rollup");
	if (!voc_rollup_add_cases(rollup, event->time_ms, &step->customer->cases, &changes, 0, step->arena))
		return out_of_memory(step->error);
	return VOC_OK;
}

static enum voc_status apply_contact(struct voc_apply *step, struct voc_partition_state *state,
                                     struct voc_rollup *rollup)
{
	const struct voc_aggregate_record *record = step->record;
	struct voc_customer *customer = step->customer;
	uint8_t hash[VOC_RECENT_BYTES];
	if (!identify(&record->event, step->arena, hash))
		return out_of_memory(step->error);
	if (voc_recent_has(&customer->recent, hash)) {
		step->effects->outcome = VOC_APPLY_DUPLICATE;
		state->now.duplicates++;
		customer->counts.duplicates++;
		return VOC_OK;
	}
	step->effects->outcome = VOC_APPLY_EVENT;
	state->now.events++;
	if (!voc_recent_append(&customer->recent, hash, record->timestamp_ms))
		return out_of_memory(step->error);
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
	*ret_effects = (struct voc_aggregate_effects){ .outcome = VOC_APPLY_COPY };
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
