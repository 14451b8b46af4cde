/* core/fact: the edges that no schema can say, masks, and what goes on. */
#include "core/record/fact.h"

#include "core/mask/fact_mask.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define NOW_MS INT64_C(1795000000000)

static struct voc_arena *arena;

static int open_arena(void **state)
{
	(void)state;
	arena = voc_arena_new(VOC_EVENT_ARENA_BYTES);
	return arena ? 0 : -1;
}

static int close_arena(void **state)
{
	(void)state;
	voc_arena_free(arena);
	return 0;
}

static enum voc_status decode(enum voc_fact_kind kind, const char *attributes, const char *data, struct voc_fact *fact,
                              struct voc_error *error)
{
	static char value[4096];
	int len = snprintf(value, sizeof value,
	                   "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/crm\",\"type\":\"%s\"%s,"
	                   "\"data\":{\"customer_id\":\"C-1\"%s%s}}",
	                   voc_fact_type(kind), attributes, *data ? "," : "", data);
	const struct voc_record record = { .value = { value, (size_t)len }, .timestamp_ms = NOW_MS };
	voc_arena_reset(arena);
	return voc_fact_decode(&record, kind, arena, fact, error);
}

#define ORDER "\"order_id\":\"O-1\",\"status\":\"delivered\",\"amount\":100,\"currency\":\"KRW\""

static void test_fields(void **state)
{
	(void)state;
	struct voc_fact fact;
	struct voc_error error;
	assert_int_equal(decode(VOC_FACT_ORDER, ",\"time\":\"2026-01-02T03:04:05.678901Z\"",
	                        ORDER ",\"margin\":-7,\"ordered_at\":\"2026-01-01T00:00:00+09:00\",\"product\":\"\"",
	                        &fact, &error),
	                 VOC_OK);
	assert_true(voc_str_is(fact.customer_id, "C-1"));
	assert_int_equal(fact.time_ms, INT64_C(1767323045678));
	assert_int_equal(fact.values[VOC_ORDER_STATUS].number, VOC_ORDER_DELIVERED);
	assert_int_equal(fact.values[VOC_ORDER_MARGIN].number, -7);
	assert_int_equal(fact.values[VOC_ORDER_ORDERED_AT].number, INT64_C(1767193200000));
	assert_false(voc_fact_has(&fact, VOC_ORDER_PRODUCT));
	assert_false(voc_fact_has(&fact, VOC_ORDER_CARD));
}

struct bad_case {
	enum voc_fact_kind kind;
	const char *attributes, *data;
	enum voc_reason reason;
};

static void test_edges(void **state)
{
	(void)state;
	static const struct bad_case cases[] = {
		{ VOC_FACT_PROFILE, "", "\"since\":\"1999-12-31T23:59:59.999Z\"", VOC_REASON_BAD_TIME },
		{ VOC_FACT_PROFILE, "", "\"since\":\"2000-01-01T00:00:00Z\"", VOC_REASON_NONE },
		{ VOC_FACT_PROFILE, "", "\"since\":\"2100-01-01T00:00:00Z\"", VOC_REASON_NONE },
		{ VOC_FACT_PROFILE, "", "\"since\":\"2100-01-01T00:00:00.001Z\"", VOC_REASON_BAD_TIME },
		{ VOC_FACT_PROFILE, "", "\"name\":\"a\",\"name\":\"b\"", VOC_REASON_DUPLICATE_KEY },
		{ VOC_FACT_PROFILE, ",\"time\":\"2030-01-01T00:00:00Z\"", "", VOC_REASON_BAD_TIME },
		{ VOC_FACT_PROFILE, ",\"more\":[1,{}],\"another\":\"x\"", "\"other\":{\"a\":[1]}", VOC_REASON_NONE },
		{ VOC_FACT_ORDER, "", ORDER ",\"margin\":1000000000001", VOC_REASON_BAD_VALUE },
		{ VOC_FACT_ORDER, "", ORDER ",\"margin\":-1000000000000", VOC_REASON_NONE },
		{ VOC_FACT_ORDER, "", ORDER ",\"promised_at\":null,\"card\":null", VOC_REASON_NONE },
		{ VOC_FACT_ORDER, "", "", VOC_REASON_MISSING_FIELD },
		{ VOC_FACT_FOLLOWUP, "", "\"case_id\":\"c\",\"action\":\"\"", VOC_REASON_BAD_VALUE },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct voc_fact fact;
		struct voc_error error;
		enum voc_status status = decode(cases[i].kind, cases[i].attributes, cases[i].data, &fact, &error);
		if (status != (cases[i].reason == VOC_REASON_NONE ? VOC_OK : VOC_INVALID) ||
		    error.reason != cases[i].reason)
			fail_msg("case %zu: %s, %s", i, voc_reason_name(error.reason), error.text);
	}
}

