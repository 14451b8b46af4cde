#include "vocctl/commands.h"

#include "base/clock.h"
#include "base/timestamp.h"
#include "core/record/topic.h"
#include "io/service/signals.h"
#include "send_route.h"
#include "vocctl/shared/lines.h"
#include "vocctl/shared/progress.h"
#include "vocctl/shared/sender.h"

#include <errno.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#define REFUSALS_TOLD 20
#define ARENA_BYTES   (4 << 20)

enum { FLAG_RATE, FLAG_REBASE, FLAG_AS_IS, FLAG_RAW, FLAG_COUNT };

static const struct vocctl_flag flags[FLAG_COUNT] = {
	[FLAG_RATE] = { "rate", VOCCTL_COUNT, "N", 1, 10000000, 0, "Events a second, at most" },
	[FLAG_REBASE] = { "rebase-time", VOCCTL_SWITCH, NULL, 0, 0, 0,
	                  "Shift the events' times so that the last one is now" },
	[FLAG_AS_IS] = { "as-is", VOCCTL_SWITCH, NULL, 0, 0, 0,
	                 "Send lines that are no valid events, too: by their type, else to web" },
	[FLAG_RAW] = { "raw", VOCCTL_TEXT, "TOPIC", 0, 0, 0, "Send every line as it is to this topic (its full name)" },
};

/* One run of the command. */
struct run {
	const struct voc_conf *conf;
	const struct vocctl_arguments *arguments;
	struct vocctl_lines lines;
	struct vocctl_sender sender;
	struct vocctl_progress progress;
	struct voc_arena *arena;
	struct voc_buf rebased;
	int64_t shift_ms; /* added to each event's time */
	int64_t per_topic[VOC_INPUT_TOPIC_COUNT];
	int64_t refused;
	char topics[VOC_INPUT_TOPIC_COUNT][VOC_TOPIC_NAME_SIZE];
};

static void refuse(struct run *run, const char *why)
{
	run->refused++;
	if (run->refused <= REFUSALS_TOLD)
		fprintf(stderr, "vocctl send: line %lld was not sent: %s\n", (long long)run->lines.number, why);
	else if (run->refused == REFUSALS_TOLD + 1)
		fprintf(stderr, "vocctl send: more lines were not sent; the rest is only counted\n");
}

/* A pipe can be read once only: its lines are kept in a file for the second pass. */
static FILE *spool(FILE *input)
{
	char chunk[65536];
	FILE *copy = tmpfile();
	size_t count;
	while (copy != NULL && (count = fread(chunk, 1, sizeof chunk, input)) > 0) {
		if (fwrite(chunk, 1, count, copy) != count)
			break;
	}
	if (copy == NULL || ferror(input) || ferror(copy) || fflush(copy) != 0 ||
	    lseek(fileno(copy), 0, SEEK_SET) != 0) {
		if (copy != NULL)
			fclose(copy);
		return NULL;
	}
	return copy;
}

/* The latest time among the events; false if there is none, or reading fails. */
static bool find_last_time(FILE *file, struct voc_arena *arena, int64_t *ret_ms)
{
	struct vocctl_lines lines;
	struct voc_str line;
	enum vocctl_line got;
	bool found = false;
	if (!vocctl_lines_init(&lines, file))
		return false;
	while ((got = vocctl_lines_next(&lines, &line)) != VOCCTL_LINE_END && got != VOCCTL_LINE_FAILED) {
		struct send_route route;
		struct voc_error ignored = { 0 };
		voc_arena_reset(arena);
		if (got != VOCCTL_LINE_READ || send_route_find(line, arena, &route, &ignored) != VOC_OK ||
		    route.time.ptr == NULL)
			continue;
		*ret_ms = !found || route.time_ms > *ret_ms ? route.time_ms : *ret_ms;
		found = true;
	}
	vocctl_lines_free(&lines);
	return found;
}

