#include "core/deliver/slack.h"

#include "base/json_write.h"

#include <stdio.h>

#define SECTION_MAX_BYTES   2900 /* Slack's limit is 3,000 characters, and no character is less than a byte */
#define ID_MAX_BYTES        128
#define NAME_MAX_BYTES      64
#define EVIDENCE_MAX_BYTES  120
#define EVIDENCE_MAX        4
#define FOLLOW_UP_MAX_BYTES 500 /* five times as long when all of it is '&' */

struct words {
	const char *rules[VOC_RULE_COUNT];
	const char *severities[VOC_SEVERITY_COUNT];
	const char *states[VOC_RISK_STATE_COUNT];
	const char *customer, *risk, *before, *satisfaction, *contacts, *complaints, *evidence, *follow_up;
	const char *gap;
	const char *gaps[VOC_GAP_COUNT], *strengths[VOC_GAP_STRENGTH_COUNT];
	const char *need;
	const char *needs[VOC_NEED_COUNT];
};

static const struct words english = {
	.rules = { [VOC_RULE_CHURN_INTENT] = "Intends to leave",
	           [VOC_RULE_REPEAT_COMPLAINT] = "Complains again and again",
	           [VOC_RULE_RISK_RAISED] = "At risk",
	           [VOC_RULE_RISK_CRITICAL] = "Critical risk",
	           [VOC_RULE_RISK_CLEARED] = "No longer at risk",
	           [VOC_RULE_CASE_REOPENED] = "The trouble is back",
	           [VOC_RULE_CASE_RESPOND_OVERDUE] = "Not answered in time",
	           [VOC_RULE_CASE_RESOLVE_OVERDUE] = "Not resolved in time",
	           [VOC_RULE_CASE_ESCALATED] = "Escalated",
	           [VOC_RULE_CASE_SILENT] = "Silent since their complaint",
	           [VOC_RULE_STAGE_CHANGED] = "Another stage of the relationship",
	           [VOC_RULE_ADVOCATE_TURNING] = "An advocate turns away",
	           [VOC_RULE_CLIENT_LAPSING] = "A regular customer lapses" },
	.severities = { "none", "info", "warning", "critical" },
	.states = { "normal", "at risk", "critical" },
	.customer = "Customer",
	.risk = "Risk",
	.before = "before",
	.satisfaction = "Satisfaction",
	.contacts = "Contacts",
	.complaints = "Complaints",
	.evidence = "In the customer's words",
	.follow_up = "Advised follow-up",
	.gap = "Quality gap",
	.gaps = { "", "knowledge", "design", "delivery", "communication", "perception" },
	.strengths = { "weak evidence", "fair evidence", "strong evidence" },
	.need = "Needs",
	.needs = { "time", "access", "personalisation", "information" },
};

static const struct words korean = {
	.rules = { [VOC_RULE_CHURN_INTENT] = "이탈 의사",
	           [VOC_RULE_REPEAT_COMPLAINT] = "반복 불만",
	           [VOC_RULE_RISK_RAISED] = "위험 고객",
	           [VOC_RULE_RISK_CRITICAL] = "매우 위험",
	           [VOC_RULE_RISK_CLEARED] = "위험 해소",
	           [VOC_RULE_CASE_REOPENED] = "불만 재발",
	           [VOC_RULE_CASE_RESPOND_OVERDUE] = "응대 기한 초과",
	           [VOC_RULE_CASE_RESOLVE_OVERDUE] = "해결 기한 초과",
	           [VOC_RULE_CASE_ESCALATED] = "상위 이관",
	           [VOC_RULE_CASE_SILENT] = "불만 뒤 침묵",
	           [VOC_RULE_STAGE_CHANGED] = "관계 단계 변화",
	           [VOC_RULE_ADVOCATE_TURNING] = "옹호고객 이반",
	           [VOC_RULE_CLIENT_LAPSING] = "단골고객 이탈 조짐" },
	.severities = { "없음", "정보", "주의", "심각" },
	.states = { "정상", "위험", "심각" },
	.customer = "고객",
	.risk = "위험도",
	.before = "이전",
	.satisfaction = "만족 지수",
	.contacts = "접촉",
	.complaints = "불만",
	.evidence = "고객의 말",
	.follow_up = "권장 조치",
	.gap = "품질 갭",
	.gaps = { "", "이해", "설계·기준", "이행", "약속", "지각" },
	.strengths = { "근거 약함", "근거 보통", "근거 강함" },
	.need = "요구",
	.needs = { "시간", "접근", "개별화", "정보" },
};
_Static_assert(VOC_RULE_COUNT == 13 && VOC_SEVERITY_COUNT == 4 && VOC_RISK_STATE_COUNT == 3,
               "every rule, severity and state has its words in both languages");

