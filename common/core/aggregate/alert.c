#include "core/aggregate/alert.h"

#include "base/hash.h"
#include "core/record/envelope.h"

#include <stdio.h>

#define CAUSE_MAX (4 * VOC_CUSTOMER_MAX_CHARS + 64)

void voc_alert_make_id(struct voc_str customer_id, int32_t partition, int64_t offset, enum voc_rule rule,
                       char ret_id[VOC_ALERT_ID_SIZE])
{
	char cause[CAUSE_MAX];
	unsigned char digest[VOC_SHA256_BYTES];
	customer_id = voc_str_clip(customer_id, (size_t)4 * VOC_CUSTOMER_MAX_CHARS);
	int len = snprintf(cause, sizeof cause, "%.*s\n%d\n%lld\n%s", VOC_STR_ARG(customer_id), (int)partition,
	                   (long long)offset, voc_rule_name(rule));
	voc_sha256(voc_str_of(cause, (size_t)len), digest);
	voc_hex(digest, VOC_ALERT_ID_SIZE / 2, ret_id);
}

static void write_optional(struct voc_json_writer *json, const char *name, struct voc_str value)
{
	if (value.len > 0)
		voc_json_member_str(json, name, value);
}

static void write_raw(struct voc_json_writer *json, const char *name, struct voc_str value)
{
	if (value.len == 0)
		return;
	voc_json_key(json, name);
	voc_json_raw(json, value);
}

static void write_data(struct voc_json_writer *json, const struct voc_alert *alert)
{
	voc_json_object(json);
	voc_json_member_str(json, "customer_id", alert->customer_id);
	voc_json_member_str(json, "rule", voc_str_from(voc_rule_name(alert->rule)));
	voc_json_member_str(json, "severity", voc_str_from(voc_severity_name(alert->severity)));
	voc_json_member_i64(json, "risk", alert->risk);
	voc_json_member_str(json, "risk_state", voc_str_from(voc_risk_state_name(alert->state)));
	voc_json_member_str(json, "previous_state", voc_str_from(voc_risk_state_name(alert->previous_state)));
	voc_json_member_i64(json, "satisfaction_index", alert->satisfaction_index);
	voc_json_member_i64(json, "events", alert->events);
	voc_json_member_i64(json, "complaints", alert->complaints);
	voc_json_member_i64(json, "churn_intents", alert->churn_intents);
	voc_json_member_str(json, "lang", voc_str_from(alert->lang));
	write_optional(json, "channel", voc_str_from(voc_channel_name(alert->channel)));
	write_optional(json, "product", alert->product);
	write_optional(json, "team", alert->team);
	write_optional(json, "agent_id", alert->agent_id);
	voc_json_member_str(json, "follow_up", alert->follow_up);
	write_raw(json, "gap", alert->gap);
	write_raw(json, "needs", alert->needs);
	voc_json_member_str(json, "rules_version", alert->rules_version);
	voc_json_member_str(json, "origin", alert->origin);
	write_raw(json, "relationship", alert->relationship);
	write_raw(json, "priority", alert->priority);
	write_raw(json, "case", alert->about_case);
	voc_json_key(json, "contributions");
	voc_json_raw(json, alert->contributions);
	voc_json_object_end(json);
}

bool voc_alert_encode(struct voc_buf *buf, const struct voc_alert *alert)
{
	struct voc_json_writer json;
	voc_json_begin(&json, buf);
	voc_envelope_begin(&json, VOC_ENVELOPE_ALERT,
	                   &(struct voc_envelope){ alert->id, alert->customer_id, alert->time_ms });
	write_data(&json, alert);
	voc_json_object_end(&json);
	return !buf->failed;
}