/* The line with its time shifted; all other bytes stay. */
static struct voc_str rebase(struct run *run, struct voc_str line, const struct send_route *route)
{
	if (run->shift_ms == 0 || route->time.ptr == NULL)
		return line;
	char time[VOC_TIMESTAMP_SIZE];
	size_t before = (size_t)(route->time.ptr - line.ptr);
	voc_timestamp_format(route->time_ms + run->shift_ms, time);
	voc_buf_clear(&run->rebased);
	voc_buf_add(&run->rebased, line.ptr, before);
	voc_buf_add_str(&run->rebased, voc_str_from(time));
	voc_buf_add(&run->rebased, line.ptr + before + route->time.len, line.len - before - route->time.len);
	return run->rebased.failed ? line : voc_buf_str(&run->rebased);
}

static enum voc_status send_line(struct run *run, struct voc_str line, struct voc_error *error)
{
	const struct vocctl_value *given = run->arguments->flags;
	struct send_route route = { 0 };
	struct voc_error why = { 0 };
	struct voc_outgoing record = { .partition = VOC_PARTITION_BY_KEY, .value = line };
	voc_arena_reset(run->arena);
	if (given[FLAG_RAW].given) {
		record.topic = given[FLAG_RAW].text;
	} else {
		if (send_route_find(line, run->arena, &route, &why) != VOC_OK && !given[FLAG_AS_IS].given) {
			refuse(run, why.text);
			return VOC_OK;
		}
		record.topic = run->topics[route.topic];
		record.key = route.key;
		record.value = rebase(run, line, &route);
	}
	enum voc_status status = vocctl_sender_send(&run->sender, &record, error);
	if (status == VOC_INVALID) {
		refuse(run, error->text);
		voc_error_clear(error);
		return VOC_OK;
	}
	if (status == VOC_OK)
		run->per_topic[route.topic]++;
	return status;
}

static enum voc_status wait_for_turn(struct run *run, struct voc_error *error)
{
	int64_t rate = run->arguments->flags[FLAG_RATE].number;
	if (rate == 0)
		return VOC_OK;
	int64_t due_us = run->progress.began_us + run->sender.sent * 1000000 / rate;
	return vocctl_sender_pause(&run->sender, due_us, error);
}

static enum voc_status send_all(struct run *run, struct voc_error *error)
{
	enum voc_status status = VOC_OK;
	struct voc_str line;
	enum vocctl_line got;
	while (status == VOC_OK && (got = vocctl_lines_next(&run->lines, &line)) != VOCCTL_LINE_END) {
		if (got == VOCCTL_LINE_FAILED)
			return voc_error_set(error, VOC_FATAL, VOC_REASON_INTERNAL, -1, "reading failed: %s",
			                     strerror(errno));
		if (got == VOCCTL_LINE_TOO_LONG)
			refuse(run, "it is longer than 1 MB");
		else if (line.len > 0)
			status = send_line(run, line, error);
		if (status == VOC_OK)
			status = wait_for_turn(run, error);
		vocctl_progress_show(&run->progress, run->lines.bytes, run->sender.sent);
	}
	if (status == VOC_OK && run->lines.stopped)
		return voc_error_set(error, VOC_RETRY, VOC_REASON_INTERNAL, -1, "stopped by a signal");
	return status;
}

static void print_summary(struct run *run)
{
	int64_t ms = vocctl_progress_ms(&run->progress);
	fprintf(stderr, "sent %lld", (long long)run->sender.sent);
	const char *between = " (";
	for (int i = 0; i < VOC_INPUT_TOPIC_COUNT && !run->arguments->flags[FLAG_RAW].given; i++) {
		if (i >= VOC_RAW_TOPIC_COUNT && run->per_topic[i] == 0)
			continue;
		fprintf(stderr, "%s%s %lld", between, run->topics[i], (long long)run->per_topic[i]);
		between = ", ";
	}
	if (!run->arguments->flags[FLAG_RAW].given)
		fputc(')', stderr);
	fprintf(stderr, " in %lld.%01lld s, %lld/s; ", (long long)(ms / 1000), (long long)(ms / 100 % 10),
	        (long long)(run->sender.sent * 1000 / ms));
	if (run->sender.acknowledged == run->sender.sent)
		fprintf(stderr, "all acknowledged");
	else
		fprintf(stderr, "ONLY %lld ACKNOWLEDGED", (long long)run->sender.acknowledged);
	if (run->refused > 0)
		fprintf(stderr, "; %lld lines were not sent", (long long)run->refused);
	fputc('\n', stderr);
}

