/* The rules file: the default one, and an error that says where for each way to get it wrong. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>

#include "core/rules/rules.h"
#include "support/examples.h"

#define HOUR_MS INT64_C(3600000)

static void test_the_default_rules_are_good(void **state)
{
	(void)state;
	struct voc_buf file = example_read("deploy/rules.json");
	static struct voc_rules rules;
	struct voc_error error = { 0 };
	assert_int_equal(voc_rules_parse(voc_buf_str(&file), &rules, &error), VOC_OK);
	assert_int_equal(rules.raise, 60);
	assert_int_equal(rules.critical, 85);
	assert_int_equal(rules.clear, 30);
	assert_int_equal(rules.half_life_ms, 168 * HOUR_MS);
	assert_int_equal(rules.weights[VOC_WEIGHT_COMPLAINT], 12);
	assert_int_equal(rules.weights[VOC_WEIGHT_DELIGHTED], -25);
	assert_int_equal(rules.repeat_max, 3);
	assert_int_equal(rules.repeat_window_ms, 336 * HOUR_MS);
	assert_int_equal(rules.repeat_complaint_count, 3);
	assert_int_equal(rules.repeat_complaint_window_ms, 168 * HOUR_MS);
	assert_int_equal(rules.cooldown_ms[VOC_RULE_REPEAT_COMPLAINT], 72 * HOUR_MS);
	for (int rule = 0; rule < VOC_RULE_COUNT; rule++) {
		struct voc_str ko = voc_rules_follow_up(&rules, (enum voc_rule)rule, "ko");
		struct voc_str en = voc_rules_follow_up(&rules, (enum voc_rule)rule, "en");
		assert_true(ko.len > 20 && en.len > 20);
		assert_false(voc_str_eq(ko, en));
		assert_true(voc_str_eq(voc_rules_follow_up(&rules, (enum voc_rule)rule, "ja"), en));
	}
	voc_buf_free(&file);
}

/* The weights' order is SERVQUAL's: what breaks a promise weighs most. */
static void test_the_default_weights_keep_the_order_of_servqual(void **state)
{
	(void)state;
	struct voc_buf file = example_read("deploy/rules.json");
	static struct voc_rules rules;
	struct voc_error error = { 0 };
	assert_int_equal(voc_rules_parse(voc_buf_str(&file), &rules, &error), VOC_OK);
	for (int weight = VOC_WEIGHT_RELIABILITY; weight < VOC_WEIGHT_TANGIBLES; weight++)
		assert_true(rules.weights[weight] > rules.weights[weight + 1]);
	assert_true(rules.weights[VOC_WEIGHT_CHURN_INTENT] > rules.weights[VOC_WEIGHT_WORD_OF_MOUTH]);
	voc_buf_free(&file);
}

/* The default file, with `to` where `from` stands. */
static struct voc_buf altered(const char *from, const char *to)
{
	struct voc_buf file = example_read("deploy/rules.json");
	struct voc_buf result;
	voc_buf_init(&result, 1 << 20);
	const char *text = voc_buf_c_str(&file);
	const char *at = strstr(text, from);
	if (!at)
		fail_msg("'%s' is not in deploy/rules.json", from);
	voc_buf_add(&result, text, (size_t)(at - text));
	voc_buf_add_str(&result, voc_str_from(to));
	voc_buf_add_str(&result, voc_str_from(at + strlen(from)));
	voc_buf_free(&file);
	return result;
}

