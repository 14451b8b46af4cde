/* The satisfaction index: a contact's score, and what a batch adds to each day. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "core/aggregate/day_rollup.h"
#include "support/fake_store.h"
#include "vocctl/audit/minutes.h"

#define DAY INT64_C(20000)

static struct voc_classified contact(int64_t day, enum voc_satisfaction satisfaction)
{
	struct voc_classified event = { .time_ms = (day + 1) * VOC_DAY_MS - 1, .channel = VOC_CHANNEL_WEB };
	event.labels.satisfaction = satisfaction;
	return event;
}

static void test_expectation_counts_before_the_label(void **state)
{
	(void)state;
	static const struct {
		int rating, expected;
		enum voc_satisfaction satisfaction;
		int score;
	} cases[] = {
		{ 0, 0, VOC_SATISFACTION_UNKNOWN, VOC_SCORE_NONE },
		{ 0, 0, VOC_SATISFACTION_NEUTRAL, VOC_SCORE_NONE },
		{ 0, 0, VOC_SATISFACTION_DISSATISFIED, 0 },
		{ 0, 0, VOC_SATISFACTION_SATISFIED, 75 },
		{ 0, 0, VOC_SATISFACTION_DELIGHTED, 100 },
		{ 1, 0, VOC_SATISFACTION_SATISFIED, 75 }, /* a rating alone says nothing of what was expected */
		{ 0, 5, VOC_SATISFACTION_SATISFIED, 75 },
		{ 3, 3, VOC_SATISFACTION_DISSATISFIED, 75 },
		{ 5, 4, VOC_SATISFACTION_NEUTRAL, 100 },
		{ 5, 1, VOC_SATISFACTION_UNKNOWN, 100 },
		{ 4, 5, VOC_SATISFACTION_UNKNOWN, 50 },
		{ 3, 5, VOC_SATISFACTION_UNKNOWN, 25 },
		{ 2, 5, VOC_SATISFACTION_UNKNOWN, 0 },
		{ 1, 5, VOC_SATISFACTION_DELIGHTED, 0 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct voc_classified event = contact(DAY, cases[i].satisfaction);
		event.rating = cases[i].rating;
		event.expected = cases[i].expected;
		assert_int_equal(voc_contact_score(&event), cases[i].score);
	}
}

static bool add(void *context, int64_t day, struct voc_str field, int64_t by)
{
	char key[64];
	snprintf(key, sizeof key, "%lld", (long long)day);
	fake_hash_add(fake_store_hash(context, key), field, by);
	return true;
}

static bool add_name(void *context, int64_t day, struct voc_str others, struct voc_str name, int64_t n, int64_t sum)
{
	char field[64];
	snprintf(field, sizeof field, "%.*s|%.*s=%lld", VOC_STR_ARG(others), VOC_STR_ARG(name), (long long)sum);
	return add(context, day, voc_str_from(field), n);
}

static bool add_case_name(void *context, int64_t day, struct voc_str others, struct voc_str field, int64_t by)
{
	char whole[96];
	snprintf(whole, sizeof whole, "%.*s|%.*s", VOC_STR_ARG(others), VOC_STR_ARG(field));
	return add(context, day, voc_str_from(whole), by);
}

static const struct voc_day_teller teller = { add, add_name, add_case_name };

