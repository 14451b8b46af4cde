/* Words for a script: MessagePack's heads at the lengths where they change, and the command around them. */
#include "io/redis/redis_words.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

#define MOST_BYTES ((size_t)1 << 20)

static void expect_head(size_t len, const char *head, size_t head_len)
{
	struct voc_redis_words words;
	char *text = malloc(len + 1);
	assert_non_null(text);
	memset(text, 'x', len);
	voc_redis_words_init(&words, MOST_BYTES);
	voc_redis_words_add(&words, voc_str_of(text, len));
	assert_int_equal(words.count, 1);
	assert_int_equal(words.buf.len, head_len + len);
	assert_memory_equal(words.buf.ptr, head, head_len);
	assert_memory_equal(words.buf.ptr + head_len, text, len);
	voc_redis_words_free(&words);
	free(text);
}

static void test_a_string_by_its_length(void **state)
{
	(void)state;
	expect_head(0, "\xa0", 1);
	expect_head(31, "\xbf", 1);
	expect_head(32, "\xd9\x20", 2);
	expect_head(255, "\xd9\xff", 2);
	expect_head(256, "\xda\x01\x00", 3);
	expect_head(65535, "\xda\xff\xff", 3);
	expect_head(65536, "\xdb\x00\x01\x00\x00", 5);
}

static void test_counts_and_numbers(void **state)
{
	(void)state;
	static const char packed[] = "\x00\x7f\xce\x00\x00\x00\x80\xce\xff\xff\xff\xff\xa3-12";
	struct voc_redis_words words, all;
	voc_redis_words_init(&words, MOST_BYTES);
	voc_redis_words_init(&all, MOST_BYTES);
	voc_redis_words_add_count(&words, 0);
	voc_redis_words_add_count(&words, 127);
	voc_redis_words_add_count(&words, 128);
	voc_redis_words_add_count(&words, UINT32_MAX);
	voc_redis_words_append(&all, &words);
	voc_redis_words_add_i64(&all, -12);
	assert_int_equal(all.count, 5);
	assert_int_equal(all.buf.len, sizeof packed - 1);
	assert_memory_equal(all.buf.ptr, packed, sizeof packed - 1);
	voc_redis_words_free(&words);
	voc_redis_words_free(&all);
}

static void test_a_command_with_words_at_its_end(void **state)
{
	(void)state;
	static const char command[] = "*2\r\n$4\r\nEVAL\r\n$7\r\n\xdd\x00\x00\x00\x01\xa1x\r\n";
	struct voc_redis_args args;
	struct voc_redis_words words;
	struct voc_buf buf;
	voc_redis_args_init(&args, MOST_BYTES);
	voc_redis_words_init(&words, MOST_BYTES);
	voc_buf_init(&buf, MOST_BYTES);
	voc_redis_args_add(&args, VOC_STR("EVAL"));
	voc_redis_words_add(&words, VOC_STR("x"));
	voc_redis_words_command(&buf, &args, &words);
	assert_int_equal(buf.len, sizeof command - 1);
	assert_memory_equal(buf.ptr, command, sizeof command - 1);
	voc_buf_free(&buf);
	voc_redis_words_free(&words);
	voc_redis_args_free(&args);
}

/* A word that found no room must not go unnoticed: a step without it would be another one. */
static void test_what_does_not_fit_is_told_by_the_command(void **state)
{
	(void)state;
	struct voc_redis_args args;
	struct voc_redis_words words;
	struct voc_buf buf;
	voc_redis_args_init(&args, MOST_BYTES);
	voc_redis_words_init(&words, 8);
	voc_buf_init(&buf, MOST_BYTES);
	voc_redis_words_add(&words, VOC_STR("longer than that"));
	voc_redis_words_command(&buf, &args, &words);
	assert_true(buf.failed);
	voc_buf_free(&buf);
	voc_redis_words_free(&words);
	voc_redis_args_free(&args);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_string_by_its_length),
		cmocka_unit_test(test_counts_and_numbers),
		cmocka_unit_test(test_a_command_with_words_at_its_end),
		cmocka_unit_test(test_what_does_not_fit_is_told_by_the_command),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
