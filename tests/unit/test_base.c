/* base: strings, buffers, arena, JSON writer, hashes, timestamps. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/err.h"
#include "base/hash.h"
#include "base/json_write.h"
#include "base/timestamp.h"
#include "base/utf8.h"

#include <stdio.h>

#define ALPHABET "ab 가나de!#~\x7f[]^ABCDEFGHIJKLMNOPQRSTUVWXYZ"

static void test_numbers_are_parsed_whole_or_not_at_all(void **state)
{
	(void)state;
	int64_t value = 7;
	assert_true(voc_str_to_i64(VOC_STR("-9223372036854775808"), &value));
	assert_int_equal(value, INT64_MIN);
	assert_true(voc_str_to_i64(VOC_STR("9223372036854775807"), &value));
	assert_int_equal(value, INT64_MAX);
	assert_false(voc_str_to_i64(VOC_STR("9223372036854775808"), &value));
	assert_false(voc_str_to_i64(VOC_STR(""), &value));
	assert_false(voc_str_to_i64(VOC_STR("-"), &value));
	assert_false(voc_str_to_i64(VOC_STR("12x"), &value));
	assert_int_equal(value, INT64_MAX);
}

static void test_parts_are_taken_off_the_front(void **state)
{
	(void)state;
	struct voc_str text = VOC_STR("a::bc");
	assert_true(voc_str_is(voc_str_take_until(&text, ':'), "a"));
	assert_true(voc_str_is(voc_str_take_until(&text, ':'), ""));
	assert_true(voc_str_is(voc_str_take_until(&text, ':'), "bc"));
	assert_true(voc_str_is(voc_str_take_until(&text, ':'), ""));
	assert_int_equal(text.len, 0);
}

static void test_clip_keeps_characters_whole(void **state)
{
	(void)state;
	struct voc_str text = VOC_STR("가나다");
	assert_int_equal(voc_str_clip(text, 5).len, 3);
	assert_int_equal(voc_str_clip(text, 6).len, 6);
	assert_int_equal(voc_str_clip(text, 2).len, 0);
	assert_int_equal(voc_str_clip(text, 100).len, 9);
	char small[6];
	assert_int_equal(voc_str_copy(small, sizeof small, text), 3);
	assert_string_equal(small, "가");
}

static void test_a_full_buffer_refuses_and_remembers(void **state)
{
	(void)state;
	struct voc_buf buf;
	voc_buf_init(&buf, 8);
	assert_true(voc_buf_add_str(&buf, VOC_STR("12345")));
	assert_false(voc_buf_add_str(&buf, VOC_STR("6789")));
	assert_true(buf.failed);
	assert_false(voc_buf_add_char(&buf, 'x'));
	assert_int_equal(buf.len, 5);
	voc_buf_clear(&buf);
	assert_true(voc_buf_addf(&buf, "%d", 1234567));
	assert_string_equal(voc_buf_c_str(&buf), "1234567");
	voc_buf_free(&buf);
}

static void test_an_arena_stays_within_its_bound(void **state)
{
	(void)state;
	struct voc_arena *arena = voc_arena_new(100000);
	assert_non_null(voc_arena_alloc(arena, 90000));
	assert_null(voc_arena_alloc(arena, 90000));
	voc_arena_reset(arena);
	assert_non_null(voc_arena_alloc(arena, 90000));
	assert_string_equal(voc_arena_copy(arena, VOC_STR("x")).ptr, "x");
	voc_arena_free(arena);
}

/* What fits after a reset is what would fit in a new arena, whatever was allocated before. */
static void test_an_arena_forgets_what_it_held(void **state)
{
	(void)state;
	struct voc_arena *arena = voc_arena_new(256 * 1024);
	for (int i = 0; i < 4; i++)
		assert_non_null(voc_arena_alloc(arena, 60 * 1024));
	voc_arena_reset(arena);
	char *small = voc_arena_alloc(arena, 1024), *large = voc_arena_alloc(arena, 190 * 1024);
	assert_true(small && large);
	memset(large, 'l', 190 * 1024);
	memset(small, 's', 1024);
	assert_null(voc_arena_alloc(arena, 190 * 1024));
	assert_non_null(voc_arena_alloc(arena, 1024));
	assert_true(large[0] == 'l' && large[190 * 1024 - 1] == 'l');
	voc_arena_free(arena);
}

