/* base/ack_window: how far a log is done without a gap. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/ack_window.h"

static void test_it_moves_only_without_a_gap(void **state)
{
	(void)state;
	struct voc_ack_window window;
	assert_true(voc_ack_window_init(&window, 8));
	for (int64_t offset = 100; offset < 104; offset++)
		voc_ack_window_add(&window, offset);
	assert_int_equal(window.next, -1);
	assert_false(voc_ack_window_done(&window, 102));
	assert_false(voc_ack_window_done(&window, 101));
	assert_int_equal(window.next, -1);
	assert_true(voc_ack_window_done(&window, 100));
	assert_int_equal(window.next, 103);
	assert_true(voc_ack_window_done(&window, 103));
	assert_int_equal(window.next, 104);
	assert_int_equal(window.count, 0);
	voc_ack_window_free(&window);
}

static void test_offsets_may_skip(void **state)
{
	(void)state;
	struct voc_ack_window window;
	assert_true(voc_ack_window_init(&window, 3));
	voc_ack_window_add(&window, 5);
	voc_ack_window_add(&window, 9);
	voc_ack_window_add(&window, 40);
	assert_true(voc_ack_window_full(&window));
	assert_false(voc_ack_window_done(&window, 6));
	assert_true(voc_ack_window_done(&window, 5));
	assert_int_equal(window.next, 6);
	assert_false(voc_ack_window_done(&window, 40));
	assert_true(voc_ack_window_done(&window, 9));
	assert_int_equal(window.next, 41);
	assert_false(voc_ack_window_done(&window, 9));
	voc_ack_window_free(&window);
}

/* Against a plain array: 2,000 random steps, going round the ring many times. */
static void test_it_agrees_with_a_plain_model(void **state)
{
	(void)state;
	enum { RECORDS = 2000 };
	static bool done[RECORDS];
	struct voc_ack_window window;
	assert_true(voc_ack_window_init(&window, 16));
	uint32_t random = 1;
	size_t added = 0, contiguous = 0;
	while (contiguous < RECORDS) {
		random = random * 1664525U + 1013904223U;
		if (added < RECORDS && !voc_ack_window_full(&window) && (random >> 16 & 1U) != 0) {
			voc_ack_window_add(&window, (int64_t)added++);
			continue;
		}
		if (added == contiguous)
			continue;
		size_t pick = contiguous + (random >> 8) % (added - contiguous);
		done[pick] = true;
		(void)voc_ack_window_done(&window, (int64_t)pick);
		while (contiguous < added && done[contiguous])
			contiguous++;
		assert_int_equal(window.next, contiguous > 0 ? (int64_t)contiguous : -1);
		assert_int_equal(window.count, added - contiguous);
	}
	voc_ack_window_free(&window);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_moves_only_without_a_gap),
		cmocka_unit_test(test_offsets_may_skip),
		cmocka_unit_test(test_it_agrees_with_a_plain_model),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
