#include "core/classify/classified.h"

#include "core/record/read_value.h"

#define MAX_DEPTH 16

enum {
	TOP_SPECVERSION,
	TOP_ID,
	TOP_SOURCE,
	TOP_TYPE,
	TOP_SUBJECT,
	TOP_TIME,
	TOP_CONTENT_TYPE,
	TOP_DATA,
	TOP_COUNT,
};
static const struct voc_str top_names[TOP_COUNT] = {
	VOC_MEMBER("specversion"), VOC_MEMBER("id"),   VOC_MEMBER("source"),          VOC_MEMBER("type"),
	VOC_MEMBER("subject"),     VOC_MEMBER("time"), VOC_MEMBER("datacontenttype"), VOC_MEMBER("data"),
};
static const struct voc_members top_members = { top_names, TOP_COUNT, (1U << TOP_COUNT) - 1, VOC_OTHERS_PLAIN };

/* In the writer's order. */
enum {
	DATA_CUSTOMER_ID,
	DATA_CHANNEL,
	DATA_CONTACT,
	DATA_LANG,
	DATA_RATING,
	DATA_EXPECTED,
	DATA_PRODUCT,
	DATA_TEAM,
	DATA_AGENT,
	DATA_FEEDBACK,
	DATA_SATISFACTION,
	DATA_PRIMARY_FACTOR,
	DATA_FACTORS,
	DATA_SERVQUAL,
	DATA_CHURN,
	DATA_CONFIDENCE,
	DATA_EVIDENCE,
	DATA_COURSE,
	DATA_GAP,
	DATA_NEEDS,
	DATA_MODEL,
	DATA_COUNT,
};
static const struct voc_str data_names[DATA_COUNT] = {
	VOC_MEMBER("customer_id"),   VOC_MEMBER("channel"),      VOC_MEMBER("contact"),
	VOC_MEMBER("lang"),          VOC_MEMBER("rating"),       VOC_MEMBER("expected"),
	VOC_MEMBER("product"),       VOC_MEMBER("team"),         VOC_MEMBER("agent_id"),
	VOC_MEMBER("feedback_type"), VOC_MEMBER("satisfaction"), VOC_MEMBER("primary_factor"),
	VOC_MEMBER("factors"),       VOC_MEMBER("servqual"),     VOC_MEMBER("churn_intent"),
	VOC_MEMBER("confidence"),    VOC_MEMBER("evidence"),     VOC_MEMBER("course"),
	VOC_MEMBER("gap"),           VOC_MEMBER("needs"),        VOC_MEMBER("model"),
};
#define DATA_OPTIONAL                                                                                          \
	(1U << DATA_CONTACT | 1U << DATA_RATING | 1U << DATA_EXPECTED | 1U << DATA_PRODUCT | 1U << DATA_TEAM | \
	 1U << DATA_AGENT | 1U << DATA_GAP | 1U << DATA_NEEDS | 1U << DATA_COURSE)
static const struct voc_members data_members = { data_names, DATA_COUNT, ((1U << DATA_COUNT) - 1) & ~DATA_OPTIONAL,
	                                         VOC_OTHERS_ANY };

/* In the order of enum voc_head. */
static const struct voc_str confidence_names[VOC_HEAD_COUNT] = {
#define X(symbol, name) VOC_MEMBER(name),
	VOC_HEADS(X)
#undef X
};
static const struct voc_members confidence_members = { confidence_names, VOC_HEAD_COUNT, (1U << VOC_HEAD_COUNT) - 1,
	                                               VOC_OTHERS_NONE };

enum { SPAN_HEAD, SPAN_LABEL, SPAN_START, SPAN_END, SPAN_TEXT, SPAN_COUNT }; /* a text may be left out */
static const struct voc_str span_names[SPAN_COUNT] = {
	VOC_MEMBER("head"), VOC_MEMBER("label"), VOC_MEMBER("start"), VOC_MEMBER("end"), VOC_MEMBER("text"),
};
static const struct voc_members span_members = { span_names, SPAN_COUNT, (1U << SPAN_TEXT) - 1, VOC_OTHERS_ANY };

enum { COURSE_TURNS, COURSE_SATISFACTION, COURSE_TREND, COURSE_COUNT };
static const struct voc_str course_names[COURSE_COUNT] = {
	VOC_MEMBER("turns"),
	VOC_MEMBER("satisfaction"),
	VOC_MEMBER("trend"),
};
static const struct voc_members course_members = { course_names, COURSE_COUNT, (1U << COURSE_COUNT) - 1,
	                                           VOC_OTHERS_ANY };

static void read_factors(struct voc_json_reader *json, uint32_t *ret_factors)
{
	uint32_t factors = 0;
	if (!voc_json_enter_array(json))
		return;
	while (voc_json_next_element(json)) {
		enum voc_factor factor;
		if (!voc_read_factor(json, "data.factors", &factor))
			return;
		if (factor == VOC_FACTOR_NONE || factors >> factor & 1) {
			voc_json_fail(json, VOC_REASON_BAD_VALUE, "data.factors");
			return;
		}
		factors |= UINT32_C(1) << factor;
	}
	*ret_factors = factors;
}

