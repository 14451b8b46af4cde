/* vocctl send, dlq and topics, as programs, against librdkafka's mock cluster. */
#include "base/arena.h"
#include "base/clock.h"
#include "base/hash.h"
#include "base/timestamp.h"
#include "core/record/dead_letter.h"
#include "io/kafka/kafka_reader.h"
#include "support/mock_kafka.h"
#include "support/program_run.h"
#include "vocctl/watch/watch_lag.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define PARTITIONS 4
#define CALL       "{\"type\":\"voc.call\",\"time\":\"2026-01-01T10:00:00Z\",\"data\":{\"customer_id\":\"C-1\"}}"
#define WEB        "{\"data\":{\"customer_id\":\"C-2\"},\"type\":\"voc.web\",\"time\":\"2026-01-01T11:00:00Z\"}"
#define COMPLAINT  "{\"type\":\"voc.complaint\",\"data\":{\"customer_id\":\"C-3\"}}"
#define BROKEN     "{\"type\":\"voc.call\",,"

static struct mock_kafka mock;

/* What a topic holds, read with the reader that vocctl has. */
struct held {
	int count;
	struct {
		int32_t partition;
		char key[32], value[512], redriven[8], kept[16];
		int64_t timestamp_ms;
	} records[32];
};

static int start(void **state)
{
	static const char *const topics[] = { "voc.calls", "voc.web", "voc.complaints", "voc.orders", "voc.alerts",
		                              "voc.dlq",   "raw" };
	(void)state;
	mock_kafka_start(&mock);
	for (size_t i = 0; i < sizeof topics / sizeof *topics; i++)
		mock_kafka_topic(&mock, topics[i], PARTITIONS);
	setenv("VOC_KAFKA_BOOTSTRAP", mock.conf.kafka_bootstrap, 1);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	mock_kafka_stop(&mock);
	return 0;
}

static void keep(struct held *held, const struct voc_message *message)
{
	struct voc_header headers[VOC_MESSAGE_HEADERS_MAX];
	assert_true(held->count < 32);
	int at = held->count++;
	memset(&held->records[at], 0, sizeof held->records[at]);
	held->records[at].partition = message->partition;
	held->records[at].timestamp_ms = message->timestamp_ms;
	voc_str_copy(held->records[at].key, sizeof held->records[at].key, message->key);
	voc_str_copy(held->records[at].value, sizeof held->records[at].value, message->value);
	size_t count = voc_message_headers(message, headers, VOC_MESSAGE_HEADERS_MAX);
	for (size_t i = 0; i < count; i++) {
		if (voc_str_is(headers[i].name, "voc_redriven"))
			voc_str_copy(held->records[at].redriven, sizeof held->records[at].redriven, headers[i].value);
		else if (voc_str_is(headers[i].name, "kept"))
			voc_str_copy(held->records[at].kept, sizeof held->records[at].kept, headers[i].value);
		else
			fail_msg("a header came through: %.*s", VOC_STR_ARG(headers[i].name));
	}
}

/* Reads the topic until `wanted` records are there. */
static void read_topic(const char *topic, int wanted, struct held *held)
{
	struct voc_position from[PARTITIONS];
	struct voc_error error = { 0 };
	struct voc_reader *reader = NULL;
	struct voc_kafka_settings settings = mock_settings(&mock);
	for (int i = 0; i < PARTITIONS; i++) {
		from[i] = (struct voc_position){ .partition = i, .offset = VOC_OFFSET_BEGINNING };
		voc_str_copy(from[i].topic, sizeof from[i].topic, voc_str_from(topic));
	}
	assert_int_equal(voc_reader_open(&settings, from, NULL, PARTITIONS, &reader, &error), VOC_OK);
	held->count = 0;
	while (held->count < wanted) {
		struct voc_message message = { 0 };
		if (voc_reader_next(reader, 20000, &message, &error) != VOC_POLL_RECORD)
			fail_msg("%s: %d of %d records; %s", topic, held->count, wanted, error.text);
		keep(held, &message);
		voc_message_release(&message);
	}
	voc_reader_free(reader);
}

