/* core: phrase rules, the automaton under them, and the shipped rule file. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file_map.h"
#include "core/classify/automaton.h"
#include "core/classify/phrases.h"
#include "core/deliver/retry.h"

#include <stdio.h>
#include <stdlib.h>

static struct voc_normal normal;
static struct voc_tokens tokens;
static struct voc_phrase_hits hits;

static struct voc_phrases *parse(const char *text)
{
	struct voc_phrases *phrases = NULL;
	struct voc_error error = { 0 };
	enum voc_status status = voc_phrases_parse(voc_str_from(text), "rules", &phrases, &error);
	if (status != VOC_OK)
		print_error("%s\n", error.text);
	assert_int_equal(status, VOC_OK);
	return phrases;
}

/* Finds, and returns the number of hits. */
static size_t find(const struct voc_phrases *phrases, const char *text)
{
	struct voc_phrase_matcher *matcher = voc_phrase_matcher_new();
	voc_normalize(voc_str_from(text), &normal);
	voc_tokenize(&normal, voc_str_of(NULL, 0), &tokens);
	voc_phrases_find(phrases, matcher, &normal, &tokens, &hits);
	voc_phrase_matcher_free(matcher);
	return hits.count;
}

static size_t count_in(const char *rules, const char *text)
{
	char file[1024];
	snprintf(file, sizeof file, "version t\n%s\n", rules);
	struct voc_phrases *phrases = parse(file);
	size_t count = find(phrases, text);
	voc_phrases_free(phrases);
	return count;
}

static void test_the_automaton_finds_overlapping_patterns(void **state)
{
	(void)state;
	struct voc_automaton *automaton = voc_automaton_new(64);
	const uint32_t he[] = { 'h', 'e' }, she[] = { 's', 'h', 'e' }, hers[] = { 'h', 'e', 'r', 's' };
	assert_true(voc_automaton_add(automaton, he, 2, 1));
	assert_true(voc_automaton_add(automaton, she, 3, 2));
	assert_true(voc_automaton_add(automaton, hers, 4, 4));
	assert_true(voc_automaton_add(automaton, he, 2, 8));
	assert_true(voc_automaton_finish(automaton));
	const uint32_t ushers[] = { 'u', 's', 'h', 'e', 'r', 's', 0 };
	struct voc_automaton_walk walk;
	size_t last;
	uint32_t match, sum = 0, matches = 0;
	voc_automaton_begin(automaton, ushers, 6, &walk);
	while ((match = voc_automaton_walk(&walk, &last)) != VOC_AUTOMATON_NONE) {
		assert_int_equal(last, matches < 3 ? 3 : 5);
		for (; match != VOC_AUTOMATON_NONE; match = voc_automaton_next(automaton, match)) {
			sum += voc_automaton_value(automaton, match);
			matches++;
		}
	}
	assert_int_equal(sum, 1 + 2 + 4 + 8);
	assert_int_equal(matches, 4);
	voc_automaton_free(automaton);
}

#define PATTERNS 60
#define TEXT     400

struct pattern {
	uint32_t symbols[5];
	size_t count;
};

/* ASCII, syllables, and others, which the root looks up in another way; few, so that much is found. */
static uint32_t random_symbol(uint64_t *noise)
{
	static const uint32_t symbols[] = { 'a', 'b', 0x7F, 0xAC00, 0xD7A3, 0xABFF, 0xD7A4, 0x3160, 0x1F642, 0x10FFFF };
	return symbols[voc_random_next(noise) % (sizeof symbols / sizeof *symbols)];
}

static size_t count_ending(const struct pattern *patterns, size_t count, const uint32_t *text, size_t end)
{
	size_t found = 0;
	for (size_t i = 0; i < count; i++) {
		const struct pattern *pattern = &patterns[i];
		found += pattern->count <= end &&
		         memcmp(text + end - pattern->count, pattern->symbols, pattern->count * sizeof *text) == 0;
	}
	return found;
}

/* Few symbols: much is found. Many: next to nothing is, most is passed over. */
static uint32_t random_symbol_of(uint64_t *noise, bool many)
{
	return many ? 0xAC00 + (uint32_t)(voc_random_next(noise) % 300) : random_symbol(noise);
}

