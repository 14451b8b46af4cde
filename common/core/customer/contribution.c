#include "core/customer/contribution.h"

#include "base/json_write.h"
#include "base/timestamp.h"
#include "core/record/read_value.h"

static void write_terms(struct voc_json_writer *json, const struct voc_risk_terms *terms)
{
	voc_json_object(json);
	for (int weight = 0; weight < VOC_WEIGHT_COUNT; weight++) {
		if (terms->points[weight] != 0)
			voc_json_member_i64(json, voc_weight_term((enum voc_weight)weight), terms->points[weight]);
	}
	voc_json_object_end(json);
}

/* One span may speak for several heads: a reader wants its words once. */
static bool is_repeated(const struct voc_classified *event, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (voc_str_eq(event->evidence[i].text, event->evidence[index].text))
			return true;
	}
	return false;
}

static void write_evidence(struct voc_json_writer *json, const struct voc_classified *event)
{
	size_t written = 0;
	voc_json_array(json);
	for (size_t i = 0; i < event->evidence_count && written < VOC_CONTRIBUTION_EVIDENCE; i++) {
		if (event->evidence[i].text.len == 0 || is_repeated(event, i))
			continue;
		voc_json_str(json, voc_str_clip(event->evidence[i].text, VOC_CONTRIBUTION_EVIDENCE_BYTES));
		written++;
	}
	voc_json_array_end(json);
}

bool voc_contribution_encode(struct voc_buf *buf, const struct voc_classified *event,
                             const struct voc_risk_terms *terms)
{
	const struct voc_labels *labels = &event->labels;
	struct voc_json_writer json;
	char time[VOC_TIMESTAMP_SIZE];
	size_t time_len = voc_timestamp_format(event->time_ms, time);
	voc_json_begin(&json, buf);
	voc_json_object(&json);
	voc_json_member_str(&json, "id", event->id);
	voc_json_member_str(&json, "source", event->source);
	voc_json_member_str(&json, "time", voc_str_of(time, time_len));
	voc_json_member_i64(&json, "points", terms->sum);
	voc_json_key(&json, "terms");
	write_terms(&json, terms);
	voc_json_member_str(&json, "feedback_type", voc_str_from(voc_feedback_name(labels->feedback)));
	voc_json_member_str(&json, "satisfaction", voc_str_from(voc_satisfaction_name(labels->satisfaction)));
	voc_json_member_str(&json, "primary_factor", voc_str_from(voc_factor_name(labels->primary_factor)));
	voc_json_member_str(&json, "servqual", voc_str_from(voc_servqual_name(labels->servqual)));
	voc_json_member_bool(&json, "churn_intent", labels->churn_intent);
	voc_json_key(&json, "evidence");
	write_evidence(&json, event);
	voc_json_object_end(&json);
	return !buf->failed;
}

enum {
	MEMBER_ID,
	MEMBER_SOURCE,
	MEMBER_TIME,
	MEMBER_POINTS,
	MEMBER_TERMS,
	MEMBER_FEEDBACK,
	MEMBER_SATISFACTION,
	MEMBER_PRIMARY_FACTOR,
	MEMBER_SERVQUAL,
	MEMBER_CHURN,
	MEMBER_EVIDENCE,
	MEMBER_COUNT,
};
static const struct voc_str member_names[MEMBER_COUNT] = {
	VOC_MEMBER("id"),       VOC_MEMBER("source"),        VOC_MEMBER("time"),         VOC_MEMBER("points"),
	VOC_MEMBER("terms"),    VOC_MEMBER("feedback_type"), VOC_MEMBER("satisfaction"), VOC_MEMBER("primary_factor"),
	VOC_MEMBER("servqual"), VOC_MEMBER("churn_intent"),  VOC_MEMBER("evidence"),
};
static const struct voc_members members = { member_names, MEMBER_COUNT, (1U << MEMBER_COUNT) - 1, VOC_OTHERS_ANY };

static bool is_term(struct voc_str name)
{
	for (int weight = 0; weight < VOC_WEIGHT_COUNT; weight++) {
		if (voc_str_is(name, voc_weight_term((enum voc_weight)weight)))
			return true;
	}
	return false;
}

static void check_terms(struct voc_json_reader *json)
{
	struct voc_str name;
	if (!voc_json_enter_object(json))
		return;
	while (voc_json_next_member(json, &name)) {
		int64_t points;
		if (!is_term(name))
			voc_json_fail(json, VOC_REASON_BAD_VALUE, "contributions.terms");
		voc_json_read_i64(json, &points);
	}
}

static void read_evidence(struct voc_json_reader *json, struct voc_contribution *contribution)
{
	if (!voc_json_enter_array(json))
		return;
	while (voc_json_next_element(json)) {
		struct voc_str text;
		if (!voc_json_read_str(json, &text))
			return;
		if (contribution->evidence_count < VOC_CONTRIBUTION_EVIDENCE)
			contribution->evidence[contribution->evidence_count++] = text;
	}
}

static void read_member(struct voc_json_reader *json, int member, struct voc_contribution *ret)
{
	struct voc_str source;
	switch (member) {
	case MEMBER_ID: voc_json_read_str(json, &ret->id); break;
	case MEMBER_SOURCE: voc_json_read_str(json, &source); break;
	case MEMBER_TERMS: check_terms(json); break;
	case MEMBER_TIME: voc_read_time(json, "contributions.time", &ret->time_ms); break;
	case MEMBER_POINTS: voc_json_read_i64(json, &ret->points); break;
	case MEMBER_FEEDBACK: voc_read_feedback(json, "contributions.feedback_type", &ret->feedback); break;
	case MEMBER_SATISFACTION: voc_read_satisfaction(json, "contributions.satisfaction", &ret->satisfaction); break;
	case MEMBER_PRIMARY_FACTOR: voc_read_factor(json, "contributions.primary_factor", &ret->primary_factor); break;
	case MEMBER_SERVQUAL: voc_read_servqual(json, "contributions.servqual", &ret->servqual); break;
	case MEMBER_CHURN: voc_json_read_bool(json, &ret->churn_intent); break;
	case MEMBER_EVIDENCE: read_evidence(json, ret); break;
	default: break;
	}
}

static bool read_one(struct voc_json_reader *json, struct voc_contribution *ret)
{
	uint32_t seen = 0;
	int member;
	*ret = (struct voc_contribution){ 0 };
	if (!voc_json_enter_object(json))
		return false;
	while ((member = voc_members_next(json, &members, &seen)) >= 0)
		read_member(json, member, ret);
	return voc_members_check(json, &members, seen);
}

enum voc_status voc_contributions_decode(struct voc_str text, struct voc_arena *arena,
                                         struct voc_contribution *ret_contributions, size_t max, size_t *ret_count,
                                         struct voc_error *error)
{
	struct voc_json_reader json;
	struct voc_error own;
	size_t count = 0;
	error = error ? error : &own;
	voc_json_read_begin(&json, text, arena, 8, error);
	if (voc_json_enter_array(&json)) {
		while (voc_json_next_element(&json)) {
			if (count == max)
				voc_json_skip(&json, NULL);
			else if (read_one(&json, &ret_contributions[count]))
				count++;
		}
	}
	if (!voc_json_read_end(&json))
		return voc_read_failure(error);
	*ret_count = count;
	return VOC_OK;
}
