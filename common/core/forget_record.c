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

static void read_data_member(struct voc_json_reader *json, int member, void *ret)
{
	struct voc_forget_record *record = ret;
	(void)member; /* there is one */
	voc_read_identity(json, "data.customer_id", VOC_CUSTOMER_MAX_CHARS, &record->customer_id);
}

static void read_top_member(struct voc_json_reader *json, int member, void *ret)
{
	struct voc_forget_record *record = ret;
	switch (member) {
	case TOP_SPECVERSION: voc_read_constant(json, "specversion", "1.0", VOC_REASON_UNSUPPORTED_VERSION); break;
	case TOP_ID: voc_read_identity(json, "id", VOC_ID_MAX_CHARS, &record->id); break;
	case TOP_SOURCE: voc_read_constant(json, "source", SOURCE, VOC_REASON_BAD_VALUE); break;
	case TOP_TYPE: voc_read_constant(json, "type", VOC_FORGET_RECORD_TYPE, VOC_REASON_UNKNOWN_TYPE); break;
	case TOP_TIME: voc_read_time(json, "time", &record->time_ms); break;
	case TOP_CONTENT_TYPE:
		voc_read_constant(json, "datacontenttype", "application/json", VOC_REASON_BAD_VALUE);
		break;
	case TOP_DATA: voc_read_object(json, &data_members, read_data_member, record); break;
	default: break;
	}
}

enum voc_status voc_forget_record_decode(struct voc_str value, struct voc_arena *arena,
                                         struct voc_forget_record *ret_record, struct voc_error *error)
{
	static const struct voc_record_shape shape = { &top_members, read_top_member, VOC_FORGET_RECORD_MAX_BYTES,
		                                       MAX_DEPTH };
	struct voc_forget_record record = { .time_ms = 0 };
	enum voc_status status = voc_read_record(value, &shape, arena, &record, error);
	if (status == VOC_OK)
		*ret_record = record;
	return status;
}
