/* vocctl label: a person's labels for an event, to voc.corrections. */
#include "base/clock.h"
#include "base/utf8.h"
#include "core/record/labels_write.h"
#include "io/service/classifier_files.h"
#include "label_find.h"
#include "label_flags.h"
#include "vocctl/commands.h"
#include "vocctl/shared/sender.h"
#include "vocctl/shared/text.h"

#include <stdio.h>

#define ARENA_MAX_BYTES ((size_t)8 * 1024 * 1024)
#define PAGE_MAX_BYTES  ((size_t)1024 * 1024)
#define KEY_MAX_BYTES   4096
#define OWN_SOURCE      "/voc/vocctl" /* of a text that is no event's */

enum {
	FLAG_FEEDBACK,
	FLAG_SATISFACTION,
	FLAG_PRIMARY,
	FLAG_FACTORS,
	FLAG_SERVQUAL,
	FLAG_CHURN,
	FLAG_NOTE,
	FLAG_SOURCE,
	FLAG_CUSTOMER,
	FLAG_TEXT,
	FLAG_LANG,
	FLAG_WITHDRAW,
	FLAG_DRY_RUN,
	FLAG_JSON,
	FLAG_COUNT,
};

static const struct vocctl_flag flags[FLAG_COUNT] = {
	[FLAG_FEEDBACK] = { "feedback-type", VOCCTL_TEXT, "L", 0, 0, 0, "complaint, opinion or question" },
	[FLAG_SATISFACTION] = { "satisfaction", VOCCTL_TEXT, "L", 0, 0, 0,
	                        "dissatisfied, neutral, satisfied or delighted" },
	[FLAG_PRIMARY] = { "primary-factor", VOCCTL_TEXT, "L", 0, 0, 0, "The leading factor, or none" },
	[FLAG_FACTORS] = { "factors", VOCCTL_TEXT, "L,L", 0, 0, 0, "All factors, with commas, or none" },
	[FLAG_SERVQUAL] = { "servqual", VOCCTL_TEXT, "L", 0, 0, 0, "The dimension of service quality, or none" },
	[FLAG_CHURN] = { "churn-intent", VOCCTL_TEXT, "yes|no", 0, 0, 0, "Does the customer mean to leave?" },
	[FLAG_NOTE] = { "note", VOCCTL_TEXT, "TEXT", 0, 0, 0, "Why; no customer's data" },
	[FLAG_SOURCE] = { "source", VOCCTL_TEXT, "S", 0, 0, 0, "The event's source, if several have that id" },
	[FLAG_CUSTOMER] = { "customer", VOCCTL_TEXT, "ID", 0, 0, 0, "Whose event it is: only one partition is read" },
	[FLAG_TEXT] = { "words", VOCCTL_TEXT, "TEXT", 0, 0, 0, "What was said; the event is not looked for then" },
	[FLAG_LANG] = { "lang", VOCCTL_TEXT, "LANG", 0, 0, 0, "With --words: ko or en, instead of what is detected" },
	[FLAG_WITHDRAW] = { "withdraw", VOCCTL_SWITCH, NULL, 0, 0, 0, "Take the event's correction back" },
	[FLAG_DRY_RUN] = { "dry-run", VOCCTL_SWITCH, NULL, 0, 0, 0, "Tell what would be sent, send nothing" },
	[FLAG_JSON] = { "json", VOCCTL_SWITCH, NULL, 0, 0, 0, "Write JSON" },
};

struct session {
	const struct voc_conf *conf;
	const struct vocctl_arguments *arguments;
	struct label_target target;
	struct voc_correction correction;
	struct voc_labels after; /* the classifier's under the corrected ones */
};

static int complain(const char *text)
{
	fprintf(stderr, "vocctl label: %s\n", text);
	return VOCCTL_FAILED;
}

static struct voc_str flag_text(const struct session *session, int flag)
{
	return voc_str_from(session->arguments->flags[flag].text);
}

