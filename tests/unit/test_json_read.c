/* base/json_read and base/utf8: what is accepted, what is refused, why and where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "base/json_read.h"
#include "base/utf8.h"

static struct voc_arena *arena;
static struct voc_json_reader json;
static struct voc_error error;

static int setup(void **state)
{
	(void)state;
	arena = voc_arena_new(4 * 1024 * 1024);
	return arena ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	voc_arena_free(arena);
	return 0;
}

static void begin(struct voc_str text)
{
	voc_arena_reset(arena);
	voc_json_read_begin(&json, text, arena, 16, &error);
}

static bool check(struct voc_str text)
{
	begin(text);
	voc_json_skip(&json, NULL);
	return voc_json_read_end(&json);
}

struct bad_case {
	struct voc_str text;
	enum voc_reason reason;
	int64_t position;
};

#define BAD(text, reason, position)                                      \
	{                                                                \
		{ text, sizeof text - 1 }, VOC_REASON_##reason, position \
	}

static void test_bad_texts_are_refused_with_reason_and_place(void **state)
{
	(void)state;
	static const struct bad_case cases[] = {
		BAD("", BAD_JSON, 0),
		BAD(" \n", BAD_JSON, 2),
		BAD("nul", BAD_JSON, 0),
		BAD("{", BAD_JSON, 1),
		BAD("{\"a\"}", BAD_JSON, 4),
		BAD("{\"a\":}", BAD_JSON, 5),
		BAD("{\"a\":1,}", BAD_JSON, 7),
		BAD("{a:1}", BAD_JSON, 1),
		BAD("[1,]", BAD_JSON, 3),
		BAD("[1 2]", BAD_JSON, 3),
		BAD("[1}", BAD_JSON, 2),
		BAD("[", BAD_JSON, 1),
		BAD("{} x", BAD_JSON, 3),
		BAD("1 1", BAD_JSON, 2),
		BAD("01", BAD_JSON, 0),
		BAD("-", BAD_JSON, 1),
		BAD("1.", BAD_JSON, 2),
		BAD("1.e5", BAD_JSON, 2),
		BAD("1e+", BAD_JSON, 3),
		BAD(".5", BAD_JSON, 0),
		BAD("+1", BAD_JSON, 0),
		BAD("NaN", BAD_JSON, 0),
		BAD("9223372036854775808", BAD_JSON, 0),
		BAD("-9223372036854775809", BAD_JSON, 0),
		BAD("[1e309]", BAD_JSON, 1),
		BAD("-1.7976931348623159e308", BAD_JSON, 0),
		BAD("\"", BAD_JSON, 1),
		BAD("\"\\x\"", BAD_JSON, 1),
		BAD("\"\\u12g4\"", BAD_JSON, 1),
		BAD("\"\\u12", BAD_JSON, 1),
		BAD("\"\\", BAD_JSON, 1),
		BAD("\"a\nb\"", BAD_JSON, 2),
		BAD("\"\x1f\"", BAD_JSON, 1),
		BAD("\"\\ud800\"", BAD_UTF8, 1),
		BAD("\"\\udc00\"", BAD_UTF8, 1),
		BAD("\"\\ud800\\u0041\"", BAD_UTF8, 1),
		BAD("\"ab\xff\"", BAD_UTF8, 3),
		BAD("\"\xc0\xaf\"", BAD_UTF8, 1),
		BAD("\"\xe0\x80\xaf\"", BAD_UTF8, 1),
		BAD("\"\xed\xa0\x80\"", BAD_UTF8, 1),
		BAD("\"\xf4\x90\x80\x80\"", BAD_UTF8, 1),
		BAD("\"\xea\xb0\"", BAD_UTF8, 1),
		BAD("\xef\xbb\xbf{}", BAD_JSON, 0),
		BAD("\xff", BAD_UTF8, 0),
		BAD("\"a\0b\"", NUL_CHARACTER, 2),
		BAD("{}\0", NUL_CHARACTER, 2),
		BAD("\"\\u0000\"", NUL_CHARACTER, 1),
		BAD("{\"a\":1,\"a\":2}", DUPLICATE_KEY, 7),
		BAD("{\"x\":[{\"abcdefgh1\":1,\"abcdefgh2\":1,\"abcdefgh1\":2}]}", DUPLICATE_KEY, 35),
		BAD("{\"a\":1,\"\\u0061\":2}", DUPLICATE_KEY, 7),
		BAD("{\"\":1,\"\":2}", DUPLICATE_KEY, 6),
		BAD("[[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]]", TOO_DEEP, 16),
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		if (check(cases[i].text) || error.reason != cases[i].reason || error.position != cases[i].position)
			fail_msg("%s: %s at %d", cases[i].text.ptr, voc_reason_name(error.reason), (int)error.position);
		assert_int_equal(error.status, VOC_INVALID);
	}
}

static void test_good_texts_are_accepted(void **state)
{
	(void)state;
	static const char *const texts[] = {
		"0",
		" -0 ",
		"9223372036854775807",
		"-9223372036854775808",
		"1.7976931348623157e308",
		"1e-400",
		"0e999999999999999999999",
		"0.000000e+0",
		"\"\\ud83d\\ude00 \xf0\x9f\x98\x80\"",
		"\"\x7f\xc2\x80\xef\xbf\xbf\xf4\x8f\xbf\xbf\"",
		"[ ]",
		"{ }",
		"\t[true , false,null, {\"a\" : [ ] } ]\r\n",
		"{\"a\":{\"a\":{\"a\":1}},\"b\":{\"a\":1},\"c\":[{\"a\":1},{\"a\":1}]}",
		"[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]",
	};
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		if (!check(voc_str_from(texts[i])))
			fail_msg("%s: %s", texts[i], error.text);
}

static void test_values_are_read_in_order(void **state)
{
	(void)state;
	static const char text[] =
	        "{\"s\":\"plain\",\"e\\n\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\\uac00\\ud83d\\ude00\",\"n\":4.0,"
	        "\"m\":0.9345,\"b\":true,\"skip\": {\"x\":[1,\"\\n\"]} ,\"list\":[1,2]}";
	struct voc_str name, value;
	int64_t number, sum = 0;
	bool yes = false;
	begin(VOC_STR(text));
	assert_true(voc_json_enter_object(&json));
	assert_true(voc_json_next_member(&json, &name));
	assert_true(voc_str_is(name, "s"));
	assert_true(voc_json_read_str(&json, &value));
	assert_true(voc_str_is(value, "plain"));
	assert_ptr_equal(value.ptr, text + 6);
	assert_true(voc_json_next_member(&json, &name));
	assert_true(voc_str_is(name, "e\n"));
	assert_true(voc_json_read_str(&json, &value));
	assert_true(voc_str_is(value, "\"\\/\b\f\n\r\t가\xf0\x9f\x98\x80"));
	assert_true(voc_json_next_member(&json, &name));
	assert_true(voc_json_read_i64(&json, &number));
	assert_int_equal(number, 4);
	assert_true(voc_json_next_member(&json, &name));
	assert_true(voc_json_read_milli(&json, &number));
	assert_int_equal(number, 935);
	assert_true(voc_json_next_member(&json, &name));
	assert_true(voc_json_read_bool(&json, &yes));
	assert_true(yes);
	assert_true(voc_json_next_member(&json, &name));
	assert_true(voc_json_skip(&json, &value));
	assert_true(voc_str_is(value, "{\"x\":[1,\"\\n\"]}"));
	assert_true(voc_json_next_member(&json, &name));
	for (voc_json_enter_array(&json); voc_json_next_element(&json); sum += number)
		assert_true(voc_json_read_i64(&json, &number));
	assert_int_equal(sum, 3);
	assert_false(voc_json_next_member(&json, &name));
	assert_true(voc_json_read_end(&json));
}

static void test_a_wrong_type_sticks(void **state)
{
	(void)state;
	struct voc_str value;
	int64_t number;
	begin(VOC_STR("[ 7, \"x\"]"));
	voc_json_enter_array(&json);
	assert_true(voc_json_next_element(&json));
	assert_false(voc_json_read_str(&json, &value));
	assert_int_equal(error.reason, VOC_REASON_BAD_TYPE);
	assert_int_equal(error.position, 2);
	assert_false(voc_json_read_i64(&json, &number));
	assert_false(voc_json_next_element(&json));
	assert_false(voc_json_skip(&json, NULL));
	assert_false(voc_json_read_end(&json));
	assert_int_equal(error.position, 2);
}

static void test_integers_are_mathematical(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t value;
	} good[] = {
		{ "0", 0 },
		{ "-0.0", 0 },
		{ "0e99999999999", 0 },
		{ "4.0", 4 },
		{ "1e0", 1 },
		{ "40e-1", 4 },
		{ "-0.012e3", -12 },
		{ "1.50e1", 15 },
		{ "100", 100 },
		{ "1e18", INT64_C(1000000000000000000) },
		{ "9223372036854775807.000", INT64_MAX },
		{ "-9223372036854775808", INT64_MIN },
	};
	static const char *const bad[] = {
		"4.5", "1e-1", "4.0000000000000000000000001", "1e19", "9223372036854775808.0", "0.5", "1e-99999999999"
	};
	int64_t value;
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		assert_true(voc_json_number_to_i64(voc_str_from(good[i].text), &value));
		assert_int_equal(value, good[i].value);
	}
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(voc_json_number_to_i64(voc_str_from(bad[i]), &value));
}

static void test_thousandths_are_rounded(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t value;
	} cases[] = {
		{ "0.9344", 934 }, { "0.9345", 935 }, { "1.0", 1000 },     { "0.0004", 0 },
		{ "0.0005", 1 },   { "-0.0005", -1 }, { "9.9999", 10000 }, { "1e-3", 1 },
		{ "5e-5", 0 },     { "1e-99999", 0 }, { "12", 12000 },     { "0.10", 100 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		int64_t value;
		begin(voc_str_from(cases[i].text));
		assert_true(voc_json_read_milli(&json, &value));
		assert_int_equal(value, cases[i].value);
	}
}

/* A plain number is read in one go; the same with an exponent of nothing the long way. */
static void test_plain_numbers_are_read_alike(void **state)
{
	(void)state;
	static const char *const texts[] = { "0",          "7",           "00",  "01",       "999999999",
		                             "1234567890", "0.5",         "0.",  "0.934",    "0.9345",
		                             "1.0004",     "123456789.5", "5.",  "5.x",      "1.2.3",
		                             "12a",        "-1",          "4.0", "000000.1", "99999999.999",
		                             "3.0000",     "1e" };
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++) {
		for (int way = 0; way < 2; way++) {
			bool (*read)(struct voc_json_reader *, int64_t *) =
			        way ? voc_json_read_milli : voc_json_read_i64;
			char plain[40], other[40];
			int64_t value = 0, same = 0;
			snprintf(plain, sizeof plain, "%s ", texts[i]);
			snprintf(other, sizeof other, "%se0 ", texts[i]);
			begin(voc_str_from(plain));
			bool good = read(&json, &value) && voc_json_read_end(&json);
			begin(voc_str_from(other));
			assert_int_equal(read(&json, &same) && voc_json_read_end(&json), good);
			assert_int_equal(value, same);
		}
	}
}