static struct voc_automaton *random_automaton(uint64_t *noise, bool many, struct pattern *patterns, size_t count)
{
	struct voc_automaton *automaton = voc_automaton_new(5 * PATTERNS + 1);
	for (size_t i = 0; i < count; i++) {
		patterns[i].count = 1 + voc_random_next(noise) % 5;
		for (size_t n = 0; n < patterns[i].count; n++)
			patterns[i].symbols[n] = random_symbol_of(noise, many);
		assert_true(voc_automaton_add(automaton, patterns[i].symbols, patterns[i].count, (uint32_t)i));
	}
	assert_true(voc_automaton_finish(automaton));
	return automaton;
}

static void walk_and_compare(struct voc_automaton_walk *walk, const struct pattern *patterns, size_t count,
                             const uint32_t *text, size_t length)
{
	size_t last, looked_at = 0;
	uint32_t match;
	while ((match = voc_automaton_walk(walk, &last)) != VOC_AUTOMATON_NONE) {
		size_t found = 0, longest = SIZE_MAX;
		for (; looked_at < last; looked_at++)
			assert_int_equal(count_ending(patterns, count, text, looked_at + 1), 0);
		for (uint32_t m = match; m != VOC_AUTOMATON_NONE; m = voc_automaton_next(walk->automaton, m)) {
			size_t symbols = patterns[voc_automaton_value(walk->automaton, m)].count;
			assert_true(symbols <= longest);
			longest = symbols;
			found++;
		}
		assert_int_equal(found, count_ending(patterns, count, text, ++looked_at));
	}
	for (; looked_at < length; looked_at++)
		assert_int_equal(count_ending(patterns, count, text, looked_at + 1), 0);
}

static void test_the_automaton_finds_what_a_plain_search_finds(void **state)
{
	(void)state;
	uint64_t noise = 7;
	for (int round = 0; round < 200; round++) {
		struct pattern patterns[PATTERNS];
		uint32_t text[TEXT + 1];
		struct voc_automaton_walk walk;
		bool many = round % 2;
		size_t count = 1 + voc_random_next(&noise) % PATTERNS, length = voc_random_next(&noise) % (TEXT + 1);
		struct voc_automaton *automaton = random_automaton(&noise, many, patterns, count);
		for (size_t i = 0; i <= length; i++)
			text[i] = random_symbol_of(&noise, many);
		for (size_t at = 0; at + 5 < length; at += 20) { /* or so many symbols would hide few patterns */
			const struct pattern *pattern = &patterns[voc_random_next(&noise) % count];
			memcpy(text + at, pattern->symbols, pattern->count * sizeof *text);
		}
		voc_automaton_begin(automaton, text, length, &walk);
		walk_and_compare(&walk, patterns, count, text, length);
		voc_automaton_free(automaton);
	}
}

static void test_a_full_automaton_refuses(void **state)
{
	(void)state;
	struct voc_automaton *automaton = voc_automaton_new(3);
	const uint32_t two[] = { 1, 2 }, other[] = { 3 };
	assert_true(voc_automaton_add(automaton, two, 2, 0));
	assert_false(voc_automaton_add(automaton, other, 1, 0));
	assert_false(voc_automaton_add(automaton, two, 0, 0));
	voc_automaton_free(automaton);
}

static void test_spaces_and_apostrophes_do_not_count(void **state)
{
	(void)state;
	assert_int_equal(count_in("[feedback_type.complaint]\n안 돼요", "로그인이 안돼요"), 1);
	assert_int_equal(count_in("[feedback_type.complaint]\n안돼요", "로그인이 안 돼요"), 1);
	assert_int_equal(count_in("[feedback_type.complaint]\ndont work", "They DON’T work"), 1);
}

