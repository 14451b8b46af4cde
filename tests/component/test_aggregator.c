/*
 * voc-aggregator as a process, between librdkafka's mock cluster and a redis-server of the test's own.
 *
 * Each scenario disturbs the aggregator while it works through a log, and then holds Redis against what an undisturbed
 * run over the same log leaves in another database.
 */
#include "base/clock.h"
#include "core/record/dead_letter.h"
#include "io/kafka/kafka_admin.h"
#include "support/classified_maker.h"
#include "support/examples.h"
#include "support/pause.h"
#include "support/redis_server.h"
#include "support/scenario.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define PARTITIONS 3

static struct redis_server server;
static struct scenario scenario;

static int start(void **state)
{
	(void)state;
	scenario_open(&scenario, PARTITIONS);
	redis_server_start(&server, NULL);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	scenario_close(&scenario);
	redis_server_stop(&server);
	return 0;
}

static const char *topic(const char *name)
{
	return scenario_topic(&scenario, name);
}

static int begin(void **state)
{
	(void)state;
	scenario_begin(&scenario);
	REDIS_DO(&server, "FLUSHALL");
	return 0;
}

static struct process start_aggregator(int database, const char *batch_records)
{
	char url[160];
	snprintf(url, sizeof url, "%s?db=%d", server.url, database);
	return scenario_start(&scenario, url, batch_records);
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
	int64_t until_ms = voc_clock_ms() + SCENARIO_PATIENCE_MS;
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
	int64_t ends = scenario_log_end(&scenario), until_ms = voc_clock_ms() + SCENARIO_PATIENCE_MS;
	select_database(database);
	while (sum_positions("offset") < ends) {
		if (voc_clock_ms() > until_ms)
			fail_msg("only %lld of %lld records were applied", (long long)sum_positions("offset"),
			         (long long)ends);
		test_pause_ms(5);
	}
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
		bool sorted = strstr(keys.lines[i], ":at_risk") || strstr(keys.lines[i], ":due");
		const struct voc_redis_reply *all =
		        sorted ? REDIS_DO(&server, "ZRANGE", keys.lines[i], "0", "-1", "WITHSCORES")
		               : REDIS_DO(&server, "HGETALL", keys.lines[i]);
		assert_int_equal(all->type, VOC_REDIS_ARRAY);
		for (size_t j = 0; j + 1 < all->count; j += 2)
			dump_add(dump, keys.lines[i], all->items[j]->str, all->items[j + 1]->str);
		free(keys.lines[i]);
	}
	dump_sort(dump);
}

/* Database 0 is as an undisturbed run leaves database 1, and raised the same alerts. */
static void hold_against_a_calm_run(int64_t records)
{
	static struct dump disturbed, calm;
	static struct alerts before, after;
	wait_applied(0, records);
	wait_log_applied(0);
	scenario_alerts(&scenario, &before);
	struct process process = start_aggregator(1, "2000");
	wait_log_applied(1);
	process_stop(&process);
	dump_database(&calm);
	select_database(0);
	dump_database(&disturbed);
	dump_hold(&disturbed, &calm);
	scenario_alerts(&scenario, &after);
	assert_in_range(before.count, 1, ALERTS_MAX);
	assert_int_equal(after.count, before.count);
	dump_free(&disturbed);
	dump_free(&calm);
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
	struct voc_kafka_settings settings = mock_settings(&scenario.mock);
	struct voc_admin *admin = NULL;
	struct voc_position positions[PARTITIONS];
	char group[64];
	int64_t sum = 0;
	snprintf(group, sizeof group, "g%d-aggregator", (int)process->pid);
	for (int32_t p = 0; p < PARTITIONS; p++) {
		positions[p] = (struct voc_position){ .partition = p };
		voc_str_copy(positions[p].topic, sizeof positions[p].topic, voc_str_from(topic("classified")));
	}
	assert_int_equal(voc_admin_open(&settings, &admin, &error), VOC_OK);
	assert_int_equal(voc_admin_committed(admin, group, positions, PARTITIONS, SCENARIO_PATIENCE_MS, &error),
	                 VOC_OK);
	for (int32_t p = 0; p < PARTITIONS; p++)
		sum += positions[p].offset > 0 ? positions[p].offset : 0;
	voc_admin_free(admin);
	return sum;
}

