#include "send_route.h"

#include "base/json_read.h"
#include "base/timestamp.h"
#include "core/record/fact.h"

static bool read_customer(struct voc_json_reader *json, struct send_route *route)
{
	struct voc_str name;
	if (!voc_json_enter_object(json))
		return false;
	while (voc_json_next_member(json, &name)) {
		if (voc_str_is(name, "customer_id"))
			voc_json_read_str(json, &route->key);
		else
			voc_json_skip(json, NULL);
	}
	return true;
}

static void read_time(struct voc_json_reader *json, struct voc_str line, struct send_route *route)
{
	struct voc_str value;
	if (!voc_json_read_str(json, &value))
		return;
	bool verbatim = value.ptr >= line.ptr && value.ptr < line.ptr + line.len;
	if (verbatim && voc_timestamp_parse(value, &route->time_ms))
		route->time = value;
}

/* The topics stand in the order of the channels, and then of the facts. */
static bool find_topic(struct voc_str type, enum voc_topic *ret_topic)
{
	enum voc_channel channel;
	enum voc_fact_kind kind;
	if (voc_channel_parse_event_type(type, &channel))
		*ret_topic = (enum voc_topic)((int)VOC_TOPIC_CALLS + (int)channel);
	else if (voc_fact_kind_parse(type, &kind))
		*ret_topic = (enum voc_topic)((int)VOC_TOPIC_PROFILES + (int)kind);
	else
		return false;
	return true;
}

enum voc_status send_route_find(struct voc_str line, struct voc_arena *arena, struct send_route *ret_route,
                                struct voc_error *error)
{
	struct voc_json_reader json;
	struct voc_str name, type = { 0 };
	*ret_route = (struct send_route){ .topic = VOC_TOPIC_WEB };
	voc_json_read_begin(&json, line, arena, VOC_EVENT_MAX_DEPTH, error);
	if (voc_json_enter_object(&json)) {
		while (voc_json_next_member(&json, &name)) {
			if (voc_str_is(name, "type"))
				voc_json_read_str(&json, &type);
			else if (voc_str_is(name, "time"))
				read_time(&json, line, ret_route);
			else if (voc_str_is(name, "data"))
				read_customer(&json, ret_route);
			else
				voc_json_skip(&json, NULL);
		}
	}
	bool known = find_topic(type, &ret_route->topic);
	if (!voc_json_read_end(&json))
		return VOC_INVALID;
	if (!known)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_UNKNOWN_TYPE, -1, "no type that a topic takes");
	if (ret_route->key.ptr == NULL)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_MISSING_FIELD, -1, "no data.customer_id");
	return VOC_OK;
}
