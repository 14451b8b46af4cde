/* core/event: records in structured and binary mode, decoded or refused for the right reason. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#include "core/record/event.h"

#define NOW_MS INT64_C(1795253400000) /* 2026-11-21T09:30:00Z */
#define HEAD   "{\"specversion\":\"1.0\",\"id\":\"e-1\",\"source\":\"/s\",\"type\":\"voc.call\","
#define DATA   "\"data\":{\"customer_id\":\"C-1\",\"text\":\"hi\"}}"

static struct voc_arena *arena;
static struct voc_event event;
static struct voc_error error;

static int setup(void **state)
{
	(void)state;
	arena = voc_arena_new(VOC_EVENT_ARENA_BYTES);
	return arena ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	voc_arena_free(arena);
	return 0;
}

static enum voc_status decode_with(struct voc_str value, const struct voc_header *headers, size_t count)
{
	struct voc_record record = { value, headers, count, NOW_MS };
	voc_arena_reset(arena);
	return voc_event_decode(&record, arena, &event, &error);
}

static enum voc_status decode(struct voc_str value)
{
	return decode_with(value, NULL, 0);
}

static void refuse(struct voc_str value, enum voc_reason reason)
{
	enum voc_status status = decode(value);
	if (status != VOC_INVALID || error.reason != reason)
		fail_msg("%.*s: %s (%s)", VOC_STR_ARG(voc_str_clip(value, 300)), voc_reason_name(error.reason),
		         error.text);
}

static void test_a_whole_event_is_read(void **state)
{
	(void)state;
	static const char text[] =
	        "{\"specversion\":\"1.0\",\"id\":\"6f0c\",\"source\":\"/callcenter/seoul\",\"type\":\"voc.complaint\","
	        "\"subject\":\"C-000123\",\"time\":\"2026-11-21T18:30:00.5+09:00\",\"datacontenttype\":\"application/"
	        "json\","
	        "\"traceparent\":\"00-ab\\u0041\",\"sequence\":7,\"flag\":true,\"nothing\":null,\"Upper\":1,\"list\":["
	        "1],"
	        "\"data\":{\"customer_id\":\"C-000123\",\"channel\":\"phone\",\"text\":\"40분을 "
	        "기다렸어요\",\"lang\":\"ko\","
	        "\"rating\":1.0,\"expected\":4,\"product\":\"internet-500\",\"agent_id\":\"A-17\",\"team\":"
	        "\"retention\","
	        "\"more\":{\"a\":[1,2]}}}";
	assert_int_equal(decode(VOC_STR(text)), VOC_OK);
	assert_true(voc_str_is(event.id, "6f0c"));
	assert_ptr_equal(event.id.ptr, strstr(text, "6f0c")); /* borrowed */
	assert_true(voc_str_is(event.source, "/callcenter/seoul"));
	assert_int_equal(event.channel, VOC_CHANNEL_COMPLAINT);
	assert_int_equal(event.time_ms, NOW_MS + 500);
	assert_true(voc_str_is(event.customer_id, "C-000123"));
	assert_true(voc_str_is(event.text, "40분을 기다렸어요"));
	assert_true(voc_str_is(event.lang, "ko"));
	assert_true(voc_str_is(event.contact, "phone"));
	assert_true(voc_str_is(event.product, "internet-500"));
	assert_true(voc_str_is(event.agent_id, "A-17"));
	assert_true(voc_str_is(event.team, "retention"));
	assert_int_equal(event.rating, 1);
	assert_int_equal(event.expected, 4);
	assert_int_equal(event.turns, 0);
	assert_int_equal(event.extension_count, 3);
	assert_true(voc_str_is(event.extensions[0].name, "traceparent"));
	assert_true(voc_str_is(event.extensions[0].json, "\"00-ab\\u0041\""));
	assert_true(voc_str_is(event.extensions[1].json, "7"));
	assert_true(voc_str_is(event.extensions[2].json, "true"));
}

