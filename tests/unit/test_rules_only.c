/* core: the classifier without a model, by the shipped phrase rules alone (VOC_MODEL=off). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/classify/classify.h"
#include "core/classify/model.h"

#define PHRASES VOC_SOURCE_DIR "/services/classifier/phrases.txt"

static struct voc_classifier *classifier;
static struct voc_classify_scratch *scratch;

static int open_classifier(void **state)
{
	(void)state;
	struct voc_error error = { 0 };
	scratch = voc_classify_scratch_new();
	if (voc_classifier_open(VOC_MODEL_OFF, PHRASES, &classifier, &error) != VOC_OK)
		print_error("%s\n", error.text);
	return classifier && scratch ? 0 : -1;
}

static int close_classifier(void **state)
{
	(void)state;
	voc_classify_scratch_free(scratch);
	voc_classifier_free(classifier);
	return 0;
}

static struct voc_classification classify(const char *text, int rating)
{
	struct voc_classification result;
	const struct voc_utterance utterance = { .text = voc_str_from(text),
		                                 .rating = rating,
		                                 .channel = VOC_CHANNEL_WEB };
	voc_classify(classifier, scratch, &utterance, &result);
	return result;
}

/* Every rule speaks for its own label, and the label's evidence is its phrase. */
static void test_each_head(void **state)
{
	static const struct {
		const char *text, *phrase;
		enum voc_head head;
		int label;
	} said[] = {
		{ "환불해 주세요, 맛이 없어요", "맛이 없어요", VOC_HEAD_FEEDBACK, VOC_FEEDBACK_COMPLAINT },
		{ "I was charged twice.", "charged twice", VOC_HEAD_FEEDBACK, VOC_FEEDBACK_COMPLAINT },
		{ "해지할게요", "해지할게요", VOC_HEAD_CHURN, 1 },
		{ "Cancel my contract, I am leaving.", "Cancel my contract", VOC_HEAD_CHURN, 1 },
		{ "직원분이 친절해요", "친절해요", VOC_HEAD_SERVQUAL, VOC_SERVQUAL_ASSURANCE },
	};
	(void)state;
	for (size_t i = 0; i < sizeof said / sizeof *said; i++) {
		struct voc_classification result = classify(said[i].text, 0);
		bool found = false;
		assert_int_equal(voc_labels_get(&result.labels, said[i].head), said[i].label);
		for (size_t e = 0; e < result.evidence_count; e++) {
			const struct voc_evidence *evidence = &result.evidence[e];
			const char *at = strstr(said[i].text, said[i].phrase);
			size_t start = (size_t)(at - said[i].text);
			found |= evidence->head == said[i].head && evidence->label == said[i].label &&
			         evidence->start < start + strlen(said[i].phrase) && evidence->end > start;
		}
		assert_true(found);
	}
}

static void test_denial(void **state)
{
	(void)state;
	struct voc_classification result = classify("No complaints, great crew today", 0);
	assert_int_not_equal(result.labels.feedback, VOC_FEEDBACK_COMPLAINT);
	assert_int_equal(classify("문제 없어요, 고마워요", 0).labels.satisfaction, VOC_SATISFACTION_SATISFIED);
}

/* Where no phrase speaks: no evidence, and no more confidence than a guess deserves. */
static void test_nothing_said(void **state)
{
	(void)state;
	struct voc_classification result = classify("xyzzy plugh", 0);
	assert_int_equal(result.evidence_count, 0);
	assert_int_equal(result.labels.servqual, VOC_SERVQUAL_NONE);
	assert_false(result.labels.churn_intent);
	assert_in_range(result.labels.feedback_confidence, 0, 700);
	assert_int_equal(classify("", 0).evidence_count, 0);
}

static void test_rating_speaks(void **state)
{
	(void)state;
	assert_int_equal(classify("xyzzy plugh", 1).labels.satisfaction, VOC_SATISFACTION_DISSATISFIED);
	assert_int_not_equal(classify("xyzzy plugh", 5).labels.satisfaction, VOC_SATISFACTION_DISSATISFIED);
}

/* The record's `model` tells that there was none, and of which rules. */
static void test_version(void **state)
{
	(void)state;
	struct voc_classification result = classify("hello", 0);
	assert_ptr_equal(strstr(result.version, "rules-1+1-"), result.version);
	assert_string_equal(result.version, voc_classifier_version(classifier));
}

/* A reload of the rules alone keeps what it has instead of a model. */
static void test_shared(void **state)
{
	(void)state;
	struct voc_error error = { 0 };
	struct voc_classifier *next = NULL;
	const struct voc_classifier_files files = { .model = "/nonexistent", .rules = PHRASES };
	assert_int_equal(voc_classifier_open_files(&files, classifier, &next, &error), VOC_OK);
	assert_string_equal(voc_classifier_version(next), voc_classifier_version(classifier));
	voc_classifier_free(next);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_each_head),    cmocka_unit_test(test_denial),
		cmocka_unit_test(test_nothing_said), cmocka_unit_test(test_rating_speaks),
		cmocka_unit_test(test_version),      cmocka_unit_test(test_shared),
	};
	return cmocka_run_group_tests(tests, open_classifier, close_classifier);
}
