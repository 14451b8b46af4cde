/* core: text as the classifier sees it, and the way back to the original's bytes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/utf8.h"
#include "core/classify/normalize.h"
#include "core/classify/tokens.h"

#include <stdlib.h>
#include <utf8proc.h>

static struct voc_normal normal;

/* The normalised text as UTF-8. */
static const char *normalized(const char *text)
{
	static char out[VOC_NORMAL_MAX_CHARS * 4 + 1];
	size_t len = 0;
	voc_normalize(voc_str_from(text), &normal);
	for (size_t i = 0; i < normal.count; i++)
		len += voc_utf8_put(out + len, normal.chars[i]);
	out[len] = '\0';
	return out;
}

static void test_cases_are_folded(void **state)
{
	(void)state;
	assert_string_equal(normalized("Great STAFF"), "great staff");
	assert_string_equal(normalized("STRASSE straße ÉCLAIR"), "strasse strasse éclair");
	assert_string_equal(normalized("ΑΣ"), "ασ");
}

static void test_decomposed_text_is_composed(void **state)
{
	(void)state;
	/* "한국" as conjoining jamo, "é" as e and an accent. */
	assert_string_equal(normalized("\u1112\u1161\u11ab\u1100\u116e\u11a8 cafe\u0301"), "한국 café");
	/* A precomposed syllable without a final takes a following final. */
	assert_string_equal(normalized("하\u11ab"), "한");
	/* Marks in the wrong order are put right first. */
	assert_string_equal(normalized("e\u0323\u0302"), normalized("e\u0302\u0323"));
}

static void test_tidying(void **state)
{
	(void)state;
	assert_string_equal(normalized("  a \t b\u3000c  "), "a b c ");
	assert_string_equal(normalized("a \r\n b"), "a\nb");
	assert_string_equal(normalized("don’t “do” it"), "don't \"do\" it");
	assert_string_equal(normalized("so\u200bft\ufe0f\u00ad"), "soft");
	assert_string_equal(normalized("ㅠㅠㅠㅠㅠ sooooo!!!! 10000"), "ㅠㅠ soo!! 10000");
}

static void test_offsets_lead_back(void **state)
{
	(void)state;
	uint32_t start, end;
	const char *text = "A  \u1112\u1161\u11ab ㅠㅠㅠ.";
	assert_string_equal(normalized(text), "a 한 ㅠㅠ.");
	voc_normal_bytes(&normal, 2, 3, &start, &end);
	assert_int_equal(start, 3);
	assert_int_equal(end, 12);
	/* All of the weeping, also what was left out. */
	voc_normal_bytes(&normal, 4, 6, &start, &end);
	assert_int_equal(start, 13);
	assert_int_equal(end, 22);
	/* Half of a folded character is the whole of it. */
	assert_string_equal(normalized("aßb"), "assb");
	voc_normal_bytes(&normal, 1, 2, &start, &end);
	assert_int_equal(start, 1);
	assert_int_equal(end, 3);
}

static void test_head_and_tail_of_a_long_text(void **state)
{
	(void)state;
	size_t len = VOC_CLASSIFY_MAX_BYTES * 4;
	char *text = malloc(len);
	for (size_t i = 0; i + 3 <= len; i += 3)
		memcpy(text + i, i < len / 2 ? "가" : "나", 3);
	memcpy(text, "시작", 6);
	memcpy(text + len - 6 - len % 3, "끝이", 6);
	voc_normalize(voc_str_of(text, len - len % 3), &normal);
	/* Repeated syllables are kept twice: 시작가가, a line end, 나나끝이. */
	assert_int_equal(normal.count, 9);
	assert_int_equal(normal.chars[0], 0xC2DC);
	assert_int_equal(normal.chars[4], '\n');
	assert_int_equal(normal.chars[8], 0xC774);
	uint32_t start, end;
	voc_normal_bytes(&normal, 7, 9, &start, &end);
	assert_int_equal(end, len - len % 3);
	assert_int_equal(start, len - len % 3 - 6);
	free(text);
}

