/* Classified records: what the classifier writes the aggregator reads, and the schema's examples go as they should. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/classify/classified.h"
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

static struct voc_event raw_event(void)
{
	return (struct voc_event){
		.id = VOC_STR("6f0c"),
		.source = VOC_STR("/callcenter/seoul"),
		.channel = VOC_CHANNEL_CALL,
		.customer_id = VOC_STR("C-000123"),
		.time_ms = INT64_C(1795253400123),
		.text = VOC_STR("상담원 연결까지 40분, 제 번호는 010-1234-5678 입니다"),
		.rating = 1,
		.expected = 5,
		.contact = VOC_STR("phone"),
		.product = VOC_STR("internet-500"),
	};
}

static struct voc_classification verdict(void)
{
	struct voc_classification result = {
		.labels = {
			.feedback = VOC_FEEDBACK_COMPLAINT,
			.satisfaction = VOC_SATISFACTION_DISSATISFIED,
			.primary_factor = VOC_FACTOR_PRODUCT_SERVICE,
			.factors = 1U << VOC_FACTOR_WORD_OF_MOUTH | 1U << VOC_FACTOR_PRODUCT_SERVICE,
			.servqual = VOC_SERVQUAL_RESPONSIVENESS,
			.churn_intent = true,
			.feedback_confidence = 934,
			.satisfaction_confidence = 1000,
			.factor_confidence = 710,
			.servqual_confidence = 5,
		},
		.lang = "ko",
		.evidence = { { VOC_HEAD_SERVQUAL, VOC_SERVQUAL_RESPONSIVENESS, 0, 28, 900 }, { VOC_HEAD_CHURN, 1, 45, 54, 100 } },
		.evidence_count = 2,
	};
	return result;
}

static struct voc_buf encode(const struct voc_event *event, const struct voc_classification *result)
{
	struct voc_buf buf;
	voc_buf_init(&buf, 1 << 20);
	assert_true(voc_classified_encode(&buf, event, result, "model+rules", VOC_TEXT_MASKED));
	return buf;
}

static void test_the_bytes(void **state)
{
	(void)state;
	struct voc_event event = raw_event();
	struct voc_classification result = verdict();
	struct voc_buf buf = encode(&event, &result);
	assert_string_equal(
	        voc_buf_c_str(&buf),
	        "{\"specversion\":\"1.0\",\"id\":\"6f0c\",\"source\":\"/callcenter/"
	        "seoul\",\"type\":\"voc.classified\",\"subject\":\"C-000123\","
	        "\"time\":\"2026-11-21T09:30:00.123Z\",\"datacontenttype\":\"application/"
	        "json\",\"data\":{\"customer_id\":\"C-000123\","
	        "\"channel\":\"call\",\"contact\":\"phone\",\"lang\":\"ko\",\"rating\":1,\"expected\":5,\"product\":"
	        "\"internet-500\",\"feedback_type\":\"complaint\","
	        "\"satisfaction\":\"dissatisfied\",\"primary_factor\":\"product_service\",\"factors\":["
	        "\"product_service\",\"word_of_mouth\"],"
	        "\"servqual\":\"responsiveness\",\"churn_intent\":true,\"confidence\":{\"feedback_type\":0."
	        "934,\"satisfaction\":1.0,\"factors\":0.71,"
	        "\"servqual\":0.005,\"churn_intent\":0.0},\"evidence\":[{\"head\":\"servqual\",\"label\":"
	        "\"responsiveness\",\"start\":0,\"end\":28,"
	        "\"text\":\"상담원 연결까지 "
	        "40분\"},{\"head\":\"churn_intent\",\"label\":\"churn_intent\",\"start\":45,\"end\":54,"
	        "\"text\":\"**-****-*\"}],\"model\":\"model+rules\"}}");
	voc_buf_free(&buf);
}

/* Its digits would be a telephone number's anywhere else. */
#define TRACE "\"00-4bf92f3577b34da601012345678e4736-00f067aa0ba902b7-01\""

