/*
 * The classifier against the mock cluster: every raw record becomes one classified event or one dead letter, through
 * bad input, a stop, and a kill in the middle.
 */
#include "base/clock.h"
#include "classifier/start.h"
#include "classifier/worker.h"
#include "core/classify/classified.h"
#include "core/record/dead_letter.h"
#include "io/kafka/kafka_reader.h"
#include "io/service/metrics.h"
#include "support/mock_kafka.h"
#include "support/pause.h"

#include <setjmp.h>
#include <signal.h>
#include <spawn.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>

#include <cmocka.h>

#define PARTITIONS  4
#define RECORDS     600    /* in all raw topics together */
#define CUSTOMERS   48     /* a multiple of PARTITIONS, so that each has one partition of every raw topic */
#define DEADLINE_MS 120000 /* a group takes some 20 s to miss a killed member */
#define MODEL       VOC_SOURCE_DIR "/services/classifier/model.bin"
#define PHRASES     VOC_SOURCE_DIR "/services/classifier/phrases.txt"

#define API_PRODUCE         0
#define API_FETCH           1
#define NOT_LEADER          6
#define NOT_ENOUGH_REPLICAS 19

static struct mock_kafka mock;
static struct voc_admin *admin;
static struct voc_classifier *classifier;

static const char *const raw_topics[] = { "voc.calls", "voc.web", "voc.complaints" };
static const char *const fact_topics[] = { "profiles", "orders", "followups" };
static const char *const event_types[] = { "voc.call", "voc.web", "voc.complaint" };

static int start(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	mock_kafka_start(&mock);
	if (voc_classifier_open(MODEL, PHRASES, &classifier, &error) != VOC_OK)
		fail_msg("%s", error.text);
	mock.conf.topic_prefix = strdup("voc.");
	mock.conf.group_prefix = strdup("test-");
	mock.conf.text_policy = strdup("masked");
	mock.conf.batch_records = 50;
	mock.conf.merge_wait_ms = 1000; /* what is there comes, however busy the machine */
	mock.conf.in_flight_records = 100;
	mock.conf.prefetch_bytes = 4 << 20;
	mock.conf.shutdown_ms = 4000;
	/* a commit before its time must have the chance */
	mock.conf.kafka_properties[mock.conf.kafka_property_count++] =
	        (struct voc_kafka_property){ strdup("auto.commit.interval.ms"), strdup("20"), false };
	/* A broker refuses what comes after a refused batch, by its sequence; the mock takes it. */
	mock.conf.kafka_properties[mock.conf.kafka_property_count++] =
	        (struct voc_kafka_property){ strdup("max.in.flight.requests.per.connection"), strdup("1"), false };
	struct voc_kafka_settings settings = mock_settings(&mock);
	if (voc_admin_open(&settings, &admin, &error) != VOC_OK)
		fail_msg("%s", error.text);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	voc_admin_free(admin);
	voc_classifier_free(classifier);
	free(mock.conf.topic_prefix);
	free(mock.conf.group_prefix);
	free(mock.conf.text_policy);
	mock_kafka_stop(&mock);
	return 0;
}

static enum voc_status check_topics(int32_t *ret_partitions, struct voc_error *error)
{
	voc_error_clear(error);
	return voc_start_check_topics(admin, &mock.conf, ret_partitions, error);
}

/* The same, once the client has found back to a broker that was away. */
static enum voc_status check_topics_back(int32_t *ret_partitions, struct voc_error *error)
{
	int64_t deadline_ms = voc_clock_ms() + 30000;
	enum voc_status status = check_topics(ret_partitions, error);
	while (status == VOC_RETRY && voc_clock_ms() < deadline_ms) {
		test_pause_ms(50);
		status = check_topics(ret_partitions, error);
	}
	return status;
}

static void make_fact_topics(const char *prefix)
{
	for (size_t i = 0; i < sizeof fact_topics / sizeof *fact_topics; i++) {
		char name[64];
		snprintf(name, sizeof name, "%s%s", prefix, fact_topics[i]);
		mock_kafka_topic(&mock, name, PARTITIONS);
	}
}