static void test_latin_phrases_are_whole_words(void **state)
{
	(void)state;
	assert_int_equal(count_in("[feedback_type.complaint]\nlate", "the plate is white"), 0);
	assert_int_equal(count_in("[feedback_type.complaint]\nlate", "Late, again"), 1);
	assert_int_equal(count_in("[feedback_type.complaint]\ndisappoint*", "so disappointing"), 1);
	assert_int_equal(count_in("[feedback_type.complaint]\n*ship", "hardship"), 1);
	assert_int_equal(count_in("[feedback_type.complaint]\n^안 와", "제안 와요"), 0);
	assert_int_equal(count_in("[feedback_type.complaint]\n별로$", "별로예요"), 0);
}

static void test_a_gap_stays_within_its_sentence(void **state)
{
	(void)state;
	const char *rules = "[churn_intent]\nnever .. again";
	assert_int_equal(count_in(rules, "I will never fly with you again"), 1);
	assert_int_equal(hits.at[0].start, 7);
	assert_int_equal(hits.at[0].end, 31);
	assert_int_equal(count_in(rules, "I never flew. Try again"), 0);
	assert_int_equal(count_in(rules, "again I never"), 0);
	assert_int_equal(count_in(rules, "never mind all of this very long story that goes on, again"), 0);
}

#define NEGATIONS                                   \
	"[negation.before within=2]\nnot\n"         \
	"[negation.before within=0]\n^안\n"        \
	"[negation.after within=6]\n없\n지 않\n" \
	"[negation.bridge]\n가 전 혀\n"

static void test_negation_drops(void **state)
{
	(void)state;
	const char *rules = NEGATIONS "[feedback_type.complaint]\n문제\n불편하\nproblem";
	assert_int_equal(count_in(rules, "문제 있어요"), 1);
	assert_int_equal(count_in(rules, "문제 없어요"), 0);
	assert_int_equal(count_in(rules, "문제가 전혀 없어요"), 0);
	assert_int_equal(count_in(rules, "불편하지 않았어요"), 0);
	/* Something else stands between. */
	assert_int_equal(count_in(rules, "문제인데 답변 없네요"), 1);
	/* Another sentence denies nothing here. */
	assert_int_equal(count_in(rules, "문제! 없어요"), 1);
	assert_int_equal(count_in(rules, "not really a problem"), 0);
	assert_int_equal(count_in(rules, "not now, problem"), 1);
	assert_int_equal(count_in(rules, "not one of the old kind of problem"), 1);
}

static void test_negation_flips_or_is_ignored(void **state)
{
	(void)state;
	assert_int_equal(count_in(NEGATIONS "[satisfaction.satisfied negation=flip:dissatisfied]\n좋", "안 좋아요"), 1);
	assert_int_equal(hits.at[0].label, VOC_SATISFACTION_DISSATISFIED);
	assert_int_equal(count_in(NEGATIONS "[satisfaction.satisfied negation=ignore]\nbad", "not bad"), 1);
	assert_int_equal(hits.at[0].label, VOC_SATISFACTION_SATISFIED);
	assert_int_equal(count_in(NEGATIONS "[churn_intent negation=against]\n해지하", "해지하지 않을게요"), 1);
	assert_true(hits.at[0].against);
	/* 안 inside of a word denies nothing. */
	assert_int_equal(count_in(NEGATIONS "[satisfaction.satisfied negation=flip:dissatisfied]\n좋", "제안 좋아요"),
	                 1);
	assert_int_equal(hits.at[0].label, VOC_SATISFACTION_SATISFIED);
}

static void test_guards_of_mood_and_place(void **state)
{
	(void)state;
	assert_int_equal(count_in("[churn_intent]\n해지 :: when=stated", "해지되나요?"), 0);
	assert_int_equal(count_in("[churn_intent]\n해지 :: when=stated", "해지합니다"), 1);
	assert_int_equal(count_in("[churn_intent]\n해지 :: when=asked", "해지합니다. 되나요?"), 0);
	/* The ending asks even without a question mark. */
	assert_int_equal(
	        count_in("[churn_intent]\n해지 :: when=asked\n[feedback_type.question when=end]\n나요", "해지되나요"),
	        2);
	assert_int_equal(count_in("[feedback_type.question when=end]\n나요", "나요즘 바빠"), 0);
	/* A longer phrase holds the ending: nothing is asked. */
	assert_int_equal(count_in("[churn_intent]\n삭제 :: when=asked\n[feedback_type.complaint]\n오류가 나요\n"
	                          "[feedback_type.question when=end]\n나요",
	                          "삭제하면 오류가 나요"),
	                 1);
	assert_int_equal(hits.at[0].label, VOC_FEEDBACK_COMPLAINT);
	assert_int_equal(count_in("[feedback_type.question]\nhow to :: when=start", "How to pay"), 1);
	assert_int_equal(count_in("[feedback_type.question]\nhow to :: when=start", "I know how to pay"), 0);
}

