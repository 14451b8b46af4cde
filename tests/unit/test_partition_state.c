/* A partition's position: marks in order and bounded, stored as differences, refused when it is not ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "core/aggregate/partition_state.h"
#include "support/examples.h"
#include "support/fake_store.h"

#define FIELD(name, value)                         \
	{                                          \
		{ (name), sizeof(name) - 1 },      \
		{                                  \
			(value), sizeof(value) - 1 \
		}                                  \
	}

static struct voc_rule_book *book;
static const struct voc_rule_set *some;

static int set_up(void **state)
{
	(void)state;
	book = voc_rule_book_new();
	some = example_rules(book);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	voc_rule_set_release(some);
	voc_rule_book_free(book);
	return 0;
}

static struct voc_source_position place(const char *topic, int32_t partition)
{
	return (struct voc_source_position){ .topic = voc_str_from(topic), .partition = partition };
}

static void test_nothing_stored_is_the_logs_start(void **state)
{
	(void)state;
	struct voc_partition_state position;
	struct voc_error error = { 0 };
	struct fake_store store = { 0 };
	struct fake_hash *hash = fake_store_hash(&store, "position");
	assert_int_equal(voc_partition_state_load(NULL, 0, book, &position, &error), VOC_OK);
	assert_int_equal(position.now.offset, 0);
	assert_false(position.is_stored);
	/* Saved as it is, it is there: an offset of 0 is a position. */
	assert_true(voc_partition_state_diff(&position, fake_hash_tell, hash));
	assert_int_equal(hash->count, 1);
	assert_string_equal(fake_hash_get(hash, "offset"), "0");
	fake_store_free(&store);
	voc_partition_state_free(&position);
}

static void test_all_fields_come_back(void **state)
{
	(void)state;
	const struct voc_field fields[] = {
		{ VOC_STR("rules"), voc_str_from(some->rules.version) },
		{ VOC_STR("rules_body"), some->json },
		FIELD("offset", "102"),
		FIELD("events", "90"),
		FIELD("duplicates", "5"),
		FIELD("copies", "4"),
		FIELD("invalid", "1"),
		FIELD("controls", "2"),
		FIELD("facts", "7"),
		FIELD("rules_from", "3"),
		FIELD("src:voc.web/11", "7"),
		FIELD("src:voc.web/2", "0"),
		FIELD("src:voc.calls/0", "9223372036854775807"),
	};
	const size_t count = sizeof fields / sizeof *fields;
	struct voc_partition_state position;
	struct voc_error error = { 0 };
	struct fake_store store = { 0 };
	struct fake_hash *hash = fake_store_hash(&store, "position");
	assert_int_equal(voc_partition_state_load(fields, count, book, &position, &error), VOC_OK);
	assert_int_equal(position.now.offset, 102);
	assert_int_equal(position.now.copies, 4);
	assert_int_equal(position.now.controls, 2);
	assert_int_equal(position.now.facts, 7);
	assert_ptr_equal(position.rules, some);
	struct voc_source_position web = place("voc.web", 11), calls = place("voc.calls", 0),
	                           other = place("voc.web", 1);
	assert_int_equal(voc_partition_state_mark(&position, &web), 7);
	assert_int_equal(voc_partition_state_mark(&position, &calls), INT64_MAX);
	assert_int_equal(voc_partition_state_mark(&position, &other), 0);
	assert_true(voc_partition_state_diff(&position, fake_hash_tell, hash));
	assert_int_equal(hash->count, 0);
	position.stored = (struct voc_partition_counts){ .rules_from = -1 };
	voc_rule_set_release(position.stored_rules);
	position.stored_rules = NULL;
	position.is_stored = false;
	for (size_t i = 0; i < position.mark_count; i++)
		position.marks[i].stored = -1;
	assert_true(voc_partition_state_diff(&position, fake_hash_tell, hash));
	assert_int_equal(hash->count, count);
	for (size_t i = 0; i < count; i++)
		assert_true(voc_str_is(fields[i].value, fake_hash_get(hash, fields[i].name.ptr)));
	fake_store_free(&store);
	voc_partition_state_free(&position);
}

static void test_saved_state_is_told_no_more(void **state)
{
	(void)state;
	struct voc_partition_state position;
	struct voc_error error = { 0 };
	struct fake_store store = { 0 };
	struct fake_hash *hash = fake_store_hash(&store, "position");
	struct voc_source_position web = place("voc.web", 1);
	voc_partition_state_init(&position);
	position.now.offset = 3;
	position.now.events = 3;
	assert_int_equal(voc_partition_state_set_mark(&position, &web, 8, &error), VOC_OK);
	assert_true(voc_partition_state_diff(&position, fake_hash_tell, hash));
	assert_int_equal(hash->count, 3);
	voc_partition_state_saved(&position);
	fake_store_free(&store);
	hash = fake_store_hash(&store, "again");
	assert_int_equal(voc_partition_state_set_mark(&position, &web, 9, &error), VOC_OK);
	assert_true(voc_partition_state_diff(&position, fake_hash_tell, hash));
	assert_int_equal(hash->count, 1);
	assert_string_equal(fake_hash_get(hash, "src:voc.web/1"), "9");
	fake_store_free(&store);
	voc_partition_state_free(&position);
}

