#include "core/classify/classified.h"

#include "base/timestamp.h"
#include "core/mask/mask.h"
#include "core/record/labels_write.h"
#include "core/record/trace.h"

/* Names that CloudEvents or this record give a meaning: an extension of that name would be a second such member. */
static bool is_reserved(struct voc_str name)
{
	static const char *const reserved[] = { "specversion", "id",         "source",          "type",
		                                "subject",     "time",       "datacontenttype", "dataschema",
		                                "data",        "data_base64" };
	return voc_str_index(name, reserved, sizeof reserved / sizeof *reserved) >= 0;
}

/* Long hexadecimal numbers look like telephone numbers, but whoever follows a trace needs all of its digits. */
static bool is_trace(const struct voc_extension *extension)
{
	struct voc_str json = extension->json;
	return voc_str_is(extension->name, VOC_TRACE_HEADER) && json.len > 2 && json.ptr[0] == '"' &&
	       voc_trace_is_valid(voc_str_of(json.ptr + 1, json.len - 2));
}

static void write_extension(struct voc_json_writer *json, const struct voc_extension *extension)
{
	voc_json_key_str(json, extension->name);
	if (is_trace(extension))
		voc_json_raw(json, extension->json);
	else
		voc_mask_json(json, extension->json);
}

static void write_envelope(struct voc_json_writer *json, const struct voc_event *event)
{
	char time[VOC_TIMESTAMP_SIZE];
	size_t time_len = voc_timestamp_format(event->time_ms, time);
	voc_json_member_str(json, "specversion", VOC_STR("1.0"));
	voc_json_member_str(json, "id", event->id);
	voc_json_member_str(json, "source", event->source);
	voc_json_member_str(json, "type", VOC_STR(VOC_CLASSIFIED_TYPE));
	voc_json_member_str(json, "subject", event->customer_id);
	voc_json_member_str(json, "time", voc_str_of(time, time_len));
	voc_json_member_str(json, "datacontenttype", VOC_STR("application/json"));
	for (size_t i = 0; i < event->extension_count; i++) {
		if (!is_reserved(event->extensions[i].name))
			write_extension(json, &event->extensions[i]);
	}
}

static void write_optional(struct voc_json_writer *json, const char *name, struct voc_str value)
{
	char masked[4 * VOC_NAME_MAX_CHARS];
	if (value.len == 0 || value.len > sizeof masked)
		return;
	memcpy(masked, value.ptr, value.len);
	bool personal = voc_mask(masked, value.len);
	voc_json_member_str(json, name, personal ? voc_str_of(masked, value.len) : value);
}

static void write_contact(struct voc_json_writer *json, const struct voc_event *event, const char *lang)
{
	voc_json_member_str(json, "customer_id", event->customer_id);
	voc_json_member_str(json, "channel", voc_str_from(voc_channel_name(event->channel)));
	write_optional(json, "contact", event->contact);
	voc_json_member_str(json, "lang", voc_str_from(lang));
	if (event->rating > 0)
		voc_json_member_i64(json, "rating", event->rating);
	if (event->expected > 0)
		voc_json_member_i64(json, "expected", event->expected);
	write_optional(json, "product", event->product);
	write_optional(json, "team", event->team);
	write_optional(json, "agent_id", event->agent_id);
}

static void write_confidence(struct voc_json_writer *json, enum voc_head head, int16_t thousandths)
{
	voc_json_key(json, voc_head_name(head));
	voc_json_milli(json, thousandths);
}

static void write_labels(struct voc_json_writer *json, const struct voc_labels *labels)
{
	voc_labels_write(json, labels, VOC_HEADS_ALL);
	voc_json_key(json, "confidence");
	voc_json_object(json);
	write_confidence(json, VOC_HEAD_FEEDBACK, labels->feedback_confidence);
	write_confidence(json, VOC_HEAD_SATISFACTION, labels->satisfaction_confidence);
	write_confidence(json, VOC_HEAD_FACTOR, labels->factor_confidence);
	write_confidence(json, VOC_HEAD_SERVQUAL, labels->servqual_confidence);
	write_confidence(json, VOC_HEAD_CHURN, labels->churn_confidence);
	voc_json_object_end(json);
}

/* What of the customer's words may leave: `mask` is NULL where none may. */
struct words {
	struct voc_str text;
	const struct voc_mask *mask;
};

static void write_said(struct voc_json_writer *json, const struct words *words, const struct voc_evidence *span)
{
	char masked[VOC_EVIDENCE_MAX_BYTES];
	struct voc_str said = voc_str_of(words->text.ptr + span->start, span->end - span->start);
	said = voc_str_clip(said, sizeof masked);
	voc_mask_slice(words->mask, words->text, span->start, span->start + said.len, masked);
	voc_json_member_str(json, "text", voc_str_of(masked, said.len));
}

static void write_span(struct voc_json_writer *json, const struct words *words, const struct voc_evidence *span)
{
	voc_json_object(json);
	voc_json_member_str(json, "head", voc_str_from(voc_head_name(span->head)));
	voc_json_member_str(json, "label", voc_str_from(voc_head_label_name(span->head, span->label)));
	voc_json_member_i64(json, "start", span->start);
	voc_json_member_i64(json, "end", span->end);
	if (words->mask)
		write_said(json, words, span);
	voc_json_object_end(json);
}

static void write_evidence(struct voc_json_writer *json, const struct voc_event *event,
                           const struct voc_classification *result, enum voc_text_policy policy)
{
	struct voc_mask mask;
	struct words words = { event->text, policy == VOC_TEXT_MASKED ? &mask : NULL };
	if (words.mask && result->evidence_count > 0)
		voc_mask_find(event->text, &mask);
	voc_json_array(json);
	for (size_t i = 0; i < result->evidence_count; i++) {
		const struct voc_evidence *span = &result->evidence[i];
		if (span->start < span->end && span->end <= event->text.len)
			write_span(json, &words, span);
	}
	voc_json_array_end(json);
}

bool voc_classified_encode(struct voc_buf *buf, const struct voc_event *event, const struct voc_classification *result,
                           const char *model_version, enum voc_text_policy policy)
{
	struct voc_json_writer json;
	voc_json_begin(&json, buf);
	voc_json_object(&json);
	write_envelope(&json, event);
	voc_json_key(&json, "data");
	voc_json_object(&json);
	write_contact(&json, event, result->lang);
	write_labels(&json, &result->labels);
	voc_json_key(&json, "evidence");
	write_evidence(&json, event, result, policy);
	voc_course_write(&json, &result->course);
	voc_gap_write(&json, &result->gap);
	voc_needs_write(&json, &result->needs);
	voc_json_member_str(&json, "model", voc_str_from(model_version));
	voc_json_object_end(&json);
	voc_json_object_end(&json);
	return !buf->failed;
}
