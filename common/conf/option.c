#include "conf/option.h"

#include <ctype.h>

#define VARIABLE_PREFIX "VOC_"

#define VOC_CONF_IS_STRING true
#define VOC_CONF_IS_INT    false
#define X(symbol, KIND, variable_, programs_, TYPE, standard_, least_, most_, help_) \
	{                                                                            \
		.variable = (variable_),                                             \
		.programs = (programs_),                                             \
		.type = VOC_TYPE_##TYPE,                                             \
		.is_string = VOC_CONF_IS_##KIND,                                     \
		.standard = (standard_),                                             \
		.least = (least_),                                                   \
		.most = (most_),                                                     \
		.help = (help_),                                                     \
		.offset = offsetof(struct voc_conf, symbol),                         \
	},
const struct voc_option voc_option_table[VOC_OPTION_COUNT] = { VOC_OPTIONS(X) };
#undef X

const char *voc_option_flag(const struct voc_option *option, char to[VOC_FLAG_SIZE])
{
	const char *from = option->variable + strlen(VARIABLE_PREFIX);
	size_t at = 0;
	to[at++] = '-';
	to[at++] = '-';
	for (; *from && at + 1 < VOC_FLAG_SIZE; from++)
		to[at++] = *from == '_' ? '-' : (char)tolower((unsigned char)*from);
	to[at] = '\0';
	return to;
}

const struct voc_option *voc_option_find_variable(struct voc_str name)
{
	for (size_t i = 0; i < VOC_OPTION_COUNT; i++) {
		if (voc_str_is(name, voc_option_table[i].variable))
			return &voc_option_table[i];
	}
	return NULL;
}

const struct voc_option *voc_option_find_flag(struct voc_str name)
{
	for (size_t i = 0; i < VOC_OPTION_COUNT; i++) {
		char flag[VOC_FLAG_SIZE];
		if (voc_str_is(name, voc_option_flag(&voc_option_table[i], flag) + 2))
			return &voc_option_table[i];
	}
	return NULL;
}

bool voc_option_takes_file(const struct voc_option *option)
{
	return option->type == VOC_TYPE_TEXT || option->type == VOC_TYPE_URL || option->type == VOC_TYPE_SECRET;
}

const char *voc_conf_program_name(enum voc_program program)
{
#define X(symbol, bit, name)    \
	if (program & (symbol)) \
		return name;
	VOC_PROGRAMS(X)
#undef X
	return "voc";
}
