/* An account as fields of the customer's hash: out and in. */
#include "core/customer/account.h"

#include "base/json_read.h"
#include "base/json_write.h"

#include <stdio.h>
#include <stdlib.h>

#define PROFILE_MAX 16384
#define ORDER_MAX   140 /* bytes of one in orders_recent */
#define ID_CHARS    12

/* The fields that are no sums. X(symbol, name) */
#define PLACES(X)                         \
	X(PLACE_PROFILE_AT, "profile_at") \
	X(PLACE_PROFILE, "profile")       \
	X(PLACE_FIRST, "order_first_at")  \
	X(PLACE_LAST, "order_last_at")    \
	X(PLACE_CURRENCY, "currency")     \
	X(PLACE_ORDERS, "orders_recent")  \
	X(PLACE_STAGE, "stage")           \
	X(PLACE_STAGE_AT, "stage_at")     \
	X(PLACE_LAPSED, "lapsed_at")      \
	X(PLACE_LAPSES, "lapses_at")

#define X(symbol, name) symbol,
enum { PLACES(X) PLACE_COUNT };
#undef X
static const char *const place_names[] = {
#define X(symbol, name) name,
	PLACES(X)
#undef X
};
static const char *const sum_names[] = {
#define X(symbol, name) name,
	VOC_ACCOUNT_SUMS(X)
#undef X
};
static const char status_letters[] = "pdrc"; /* in the order of enum voc_order_status */

struct teller {
	voc_field_fn tell;
	void *context;
	bool refused;
};

static void tell(struct teller *teller, const char *name, const char *value)
{
	struct voc_field field = { voc_str_from(name), voc_str_from(value) };
	if (!teller->refused && !teller->tell(teller->context, &field))
		teller->refused = true;
}

/* `was_there`, `is_there`: whether there is such a field before and now; a field that goes is told without a value. */
static void tell_i64(struct teller *teller, const char *name, bool was_there, int64_t before, bool is_there,
                     int64_t now)
{
	char digits[24];
	if (was_there == is_there && (before == now || !is_there))
		return;
	snprintf(digits, sizeof digits, "%lld", (long long)now);
	tell(teller, name, is_there ? digits : NULL);
}

static void tell_text(struct teller *teller, const char *name, const char *before, const char *now)
{
	if (strcmp(before ? before : "", now ? now : "") != 0)
		tell(teller, name, now && *now ? now : NULL);
}

static bool same_profile(const struct voc_account *a, const struct voc_account *b)
{
	bool same = a->has_profile == b->has_profile;
	for (int i = 0; i < VOC_PROFILE_FIELD_COUNT && same; i++)
		same = (!a->profile[i] && !b->profile[i]) ||
		       (a->profile[i] && b->profile[i] && strcmp(a->profile[i], b->profile[i]) == 0);
	return same;
}

/* The profile is one field of JSON: a field of its own for each member would cost Redis more than most of them hold. */
static void tell_profile(struct teller *teller, const struct voc_account *before, const struct voc_account *now)
{
	tell_i64(teller, place_names[PLACE_PROFILE_AT], before->has_profile, before->profile_ms, now->has_profile,
	         now->profile_ms);
	if (same_profile(before, now))
		return;
	struct voc_json_writer json;
	struct voc_buf text;
	voc_buf_init(&text, PROFILE_MAX);
	voc_json_begin(&json, &text);
	voc_json_object(&json);
	for (int i = 0; i < VOC_PROFILE_FIELD_COUNT; i++) {
		if (now->profile[i])
			voc_json_member_str(&json, voc_fact_field_name(VOC_FACT_PROFILE, i),
			                    voc_str_from(now->profile[i]));
	}
	voc_json_object_end(&json);
	tell(teller, place_names[PLACE_PROFILE], voc_buf_c_str(&text));
	teller->refused = teller->refused || text.failed;
	voc_buf_free(&text);
}

static size_t write_order(const struct voc_account_order *order, char *to, size_t size)
{
	char margin[24] = "", delivered[24] = "";
	if (order->has_margin)
		snprintf(margin, sizeof margin, "%lld", (long long)order->margin);
	if (order->delivered_ms > 0)
		snprintf(delivered, sizeof delivered, "%lld", (long long)order->delivered_ms);
	return (size_t)snprintf(to, size, "%012llx:%lld:%lld:%lld:%s:%c:%s%s", (unsigned long long)order->id,
	                        (long long)order->ordered_ms, (long long)order->at_ms, (long long)order->amount, margin,
	                        status_letters[order->status], delivered, order->late ? "!" : "");
}