/* What is wrong with the command line; NULL: nothing. */
static const char *check_words(const struct session *session)
{
	const struct voc_str words[] = { voc_str_from(session->arguments->operands[0]), flag_text(session, FLAG_TEXT),
		                         flag_text(session, FLAG_NOTE), flag_text(session, FLAG_SOURCE),
		                         voc_str_from(session->conf->operator_id) };
	struct voc_str lang = flag_text(session, FLAG_LANG), note = flag_text(session, FLAG_NOTE);
	for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
		if (!voc_utf8_check(words[i], NULL))
			return "not well-formed UTF-8";
	}
	if (words[0].len == 0 || words[0].len > (size_t)VOC_ID_MAX_CHARS * 4)
		return "an event's id is wanted";
	if (strcmp(session->conf->text_policy, "absent") == 0 && !session->arguments->flags[FLAG_WITHDRAW].given)
		return "VOC_TEXT=absent: a correction would keep the customer's words";
	if (words[4].len == 0)
		return "who corrects? Set VOC_OPERATOR (or --operator) to your operator id";
	if (voc_utf8_count(words[4]) > VOC_CORRECTION_WHO_CHARS || voc_utf8_count(note) > VOC_CORRECTION_NOTE_CHARS)
		return "the operator's id or the note is too long";
	if (session->arguments->flags[FLAG_TEXT].given && words[1].len == 0)
		return "--words: none";
	if (lang.len > 0 && !voc_str_is(lang, "ko") && !voc_str_is(lang, "en"))
		return "--lang: ko or en is wanted";
	return NULL;
}

/* Words that come with the command: what the classifier here says of them stands for the event's labels. */
static enum voc_status take_given_text(struct session *session, struct voc_error *error)
{
	struct label_target *target = &session->target;
	struct voc_classifier_files files = voc_live_files(session->conf);
	const struct voc_utterance utterance = {
		.text = flag_text(session, FLAG_TEXT),
		.lang = flag_text(session, FLAG_LANG),
		.channel = VOC_CHANNEL_WEB,
	};
	struct voc_classifier *classifier = NULL;
	struct voc_classify_scratch *scratch = voc_classify_scratch_new();
	struct voc_classification result;
	files.gaps = NULL; /* labels alone */
	enum voc_status status = voc_classifier_open_files(&files, NULL, &classifier, error);
	if (status == VOC_OK && scratch) {
		voc_classify(classifier, scratch, &utterance, &result);
		target->labels = result.labels;
		memcpy(target->lang, result.lang, sizeof target->lang);
		if (utterance.lang.len > 0)
			voc_str_copy(target->lang, sizeof target->lang, utterance.lang);
		target->model = voc_arena_copy(target->arena, voc_str_from(result.version));
		target->text = label_mask(target, utterance.text);
	}
	if (status == VOC_OK && !target->text.ptr)
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "memory ran out");
	if (target->source.len == 0)
		target->source = VOC_STR(OWN_SOURCE);
	voc_classify_scratch_free(scratch);
	voc_classifier_free(classifier);
	return status;
}

static enum voc_status find(struct session *session, struct voc_error *error)
{
	struct label_target *target = &session->target;
	bool given = session->arguments->flags[FLAG_TEXT].given;
	if (given)
		return take_given_text(session, error);
	enum voc_status status =
	        label_find_event(session->conf, session->arguments->flags[FLAG_CUSTOMER].text, target, error);
	if (status == VOC_OK && !target->found)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_BAD_VALUE, -1,
		                     "no classified event has this id; --words tells what was said");
	if (status == VOC_OK && target->ambiguous)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_BAD_VALUE, -1,
		                     "events of several sources have this id: --source tells which one");
	if (status == VOC_OK)
		status = label_find_text(session->conf, target, error);
	return status;
}

static void make_correction(struct session *session)
{
	struct label_target *target = &session->target;
	struct voc_correction *correction = &session->correction, after = { 0 };
	correction->event_id = target->id;
	correction->event_source = target->source;
	correction->customer_id = target->customer_id;
	correction->who = voc_str_from(session->conf->operator_id);
	correction->note = flag_text(session, FLAG_NOTE);
	correction->model = target->model;
	correction->text = target->text;
	correction->time_ms = voc_clock_wall_ms();
	memcpy(correction->lang, target->lang, sizeof correction->lang);
	if (target->corrected) {
		voc_correction_merge(correction, &target->before);
		/* the words were kept then, though the raw topics have forgotten them */
		if (correction->text.len == 0)
			correction->text = target->before.text;
	}
	after.labels = correction->labels;
	after.heads = correction->heads;
	const struct voc_correction all = { .heads = VOC_HEADS_ALL, .labels = target->labels };
	voc_correction_merge(&after, &all);
	session->after = after.labels;
}

static void add_row(struct voc_buf *page, const char *name, const char *before, const char *after, bool corrected)
{
	vocctl_text_add_cell(page, voc_str_from(name), 16);
	vocctl_text_add_cell(page, voc_str_from(before), 18);
	vocctl_text_add_cell(page, voc_str_from(after), 18);
	voc_buf_addf(page, "%s\n", !corrected ? "" : strcmp(before, after) != 0 ? "corrected" : "confirmed");
}

