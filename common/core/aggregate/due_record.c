#include "core/aggregate/due_record.h"

#include "core/record/envelope.h"
#include "core/record/event.h"

#define MAX_DEPTH 8
#define ID_MAX    160

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
	char id_bytes[ID_MAX];
	struct voc_buf id = { .ptr = id_bytes, .cap = sizeof id_bytes, .max = sizeof id_bytes };
	struct voc_str kind = voc_str_from(voc_due_kind_name(due->kind));
	voc_buf_add_str(&id, kind);
	voc_buf_add_char(&id, '/');
	voc_buf_add_str(&id, due->subject);
	voc_buf_add_char(&id, '/');
	voc_buf_add_i64(&id, due->due_ms);
	voc_json_begin(&json, buf);
	voc_envelope_begin(&json, VOC_ENVELOPE_DUE,
	                   &(struct voc_envelope){ voc_buf_str(&id), due->customer_id, due->due_ms });
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

enum voc_status voc_due_record_decode(struct voc_str value, struct voc_arena *arena, struct voc_due *ret_due,
                                      struct voc_error *error)
{
	static const struct voc_envelope_shape shape = {
		.kind = VOC_ENVELOPE_DUE,
		.others = VOC_OTHERS_PLAIN,
		.data = &data_members,
		.read_data = read_data_member,
		.max_bytes = VOC_DUE_RECORD_MAX_BYTES,
		.max_depth = MAX_DEPTH,
	};
	struct voc_envelope envelope;
	struct voc_due due = { .due_ms = 0 };
	enum voc_status status = voc_envelope_read(value, &shape, arena, &envelope, &due, error);
	if (status != VOC_OK)
		return status;
	due.due_ms = envelope.time_ms;
	*ret_due = due;
	return VOC_OK;
}
