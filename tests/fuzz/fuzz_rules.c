/* core/rules on anything at all: what it takes keeps what rules.h promises, what it refuses is told with a place. */
#undef NDEBUG /* every build must check */
#include <assert.h>

#include "core/rules/rules_record.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEN_YEARS_MS INT64_C(315360000000)

static void check_cases(const struct voc_case_rules *rules)
{
	if (!rules->on)
		return;
	assert(rules->team[0] != '\0' && rules->hours.holiday_count <= VOC_HOLIDAYS_MAX);
	for (int severity = VOC_SEVERITY_INFO; severity < VOC_SEVERITY_COUNT; severity++) {
		int64_t from_ms = INT64_C(1700000000000);
		int64_t due_ms = voc_business_deadline_ms(&rules->hours, from_ms, rules->respond_minutes[severity]);
		assert(due_ms > from_ms && due_ms <= from_ms + VOC_BUSINESS_DAYS_MAX * INT64_C(86400000));
	}
	for (int i = 1; i < rules->step_count; i++)
		assert(rules->steps[i].after_minutes > rules->steps[i - 1].after_minutes);
}

static void check(const struct voc_rules *rules)
{
	assert(rules->clear >= 1 && rules->clear < rules->raise && rules->raise < rules->critical);
	assert(rules->critical <= 100);
	assert(rules->half_life_ms > 0 && rules->half_life_ms <= TEN_YEARS_MS);
	assert(rules->repeat_max >= 0 && rules->repeat_complaint_count >= 2);
	for (int i = 0; i < VOC_WEIGHT_COUNT; i++)
		assert(rules->weights[i] >= -1000 && rules->weights[i] <= 1000);
	for (int rule = 0; rule < VOC_RULE_MARKED_COUNT; rule++)
		assert(rules->cooldown_ms[rule] >= 0 && rules->cooldown_ms[rule] <= TEN_YEARS_MS);
	for (int rule = 0; rule < (rules->cases.on ? VOC_RULE_COUNT : VOC_RULE_MARKED_COUNT); rule++) {
		assert(voc_rules_follow_up(rules, (enum voc_rule)rule, "ko").len > 0);
		assert(voc_rules_follow_up(rules, (enum voc_rule)rule, "en").len > 0);
	}
	assert(strlen(rules->version) > 9);
	check_cases(&rules->cases);
}

/* Canonical text is its own, and what comes back as a record of the log. */
static void check_canonical(const struct voc_rules *rules, struct voc_str canonical)
{
	struct voc_error error = { 0 };
	struct voc_buf value;
	struct voc_rules_record record;
	struct voc_rule_set set = { *rules, canonical };
	struct voc_arena *arena = voc_arena_new((size_t)1 << 20);
	voc_buf_init(&value, VOC_RULES_RECORD_MAX_BYTES);
	assert(voc_rules_record_encode(&value, &set));
	assert(voc_rules_record_decode(voc_buf_str(&value), arena, &record, &error) == VOC_OK);
	assert(voc_str_eq(record.json, canonical) && strcmp(record.rules.version, rules->version) == 0);
	voc_buf_free(&value);
	voc_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct voc_rules rules;
	struct voc_error error = { 0 };
	struct voc_buf canonical;
	voc_buf_init(&canonical, VOC_RULES_MAX_BYTES);
	enum voc_status status = voc_rules_read(voc_str_of((const char *)data, size), &rules, &canonical, &error);
	assert(status == error.status && (status == VOC_OK || status == VOC_FATAL));
	if (status == VOC_OK) {
		check(&rules);
		check_canonical(&rules, voc_buf_str(&canonical));
	} else {
		assert(error.reason == VOC_REASON_CONFIG && error.text[0] != '\0');
	}
	voc_buf_free(&canonical);
	return 0;
}