static void test_a_member_that_is_expected(void **state)
{
	(void)state;
	struct voc_str name;
	int64_t value;
	begin(VOC_STR("{\"id\":1,\"type\":2, \"id\":3}"));
	assert_true(voc_json_enter_object(&json));
	assert_false(voc_json_next_is(&json, VOC_STR("i")));
	assert_false(voc_json_next_is(&json, VOC_STR("type")));
	assert_true(voc_json_next_is(&json, VOC_STR("id")));
	assert_true(voc_json_read_i64(&json, &value));
	assert_false(voc_json_next_is(&json, VOC_STR("id")));
	assert_true(voc_json_next_is(&json, VOC_STR("type")));
	assert_true(voc_json_read_i64(&json, &value));
	assert_int_equal(value, 2);
	assert_false(voc_json_next_is(&json, VOC_STR("id"))); /* there is a space: the long way */
	assert_false(json.failed);
	assert_false(voc_json_next_member(&json, &name)); /* which knows the name that came the short way */
	assert_int_equal(error.reason, VOC_REASON_DUPLICATE_KEY);
	assert_int_equal(error.position, 18);

	begin(VOC_STR("{\"id\":1,\"id\":2}"));
	assert_true(voc_json_enter_object(&json));
	assert_true(voc_json_next_is(&json, VOC_STR("id")));
	assert_true(voc_json_read_i64(&json, &value));
	assert_false(voc_json_next_is(&json, VOC_STR("id")));
	assert_int_equal(error.reason, VOC_REASON_DUPLICATE_KEY);
	assert_int_equal(error.position, 8);

	/* Wherever the text is cut off, nothing behind it is read. */
	static const char whole[] = "{\"id\":";
	for (size_t len = 1; len < sizeof whole - 1; len++) {
		char *cut = strndup(whole, len);
		begin(voc_str_of(cut, len));
		assert_true(voc_json_enter_object(&json));
		assert_false(voc_json_next_is(&json, VOC_STR("id")));
		free(cut);
	}
}