/* For lag tools: an owner before may have died between Redis' step and Kafka's commit, and no record may come. */
static void test_a_new_owner_commits_what_was_done_before(void **state)
{
	(void)state;
	scenario_write_log(&scenario, 0, 60);
	struct process process = start_aggregator(0, "2000");
	wait_applied(0, 60);
	process_kill(&process);
	process = start_aggregator(0, "2000");
	int64_t until_ms = voc_clock_ms() + SCENARIO_PATIENCE_MS;
	while (sum_committed(&process) < sum_positions("offset") && voc_clock_ms() < until_ms)
		test_pause_ms(100);
	assert_in_range(sum_committed(&process), 60, 60 + PARTITIONS); /* the rules' records may be among it */
	process_stop(&process);
}

static void test_each_record_is_counted_for_what_it_is(void **state)
{
	(void)state;
	struct voc_producer *producer = mock_producer(&scenario.mock);
	struct voc_buf value;
	voc_buf_init(&value, 65536);
	struct made_event event = { "e-1", "C-1", scenario.start_ms, true, true };
	make_classified(&value, &event);
	scenario_send(&scenario, producer, 0, "C-1", voc_buf_str(&value), "voc.calls/0/0");
	scenario_send(&scenario, producer, 0, "C-1", voc_buf_str(&value), "voc.calls/0/0"); /* a copy */
	scenario_send(&scenario, producer, 0, "C-1", voc_buf_str(&value), "voc.calls/0/1"); /* a duplicate */
	scenario_send(&scenario, producer, 0, "C-1", VOC_STR("{}"), "voc.calls/0/2");
	scenario_send(&scenario, producer, 0, "C-1", voc_buf_str(&value), NULL);
	mock_flush(producer);
	struct process process = start_aggregator(0, "2000");
	wait_applied(0, 5);
	process_stop(&process);
	assert_int_equal(sum_positions("events"), 1);
	assert_int_equal(sum_positions("copies"), 1);
	assert_int_equal(sum_positions("duplicates"), 1);
	assert_int_equal(sum_positions("invalid"), 2);
	assert_string_equal(redis_server_hget(&server, "voc:{0}:customer:C-1", "complaint"), "1");
	assert_string_equal(redis_server_hget(&server, "voc:{0}:customer:C-1", "duplicates"), "1");
	assert_string_equal(redis_server_hget(&server, "voc:meta", "partitions"), "3");
	static struct alerts alerts;
	scenario_alerts(&scenario, &alerts);
	assert_in_range(alerts.count, 1, VOC_RULE_COUNT);
	assert_int_equal(alerts.records, alerts.count);
	struct letters letters = { 0 };
	scenario_read_topic(&scenario, topic("dlq"), each_letter, &letters);
	assert_int_equal(letters.count, 2);
	assert_int_equal(letters.no_source, 1);
	assert_int_equal(letters.bad_type, 1);
	voc_buf_free(&value);
	voc_producer_free(producer);
}

static void test_killed_it_goes_on_at_the_position(void **state)
{
	(void)state;
	scenario_write_log(&scenario, 0, 3000);
	struct process process = start_aggregator(0, "5");
	wait_applied(0, 100);
	process_kill(&process);
	assert_in_range(applied(), 100, 2999);
	process = start_aggregator(0, "50");
	hold_against_a_calm_run(3000);
	process_stop(&process);
}

static void test_an_emptied_redis_is_filled_again(void **state)
{
	(void)state;
	scenario_write_log(&scenario, 0, 1000);
	struct process process = start_aggregator(0, "100");
	wait_applied(0, 1000);
	wait_log_applied(0);
	REDIS_DO(&server, "FLUSHDB");
	wait_log_applied(0); /* found out on idle partitions */
	assert_true(process_logged(&process, "position moved"));
	REDIS_DO(&server, "FLUSHDB");
	scenario_write_log(&scenario, 1000, 500); /* found out by a step */
	hold_against_a_calm_run(1500);
	process_stop(&process);
}

