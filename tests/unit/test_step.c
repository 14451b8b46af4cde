/* classifier/step: a raw record in, a classified event or a dead letter out, and never one that Kafka would refuse. */
#include "classifier/step.h"

#include "base/timestamp.h"
#include "core/record/dead_letter.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795000000000)

static struct voc_classifier *classifier;
static struct voc_step *step;

static const char good[] = "{\"specversion\":\"1.0\",\"id\":\"e-1\",\"source\":\"/web\",\"type\":\"voc.web\",\"data\":"
                           "{\"customer_id\":\"C-7\",\"text\":\"상담원 연결까지 40분을 기다렸어요\"}}";

static int open_step(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	if (voc_classifier_open(VOC_SOURCE_DIR "/services/classifier/model.bin",
	                        VOC_SOURCE_DIR "/services/classifier/phrases.txt", &classifier, &error) != VOC_OK)
		fail_msg("%s", error.text);
	step = voc_step_new(classifier);
	return step ? 0 : -1;
}

static int close_step(void **state)
{
	(void)state;
	voc_step_free(step);
	voc_classifier_free(classifier);
	return 0;
}

static struct voc_step_output run_profile(struct voc_str key, struct voc_str value, enum voc_topic from)
{
	struct voc_error error = { .position = -1 };
	struct voc_step_output output;
	struct voc_step_input input = {
		.from = from,
		.topic = VOC_STR("voc.profiles"),
		.partition = 3,
		.offset = 1234,
		.key = key,
		.record = { value, NULL, 0, NOW_MS - 5000 },
	};
	if (voc_step_run(step, &input, NOW_MS, &output, &error) != VOC_OK)
		fail_msg("%s", error.text);
	return output;
}

static struct voc_step_output run(struct voc_str value, const struct voc_header *headers, size_t header_count)
{
	struct voc_error error = { .position = -1 };
	struct voc_step_output output;
	struct voc_step_input input = {
		.topic = VOC_STR("voc.web"),
		.partition = 3,
		.offset = 1234,
		.key = VOC_STR("raw-key"),
		.record = { value, headers, header_count, NOW_MS - 5000 },
	};
	if (voc_step_run(step, &input, NOW_MS, &output, &error) != VOC_OK)
		fail_msg("%s", error.text);
	return output;
}

/* Writes over where the frames of earlier calls stood: an output must not point there. */
static __attribute__((noinline)) void spoil_stack(void)
{
	volatile char frames[16384];
	for (size_t i = 0; i < sizeof frames; i++)
		frames[i] = '#';
}

static struct voc_str header(const struct voc_step_output *output, const char *name)
{
	for (size_t i = 0; i < output->header_count; i++) {
		if (voc_str_is(output->headers[i].name, name))
			return output->headers[i].value;
	}
	return (struct voc_str){ 0 };
}

static size_t size(const struct voc_step_output *output)
{
	size_t bytes = output->key.len + output->value.len;
	for (size_t i = 0; i < output->header_count; i++)
		bytes += output->headers[i].name.len + output->headers[i].value.len;
	return bytes;
}

/* The trace that an event came with goes on, whatever way it came; a malformed one is passed over. */
static void test_the_trace_goes_on(void **state)
{
	(void)state;
	static const char trace[] = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
	static const char event[] = "{\"specversion\":\"1.0\",\"id\":\"t\",\"source\":\"/t\",\"type\":\"voc.web\",%s"
	                            "\"data\":{\"customer_id\":\"C-1\",\"text\":\"never again\"}}";
	char plain[400], extended[500];
	char member[100];
	snprintf(member, sizeof member, "\"traceparent\":\"%s\",", trace);
	snprintf(plain, sizeof plain, event, "");
	snprintf(extended, sizeof extended, event, member);
	const struct voc_header traced = { VOC_STR("traceparent"), voc_str_from(trace) };
	const struct voc_header bad = { VOC_STR("traceparent"), VOC_STR("00-x") };
	struct voc_step_output output = run(voc_str_from(plain), &traced, 1);
	assert_int_equal(output.refused, VOC_REASON_NONE);
	assert_true(voc_str_is(header(&output, "traceparent"), trace));
	output = run(voc_str_from(extended), &bad, 1);
	assert_true(voc_str_is(header(&output, "traceparent"), trace));
	output = run(voc_str_from(plain), &bad, 1);
	assert_int_equal(output.refused, VOC_REASON_NONE);
	assert_int_equal(output.header_count, 2);
}