static void test_each_mistake_is_told_with_its_place(void **state)
{
	(void)state;
	static const struct {
		const char *from, *to, *error;
	} cases[] = {
		{ "\"raise\": 60", "\"raise\": 30", "thresholds.raise: expected more than thresholds.clear" },
		{ "\"critical\": 85", "\"critical\": 60", "thresholds.critical: expected more than thresholds.raise" },
		{ "\"critical\": 85", "\"critical\": 101", "thresholds.critical: expected 1 to 100" },
		{ "\"clear\": 30", "\"clear\": 30.0", "thresholds.clear: expected an integer" },
		{ "\"clear\": 30", "\"cleared\": 30", "thresholds.clear: missing" },
		{ "\"clear\": 30", "\"clear\": 30, \"x\": 1", "thresholds.x: unknown member" },
		{ "\"churn_intent\": 40,", "", "weights.churn_intent: missing" },
		{ "\"delighted\": -25", "\"delighted\": -1001", "weights.delighted: expected -1000 to 1000" },
		{ "\"emotion\": 6", "\"emotion\": \"6\"", "weights.emotion: expected an integer" },
		{ "\"max\": 3", "\"max\": 9", "repeat.max: expected 0 to 8" },
		{ "\"count\": 3", "\"count\": 1", "repeat_complaint.count: expected 2 to 8" },
		{ "\"half_life_hours\": 168", "\"half_life_hours\": 0", "half_life_hours: expected 1 to 87600" },
		{ "\"half_life_hours\": 168", "\"half_life\": 168", "half_life: unknown member" },
		{ "\"risk_cleared\": 24", "\"risk_cleared\": -1", "cooldown_hours.risk_cleared: expected 0 to 87600" },
		{ "\"version\": \"2026.1\"", "\"version\": \"\"", "version: expected 1 to 48 letters" },
		{ "\"version\": \"2026.1\"", "\"version\": \"a b\"", "version: expected 1 to 48 letters" },
		{ "\"version\": \"2026.1\"", "\"version\": 1", "version: expected a string" },
		{ "\"cooldown_hours\": {", "\"cooldown_hours\": [], \"x\": {", "x: unknown member" },
		{ "\"ko\": \"", "\"kr\": \"", "follow_up.churn_intent.ko: missing" },
		{ "\"en\": \"Call today", "\"en\": 1, \"de\": \"Call today",
		  "follow_up.churn_intent.en: expected a string" },
		{ "\"en\": \"Call today", "\"en\": \"\\u001fCall today",
		  "follow_up.churn_intent.en: expected no control" },
		{ "\"tz\": \"KST-9\"", "\"tz\": \"Seoul\"", "cases.calendar.tz: expected a POSIX TZ rule" },
		{ "\"zone\": \"Asia/Seoul\"", "\"zone\": \"../x\"", "cases.calendar.zone: expected a zone's name" },
		{ "\"sat\": []", "\"sat\": [\"9-18\"]", "cases.calendar.hours.sat: expected hours as" },
		{ "\"sat\": []", "\"sat\": [\"09:00-10:00\", \"10:00-11:00\"]",
		  "cases.calendar.hours.sat: expected at most 4 spans in order" },
		{ "\"sat\": []", "\"Sat\": []", "cases.calendar.hours.sat: missing" },
		{ "\"2027-01-01\"", "\"2027-02-29\"", "cases.calendar.holidays: expected days as" },
		{ "\"info\": 540", "\"info\": 0", "cases.respond_minutes.info: expected 1 to 43200" },
		{ "\"after_minutes\": 2700", "\"after_minutes\": 1080",
		  "cases.escalation[1].after_minutes: expected more than the step before" },
		{ "\"team\": \"team-lead\"", "\"team\": \"team lead\"", "cases.escalation[0].team: expected 1 to 48" },
		{ "\"routes\": []", "\"routes\": [{\"team\": \"a\", \"servqual\": \"speed\"}]",
		  "cases.routes[0].servqual: expected a dimension's name" },
		{ "\"routes\": []", "\"routes\": [{\"team\": \"a\", \"product\": \"\"}]",
		  "cases.routes[0].product: expected 1 to 96 bytes" },
		{ "\"routes\": []", "\"routes\": [{\"team\": \"a\", \"stage\": \"friend\"}]",
		  "cases.routes[0].stage: expected a stage's name" },
		{ "\"routes\": []", "\"routes\": [1]", "cases.routes[0]: expected an object" },
		{ "\"abandon_days\": 180", "\"abandon_days\": 0", "cases.abandon_days: expected 1 to 3650" },
		{ "\"case_silent\": {", "\"case_quiet\": {", "follow_up.case_silent: missing" },
		{ "\"max\": 3", "\"max\": 3, \"max\": 3", "line 25" },
		{ "\"version\"", "\"version", "line 2" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct voc_buf json = altered(cases[i].from, cases[i].to);
		static struct voc_rules rules;
		struct voc_error error = { 0 };
		memset(&rules, 0x5A, sizeof rules);
		assert_int_equal(voc_rules_parse(voc_buf_str(&json), &rules, &error), VOC_FATAL);
		assert_int_equal(error.reason, VOC_REASON_CONFIG);
		if (strncmp(error.text, cases[i].error, strlen(cases[i].error)) != 0)
			fail_msg("case %zu: '%s' instead of '%s'", i, error.text, cases[i].error);
		assert_int_equal(rules.raise, 0x5A5A5A5A);
		voc_buf_free(&json);
	}
}

static void test_cases_may_be_left_out(void **state)
{
	(void)state;
	static struct voc_rules rules;
	struct voc_error error = { 0 };
	struct voc_buf file = example_read("deploy/rules.json");
	const char *text = voc_buf_c_str(&file), *advice = strstr(text, ",\n    \"case_reopened\"");
	assert_non_null(advice);
	struct voc_buf without;
	voc_buf_init(&without, VOC_RULES_MAX_BYTES);
	voc_buf_add(&without, text, (size_t)(advice - text));
	voc_buf_add_str(&without, VOC_STR("}}"));
	assert_int_equal(voc_rules_parse(voc_buf_str(&without), &rules, &error), VOC_OK);
	assert_false(rules.cases.on);
	voc_buf_free(&without);
	voc_buf_free(&file);
}

static void test_what_is_no_object_is_refused(void **state)
{
	(void)state;
	static struct voc_rules rules;
	static const char *const texts[] = { "", "[]", "null", "{}", "\xff", "{\"version\":\"\\u0000\"}" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		struct voc_error error = { 0 };
		assert_int_equal(voc_rules_parse(voc_str_from(texts[i]), &rules, &error), VOC_FATAL);
		assert_true(error.text[0] != '\0');
	}
}

static void test_the_version_is_bound_to_the_content(void **state)
{
	(void)state;
	static struct voc_rules one, other;
	struct voc_error error = { 0 };
	struct voc_buf file = example_read("deploy/rules.json");
	struct voc_buf changed = altered("\"complaint\": 12", "\"complaint\": 13");
	assert_int_equal(voc_rules_parse(voc_buf_str(&file), &one, &error), VOC_OK);
	assert_int_equal(voc_rules_parse(voc_buf_str(&changed), &other, &error), VOC_OK);
	assert_memory_equal(one.version, "2026.1-", 7);
	assert_int_equal(strlen(one.version), 7 + 8);
	assert_string_not_equal(one.version, other.version);
	voc_buf_free(&file);
	voc_buf_free(&changed);
}

/* The layout of the file, the order of its members and how its strings are spelt mean nothing. */
static void test_the_canonical_text_is_one_for_all_spellings(void **state)
{
	(void)state;
	static struct voc_rules one, other;
	struct voc_error error = { 0 };
	struct voc_buf first, second;
	voc_buf_init(&first, VOC_RULES_MAX_BYTES);
	voc_buf_init(&second, VOC_RULES_MAX_BYTES);
	struct voc_buf file = example_read("deploy/rules.json");
	struct voc_buf spelt = altered("\"repeat\": { \"window_hours\": 336, \"max\": 3 }",
	                               "\"repeat\"  : {\"m\\u0061x\": 3 ,\n\"window_hours\":336}");
	assert_int_equal(voc_rules_read(voc_buf_str(&file), &one, &first, &error), VOC_OK);
	assert_int_equal(voc_rules_read(voc_buf_str(&spelt), &other, &second, &error), VOC_OK);
	assert_true(voc_str_eq(voc_buf_str(&first), voc_buf_str(&second)));
	assert_string_equal(one.version, other.version);
	assert_non_null(strstr(voc_buf_c_str(&first), "\"repeat\":{\"max\":3,\"window_hours\":336},"));
	assert_memory_equal(first.ptr, "{\"cases\":{\"abandon_days\":180,\"calendar\":", 37);
	assert_true(first.len < file.len);
	assert_int_equal(voc_rules_read(voc_buf_str(&first), &other, &second, &error), VOC_OK);
	assert_true(voc_str_eq(voc_buf_str(&first), voc_buf_str(&second)));
	voc_buf_free(&file);
	voc_buf_free(&spelt);
	voc_buf_free(&first);
	voc_buf_free(&second);
}

static void test_importance_is_known_where_it_is_not_given(void **state)
{
	(void)state;
	static struct voc_rules rules;
	static const struct {
		const char *importance, *error;
	} cases[] = {
		{ "{\"reliability\":50,\"responsiveness\":20,\"assurance\":20,\"empathy\":10,\"tangibles\":0}", NULL },
		{ "{\"reliability\":51,\"responsiveness\":20,\"assurance\":20,\"empathy\":10,\"tangibles\":0}",
		  "importance: expected numbers that sum up to 100" },
		{ "{\"reliability\":101,\"responsiveness\":0,\"assurance\":0,\"empathy\":0,\"tangibles\":0}",
		  "importance.reliability: expected 0 to 100" },
		{ "{\"reliability\":100}", "importance.responsiveness: missing" },
		{ "[]", "importance: expected an object" },
	};
	struct voc_error error = { 0 };
	static const char given[] = "\"importance\": { \"reliability\": 32, \"responsiveness\": 22, \"assurance\": 19, "
	                            "\"empathy\": 16, \"tangibles\": 11 },";
	struct voc_buf without = altered(given, "");
	assert_int_equal(voc_rules_parse(voc_buf_str(&without), &rules, &error), VOC_OK);
	assert_memory_equal(rules.importance, voc_importance_default, sizeof rules.importance);
	voc_buf_free(&without);
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char with[256];
		snprintf(with, sizeof with, "\"importance\": %s,", cases[i].importance);
		struct voc_buf json = altered(given, with);
		enum voc_status status = voc_rules_parse(voc_buf_str(&json), &rules, &error);
		assert_int_equal(status, cases[i].error ? VOC_FATAL : VOC_OK);
		if (cases[i].error)
			assert_string_equal(error.text, cases[i].error);
		else
			assert_int_equal(rules.importance[VOC_SERVQUAL_RELIABILITY], 50);
		voc_error_clear(&error);
		voc_buf_free(&json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_default_rules_are_good),
		cmocka_unit_test(test_the_default_weights_keep_the_order_of_servqual),
		cmocka_unit_test(test_each_mistake_is_told_with_its_place),
		cmocka_unit_test(test_cases_may_be_left_out),
		cmocka_unit_test(test_what_is_no_object_is_refused),
		cmocka_unit_test(test_importance_is_known_where_it_is_not_given),
		cmocka_unit_test(test_the_version_is_bound_to_the_content),
		cmocka_unit_test(test_the_canonical_text_is_one_for_all_spellings),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
