/* The part of the rules that is about accounts: stages, value, priority. */
#include "core/rules/rules_reader.h"

#include <jansson.h>

#define X(symbol, name, least, most) { name, least, most },
static const struct voc_rules_number stages[VOC_STAGE_RULE_COUNT] = { VOC_STAGE_RULES(X) };
static const struct voc_rules_number value[VOC_VALUE_RULE_COUNT] = { VOC_VALUE_RULES(X) };
static const struct voc_rules_number priority[VOC_PRIORITY_RULE_COUNT] = { VOC_PRIORITY_RULES(X) };
#undef X

void voc_rules_take_account(struct voc_rules_reader *reader, json_t *top, struct voc_rules *rules)
{
	struct voc_account_rules *account = &rules->account;
	account->on =
	        json_object_get(top, "stages") || json_object_get(top, "value") || json_object_get(top, "priority");
	if (!account->on)
		return;
	voc_rules_take_numbers(reader, top, "", "stages", stages, VOC_STAGE_RULE_COUNT, account->stages);
	voc_rules_take_numbers(reader, top, "", "value", value, VOC_VALUE_RULE_COUNT, account->value);
	voc_rules_take_numbers(reader, top, "", "priority", priority, VOC_PRIORITY_RULE_COUNT, account->priority);
}
