#include "shadow_report.h"

#include "base/json_write.h"
#include "vocctl/shared/text.h"

#define CELL 14

static void keep_evidence(char to[VOC_EVIDENCE_MAX_BYTES + 1], const struct shadow_case *each,
                          const struct voc_classification *result, enum voc_head head)
{
	to[0] = '\0';
	for (size_t i = 0; i < result->evidence_count; i++) {
		const struct voc_evidence *span = &result->evidence[i];
		if (span->head != head || span->label != voc_labels_get(&result->labels, head))
			continue;
		voc_str_copy(to, VOC_EVIDENCE_MAX_BYTES + 1,
		             voc_str_of(each->text.ptr + span->start, span->end - span->start));
		return;
	}
}

static void name_labels(char to[SHADOW_NAME_SIZE], const struct voc_labels *labels, enum voc_head head)
{
	struct voc_buf buf = { .ptr = to, .cap = SHADOW_NAME_SIZE, .max = SHADOW_NAME_SIZE - 1 };
	if (head != VOC_HEAD_FACTOR || labels->factors == 0)
		voc_buf_add_str(&buf, voc_str_from(voc_labels_name(head, voc_labels_get(labels, head))));
	for (int factor = VOC_FACTOR_NONE + 1; head == VOC_HEAD_FACTOR && factor < VOC_FACTOR_COUNT; factor++) {
		if (!(labels->factors >> factor & 1))
			continue;
		if (buf.len > 0)
			voc_buf_add_char(&buf, '+');
		voc_buf_add_str(&buf, voc_str_from(voc_factor_name((enum voc_factor)factor)));
	}
	to[buf.len] = '\0';
}

static void keep_example(struct shadow_report *report, enum voc_head head, const struct shadow_case *each)
{
	if (report->example_count[head] == report->examples_most)
		return;
	struct shadow_example *example = &report->examples[head][report->example_count[head]++];
	voc_str_copy(example->id, sizeof example->id, each->id);
	voc_str_copy(example->text, sizeof example->text, each->text);
	name_labels(example->from, &each->live->labels, head);
	name_labels(example->to, &each->other->labels, head);
	keep_evidence(example->why_from, each, each->live, head);
	keep_evidence(example->why_to, each, each->other, head);
}

static void count_alarms(struct shadow_report *report, const struct voc_labels *live, const struct voc_labels *other)
{
	bool was = live->feedback == VOC_FEEDBACK_COMPLAINT, is = other->feedback == VOC_FEEDBACK_COMPLAINT;
	report->complaints_come += is && !was;
	report->complaints_go += was && !is;
	report->churn_come += other->churn_intent && !live->churn_intent;
	report->churn_go += live->churn_intent && !other->churn_intent;
	report->alarms += voc_labels_differ_in_alarm(live, other);
}

void shadow_report_add(struct shadow_report *report, const struct shadow_case *each)
{
	const struct voc_labels *live = &each->live->labels, *other = &each->other->labels;
	uint32_t changes = voc_labels_diff(live, other);
	struct shadow_group *group = &report->groups[strcmp(each->live->lang, "ko") == 0 ? 0 : 1][each->channel];
	report->events++;
	report->changed += changes != 0;
	group->events++;
	group->changed += changes != 0;
	count_alarms(report, live, other);
	for (int head = 0; head < VOC_HEAD_COUNT; head++) {
		report->confusion[head][voc_labels_get(live, (enum voc_head)head)]
		                 [voc_labels_get(other, (enum voc_head)head)]++;
		if (!(changes >> head & 1))
			continue;
		report->head_changes[head]++;
		keep_example(report, (enum voc_head)head, each);
	}
}

/* "  12.3 %", "-" of nothing. */
static void add_share(struct voc_buf *page, int64_t part, int64_t whole)
{
	if (whole == 0)
		voc_buf_addf(page, "%*s", CELL, "-");
	else
		voc_buf_addf(page, "%*.1f %%", CELL - 2, 100.0 * (double)part / (double)whole);
}

