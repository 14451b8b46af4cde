#include "core/record/labels.h"

static const char *const feedback_names[] = {
#define X(symbol, name, korean) name,
	VOC_FEEDBACK_TYPES(X)
};
static const char *const satisfaction_names[] = { VOC_SATISFACTIONS(X) };
static const char *const factor_names[] = { VOC_FACTORS(X) };
static const char *const servqual_names[] = { VOC_SERVQUALS(X) };
static const char *const trend_names[] = { VOC_TRENDS(X) };
#undef X

static const char *const head_names[] = {
#define X(symbol, name) name,
	VOC_HEADS(X)
#undef X
};

static const struct {
	const char *name;
	const char *event_type;
} channels[] = {
#define X(symbol, name, event_type, topic) { name, event_type },
	VOC_CHANNELS(X)
#undef X
};

static const char *name_at(const char *const *names, int count, int value)
{
	return value >= 0 && value < count ? names[value] : NULL;
}

const char *voc_feedback_name(enum voc_feedback value)
{
	return name_at(feedback_names, VOC_FEEDBACK_COUNT, (int)value);
}

const char *voc_satisfaction_name(enum voc_satisfaction value)
{
	return name_at(satisfaction_names, VOC_SATISFACTION_COUNT, (int)value);
}

const char *voc_factor_name(enum voc_factor value)
{
	return name_at(factor_names, VOC_FACTOR_COUNT, (int)value);
}

const char *voc_servqual_name(enum voc_servqual value)
{
	return name_at(servqual_names, VOC_SERVQUAL_COUNT, (int)value);
}

const char *voc_trend_name(enum voc_trend value)
{
	return name_at(trend_names, VOC_TREND_COUNT, (int)value);
}

const char *voc_head_name(enum voc_head head)
{
	return name_at(head_names, VOC_HEAD_COUNT, (int)head);
}

const char *voc_channel_name(enum voc_channel value)
{
	return (unsigned)value < VOC_CHANNEL_COUNT ? channels[value].name : NULL;
}

const char *voc_channel_event_type(enum voc_channel value)
{
	return (unsigned)value < VOC_CHANNEL_COUNT ? channels[value].event_type : NULL;
}

bool voc_trend_parse(struct voc_str name, enum voc_trend *ret_value)
{
	int found = voc_str_index(name, trend_names, VOC_TREND_COUNT);
	if (found >= 0)
		*ret_value = (enum voc_trend)found;
	return found >= 0;
}

bool voc_feedback_parse(struct voc_str name, enum voc_feedback *ret_value)
{
	int found = voc_str_index(name, feedback_names, VOC_FEEDBACK_COUNT);
	if (found >= 0)
		*ret_value = (enum voc_feedback)found;
	return found >= 0;
}

bool voc_satisfaction_parse(struct voc_str name, enum voc_satisfaction *ret_value)
{
	int found = voc_str_index(name, satisfaction_names, VOC_SATISFACTION_COUNT);
	if (found >= 0)
		*ret_value = (enum voc_satisfaction)found;
	return found >= 0;
}

bool voc_factor_parse(struct voc_str name, enum voc_factor *ret_value)
{
	int found = voc_str_index(name, factor_names, VOC_FACTOR_COUNT);
	if (found >= 0)
		*ret_value = (enum voc_factor)found;
	return found >= 0;
}

bool voc_servqual_parse(struct voc_str name, enum voc_servqual *ret_value)
{
	int found = voc_str_index(name, servqual_names, VOC_SERVQUAL_COUNT);
	if (found >= 0)
		*ret_value = (enum voc_servqual)found;
	return found >= 0;
}

bool voc_head_parse(struct voc_str name, enum voc_head *ret_head)
{
	int found = voc_str_index(name, head_names, VOC_HEAD_COUNT);
	if (found >= 0)
		*ret_head = (enum voc_head)found;
	return found >= 0;
}

bool voc_channel_parse(struct voc_str name, enum voc_channel *ret_value)
{
	for (int i = 0; i < VOC_CHANNEL_COUNT; i++) {
		if (voc_str_is(name, channels[i].name)) {
			*ret_value = (enum voc_channel)i;
			return true;
		}
	}
	return false;
}

bool voc_channel_parse_event_type(struct voc_str type, enum voc_channel *ret_value)
{
	for (int i = 0; i < VOC_CHANNEL_COUNT; i++) {
		if (voc_str_is(type, channels[i].event_type)) {
			*ret_value = (enum voc_channel)i;
			return true;
		}
	}
	return false;
}

const char *voc_head_label_name(enum voc_head head, int label)
{
	switch (head) {
	case VOC_HEAD_FEEDBACK: return voc_feedback_name((enum voc_feedback)label);
	case VOC_HEAD_SATISFACTION: return voc_satisfaction_name((enum voc_satisfaction)label);
	case VOC_HEAD_FACTOR: return voc_factor_name((enum voc_factor)label);
	case VOC_HEAD_SERVQUAL: return voc_servqual_name((enum voc_servqual)label);
	case VOC_HEAD_CHURN: return "churn_intent";
	case VOC_HEAD_COUNT: break;
	}
	return NULL;
}

bool voc_head_label_parse(enum voc_head head, struct voc_str name, int *ret_label)
{
	const char *known;
	for (int label = 0; (known = voc_head_label_name(head, label)) != NULL; label++) {
		if (voc_str_is(name, known)) {
			*ret_label = label;
			return true;
		}
		if (head == VOC_HEAD_CHURN) /* all of its labels have one name */
			break;
	}
	return false;
}

uint32_t voc_labels_diff(const struct voc_labels *a, const struct voc_labels *b)
{
	const bool differ[VOC_HEAD_COUNT] = {
		[VOC_HEAD_FEEDBACK] = a->feedback != b->feedback,
		[VOC_HEAD_SATISFACTION] = a->satisfaction != b->satisfaction,
		[VOC_HEAD_FACTOR] = a->factors != b->factors || a->primary_factor != b->primary_factor,
		[VOC_HEAD_SERVQUAL] = a->servqual != b->servqual,
		[VOC_HEAD_CHURN] = a->churn_intent != b->churn_intent,
	};
	uint32_t bits = 0;
	for (int head = 0; head < VOC_HEAD_COUNT; head++)
		bits |= (uint32_t)differ[head] << head;
	return bits;
}

bool voc_labels_differ_in_alarm(const struct voc_labels *a, const struct voc_labels *b)
{
	return (a->feedback == VOC_FEEDBACK_COMPLAINT) != (b->feedback == VOC_FEEDBACK_COMPLAINT) ||
	       a->churn_intent != b->churn_intent;
}

int voc_labels_get(const struct voc_labels *labels, enum voc_head head)
{
	switch (head) {
	case VOC_HEAD_FEEDBACK: return (int)labels->feedback;
	case VOC_HEAD_SATISFACTION: return (int)labels->satisfaction;
	case VOC_HEAD_FACTOR: return (int)labels->primary_factor;
	case VOC_HEAD_SERVQUAL: return (int)labels->servqual;
	case VOC_HEAD_CHURN: return labels->churn_intent;
	case VOC_HEAD_COUNT: break;
	}
	return 0;
}

const char *voc_labels_name(enum voc_head head, int label)
{
	static const char *const truths[] = { "false", "true" };
	return head == VOC_HEAD_CHURN ? name_at(truths, 2, label) : voc_head_label_name(head, label);
}
