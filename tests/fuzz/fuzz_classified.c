/*
 * core/classified on anything at all, and what follows from a record that it takes: the step is applied to it, and what
 * that leaves can be stored, loaded, and told again without a difference. Alerts that come of it can be read.
 */
#undef NDEBUG /* every build must check */
#include <assert.h>
#include <stdlib.h>

#include "core/aggregate/aggregate.h"
#include "stored.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_BYTES ((size_t)4 * 1024 * 1024)

/* Points that alerts come easily of. */
static const struct voc_rules rules = {
	.version = "fuzz-00000000",
	.raise = 2,
	.critical = 3,
	.clear = 1,
	.half_life_ms = 1,
	.repeat_max = 3,
	.repeat_window_ms = 1,
	.repeat_complaint_count = 2,
	.weights = { [VOC_WEIGHT_COMPLAINT] = 1, [VOC_WEIGHT_CHURN_INTENT] = 1, [VOC_WEIGHT_DISSATISFIED] = 1 },
};

static void check_applied(const struct voc_aggregate_record *record, struct voc_arena *arena)
{
	struct voc_aggregate aggregate = { VOC_STR("voc.classified"), 7, voc_rule_book_new() };
	struct voc_partition_state state;
	struct voc_customer customer;
	struct voc_aggregate_effects effects;
	struct voc_error error = { 0 };
	struct voc_rollup *rollup = voc_rollup_new(2);
	voc_partition_state_init(&state);
	voc_partition_state_set_rules(&state, voc_rule_book_take(aggregate.book, &rules, VOC_STR("{}")), -1);
	voc_customer_init(&customer);
	assert(voc_aggregate_apply(&aggregate, &state, &customer, rollup, record, arena, &effects, &error) == VOC_OK);
	assert(effects.outcome == (record->kind == VOC_RECORD_FACT ? VOC_APPLY_FACT : VOC_APPLY_EVENT));
	for (size_t i = 0; i < effects.alert_count; i++) {
		struct voc_alert alert;
		assert(voc_alert_decode(effects.alerts[i].json, arena, &alert, &error) == VOC_OK);
		assert(voc_str_eq(alert.customer_id, record->event.customer_id));
	}
	check_stored(&customer, arena);
	voc_partition_state_free(&state);
	voc_customer_free(&customer);
	voc_rollup_free(rollup);
	voc_rule_book_free(aggregate.book);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct voc_arena *arena = voc_arena_new(ARENA_BYTES);
	struct voc_aggregate_record record;
	struct voc_error error = { 0 };
	struct voc_aggregate_input input = { 0, 0, voc_str_of((const char *)data, size), VOC_STR("voc.web/1/2") };
	enum voc_status status = voc_aggregate_decode(&input, arena, &record, &error);
	assert(status == error.status && (status == VOC_OK || status == VOC_INVALID));
	assert((status == VOC_OK) == (error.reason == VOC_REASON_NONE));
	if (status == VOC_OK)
		check_applied(&record, arena);
	voc_arena_free(arena);
	return 0;
}