static const char *const marks[VOC_SEVERITY_COUNT] = { "", ":information_source: ", ":warning: ", ":rotating_light: " };

/* At most `max` bytes of `text`, escaped. Line ends become spaces: a quotation stays on its line. */
static void add_escaped(struct voc_buf *buf, struct voc_str text, size_t max)
{
	struct voc_str clipped = voc_str_clip(text, max);
	for (size_t at = 0; at < clipped.len; at++) {
		char c = clipped.ptr[at];
		switch (c) {
		case '&': voc_buf_add_str(buf, VOC_STR("&amp;")); break;
		case '<': voc_buf_add_str(buf, VOC_STR("&lt;")); break;
		case '>': voc_buf_add_str(buf, VOC_STR("&gt;")); break;
		default: voc_buf_add_char(buf, (unsigned char)c < ' ' ? ' ' : c);
		}
	}
	if (clipped.len < text.len)
		voc_buf_add_str(buf, VOC_STR("…"));
}

/* The first line, also what a notification shows. */
static void add_title(struct voc_buf *buf, const struct words *words, const struct voc_alert *alert)
{
	voc_buf_addf(buf, "%s*%s* (%s) · %s *", marks[alert->severity], words->rules[alert->rule],
	             words->severities[alert->severity], words->customer);
	add_escaped(buf, alert->customer_id, ID_MAX_BYTES);
	voc_buf_add_char(buf, '*');
}

static void add_numbers(struct voc_buf *buf, const struct words *words, const struct voc_alert *alert)
{
	voc_buf_addf(buf, "\n%s *%d*/100 (%s, %s %s) · %s %d/100 · %s %lld · %s %lld", words->risk, alert->risk,
	             words->states[alert->state], words->before, words->states[alert->previous_state],
	             words->satisfaction, alert->satisfaction_index, words->contacts, (long long)alert->events,
	             words->complaints, (long long)alert->complaints);
}

/* The newest contribution first: it is what raised the alert. */
static void add_evidence(struct voc_buf *buf, const struct words *words, const struct voc_contribution *contributions,
                         size_t count)
{
	size_t lines = 0;
	for (size_t i = count; i-- > 0;) {
		for (size_t j = 0; j < contributions[i].evidence_count && lines < EVIDENCE_MAX; j++, lines++) {
			if (lines == 0)
				voc_buf_addf(buf, "*%s*", words->evidence);
			voc_buf_add_str(buf, VOC_STR("\n> "));
			add_escaped(buf, contributions[i].evidence[j], EVIDENCE_MAX_BYTES);
		}
	}
}

static void add_follow_up(struct voc_buf *buf, const struct words *words, const struct voc_alert *alert)
{
	if (alert->follow_up.len == 0)
		return;
	voc_buf_addf(buf, "*%s*\n", words->follow_up);
	add_escaped(buf, alert->follow_up, FOLLOW_UP_MAX_BYTES);
}

