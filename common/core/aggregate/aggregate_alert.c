/* An alert, with all that it tells of the customer as they are after the record. */
#include "core/aggregate/aggregate_apply.h"

struct voc_alert_cause voc_apply_cause(const struct voc_classified *event)
{
	return (struct voc_alert_cause){ .time_ms = event->time_ms,
		                         .lang = event->lang,
		                         .channel = event->channel,
		                         .product = event->product,
		                         .team = event->team,
		                         .agent_id = event->agent_id,
		                         .gap = event->gap,
		                         .needs = event->needs };
}

static struct voc_alert describe(const struct voc_apply *apply, const struct voc_alert_cause *cause,
                                 const struct voc_aggregate_alert *alert)
{
	const struct voc_customer *customer = apply->customer;
	struct voc_alert whole = {
		.id = voc_str_from(alert->id),
		.customer_id = apply->customer_id,
		.time_ms = cause->time_ms,
		.rule = alert->rule,
		.severity = alert->severity,
		.risk = voc_risk_level(customer->risk),
		.state = (enum voc_risk_state)customer->state,
		.previous_state = apply->previous,
		.satisfaction_index = voc_customer_satisfaction_index(customer),
		.events = customer->counts.events,
		.complaints = customer->counts.feedback[VOC_FEEDBACK_COMPLAINT],
		.churn_intents = customer->counts.churn_intents,
		.channel = cause->channel,
		.product = cause->product,
		.team = cause->team,
		.agent_id = cause->agent_id,
		.follow_up = voc_rules_follow_up(apply->rules, alert->rule, cause->lang),
		.gap = cause->gap,
		.needs = cause->needs,
		.rules_version = voc_str_from(apply->rules->version),
	};
	voc_str_copy(whole.lang, sizeof whole.lang, voc_str_from(cause->lang));
	return whole;
}

/* What was appended to the buffer, whose bytes stay where they are, since it was so long. */
static struct voc_str since(const struct voc_buf *buf, size_t len)
{
	return voc_str_of(buf->ptr + len, buf->len - len);
}

/* The relationship, and how much the alert matters, where the rules know of them. */
static void tell_account(const struct voc_apply *apply, struct voc_alert *alert, struct voc_buf *parts)
{
	const struct voc_customer *customer = apply->customer;
	const struct voc_account *account = customer->account;
	if (!apply->rules->account.on)
		return;
	bool top = account && voc_value_counts_is_top(apply->values, account->sums[VOC_SUM_VALUE]);
	const struct voc_priority_case about = {
		.severity = alert->severity,
		.risk = voc_risk_level(customer->risk),
		.stage = account ? (enum voc_stage)account->stage : VOC_STAGE_NONE,
		.top_fifth = top,
		.troubles = voc_customer_troubles_near(customer, alert->time_ms, apply->rules->repeat_window_ms,
		                                       VOC_ANY_FACTOR, false),
	};
	const struct voc_priority found = voc_priority_of(&apply->rules->account, &about);
	size_t len = parts->len;
	voc_priority_tell(&found, parts);
	alert->priority = since(parts, len);
	if (!account)
		return;
	len = parts->len;
	voc_account_tell(account, alert->time_ms, top, parts);
	alert->relationship = since(parts, len);
}

/* What is put together of the customer and the record's place. False if it is more than an alert may be. */
static bool tell_parts(const struct voc_apply *apply, const struct voc_source_position *here,
                       const struct voc_case *about, struct voc_alert *alert, struct voc_buf *parts)
{
	voc_source_position_format(parts, here);
	alert->origin = since(parts, 0);
	size_t len = parts->len;
	voc_customer_contributions(apply->customer, parts);
	alert->contributions = since(parts, len);
	len = parts->len;
	if (about)
		voc_case_tell(about, parts);
	alert->about_case = since(parts, len);
	tell_account(apply, alert, parts);
	return !parts->failed;
}

enum voc_status voc_apply_encode_alert(const struct voc_apply *apply, const struct voc_alert_cause *cause,
                                       struct voc_aggregate_alert *alert)
{
	const struct voc_aggregate *aggregate = apply->aggregate;
	const struct voc_source_position here = { aggregate->topic, aggregate->partition, apply->record->offset };
	char of_parts[VOC_ALERT_MAX_BYTES], of_json[VOC_ALERT_MAX_BYTES];
	struct voc_buf parts = { .ptr = of_parts, .cap = sizeof of_parts, .max = sizeof of_parts };
	struct voc_buf json = { .ptr = of_json, .cap = sizeof of_json, .max = sizeof of_json };
	voc_alert_make_id(apply->customer_id, here.partition, here.offset, alert->rule, alert->id);
	struct voc_alert whole = describe(apply, cause, alert);
	if (tell_parts(apply, &here, cause->about, &whole, &parts) && voc_alert_encode(&json, &whole))
		alert->json = voc_arena_copy(apply->arena, voc_buf_str(&json));
	if (alert->json.ptr)
		return VOC_OK;
	return voc_error_set(apply->error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for an alert");
}