static void read_confidence(struct voc_json_reader *json, struct voc_labels *labels)
{
	int16_t *const places[VOC_HEAD_COUNT] = {
		[VOC_HEAD_FEEDBACK] = &labels->feedback_confidence,
		[VOC_HEAD_SATISFACTION] = &labels->satisfaction_confidence,
		[VOC_HEAD_FACTOR] = &labels->factor_confidence,
		[VOC_HEAD_SERVQUAL] = &labels->servqual_confidence,
		[VOC_HEAD_CHURN] = &labels->churn_confidence,
	};
	uint32_t seen = 0;
	int head;
	if (!voc_json_enter_object(json))
		return;
	while ((head = voc_members_next(json, &confidence_members, &seen)) >= 0) {
		int64_t thousandths = 0;
		if (voc_json_read_milli(json, &thousandths) && (thousandths < 0 || thousandths > 1000))
			voc_json_fail(json, VOC_REASON_BAD_VALUE, "data.confidence");
		*places[head] = (int16_t)thousandths;
	}
	voc_members_check(json, &confidence_members, seen);
}

static void read_span(struct voc_json_reader *json, struct voc_span *ret_span)
{
	struct voc_str head = { NULL, 0 }, label = { NULL, 0 };
	int64_t start = 0, end = 0;
	uint32_t seen = 0;
	int member;
	if (!voc_json_enter_object(json))
		return;
	while ((member = voc_members_next(json, &span_members, &seen)) >= 0) {
		switch (member) {
		case SPAN_HEAD: voc_json_read_str(json, &head); break;
		case SPAN_LABEL: voc_json_read_str(json, &label); break;
		case SPAN_START: voc_read_int(json, "data.evidence.start", 0, VOC_EVENT_MAX_BYTES, &start); break;
		case SPAN_END: voc_read_int(json, "data.evidence.end", 0, VOC_EVENT_MAX_BYTES, &end); break;
		case SPAN_TEXT: voc_json_read_str(json, &ret_span->text); break;
		default: break;
		}
	}
	if (!voc_members_check(json, &span_members, seen))
		return;
	if (!voc_head_parse(head, &ret_span->head) || !voc_head_label_parse(ret_span->head, label, &ret_span->label))
		voc_json_fail(json, VOC_REASON_BAD_VALUE, "data.evidence.label");
	if (ret_span->head == VOC_HEAD_CHURN)
		ret_span->label = 1; /* evidence is of an intent, not of its absence */
	ret_span->start = (uint32_t)start;
	ret_span->end = (uint32_t)end;
}

static void read_evidence(struct voc_json_reader *json, struct voc_classified *classified)
{
	if (!voc_json_enter_array(json))
		return;
	while (voc_json_next_element(json)) {
		if (classified->evidence_count == VOC_EVIDENCE_MAX) {
			voc_json_fail(json, VOC_REASON_TOO_LARGE, "data.evidence");
			return;
		}
		read_span(json, &classified->evidence[classified->evidence_count++]);
	}
}

static void read_turns(struct voc_json_reader *json, struct voc_course *course)
{
	if (!voc_json_enter_array(json))
		return;
	while (voc_json_next_element(json)) {
		if (course->count == VOC_COURSE_TURNS_MAX) {
			voc_json_fail(json, VOC_REASON_TOO_LARGE, "data.course.satisfaction");
			return;
		}
		if (voc_read_satisfaction(json, "data.course.satisfaction", &course->satisfaction[course->count]))
			course->count++;
	}
}

static void read_course(struct voc_json_reader *json, struct voc_course *course)
{
	uint32_t seen = 0;
	int64_t turns = 0;
	int member;
	if (!voc_json_enter_object(json))
		return;
	while ((member = voc_members_next(json, &course_members, &seen)) >= 0) {
		switch (member) {
		case COURSE_TURNS: voc_read_int(json, "data.course.turns", 2, VOC_EVENT_MAX_BYTES, &turns); break;
		case COURSE_SATISFACTION: read_turns(json, course); break;
		case COURSE_TREND: voc_read_trend(json, "data.course.trend", &course->trend); break;
		default: break;
		}
	}
	voc_members_check(json, &course_members, seen);
	course->turns = (uint32_t)turns;
}

static void read_rating(struct voc_json_reader *json, const char *what, int *ret_rating)
{
	int64_t rating;
	if (voc_read_int(json, what, 1, 5, &rating))
		*ret_rating = (int)rating;
}