static bool prepare(struct run *run, FILE *file, struct voc_error *error)
{
	struct stat about;
	for (int i = 0; i < VOC_INPUT_TOPIC_COUNT; i++)
		voc_topic_name(run->topics[i], run->conf->topic_prefix, (enum voc_topic)i);
	voc_buf_init(&run->rebased, VOCCTL_LINE_MAX + VOC_TIMESTAMP_SIZE);
	run->arena = voc_arena_new(ARENA_BYTES);
	if (run->arena == NULL || !vocctl_lines_init(&run->lines, file)) {
		voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "out of memory");
		return false;
	}
	int64_t last_ms;
	if (run->arguments->flags[FLAG_REBASE].given && find_last_time(file, run->arena, &last_ms))
		run->shift_ms = voc_clock_wall_ms() - last_ms;
	if (run->arguments->flags[FLAG_REBASE].given && lseek(fileno(file), 0, SEEK_SET) != 0) {
		voc_error_set(error, VOC_FATAL, VOC_REASON_INTERNAL, -1, "reading again failed: %s", strerror(errno));
		return false;
	}
	bool sized = fstat(fileno(file), &about) == 0 && S_ISREG(about.st_mode);
	vocctl_progress_begin(&run->progress, sized ? about.st_size : 0, "sent");
	return voc_signals_install(error) == VOC_OK && vocctl_sender_open(&run->sender, run->conf, error) == VOC_OK;
}

static int send_file(const struct voc_conf *conf, const struct vocctl_arguments *arguments, FILE *file)
{
	struct run run = { .conf = conf, .arguments = arguments };
	struct voc_error error = { 0 };
	enum voc_status status = VOC_FATAL;
	if (prepare(&run, file, &error)) {
		status = send_all(&run, &error);
		/* After a signal too: what was sent is to be known. */
		enum voc_status drained = status == VOC_FATAL ? VOC_FATAL : vocctl_sender_drain(&run.sender, &error);
		status = status == VOC_OK ? drained : status;
		vocctl_progress_end(&run.progress);
		print_summary(&run);
	}
	if (status != VOC_OK)
		fprintf(stderr, "vocctl send: %s\n", error.text);
	vocctl_sender_close(&run.sender);
	vocctl_lines_free(&run.lines);
	voc_buf_free(&run.rebased);
	voc_arena_free(run.arena);
	return status == VOC_OK && run.refused == 0 ? VOCCTL_OK : VOCCTL_FAILED;
}

static int run(const struct voc_conf *conf, const struct vocctl_arguments *arguments)
{
	bool is_standard_input = strcmp(arguments->operands[0], "-") == 0;
	FILE *file = is_standard_input ? stdin : fopen(arguments->operands[0], "re");
	if (file != NULL && arguments->flags[FLAG_REBASE].given && lseek(fileno(file), 0, SEEK_CUR) < 0) {
		FILE *copy = spool(file);
		if (!is_standard_input)
			fclose(file);
		file = copy;
	}
	if (file == NULL) {
		fprintf(stderr, "vocctl send: %s: %s\n", arguments->operands[0], strerror(errno));
		return VOCCTL_FAILED;
	}
	int status = send_file(conf, arguments, file);
	if (file != stdin)
		fclose(file);
	return status;
}

const struct vocctl_command vocctl_command_send = {
	.name = "send",
	.synopsis = "FILE|-",
	.operands_least = 1,
	.operands_most = 1,
	.summary = "Send raw events and facts, one a line, to the topic of their type",
	.description =
	        "voc.call goes to <prefix>calls, voc.web to web, voc.complaint to complaints, voc.profile to "
	        "profiles,\n"
	        "voc.order to orders, voc.followup to followups, keyed by data.customer_id.\n"
	        "A line that names no such type or no customer is refused, and told with its number; the others are\n"
	        "sent all the same, and the exit status is 1.\n",
	.flags = flags,
	.flag_count = FLAG_COUNT,
	.run = run,
};
