/* voc-alerter as a process, between librdkafka's mock cluster and a receiver that misbehaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/aggregate/alert.h"
#include "core/record/dead_letter.h"
#include "support/mock_kafka.h"
#include "support/receiver.h"

#define PATIENCE_MS 60000
#define PARTITIONS  4
#define CUSTOMERS   5

static struct mock_kafka mock;
static struct test_receiver receiver;
static struct voc_producer *producer;
static char folder[] = "/tmp/voc-alerter-XXXXXX";
static char webhooks_path[64], log_path[64];
static pid_t alerter;
static int sent; /* alerts so far; their ids are their numbers */

/* Names and paths; all but slack ones are signed. */
static const struct {
	const char *name, *path, *more;
} endpoints[] = {
	{ "ok", "/ok", "" },
	{ "hang", "/hang", "" },
	{ "reject", "/fail/422", "" },
	{ "flaky", "/fail/503?first=7", "" },
	{ "poison", "/fail/500?customer=C-1", "" },
	{ "gone", "/gone", "" },
	{ "critical", "/slack/ok", ",\"min_severity\":\"critical\"" },
};
#define ENDPOINT_COUNT (sizeof endpoints / sizeof endpoints[0])

static void write_webhooks(void)
{
	FILE *file = fopen(webhooks_path, "w");
	assert_non_null(file);
	fprintf(file, "{\"endpoints\":[");
	for (size_t i = 0; i < ENDPOINT_COUNT; i++) {
		bool slack = strncmp(endpoints[i].path, "/slack", 6) == 0;
		fprintf(file, "%s{\"name\":\"%s\",\"url\":\"http://127.0.0.1:%d%s\",\"format\":\"%s\"%s%s}",
		        i > 0 ? "," : "", endpoints[i].name, receiver.port, endpoints[i].path,
		        slack ? "slack" : "cloudevents", slack ? "" : ",\"secret\":\"" TEST_SECRET "\"",
		        endpoints[i].more);
	}
	fprintf(file, "]}");
	assert_int_equal(fclose(file), 0);
}

static void become_alerter(void)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	int log = open(log_path, O_WRONLY | O_CREAT | O_APPEND, 0600);
	dup2(log, STDERR_FILENO);
	setenv("VOC_KAFKA_BOOTSTRAP", mock.conf.kafka_bootstrap, 1);
	setenv("VOC_KAFKA_SESSION_TIMEOUT_MS", "6000", 1);
	setenv("VOC_KAFKA_HEARTBEAT_INTERVAL_MS", "500", 1);
	setenv("VOC_WEBHOOKS", webhooks_path, 1);
	setenv("VOC_ALLOW_PRIVATE", "yes", 1);
	setenv("VOC_HTTP_ADDR", "off", 1);
	setenv("VOC_WEBHOOK_TRIES", "4", 1);
	setenv("VOC_WEBHOOK_BACKOFF", "20ms", 1);
	setenv("VOC_WEBHOOK_TIMEOUT", "1s", 1);
	execl(VOC_BINARY_DIR "/bin/voc-alerter", "voc-alerter", (char *)NULL);
	_exit(127);
}

static void start_alerter(void)
{
	alerter = fork();
	assert_true(alerter >= 0);
	if (alerter == 0)
		become_alerter();
}

/* SIGTERM; it must be gone, and content, within VOC_SHUTDOWN and a little. */
static void stop_alerter(void)
{
	int status = -1;
	int64_t began_ms = voc_clock_ms();
	kill(alerter, SIGTERM);
	assert_int_equal(waitpid(alerter, &status, 0), alerter);
	alerter = 0;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 0);
	assert_true(voc_clock_ms() - began_ms < 5500);
}

static int start(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(webhooks_path, sizeof webhooks_path, "%s/webhooks.json", folder);
	snprintf(log_path, sizeof log_path, "%s/log", folder);
	test_receiver_start(&receiver, NULL);
	mock_kafka_start(&mock);
	mock_kafka_topic(&mock, "voc.alerts", PARTITIONS);
	mock_kafka_topic(&mock, "voc.dlq", 1);
	producer = mock_producer(&mock);
	write_webhooks();
	start_alerter();
	return 0;
}

static int stop(void **state)
{
	(void)state;
	if (alerter > 0) {
		kill(alerter, SIGKILL);
		waitpid(alerter, NULL, 0);
	}
	voc_producer_free(producer);
	mock_kafka_stop(&mock);
	test_receiver_stop(&receiver);
	unlink(webhooks_path);
	unlink(log_path);
	rmdir(folder);
	return 0;
}

