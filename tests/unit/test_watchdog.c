/* watchdog: which partitions are stalled, and for how long. Times are given. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/service/watchdog.h"

#define STALL_MS 20000

static struct voc_watch calls(int32_t partition, int64_t done, bool waiting)
{
	return (struct voc_watch){ "voc.calls", partition, done, waiting };
}

static void test_only_waiting_partitions_without_progress_are_named(void **state)
{
	(void)state;
	struct voc_watchdog *dog = voc_watchdog_new("crm", STALL_MS);
	struct voc_stall stalls[4];
	for (int64_t now_ms = 0; now_ms <= 25000; now_ms += 1000) {
		const struct voc_watch watches[] = { calls(0, 7, true), calls(1, 7, false), calls(2, now_ms, true) };
		assert_true(voc_watchdog_look(dog, watches, 3, now_ms));
		assert_int_equal(voc_watchdog_stalled(dog, now_ms, stalls, 4), now_ms >= STALL_MS);
	}
	assert_int_equal(voc_watchdog_stalled(dog, 26000, stalls, 4), 1);
	assert_string_equal(stalls[0].watchdog, "crm");
	assert_string_equal(stalls[0].topic, "voc.calls");
	assert_int_equal(stalls[0].partition, 0);
	assert_int_equal(stalls[0].for_ms, 26000);
	voc_watchdog_free(dog);
}

static void test_progress_and_a_pause_begin_the_clock_anew(void **state)
{
	(void)state;
	struct voc_watchdog *dog = voc_watchdog_new("", STALL_MS);
	struct voc_stall stall;
	struct voc_watch watch = calls(3, 100, true);
	assert_true(voc_watchdog_look(dog, &watch, 1, 0));
	watch.done = 101;
	assert_true(voc_watchdog_look(dog, &watch, 1, 15000));
	assert_int_equal(voc_watchdog_stalled(dog, 34999, &stall, 1), 0);
	assert_int_equal(voc_watchdog_stalled(dog, 35000, &stall, 1), 1);
	watch.waiting = false; /* Redis is away, say */
	assert_true(voc_watchdog_look(dog, &watch, 1, 36000));
	assert_int_equal(voc_watchdog_stalled(dog, 99000, &stall, 1), 0);
	watch.waiting = true;
	assert_true(voc_watchdog_look(dog, &watch, 1, 100000));
	assert_int_equal(voc_watchdog_stalled(dog, 119999, &stall, 1), 0);
	assert_int_equal(voc_watchdog_stalled(dog, 120000, &stall, 1), 1);
	voc_watchdog_free(dog);
}

/* The owner's loop hangs: nobody looks any more, and time goes on. */
static void test_an_owner_that_does_not_come_round_is_no_excuse(void **state)
{
	(void)state;
	struct voc_watchdog *dog = voc_watchdog_new("", STALL_MS);
	struct voc_stall stall;
	struct voc_watch watch = calls(0, 1, true);
	assert_true(voc_watchdog_look(dog, &watch, 1, 1000));
	assert_int_equal(voc_watchdog_stalled(dog, 1000 + STALL_MS, &stall, 1), 1);
	assert_int_equal(stall.for_ms, STALL_MS);
	voc_watchdog_free(dog);
}

/* Partitions change places with a rebalance: each keeps its own clock, new ones begin, and gone ones are forgotten. */
static void test_partitions_come_and_go(void **state)
{
	(void)state;
	struct voc_watchdog *dog = voc_watchdog_new("", STALL_MS);
	struct voc_stall stalls[4];
	const struct voc_watch before[] = { calls(0, 5, true), calls(1, 5, true), { "voc.web", 1, 5, true } };
	assert_true(voc_watchdog_look(dog, before, 3, 0));
	const struct voc_watch after[] = { { "voc.web", 1, 5, true }, calls(2, 5, true), calls(1, 5, true) };
	assert_true(voc_watchdog_look(dog, after, 3, 10000));
	assert_int_equal(voc_watchdog_stalled(dog, STALL_MS, stalls, 4), 2);
	assert_string_equal(stalls[0].topic, "voc.web");
	assert_int_equal(stalls[0].partition, 1);
	assert_string_equal(stalls[1].topic, "voc.calls");
	assert_int_equal(stalls[1].partition, 1);
	assert_int_equal(voc_watchdog_stalled(dog, 30000, stalls, 2), 3);
	assert_true(voc_watchdog_look(dog, NULL, 0, 31000)); /* a standby */
	assert_int_equal(voc_watchdog_stalled(dog, 99000, stalls, 4), 0);
	voc_watchdog_free(dog);
	voc_watchdog_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_waiting_partitions_without_progress_are_named),
		cmocka_unit_test(test_progress_and_a_pause_begin_the_clock_anew),
		cmocka_unit_test(test_an_owner_that_does_not_come_round_is_no_excuse),
		cmocka_unit_test(test_partitions_come_and_go),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
