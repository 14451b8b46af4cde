/* core/classify on any bytes, with the shipped model and rules: labels agree, evidence lies within the text, turns are
 * labelled as alone. */
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
static void check_same_labels(const struct voc_labels *a, const struct voc_labels *b)
{
	assert(a->feedback == b->feedback && a->satisfaction == b->satisfaction);
	assert(a->factors == b->factors && a->primary_factor == b->primary_factor);
	assert(a->servqual == b->servqual && a->churn_intent == b->churn_intent);
	assert(a->feedback_confidence == b->feedback_confidence);
	assert(a->satisfaction_confidence == b->satisfaction_confidence);
	assert(a->factor_confidence == b->factor_confidence);
	assert(a->servqual_confidence == b->servqual_confidence);
	assert(a->churn_confidence == b->churn_confidence);
}

static void check_same(const struct voc_classification *a, const struct voc_classification *b)
{
	check_same_labels(&a->labels, &b->labels);
	assert(memcmp(a->lang, b->lang, sizeof a->lang) == 0 && a->version == b->version);
	assert(a->evidence_count == b->evidence_count);
	for (size_t i = 0; i < a->evidence_count; i++) {
		const struct voc_evidence *one = &a->evidence[i], *other = &b->evidence[i];
		assert(one->head == other->head && one->label == other->label && one->weight == other->weight);
		assert(one->start == other->start && one->end == other->end);
	}
}

/* Each line as a turn of the call that was classified last, and by itself. */
static void check_turns(const struct voc_utterance *call)
{
	struct voc_utterance turn = *call;
	struct voc_str rest = call->text;
	while (rest.len > 0) {
		struct voc_labels labels, alone;
		turn.text = voc_str_take_until(&rest, '\n');
		if (turn.text.len == 0)
			continue;
		voc_classify_turn(classifier, scratch, &turn, (size_t)(turn.text.ptr - call->text.ptr), &labels);
		voc_classify_labels(classifier, scratch, &turn, &alone);
		check_same_labels(&labels, &alone);
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
	check_turns(&utterance);
	return 0;
}
