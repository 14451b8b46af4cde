/* What an alert says of the account, and how much it matters. */
#include "core/customer/account_tell.h"

#include "base/json_write.h"

void voc_account_tell(const struct voc_account *account, int64_t time_ms, bool top_fifth, struct voc_buf *buf)
{
	struct voc_json_writer json;
	const int64_t *sums = account->sums;
	voc_json_begin(&json, buf);
	voc_json_object(&json);
	voc_json_member_str(&json, "stage", voc_str_from(voc_stage_name((enum voc_stage)account->stage)));
	voc_json_member_i64(&json, "value", sums[VOC_SUM_VALUE]);
	voc_json_member_bool(&json, "top_fifth", top_fifth);
	voc_json_member_i64(&json, "orders", sums[VOC_SUM_ORDERS]);
	if (account->currency[0] != '\0') {
		voc_json_member_str(&json, "currency", voc_str_from(account->currency));
		voc_json_member_i64(&json, "spent", sums[VOC_SUM_SPENT]);
		voc_json_member_i64(&json, "late_deliveries", voc_account_late(account, time_ms));
		voc_json_member_str(&json, "purchase",
		                    voc_str_from(voc_purchase_name(voc_account_purchase(account, time_ms))));
	}
	if (account->profile[VOC_PROFILE_SINCE])
		voc_json_member_str(&json, "since", voc_str_from(account->profile[VOC_PROFILE_SINCE]));
	voc_json_object_end(&json);
}

struct voc_priority voc_priority_of(const struct voc_account_rules *rules, const struct voc_priority_case *about)
{
	const int64_t *weights = rules->priority;
	int64_t floor = weights[VOC_PRIORITY_INFO + about->severity - VOC_SEVERITY_INFO];
	int64_t again = about->troubles > 1 ? about->troubles - 1 : 0;
	if (again > weights[VOC_PRIORITY_REPETITION_MAX])
		again = weights[VOC_PRIORITY_REPETITION_MAX];
	struct voc_priority priority = {
		.risk = about->risk > floor ? about->risk : floor,
		.stage = weights[VOC_PRIORITY_NONE + (int)about->stage],
		.value = about->top_fifth ? weights[VOC_PRIORITY_TOP_FIFTH] : 100,
		.repetition = 100 + again * weights[VOC_PRIORITY_REPETITION],
	};
	priority.score = priority.risk * priority.stage * priority.value * priority.repetition / 1000000;
	return priority;
}

void voc_priority_tell(const struct voc_priority *priority, struct voc_buf *buf)
{
	struct voc_json_writer json;
	voc_json_begin(&json, buf);
	voc_json_object(&json);
	voc_json_member_i64(&json, "score", priority->score);
	voc_json_member_i64(&json, "risk", priority->risk);
	voc_json_member_i64(&json, "stage", priority->stage);
	voc_json_member_i64(&json, "value", priority->value);
	voc_json_member_i64(&json, "repetition", priority->repetition);
	voc_json_object_end(&json);
}