static void test_scores_are_added_up_by_day_and_dimension(void **state)
{
	(void)state;
	struct voc_day_rollup *rollup = voc_day_rollup_new(8);
	struct fake_store store = { 0 };
	struct voc_classified first = contact(DAY, VOC_SATISFACTION_DISSATISFIED),
	                      second = contact(DAY, VOC_SATISFACTION_DELIGHTED),
	                      silent = contact(DAY, VOC_SATISFACTION_NEUTRAL),
	                      later = contact(DAY + 1, VOC_SATISFACTION_UNKNOWN);
	first.labels.feedback = VOC_FEEDBACK_COMPLAINT;
	first.labels.factors = 1U << VOC_FACTOR_EMOTION | 1U << VOC_FACTOR_EQUITY;
	first.labels.servqual = VOC_SERVQUAL_EMPATHY;
	first.team = second.team = silent.team = VOC_STR("T");
	second.product = VOC_STR("T"); /* the same name in another dimension */
	silent.labels.churn_intent = true;
	later.rating = 2;
	later.expected = 4;
	later.agent_id = VOC_STR("A-17");
	assert_true(voc_day_rollup_add(rollup, &first));
	assert_true(voc_day_rollup_add(rollup, &second));
	assert_true(voc_day_rollup_add(rollup, &silent));
	assert_true(voc_day_rollup_add(rollup, &later));
	assert_true(voc_day_rollup_each(rollup, &teller, &store));
	struct voc_buf text;
	voc_buf_init(&text, 65536);
	fake_store_dump(&store, &text);
	assert_string_equal(voc_buf_c_str(&text),
	                    "{\"20000\":{\"churn_intents\":\"1\",\"complaints\":\"1\",\"contacts\":\"3\",\"n\":\"2\","
	                    "\"n:channel:web\":\"2\",\"n:factor:emotion\":\"1\",\"n:factor:equity\":\"1\","
	                    "\"n:servqual:empathy\":\"1\",\"product:|product:T=100\":\"1\",\"sum\":\"100\","
	                    "\"sum:channel:web\":\"100\",\"sum:factor:emotion\":\"0\",\"sum:factor:equity\":\"0\","
	                    "\"sum:servqual:empathy\":\"0\",\"team:|team:T=100\":\"2\"},"
	                    "\"20001\":{\"agent:|agent:A-17=25\":\"1\",\"contacts\":\"1\",\"expected\":\"4\","
	                    "\"n\":\"1\",\"n:channel:web\":\"1\",\"pairs\":\"1\",\"perceived\":\"2\",\"sum\":\"25\","
	                    "\"sum:channel:web\":\"25\"}}");
	voc_buf_free(&text);
	fake_store_free(&store);
	voc_day_rollup_clear(rollup);
	assert_true(voc_day_rollup_each(rollup, &teller, &store));
	assert_int_equal(store.count, 0);
	voc_day_rollup_free(rollup);
}

static struct voc_case_names by(int cause, const char *team, const char *product)
{
	return (struct voc_case_names){ { voc_str_from(voc_cause_name(cause)), voc_str_from(team),
		                          voc_str_from(product) } };
}

static void test_cases_by_cause_team_and_product(void **state)
{
	(void)state;
	enum { OPENED = 1 << VOC_TALLY_OPENED, BACK = 1 << VOC_TALLY_REOPENED | 1 << VOC_TALLY_SILENT };
	struct voc_day_rollup *rollup = voc_day_rollup_new(2);
	struct fake_store store = { 0 };
	uint8_t cause;
	assert_true(voc_cause_parse(VOC_STR("empathy"), &cause));
	struct voc_case_names first = by(cause, "T", "P"), second = by(0, "T", ""), third = by(0, "U", "Q");
	assert_true(voc_day_rollup_add_case(rollup, DAY * VOC_DAY_MS, &first, OPENED));
	assert_true(voc_day_rollup_add_case(rollup, DAY * VOC_DAY_MS, &second, OPENED | BACK));
	assert_true(voc_day_rollup_add_case(rollup, DAY * VOC_DAY_MS, &third, BACK));
	assert_true(voc_day_rollup_each(rollup, &teller, &store));
	struct voc_buf text;
	voc_buf_init(&text, 65536);
	fake_store_dump(&store, &text);
	assert_string_equal(
	        voc_buf_c_str(&text),
	        "{\"20000\":{\"case:opened\":\"2\",\"case:opened:cause:empathy\":\"1\",\"case:opened:cause:other\":"
	        "\"1\","
	        "\"case:opened:product:|case:opened:product:P\":\"1\",\"case:opened:team:|case:opened:team:T\":\"2\","
	        "\"case:reopened\":\"2\",\"case:reopened:cause:other\":\"2\","
	        "\"case:reopened:product:|case:reopened:product:Q\":\"1\",\"case:reopened:team:|case:reopened:team:T\":"
	        "\"1\","
	        "\"case:reopened:team:|case:reopened:team:U\":\"1\",\"case:silent\":\"2\",\"case:silent:cause:other\":"
	        "\"2\","
	        "\"case:silent:product:|case:silent:product:Q\":\"1\",\"case:silent:team:|case:silent:team:T\":\"1\","
	        "\"case:silent:team:|case:silent:team:U\":\"1\"}}");
	voc_buf_free(&text);
	fake_store_free(&store);
	voc_day_rollup_free(rollup);
}

