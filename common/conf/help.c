#include "conf/option.h"
#include "conf/property.h"
#include "conf/value.h"

#define COLUMN 34

static void add_default(struct voc_buf *buf, const struct voc_option *option)
{
	if (option->standard[0])
		voc_buf_addf(buf, "; default %s", option->standard);
}

static void add_range(struct voc_buf *buf, const struct voc_option *option)
{
	if (option->is_string || option->type == VOC_TYPE_SWITCH)
		return;
	voc_buf_add_str(buf, VOC_STR("; "));
	voc_value_print_allowed(buf, option);
}

static void add_flag(struct voc_buf *buf, const char *flag, const char *argument, const char *help)
{
	size_t start = buf->len;
	voc_buf_addf(buf, "  %s %s", flag, argument);
	size_t width = buf->len - start;
	if (width + 2 > COLUMN) {
		voc_buf_add_char(buf, '\n');
		width = 0;
	}
	voc_buf_addf(buf, "%*s%s\n", (int)(COLUMN - width), "", help);
}

static void add_option(struct voc_buf *buf, const struct voc_option *option)
{
	char flag[VOC_FLAG_SIZE];
	add_flag(buf, voc_option_flag(option, flag), voc_value_type_name(option->type), option->help);
	voc_buf_addf(buf, "%*s(%s", COLUMN, "", option->variable);
	add_default(buf, option);
	add_range(buf, option);
	voc_buf_add_str(buf, VOC_STR(")\n"));
}

void voc_conf_help(struct voc_buf *buf, enum voc_program program)
{
	for (size_t i = 0; i < VOC_OPTION_COUNT; i++) {
		if (voc_option_table[i].programs & program)
			add_option(buf, &voc_option_table[i]);
	}
	if (program & VOC_CONF_CLIENTS) {
		add_flag(buf, "--kafka.PROPERTY", "VALUE", "Any property of librdkafka, dots in its name");
		voc_buf_addf(buf, "%*s(VOC_KAFKA_PROPERTY, with underscores for the dots)\n", COLUMN, "");
	}
	add_flag(buf, "-h, --help", "", "Print this and exit");
	add_flag(buf, "--version", "", "Print the version and exit");
	add_flag(buf, "--check", "",
	         program & VOC_CONF_PAGES ? "Check the configuration and the files that it names, and exit"
	                                  : "Check the configuration, and exit");
	add_flag(buf, "--print-config", "", "Print the configuration, secrets masked, and exit");
	if (program & VOC_CONF_PAGES)
		add_flag(buf, "--healthcheck", "",
		         "Ask /healthz of the instance that runs under this configuration: 0 or 1");
	voc_buf_add_str(buf, VOC_STR("\nEach option is a variable of the environment, too; a flag comes before it. "
	                             "A text, URL or secret may\nstand in a file that VOC_..._FILE names.\n"));
}

void voc_conf_print(struct voc_buf *buf, const struct voc_conf *conf, enum voc_program program)
{
	for (size_t i = 0; i < VOC_OPTION_COUNT; i++) {
		const struct voc_option *option = &voc_option_table[i];
		if (!(option->programs & program))
			continue;
		voc_buf_addf(buf, "%s=", option->variable);
		voc_value_print(buf, conf, option);
		voc_buf_add_char(buf, '\n');
	}
	voc_property_print(buf, conf);
}