static void test_members_in_an_order_that_is_expected(void **state)
{
	(void)state;
	static const struct voc_str names[] = { { "id", 2 }, { "type", 4 }, { "datacontenttype", 15 }, { "x", 1 } };
	struct voc_str name;
	int64_t value;
	begin(VOC_STR("{\"type\":1,\"datacontenttype\":2,\"y\":3,\"type\":4}"));
	assert_true(voc_json_enter_object(&json));
	assert_int_equal(voc_json_next_of(&json, names, 0, 1), -1);
	assert_int_equal(voc_json_next_of(&json, names, 0, 4), 1);
	assert_true(voc_json_read_i64(&json, &value));
	assert_int_equal(voc_json_next_of(&json, names, 2, 4), 2);
	assert_true(voc_json_read_i64(&json, &value));
	assert_int_equal(value, 2);
	assert_int_equal(voc_json_next_of(&json, names, 3, 4), -1);
	assert_true(voc_json_next_member(&json, &name));
	assert_true(voc_str_is(name, "y"));
	assert_true(voc_json_read_i64(&json, &value));
	assert_int_equal(voc_json_next_of(&json, names, 3, 4), -1);
	assert_false(voc_json_next_member(&json, &name)); /* which knows those that were expected */
	assert_int_equal(error.reason, VOC_REASON_DUPLICATE_KEY);
	assert_int_equal(error.position, 36);

	/* What one object took is nothing to those within it. */
	begin(VOC_STR("{\"id\":{\"id\":1,\"type\":{\"id\":2}},\"type\":3}"));
	for (int depth = 0; depth < 3; depth++) {
		assert_true(voc_json_enter_object(&json));
		assert_int_equal(voc_json_next_of(&json, names, 0, 4), 0);
		if (depth == 0)
			continue;
		assert_true(voc_json_read_i64(&json, &value));
		assert_int_equal(voc_json_next_of(&json, names, 1, 4), depth == 1 ? 1 : -1);
	}
	assert_false(voc_json_next_member(&json, &name));
	assert_false(voc_json_next_member(&json, &name));
	assert_int_equal(voc_json_next_of(&json, names, 1, 4), 1);
	assert_true(voc_json_read_i64(&json, &value));
	assert_false(voc_json_next_member(&json, &name));
	assert_true(voc_json_read_end(&json));

	/* Wherever the text is cut off, nothing behind it is read. */
	static const char whole[] = "{\"id\":";
	for (size_t len = 1; len < sizeof whole - 1; len++) {
		char *cut = strndup(whole, len);
		begin(voc_str_of(cut, len));
		assert_true(voc_json_enter_object(&json));
		assert_int_equal(voc_json_next_of(&json, names, 0, 4), -1);
		free(cut);
	}
}

