/* vocctl rules: tries the phrase rules' own examples. */
#include "base/files.h"
#include "base/json_write.h"
#include "core/classify/tenants.h"
#include "io/service/classifier_files.h"
#include "vocctl/commands.h"
#include "vocctl/shared/text.h"

#include <stdio.h>

#define PAGE_MAX_BYTES ((size_t)4 * 1024 * 1024)
#define SECTION_SIZE   64

enum { FLAG_ADDITIONS, FLAG_JSON, FLAG_COUNT };

static const struct vocctl_flag flags[FLAG_COUNT] = {
	[FLAG_ADDITIONS] = { "additions", VOCCTL_SWITCH, NULL, 0, 0, 0,
	                     "FILE is a tenant's: it is tried on top of VOC_PHRASES" },
	[FLAG_JSON] = { "json", VOCCTL_SWITCH, NULL, 0, 0, 0, "Write one JSON object a file" },
};

/* The report on one file. */
struct report {
	struct voc_buf page;
	struct voc_json_writer json;
	const char *path;
	bool as_json;
	size_t tried, failed;
};

static const char *section_name(const struct voc_phrase_trial *trial, char to[SECTION_SIZE])
{
	const char *no = trial->against ? "not " : "";
	if (trial->head == VOC_HEAD_CHURN)
		snprintf(to, SECTION_SIZE, "%s%s", no, voc_head_name(trial->head));
	else
		snprintf(to, SECTION_SIZE, "%s%s.%s", no, voc_head_name(trial->head),
		         voc_head_label_name(trial->head, trial->label));
	return to;
}

static void add_failure(struct report *report, const struct voc_phrase_trial *trial)
{
	char section[SECTION_SIZE];
	section_name(trial, section);
	if (!report->as_json) {
		voc_buf_addf(&report->page, "%s:%u: %s [%s]: ", report->path, trial->line,
		             trial->expected ? "misses" : "hits", section);
		vocctl_text_add(&report->page, trial->text);
		voc_buf_add_char(&report->page, '\n');
		return;
	}
	voc_json_object(&report->json);
	voc_json_member_i64(&report->json, "line", trial->line);
	voc_json_member_str(&report->json, "section", voc_str_from(section));
	voc_json_member_bool(&report->json, "expected", trial->expected);
	voc_json_member_str(&report->json, "text", trial->text);
	voc_json_object_end(&report->json);
}

static void take_trial(void *context, const struct voc_phrase_trial *trial)
{
	struct report *report = context;
	report->tried++;
	report->failed += !trial->good;
	if (!trial->good)
		add_failure(report, trial);
}

static void begin(struct report *report, const struct voc_phrases *phrases)
{
	if (!report->as_json)
		return;
	voc_json_begin(&report->json, &report->page);
	voc_json_object(&report->json);
	voc_json_member_str(&report->json, "file", voc_str_from(report->path));
	voc_json_member_str(&report->json, "version", voc_str_from(voc_phrases_version(phrases)));
	voc_json_member_i64(&report->json, "phrases", (int64_t)voc_phrases_count(phrases));
	voc_json_key(&report->json, "failures");
	voc_json_array(&report->json);
}

static void end(struct report *report, const struct voc_phrases *phrases)
{
	if (report->as_json) {
		voc_json_array_end(&report->json);
		voc_json_member_i64(&report->json, "examples", (int64_t)report->tried);
		voc_json_member_i64(&report->json, "failed", (int64_t)report->failed);
		voc_json_object_end(&report->json);
		voc_buf_add_char(&report->page, '\n');
		return;
	}
	voc_buf_addf(&report->page, "%s: version %s, %zu phrases, %zu examples, %zu failed\n", report->path,
	             voc_phrases_version(phrases), voc_phrases_count(phrases), report->tried, report->failed);
}

static void report_refusal(struct report *report, const struct voc_error *error)
{
	if (!report->as_json) {
		fprintf(stderr, "vocctl rules: %s\n", error->text);
		return;
	}
	voc_json_begin(&report->json, &report->page);
	voc_json_object(&report->json);
	voc_json_member_str(&report->json, "file", voc_str_from(report->path));
	voc_json_member_str(&report->json, "error", voc_str_from(error->text));
	voc_json_object_end(&report->json);
	voc_buf_add_char(&report->page, '\n');
}

