/* alerter: who is forgotten, and up to where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alerter/forgotten_set.h"

#include <stdio.h>

static struct voc_str name(char buf[32], int number)
{
	int len = snprintf(buf, 32, "C-%d", number);
	return voc_str_of(buf, (size_t)len);
}

static void test_only_what_came_before_is_covered(void **state)
{
	struct forgotten_set set = { .count = 0 };
	(void)state;
	assert_false(forgotten_set_covers(&set, VOC_STR("C-1"), 3, 0));
	assert_true(forgotten_set_add(&set, VOC_STR("C-1"), 3, 100));
	assert_true(forgotten_set_covers(&set, VOC_STR("C-1"), 3, 99));
	assert_false(forgotten_set_covers(&set, VOC_STR("C-1"), 3, 100));
	assert_false(forgotten_set_covers(&set, VOC_STR("C-1"), 4, 0));
	assert_false(forgotten_set_covers(&set, VOC_STR("C-10"), 3, 0));
	assert_false(forgotten_set_covers(&set, VOC_STR(""), 3, 0));
	forgotten_set_free(&set);
}

static void test_the_later_request_counts(void **state)
{
	struct forgotten_set set = { .count = 0 };
	(void)state;
	assert_true(forgotten_set_add(&set, VOC_STR("C-1"), 3, 100));
	assert_true(forgotten_set_add(&set, VOC_STR("C-1"), 3, 50));
	assert_true(forgotten_set_covers(&set, VOC_STR("C-1"), 3, 99));
	assert_true(forgotten_set_add(&set, VOC_STR("C-1"), 3, 200));
	assert_true(forgotten_set_covers(&set, VOC_STR("C-1"), 3, 199));
	assert_true(forgotten_set_add(&set, VOC_STR("C-1"), 5, 10));
	assert_true(forgotten_set_covers(&set, VOC_STR("C-1"), 5, 9));
	assert_int_equal(set.count, 1);
	forgotten_set_free(&set);
}

static void test_many(void **state)
{
	enum { MANY = 5000 };
	struct forgotten_set set = { .count = 0 };
	char buf[32];
	(void)state;
	for (int i = 0; i < MANY; i++)
		assert_true(forgotten_set_add(&set, name(buf, i * 7919 % MANY), i % 24, i + 1));
	assert_int_equal(set.count, MANY);
	for (int i = 0; i < MANY; i++) {
		struct voc_str id = name(buf, i * 7919 % MANY);
		assert_true(forgotten_set_covers(&set, id, i % 24, i));
		assert_false(forgotten_set_covers(&set, id, i % 24, i + 1));
	}
	assert_false(forgotten_set_covers(&set, name(buf, MANY), 0, 0));
	for (size_t i = 1; i < set.count; i++)
		assert_true(set.customers[i - 1].hash <= set.customers[i].hash);
	forgotten_set_free(&set);
	assert_int_equal(set.count, 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_what_came_before_is_covered),
		cmocka_unit_test(test_the_later_request_counts),
		cmocka_unit_test(test_many),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