static void write_orders(const struct voc_account *account, char to[VOC_ACCOUNT_ORDERS_MAX * ORDER_MAX])
{
	size_t len = 0;
	to[0] = '\0';
	for (size_t i = 0; i < account->order_count; i++) {
		if (i > 0)
			to[len++] = ',';
		len += write_order(&account->orders[i], to + len, ORDER_MAX);
	}
}

static void tell_orders(struct teller *teller, const struct voc_account *before, const struct voc_account *now)
{
	char was[VOC_ACCOUNT_ORDERS_MAX * ORDER_MAX], is[VOC_ACCOUNT_ORDERS_MAX * ORDER_MAX];
	bool had = before->currency[0] != '\0', has = now->currency[0] != '\0';
	write_orders(before, was);
	write_orders(now, is);
	tell_text(teller, place_names[PLACE_ORDERS], was, is);
	tell_text(teller, place_names[PLACE_CURRENCY], before->currency, now->currency);
	tell_i64(teller, place_names[PLACE_FIRST], had, before->first_order_ms, has, now->first_order_ms);
	tell_i64(teller, place_names[PLACE_LAST], had, before->last_order_ms, has, now->last_order_ms);
	for (int i = 0; i < VOC_SUM_COUNT; i++)
		tell_i64(teller, sum_names[i], before->sums[i] != 0, before->sums[i], now->sums[i] != 0, now->sums[i]);
}

bool voc_account_diff(const struct voc_account *before, const struct voc_account *now, voc_field_fn tell_field,
                      void *context)
{
	static const struct voc_account nothing;
	struct teller teller = { .tell = tell_field, .context = context };
	if (!now)
		return true;
	if (!before)
		before = &nothing;
	bool had = before->stage != VOC_STAGE_NONE, has = now->stage != VOC_STAGE_NONE;
	tell_profile(&teller, before, now);
	tell_orders(&teller, before, now);
	tell_text(&teller, place_names[PLACE_STAGE], had ? voc_stage_name((enum voc_stage)before->stage) : NULL,
	          has ? voc_stage_name((enum voc_stage)now->stage) : NULL);
	tell_i64(&teller, place_names[PLACE_STAGE_AT], had, before->stage_ms, has, now->stage_ms);
	tell_i64(&teller, place_names[PLACE_LAPSED], before->has_lapsed, before->lapsed_ms, now->has_lapsed,
	         now->lapsed_ms);
	tell_i64(&teller, place_names[PLACE_LAPSES], before->lapses_ms != 0, before->lapses_ms, now->lapses_ms != 0,
	         now->lapses_ms);
	return !teller.refused;
}

static bool load_id(struct voc_str text, uint64_t *ret_id)
{
	static const char digits[] = "0123456789abcdef";
	uint64_t id = 0;
	if (text.len != ID_CHARS)
		return false;
	for (size_t i = 0; i < text.len; i++) {
		const char *at = text.ptr[i] != '\0' ? strchr(digits, text.ptr[i]) : NULL;
		if (!at)
			return false;
		id = id << 4 | (uint64_t)(at - digits);
	}
	*ret_id = id;
	return true;
}

static bool load_order(struct voc_str text, struct voc_account_order *order)
{
	if (!load_id(voc_str_take_until(&text, ':'), &order->id) ||
	    !voc_field_time(voc_str_take_until(&text, ':'), &order->ordered_ms) ||
	    !voc_field_time(voc_str_take_until(&text, ':'), &order->at_ms) ||
	    !voc_field_number(voc_str_take_until(&text, ':'), 0, VOC_MONEY_MAX, &order->amount))
		return false;
	struct voc_str margin = voc_str_take_until(&text, ':'), status = voc_str_take_until(&text, ':');
	order->has_margin = margin.len > 0;
	if (order->has_margin && !voc_field_number(margin, -VOC_MONEY_MAX, VOC_MONEY_MAX, &order->margin))
		return false;
	const char *letter = status.len == 1 ? memchr(status_letters, status.ptr[0], VOC_ORDER_STATUS_COUNT) : NULL;
	if (!letter)
		return false;
	order->status = (uint8_t)(letter - status_letters);
	order->late = text.len > 0 && text.ptr[text.len - 1] == '!';
	struct voc_str delivered = voc_str_of(text.ptr, text.len - order->late);
	return delivered.len == 0 ? !order->late
	                          : voc_field_number(delivered, 1, VOC_FIELD_TIME_MAX, &order->delivered_ms);
}