/* The alert with this number, for customer C-<number mod 5>. Every third one is critical. */
static void make_alert(struct voc_buf *buf, int number)
{
	char id[VOC_ALERT_ID_SIZE], customer[16];
	snprintf(id, sizeof id, "%032d", number);
	snprintf(customer, sizeof customer, "C-%d", number % CUSTOMERS);
	const struct voc_alert alert = {
		.id = voc_str_from(id),
		.customer_id = voc_str_from(customer),
		.time_ms = INT64_C(1795000000000) + number,
		.rule = number % 3 == 0 ? VOC_RULE_RISK_CRITICAL : VOC_RULE_CHURN_INTENT,
		.severity = number % 3 == 0 ? VOC_SEVERITY_CRITICAL : VOC_SEVERITY_WARNING,
		.risk = 50,
		.events = 1,
		.lang = "ko",
		.follow_up = VOC_STR("전화하세요"),
		.rules_version = VOC_STR("1"),
		.origin = VOC_STR("voc.classified/0/1"),
		.contributions = VOC_STR("[]"),
	};
	assert_true(voc_alert_encode(buf, &alert));
}

static void send_value(struct voc_str key, struct voc_str value, const char *only_for)
{
	struct voc_error error = { .position = -1 };
	const struct voc_header header = { VOC_STR("voc_endpoint"), voc_str_from(only_for) };
	const struct voc_outgoing record = {
		.topic = "voc.alerts",
		.partition = VOC_PARTITION_BY_KEY,
		.key = key,
		.value = value,
		.headers = only_for ? &header : NULL,
		.header_count = only_for ? 1 : 0,
	};
	if (voc_producer_send(producer, &record, &error) != VOC_OK)
		fail_msg("%s", error.text);
}

static void send_alert(int number, const char *only_for)
{
	struct voc_buf buf;
	char key[16];
	voc_buf_init(&buf, VOC_ALERT_MAX_BYTES);
	snprintf(key, sizeof key, "C-%d", number % CUSTOMERS);
	make_alert(&buf, number);
	send_value(voc_str_from(key), voc_buf_str(&buf), only_for);
	voc_buf_free(&buf);
}

static void send_alerts(int count, const char *only_for)
{
	for (int i = 0; i < count; i++)
		send_alert(sent++, only_for);
	mock_flush(producer);
}

static void wait_count(const char *path, int status, size_t count)
{
	test_receiver_wait(&receiver, path, status, count, PATIENCE_MS);
}

/* Accepted by this path: each of the alerts once, and each customer's in order. `less`: of this customer none. */
static void check_order(const char *path, int first, int end, int less)
{
	json_t *requests = test_receiver_requests(&receiver), *request;
	int last[CUSTOMERS] = { -1, -1, -1, -1, -1 }, count = 0, wanted = 0;
	size_t index;
	for (int number = first; number < end; number++)
		wanted += number % CUSTOMERS != less;
	json_array_foreach(requests, index, request)
	{
		if (strcmp(json_string_value(json_object_get(request, "path")), path) != 0 ||
		    json_integer_value(json_object_get(request, "status")) != 200)
			continue;
		int number = (int)strtol(json_string_value(json_object_get(request, "webhook_id")), NULL, 10);
		if (number < first || number >= end)
			continue;
		assert_true(json_is_true(json_object_get(request, "signature_ok")));
		assert_true(number > last[number % CUSTOMERS]);
		last[number % CUSTOMERS] = number;
		count++;
	}
	json_decref(requests);
	assert_int_equal(count, wanted);
}

static void test_a_hanging_endpoint_delays_nobody(void **state)
{
	(void)state;
	send_alerts(40, NULL);
	wait_count("/ok", 200, 40);
	wait_count("/hang", 599, 5);
	check_order("/ok", 0, 40, -1);
	assert_int_equal(test_receiver_count(&receiver, "/hang", 200), 0);
}

static void test_a_flaky_endpoint_gets_everything_in_order(void **state)
{
	(void)state;
	wait_count("/fail/503?first=7", 200, 40);
	assert_int_equal(test_receiver_count(&receiver, "/fail/503?first=7", 503), 7);
	check_order("/fail/503?first=7", 0, 40, -1);
}

static void test_filters_choose(void **state)
{
	(void)state;
	wait_count("/slack/ok", 200, 14);
	assert_int_equal(test_receiver_count(&receiver, "/slack/ok", 0), 14);
}

static void test_gone_is_believed(void **state)
{
	(void)state;
	wait_count("/gone", 410, 1);
	/* One for each customer may have been under way. */
	assert_in_range(test_receiver_count(&receiver, "/gone", 0), 1, CUSTOMERS);
}