static void test_send_goes_by_type_and_customer(void **state)
{
	(void)state;
	static struct program_run run;
	static struct held held;
	PROGRAM_RUN(&run, CALL "\n" WEB "\n\n" BROKEN "\n" COMPLAINT, "vocctl", "send", "-");
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.err, "line 4 was not sent"));
	assert_non_null(strstr(run.err, "sent 3 (voc.calls 1, voc.web 1, voc.complaints 1)"));
	assert_non_null(strstr(run.err, "all acknowledged; 1 lines were not sent"));
	assert_string_equal(run.out, "");
	read_topic("voc.calls", 1, &held);
	assert_string_equal(held.records[0].value, CALL);
	assert_string_equal(held.records[0].key, "C-1");
	assert_int_equal(held.records[0].partition, voc_partition_of(VOC_STR("C-1"), PARTITIONS));
	read_topic("voc.web", 1, &held);
	assert_string_equal(held.records[0].value, WEB);
	read_topic("voc.complaints", 1, &held);
	assert_string_equal(held.records[0].value, COMPLAINT);
}

static void test_send_as_is_and_raw(void **state)
{
	(void)state;
	static struct program_run run;
	static struct held held;
	PROGRAM_RUN(&run, BROKEN "\nnonsense\n", "vocctl", "send", "--as-is", "-");
	assert_int_equal(run.status, 0);
	read_topic("voc.calls", 2, &held); /* its type could be read */
	assert_string_equal(held.records[0].key[0] == '\0' ? held.records[0].value : held.records[1].value, BROKEN);
	PROGRAM_RUN(&run, "a\nb\n", "vocctl", "send", "--raw", "raw", "-");
	assert_int_equal(run.status, 0);
	read_topic("raw", 2, &held);
	assert_int_equal(held.records[0].value[0] + held.records[1].value[0], 'a' + 'b');
}

/* The last event is now; the others keep their distance, and every other byte stays. */
static void test_send_rebases_times(void **state)
{
	(void)state;
	static struct program_run run;
	static struct held held;
	char input[] = "/tmp/voc-test-send-XXXXXX";
	int fd = mkstemp(input);
	assert_true(fd >= 0);
	FILE *file = fdopen(fd, "w");
	fputs("{\"type\":\"voc.complaint\",\"time\":\"2020-01-01T10:00:00Z\",\"data\":{\"customer_id\":\"r\"}, \"n\": "
	      "1.50}\n"
	      "{\"type\":\"voc.complaint\",\"time\":\"2020-01-01T10:30:00+00:30\",\"data\":{\"customer_id\":\"r\"}}\n"
	      "{\"type\":\"voc.complaint\",\"time\":\"2020-01-01T09:00:00Z\",\"data\":{\"customer_id\":\"r\"}}\n",
	      file);
	fclose(file);
	PROGRAM_RUN(&run, NULL, "vocctl", "send", "--rebase-time", input);
	remove(input);
	assert_int_equal(run.status, 0);
	read_topic("voc.complaints", 4, &held);
	int64_t ms[3];
	int found = 0;
	for (int i = 0; i < 4; i++) {
		const char *time = strstr(held.records[i].value, "\"time\":\"");
		if (strcmp(held.records[i].key, "r") != 0)
			continue;
		assert_non_null(time);
		assert_true(found < 3);
		struct voc_str text = voc_str_of(time + 8, 24);
		assert_true(voc_timestamp_parse(text, &ms[found++]));
	}
	assert_int_equal(found, 3);
	assert_int_equal(ms[0], ms[1]);
	assert_int_equal(ms[0] - ms[2], 3600000);
	assert_in_range(voc_clock_wall_ms() - ms[0], 0, 30000);
	for (int i = 0; i < 4; i++) {
		if (strstr(held.records[i].value, "1.50"))
			return;
	}
	fail_msg("the bytes around the time were changed");
}

