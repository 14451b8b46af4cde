#include "commands.h"

#include "base/clock.h"
#include "base/process_guard.h"
#include "io/kafka/kafka.h"
#include "io/redis/redis_url.h"

#include <locale.h>
#include <stdio.h>
#include <unistd.h>

static int fail(const char *format, ...) __attribute__((format(printf, 1, 2)));

static int fail(const char *format, ...)
{
	va_list arguments;
	fputs("vocctl: ", stderr);
	va_start(arguments, format);
	vfprintf(stderr, format, arguments);
	va_end(arguments);
	fputc('\n', stderr);
	return VOCCTL_USAGE;
}

static int print_and_free(struct voc_buf *buf)
{
	fputs(voc_buf_c_str(buf), stdout);
	voc_buf_free(buf);
	return VOCCTL_OK;
}

static int print_help(const struct vocctl_command *command)
{
	struct voc_buf buf;
	voc_buf_init(&buf, 65536);
	vocctl_help(&buf, command);
	return print_and_free(&buf);
}

static int print_conf(const struct voc_conf *conf)
{
	struct voc_buf buf;
	voc_buf_init(&buf, 65536);
	voc_conf_print(&buf, conf, VOC_PROGRAM_VOCCTL);
	return print_and_free(&buf);
}

static int unknown_command(const char *name)
{
	char nearest[64];
	if (vocctl_command_suggest(name, nearest, sizeof nearest))
		return fail("no such command; did you mean '%s'?", nearest);
	return fail("no such command; 'vocctl help' lists them");
}

static int run_command(const struct voc_conf *conf, bool help)
{
	char **argv = conf->arguments;
	int argc = conf->argument_count;
	if (argc > 0 && strcmp(argv[0], "help") == 0) {
		help = true;
		argv++;
		argc--;
	}
	if (argc == 0) {
		print_help(NULL);
		return help ? VOCCTL_OK : VOCCTL_USAGE;
	}
	const struct vocctl_command *command = vocctl_command_find(argv[0]);
	if (command == NULL)
		return unknown_command(argv[0]);
	if (help)
		return print_help(command);

	struct vocctl_arguments arguments;
	struct voc_error error = { 0 };
	if (!vocctl_arguments_parse(command, argc, argv, voc_clock_wall_ms(), &arguments, &error))
		return fail("%s", error.text);
	return command->run(conf, &arguments);
}

/* What can be told without asking anybody; the rest is the doctor's. */
static int check_conf(const struct voc_conf *conf)
{
	struct voc_redis_url url;
	struct voc_error error = { 0 };
	if (voc_redis_url_parse(conf->redis_url, &url, &error) != VOC_OK)
		return fail("%s", error.text);
	puts("the configuration is fine; vocctl doctor looks at what it names");
	return VOCCTL_OK;
}

static int act(const struct voc_conf *conf, enum voc_conf_action action)
{
	switch (action) {
	case VOC_CONF_VERSION: puts("vocctl " VOC_VERSION); return VOCCTL_OK;
	case VOC_CONF_PRINT: return print_conf(conf);
	case VOC_CONF_HEALTHCHECK: /* the parser refuses it */ return VOCCTL_USAGE;
	case VOC_CONF_CHECK: return check_conf(conf);
	case VOC_CONF_HELP: return run_command(conf, true);
	case VOC_CONF_RUN: break;
	}
	return run_command(conf, false);
}

/* Data that could not be written (a full disk) must not end in success. */
static int flush_output(int status)
{
	if (fflush(stdout) == 0 && ferror(stdout) == 0)
		return status;
	fail("standard output could not be written");
	return status == VOCCTL_OK ? VOCCTL_FAILED : status;
}

int main(int argc, char **argv)
{
	struct voc_conf conf;
	struct voc_error error = { 0 };
	enum voc_conf_action action;
	voc_process_guard();
	setlocale(LC_CTYPE, "C.UTF-8"); /* for the width of characters */
	if (voc_conf_load(&conf, VOC_PROGRAM_VOCCTL, argc, argv, environ, &action, &error) != VOC_OK)
		return fail("%s", error.text);
	int status = flush_output(act(&conf, action));
	if (voc_kafka_left_alone()) /* its threads still use what exit() and the return from here would take down */
		_exit(status);
	voc_conf_free(&conf);
	return status;
}
