/* core: the course of a call, turn by turn, from the classifier to the record and back. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/classify/classified.h"
#include "support/classifier_fixture.h"

#define D VOC_SATISFACTION_DISSATISFIED
#define N VOC_SATISFACTION_NEUTRAL
#define S VOC_SATISFACTION_SATISFIED
#define G VOC_SATISFACTION_DELIGHTED
#define U VOC_SATISFACTION_UNKNOWN

static struct voc_course course_of(const char *text)
{
	struct voc_course course;
	struct voc_classification whole;
	const struct voc_utterance call = { .text = voc_str_from(text), .channel = VOC_CHANNEL_CALL };
	voc_classify(the_classifier, the_scratch, &call, &whole);
	voc_course_find(the_classifier, the_scratch, &call, &course);
	return course;
}

static void test_the_trend_is_from_the_first_verdict_to_the_last(void **state)
{
	(void)state;
	static const struct {
		enum voc_satisfaction turns[4];
		enum voc_trend trend;
	} cases[] = {
		{ { D, N, N, S }, VOC_TREND_BETTER }, { { N, D, D, N }, VOC_TREND_STEADY },
		{ { N, S, N, D }, VOC_TREND_WORSE },  { { N, N, N, N }, VOC_TREND_STEADY },
		{ { S, D, U, G }, VOC_TREND_BETTER }, { { G, N, N, S }, VOC_TREND_WORSE },
		{ { U, D, S, U }, VOC_TREND_BETTER }, { { D, S, S, D }, VOC_TREND_STEADY },
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++)
		assert_int_equal(voc_course_trend(cases[i].turns, 4), cases[i].trend);
	assert_int_equal(voc_course_trend(NULL, 0), VOC_TREND_STEADY);
}

static void test_a_call_that_ends_well(void **state)
{
	(void)state;
	struct voc_course course =
	        course_of("인터넷이 또 끊겨서 너무 짜증나요\n네 잠시만요\n\n친절하게 해결해 주셔서 정말 만족합니다");
	assert_int_equal(course.turns, 3);
	assert_int_equal(course.count, 3);
	assert_int_equal(course.satisfaction[0], VOC_SATISFACTION_DISSATISFIED);
	assert_true(course.satisfaction[2] == VOC_SATISFACTION_SATISFIED ||
	            course.satisfaction[2] == VOC_SATISFACTION_DELIGHTED);
	assert_int_equal(course.trend, VOC_TREND_BETTER);
}

static void test_a_call_that_ends_badly(void **state)
{
	(void)state;
	struct voc_course course = course_of("Great service so far, thank you\nThis is terrible, you charged me twice");
	assert_int_equal(course.turns, 2);
	assert_int_equal(course.trend, VOC_TREND_WORSE);
}

static void test_one_turn_has_no_course(void **state)
{
	(void)state;
	assert_int_equal(course_of("최악이에요").turns, 0);
	assert_int_equal(course_of("최악이에요\n").turns, 0);
	assert_int_equal(course_of("").turns, 0);
}

static void test_of_a_long_call_both_ends_are_kept(void **state)
{
	(void)state;
	struct voc_buf text;
	voc_buf_init(&text, 4096);
	voc_buf_add_str(&text, VOC_STR("terrible service, I am angry"));
	for (int i = 0; i < 40; i++)
		voc_buf_add_str(&text, VOC_STR("\nok"));
	voc_buf_add_str(&text, VOC_STR("\nthank you, that was excellent"));
	struct voc_course course = course_of(voc_buf_c_str(&text));
	assert_int_equal(course.turns, 42);
	assert_int_equal(course.count, VOC_COURSE_TURNS_MAX);
	assert_int_equal(course.satisfaction[0], VOC_SATISFACTION_DISSATISFIED);
	assert_int_equal(course.trend, VOC_TREND_BETTER);
	voc_buf_free(&text);
}

static void test_the_record_carries_it(void **state)
{
	(void)state;
	const struct voc_event event = {
		.id = VOC_STR("e"), .source = VOC_STR("/s"), .customer_id = VOC_STR("c"), .time_ms = VOC_EARLIEST_MS
	};
	const struct voc_classification result = {
		.lang = "ko", .course = { .turns = 40, .count = 2, .satisfaction = { D, S }, .trend = VOC_TREND_BETTER }
	};
	struct voc_buf value;
	struct voc_classified back;
	struct voc_error error = { 0 };
	struct voc_arena *arena = voc_arena_new(65536);
	voc_buf_init(&value, 65536);
	assert_true(voc_classified_encode(&value, &event, &result, "m", VOC_TEXT_MASKED));
	assert_int_equal(voc_classified_decode(voc_buf_str(&value), arena, &back, &error), VOC_OK);
	assert_int_equal(back.course.turns, 40);
	assert_int_equal(back.course.count, 2);
	assert_int_equal(back.course.satisfaction[1], S);
	assert_int_equal(back.course.trend, VOC_TREND_BETTER);
	voc_buf_free(&value);
	voc_arena_free(arena);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_trend_is_from_the_first_verdict_to_the_last),
		cmocka_unit_test(test_a_call_that_ends_well),
		cmocka_unit_test(test_a_call_that_ends_badly),
		cmocka_unit_test(test_one_turn_has_no_course),
		cmocka_unit_test(test_of_a_long_call_both_ends_are_kept),
		cmocka_unit_test(test_the_record_carries_it),
	};
	return cmocka_run_group_tests(tests, classifier_fixture_open, classifier_fixture_close);
}
