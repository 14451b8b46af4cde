/* Rules as a record of the log, and the book that holds each set once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/rules/rules_record.h"
#include "support/examples.h"

static struct voc_arena *arena;
static struct voc_rules_record record;
static int seen;

static void check_example(const char *name, struct voc_str value, const char *reason)
{
	struct voc_error error = { 0 };
	example_judge(name, reason, voc_rules_record_decode(value, arena, &record, &error), &error);
	seen++;
}

static void test_examples(void **state)
{
	(void)state;
	arena = voc_arena_new((size_t)4 * 1024 * 1024);
	int count = examples_each("rules", check_example);
	assert_in_range(count, 10, 100);
	assert_int_equal(seen, count);
	voc_arena_free(arena);
}

static void test_what_is_written_is_read(void **state)
{
	(void)state;
	struct voc_rule_book *book = voc_rule_book_new();
	const struct voc_rule_set *set = example_rules(book);
	struct voc_error error = { 0 };
	struct voc_buf value, small;
	arena = voc_arena_new((size_t)1 << 20);
	voc_buf_init(&value, VOC_RULES_RECORD_MAX_BYTES);
	assert_true(voc_rules_record_encode(&value, set));
	assert_int_equal(voc_rules_record_decode(voc_buf_str(&value), arena, &record, &error), VOC_OK);
	assert_true(voc_str_eq(record.json, set->json));
	assert_memory_equal(&record.rules, &set->rules, sizeof record.rules);
	struct voc_buf example = example_read("schemas/examples/rules/valid/default.json");
	assert_true(voc_str_eq(voc_buf_str(&example), voc_buf_str(&value)));
	voc_buf_init(&small, value.len - 1);
	assert_false(voc_rules_record_encode(&small, set));
	struct voc_arena *tiny = voc_arena_new(64); /* says nothing of the record */
	assert_int_equal(voc_rules_record_decode(voc_buf_str(&value), tiny, &record, &error), VOC_FATAL);
	assert_int_equal(error.reason, VOC_REASON_OUT_OF_MEMORY);
	voc_arena_free(tiny);
	voc_buf_free(&small);
	voc_buf_free(&example);
	voc_buf_free(&value);
	voc_arena_free(arena);
	voc_rule_set_release(set);
	voc_rule_book_free(book);
}

static void test_a_record_has_a_greatest_size(void **state)
{
	(void)state;
	static char long_one[VOC_RULES_RECORD_MAX_BYTES + 1];
	struct voc_error error = { 0 };
	memset(long_one, ' ', sizeof long_one);
	arena = voc_arena_new((size_t)1 << 20);
	assert_int_equal(voc_rules_record_decode(voc_str_of(long_one, sizeof long_one), arena, &record, &error),
	                 VOC_INVALID);
	assert_int_equal(error.reason, VOC_REASON_TOO_LARGE);
	voc_arena_free(arena);
}

static void test_the_book_holds_each_version_once(void **state)
{
	(void)state;
	struct voc_rule_book *book = voc_rule_book_new();
	const struct voc_rule_set *one = example_rules(book), *same = example_rules(book);
	const struct voc_rule_set *other = example_other_rules(book);
	assert_ptr_equal(one, same);
	assert_ptr_not_equal(one, other);
	voc_rule_set_release(one);
	assert_ptr_equal(voc_rule_book_find(book, voc_str_from(same->rules.version)), same);
	voc_rule_set_release(same);
	char version[VOC_RULES_VERSION_SIZE];
	voc_str_copy(version, sizeof version, voc_str_from(same->rules.version));
	voc_rule_set_release(same);
	assert_null(voc_rule_book_find(book, voc_str_from(version)));
	assert_string_equal(voc_rule_set_version(NULL), "");
	voc_rule_set_release(other);
	voc_rule_book_free(book);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_examples),
		cmocka_unit_test(test_what_is_written_is_read),
		cmocka_unit_test(test_a_record_has_a_greatest_size),
		cmocka_unit_test(test_the_book_holds_each_version_once),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
