/*
 * All three services as processes against librdkafka's mock cluster: a producer that fails for good, a partition that
 * stands still, stops while Kafka is slow, and a second signal.
 *
 * A group and topics of its own for each test, by the prefix.
 */
#include "base/clock.h"
#include "io/kafka/kafka_admin.h"
#include "support/classified_maker.h"
#include "support/http_get.h"
#include "support/mock_kafka.h"
#include "support/pause.h"
#include "support/receiver.h"
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

#define PATIENCE_MS  60000
#define RECORDS      30
#define API_PRODUCE  0
#define API_FETCH    1
#define API_OFFSETS  2 /* ListOffsets */
#define NOT_LEADER   6
#define SLOW_MS      1500
#define STOP_MOST_MS 4500 /* a second of VOC_SHUTDOWN, three more, and a busy machine's */
#define OUT_OF_ORDER 45   /* OUT_OF_ORDER_SEQUENCE_NUMBER: an idempotent producer does not get over it */

enum kind { CLASSIFIER, AGGREGATOR, ALERTER, KIND_COUNT };
static const char *const programs[] = { "voc-classifier", "voc-aggregator", "voc-alerter" };

static struct mock_kafka mock;
static struct redis_server server;
static struct test_receiver receiver;
static struct voc_producer *producer;
static struct voc_admin *admin;
static char prefix[16], webhooks_path[80];

struct process {
	pid_t pid;
	char log[128];
};

static int start(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	mock_kafka_start(&mock);
	redis_server_start(&server, NULL);
	test_receiver_start(&receiver, NULL);
	producer = mock_producer(&mock);
	struct voc_kafka_settings settings = mock_settings(&mock);
	assert_int_equal(voc_admin_open(&settings, &admin, &error), VOC_OK);
	snprintf(webhooks_path, sizeof webhooks_path, "%s/webhooks.json", server.folder);
	FILE *file = fopen(webhooks_path, "w");
	assert_non_null(file);
	fprintf(file,
	        "{\"endpoints\":[{\"name\":\"crm\",\"url\":\"http://127.0.0.1:%d/"
	        "ok\",\"format\":\"cloudevents\",\"secret\":\"%s\"}]}",
	        receiver.port, TEST_SECRET);
	assert_int_equal(fclose(file), 0);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	unlink(webhooks_path);
	voc_admin_free(admin);
	voc_producer_free(producer);
	test_receiver_stop(&receiver);
	redis_server_stop(&server);
	mock_kafka_stop(&mock);
	return 0;
}

static const char *topic(const char *name)
{
	static char full[4][64];
	static int which;
	which = (which + 1) % 4;
	snprintf(full[which], sizeof full[which], "%s%s", prefix, name);
	return full[which];
}

static int begin(void **state)
{
	(void)state;
	static int number;
	static const char *const names[] = { "calls",     "web",        "complaints", "profiles", "orders",
		                             "followups", "classified", "alerts",     "dlq" };
	snprintf(prefix, sizeof prefix, "t%d.", ++number);
	mock_kafka_heal(&mock, API_PRODUCE);
	mock_kafka_heal(&mock, API_FETCH);
	mock_kafka_heal(&mock, API_OFFSETS);
	mock_kafka_slow(&mock, 0);
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		mock_kafka_topic(&mock, topic(names[i]), 1);
	REDIS_DO(&server, "FLUSHALL");
	return 0;
}

static void become(enum kind kind, const struct process *process, const char *shutdown)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test leaves none behind */
	if (!freopen(process->log, "w", stderr))
		_exit(126);
	char path[300], url[160];
	snprintf(path, sizeof path, "%s/bin/%s", VOC_BINARY_DIR, programs[kind]);
	snprintf(url, sizeof url, "%s", server.url);
	setenv("VOC_KAFKA_BOOTSTRAP", mock.conf.kafka_bootstrap, 1);
	setenv("VOC_KAFKA_SESSION_TIMEOUT_MS", "6000", 1);
	setenv("VOC_KAFKA_HEARTBEAT_INTERVAL_MS", "500", 1);
	setenv("VOC_TOPIC_PREFIX", prefix, 1);
	setenv("VOC_GROUP_PREFIX", prefix, 1);
	setenv("VOC_HTTP_ADDR", "127.0.0.1:0", 1);
	setenv("VOC_STALL", "2s", 1);
	setenv("VOC_SHUTDOWN", shutdown, 1);
	if (kind == CLASSIFIER) {
		setenv("VOC_MODEL", VOC_SOURCE_DIR "/services/classifier/model.bin", 1);
		setenv("VOC_GAPS", VOC_SOURCE_DIR "/deploy/gaps.json", 1);
		setenv("VOC_PHRASES", VOC_SOURCE_DIR "/services/classifier/phrases.txt", 1);
	} else if (kind == AGGREGATOR) {
		setenv("VOC_REDIS_URL", url, 1);
		setenv("VOC_RULES", VOC_SOURCE_DIR "/deploy/rules.json", 1);
		setenv("VOC_DUE_INTERVAL", "0", 1);
	} else {
		setenv("VOC_WEBHOOKS", webhooks_path, 1);
		setenv("VOC_ALLOW_PRIVATE", "yes", 1);
	}
	execl(path, programs[kind], (char *)NULL);
	_exit(127);
}

