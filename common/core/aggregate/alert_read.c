#include "core/aggregate/alert.h"

#include "core/customer/customer.h"
#include "core/record/envelope.h"

#define MAX_DEPTH 16
#define COUNT_MAX INT64_C(4294967295)

/* The required members come first: see data_members. */
enum {
	DATA_CUSTOMER_ID,
	DATA_RULE,
	DATA_SEVERITY,
	DATA_RISK,
	DATA_STATE,
	DATA_PREVIOUS,
	DATA_INDEX,
	DATA_EVENTS,
	DATA_COMPLAINTS,
	DATA_CHURN,
	DATA_LANG,
	DATA_FOLLOW_UP,
	DATA_RULES_VERSION,
	DATA_ORIGIN,
	DATA_CONTRIBUTIONS,
	DATA_CHANNEL,
	DATA_PRODUCT,
	DATA_TEAM,
	DATA_AGENT,
	DATA_GAP,
	DATA_NEEDS,
	DATA_COUNT,
};
static const struct voc_str data_names[DATA_COUNT] = {
	VOC_MEMBER("customer_id"),
	VOC_MEMBER("rule"),
	VOC_MEMBER("severity"),
	VOC_MEMBER("risk"),
	VOC_MEMBER("risk_state"),
	VOC_MEMBER("previous_state"),
	VOC_MEMBER("satisfaction_index"),
	VOC_MEMBER("events"),
	VOC_MEMBER("complaints"),
	VOC_MEMBER("churn_intents"),
	VOC_MEMBER("lang"),
	VOC_MEMBER("follow_up"),
	VOC_MEMBER("rules_version"),
	VOC_MEMBER("origin"),
	VOC_MEMBER("contributions"),
	VOC_MEMBER("channel"),
	VOC_MEMBER("product"),
	VOC_MEMBER("team"),
	VOC_MEMBER("agent_id"),
	VOC_MEMBER("gap"),
	VOC_MEMBER("needs"),
};
static const struct voc_members data_members = { data_names, DATA_COUNT, (1U << DATA_CHANNEL) - 1, VOC_OTHERS_ANY };

static void read_rule(struct voc_json_reader *json, enum voc_rule *ret_rule)
{
	struct voc_str name;
	if (voc_json_read_str(json, &name) && !voc_rule_parse(name, ret_rule))
		voc_json_fail(json, VOC_REASON_BAD_VALUE, "data.rule");
}

static void read_severity(struct voc_json_reader *json, enum voc_severity *ret_severity)
{
	struct voc_str name;
	if (!voc_json_read_str(json, &name))
		return;
	if (!voc_severity_parse(name, ret_severity) || *ret_severity == VOC_SEVERITY_NONE)
		voc_json_fail(json, VOC_REASON_BAD_VALUE, "data.severity");
}

static void read_state(struct voc_json_reader *json, const char *what, enum voc_risk_state *ret_state)
{
	struct voc_str name;
	if (voc_json_read_str(json, &name) && !voc_risk_state_parse(name, ret_state))
		voc_json_fail(json, VOC_REASON_BAD_VALUE, what);
}

static void read_percent(struct voc_json_reader *json, const char *what, int *ret_value)
{
	int64_t value;
	if (voc_read_int(json, what, 0, 100, &value))
		*ret_value = (int)value;
}

static void read_contributions(struct voc_json_reader *json, struct voc_str *ret_raw)
{
	if (voc_json_peek(json) == VOC_JSON_ARRAY)
		voc_json_skip(json, ret_raw);
	else
		voc_json_fail(json, VOC_REASON_BAD_TYPE, "data.contributions");
}

static void read_origin(struct voc_json_reader *json, struct voc_str *ret_origin)
{
	struct voc_source_position position;
	if (voc_json_read_str(json, ret_origin) && !voc_source_position_parse(*ret_origin, &position))
		voc_json_fail(json, VOC_REASON_BAD_VALUE, "data.origin");
}

