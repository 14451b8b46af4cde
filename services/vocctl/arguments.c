#include "commands.h"

#include "base/timestamp.h"
#include "conf/suggest.h"

#include <stdio.h>

/* The name of "--name=value" or "--name"; empty if the argument is no flag. */
static struct voc_str flag_name(const char *argument)
{
	if (argument[0] != '-' || argument[1] != '-' || argument[2] == '\0')
		return VOC_STR("");
	return voc_str_of(argument + 2, strcspn(argument + 2, "="));
}

static bool duration_parse(struct voc_str s, int64_t *ret_ms)
{
	static const struct {
		char unit;
		int64_t ms;
	} units[] = { { 's', 1000 }, { 'm', 60000 }, { 'h', 3600000 }, { 'd', 86400000 } };
	int64_t number;
	if (s.len < 2 || !voc_str_to_i64(voc_str_of(s.ptr, s.len - 1), &number) || number < 0 || number > 1000000)
		return false;
	for (size_t i = 0; i < sizeof units / sizeof *units; i++) {
		if (units[i].unit == s.ptr[s.len - 1]) {
			*ret_ms = number * units[i].ms;
			return true;
		}
	}
	return false;
}

bool vocctl_time_parse(struct voc_str s, int64_t now_ms, int64_t *ret_ms)
{
	int64_t ago_ms;
	if (voc_str_is(s, "now")) {
		*ret_ms = now_ms;
		return true;
	}
	if (duration_parse(s, &ago_ms)) {
		*ret_ms = now_ms - ago_ms;
		return true;
	}
	if (s.len == strlen("2026-11-21")) {
		char midnight[] = "0000-00-00T00:00:00Z";
		memcpy(midnight, s.ptr, s.len);
		return voc_timestamp_parse(voc_str_from(midnight), ret_ms);
	}
	return voc_timestamp_parse(s, ret_ms);
}

static bool refuse(struct voc_error *error, const char *format, ...) __attribute__((format(printf, 2, 3)));

static bool refuse(struct voc_error *error, const char *format, ...)
{
	char text[sizeof error->text];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%s", text) == VOC_OK;
}

static bool refuse_unknown(const struct vocctl_command *command, struct voc_str name, struct voc_error *error)
{
	struct voc_suggestion suggestion;
	voc_suggestion_begin(&suggestion, name);
	for (size_t i = 0; i < command->flag_count; i++)
		voc_suggestion_offer(&suggestion, command->flags[i].name);
	if (suggestion.nearest[0] == '\0')
		return refuse(error, "%s: no such flag; 'vocctl help %s' lists them", command->name, command->name);
	return refuse(error, "%s: --%.40s: no such flag; did you mean --%s?", command->name, name.ptr,
	              suggestion.nearest);
}

static bool value_parse(const struct vocctl_flag *flag, const char *text, int64_t now_ms, struct vocctl_value *value,
                        struct voc_error *error)
{
	value->given = true;
	value->text = text;
	if (flag->type == VOCCTL_TIME && !vocctl_time_parse(voc_str_from(text), now_ms, &value->number))
		return refuse(error, "--%s: not a time (RFC 3339, a date, or how long ago: 30m, 2h, 7d)", flag->name);
	if (flag->type != VOCCTL_COUNT)
		return true;
	if (!voc_str_to_i64(voc_str_from(text), &value->number) || value->number < flag->least ||
	    value->number > flag->most)
		return refuse(error, "--%s: a number from %lld to %lld is wanted", flag->name, (long long)flag->least,
		              (long long)flag->most);
	return true;
}

/* Reads the flag at argv[*index], and steps over its value if that is an argument of its own. */
static bool flag_parse(const struct vocctl_command *command, int argc, char **argv, int *index, int64_t now_ms,
                       struct vocctl_arguments *arguments, struct voc_error *error)
{
	struct voc_str name = flag_name(argv[*index]);
	size_t i = 0;
	while (i < command->flag_count && !voc_str_is(name, command->flags[i].name))
		i++;
	if (i == command->flag_count)
		return refuse_unknown(command, name, error);
	const struct vocctl_flag *flag = &command->flags[i];
	const char *text = name.ptr[name.len] == '=' ? name.ptr + name.len + 1 : NULL;
	if (flag->type == VOCCTL_SWITCH) {
		arguments->flags[i].given = true;
		return text == NULL || refuse(error, "--%s takes no value", flag->name);
	}
	if (text == NULL && *index + 1 < argc)
		text = argv[++*index];
	if (text == NULL)
		return refuse(error, "--%s wants a value: %s", flag->name, flag->value);
	return value_parse(flag, text, now_ms, &arguments->flags[i], error);
}

static bool operand_count_is_right(const struct vocctl_command *command, size_t count, struct voc_error *error)
{
	if (count >= command->operands_least && count <= command->operands_most)
		return true;
	return refuse(error, "usage: vocctl %s %s", command->name, command->synopsis != NULL ? command->synopsis : "");
}

bool vocctl_arguments_parse(const struct vocctl_command *command, int argc, char **argv, int64_t now_ms,
                            struct vocctl_arguments *ret_arguments, struct voc_error *error)
{
	*ret_arguments = (struct vocctl_arguments){ 0 };
	bool flags_ended = false;
	size_t operands = 0;
	for (size_t i = 0; i < command->flag_count; i++)
		ret_arguments->flags[i].number = command->flags[i].initial;
	for (int i = 1; i < argc; i++) {
		if (!flags_ended && strcmp(argv[i], "--") == 0) {
			flags_ended = true;
		} else if (!flags_ended && flag_name(argv[i]).len > 0) {
			if (!flag_parse(command, argc, argv, &i, now_ms, ret_arguments, error))
				return false;
		} else {
			if (operands < VOCCTL_OPERANDS_MAX)
				ret_arguments->operands[operands] = argv[i];
			operands++;
		}
	}
	ret_arguments->operand_count = operands;
	return operand_count_is_right(command, operands, error);
}
