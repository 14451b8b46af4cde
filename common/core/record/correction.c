#include "core/record/correction.h"

#include "base/hash.h"
#include "core/record/envelope.h"
#include "core/record/labels_write.h"

#include <stdio.h>

#define ID_CHARS 32

static bool corrects(const struct voc_correction *correction, enum voc_head head)
{
	return correction->heads >> head & 1;
}

static enum voc_status refuse(struct voc_error *error, const char *why)
{
	return voc_error_set(error, VOC_INVALID, VOC_REASON_BAD_VALUE, -1, "%s", why);
}

enum voc_status voc_correction_check(const struct voc_correction *correction, struct voc_error *error)
{
	const struct voc_labels *labels = &correction->labels;
	if (correction->heads == 0)
		return refuse(error, "no label is corrected");
	if (corrects(correction, VOC_HEAD_FEEDBACK) && labels->feedback == VOC_FEEDBACK_UNKNOWN)
		return refuse(error, "feedback_type: unknown is no correction");
	if (corrects(correction, VOC_HEAD_SATISFACTION) && labels->satisfaction == VOC_SATISFACTION_UNKNOWN)
		return refuse(error, "satisfaction: unknown is no correction");
	if (!corrects(correction, VOC_HEAD_FACTOR))
		return VOC_OK;
	if (labels->primary_factor == VOC_FACTOR_NONE)
		return labels->factors == 0 ? VOC_OK : refuse(error, "factors without a primary one");
	if (!(labels->factors >> labels->primary_factor & 1))
		return refuse(error, "the primary factor is not among the factors");
	return VOC_OK;
}

bool voc_correction_key(struct voc_buf *buf, struct voc_str event_source, struct voc_str event_id)
{
	voc_buf_add_str(buf, event_source);
	voc_buf_add_char(buf, '\n');
	return voc_buf_add_str(buf, event_id);
}

/* Corrections of one event differ by who made them and when. */
static void make_id(const struct voc_correction *correction, char ret_id[ID_CHARS + 1])
{
	struct voc_buf cause;
	unsigned char digest[VOC_SHA256_BYTES];
	voc_buf_init(&cause, 8192);
	voc_correction_key(&cause, correction->event_source, correction->event_id);
	voc_buf_addf(&cause, "\n%.*s\n%lld", VOC_STR_ARG(correction->who), (long long)correction->time_ms);
	voc_sha256(voc_buf_str(&cause), digest);
	voc_hex(digest, ID_CHARS / 2, ret_id);
	voc_buf_free(&cause);
}

static void write_optional(struct voc_json_writer *json, const char *name, struct voc_str value)
{
	if (value.len > 0)
		voc_json_member_str(json, name, value);
}

static void write_data(struct voc_json_writer *json, const struct voc_correction *correction)
{
	voc_json_object(json);
	voc_json_member_str(json, "event_id", correction->event_id);
	voc_json_member_str(json, "event_source", correction->event_source);
	write_optional(json, "customer_id", correction->customer_id);
	voc_json_member_str(json, "who", correction->who);
	write_optional(json, "note", correction->note);
	write_optional(json, "model", correction->model);
	voc_json_member_str(json, "lang", voc_str_from(correction->lang));
	voc_json_member_str(json, "text", correction->text);
	voc_json_key(json, "labels");
	voc_json_object(json);
	voc_labels_write(json, &correction->labels, correction->heads);
	voc_json_object_end(json);
	voc_json_object_end(json);
}

bool voc_correction_encode(struct voc_buf *buf, const struct voc_correction *correction)
{
	char id[ID_CHARS + 1];
	struct voc_json_writer json;
	make_id(correction, id);
	voc_json_begin(&json, buf);
	voc_envelope_begin(&json, VOC_ENVELOPE_CORRECTION,
	                   &(struct voc_envelope){ .id = voc_str_of(id, ID_CHARS), .time_ms = correction->time_ms });
	write_data(&json, correction);
	voc_json_object_end(&json);
	return !buf->failed;
}

bool voc_correction_write_row(struct voc_buf *buf, const struct voc_correction *correction)
{
	struct voc_json_writer json;
	voc_json_begin(&json, buf);
	voc_json_object(&json);
	voc_json_member_str(&json, "text", correction->text);
	voc_json_member_str(&json, "lang", voc_str_from(correction->lang));
	voc_labels_write(&json, &correction->labels, correction->heads);
	voc_json_object_end(&json);
	return voc_buf_add_char(buf, '\n');
}

void voc_correction_merge(struct voc_correction *newer, const struct voc_correction *older)
{
	uint32_t kept = older->heads & ~newer->heads;
	struct voc_labels *to = &newer->labels;
	const struct voc_labels *from = &older->labels;
	if (kept >> VOC_HEAD_FEEDBACK & 1)
		to->feedback = from->feedback;
	if (kept >> VOC_HEAD_SATISFACTION & 1)
		to->satisfaction = from->satisfaction;
	if (kept >> VOC_HEAD_FACTOR & 1) {
		to->factors = from->factors;
		to->primary_factor = from->primary_factor;
	}
	if (kept >> VOC_HEAD_SERVQUAL & 1)
		to->servqual = from->servqual;
	if (kept >> VOC_HEAD_CHURN & 1)
		to->churn_intent = from->churn_intent;
	newer->heads |= kept;
}
