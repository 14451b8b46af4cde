#include "support/scenario.h"

#include "base/clock.h"
#include "core/record/dead_letter.h"
#include "io/kafka/kafka_admin.h"
#include "io/kafka/kafka_reader.h"
#include "support/classified_maker.h"
#include "support/pause.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PACE_MS 30000 /* between two events; the longest log takes 25 hours, within the rollups' retention */

void scenario_open(struct scenario *scenario, int partitions)
{
	*scenario = (struct scenario){ .folder = "/tmp/voc-scenario-XXXXXX", .partitions = partitions };
	assert_non_null(mkdtemp(scenario->folder));
	scenario->start_ms = voc_clock_wall_ms() - INT64_C(26) * 3600000;
	mock_kafka_start(&scenario->mock);
}

void scenario_close(struct scenario *scenario)
{
	mock_kafka_stop(&scenario->mock);
	rmdir(scenario->folder);
}

void scenario_begin(struct scenario *scenario)
{
	static int number;
	snprintf(scenario->prefix, sizeof scenario->prefix, "s%d.", ++number);
	scenario->redis_timeout = "1s";
	scenario->position_check = "200ms";
	scenario->accept_log_start = "no";
	scenario->rules_path = VOC_SOURCE_DIR "/deploy/rules.json";
	mock_kafka_topic(&scenario->mock, scenario_topic(scenario, "classified"), scenario->partitions);
	mock_kafka_topic(&scenario->mock, scenario_topic(scenario, "alerts"), 1);
	mock_kafka_topic(&scenario->mock, scenario_topic(scenario, "dlq"), 1);
}

const char *scenario_topic(const struct scenario *scenario, const char *name)
{
	static char full[2][64];
	static int which;
	which = !which;
	snprintf(full[which], sizeof full[which], "%s%s", scenario->prefix, name);
	return full[which];
}

static void become_aggregator(const struct scenario *scenario, const struct process *process, const char *redis_url,
                              const char *batch_records)
{
	char group[64];
	snprintf(group, sizeof group, "g%d-", (int)getpid());
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test leaves none behind */
	if (!freopen(process->log, "w", stderr))
		_exit(126);
	const char *const arguments[] = { "voc-aggregator",
		                          "--kafka-bootstrap",
		                          scenario->mock.conf.kafka_bootstrap,
		                          "--topic-prefix",
		                          scenario->prefix,
		                          "--group-prefix",
		                          group,
		                          "--redis-url",
		                          redis_url,
		                          "--redis-timeout",
		                          scenario->redis_timeout,
		                          "--rules",
		                          scenario->rules_path,
		                          "--http-addr",
		                          "off",
		                          "--position-check",
		                          scenario->position_check,
		                          "--due-interval",
		                          "0",
		                          "--accept-log-start",
		                          scenario->accept_log_start,
		                          "--batch-records",
		                          batch_records,
		                          NULL };
	execv(VOC_BINARY_DIR "/bin/voc-aggregator", (char *const *)(uintptr_t)arguments);
	_exit(127);
}

struct process scenario_start(const struct scenario *scenario, const char *redis_url, const char *batch_records)
{
	static int number;
	struct process process;
	snprintf(process.log, sizeof process.log, "%s/log%d", scenario->folder, ++number);
	process.pid = fork();
	assert_int_not_equal(process.pid, -1);
	if (process.pid == 0)
		become_aggregator(scenario, &process, redis_url, batch_records);
	return process;
}