static void test_personal_data_is_masked_wherever_it_stands(void **state)
{
	(void)state;
	struct voc_event event = raw_event();
	struct voc_classification result = verdict();
	event.product = VOC_STR("phone 010-1234-5678");
	event.agent_id = VOC_STR("kim@naver.com");
	event.extensions[0] = (struct voc_extension){ VOC_STR("traceparent"), VOC_STR(TRACE) };
	event.extensions[1] = (struct voc_extension){ VOC_STR("caller"), VOC_STR("\"+82 10-1234-5678\"") };
	event.extensions[2] = (struct voc_extension){ VOC_STR("card"), VOC_STR("4111111111111111") };
	event.extensions[3] = (struct voc_extension){ VOC_STR("tenant"), VOC_STR("\"acme\"") };
	event.extension_count = 4;
	struct voc_buf buf = encode(&event, &result);
	const char *text = voc_buf_c_str(&buf);
	assert_non_null(strstr(text, "\"traceparent\":" TRACE ",\"caller\":\"+** **-****-****\","
	                             "\"card\":\"****************\",\"tenant\":\"acme\",\"data\""));
	assert_non_null(strstr(text, "\"product\":\"phone ***-****-****\",\"agent_id\":\"*************\""));
	voc_buf_free(&buf);
	/* what is no trace is text like any other */
	event.extensions[0].json = VOC_STR("\"call 010-1234-5678\"");
	buf = encode(&event, &result);
	assert_non_null(strstr(voc_buf_c_str(&buf), "\"traceparent\":\"call ***-****-****\""));
	voc_buf_free(&buf);
}

static void test_words_that_may_not_leave(void **state)
{
	(void)state;
	struct voc_event event = raw_event();
	struct voc_classification result = verdict();
	struct voc_classified classified;
	struct voc_error error = { 0 };
	struct voc_buf buf;
	voc_buf_init(&buf, 1 << 20);
	assert_true(voc_classified_encode(&buf, &event, &result, "m", VOC_TEXT_ABSENT));
	assert_null(strstr(voc_buf_c_str(&buf), "상담원"));
	assert_null(strstr(voc_buf_c_str(&buf), "\"text\""));
	assert_int_equal(voc_classified_decode(voc_buf_str(&buf), arena, &classified, &error), VOC_OK);
	assert_int_equal(classified.evidence_count, 2);
	assert_int_equal(classified.evidence[1].start, 45);
	assert_int_equal(classified.evidence[1].text.len, 0);
	voc_buf_free(&buf);
}

static void test_written_then_read(void **state)
{
	(void)state;
	struct voc_event event = raw_event();
	struct voc_classification result = verdict();
	struct voc_classified classified;
	struct voc_error error = { 0 };
	event.id = VOC_STR("quo\"ted");
	event.team = VOC_STR("상담 1팀");
	struct voc_buf buf = encode(&event, &result);
	assert_int_equal(voc_classified_decode(voc_buf_str(&buf), arena, &classified, &error), VOC_OK);
	assert_true(voc_str_eq(classified.id, event.id));
	assert_true(voc_str_eq(classified.source, event.source));
	assert_true(voc_str_eq(classified.customer_id, event.customer_id));
	assert_int_equal(classified.time_ms, event.time_ms);
	assert_int_equal(classified.channel, event.channel);
	assert_string_equal(classified.lang, "ko");
	assert_int_equal(classified.rating, 1);
	assert_int_equal(classified.expected, 5);
	assert_true(voc_str_eq(classified.contact, event.contact));
	assert_true(voc_str_eq(classified.team, event.team));
	assert_int_equal(classified.agent_id.len, 0);
	assert_int_equal(classified.labels.feedback, result.labels.feedback);
	assert_int_equal(classified.labels.factors, result.labels.factors);
	assert_int_equal(classified.labels.servqual, result.labels.servqual);
	assert_true(classified.labels.churn_intent);
	assert_int_equal(classified.labels.feedback_confidence, 934);
	assert_int_equal(classified.labels.satisfaction_confidence, 1000);
	assert_int_equal(classified.labels.servqual_confidence, 5);
	assert_int_equal(classified.evidence_count, 2);
	assert_int_equal(classified.evidence[0].label, VOC_SERVQUAL_RESPONSIVENESS);
	assert_int_equal(classified.evidence[1].head, VOC_HEAD_CHURN);
	assert_int_equal(classified.evidence[1].label, 1);
	assert_int_equal(classified.evidence[1].start, 45);
	assert_true(voc_str_is(classified.model, "model+rules"));
	voc_buf_free(&buf);
}

