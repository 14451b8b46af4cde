/* core/account, value_counts and account_tell: orders that change, lifetime value, stages, what outranks what. */
#include "core/customer/account.h"
#include "core/customer/account_tell.h"
#include "core/customer/value_counts.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define DAY_MS   (INT64_C(24) * 3600000)
#define START_MS INT64_C(1700000000000)

static const struct voc_account_rules rules = {
	.on = true,
	.stages = { 3, 4, 1, 75, 8, 730, 90, 30, 200 },
	.value = { 200, 800, 100 },
	.priority = { 10, 30, 60, 100, 80, 100, 130, 170, 200, 150, 15, 4 },
};

/* An order, days from the start; -1: not told. */
struct order {
	const char *id;
	int day;
	enum voc_order_status status;
	int64_t amount, margin;
	int told_day, promised_day, delivered_day;
	const char *currency;
};

static void give(struct voc_fact *fact, int field, int day)
{
	if (day < 0)
		return;
	fact->given |= 1U << field;
	fact->values[field].number = START_MS + day * DAY_MS;
}

static void take(struct voc_account *account, const struct order *order)
{
	struct voc_fact fact = { .kind = VOC_FACT_ORDER, .time_ms = START_MS + order->told_day * DAY_MS };
	fact.values[VOC_ORDER_ID].text = voc_str_from(order->id);
	fact.values[VOC_ORDER_STATUS].number = order->status;
	fact.values[VOC_ORDER_AMOUNT].number = order->amount;
	fact.values[VOC_ORDER_CURRENCY].text = voc_str_from(order->currency ? order->currency : "KRW");
	fact.given = 1U << VOC_ORDER_ID | 1U << VOC_ORDER_STATUS | 1U << VOC_ORDER_AMOUNT | 1U << VOC_ORDER_CURRENCY;
	if (order->margin != 0) {
		fact.given |= 1U << VOC_ORDER_MARGIN;
		fact.values[VOC_ORDER_MARGIN].number = order->margin;
	}
	give(&fact, VOC_ORDER_ORDERED_AT, order->day);
	give(&fact, VOC_ORDER_PROMISED_AT, order->promised_day);
	give(&fact, VOC_ORDER_DELIVERED_AT, order->delivered_day);
	voc_account_take_order(account, &fact);
}

static void plain(struct voc_account *account, int number, int day)
{
	char id[16];
	snprintf(id, sizeof id, "O-%d", number);
	take(account, &(struct order){ id, day, VOC_ORDER_DELIVERED, 1000, 0, day + 1, -1, -1, NULL });
}

static void test_an_order_counts_once(void **state)
{
	(void)state;
	static const struct order course[] = {
		{ "A", 0, VOC_ORDER_PLACED, 500, 100, 0, 3, -1, NULL },
		{ "A", 0, VOC_ORDER_DELIVERED, 500, 100, 4, 3, 4, NULL },
		{ "B", 10, VOC_ORDER_PLACED, 300, 0, 10, -1, -1, NULL },
		{ "B", 10, VOC_ORDER_RETURNED, 300, 0, 15, -1, -1, NULL },
		{ "C", 20, VOC_ORDER_PLACED, 70, 0, 20, -1, -1, "USD" },
	};
	const size_t count = sizeof course / sizeof *course;
	/* forwards, backwards, and each twice: all the same, but for the currency, which the first one sets */
	for (int way = 0; way < 3; way++) {
		struct voc_account *account = voc_account_new();
		for (size_t i = 0; i < count; i++) {
			size_t at = way == 1 && i < count - 1 ? count - 2 - i : i;
			for (int again = 0; again <= (way == 2); again++)
				take(account, &course[at]);
		}
		assert_int_equal(account->sums[VOC_SUM_ORDERS], 3);
		assert_int_equal(account->sums[VOC_SUM_RETURNED], 1);
		assert_int_equal(account->sums[VOC_SUM_LATE], 1);
		assert_int_equal(account->sums[VOC_SUM_SPENT], 500);
		assert_int_equal(account->sums[VOC_SUM_MARGIN], 100);
		assert_int_equal(account->sums[VOC_SUM_MARGIN_SPENT], 500);
		assert_int_equal(account->sums[VOC_SUM_STALE], 0);
		assert_int_equal(account->first_order_ms, START_MS);
		assert_int_equal(account->last_order_ms, START_MS + 20 * DAY_MS);
		assert_int_equal(voc_account_late(account, START_MS + 34 * DAY_MS), 1);
		assert_int_equal(voc_account_late(account, START_MS + 35 * DAY_MS), 0);
		voc_account_free(account);
	}
}