/* A dead letter as a service would write it. */
static void bury(struct voc_producer *producer, enum voc_reason reason, const char *origin, const char *value,
                 int64_t time_ms)
{
	struct voc_arena *arena = voc_arena_new(65536);
	const struct voc_header original[] = { { VOC_STR("kept"), VOC_STR("as-it-was") } };
	const struct voc_header *headers;
	size_t count;
	struct voc_error error = { 0 };
	const struct voc_dead_letter letter = {
		.reason = reason,
		.error = VOC_STR("no member name"),
		.position = 3,
		.origin_topic = voc_str_from(origin),
		.origin_partition = 2,
		.origin_offset = 77,
		.origin_timestamp_ms = INT64_C(1767225600123),
		.service = VOC_STR("voc-classifier"),
		.time_ms = time_ms,
	};
	assert_true(voc_dead_letter_encode(&letter, original, 1, arena, &headers, &count));
	const struct voc_outgoing record = {
		.topic = "voc.dlq",
		.partition = 1,
		.key = VOC_STR("C-9"),
		.value = voc_str_from(value),
		.headers = headers,
		.header_count = count,
	};
	assert_int_equal(voc_producer_send(producer, &record, &error), VOC_OK);
	mock_flush(producer);
	voc_arena_free(arena);
}

static void bury_all(void **state)
{
	(void)state;
	struct voc_producer *producer = mock_producer(&mock);
	bury(producer, VOC_REASON_BAD_JSON, "voc.complaints", "{\"broken\": \x1b]0;title\x07", INT64_C(1767225600000));
	bury(producer, VOC_REASON_BAD_JSON, "voc.complaints", "{\"broken\"", INT64_C(1767312000000));
	bury(producer, VOC_REASON_WEBHOOK_EXHAUSTED, "voc.alerts", "{\"alert\":1}", INT64_C(1767312000000));
	bury(producer, VOC_REASON_BAD_UTF8, "elsewhere", "x", INT64_C(1767312000000));
	voc_producer_free(producer);
}

static void test_dlq_list_counts_and_filters(void **state)
{
	static struct program_run run;
	bury_all(state);
	PROGRAM_RUN(&run, NULL, "vocctl", "dlq", "list");
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.err, "4 dead letters"));
	assert_non_null(strstr(run.out, "       2  bad_json              voc.complaints"));
	assert_non_null(strstr(run.out, "       1  webhook_exhausted     voc.alerts"));
	PROGRAM_RUN(&run, NULL, "vocctl", "dlq", "list", "--since", "2026-01-02", "--reason", "bad_json");
	assert_non_null(strstr(run.err, "1 dead letters"));
	PROGRAM_RUN(&run, NULL, "vocctl", "dlq", "list", "--since", "2026-01-02", "--reason", "bad_json", "--json");
	assert_non_null(strstr(run.out, "\"reason\":\"bad_json\""));
	PROGRAM_RUN(&run, NULL, "vocctl", "dlq", "list", "--until", "2026-01-02");
	assert_non_null(strstr(run.err, "1 dead letters"));
	PROGRAM_RUN(&run, NULL, "vocctl", "dlq", "list", "--topic", "voc.alerts");
	assert_non_null(strstr(run.err, "1 dead letters"));
	PROGRAM_RUN(&run, NULL, "vocctl", "dlq", "list", "--reason", "bad_jason");
	assert_int_equal(run.status, 2);
	assert_non_null(strstr(run.err, "did you mean bad_json"));
}

static void test_dlq_show_is_safe(void **state)
{
	(void)state;
	static struct program_run run;
	PROGRAM_RUN(&run, NULL, "vocctl", "dlq", "show", "1/0");
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out, "key     C-9\n"));
	assert_non_null(strstr(run.out, "header  voc_reason: bad_json\n"));
	assert_non_null(strstr(run.out, "{\"broken\": \xef\xbf\xbd]0;title\xef\xbf\xbd"));
	assert_null(strchr(run.out, '\x1b'));
	PROGRAM_RUN(&run, NULL, "vocctl", "dlq", "show", "--value", "1/0");
	assert_string_equal(run.out, "{\"broken\": \x1b]0;title\x07");
	PROGRAM_RUN(&run, NULL, "vocctl", "dlq", "show", "1/4000");
	assert_int_equal(run.status, 1);
	PROGRAM_RUN(&run, NULL, "vocctl", "dlq", "show", "one");
	assert_int_equal(run.status, 2);
}