/* Kafka is waited for; unequal topics are an error. Leaves the right ones behind. (The mock makes missing topics.) */
static void test_topics(void **state)
{
	(void)state;
	struct voc_error error;
	int32_t partitions = 0;
	mock_kafka_topic(&mock, "voc.calls", PARTITIONS);
	mock_kafka_topic(&mock, "voc.web", PARTITIONS);
	mock_kafka_topic(&mock, "voc.complaints", PARTITIONS);
	make_fact_topics("voc.");
	mock_kafka_topic(&mock, "voc.classified", PARTITIONS);
	mock_kafka_topic(&mock, "voc.dlq", 1);
	assert_int_equal(check_topics(&partitions, &error), VOC_OK);
	assert_int_equal(partitions, PARTITIONS);

	mock_kafka_down(&mock, true);
	assert_int_equal(check_topics(&partitions, &error), VOC_RETRY);
	mock_kafka_down(&mock, false);

	char *prefix = mock.conf.topic_prefix;
	mock.conf.topic_prefix = "odd.";
	mock_kafka_topic(&mock, "odd.calls", PARTITIONS);
	mock_kafka_topic(&mock, "odd.web", PARTITIONS + 1);
	mock_kafka_topic(&mock, "odd.complaints", PARTITIONS);
	make_fact_topics("odd.");
	mock_kafka_topic(&mock, "odd.classified", PARTITIONS);
	mock_kafka_topic(&mock, "odd.dlq", 1);
	enum voc_status odd = check_topics_back(&partitions, &error);
	mock.conf.topic_prefix = prefix; /* first: the other tests and the end need it, whatever comes */
	assert_int_equal(odd, VOC_FATAL);
	assert_int_equal(error.reason, VOC_REASON_PARTITIONS_CHANGED);
}

/* `count` records over all raw partitions; every tenth is no event. Their times rise from topic to topic and back. */
static void send_raw(size_t count, int64_t from_ms)
{
	char value[512], key[16];
	struct voc_producer *producer = mock_producer(&mock);
	for (size_t i = 0; i < count; i++) {
		size_t topic = i % 3;
		snprintf(key, sizeof key, "C-%zu", i / 3 % CUSTOMERS);
		if (i % 10 == 9)
			snprintf(value, sizeof value, "{\"no\":\"event %zu\"", i);
		else
			snprintf(value, sizeof value,
			         "{\"specversion\":\"1.0\",\"id\":\"%lld-%zu\",\"source\":\"/"
			         "test\",\"type\":\"%s\",\"data\":"
			         "{\"customer_id\":\"%s\",\"text\":\"I waited for 40 minutes\"}}",
			         (long long)from_ms, i, event_types[topic], key);
		mock_send(producer, raw_topics[topic], (int32_t)(i / 3 % PARTITIONS), key, value, from_ms + (int64_t)i);
	}
	mock_flush(producer);
	voc_producer_free(producer);
}

/* What came out, by source: how often each raw record is told of. */
struct tally {
	struct voc_reader *classified, *dead_letters;
	int seen[3][PARTITIONS][RECORDS];
	int64_t highest[PARTITIONS][3][PARTITIONS]; /* by partition of voc.classified */
	size_t sources, classified_count, dead_count, out_of_order;
	int64_t last_ms[CUSTOMERS];
	size_t late; /* classified events that are older than their customer's last one */
};

static struct voc_reader *open_reader(const char *topic, size_t partitions)
{
	struct voc_position from[PARTITIONS] = { 0 };
	struct voc_reader *reader = NULL;
	struct voc_error error = { .position = -1 };
	struct voc_kafka_settings settings = mock_settings(&mock);
	for (size_t i = 0; i < partitions; i++) {
		voc_str_copy(from[i].topic, sizeof from[i].topic, voc_str_from(topic));
		from[i].partition = (int32_t)i;
		from[i].offset = VOC_OFFSET_BEGINNING;
	}
	if (voc_reader_open(&settings, from, NULL, partitions, &reader, &error) != VOC_OK)
		fail_msg("%s", error.text);
	return reader;
}