static void test_forgotten_orders_are_not_counted_again(void **state)
{
	(void)state;
	struct voc_account *account = voc_account_new();
	for (int i = 0; i < 10; i++)
		plain(account, i, i);
	assert_int_equal(account->order_count, VOC_ACCOUNT_ORDERS_MAX);
	assert_int_equal(account->sums[VOC_SUM_ORDERS], 10);
	plain(account, 1, 1); /* it left the ring */
	assert_int_equal(account->sums[VOC_SUM_ORDERS], 10);
	assert_int_equal(account->sums[VOC_SUM_STALE], 1);
	plain(account, 2, 2); /* the oldest that is there */
	assert_int_equal(account->sums[VOC_SUM_ORDERS], 10);
	assert_int_equal(account->sums[VOC_SUM_STALE], 1);
	voc_account_free(account);
}

/* By hand: 12 orders of 1000 over two years with a margin of 20 %: 2400 in 730 days, 1200 a year, × 0.8 / 0.3. */
static void test_value(void **state)
{
	(void)state;
	struct voc_account *account = voc_account_new();
	for (int i = 0; i < 11; i++)
		plain(account, i, i * 66);
	plain(account, 11, 730);
	assert_int_equal(voc_account_value(account, &rules), 3200);
	voc_account_free(account);
	account = voc_account_new();
	take(account, &(struct order){ "A", 0, VOC_ORDER_PLACED, 1000, -90, 0, -1, -1, NULL });
	assert_int_equal(voc_account_value(account, &rules), -240); /* a year at least, and a loss is one */
	for (int i = 0; i < 2000; i++) {
		char id[16];
		snprintf(id, sizeof id, "O-%d", i);
		take(account,
		     &(struct order){ id, i, VOC_ORDER_PLACED, VOC_MONEY_MAX, VOC_MONEY_MAX, i, -1, -1, NULL });
	}
	struct voc_account_rules most = rules;
	most.value[VOC_VALUE_RETENTION] = 999;
	most.value[VOC_VALUE_DISCOUNT] = 0;
	assert_int_equal(account->sums[VOC_SUM_SPENT], VOC_ACCOUNT_MONEY_MAX);
	assert_true(voc_account_value(account, &most) > VOC_ACCOUNT_MONEY_MAX);
	voc_account_free(account);
}

struct stage_case {
	int orders, every_days; /* from the start on */
	uint32_t delighted;
	int index, at_day;
	const char *given;
	enum voc_stage stage;
	bool lapsed;
};