static void test_piles_of_marks_and_broken_bytes_are_survived(void **state)
{
	(void)state;
	char text[4096];
	size_t len = 0;
	text[len++] = 'a';
	while (len + 2 < sizeof text) {
		memcpy(text + len, "\u0301", 2);
		len += 2;
	}
	voc_normalize(voc_str_of(text, len), &normal);
	assert_true(normal.count > 0 && normal.count < len);
	assert_string_equal(normalized("a\xff\xc3(b\xed\xa0"), "a(b");
	assert_string_equal(normalized(""), "");
}

static uint32_t random_char(uint32_t *seed)
{
	static const uint32_t bases[] = {
		'A', 0xC0, 0x100, 0x300, 0x391, 0x410, 0x1100, 0x1161, 0x11A8, 0x1E00, 0xAC00
	};
	*seed = *seed * 1664525u + 1013904223u;
	uint32_t pick = *seed >> 8;
	return bases[pick % (sizeof bases / sizeof bases[0])] + (pick >> 8) % 24;
}

/* utf8proc over the whole string is the authority for what we do piece by piece. */
static void test_pieces_equal_the_whole(void **state)
{
	(void)state;
	uint32_t seed = 7;
	for (int round = 0; round < 3000; round++) {
		char text[64];
		size_t len = 0;
		uint32_t last = 0;
		while (len + 5 < sizeof text) {
			uint32_t c = random_char(&seed);
			if (c != last)
				len += voc_utf8_put(text + len, c);
			last = c;
		}
		text[len] = '\0';
		utf8proc_uint8_t *whole = NULL;
		utf8proc_option_t options = UTF8PROC_NULLTERM | UTF8PROC_STABLE | UTF8PROC_COMPOSE | UTF8PROC_CASEFOLD;
		assert_true(utf8proc_map((const utf8proc_uint8_t *)text, 0, &whole, options) >= 0);
		/* Once more over both, since we also drop a third repetition, which folding can make. */
		char ours[256];
		voc_str_copy(ours, sizeof ours, voc_str_from(normalized(text)));
		char theirs[256];
		voc_str_copy(theirs, sizeof theirs, voc_str_from(normalized((const char *)whole)));
		assert_string_equal(ours, theirs);
		free(whole);
	}
}

static struct voc_tokens tokens;

static enum voc_lang lang_of(const char *text, const char *hint)
{
	voc_normalize(voc_str_from(text), &normal);
	voc_tokenize(&normal, voc_str_from(hint), &tokens);
	return tokens.lang;
}

static void test_language(void **state)
{
	(void)state;
	assert_int_equal(lang_of("배송이 늦어요", ""), VOC_LANG_KO);
	assert_int_equal(lang_of("late again", "ko"), VOC_LANG_EN);
	assert_int_equal(lang_of("iPhone 15 Pro Max 배송 언제", ""), VOC_LANG_KO);
	assert_int_equal(lang_of("the 김치 was great and the staff were lovely", ""), VOC_LANG_EN);
	assert_int_equal(lang_of("??", "en-GB"), VOC_LANG_EN);
	assert_int_equal(lang_of("", ""), VOC_LANG_KO);
}

static void test_words_and_sentences(void **state)
{
	(void)state;
	lang_of("Don't ask. It's 4.5 km to example.com?! 네.맞아요", "");
	assert_int_equal(tokens.sentence_count, 4);
	assert_false(tokens.sentences[0].asks);
	assert_true(tokens.sentences[1].asks);
	assert_false(tokens.sentences[2].asks);
	assert_int_equal(tokens.words[0].end, 5);
	assert_int_equal(voc_tokens_sentence_at(&tokens, 12), 1);
	assert_int_equal(voc_tokens_sentence_at(&tokens, 0), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases_are_folded),
		cmocka_unit_test(test_decomposed_text_is_composed),
		cmocka_unit_test(test_tidying),
		cmocka_unit_test(test_offsets_lead_back),
		cmocka_unit_test(test_head_and_tail_of_a_long_text),
		cmocka_unit_test(test_piles_of_marks_and_broken_bytes_are_survived),
		cmocka_unit_test(test_pieces_equal_the_whole),
		cmocka_unit_test(test_language),
		cmocka_unit_test(test_words_and_sentences),
	};
	return cmocka_run_group_tests_name("normalize", tests, NULL, NULL);
}
