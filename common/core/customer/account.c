#include "core/customer/account.h"

#include "base/hash.h"
#include "base/timestamp.h"

#include <stdlib.h>

#define DAY_MS    (INT64_C(24) * 3600000)
#define YEAR_DAYS 365
#define ID_BITS   48

const char *voc_purchase_name(enum voc_purchase purchase)
{
	static const char *const names[] = { "before", "during", "after" };
	return (unsigned)purchase < VOC_PURCHASE_COUNT ? names[purchase] : NULL;
}

struct voc_account *voc_account_new(void)
{
	return calloc(1, sizeof(struct voc_account));
}

static void free_profile(char **profile)
{
	for (int i = 0; i < VOC_PROFILE_FIELD_COUNT; i++)
		free(profile[i]);
}

void voc_account_free(struct voc_account *account)
{
	if (!account)
		return;
	free_profile(account->profile);
	free(account);
}

struct voc_account *voc_account_clone(const struct voc_account *account, struct voc_arena *arena)
{
	struct voc_account *copy = voc_arena_alloc(arena, sizeof *copy);
	if (!copy)
		return NULL;
	*copy = *account;
	for (int i = 0; i < VOC_PROFILE_FIELD_COUNT; i++) {
		if (account->profile[i] && !(copy->profile[i] = voc_arena_text(arena, account->profile[i])))
			return NULL;
	}
	return copy;
}

size_t voc_account_bytes(const struct voc_account *account)
{
	size_t bytes = sizeof *account;
	for (int i = 0; i < VOC_PROFILE_FIELD_COUNT; i++)
		bytes += account->profile[i] ? strlen(account->profile[i]) + 1 : 0;
	return bytes;
}

bool voc_account_take_profile(struct voc_account *account, const struct voc_fact *fact)
{
	char *profile[VOC_PROFILE_FIELD_COUNT] = { NULL };
	if (account->has_profile && fact->time_ms < account->profile_ms)
		return true;
	for (int i = 0; i < VOC_PROFILE_FIELD_COUNT; i++) {
		char text[VOC_FACT_TEXT_SIZE];
		if (!voc_fact_has(fact, i))
			continue;
		struct voc_str value = voc_fact_text(fact, i, text);
		if (!(profile[i] = strndup(value.ptr, value.len))) {
			free_profile(profile);
			return false;
		}
	}
	free_profile(account->profile);
	memcpy(account->profile, profile, sizeof profile);
	account->has_profile = true;
	account->profile_ms = fact->time_ms;
	return true;
}

static int64_t clamp(int64_t sum)
{
	if (sum > VOC_ACCOUNT_MONEY_MAX)
		return VOC_ACCOUNT_MONEY_MAX;
	return sum < -VOC_ACCOUNT_MONEY_MAX ? -VOC_ACCOUNT_MONEY_MAX : sum;
}

/* Into the sums (sign 1), or out of them again (-1). */
static void count(struct voc_account *account, const struct voc_account_order *order, int sign)
{
	int64_t *sums = account->sums;
	sums[VOC_SUM_ORDERS] += sign;
	sums[VOC_SUM_LATE] += order->late ? sign : 0;
	if (order->status == VOC_ORDER_RETURNED || order->status == VOC_ORDER_CANCELLED) {
		sums[order->status == VOC_ORDER_RETURNED ? VOC_SUM_RETURNED : VOC_SUM_CANCELLED] += sign;
		return;
	}
	sums[VOC_SUM_SPENT] = clamp(sums[VOC_SUM_SPENT] + sign * order->amount);
	if (order->has_margin) {
		sums[VOC_SUM_MARGIN] = clamp(sums[VOC_SUM_MARGIN] + sign * order->margin);
		sums[VOC_SUM_MARGIN_SPENT] = clamp(sums[VOC_SUM_MARGIN_SPENT] + sign * order->amount);
	}
}

static int64_t time_or(const struct voc_fact *fact, int field, int64_t otherwise_ms)
{
	return voc_fact_has(fact, field) ? fact->values[field].number : otherwise_ms;
}