static void test_every_label_goes_both_ways(void **state)
{
	(void)state;
	for (int i = 0; i < VOC_FACTOR_COUNT * VOC_SATISFACTION_COUNT; i++) {
		struct voc_event event = raw_event();
		struct voc_classification result = { .lang = "en" };
		struct voc_classified classified;
		struct voc_error error = { 0 };
		event.channel = (enum voc_channel)(i % VOC_CHANNEL_COUNT);
		event.rating = i % 6;
		result.labels.feedback = (enum voc_feedback)(i % VOC_FEEDBACK_COUNT);
		result.labels.satisfaction = (enum voc_satisfaction)(i % VOC_SATISFACTION_COUNT);
		result.labels.primary_factor = (enum voc_factor)(i % VOC_FACTOR_COUNT);
		result.labels.servqual = (enum voc_servqual)(i / 5 % VOC_SERVQUAL_COUNT);
		result.labels.factors = ((uint32_t)i * 7 % 32) << 1;
		struct voc_buf buf = encode(&event, &result);
		assert_int_equal(voc_classified_decode(voc_buf_str(&buf), arena, &classified, &error), VOC_OK);
		assert_memory_equal(&classified.labels, &result.labels, sizeof result.labels);
		assert_int_equal(classified.channel, event.channel);
		assert_int_equal(classified.rating, event.rating);
		voc_buf_free(&buf);
	}
}

static void test_extensions_are_carried_on_but_ours_are_not_doubled(void **state)
{
	(void)state;
	struct voc_event event = raw_event();
	struct voc_classification result = verdict();
	struct voc_classified classified;
	struct voc_error error = { 0 };
	static const struct voc_extension extensions[] = {
		{ { "traceparent", 11 }, { "\"00-4b\"", 7 } },
		{ { "subject", 7 }, { "\"x\"", 3 } },
		{ { "dataschema", 10 }, { "\"urn:raw\"", 9 } },
		{ { "datacontenttype", 15 }, { "\"text/plain\"", 12 } },
		{ { "sequence", 8 }, { "42", 2 } },
	};
	memcpy(event.extensions, extensions, sizeof extensions);
	event.extension_count = sizeof extensions / sizeof *extensions;
	struct voc_buf buf = encode(&event, &result);
	assert_non_null(strstr(voc_buf_c_str(&buf), "\"traceparent\":\"00-4b\",\"sequence\":42,\"data\""));
	assert_null(strstr(voc_buf_c_str(&buf), "urn:raw"));
	assert_int_equal(voc_classified_decode(voc_buf_str(&buf), arena, &classified, &error), VOC_OK);
	voc_buf_free(&buf);
}

static void test_evidence_is_cut_and_spans_stay_inside(void **state)
{
	(void)state;
	struct voc_event event = raw_event();
	struct voc_classification result = verdict();
	struct voc_classified classified;
	struct voc_error error = { 0 };
	char text[600];
	for (size_t i = 0; i < sizeof text; i += 3)
		memcpy(text + i, "가", 3);
	event.text = voc_str_of(text, sizeof text);
	result.evidence_count = 4;
	result.evidence[0] = (struct voc_evidence){ VOC_HEAD_FEEDBACK, VOC_FEEDBACK_COMPLAINT, 0, 600, 1 };
	result.evidence[1] = (struct voc_evidence){ VOC_HEAD_FEEDBACK, VOC_FEEDBACK_COMPLAINT, 3, 603, 1 };
	result.evidence[2] = (struct voc_evidence){ VOC_HEAD_FEEDBACK, VOC_FEEDBACK_COMPLAINT, 9, 9, 1 };
	result.evidence[3] = (struct voc_evidence){ VOC_HEAD_FEEDBACK, VOC_FEEDBACK_COMPLAINT, 597, 600, 1 };
	struct voc_buf buf = encode(&event, &result);
	assert_int_equal(voc_classified_decode(voc_buf_str(&buf), arena, &classified, &error), VOC_OK);
	assert_int_equal(classified.evidence_count, 2);
	assert_int_equal(classified.evidence[0].text.len, VOC_EVIDENCE_MAX_BYTES);
	assert_int_equal(classified.evidence[0].end, 600);
	assert_int_equal(classified.evidence[1].text.len, 3);
	voc_buf_free(&buf);
}

static void test_a_full_buffer_is_told(void **state)
{
	(void)state;
	struct voc_event event = raw_event();
	struct voc_classification result = verdict();
	struct voc_buf buf;
	voc_buf_init(&buf, 700);
	assert_false(voc_classified_encode(&buf, &event, &result, "m", VOC_TEXT_MASKED));
	voc_buf_free(&buf);
}

static void test_a_full_arena_is_not_the_records_fault(void **state)
{
	(void)state;
	struct voc_event event = raw_event();
	struct voc_classification result = verdict();
	struct voc_classified classified;
	struct voc_error error = { 0 };
	struct voc_arena *tiny = voc_arena_new(16);
	event.id = VOC_STR("needs\tan escape, and so a place in the arena");
	struct voc_buf buf = encode(&event, &result);
	assert_int_equal(voc_classified_decode(voc_buf_str(&buf), tiny, &classified, &error), VOC_FATAL);
	assert_int_equal(error.reason, VOC_REASON_OUT_OF_MEMORY);
	voc_buf_free(&buf);
	voc_arena_free(tiny);
}

