#include "core/due_record.h"

#include "base/json_write.h"
#include "base/timestamp.h"
#include "core/event.h"
#include "core/read_value.h"

#define MAX_DEPTH 8
#define ID_MAX    160

enum { TOP_SPECVERSION, TOP_ID, TOP_SOURCE, TOP_TYPE, TOP_SUBJECT, TOP_TIME, TOP_CONTENT_TYPE, TOP_DATA, TOP_COUNT };
static const struct voc_str top_names[TOP_COUNT] = {
	VOC_MEMBER("specversion"), VOC_MEMBER("id"),   VOC_MEMBER("source"),          VOC_MEMBER("type"),
	VOC_MEMBER("subject"),     VOC_MEMBER("time"), VOC_MEMBER("datacontenttype"), VOC_MEMBER("data"),
};
static const struct voc_members top_members = { top_names, TOP_COUNT, (1U << TOP_COUNT) - 1, VOC_OTHERS_PLAIN };

enum { DATA_CUSTOMER_ID, DATA_KIND, DATA_SUBJECT, DATA_COUNT };
static const struct voc_str data_names[DATA_COUNT] = {
	VOC_MEMBER("customer_id"),
	VOC_MEMBER("kind"),
	VOC_MEMBER("subject"),
};
static const struct voc_members data_members = { data_names, DATA_COUNT, (1U << DATA_COUNT) - 1, VOC_OTHERS_NONE };

bool voc_due_record_encode(struct voc_buf *buf, const struct voc_due *due)
{
	struct voc_json_writer json;
	char time[VOC_TIMESTAMP_SIZE], id_bytes[ID_MAX];
	struct voc_buf id = { .ptr = id_bytes, .cap = sizeof id_bytes, .max = sizeof id_bytes };
	struct voc_str kind = voc_str_from(voc_due_kind_name(due->kind));
	size_t time_len = voc_timestamp_format(due->due_ms, time);
	voc_buf_add_str(&id, kind);
	voc_buf_add_char(&id, '/');
	voc_buf_add_str(&id, due->subject);
	voc_buf_add_char(&id, '/');
	voc_buf_add_i64(&id, due->due_ms);
	voc_json_begin(&json, buf);
	voc_json_object(&json);
	voc_json_member_str(&json, "specversion", VOC_STR("1.0"));
	voc_json_member_str(&json, "id", voc_buf_str(&id));
	voc_json_member_str(&json, "source", VOC_STR("/voc/aggregator"));
	voc_json_member_str(&json, "type", VOC_STR(VOC_DUE_RECORD_TYPE));
	voc_json_member_str(&json, "subject", due->customer_id);
	voc_json_member_str(&json, "time", voc_str_of(time, time_len));
	voc_json_member_str(&json, "datacontenttype", VOC_STR("application/json"));
	voc_json_key(&json, "data");
	voc_json_object(&json);
	voc_json_member_str(&json, "customer_id", due->customer_id);
	voc_json_member_str(&json, "kind", kind);
	voc_json_member_str(&json, "subject", due->subject);
	voc_json_object_end(&json);
	voc_json_object_end(&json);
	return !buf->failed && !id.failed;
}

static void read_kind(struct voc_json_reader *json, enum voc_due_kind *ret_kind)
{
	struct voc_str name;
	if (voc_json_read_str(json, &name) && !voc_due_kind_parse(name, ret_kind))
		voc_json_fail(json, VOC_REASON_BAD_VALUE, "data.kind");
}

static void read_data_member(struct voc_json_reader *json, int member, void *ret)
{
	struct voc_due *due = ret;
	switch (member) {
	case DATA_CUSTOMER_ID:
		voc_read_identity(json, "data.customer_id", VOC_CUSTOMER_MAX_CHARS, &due->customer_id);
		break;
	case DATA_KIND: read_kind(json, &due->kind); break;
	default: voc_read_identity(json, "data.subject", VOC_DUE_SUBJECT_MAX, &due->subject); break;
	}
}

static void read_top_member(struct voc_json_reader *json, int member, void *ret)
{
	struct voc_due *due = ret;
	struct voc_str name;
	switch (member) {
	case TOP_SPECVERSION: voc_read_constant(json, "specversion", "1.0", VOC_REASON_UNSUPPORTED_VERSION); break;
	case TOP_ID: voc_read_identity(json, "id", VOC_ID_MAX_CHARS, &name); break;
	case TOP_SOURCE: voc_read_constant(json, "source", "/voc/aggregator", VOC_REASON_BAD_VALUE); break;
	case TOP_TYPE: voc_read_constant(json, "type", VOC_DUE_RECORD_TYPE, VOC_REASON_UNKNOWN_TYPE); break;
	case TOP_SUBJECT: voc_read_identity(json, "subject", VOC_CUSTOMER_MAX_CHARS, &name); break;
	case TOP_TIME: voc_read_time(json, "time", &due->due_ms); break;
	case TOP_CONTENT_TYPE:
		voc_read_constant(json, "datacontenttype", "application/json", VOC_REASON_BAD_VALUE);
		break;
	case TOP_DATA: voc_read_object(json, &data_members, read_data_member, due); break;
	default: break;
	}
}

enum voc_status voc_due_record_decode(struct voc_str value, struct voc_arena *arena, struct voc_due *ret_due,
                                      struct voc_error *error)
{
	static const struct voc_record_shape shape = { &top_members, read_top_member, VOC_DUE_RECORD_MAX_BYTES,
		                                       MAX_DEPTH };
	struct voc_due due = { .due_ms = 0 };
	enum voc_status status = voc_read_record(value, &shape, arena, &due, error);
	if (status == VOC_OK)
		*ret_due = due;
	return status;
}
