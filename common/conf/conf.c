#include "conf/conf.h"

#include "conf/loader.h"
#include "conf/property.h"
#include "conf/value.h"

#include <stdlib.h>

static enum voc_status set_defaults(struct voc_loader *loader)
{
	for (size_t i = 0; i < VOC_OPTION_COUNT; i++) {
		const struct voc_option *option = &voc_option_table[i];
		enum voc_status status =
		        voc_value_set(loader->conf, option, option->variable, option->standard, loader->error);
		if (status != VOC_OK)
			return status;
	}
	return VOC_OK;
}

bool voc_loader_action(const char *argument, enum voc_conf_action *ret_action)
{
	static const struct {
		const char *flag;
		enum voc_conf_action action;
	} actions[] = {
		{ "--help", VOC_CONF_HELP },          { "-h", VOC_CONF_HELP },
		{ "--version", VOC_CONF_VERSION },    { "--check", VOC_CONF_CHECK },
		{ "--print-config", VOC_CONF_PRINT }, { "--healthcheck", VOC_CONF_HEALTHCHECK },
	};
	for (size_t i = 0; i < sizeof actions / sizeof *actions; i++) {
		if (strcmp(argument, actions[i].flag) == 0) {
			*ret_action = actions[i].action;
			return true;
		}
	}
	return false;
}

/* The first that is asked for, but help and version come before all. */
static enum voc_conf_action find_action(int argc, char **argv)
{
	enum voc_conf_action found = VOC_CONF_RUN, action;
	for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
		if (!voc_loader_action(argv[i], &action))
			continue;
		if (action == VOC_CONF_HELP || action == VOC_CONF_VERSION)
			return action;
		if (found == VOC_CONF_RUN)
			found = action;
	}
	return found;
}

static enum voc_status load(struct voc_loader *loader, int argc, char **argv, char *const *environment)
{
	enum voc_status status = set_defaults(loader);
	if (status == VOC_OK && environment)
		status = voc_loader_environment(loader, environment);
	if (status == VOC_OK)
		status = voc_loader_flags(loader, argc, argv);
	return status;
}

enum voc_status voc_conf_load(struct voc_conf *conf, enum voc_program program, int argc, char **argv,
                              char *const *environment, enum voc_conf_action *ret_action, struct voc_error *error)
{
	enum voc_conf_action action = find_action(argc, argv);
	bool configured = action != VOC_CONF_HELP && action != VOC_CONF_VERSION;
	struct voc_loader loader = { .conf = conf, .program = program, .error = error };
	*conf = (struct voc_conf){ 0 };
	enum voc_status status = load(&loader, argc, argv, configured ? environment : NULL);
	if (status != VOC_OK) {
		voc_conf_free(conf);
		return status;
	}
	*ret_action = action;
	return VOC_OK;
}

void voc_conf_free(struct voc_conf *conf)
{
	for (size_t i = 0; i < VOC_OPTION_COUNT; i++) {
		if (voc_option_table[i].is_string)
			free(*voc_option_string(conf, &voc_option_table[i]));
	}
	voc_property_free_all(conf);
	*conf = (struct voc_conf){ 0 };
}
