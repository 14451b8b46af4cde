/* Alerts: their ids, what the aggregator writes the alerter reads, and the schema's examples go as they should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/aggregate/alert.h"
#include "support/examples.h"

static struct voc_arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = voc_arena_new(1 << 20);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	voc_arena_free(arena);
	return 0;
}

static void test_ids_are_hashes_of_the_cause(void **state)
{
	(void)state;
	char id[VOC_ALERT_ID_SIZE], other[VOC_ALERT_ID_SIZE];
	voc_alert_make_id(VOC_STR("고객-1"), 7, 1234, VOC_RULE_RISK_RAISED, id);
	/* hashlib.sha256("고객-1\n7\n1234\nrisk_raised".encode()).hexdigest()[:32] */
	assert_string_equal(id, "7b5f05850a4fa3adc86770c856e9366b");
	voc_alert_make_id(VOC_STR("고객-1"), 7, 1235, VOC_RULE_RISK_RAISED, other);
	assert_string_not_equal(id, other);
	voc_alert_make_id(VOC_STR("고객-1"), 7, 1234, VOC_RULE_RISK_CRITICAL, other);
	assert_string_not_equal(id, other);
}

static struct voc_alert example(void)
{
	return (struct voc_alert){
		.id = VOC_STR("0f343b0931126a20f133d67c2b018a3b"),
		.customer_id = VOC_STR("C-\"1\""),
		.time_ms = INT64_C(1795253400000),
		.rule = VOC_RULE_REPEAT_COMPLAINT,
		.severity = VOC_SEVERITY_CRITICAL,
		.risk = 91,
		.state = VOC_RISK_CRITICAL,
		.previous_state = VOC_RISK_AT_RISK,
		.satisfaction_index = 12,
		.events = 9,
		.complaints = 4,
		.churn_intents = 1,
		.lang = "ko",
		.channel = VOC_CHANNEL_COMPLAINT,
		.team = VOC_STR("A"),
		.follow_up = VOC_STR("전화하세요."),
		.rules_version = VOC_STR("1-00000000"),
		.origin = VOC_STR("voc.classified/7/1234"),
		.contributions = VOC_STR("[]"),
	};
}

static void test_written_then_read(void **state)
{
	(void)state;
	struct voc_alert alert = example(), read;
	struct voc_error error = { 0 };
	struct voc_buf buf, again;
	voc_buf_init(&buf, VOC_ALERT_MAX_BYTES);
	voc_buf_init(&again, VOC_ALERT_MAX_BYTES);
	assert_true(voc_alert_encode(&buf, &alert));
	assert_int_equal(voc_alert_decode(voc_buf_str(&buf), arena, &read, &error), VOC_OK);
	assert_true(voc_str_eq(read.customer_id, alert.customer_id));
	assert_int_equal(read.rule, alert.rule);
	assert_int_equal(read.severity, alert.severity);
	assert_int_equal(read.state, alert.state);
	assert_int_equal(read.previous_state, alert.previous_state);
	assert_int_equal(read.complaints, 4);
	assert_int_equal(read.product.len, 0);
	assert_true(voc_str_is(read.team, "A"));
	assert_true(voc_alert_encode(&again, &read));
	assert_true(voc_str_eq(voc_buf_str(&buf), voc_buf_str(&again)));
	voc_buf_free(&buf);
	voc_buf_free(&again);
}

static void test_the_bytes(void **state)
{
	(void)state;
	struct voc_alert alert = example();
	struct voc_buf buf;
	voc_buf_init(&buf, VOC_ALERT_MAX_BYTES);
	assert_true(voc_alert_encode(&buf, &alert));
	assert_string_equal(voc_buf_c_str(&buf), "{\"specversion\":\"1.0\",\"id\":\"0f343b0931126a20f133d67c2b018a3b\","
	                                         "\"source\":\"/voc/aggregator\",\"type\":\"voc.alert\","
	                                         "\"subject\":\"C-\\\"1\\\"\",\"time\":\"2026-11-21T09:30:00.000Z\","
	                                         "\"datacontenttype\":\"application/json\",\"data\":{"
	                                         "\"customer_id\":\"C-\\\"1\\\"\",\"rule\":\"repeat_complaint\","
	                                         "\"severity\":\"critical\",\"risk\":91,\"risk_state\":\"critical\","
	                                         "\"previous_state\":\"at_risk\",\"satisfaction_index\":12,\"events\":"
	                                         "9,\"complaints\":4,\"churn_intents\":1,\"lang\":\"ko\","
	                                         "\"channel\":\"complaint\",\"team\":\"A\",\"follow_up\":\"전화하세요."
	                                         "\",\"rules_version\":\"1-00000000\","
	                                         "\"origin\":\"voc.classified/7/1234\",\"contributions\":[]}}");
	voc_buf_free(&buf);
}