static struct process start_service(enum kind kind, const char *shutdown)
{
	static int number;
	struct process process;
	snprintf(process.log, sizeof process.log, "%s/log%d", server.folder, number++);
	process.pid = fork();
	assert_int_not_equal(process.pid, -1);
	if (process.pid == 0)
		become(kind, &process, shutdown);
	return process;
}

/* How often the log holds this text; `ret_behind` (may be NULL): what stands behind the first. */
static int count_in_log(const struct process *process, const char *text, char ret_behind[16])
{
	static char content[1 << 20];
	int count = 0;
	FILE *file = fopen(process->log, "r");
	size_t len = file ? fread(content, 1, sizeof content - 1, file) : 0;
	if (file)
		fclose(file);
	content[len] = '\0';
	for (const char *at = content; (at = strstr(at, text)); at++) {
		if (count++ == 0 && ret_behind)
			voc_str_copy(ret_behind, 16, voc_str_clip(voc_str_from(at + strlen(text)), 15));
	}
	return count;
}

static void wait_log(const struct process *process, const char *text, char ret_behind[16])
{
	int64_t until_ms = voc_clock_ms() + PATIENCE_MS;
	while (count_in_log(process, text, ret_behind) == 0) {
		if (voc_clock_ms() > until_ms)
			fail_msg("%s never said %s", process->log, text);
		test_pause_ms(20);
	}
}

static int page_port(const struct process *process)
{
	char behind[16];
	wait_log(process, "\"port\":", behind);
	return (int)strtol(behind, NULL, 10);
}

static void wait_page(int port, const char *text)
{
	char page[65536] = "";
	int64_t until_ms = voc_clock_ms() + PATIENCE_MS;
	while (!strstr(page, text)) {
		if (voc_clock_ms() > until_ms)
			fail_msg("/readyz never said %s, but %s", text, page);
		test_pause_ms(50);
		test_http_get(port, "/readyz", page, sizeof page);
	}
}

static int wait_exit(const struct process *process)
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

static void stop_service(const struct process *process)
{
	kill(process->pid, SIGTERM);
	assert_int_equal(wait_exit(process), 0);
	unlink(process->log);
}

static int64_t end_of(const char *name)
{
	struct voc_position position = { .partition = 0 };
	struct voc_watermarks marks;
	struct voc_error error = { .position = -1 };
	voc_str_copy(position.topic, sizeof position.topic, voc_str_from(topic(name)));
	if (voc_admin_watermarks(admin, &position, 1, &marks, 10000, &error) != VOC_OK)
		fail_msg("%s", error.text);
	return marks.high;
}

static int64_t committed(const char *group, const char *name)
{
	struct voc_position position = { .partition = 0 };
	struct voc_error error = { .position = -1 };
	voc_str_copy(position.topic, sizeof position.topic, voc_str_from(topic(name)));
	if (voc_admin_committed(admin, topic(group), &position, 1, 10000, &error) != VOC_OK)
		fail_msg("%s", error.text);
	return position.offset < 0 ? 0 : position.offset;
}

static void wait_committed(const char *group, const char *name, int64_t offset)
{
	int64_t until_ms = voc_clock_ms() + PATIENCE_MS;
	while (committed(group, name) < offset) {
		if (voc_clock_ms() > until_ms)
			fail_msg("%s never got beyond %lld of %s", group, (long long)committed(group, name), name);
		test_pause_ms(50);
	}
}