static bool load_orders(struct voc_account *account, struct voc_str text)
{
	while (text.len > 0) {
		struct voc_account_order order = { 0 };
		if (account->order_count == VOC_ACCOUNT_ORDERS_MAX ||
		    !load_order(voc_str_take_until(&text, ','), &order))
			return false;
		account->orders[account->order_count++] = order;
	}
	return account->order_count > 0;
}

static bool load_stage(struct voc_account *account, struct voc_str text)
{
	enum voc_stage stage;
	if (!voc_stage_parse(text, &stage) || stage == VOC_STAGE_NONE)
		return false;
	account->stage = (uint8_t)stage;
	return true;
}

static bool load_place(struct voc_account *account, int place, struct voc_str value)
{
	switch (place) {
	case PLACE_PROFILE_AT: account->has_profile = true; return voc_field_time(value, &account->profile_ms);
	case PLACE_FIRST: return voc_field_time(value, &account->first_order_ms);
	case PLACE_LAST: return voc_field_time(value, &account->last_order_ms);
	case PLACE_CURRENCY:
		voc_str_copy(account->currency, sizeof account->currency, value);
		return value.len == sizeof account->currency - 1;
	case PLACE_ORDERS: return account->order_count == 0 && load_orders(account, value);
	case PLACE_STAGE: return load_stage(account, value);
	case PLACE_STAGE_AT: return voc_field_time(value, &account->stage_ms);
	case PLACE_LAPSED: account->has_lapsed = true; return voc_field_time(value, &account->lapsed_ms);
	case PLACE_LAPSES: return voc_field_time(value, &account->lapses_ms) && account->lapses_ms != 0;
	default: return false;
	}
}

static int profile_field(struct voc_str name)
{
	const char *known;
	for (int i = 0; (known = voc_fact_field_name(VOC_FACT_PROFILE, i)); i++) {
		if (voc_str_is(name, known))
			return i;
	}
	return -1;
}

static enum voc_account_load load_profile(struct voc_account *account, struct voc_str text, struct voc_arena *arena)
{
	struct voc_json_reader json;
	struct voc_error error;
	struct voc_str name, value;
	bool no_memory = false;
	voc_json_read_begin(&json, text, arena, 1, &error);
	voc_json_enter_object(&json);
	while (voc_json_next_member(&json, &name) && !no_memory) {
		int field = profile_field(name);
		if (field < 0 || !voc_json_read_str(&json, &value) || value.len == 0)
			return error.reason == VOC_REASON_OUT_OF_MEMORY ? VOC_ACCOUNT_NO_MEMORY : VOC_ACCOUNT_BAD;
		no_memory = !(account->profile[field] = strndup(value.ptr, value.len));
	}
	if (no_memory || error.reason == VOC_REASON_OUT_OF_MEMORY)
		return VOC_ACCOUNT_NO_MEMORY;
	return voc_json_read_end(&json) ? VOC_ACCOUNT_LOADED : VOC_ACCOUNT_BAD;
}

enum voc_account_load voc_account_load(struct voc_account **account, const struct voc_field *field,
                                       struct voc_arena *arena)
{
	int sum = voc_str_index(field->name, sum_names, VOC_SUM_COUNT);
	int place = voc_str_index(field->name, place_names, PLACE_COUNT);
	if (sum < 0 && place < 0)
		return VOC_ACCOUNT_OTHER;
	if (!*account && !(*account = voc_account_new()))
		return VOC_ACCOUNT_NO_MEMORY;
	if (place == PLACE_PROFILE)
		return load_profile(*account, field->value, arena);
	bool good = place >= 0 ? load_place(*account, place, field->value)
	                       : voc_field_number(field->value, -VOC_ACCOUNT_MONEY_MAX * 1000,
	                                          VOC_ACCOUNT_MONEY_MAX * 1000, &(*account)->sums[sum]);
	return good ? VOC_ACCOUNT_LOADED : VOC_ACCOUNT_BAD;
}

const char *voc_account_missing(const struct voc_account *account)
{
	if (account->currency[0] == '\0')
		return account->has_profile ? NULL : place_names[PLACE_PROFILE_AT];
	return account->order_count > 0 ? NULL : place_names[PLACE_ORDERS];
}
