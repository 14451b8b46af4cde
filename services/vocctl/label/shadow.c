/* vocctl shadow: what would change if another model or other rules came into force. */
#include "base/json_read.h"
#include "core/record/event.h"
#include "io/service/classifier_files.h"
#include "shadow_report.h"
#include "vocctl/commands.h"
#include "vocctl/shared/lines.h"
#include "vocctl/shared/scan.h"
#include "vocctl/shared/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARENA_MAX_BYTES (VOC_EVENT_ARENA_BYTES + VOCCTL_LINE_MAX)
#define PAGE_MAX_BYTES  ((size_t)4 * 1024 * 1024)
#define LINE_MAX_DEPTH  16

enum { FLAG_LAST, FLAG_EXAMPLES, FLAG_TEXTS, FLAG_JSON, FLAG_COUNT };

static const struct vocctl_flag flags[FLAG_COUNT] = {
	[FLAG_LAST] = { "last", VOCCTL_COUNT, "N", 1, 1000000000, 10000,
	                "Without FILE: the last N records of each raw partition" },
	[FLAG_EXAMPLES] = { "examples", VOCCTL_COUNT, "N", 0, SHADOW_EXAMPLES_MAX, 5, "Most examples of each head" },
	[FLAG_TEXTS] = { "words", VOCCTL_SWITCH, NULL, 0, 0, 0, "The examples' words, even if not to a terminal" },
	[FLAG_JSON] = { "json", VOCCTL_SWITCH, NULL, 0, 0, 0, "Write JSON" },
};

struct session {
	struct voc_classifier *live, *other;
	struct voc_classify_scratch *scratch;
	struct voc_arena *arena;
	struct voc_event *event; /* owned, as all of these */
	struct shadow_report *report;
};

static int complain(const char *text)
{
	fprintf(stderr, "vocctl shadow: %s\n", text);
	return VOCCTL_FAILED;
}

static void compare(struct session *session, const struct voc_utterance *utterance, struct voc_str id)
{
	struct voc_classification live, other;
	voc_classify(session->live, session->scratch, utterance, &live);
	voc_classify(session->other, session->scratch, utterance, &other);
	const struct shadow_case each = { id, utterance->text, utterance->channel, &live, &other };
	shadow_report_add(session->report, &each);
}

static void compare_event(struct session *session, const struct voc_record *record)
{
	const struct voc_event *event = session->event;
	voc_arena_reset(session->arena);
	if (voc_event_decode(record, session->arena, session->event, NULL) != VOC_OK) {
		session->report->unread++;
		return;
	}
	const struct voc_utterance utterance = {
		.text = event->text,
		.lang = event->lang,
		.rating = event->rating,
		.channel = event->channel,
		.tenant = voc_event_attribute(event, "tenant"),
		.source = event->source,
	};
	compare(session, &utterance, event->id);
}

static bool compare_message(void *context, const struct voc_message *message, struct voc_error *error)
{
	struct voc_header headers[VOC_MESSAGE_HEADERS_MAX];
	const struct voc_record record = {
		.value = message->value,
		.headers = headers,
		.header_count = voc_message_headers(message, headers, VOC_MESSAGE_HEADERS_MAX),
		.timestamp_ms = message->timestamp_ms,
	};
	(void)error;
	compare_event(context, &record);
	return true;
}

/* A line {"text",...}. False if it is none. */
static bool read_text(struct session *session, struct voc_str line, struct voc_utterance *utterance, struct voc_str *id)
{
	struct voc_json_reader json;
	struct voc_str name, channel = VOC_STR("web");
	struct voc_error error = { .position = -1 };
	int64_t rating = 0;
	voc_arena_reset(session->arena);
	voc_json_read_begin(&json, line, session->arena, LINE_MAX_DEPTH, &error);
	if (voc_json_enter_object(&json)) {
		while (voc_json_next_member(&json, &name)) {
			if (voc_str_is(name, "id"))
				voc_json_read_str(&json, id);
			else if (voc_str_is(name, "text"))
				voc_json_read_str(&json, &utterance->text);
			else if (voc_str_is(name, "lang"))
				voc_json_read_str(&json, &utterance->lang);
			else if (voc_str_is(name, "tenant"))
				voc_json_read_str(&json, &utterance->tenant);
			else if (voc_str_is(name, "channel"))
				voc_json_read_str(&json, &channel);
			else if (voc_str_is(name, "rating"))
				voc_json_read_i64(&json, &rating);
			else
				voc_json_skip(&json, NULL);
		}
	}
	utterance->rating = (int)rating;
	return voc_json_read_end(&json) && utterance->text.len > 0 && rating >= 0 && rating <= 5 &&
	       voc_channel_parse(channel, &utterance->channel);
}

static void compare_line(struct session *session, struct voc_str line)
{
	struct voc_utterance utterance = { 0 };
	struct voc_str id = VOC_STR("");
	if (read_text(session, line, &utterance, &id)) {
		compare(session, &utterance, id);
		return;
	}
	const struct voc_record record = { .value = line };
	compare_event(session, &record);
}

