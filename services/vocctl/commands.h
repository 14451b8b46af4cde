/*
 * vocctl's commands: one table, from which dispatch, help and the manual derive.
 *
 * Each command is one constant of its own file: name, flags, help and the function that runs it. Data goes to standard
 * output, messages to standard error. Only main() ends the process. Single-threaded.
 */
#ifndef VOC_VOCCTL_COMMANDS_H
#define VOC_VOCCTL_COMMANDS_H

#include "conf/conf.h"

/* What a command's function returns, and the process after it. */
enum { VOCCTL_OK = 0, VOCCTL_FAILED = 1, VOCCTL_USAGE = 2 };

enum vocctl_flag_type {
	VOCCTL_SWITCH, /* takes no value */
	VOCCTL_COUNT,  /* an integer within least and most */
	VOCCTL_TEXT,
	VOCCTL_TIME, /* see vocctl_time_parse */
};

struct vocctl_flag {
	const char *name; /* without dashes */
	enum vocctl_flag_type type;
	const char *value; /* what the help calls its value; NULL for a switch */
	int64_t least, most;
	int64_t initial; /* of a COUNT that isn't given */
	const char *help;
};

#define VOCCTL_FLAGS_MAX    16
#define VOCCTL_OPERANDS_MAX 9

struct vocctl_value {
	bool given;
	int64_t number;   /* COUNT; TIME in milliseconds */
	const char *text; /* borrowed from argv; NULL if not given */
};

/* A command's own part of the command line; flags are indexed as in its table. */
struct vocctl_arguments {
	struct vocctl_value flags[VOCCTL_FLAGS_MAX];
	const char *operands[VOCCTL_OPERANDS_MAX];
	size_t operand_count;
};

struct vocctl_command {
	const char *name;
	const char *synopsis; /* its operands: "FILE|-" */
	size_t operands_least, operands_most;
	const char *summary;     /* one line */
	const char *description; /* paragraphs, ending in a newline */
	const struct vocctl_flag *flags;
	size_t flag_count;
	int (*run)(const struct voc_conf *conf, const struct vocctl_arguments *arguments);
};

extern const struct vocctl_command vocctl_command_at_risk;
extern const struct vocctl_command vocctl_command_case;
extern const struct vocctl_command vocctl_command_classify;
extern const struct vocctl_command vocctl_command_corrections;
extern const struct vocctl_command vocctl_command_customer;
extern const struct vocctl_command vocctl_command_dlq;
extern const struct vocctl_command vocctl_command_doctor;
extern const struct vocctl_command vocctl_command_export;
extern const struct vocctl_command vocctl_command_forget;
extern const struct vocctl_command vocctl_command_gen;
extern const struct vocctl_command vocctl_command_label;
extern const struct vocctl_command vocctl_command_lapsed;
extern const struct vocctl_command vocctl_command_rebuild;
extern const struct vocctl_command vocctl_command_report;
extern const struct vocctl_command vocctl_command_rules;
extern const struct vocctl_command vocctl_command_send;
extern const struct vocctl_command vocctl_command_shadow;
extern const struct vocctl_command vocctl_command_topics;
extern const struct vocctl_command vocctl_command_verify;
extern const struct vocctl_command vocctl_command_watch;

/* All of them, in the order of the help, ended by NULL. */
extern const struct vocctl_command *const vocctl_commands[];

/* NULL if there is none of that name. */
const struct vocctl_command *vocctl_command_find(const char *name);
/* The command's name nearest to `name`; false if none is near. */
bool vocctl_command_suggest(const char *name, char *ret_nearest, size_t size);

/* Appends the help of one command, or with NULL the overview of all. */
void vocctl_help(struct voc_buf *buf, const struct vocctl_command *command);

/*
 * Reads a command's flags (--name V, --name=V; "--" ends them) and operands. False with `error` filled
 * (VOC_REASON_CONFIG) for whatever isn't in its table. `now_ms` is what relative times count from.
 */
VOC_MUST_CHECK bool vocctl_arguments_parse(const struct vocctl_command *command, int argc, char **argv, int64_t now_ms,
                                           struct vocctl_arguments *ret_arguments, struct voc_error *error);

/* "now", RFC 3339, a date ("2026-11-21", midnight UTC), or how long ago: 90s, 30m, 2h, 7d. */
bool vocctl_time_parse(struct voc_str s, int64_t now_ms, int64_t *ret_ms);

#endif