/* As voc_alert_make_id makes it. */
static bool read_id(struct voc_json_reader *json, struct voc_str *ret_id)
{
	if (!voc_json_read_str(json, ret_id))
		return false;
	bool good = ret_id->len == VOC_ALERT_ID_SIZE - 1;
	for (size_t i = 0; i < ret_id->len; i++) {
		char c = ret_id->ptr[i];
		good = good && ((c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'));
	}
	return good || voc_json_fail(json, VOC_REASON_BAD_VALUE, "id");
}

static void read_data_member(struct voc_json_reader *json, int member, void *alert)
{
	struct voc_alert *ret = alert;
	switch (member) {
	case DATA_CUSTOMER_ID:
		voc_read_identity(json, "data.customer_id", VOC_CUSTOMER_MAX_CHARS, &ret->customer_id);
		break;
	case DATA_RULE: read_rule(json, &ret->rule); break;
	case DATA_SEVERITY: read_severity(json, &ret->severity); break;
	case DATA_RISK: read_percent(json, "data.risk", &ret->risk); break;
	case DATA_STATE: read_state(json, "data.risk_state", &ret->state); break;
	case DATA_PREVIOUS: read_state(json, "data.previous_state", &ret->previous_state); break;
	case DATA_INDEX: read_percent(json, "data.satisfaction_index", &ret->satisfaction_index); break;
	case DATA_EVENTS: voc_read_int(json, "data.events", 0, COUNT_MAX, &ret->events); break;
	case DATA_COMPLAINTS: voc_read_int(json, "data.complaints", 0, COUNT_MAX, &ret->complaints); break;
	case DATA_CHURN: voc_read_int(json, "data.churn_intents", 0, COUNT_MAX, &ret->churn_intents); break;
	case DATA_LANG: voc_read_lang(json, "data.lang", ret->lang); break;
	case DATA_CHANNEL: voc_read_channel(json, "data.channel", &ret->channel); break;
	case DATA_FOLLOW_UP: voc_json_read_str(json, &ret->follow_up); break;
	case DATA_RULES_VERSION: voc_json_read_str(json, &ret->rules_version); break;
	case DATA_ORIGIN: read_origin(json, &ret->origin); break;
	case DATA_CONTRIBUTIONS: read_contributions(json, &ret->contributions); break;
	case DATA_PRODUCT: voc_read_name(json, "data.product", VOC_NAME_MAX_CHARS, &ret->product); break;
	case DATA_TEAM: voc_read_name(json, "data.team", VOC_NAME_MAX_CHARS, &ret->team); break;
	case DATA_GAP: voc_gap_read_member(json, &ret->gap, &ret->gap_said); break;
	case DATA_NEEDS: voc_needs_read_member(json, &ret->needs, &ret->needs_said); break;
	case DATA_AGENT: voc_read_name(json, "data.agent_id", VOC_NAME_MAX_CHARS, &ret->agent_id); break;
	default: break;
	}
}

enum voc_status voc_alert_decode(struct voc_str value, struct voc_arena *arena, struct voc_alert *ret_alert,
                                 struct voc_error *error)
{
	static const struct voc_envelope_shape shape = {
		.kind = VOC_ENVELOPE_ALERT,
		.others = VOC_OTHERS_ANY,
		.read_id = read_id,
		.data = &data_members,
		.read_data = read_data_member,
		.max_bytes = VOC_ALERT_MAX_BYTES,
		.max_depth = MAX_DEPTH,
	};
	struct voc_envelope envelope;
	struct voc_alert alert = { .channel = VOC_CHANNEL_COUNT };
	struct voc_error own;
	error = error ? error : &own;
	enum voc_status status = voc_envelope_read(value, &shape, arena, &envelope, &alert, error);
	/* The contributions are handed on byte for byte; decoding them here only makes sure that they are some. */
	struct voc_contribution contributions[VOC_CONTRIBUTIONS_MAX];
	size_t count;
	if (status == VOC_OK)
		status = voc_contributions_decode(alert.contributions, arena, contributions, VOC_CONTRIBUTIONS_MAX,
		                                  &count, error);
	if (status != VOC_OK)
		return status;
	alert.id = envelope.id;
	alert.time_ms = envelope.time_ms;
	*ret_alert = alert;
	return VOC_OK;
}