static void test_what_counts_only_when_denied(void **state)
{
	(void)state;
	const char *rules = NEGATIONS "[not feedback_type.complaint when=denied]\n늦었\n늦\nlate\n"
	                              "[feedback_type.complaint]\n늦\n[name]\nnot only";
	assert_int_equal(count_in(rules, "안 늦었어요"), 1);
	assert_true(hits.at[0].against);
	/* Undenied it says nothing, nor does it swallow the shorter phrase. */
	assert_int_equal(count_in(rules, "늦었어요"), 1);
	assert_false(hits.at[0].against);
	assert_int_equal(count_in(rules, "not late"), 1);
	assert_int_equal(count_in(rules, "not only late"), 0);
	/* 안 at the start of a longer word denies nothing. */
	assert_int_equal(count_in(rules, "안내가 늦"), 1);
	assert_int_equal(count_in(rules, "안내늦"), 1);
	assert_false(hits.at[0].against);
}

static void test_hits_tell_whether_they_decide(void **state)
{
	(void)state;
	assert_int_equal(count_in("[churn_intent]\nleave :: decides\nquit", "I leave, I quit"), 2);
	assert_true(hits.at[0].decides);
	assert_false(hits.at[1].decides);
	assert_int_equal(count_in(NEGATIONS "[churn_intent negation=against decides]\nleave", "not leave"), 1);
	assert_true(hits.at[0].decides && hits.at[0].against);
}

static void test_the_longer_phrase_of_a_head_wins(void **state)
{
	(void)state;
	const char *rules = "[satisfaction.satisfied]\nhappier\n[satisfaction.delighted]\ncouldnt be happier\n"
	                    "[churn_intent]\nhappier";
	assert_int_equal(count_in(rules, "I couldn't be happier"), 2);
	for (size_t i = 0; i < hits.count; i++)
		assert_true(hits.at[i].head == VOC_HEAD_CHURN || hits.at[i].label == VOC_SATISFACTION_DELIGHTED);
}

static void test_texts_without_words(void **state)
{
	(void)state;
	assert_int_equal(count_in("[feedback_type.question]\n?!\nㅠㅠ", ""), 0);
	assert_int_equal(count_in("[feedback_type.question]\n?!\nㅠㅠ", "?!"), 0);
	assert_int_equal(count_in("[feedback_type.question]\nㅠㅠ", "ㅠㅠㅠㅠㅠㅠ"), 1);
}

static void assert_refused(const char *text, const char *why)
{
	struct voc_phrases *phrases = NULL;
	struct voc_error error = { 0 };
	assert_int_equal(voc_phrases_parse(voc_str_from(text), "rules", &phrases, &error), VOC_FATAL);
	assert_null(phrases);
	assert_int_equal(error.reason, VOC_REASON_CONFIG);
	assert_string_equal(error.text, why);
}

