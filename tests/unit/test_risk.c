/* The risk score's arithmetic: decay, terms, late events, hysteresis. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <math.h>

#include "core/customer/risk.h"

#define HOUR_MS      INT64_C(3600000)
#define HALF_LIFE_MS (168 * HOUR_MS)

static const struct voc_rules rules = {
	.raise = 60,
	.critical = 85,
	.clear = 30,
	.half_life_ms = HALF_LIFE_MS,
	.repeat_max = 3,
	.weights = {
		[VOC_WEIGHT_COMPLAINT] = 12,  [VOC_WEIGHT_DISSATISFIED] = 8,    [VOC_WEIGHT_RELIABILITY] = 16,
		[VOC_WEIGHT_TANGIBLES] = 6,   [VOC_WEIGHT_EMOTION] = 5,         [VOC_WEIGHT_WORD_OF_MOUTH] = 20,
		[VOC_WEIGHT_CHURN_INTENT] = 40, [VOC_WEIGHT_REPEAT] = 6,        [VOC_WEIGHT_RATING_1] = 7,
		[VOC_WEIGHT_RATING_2] = 3,    [VOC_WEIGHT_SATISFIED] = -10,     [VOC_WEIGHT_DELIGHTED] = -25,
	},
};

static void test_decay_at_known_points(void **state)
{
	(void)state;
	static const struct {
		int64_t points, dt_ms, left;
	} cases[] = {
		{ 100000, 0, 100000 },
		{ 100000, HALF_LIFE_MS, 50000 },
		{ 100000, 2 * HALF_LIFE_MS, 25000 },
		{ 100000, HALF_LIFE_MS / 2, 70710 },
		{ -100000, HALF_LIFE_MS / 2, -70710 },
		{ 100001, HALF_LIFE_MS, 50000 },
		{ -1, HALF_LIFE_MS, 0 },
		{ INT64_C(1) << 40, 40 * HALF_LIFE_MS, 1 },
		{ INT64_C(1) << 40, 41 * HALF_LIFE_MS, 0 },
		{ 200000, INT64_C(1) << 58, 0 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(voc_risk_decay(cases[i].points, cases[i].dt_ms, HALF_LIFE_MS), cases[i].left);
}

static void test_decay_follows_the_curve(void **state)
{
	(void)state;
	int64_t before = 200000;
	for (int64_t dt_ms = 0; dt_ms < 6 * HALF_LIFE_MS; dt_ms += 1234567) {
		int64_t left = voc_risk_decay(200000, dt_ms, HALF_LIFE_MS);
		double exact = 200000 * pow(0.5, (double)dt_ms / (double)HALF_LIFE_MS);
		/* 16 roundings down, and the grid of the time. */
		assert_true(left <= before + 16);
		assert_true(fabs((double)left - exact) < 20);
		before = left;
	}
}

static void test_decay_does_not_overflow_at_the_longest_half_life(void **state)
{
	(void)state;
	int64_t ten_years_ms = 87600 * HOUR_MS;
	assert_int_equal(voc_risk_decay(200000, 40 * ten_years_ms, ten_years_ms), 0);
	assert_int_equal(voc_risk_decay(200000, ten_years_ms, ten_years_ms), 100000);
	assert_int_equal(voc_risk_decay(200000, 100 * ten_years_ms, ten_years_ms), 0);
}

static struct voc_classified complaint(void)
{
	struct voc_classified event = { 0 };
	event.labels.feedback = VOC_FEEDBACK_COMPLAINT;
	event.labels.satisfaction = VOC_SATISFACTION_DISSATISFIED;
	event.labels.servqual = VOC_SERVQUAL_RELIABILITY;
	event.labels.primary_factor = VOC_FACTOR_EMOTION;
	event.labels.factors =
	        1U << VOC_FACTOR_EMOTION | 1U << VOC_FACTOR_WORD_OF_MOUTH | 1U << VOC_FACTOR_PRODUCT_SERVICE;
	return event;
}

static void test_terms_of_a_complaint(void **state)
{
	(void)state;
	struct voc_classified event = complaint();
	struct voc_risk_terms terms;
	event.rating = 1;
	voc_risk_terms(&rules, &event, 2, &terms);
	assert_int_equal(terms.points[VOC_WEIGHT_COMPLAINT], 12000);
	assert_int_equal(terms.points[VOC_WEIGHT_DISSATISFIED], 8000);
	assert_int_equal(terms.points[VOC_WEIGHT_RELIABILITY], 16000);
	assert_int_equal(terms.points[VOC_WEIGHT_EMOTION], 5000);
	assert_int_equal(terms.points[VOC_WEIGHT_WORD_OF_MOUTH], 20000);
	assert_int_equal(terms.points[VOC_WEIGHT_REPEAT], 12000);
	assert_int_equal(terms.points[VOC_WEIGHT_RATING_1], 7000);
	assert_int_equal(terms.sum, 80000);
	voc_risk_terms(&rules, &event, 8, &terms);
	assert_int_equal(terms.points[VOC_WEIGHT_REPEAT], 18000);
	event.labels.primary_factor = VOC_FACTOR_NONE;
	voc_risk_terms(&rules, &event, 8, &terms);
	assert_int_equal(terms.points[VOC_WEIGHT_REPEAT], 0);
}