static void test_redis_dies_and_comes_back_empty(void **state)
{
	(void)state;
	scenario_write_log(&scenario, 0, 3000);
	struct process process = start_aggregator(0, "10");
	wait_applied(0, 100);
	redis_server_kill(&server);
	test_pause_ms(1500); /* beyond the first tries: partitions are paused by now */
	redis_server_restart(&server);
	hold_against_a_calm_run(3000);
	assert_true(process_logged(&process, "recovered"));
	process_stop(&process);
}

static void test_a_hung_redis_is_waited_for(void **state)
{
	(void)state;
	struct process process = start_aggregator(0, "10");
	scenario_write_log(&scenario, 0, 100);
	wait_applied(0, 100);
	kill(server.pid, SIGSTOP);
	scenario_write_log(&scenario, 100, 900);
	test_pause_ms(2500); /* past its time-out */
	kill(server.pid, SIGCONT);
	hold_against_a_calm_run(1000);
	assert_true(process_logged(&process, "trying again soon"));
	process_stop(&process);
}

static void wait_assigned(const struct process *process)
{
	int64_t until_ms = voc_clock_ms() + SCENARIO_PATIENCE_MS;
	while (!process_logged(process, "\"assigned\"") && voc_clock_ms() < until_ms)
		test_pause_ms(10);
	assert_true(process_logged(process, "\"assigned\""));
}

/* It found another one's step before its own: when it stored, or already when it read the customers. */
static bool met(const struct process *process)
{
	return process_logged(process, "position conflict");
}

static void test_two_owners_never_count_twice(void **state)
{
	(void)state;
	scenario.position_check = "1h"; /* or the slower one may look in time, each time, and never meet the other */
	struct process one = start_aggregator(0, "7"), two = start_aggregator(0, "11");
	wait_assigned(&one); /* or one of them is through before the other begins */
	wait_assigned(&two);
	int64_t until_ms = voc_clock_ms() + SCENARIO_PATIENCE_MS;
	int written = 0;
	while (written < 2000 || (!met(&one) && !met(&two) && voc_clock_ms() < until_ms)) {
		scenario_write_log(&scenario, written, 100);
		written += 100;
		if (written >= 2000)
			wait_applied(0, written);
	}
	hold_against_a_calm_run(written);
	assert_true(met(&one) || met(&two));
	process_stop(&one);
	process_stop(&two);
}

static void test_a_position_beyond_the_log_is_refused(void **state)
{
	(void)state;
	scenario_write_log(&scenario, 0, 10);
	struct process process = start_aggregator(0, "10");
	wait_applied(0, 10);
	process_stop(&process);
	REDIS_DO(&server, "HSET", "voc:{1}:position", "offset", "1000000");
	process = start_aggregator(0, "10");
	assert_int_equal(process_wait(&process), 1);
	assert_true(process_logged(&process, "position_lost"));
	process_forget(&process);
}

/* A leader that has just taken over tells an old end for a while: that is no reason to refuse. */
static void test_a_log_that_ends_too_early_for_now_is_waited_for(void **state)
{
	(void)state;
	scenario_write_log(&scenario, 0, 10);
	struct process process = start_aggregator(0, "10");
	wait_applied(0, 10);
	process_stop(&process);
	REDIS_DO(&server, "HINCRBY", "voc:{1}:position", "offset", "5");
	process = start_aggregator(0, "10");
	int64_t until_ms = voc_clock_ms() + SCENARIO_PATIENCE_MS;
	while (!process_logged(&process, "is said to end at") && voc_clock_ms() < until_ms)
		test_pause_ms(50);
	assert_true(process_logged(&process, "is said to end at"));
	scenario_write_log(&scenario, 10, 100);
	wait_log_applied(0);
	assert_false(process_logged(&process, "position_lost"));
	process_stop(&process);
}

/* The mock keeps 5 MB of a partition. */
static void overflow_partition(int32_t partition)
{
	static char value[100000];
	struct voc_producer *producer = mock_producer(&scenario.mock);
	for (uint64_t i = 0, noise = 1; i < sizeof value; i++) { /* that no compression makes smaller */
		noise = noise * UINT64_C(6364136223846793005) + 1442695040888963407;
		value[i] = (char)(noise >> 56);
	}
	for (int i = 0; i < 80; i++)
		scenario_send(&scenario, producer, partition, "C-1", voc_str_of(value, sizeof value), "voc.calls/0/0");
	mock_flush(producer);
	voc_producer_free(producer);
}

