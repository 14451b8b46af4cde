#include "core/classify/decide.h"

static const struct {
	enum voc_feedback feedback;
	enum voc_satisfaction satisfaction;
} pairs[] = {
	{ VOC_FEEDBACK_COMPLAINT, VOC_SATISFACTION_DISSATISFIED }, { VOC_FEEDBACK_QUESTION, VOC_SATISFACTION_NEUTRAL },
	{ VOC_FEEDBACK_OPINION, VOC_SATISFACTION_NEUTRAL },        { VOC_FEEDBACK_OPINION, VOC_SATISFACTION_SATISFIED },
	{ VOC_FEEDBACK_OPINION, VOC_SATISFACTION_DELIGHTED },
};
#define PAIRS (int)(sizeof pairs / sizeof pairs[0])

struct decision {
	const struct voc_model *model;
	enum voc_lang lang;
	const int32_t *column;
	struct voc_labels *labels;
};

static int16_t confidence(const struct decision *decision, int curve, int32_t margin)
{
	return voc_model_confidence(decision->model, decision->lang, curve, margin);
}

static bool is_sure(const struct decision *decision, enum voc_head head, int16_t value)
{
	return value >= decision->model->threshold[(int)decision->lang * VOC_HEAD_COUNT + (int)head];
}

static void decide_pair(const struct decision *decision)
{
	struct voc_labels *labels = decision->labels;
	int32_t score[PAIRS];
	int best = 0;
	for (int p = 0; p < PAIRS; p++) {
		score[p] = decision->column[VOC_COLUMN_FEEDBACK + (int)pairs[p].feedback - 1] +
		           decision->column[VOC_COLUMN_SATISFACTION + (int)pairs[p].satisfaction - 1];
		if (score[p] > score[best])
			best = p;
	}
	/* The best pair that says something else, for each of the two heads. */
	int32_t other_feedback = INT32_MIN / 2, other_satisfaction = INT32_MIN / 2;
	for (int p = 0; p < PAIRS; p++) {
		if (pairs[p].feedback != pairs[best].feedback && score[p] > other_feedback)
			other_feedback = score[p];
		if (pairs[p].satisfaction != pairs[best].satisfaction && score[p] > other_satisfaction)
			other_satisfaction = score[p];
	}
	labels->feedback = pairs[best].feedback;
	labels->satisfaction = pairs[best].satisfaction;
	labels->feedback_confidence = confidence(decision, VOC_HEAD_FEEDBACK, score[best] - other_feedback);
	labels->satisfaction_confidence = confidence(decision, VOC_HEAD_SATISFACTION, score[best] - other_satisfaction);
}

/* What follows from the other head is as sure as that one is. */
static void abstain(const struct decision *decision)
{
	struct voc_labels *labels = decision->labels;
	bool feedback_sure = is_sure(decision, VOC_HEAD_FEEDBACK, labels->feedback_confidence);
	bool implied = labels->feedback != VOC_FEEDBACK_OPINION && feedback_sure;
	if (!implied && !is_sure(decision, VOC_HEAD_SATISFACTION, labels->satisfaction_confidence))
		labels->satisfaction = VOC_SATISFACTION_UNKNOWN;
	if (!feedback_sure)
		labels->feedback = VOC_FEEDBACK_UNKNOWN;
}

/* The best of `count` columns, and how far it is ahead of the second. */
static int best_of(const int32_t *column, int count, int32_t *ret_margin)
{
	int best = 0;
	for (int i = 1; i < count; i++) {
		if (column[i] > column[best])
			best = i;
	}
	int32_t second = INT32_MIN / 2;
	for (int i = 0; i < count; i++) {
		if (i != best && column[i] > second)
			second = column[i];
	}
	*ret_margin = column[best] - second;
	return best;
}

static void decide_factors(const struct decision *decision)
{
	struct voc_labels *labels = decision->labels;
	int32_t margin;
	labels->primary_factor =
	        (enum voc_factor)best_of(decision->column + VOC_COLUMN_PRIMARY, VOC_FACTOR_COUNT, &margin);
	labels->factor_confidence = confidence(decision, VOC_HEAD_FACTOR, margin);
	labels->factors = 0;
	if (labels->primary_factor == VOC_FACTOR_NONE)
		return;
	for (int f = VOC_FACTOR_PRODUCT_SERVICE; f < VOC_FACTOR_COUNT; f++) {
		if (decision->column[VOC_COLUMN_FACTOR + f - 1] > 0)
			labels->factors |= 1u << f;
	}
	labels->factors |= 1u << labels->primary_factor;
}

static void decide_servqual(const struct decision *decision)
{
	struct voc_labels *labels = decision->labels;
	int32_t margin;
	labels->servqual =
	        (enum voc_servqual)best_of(decision->column + VOC_COLUMN_SERVQUAL, VOC_SERVQUAL_COUNT, &margin);
	labels->servqual_confidence = confidence(decision, VOC_HEAD_SERVQUAL, margin);
	if (labels->primary_factor == VOC_FACTOR_NONE && labels->servqual != VOC_SERVQUAL_NONE) {
		labels->servqual = VOC_SERVQUAL_NONE;
		labels->servqual_confidence = labels->factor_confidence;
	}
}

static void decide_churn(const struct decision *decision)
{
	int32_t score = decision->column[VOC_COLUMN_CHURN];
	decision->labels->churn_intent = score > 0;
	decision->labels->churn_confidence = score > 0 ? confidence(decision, VOC_HEAD_CHURN, score)
	                                               : confidence(decision, VOC_CURVE_CHURN_FALSE, -score);
}

void voc_decide(const struct voc_model *model, enum voc_lang lang, const struct voc_scores *scores,
                struct voc_labels *ret_labels)
{
	struct decision decision = { model, lang, scores->column, ret_labels };
	decide_pair(&decision);
	decide_factors(&decision);
	decide_servqual(&decision);
	decide_churn(&decision);
	abstain(&decision);
}
