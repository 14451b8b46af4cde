/*
 * core/fact on anything at all: what is taken is written masked, is read again, and says the same the second time; the
 * step takes it, and what that leaves can be stored and loaded again. A forget record is one that would be written.
 */
#undef NDEBUG /* every build must check */
#include <assert.h>

#include "base/utf8.h"
#include "core/aggregate/aggregate.h"
#include "core/record/forget_record.h"
#include "stored.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TIMESTAMP_MS     INT64_C(1795253400000)
#define RECORD_MAX_BYTES ((size_t)1 << 20)

/* Accounts are kept, and somebody lapses easily. */
static const struct voc_rules rules = {
	.version = "fuzz-00000000",
	.raise = 2,
	.critical = 3,
	.clear = 1,
	.half_life_ms = 1,
	.account = { .on = true,
	             .stages = { 1, 2, 0, 0, 3, 1, 1, 1, 100 },
	             .value = { 200, 800, 100 },
	             .priority = { 10, 30, 60, 100, 80, 100, 130, 170, 200, 150, 15, 4 } },
};

static void check_applied(struct voc_str value, struct voc_arena *arena)
{
	struct voc_aggregate aggregate = { VOC_STR("voc.classified"), 7, voc_rule_book_new() };
	struct voc_aggregate_input input = { 0, 0, value, VOC_STR("voc.orders/1/2") };
	struct voc_aggregate_record record;
	struct voc_partition_state state;
	struct voc_customer customer;
	struct voc_aggregate_effects effects;
	struct voc_error error = { 0 };
	struct voc_rollup *rollup = voc_rollup_new(2);
	assert(voc_aggregate_decode(&input, arena, &record, &error) == VOC_OK && record.kind == VOC_RECORD_FACT);
	voc_partition_state_init(&state);
	voc_partition_state_set_rules(&state, voc_rule_book_take(aggregate.book, &rules, VOC_STR("{}")), -1);
	voc_customer_init(&customer);
	assert(voc_aggregate_apply(&aggregate, &state, &customer, rollup, &record, arena, &effects, &error) == VOC_OK);
	assert(effects.outcome == VOC_APPLY_FACT);
	check_stored(&customer, arena);
	voc_partition_state_free(&state);
	voc_customer_free(&customer);
	voc_rollup_free(rollup);
	voc_rule_book_free(aggregate.book);
}

static void check_texts(const struct voc_fact *fact)
{
	for (int field = 0; voc_fact_field_name(fact->kind, field); field++) {
		char to[VOC_FACT_TEXT_SIZE];
		if (voc_fact_has(fact, field))
			assert(voc_utf8_check(voc_fact_text(fact, field, to), NULL));
	}
}

/* What goes on in voc.classified is a fact again, and what was masked of it stays as it is. */
static void check_passed_on(const struct voc_fact *fact, struct voc_arena *arena)
{
	struct voc_buf once, twice;
	struct voc_fact again;
	struct voc_error error;
	voc_buf_init(&once, RECORD_MAX_BYTES);
	voc_buf_init(&twice, RECORD_MAX_BYTES);
	assert(voc_fact_encode(&once, fact));
	struct voc_record record = { .value = voc_buf_str(&once), .timestamp_ms = TIMESTAMP_MS };
	assert(voc_fact_decode(&record, fact->kind, arena, &again, &error) == VOC_OK);
	assert(again.given == fact->given && again.time_ms == fact->time_ms);
	assert(voc_str_eq(again.customer_id, fact->customer_id) && voc_str_eq(again.id, fact->id));
	assert(voc_fact_encode(&twice, &again));
	assert(voc_str_eq(voc_buf_str(&once), voc_buf_str(&twice)));
	check_applied(voc_buf_str(&once), arena);
	voc_buf_free(&once);
	voc_buf_free(&twice);
}

static void check_forget(struct voc_str value, struct voc_arena *arena)
{
	struct voc_forget_record forget, again;
	struct voc_error error;
	struct voc_buf buf;
	if (voc_forget_record_decode(value, arena, &forget, &error) != VOC_OK) {
		assert(error.reason != VOC_REASON_NONE);
		return;
	}
	voc_buf_init(&buf, RECORD_MAX_BYTES);
	assert(voc_forget_record_encode(&buf, &forget));
	if (buf.len <= VOC_FORGET_RECORD_MAX_BYTES) {
		assert(voc_forget_record_decode(voc_buf_str(&buf), arena, &again, &error) == VOC_OK);
		assert(voc_str_eq(again.customer_id, forget.customer_id) && voc_str_eq(again.id, forget.id));
		assert(again.time_ms == forget.time_ms);
	}
	voc_buf_free(&buf);
}

/* The first byte says what it is taken for, and whether in binary mode. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct voc_header binary[] = {
		{ VOC_STR("ce_specversion"), VOC_STR("1.0") },
		{ VOC_STR("ce_id"), VOC_STR("1") },
		{ VOC_STR("ce_source"), VOC_STR("/fuzz") },
		{ VOC_STR("ce_type"), VOC_STR("voc.order") },
	};
	if (size == 0)
		return 0;
	struct voc_str value = voc_str_of((const char *)data + 1, size - 1);
	struct voc_arena *arena = voc_arena_new(VOC_EVENT_ARENA_BYTES);
	struct voc_record record = { .value = value, .timestamp_ms = TIMESTAMP_MS };
	int kind = data[0] % (VOC_FACT_KIND_COUNT + 2);
	struct voc_fact fact;
	struct voc_error error;
	if (kind == VOC_FACT_KIND_COUNT) {
		check_forget(value, arena);
	} else {
		if (kind > VOC_FACT_KIND_COUNT) {
			kind = VOC_FACT_ORDER;
			record.headers = binary;
			record.header_count = sizeof binary / sizeof *binary;
		}
		enum voc_status status = voc_fact_decode(&record, (enum voc_fact_kind)kind, arena, &fact, &error);
		assert(status == VOC_OK || (status == VOC_INVALID && error.reason != VOC_REASON_NONE));
		if (status == VOC_OK) {
			check_texts(&fact);
			check_passed_on(&fact, arena);
		}
	}
	voc_arena_free(arena);
	return 0;
}