static void test_a_log_that_begins_after_the_position_is_refused(void **state)
{
	(void)state;
	overflow_partition(1);
	struct process process = start_aggregator(0, "10");
	assert_int_equal(process_wait(&process), 1);
	assert_true(process_logged(&process, "position_lost"));
	assert_true(process_logged(&process, "VOC_ACCEPT_LOG_START"));
	process_forget(&process);
	scenario.accept_log_start = "yes";
	process = start_aggregator(0, "10");
	wait_applied(0, 80);
	assert_true(process_logged(&process, "records are missing"));
	assert_in_range(sum_positions("invalid"), 1, 79);
	process_stop(&process);
}

static void test_a_stop_does_not_wait_for_a_dead_redis(void **state)
{
	(void)state;
	scenario_write_log(&scenario, 0, 10);
	struct process process = start_aggregator(0, "10");
	wait_applied(0, 10);
	redis_server_kill(&server);
	scenario_write_log(&scenario, 10, 10);
	int64_t began_ms = voc_clock_ms();
	kill(process.pid, SIGTERM);
	assert_int_equal(process_wait(&process), 0);
	assert_in_range(voc_clock_ms() - began_ms, 0, 5000);
	process_forget(&process);
	redis_server_restart(&server);
}

static void test_a_stop_does_not_wait_for_a_hung_redis(void **state)
{
	(void)state;
	scenario.redis_timeout = "30s";
	scenario_write_log(&scenario, 0, 10);
	struct process process = start_aggregator(0, "10");
	wait_applied(0, 10);
	kill(server.pid, SIGSTOP);
	scenario_write_log(&scenario, 10, 10);
	test_pause_ms(200); /* by now it waits for Redis */
	int64_t began_ms = voc_clock_ms();
	kill(process.pid, SIGTERM);
	int status = process_wait(&process);
	kill(server.pid, SIGCONT);
	assert_int_equal(status, 0);
	assert_in_range(voc_clock_ms() - began_ms, 0, 4500);
	process_forget(&process);
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
	scenario_write_log(&scenario, 0, 300); /* before there are any rules in the log */
	struct process process = start_aggregator(0, "50");
	wait_applied(0, 300);
	process_stop(&process);
	assert_int_equal(sum_positions("controls"), PARTITIONS);
	assert_string_equal(redis_server_hget(&server, "voc:{1}:position", "rules_from"), "0");
	scenario.rules_path = other;
	process = start_aggregator(0, "50");
	wait_log_applied(0);
	while (sum_positions("controls") < 2 * PARTITIONS)
		test_pause_ms(5);
	scenario_write_log(&scenario, 300, 300);
	wait_applied(0, 600);
	process_kill(&process);
	process = start_aggregator(0, "50"); /* under its own rules: nothing to write */
	scenario_write_log(&scenario, 600, 300);
	wait_applied(0, 900);
	process_stop(&process);
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
	struct voc_producer *producer = mock_producer(&scenario.mock);
	struct process process = start_aggregator(0, "50");
	wait_log_applied(0);
	while (sum_positions("controls") < PARTITIONS)
		test_pause_ms(5);
	scenario_send(&scenario, producer, 1, NULL, VOC_STR("{\"specversion\":\"1.0\",\"type\":\"voc.rules\"}"), NULL);
	mock_flush(producer);
	wait_applied(0, 1);
	process_stop(&process);
	assert_int_equal(sum_positions("invalid"), 1);
	assert_int_equal(sum_positions("controls"), PARTITIONS);
	assert_string_equal(redis_server_hget(&server, "voc:{1}:position", "rules_from"), "0");
	struct letters letters = { 0 };
	scenario_read_topic(&scenario, topic("dlq"), each_letter, &letters);
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
		EACH(test_a_log_that_ends_too_early_for_now_is_waited_for),
		EACH(test_a_position_beyond_the_log_is_refused),
		EACH(test_a_log_that_begins_after_the_position_is_refused),
		EACH(test_a_change_of_rules_is_replayed),
		EACH(test_rules_that_are_none_are_dead_letters),
		EACH(test_a_stop_does_not_wait_for_a_dead_redis),
		EACH(test_a_stop_does_not_wait_for_a_hung_redis),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