static void test_stages(void **state)
{
	(void)state;
	static const struct stage_case cases[] = {
		{ 0, 0, 0, 50, 0, NULL, VOC_STAGE_PROSPECT, false },
		{ 1, 0, 0, 50, 0, NULL, VOC_STAGE_CUSTOMER, false },
		{ 1, 0, 0, 50, 180, NULL, VOC_STAGE_CUSTOMER, false }, /* usual_days, twice */
		{ 1, 0, 0, 50, 181, NULL, VOC_STAGE_CUSTOMER, true },
		{ 3, 40, 0, 50, 80, NULL, VOC_STAGE_CLIENT, false },
		{ 3, 40, 0, 50, 160, NULL, VOC_STAGE_CLIENT, false }, /* its own 40 days, twice */
		{ 3, 40, 0, 50, 161, NULL, VOC_STAGE_CUSTOMER, true },
		{ 3, 10, 0, 50, 80, NULL, VOC_STAGE_CLIENT, false }, /* least_days, twice */
		{ 3, 10, 0, 50, 81, NULL, VOC_STAGE_CUSTOMER, true },
		{ 4, 40, 1, 75, 120, NULL, VOC_STAGE_ADVOCATE, false },
		{ 4, 40, 0, 75, 120, NULL, VOC_STAGE_CLIENT, false },
		{ 4, 40, 1, 74, 120, NULL, VOC_STAGE_CLIENT, false }, /* complaints bring it down */
		{ 8, 110, 1, 80, 770, NULL, VOC_STAGE_PARTNER, false },
		{ 8, 100, 1, 80, 700, NULL, VOC_STAGE_ADVOCATE, false }, /* not for long enough */
		{ 0, 0, 0, 50, 0, "partner", VOC_STAGE_PARTNER, false },
		{ 8, 110, 1, 80, 770, "prospect", VOC_STAGE_PROSPECT, false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		const struct stage_case *one = &cases[i];
		struct voc_account *account = voc_account_new();
		for (int n = 0; n < one->orders; n++)
			plain(account, n, n * one->every_days);
		account->profile[VOC_PROFILE_STAGE] = one->given ? strdup(one->given) : NULL;
		const struct voc_account_contacts contacts = { one->delighted, one->index, false, 0 };
		bool lapsed;
		enum voc_stage stage =
		        voc_account_stage(account, &contacts, &rules, START_MS + one->at_day * DAY_MS, &lapsed);
		if (stage != one->stage || lapsed != one->lapsed)
			fail_msg("case %zu: %s, lapsed %d", i, voc_stage_name(stage), lapsed);
		voc_account_free(account);
	}
}

static void test_purchase(void **state)
{
	(void)state;
	struct voc_account *account = voc_account_new();
	assert_int_equal(voc_account_purchase(account, START_MS), VOC_PURCHASE_BEFORE);
	take(account, &(struct order){ "A", 10, VOC_ORDER_DELIVERED, 5, 0, 16, -1, 15, NULL });
	assert_int_equal(voc_account_purchase(account, START_MS + 10 * DAY_MS - 1), VOC_PURCHASE_BEFORE);
	assert_int_equal(voc_account_purchase(account, START_MS + 10 * DAY_MS), VOC_PURCHASE_DURING);
	assert_int_equal(voc_account_purchase(account, START_MS + 15 * DAY_MS - 1), VOC_PURCHASE_DURING);
	assert_int_equal(voc_account_purchase(account, START_MS + 15 * DAY_MS), VOC_PURCHASE_AFTER);
	take(account, &(struct order){ "B", 20, VOC_ORDER_PLACED, 5, 0, 20, -1, -1, NULL });
	assert_int_equal(voc_account_purchase(account, START_MS + 400 * DAY_MS), VOC_PURCHASE_DURING);
	take(account, &(struct order){ "B", 20, VOC_ORDER_CANCELLED, 5, 0, 22, -1, -1, NULL });
	assert_int_equal(voc_account_purchase(account, START_MS + 22 * DAY_MS), VOC_PURCHASE_AFTER);
	voc_account_free(account);
}

static int64_t score(enum voc_severity severity, int risk, enum voc_stage stage, bool top_fifth, int troubles)
{
	const struct voc_priority_case about = { severity, risk, stage, top_fifth, troubles };
	return voc_priority_of(&rules, &about).score;
}

/* Who is called first: each line outranks the next. */
static void test_priority(void **state)
{
	(void)state;
	const int64_t ranks[] = {
		score(VOC_SEVERITY_CRITICAL, 100, VOC_STAGE_PARTNER, true, 5),
		score(VOC_SEVERITY_WARNING, 78, VOC_STAGE_PARTNER, true, 2),
		score(VOC_SEVERITY_WARNING, 78, VOC_STAGE_PARTNER, false, 2), /* a partner's second complaint */
		score(VOC_SEVERITY_WARNING, 78, VOC_STAGE_ADVOCATE, false, 2),
		score(VOC_SEVERITY_CRITICAL, 100, VOC_STAGE_PROSPECT, false, 5), /* a prospect's fifth */
		score(VOC_SEVERITY_WARNING, 78, VOC_STAGE_CLIENT, false, 1),
		score(VOC_SEVERITY_WARNING, 78, VOC_STAGE_NONE, false, 1),
		score(VOC_SEVERITY_CRITICAL, 40, VOC_STAGE_PROSPECT, false, 1), /* the severity's floor */
		score(VOC_SEVERITY_WARNING, 0, VOC_STAGE_CLIENT, false, 0),
		score(VOC_SEVERITY_INFO, 0, VOC_STAGE_CLIENT, false, 0),
	};
	for (size_t i = 1; i < sizeof ranks / sizeof *ranks; i++)
		if (ranks[i - 1] <= ranks[i])
			fail_msg("rank %zu: %lld, then %lld", i, (long long)ranks[i - 1], (long long)ranks[i]);
	assert_int_equal(score(VOC_SEVERITY_WARNING, 78, VOC_STAGE_PARTNER, true, 2), 78 * 2 * 3 / 2 * 115 / 100);
	assert_int_equal(score(VOC_SEVERITY_WARNING, 50, VOC_STAGE_NONE, false, 99), 80); /* repetition_max */
}

static void test_top_fifth(void **state)
{
	(void)state;
	struct voc_value_counts counts = { .all = 0 };
	struct voc_buf text;
	voc_buf_init(&text, 65536);
	assert_false(voc_value_counts_is_top(NULL, 5));
	for (int64_t value = 1000; value <= 10000; value += 1000)
		voc_value_counts_move(&counts, 0, value);
	assert_true(voc_value_counts_is_top(&counts, 10000));
	assert_true(voc_value_counts_is_top(&counts, 9000));
	assert_false(voc_value_counts_is_top(&counts, 8000));
	assert_false(voc_value_counts_is_top(&counts, -8000));
	voc_value_counts_move(&counts, 10000, -3);
	assert_int_equal(counts.all, 9);
	assert_false(voc_value_counts_is_top(&counts, 8000));
	voc_value_counts_move(&counts, 0, INT64_MAX);
	assert_true(voc_value_counts_write(&counts, &text));
	struct voc_value_counts again;
	assert_true(voc_value_counts_read(&again, voc_buf_str(&text)));
	assert_memory_equal(&again, &counts, sizeof counts);
	static const char *const bad[] = { "", "1", "1:0", "1:x", "2:1,1:1", "1:1,1:1", "1024:1", "1:1,", "-1:1" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		if (voc_value_counts_read(&again, voc_str_from(bad[i])))
			fail_msg("'%s' was taken", bad[i]);
	assert_int_equal(voc_value_bucket(1), 0);
	assert_int_equal(voc_value_bucket(3), 24);
	assert_int_equal(voc_value_bucket(16), 64);
	assert_int_equal(voc_value_bucket(17), 65);
	assert_int_equal(voc_value_bucket(INT64_MAX), 62 * 16 + 15);
	voc_buf_free(&text);
}

static struct voc_arena *arena;

static bool keep(void *context, const struct voc_field *field)
{
	struct voc_account **account = context;
	return !field->value.ptr || voc_account_load(account, field, arena) == VOC_ACCOUNT_LOADED;
}

static bool count_fields(void *context, const struct voc_field *field)
{
	(void)field;
	++*(int *)context;
	return true;
}

/* What is written is what is read; what nobody writes is refused. */
static void test_fields(void **state)
{
	(void)state;
	struct voc_account *account = voc_account_new(), *again = NULL;
	arena = voc_arena_new(65536);
	plain(account, 1, 0);
	take(account, &(struct order){ "B", 5, VOC_ORDER_DELIVERED, 10, -4, 9, 6, 8, NULL });
	account->profile[VOC_PROFILE_LANG] = strdup("ko");
	account->profile[VOC_PROFILE_FAMILY] = strdup("\"two\"\n\\");
	account->has_profile = account->has_lapsed = true;
	account->profile_ms = 1;
	account->lapsed_ms = account->stage_ms = START_MS;
	account->stage = VOC_STAGE_CLIENT;
	assert_true(voc_account_diff(NULL, account, keep, &again));
	assert_null(voc_account_missing(again));
	int differences = 0;
	assert_true(voc_account_diff(account, again, count_fields, &differences));
	assert_int_equal(differences, 0);
	struct voc_account *copy = voc_account_clone(account, arena);
	plain(copy, 1, 3);
	assert_true(voc_account_diff(account, copy, count_fields, &differences));
	assert_int_equal(differences, 1); /* orders_recent: the first day stays what was once heard */
	voc_account_free(again);
	voc_account_free(account);

	static const char *const bad[][2] = {
		{ "profile", "{\"hobby\":\"x\"}" },
		{ "profile", "{\"name\":\"\"}" },
		{ "profile", "{\"name\":1}" },
		{ "profile", "{\"name\":\"a\"" },
		{ "profile", "" },
		{ "orders", "x" },
		{ "stage", "none" },
		{ "stage", "friend" },
		{ "currency", "KRWX" },
		{ "orders_recent", "" },
		{ "orders_recent", "000000000001:1:1:1::x:" },
		{ "orders_recent", "00000000000G:1:1:1::p:" },
		{ "orders_recent", "000000000001:1:1:-1::p:" },
		{ "orders_recent", "000000000001:1:1:1::p:!" },
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct voc_field field = { voc_str_from(bad[i][0]), voc_str_from(bad[i][1]) };
		struct voc_account *one = NULL;
		if (voc_account_load(&one, &field, arena) != VOC_ACCOUNT_BAD)
			fail_msg("%s = '%s' was taken", bad[i][0], bad[i][1]);
		voc_account_free(one);
	}
	struct voc_account *none = NULL;
	assert_int_equal(voc_account_load(&none, &(struct voc_field){ VOC_STR("events"), VOC_STR("1") }, arena),
	                 VOC_ACCOUNT_OTHER);
	assert_null(none);
	voc_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_order_counts_once),
		cmocka_unit_test(test_forgotten_orders_are_not_counted_again),
		cmocka_unit_test(test_value),
		cmocka_unit_test(test_stages),
		cmocka_unit_test(test_purchase),
		cmocka_unit_test(test_priority),
		cmocka_unit_test(test_top_fifth),
		cmocka_unit_test(test_fields),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
