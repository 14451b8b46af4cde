/*
 * The rows of conf/options.h as data: finding them, naming them. Internal to conf. Static tables, any thread.
 */
#ifndef VOC_CONF_OPTION_H
#define VOC_CONF_OPTION_H

#include "conf/conf.h"

struct voc_option {
	const char *variable; /* VOC_REDIS_URL */
	unsigned programs;    /* bits of enum voc_program */
	enum voc_option_type type;
	bool is_string; /* the member is a char *, else an int64_t */
	const char *standard;
	int64_t least, most; /* of a number */
	const char *help;
	size_t offset; /* of the member in struct voc_conf */
};

#define X(...) +1
enum { VOC_OPTION_COUNT = 0 VOC_OPTIONS(X) };
#undef X
extern const struct voc_option voc_option_table[VOC_OPTION_COUNT];

#define VOC_FLAG_SIZE 64
/* "--redis-url"; returns `to`. */
const char *voc_option_flag(const struct voc_option *option, char to[VOC_FLAG_SIZE]);
/* NULL if there is none. A flag's name comes without its dashes. */
const struct voc_option *voc_option_find_variable(struct voc_str name);
const struct voc_option *voc_option_find_flag(struct voc_str name);
/* The option can be given as a file that holds it. */
bool voc_option_takes_file(const struct voc_option *option);

/* Where the option's value is held. */
static inline char **voc_option_string(struct voc_conf *conf, const struct voc_option *option)
{
	return (char **)(void *)((char *)conf + option->offset);
}

static inline int64_t *voc_option_number(struct voc_conf *conf, const struct voc_option *option)
{
	return (int64_t *)(void *)((char *)conf + option->offset);
}

#endif
