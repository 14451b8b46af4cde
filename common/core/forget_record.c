#include "core/forget_record.h"

#include "base/json_write.h"
#include "base/timestamp.h"
#include "core/event.h"
#include "core/read_value.h"

#define MAX_DEPTH 8
#define SOURCE    "/voc/vocctl"

enum { TOP_SPECVERSION, TOP_ID, TOP_SOURCE, TOP_TYPE, TOP_TIME, TOP_CONTENT_TYPE, TOP_DATA, TOP_COUNT };
static const struct voc_str top_names[TOP_COUNT] = {
	VOC_MEMBER("specversion"),     VOC_MEMBER("id"),   VOC_MEMBER("source"), VOC_MEMBER("type"), VOC_MEMBER("time"),
	VOC_MEMBER("datacontenttype"), VOC_MEMBER("data"),
};
static const struct voc_members top_members = { top_names, TOP_COUNT, (1U << TOP_COUNT) - 1, VOC_OTHERS_PLAIN };

enum { DATA_CUSTOMER_ID, DATA_COUNT };
static const struct voc_str data_names[DATA_COUNT] = { VOC_MEMBER("customer_id") };
static const struct voc_members data_members = { data_names, DATA_COUNT, (1U << DATA_COUNT) - 1, VOC_OTHERS_NONE };

bool voc_forget_record_encode(struct voc_buf *buf, const struct voc_forget_record *record)
{
	struct voc_json_writer json;
	char time[VOC_TIMESTAMP_SIZE];
	size_t time_len = voc_timestamp_format(record->time_ms, time);
	voc_json_begin(&json, buf);
	voc_json_object(&json);
	voc_json_member_str(&json, "specversion", VOC_STR("1.0"));
	voc_json_member_str(&json, "id", record->id);
	voc_json_member_str(&json, "source", VOC_STR(SOURCE));
	voc_json_member_str(&json, "type", VOC_STR(VOC_FORGET_RECORD_TYPE));
	voc_json_member_str(&json, "time", voc_str_of(time, time_len));
	voc_json_member_str(&json, "datacontenttype", VOC_STR("application/json"));
	voc_json_key(&json, "data");
	voc_json_object(&json);
	voc_json_member_str(&json, "customer_id", record->customer_id);
	voc_json_object_end(&json);
	voc_json_object_end(&json);
	return !buf->failed;
}

static void read_data(struct voc_json_reader *json, struct voc_forget_record *record)
{
	uint32_t seen = 0;
	if (!voc_json_enter_object(json))
		return;
	while (voc_members_next(json, &data_members, &seen) >= 0)
		voc_read_identity(json, "data.customer_id", VOC_CUSTOMER_MAX_CHARS, &record->customer_id);
	voc_members_check(json, &data_members, seen);
}

static void read_top_member(struct voc_json_reader *json, int member, struct voc_forget_record *record)
{
	switch (member) {
	case TOP_SPECVERSION: voc_read_constant(json, "specversion", "1.0", VOC_REASON_UNSUPPORTED_VERSION); break;
	case TOP_ID: voc_read_identity(json, "id", VOC_ID_MAX_CHARS, &record->id); break;
	case TOP_SOURCE: voc_read_constant(json, "source", SOURCE, VOC_REASON_BAD_VALUE); break;
	case TOP_TYPE: voc_read_constant(json, "type", VOC_FORGET_RECORD_TYPE, VOC_REASON_UNKNOWN_TYPE); break;
	case TOP_TIME: voc_read_time(json, "time", &record->time_ms); break;
	case TOP_CONTENT_TYPE:
		voc_read_constant(json, "datacontenttype", "application/json", VOC_REASON_BAD_VALUE);
		break;
	case TOP_DATA: read_data(json, record); break;
	default: break;
	}
}

enum voc_status voc_forget_record_decode(struct voc_str value, struct voc_arena *arena,
                                         struct voc_forget_record *ret_record, struct voc_error *error)
{
	struct voc_forget_record record = { .time_ms = 0 };
	struct voc_json_reader json;
	struct voc_error own;
	uint32_t seen = 0;
	int member;
	error = error ? error : &own;
	voc_error_clear(error);
	if (value.len == 0)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_EMPTY_RECORD, -1, "no value");
	if (value.len > VOC_FORGET_RECORD_MAX_BYTES)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_TOO_LARGE, -1, "longer than %d bytes",
		                     VOC_FORGET_RECORD_MAX_BYTES);
	voc_json_read_begin(&json, value, arena, MAX_DEPTH, error);
	if (voc_json_enter_object(&json)) {
		while ((member = voc_members_next(&json, &top_members, &seen)) >= 0)
			read_top_member(&json, member, &record);
		voc_members_check(&json, &top_members, seen);
	}
	if (!voc_json_read_end(&json))
		return voc_read_failure(error);
	*ret_record = record;
	return VOC_OK;
}