static void test_marks_are_found_among_many_and_bounded(void **state)
{
	(void)state;
	struct voc_partition_state position;
	struct voc_error error = { 0 };
	char topic[32];
	voc_partition_state_init(&position);
	for (int i = 0; i < VOC_MARKS_MAX; i++) {
		int scattered = i * 1237 % VOC_MARKS_MAX;
		snprintf(topic, sizeof topic, "t%d", scattered / 100);
		struct voc_source_position source = place(topic, scattered % 100);
		assert_int_equal(voc_partition_state_set_mark(&position, &source, scattered + 1, &error), VOC_OK);
	}
	for (int i = 0; i < VOC_MARKS_MAX; i++) {
		snprintf(topic, sizeof topic, "t%d", i / 100);
		struct voc_source_position source = place(topic, i % 100);
		assert_int_equal(voc_partition_state_mark(&position, &source), i + 1);
	}
	struct voc_source_position more = place("more", 0);
	assert_int_equal(voc_partition_state_set_mark(&position, &more, 1, &error), VOC_FATAL);
	assert_int_equal(error.reason, VOC_REASON_OUT_OF_MEMORY);
	voc_partition_state_free(&position);
}

static void test_what_this_code_does_not_write_is_refused(void **state)
{
	(void)state;
	static const struct voc_field cases[][2] = {
		{ FIELD("offset", "-1"), FIELD("events", "1") },
		{ FIELD("events", "1"), FIELD("events", "1") },
		{ FIELD("offset", "1"), FIELD("events", "x") },
		{ FIELD("offset", "1"), FIELD("surprise", "1") },
		{ FIELD("offset", "1"), FIELD("src:", "1") },
		{ FIELD("offset", "1"), FIELD("src:a/-1", "1") },
		{ FIELD("offset", "1"), FIELD("src:a/01", "1") },
		{ FIELD("offset", "1"), FIELD("src:a/2147483648", "1") },
		{ FIELD("offset", "1"), FIELD("src:a/1", "-1") },
		{ FIELD("offset", "1"), FIELD("src:a b/1", "1") },
		{ FIELD("offset", "1"), FIELD("events", "1") }, /* under what rules? */
		{ FIELD("offset", "0"), FIELD("rules", "2026.1-abcd") },
		{ FIELD("offset", "0"), FIELD("rules_body", "{}") },
		{ FIELD("offset", "0"), FIELD("rules_from", "1") },
		{ FIELD("offset", "1"), FIELD("rules_from", "-1") },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct voc_partition_state position;
		struct voc_error error = { 0 };
		if (voc_partition_state_load(cases[i], 2, book, &position, &error) != VOC_FATAL)
			fail_msg("case %zu was taken", i);
		assert_int_equal(error.reason, VOC_REASON_REDIS);
	}
}

static enum voc_status load_rules(const char *version, struct voc_str body, struct voc_rule_book *into,
                                  struct voc_partition_state *ret_state)
{
	struct voc_error error = { 0 };
	const struct voc_field fields[] = {
		FIELD("offset", "9"),
		FIELD("rules_from", "4"),
		{ VOC_STR("rules"), voc_str_from(version) },
		{ VOC_STR("rules_body"), body },
	};
	return voc_partition_state_load(fields, 4, into, ret_state, &error);
}

static void test_rules_come_back_from_their_body(void **state)
{
	(void)state;
	struct voc_rule_book *fresh = voc_rule_book_new();
	struct voc_partition_state one, two;
	const char *version = some->rules.version;
	assert_int_equal(load_rules(version, some->json, fresh, &one), VOC_OK);
	assert_string_equal(one.rules->rules.version, version);
	assert_int_equal(one.rules->rules.raise, some->rules.raise);
	assert_int_equal(one.now.rules_from, 4);
	assert_int_equal(load_rules(version, some->json, fresh, &two), VOC_OK);
	assert_ptr_equal(two.rules, one.rules);
	voc_partition_state_free(&two);
	/* The version is bound to the body, whether the book knows it or not. */
	struct voc_str cut = voc_str_of(some->json.ptr, some->json.len - 1);
	assert_int_equal(load_rules(version, cut, fresh, &two), VOC_FATAL);
	assert_int_equal(load_rules("2026.1-00000000", some->json, fresh, &two), VOC_FATAL);
	assert_int_equal(load_rules("", (struct voc_str){ NULL, 0 }, fresh, &two), VOC_FATAL);
	voc_partition_state_free(&one);
	assert_null(voc_rule_book_find(fresh, voc_str_from(version)));
	assert_int_equal(load_rules(version, cut, fresh, &two), VOC_FATAL);
	voc_rule_book_free(fresh);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nothing_stored_is_the_logs_start),
		cmocka_unit_test(test_all_fields_come_back),
		cmocka_unit_test(test_saved_state_is_told_no_more),
		cmocka_unit_test(test_marks_are_found_among_many_and_bounded),
		cmocka_unit_test(test_what_this_code_does_not_write_is_refused),
		cmocka_unit_test(test_rules_come_back_from_their_body),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