int process_wait(struct process *process)
{
	int status;
	int64_t until_ms = voc_clock_ms() + SCENARIO_PATIENCE_MS;
	while (waitpid(process->pid, &status, WNOHANG) == 0) {
		if (voc_clock_ms() > until_ms)
			kill(process->pid, SIGKILL);
		test_pause_ms(10);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

void process_forget(const struct process *process)
{
	unlink(process->log);
}

void process_stop(struct process *process)
{
	kill(process->pid, SIGTERM);
	assert_int_equal(process_wait(process), 0);
	process_forget(process);
}

void process_kill(struct process *process)
{
	kill(process->pid, SIGKILL);
	process_wait(process);
	process_forget(process);
}

bool process_logged(const struct process *process, const char *text)
{
	static char content[1 << 20];
	FILE *file = fopen(process->log, "r");
	if (!file)
		return false; /* the process has yet to make it */
	size_t len = fread(content, 1, sizeof content - 1, file);
	fclose(file);
	content[len] = '\0';
	return strstr(content, text);
}

void scenario_send(const struct scenario *scenario, struct voc_producer *producer, int32_t partition, const char *key,
                   struct voc_str value, const char *source)
{
	struct voc_error error = { .position = -1 };
	struct voc_header header = { VOC_STR(VOC_SOURCE_HEADER), voc_str_from(source) };
	struct voc_outgoing record = { .topic = scenario_topic(scenario, "classified"),
		                       .partition = partition,
		                       .key = voc_str_from(key),
		                       .value = value,
		                       .headers = &header,
		                       .header_count = source ? 1 : 0 };
	if (voc_producer_send(producer, &record, &error) != VOC_OK)
		fail_msg("%s", error.text);
}

void scenario_write_log(struct scenario *scenario, int from, int count)
{
	struct voc_producer *producer = mock_producer(&scenario->mock);
	struct voc_buf value;
	voc_buf_init(&value, 1 << 20);
	for (int i = from; i < from + count; i++) {
		char id[32], customer[32], source[64];
		int who = i * 7 % SCENARIO_CUSTOMERS;
		snprintf(id, sizeof id, "e-%d", i % 50 == 49 ? i - SCENARIO_CUSTOMERS : i);
		snprintf(customer, sizeof customer, "C-%d", who);
		snprintf(source, sizeof source, "voc.calls/%d/%d", who % scenario->partitions, i % 60 == 59 ? 0 : i);
		struct made_event event = { id, customer, scenario->start_ms + (int64_t)i * PACE_MS, i % 3 != 0,
			                    i % 97 == 0 };
		make_classified(&value, &event);
		bool broken = i % 101 == 100;
		scenario_send(scenario, producer, who % scenario->partitions, customer,
		              broken ? VOC_STR("{\"no\":\"event\"}") : voc_buf_str(&value), source);
	}
	mock_flush(producer);
	voc_buf_free(&value);
	voc_producer_free(producer);
}

int64_t scenario_log_end(struct scenario *scenario)
{
	enum { PARTITIONS_MAX = 64 };
	struct voc_error error = { .position = -1 };
	struct voc_kafka_settings settings = mock_settings(&scenario->mock);
	struct voc_position positions[PARTITIONS_MAX] = { { .partition = 0 } };
	struct voc_watermarks marks[PARTITIONS_MAX];
	struct voc_admin *admin = NULL;
	size_t count = (size_t)scenario->partitions;
	for (size_t p = 0; p < count; p++) {
		voc_str_copy(positions[p].topic, sizeof positions[p].topic,
		             voc_str_from(scenario_topic(scenario, "classified")));
		positions[p].partition = (int32_t)p;
	}
	assert_int_equal(voc_admin_open(&settings, &admin, &error), VOC_OK);
	assert_int_equal(voc_admin_watermarks(admin, positions, count, marks, SCENARIO_PATIENCE_MS, &error), VOC_OK);
	voc_admin_free(admin);
	int64_t ends = 0;
	for (size_t p = 0; p < count; p++)
		ends += marks[p].high;
	return ends;
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

void dump_add(struct dump *dump, const char *key, struct voc_str name, struct voc_str value)
{
	assert_true(dump->count < DUMP_LINES_MAX);
	assert_int_not_equal(
	        asprintf(&dump->lines[dump->count++], "%s|%.*s|%.*s", key, VOC_STR_ARG(name), VOC_STR_ARG(value)), -1);
}

void dump_free(struct dump *dump)
{
	for (size_t i = 0; i < dump->count; i++)
		free(dump->lines[i]);
}

static void note_alert(struct alerts *alerts, const struct voc_message *message)
{
	struct voc_alert alert;
	struct voc_error error = { .position = -1 };
	struct voc_arena *arena = voc_arena_new(1 << 20);
	if (voc_alert_decode(message->value, arena, &alert, &error) != VOC_OK)
		fail_msg("%s", error.text);
	assert_true(voc_str_eq(message->key, alert.customer_id));
	alerts->records++;
	bool known = false;
	for (size_t i = 0; i < alerts->count; i++)
		known = known || voc_str_is(alert.id, alerts->ids[i]);
	assert_true(alerts->count < ALERTS_MAX);
	if (!known)
		voc_str_copy(alerts->ids[alerts->count++], VOC_ALERT_ID_SIZE, alert.id);
	voc_arena_free(arena);
}

void scenario_read_topic(struct scenario *scenario, const char *name, message_fn *each, void *context)
{
	struct voc_error error = { .position = -1 };
	struct voc_message message = { 0 };
	struct voc_position from = { .partition = 0, .offset = VOC_OFFSET_BEGINNING };
	struct voc_kafka_settings settings = mock_settings(&scenario->mock);
	struct voc_watermarks marks;
	struct voc_reader *reader = NULL;
	struct voc_admin *admin = NULL;
	voc_str_copy(from.topic, sizeof from.topic, voc_str_from(name));
	assert_int_equal(voc_admin_open(&settings, &admin, &error), VOC_OK);
	assert_int_equal(voc_admin_watermarks(admin, &from, 1, &marks, SCENARIO_PATIENCE_MS, &error), VOC_OK);
	assert_int_equal(voc_reader_open(&settings, &from, &marks.high, 1, &reader, &error), VOC_OK);
	enum voc_poll outcome;
	while ((outcome = voc_reader_next(reader, SCENARIO_PATIENCE_MS, &message, &error)) == VOC_POLL_RECORD) {
		each(context, &message);
		voc_message_release(&message);
	}
	assert_int_equal(outcome, VOC_POLL_END);
	voc_reader_free(reader);
	voc_admin_free(admin);
}

static void each_alert(void *context, const struct voc_message *message)
{
	note_alert(context, message);
}

void scenario_alerts(struct scenario *scenario, struct alerts *ret_alerts)
{
	memset(ret_alerts, 0, sizeof *ret_alerts);
	scenario_read_topic(scenario, scenario_topic(scenario, "alerts"), each_alert, ret_alerts);
}

void dump_sort(struct dump *dump)
{
	qsort(dump->lines, dump->count, sizeof *dump->lines, compare_lines);
}

void dump_hold(const struct dump *disturbed, const struct dump *calm)
{
	for (size_t i = 0; i < calm->count && i < disturbed->count; i++)
		assert_string_equal(disturbed->lines[i], calm->lines[i]);
	assert_int_equal(disturbed->count, calm->count);
}