static enum voc_status open_rules(const char *path, const struct voc_phrases *base, struct voc_phrases **ret_phrases,
                                  struct voc_error *error)
{
	struct voc_buf text;
	voc_buf_init(&text, base ? VOC_TENANTS_MAX_BYTES : VOC_PHRASES_MAX_BYTES);
	enum voc_status status = voc_file_read(path, &text, error);
	if (status == VOC_OK && base)
		status = voc_phrases_parse_additions(voc_buf_str(&text), path, base, ret_phrases, error);
	else if (status == VOC_OK)
		status = voc_phrases_parse(voc_buf_str(&text), path, ret_phrases, error);
	voc_buf_free(&text);
	return status;
}

/* True if the file can be read and each of its examples does what it says. */
static bool try_file(const char *path, const struct voc_phrases *base, bool as_json)
{
	struct report report = { .path = path, .as_json = as_json };
	struct voc_phrases *phrases = NULL;
	struct voc_error error = { .position = -1 };
	voc_buf_init(&report.page, PAGE_MAX_BYTES);
	enum voc_status status = open_rules(path, base, &phrases, &error);
	if (status == VOC_OK) {
		begin(&report, phrases);
		status = voc_phrases_try_examples(phrases, take_trial, &report, &error);
		end(&report, phrases);
	}
	if (status != VOC_OK)
		report_refusal(&report, &error);
	fputs(voc_buf_c_str(&report.page), stdout);
	voc_buf_free(&report.page);
	voc_phrases_free(phrases);
	return status == VOC_OK && report.failed == 0;
}

static bool try_folder(const char *folder, const struct voc_phrases *base, bool as_json)
{
	struct voc_file_names names = { 0 };
	struct voc_error error = { .position = -1 };
	bool good = voc_file_names_list(folder, ".txt", VOC_TENANTS_MAX, &names, &error) == VOC_OK;
	if (!good)
		fprintf(stderr, "vocctl rules: %s\n", error.text);
	for (size_t i = 0; i < names.count; i++) {
		struct voc_buf path;
		voc_buf_init(&path, strlen(folder) + VOC_FILE_NAME_SIZE + 2);
		voc_buf_addf(&path, "%s/%s", folder, names.at[i]);
		good = try_file(voc_buf_c_str(&path), base, as_json) && good;
		voc_buf_free(&path);
	}
	voc_file_names_free(&names);
	return good;
}

/* What holds between the files: names, sources, sizes. */
static bool try_together(const struct voc_conf *conf)
{
	const struct voc_classifier_files files = voc_live_files(conf);
	struct voc_classifier *classifier = NULL;
	struct voc_error error = { .position = -1 };
	bool good = voc_classifier_open_files(&files, NULL, &classifier, &error) == VOC_OK;
	if (!good)
		fprintf(stderr, "vocctl rules: %s\n", error.text);
	voc_classifier_free(classifier);
	return good;
}

static int run(const struct voc_conf *conf, const struct vocctl_arguments *arguments)
{
	bool as_json = arguments->flags[FLAG_JSON].given, additions = arguments->flags[FLAG_ADDITIONS].given;
	bool all = arguments->operand_count == 1, has_tenants = all && conf->tenants_path[0] != '\0';
	struct voc_phrases *base = NULL;
	struct voc_error error = { .position = -1 };
	bool good = true;
	if (strcmp(arguments->operands[0], "test") != 0) {
		fprintf(stderr, "vocctl rules: the only thing it can do is 'test'\n");
		return VOCCTL_USAGE;
	}
	if ((additions || has_tenants) && open_rules(conf->phrases_path, NULL, &base, &error) != VOC_OK) {
		fprintf(stderr, "vocctl rules: %s\n", error.text);
		return VOCCTL_FAILED;
	}
	if (all)
		good = try_file(conf->phrases_path, NULL, as_json);
	if (has_tenants)
		good = try_folder(conf->tenants_path, base, as_json) && good && try_together(conf);
	for (size_t i = 1; i < arguments->operand_count; i++)
		good = try_file(arguments->operands[i], additions ? base : NULL, as_json) && good;
	voc_phrases_free(base);
	return good ? VOCCTL_OK : VOCCTL_FAILED;
}

const struct vocctl_command vocctl_command_rules = {
	.name = "rules",
	.synopsis = "test [FILE...]",
	.operands_least = 1,
	.operands_most = VOCCTL_OPERANDS_MAX,
	.summary = "Try the phrase rules' own examples",
	.description = "Each line '+ text' of a rule file must hit its section, each '- text' must not. Without FILE: "
	               "those of\n"
	               "VOC_PHRASES and of the tenants' files in VOC_TENANTS. A file is refused by the classifier, "
	               "too, if one\n"
	               "of its examples fails. Ends with 1 if one does, or a file can't be read.\n",
	.flags = flags,
	.flag_count = FLAG_COUNT,
	.run = run,
};