static void test_terms_without_trouble(void **state)
{
	(void)state;
	struct voc_classified event = complaint();
	struct voc_risk_terms terms;
	event.labels.feedback = VOC_FEEDBACK_QUESTION;
	event.labels.satisfaction = VOC_SATISFACTION_NEUTRAL;
	event.labels.churn_intent = true;
	event.rating = 2;
	voc_risk_terms(&rules, &event, 3, &terms);
	assert_int_equal(terms.sum, 43000); /* churn and rating; no factor, dimension or repetition */
	event.labels.satisfaction = VOC_SATISFACTION_DELIGHTED;
	event.labels.churn_intent = false;
	event.rating = 5;
	voc_risk_terms(&rules, &event, 0, &terms);
	assert_int_equal(terms.sum, -25000);
}

static void test_dissatisfied_alone_is_trouble(void **state)
{
	(void)state;
	struct voc_classified event = complaint();
	struct voc_risk_terms terms;
	event.labels.feedback = VOC_FEEDBACK_OPINION;
	event.labels.servqual = VOC_SERVQUAL_TANGIBLES;
	assert_true(voc_risk_is_trouble(&event.labels));
	voc_risk_terms(&rules, &event, 0, &terms);
	assert_int_equal(terms.points[VOC_WEIGHT_COMPLAINT], 0);
	assert_int_equal(terms.sum, 8000 + 6000 + 5000 + 20000);
}

static void test_late_events_count_what_is_left_of_them(void **state)
{
	(void)state;
	struct voc_risk risk = { .at_ms = 10 * HALF_LIFE_MS, .points = 10000 };
	struct voc_risk late = voc_risk_add(risk, 40000, 9 * HALF_LIFE_MS, HALF_LIFE_MS);
	assert_int_equal(late.points, 30000);
	assert_int_equal(late.at_ms, risk.at_ms);
	late = voc_risk_add(risk, -40000, 8 * HALF_LIFE_MS, HALF_LIFE_MS);
	assert_int_equal(late.points, 0);
	struct voc_risk next = voc_risk_add(risk, 40000, 11 * HALF_LIFE_MS, HALF_LIFE_MS);
	assert_int_equal(next.points, 45000);
	assert_int_equal(next.at_ms, 11 * HALF_LIFE_MS);
}

static void test_points_are_clamped(void **state)
{
	(void)state;
	struct voc_risk risk = { .at_ms = 0, .points = 190000 };
	assert_int_equal(voc_risk_add(risk, 40000, 0, HALF_LIFE_MS).points, VOC_RISK_POINTS_MAX);
	assert_int_equal(voc_risk_add(risk, -400000, 0, HALF_LIFE_MS).points, 0);
	assert_int_equal(voc_risk_level((struct voc_risk){ .points = 100999 }), 100);
	assert_int_equal(voc_risk_level((struct voc_risk){ .points = 99999 }), 99);
	assert_int_equal(voc_risk_level((struct voc_risk){ .points = 200000 }), 100);
}

static void test_states_have_hysteresis(void **state)
{
	(void)state;
	static const struct {
		enum voc_risk_state from;
		int level;
		enum voc_risk_state to;
	} cases[] = {
		{ VOC_RISK_NORMAL, 59, VOC_RISK_NORMAL },    { VOC_RISK_NORMAL, 60, VOC_RISK_AT_RISK },
		{ VOC_RISK_NORMAL, 84, VOC_RISK_AT_RISK },   { VOC_RISK_NORMAL, 85, VOC_RISK_CRITICAL },
		{ VOC_RISK_AT_RISK, 30, VOC_RISK_AT_RISK },  { VOC_RISK_AT_RISK, 29, VOC_RISK_NORMAL },
		{ VOC_RISK_AT_RISK, 85, VOC_RISK_CRITICAL }, { VOC_RISK_CRITICAL, 60, VOC_RISK_CRITICAL },
		{ VOC_RISK_CRITICAL, 59, VOC_RISK_AT_RISK }, { VOC_RISK_CRITICAL, 30, VOC_RISK_AT_RISK },
		{ VOC_RISK_CRITICAL, 29, VOC_RISK_NORMAL },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(voc_risk_next_state(&rules, cases[i].from, cases[i].level), cases[i].to);
}

static void test_state_names_go_both_ways(void **state)
{
	(void)state;
	for (int i = 0; i < VOC_RISK_STATE_COUNT; i++) {
		enum voc_risk_state parsed = VOC_RISK_STATE_COUNT;
		assert_true(voc_risk_state_parse(voc_str_from(voc_risk_state_name((enum voc_risk_state)i)), &parsed));
		assert_int_equal(parsed, i);
	}
	enum voc_risk_state untouched = VOC_RISK_CRITICAL;
	assert_false(voc_risk_state_parse(VOC_STR("calm"), &untouched));
	assert_int_equal(untouched, VOC_RISK_CRITICAL);
	assert_null(voc_risk_state_name(VOC_RISK_STATE_COUNT));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_decay_at_known_points),
		cmocka_unit_test(test_decay_follows_the_curve),
		cmocka_unit_test(test_decay_does_not_overflow_at_the_longest_half_life),
		cmocka_unit_test(test_terms_of_a_complaint),
		cmocka_unit_test(test_terms_without_trouble),
		cmocka_unit_test(test_dissatisfied_alone_is_trouble),
		cmocka_unit_test(test_late_events_count_what_is_left_of_them),
		cmocka_unit_test(test_points_are_clamped),
		cmocka_unit_test(test_states_have_hysteresis),
		cmocka_unit_test(test_state_names_go_both_ways),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