static struct voc_consumer *open_letters(void)
{
	static int readers;
	static const char *const topics[] = { "voc.dlq" };
	char group[32];
	struct voc_consumer *consumer = NULL;
	struct voc_error error = { .position = -1 };
	snprintf(group, sizeof group, "letters-%d", readers++);
	const struct voc_consumer_settings settings = {
		.kafka = mock_settings(&mock),
		.group = group,
		.topics = topics,
		.topic_count = 1,
		.prefetch_bytes = 1 << 20,
		.on_assigned = mock_start_at_committed,
	};
	assert_int_equal(voc_consumer_open(&settings, &consumer, &error), VOC_OK);
	return consumer;
}

static bool is_letter_of(const struct voc_message *message, const char *endpoint, enum voc_reason reason)
{
	struct voc_header headers[VOC_MESSAGE_HEADERS_MAX];
	struct voc_dead_letter letter;
	size_t named = 0, count = voc_message_headers(message, headers, VOC_MESSAGE_HEADERS_MAX);
	assert_true(voc_dead_letter_decode(headers, count, &letter));
	assert_true(voc_str_is(letter.origin_topic, "voc.alerts"));
	assert_true(voc_str_is(letter.service, "voc-alerter"));
	for (size_t i = 0; i < count; i++)
		named += voc_str_is(headers[i].name, "voc_endpoint") && voc_str_is(headers[i].value, endpoint);
	return named == 1 && letter.reason == reason;
}

/* Reads voc.dlq from its start, until this many letters of this endpoint and reason have come. While none come, `nudge`
 * (may be NULL) is called now and then. */
static void expect_letters(const char *endpoint, enum voc_reason reason, int count,
                           void (*check)(const struct voc_message *), void (*nudge)(void))
{
	struct voc_consumer *consumer = open_letters();
	struct voc_error error = { .position = -1 };
	int64_t deadline_ms = voc_clock_ms() + PATIENCE_MS;
	for (int found = 0; found < count;) {
		struct voc_message message = { 0 };
		if (voc_clock_ms() > deadline_ms)
			fail_msg("%s: %d of %d letters", endpoint, found, count);
		if (mock_next(consumer, &message, 500, &error) != VOC_POLL_RECORD) {
			if (nudge)
				nudge();
			continue;
		}
		if (is_letter_of(&message, endpoint, reason)) {
			found++;
			if (check)
				check(&message);
		}
		voc_message_release(&message);
	}
	voc_consumer_free(consumer);
}

static void check_original(const struct voc_message *message)
{
	struct voc_buf buf;
	voc_buf_init(&buf, VOC_ALERT_MAX_BYTES);
	const char *id = strstr(message->value.ptr, "\"id\":\"");
	assert_non_null(id);
	make_alert(&buf, (int)strtol(id + 6, NULL, 10));
	assert_true(voc_str_eq(message->value, voc_buf_str(&buf)));
	voc_buf_free(&buf);
}

static void test_what_is_rejected_is_a_dead_letter_at_once(void **state)
{
	(void)state;
	expect_letters("reject", VOC_REASON_WEBHOOK_REJECTED, 40, check_original, NULL);
	assert_int_equal(test_receiver_count(&receiver, "/fail/422", 0), 40);
}

/* An alert of another customer, for this endpoint only: what shows that the endpoint is alive. */
static void show_life(void)
{
	static int number = 100002;
	send_alert(number, "poison");
	number += CUSTOMERS;
}

static void test_poison_alerts_are_given_up_and_the_rest_arrives(void **state)
{
	(void)state;
	wait_count("/fail/500?customer=C-1", 200, 32);
	check_order("/fail/500?customer=C-1", 0, 40, 1);
	expect_letters("poison", VOC_REASON_WEBHOOK_EXHAUSTED, 8, check_original, show_life);
}

static void test_a_bad_record_is_a_dead_letter_of_each_endpoint(void **state)
{
	(void)state;
	send_value(VOC_STR("C-0"), VOC_STR("{\"id\":"), NULL);
	mock_flush(producer);
	expect_letters("ok", VOC_REASON_BAD_JSON, 1, NULL, NULL);
	expect_letters("critical", VOC_REASON_BAD_JSON, 1, NULL, NULL);
}

static void test_a_letter_sent_again_goes_to_its_endpoint_only(void **state)
{
	(void)state;
	int first = sent;
	send_alerts(2, "ok");
	send_alerts(1, NULL);
	wait_count("/ok", 200, (size_t)sent);
	wait_count("/fail/503?first=7", 200, (size_t)sent - 2);
	check_order("/ok", first, sent, -1);
	assert_int_equal(test_receiver_count(&receiver, "/fail/503?first=7", 200), sent - 2);
}

