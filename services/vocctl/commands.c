#include "commands.h"

#include "conf/suggest.h"

#include <stdio.h>

/* clang-format off */
const struct vocctl_command *const vocctl_commands[] = {
	&vocctl_command_send,
	&vocctl_command_classify,
	&vocctl_command_customer,
	&vocctl_command_at_risk,
	&vocctl_command_case,
	&vocctl_command_lapsed,
	&vocctl_command_report,
	&vocctl_command_export,
	&vocctl_command_watch,
	&vocctl_command_dlq,
	&vocctl_command_forget,
	&vocctl_command_gen,
	&vocctl_command_label,
	&vocctl_command_corrections,
	&vocctl_command_rules,
	&vocctl_command_shadow,
	&vocctl_command_topics,
	&vocctl_command_doctor,
	&vocctl_command_verify,
	&vocctl_command_rebuild,
	NULL,
};
/* clang-format on */

const struct vocctl_command *vocctl_command_find(const char *name)
{
	for (size_t i = 0; vocctl_commands[i] != NULL; i++) {
		if (strcmp(vocctl_commands[i]->name, name) == 0)
			return vocctl_commands[i];
	}
	return NULL;
}

bool vocctl_command_suggest(const char *name, char *ret_nearest, size_t size)
{
	struct voc_suggestion suggestion;
	voc_suggestion_begin(&suggestion, voc_str_from(name));
	for (size_t i = 0; vocctl_commands[i] != NULL; i++)
		voc_suggestion_offer(&suggestion, vocctl_commands[i]->name);
	return voc_str_copy(ret_nearest, size, voc_str_from(suggestion.nearest)) > 0;
}

static void help_overview(struct voc_buf *buf)
{
	voc_buf_addf(buf, "usage: vocctl COMMAND [FLAGS] [OPERANDS]\n"
	                  "The tool in the hand for the voice-of-customer pipeline.\n\ncommands:\n");
	for (size_t i = 0; vocctl_commands[i] != NULL; i++)
		voc_buf_addf(buf, "  %-13s%s\n", vocctl_commands[i]->name, vocctl_commands[i]->summary);
	voc_buf_addf(buf, "  %-13s%s\n", "help", "Tell about a command: vocctl help COMMAND");
	voc_buf_addf(buf, "\nconfiguration, by flag or environment:\n");
	voc_conf_help(buf, VOC_PROGRAM_VOCCTL);
}

static void help_flag(struct voc_buf *buf, const struct vocctl_flag *flag)
{
	char left[40];
	snprintf(left, sizeof left, "--%s%s%s", flag->name, flag->value != NULL ? " " : "",
	         flag->value != NULL ? flag->value : "");
	voc_buf_addf(buf, "  %-20s%s", left, flag->help);
	if (flag->type == VOCCTL_COUNT && flag->initial != 0)
		voc_buf_addf(buf, " [%lld]", (long long)flag->initial);
	voc_buf_add_char(buf, '\n');
}

void vocctl_help(struct voc_buf *buf, const struct vocctl_command *command)
{
	if (command == NULL) {
		help_overview(buf);
		return;
	}
	voc_buf_addf(buf, "usage: vocctl %s%s%s%s\n%s.\n", command->name, command->flag_count > 0 ? " [FLAGS]" : "",
	             command->synopsis != NULL ? " " : "", command->synopsis != NULL ? command->synopsis : "",
	             command->summary);
	if (command->description != NULL)
		voc_buf_addf(buf, "\n%s", command->description);
	if (command->flag_count > 0)
		voc_buf_addf(buf, "\nflags:\n");
	for (size_t i = 0; i < command->flag_count; i++)
		help_flag(buf, &command->flags[i]);
}
