/* core/rules on anything at all: what it takes keeps what rules.h promises, what it refuses is told with a place. */
#undef NDEBUG /* every build must check */
#include <assert.h>

#include "core/rules.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define TEN_YEARS_MS INT64_C(315360000000)

static void check(const struct voc_rules *rules)
{
	assert(rules->clear >= 1 && rules->clear < rules->raise && rules->raise < rules->critical);
	assert(rules->critical <= 100);
	assert(rules->half_life_ms > 0 && rules->half_life_ms <= TEN_YEARS_MS);
	assert(rules->repeat_max >= 0 && rules->repeat_complaint_count >= 2);
	for (int i = 0; i < VOC_WEIGHT_COUNT; i++)
		assert(rules->weights[i] >= -1000 && rules->weights[i] <= 1000);
	for (int rule = 0; rule < VOC_RULE_COUNT; rule++) {
		assert(rules->cooldown_ms[rule] >= 0 && rules->cooldown_ms[rule] <= TEN_YEARS_MS);
		assert(voc_rules_follow_up(rules, (enum voc_rule)rule, "ko").len > 0);
		assert(voc_rules_follow_up(rules, (enum voc_rule)rule, "en").len > 0);
	}
	assert(strlen(rules->version) > 9);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct voc_rules rules;
	struct voc_error error = { 0 };
	enum voc_status status = voc_rules_parse(voc_str_of((const char *)data, size), &rules, &error);
	assert(status == error.status && (status == VOC_OK || status == VOC_FATAL));
	if (status == VOC_OK)
		check(&rules);
	else
		assert(error.reason == VOC_REASON_CONFIG && error.text[0] != '\0');
	return 0;
}