static void test_no_room(void **state)
{
	(void)state;
	struct voc_arena *small = voc_arena_new(16);
	const struct voc_record record = {
		.value = VOC_STR(
		        "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/crm\",\"type\":\"voc.profile\",\"data\":"
		        "{\"customer_id\":\"C-1\",\"name\":\"a longer name \\u00e9 with an escape in it\"}}"),
		.timestamp_ms = NOW_MS,
	};
	struct voc_fact fact;
	struct voc_error error;
	assert_int_equal(voc_fact_decode(&record, VOC_FACT_PROFILE, small, &fact, &error), VOC_RETRY);
	assert_int_equal(error.reason, VOC_REASON_OUT_OF_MEMORY);
	voc_arena_free(small);
}

static void test_masks(void **state)
{
	(void)state;
	typedef struct voc_str mask_fn(struct voc_str text, char to[VOC_FACT_MASK_SIZE]);
	static const struct {
		mask_fn *mask;
		const char *text, *masked;
	} cases[] = {
		{ voc_fact_mask_person, "김민수", "김**" },
		{ voc_fact_mask_person, "김**", "김**" },
		{ voc_fact_mask_person, "", "**" },
		{ voc_fact_mask_person, "J", "J**" },
		{ voc_fact_mask_contact, "010-1234-5678", "***-****-**78" },
		{ voc_fact_mask_contact, "***-****-**78", "***-****-**78" },
		{ voc_fact_mask_contact, "가나 12다", "** ***" }, /* a star for a character: no text grows */
		{ voc_fact_mask_note, "차 12가3456, 끝", "차 *******, 끝" },
		{ voc_fact_mask_contact, "7", "7" },
		{ voc_fact_mask_card, "4111-1111-1111-1234", "****-****-****-1234" },
		{ voc_fact_mask_card, "Visa 4111111111111234 신한", "Visa ************1234 신한" },
		{ voc_fact_mask_card, "비자 ４１１１ １１１１ １１１１ １２３４", "비자 **** **** **** 1234" },
		{ voc_fact_mask_card, "４1１1-1１1111111２34", "****-********1234" },
		{ voc_fact_mask_card, "mastercard", "mastercard" },
		{ voc_fact_mask_card, "1234", "1234" },
		{ voc_fact_mask_note, "call 010-1234-5678", "call ***-****-****" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char to[VOC_FACT_MASK_SIZE];
		struct voc_str masked = cases[i].mask(voc_str_from(cases[i].text), to);
		if (!voc_str_is(masked, cases[i].masked))
			fail_msg("case %zu: %.*s", i, VOC_STR_ARG(masked));
	}
}

static void test_handed_on(void **state)
{
	(void)state;
	struct voc_fact fact;
	struct voc_error error;
	struct voc_buf buf;
	voc_buf_init(&buf, 4096);
	assert_int_equal(decode(VOC_FACT_PROFILE, ",\"tenant\":\"x\"",
	                        "\"stage\":\"client\",\"name\":\"Kim\",\"other\":1,\"sex\":\"other\"", &fact, &error),
	                 VOC_OK);
	assert_true(voc_fact_encode(&buf, &fact));
	assert_string_equal(voc_buf_c_str(&buf),
	                    "{\"specversion\":\"1.0\",\"id\":\"1\",\"source\":\"/crm\",\"type\":\"voc.profile\","
	                    "\"subject\":\"C-1\",\"time\":\"2026-11-18T11:06:40.000Z\",\"datacontenttype\":"
	                    "\"application/json\",\"data\":{\"customer_id\":\"C-1\",\"name\":\"K**\",\"sex\":\"other\","
	                    "\"stage\":\"client\"}}");
	voc_buf_free(&buf);
}

static void test_names(void **state)
{
	(void)state;
	for (int kind = 0; kind < VOC_FACT_KIND_COUNT; kind++) {
		enum voc_fact_kind found;
		assert_true(voc_fact_kind_parse(voc_str_from(voc_fact_type((enum voc_fact_kind)kind)), &found));
		assert_int_equal(found, kind);
		assert_non_null(voc_fact_kind_name(found));
	}
	assert_string_equal(voc_fact_field_name(VOC_FACT_ORDER, VOC_ORDER_MARGIN), "margin");
	assert_null(voc_fact_field_name(VOC_FACT_ORDER, VOC_ORDER_FIELD_COUNT));
	enum voc_stage stage;
	assert_true(voc_stage_parse(VOC_STR("advocate"), &stage) && stage == VOC_STAGE_ADVOCATE);
	assert_false(voc_stage_parse(VOC_STR("friend"), &stage));
	assert_null(voc_stage_name(VOC_STAGE_COUNT));
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_fields),    cmocka_unit_test(test_edges),
		                            cmocka_unit_test(test_no_room),   cmocka_unit_test(test_masks),
		                            cmocka_unit_test(test_handed_on), cmocka_unit_test(test_names) };
	return cmocka_run_group_tests(tests, open_arena, close_arena);
}