static void test_errors_name_the_line(void **state)
{
	(void)state;
	assert_refused("", "rules:0: the file names no version");
	assert_refused("version 1\nhello", "rules:2: a phrase outside of any section: hello");
	assert_refused("version 1\n[feedback_type.complaint",
	               "rules:2: a section must end in ]: [feedback_type.complaint");
	assert_refused("version 1\n\n[mood.good]", "rules:3: not a head: mood");
	assert_refused("version 1\n[servqual.none]", "rules:2: not a label of this head: none");
	assert_refused("version 1\n[feedback_type.unknown]", "rules:2: not a label of this head: unknown");
	assert_refused("version 1\n[churn_intent.yes]", "rules:2: this head has no labels: yes");
	assert_refused("version 1\n[negation.sometimes]", "rules:2: not a kind of negation: sometimes");
	assert_refused("version 1\n[churn_intent weigth=2]", "rules:2: not an option: weigth=2");
	assert_refused("version 1\n[servqual.empathy negation=flip:none]",
	               "rules:2: not an option: negation=flip:none");
	assert_refused("version 1\n[churn_intent]\nbye :: weight=5000", "rules:3: not an option: weight=5000");
	assert_refused("version 1\n[churn_intent]\nbye :: when=never", "rules:3: not an option: when=never");
	assert_refused("version 1\n[churn_intent]\n *", "rules:3: the phrase is empty");
	assert_refused("version 1\n[churn_intent]\nbye .. '", "rules:3: the phrase is empty");
	assert_refused("version 1\n[churn_intent]\n"
	               "가나다라마바사아자차카타파하가나다라마바사아자차카타파하가나다라마바사아자차카타파하"
	               "가나다라마바사아자차카타파하가나다라마바사아자차카타파하",
	               "rules:3: the phrase is too long: 가나다라마바사아자차카타파하가나다라마바");
	assert_refused("version 1\n[name]\n+ hello", "rules:3: an example belongs to a label's section");
	assert_refused("version 1\nsource /acme/", "rules:2: only a tenant's file names sources");
	assert_refused("version \n[churn_intent]", "rules:1: a phrase outside of any section: version");
}

static void test_the_version_tells_of_the_content(void **state)
{
	(void)state;
	struct voc_phrases *one = parse("version 7\n[churn_intent]\nbye"),
	                   *other = parse("version 7\n[churn_intent]\nbya");
	assert_int_equal(strncmp(voc_phrases_version(one), "7-", 2), 0);
	assert_int_equal(strlen(voc_phrases_version(one)), 2 + 8);
	assert_string_not_equal(voc_phrases_version(one), voc_phrases_version(other));
	assert_int_equal(voc_phrases_count(one), 1);
	voc_phrases_free(one);
	voc_phrases_free(other);
	one = parse("version a-very-long-word-for-a-version\n[churn_intent]\nbye");
	assert_int_equal(strlen(voc_phrases_version(one)), VOC_PHRASES_VERSION_SIZE - 1);
	voc_phrases_free(one);
	/* within a section it is a phrase like any other */
	assert_int_equal(count_in("[feedback_type.complaint]\nversion is bad", "This version is bad"), 1);
}

static struct voc_phrases *lay_over(const char *text, const struct voc_phrases *base)
{
	struct voc_phrases *phrases = NULL;
	struct voc_error error = { 0 };
	enum voc_status status = voc_phrases_parse_additions(voc_str_from(text), "more", base, &phrases, &error);
	if (status != VOC_OK)
		print_error("%s\n", error.text);
	assert_int_equal(status, VOC_OK);
	return phrases;
}

static void test_additions_are_laid_over_the_rules(void **state)
{
	(void)state;
	struct voc_phrases *base = parse("version 1\n[negation.after within=12]\n없\n[negation.bridge]\n가\n"
	                                 "[feedback_type.complaint]\n문제\nnever .. again\nslow");
	struct voc_phrases *more =
	        lay_over("version 2\n[feedback_type.complaint]\n먹통\nonce .. too\nslow as ever", base);
	assert_int_equal(find(base, "먹통이에요"), 0);
	assert_int_equal(find(more, "먹통이고 문제"), 2);
	/* in the order of their ends, from whichever file they come */
	assert_int_equal(find(more, "문제, 먹통, 문제"), 3);
	assert_true(hits.at[0].end <= hits.at[1].end && hits.at[1].end <= hits.at[2].end);
	/* the base's negations deny what is added */
	assert_int_equal(find(more, "먹통이 없어요"), 0 + 1);
	assert_int_equal(find(more, "먹통 없어요"), 0);
	/* gaps of both files are kept apart */
	assert_int_equal(find(more, "never once again too"), 2);
	assert_int_equal(find(more, "once again"), 0);
	/* the longer phrase of a head wins over the other file's */
	assert_int_equal(find(more, "slow as ever"), 1);
	assert_int_equal(hits.at[0].end, 12);
	voc_phrases_free(more);
	voc_phrases_free(base);
}

