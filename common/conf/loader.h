/*
 * One voc_conf in the making. Internal to conf: conf.c runs the stages, in the order of their precedence.
 */
#ifndef VOC_CONF_LOADER_H
#define VOC_CONF_LOADER_H

#include "conf/option.h"

struct voc_loader {
	struct voc_conf *conf; /* borrowed */
	enum voc_program program;
	struct voc_error *error; /* borrowed */
};

/* What a flag asks for, were it "--help": false if it is none of those that stand for an action. */
bool voc_loader_action(const char *argument, enum voc_conf_action *ret_action);

/* environment.c: all VOC_ variables; `environment` as environ(7). */
VOC_MUST_CHECK enum voc_status voc_loader_environment(struct voc_loader *loader, char *const *environment);
/* flags.c: fills conf->arguments, too. */
VOC_MUST_CHECK enum voc_status voc_loader_flags(struct voc_loader *loader, int argc, char **argv);

#endif