/* What is in another currency than the first order can't be added: it counts without its money. */
static struct voc_account_order read_order(const struct voc_account *account, const struct voc_fact *fact)
{
	const struct voc_fact_value *values = fact->values;
	bool same = voc_str_is(values[VOC_ORDER_CURRENCY].text, account->currency);
	int64_t promised_ms = time_or(fact, VOC_ORDER_PROMISED_AT, 0);
	struct voc_account_order order = {
		.id = voc_hash64(values[VOC_ORDER_ID].text) & ((UINT64_C(1) << ID_BITS) - 1),
		.ordered_ms = time_or(fact, VOC_ORDER_ORDERED_AT, fact->time_ms),
		.at_ms = fact->time_ms,
		.amount = same ? values[VOC_ORDER_AMOUNT].number : 0,
		.delivered_ms = time_or(fact, VOC_ORDER_DELIVERED_AT, 0),
		.status = (uint8_t)values[VOC_ORDER_STATUS].number,
		.has_margin = same && voc_fact_has(fact, VOC_ORDER_MARGIN),
	};
	order.margin = order.has_margin ? values[VOC_ORDER_MARGIN].number : 0;
	order.late = promised_ms > 0 && order.delivered_ms > promised_ms;
	return order;
}

static bool is_before(const struct voc_account_order *a, const struct voc_account_order *b)
{
	return a->ordered_ms != b->ordered_ms ? a->ordered_ms < b->ordered_ms : a->id < b->id;
}

static void forget(struct voc_account *account, size_t index)
{
	struct voc_account_order *orders = account->orders;
	account->order_count--;
	memmove(orders + index, orders + index + 1, (account->order_count - index) * sizeof *orders);
}

/* Puts it in its place by time; the caller made room. */
static void remember(struct voc_account *account, const struct voc_account_order *order)
{
	struct voc_account_order *orders = account->orders;
	size_t at = account->order_count;
	while (at > 0 && is_before(order, &orders[at - 1]))
		at--;
	memmove(orders + at + 1, orders + at, (account->order_count - at) * sizeof *orders);
	orders[at] = *order;
	account->order_count++;
}

static void note_times(struct voc_account *account, int64_t ordered_ms, bool first)
{
	if (first || ordered_ms < account->first_order_ms)
		account->first_order_ms = ordered_ms;
	if (first || ordered_ms > account->last_order_ms)
		account->last_order_ms = ordered_ms;
}

void voc_account_take_order(struct voc_account *account, const struct voc_fact *fact)
{
	bool first = account->currency[0] == '\0';
	if (first)
		voc_str_copy(account->currency, sizeof account->currency, fact->values[VOC_ORDER_CURRENCY].text);
	struct voc_account_order order = read_order(account, fact);
	for (size_t i = 0; i < account->order_count; i++) {
		if (account->orders[i].id != order.id)
			continue;
		if (order.at_ms < account->orders[i].at_ms)
			return;
		count(account, &account->orders[i], -1);
		forget(account, i);
		break;
	}
	bool full = account->order_count == VOC_ACCOUNT_ORDERS_MAX;
	if (full && is_before(&order, &account->orders[0])) {
		account->sums[VOC_SUM_STALE]++;
		return;
	}
	if (full)
		forget(account, 0);
	remember(account, &order);
	count(account, &order, 1);
	note_times(account, order.ordered_ms, first);
}

int64_t voc_account_value(const struct voc_account *account, const struct voc_account_rules *rules)
{
	const int64_t *sums = account->sums, *value = rules->value;
	int64_t days = (account->last_order_ms - account->first_order_ms) / DAY_MS;
	int64_t margin = clamp(sums[VOC_SUM_MARGIN] +
	                       (sums[VOC_SUM_SPENT] - sums[VOC_SUM_MARGIN_SPENT]) * value[VOC_VALUE_MARGIN] / 1000);
	int64_t yearly = margin * YEAR_DAYS / (days > YEAR_DAYS ? days : YEAR_DAYS);
	return yearly * value[VOC_VALUE_RETENTION] / (1000 + value[VOC_VALUE_DISCOUNT] - value[VOC_VALUE_RETENTION]);
}

static int64_t bought(const struct voc_account *account)
{
	return account->sums[VOC_SUM_ORDERS] - account->sums[VOC_SUM_RETURNED] - account->sums[VOC_SUM_CANCELLED];
}

/* The longest that this customer may go without an order and not be lapsed. */
static int64_t longest_ms(const struct voc_account *account, const int64_t *stages)
{
	int64_t orders = account->sums[VOC_SUM_ORDERS];
	int64_t usual_ms = stages[VOC_STAGES_USUAL_DAYS] * DAY_MS, least_ms = stages[VOC_STAGES_LEAST_DAYS] * DAY_MS;
	if (orders > 1)
		usual_ms = (account->last_order_ms - account->first_order_ms) / (orders - 1);
	if (usual_ms < least_ms)
		usual_ms = least_ms;
	return usual_ms * stages[VOC_STAGES_LAPSE_PERCENT] / 100;
}