static const char *factor_list(const struct voc_labels *labels, char to[96])
{
	struct voc_buf buf = { .ptr = to, .cap = 96, .max = 95 };
	for (int factor = VOC_FACTOR_NONE + 1; factor < VOC_FACTOR_COUNT; factor++) {
		if (labels->factors >> factor & 1)
			voc_buf_addf(&buf, "%s%s", buf.len > 0 ? "," : "", voc_factor_name((enum voc_factor)factor));
	}
	to[buf.len] = '\0';
	return buf.len > 0 ? to : "none";
}

static void show(struct voc_buf *page, const struct session *session)
{
	const struct voc_labels *a = &session->target.labels, *b = &session->after;
	uint32_t heads = session->correction.heads;
	char before[96], after[96];
	voc_buf_add_str(page, VOC_STR("event "));
	vocctl_text_add(page, session->target.id);
	voc_buf_add_str(page, VOC_STR(" of "));
	vocctl_text_add(page, session->target.source);
	voc_buf_addf(page, ", %s\n", session->target.lang);
	vocctl_text_add_lines(page, session->correction.text);
	voc_buf_add_str(page, VOC_STR("\n\n"));
	add_row(page, "", "before", "after", false);
	add_row(page, "feedback_type", voc_feedback_name(a->feedback), voc_feedback_name(b->feedback),
	        heads >> VOC_HEAD_FEEDBACK & 1);
	add_row(page, "satisfaction", voc_satisfaction_name(a->satisfaction), voc_satisfaction_name(b->satisfaction),
	        heads >> VOC_HEAD_SATISFACTION & 1);
	add_row(page, "primary_factor", voc_factor_name(a->primary_factor), voc_factor_name(b->primary_factor),
	        heads >> VOC_HEAD_FACTOR & 1);
	add_row(page, "factors", factor_list(a, before), factor_list(b, after), heads >> VOC_HEAD_FACTOR & 1);
	add_row(page, "servqual", voc_servqual_name(a->servqual), voc_servqual_name(b->servqual),
	        heads >> VOC_HEAD_SERVQUAL & 1);
	add_row(page, "churn_intent", a->churn_intent ? "yes" : "no", b->churn_intent ? "yes" : "no",
	        heads >> VOC_HEAD_CHURN & 1);
	if (session->target.corrected) {
		voc_buf_add_str(page, VOC_STR("corrected before by "));
		vocctl_text_add(page, session->target.before.who);
		voc_buf_add_str(page, VOC_STR(" at "));
		vocctl_text_add_time(page, session->target.before.time_ms);
		voc_buf_add_char(page, '\n');
	}
}

static void write_side(struct voc_json_writer *json, const char *name, const struct voc_labels *labels, uint32_t heads)
{
	voc_json_key(json, name);
	voc_json_object(json);
	voc_labels_write(json, labels, heads);
	voc_json_object_end(json);
}

static void show_json(struct voc_buf *page, const struct session *session, bool sent)
{
	struct voc_json_writer json;
	voc_json_begin(&json, page);
	voc_json_object(&json);
	voc_json_member_str(&json, "event_id", session->target.id);
	voc_json_member_str(&json, "event_source", session->target.source);
	voc_json_member_str(&json, "lang", voc_str_from(session->target.lang));
	voc_json_member_str(&json, "text", session->correction.text);
	write_side(&json, "before", &session->target.labels, VOC_HEADS_ALL);
	write_side(&json, "after", &session->after, VOC_HEADS_ALL);
	write_side(&json, "labels", &session->correction.labels, session->correction.heads);
	voc_json_member_bool(&json, "sent", sent);
	voc_json_object_end(&json);
	voc_buf_add_char(page, '\n');
}

static enum voc_status send_record(const struct session *session, struct voc_str value, struct voc_error *error)
{
	char topic[VOC_TOPIC_NAME_SIZE];
	struct vocctl_sender sender;
	struct voc_buf key;
	if (!voc_topic_name(topic, session->conf->topic_prefix, VOC_TOPIC_CORRECTIONS))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "the topic prefix is too long");
	voc_buf_init(&key, KEY_MAX_BYTES);
	voc_correction_key(&key, session->target.source, session->target.id);
	const struct voc_outgoing record = {
		.topic = topic,
		.partition = VOC_PARTITION_BY_KEY,
		.key = voc_buf_str(&key),
		.value = value,
	};
	enum voc_status status = vocctl_sender_open(&sender, session->conf, error);
	if (status == VOC_OK)
		status = vocctl_sender_send(&sender, &record, error);
	if (status == VOC_OK)
		status = vocctl_sender_drain(&sender, error);
	vocctl_sender_close(&sender);
	voc_buf_free(&key);
	return status;
}

