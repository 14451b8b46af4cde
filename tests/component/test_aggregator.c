/*
 * voc-aggregator as a process, between librdkafka's mock cluster and a redis-server of the test's own.
 *
 * Each scenario disturbs the aggregator while it works through a log, and then holds Redis against what an undisturbed
 * run over the same log leaves in another database. A group of its own for each process saves waiting for the mock's
 * session time-outs, and shows that the position in Redis alone says where to go on.
 */
#include "base/clock.h"
#include "core/alert.h"
#include "core/dead_letter.h"
#include "io/kafka_admin.h"
#include "io/kafka_reader.h"
#include "support/classified_maker.h"
#include "support/examples.h"
#include "support/mock_kafka.h"
#include "support/pause.h"
#include "support/redis_server.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define PARTITIONS  3
#define PATIENCE_MS 30000
#define CUSTOMERS   40
#define PACE_MS     30000 /* between two events; the longest log takes 25 hours, within the rollups' retention */

static struct mock_kafka mock;
static struct redis_server server;
static int scenario; /* numbers the topics' prefixes */
static char prefix[32];
static const char *redis_timeout, *accept_log_start, *rules_path;
static int64_t start_ms; /* of the events' time */

struct process {
	pid_t pid;
	char log[128]; /* its standard error */
};

static int start(void **state)
{
	(void)state;
	start_ms = voc_clock_wall_ms() - INT64_C(26) * 3600000;
	mock_kafka_start(&mock);
	redis_server_start(&server, NULL);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	mock_kafka_stop(&mock);
	redis_server_stop(&server);
	return 0;
}

static const char *topic(const char *name)
{
	static char full[2][64];
	static int which;
	which = !which;
	snprintf(full[which], sizeof full[which], "%s%s", prefix, name);
	return full[which];
}

static int begin(void **state)
{
	(void)state;
	snprintf(prefix, sizeof prefix, "s%d.", ++scenario);
	redis_timeout = "1s";
	accept_log_start = "no";
	rules_path = VOC_SOURCE_DIR "/deploy/rules.json";
	mock_kafka_topic(&mock, topic("classified"), PARTITIONS);
	mock_kafka_topic(&mock, topic("alerts"), 1);
	mock_kafka_topic(&mock, topic("dlq"), 1);
	REDIS_DO(&server, "FLUSHALL");
	return 0;
}

static void become_aggregator(const struct process *process, int database, const char *batch_records)
{
	static int groups;
	char url[160], group[64];
	snprintf(url, sizeof url, "%s?db=%d", server.url, database);
	snprintf(group, sizeof group, "g%d-%d-", (int)getpid(), groups++);
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test leaves none behind */
	if (!freopen(process->log, "w", stderr))
		_exit(126);
	const char *const arguments[] = { "voc-aggregator",
		                          "--kafka-bootstrap",
		                          mock.conf.kafka_bootstrap,
		                          "--topic-prefix",
		                          prefix,
		                          "--group-prefix",
		                          group,
		                          "--redis-url",
		                          url,
		                          "--redis-timeout",
		                          redis_timeout,
		                          "--rules",
		                          rules_path,
		                          "--http-addr",
		                          "off",
		                          "--position-check",
		                          "200ms",
		                          "--accept-log-start",
		                          accept_log_start,
		                          "--batch-records",
		                          batch_records,
		                          NULL };
	execv(VOC_BINARY_DIR "/bin/voc-aggregator", (char *const *)(uintptr_t)arguments);
	_exit(127);
}

static struct process start_aggregator(int database, const char *batch_records)
{
	static int number;
	struct process process;
	snprintf(process.log, sizeof process.log, "%s/log%d", server.folder, number++);
	process.pid = fork();
	assert_int_not_equal(process.pid, -1);
	if (process.pid == 0)
		become_aggregator(&process, database, batch_records);
	return process;
}