static void test_a_restart_goes_on_where_it_was(void **state)
{
	(void)state;
	stop_alerter();
	int first = sent;
	send_alerts(20, NULL);
	start_alerter();
	wait_count("/ok", 200, (size_t)sent);
	check_order("/ok", 0, sent, -1);
	check_order("/ok", first, sent, -1);
	assert_int_equal(test_receiver_count(&receiver, "/ok", 0), sent);
	stop_alerter();
}

/* Whether each of these arrived at /ok; twice is fine. */
static bool have_all(int first, int end)
{
	json_t *requests = test_receiver_requests(&receiver), *request;
	json_t *ids = json_object();
	size_t index;
	json_array_foreach(requests, index, request)
	{
		const char *id = json_string_value(json_object_get(request, "webhook_id"));
		int number = (int)strtol(id, NULL, 10);
		if (strcmp(json_string_value(json_object_get(request, "path")), "/ok") == 0 && number >= first &&
		    number < end)
			json_object_set_new(ids, id, json_true());
	}
	bool all = json_object_size(ids) == (size_t)(end - first);
	json_decref(ids);
	json_decref(requests);
	return all;
}

static void wait_all(int first)
{
	size_t requests = test_receiver_count(&receiver, "/ok", 0);
	while (!have_all(first, sent))
		wait_count("/ok", 0, ++requests);
}

static void test_a_member_that_joins_or_leaves_loses_nothing(void **state)
{
	(void)state;
	int first = sent;
	start_alerter();
	pid_t elder = alerter;
	send_alerts(20, NULL);
	wait_all(first);
	start_alerter();
	send_alerts(20, NULL);
	wait_all(first);
	pid_t younger = alerter;
	alerter = elder;
	stop_alerter();
	alerter = younger;
	send_alerts(20, NULL);
	wait_all(first);
	stop_alerter();
}

/* Commits, as a member of this endpoint's group, more than the log has. */
static void commit_beyond(const char *group)
{
	static const char *const topics[] = { "voc.alerts" };
	struct voc_consumer *consumer = NULL;
	struct voc_error error = { .position = -1 };
	struct voc_message message = { 0 };
	size_t count = 0;
	const struct voc_consumer_settings settings = {
		.kafka = mock_settings(&mock),
		.group = group,
		.topics = topics,
		.topic_count = 1,
		.prefetch_bytes = 1 << 20,
		.on_assigned = mock_start_at_committed,
	};
	assert_int_equal(voc_consumer_open(&settings, &consumer, &error), VOC_OK);
	int64_t deadline_ms = voc_clock_ms() + PATIENCE_MS;
	while (voc_consumer_partitions(consumer, &count), count == 0 && voc_clock_ms() < deadline_ms) {
		(void)mock_next(consumer, &message, 100, &error);
		voc_message_release(&message);
	}
	assert_int_equal(count, PARTITIONS);
	voc_consumer_store(consumer, "voc.alerts", 0, 1000000);
	assert_int_equal(voc_consumer_commit(consumer, PATIENCE_MS, &error), VOC_OK);
	voc_consumer_free(consumer);
}

static bool log_says(const char *words)
{
	char line[4096];
	bool found = false;
	FILE *file = fopen(log_path, "r");
	assert_non_null(file);
	while (!found && fgets(line, sizeof line, file))
		found = strstr(line, words) != NULL;
	fclose(file);
	return found;
}

/* A log that ends before what was committed was made anew: its alerts must not be taken for others. */
static void test_alerts_that_were_made_anew_are_refused(void **state)
{
	(void)state;
	int status = -1;
	commit_beyond("voc-alerter-ok");
	start_alerter();
	assert_int_equal(waitpid(alerter, &status, 0), alerter);
	alerter = 0;
	assert_true(WIFEXITED(status));
	assert_int_equal(WEXITSTATUS(status), 1);
	assert_true(log_says("position_lost"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_hanging_endpoint_delays_nobody),
		cmocka_unit_test(test_a_flaky_endpoint_gets_everything_in_order),
		cmocka_unit_test(test_filters_choose),
		cmocka_unit_test(test_gone_is_believed),
		cmocka_unit_test(test_what_is_rejected_is_a_dead_letter_at_once),
		cmocka_unit_test(test_poison_alerts_are_given_up_and_the_rest_arrives),
		cmocka_unit_test(test_a_bad_record_is_a_dead_letter_of_each_endpoint),
		cmocka_unit_test(test_a_letter_sent_again_goes_to_its_endpoint_only),
		cmocka_unit_test(test_a_restart_goes_on_where_it_was),
		cmocka_unit_test(test_a_member_that_joins_or_leaves_loses_nothing),
		cmocka_unit_test(test_alerts_that_were_made_anew_are_refused),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
