/* core: scores against a plain sum over the model's rows, and decisions from made-up scores. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/classify/decide.h"

#include <stdlib.h>

/* A model of made-up numbers, without a file. */
struct fake {
	int32_t scale[VOC_COLUMNS];
	int32_t bias[VOC_LANG_COUNT * VOC_COLUMNS];
	int32_t dense[VOC_DENSE_COUNT * VOC_HEAD_COLUMNS];
	int32_t threshold[VOC_LANG_COUNT * VOC_HEAD_COUNT];
	int32_t curve[VOC_LANG_COUNT * VOC_CURVES * VOC_CURVE_KNOTS];
	int8_t rows[VOC_BUCKETS * VOC_COLUMNS];
	uint8_t owner[VOC_BUCKETS];
	struct voc_model model;
};

static struct fake fake;
static struct voc_features features;

static int make_fake(void **state)
{
	(void)state;
	uint32_t seed = 3;
	for (size_t i = 0; i < sizeof fake.rows; i++) {
		seed = seed * 1664525u + 1013904223u;
		fake.rows[i] = (int8_t)(seed >> 24);
	}
	/* Most n-grams that the test makes up are known, some are strangers in another one's bucket. */
	for (size_t i = 0; i < 3000; i++)
		fake.owner[(size_t)((uint32_t)(i * 790000019) * (uint64_t)VOC_BUCKETS >> 32)] =
		        (uint8_t)((uint32_t)(i * 790000019) + (i % 5 == 0));
	for (int c = 0; c < VOC_COLUMNS; c++) {
		fake.scale[c] = 5000 + c;
		fake.bias[c] = -c;
		fake.bias[VOC_COLUMNS + c] = 1000 + c;
	}
	for (int i = 0; i < VOC_DENSE_COUNT * VOC_HEAD_COLUMNS; i++)
		fake.dense[i] = i % 701 - 350;
	for (int i = 0; i < VOC_LANG_COUNT * VOC_CURVES * VOC_CURVE_KNOTS; i++)
		fake.curve[i] = 200 + 50 * (i % VOC_CURVE_KNOTS);
	fake.model = (struct voc_model){ .scale = fake.scale,
		                         .bias = fake.bias,
		                         .dense = fake.dense,
		                         .threshold = fake.threshold,
		                         .curve = fake.curve,
		                         .rows = fake.rows,
		                         .owner = fake.owner };
	return 0;
}

static int64_t plain_sum(enum voc_block block, int column)
{
	int64_t sum = 0;
	for (size_t i = 0; i < features.count[block]; i++) {
		uint32_t hash = features.at[block][i].hash;
		size_t bucket = (size_t)(hash * (uint64_t)VOC_BUCKETS >> 32);
		if (hash % 256 == fake.owner[bucket])
			sum += fake.rows[bucket * VOC_COLUMNS + (size_t)column];
	}
	return sum;
}

static void check_scores(size_t chars, size_t words, enum voc_lang lang)
{
	struct voc_scores scores;
	memset(features.dense, 0, sizeof features.dense);
	features.count[VOC_BLOCK_CHARS] = chars;
	features.count[VOC_BLOCK_WORDS] = words;
	for (int b = 0; b < VOC_BLOCK_COUNT; b++) {
		for (size_t i = 0; i < features.count[b]; i++)
			features.at[b][i].hash = (uint32_t)(i * 790000019 + (size_t)b);
	}
	features.dense[VOC_DENSE_LENGTH] = 500;
	voc_features_look_up(&fake.model, &features);
	voc_score(&fake.model, lang, &features, &scores);
	for (int c = 0; c < VOC_HEAD_COLUMNS; c++) {
		double expected = fake.bias[(int)lang * VOC_COLUMNS + c];
		for (int b = 0; b < VOC_BLOCK_COUNT; b++)
			expected += (double)plain_sum((enum voc_block)b, c) * fake.scale[c] / 256 *
			            voc_inverse_sqrt_q16(features.count[b]) / 65536;
		for (int d = 0; d < VOC_DENSE_COUNT; d++)
			expected += features.dense[d] * fake.dense[d * VOC_HEAD_COLUMNS + c] / 1000.0;
		assert_true(abs((int)(expected - scores.column[c])) <= 2);
	}
	/* The signals became dense values of this language. */
	for (int s = 0; s < VOC_SIGNALS; s++) {
		int32_t value = scores.column[VOC_HEAD_COLUMNS + s];
		value = value > VOC_SIGNAL_LIMIT    ? VOC_SIGNAL_LIMIT
		        : value < -VOC_SIGNAL_LIMIT ? -VOC_SIGNAL_LIMIT
		                                    : value;
		assert_int_equal(features.dense[VOC_DENSE_SIGNAL + (int)lang * VOC_SIGNALS + s], value);
		assert_int_equal(features.dense[VOC_DENSE_SIGNAL + (1 - (int)lang) * VOC_SIGNALS + s], 0);
	}
}

