/* core: a call's turns cut out of what was read of the whole call are what reading each alone gives. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/file_map.h"
#include "core/classify/turns.h"

#include <stdlib.h>

#define ROUNDS     4000
#define TEXT_BYTES 8000

static struct voc_phrases *phrases;
static struct voc_phrase_matcher *matcher;
static struct voc_reading call, cut, alone;

/* What edges are hard to tell by: marks, white space, what joins the character before, what is no character at all. */
static const char *const pieces[] = {
	"상담원이 정말 친절했어요",
	"환불이 안 돼서 너무 화가 나요",
	"you charged me twice",
	"it is not good",
	"thank you!",
	"감사합니다 ㅠㅠㅠㅠ",
	"언제 오나요",
	"안",
	"not",
	"돼요",
	"don\xE2\x80\x99t",
	"'",
	" ",
	"  ",
	"\t",
	"\xE3\x80\x80",                         /* a wide space */
	"\xE2\x80\xA8",                         /* a line end of another kind */
	"\xE2\x80\x8B",                         /* a space without width */
	"\xCC\x81",                             /* an accent for what stands before */
	"\xE1\x84\x80\xE1\x85\xA1\xE1\x86\xA8", /* a syllable in three parts */
	"\xEF\xAC\x81",                         /* one character that becomes two */
	"?",
	"!!!",
	"...",
	".5",
	",",
	"4.5",
	"\xF0\x9F\x98\xA1",
	"\n",
	"\n",
	"\n",
	"\n\n",
};
#define PIECES (sizeof pieces / sizeof pieces[0])

static int open_rules(void **state)
{
	(void)state;
	struct voc_file_map file;
	struct voc_error error = { 0 };
	if (voc_file_map_open(VOC_SOURCE_DIR "/services/classifier/phrases.txt", VOC_PHRASES_MAX_BYTES, &file,
	                      &error) != VOC_OK)
		return -1;
	enum voc_status status = voc_phrases_parse(file.bytes, "phrases.txt", &phrases, &error);
	voc_file_map_close(&file);
	matcher = voc_phrase_matcher_new();
	return status == VOC_OK && matcher ? 0 : -1;
}

static int close_rules(void **state)
{
	(void)state;
	voc_phrases_free(phrases);
	voc_phrase_matcher_free(matcher);
	return 0;
}

static void read_text(struct voc_str text, struct voc_reading *ret_reading)
{
	voc_normalize(text, &ret_reading->normal);
	voc_tokenize(&ret_reading->normal, VOC_STR("en"), &ret_reading->tokens);
	voc_phrases_find(phrases, matcher, &ret_reading->normal, &ret_reading->tokens, &ret_reading->hits);
}

static void assert_same_words(const struct voc_tokens *a, const struct voc_tokens *b)
{
	assert_int_equal(a->lang, b->lang);
	assert_int_equal(a->word_count, b->word_count);
	assert_int_equal(a->sentence_count, b->sentence_count);
	for (size_t i = 0; i < a->word_count; i++) {
		assert_int_equal(a->words[i].start, b->words[i].start);
		assert_int_equal(a->words[i].end, b->words[i].end);
		assert_int_equal(a->words[i].sentence, b->words[i].sentence);
	}
	for (size_t i = 0; i < a->sentence_count; i++) {
		assert_int_equal(a->sentences[i].start, b->sentences[i].start);
		assert_int_equal(a->sentences[i].end, b->sentences[i].end);
		assert_int_equal(a->sentences[i].asks, b->sentences[i].asks);
	}
}

static void assert_same_hits(const struct voc_phrase_hits *a, const struct voc_phrase_hits *b)
{
	assert_int_equal(a->count, b->count);
	assert_int_equal(a->full, b->full);
	for (size_t i = 0; i < a->count; i++) {
		const struct voc_phrase_hit *one = &a->at[i], *other = &b->at[i];
		assert_int_equal(one->start, other->start);
		assert_int_equal(one->end, other->end);
		assert_int_equal(one->head, other->head);
		assert_int_equal(one->label, other->label);
		assert_int_equal(one->against, other->against);
		assert_int_equal(one->decides, other->decides);
		assert_int_equal(one->weight, other->weight);
	}
}