static bool refuse_name(void *context, int64_t day, struct voc_str others, struct voc_str name, int64_t n, int64_t sum)
{
	(void)context, (void)day, (void)others, (void)name, (void)n, (void)sum;
	return false;
}

static void test_a_refusal_ends_the_telling(void **state)
{
	(void)state;
	static const struct voc_day_teller refusing = { add, refuse_name, add_case_name };
	struct voc_day_rollup *rollup = voc_day_rollup_new(2);
	struct fake_store store = { 0 };
	struct voc_classified first = contact(DAY, VOC_SATISFACTION_SATISFIED),
	                      second = contact(DAY + 1, VOC_SATISFACTION_SATISFIED);
	first.team = VOC_STR("T");
	assert_true(voc_day_rollup_add(rollup, &first));
	assert_true(voc_day_rollup_add(rollup, &second));
	assert_false(voc_day_rollup_each(rollup, &refusing, &store));
	assert_int_equal(store.count, 1);
	fake_store_free(&store);
	voc_day_rollup_free(rollup);
}

static int64_t value_of(const struct minutes *minutes, const char *name)
{
	struct fake_store store = { 0 };
	struct fake_hash *hash = fake_store_hash(&store, "day");
	assert_true(minutes_tell(minutes, 0, fake_hash_tell, hash));
	const char *text = fake_hash_get(hash, name);
	int64_t value = -1;
	if (text)
		assert_true(voc_str_to_i64(voc_str_from(text), &value));
	fake_store_free(&store);
	return value;
}

static void test_a_recount_knows_so_many_names(void **state)
{
	(void)state;
	struct minutes *minutes = minutes_new(1 << 20);
	char name[32];
	for (int i = 0; i < VOC_DAY_NAMES_MAX + 20; i++) {
		snprintf(name, sizeof name, "agent:A-%d", i);
		assert_true(minutes_add_name(minutes, -5, VOC_STR("agent:"), voc_str_from(name), 2, 75));
	}
	assert_true(minutes_add_name(minutes, -5, VOC_STR("agent:"), VOC_STR("agent:A-0"), 1, 0));
	assert_true(minutes_add_name(minutes, -5, VOC_STR("team:"), VOC_STR("team:T"), 1, 100));
	assert_int_equal(value_of(minutes, "names"), VOC_DAY_NAMES_MAX);
	assert_int_equal(value_of(minutes, "n:agent:A-0"), 3);
	assert_int_equal(value_of(minutes, "n:agent:A-999"), 2);
	assert_int_equal(value_of(minutes, "n:agent:A-1000"), -1);
	assert_int_equal(value_of(minutes, "n:agent:"), 40);
	assert_int_equal(value_of(minutes, "sum:agent:"), 1500);
	assert_int_equal(value_of(minutes, "sum:team:"), 100);
	for (int i = 0; i < VOC_DAY_NAMES_MAX + 2; i++) {
		snprintf(name, sizeof name, "case:opened:team:%d", i);
		assert_true(minutes_add_case_name(minutes, -5, VOC_STR("case:opened:team:"), voc_str_from(name), 3));
	}
	assert_true(minutes_add_case_name(minutes, -5, VOC_STR("case:opened:team:"), VOC_STR("case:opened:team:7"), 1));
	assert_int_equal(value_of(minutes, "case_names"), VOC_DAY_NAMES_MAX);
	assert_int_equal(value_of(minutes, "case:opened:team:"), 6);
	assert_int_equal(value_of(minutes, "case:opened:team:7"), 4);
	minutes_free(minutes);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_expectation_counts_before_the_label),
		cmocka_unit_test(test_scores_are_added_up_by_day_and_dimension),
		cmocka_unit_test(test_cases_by_cause_team_and_product),
		cmocka_unit_test(test_a_refusal_ends_the_telling),
		cmocka_unit_test(test_a_recount_knows_so_many_names),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