/* A tombstone is the empty profile of whom its key names, as of its own time. */
static void test_a_profile_is_erased(void **state)
{
	(void)state;
	const struct voc_str none = { NULL, 0 }, key = VOC_STR("고객 \"1\"");
	struct voc_step_output output = run_profile(key, none, VOC_TOPIC_PROFILES);
	assert_int_equal(output.refused, VOC_REASON_NONE);
	assert_true(voc_str_eq(output.key, key));
	assert_true(voc_str_is(header(&output, "voc_source"), "voc.profiles/3/1234"));
	char time[VOC_TIMESTAMP_SIZE];
	struct voc_buf expected;
	voc_timestamp_format(NOW_MS - 5000, time);
	voc_buf_init(&expected, 1024);
	voc_buf_addf(&expected,
	             "{\"specversion\":\"1.0\",\"id\":\"voc.profiles/3/1234\",\"source\":\"/voc/classifier\",\"type\":"
	             "\"voc.profile\",\"subject\":\"고객 \\\"1\\\"\",\"time\":\"%s\",\"datacontenttype\":"
	             "\"application/json\",\"data\":{\"customer_id\":\"고객 \\\"1\\\"\"}}",
	             time);
	assert_true(voc_str_is(output.value, voc_buf_c_str(&expected)));
	voc_buf_free(&expected);
	/* an empty value is none; an order is never erased; what is no id names nobody */
	assert_int_equal(run_profile(key, VOC_STR(""), VOC_TOPIC_PROFILES).refused, VOC_REASON_EMPTY_RECORD);
	assert_int_equal(run_profile(key, none, VOC_TOPIC_ORDERS).refused, VOC_REASON_EMPTY_RECORD);
	assert_int_equal(run_profile(none, none, VOC_TOPIC_PROFILES).refused, VOC_REASON_EMPTY_RECORD);
	assert_int_equal(run_profile(VOC_STR(" "), none, VOC_TOPIC_PROFILES).refused, VOC_REASON_BAD_VALUE);
	assert_int_equal(run_profile(VOC_STR("\xff"), none, VOC_TOPIC_PROFILES).refused, VOC_REASON_BAD_UTF8);
}

static void test_good(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	struct voc_classified classified;
	struct voc_step_output output = run(VOC_STR(good), NULL, 0);
	assert_int_equal(output.refused, VOC_REASON_NONE);
	assert_true(voc_str_is(output.key, "C-7"));
	assert_true(voc_str_is(header(&output, VOC_SOURCE_HEADER), "voc.web/3/1234"));
	assert_true(voc_str_is(header(&output, "content-type"), "application/cloudevents+json"));
	struct voc_arena *arena = voc_arena_new(1 << 20);
	assert_int_equal(voc_classified_decode(output.value, arena, &classified, &error), VOC_OK);
	assert_true(voc_str_is(classified.id, "e-1"));
	assert_int_equal(classified.time_ms, NOW_MS - 5000); /* the record's own stands in */
	assert_true(voc_str_is(classified.model, voc_classifier_version(classifier)));
	voc_arena_free(arena);
}

/* An order goes on masked, under its own type; what stands in the wrong topic does not. */
static void test_fact(void **state)
{
	(void)state;
	static const char order[] =
	        "{\"specversion\":\"1.0\",\"id\":\"o-1\",\"source\":\"/shop\",\"type\":\"voc.order\","
	        "\"data\":{\"customer_id\":\"C-8\",\"order_id\":\"O-1\",\"status\":\"placed\",\"amount\":5,"
	        "\"currency\":\"KRW\",\"card\":\"4111111111111234\"}}";
	struct voc_error error = { .position = -1 };
	struct voc_step_output output;
	struct voc_step_input input = { .from = VOC_TOPIC_ORDERS,
		                        .topic = VOC_STR("voc.orders"),
		                        .partition = 2,
		                        .offset = 9,
		                        .record = { .value = VOC_STR(order), .timestamp_ms = NOW_MS } };
	assert_int_equal(voc_step_run(step, &input, NOW_MS, &output, &error), VOC_OK);
	assert_int_equal(output.refused, VOC_REASON_NONE);
	assert_true(voc_str_is(output.key, "C-8"));
	assert_true(voc_str_is(header(&output, VOC_SOURCE_HEADER), "voc.orders/2/9"));
	char text[1024];
	snprintf(text, sizeof text, "%.*s", VOC_STR_ARG(output.value));
	assert_non_null(strstr(text, "\"type\":\"voc.order\""));
	assert_non_null(strstr(text, "\"card\":\"************1234\""));

	input.from = VOC_TOPIC_PROFILES;
	assert_int_equal(voc_step_run(step, &input, NOW_MS, &output, &error), VOC_OK);
	assert_int_equal(output.refused, VOC_REASON_UNKNOWN_TYPE);
	input.from = VOC_TOPIC_WEB;
	assert_int_equal(voc_step_run(step, &input, NOW_MS, &output, &error), VOC_OK);
	assert_int_equal(output.refused, VOC_REASON_UNKNOWN_TYPE);
	assert_int_equal(run(VOC_STR(good), NULL, 0).refused, VOC_REASON_NONE);
}

static void test_same_again(void **state)
{
	(void)state;
	struct voc_step_output output = run(VOC_STR(good), NULL, 0);
	char *first = malloc(output.value.len);
	size_t len = output.value.len;
	memcpy(first, output.value.ptr, len);
	(void)run(VOC_STR("{}"), NULL, 0);
	output = run(VOC_STR(good), NULL, 0);
	assert_int_equal(output.value.len, len);
	assert_memory_equal(output.value.ptr, first, len);
	free(first);
}

