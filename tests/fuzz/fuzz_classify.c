/* core/classify on any bytes, with the shipped model and rules: labels agree, evidence lies within the text. */
#undef NDEBUG /* every build must check */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/utf8.h"
#include "core/classify/classify.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct voc_classifier *classifier;
static struct voc_classify_scratch *scratch;

static void open_once(void)
{
	struct voc_error error = { 0 };
	if (classifier)
		return;
	enum voc_status status =
	        voc_classifier_open(VOC_SOURCE_DIR "/services/classifier/model.bin",
	                            VOC_SOURCE_DIR "/services/classifier/phrases.txt", &classifier, &error);
	scratch = voc_classify_scratch_new();
	assert(status == VOC_OK && scratch);
}

static void check_labels(const struct voc_labels *labels)
{
	assert(labels->feedback != VOC_FEEDBACK_COMPLAINT || labels->satisfaction == VOC_SATISFACTION_DISSATISFIED);
	assert(labels->feedback != VOC_FEEDBACK_QUESTION || labels->satisfaction == VOC_SATISFACTION_NEUTRAL);
	assert((labels->factors == 0) == (labels->primary_factor == VOC_FACTOR_NONE));
	assert(labels->factors != 0 || labels->servqual == VOC_SERVQUAL_NONE);
	assert(labels->feedback_confidence >= 0 && labels->feedback_confidence <= 1000);
	assert(labels->churn_confidence >= 0 && labels->churn_confidence <= 1000);
}

/* Member by member: padding may hold anything. */
static void check_same(const struct voc_classification *a, const struct voc_classification *b)
{
	assert(a->labels.feedback == b->labels.feedback && a->labels.satisfaction == b->labels.satisfaction);
	assert(a->labels.factors == b->labels.factors && a->labels.primary_factor == b->labels.primary_factor);
	assert(a->labels.servqual == b->labels.servqual && a->labels.churn_intent == b->labels.churn_intent);
	assert(a->labels.feedback_confidence == b->labels.feedback_confidence);
	assert(a->labels.satisfaction_confidence == b->labels.satisfaction_confidence);
	assert(a->labels.factor_confidence == b->labels.factor_confidence);
	assert(a->labels.servqual_confidence == b->labels.servqual_confidence);
	assert(a->labels.churn_confidence == b->labels.churn_confidence);
	assert(memcmp(a->lang, b->lang, sizeof a->lang) == 0 && a->version == b->version);
	assert(a->evidence_count == b->evidence_count);
	for (size_t i = 0; i < a->evidence_count; i++) {
		const struct voc_evidence *one = &a->evidence[i], *other = &b->evidence[i];
		assert(one->head == other->head && one->label == other->label && one->weight == other->weight);
		assert(one->start == other->start && one->end == other->end);
	}
}

/* The first byte is the rating. Bytes that are no UTF-8 must do no harm, but only text has whole characters. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	open_once();
	struct voc_str text = voc_str_of((const char *)data + 1, size - 1);
	const struct voc_utterance utterance = { .text = text, .rating = data[0] % 6, .channel = VOC_CHANNEL_CALL };
	struct voc_classification result, again;
	voc_classify(classifier, scratch, &utterance, &result);
	check_labels(&result.labels);
	bool is_text = voc_utf8_check(text, NULL);
	for (size_t i = 0; i < result.evidence_count; i++) {
		const struct voc_evidence *evidence = &result.evidence[i];
		assert(evidence->start < evidence->end && evidence->end <= text.len);
		struct voc_str span = voc_str_of(text.ptr + evidence->start, evidence->end - evidence->start);
		assert(!is_text || voc_utf8_check(span, NULL));
	}
	voc_classify(classifier, scratch, &utterance, &again);
	check_same(&result, &again);
	return 0;
}