static void show_groups(struct voc_buf *page, const struct shadow_report *report)
{
	static const char *const langs[] = { "ko", "en" };
	voc_buf_addf(page, "\n%-*s", CELL, "changed");
	for (int channel = 0; channel < VOC_CHANNEL_COUNT; channel++)
		voc_buf_addf(page, "%*s", CELL, voc_channel_name((enum voc_channel)channel));
	voc_buf_add_char(page, '\n');
	for (int lang = 0; lang < 2; lang++) {
		voc_buf_addf(page, "%-*s", CELL, langs[lang]);
		for (int channel = 0; channel < VOC_CHANNEL_COUNT; channel++)
			add_share(page, report->groups[lang][channel].changed, report->groups[lang][channel].events);
		voc_buf_add_char(page, '\n');
	}
}

static void show_confusion(struct voc_buf *page, const struct shadow_report *report, enum voc_head head)
{
	voc_buf_addf(page, "%-*s", CELL + 2, "live \\ new");
	for (int to = 0; to < SHADOW_LABELS_MAX && voc_labels_name(head, to); to++)
		voc_buf_addf(page, "%*s", CELL + 2, voc_labels_name(head, to));
	voc_buf_add_char(page, '\n');
	for (int from = 0; from < SHADOW_LABELS_MAX && voc_labels_name(head, from); from++) {
		voc_buf_addf(page, "%-*s", CELL + 2, voc_labels_name(head, from));
		for (int to = 0; to < SHADOW_LABELS_MAX && voc_labels_name(head, to); to++)
			voc_buf_addf(page, "%*lld", CELL + 2, (long long)report->confusion[head][from][to]);
		voc_buf_add_char(page, '\n');
	}
}

static void show_example(struct voc_buf *page, const struct shadow_example *example, bool texts)
{
	voc_buf_addf(page, "  %s -> %s  ", example->from, example->to);
	vocctl_text_add(page, voc_str_from(example->id));
	voc_buf_add_char(page, '\n');
	if (!texts)
		return;
	voc_buf_add_str(page, VOC_STR("    "));
	vocctl_text_add(page, voc_str_from(example->text));
	voc_buf_add_str(page, VOC_STR("\n    by \""));
	vocctl_text_add(page, voc_str_from(example->why_from));
	voc_buf_add_str(page, VOC_STR("\" -> \""));
	vocctl_text_add(page, voc_str_from(example->why_to));
	voc_buf_add_str(page, VOC_STR("\"\n"));
}

void shadow_report_show(struct voc_buf *page, const struct shadow_report *report, const char *live, const char *other,
                        bool texts)
{
	voc_buf_addf(page, "live  %s\nnew   %s\n%lld events", live, other, (long long)report->events);
	if (report->unread > 0)
		voc_buf_addf(page, " (%lld more could not be read)", (long long)report->unread);
	voc_buf_addf(page, ", %lld change", (long long)report->changed);
	add_share(page, report->changed, report->events);
	voc_buf_addf(page, "\ncomplaints +%lld -%lld, churn intents +%lld -%lld: %lld events whose alerts may change\n",
	             (long long)report->complaints_come, (long long)report->complaints_go,
	             (long long)report->churn_come, (long long)report->churn_go, (long long)report->alarms);
	show_groups(page, report);
	for (int head = 0; head < VOC_HEAD_COUNT; head++) {
		voc_buf_addf(page, "\n%s: %lld change", voc_head_name((enum voc_head)head),
		             (long long)report->head_changes[head]);
		add_share(page, report->head_changes[head], report->events);
		voc_buf_add_char(page, '\n');
		if (report->head_changes[head] == 0)
			continue;
		show_confusion(page, report, (enum voc_head)head);
		for (size_t i = 0; i < report->example_count[head]; i++)
			show_example(page, &report->examples[head][i], texts);
	}
}

