#include "classify_show.h"

#include "core/record/labels_write.h"
#include "vocctl/shared/text.h"

#define BAR_COLUMNS 10

struct line {
	enum voc_head head;
	const char *label;
	int16_t confidence;
};

static const char *colour_of(enum voc_head head)
{
	switch (head) {
	case VOC_HEAD_FEEDBACK: return "\033[31m";
	case VOC_HEAD_SATISFACTION: return "\033[33m";
	case VOC_HEAD_FACTOR: return "\033[36m";
	case VOC_HEAD_SERVQUAL: return "\033[34m";
	case VOC_HEAD_CHURN: return "\033[35m";
	case VOC_HEAD_COUNT: break;
	}
	return "";
}

/* The strongest piece of evidence that covers this byte; NULL if none does. */
static const struct voc_evidence *evidence_at(const struct voc_classification *result, size_t byte)
{
	for (size_t i = 0; i < result->evidence_count; i++) {
		if (byte >= result->evidence[i].start && byte < result->evidence[i].end)
			return &result->evidence[i];
	}
	return NULL;
}

static void show_text(struct voc_buf *out, struct voc_str text, const struct voc_classification *result, bool colour)
{
	size_t at = 0;
	while (at < text.len) {
		const struct voc_evidence *evidence = evidence_at(result, at);
		size_t end = at + 1;
		while (end < text.len && evidence_at(result, end) == evidence)
			end++;
		if (colour && evidence)
			voc_buf_addf(out, "\033[4m%s", colour_of(evidence->head));
		vocctl_text_add_lines(out, voc_str_of(text.ptr + at, end - at));
		if (colour && evidence)
			voc_buf_addf(out, "\033[0m");
		at = end;
	}
	if (text.len == 0 || text.ptr[text.len - 1] != '\n')
		voc_buf_add_char(out, '\n');
}

static void show_line(struct voc_buf *out, const struct line *line, bool colour)
{
	const char *name = voc_head_name(line->head);
	vocctl_text_add_cell(out, voc_str_from(name), 14);
	if (colour)
		voc_buf_addf(out, "%s", colour_of(line->head));
	vocctl_text_add_cell(out, voc_str_from(line->label), 18);
	if (colour)
		voc_buf_addf(out, "\033[0m");
	for (int i = 0; i < BAR_COLUMNS; i++)
		voc_buf_add_str(out, i * 1000 < line->confidence * BAR_COLUMNS ? VOC_STR("█") : VOC_STR("░"));
	voc_buf_addf(out, " %3d %%\n", (line->confidence + 5) / 10);
}

static void show_other_factors(struct voc_buf *out, const struct voc_labels *labels)
{
	for (int f = VOC_FACTOR_PRODUCT_SERVICE; f < VOC_FACTOR_COUNT; f++) {
		if ((labels->factors & (1u << f)) && f != (int)labels->primary_factor)
			voc_buf_addf(out, "%14s+ %s\n", "", voc_factor_name((enum voc_factor)f));
	}
}

static void show_evidence(struct voc_buf *out, struct voc_str text, const struct voc_classification *result,
                          bool colour)
{
	for (size_t i = 0; i < result->evidence_count; i++) {
		const struct voc_evidence *evidence = &result->evidence[i];
		voc_buf_addf(out, "  %s", colour ? colour_of(evidence->head) : "");
		vocctl_text_add_cell(out, voc_str_from(voc_head_label_name(evidence->head, evidence->label)), 18);
		voc_buf_addf(out, "%s", colour ? "\033[0m" : "");
		vocctl_text_add(out, voc_str_of(text.ptr + evidence->start, evidence->end - evidence->start));
		voc_buf_add_char(out, '\n');
	}
}

static void show_course(struct voc_buf *out, const struct voc_course *course)
{
	if (course->turns == 0)
		return;
	vocctl_text_add_cell(out, VOC_STR("course"), 14);
	vocctl_text_add_cell(out, voc_str_from(voc_trend_name(course->trend)), 18);
	for (size_t i = 0; i < course->count; i++) {
		if (i > 0)
			voc_buf_add_str(out, VOC_STR(" → "));
		voc_buf_add_str(out, voc_str_from(voc_satisfaction_name(course->satisfaction[i])));
	}
	voc_buf_add_char(out, '\n');
}

static void show_gap(struct voc_buf *out, const struct voc_gap_finding *gap)
{
	if (gap->gap == VOC_GAP_NONE)
		return;
	vocctl_text_add_cell(out, VOC_STR("quality gap"), 14);
	voc_buf_addf(out, "%d %s (evidence: %s)", (int)gap->gap, voc_gap_name(gap->gap),
	             voc_gap_strength_name(gap->strength));
	for (size_t i = 0; i < gap->cue_count; i++)
		voc_buf_addf(out, "%s%s %s", i == 0 ? ": " : ", ", gap->cues[i].kind, gap->cues[i].name);
	voc_buf_addf(out, "\n%14s%s: %s\n", "", gap->owner, gap->step);
}