static void test_scores_are_the_plain_sum(void **state)
{
	(void)state;
	check_scores(0, 0, VOC_LANG_KO);
	check_scores(1, 1, VOC_LANG_EN);
	check_scores(255, 256, VOC_LANG_KO);
	check_scores(257, 513, VOC_LANG_EN);
	check_scores(VOC_FEATURES_MAX, 1000, VOC_LANG_KO);
}

/* Labels of scores that are all zero but for the given columns. */
static struct voc_labels decide(const int32_t (*columns)[2], size_t count)
{
	struct voc_scores scores = { 0 };
	struct voc_labels labels;
	for (size_t i = 0; i < count; i++)
		scores.column[columns[i][0]] = columns[i][1];
	voc_decide(&fake.model, VOC_LANG_EN, &scores, &labels);
	return labels;
}
#define DECIDE(...) decide((const int32_t[][2]){ __VA_ARGS__ }, sizeof((const int32_t[][2]){ __VA_ARGS__ }) / 8)

static void test_feedback_and_satisfaction_agree(void **state)
{
	(void)state;
	/* Complaint leads alone, but opinion and satisfied lead together. */
	struct voc_labels labels = DECIDE({ VOC_COLUMN_FEEDBACK, 1000 }, { VOC_COLUMN_FEEDBACK + 1, 900 },
	                                  { VOC_COLUMN_SATISFACTION + 2, 800 });
	assert_int_equal(labels.feedback, VOC_FEEDBACK_OPINION);
	assert_int_equal(labels.satisfaction, VOC_SATISFACTION_SATISFIED);
	/* The margin is 1700 - 1000 for feedback, 1700 - 1000 for satisfaction; 500 a knot, 50 a knot. */
	assert_int_equal(labels.feedback_confidence, 200 + 50 + 50 * 200 / 500);
}

static void test_factors_and_servqual_need_a_primary_factor(void **state)
{
	(void)state;
	struct voc_labels labels = DECIDE({ VOC_COLUMN_PRIMARY, 10 }, { VOC_COLUMN_FACTOR, 2000 },
	                                  { VOC_COLUMN_SERVQUAL + VOC_SERVQUAL_EMPATHY, 2000 });
	assert_int_equal(labels.primary_factor, VOC_FACTOR_NONE);
	assert_int_equal(labels.factors, 0);
	assert_int_equal(labels.servqual, VOC_SERVQUAL_NONE);
	labels = DECIDE({ VOC_COLUMN_PRIMARY + VOC_FACTOR_EQUITY, 10 },
	                { VOC_COLUMN_FACTOR + VOC_FACTOR_EMOTION - 1, 1 },
	                { VOC_COLUMN_FACTOR + VOC_FACTOR_EQUITY - 1, -50 },
	                { VOC_COLUMN_SERVQUAL + VOC_SERVQUAL_EMPATHY, 2000 });
	assert_int_equal(labels.primary_factor, VOC_FACTOR_EQUITY);
	assert_int_equal(labels.factors, 1u << VOC_FACTOR_EQUITY | 1u << VOC_FACTOR_EMOTION);
	assert_int_equal(labels.servqual, VOC_SERVQUAL_EMPATHY);
}

