/* vocctl classify: the classifier in the hand, without Kafka or Redis. */
#include "base/json_read.h"
#include "base/utf8.h"
#include "classify_show.h"
#include "io/service/classifier_files.h"
#include "vocctl/commands.h"
#include "vocctl/shared/lines.h"
#include "vocctl/shared/text.h"

#include <stdio.h>
#include <unistd.h>

#define TEXT_MAX_BYTES  ((size_t)1024 * 1024)
#define OUT_MAX_BYTES   ((size_t)4 * 1024 * 1024)
#define ARENA_MAX_BYTES ((size_t)4 * 1024 * 1024)
#define LINE_MAX_DEPTH  16

enum { FLAG_NDJSON, FLAG_JSON, FLAG_RATING, FLAG_LANG, FLAG_TENANT, FLAG_CALL, FLAG_COUNT };

static const struct vocctl_flag flags[FLAG_COUNT] = {
	[FLAG_NDJSON] = { "ndjson", VOCCTL_SWITCH, NULL, 0, 0, 0,
	                  "Read lines {\"id\",\"text\",\"lang\"?,\"rating\"?,\"tenant\"?} from standard input, write "
	                  "one line each" },
	[FLAG_JSON] = { "json", VOCCTL_SWITCH, NULL, 0, 0, 0, "Write JSON" },
	[FLAG_RATING] = { "rating", VOCCTL_COUNT, "N", 1, 5, 0, "The customer's rating, 1 to 5" },
	[FLAG_LANG] = { "lang", VOCCTL_TEXT, "LANG", 0, 0, 0, "A hint: ko or en" },
	[FLAG_CALL] = { "call", VOCCTL_SWITCH, NULL, 0, 0, 0,
	                "Each line of the text is what the customer said in one turn of a call: tell its course" },
	[FLAG_TENANT] = { "tenant", VOCCTL_TEXT, "NAME", 0, 0, 0, "With this tenant's additions to the rules" },
};

/* All that one run needs. */
struct session {
	struct voc_classifier *classifier;
	struct voc_classify_scratch *scratch;
	struct voc_arena *arena;
	struct voc_buf out;
	bool calls; /* texts are calls, a line a turn */
};

/* One line of --ndjson. */
struct input {
	struct voc_str id, text, lang, tenant;
	int64_t rating;
};

static int complain(const char *text)
{
	fprintf(stderr, "vocctl classify: %s\n", text);
	return VOCCTL_FAILED;
}

static bool write_out(struct session *session)
{
	return !session->out.failed && fwrite(session->out.ptr, 1, session->out.len, stdout) == session->out.len;
}

static void classify(struct session *session, const struct input *input, struct voc_classification *result)
{
	const struct voc_utterance utterance = {
		.text = input->text,
		.lang = input->lang,
		.rating = (int)input->rating,
		.channel = VOC_CHANNEL_WEB,
		.tenant = input->tenant,
	};
	voc_classify(session->classifier, session->scratch, &utterance, result);
	if (session->calls)
		voc_course_find(session->classifier, session->scratch, &utterance, &result->course);
	voc_buf_clear(&session->out);
}

static bool read_input(struct session *session, struct voc_str line, struct input *input, struct voc_error *error)
{
	struct voc_json_reader json;
	struct voc_str name;
	voc_arena_reset(session->arena);
	voc_json_read_begin(&json, line, session->arena, LINE_MAX_DEPTH, error);
	if (voc_json_enter_object(&json)) {
		while (voc_json_next_member(&json, &name)) {
			if (voc_str_is(name, "id"))
				voc_json_read_str(&json, &input->id);
			else if (voc_str_is(name, "text"))
				voc_json_read_str(&json, &input->text);
			else if (voc_str_is(name, "lang"))
				voc_json_read_str(&json, &input->lang);
			else if (voc_str_is(name, "tenant"))
				voc_json_read_str(&json, &input->tenant);
			else if (voc_str_is(name, "rating"))
				voc_json_read_i64(&json, &input->rating);
			else
				voc_json_skip(&json, NULL);
		}
	}
	if (!voc_json_read_end(&json))
		return false;
	if (!input->text.ptr || input->rating < 0 || input->rating > 5)
		voc_error_set(error, VOC_INVALID, VOC_REASON_BAD_VALUE, -1, "%s",
		              input->text.ptr ? "rating must be 1 to 5" : "no text");
	return error->status == VOC_OK;
}

