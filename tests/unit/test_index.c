/* Intervals that few contacts leave wide, and ranks that these intervals allow. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "core/customer/index.h"

static void test_known_intervals(void **state)
{
	(void)state;
	/* Shares (scores of 0 and 100): Wilson's interval as R's prop.test(correct = FALSE) gives it. */
	static const struct {
		int64_t n, sum;
		int mean, low, high;
	} cases[] = {
		{ 0, 0, 500, 0, 1000 },         { 1, 0, 0, 0, 794 },           { 1, 100, 1000, 206, 1000 },
		{ 10, 500, 500, 236, 764 },     { 10, 1000, 1000, 722, 1000 }, { 100, 5000, 500, 403, 597 },
		{ 1000, 75000, 750, 722, 776 }, { 100, 1000, 100, 55, 175 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct voc_index index = voc_index_of(cases[i].n, cases[i].sum);
		assert_int_equal(index.mean, cases[i].mean);
		assert_in_range(index.low, cases[i].low > 0 ? cases[i].low - 1 : 0, cases[i].low + 1);
		assert_in_range(index.high, cases[i].high - 1, cases[i].high + 1);
	}
}

static void test_as_the_formula_says_at_any_size(void **state)
{
	(void)state;
	for (int64_t n = 1; n < INT64_C(100000000000); n = n * 3 + 1) {
		for (int percent = 0; percent <= 100; percent += 5) {
			struct voc_index index = voc_index_of(n, n * percent);
			double p = percent / 100.0, z = 1.96, z2 = z * z, size = (double)n;
			double middle = (p * size + z2 / 2) / (size + z2);
			double half = z * sqrt(p * (1 - p) * size + z2 / 4) / (size + z2);
			assert_true(fabs(index.low - 1000 * (middle - half)) < 1.5);
			assert_true(fabs(index.high - 1000 * (middle + half)) < 1.5);
			assert_true(index.low <= index.mean && index.mean <= index.high);
		}
	}
}

static void test_ranks_only_where_intervals_tell(void **state)
{
	(void)state;
	const struct voc_index indices[] = {
		voc_index_of(1000, 90000),                            /* surely the best */
		voc_index_of(3, 300),                                 /* a higher mean, of three contacts */
		voc_index_of(1000, 50000), voc_index_of(1000, 51000), /* alike */
		voc_index_of(1000, 10000),                            /* surely below those */
	};
	struct voc_index_rank ranks[5];
	assert_true(voc_index_ranks(indices, 5, ranks));
	static const struct voc_index_rank expected[5] = { { 1, 2 }, { 1, 4 }, { 2, 4 }, { 2, 4 }, { 5, 5 } };
	for (int i = 0; i < 5; i++) {
		assert_int_equal(ranks[i].best, expected[i].best);
		assert_int_equal(ranks[i].worst, expected[i].worst);
	}
}

static void test_intervals_that_touch_are_not_apart(void **state)
{
	(void)state;
	const struct voc_index touching[] = { { 500, 400, 600 }, { 700, 600, 800 } },
	                       apart[] = { { 500, 400, 599 }, { 700, 600, 800 } };
	struct voc_index_rank ranks[2];
	assert_true(voc_index_ranks(touching, 2, ranks));
	assert_true(ranks[0].best == 1 && ranks[0].worst == 2 && ranks[1].best == 1 && ranks[1].worst == 2);
	assert_true(voc_index_ranks(apart, 2, ranks));
	assert_true(ranks[0].best == 2 && ranks[0].worst == 2 && ranks[1].best == 1 && ranks[1].worst == 1);
	assert_true(voc_index_ranks(NULL, 0, NULL));
}

static void test_drivers(void **state)
{
	(void)state;
	const struct voc_index poor = { 250, 200, 300 }, good = { 1000, 900, 1000 };
	assert_int_equal(voc_index_driver(320, &poor), 240);
	assert_int_equal(voc_index_driver(110, &poor), 82);
	assert_int_equal(voc_index_driver(1000, &good), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_known_intervals),
		cmocka_unit_test(test_as_the_formula_says_at_any_size),
		cmocka_unit_test(test_ranks_only_where_intervals_tell),
		cmocka_unit_test(test_intervals_that_touch_are_not_apart),
		cmocka_unit_test(test_drivers),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