static struct tally *open_tally(void)
{
	struct tally *tally = calloc(1, sizeof *tally);
	assert_non_null(tally);
	tally->classified = open_reader("voc.classified", PARTITIONS);
	tally->dead_letters = open_reader("voc.dlq", 1);
	return tally;
}

static void close_tally(struct tally *tally)
{
	voc_reader_free(tally->classified);
	voc_reader_free(tally->dead_letters);
	free(tally);
}

static size_t topic_index(struct voc_str name)
{
	for (size_t i = 0; i < 3; i++) {
		if (voc_str_is(name, raw_topics[i]))
			return i;
	}
	fail_msg("a source that is no raw topic");
	return 0;
}

static void note(struct tally *tally, size_t topic, int32_t partition, int64_t offset)
{
	assert_in_range(partition, 0, PARTITIONS - 1);
	assert_in_range(offset, 0, RECORDS - 1);
	if (tally->seen[topic][partition][offset]++ == 0)
		tally->sources++;
}

static void note_classified(struct tally *tally, const struct voc_message *message)
{
	struct voc_header headers[VOC_MESSAGE_HEADERS_MAX];
	struct voc_source_position source = { .offset = -1 };
	size_t count = voc_message_headers(message, headers, VOC_MESSAGE_HEADERS_MAX);
	for (size_t i = 0; i < count; i++) {
		if (voc_str_is(headers[i].name, VOC_SOURCE_HEADER))
			assert_true(voc_source_position_parse(headers[i].value, &source));
	}
	size_t topic = topic_index(source.topic);
	/* a first copy must not come after a later record's: it would be taken for one that was seen */
	int64_t *highest = &tally->highest[message->partition][topic][source.partition];
	if (tally->seen[topic][source.partition][source.offset] == 0 && source.offset + 1 <= *highest)
		tally->out_of_order++;
	*highest = source.offset + 1 > *highest ? source.offset + 1 : *highest;
	note(tally, topic, source.partition, source.offset);
	int64_t customer = -1;
	assert_true(voc_str_to_i64(voc_str_of(message->key.ptr + 2, message->key.len - 2), &customer));
	assert_in_range(customer, 0, CUSTOMERS - 1);
	tally->late += message->timestamp_ms < tally->last_ms[customer];
	tally->last_ms[customer] = message->timestamp_ms;
	tally->classified_count++;
}

static void note_dead_letter(struct tally *tally, const struct voc_message *message)
{
	struct voc_header headers[VOC_MESSAGE_HEADERS_MAX];
	struct voc_dead_letter letter;
	size_t count = voc_message_headers(message, headers, VOC_MESSAGE_HEADERS_MAX);
	assert_true(voc_dead_letter_decode(headers, count, &letter));
	assert_int_equal(letter.reason, VOC_REASON_BAD_JSON);
	assert_true(voc_str_starts_with(message->value, VOC_STR("{\"no\":\"event ")));
	note(tally, topic_index(letter.origin_topic), letter.origin_partition, letter.origin_offset);
	tally->dead_count++;
}

/* Takes in what is there; waits `timeout_ms` for the first. */
static void look(struct tally *tally, int timeout_ms)
{
	struct voc_message message = { 0 };
	struct voc_error error = { .position = -1 };
	while (voc_reader_next(tally->classified, timeout_ms, &message, &error) == VOC_POLL_RECORD) {
		note_classified(tally, &message);
		voc_message_release(&message);
		timeout_ms = 0;
	}
	while (voc_reader_next(tally->dead_letters, 0, &message, &error) == VOC_POLL_RECORD) {
		note_dead_letter(tally, &message);
		voc_message_release(&message);
	}
}

static void turn(struct voc_worker *worker)
{
	struct voc_error error = { .position = -1 };
	struct pollfd fds[VOC_WORKER_FDS];
	int64_t until_ms = 0;
	if (voc_worker_turn(worker, &until_ms, &error) != VOC_OK)
		fail_msg("%s", error.text);
	voc_worker_fds(worker, fds);
	int64_t left_ms = until_ms - voc_clock_ms();
	poll(fds, VOC_WORKER_FDS, left_ms < 0 ? 0 : left_ms > 50 ? 50 : (int)left_ms);
}