static void test_churn_has_a_curve_for_each_side(void **state)
{
	(void)state;
	int32_t *yes = &fake.curve[(VOC_CURVES + VOC_HEAD_CHURN) * VOC_CURVE_KNOTS];
	yes[0] = 111;
	assert_true(DECIDE({ VOC_COLUMN_CHURN, 1 }).churn_intent);
	assert_int_equal(DECIDE({ VOC_COLUMN_CHURN, 1 }).churn_confidence, 111);
	assert_false(DECIDE({ VOC_COLUMN_CHURN, -600 }).churn_intent);
	assert_int_equal(DECIDE({ VOC_COLUMN_CHURN, -600 }).churn_confidence, 200 + 50 + 50 * 100 / 500);
}

static void test_unsure_labels_are_unknown(void **state)
{
	(void)state;
	int32_t *threshold = &fake.threshold[VOC_LANG_EN * VOC_HEAD_COUNT];
	threshold[VOC_HEAD_FEEDBACK] = 250;
	threshold[VOC_HEAD_SATISFACTION] = 300;
	/* Both unsure. */
	struct voc_labels labels = DECIDE({ VOC_COLUMN_FEEDBACK, 300 });
	assert_int_equal(labels.feedback, VOC_FEEDBACK_UNKNOWN);
	assert_int_equal(labels.satisfaction, VOC_SATISFACTION_UNKNOWN);
	/* A sure complaint is dissatisfied, whatever that head alone thinks. */
	labels = DECIDE({ VOC_COLUMN_FEEDBACK, 700 });
	assert_int_equal(labels.feedback, VOC_FEEDBACK_COMPLAINT);
	assert_int_equal(labels.satisfaction, VOC_SATISFACTION_DISSATISFIED);
	/* A sure opinion may be of unknown satisfaction. */
	labels = DECIDE({ VOC_COLUMN_FEEDBACK + 1, 700 }, { VOC_COLUMN_SATISFACTION + 2, 100 });
	assert_int_equal(labels.feedback, VOC_FEEDBACK_OPINION);
	assert_int_equal(labels.satisfaction, VOC_SATISFACTION_UNKNOWN);
}

static int32_t decided(const struct voc_phrase_hit *said, size_t count, size_t words, int column)
{
	struct voc_scores scores = { 0 };
	struct voc_phrase_hits hits = { .count = count };
	memcpy(hits.at, said, count * sizeof *said);
	voc_score_decide(&hits, words, &scores);
	return scores.column[column];
}

static void test_deciding_rules_outweigh(void **state)
{
	(void)state;
	const struct voc_phrase_hit complaint = { .head = VOC_HEAD_FEEDBACK,
		                                  .label = VOC_FEEDBACK_COMPLAINT,
		                                  .decides = true };
	struct voc_phrase_hit said[2] = { complaint, complaint };
	/* Twice the same counts once; in a long text it counts for less. */
	assert_int_equal(decided(said, 2, 1, VOC_COLUMN_FEEDBACK), VOC_DECIDED);
	assert_int_equal(decided(said, 1, VOC_DECIDED_WORDS, VOC_COLUMN_FEEDBACK), VOC_DECIDED);
	assert_int_equal(decided(said, 1, 2 * VOC_DECIDED_WORDS, VOC_COLUMN_FEEDBACK), VOC_DECIDED / 2);
	said[0].against = true;
	assert_int_equal(decided(said, 1, 1, VOC_COLUMN_FEEDBACK), -VOC_DECIDED);
	said[0].decides = false;
	assert_int_equal(decided(said, 1, 1, VOC_COLUMN_FEEDBACK), 0);
	assert_int_equal(decided(said, 2, 1, VOC_COLUMN_FEEDBACK), VOC_DECIDED);
}

