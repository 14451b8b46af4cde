/*
 * What is read back of cases, and time zones, on anything at all: a stored case is what would be written for it, a
 * member of the due set and a due record say the same twice, and no zone's rule leads a deadline astray.
 */
#undef NDEBUG /* every build must check */
#include <assert.h>

#include "core/aggregate/due_record.h"
#include "core/customer/case.h"
#include "core/rules/business_hours.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define DAY_MS INT64_C(86400000)

static void check_case(struct voc_str text, uint8_t cause)
{
	struct voc_cases cases = { 0 }, again = { 0 };
	bool out_of_memory = false;
	struct voc_buf written;
	voc_buf_init(&written, (size_t)1 << 20);
	if (voc_case_read(&cases, cause, text, &out_of_memory)) {
		voc_case_write(cases.list, &written);
		assert(!written.failed && voc_case_read(&again, cause, voc_buf_str(&written), &out_of_memory));
		assert(voc_case_equals(cases.list, again.list));
		assert(voc_case_tell(cases.list, &written));
	}
	assert(!out_of_memory);
	voc_cases_free(&cases);
	voc_cases_free(&again);
	voc_buf_free(&written);
}

static void check_due(struct voc_str text)
{
	struct voc_due due = { .due_ms = 1 }, again = { .due_ms = 1 };
	struct voc_buf buf;
	voc_buf_init(&buf, (size_t)1 << 20);
	if (voc_due_member_parse(text, &due)) {
		assert(voc_due_member(&buf, &due));
		assert(voc_str_eq(voc_buf_str(&buf), text));
		voc_buf_clear(&buf);
	}
	struct voc_arena *arena = voc_arena_new((size_t)1 << 16);
	struct voc_error error = { 0 };
	assert(arena);
	if (voc_due_record_decode(text, arena, &due, &error) == VOC_OK) {
		assert(voc_due_record_encode(&buf, &due));
		assert(voc_due_record_decode(voc_buf_str(&buf), arena, &again, &error) == VOC_OK);
		assert(again.kind == due.kind && again.due_ms == due.due_ms);
		assert(voc_str_eq(again.customer_id, due.customer_id) && voc_str_eq(again.subject, due.subject));
	}
	voc_arena_free(arena);
	voc_buf_free(&buf);
}

static void check_zone(struct voc_str text)
{
	struct voc_str rule;
	struct voc_business_hours hours = { 0 };
	if (voc_zone_file_rule(text, &rule))
		assert(voc_zone_parse(rule, &hours.zone));
	if (!voc_zone_parse(text, &hours.zone))
		return;
	for (int day = 0; day < 7; day++)
		assert(voc_day_hours_add(&hours.week[day], (struct voc_day_span){ 540, 1080 }));
	for (int64_t from_ms = 1767225600000; from_ms < INT64_C(1800000000000); from_ms += 17 * DAY_MS) {
		int64_t due_ms = voc_business_deadline_ms(&hours, from_ms, 600);
		int32_t offset_s = voc_zone_offset_s(&hours.zone, from_ms / 1000);
		assert(offset_s >= -2 * 86400 && offset_s <= 2 * 86400);
		assert(due_ms > from_ms && due_ms <= from_ms + 5 * DAY_MS);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct voc_str text = voc_str_of((const char *)data, size);
	if (size == 0)
		return 0;
	check_case(voc_str_of(text.ptr + 1, text.len - 1), (uint8_t)(data[0] % VOC_CAUSE_COUNT));
	check_due(text);
	check_zone(text);
	return 0;
}