static void test_nothing_is_said_within_a_name(void **state)
{
	(void)state;
	const char *rules =
	        "[negation.before within=0]\n^안\n[feedback_type.complaint]\n불만\n돼요 :: negation=ignore\n"
	        "[feedback_type.opinion]\n돼요\n[name]\n불만제로\n안돼요";
	assert_int_equal(count_in(rules, "불만제로 구독했어요"), 0);
	assert_int_equal(count_in(rules, "불만 제로 구독했어요"), 0);
	assert_int_equal(count_in(rules, "불만제로가 불만이에요"), 1);
	assert_int_equal(hits.at[0].start, 6);
	assert_int_equal(count_in(rules, "안돼요"), 0);
	/* nor is anything denied by what stands in one */
	assert_int_equal(count_in("[negation.before within=3]\nnot\n[name]\nnot boring\n[satisfaction.satisfied]\ngood",
	                          "Not Boring is good"),
	                 1);
}

static void test_examples_are_checked(void **state)
{
	(void)state;
	struct voc_error error = { 0 };
	size_t checked = 0;
	struct voc_phrases *phrases = parse("version 1\n[churn_intent]\nbye\n+ bye now\n- hello");
	assert_int_equal(voc_phrases_check_examples(phrases, &checked, &error), VOC_OK);
	assert_int_equal(checked, 2);
	voc_phrases_free(phrases);
	phrases = parse("version 1\n[churn_intent]\nbye\n+ hello");
	assert_int_equal(voc_phrases_check_examples(phrases, &checked, &error), VOC_INVALID);
	assert_string_equal(error.text, "rules:4: the example misses its section");
	voc_phrases_free(phrases);
}

static void test_the_shipped_rules_do_what_their_examples_say(void **state)
{
	(void)state;
	struct voc_file_map map = { 0 };
	struct voc_error error = { 0 };
	struct voc_phrases *phrases = NULL;
	size_t checked = 0;
	const char *path = VOC_SOURCE_DIR "/services/classifier/phrases.txt";
	assert_int_equal(voc_file_map_open(path, VOC_PHRASES_MAX_BYTES, &map, &error), VOC_OK);
	enum voc_status status = voc_phrases_parse(map.bytes, "phrases.txt", &phrases, &error);
	if (status == VOC_OK)
		status = voc_phrases_check_examples(phrases, &checked, &error);
	if (status != VOC_OK)
		print_error("%s\n", error.text);
	assert_int_equal(status, VOC_OK);
	assert_true(checked >= 10);
	voc_phrases_free(phrases);
	voc_file_map_close(&map);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_the_automaton_finds_overlapping_patterns),
		cmocka_unit_test(test_the_automaton_finds_what_a_plain_search_finds),
		cmocka_unit_test(test_a_full_automaton_refuses),
		cmocka_unit_test(test_spaces_and_apostrophes_do_not_count),
		cmocka_unit_test(test_latin_phrases_are_whole_words),
		cmocka_unit_test(test_a_gap_stays_within_its_sentence),
		cmocka_unit_test(test_negation_drops),
		cmocka_unit_test(test_negation_flips_or_is_ignored),
		cmocka_unit_test(test_guards_of_mood_and_place),
		cmocka_unit_test(test_what_counts_only_when_denied),
		cmocka_unit_test(test_hits_tell_whether_they_decide),
		cmocka_unit_test(test_the_longer_phrase_of_a_head_wins),
		cmocka_unit_test(test_texts_without_words),
		cmocka_unit_test(test_errors_name_the_line),
		cmocka_unit_test(test_the_version_tells_of_the_content),
		cmocka_unit_test(test_additions_are_laid_over_the_rules),
		cmocka_unit_test(test_nothing_is_said_within_a_name),
		cmocka_unit_test(test_examples_are_checked),
		cmocka_unit_test(test_the_shipped_rules_do_what_their_examples_say),
	};
	return cmocka_run_group_tests_name("phrases", tests, NULL, NULL);
}
