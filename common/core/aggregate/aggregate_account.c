/* What records mean for a customer's account: profiles, orders, and the stage after anything that was heard of them. */
#include "core/aggregate/aggregate_apply.h"

#include <stdlib.h>

static struct voc_account_contacts contacts_of(const struct voc_customer *customer)
{
	return (struct voc_account_contacts){
		.delighted = customer->counts.satisfaction[VOC_SATISFACTION_DELIGHTED],
		.satisfaction_index = voc_customer_satisfaction_index(customer),
		.any = customer->counts.events > 0,
		.last_ms = customer->last_ms,
	};
}

static void tell(struct voc_account_news *news, enum voc_rule rule, enum voc_severity severity)
{
	news->severity[rule - VOC_RULE_STAGE_CHANGED] = severity;
}

/* The first trouble in a while, of one who speaks well of us, or one that they will not keep to themselves. */
static bool is_turning(const struct voc_apply *apply, const struct voc_classified *event)
{
	if (!voc_risk_is_trouble(&event->labels))
		return false;
	int near = voc_customer_troubles_near(apply->customer, event->time_ms, apply->rules->repeat_window_ms,
	                                      VOC_ANY_FACTOR, false);
	return near <= 1 || event->labels.factors >> VOC_FACTOR_WORD_OF_MOUTH & 1;
}

static enum voc_severity turning_severity(enum voc_stage before, const struct voc_classified *event)
{
	bool loud = event->labels.factors >> VOC_FACTOR_WORD_OF_MOUTH & 1;
	return loud || before == VOC_STAGE_PARTNER ? VOC_SEVERITY_CRITICAL : VOC_SEVERITY_WARNING;
}

/* Finds stage and lapse anew. `event`: NULL if it is not a contact that was heard of. */
static void review(struct voc_apply *apply, const struct voc_classified *event, int64_t time_ms,
                   struct voc_account_news *news)
{
	struct voc_account *account = apply->customer->account;
	const struct voc_account_contacts contacts = contacts_of(apply->customer);
	enum voc_stage before = (enum voc_stage)account->stage;
	bool lapsed;
	enum voc_stage now = voc_account_stage(account, &contacts, &apply->rules->account, time_ms, &lapsed);
	bool lapses = lapsed && !account->has_lapsed;
	account->has_lapsed = lapsed;
	if (lapses)
		account->lapsed_ms = time_ms;
	if (now != before) {
		account->stage = (uint8_t)now;
		account->stage_ms = time_ms;
	}
	bool waits = !lapsed && now >= VOC_STAGE_CLIENT;
	account->lapses_ms = waits ? voc_account_lapses_ms(account, &apply->rules->account) : 0;
	if (before == VOC_STAGE_NONE)
		return;
	if (now != before)
		tell(news, VOC_RULE_STAGE_CHANGED, VOC_SEVERITY_INFO);
	if (event && before >= VOC_STAGE_ADVOCATE && is_turning(apply, event))
		tell(news, VOC_RULE_ADVOCATE_TURNING, turning_severity(before, event));
	if (before >= VOC_STAGE_CLIENT && lapses)
		tell(news, VOC_RULE_CLIENT_LAPSING, VOC_SEVERITY_WARNING);
}

void voc_apply_account_contact(struct voc_apply *apply, struct voc_account_news *ret_news)
{
	const struct voc_classified *event = &apply->record->event;
	*ret_news = (struct voc_account_news){ { VOC_SEVERITY_NONE } };
	if (apply->customer->account && apply->rules->account.on)
		review(apply, event, event->time_ms, ret_news);
}

enum voc_status voc_apply_account_alerts(struct voc_apply *apply, const struct voc_alert_cause *cause,
                                         const struct voc_account_news *news, uint32_t *sent)
{
	struct voc_aggregate_effects *effects = apply->effects;
	enum voc_status status = VOC_OK;
	for (int rule = VOC_RULE_STAGE_CHANGED; rule < VOC_RULE_COUNT && status == VOC_OK; rule++) {
		enum voc_severity severity = news->severity[rule - VOC_RULE_STAGE_CHANGED];
		if (severity == VOC_SEVERITY_NONE)
			continue;
		struct voc_aggregate_alert *alert = &effects->alerts[effects->alert_count++];
		*alert = (struct voc_aggregate_alert){ .rule = (enum voc_rule)rule, .severity = severity };
		*sent |= UINT32_C(1) << rule;
		status = voc_apply_encode_alert(apply, cause, alert);
	}
	return status;
}

static bool take(struct voc_apply *apply, struct voc_partition_state *state, const struct voc_fact *fact)
{
	struct voc_account *account = apply->customer->account;
	if (fact->kind == VOC_FACT_PROFILE)
		return voc_account_take_profile(account, fact);
	voc_account_take_order(account, fact);
	if (!apply->rules->account.on)
		return true;
	int64_t before = account->sums[VOC_SUM_VALUE], now = voc_account_value(account, &apply->rules->account);
	account->sums[VOC_SUM_VALUE] = now;
	return voc_partition_state_move_value(state, before, now);
}

/* After a record that is no contact. */
static enum voc_status review_and_tell(struct voc_apply *apply, struct voc_rollup *rollup, int64_t time_ms,
                                       struct voc_str product)
{
	struct voc_account_news news = { { VOC_SEVERITY_NONE } };
	uint32_t sent = 0;
	apply->previous = (enum voc_risk_state)apply->customer->state;
	review(apply, NULL, time_ms, &news);
	const char *lang = voc_account_lang(apply->customer->account);
	struct voc_alert_cause cause = {
		.time_ms = time_ms, .lang = lang ? lang : "en", .channel = VOC_CHANNEL_COUNT, .product = product
	};
	enum voc_status status = voc_apply_account_alerts(apply, &cause, &news, &sent);
	if (status == VOC_OK && sent != 0 && !voc_rollup_add_alerts(rollup, time_ms, sent))
		return voc_apply_out_of_memory(apply->error);
	return status;
}

enum voc_case_due_outcome voc_apply_account_due(struct voc_apply *apply, struct voc_rollup *rollup,
                                                enum voc_status *ret_status)
{
	struct voc_account *account = apply->customer->account;
	int64_t due_ms = apply->record->due->due_ms;
	*ret_status = VOC_OK;
	if (!account || account->lapses_ms == 0 || account->lapses_ms != due_ms)
		return VOC_CASE_DUE_STALE;
	account->lapses_ms = 0;
	if (apply->rules->account.on)
		*ret_status = review_and_tell(apply, rollup, due_ms, VOC_STR(""));
	return VOC_CASE_DUE_DONE;
}

enum voc_status voc_apply_account_fact(struct voc_apply *apply, struct voc_partition_state *state,
                                       struct voc_rollup *rollup)
{
	const struct voc_fact *fact = apply->record->fact;
	struct voc_customer *customer = apply->customer;
	if (!customer->account)
		customer->account = voc_account_new();
	if (!customer->account || !take(apply, state, fact))
		return voc_apply_out_of_memory(apply->error);
	if (!apply->rules->account.on)
		return VOC_OK;
	apply->values = state->values;
	bool named = fact->kind == VOC_FACT_ORDER && voc_fact_has(fact, VOC_ORDER_PRODUCT);
	return review_and_tell(apply, rollup, fact->time_ms,
	                       named ? fact->values[VOC_ORDER_PRODUCT].text : VOC_STR(""));
}
