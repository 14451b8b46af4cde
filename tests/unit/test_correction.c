/* core: corrections, written, read, laid over each other, and made into training rows. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/record/correction.h"

static struct voc_correction example(void)
{
	struct voc_correction correction = {
		.event_id = VOC_STR("e-1"),
		.event_source = VOC_STR("/call"),
		.who = VOC_STR("qm-7"),
		.time_ms = INT64_C(1795255200250),
		.lang = "ko",
		.text = VOC_STR("참 \"빠르네요\""),
		.heads = 1U << VOC_HEAD_FEEDBACK | 1U << VOC_HEAD_FACTOR | 1U << VOC_HEAD_CHURN,
	};
	correction.labels = (struct voc_labels){
		.feedback = VOC_FEEDBACK_COMPLAINT,
		.primary_factor = VOC_FACTOR_EMOTION,
		.factors = 1U << VOC_FACTOR_EMOTION | 1U << VOC_FACTOR_EQUITY,
		.churn_intent = true,
	};
	return correction;
}

static void test_what_is_written_is_read(void **state)
{
	(void)state;
	struct voc_correction written = example(), read = { 0 };
	struct voc_arena *arena = voc_arena_new(65536);
	struct voc_error error = { 0 };
	struct voc_buf buf;
	written.note = VOC_STR("반어");
	written.customer_id = VOC_STR("C-1");
	written.model = VOC_STR("1+1");
	voc_buf_init(&buf, 65536);
	assert_true(voc_correction_encode(&buf, &written));
	if (voc_correction_decode(voc_buf_str(&buf), arena, &read, &error) != VOC_OK)
		fail_msg("%s", error.text);
	assert_true(voc_str_eq(read.event_id, written.event_id));
	assert_true(voc_str_eq(read.event_source, written.event_source));
	assert_true(voc_str_eq(read.customer_id, written.customer_id));
	assert_true(voc_str_eq(read.who, written.who));
	assert_true(voc_str_eq(read.note, written.note));
	assert_true(voc_str_eq(read.model, written.model));
	assert_true(voc_str_eq(read.text, written.text));
	assert_string_equal(read.lang, "ko");
	assert_int_equal(read.time_ms, written.time_ms);
	assert_int_equal(read.heads, written.heads);
	assert_memory_equal(&read.labels, &written.labels, sizeof read.labels);

	/* another time makes it another event */
	struct voc_buf other;
	voc_buf_init(&other, 65536);
	written.time_ms++;
	assert_true(voc_correction_encode(&other, &written));
	const char *id = strstr(voc_buf_c_str(&buf), "\"id\":\"");
	assert_int_not_equal(strncmp(id, strstr(voc_buf_c_str(&other), "\"id\":\""), 38), 0);
	voc_buf_free(&other);
	voc_buf_free(&buf);
	voc_arena_free(arena);
}

static void assert_check(const struct voc_correction *correction, const char *why)
{
	struct voc_error error = { 0 };
	assert_int_equal(voc_correction_check(correction, &error), why ? VOC_INVALID : VOC_OK);
	assert_string_equal(error.text, why ? why : "");
}

static void test_labels_that_do_not_go_together(void **state)
{
	(void)state;
	struct voc_correction correction = example();
	assert_check(&correction, NULL);
	correction.labels.primary_factor = VOC_FACTOR_ATTRIBUTION;
	assert_check(&correction, "the primary factor is not among the factors");
	correction.labels.primary_factor = VOC_FACTOR_NONE;
	assert_check(&correction, "factors without a primary one");
	correction.labels.factors = 0;
	assert_check(&correction, NULL);
	correction.labels.feedback = VOC_FEEDBACK_UNKNOWN;
	assert_check(&correction, "feedback_type: unknown is no correction");
	correction.heads = 1U << VOC_HEAD_SATISFACTION; /* the others are not looked at */
	assert_check(&correction, "satisfaction: unknown is no correction");
	correction.heads = 1U << VOC_HEAD_SERVQUAL;
	assert_check(&correction, NULL);
	correction.heads = 0;
	assert_check(&correction, "no label is corrected");
}

static void test_rows_have_the_corrected_heads_only(void **state)
{
	(void)state;
	struct voc_correction correction = example();
	struct voc_buf buf;
	voc_buf_init(&buf, 4096);
	assert_true(voc_correction_write_row(&buf, &correction));
	assert_string_equal(
	        voc_buf_c_str(&buf),
	        "{\"text\":\"참 \\\"빠르네요\\\"\",\"lang\":\"ko\",\"feedback_type\":\"complaint\","
	        "\"primary_factor\":\"emotion\",\"factors\":[\"emotion\",\"equity\"],\"churn_intent\":true}\n");
	voc_buf_free(&buf);
}

static void test_an_older_one_fills_what_the_newer_leaves_open(void **state)
{
	(void)state;
	struct voc_correction older = example(), newer = example();
	older.labels.churn_intent = false;
	older.heads |= 1U << VOC_HEAD_SERVQUAL;
	older.labels.servqual = VOC_SERVQUAL_EMPATHY;
	newer.heads = 1U << VOC_HEAD_CHURN;
	newer.labels = (struct voc_labels){ .churn_intent = true };
	voc_correction_merge(&newer, &older);
	assert_int_equal(newer.heads, older.heads);
	assert_true(newer.labels.churn_intent);
	assert_int_equal(newer.labels.servqual, VOC_SERVQUAL_EMPATHY);
	assert_int_equal(newer.labels.feedback, VOC_FEEDBACK_COMPLAINT);
	assert_int_equal(newer.labels.primary_factor, VOC_FACTOR_EMOTION);
	assert_int_equal(newer.labels.factors, older.labels.factors);
}

static void test_the_key_is_the_events_identity(void **state)
{
	(void)state;
	struct voc_buf buf;
	voc_buf_init(&buf, 256);
	assert_true(voc_correction_key(&buf, VOC_STR("/a b"), VOC_STR("c")));
	assert_string_equal(voc_buf_c_str(&buf), "/a b\nc");
	voc_buf_free(&buf);
}

static void test_labels_are_compared_by_head(void **state)
{
	(void)state;
	struct voc_labels a = example().labels, b = a;
	assert_int_equal(voc_labels_diff(&a, &b), 0);
	assert_false(voc_labels_differ_in_alarm(&a, &b));
	b.servqual_confidence = 900;
	assert_int_equal(voc_labels_diff(&a, &b), 0);
	b.primary_factor = VOC_FACTOR_EQUITY;
	assert_int_equal(voc_labels_diff(&a, &b), 1U << VOC_HEAD_FACTOR);
	b.feedback = VOC_FEEDBACK_OPINION;
	assert_int_equal(voc_labels_diff(&a, &b), 1U << VOC_HEAD_FACTOR | 1U << VOC_HEAD_FEEDBACK);
	assert_true(voc_labels_differ_in_alarm(&a, &b));
	a.feedback = VOC_FEEDBACK_QUESTION;
	assert_false(voc_labels_differ_in_alarm(&a, &b));
	b.churn_intent = false;
	assert_true(voc_labels_differ_in_alarm(&a, &b));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_written_is_read),
		cmocka_unit_test(test_labels_that_do_not_go_together),
		cmocka_unit_test(test_rows_have_the_corrected_heads_only),
		cmocka_unit_test(test_an_older_one_fills_what_the_newer_leaves_open),
		cmocka_unit_test(test_the_key_is_the_events_identity),
		cmocka_unit_test(test_labels_are_compared_by_head),
	};
	return cmocka_run_group_tests_name("correction", tests, NULL, NULL);
}