static void object_of(struct voc_buf *buf, int members, int same_as)
{
	voc_buf_clear(buf);
	voc_buf_add_char(buf, '{');
	for (int i = 0; i < members; i++)
		voc_buf_addf(buf, "%s\"member %d\":0", i ? "," : "", i == members - 1 && same_as >= 0 ? same_as : i);
	voc_buf_add_char(buf, '}');
}

static void test_many_members_are_told_apart_up_to_a_bound(void **state)
{
	(void)state;
	struct voc_buf buf;
	voc_buf_init(&buf, 100000);
	object_of(&buf, VOC_JSON_MAX_MEMBERS, -1);
	assert_true(check(voc_buf_str(&buf)));
	object_of(&buf, VOC_JSON_MAX_MEMBERS, 17);
	assert_false(check(voc_buf_str(&buf)));
	assert_int_equal(error.reason, VOC_REASON_DUPLICATE_KEY);
	object_of(&buf, VOC_JSON_MAX_MEMBERS + 1, -1);
	assert_false(check(voc_buf_str(&buf)));
	assert_int_equal(error.reason, VOC_REASON_TOO_LARGE);
	voc_buf_free(&buf);
}

static void test_a_full_arena_is_told(void **state)
{
	(void)state;
	struct voc_arena *tiny = voc_arena_new(16);
	struct voc_str value;
	voc_json_read_begin(&json, VOC_STR("\"twenty bytes and more\\n\""), tiny, 16, &error);
	assert_false(voc_json_read_str(&json, &value));
	assert_int_equal(error.reason, VOC_REASON_OUT_OF_MEMORY);
	voc_arena_free(tiny);
}

