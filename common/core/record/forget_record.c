#include "core/record/forget_record.h"

#include "core/record/envelope.h"
#include "core/record/event.h"

#define MAX_DEPTH 8

enum { DATA_CUSTOMER_ID, DATA_COUNT };
static const struct voc_str data_names[DATA_COUNT] = { VOC_MEMBER("customer_id") };
static const struct voc_members data_members = { data_names, DATA_COUNT, (1U << DATA_COUNT) - 1, VOC_OTHERS_NONE };

bool voc_forget_record_encode(struct voc_buf *buf, const struct voc_forget_record *record)
{
	struct voc_json_writer json;
	voc_json_begin(&json, buf);
	voc_envelope_begin(&json, VOC_ENVELOPE_FORGET,
	                   &(struct voc_envelope){ .id = record->id, .time_ms = record->time_ms });
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

enum voc_status voc_forget_record_decode(struct voc_str value, struct voc_arena *arena,
                                         struct voc_forget_record *ret_record, struct voc_error *error)
{
	static const struct voc_envelope_shape shape = {
		.kind = VOC_ENVELOPE_FORGET,
		.others = VOC_OTHERS_PLAIN,
		.data = &data_members,
		.read_data = read_data_member,
		.max_bytes = VOC_FORGET_RECORD_MAX_BYTES,
		.max_depth = MAX_DEPTH,
	};
	struct voc_envelope envelope;
	struct voc_forget_record record = { .time_ms = 0 };
	enum voc_status status = voc_envelope_read(value, &shape, arena, &envelope, &record, error);
	if (status != VOC_OK)
		return status;
	record.id = envelope.id;
	record.time_ms = envelope.time_ms;
	*ret_record = record;
	return VOC_OK;
}