static void test_dlq_redrive_restores_records(void **state)
{
	(void)state;
	static struct program_run run;
	static struct held held;
	PROGRAM_RUN(&run, NULL, "vocctl", "dlq", "redrive", "--dry-run", "--reason", "bad_json");
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.err, "2 would be sent back"));
	PROGRAM_RUN(&run, NULL, "vocctl", "dlq", "redrive");
	assert_int_equal(run.status, 1); /* one came from a topic that isn't ours */
	assert_non_null(strstr(run.err, "3 sent back, 3 acknowledged; 1 left"));
	read_topic("voc.alerts", 1, &held);
	assert_string_equal(held.records[0].value, "{\"alert\":1}");
	assert_string_equal(held.records[0].redriven, "1");
	assert_string_equal(held.records[0].kept, "as-it-was");
	assert_string_equal(held.records[0].key, "C-9");
	assert_int_equal(held.records[0].timestamp_ms, INT64_C(1767225600123));
	read_topic("voc.complaints", 6, &held); /* nothing came from the dry run */
}

static void test_topics_create_tells_what_is_there(void **state)
{
	(void)state;
	static struct program_run run;
	PROGRAM_RUN(&run, NULL, "vocctl", "topics", "create", "--dry-run", "--partitions", "4");
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out, "voc.calls\t4\texists\n"));
	assert_non_null(strstr(run.out, "voc.dlq\t4\texists\n"));
	PROGRAM_RUN(&run, NULL, "vocctl", "topics", "create", "--dry-run", "--partitions", "6");
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.err, "voc.calls has 4 partitions, not 6"));
	assert_non_null(strstr(run.err, "voc.dlq has 4 partitions, not 6"));
}

/* voc-classifier reads the facts, too: an order that waits for it is a lag. */
static void test_the_lag_counts_facts(void **state)
{
	(void)state;
	static struct watch_view view;
	struct voc_conf conf = mock.conf;
	conf.topic_prefix = "voc.";
	conf.group_prefix = "voc.";
	struct voc_kafka_settings settings = mock_settings(&mock);
	struct voc_error error = { .position = -1 };
	struct voc_admin *admin = NULL;
	struct watch_lag *lag = NULL;
	assert_int_equal(voc_admin_open(&settings, &admin, &error), VOC_OK);
	assert_int_equal(watch_lag_open(&conf, admin, &lag, &error), VOC_OK);
	if (watch_lag_look(lag, &view, &error) != VOC_OK)
		fail_msg("%s", error.text);
	assert_non_null(strstr(view.groups[0].name, "classifier"));
	int64_t before = view.groups[0].lag;
	struct voc_producer *producer = mock_producer(&mock);
	mock_send(producer, "voc.orders", 2, "C-1", "{}", 0);
	mock_flush(producer);
	voc_producer_free(producer);
	assert_int_equal(watch_lag_look(lag, &view, &error), VOC_OK);
	assert_int_equal(view.groups[0].lag, before + 1);
	watch_lag_close(lag);
	voc_admin_free(admin);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_send_goes_by_type_and_customer),
		cmocka_unit_test(test_send_as_is_and_raw),
		cmocka_unit_test(test_send_rebases_times),
		cmocka_unit_test(test_dlq_list_counts_and_filters),
		cmocka_unit_test(test_dlq_show_is_safe),
		cmocka_unit_test(test_dlq_redrive_restores_records),
		cmocka_unit_test(test_topics_create_tells_what_is_there),
		cmocka_unit_test(test_the_lag_counts_facts),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
