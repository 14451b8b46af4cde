/* Rollups: what a batch adds to each minute's counters. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "core/aggregate/rollup.h"
#include "support/fake_store.h"

static bool add(void *context, int64_t minute, struct voc_str field, int64_t by)
{
	char key[64];
	snprintf(key, sizeof key, "%lld", (long long)minute);
	fake_hash_add(fake_store_hash(context, key), field, by);
	return true;
}

static struct voc_classified contact(int64_t minute)
{
	struct voc_classified event = { .time_ms = minute * VOC_ROLLUP_MINUTE_MS + 59999, .channel = VOC_CHANNEL_WEB };
	event.labels.feedback = VOC_FEEDBACK_COMPLAINT;
	event.labels.factors = 1U << VOC_FACTOR_EMOTION | 1U << VOC_FACTOR_EQUITY;
	event.product = VOC_STR("internet-500");
	return event;
}

static void check(const struct fake_store *store, const char *expected)
{
	struct voc_buf text;
	voc_buf_init(&text, 65536);
	fake_store_dump(store, &text);
	assert_string_equal(voc_buf_c_str(&text), expected);
	voc_buf_free(&text);
}

static void test_every_field_counts_in_its_minute(void **state)
{
	(void)state;
	struct voc_rollup *rollup = voc_rollup_new(8);
	struct fake_store store = { 0 };
	struct voc_classified first = contact(5), second = contact(5), other = contact(6);
	second.team = VOC_STR("internet-500"); /* the same name in another dimension */
	second.labels.servqual = VOC_SERVQUAL_EMPATHY;
	second.labels.satisfaction = VOC_SATISFACTION_DISSATISFIED;
	other.labels = (struct voc_labels){ .churn_intent = true };
	other.agent_id = VOC_STR("A-17");
	assert_true(voc_rollup_add(rollup, &first, 0));
	assert_true(voc_rollup_add(rollup, &other, 1U << VOC_RULE_CHURN_INTENT | 1U << VOC_RULE_RISK_CLEARED));
	assert_true(voc_rollup_add(rollup, &second, 0));
	assert_true(voc_rollup_each(rollup, add, &store));
	check(&store,
	      "{\"5\":{\"channel:web\":\"2\",\"events\":\"2\",\"factor:emotion\":\"2\",\"factor:equity\":\"2\","
	      "\"product:internet-500\":\"2\",\"satisfaction:dissatisfied\":\"1\",\"satisfaction:unknown\":\"1\","
	      "\"servqual:empathy\":\"1\",\"team:internet-500\":\"1\",\"type:complaint\":\"2\"},"
	      "\"6\":{\"agent:A-17\":\"1\",\"alert:churn_intent\":\"1\",\"alert:risk_cleared\":\"1\",\"channel:web\":"
	      "\"1\","
	      "\"churn_intent\":\"1\",\"events\":\"1\",\"product:internet-500\":\"1\",\"satisfaction:unknown\":\"1\","
	      "\"type:unknown\":\"1\"}}");
	fake_store_free(&store);
	voc_rollup_clear(rollup);
	assert_true(voc_rollup_each(rollup, add, &store));
	check(&store, "{}");
	voc_rollup_free(rollup);
}

static bool add_day(void *context, int64_t day, struct voc_str field, int64_t by)
{
	return add(context, VOC_PERIOD_OF_DAY(day), field, by);
}

/* A minute's number below zero would be taken for a day's, far in the future, whose hash hardly ever expires. */
static void test_before_1970_nothing_is_told(void **state)
{
	(void)state;
	static const struct voc_day_teller days = { add_day, NULL, NULL };
	struct voc_rollup *rollup = voc_rollup_new(8);
	struct fake_store store = { 0 };
	struct voc_classified old = contact(-3000), later = contact(-1);
	assert_true(voc_rollup_add(rollup, &old, 1U << VOC_RULE_CHURN_INTENT));
	assert_true(voc_rollup_each(rollup, add, &store));
	assert_true(voc_day_rollup_each(voc_rollup_days(rollup), &days, &store));
	check(&store, "{}");
	assert_true(voc_rollup_add(rollup, &later, 0)); /* rounded towards zero */
	assert_true(voc_rollup_each(rollup, add, &store));
	assert_non_null(fake_store_hash(&store, "0"));
	fake_store_free(&store);
	voc_rollup_free(rollup);
}

static void test_full_is_full_until_cleared(void **state)
{
	(void)state;
	struct voc_rollup *rollup = voc_rollup_new(1);
	struct voc_classified event = contact(1);
	for (int round = 0; round < 3; round++) {
		assert_true(voc_rollup_add(rollup, &event, 0));
		assert_false(voc_rollup_add(rollup, &event, 0));
		voc_rollup_clear(rollup);
	}
	voc_rollup_free(rollup);
}

static void test_many_minutes_and_names(void **state)
{
	(void)state;
	enum { EVENTS = 3000, MINUTES = 500, NAMES = 700 };
	struct voc_rollup *rollup = voc_rollup_new(EVENTS);
	static char names[NAMES][16];
	struct fake_store store = { 0 };
	for (int i = 0; i < NAMES; i++)
		snprintf(names[i], sizeof names[i], "p%d", i);
	for (int i = 0; i < EVENTS; i++) {
		struct voc_classified event = contact(i % MINUTES);
		event.product = voc_str_from(names[i % NAMES]);
		assert_true(voc_rollup_add(rollup, &event, 0));
	}
	assert_true(voc_rollup_each(rollup, add, &store));
	assert_int_equal(store.count, MINUTES);
	for (size_t i = 0; i < store.count; i++)
		assert_string_equal(fake_hash_get(store.hashes[i], "events"), "6");
	fake_store_free(&store);
	voc_rollup_free(rollup);
}

static bool refuse(void *context, int64_t minute, struct voc_str field, int64_t by)
{
	(void)minute, (void)field, (void)by;
	++*(int *)context;
	return false;
}

static void test_a_refusal_ends_the_telling(void **state)
{
	(void)state;
	struct voc_rollup *rollup = voc_rollup_new(4);
	struct voc_classified event = contact(1);
	int told = 0;
	assert_true(voc_rollup_add(rollup, &event, 0));
	assert_false(voc_rollup_each(rollup, refuse, &told));
	assert_int_equal(told, 1);
	voc_rollup_free(rollup);
}

static void test_the_longest_name_fits(void **state)
{
	(void)state;
	struct voc_rollup *rollup = voc_rollup_new(1);
	struct voc_classified event = contact(1);
	struct fake_store store = { 0 };
	char name[4 * VOC_NAME_MAX_CHARS + 1], field[sizeof name + 8];
	for (size_t i = 0; i + 1 < sizeof name; i += 4)
		memcpy(name + i, "😀", 4);
	name[sizeof name - 1] = '\0';
	event.product = voc_str_from(name);
	assert_true(voc_rollup_add(rollup, &event, 0));
	assert_true(voc_rollup_each(rollup, add, &store));
	snprintf(field, sizeof field, "product:%s", name);
	assert_string_equal(fake_hash_get(store.hashes[0], field), "1");
	fake_store_free(&store);
	voc_rollup_free(rollup);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_field_counts_in_its_minute),
		cmocka_unit_test(test_before_1970_nothing_is_told),
		cmocka_unit_test(test_full_is_full_until_cleared),
		cmocka_unit_test(test_many_minutes_and_names),
		cmocka_unit_test(test_a_refusal_ends_the_telling),
		cmocka_unit_test(test_the_longest_name_fits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