static void test_an_error_is_well_formed(void **state)
{
	static const char path[] =
	        "/etc/voc/아주긴경로이름아주긴경로이름아주긴경로이름아주긴경로이름아주긴경로이름.json";
	(void)state;
	for (int cut = 0; cut < 4; cut++) {
		struct voc_error error;
		voc_error_clear(&error);
		voc_error_set(&error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%.*s: no such file", 50 + cut, path);
		assert_true(voc_utf8_check(voc_str_from(error.text), NULL));
		voc_error_clear(&error);
		voc_error_set(&error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%.*s%s%s%s", cut, "xyz", path, path, path);
		assert_true(voc_utf8_check(voc_str_from(error.text), NULL));
		assert_true(strlen(error.text) >= sizeof error.text - 4);
	}
	char mixed[] = "a\xFF\xEA\xB0"
	               "b\xC0\x80";
	voc_utf8_mend(mixed, strlen(mixed));
	assert_string_equal(mixed, "a???b??");
}

/* Wherever in its words of eight bytes a string has what must be escaped. */
static void test_json_escapes_at_any_place(void **state)
{
	static const char *const escapes[] = { "\"", "\\\"", "\x1f", "\\u001f", "\\", "\\\\" };
	(void)state;
	for (size_t len = 0; len < 40; len++) {
		for (size_t at = 0; at <= len; at++) {
			const char *const *escape = escapes + (len + at) % 3 * 2;
			char text[128], expected[128];
			int before = (int)at, after = (int)(len - at);
			int size =
			        snprintf(text, sizeof text, "%.*s%s%.*s", before, ALPHABET, escape[0], after, ALPHABET);
			snprintf(expected, sizeof expected, "\"%.*s%s%.*s\"", before, ALPHABET, escape[1], after,
			         ALPHABET);
			struct voc_json_writer json;
			struct voc_buf buf;
			voc_buf_init(&buf, 256);
			voc_json_begin(&json, &buf);
			voc_json_str(&json, voc_str_of(text, (size_t)size));
			assert_string_equal(voc_buf_c_str(&buf), expected);
			voc_buf_free(&buf);
		}
	}
}

static void test_json_is_written_as_python_writes_it(void **state)
{
	(void)state;
	struct voc_buf buf;
	struct voc_json_writer json;
	voc_buf_init(&buf, 1000);
	voc_json_begin(&json, &buf);
	voc_json_object(&json);
	voc_json_key_str(&json, VOC_STR("a\"b"));
	voc_json_str(&json, VOC_STR("\\ \n\t\x01 가"));
	voc_json_key(&json, "list");
	voc_json_array(&json);
	voc_json_i64(&json, -1);
	voc_json_bool(&json, true);
	voc_json_null(&json);
	voc_json_object(&json);
	voc_json_object_end(&json);
	voc_json_milli(&json, 934);
	voc_json_milli(&json, 1000);
	voc_json_milli(&json, 50);
	voc_json_array_end(&json);
	voc_json_member_i64(&json, "n", 5);
	voc_json_object_end(&json);
	assert_string_equal(voc_buf_c_str(&buf),
	                    "{\"a\\\"b\":\"\\\\ \\n\\t\\u0001 가\",\"list\":[-1,true,null,{},0.934,1.0,0.05],\"n\":5}");
	voc_buf_free(&buf);
}

static void test_partitions_are_those_of_the_java_client(void **state)
{
	(void)state;
	/* From Kafka's own UtilsTest. */
	assert_int_equal((int32_t)voc_murmur2(VOC_STR("21")), -973932308);
	assert_int_equal((int32_t)voc_murmur2(VOC_STR("foobar")), -790332482);
	assert_int_equal((int32_t)voc_murmur2(VOC_STR("a-little-bit-long-string")), -985981536);
	assert_int_equal((int32_t)voc_murmur2(VOC_STR("a-little-bit-longer-string")), -1486304829);
	assert_int_equal((int32_t)voc_murmur2(VOC_STR("lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8")), -58897971);
}

static void test_digests_match_their_standards(void **state)
{
	(void)state;
	unsigned char digest[VOC_SHA256_BYTES];
	char hex[2 * VOC_SHA256_BYTES + 1];
	voc_sha256(VOC_STR("abc"), digest); /* FIPS 180-4, example 1 */
	voc_hex(digest, sizeof digest, hex);
	assert_string_equal(hex, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
	voc_hmac_sha256(VOC_STR("Jefe"), VOC_STR("what do ya want for nothing?"), digest); /* RFC 4231, case 2 */
	voc_hex(digest, sizeof digest, hex);
	assert_string_equal(hex, "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843");
	assert_true(voc_hash64(VOC_STR("")) == UINT64_C(0xef46db3751d8e999));
}

static void test_timestamps_go_there_and_back(void **state)
{
	(void)state;
	static const struct {
		const char *text, *back;
	} good[] = {
		{ "1970-01-01T00:00:00Z", "1970-01-01T00:00:00.000Z" },
		{ "2026-11-21T09:30:00.1239+09:00", "2026-11-21T00:30:00.123Z" },
		{ "2024-02-29t23:59:60z", "2024-02-29T23:59:59.000Z" },
		{ "0001-01-01 00:00:00-00:00", "0001-01-01T00:00:00.000Z" },
		{ "9999-12-31T23:59:59.999Z", "9999-12-31T23:59:59.999Z" },
	};
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		int64_t ms;
		char text[VOC_TIMESTAMP_SIZE];
		assert_true(voc_timestamp_parse(voc_str_from(good[i].text), &ms));
		voc_timestamp_format(ms, text);
		assert_string_equal(text, good[i].back);
	}
	static const char *const bad[] = { "",
		                           "2026-11-21",
		                           "2026-13-01T00:00:00Z",
		                           "2023-02-29T00:00:00Z",
		                           "2026-11-21T24:00:00Z",
		                           "2026-11-21T09:30:00",
		                           "2026-11-21T09:30:00.Z",
		                           "2026-11-21T09:30:00Zx",
		                           "2026-11-21T09:30Z",
		                           "0000-01-01T00:00:00Z",
		                           "2026-11-21T09:30:61Z",
		                           "2026-11-21T09:30:00+24:00" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		int64_t ms;
		assert_false(voc_timestamp_parse(voc_str_from(bad[i]), &ms));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_numbers_are_parsed_whole_or_not_at_all),
		cmocka_unit_test(test_parts_are_taken_off_the_front),
		cmocka_unit_test(test_clip_keeps_characters_whole),
		cmocka_unit_test(test_a_full_buffer_refuses_and_remembers),
		cmocka_unit_test(test_an_arena_stays_within_its_bound),
		cmocka_unit_test(test_an_arena_forgets_what_it_held),
		cmocka_unit_test(test_an_error_is_well_formed),
		cmocka_unit_test(test_json_escapes_at_any_place),
		cmocka_unit_test(test_json_is_written_as_python_writes_it),
		cmocka_unit_test(test_partitions_are_those_of_the_java_client),
		cmocka_unit_test(test_digests_match_their_standards),
		cmocka_unit_test(test_timestamps_go_there_and_back),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
