/*
 * Writes the pages that are made from tables, and the manpages.
 *
 *   docgen pages DIR                     CONFIG.md, METRICS.md, REASONS.md, LABELS.md and DOCTOR.md into DIR
 *   docgen man PROGRAM TEMPLATE OUTPUT   a manpage: in the template a line @OPTIONS@ stands for the program's options,
 *                                        @COMMANDS@ for vocctl's commands, @INCLUDE name@ for a file beside it, and
 *                                        @VERSION@ anywhere for the version
 *
 * Used at build time; it stops at the first failure.
 */
#include "conf/conf.h"
#include "core/record/labels.h"
#include "io/service/health.h"
#include "io/service/metrics.h"
#include "io/service/runtime.h"
#include "vocctl/commands.h"
#include "vocctl/doctor/doctor.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGE_MAX_BYTES (1 << 20)
#define LINE_MAX_BYTES 1000

static bool fail(const char *path)
{
	fprintf(stderr, "docgen: %s: %s\n", path, strerror(errno));
	return false;
}

static void write_reasons(struct voc_buf *buf)
{
	voc_buf_add_str(
	        buf, VOC_STR("# Reason codes\n"
	                     "\n"
	                     "Generated from common/base/reason.h and common/io/service/health.h; `docgen` writes it, "
	                     "a test "
	                     "compares it.\n"
	                     "\n"
	                     "Dead letters carry a code in the header `voc_reason`, logs in the member `reason`, the "
	                     "counters `voc_dead_letters_total`\n"
	                     "and `voc_errors_total` as the label `reason`.\n"
	                     "\n"
	                     "| code | meaning |\n"
	                     "|---|---|\n"));
	for (int i = 0; i < VOC_REASON_COUNT; i++)
		voc_buf_addf(buf, "| `%s` | %s |\n", voc_reason_name((enum voc_reason)i),
		             voc_reason_text((enum voc_reason)i));
	voc_buf_add_str(buf, VOC_STR("\n"
	                             "## What /readyz says\n"
	                             "\n"
	                             "| reason | meaning |\n"
	                             "|---|---|\n"));
#define X(symbol, name, text) voc_buf_add_str(buf, VOC_STR("| `" name "` | " text " |\n"));
	VOC_UNREADY(X)
#undef X
	voc_buf_addf(buf,
	             "\n"
	             "## Exit status of the services\n"
	             "\n"
	             "| status | meaning |\n"
	             "|---|---|\n"
	             "| 0 | stopped cleanly |\n"
	             "| %d | failed; it may be started again |\n"
	             "| %d | the configuration, or a file that it names, is wrong |\n"
	             "| 128 + n | ended at once by a second signal, n |\n",
	             VOC_EXIT_FAILED, VOC_EXIT_CONFIG);
}

static void write_labels(struct voc_buf *buf)
{
	voc_buf_add_str(buf, VOC_STR("# Labels and rules\n"
	                             "\n"
	                             "Generated from common/core/record/labels.h and common/core/rules/alert_rule.h; "
	                             "`docgen` writes it, a "
	                             "test compares it.\n"));
#define HEAD(title, columns)  voc_buf_add_str(buf, VOC_STR("\n## " title "\n\n| name | " columns " |\n|---|---|\n"));
#define X(symbol, name, text) voc_buf_add_str(buf, VOC_STR("| `" name "` | " text " |\n"));
	HEAD("feedback_type", "Korean")
	VOC_FEEDBACK_TYPES(X)
	HEAD("satisfaction", "Korean")
	VOC_SATISFACTIONS(X)
	HEAD("factors, primary_factor", "Korean")
	VOC_FACTORS(X)
	HEAD("servqual", "Korean")
	VOC_SERVQUALS(X)
	HEAD("course.trend", "Korean")
	VOC_TRENDS(X)
	HEAD("Alert rules", "meaning")
	VOC_RULES(X)
#undef X
#define X(symbol, name, type, topic) voc_buf_add_str(buf, VOC_STR("| `" name "` | `" type "` in `voc." topic "` |\n"));
	HEAD("Channels", "event")
	VOC_CHANNELS(X)
#undef X
#undef HEAD
}

static const struct {
	const char *name;
	void (*write)(struct voc_buf *buf);
} pages[] = {
	{ "CONFIG.md", voc_conf_markdown }, { "METRICS.md", voc_metrics_markdown }, { "REASONS.md", write_reasons },
	{ "LABELS.md", write_labels },      { "DOCTOR.md", doctor_markdown },
};

/* Frees the buffer. */
static bool write_file(const char *path, struct voc_buf *buf)
{
	FILE *file = fopen(path, "we");
	bool written = file && !buf->failed && fwrite(buf->ptr, 1, buf->len, file) == buf->len;
	if (file && fclose(file) != 0)
		written = false;
	voc_buf_free(buf);
	return written ? true : fail(path);
}

static bool write_pages(const char *folder)
{
	for (size_t i = 0; i < sizeof pages / sizeof *pages; i++) {
		char path[4096];
		struct voc_buf buf;
		voc_buf_init(&buf, PAGE_MAX_BYTES);
		pages[i].write(&buf);
		snprintf(path, sizeof path, "%s/%s", folder, pages[i].name);
		if (!write_file(path, &buf))
			return false;
	}
	return true;
}

