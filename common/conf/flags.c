#include "conf/loader.h"

#include "conf/property.h"
#include "conf/suggest.h"
#include "conf/value.h"

/* Where the reading of argv stands. What is kept for `arguments` is moved to argv[1] and on. */
struct cursor {
	int argc;
	char **argv;
	int at;
	int kept;
};

static void keep(struct cursor *cursor)
{
	cursor->argv[1 + cursor->kept++] = cursor->argv[cursor->at];
}

static enum voc_status refuse_unknown(struct voc_loader *loader, struct voc_str name)
{
	struct voc_suggestion suggestion;
	voc_suggestion_begin(&suggestion, name);
	for (size_t i = 0; i < VOC_OPTION_COUNT; i++) {
		char flag[VOC_FLAG_SIZE];
		if (voc_option_table[i].programs & loader->program)
			voc_suggestion_offer(&suggestion, voc_option_flag(&voc_option_table[i], flag) + 2);
	}
	static const char *const actions[] = { "help", "version", "check", "print-config" };
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++)
		voc_suggestion_offer(&suggestion, actions[i]);
	if (loader->program & VOC_CONF_PAGES)
		voc_suggestion_offer(&suggestion, "healthcheck");
	return voc_error_set(loader->error, VOC_FATAL, VOC_REASON_CONFIG, -1, "--%.*s: no such option%s%s",
	                     VOC_STR_ARG(voc_str_clip(name, 60)),
	                     suggestion.nearest[0] ? "; did you mean --" : ", see --help", suggestion.nearest);
}

/* The flag's value: what follows '=', else the next argument. A switch alone says yes. */
static enum voc_status take_value(struct voc_loader *loader, struct cursor *cursor, bool is_switch,
                                  const char **ret_value)
{
	const char *flag = cursor->argv[cursor->at];
	const char *equals = strchr(flag, '=');
	const char *next = cursor->argv[cursor->at + 1]; /* argv ends with NULL */
	if (equals) {
		*ret_value = equals + 1;
	} else if (is_switch && !(next && (strcmp(next, "yes") == 0 || strcmp(next, "no") == 0))) {
		*ret_value = "yes";
	} else if (next) {
		*ret_value = next;
		cursor->at++;
	} else {
		return voc_error_set(loader->error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%.60s: it needs a value", flag);
	}
	return VOC_OK;
}

/* Whoever may list processes reads their arguments; the environment and files are their own. */
static enum voc_status refuse_secret(struct voc_loader *loader, const char *flag)
{
	return voc_error_set(loader->error, VOC_FATAL, VOC_REASON_CONFIG, -1,
	                     "%.60s: a secret on the command line can be seen by others: set the variable, or the one "
	                     "that ends in _FILE",
	                     flag);
}

/* redis://user:password@host, or ?sentinel_password= */
static bool has_password(const char *url)
{
	const char *host = strstr(url, "://");
	return host && (strchr(host, '@') || strstr(host, "password="));
}

static enum voc_status read_option(struct voc_loader *loader, struct cursor *cursor, const struct voc_option *option)
{
	char flag[VOC_FLAG_SIZE];
	voc_option_flag(option, flag);
	if (!(option->programs & loader->program))
		return voc_error_set(loader->error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%s: an option of %s, not of %s",
		                     flag, voc_conf_program_name(option->programs),
		                     voc_conf_program_name(loader->program));
	const char *value = NULL;
	enum voc_status status = take_value(loader, cursor, option->type == VOC_TYPE_SWITCH, &value);
	if (status != VOC_OK)
		return status;
	if (option->type == VOC_TYPE_SECRET || (option->type == VOC_TYPE_URL && has_password(value)))
		return refuse_secret(loader, flag);
	return voc_value_set(loader->conf, option, flag, value, loader->error);
}

static enum voc_status read_property(struct voc_loader *loader, struct cursor *cursor, struct voc_str name)
{
	char where[80];
	voc_str_copy(where, sizeof where, voc_str_of(name.ptr - 2, name.len + 2));
	const char *value = NULL;
	enum voc_status status = take_value(loader, cursor, false, &value);
	if (status != VOC_OK)
		return status;
	if (voc_property_is_secret(where))
		return refuse_secret(loader, where);
	size_t prefix = strlen(VOC_PROPERTY_FLAG);
	return voc_property_set(loader->conf, voc_str_of(name.ptr + prefix, name.len - prefix), value, where,
	                        loader->error);
}

/* argv[at] begins with a dash and is no action. */
static enum voc_status read_flag(struct voc_loader *loader, struct cursor *cursor)
{
	const char *argument = cursor->argv[cursor->at];
	bool is_long = argument[1] == '-';
	struct voc_str name = voc_str_of(argument + 2, is_long ? strcspn(argument + 2, "=") : 0);
	const struct voc_option *option = voc_option_find_flag(name);
	bool known = option && (option->programs & loader->program);
	if (is_long && (loader->program & VOC_CONF_CLIENTS) && voc_str_starts_with(name, VOC_STR(VOC_PROPERTY_FLAG)))
		return read_property(loader, cursor, name);
	if (!known && loader->program == VOC_PROGRAM_VOCCTL && cursor->kept > 0) {
		keep(cursor);
		return VOC_OK;
	}
	if (!is_long)
		return voc_error_set(loader->error, VOC_FATAL, VOC_REASON_CONFIG, -1,
		                     "%.40s: no such option, see --help", argument);
	return option ? read_option(loader, cursor, option) : refuse_unknown(loader, name);
}

static enum voc_status read_argument(struct voc_loader *loader, struct cursor *cursor)
{
	const char *argument = cursor->argv[cursor->at];
	enum voc_conf_action action;
	if (voc_loader_action(argument, &action) &&
	    (action != VOC_CONF_HEALTHCHECK || (loader->program & VOC_CONF_PAGES)))
		return VOC_OK;
	if (argument[0] == '-' && argument[1] != '\0')
		return read_flag(loader, cursor);
	if (loader->program != VOC_PROGRAM_VOCCTL)
		return voc_error_set(loader->error, VOC_FATAL, VOC_REASON_CONFIG, -1,
		                     "%.60s: not an option; it takes nothing else", argument);
	keep(cursor);
	return VOC_OK;
}

enum voc_status voc_loader_flags(struct voc_loader *loader, int argc, char **argv)
{
	struct cursor cursor = { .argc = argc, .argv = argv, .at = 1 };
	for (; cursor.at < argc && strcmp(argv[cursor.at], "--") != 0; cursor.at++) {
		enum voc_status status = read_argument(loader, &cursor);
		if (status != VOC_OK)
			return status;
	}
	for (; cursor.at < argc; cursor.at++)
		keep(&cursor);
	argv[1 + cursor.kept] = NULL;
	loader->conf->argument_count = cursor.kept;
	loader->conf->arguments = argv + 1;
	return VOC_OK;
}