static enum voc_status withdraw(struct session *session, struct voc_error *error)
{
	if (!session->target.corrected)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_BAD_VALUE, -1, "there is no correction of it");
	if (session->arguments->flags[FLAG_DRY_RUN].given)
		return VOC_OK;
	return send_record(session, voc_str_of(NULL, 0), error);
}

static enum voc_status send_correction(struct session *session, struct voc_error *error)
{
	struct voc_buf value;
	make_correction(session);
	if (session->correction.text.len == 0)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_BAD_VALUE, -1,
		                     "the raw record is gone; --words tells what was said");
	voc_buf_init(&value, VOC_CORRECTION_MAX_BYTES);
	enum voc_status status = VOC_OK;
	if (!voc_correction_encode(&value, &session->correction))
		status = voc_error_set(error, VOC_INVALID, VOC_REASON_TOO_LARGE, -1, "the correction is too large");
	else if (!session->arguments->flags[FLAG_DRY_RUN].given)
		status = send_record(session, voc_buf_str(&value), error);
	voc_buf_free(&value);
	return status;
}

static void print(const struct session *session)
{
	bool sent = !session->arguments->flags[FLAG_DRY_RUN].given;
	struct voc_buf page;
	voc_buf_init(&page, PAGE_MAX_BYTES);
	if (session->arguments->flags[FLAG_JSON].given)
		show_json(&page, session, sent);
	else
		show(&page, session);
	fputs(voc_buf_c_str(&page), stdout);
	voc_buf_free(&page);
}

static int work(struct session *session)
{
	struct voc_error error = { .position = -1 };
	bool takes_back = session->arguments->flags[FLAG_WITHDRAW].given;
	enum voc_status status = find(session, &error);
	if (status == VOC_OK)
		status = label_find_correction(session->conf, &session->target, &error);
	if (status == VOC_OK)
		status = takes_back ? withdraw(session, &error) : send_correction(session, &error);
	if (status != VOC_OK)
		return complain(error.text);
	if (!takes_back)
		print(session);
	return VOCCTL_OK;
}

static int run(const struct voc_conf *conf, const struct vocctl_arguments *arguments)
{
	const struct vocctl_value *given = arguments->flags;
	const struct label_flags labels = {
		given[FLAG_FEEDBACK].text, given[FLAG_SATISFACTION].text, given[FLAG_FACTORS].text,
		given[FLAG_PRIMARY].text,  given[FLAG_SERVQUAL].text,     given[FLAG_CHURN].text,
	};
	struct session session = { .conf = conf, .arguments = arguments };
	struct voc_error error = { .position = -1 };
	const char *wrong = check_words(&session);
	if (!wrong && !given[FLAG_WITHDRAW].given && label_flags_read(&labels, &session.correction, &error) != VOC_OK)
		wrong = error.text;
	if (wrong) {
		complain(wrong);
		return VOCCTL_USAGE;
	}
	session.target.arena = voc_arena_new(ARENA_MAX_BYTES);
	session.target.id = voc_str_from(arguments->operands[0]);
	session.target.source = flag_text(&session, FLAG_SOURCE);
	int status = session.target.arena ? work(&session) : complain("memory ran out");
	voc_arena_free(session.target.arena);
	return status;
}

const struct vocctl_command vocctl_command_label = {
	.name = "label",
	.synopsis = "EVENT-ID",
	.operands_least = 1,
	.operands_most = 1,
	.summary = "Say what an event's labels should have been",
	.description =
	        "Looks the event up in voc.classified and its words in the raw topic, shows the labels before and "
	        "after,\n"
	        "and writes a correction to voc.corrections, with the words masked as evidence is. Only the labels "
	        "given\n"
	        "are corrected; those of an earlier correction of the event stay. VOC_OPERATOR tells who corrects.\n"
	        "Without --customer all of voc.classified is read (a terminal shows how far it has got).\n"
	        "Corrections change no aggregates: they are for the next model (vocctl corrections export).\n",
	.flags = flags,
	.flag_count = FLAG_COUNT,
	.run = run,
};