/* `count` raw events, classified ones or alerts that can't be read: what makes each service produce. */
static void send_work(enum kind kind, int count)
{
	struct voc_buf value;
	voc_buf_init(&value, 65536);
	for (int i = 0; i < count; i++) {
		char id[16], source[32];
		struct voc_error error = { .position = -1 };
		snprintf(id, sizeof id, "e-%d", i);
		snprintf(source, sizeof source, "voc.calls/0/%d", i);
		struct made_event event = { id, "C-1", voc_clock_wall_ms() + i, true, true };
		struct voc_header header = { VOC_STR("voc_source"), voc_str_from(source) };
		if (kind == AGGREGATOR) {
			make_classified(&value, &event);
		} else {
			voc_buf_clear(&value);
			voc_buf_addf(&value, "{\"no\":\"event %d\"", i);
		}
		const struct voc_outgoing record = {
			.topic = topic(kind == CLASSIFIER   ? "calls"
			               : kind == AGGREGATOR ? "classified"
			                                    : "alerts"),
			.partition = 0,
			.key = VOC_STR("C-1"),
			.value = voc_buf_str(&value),
			.headers = &header,
			.header_count = kind == AGGREGATOR,
		};
		if (voc_producer_send(producer, &record, &error) != VOC_OK)
			fail_msg("%s", error.text);
	}
	mock_flush(producer);
	voc_buf_free(&value);
}

/* Exit status 1, which a supervisor starts again, and the reason told once. */
static void assert_ends_for_good(const struct process *process)
{
	assert_int_equal(wait_exit(process), 1);
	assert_int_equal(count_in_log(process, "\"event\":\"failed\"", NULL), 1);
	assert_int_equal(count_in_log(process, "\"event\":\"stopped\"", NULL), 1);
	unlink(process->log);
}

static void test_a_classifier_whose_producer_fails_is_started_again(void **state)
{
	(void)state;
	send_work(CLASSIFIER, RECORDS);
	mock_kafka_fail(&mock, API_PRODUCE, OUT_OF_ORDER, 1000);
	struct process process = start_service(CLASSIFIER, "4s");
	assert_ends_for_good(&process);
	mock_kafka_heal(&mock, API_PRODUCE);
	assert_int_equal(end_of("dlq"), 0);
	assert_int_equal(committed("classifier", "calls"), 0);
	process = start_service(CLASSIFIER, "4s");
	wait_committed("classifier", "calls", RECORDS);
	assert_int_equal(end_of("dlq"), RECORDS);
	stop_service(&process);
}

static void test_an_aggregator_whose_producer_fails_is_started_again(void **state)
{
	(void)state;
	struct process process = start_service(AGGREGATOR, "4s");
	wait_page(page_port(&process), "\"ready\""); /* what it writes at its start is written */
	send_work(AGGREGATOR, 1);
	wait_committed("aggregator", "classified", end_of("classified"));
	stop_service(&process);
	int64_t before = end_of("classified"), alerts = end_of("alerts");
	char stored[32], *position = (char *)(uintptr_t)redis_server_hget(&server, "voc:{0}:position", "offset");
	voc_str_copy(stored, sizeof stored, voc_str_from(position));

	send_work(AGGREGATOR, RECORDS); /* the first of them is a duplicate */
	mock_kafka_fail(&mock, API_PRODUCE, OUT_OF_ORDER, 1000);
	process = start_service(AGGREGATOR, "4s");
	assert_ends_for_good(&process);
	mock_kafka_heal(&mock, API_PRODUCE);
	assert_string_equal(redis_server_hget(&server, "voc:{0}:position", "offset"), stored);
	assert_int_equal(end_of("alerts"), alerts);
	process = start_service(AGGREGATOR, "4s");
	wait_committed("aggregator", "classified", before + RECORDS);
	assert_int_equal(strtol(redis_server_hget(&server, "voc:{0}:customer:C-1", "events"), NULL, 10), RECORDS);
	assert_true(end_of("alerts") > alerts);
	stop_service(&process);
}

static void test_an_alerter_whose_producer_fails_is_started_again(void **state)
{
	(void)state;
	send_work(ALERTER, 2);
	mock_kafka_fail(&mock, API_PRODUCE, OUT_OF_ORDER, 1000);
	struct process process = start_service(ALERTER, "4s");
	assert_ends_for_good(&process);
	mock_kafka_heal(&mock, API_PRODUCE);
	assert_int_equal(end_of("dlq"), 0);
	assert_int_equal(committed("alerter-crm", "alerts"), 0);
	process = start_service(ALERTER, "4s");
	wait_committed("alerter-crm", "alerts", 2);
	assert_int_equal(end_of("dlq"), 2);
	stop_service(&process);
}

