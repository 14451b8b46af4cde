/* core: n-grams: each counts once, words have stems, in the longest text too. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/classify/features.h"

#include <stdlib.h>

static struct voc_normal normal;
static struct voc_tokens tokens;
static struct voc_features features;

static void extract(struct voc_str text)
{
	voc_normalize(text, &normal);
	voc_tokenize(&normal, voc_str_of(NULL, 0), &tokens);
	voc_features_extract(&normal, &tokens, &features);
}

static int compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	return (left > right) - (left < right);
}

static void check_distinct(void)
{
	static uint32_t hashes[VOC_FEATURES_MAX];
	for (int b = 0; b < VOC_BLOCK_COUNT; b++) {
		for (size_t i = 0; i < features.count[b]; i++) {
			hashes[i] = features.at[b][i].hash;
			assert_true(features.at[b][i].start < features.at[b][i].end);
			assert_true(features.at[b][i].end <= normal.count);
		}
		qsort(hashes, features.count[b], sizeof hashes[0], compare);
		for (size_t i = 1; i < features.count[b]; i++)
			assert_int_not_equal(hashes[i - 1], hashes[i]);
	}
}

static void test_what_is_repeated_counts_once(void **state)
{
	(void)state;
	extract(VOC_STR("late again. late again. "));
	size_t chars = features.count[VOC_BLOCK_CHARS], words = features.count[VOC_BLOCK_WORDS];
	assert_true(chars > 0 && words > 0);
	assert_int_equal(features.distinct_words, 2);
	check_distinct();
	extract(VOC_STR("late again. late again. late again. late again. late again. "));
	assert_int_equal(features.count[VOC_BLOCK_CHARS], chars);
	assert_int_equal(features.count[VOC_BLOCK_WORDS], words);
	assert_int_equal(features.distinct_words, 2);
	check_distinct();
}

static void test_the_longest_text_is_distinct_too(void **state)
{
	(void)state;
	size_t len = VOC_CLASSIFY_MAX_BYTES;
	char *text = malloc(len);
	uint32_t random = 1;
	for (size_t i = 0; i < len; i++) {
		random = random * 1664525u + 1013904223u;
		text[i] = random >> 25 == 0 ? ' ' : (char)('a' + (random >> 16) % 26);
	}
	extract(voc_str_of(text, len));
	free(text);
	assert_true(features.count[VOC_BLOCK_CHARS] > VOC_FEATURES_MAX * 9 / 10);
	check_distinct();
	extract(VOC_STR("fine"));
	assert_int_equal(features.count[VOC_BLOCK_CHARS], 3);
	assert_int_equal(features.distinct_words, 1);
}

static size_t stems_of(struct voc_str text, struct voc_feature stems[VOC_STEMS_MAX])
{
	voc_normalize(text, &normal);
	voc_tokenize(&normal, voc_str_of(NULL, 0), &tokens);
	assert_int_equal(tokens.word_count, 1);
	return voc_features_stems(&normal, &tokens.words[0], stems);
}

static void test_particles_and_endings_leave_the_stem(void **state)
{
	(void)state;
	struct voc_feature subject[VOC_STEMS_MAX], topic[VOC_STEMS_MAX];
	assert_int_equal(stems_of(VOC_STR("배송이"), subject), 2);
	assert_int_equal(stems_of(VOC_STR("배송은"), topic), 2);
	assert_int_equal(subject[0].hash, topic[0].hash);
	assert_int_not_equal(subject[1].hash, topic[1].hash);
	assert_int_equal(stems_of(VOC_STR("느렸습니다"), subject), 3);
	assert_int_equal(stems_of(VOC_STR("늦었습니다"), topic), 3);
	assert_int_not_equal(subject[0].hash, topic[0].hash);
	assert_int_equal(subject[2].hash, topic[2].hash);
	assert_int_equal(stems_of(VOC_STR("앱"), subject), 1);
}

static void test_a_latin_word_is_its_own_stem(void **state)
{
	(void)state;
	struct voc_feature stem[VOC_STEMS_MAX];
	assert_int_equal(stems_of(VOC_STR("refund"), stem), 1);
	extract(VOC_STR("refund"));
	bool found = false;
	for (size_t i = 0; i < features.count[VOC_BLOCK_WORDS]; i++)
		found |= features.at[VOC_BLOCK_WORDS][i].hash == stem[0].hash;
	assert_true(found);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_is_repeated_counts_once),
		cmocka_unit_test(test_the_longest_text_is_distinct_too),
		cmocka_unit_test(test_particles_and_endings_leave_the_stem),
		cmocka_unit_test(test_a_latin_word_is_its_own_stem),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