static bool is_lapsed(const struct voc_account *account, const struct voc_account_contacts *contacts,
                      const int64_t *stages, int64_t time_ms)
{
	if (contacts->any && contacts->last_ms > time_ms)
		time_ms = contacts->last_ms;
	return time_ms - account->last_order_ms > longest_ms(account, stages);
}

int64_t voc_account_lapses_ms(const struct voc_account *account, const struct voc_account_rules *rules)
{
	return bought(account) > 0 ? account->last_order_ms + longest_ms(account, rules->stages) + 1 : 0;
}

static enum voc_stage given_stage(const struct voc_account *account)
{
	enum voc_stage stage = VOC_STAGE_NONE;
	if (account->profile[VOC_PROFILE_STAGE])
		(void)voc_stage_parse(voc_str_from(account->profile[VOC_PROFILE_STAGE]), &stage);
	return stage;
}

static bool is_advocate(const struct voc_account *account, const struct voc_account_contacts *contacts,
                        const int64_t *stages)
{
	return bought(account) >= stages[VOC_STAGES_ADVOCATE_ORDERS] &&
	       contacts->delighted >= stages[VOC_STAGES_ADVOCATE_DELIGHTED] &&
	       contacts->satisfaction_index >= stages[VOC_STAGES_ADVOCATE_INDEX];
}

static bool is_partner(const struct voc_account *account, const int64_t *stages)
{
	int64_t since_ms = account->first_order_ms, told_ms;
	if (account->profile[VOC_PROFILE_SINCE] &&
	    voc_timestamp_parse(voc_str_from(account->profile[VOC_PROFILE_SINCE]), &told_ms) && told_ms < since_ms)
		since_ms = told_ms;
	return bought(account) >= stages[VOC_STAGES_PARTNER_ORDERS] &&
	       (account->last_order_ms - since_ms) / DAY_MS >= stages[VOC_STAGES_PARTNER_DAYS];
}

enum voc_stage voc_account_stage(const struct voc_account *account, const struct voc_account_contacts *contacts,
                                 const struct voc_account_rules *rules, int64_t time_ms, bool *ret_lapsed)
{
	const int64_t *stages = rules->stages;
	enum voc_stage given = given_stage(account);
	*ret_lapsed = bought(account) > 0 && is_lapsed(account, contacts, stages, time_ms);
	if (given != VOC_STAGE_NONE)
		return given;
	if (bought(account) < 1)
		return VOC_STAGE_PROSPECT;
	if (*ret_lapsed || bought(account) < stages[VOC_STAGES_CLIENT_ORDERS])
		return VOC_STAGE_CUSTOMER;
	if (!is_advocate(account, contacts, stages))
		return VOC_STAGE_CLIENT;
	return is_partner(account, stages) ? VOC_STAGE_PARTNER : VOC_STAGE_ADVOCATE;
}

/* Neither delivered, returned nor cancelled by that time. */
static bool is_open(const struct voc_account_order *order, int64_t time_ms)
{
	if (order->status == VOC_ORDER_DELIVERED)
		return time_ms < (order->delivered_ms > 0 ? order->delivered_ms : order->at_ms);
	return order->status == VOC_ORDER_PLACED || time_ms < order->at_ms;
}

enum voc_purchase voc_account_purchase(const struct voc_account *account, int64_t time_ms)
{
	bool any = account->sums[VOC_SUM_ORDERS] > 0 && account->first_order_ms <= time_ms;
	for (size_t i = 0; i < account->order_count; i++) {
		if (account->orders[i].ordered_ms <= time_ms && is_open(&account->orders[i], time_ms))
			return VOC_PURCHASE_DURING;
	}
	return any ? VOC_PURCHASE_AFTER : VOC_PURCHASE_BEFORE;
}

int voc_account_late(const struct voc_account *account, int64_t time_ms)
{
	int late = 0;
	for (size_t i = 0; i < account->order_count; i++) {
		int64_t gap_ms = time_ms - account->orders[i].delivered_ms;
		late += account->orders[i].late && gap_ms <= VOC_ACCOUNT_LATE_MS && gap_ms >= -VOC_ACCOUNT_LATE_MS;
	}
	return late;
}

const char *voc_account_lang(const struct voc_account *account)
{
	return account->profile[VOC_PROFILE_LANG];
}
