/* The acknowledgement window: an offset is committed only when it and all before it are done. */
#include "base/ack_window.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static void test_in_order(void **state)
{
	(void)state;
	struct voc_ack_window window;
	int64_t next = -1;
	voc_ack_window_init(&window, 10, 5);
	assert_false(voc_ack_window_take(&window, &next));
	assert_true(voc_ack_window_open(&window, 5));
	assert_true(voc_ack_window_open(&window, 6));
	assert_false(voc_ack_window_take(&window, &next));
	voc_ack_window_done(&window, 5);
	assert_true(voc_ack_window_take(&window, &next));
	assert_int_equal(next, 6);
	assert_false(voc_ack_window_take(&window, &next));
	voc_ack_window_done(&window, 6);
	assert_true(voc_ack_window_take(&window, &next));
	assert_int_equal(next, 7);
	assert_int_equal(voc_ack_window_count(&window), 0);
	voc_ack_window_free(&window);
}

/* A later one that is done first does not move the place to commit. */
static void test_out_of_order(void **state)
{
	(void)state;
	struct voc_ack_window window;
	int64_t next = -1;
	voc_ack_window_init(&window, 10, 0);
	for (int64_t offset = 0; offset < 4; offset++)
		assert_true(voc_ack_window_open(&window, offset));
	voc_ack_window_done(&window, 3);
	voc_ack_window_done(&window, 1);
	assert_false(voc_ack_window_take(&window, &next));
	voc_ack_window_done(&window, 0);
	assert_true(voc_ack_window_take(&window, &next));
	assert_int_equal(next, 2);
	voc_ack_window_done(&window, 2);
	assert_true(voc_ack_window_take(&window, &next));
	assert_int_equal(next, 4);
	voc_ack_window_free(&window);
}

static void test_gaps(void **state)
{
	(void)state;
	struct voc_ack_window window;
	int64_t next = -1;
	voc_ack_window_init(&window, 10, 0);
	assert_true(voc_ack_window_open(&window, 3));
	assert_true(voc_ack_window_open(&window, 7));
	assert_true(voc_ack_window_open(&window, 100));
	voc_ack_window_done(&window, 5); /* never opened */
	voc_ack_window_done(&window, 101);
	voc_ack_window_done(&window, 2);
	voc_ack_window_done(&window, 7);
	assert_false(voc_ack_window_take(&window, &next));
	voc_ack_window_done(&window, 3);
	assert_true(voc_ack_window_take(&window, &next));
	assert_int_equal(next, 8);
	voc_ack_window_done(&window, 100);
	assert_true(voc_ack_window_take(&window, &next));
	assert_int_equal(next, 101);
	voc_ack_window_free(&window);
}

static void test_refuses(void **state)
{
	(void)state;
	struct voc_ack_window window;
	voc_ack_window_init(&window, 2, 10);
	assert_false(voc_ack_window_open(&window, 9)); /* done already */
	assert_true(voc_ack_window_open(&window, 10));
	assert_false(voc_ack_window_open(&window, 10));
	assert_true(voc_ack_window_open(&window, 11));
	assert_false(voc_ack_window_open(&window, 12)); /* full */
	voc_ack_window_done(&window, 11);
	assert_false(voc_ack_window_open(&window, 12)); /* 10 still holds it */
	voc_ack_window_done(&window, 10);
	assert_true(voc_ack_window_open(&window, 12));
	voc_ack_window_free(&window);
}

/* Against the plain definition, with gaps, growth and wrap-around. */
static void test_random(void **state)
{
	(void)state;
	enum { OFFSETS = 20000, SPAN = 300 };
	static int64_t at_work[SPAN];
	struct voc_ack_window window;
	unsigned seed = 7;
	size_t count = 0;
	int64_t offset = 0, last = -1, next = 0;
	voc_ack_window_init(&window, OFFSETS, 0);
	while (offset < OFFSETS || count > 0) {
		seed = seed * 1103515245 + 12345;
		unsigned choice = seed >> 16;
		if (offset < OFFSETS && count < SPAN && choice % 2 == 0) {
			assert_true(voc_ack_window_open(&window, offset));
			at_work[count++] = last = offset;
			offset += 1 + choice / 2 % 3;
		} else if (count > 0) {
			size_t pick = choice / 2 % count;
			voc_ack_window_done(&window, at_work[pick]);
			at_work[pick] = at_work[--count];
		}
		int64_t expected = last + 1;
		for (size_t i = 0; i < count; i++)
			expected = at_work[i] < expected ? at_work[i] : expected;
		(void)voc_ack_window_take(&window, &next);
		/* the place may lie before a gap, never behind what is at work */
		assert_true(next <= expected);
		assert_true(count > 0 || next == expected);
	}
	assert_int_equal(voc_ack_window_count(&window), 0);
	voc_ack_window_free(&window);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_in_order), cmocka_unit_test(test_out_of_order), cmocka_unit_test(test_gaps),
		cmocka_unit_test(test_refuses),  cmocka_unit_test(test_random),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
