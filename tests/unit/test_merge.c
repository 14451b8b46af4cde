/* classifier/merge: the oldest head goes first, and waits for a lagging lane of its group, but not for ever. */
#include "classifier/merge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define WAIT_MS 20

/* Two groups of three lanes each, as two partitions of three topics: calls/0, calls/1, web/0, web/1, ... */
static const int32_t groups[] = { 0, 1, 0, 1, 0, 1 };
#define LANES (sizeof groups / sizeof *groups)

static struct voc_merge *new_merge(int64_t now_ms)
{
	struct voc_merge *merge = voc_merge_new(groups, LANES, WAIT_MS, now_ms);
	assert_non_null(merge);
	return merge;
}

static void all_at_end(struct voc_merge *merge, int64_t now_ms)
{
	for (size_t lane = 0; lane < LANES; lane++) {
		if (voc_merge_is_dry(merge, lane))
			voc_merge_note_dry(merge, lane, true, now_ms);
	}
}

static size_t take(struct voc_merge *merge, int64_t now_ms)
{
	size_t lane = LANES;
	assert_true(voc_merge_take(merge, now_ms, &lane));
	return lane;
}

static void test_oldest_first(void **state)
{
	(void)state;
	struct voc_merge *merge = new_merge(0);
	voc_merge_offer(merge, 0, 500);
	voc_merge_offer(merge, 2, 300);
	voc_merge_offer(merge, 4, 400);
	voc_merge_offer(merge, 1, 450);
	all_at_end(merge, 0);
	assert_int_equal(take(merge, 0), 2);
	voc_merge_note_dry(merge, 2, true, 0);
	assert_int_equal(take(merge, 0), 4);
	voc_merge_note_dry(merge, 4, true, 0);
	assert_int_equal(take(merge, 0), 1);
	assert_int_equal(take(merge, 0), 0);
	size_t lane;
	assert_false(voc_merge_take(merge, 1000, &lane));
	assert_int_equal(voc_merge_wake_ms(merge), -1);
	voc_merge_free(merge);
}

static void test_equals_by_lane(void **state)
{
	(void)state;
	struct voc_merge *merge = new_merge(0);
	voc_merge_offer(merge, 4, 7);
	voc_merge_offer(merge, 2, 7);
	all_at_end(merge, 0);
	assert_int_equal(take(merge, 0), 2);
	voc_merge_note_dry(merge, 2, true, 0);
	assert_int_equal(take(merge, 0), 4);
	voc_merge_free(merge);
}

/* A lane that may still bring an older record is waited for, and its record then goes first. */
static void test_waits_for_a_lagging_lane(void **state)
{
	(void)state;
	size_t lane;
	struct voc_merge *merge = new_merge(100);
	voc_merge_offer(merge, 0, 500);
	voc_merge_note_dry(merge, 4, true, 100);
	assert_false(voc_merge_take(merge, 110, &lane));
	assert_int_equal(voc_merge_wake_ms(merge), 100 + WAIT_MS);
	voc_merge_offer(merge, 2, 400);
	assert_int_equal(take(merge, 110), 2);
	/* it ran dry at 110, and is waited for once more */
	assert_false(voc_merge_take(merge, 129, &lane));
	assert_int_equal(take(merge, 130), 0);
	voc_merge_free(merge);
}

static void test_wait_is_bounded(void **state)
{
	(void)state;
	struct voc_merge *merge = new_merge(0);
	voc_merge_offer(merge, 0, 1);
	assert_int_equal(take(merge, WAIT_MS), 0);
	/* saying again that a lane is dry doesn't make it wait anew */
	voc_merge_offer(merge, 0, 2);
	voc_merge_note_dry(merge, 2, false, WAIT_MS);
	voc_merge_note_dry(merge, 4, false, WAIT_MS);
	assert_int_equal(take(merge, WAIT_MS), 0);
	voc_merge_free(merge);
}

static void test_groups_do_not_wait_for_each_other(void **state)
{
	(void)state;
	struct voc_merge *merge = new_merge(0);
	voc_merge_offer(merge, 0, 1); /* waits for lanes 2 and 4 */
	voc_merge_offer(merge, 1, 9);
	voc_merge_note_dry(merge, 3, true, 0);
	voc_merge_note_dry(merge, 5, true, 0);
	assert_int_equal(take(merge, 0), 1);
	assert_int_equal(voc_merge_wake_ms(merge), WAIT_MS);
	assert_int_equal(take(merge, WAIT_MS), 0);
	voc_merge_free(merge);
}

/* A lane whose window is full has a record to come for certain: the wait has no end. */
static void test_hold(void **state)
{
	(void)state;
	size_t lane;
	struct voc_merge *merge = new_merge(0);
	all_at_end(merge, 0);
	voc_merge_offer(merge, 0, 1);
	for (int64_t now_ms = 0; now_ms < 10 * WAIT_MS; now_ms += WAIT_MS / 2) {
		voc_merge_hold(merge, 2, now_ms);
		assert_false(voc_merge_take(merge, now_ms, &lane));
	}
	voc_merge_note_dry(merge, 2, true, 10 * WAIT_MS);
	assert_int_equal(take(merge, 10 * WAIT_MS), 0);
	voc_merge_free(merge);
}

/* A backlog in three lanes comes out in the order of its times. */
static void test_backlog(void **state)
{
	(void)state;
	enum { RECORDS = 3000 };
	struct voc_merge *merge = new_merge(0);
	int64_t next_ms[LANES], last_ms = -1;
	unsigned seed = 3;
	for (size_t lane = 0; lane < LANES; lane++)
		next_ms[lane] = (int64_t)lane;
	all_at_end(merge, 0);
	for (int i = 0; i < RECORDS; i++) {
		for (size_t lane = 0; lane < LANES; lane += 2) {
			if (!voc_merge_is_dry(merge, lane))
				continue;
			seed = seed * 1103515245 + 12345;
			next_ms[lane] += seed >> 16 & 31;
			voc_merge_offer(merge, lane, next_ms[lane]);
		}
		size_t lane = take(merge, 0);
		assert_true(next_ms[lane] >= last_ms);
		last_ms = next_ms[lane];
	}
	voc_merge_free(merge);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_oldest_first),
		cmocka_unit_test(test_equals_by_lane),
		cmocka_unit_test(test_waits_for_a_lagging_lane),
		cmocka_unit_test(test_wait_is_bounded),
		cmocka_unit_test(test_groups_do_not_wait_for_each_other),
		cmocka_unit_test(test_hold),
		cmocka_unit_test(test_backlog),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