/* A gap and needs go into alerts byte for byte. What no classifier writes must not make an alert that can't be told. */
static void test_a_gap_or_needs_beyond_any_size(void **state)
{
	(void)state;
	struct voc_event event = raw_event();
	struct voc_classification result = verdict();
	static const char *const members[] = {
		"\"gap\":{\"number\":5,\"name\":\"perception\",\"strength\":\"weak\",\"cues\":[],\"owner\":\"o\","
		"\"step\":\"%0*d\",\"version\":\"1\"},",
		"\"needs\":{\"time\":[\"%0*d\"],\"version\":\"1\"},",
	};
	struct voc_buf buf = encode(&event, &result);
	const char *text = voc_buf_c_str(&buf), *model = strstr(text, "\"model\"");
	assert_non_null(model);
	for (size_t i = 0; i < sizeof members / sizeof *members; i++) {
		for (int len = 8000; len < 100000; len += 80000) {
			struct voc_classified classified;
			struct voc_error error = { 0 };
			struct voc_buf whole;
			voc_buf_init(&whole, 200000);
			voc_buf_add(&whole, text, (size_t)(model - text));
			voc_buf_addf(&whole, members[i], len, 7);
			voc_buf_add_str(&whole, voc_str_from(model));
			enum voc_status status = voc_classified_decode(voc_buf_str(&whole), arena, &classified, &error);
			assert_int_equal(status, len == 8000 ? VOC_OK : VOC_INVALID);
			assert_int_equal(error.reason, len == 8000 ? VOC_REASON_NONE : VOC_REASON_TOO_LARGE);
			voc_buf_free(&whole);
		}
	}
	voc_buf_free(&buf);
}

static void check_example(const char *name, struct voc_str value, const char *reason)
{
	struct voc_classified classified;
	struct voc_error error = { 0 };
	example_judge(name, reason, voc_classified_decode(value, arena, &classified, &error), &error);
}

static void test_the_schemas_examples(void **state)
{
	(void)state;
	assert_true(examples_each("classified", check_example) >= 20);
}

static void test_no_value(void **state)
{
	(void)state;
	struct voc_classified classified;
	struct voc_error error = { 0 };
	assert_int_equal(voc_classified_decode((struct voc_str){ NULL, 0 }, arena, &classified, &error), VOC_INVALID);
	assert_int_equal(error.reason, VOC_REASON_EMPTY_RECORD);
}

static void test_source_positions(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"",       "a",      "a/1",    "a/1/",   "/1/2",    "a//2",  "a/1/2/",         "a/-1/2",
		"a/1/-2", "a/01/2", "a/1/02", "a/+1/2", "a b/1/2", "a/1/x", "a/2147483648/0", "a/1/9223372036854775807",
		"b/a/1/2"
	};
	struct voc_source_position position = { .partition = 42 };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (voc_source_position_parse(voc_str_from(bad[i]), &position))
			fail_msg("'%s' was taken", bad[i]);
	}
	assert_true(voc_source_position_parse(VOC_STR("voc.calls_x-1/2147483647/9223372036854775806"), &position));
	assert_true(voc_str_is(position.topic, "voc.calls_x-1"));
	assert_int_equal(position.partition, INT32_MAX);
	assert_int_equal(position.offset, INT64_MAX - 1);
	struct voc_buf buf;
	voc_buf_init(&buf, 100);
	assert_true(voc_source_position_format(&buf, &position));
	assert_string_equal(voc_buf_c_str(&buf), "voc.calls_x-1/2147483647/9223372036854775806");
	voc_buf_free(&buf);
	assert_true(voc_source_partition_parse(VOC_STR("t/0"), &position));
	assert_int_equal(position.offset, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_bytes),
		cmocka_unit_test(test_personal_data_is_masked_wherever_it_stands),
		cmocka_unit_test(test_words_that_may_not_leave),
		cmocka_unit_test(test_written_then_read),
		cmocka_unit_test(test_every_label_goes_both_ways),
		cmocka_unit_test(test_extensions_are_carried_on_but_ours_are_not_doubled),
		cmocka_unit_test(test_evidence_is_cut_and_spans_stay_inside),
		cmocka_unit_test(test_a_full_buffer_is_told),
		cmocka_unit_test(test_a_full_arena_is_not_the_records_fault),
		cmocka_unit_test(test_a_gap_or_needs_beyond_any_size),
		cmocka_unit_test(test_the_schemas_examples),
		cmocka_unit_test(test_no_value),
		cmocka_unit_test(test_source_positions),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