static struct voc_worker *open_worker(struct voc_health *health)
{
	struct voc_worker *worker = NULL;
	struct voc_error error = { .position = -1 };
	if (voc_worker_open(&mock.conf, classifier, health, PARTITIONS, &worker, &error) != VOC_OK)
		fail_msg("%s", error.text);
	return worker;
}

/* The committed offsets of the classifiers' group, summed up. */
static int64_t committed(void)
{
	int64_t sum = 0;
	struct voc_error error = { .position = -1 };
	struct voc_position positions[3 * PARTITIONS] = { 0 };
	for (size_t i = 0; i < 3 * PARTITIONS; i++) {
		voc_str_copy(positions[i].topic, sizeof positions[i].topic, voc_str_from(raw_topics[i / PARTITIONS]));
		positions[i].partition = (int32_t)(i % PARTITIONS);
	}
	if (voc_admin_committed(admin, "test-classifier", positions, 3 * PARTITIONS, 5000, &error) != VOC_OK)
		fail_msg("%s", error.text);
	for (size_t i = 0; i < 3 * PARTITIONS; i++)
		sum += positions[i].offset > 0 ? positions[i].offset : 0;
	return sum;
}

static int64_t acknowledged(void)
{
	return voc_metric_get(VOC_METRIC_RECORDS_OUT) +
	       voc_metric_get_labelled(VOC_LABELLED_DEAD_LETTERS, VOC_REASON_BAD_JSON);
}

/*
 * A backlog, through one member, to its end: once each, oldest first, and committed, but never before it has arrived:
 * Kafka refuses the outputs for a while.
 */
static void test_backlog(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	struct voc_health *health = voc_health_new(20000);
	struct tally *tally = open_tally();
	send_raw(RECORDS / 2, 1700000000000);
	mock_kafka_fail(&mock, API_PRODUCE, NOT_LEADER, 16);
	struct voc_worker *worker = open_worker(health);
	int64_t deadline_ms = voc_clock_ms() + DEADLINE_MS;
	while (tally->sources < RECORDS / 2 && voc_clock_ms() < deadline_ms) {
		turn(worker);
		assert_true(committed() <= acknowledged());
		look(tally, 0);
	}
	assert_int_equal(tally->classified_count, RECORDS / 2 - RECORDS / 20);
	assert_int_equal(tally->dead_count, RECORDS / 20);
	assert_int_equal(tally->sources, RECORDS / 2);
	assert_int_equal(tally->out_of_order, 0);
	assert_int_equal(tally->late, 0);
	assert_int_equal(voc_worker_stop(worker, voc_clock_ms() + 4000, &error), VOC_OK);
	assert_int_equal(committed(), RECORDS / 2);
	assert_int_equal(voc_metric_get(VOC_METRIC_RECORDS_IN), RECORDS / 2);
	assert_int_equal(acknowledged(), RECORDS / 2);
	assert_int_equal(voc_metric_get(VOC_METRIC_RECORDS_OUT), RECORDS / 2 - RECORDS / 20);
	assert_int_equal(voc_metric_get_labelled(VOC_LABELLED_DEAD_LETTERS, VOC_REASON_BAD_JSON), RECORDS / 20);
	voc_worker_free(worker);
	close_tally(tally);
	voc_health_free(health);
}

static bool page_says(struct voc_health *health, const char *text)
{
	struct voc_buf page;
	voc_buf_init(&page, 65536);
	(void)voc_health_render_ready(health, &page);
	bool says = strstr(voc_buf_c_str(&page), text) != NULL;
	voc_buf_free(&page);
	return says;
}

static void turn_until(struct voc_worker *worker, struct voc_health *health, const char *text)
{
	int64_t deadline_ms = voc_clock_ms() + DEADLINE_MS;
	while (!page_says(health, text)) {
		if (voc_clock_ms() > deadline_ms)
			fail_msg("/readyz never said %s", text);
		turn(worker);
		voc_health_beat(health);
	}
}

/*
 * Kafka answers and the member polls, but one partition's records are never fetched: no fetch tells of them, and the
 * page names it all the same. While nobody acknowledges what was sent, Kafka is named instead.
 */
