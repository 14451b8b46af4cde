#include "core/record/correction.h"
#include "core/record/envelope.h"
#include "core/record/event.h"

#define MAX_DEPTH 16

/* The required members come first: see data_members. */
enum {
	DATA_EVENT_ID,
	DATA_EVENT_SOURCE,
	DATA_WHO,
	DATA_LANG,
	DATA_TEXT,
	DATA_LABELS,
	DATA_CUSTOMER_ID,
	DATA_NOTE,
	DATA_MODEL,
	DATA_COUNT,
};
static const struct voc_str data_names[DATA_COUNT] = {
	VOC_MEMBER("event_id"), VOC_MEMBER("event_source"), VOC_MEMBER("who"),  VOC_MEMBER("lang"),  VOC_MEMBER("text"),
	VOC_MEMBER("labels"),   VOC_MEMBER("customer_id"),  VOC_MEMBER("note"), VOC_MEMBER("model"),
};
static const struct voc_members data_members = { data_names, DATA_COUNT, (1U << DATA_CUSTOMER_ID) - 1, VOC_OTHERS_ANY };

enum { LABEL_FEEDBACK, LABEL_SATISFACTION, LABEL_PRIMARY, LABEL_FACTORS, LABEL_SERVQUAL, LABEL_CHURN, LABEL_COUNT };
static const struct voc_str label_names[LABEL_COUNT] = {
	VOC_MEMBER("feedback_type"), VOC_MEMBER("satisfaction"), VOC_MEMBER("primary_factor"),
	VOC_MEMBER("factors"),       VOC_MEMBER("servqual"),     VOC_MEMBER("churn_intent"),
};
static const struct voc_members label_members = { label_names, LABEL_COUNT, 0, VOC_OTHERS_NONE };

static void read_factors(struct voc_json_reader *json, uint32_t *ret_factors)
{
	enum voc_factor factor;
	if (!voc_json_enter_array(json))
		return;
	while (voc_json_next_element(json)) {
		if (!voc_read_factor(json, "data.labels.factors", &factor))
			return;
		if (factor == VOC_FACTOR_NONE || *ret_factors >> factor & 1) {
			voc_json_fail(json, VOC_REASON_BAD_VALUE, "data.labels.factors");
			return;
		}
		*ret_factors |= UINT32_C(1) << factor;
	}
}

static void read_label(struct voc_json_reader *json, int member, struct voc_labels *labels)
{
	switch (member) {
	case LABEL_FEEDBACK: voc_read_feedback(json, "data.labels.feedback_type", &labels->feedback); break;
	case LABEL_SATISFACTION: voc_read_satisfaction(json, "data.labels.satisfaction", &labels->satisfaction); break;
	case LABEL_PRIMARY: voc_read_factor(json, "data.labels.primary_factor", &labels->primary_factor); break;
	case LABEL_FACTORS: read_factors(json, &labels->factors); break;
	case LABEL_SERVQUAL: voc_read_servqual(json, "data.labels.servqual", &labels->servqual); break;
	case LABEL_CHURN: voc_json_read_bool(json, &labels->churn_intent); break;
	default: break;
	}
}

static void read_labels(struct voc_json_reader *json, struct voc_correction *ret)
{
	static const enum voc_head heads[LABEL_COUNT] = { VOC_HEAD_FEEDBACK, VOC_HEAD_SATISFACTION, VOC_HEAD_FACTOR,
		                                          VOC_HEAD_FACTOR,   VOC_HEAD_SERVQUAL,     VOC_HEAD_CHURN };
	const uint32_t both = 1U << LABEL_PRIMARY | 1U << LABEL_FACTORS;
	uint32_t seen = 0;
	int member;
	if (!voc_json_enter_object(json))
		return;
	while ((member = voc_members_next(json, &label_members, &seen)) >= 0) {
		read_label(json, member, &ret->labels);
		ret->heads |= UINT32_C(1) << heads[member];
	}
	if (voc_members_check(json, &label_members, seen) && (seen & both) != 0 && (seen & both) != both)
		voc_json_fail(json, VOC_REASON_MISSING_FIELD, "data.labels: factors and primary_factor go together");
}

static void read_text(struct voc_json_reader *json, struct voc_str *ret_text)
{
	if (voc_json_read_str(json, ret_text) && ret_text->len == 0)
		voc_json_fail(json, VOC_REASON_BAD_VALUE, "data.text");
}

static void read_data_member(struct voc_json_reader *json, int member, void *correction)
{
	struct voc_correction *ret = correction;
	switch (member) {
	case DATA_EVENT_ID: voc_read_identity(json, "data.event_id", VOC_ID_MAX_CHARS, &ret->event_id); break;
	case DATA_EVENT_SOURCE:
		voc_read_identity(json, "data.event_source", VOC_ID_MAX_CHARS, &ret->event_source);
		break;
	case DATA_CUSTOMER_ID:
		voc_read_identity(json, "data.customer_id", VOC_CUSTOMER_MAX_CHARS, &ret->customer_id);
		break;
	case DATA_WHO: voc_read_identity(json, "data.who", VOC_CORRECTION_WHO_CHARS, &ret->who); break;
	case DATA_NOTE: voc_read_name(json, "data.note", VOC_CORRECTION_NOTE_CHARS, &ret->note); break;
	case DATA_MODEL: voc_json_read_str(json, &ret->model); break;
	case DATA_LANG: voc_read_lang(json, "data.lang", ret->lang); break;
	case DATA_TEXT: read_text(json, &ret->text); break;
	case DATA_LABELS: read_labels(json, ret); break;
	default: break;
	}
}

enum voc_status voc_correction_decode(struct voc_str value, struct voc_arena *arena,
                                      struct voc_correction *ret_correction, struct voc_error *error)
{
	static const struct voc_envelope_shape shape = {
		.kind = VOC_ENVELOPE_CORRECTION,
		.any_source = true,
		.others = VOC_OTHERS_PLAIN,
		.data = &data_members,
		.read_data = read_data_member,
		.max_bytes = VOC_CORRECTION_MAX_BYTES,
		.max_depth = MAX_DEPTH,
	};
	struct voc_envelope envelope;
	struct voc_correction correction = { 0 };
	struct voc_error own;
	error = error ? error : &own;
	enum voc_status status = voc_envelope_read(value, &shape, arena, &envelope, &correction, error);
	if (status == VOC_OK)
		status = voc_correction_check(&correction, error);
	if (status != VOC_OK)
		return status;
	correction.time_ms = envelope.time_ms;
	*ret_correction = correction;
	return VOC_OK;
}