static void assert_same(const struct voc_reading *a, const struct voc_reading *b)
{
	size_t count = a->normal.count;
	assert_int_equal(count, b->normal.count);
	assert_memory_equal(a->normal.chars, b->normal.chars, count * sizeof a->normal.chars[0]);
	assert_memory_equal(a->normal.origin, b->normal.origin, (count + 1) * sizeof a->normal.origin[0]);
	assert_same_words(&a->tokens, &b->tokens);
	assert_same_hits(&a->hits, &b->hits);
}

/* Compares each line that can be cut; returns how many those are. */
static size_t compare(struct voc_str text, size_t *ret_lines)
{
	struct voc_turns turns = { 0 };
	struct voc_str rest = text;
	size_t cuts = 0;
	read_text(text, &call);
	while (rest.len > 0) {
		struct voc_str line = voc_str_take_until(&rest, '\n');
		size_t start = (size_t)(line.ptr - text.ptr);
		if (line.len == 0)
			continue;
		++*ret_lines;
		if (!voc_turns_cut(&turns, &call, start, start + line.len, VOC_STR("en"), &cut))
			continue;
		read_text(line, &alone);
		assert_same(&cut, &alone);
		cuts++;
	}
	return cuts;
}

static void test_turns_of_common_calls_are_all_cut(void **state)
{
	(void)state;
	static const char text[] = "인터넷이 또 끊겨서 너무 짜증나요. 언제 고쳐지나요?\n네\n\nIt's not good at all!\n"
	                           "환불이 안 돼요, 010-1234-5678\n해지할게요...\n";
	size_t lines = 0;
	assert_int_equal(compare(voc_str_from(text), &lines), 5);
	assert_int_equal(lines, 5);
}

static void test_a_cut_turn_is_the_turn_alone(void **state)
{
	(void)state;
	static char text[TEXT_BYTES];
	uint32_t random = 1;
	size_t lines = 0, cuts = 0;
	for (int round = 0; round < ROUNDS; round++) {
		struct voc_buf buf = { .ptr = text, .cap = sizeof text, .max = sizeof text };
		random = random * 1664525U + 1013904223U;
		for (uint32_t left = (random >> 16) % 40; left > 0; left--) {
			random = random * 1664525U + 1013904223U;
			voc_buf_add_str(&buf, voc_str_from(pieces[(random >> 16) % PIECES]));
		}
		cuts += compare(voc_buf_str(&buf), &lines);
	}
	assert_true(cuts > lines / 3); /* or nothing was tried */
	assert_true(cuts < lines);
}

/* A text of which only the head and the tail were read, and one with more phrases than are kept. */
static void test_of_what_was_not_read_wholly_nothing_is_cut(void **state)
{
	(void)state;
	static char text[VOC_CLASSIFY_MAX_BYTES + 100];
	size_t lines = 0;
	for (size_t count = 3000; count <= 10000; count += 7000) {
		struct voc_buf buf = { .ptr = text, .cap = sizeof text, .max = sizeof text };
		while (buf.len < (count < sizeof text ? count : sizeof text) - 40)
			voc_buf_add_str(&buf, count < sizeof text ? VOC_STR("최악 ") : VOC_STR("네 "));
		voc_buf_add_str(&buf, VOC_STR("\n네 알겠어요"));
		assert_int_equal(compare(voc_buf_str(&buf), &lines), 0);
	}
	assert_int_equal(lines, 4);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_turns_of_common_calls_are_all_cut),
		cmocka_unit_test(test_a_cut_turn_is_the_turn_alone),
		cmocka_unit_test(test_of_what_was_not_read_wholly_nothing_is_cut),
	};
	return cmocka_run_group_tests(tests, open_rules, close_rules);
}