static void test_what_is_optional_may_be_absent_or_null(void **state)
{
	(void)state;
	assert_int_equal(decode(VOC_STR(HEAD DATA)), VOC_OK);
	assert_int_equal(event.time_ms, NOW_MS);
	assert_int_equal(event.rating, 0);
	assert_int_equal(event.expected, 0);
	assert_int_equal(event.lang.len + event.contact.len + event.product.len + event.team.len, 0);
	assert_int_equal(decode(VOC_STR(HEAD "\"time\":null,\"subject\":null,\"datacontenttype\":null,"
	                                     "\"data\":{\"customer_id\":\"C-1\",\"text\":\"hi\",\"transcript\":null,"
	                                     "\"rating\":null,\"lang\":null,\"product\":null}}")),
	                 VOC_OK);
	assert_int_equal(event.time_ms, NOW_MS);
	refuse(VOC_STR(HEAD "\"data\":null}"), VOC_REASON_MISSING_FIELD);
	refuse(VOC_STR(HEAD "\"data\":{\"customer_id\":null,\"text\":\"hi\"}}"), VOC_REASON_MISSING_FIELD);
	refuse(VOC_STR(HEAD "\"data\":{\"customer_id\":\"C-1\",\"text\":null}}"), VOC_REASON_MISSING_FIELD);
}

static void test_only_customer_turns_count(void **state)
{
	(void)state;
	assert_int_equal(decode(VOC_STR(HEAD "\"data\":{\"customer_id\":\"C-1\",\"transcript\":["
	                                     "{\"role\":\"agent\",\"text\":\"Hello\"},"
	                                     "{\"text\":\"안녕\\n하세요\",\"role\":\"customer\",\"at\":3},"
	                                     "{\"role\":\"customer\",\"text\":\" \\u3000 \"},"
	                                     "{\"role\":\"supervisor\",\"text\":\"\"},"
	                                     "{\"role\":\"customer\",\"text\":\"bye\"}]}}")),
	                 VOC_OK);
	assert_true(voc_str_is(event.text, "안녕\n하세요\nbye"));
	assert_int_equal(event.turns, 2);
	assert_int_equal(decode(VOC_STR(HEAD "\"data\":{\"customer_id\":\"C-1\",\"transcript\":["
	                                     "{\"role\":\"customer\",\"text\":\"one\"}]}}")),
	                 VOC_OK);
	assert_true(voc_str_is(event.text, "one"));
}