/* The quality gap: who owns it, the step that is advised, and how strong the evidence is. */
static void add_gap(struct voc_buf *buf, const struct words *words, const struct voc_gap_said *said)
{
	if (said->gap == VOC_GAP_NONE)
		return;
	voc_buf_addf(buf, "*%s %d: %s* (%s)\n", words->gap, (int)said->gap, words->gaps[said->gap],
	             words->strengths[said->strength]);
	add_escaped(buf, said->owner, NAME_MAX_BYTES);
	voc_buf_add_str(buf, VOC_STR(": "));
	add_escaped(buf, said->step, FOLLOW_UP_MAX_BYTES);
}

static void add_needs(struct voc_buf *buf, const struct words *words, uint32_t needs)
{
	bool any = false;
	for (int need = 0; need < VOC_NEED_COUNT; need++) {
		if (!(needs >> need & 1))
			continue;
		if (!any)
			voc_buf_addf(buf, "\n%s: ", words->need);
		voc_buf_addf(buf, "%s%s", any ? ", " : "", words->needs[need]);
		any = true;
	}
}

/* What the alert was about, and its id, to look it up by. */
static void add_footnote(struct voc_buf *buf, const struct voc_alert *alert)
{
	const struct voc_str names[] = { alert->product, alert->team, alert->agent_id };
	for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
		if (names[i].len > 0) {
			add_escaped(buf, names[i], NAME_MAX_BYTES);
			voc_buf_add_str(buf, VOC_STR(" · "));
		}
	}
	add_escaped(buf, alert->id, ID_MAX_BYTES);
}

/* `verbatim`: Slack is not to make links and mentions out of plain text. */
static void write_text(struct voc_json_writer *json, struct voc_str text)
{
	voc_json_object(json);
	voc_json_member_str(json, "type", VOC_STR("mrkdwn"));
	voc_json_member_str(json, "text", text);
	voc_json_member_bool(json, "verbatim", true);
	voc_json_object_end(json);
}

/* Takes the gathered text, if there is any, and leaves the buffer empty. */
static void write_section(struct voc_json_writer *json, struct voc_buf *text)
{
	if (text->len > 0) {
		voc_json_object(json);
		voc_json_member_str(json, "type", VOC_STR("section"));
		voc_json_key(json, "text");
		write_text(json, voc_buf_str(text));
		voc_json_object_end(json);
	}
	text->len = 0;
}

static void write_footnote(struct voc_json_writer *json, struct voc_buf *text)
{
	voc_json_object(json);
	voc_json_member_str(json, "type", VOC_STR("context"));
	voc_json_key(json, "elements");
	voc_json_array(json);
	write_text(json, voc_buf_str(text));
	voc_json_array_end(json);
	voc_json_object_end(json);
	text->len = 0;
}

bool voc_slack_encode(struct voc_buf *buf, const struct voc_alert *alert, const struct voc_contribution *contributions,
                      size_t count)
{
	const struct words *words = strcmp(alert->lang, "ko") == 0 ? &korean : &english;
	struct voc_json_writer json;
	struct voc_buf text;
	voc_buf_init(&text, SECTION_MAX_BYTES);
	voc_json_begin(&json, buf);
	voc_json_object(&json);
	add_title(&text, words, alert);
	voc_json_member_str(&json, "text", voc_buf_str(&text));
	voc_json_key(&json, "blocks");
	voc_json_array(&json);
	add_numbers(&text, words, alert);
	add_needs(&text, words, alert->needs_said);
	write_section(&json, &text);
	add_evidence(&text, words, contributions, count);
	write_section(&json, &text);
	add_follow_up(&text, words, alert);
	write_section(&json, &text);
	add_gap(&text, words, &alert->gap_said);
	write_section(&json, &text);
	add_footnote(&text, alert);
	write_footnote(&json, &text);
	voc_json_array_end(&json);
	voc_json_object_end(&json);
	bool whole = !text.failed && !buf->failed;
	buf->out_of_memory = buf->out_of_memory || text.out_of_memory;
	voc_buf_free(&text);
	return whole;
}