static void read_data_member(struct voc_json_reader *json, int member, struct voc_classified *ret)
{
	struct voc_labels *labels = &ret->labels;
	switch (member) {
	case DATA_CUSTOMER_ID:
		voc_read_identity(json, "data.customer_id", VOC_CUSTOMER_MAX_CHARS, &ret->customer_id);
		break;
	case DATA_CHANNEL: voc_read_channel(json, "data.channel", &ret->channel); break;
	case DATA_LANG: voc_read_lang(json, "data.lang", ret->lang); break;
	case DATA_FEEDBACK: voc_read_feedback(json, "data.feedback_type", &labels->feedback); break;
	case DATA_SATISFACTION: voc_read_satisfaction(json, "data.satisfaction", &labels->satisfaction); break;
	case DATA_PRIMARY_FACTOR: voc_read_factor(json, "data.primary_factor", &labels->primary_factor); break;
	case DATA_FACTORS: read_factors(json, &labels->factors); break;
	case DATA_SERVQUAL: voc_read_servqual(json, "data.servqual", &labels->servqual); break;
	case DATA_CHURN: voc_json_read_bool(json, &labels->churn_intent); break;
	case DATA_CONFIDENCE: read_confidence(json, labels); break;
	case DATA_EVIDENCE: read_evidence(json, ret); break;
	case DATA_MODEL: voc_json_read_str(json, &ret->model); break;
	case DATA_CONTACT: voc_read_name(json, "data.contact", VOC_NAME_MAX_CHARS, &ret->contact); break;
	case DATA_RATING: read_rating(json, "data.rating", &ret->rating); break;
	case DATA_GAP: voc_gap_read_member(json, &ret->gap, &ret->gap_said); break;
	case DATA_NEEDS: voc_needs_read_member(json, &ret->needs, &ret->needs_said); break;
	case DATA_EXPECTED: read_rating(json, "data.expected", &ret->expected); break;
	case DATA_PRODUCT: voc_read_name(json, "data.product", VOC_NAME_MAX_CHARS, &ret->product); break;
	case DATA_TEAM: voc_read_name(json, "data.team", VOC_NAME_MAX_CHARS, &ret->team); break;
	case DATA_COURSE: read_course(json, &ret->course); break;
	case DATA_AGENT: voc_read_name(json, "data.agent_id", VOC_NAME_MAX_CHARS, &ret->agent_id); break;
	default: break;
	}
}

static void read_data(struct voc_json_reader *json, struct voc_classified *ret)
{
	uint32_t seen = 0;
	int member;
	if (!voc_json_enter_object(json))
		return;
	while ((member = voc_members_next(json, &data_members, &seen)) >= 0)
		read_data_member(json, member, ret);
	voc_members_check(json, &data_members, seen);
}

static void read_top_member(struct voc_json_reader *json, int member, struct voc_classified *ret)
{
	struct voc_str subject;
	switch (member) {
	case TOP_SPECVERSION: voc_read_constant(json, "specversion", "1.0", VOC_REASON_UNSUPPORTED_VERSION); break;
	case TOP_ID: voc_read_identity(json, "id", VOC_ID_MAX_CHARS, &ret->id); break;
	case TOP_SOURCE: voc_read_identity(json, "source", VOC_ID_MAX_CHARS, &ret->source); break;
	case TOP_TYPE: voc_read_constant(json, "type", VOC_CLASSIFIED_TYPE, VOC_REASON_UNKNOWN_TYPE); break;
	case TOP_SUBJECT: voc_read_identity(json, "subject", VOC_CUSTOMER_MAX_CHARS, &subject); break;
	case TOP_CONTENT_TYPE:
		voc_read_constant(json, "datacontenttype", "application/json", VOC_REASON_BAD_VALUE);
		break;
	case TOP_TIME: voc_read_time(json, "time", &ret->time_ms); break;
	case TOP_DATA: read_data(json, ret); break;
	default: break;
	}
}

enum voc_status voc_classified_decode(struct voc_str value, struct voc_arena *arena,
                                      struct voc_classified *ret_classified, struct voc_error *error)
{
	struct voc_classified classified = { 0 };
	struct voc_json_reader json;
	struct voc_error own;
	uint32_t seen = 0;
	int member;
	error = error ? error : &own;
	voc_error_clear(error);
	if (value.len == 0)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_EMPTY_RECORD, -1, "no value");
	if (value.len > VOC_CLASSIFIED_MAX_BYTES)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_TOO_LARGE, -1, "longer than %d bytes",
		                     VOC_CLASSIFIED_MAX_BYTES);
	voc_json_read_begin(&json, value, arena, MAX_DEPTH, error);
	if (voc_json_enter_object(&json)) {
		while ((member = voc_members_next(&json, &top_members, &seen)) >= 0)
			read_top_member(&json, member, &classified);
		voc_members_check(&json, &top_members, seen);
	}
	if (!voc_json_read_end(&json))
		return voc_read_failure(error);
	*ret_classified = classified;
	return VOC_OK;
}