static void test_deciding_rules_that_contradict_each_other_say_nothing(void **state)
{
	(void)state;
	struct voc_phrase_hit said[2] = {
		{ .head = VOC_HEAD_FEEDBACK, .label = VOC_FEEDBACK_COMPLAINT, .decides = true },
		{ .head = VOC_HEAD_FEEDBACK, .label = VOC_FEEDBACK_OPINION, .decides = true },
	};
	assert_int_equal(decided(said, 2, 1, VOC_COLUMN_FEEDBACK), 0);
	assert_int_equal(decided(said, 2, 1, VOC_COLUMN_FEEDBACK + 1), 0);
	said[1] = said[0];
	said[1].against = true;
	assert_int_equal(decided(said, 2, 1, VOC_COLUMN_FEEDBACK), 0);
	/* Factors go together. */
	for (int i = 0; i < 2; i++)
		said[i] = (struct voc_phrase_hit){ .head = VOC_HEAD_FACTOR,
			                           .label = VOC_FACTOR_EQUITY + i,
			                           .decides = true };
	assert_int_equal(decided(said, 2, 1, VOC_COLUMN_FACTOR + VOC_FACTOR_EQUITY - 1), VOC_DECIDED);
	assert_int_equal(decided(said, 2, 1, VOC_COLUMN_FACTOR + VOC_FACTOR_EQUITY), VOC_DECIDED);
}

static void test_a_deciding_rule_reaches_the_columns_of_its_label(void **state)
{
	(void)state;
	struct voc_phrase_hit hit = { .head = VOC_HEAD_SERVQUAL, .label = VOC_SERVQUAL_EMPATHY, .decides = true };
	assert_int_equal(decided(&hit, 1, 1, VOC_COLUMN_SERVQUAL + VOC_SERVQUAL_EMPATHY), VOC_DECIDED);
	assert_int_equal(decided(&hit, 1, 1, VOC_COLUMN_PRIMARY), -VOC_DECIDED);
	hit = (struct voc_phrase_hit){ .head = VOC_HEAD_FACTOR, .label = VOC_FACTOR_EQUITY, .decides = true };
	assert_int_equal(decided(&hit, 1, 1, VOC_COLUMN_PRIMARY), -VOC_DECIDED);
	hit.against = true;
	assert_int_equal(decided(&hit, 1, 1, VOC_COLUMN_FACTOR + VOC_FACTOR_EQUITY - 1), -VOC_DECIDED);
	assert_int_equal(decided(&hit, 1, 1, VOC_COLUMN_PRIMARY + VOC_FACTOR_EQUITY), -VOC_DECIDED);
	assert_int_equal(decided(&hit, 1, 1, VOC_COLUMN_PRIMARY), 0);
	hit = (struct voc_phrase_hit){ .head = VOC_HEAD_SATISFACTION,
		                       .label = VOC_SATISFACTION_NEUTRAL,
		                       .decides = true };
	assert_int_equal(decided(&hit, 1, 1, VOC_COLUMN_SATISFACTION + 1), VOC_DECIDED);
	hit = (struct voc_phrase_hit){ .head = VOC_HEAD_CHURN, .label = 1, .decides = true };
	assert_int_equal(decided(&hit, 1, 1, VOC_COLUMN_CHURN), VOC_DECIDED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_scores_are_the_plain_sum),
		cmocka_unit_test(test_feedback_and_satisfaction_agree),
		cmocka_unit_test(test_factors_and_servqual_need_a_primary_factor),
		cmocka_unit_test(test_churn_has_a_curve_for_each_side),
		cmocka_unit_test(test_unsure_labels_are_unknown),
		cmocka_unit_test(test_deciding_rules_outweigh),
		cmocka_unit_test(test_deciding_rules_that_contradict_each_other_say_nothing),
		cmocka_unit_test(test_a_deciding_rule_reaches_the_columns_of_its_label),
	};
	return cmocka_run_group_tests_name("score", tests, make_fake, NULL);
}
