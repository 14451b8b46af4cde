/* core: the classifier with its shipped model and rules; cases as data in tests/data/classify/. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "support/classifier_fixture.h"
#include "support/label_cases.h"

#include <stdio.h>
#include <stdlib.h>

static struct voc_classification classify(struct voc_str text, int rating)
{
	struct voc_classification result;
	const struct voc_utterance utterance = { .text = text, .rating = rating, .channel = VOC_CHANNEL_WEB };
	voc_classify(the_classifier, the_scratch, &utterance, &result);
	return result;
}

static void check_case(void *context, struct label_case *each)
{
	struct voc_classification result = classify(voc_str_from(each->text), 0);
	*(int *)context += label_case_check(each, &result.labels);
}

static void test_cases(void **state)
{
	(void)state;
	static const char *const files[] = { "negation", "question", "churn", "factors", "spelling" };
	int failures = 0, lines = 0;
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
		char path[512];
		snprintf(path, sizeof path, "%s/tests/data/classify/%s.tsv", VOC_SOURCE_DIR, files[i]);
		int count = label_cases_each(path, check_case, &failures);
		assert_true(count > 0);
		lines += count;
	}
	assert_true(lines > 80);
	assert_int_equal(failures, 0);
}

static void check_result(struct voc_str text, const struct voc_classification *result)
{
	const struct voc_labels *labels = &result->labels;
	assert_true(result->evidence_count <= VOC_EVIDENCE_MAX);
	for (size_t i = 0; i < result->evidence_count; i++) {
		const struct voc_evidence *evidence = &result->evidence[i];
		assert_true(evidence->start < evidence->end && evidence->end <= text.len);
		struct voc_str span = voc_str_of(text.ptr + evidence->start, evidence->end - evidence->start);
		assert_true(voc_utf8_check(span, NULL));
		assert_non_null(voc_head_label_name(evidence->head, evidence->label));
		assert_true(evidence->weight >= 0 && evidence->weight <= 1000);
		assert_true(i == 0 || evidence->weight <= evidence[-1].weight);
	}
	if (labels->feedback == VOC_FEEDBACK_COMPLAINT)
		assert_int_equal(labels->satisfaction, VOC_SATISFACTION_DISSATISFIED);
	if (labels->feedback == VOC_FEEDBACK_QUESTION)
		assert_int_equal(labels->satisfaction, VOC_SATISFACTION_NEUTRAL);
	assert_int_equal(labels->factors == 0, labels->primary_factor == VOC_FACTOR_NONE);
	assert_int_equal(labels->factors & (1u << VOC_FACTOR_NONE), 0);
	assert_true(labels->primary_factor == VOC_FACTOR_NONE || (labels->factors & (1u << labels->primary_factor)));
	assert_true(labels->factors != 0 || labels->servqual == VOC_SERVQUAL_NONE);
}

/* Text made of pieces of words, marks and odd characters. */
static size_t random_text(uint32_t *seed, char *text, size_t size)
{
	static const char *const pieces[] = { "배송", "이 ",  "늦",        "어요", "never ", "again",        "?",
		                              "!!",   "\n",   " not ",     "good", "ㅠㅠ",   "\u1112\u1161", "\u0301",
		                              "😀",    "환불", "해 주세요", ", ",   "x" };
	size_t len = 0;
	*seed = *seed * 1664525u + 1013904223u;
	for (uint32_t left = (*seed >> 8) % 60; left > 0; left--) {
		*seed = *seed * 1664525u + 1013904223u;
		const char *piece = pieces[(*seed >> 8) % (sizeof pieces / sizeof pieces[0])];
		if (len + strlen(piece) >= size)
			break;
		memcpy(text + len, piece, strlen(piece));
		len += strlen(piece);
	}
	return len;
}

static void test_labels_and_evidence_always_make_sense(void **state)
{
	(void)state;
	uint32_t seed = 11;
	for (int round = 0; round < 5000; round++) {
		char text[1024];
		struct voc_str s = voc_str_of(text, random_text(&seed, text, sizeof text));
		struct voc_classification result = classify(s, round % 6);
		check_result(s, &result);
	}
}

static void test_nothing_is_carried_over_from_text_to_text(void **state)
{
	(void)state;
	struct voc_str text = VOC_STR("다시는 안 시킬 겁니다. 환불해 주세요");
	struct voc_classification first = classify(text, 1), again;
	classify(VOC_STR("Would you recommend it? I love it, never again!"), 5);
	again = classify(text, 1);
	assert_memory_equal(&first, &again, sizeof first);
}

static void test_long_and_empty_texts(void **state)
{
	(void)state;
	struct voc_classification result = classify(VOC_STR(""), 0);
	check_result(VOC_STR(""), &result);
	assert_int_equal(result.evidence_count, 0);
	assert_false(result.labels.churn_intent);
	size_t len = 300000;
	char *text = malloc(len);
	for (size_t i = 0; i < len; i++)
		text[i] = "late again. "[i % 12];
	result = classify(voc_str_of(text, len), 0);
	check_result(voc_str_of(text, len), &result);
	assert_int_equal(result.labels.feedback, VOC_FEEDBACK_COMPLAINT);
	free(text);
}