static void test_contributions_written_then_read(void **state)
{
	(void)state;
	struct voc_classified event = {
		.id = VOC_STR("e-1"),
		.source = VOC_STR("/web"),
		.time_ms = INT64_C(1795253400001),
		.labels = { .feedback = VOC_FEEDBACK_COMPLAINT,
		            .servqual = VOC_SERVQUAL_EMPATHY,
		            .churn_intent = true },
		.evidence = { { .text = VOC_STR("하나") },
		              { .text = VOC_STR("둘") },
		              { .head = VOC_HEAD_CHURN, .text = VOC_STR("하나") },
		              { .text = VOC_STR("셋") },
		              { .text = VOC_STR("넷") } },
		.evidence_count = 5,
	};
	char longest[100];
	for (size_t i = 0; i + 3 <= sizeof longest; i += 3)
		memcpy(longest + i, "가", 3);
	event.evidence[1].text = voc_str_of(longest, 99);
	struct voc_risk_terms terms = { .sum = 58000 };
	terms.points[VOC_WEIGHT_COMPLAINT] = 12000;
	terms.points[VOC_WEIGHT_EMPATHY] = 8000;
	terms.points[VOC_WEIGHT_CHURN_INTENT] = 40000;
	terms.points[VOC_WEIGHT_RATING_2] = -2000;
	struct voc_buf buf;
	voc_buf_init(&buf, 4096);
	voc_buf_add_char(&buf, '[');
	assert_true(voc_contribution_encode(&buf, &event, &terms));
	voc_buf_add_char(&buf, ',');
	assert_true(voc_contribution_encode(&buf, &event, &terms));
	voc_buf_add_char(&buf, ']');
	assert_non_null(strstr(voc_buf_c_str(&buf), "\"terms\":{\"complaint\":12000,\"servqual:empathy\":8000,"
	                                            "\"churn_intent\":40000,\"rating\":-2000}"));
	struct voc_contribution read[2];
	struct voc_error error = { 0 };
	size_t count = 0;
	assert_int_equal(voc_contributions_decode(voc_buf_str(&buf), arena, read, 1, &count, &error), VOC_OK);
	assert_int_equal(count, 1);
	assert_int_equal(voc_contributions_decode(voc_buf_str(&buf), arena, read, 2, &count, &error), VOC_OK);
	assert_int_equal(count, 2);
	assert_int_equal(read[1].points, 58000);
	assert_int_equal(read[1].time_ms, event.time_ms);
	assert_int_equal(read[1].servqual, VOC_SERVQUAL_EMPATHY);
	assert_true(read[1].churn_intent);
	assert_int_equal(read[1].evidence_count, 3);
	assert_int_equal(read[1].evidence[1].len, 78);      /* 80 would cut a character */
	assert_true(voc_str_is(read[1].evidence[2], "셋")); /* what is said twice stands once */
	voc_buf_free(&buf);
}

static void check_example(const char *name, struct voc_str value, const char *reason)
{
	struct voc_alert alert;
	struct voc_error error = { 0 };
	example_judge(name, reason, voc_alert_decode(value, arena, &alert, &error), &error);
}

static void test_the_schemas_examples(void **state)
{
	(void)state;
	assert_true(examples_each("alert", check_example) >= 11);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_ids_are_hashes_of_the_cause),
		cmocka_unit_test(test_written_then_read),
		cmocka_unit_test(test_the_bytes),
		cmocka_unit_test(test_contributions_written_then_read),
		cmocka_unit_test(test_the_schemas_examples),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
