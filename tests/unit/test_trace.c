/* core/trace: which traceparent is taken, and from where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/record/trace.h"

#define ID    "4bf92f3577b34da6a3ce929d0e0e4736"
#define SPAN  "00f067aa0ba902b7"
#define TRACE "00-" ID "-" SPAN "-01"

static void test_only_what_the_specification_allows_is_taken(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		bool valid;
	} cases[] = {
		{ TRACE, true },
		{ "00-" ID "-" SPAN "-00", true },
		{ "", false },
		{ "00-" ID "-" SPAN "-0", false },
		{ TRACE "-more", false },
		{ "01-" ID "-" SPAN "-01-more", true },
		{ "01-" ID "-" SPAN "-01", true },
		{ "01-" ID "-" SPAN "-01more", false },
		{ "01-" ID "-" SPAN "-01-two lines", false },
		{ "01-" ID "-" SPAN "-01-\r\nX: y", false },
		{ "ff-" ID "-" SPAN "-01", false },
		{ "00-00000000000000000000000000000000-" SPAN "-01", false },
		{ "00-" ID "-0000000000000000-01", false },
		{ "00-4BF92F3577B34DA6A3CE929D0E0E4736-" SPAN "-01", false },
		{ "00_" ID "-" SPAN "-01", false },
		{ "00-" ID "-" SPAN "_01", false },
		{ "0x-" ID "-" SPAN "-01", false },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (voc_trace_is_valid(voc_str_from(cases[i].text)) != cases[i].valid)
			fail_msg("%s should be %s", cases[i].text, cases[i].valid ? "taken" : "refused");
	}
	char with_nul[] = TRACE;
	with_nul[10] = '\0';
	assert_false(voc_trace_is_valid(voc_str_of(with_nul, sizeof with_nul - 1)));
}

static void test_a_header_comes_before_the_attribute(void **state)
{
	(void)state;
	const struct voc_header other = { VOC_STR("content-type"), VOC_STR(TRACE) };
	const struct voc_header bad = { VOC_STR("traceparent"), VOC_STR("00-nothing") };
	const struct voc_header good = { VOC_STR("traceparent"), VOC_STR("00-" ID "-" SPAN "-00") };
	struct voc_event event = { .extension_count = 1 };
	event.extensions[0] = (struct voc_extension){ VOC_STR("traceparent"), VOC_STR("\"" TRACE "\"") };
	const struct voc_header both[] = { other, bad, good };
	assert_true(voc_str_is(voc_trace_of_event(both, 3, &event), "00-" ID "-" SPAN "-00"));
	assert_true(voc_str_is(voc_trace_of_event(both, 2, &event), TRACE));
	assert_true(voc_str_is(voc_trace_of_headers(both, 3), "00-" ID "-" SPAN "-00"));
	assert_int_equal(voc_trace_of_headers(both, 2).len, 0);
	event.extensions[0].json = VOC_STR("\"no trace\"");
	assert_int_equal(voc_trace_of_event(both, 2, &event).len, 0);
	event.extension_count = 0;
	assert_int_equal(voc_trace_of_event(NULL, 0, &event).len, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_only_what_the_specification_allows_is_taken),
		cmocka_unit_test(test_a_header_comes_before_the_attribute),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