/* Ready, then told which partition stands still, then ready again. */
static void check_stall(enum kind kind, const char *named)
{
	struct process process = start_service(kind, "4s");
	int port = page_port(&process);
	wait_page(port, "\"ready\"");
	mock_kafka_fail(&mock, API_FETCH, NOT_LEADER, 1000);
	send_work(kind, 1);
	wait_page(port, named);
	mock_kafka_heal(&mock, API_FETCH);
	wait_page(port, "\"ready\"");
	stop_service(&process);
}

static void test_an_aggregator_names_a_stalled_partition(void **state)
{
	(void)state;
	char named[160];
	snprintf(named, sizeof named, "\"stalled\":[{\"topic\":\"%sclassified\",\"partition\":0,\"for_ms\":", prefix);
	check_stall(AGGREGATOR, named);
}

static void test_an_alerter_names_a_stalled_partition(void **state)
{
	(void)state;
	char named[160];
	snprintf(named, sizeof named,
	         "\"stalled\":[{\"endpoint\":\"crm\",\"topic\":\"%salerts\",\"partition\":0,\"for_ms\":", prefix);
	check_stall(ALERTER, named);
}

/* Both wait while the process stands still: it has no time to end in order between them. */
static void signal_twice(pid_t pid)
{
	int status;
	kill(pid, SIGSTOP);
	assert_int_equal(waitpid(pid, &status, WUNTRACED), pid);
	assert_true(WIFSTOPPED(status));
	kill(pid, SIGTERM);
	kill(pid, SIGINT);
	kill(pid, SIGCONT);
}

/* The broker is away, so that leaving takes its time, of which there is plenty. */
static void test_a_second_signal_ends_it_at_once(void **state)
{
	(void)state;
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		struct process process = start_service((enum kind)kind, "60s");
		wait_page(page_port(&process), "\"ready\"");
		mock_kafka_down(&mock, true);
		signal_twice(process.pid);
		int status = wait_exit(&process);
		assert_true(status == 128 + SIGTERM || status == 128 + SIGINT); /* whichever was taken second */
		mock_kafka_down(&mock, false);
		unlink(process.log);
	}
}

/*
 * Kafka takes a second and a half for each answer, and refuses to say where a log ends: whoever has been given
 * partitions asks for four seconds in a row, again and again, and is told to stop just when it has begun to.
 */
static void test_a_stop_is_in_time_while_kafka_is_slow(void **state)
{
	(void)state;
	for (int kind = 0; kind < KIND_COUNT; kind++) {
		mock_kafka_fail(&mock, API_OFFSETS, NOT_LEADER, 1000);
		struct process process = start_service((enum kind)kind, "1s");
		wait_log(&process, "listing offsets", NULL);
		mock_kafka_slow(&mock, SLOW_MS);
		test_pause_ms(2 * SLOW_MS); /* the round that was fast is over */
		int rounds = count_in_log(&process, "trying again soon", NULL);
		int64_t until_ms = voc_clock_ms() + PATIENCE_MS;
		while (kind == AGGREGATOR && count_in_log(&process, "trying again soon", NULL) == rounds) {
			assert_true(voc_clock_ms() < until_ms);
			test_pause_ms(10);
		}
		test_pause_ms(700); /* the next round begins half a second after this one */
		int64_t began_ms = voc_clock_ms();
		kill(process.pid, SIGTERM);
		assert_int_equal(wait_exit(&process), 0);
		assert_in_range(voc_clock_ms() - began_ms, 0, STOP_MOST_MS);
		unlink(process.log);
		mock_kafka_slow(&mock, 0);
		mock_kafka_heal(&mock, API_OFFSETS);
	}
}

#define EACH(test) cmocka_unit_test_setup(test, begin)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_a_classifier_whose_producer_fails_is_started_again),
		EACH(test_an_aggregator_whose_producer_fails_is_started_again),
		EACH(test_an_alerter_whose_producer_fails_is_started_again),
		EACH(test_an_aggregator_names_a_stalled_partition),
		EACH(test_an_alerter_names_a_stalled_partition),
		EACH(test_a_stop_is_in_time_while_kafka_is_slow),
		EACH(test_a_second_signal_ends_it_at_once),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
