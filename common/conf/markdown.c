#include "conf/option.h"
#include "conf/value.h"

/* Defaults below the share directory are shown relative to it: the pages don't change with the install prefix. */
static void add_default(struct voc_buf *buf, const struct voc_option *option)
{
	struct voc_str share = VOC_STR(VOC_SHARE_DIR);
	struct voc_str standard = voc_str_from(option->standard);
	if (voc_str_starts_with(standard, share)) {
		voc_buf_add_str(buf, VOC_STR("PREFIX/share/voc"));
		standard = voc_str_of(standard.ptr + share.len, standard.len - share.len);
	}
	voc_buf_add_str(buf, standard);
}

static void add_programs(struct voc_buf *buf, unsigned programs)
{
	const char *separator = "";
#define X(symbol, bit, name)                                \
	if (programs & (symbol)) {                          \
		voc_buf_addf(buf, "%s%s", separator, name); \
		separator = ", ";                           \
	}
	VOC_PROGRAMS(X)
#undef X
}

static void add_row(struct voc_buf *buf, const struct voc_option *option)
{
	char flag[VOC_FLAG_SIZE];
	voc_buf_addf(buf, "| `%s`%s<br>`%s` | %s | `", option->variable,
	             voc_option_takes_file(option) ? "<br>or `_FILE`" : "", voc_option_flag(option, flag),
	             voc_value_type_name(option->type));
	add_default(buf, option);
	voc_buf_add_str(buf, VOC_STR("` | "));
	if (!option->is_string)
		voc_value_print_allowed(buf, option);
	voc_buf_addf(buf, " | %s | ", option->help);
	add_programs(buf, option->programs);
	voc_buf_add_str(buf, VOC_STR(" |\n"));
}

static const char head[] =
        "# Configuration\n"
        "\n"
        "Generated from common/conf/options.h; `docgen` writes it, a test compares it.\n"
        "\n"
        "Each option is a variable of the environment and a flag. A flag comes before a variable, a variable before "
        "the\n"
        "default. A variable with `or _FILE` may be given as the path of a file that holds the value (a secret that "
        "is\n"
        "mounted), not both. An unknown flag or VOC_ variable is an error that names the nearest known one; variables "
        "of\n"
        "the other programs are fine, so that one environment serves all. `--check` checks everything and exits,\n"
        "`--print-config` prints what holds, with secrets masked.\n"
        "\n"
        "Kubernetes makes variables such as VOC_REDIS_PORT for a service named voc-redis: set `enableServiceLinks: "
        "false`.\n"
        "\n"
        "Types: durations need a unit (ms, s, m, h, d), sizes may have one (k, m, g: powers of 1024), switches are yes "
        "or\n"
        "no (the flag alone means yes).\n"
        "\n"
        "| option | type | default | allowed | what | programs |\n"
        "|---|---|---|---|---|---|\n";

static const char tail[] =
        "\n"
        "## librdkafka\n"
        "\n"
        "Any property of librdkafka: `VOC_KAFKA_SASL_USERNAME=me` or `--kafka.sasl.username=me` sets `sasl.username`;\n"
        "`VOC_KAFKA_SASL_PASSWORD_FILE` names a file that holds it. Names are checked by librdkafka. The brokers are\n"
        "`VOC_KAFKA_BOOTSTRAP`. Values of properties with password, secret, key or token in their names are masked.\n"
        "\n"
        "## Variables that are not configuration\n"
        "\n";

void voc_conf_markdown(struct voc_buf *buf)
{
	voc_buf_add_str(buf, voc_str_from(head));
	for (size_t i = 0; i < VOC_OPTION_COUNT; i++)
		add_row(buf, &voc_option_table[i]);
	voc_buf_add_str(buf, voc_str_from(tail));
#define X(name, text) voc_buf_add_str(buf, VOC_STR("- `" name "`: " text "\n"));
	VOC_OTHER_VARIABLES(X)
#undef X
}

static void add_item(struct voc_buf *buf, const struct voc_option *option)
{
	char flag[VOC_FLAG_SIZE];
	voc_option_flag(option, flag);
	voc_buf_addf(buf, ".It Fl \\-%s Ar %s\n%s.\n", flag + 2, voc_value_type_name(option->type), option->help);
	voc_buf_add_str(buf, VOC_STR("Default:\n.Ql "));
	add_default(buf, option);
	voc_buf_add_str(buf, VOC_STR(" .\n"));
	if (!option->is_string) {
		voc_buf_add_str(buf, VOC_STR("Allowed: "));
		voc_value_print_allowed(buf, option);
		voc_buf_add_str(buf, VOC_STR(".\n"));
	}
	voc_buf_addf(buf, "Variable:\n.Ev %s .\n", option->variable);
}

void voc_conf_manpage(struct voc_buf *buf, enum voc_program program)
{
	voc_buf_add_str(buf, VOC_STR(".Bl -tag -width Ds\n"));
	for (size_t i = 0; i < VOC_OPTION_COUNT; i++) {
		if (voc_option_table[i].programs & program)
			add_item(buf, &voc_option_table[i]);
	}
	voc_buf_add_str(buf, VOC_STR(".El\n"));
}