/* Each special byte at each place of an eight-byte word, behind plain bytes. */
static void test_no_byte_hides_in_a_word(void **state)
{
	(void)state;
	for (unsigned c = 0; c < 256; c++) {
		for (size_t place = 0; place < 17; place++) {
			char text[32] = "\"aaaaaaaaaaaaaaaaaaaaaaaaaaaaa\"";
			text[1 + place] = (char)c;
			bool plain = c >= 0x20 && c < 0x80 && c != '"' && c != '\\';
			assert_int_equal(check(voc_str_of(text, 31)), plain);
		}
	}
}

static void test_utf8_helpers(void **state)
{
	(void)state;
	size_t bad_at = 0;
	assert_true(voc_utf8_check(VOC_STR("a가\xf0\x9f\x98\x80"), &bad_at));
	assert_false(voc_utf8_check(VOC_STR("가\x80"), &bad_at));
	assert_int_equal(bad_at, 3);
	assert_int_equal(voc_utf8_count(VOC_STR("a가\xf0\x9f\x98\x80é")), 4);
	static const uint32_t code_points[] = {
		'a', 0x7F, 0x80, 0x7FF, 0x800, 0xD7FF, 0xE000, 0xFFFF, 0x10000, 0x10FFFF
	};
	for (size_t i = 0; i < sizeof code_points / sizeof *code_points; i++) {
		char bytes[4];
		struct voc_str s = voc_str_of(bytes, voc_utf8_put(bytes, code_points[i]));
		assert_true(voc_utf8_check(s, NULL));
		assert_int_equal(voc_utf8_take(&s), code_points[i]);
		assert_int_equal(s.len, 0);
	}
	assert_true(voc_utf8_is_blank(VOC_STR(" \t\xe3\x80\x80\xc2\xa0\xe2\x80\xa8")));
	assert_true(voc_utf8_is_blank(VOC_STR("")));
	assert_false(voc_utf8_is_blank(VOC_STR(" \xe2\x80\x8b"))); /* zero width, but no white space */
	assert_true(voc_utf8_has_control(VOC_STR("a\xc2\x85")));
	assert_true(voc_utf8_has_control(VOC_STR("a\x7f")));
	assert_false(voc_utf8_has_control(VOC_STR("a \xc2\xa0")));
}

/* Unicode's PropList.txt has 25 of the one, category Cc 65 of the other. */
static void test_all_of_unicode(void **state)
{
	(void)state;
	size_t spaces = 0, controls = 0, last_space = 0;
	for (uint32_t code_point = 0; code_point <= 0x10FFFF; code_point++) {
		spaces += voc_unicode_is_space(code_point);
		controls += voc_unicode_is_control(code_point);
		last_space = voc_unicode_is_space(code_point) ? code_point : last_space;
	}
	assert_int_equal(spaces, 25);
	assert_int_equal(controls, 65);
	assert_int_equal(last_space, 0x3000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_bad_texts_are_refused_with_reason_and_place),
		cmocka_unit_test(test_good_texts_are_accepted),
		cmocka_unit_test(test_values_are_read_in_order),
		cmocka_unit_test(test_a_wrong_type_sticks),
		cmocka_unit_test(test_integers_are_mathematical),
		cmocka_unit_test(test_thousandths_are_rounded),
		cmocka_unit_test(test_plain_numbers_are_read_alike),
		cmocka_unit_test(test_a_member_that_is_expected),
		cmocka_unit_test(test_members_in_an_order_that_is_expected),
		cmocka_unit_test(test_many_members_are_told_apart_up_to_a_bound),
		cmocka_unit_test(test_a_full_arena_is_told),
		cmocka_unit_test(test_no_byte_hides_in_a_word),
		cmocka_unit_test(test_utf8_helpers),
		cmocka_unit_test(test_all_of_unicode),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
