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

/* The relationship, and how much the alert matters, where the rules know of them. */
static void tell_account(const struct voc_apply *apply, int64_t time_ms, enum voc_severity severity,
                         struct voc_buf *relationship, struct voc_buf *priority)
{
	const struct voc_customer *customer = apply->customer;
	const struct voc_account *account = customer->account;
	if (!apply->rules->account.on)
		return;
	bool top = account && voc_value_counts_is_top(apply->values, account->sums[VOC_SUM_VALUE]);
	const struct voc_priority_case about = {
		.severity = severity,
		.risk = voc_risk_level(customer->risk),
		.stage = account ? (enum voc_stage)account->stage : VOC_STAGE_NONE,
		.top_fifth = top,
		.troubles = voc_customer_troubles_near(customer, time_ms, apply->rules->repeat_window_ms,
		                                       VOC_ANY_FACTOR, false),
	};
	const struct voc_priority found = voc_priority_of(&apply->rules->account, &about);
	voc_priority_tell(&found, priority);
	if (account)
		voc_account_tell(account, time_ms, top, relationship);
}

enum voc_status voc_apply_encode_alert(const struct voc_apply *apply, const struct voc_alert_cause *cause,
                                       struct voc_aggregate_alert *alert)
{
	const struct voc_aggregate *aggregate = apply->aggregate;
	struct voc_source_position here = { aggregate->topic, aggregate->partition, apply->record->offset };
	voc_alert_make_id(apply->customer_id, here.partition, here.offset, alert->rule, alert->id);
	struct voc_alert whole = describe(apply, cause, alert);
	struct voc_buf origin, contributions, about, relationship, priority, json;
	voc_buf_init(&origin, 512);
	voc_buf_init(&contributions, VOC_ALERT_MAX_BYTES);
	voc_buf_init(&about, VOC_ALERT_MAX_BYTES);
	voc_buf_init(&relationship, VOC_ALERT_MAX_BYTES);
	voc_buf_init(&priority, VOC_ALERT_MAX_BYTES);
	voc_buf_init(&json, VOC_ALERT_MAX_BYTES);
	bool good = voc_source_position_format(&origin, &here) &&
	            voc_customer_contributions(apply->customer, &contributions) &&
	            (!cause->about || voc_case_tell(cause->about, &about));
	tell_account(apply, cause->time_ms, alert->severity, &relationship, &priority);
	good = good && !relationship.failed && !priority.failed;
	whole.origin = voc_buf_str(&origin);
	whole.relationship = voc_buf_str(&relationship);
	whole.priority = voc_buf_str(&priority);
	whole.contributions = voc_buf_str(&contributions);
	whole.about_case = voc_buf_str(&about);
	if (good && voc_alert_encode(&json, &whole))
		alert->json = voc_arena_copy(apply->arena, voc_buf_str(&json));
	voc_buf_free(&origin);
	voc_buf_free(&contributions);
	voc_buf_free(&about);
	voc_buf_free(&relationship);
	voc_buf_free(&priority);
	voc_buf_free(&json);
	if (alert->json.ptr)
		return VOC_OK;
	return voc_error_set(apply->error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for an alert");
}
