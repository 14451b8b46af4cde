#include "core/record/envelope.h"

#include "base/timestamp.h"
#include "core/record/event.h"

static const struct {
	const char *source, *type;
	bool has_subject, has_time;
} kinds[] = {
#define X(symbol, source, type, has_subject, has_time) { source, type, has_subject, has_time },
	VOC_ENVELOPES(X)
#undef X
};

enum { SPECVERSION, ID, SOURCE, TYPE, SUBJECT, TIME, CONTENT_TYPE, DATA, ATTRIBUTES };
static const struct voc_str names[ATTRIBUTES] = {
	VOC_MEMBER("specversion"), VOC_MEMBER("id"),   VOC_MEMBER("source"),          VOC_MEMBER("type"),
	VOC_MEMBER("subject"),     VOC_MEMBER("time"), VOC_MEMBER("datacontenttype"), VOC_MEMBER("data"),
};

/* What one read works on. */
struct reading {
	const struct voc_envelope_shape *shape;
	struct voc_envelope *envelope;
	void *data;
};

const char *voc_envelope_type(enum voc_envelope_kind kind)
{
	return kinds[kind].type;
}

void voc_envelope_begin(struct voc_json_writer *json, enum voc_envelope_kind kind, const struct voc_envelope *envelope)
{
	char time[VOC_TIMESTAMP_SIZE];
	voc_json_object(json);
	voc_json_member_str(json, "specversion", VOC_STR("1.0"));
	voc_json_member_str(json, "id", envelope->id);
	voc_json_member_str(json, "source", voc_str_from(kinds[kind].source));
	voc_json_member_str(json, "type", voc_str_from(kinds[kind].type));
	if (kinds[kind].has_subject)
		voc_json_member_str(json, "subject", envelope->subject);
	if (kinds[kind].has_time)
		voc_json_member_str(json, "time", voc_str_of(time, voc_timestamp_format(envelope->time_ms, time)));
	voc_json_member_str(json, "datacontenttype", VOC_STR("application/json"));
	voc_json_key(json, "data");
}

static void read_id(struct voc_json_reader *json, const struct reading *reading)
{
	if (reading->shape->read_id)
		reading->shape->read_id(json, &reading->envelope->id);
	else
		voc_read_identity(json, "id", VOC_ID_MAX_CHARS, &reading->envelope->id);
}

static void read_source(struct voc_json_reader *json, const struct reading *reading)
{
	struct voc_str source;
	if (reading->shape->any_source)
		voc_read_identity(json, "source", VOC_ID_MAX_CHARS, &source);
	else
		voc_read_constant(json, "source", kinds[reading->shape->kind].source, VOC_REASON_BAD_VALUE);
}

static void read_attribute(struct voc_json_reader *json, int attribute, void *context)
{
	const struct reading *reading = context;
	const struct voc_envelope_shape *shape = reading->shape;
	struct voc_envelope *envelope = reading->envelope;
	switch (attribute) {
	case SPECVERSION: voc_read_constant(json, "specversion", "1.0", VOC_REASON_UNSUPPORTED_VERSION); break;
	case ID: read_id(json, reading); break;
	case SOURCE: read_source(json, reading); break;
	case TYPE: voc_read_constant(json, "type", kinds[shape->kind].type, VOC_REASON_UNKNOWN_TYPE); break;
	case SUBJECT:
		if (kinds[shape->kind].has_subject)
			voc_read_identity(json, "subject", VOC_CUSTOMER_MAX_CHARS, &envelope->subject);
		else
			voc_read_other(json, shape->others);
		break;
	case TIME:
		if (kinds[shape->kind].has_time)
			voc_read_time(json, "time", &envelope->time_ms);
		else
			voc_read_other(json, shape->others);
		break;
	case CONTENT_TYPE: voc_read_constant(json, "datacontenttype", "application/json", VOC_REASON_BAD_VALUE); break;
	case DATA: voc_read_object(json, shape->data, shape->read_data, reading->data); break;
	default: break;
	}
}

enum voc_status voc_envelope_read(struct voc_str value, const struct voc_envelope_shape *shape, struct voc_arena *arena,
                                  struct voc_envelope *ret_envelope, void *ret_data, struct voc_error *error)
{
	const uint32_t optional =
	        (kinds[shape->kind].has_subject ? 0 : 1U << SUBJECT) | (kinds[shape->kind].has_time ? 0 : 1U << TIME);
	const struct voc_members attributes = { names, ATTRIBUTES, ((1U << ATTRIBUTES) - 1) & ~optional,
		                                shape->others };
	struct reading reading = { shape, ret_envelope, ret_data };
	struct voc_json_reader json;
	struct voc_error own;
	error = error ? error : &own;
	voc_error_clear(error);
	if (value.len == 0)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_EMPTY_RECORD, -1, "no value");
	if (value.len > shape->max_bytes)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_TOO_LARGE, -1, "longer than %zu bytes",
		                     shape->max_bytes);
	voc_json_read_begin(&json, value, arena, shape->max_depth, error);
	voc_read_object(&json, &attributes, read_attribute, &reading);
	return voc_json_read_end(&json) ? VOC_OK : voc_read_failure(error);
}