static void json_groups(struct voc_json_writer *json, const struct shadow_report *report)
{
	static const char *const langs[] = { "ko", "en" };
	voc_json_key(json, "groups");
	voc_json_array(json);
	for (int lang = 0; lang < 2; lang++) {
		for (int channel = 0; channel < VOC_CHANNEL_COUNT; channel++) {
			voc_json_object(json);
			voc_json_member_str(json, "lang", voc_str_from(langs[lang]));
			voc_json_member_str(json, "channel", voc_str_from(voc_channel_name((enum voc_channel)channel)));
			voc_json_member_i64(json, "events", report->groups[lang][channel].events);
			voc_json_member_i64(json, "changed", report->groups[lang][channel].changed);
			voc_json_object_end(json);
		}
	}
	voc_json_array_end(json);
}

/* Only what occurs. */
static void json_confusion(struct voc_json_writer *json, const struct shadow_report *report, enum voc_head head)
{
	voc_json_key(json, "confusion");
	voc_json_array(json);
	for (int from = 0; from < SHADOW_LABELS_MAX; from++) {
		for (int to = 0; to < SHADOW_LABELS_MAX; to++) {
			if (report->confusion[head][from][to] == 0)
				continue;
			voc_json_object(json);
			voc_json_member_str(json, "live", voc_str_from(voc_labels_name(head, from)));
			voc_json_member_str(json, "new", voc_str_from(voc_labels_name(head, to)));
			voc_json_member_i64(json, "events", report->confusion[head][from][to]);
			voc_json_object_end(json);
		}
	}
	voc_json_array_end(json);
}

static void json_examples(struct voc_json_writer *json, const struct shadow_report *report, enum voc_head head,
                          bool texts)
{
	voc_json_key(json, "examples");
	voc_json_array(json);
	for (size_t i = 0; i < report->example_count[head]; i++) {
		const struct shadow_example *example = &report->examples[head][i];
		voc_json_object(json);
		voc_json_member_str(json, "id", voc_str_from(example->id));
		voc_json_member_str(json, "live", voc_str_from(example->from));
		voc_json_member_str(json, "new", voc_str_from(example->to));
		if (texts) {
			voc_json_member_str(json, "text", voc_str_from(example->text));
			voc_json_member_str(json, "live_evidence", voc_str_from(example->why_from));
			voc_json_member_str(json, "new_evidence", voc_str_from(example->why_to));
		}
		voc_json_object_end(json);
	}
	voc_json_array_end(json);
}

void shadow_report_json(struct voc_buf *page, const struct shadow_report *report, const char *live, const char *other,
                        bool texts)
{
	struct voc_json_writer json;
	voc_json_begin(&json, page);
	voc_json_object(&json);
	voc_json_member_str(&json, "live", voc_str_from(live));
	voc_json_member_str(&json, "new", voc_str_from(other));
	voc_json_member_i64(&json, "events", report->events);
	voc_json_member_i64(&json, "unread", report->unread);
	voc_json_member_i64(&json, "changed", report->changed);
	voc_json_member_i64(&json, "alarms_changed", report->alarms);
	voc_json_member_i64(&json, "complaints_come", report->complaints_come);
	voc_json_member_i64(&json, "complaints_go", report->complaints_go);
	voc_json_member_i64(&json, "churn_intents_come", report->churn_come);
	voc_json_member_i64(&json, "churn_intents_go", report->churn_go);
	json_groups(&json, report);
	voc_json_key(&json, "heads");
	voc_json_object(&json);
	for (int head = 0; head < VOC_HEAD_COUNT; head++) {
		voc_json_key(&json, voc_head_name((enum voc_head)head));
		voc_json_object(&json);
		voc_json_member_i64(&json, "changed", report->head_changes[head]);
		json_confusion(&json, report, (enum voc_head)head);
		json_examples(&json, report, (enum voc_head)head, texts);
		voc_json_object_end(&json);
	}
	voc_json_object_end(&json);
	voc_json_object_end(&json);
	voc_buf_add_char(page, '\n');
}
