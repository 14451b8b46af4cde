/* core/dead_letter: headers there and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/record/dead_letter.h"

static const struct voc_dead_letter letter = {
	.reason = VOC_REASON_DUPLICATE_KEY,
	.error = { "the same member twice", 21 },
	.position = 35,
	.origin_topic = { "voc.calls", 9 },
	.origin_partition = 3,
	.origin_offset = INT64_C(1234567890123),
	.origin_timestamp_ms = INT64_C(1795253400000),
	.service = { "voc-classifier", 14 },
	.time_ms = INT64_C(1795253401234),
};

static struct voc_str value_of(const struct voc_header *headers, size_t count, const char *name)
{
	size_t found = count;
	for (size_t i = 0; i < count; i++) {
		if (!voc_str_is(headers[i].name, name))
			continue;
		assert_int_equal(found, count); /* once only */
		found = i;
	}
	assert_int_not_equal(found, count);
	return headers[found].value;
}

static void test_there_and_back(void **state)
{
	(void)state;
	struct voc_arena *arena = voc_arena_new(100000);
	const struct voc_header *headers;
	size_t count;
	struct voc_dead_letter back;
	assert_true(voc_dead_letter_encode(&letter, NULL, 0, arena, &headers, &count));
	assert_true(voc_dead_letter_decode(headers, count, &back));
	assert_int_equal(back.reason, VOC_REASON_DUPLICATE_KEY);
	assert_true(voc_str_is(back.reason_name, "duplicate_key"));
	assert_true(voc_str_eq(back.error, letter.error));
	assert_int_equal(back.position, 35);
	assert_true(voc_str_is(back.origin_topic, "voc.calls"));
	assert_int_equal(back.origin_partition, 3);
	assert_int_equal(back.origin_offset, letter.origin_offset);
	assert_int_equal(back.origin_timestamp_ms, letter.origin_timestamp_ms);
	assert_true(voc_str_is(back.service, "voc-classifier"));
	assert_int_equal(back.time_ms, letter.time_ms);
	voc_arena_free(arena);
}

static void test_names_are_ours_and_connects(void **state)
{
	(void)state;
	static const struct {
		const char *name, *value;
	} expected[] = {
		{ "voc_reason", "duplicate_key" },
		{ "voc_error", "the same member twice" },
		{ "voc_position", "35" },
		{ "voc_origin_topic", "voc.calls" },
		{ "voc_origin_partition", "3" },
		{ "voc_origin_offset", "1234567890123" },
		{ "voc_origin_timestamp", "1795253400000" },
		{ "voc_service", "voc-classifier" },
		{ "voc_time", "2026-11-21T09:30:01.234Z" },
		{ "__connect.errors.topic", "voc.calls" },
		{ "__connect.errors.partition", "3" },
		{ "__connect.errors.offset", "1234567890123" },
		{ "__connect.errors.connector.name", "voc-classifier" },
		{ "__connect.errors.task.id", "0" },
		{ "__connect.errors.stage", "VALUE_CONVERTER" },
		{ "__connect.errors.exception.class.name", "voc.duplicate_key" },
		{ "__connect.errors.exception.message", "the same member twice" },
	};
	struct voc_arena *arena = voc_arena_new(100000);
	const struct voc_header *headers;
	size_t count;
	assert_true(voc_dead_letter_encode(&letter, NULL, 0, arena, &headers, &count));
	assert_int_equal(count, sizeof expected / sizeof *expected);
	for (size_t i = 0; i < count; i++) {
		assert_true(voc_str_is(value_of(headers, count, expected[i].name), expected[i].value));
		assert_true(voc_dead_letter_owns(voc_str_from(expected[i].name)));
	}
	voc_arena_free(arena);
}

static void test_original_headers_are_kept_and_old_reasons_replaced(void **state)
{
	(void)state;
	const struct voc_header original[] = {
		{ VOC_STR("ce_id"), VOC_STR("e-1") },
		{ VOC_STR("voc_reason"), VOC_STR("bad_json") },
		{ VOC_STR("trace"), { NULL, 0 } },
		{ VOC_STR("__connect.errors.topic"), VOC_STR("old") },
		{ VOC_STR("ce_id"), VOC_STR("twice") },
		{ VOC_STR("voc_source"), VOC_STR("voc.calls/1/2") },
		{ VOC_STR("voc_position"), VOC_STR("1000") },
	};
	struct voc_dead_letter again = letter;
	again.position = -1;
	struct voc_arena *arena = voc_arena_new(100000);
	const struct voc_header *headers;
	size_t count;
	assert_true(
	        voc_dead_letter_encode(&again, original, sizeof original / sizeof *original, arena, &headers, &count));
	assert_true(voc_str_is(headers[0].value, "e-1"));
	assert_true(voc_str_is(headers[1].name, "trace"));
	assert_null(headers[1].value.ptr);
	assert_true(voc_str_is(headers[2].value, "twice"));
	assert_true(voc_str_is(headers[3].name, "voc_source"));
	assert_true(voc_str_is(value_of(headers, count, "voc_reason"), "duplicate_key"));
	assert_true(voc_str_is(value_of(headers, count, "__connect.errors.topic"), "voc.calls"));
	struct voc_dead_letter back;
	assert_true(voc_dead_letter_decode(headers, count, &back));
	assert_int_equal(back.position, -1);
	voc_arena_free(arena);
}

static void test_what_is_no_dead_letter_is_refused(void **state)
{
	(void)state;
	struct voc_header headers[] = {
		{ VOC_STR("voc_reason"), VOC_STR("from_the_future") },
		{ VOC_STR("voc_origin_topic"), VOC_STR("voc.web") },
		{ VOC_STR("voc_origin_partition"), VOC_STR("0") },
		{ VOC_STR("voc_origin_offset"), VOC_STR("7") },
	};
	struct voc_dead_letter back;
	assert_true(voc_dead_letter_decode(headers, 4, &back));
	assert_int_equal(back.reason, VOC_REASON_NONE);
	assert_true(voc_str_is(back.reason_name, "from_the_future"));
	assert_int_equal(back.position, -1);
	assert_false(voc_dead_letter_decode(headers, 3, &back));
	assert_false(voc_dead_letter_decode(headers + 1, 3, &back));
	assert_false(voc_dead_letter_decode(NULL, 0, &back));
	static const char *const bad_partitions[] = { "", "-1", "2147483648", "1x" };
	for (size_t i = 0; i < sizeof bad_partitions / sizeof *bad_partitions; i++) {
		headers[2].value = voc_str_from(bad_partitions[i]);
		assert_false(voc_dead_letter_decode(headers, 4, &back));
	}
}

static void test_a_full_arena_is_told(void **state)
{
	(void)state;
	const struct voc_header *headers;
	size_t count;
	for (size_t max = 0; max < 1200; max += 16) {
		struct voc_arena *arena = voc_arena_new(max);
		bool fits = voc_dead_letter_encode(&letter, NULL, 0, arena, &headers, &count);
		assert_true(!fits || count == 17);
		voc_arena_free(arena);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_there_and_back),
		cmocka_unit_test(test_names_are_ours_and_connects),
		cmocka_unit_test(test_original_headers_are_kept_and_old_reasons_replaced),
		cmocka_unit_test(test_what_is_no_dead_letter_is_refused),
		cmocka_unit_test(test_a_full_arena_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
