/* io/kafka_start, classifier/start: where reading begins, and when it must not. */
#include "classifier/start.h"
#include "io/kafka/kafka_start.h"

#include <setjmp.h>
#include <stdarg.h>

#include <cmocka.h>

struct start_case {
	int64_t committed, low, high;
	bool accept_log_start;
	enum voc_status status;
	int64_t offset;
};

static void test_choose(void **state)
{
	(void)state;
	static const struct start_case cases[] = {
		{ VOC_OFFSET_BEGINNING, 0, 0, false, VOC_OK, 0 },  /* a new group, an empty topic */
		{ VOC_OFFSET_BEGINNING, 5, 90, false, VOC_OK, 5 }, /* a new group takes what is there */
		{ 10, 0, 90, false, VOC_OK, 10 },
		{ 90, 0, 90, false, VOC_OK, 90 },
		{ 90, 90, 90, false, VOC_OK, 90 },  /* all expired, all read */
		{ 91, 0, 90, false, VOC_FATAL, 0 }, /* the topic was made anew */
		{ 91, 0, 90, true, VOC_FATAL, 0 },
		{ 10, 11, 90, false, VOC_FATAL, 0 }, /* one expired unread */
		{ 10, 11, 90, true, VOC_OK, 11 },
		{ 0, 11, 90, false, VOC_FATAL, 0 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct voc_error error = { .position = -1 };
		struct voc_position committed = { "voc.web", 3, cases[i].committed };
		struct voc_watermarks watermarks = { cases[i].low, cases[i].high };
		int64_t offset = 0;
		enum voc_status status =
		        voc_start_choose(&committed, &watermarks, cases[i].accept_log_start, &offset, &error);
		if (status != cases[i].status || offset != cases[i].offset)
			fail_msg("case %zu: status %d, offset %d", i, (int)status, (int)offset);
		if (status != VOC_OK)
			assert_int_equal(error.reason, VOC_REASON_POSITION_LOST);
	}
}

static enum voc_status check(int64_t calls_0, int64_t web_0, int64_t calls_1, int64_t web_1)
{
	struct voc_error error = { .position = -1 };
	struct voc_position committed[] = {
		{ "calls", 0, calls_0 },
		{ "calls", 1, calls_1 },
		{ "web", 0, web_0 },
		{ "web", 1, web_1 },
	};
	return voc_start_check_committed(committed, 4, "", &error);
}

/* A topic without offsets beside one with them was made anew; a partition that is new altogether is fine. */
static void test_committed(void **state)
{
	(void)state;
	const int64_t none = VOC_OFFSET_BEGINNING;
	assert_int_equal(check(none, none, none, none), VOC_OK);
	assert_int_equal(check(5, 0, 7, 9), VOC_OK);
	assert_int_equal(check(5, 0, none, none), VOC_OK);
	assert_int_equal(check(5, none, 7, none), VOC_FATAL);
	assert_int_equal(check(none, 0, none, none), VOC_FATAL);
}

/* An upgrade finds the facts' topics without any offset: they are new. One of them alone was made anew. */
static void test_facts_came_later(void **state)
{
	(void)state;
	struct voc_position committed[] = { { "v.calls", 0, 5 },
		                            { "v.orders", 0, VOC_OFFSET_BEGINNING },
		                            { "v.profiles", 0, VOC_OFFSET_BEGINNING } };
	struct voc_error error = { .position = -1 };
	assert_int_equal(voc_start_check_committed(committed, 3, "v.", &error), VOC_OK);
	committed[2].offset = 0;
	assert_int_equal(voc_start_check_committed(committed, 3, "v.", &error), VOC_FATAL);
	assert_int_equal(error.reason, VOC_REASON_POSITION_LOST);
	committed[1].offset = 0;
	committed[0].offset = VOC_OFFSET_BEGINNING;
	assert_int_equal(voc_start_check_committed(committed, 3, "v.", NULL), VOC_OK);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_choose), cmocka_unit_test(test_committed),
		                            cmocka_unit_test(test_facts_came_later) };
	return cmocka_run_group_tests(tests, NULL, NULL);
}