static int classify_lines(struct session *session)
{
	struct vocctl_lines lines;
	struct voc_str line;
	enum vocctl_line read;
	int status = VOCCTL_OK;
	if (!vocctl_lines_init(&lines, stdin))
		return complain("memory ran out");
	while ((read = vocctl_lines_next(&lines, &line)) == VOCCTL_LINE_READ || read == VOCCTL_LINE_TOO_LONG) {
		struct input input = { .id = VOC_STR("") };
		struct voc_error error = { .position = -1 };
		struct voc_classification result;
		if (read == VOCCTL_LINE_TOO_LONG)
			voc_error_set(&error, VOC_INVALID, VOC_REASON_TOO_LARGE, -1, "the line is too long");
		if (error.status != VOC_OK || !read_input(session, line, &input, &error)) {
			fprintf(stderr, "vocctl classify: line %lld: %s\n", (long long)lines.number, error.text);
			status = VOCCTL_FAILED;
			continue;
		}
		classify(session, &input, &result);
		vocctl_classify_json(&session->out, input.id, input.text, &result, result.version);
		if (!write_out(session)) {
			read = VOCCTL_LINE_FAILED;
			break;
		}
	}
	vocctl_lines_free(&lines);
	return read == VOCCTL_LINE_FAILED ? complain("standard input or output failed") : status;
}

static bool read_all(struct voc_buf *buf)
{
	char piece[4096];
	size_t len;
	while ((len = fread(piece, 1, sizeof piece, stdin)) > 0)
		voc_buf_add(buf, piece, len);
	return !buf->failed && !ferror(stdin);
}

static int classify_text(struct session *session, const struct vocctl_arguments *arguments, struct voc_str text)
{
	const char *lang = arguments->flags[FLAG_LANG].text;
	const struct input input = {
		.text = text,
		.lang = voc_str_from(lang ? lang : ""),
		.rating = arguments->flags[FLAG_RATING].number,
		.tenant = voc_str_from(arguments->flags[FLAG_TENANT].text),
	};
	struct voc_classification result;
	if (input.tenant.len > 0 && !voc_classifier_has_tenant(session->classifier, input.tenant))
		return complain("VOC_TENANTS has no such tenant");
	if (!voc_utf8_check(text, NULL))
		return complain("the text is not well-formed UTF-8");
	classify(session, &input, &result);
	if (arguments->flags[FLAG_JSON].given)
		vocctl_classify_json(&session->out, VOC_STR(""), text, &result, result.version);
	else
		vocctl_classify_show(&session->out, text, &result, vocctl_colour_wanted(STDOUT_FILENO));
	return write_out(session) ? VOCCTL_OK : complain("standard output failed");
}

static int dispatch(struct session *session, const struct vocctl_arguments *arguments)
{
	if (arguments->flags[FLAG_NDJSON].given)
		return classify_lines(session);
	if (arguments->operand_count > 0)
		return classify_text(session, arguments, voc_str_from(arguments->operands[0]));
	struct voc_buf text;
	voc_buf_init(&text, TEXT_MAX_BYTES);
	int status = read_all(&text) ? classify_text(session, arguments, voc_buf_str(&text))
	                             : complain("standard input could not be read, or is over 1 MiB");
	voc_buf_free(&text);
	return status;
}

static int run(const struct voc_conf *conf, const struct vocctl_arguments *arguments)
{
	struct session session = { .calls = arguments->flags[FLAG_CALL].given };
	struct voc_error error = { .position = -1 };
	const struct voc_classifier_files files = voc_live_files(conf);
	if (voc_classifier_open_files(&files, NULL, &session.classifier, &error) != VOC_OK)
		return complain(error.text);
	voc_buf_init(&session.out, OUT_MAX_BYTES);
	session.scratch = voc_classify_scratch_new();
	session.arena = voc_arena_new(ARENA_MAX_BYTES);
	int status = session.scratch && session.arena ? dispatch(&session, arguments) : complain("memory ran out");
	voc_buf_free(&session.out);
	voc_arena_free(session.arena);
	voc_classify_scratch_free(session.scratch);
	voc_classifier_free(session.classifier);
	return status;
}

const struct vocctl_command vocctl_command_classify = {
	.name = "classify",
	.synopsis = "[TEXT]",
	.operands_most = 1,
	.summary = "Classify a customer's words: labels, confidence, evidence",
	.description =
	        "Without TEXT, standard input is one text (or, with --ndjson, one JSON object a line). Needs no\n"
	        "Kafka and no Redis: only the model and the phrase rules.\n",
	.flags = flags,
	.flag_count = FLAG_COUNT,
	.run = run,
};
