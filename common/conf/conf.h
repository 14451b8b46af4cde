/*
 * Configuration: one table of options (conf/options.h) is the parser, --help, --print-config, the reference page and
 * the manpage's option list.
 *
 * Precedence: default < environment (VOC_X, or VOC_X_FILE naming a file that holds the value: secrets) < flag (--x V,
 * --x=V; a switch may stand alone). Any librdkafka property: VOC_KAFKA_<NAME with dots as underscores> or
 * --kafka.<name>=V. An unknown flag or VOC_ variable is an error that names the nearest known one. A voc_conf is filled
 * once at start and then read only: pass it as const.
 */
#ifndef VOC_CONF_CONF_H
#define VOC_CONF_CONF_H

#include "base/err.h"
#include "base/log.h"
#include "conf/options.h"

#define VOC_KAFKA_PROPERTIES_MAX 64

struct voc_kafka_property {
	char *name; /* with dots */
	char *value;
	bool secret; /* masked by --print-config: password, key, secret in its name */
};

/* One member per row of the table; strings are owned and never NULL. Durations are _ms, sizes _bytes. */
struct voc_conf {
#define VOC_CONF_STRING(symbol) char *symbol;
#define VOC_CONF_INT(symbol)    int64_t symbol;
#define X(symbol, KIND, ...)    VOC_CONF_##KIND(symbol)
	VOC_OPTIONS(X)
#undef X
#undef VOC_CONF_STRING
#undef VOC_CONF_INT
	struct voc_kafka_property kafka_properties[VOC_KAFKA_PROPERTIES_MAX];
	size_t kafka_property_count;
	int argument_count; /* what is left after the flags */
	char **arguments;   /* borrowed from argv */
};

/* What the caller is to do after parsing. */
enum voc_conf_action {
	VOC_CONF_RUN,
	VOC_CONF_HELP,
	VOC_CONF_VERSION,
	VOC_CONF_PRINT,
	VOC_CONF_CHECK,
	VOC_CONF_HEALTHCHECK, /* of programs with pages */
};

/*
 * VOC_FATAL with VOC_REASON_CONFIG, saying what and where; `conf` is freed then. `program` is one of enum voc_program
 * (options.h). Reorders argv, as getopt does: what is no flag goes to `arguments`, which ends with NULL. Services take
 * none. vocctl's first is its subcommand; flags unknown to the table that follow it, and "--" with all behind it, are
 * left to the subcommand. VOC_CONF_HELP and _VERSION look at no environment.
 */
VOC_MUST_CHECK enum voc_status voc_conf_load(struct voc_conf *conf, enum voc_program program, int argc, char **argv,
                                             char *const *environment, enum voc_conf_action *ret_action,
                                             struct voc_error *error);
void voc_conf_free(struct voc_conf *conf);
/* Appends --help's option list, or the current values with secrets masked, for this program's rows. */
void voc_conf_help(struct voc_buf *buf, enum voc_program program);
void voc_conf_print(struct voc_buf *buf, const struct voc_conf *conf, enum voc_program program);
/* Appends the reference page, docs/CONFIG.md, for all programs. */
void voc_conf_markdown(struct voc_buf *buf);
/* Appends the option list of one program's manpage (mdoc). */
void voc_conf_manpage(struct voc_buf *buf, enum voc_program program);
/* "voc-classifier". Static. */
const char *voc_conf_program_name(enum voc_program program);

#endif