static int wait_exit(struct process *process)
{
	int status;
	int64_t until_ms = voc_clock_ms() + PATIENCE_MS;
	while (waitpid(process->pid, &status, WNOHANG) == 0) {
		if (voc_clock_ms() > until_ms)
			kill(process->pid, SIGKILL);
		test_pause_ms(10);
	}
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static void forget_log(const struct process *process)
{
	unlink(process->log);
}

static void stop_aggregator(struct process *process)
{
	kill(process->pid, SIGTERM);
	assert_int_equal(wait_exit(process), 0);
	forget_log(process);
}

static void kill_aggregator(struct process *process)
{
	kill(process->pid, SIGKILL);
	wait_exit(process);
	forget_log(process);
}

static bool log_has(const struct process *process, const char *text)
{
	static char content[1 << 20];
	FILE *file = fopen(process->log, "r");
	assert_non_null(file);
	size_t len = fread(content, 1, sizeof content - 1, file);
	fclose(file);
	content[len] = '\0';
	return strstr(content, text);
}

static void select_database(int database)
{
	char digits[8];
	snprintf(digits, sizeof digits, "%d", database);
	REDIS_DO(&server, "SELECT", digits);
}

/* What all partitions' `field` of position adds up to. */
static int64_t sum_positions(const char *field)
{
	int64_t sum = 0;
	for (int p = 0; p < PARTITIONS; p++) {
		char key[32];
		int64_t value;
		snprintf(key, sizeof key, "voc:{%d}:position", p);
		if (voc_str_to_i64(voc_str_from(redis_server_hget(&server, key, field)), &value))
			sum += value;
	}
	return sum;
}

/* Records applied, but for the aggregators' own. */
static int64_t applied(void)
{
	return sum_positions("offset") - sum_positions("controls");
}

/* Until `records` were applied in this database, which stays selected. */
static void wait_applied(int database, int64_t records)
{
	int64_t until_ms = voc_clock_ms() + PATIENCE_MS;
	select_database(database);
	while (applied() < records) {
		if (voc_clock_ms() > until_ms)
			fail_msg("only %lld of %lld records were applied", (long long)applied(), (long long)records);
		test_pause_ms(5);
	}
}

/* Until everything in the log was applied in this database, which stays selected. */
static void wait_log_applied(int database)
{
	struct voc_error error = { .position = -1 };
	struct voc_kafka_settings settings = mock_settings(&mock);
	struct voc_position positions[PARTITIONS] = { { .partition = 0 } };
	struct voc_watermarks marks[PARTITIONS];
	struct voc_admin *admin = NULL;
	for (int32_t p = 0; p < PARTITIONS; p++) {
		voc_str_copy(positions[p].topic, sizeof positions[p].topic, voc_str_from(topic("classified")));
		positions[p].partition = p;
	}
	assert_int_equal(voc_admin_open(&settings, &admin, &error), VOC_OK);
	assert_int_equal(voc_admin_watermarks(admin, positions, PARTITIONS, marks, PATIENCE_MS, &error), VOC_OK);
	voc_admin_free(admin);
	int64_t ends = 0, until_ms = voc_clock_ms() + PATIENCE_MS;
	for (int32_t p = 0; p < PARTITIONS; p++)
		ends += marks[p].high;
	select_database(database);
	while (sum_positions("offset") < ends) {
		if (voc_clock_ms() > until_ms)
			fail_msg("only %lld of %lld records were applied", (long long)sum_positions("offset"),
			         (long long)ends);
		test_pause_ms(5);
	}
}

static void send_classified(struct voc_producer *producer, int32_t partition, const char *key, struct voc_str value,
                            const char *source)
{
	struct voc_error error = { .position = -1 };
	struct voc_header header = { VOC_STR(VOC_SOURCE_HEADER), voc_str_from(source) };
	struct voc_outgoing record = { .topic = topic("classified"),
		                       .partition = partition,
		                       .key = voc_str_from(key),
		                       .value = value,
		                       .headers = &header,
		                       .header_count = source ? 1 : 0 };
	if (voc_producer_send(producer, &record, &error) != VOC_OK)
		fail_msg("%s", error.text);
}

/*
 * A log of `count` records, some of them a sender's duplicates, a crash's copies, or broken; the same customer always
 * in the same partition. `from` continues an earlier log.
 */
static void write_log(int from, int count)
{
	struct voc_producer *producer = mock_producer(&mock);
	struct voc_buf value;
	voc_buf_init(&value, 1 << 20);
	for (int i = from; i < from + count; i++) {
		char id[32], customer[32], source[64];
		int who = i * 7 % CUSTOMERS;
		snprintf(id, sizeof id, "e-%d", i % 50 == 49 ? i - CUSTOMERS : i);
		snprintf(customer, sizeof customer, "C-%d", who);
		snprintf(source, sizeof source, "voc.calls/%d/%d", who % PARTITIONS, i % 60 == 59 ? 0 : i);
		struct made_event event = { id, customer, start_ms + (int64_t)i * PACE_MS, i % 3 != 0, i % 97 == 0 };
		make_classified(&value, &event);
		bool broken = i % 101 == 100;
		send_classified(producer, who % PARTITIONS, customer,
		                broken ? VOC_STR("{\"no\":\"event\"}") : voc_buf_str(&value), source);
	}
	mock_flush(producer);
	voc_buf_free(&value);
	voc_producer_free(producer);
}

static int compare_lines(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

#define LINES_MAX 100000
struct dump {
	char *lines[LINES_MAX];
	size_t count;
};

static void add_line(struct dump *dump, const char *key, struct voc_str name, struct voc_str value)
{
	assert_true(dump->count < LINES_MAX);
	assert_int_not_equal(
	        asprintf(&dump->lines[dump->count++], "%s|%.*s|%.*s", key, VOC_STR_ARG(name), VOC_STR_ARG(value)), -1);
}

/* Every field and member of the database that is selected, sorted. */
static void dump_database(struct dump *dump)
{
	struct dump keys = { .count = 0 };
	dump->count = 0;
	const struct voc_redis_reply *names = REDIS_DO(&server, "KEYS", "*");
	for (size_t i = 0; i < names->count; i++)
		keys.lines[keys.count++] = strndup(names->items[i]->str.ptr, names->items[i]->str.len);
	for (size_t i = 0; i < keys.count; i++) {
		bool sorted = strstr(keys.lines[i], ":at_risk");
		const struct voc_redis_reply *all =
		        sorted ? REDIS_DO(&server, "ZRANGE", keys.lines[i], "0", "-1", "WITHSCORES")
		               : REDIS_DO(&server, "HGETALL", keys.lines[i]);
		assert_int_equal(all->type, VOC_REDIS_ARRAY);
		for (size_t j = 0; j + 1 < all->count; j += 2)
			add_line(dump, keys.lines[i], all->items[j]->str, all->items[j + 1]->str);
		free(keys.lines[i]);
	}
	qsort(dump->lines, dump->count, sizeof *dump->lines, compare_lines);
}

static void free_dump(struct dump *dump)
{
	for (size_t i = 0; i < dump->count; i++)
		free(dump->lines[i]);
}

#define ALERTS_MAX 4000
struct alerts {
	char ids[ALERTS_MAX][VOC_ALERT_ID_SIZE];
	size_t count, records; /* different ones; all */
};

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

typedef void message_fn(void *context, const struct voc_message *message);

/* Every record that a topic of one partition has now. */
static void read_topic(const char *name, message_fn *each, void *context)
{
	struct voc_error error = { .position = -1 };
	struct voc_message message = { 0 };
	struct voc_position from = { .partition = 0, .offset = VOC_OFFSET_BEGINNING };
	struct voc_kafka_settings settings = mock_settings(&mock);
	struct voc_watermarks marks;
	struct voc_reader *reader = NULL;
	struct voc_admin *admin = NULL;
	voc_str_copy(from.topic, sizeof from.topic, voc_str_from(name));
	assert_int_equal(voc_admin_open(&settings, &admin, &error), VOC_OK);
	assert_int_equal(voc_admin_watermarks(admin, &from, 1, &marks, PATIENCE_MS, &error), VOC_OK);
	assert_int_equal(voc_reader_open(&settings, &from, &marks.high, 1, &reader, &error), VOC_OK);
	enum voc_poll outcome;
	while ((outcome = voc_reader_next(reader, PATIENCE_MS, &message, &error)) == VOC_POLL_RECORD) {
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

/* Database 0 is as an undisturbed run leaves database 1, and raised the same alerts. */
static void hold_against_a_calm_run(int64_t records)
{
	static struct dump disturbed, calm;
	static struct alerts before, after;
	wait_applied(0, records);
	wait_log_applied(0);
	memset(&before, 0, sizeof before);
	read_topic(topic("alerts"), each_alert, &before);
	struct process process = start_aggregator(1, "2000");
	wait_log_applied(1);
	stop_aggregator(&process);
	dump_database(&calm);
	select_database(0);
	dump_database(&disturbed);
	for (size_t i = 0; i < calm.count && i < disturbed.count; i++)
		assert_string_equal(disturbed.lines[i], calm.lines[i]);
	assert_int_equal(disturbed.count, calm.count);
	memset(&after, 0, sizeof after);
	read_topic(topic("alerts"), each_alert, &after);
	assert_in_range(before.count, 1, ALERTS_MAX);
	assert_int_equal(after.count, before.count);
	free_dump(&disturbed);
	free_dump(&calm);
}

struct letters {
	int count, bad_type, no_source;
};

static void each_letter(void *context, const struct voc_message *message)
{
	struct letters *letters = context;
	struct voc_header headers[VOC_MESSAGE_HEADERS_MAX];
	struct voc_dead_letter letter;
	size_t count = voc_message_headers(message, headers, VOC_MESSAGE_HEADERS_MAX);
	assert_true(voc_dead_letter_decode(headers, count, &letter));
	assert_true(voc_str_is(letter.origin_topic, topic("classified")));
	assert_true(voc_str_is(letter.service, "voc-aggregator"));
	letters->count++;
	letters->no_source += letter.reason == VOC_REASON_BAD_SOURCE_POSITION;
	letters->bad_type += letter.reason == VOC_REASON_MISSING_FIELD && voc_str_is(message->value, "{}");
}

/* What the group of this process has committed, over all partitions. */
static int64_t sum_committed(const struct process *process)
{
	struct voc_error error = { .position = -1 };
	struct voc_kafka_settings settings = mock_settings(&mock);
	struct voc_admin *admin = NULL;
	struct voc_position positions[PARTITIONS];
	char group[64];
	int64_t sum = 0;
	snprintf(group, sizeof group, "g%d-0-aggregator", (int)process->pid);
	for (int32_t p = 0; p < PARTITIONS; p++) {
		positions[p] = (struct voc_position){ .partition = p };
		voc_str_copy(positions[p].topic, sizeof positions[p].topic, voc_str_from(topic("classified")));
	}
	assert_int_equal(voc_admin_open(&settings, &admin, &error), VOC_OK);
	assert_int_equal(voc_admin_committed(admin, group, positions, PARTITIONS, PATIENCE_MS, &error), VOC_OK);
	for (int32_t p = 0; p < PARTITIONS; p++)
		sum += positions[p].offset > 0 ? positions[p].offset : 0;
	voc_admin_free(admin);
	return sum;
}

/* For lag tools: an owner before may have died between Redis' step and Kafka's commit, and no record may come. */
static void test_a_new_owner_commits_what_was_done_before(void **state)
{
	(void)state;
	write_log(0, 60);
	struct process process = start_aggregator(0, "2000");
	wait_applied(0, 60);
	kill_aggregator(&process);
	process = start_aggregator(0, "2000");
	int64_t until_ms = voc_clock_ms() + PATIENCE_MS;
	while (sum_committed(&process) < 60 && voc_clock_ms() < until_ms)
		test_pause_ms(100);
	assert_int_equal(sum_committed(&process), 60);
	stop_aggregator(&process);
}

static void test_each_record_is_counted_for_what_it_is(void **state)
{
	(void)state;
	struct voc_producer *producer = mock_producer(&mock);
	struct voc_buf value;
	voc_buf_init(&value, 65536);
	struct made_event event = { "e-1", "C-1", start_ms, true, true };
	make_classified(&value, &event);
	send_classified(producer, 0, "C-1", voc_buf_str(&value), "voc.calls/0/0");
	send_classified(producer, 0, "C-1", voc_buf_str(&value), "voc.calls/0/0"); /* a copy */
	send_classified(producer, 0, "C-1", voc_buf_str(&value), "voc.calls/0/1"); /* a duplicate */
	send_classified(producer, 0, "C-1", VOC_STR("{}"), "voc.calls/0/2");
	send_classified(producer, 0, "C-1", voc_buf_str(&value), NULL);
	mock_flush(producer);
	struct process process = start_aggregator(0, "2000");
	wait_applied(0, 5);
	stop_aggregator(&process);
	assert_int_equal(sum_positions("events"), 1);
	assert_int_equal(sum_positions("copies"), 1);
	assert_int_equal(sum_positions("duplicates"), 1);
	assert_int_equal(sum_positions("invalid"), 2);
	assert_string_equal(redis_server_hget(&server, "voc:{0}:customer:C-1", "complaint"), "1");
	assert_string_equal(redis_server_hget(&server, "voc:{0}:customer:C-1", "duplicates"), "1");
	assert_string_equal(redis_server_hget(&server, "voc:meta", "partitions"), "3");
	static struct alerts alerts;
	read_topic(topic("alerts"), each_alert, &alerts);
	assert_in_range(alerts.count, 1, VOC_RULE_COUNT);
	assert_int_equal(alerts.records, alerts.count);
	struct letters letters = { 0 };
	read_topic(topic("dlq"), each_letter, &letters);
	assert_int_equal(letters.count, 2);
	assert_int_equal(letters.no_source, 1);
	assert_int_equal(letters.bad_type, 1);
	voc_buf_free(&value);
	voc_producer_free(producer);
}

static void test_killed_it_goes_on_at_the_position(void **state)
{
	(void)state;
	write_log(0, 3000);
	struct process process = start_aggregator(0, "5");
	wait_applied(0, 100);
	kill_aggregator(&process);
	assert_in_range(applied(), 100, 2999);
	process = start_aggregator(0, "50");
	hold_against_a_calm_run(3000);
	stop_aggregator(&process);
}

static void test_an_emptied_redis_is_filled_again(void **state)
{
	(void)state;
	write_log(0, 1000);
	struct process process = start_aggregator(0, "100");
	wait_applied(0, 1000);
	wait_log_applied(0);
	REDIS_DO(&server, "FLUSHDB");
	wait_log_applied(0); /* found out on idle partitions */
	assert_true(log_has(&process, "position moved"));
	REDIS_DO(&server, "FLUSHDB");
	write_log(1000, 500); /* found out by a step */
	hold_against_a_calm_run(1500);
	stop_aggregator(&process);
}

static void test_redis_dies_and_comes_back_empty(void **state)
{
	(void)state;
	write_log(0, 3000);
	struct process process = start_aggregator(0, "10");
	wait_applied(0, 100);
	redis_server_kill(&server);
	test_pause_ms(1500); /* beyond the first tries: partitions are paused by now */
	redis_server_restart(&server);
	hold_against_a_calm_run(3000);
	assert_true(log_has(&process, "recovered"));
	stop_aggregator(&process);
}

static void test_a_hung_redis_is_waited_for(void **state)
{
	(void)state;
	struct process process = start_aggregator(0, "10");
	write_log(0, 100);
	wait_applied(0, 100);
	kill(server.pid, SIGSTOP);
	write_log(100, 900);
	test_pause_ms(2500); /* past its time-out */
	kill(server.pid, SIGCONT);
	hold_against_a_calm_run(1000);
	assert_true(log_has(&process, "trying again soon"));
	stop_aggregator(&process);
}

static void test_two_owners_never_count_twice(void **state)
{
	(void)state;
	struct process one = start_aggregator(0, "7"), two = start_aggregator(0, "11");
	for (int i = 0; i < 20; i++)
		write_log(i * 100, 100);
	hold_against_a_calm_run(2000);
	assert_true(log_has(&one, "position conflict") || log_has(&two, "position conflict"));
	stop_aggregator(&one);
	stop_aggregator(&two);
}

static void test_a_position_beyond_the_log_is_refused(void **state)
{
	(void)state;
	write_log(0, 10);
	struct process process = start_aggregator(0, "10");
	wait_applied(0, 10);
	stop_aggregator(&process);
	REDIS_DO(&server, "HSET", "voc:{1}:position", "offset", "1000000");
	process = start_aggregator(0, "10");
	assert_int_equal(wait_exit(&process), 1);
	assert_true(log_has(&process, "position_lost"));
	forget_log(&process);
}

/* The mock keeps 5 MB of a partition. */
static void overflow_partition(int32_t partition)
{
	static char value[100000];
	struct voc_producer *producer = mock_producer(&mock);
	for (uint64_t i = 0, noise = 1; i < sizeof value; i++) { /* that no compression makes smaller */
		noise = noise * UINT64_C(6364136223846793005) + 1442695040888963407;
		value[i] = (char)(noise >> 56);
	}
	for (int i = 0; i < 80; i++)
		send_classified(producer, partition, "C-1", voc_str_of(value, sizeof value), "voc.calls/0/0");
	mock_flush(producer);
	voc_producer_free(producer);
}

static void test_a_log_that_begins_after_the_position_is_refused(void **state)
{
	(void)state;
	overflow_partition(1);
	struct process process = start_aggregator(0, "10");
	assert_int_equal(wait_exit(&process), 1);
	assert_true(log_has(&process, "position_lost"));
	assert_true(log_has(&process, "VOC_ACCEPT_LOG_START"));
	forget_log(&process);
	accept_log_start = "yes";
	process = start_aggregator(0, "10");
	wait_applied(0, 80);
	assert_true(log_has(&process, "records are missing"));
	assert_in_range(sum_positions("invalid"), 1, 79);
	stop_aggregator(&process);
}

static void test_a_stop_does_not_wait_for_a_dead_redis(void **state)
{
	(void)state;
	write_log(0, 10);
	struct process process = start_aggregator(0, "10");
	wait_applied(0, 10);
	redis_server_kill(&server);
	write_log(10, 10);
	int64_t began_ms = voc_clock_ms();
	kill(process.pid, SIGTERM);
	assert_int_equal(wait_exit(&process), 0);
	assert_in_range(voc_clock_ms() - began_ms, 0, 5000);
	forget_log(&process);
	redis_server_restart(&server);
}

static void test_a_stop_does_not_wait_for_a_hung_redis(void **state)
{
	(void)state;
	redis_timeout = "30s";
	write_log(0, 10);
	struct process process = start_aggregator(0, "10");
	wait_applied(0, 10);
	kill(server.pid, SIGSTOP);
	write_log(10, 10);
	test_pause_ms(200); /* by now it waits for Redis */
	int64_t began_ms = voc_clock_ms();
	kill(process.pid, SIGTERM);
	int status = wait_exit(&process);
	kill(server.pid, SIGCONT);
	assert_int_equal(status, 0);
	assert_in_range(voc_clock_ms() - began_ms, 0, 4500);
	forget_log(&process);
}

/* deploy/rules.json with another weight for complaints. */
static const char *write_other_rules(void)
{
	static char path[200];
	struct voc_buf rules = example_read("deploy/rules.json");
	char *weight = strstr(voc_buf_c_str(&rules), "\"complaint\": 12");
	assert_non_null(weight);
	memcpy(weight, "\"complaint\": 60", 15);
	snprintf(path, sizeof path, "%s/rules.json", server.folder);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(rules.ptr, 1, rules.len, file), rules.len);
	assert_int_equal(fclose(file), 0);
	voc_buf_free(&rules);
	return path;
}

/* Each change of rules is in the log: an emptied Redis is filled under the same rules in turn, whoever fills it. */
static void test_a_change_of_rules_is_replayed(void **state)
{
	(void)state;
	const char *other = write_other_rules();
	write_log(0, 300); /* before there are any rules in the log */
	struct process process = start_aggregator(0, "50");
	wait_applied(0, 300);
	stop_aggregator(&process);
	assert_int_equal(sum_positions("controls"), PARTITIONS);
	assert_string_equal(redis_server_hget(&server, "voc:{1}:position", "rules_from"), "0");
	rules_path = other;
	process = start_aggregator(0, "50");
	wait_log_applied(0);
	while (sum_positions("controls") < 2 * PARTITIONS)
		test_pause_ms(5);
	write_log(300, 300);
	wait_applied(0, 600);
	kill_aggregator(&process);
	process = start_aggregator(0, "50"); /* under its own rules: nothing to write */
	write_log(600, 300);
	wait_applied(0, 900);
	stop_aggregator(&process);
	assert_int_equal(sum_positions("controls"), 2 * PARTITIONS);
	assert_int_equal(sum_positions("offset"), 900 + 2 * PARTITIONS);
	char from[32];
	voc_str_copy(from, sizeof from, voc_str_from(redis_server_hget(&server, "voc:{1}:position", "rules_from")));
	assert_string_not_equal(from, "0");
	hold_against_a_calm_run(900);
	assert_string_equal(redis_server_hget(&server, "voc:{1}:position", "rules_from"), from);
	unlink(other);
}

static void test_rules_that_are_none_are_dead_letters(void **state)
{
	(void)state;
	struct voc_producer *producer = mock_producer(&mock);
	struct process process = start_aggregator(0, "50");
	wait_log_applied(0);
	while (sum_positions("controls") < PARTITIONS)
		test_pause_ms(5);
	send_classified(producer, 1, NULL, VOC_STR("{\"specversion\":\"1.0\",\"type\":\"voc.rules\"}"), NULL);
	mock_flush(producer);
	wait_applied(0, 1);
	stop_aggregator(&process);
	assert_int_equal(sum_positions("invalid"), 1);
	assert_int_equal(sum_positions("controls"), PARTITIONS);
	assert_string_equal(redis_server_hget(&server, "voc:{1}:position", "rules_from"), "0");
	struct letters letters = { 0 };
	read_topic(topic("dlq"), each_letter, &letters);
	assert_int_equal(letters.count, 1);
	voc_producer_free(producer);
}

#define EACH(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_each_record_is_counted_for_what_it_is),
		EACH(test_a_new_owner_commits_what_was_done_before),
		EACH(test_killed_it_goes_on_at_the_position),
		EACH(test_an_emptied_redis_is_filled_again),
		EACH(test_redis_dies_and_comes_back_empty),
		EACH(test_a_hung_redis_is_waited_for),
		EACH(test_two_owners_never_count_twice),
		EACH(test_a_position_beyond_the_log_is_refused),
		EACH(test_a_log_that_begins_after_the_position_is_refused),
		EACH(test_a_change_of_rules_is_replayed),
		EACH(test_rules_that_are_none_are_dead_letters),
		EACH(test_a_stop_does_not_wait_for_a_dead_redis),
		EACH(test_a_stop_does_not_wait_for_a_hung_redis),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