static bool find_program(const char *name, enum voc_program *ret_program)
{
	static const enum voc_program programs[] = {
#define X(symbol, bit, program_name) symbol,
		VOC_PROGRAMS(X)
#undef X
	};
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		if (strcmp(voc_conf_program_name(programs[i]), name) == 0) {
			*ret_program = programs[i];
			return true;
		}
	}
	errno = ESRCH;
	return fail(name);
}

/* The path of the file that "@INCLUDE name@" asks for, beside `path`; false if the line is none. */
static bool included(const char *line, const char *path, char *to, size_t size)
{
	const char *slash = strrchr(path, '/');
	char name[100];
	if (sscanf(line, "@INCLUDE %99[a-z.]@", name) != 1)
		return false;
	snprintf(to, size, "%.*s%s", slash ? (int)(slash + 1 - path) : 0, path, name);
	return true;
}

/* Plain paragraphs as mdoc: an empty line divides them, indented lines stay as they are. */
static void add_prose(struct voc_buf *buf, const char *text)
{
	bool literal = false;
	while (*text) {
		size_t len = strcspn(text, "\n");
		bool indented = text[0] == ' ' && len > 0;
		if (indented != literal)
			voc_buf_addf(buf, indented ? ".Bd -literal\n" : ".Ed\n");
		literal = indented;
		if (len == 0)
			voc_buf_addf(buf, ".Pp");
		else if (text[0] == '.' || text[0] == '\'')
			voc_buf_addf(buf, "\\&");
		for (size_t i = 0; i < len; i++)
			voc_buf_addf(buf, text[i] == '\\' ? "\\e" : "%c", text[i]);
		voc_buf_add_char(buf, '\n');
		text += len + (text[len] != '\0');
	}
	if (literal)
		voc_buf_addf(buf, ".Ed\n");
}

static void add_command(struct voc_buf *buf, const struct vocctl_command *command)
{
	voc_buf_addf(buf, ".It Cm %s", command->name);
	if (command->flag_count > 0)
		voc_buf_addf(buf, " Op Ar flag ...");
	if (command->synopsis)
		voc_buf_addf(buf, " Ar %s", command->synopsis);
	voc_buf_addf(buf, "\n%s.\n", command->summary);
	if (command->description) {
		voc_buf_addf(buf, ".Pp\n");
		add_prose(buf, command->description);
	}
	if (command->flag_count == 0)
		return;
	voc_buf_addf(buf, ".Bl -tag -width Ds\n");
	for (size_t i = 0; i < command->flag_count; i++) {
		const struct vocctl_flag *flag = &command->flags[i];
		voc_buf_addf(buf, ".It Fl \\-%s%s%s\n", flag->name, flag->value ? " Ar " : "",
		             flag->value ? flag->value : "");
		add_prose(buf, flag->help);
	}
	voc_buf_addf(buf, ".El\n");
}

static void add_commands(struct voc_buf *buf)
{
	voc_buf_addf(buf, ".Bl -tag -width Ds\n");
	for (size_t i = 0; vocctl_commands[i]; i++)
		add_command(buf, vocctl_commands[i]);
	voc_buf_addf(buf, ".El\n");
}

static void expand_line(struct voc_buf *buf, const char *line, enum voc_program program)
{
	const char *mark = "@VERSION@";
	const char *found = strstr(line, mark);
	if (strcmp(line, "@OPTIONS@\n") == 0)
		voc_conf_manpage(buf, program);
	else if (strcmp(line, "@COMMANDS@\n") == 0)
		add_commands(buf);
	else if (found)
		voc_buf_addf(buf, "%.*s%s%s", (int)(found - line), line, VOC_VERSION, found + strlen(mark));
	else
		voc_buf_add_str(buf, voc_str_from(line));
}

/* An included file includes nothing itself. */
static bool expand_file(struct voc_buf *buf, const char *path, enum voc_program program, bool is_included)
{
	FILE *file = fopen(path, "re");
	if (!file)
		return fail(path);
	char line[LINE_MAX_BYTES], other[4096];
	bool expanded = true;
	while (expanded && fgets(line, sizeof line, file)) {
		if (!is_included && included(line, path, other, sizeof other))
			expanded = expand_file(buf, other, program, true);
		else
			expand_line(buf, line, program);
	}
	fclose(file);
	return expanded;
}

static bool write_manpage(const char *name, const char *template, const char *output)
{
	enum voc_program program = 0;
	struct voc_buf buf;
	voc_buf_init(&buf, PAGE_MAX_BYTES);
	if (!find_program(name, &program) || !expand_file(&buf, template, program, false)) {
		voc_buf_free(&buf);
		return false;
	}
	return write_file(output, &buf);
}

int main(int argc, char **argv)
{
	if (argc == 3 && strcmp(argv[1], "pages") == 0)
		return write_pages(argv[2]) ? 0 : 1;
	if (argc == 5 && strcmp(argv[1], "man") == 0)
		return write_manpage(argv[2], argv[3], argv[4]) ? 0 : 1;
	fputs("usage: docgen pages DIR | docgen man PROGRAM TEMPLATE OUTPUT\n", stderr);
	return 2;
}