static void test_refused(void **state)
{
	(void)state;
	struct voc_header headers[] = { { VOC_STR("trace"), VOC_STR("t-1") } };
	struct voc_dead_letter letter;
	struct voc_str value = VOC_STR("{\"specversion\":\"1.0\", \"id\":7}");
	struct voc_step_output output = run(value, headers, 1);
	spoil_stack();
	assert_int_equal(output.refused, VOC_REASON_BAD_TYPE);
	assert_ptr_equal(output.value.ptr, value.ptr); /* byte for byte */
	assert_int_equal(output.value.len, value.len);
	assert_true(voc_str_is(output.key, "raw-key"));
	assert_true(voc_str_is(header(&output, "trace"), "t-1"));
	assert_true(voc_dead_letter_decode(output.headers, output.header_count, &letter));
	assert_int_equal(letter.reason, VOC_REASON_BAD_TYPE);
	assert_true(voc_str_starts_with(letter.error, VOC_STR("id ")));
	assert_true(voc_str_is(letter.origin_topic, "voc.web"));
	assert_int_equal(letter.origin_partition, 3);
	assert_int_equal(letter.origin_offset, 1234);
	assert_int_equal(letter.origin_timestamp_ms, NOW_MS - 5000);
	assert_int_equal(letter.time_ms, NOW_MS);
}

static void test_tombstone(void **state)
{
	(void)state;
	struct voc_step_output output = run((struct voc_str){ NULL, 0 }, NULL, 0);
	assert_int_equal(output.refused, VOC_REASON_EMPTY_RECORD);
	assert_null(output.value.ptr); /* still a tombstone */
}

/* Over the event's limit, but not over Kafka's: whole. */
static void test_large(void **state)
{
	(void)state;
	size_t len = 1200000;
	char *bytes = malloc(len);
	memset(bytes, 'x', len);
	struct voc_step_output output = run(voc_str_of(bytes, len), NULL, 0);
	assert_int_equal(output.refused, VOC_REASON_TOO_LARGE);
	assert_int_equal(output.value.len, len);
	assert_null(header(&output, VOC_STEP_CUT_HEADER).ptr);
	free(bytes);
}

/* So large that Kafka would refuse it with our headers: cut, and told so. */
static void test_too_large_for_kafka(void **state)
{
	(void)state;
	struct voc_header headers[] = { { VOC_STR("trace"), VOC_STR("t-1") } };
	size_t len = 5000000;
	char *bytes = malloc(len);
	memset(bytes, 'x', len);
	struct voc_step_output output = run(voc_str_of(bytes, len), headers, 1);
	assert_int_equal(output.refused, VOC_REASON_TOO_LARGE);
	assert_in_range(output.value.len, 3800000, len - 1);
	assert_in_range(size(&output), 3800000, VOC_STEP_MAX_BYTES);
	assert_true(voc_str_is(header(&output, VOC_STEP_CUT_HEADER), "5000000"));
	assert_true(voc_str_is(header(&output, "trace"), "t-1"));
	free(bytes);
}

static void test_headers_too_large_for_kafka(void **state)
{
	(void)state;
	size_t len = 4200000;
	char *bytes = malloc(len);
	memset(bytes, 'x', len);
	struct voc_header headers[] = { { VOC_STR("fat"), { bytes, len } } };
	struct voc_step_output output = run(VOC_STR("{"), headers, 1);
	assert_int_equal(output.refused, VOC_REASON_BAD_JSON);
	assert_true(voc_str_is(output.value, "{"));
	assert_null(header(&output, "fat").ptr);
	assert_true(voc_str_is(header(&output, "voc_reason"), "bad_json"));
	assert_in_range(size(&output), 1, VOC_STEP_MAX_BYTES);
	free(bytes);
}

/* Each record needs a larger piece of memory than all before it: what the others left must not be in its way. */
static void test_ever_larger_records(void **state)
{
	(void)state;
	static char value[256 * 1024];
	for (int len = 66000; len < 250000; len += 1000) {
		int written =
		        snprintf(value, sizeof value,
		                 "{\"specversion\":\"1.0\",\"id\":\"e-1\",\"source\":\"/web\",\"type\":\"voc.web\","
		                 "\"data\":{\"customer_id\":\"C-7\",\"text\":\"\\n%0*d\"}}",
		                 len, 7);
		struct voc_step_output output = run(voc_str_of(value, (size_t)written), NULL, 0);
		assert_int_equal(output.refused, VOC_REASON_TOO_LARGE);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_trace_goes_on),
		cmocka_unit_test(test_a_profile_is_erased),
		cmocka_unit_test(test_good),
		cmocka_unit_test(test_fact),
		cmocka_unit_test(test_same_again),
		cmocka_unit_test(test_ever_larger_records),
		cmocka_unit_test(test_refused),
		cmocka_unit_test(test_tombstone),
		cmocka_unit_test(test_large),
		cmocka_unit_test(test_too_large_for_kafka),
		cmocka_unit_test(test_headers_too_large_for_kafka),
	};
	return cmocka_run_group_tests(tests, open_step, close_step);
}