static void test_each_flaw_has_its_reason(void **state)
{
	(void)state;
#define WITH(member) HEAD "\"data\":{\"customer_id\":\"C-1\"," member "}}"
#define TURNS(list)  WITH("\"transcript\":" list)
	static const struct {
		const char *text;
		enum voc_reason reason;
	} cases[] = {
		{ "[]", VOC_REASON_BAD_TYPE },
		{ "null", VOC_REASON_BAD_TYPE },
		{ " ", VOC_REASON_BAD_JSON },
		{ "{}", VOC_REASON_MISSING_FIELD },
		{ HEAD "\"data\":{\"customer_id\":\"C-1\",\"text\":\"hi\"}", VOC_REASON_BAD_JSON },
		{ HEAD "\"id\":\"e-2\"," DATA, VOC_REASON_DUPLICATE_KEY },
		{ HEAD "\"data\":1}", VOC_REASON_BAD_TYPE },
		{ HEAD "\"time\":1795253400," DATA, VOC_REASON_BAD_TYPE },
		{ HEAD "\"time\":\"\"," DATA, VOC_REASON_BAD_TIME },
		{ HEAD "\"time\":\"2026-11-21\"," DATA, VOC_REASON_BAD_TIME },
		{ HEAD "\"time\":\"1999-12-31T23:59:59.999Z\"," DATA, VOC_REASON_BAD_TIME },
		{ HEAD "\"time\":\"2026-11-22T09:30:00.001Z\"," DATA, VOC_REASON_BAD_TIME },
		{ HEAD "\"datacontenttype\":\"text/plain\"," DATA, VOC_REASON_BAD_VALUE },
		{ HEAD "\"datacontenttype\":\"application/xjson\"," DATA, VOC_REASON_BAD_VALUE },
		{ HEAD "\"datacontenttype\":\"application/+json\"," DATA, VOC_REASON_BAD_VALUE },
		{ HEAD "\"datacontenttype\":\"/json\"," DATA, VOC_REASON_BAD_VALUE },
		{ HEAD "\"subject\":7," DATA, VOC_REASON_BAD_TYPE },
		{ "{\"specversion\":\"0.3\",\"id\":\"e\",\"source\":\"s\",\"type\":\"voc.web\"," DATA,
		  VOC_REASON_UNSUPPORTED_VERSION },
		{ "{\"specversion\":1.0,\"id\":\"e\",\"source\":\"s\",\"type\":\"voc.web\"," DATA,
		  VOC_REASON_BAD_TYPE },
		{ "{\"specversion\":\"1.0\",\"id\":\"e\",\"source\":\"s\",\"type\":\"voc.fax\"," DATA,
		  VOC_REASON_UNKNOWN_TYPE },
		{ "{\"specversion\":\"1.0\",\"source\":\"s\",\"type\":\"voc.web\"," DATA, VOC_REASON_MISSING_FIELD },
		{ "{\"specversion\":\"1.0\",\"id\":\"\",\"source\":\"s\",\"type\":\"voc.web\"," DATA,
		  VOC_REASON_BAD_VALUE },
		{ "{\"specversion\":\"1.0\",\"id\":\"a\\n\",\"source\":\"s\",\"type\":\"voc.web\"," DATA,
		  VOC_REASON_BAD_VALUE },
		{ HEAD "\"data\":{\"text\":\"hi\"}}", VOC_REASON_MISSING_FIELD },
		{ HEAD "\"data\":{\"text\":\"hi\",\"customer_id\":17}}", VOC_REASON_BAD_TYPE },
		{ HEAD "\"data\":{\"text\":\"hi\",\"customer_id\":\" \"}}", VOC_REASON_BAD_VALUE },
		{ HEAD "\"data\":{\"text\":\"hi\",\"customer_id\":\"a\\u0085\"}}", VOC_REASON_BAD_VALUE },
		{ WITH("\"text\":[\"hi\"]"), VOC_REASON_BAD_TYPE },
		{ WITH("\"text\":\"\""), VOC_REASON_EMPTY_TEXT },
		{ WITH("\"text\":\" \\u00a0\\t\\u3000\""), VOC_REASON_EMPTY_TEXT },
		{ WITH("\"text\":\"hi\",\"transcript\":[{\"role\":\"customer\",\"text\":\"hi\"}]"),
		  VOC_REASON_BAD_VALUE },
		{ WITH("\"text\":\"hi\",\"rating\":0"), VOC_REASON_BAD_VALUE },
		{ WITH("\"text\":\"hi\",\"rating\":6"), VOC_REASON_BAD_VALUE },
		{ WITH("\"text\":\"hi\",\"rating\":4.5"), VOC_REASON_BAD_VALUE },
		{ WITH("\"text\":\"hi\",\"expected\":6"), VOC_REASON_BAD_VALUE },
		{ WITH("\"text\":\"hi\",\"rating\":\"4\""), VOC_REASON_BAD_TYPE },
		{ WITH("\"text\":\"hi\",\"product\":{}"), VOC_REASON_BAD_TYPE },
		{ TURNS("{}"), VOC_REASON_BAD_TYPE },
		{ TURNS("[]"), VOC_REASON_EMPTY_TEXT },
		{ TURNS("[\"hi\"]"), VOC_REASON_BAD_TYPE },
		{ TURNS("[{\"role\":\"customer\"}]"), VOC_REASON_MISSING_FIELD },
		{ TURNS("[{\"text\":\"hi\"}]"), VOC_REASON_MISSING_FIELD },
		{ TURNS("[{\"role\":\"customer\",\"text\":1}]"), VOC_REASON_BAD_TYPE },
		{ TURNS("[{\"role\":\"agent\",\"text\":\"hi\"},{\"role\":\"customer\",\"text\":\"\\t\"}]"),
		  VOC_REASON_EMPTY_TEXT },
		{ TURNS("[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]"), VOC_REASON_TOO_DEEP },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		refuse(voc_str_from(cases[i].text), cases[i].reason);
}

static void test_broken_json_outranks_what_is_wrong_before_it(void **state)
{
	(void)state;
	refuse(VOC_STR("{\"specversion\":7,\"data\":{\"rating\":\"x\"},\"id\":}"), VOC_REASON_BAD_JSON);
	assert_int_equal(error.position, 44);
}

static void fill(struct voc_buf *buf, const char *before, const char *unit, size_t count, const char *after)
{
	voc_buf_clear(buf);
	voc_buf_add_str(buf, voc_str_from(before));
	for (size_t i = 0; i < count; i++)
		voc_buf_add_str(buf, voc_str_from(unit));
	voc_buf_add_str(buf, voc_str_from(after));
	assert_false(buf->failed);
}

/* `most` units are fine, one more is too large. */
static void check_limit(const char *before, const char *unit, size_t most, const char *after)
{
	struct voc_buf buf;
	voc_buf_init(&buf, 10 * VOC_EVENT_MAX_BYTES);
	fill(&buf, before, unit, most, after);
	if (decode(voc_buf_str(&buf)) != VOC_OK)
		fail_msg("%s %s: %s", before, unit, error.text);
	fill(&buf, before, unit, most + 1, after);
	refuse(voc_buf_str(&buf), VOC_REASON_TOO_LARGE);
	voc_buf_free(&buf);
}

static void test_limits_hold_to_the_character(void **state)
{
	(void)state;
	check_limit(HEAD "\"data\":{\"customer_id\":\"C-1\",\"text\":\"", "가", VOC_TEXT_MAX_CHARS, "\"}}");
	check_limit(HEAD "\"data\":{\"customer_id\":\"C-1\",\"text\":\"", "\\uac00", VOC_TEXT_MAX_CHARS, "\"}}");
	check_limit(HEAD "\"data\":{\"customer_id\":\"", "\xf0\x9f\x98\x80", VOC_CUSTOMER_MAX_CHARS,
	            "\",\"text\":\"a\"}}");
	check_limit(HEAD "\"data\":{\"customer_id\":\"C\",\"text\":\"a\",\"team\":\"", "é", VOC_NAME_MAX_CHARS, "\"}}");
}

static void test_transcripts_are_bounded(void **state)
{
	(void)state;
	check_limit(HEAD "\"data\":{\"customer_id\":\"C\",\"transcript\":[{\"role\":\"customer\",\"text\":\"a\"}",
	            ",{\"role\":\"agent\",\"text\":\"\"}", VOC_TURNS_MAX - 1, "]}}");
	check_limit(HEAD "\"data\":{\"customer_id\":\"C\",\"transcript\":[{\"role\":\"customer\",\"text\":\"", "a",
	            VOC_TEXT_MAX_CHARS - 1, "\"},{\"role\":\"customer\",\"text\":\"b\"}]}}");
}

static void test_a_record_is_bounded(void **state)
{
	(void)state;
	static const char event_text[] = HEAD DATA;
	struct voc_buf buf;
	voc_buf_init(&buf, 2 * VOC_EVENT_MAX_BYTES);
	fill(&buf, event_text, " ", VOC_EVENT_MAX_BYTES - strlen(event_text), "");
	assert_int_equal(decode(voc_buf_str(&buf)), VOC_OK);
	voc_buf_add_char(&buf, ' ');
	refuse(voc_buf_str(&buf), VOC_REASON_TOO_LARGE);
	voc_buf_free(&buf);
	refuse((struct voc_str){ NULL, 0 }, VOC_REASON_EMPTY_RECORD);
	refuse(VOC_STR("\0\0\0\0\7"), VOC_REASON_EMPTY_RECORD);
	refuse(VOC_STR("\0\0\0\7"), VOC_REASON_NUL_CHARACTER);
}

static void test_a_schema_id_in_front_is_passed_over(void **state)
{
	(void)state;
	assert_int_equal(decode(VOC_STR("\0\0\0\0\7" HEAD DATA)), VOC_OK);
	refuse(VOC_STR("\0\0\0\0\7{\"a\" 1}"), VOC_REASON_BAD_JSON);
	assert_int_equal(error.position, 10);
	refuse(VOC_STR("\0\0\0\0\7" HEAD "\"data\":1}"), VOC_REASON_BAD_TYPE);
	assert_int_equal(error.position, 5 + (int)strlen(HEAD "\"data\":"));
}

static const struct voc_header binary_headers[] = {
	{ { "ce_specversion", 14 }, { "1.0", 3 } },
	{ { "ce_id", 5 }, { "e-9", 3 } },
	{ { "ce_source", 9 }, { "/web", 4 } },
	{ { "ce_type", 7 }, { "voc.web", 7 } },
	{ { "ce_time", 7 }, { "2026-11-20T00:00:00Z", 20 } },
	{ { "ce_subject", 10 }, { "C-1", 3 } },
	{ { "content-type", 12 }, { "application/json; charset=utf-8", 31 } },
	{ { "ce_traceparent", 14 }, { "00-\"x\"", 6 } },
	{ { "ce_datacontenttype", 18 }, { "text/plain", 10 } },
	{ { "ce_Upper", 8 }, { "x", 1 } },
	{ { "ce_traceparent", 14 }, { "again", 5 } },
	{ { "ce_none", 7 }, { NULL, 0 } },
	{ { "other", 5 }, { "\xff", 1 } },
};
#define BINARY_COUNT (sizeof binary_headers / sizeof *binary_headers)
#define BINARY_DATA  VOC_STR("{\"customer_id\":\"C-1\",\"text\":\"hi\"}")

static void test_binary_mode(void **state)
{
	(void)state;
	assert_int_equal(decode_with(BINARY_DATA, binary_headers, BINARY_COUNT), VOC_OK);
	assert_true(voc_str_is(event.id, "e-9"));
	assert_true(voc_str_is(event.source, "/web"));
	assert_int_equal(event.channel, VOC_CHANNEL_WEB);
	assert_int_equal(event.time_ms, INT64_C(1795132800000));
	assert_true(voc_str_is(event.customer_id, "C-1"));
	assert_int_equal(event.extension_count, 1);
	assert_true(voc_str_is(event.extensions[0].name, "traceparent"));
	assert_true(voc_str_is(event.extensions[0].json, "\"00-\\\"x\\\"\""));
	assert_int_equal(decode_with(VOC_STR("\0\0\0\0\1{\"customer_id\":\"C-1\",\"text\":\"hi\"}"), binary_headers,
	                             BINARY_COUNT),
	                 VOC_OK);
	assert_int_equal(decode_with(VOC_STR("[]"), binary_headers, BINARY_COUNT), VOC_INVALID);
	assert_int_equal(error.reason, VOC_REASON_BAD_TYPE);
	assert_int_equal(decode_with(VOC_STR("null"), binary_headers, BINARY_COUNT), VOC_INVALID);
	assert_int_equal(error.reason, VOC_REASON_MISSING_FIELD);
}

/* The binary headers with one value, or one more header, that is wrong. */
static void test_binary_mode_flaws(void **state)
{
	(void)state;
	static const struct {
		size_t at;
		struct voc_header header;
		enum voc_reason reason;
	} cases[] = {
		{ 0, { { "ce_specversion", 14 }, { "0.3", 3 } }, VOC_REASON_UNSUPPORTED_VERSION },
		{ 1, { { "ce_id", 5 }, { "e\xff", 2 } }, VOC_REASON_BAD_UTF8 },
		{ 1, { { "ce_id", 5 }, { "e\0", 2 } }, VOC_REASON_NUL_CHARACTER },
		{ 1, { { "ce_id", 5 }, { NULL, 0 } }, VOC_REASON_MISSING_FIELD },
		{ 3, { { "ce_type", 7 }, { "voc.fax", 7 } }, VOC_REASON_UNKNOWN_TYPE },
		{ 4, { { "ce_time", 7 }, { "yesterday", 9 } }, VOC_REASON_BAD_TIME },
		{ 6, { { "content-type", 12 }, { "text/plain", 10 } }, VOC_REASON_BAD_VALUE },
		{ 7, { { "ce_id", 5 }, { "e-10", 4 } }, VOC_REASON_DUPLICATE_KEY },
		{ 7, { { "ce_trace", 8 }, { "\xed\xa0\x80", 3 } }, VOC_REASON_BAD_UTF8 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct voc_header headers[BINARY_COUNT];
		memcpy(headers, binary_headers, sizeof headers);
		headers[cases[i].at] = cases[i].header;
		assert_int_equal(decode_with(BINARY_DATA, headers, BINARY_COUNT), VOC_INVALID);
		assert_int_equal(error.reason, cases[i].reason);
	}
}

static void test_the_content_type_decides_the_mode(void **state)
{
	(void)state;
	struct voc_header headers[] = { { VOC_STR("ce_specversion"), VOC_STR("1.0") },
		                        { VOC_STR("content-type"),
		                          VOC_STR("Application/CloudEvents+json; charset=utf-8") } };
	assert_int_equal(decode_with(VOC_STR(HEAD DATA), headers, 2), VOC_OK);
	headers[1].value = VOC_STR("application/json");
	assert_int_equal(decode_with(VOC_STR(HEAD DATA), headers, 2), VOC_INVALID);
	assert_int_equal(error.reason, VOC_REASON_MISSING_FIELD);
	assert_int_equal(decode_with(VOC_STR(HEAD DATA), headers + 1, 1), VOC_OK);
}

static void test_extensions_are_bounded(void **state)
{
	(void)state;
	struct voc_buf buf;
	voc_buf_init(&buf, 100000);
	voc_buf_addf(&buf, HEAD "\"big\":\"%01023d\",", 0);
	for (int i = 0; i < 40; i++)
		voc_buf_addf(&buf, "\"ext%d\":%d,", i, i);
	voc_buf_add_str(&buf, VOC_STR(DATA));
	assert_int_equal(decode(voc_buf_str(&buf)), VOC_OK);
	assert_int_equal(event.extension_count, VOC_EXTENSIONS_MAX);
	assert_true(voc_str_is(event.extensions[0].name, "ext0"));
	voc_buf_free(&buf);
}

/* However many headers there are that don't fit: the arena's room is enough. */
static void test_headers_cannot_fill_the_arena(void **state)
{
	(void)state;
	static char controls[400];
	static struct voc_header headers[10000];
	memset(controls, 1, sizeof controls);
	for (size_t i = 0; i < sizeof headers / sizeof *headers; i++)
		headers[i] = (struct voc_header){ VOC_STR("ce_x"), { controls, sizeof controls } };
	memcpy(headers, binary_headers, sizeof binary_headers);
	assert_int_equal(decode_with(BINARY_DATA, headers, sizeof headers / sizeof *headers), VOC_OK);
	assert_int_equal(event.extension_count, 1);
}

/* As many names, as many of them open and as many to unescape as a record can have. */
static void test_names_cannot_fill_the_arena(void **state)
{
	(void)state;
	struct voc_buf buf;
	voc_buf_init(&buf, VOC_EVENT_MAX_BYTES);
	for (int depth = 1; depth <= VOC_EVENT_MAX_DEPTH; depth++) {
		voc_buf_add_char(&buf, '{');
		for (int i = 0; i < 1000; i++)
			voc_buf_addf(&buf, "\"\\n%x\":0,", (unsigned)i);
		voc_buf_add_str(&buf, depth < VOC_EVENT_MAX_DEPTH ? VOC_STR("\"\":") : VOC_STR("\"\":0"));
	}
	for (int depth = 1; depth <= VOC_EVENT_MAX_DEPTH; depth++)
		voc_buf_add_char(&buf, '}');
	assert_false(buf.failed);
	refuse(voc_buf_str(&buf), VOC_REASON_MISSING_FIELD);
	voc_buf_free(&buf);
}

static void test_a_record_without_a_timestamp_bounds_nothing(void **state)
{
	(void)state;
	struct voc_record record = { VOC_STR(HEAD "\"time\":\"2050-01-01T00:00:00Z\"," DATA), NULL, 0, -1 };
	assert_int_equal(voc_event_decode(&record, arena, &event, &error), VOC_OK);
	record.value = VOC_STR(HEAD "\"time\":\"2100-01-01T00:00:01Z\"," DATA);
	assert_int_equal(voc_event_decode(&record, arena, &event, &error), VOC_INVALID);
	record.value = VOC_STR(HEAD DATA);
	assert_int_equal(voc_event_decode(&record, arena, &event, NULL), VOC_INVALID);
}

static void test_a_full_arena_is_no_fault_of_the_record(void **state)
{
	(void)state;
	struct voc_arena *tiny = voc_arena_new(16);
	struct voc_record record = {
		VOC_STR(HEAD "\"data\":{\"customer_id\":\"C\",\"text\":\"a line\\nand another line\"}}"), NULL, 0,
		NOW_MS
	};
	assert_int_equal(voc_event_decode(&record, tiny, &event, &error), VOC_RETRY);
	assert_int_equal(error.reason, VOC_REASON_OUT_OF_MEMORY);
	voc_arena_free(tiny);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_whole_event_is_read),
		cmocka_unit_test(test_what_is_optional_may_be_absent_or_null),
		cmocka_unit_test(test_only_customer_turns_count),
		cmocka_unit_test(test_each_flaw_has_its_reason),
		cmocka_unit_test(test_broken_json_outranks_what_is_wrong_before_it),
		cmocka_unit_test(test_limits_hold_to_the_character),
		cmocka_unit_test(test_transcripts_are_bounded),
		cmocka_unit_test(test_a_record_is_bounded),
		cmocka_unit_test(test_a_schema_id_in_front_is_passed_over),
		cmocka_unit_test(test_binary_mode),
		cmocka_unit_test(test_binary_mode_flaws),
		cmocka_unit_test(test_the_content_type_decides_the_mode),
		cmocka_unit_test(test_extensions_are_bounded),
		cmocka_unit_test(test_headers_cannot_fill_the_arena),
		cmocka_unit_test(test_names_cannot_fill_the_arena),
		cmocka_unit_test(test_a_record_without_a_timestamp_bounds_nothing),
		cmocka_unit_test(test_a_full_arena_is_no_fault_of_the_record),
	};
	return cmocka_run_group_tests(tests, setup, teardown);
}