static void test_a_partition_that_stands_still_is_named(void **state)
{
	(void)state;
	static const char named[] =
	        "\"reason\":\"stalled\",\"stalled_partitions\":1,\"stalled\":[{\"topic\":\"voc.web\","
	        "\"partition\":2,\"for_ms\":";
	struct voc_error error = { .position = -1 };
	struct voc_health *health = voc_health_new(1000);
	struct voc_producer *producer = mock_producer(&mock);
	struct voc_worker *worker = open_worker(health);
	voc_health_set(health, VOC_UNREADY_STARTING, false);
	turn_until(worker, health, "\"ready\"");
	mock_kafka_fail(&mock, API_FETCH, NOT_LEADER, 1000);
	mock_send(producer, "voc.web", 2, "C-2", "{}", 0);
	mock_flush(producer);
	turn_until(worker, health, named);
	mock_kafka_heal(&mock, API_FETCH);
	turn_until(worker, health, "\"ready\"");

	mock_send(producer, "voc.web", 2, "C-2", "{}", 0);
	mock_flush(producer);
	mock_kafka_fail(&mock, API_PRODUCE, NOT_ENOUGH_REPLICAS, 1000);
	turn_until(worker, health, "\"reason\":\"kafka\"");
	mock_kafka_heal(&mock, API_PRODUCE);
	turn_until(worker, health, "\"ready\"");
	assert_int_equal(voc_worker_stop(worker, voc_clock_ms() + 4000, &error), VOC_OK);
	voc_worker_free(worker);
	voc_producer_free(producer);
	voc_health_free(health);
}

static pid_t spawn_classifier(void)
{
	char bootstrap[128];
	pid_t pid = -1;
	snprintf(bootstrap, sizeof bootstrap, "VOC_KAFKA_BOOTSTRAP=%s", mock.conf.kafka_bootstrap);
	/* so few in flight, and so small batches, that a kill in the middle is one */
	char *environment[] = { bootstrap,
		                "VOC_GROUP_PREFIX=test-",
		                "VOC_HTTP_ADDR=off",
		                "VOC_LOG_LEVEL=error",
		                "VOC_MODEL=" MODEL,
		                "VOC_PHRASES=" PHRASES,
		                "VOC_GAPS=" VOC_SOURCE_DIR "/deploy/gaps.json",
		                "VOC_IN_FLIGHT=7",
		                "VOC_KAFKA_SESSION_TIMEOUT_MS=6000",
		                "VOC_KAFKA_HEARTBEAT_INTERVAL_MS=500",
		                NULL };
	char *arguments[] = { "voc-classifier", NULL };
	assert_int_equal(posix_spawn(&pid, VOC_BINARY_DIR "/bin/voc-classifier", NULL, NULL, arguments, environment),
	                 0);
	return pid;
}

/* Killed in the middle, and another one takes over: nothing is lost, and copies come after their originals. */
static void test_kill(void **state)
{
	(void)state;
	int status = 0;
	struct tally *tally = open_tally();
	int64_t deadline_ms = voc_clock_ms() + DEADLINE_MS;
	send_raw(RECORDS / 2, 1700001000000);
	pid_t pid = spawn_classifier();
	while (tally->sources < RECORDS / 2 + 20 && voc_clock_ms() < deadline_ms)
		look(tally, 20);
	assert_int_equal(kill(pid, SIGKILL), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_in_range(tally->sources, RECORDS / 2 + 20, RECORDS - 1);

	pid = spawn_classifier();
	while (tally->sources < RECORDS && voc_clock_ms() < deadline_ms)
		look(tally, 20);
	assert_int_equal(tally->sources, RECORDS);
	assert_int_equal(tally->out_of_order, 0);
	int64_t asked_ms = voc_clock_ms();
	assert_int_equal(kill(pid, SIGTERM), 0);
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_in_range(voc_clock_ms() - asked_ms, 0, 5000);
	assert_int_equal(committed(), RECORDS);
	close_tally(tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_topics),
		cmocka_unit_test(test_backlog),
		cmocka_unit_test(test_kill),
		cmocka_unit_test(test_a_partition_that_stands_still_is_named),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