static void show_needs(struct voc_buf *out, const struct voc_need_finding *needs)
{
	if (needs->version == NULL)
		return;
	bool any = false;
	vocctl_text_add_cell(out, VOC_STR("needs"), 14);
	for (int need = 0; need < VOC_NEED_COUNT; need++) {
		if (needs->phrase_counts[need] > 0)
			voc_buf_addf(out, "%s%s:", any ? "; " : "", voc_need_name((enum voc_need)need));
		for (uint8_t i = 0; i < needs->phrase_counts[need]; i++)
			voc_buf_addf(out, "%s %s", i > 0 ? "," : "", needs->phrases[need][i]);
		any = any || needs->phrase_counts[need] > 0;
	}
	voc_buf_add_char(out, '\n');
}

void vocctl_classify_show(struct voc_buf *out, struct voc_str text, const struct voc_classification *result,
                          bool colour)
{
	const struct voc_labels *labels = &result->labels;
	const struct line lines[] = {
		{ VOC_HEAD_FEEDBACK, voc_feedback_name(labels->feedback), labels->feedback_confidence },
		{ VOC_HEAD_SATISFACTION, voc_satisfaction_name(labels->satisfaction), labels->satisfaction_confidence },
		{ VOC_HEAD_FACTOR, voc_factor_name(labels->primary_factor), labels->factor_confidence },
		{ VOC_HEAD_SERVQUAL, voc_servqual_name(labels->servqual), labels->servqual_confidence },
		{ VOC_HEAD_CHURN, labels->churn_intent ? "yes" : "no", labels->churn_confidence },
	};
	show_text(out, text, result, colour);
	voc_buf_add_char(out, '\n');
	for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
		show_line(out, &lines[i], colour);
		if (lines[i].head == VOC_HEAD_FACTOR)
			show_other_factors(out, labels);
	}
	show_gap(out, &result->gap);
	show_needs(out, &result->needs);
	show_course(out, &result->course);
	if (result->evidence_count > 0)
		voc_buf_addf(out, "\nevidence\n");
	show_evidence(out, text, result, colour);
}

static void json_confidence(struct voc_json_writer *json, const struct voc_labels *labels)
{
	const int16_t confidences[VOC_HEAD_COUNT] = {
		[VOC_HEAD_FEEDBACK] = labels->feedback_confidence,
		[VOC_HEAD_SATISFACTION] = labels->satisfaction_confidence,
		[VOC_HEAD_FACTOR] = labels->factor_confidence,
		[VOC_HEAD_SERVQUAL] = labels->servqual_confidence,
		[VOC_HEAD_CHURN] = labels->churn_confidence,
	};
	voc_json_key(json, "confidence");
	voc_json_object(json);
	for (int head = 0; head < VOC_HEAD_COUNT; head++) {
		voc_json_key(json, voc_head_name((enum voc_head)head));
		voc_json_milli(json, confidences[head]);
	}
	voc_json_object_end(json);
}

static void json_evidence(struct voc_json_writer *json, struct voc_str text, const struct voc_classification *result)
{
	voc_json_key(json, "evidence");
	voc_json_array(json);
	for (size_t i = 0; i < result->evidence_count; i++) {
		const struct voc_evidence *evidence = &result->evidence[i];
		const char *label = voc_head_label_name(evidence->head, evidence->label);
		struct voc_str span = voc_str_of(text.ptr + evidence->start, evidence->end - evidence->start);
		voc_json_object(json);
		voc_json_member_str(json, "head", voc_str_from(voc_head_name(evidence->head)));
		voc_json_member_str(json, "label", voc_str_from(label));
		voc_json_member_i64(json, "start", evidence->start);
		voc_json_member_i64(json, "end", evidence->end);
		voc_json_member_str(json, "text", span);
		voc_json_object_end(json);
	}
	voc_json_array_end(json);
}

void vocctl_classify_json(struct voc_buf *out, struct voc_str id, struct voc_str text,
                          const struct voc_classification *result, const char *version)
{
	const struct voc_labels *labels = &result->labels;
	struct voc_json_writer json;
	voc_json_begin(&json, out);
	voc_json_object(&json);
	if (id.len > 0)
		voc_json_member_str(&json, "id", id);
	voc_json_member_str(&json, "lang", voc_str_from(result->lang));
	voc_labels_write(&json, labels, VOC_HEADS_ALL);
	json_confidence(&json, labels);
	json_evidence(&json, text, result);
	voc_course_write(&json, &result->course);
	voc_gap_write(&json, &result->gap);
	voc_needs_write(&json, &result->needs);
	voc_json_member_str(&json, "model", voc_str_from(version));
	voc_json_object_end(&json);
	voc_buf_add_char(out, '\n');
}