static struct voc_labels classify_times(const char *text, size_t times)
{
	size_t len = strlen(text);
	char *repeated = malloc(len * times);
	for (size_t i = 0; i < times; i++)
		memcpy(repeated + i * len, text, len);
	struct voc_classification result = classify(voc_str_of(repeated, len * times), 0);
	free(repeated);
	return result.labels;
}

static void test_a_hundred_times_says_what_twice_says(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"late again. ",    "worst service. ", "it broke again. ",  "so slow. ",       "love it! ",
		"배송이 늦어요. ", "최악이에요. ",    "직원이 친절해요. ", "또 고장났어요. ", "정말 좋아요! ",
	};
	for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
		struct voc_labels twice = classify_times(texts[t], 2), often = classify_times(texts[t], 100);
		assert_int_equal(twice.feedback, t % 5 < 4 && t != 7 ? VOC_FEEDBACK_COMPLAINT : VOC_FEEDBACK_OPINION);
		assert_int_equal(often.feedback, twice.feedback);
		assert_int_equal(often.satisfaction, twice.satisfaction);
		assert_int_equal(often.churn_intent, twice.churn_intent);
	}
}

static void test_evidence_is_the_customers_words(void **state)
{
	(void)state;
	struct voc_str text = VOC_STR("그동안 잘 썼는데 오늘부로 해지합니다");
	struct voc_classification result = classify(text, 0);
	assert_true(result.labels.churn_intent);
	bool found = false;
	for (size_t i = 0; i < result.evidence_count; i++) {
		const struct voc_evidence *evidence = &result.evidence[i];
		struct voc_str span = voc_str_of(text.ptr + evidence->start, evidence->end - evidence->start);
		found |= evidence->head == VOC_HEAD_CHURN && memmem(span.ptr, span.len, "해지", 6) != NULL;
	}
	assert_true(found);
}

static bool is_edge(struct voc_str text, size_t at)
{
	return at == 0 || at == text.len || strchr(" .,!?", text.ptr[at]) || strchr(" .,!?", text.ptr[at - 1]);
}

static void test_evidence_is_whole_words(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"배송이 너무 늦어서 짜증나네요. 다시는 안 시킬 겁니다, 환불해 주세요!",
		"Third time the technician did not show up, and nobody called. I am moving to another provider.",
		"직원분이 정말 친절하셔서 감동했어요. 주변에도 추천할게요",
	};
	for (size_t t = 0; t < sizeof texts / sizeof texts[0]; t++) {
		struct voc_str text = voc_str_from(texts[t]);
		struct voc_classification result = classify(text, 0);
		assert_true(result.evidence_count > 2);
		for (size_t i = 0; i < result.evidence_count; i++)
			assert_true(is_edge(text, result.evidence[i].start) && is_edge(text, result.evidence[i].end));
	}
}

static void test_the_rating_weighs_in(void **state)
{
	(void)state;
	struct voc_str text = VOC_STR("잘 받았습니다");
	assert_int_equal(classify(text, 5).labels.satisfaction, VOC_SATISFACTION_SATISFIED);
	struct voc_labels low = classify(text, 1).labels, high = classify(text, 5).labels;
	assert_true(low.satisfaction != high.satisfaction ||
	            low.satisfaction_confidence < high.satisfaction_confidence);
}

static void test_bad_files_are_refused(void **state)
{
	(void)state;
	struct voc_classifier *none = NULL;
	struct voc_error error = { 0 };
	assert_int_equal(voc_classifier_open("/nonexistent", "/nonexistent", &none, &error), VOC_FATAL);
	assert_null(none);
	voc_error_clear(&error);
	assert_int_equal(voc_classifier_open(VOC_SOURCE_DIR "/services/classifier/model.bin",
	                                     VOC_SOURCE_DIR "/README.md", &none, &error),
	                 VOC_FATAL);
	assert_int_equal(error.reason, VOC_REASON_CONFIG);
	assert_null(none);
	assert_true(strlen(voc_classifier_version(the_classifier)) > 3);
	assert_non_null(strchr(voc_classifier_version(the_classifier), '+'));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases),
		cmocka_unit_test(test_labels_and_evidence_always_make_sense),
		cmocka_unit_test(test_nothing_is_carried_over_from_text_to_text),
		cmocka_unit_test(test_long_and_empty_texts),
		cmocka_unit_test(test_a_hundred_times_says_what_twice_says),
		cmocka_unit_test(test_evidence_is_the_customers_words),
		cmocka_unit_test(test_evidence_is_whole_words),
		cmocka_unit_test(test_the_rating_weighs_in),
		cmocka_unit_test(test_bad_files_are_refused),
	};
	return cmocka_run_group_tests_name("classify", tests, classifier_fixture_open, classifier_fixture_close);
}