static int compare_file(struct session *session, const char *path)
{
	FILE *file = strcmp(path, "-") == 0 ? stdin : fopen(path, "r");
	struct vocctl_lines lines;
	struct voc_str line;
	enum vocctl_line read = VOCCTL_LINE_FAILED;
	if (!file)
		return complain("the file can't be opened");
	if (vocctl_lines_init(&lines, file)) {
		while ((read = vocctl_lines_next(&lines, &line)) == VOCCTL_LINE_READ || read == VOCCTL_LINE_TOO_LONG) {
			if (read == VOCCTL_LINE_TOO_LONG)
				session->report->unread++;
			else if (line.len > 0)
				compare_line(session, line);
		}
		vocctl_lines_free(&lines);
	}
	if (file != stdin)
		fclose(file);
	return read == VOCCTL_LINE_FAILED ? complain("the file can't be read") : VOCCTL_OK;
}

static int compare_topics(struct session *session, const struct voc_conf *conf, int64_t last)
{
	struct vocctl_tail tails[VOC_RAW_TOPIC_COUNT];
	struct voc_error error = { .position = -1 };
	for (int topic = 0; topic < VOC_RAW_TOPIC_COUNT; topic++)
		tails[topic] = (struct vocctl_tail){ .topic = (enum voc_topic)topic, .last = last };
	if (vocctl_scan(conf, tails, VOC_RAW_TOPIC_COUNT, compare_message, session, &error) == VOC_OK)
		return VOCCTL_OK;
	return complain(error.text);
}

static int print(const struct session *session, const struct vocctl_arguments *arguments)
{
	bool json = arguments->flags[FLAG_JSON].given;
	bool texts = arguments->flags[FLAG_TEXTS].given || (!json && isatty(STDOUT_FILENO));
	const char *live = voc_classifier_version(session->live), *other = voc_classifier_version(session->other);
	struct voc_buf page;
	voc_buf_init(&page, PAGE_MAX_BYTES);
	if (json)
		shadow_report_json(&page, session->report, live, other, texts);
	else
		shadow_report_show(&page, session->report, live, other, texts);
	bool good = !page.failed && fwrite(page.ptr, 1, page.len, stdout) == page.len;
	voc_buf_free(&page);
	return good ? VOCCTL_OK : complain("the report could not be written");
}

static enum voc_status open_both(struct session *session, const struct voc_conf *conf, struct voc_error *error)
{
	struct voc_classifier_files live = voc_live_files(conf), other = voc_shadow_files(conf);
	live.gaps = NULL; /* nobody asks */
	if (!voc_has_shadow(conf))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1,
		                     "nothing to compare: set VOC_SHADOW_MODEL or VOC_SHADOW_PHRASES (--shadow-model, "
		                     "--shadow-phrases)");
	enum voc_status status = voc_classifier_open_files(&live, NULL, &session->live, error);
	if (status == VOC_OK)
		status = voc_classifier_open_files(&other, voc_shadow_has_model(conf) ? NULL : session->live,
		                                   &session->other, error);
	return status;
}

static int run(const struct voc_conf *conf, const struct vocctl_arguments *arguments)
{
	struct session session = {
		.scratch = voc_classify_scratch_new(),
		.arena = voc_arena_new(ARENA_MAX_BYTES),
		.event = calloc(1, sizeof *session.event),
		.report = calloc(1, sizeof *session.report),
	};
	struct voc_error error = { .position = -1 };
	int status = VOCCTL_FAILED;
	if (!session.scratch || !session.arena || !session.event || !session.report) {
		complain("memory ran out");
	} else if (open_both(&session, conf, &error) != VOC_OK) {
		status = VOCCTL_USAGE;
		complain(error.text);
	} else {
		session.report->examples_most = (size_t)arguments->flags[FLAG_EXAMPLES].number;
		status = arguments->operand_count > 0
		                 ? compare_file(&session, arguments->operands[0])
		                 : compare_topics(&session, conf, arguments->flags[FLAG_LAST].number);
		if (status == VOCCTL_OK)
			status = print(&session, arguments);
	}
	free(session.report);
	free(session.event);
	voc_arena_free(session.arena);
	voc_classify_scratch_free(session.scratch);
	voc_classifier_free(session.other);
	voc_classifier_free(session.live);
	return status;
}

const struct vocctl_command vocctl_command_shadow = {
	.name = "shadow",
	.synopsis = "[FILE|-]",
	.operands_most = 1,
	.summary = "What another model or other rules would change",
	.description =
	        "Labels with VOC_MODEL and VOC_PHRASES, and again with VOC_SHADOW_MODEL or VOC_SHADOW_PHRASES or "
	        "both,\n"
	        "and tells what differs: by head from which label to which, by language and channel, what may change\n"
	        "alerts, and examples. FILE has a raw event or {\"text\",\"id\"?,\"lang\"?,\"rating\"?,\"channel\"?,\n"
	        "\"tenant\"?} a line; without it, the raw topics are read. Words are shown on a terminal only.\n",
	.flags = flags,
	.flag_count = FLAG_COUNT,
	.run = run,
};
