/* The producer against librdkafka's mock cluster: order, no holes, and a failure that is final. */
#include "base/clock.h"
#include "base/hash.h"
#include "io/kafka/kafka_reader.h"
#include "support/mock_kafka.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define PARTITIONS      4
#define API_PRODUCE     0
#define NOT_LEADER      6
#define REQUEST_TIMEOUT 7

struct delivery {
	int32_t partition;
	int64_t offset;
	int count;
};

static struct mock_kafka mock;
static int complaints;

static int start(void **state)
{
	(void)state;
	mock_kafka_start(&mock);
	mock_kafka_topic(&mock, "keyed", PARTITIONS);
	mock_kafka_topic(&mock, "whole", 1);
	mock_kafka_topic(&mock, "ordered", 1);
	mock_kafka_topic(&mock, "outage", 1);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	mock_kafka_stop(&mock);
	return 0;
}

static void on_delivered(void *owner, void *opaque, int32_t partition, int64_t offset)
{
	struct delivery *delivery = opaque;
	(void)owner;
	delivery->partition = partition;
	delivery->offset = offset;
	delivery->count++;
}

static void on_complaint(void *context, enum voc_reason reason, const char *text)
{
	(void)context;
	(void)reason;
	(void)text;
	complaints++;
}

static struct voc_producer *open_lingering(int linger_ms)
{
	struct voc_producer *producer = NULL;
	struct voc_error error = { .position = -1 };
	struct voc_producer_settings settings = { .kafka = mock_settings(&mock),
		                                  .linger_ms = linger_ms,
		                                  .on_delivered = on_delivered };
	settings.kafka.on_complaint = on_complaint;
	if (voc_producer_open(&settings, &producer, &error) != VOC_OK)
		fail_msg("%s", error.text);
	return producer;
}

static struct voc_producer *open_producer(void)
{
	return open_lingering(1);
}

static void send(struct voc_producer *producer, const struct voc_outgoing *record)
{
	struct voc_error error = { .position = -1 };
	if (voc_producer_send(producer, record, &error) != VOC_OK)
		fail_msg("%s", error.text);
}

static struct voc_reader *read_topic(const char *topic)
{
	struct voc_reader *reader = NULL;
	struct voc_error error = { .position = -1 };
	struct voc_kafka_settings settings = mock_settings(&mock);
	struct voc_position from = { .partition = 0, .offset = VOC_OFFSET_BEGINNING };
	voc_str_copy(from.topic, sizeof from.topic, voc_str_from(topic));
	if (voc_reader_open(&settings, &from, NULL, 1, &reader, &error) != VOC_OK)
		fail_msg("%s", error.text);
	return reader;
}

static void next(struct voc_reader *reader, struct voc_message *message)
{
	struct voc_error error = { .position = -1 };
	if (voc_reader_next(reader, 10000, message, &error) != VOC_POLL_RECORD)
		fail_msg("no record: %s", error.text);
}

static void test_keys_as_in_java(void **state)
{
	(void)state;
	struct delivery deliveries[50] = { 0 };
	char key[16];
	struct voc_producer *producer = open_producer();
	for (int i = 0; i < 50; i++) {
		snprintf(key, sizeof key, "C-%d", i);
		struct voc_outgoing record = { .topic = "keyed",
			                       .partition = VOC_PARTITION_BY_KEY,
			                       .key = voc_str_from(key),
			                       .value = VOC_STR("v"),
			                       .opaque = &deliveries[i] };
		send(producer, &record);
	}
	assert_true(voc_producer_in_flight(producer) > 0);
	mock_flush(producer);
	assert_int_equal(voc_producer_in_flight(producer), 0);
	for (int i = 0; i < 50; i++) {
		snprintf(key, sizeof key, "C-%d", i);
		assert_int_equal(deliveries[i].count, 1);
		assert_int_equal(deliveries[i].partition, voc_partition_of(voc_str_from(key), PARTITIONS));
	}
	voc_producer_free(producer);
}

/* Key, value, headers and timestamp come back as they were sent. */
static void test_whole_record(void **state)
{
	(void)state;
	struct delivery delivery = { 0 };
	struct voc_header headers[] = { { VOC_STR("a"), VOC_STR("1") },
		                        { VOC_STR("a"), { "\0x", 2 } },
		                        { VOC_STR("null"), { NULL, 0 } } };
	struct voc_header got[VOC_MESSAGE_HEADERS_MAX];
	struct voc_message message = { 0 };
	struct voc_producer *producer = open_producer();
	struct voc_outgoing record = { "whole",       0,         VOC_STR("k"), VOC_STR("value"), headers, 3,
		                       1700000000123, &delivery, false };
	send(producer, &record);
	record.key = record.value = (struct voc_str){ NULL, 0 };
	record.header_count = 0;
	send(producer, &record);
	mock_flush(producer);

	struct voc_reader *reader = read_topic("whole");
	next(reader, &message);
	assert_true(voc_str_is(message.key, "k"));
	assert_true(voc_str_is(message.value, "value"));
	assert_int_equal(message.timestamp_ms, 1700000000123);
	assert_int_equal(voc_message_headers(&message, got, 2), 2);
	assert_int_equal(voc_message_headers(&message, got, VOC_MESSAGE_HEADERS_MAX), 3);
	voc_message_forget_headers(&message); /* they can be read again */
	voc_message_forget_headers(&message);
	assert_int_equal(voc_message_headers(&message, got, VOC_MESSAGE_HEADERS_MAX), 3);
	for (size_t i = 0; i < 3; i++) {
		assert_true(voc_str_eq(got[i].name, headers[i].name));
		assert_true(voc_str_eq(got[i].value, headers[i].value));
	}
	voc_message_release(&message);
	next(reader, &message);
	assert_null(message.key.ptr);
	assert_null(message.value.ptr);
	assert_int_equal(voc_message_headers(&message, got, 2), 0);
	voc_message_forget_headers(&message);
	voc_message_release(&message);
	voc_message_release(&message);
	voc_message_forget_headers(&message);
	voc_reader_free(reader);
	voc_producer_free(producer);
}

/* Brokers that refuse for a while: everything arrives, once and in order. */
static void test_order_through_errors(void **state)
{
	(void)state;
	struct voc_message message = { 0 };
	char text[16];
	struct voc_producer *producer = mock_producer(&mock);
	mock_kafka_fail(&mock, API_PRODUCE, NOT_LEADER, 2);
	for (int i = 0; i < 200; i++) {
		snprintf(text, sizeof text, "%d", i);
		mock_send(producer, "ordered", 0, "k", text, 0);
		if (i % 50 == 0)
			mock_kafka_fail(&mock, API_PRODUCE, REQUEST_TIMEOUT, 1);
	}
	mock_flush(producer);
	struct voc_reader *reader = read_topic("ordered");
	for (int i = 0; i < 200; i++) {
		next(reader, &message);
		snprintf(text, sizeof text, "%d", i);
		assert_true(voc_str_is(message.value, text));
		voc_message_release(&message);
	}
	voc_reader_free(reader);
	voc_producer_free(producer);
}

/* While Kafka is away records wait, however long; its return delivers them. The fd tells. */
static void test_outage(void **state)
{
	(void)state;
	struct delivery delivery = { 0 };
	struct voc_error error = { .position = -1 };
	struct voc_producer *producer = open_producer();
	struct voc_outgoing record = { .topic = "outage", .value = VOC_STR("v"), .opaque = &delivery };
	send(producer, &record);
	mock_flush(producer);
	assert_true(voc_producer_reachable(producer));
	mock_kafka_down(&mock, true);
	send(producer, &record);
	int64_t began_ms = voc_clock_ms();
	assert_int_equal(voc_producer_wait(producer, began_ms + 1000, &error), VOC_RETRY);
	assert_in_range(voc_clock_ms() - began_ms, 990, 5000);
	assert_int_equal(delivery.count, 1);
	assert_false(voc_producer_reachable(producer));
	assert_true(complaints > 0);
	mock_kafka_down(&mock, false);
	struct pollfd fd = { .fd = voc_producer_fd(producer), .events = POLLIN };
	int64_t deadline_ms = voc_clock_ms() + 20000;
	while (delivery.count < 2 && voc_clock_ms() < deadline_ms) {
		poll(&fd, 1, 1000);
		voc_error_clear(&error);
		assert_int_equal(voc_producer_poll(producer, 0, &error), VOC_OK);
	}
	assert_int_equal(delivery.count, 2);
	assert_int_equal(delivery.offset, 1);
	voc_producer_free(producer);
}

/* What lingers for minutes is there at once. */
static void test_hurry(void **state)
{
	(void)state;
	struct delivery delivery = { 0 };
	struct voc_outgoing record = { .topic = "whole", .value = VOC_STR("v"), .opaque = &delivery };
	struct voc_producer *producer = open_lingering(600000);
	voc_producer_hurry(producer, 10000); /* nothing is in flight: nothing to wait for */
	voc_producer_expect(producer, "whole", 10000);
	send(producer, &record);
	voc_producer_hurry(producer, 10000);
	assert_int_equal(delivery.count, 1);
	assert_int_equal(voc_producer_in_flight(producer), 0);
	voc_producer_free(producer);
}

/* Only of a topic that it knows can it tell that there is no such partition. */
static void test_expected_topic(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	struct delivery delivery = { 0 };
	struct voc_outgoing record = {
		.topic = "keyed", .partition = PARTITIONS, .value = VOC_STR("v"), .opaque = &delivery
	};
	struct voc_producer *producer = open_producer();
	assert_int_equal(voc_producer_send(producer, &record, &error), VOC_OK);
	voc_producer_expect(producer, "keyed", 10000);
	assert_int_equal(voc_producer_send(producer, &record, &error), VOC_FATAL);
	assert_int_equal(error.reason, VOC_REASON_KAFKA);
	voc_producer_free(producer);
}

static void test_fatal(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	struct voc_outgoing record = { .topic = "outage", .value = VOC_STR("v") };
	struct voc_producer *producer = mock_producer(&mock);
	voc_producer_break(producer);
	assert_int_equal(voc_producer_poll(producer, 0, &error), VOC_FATAL);
	assert_int_equal(error.reason, VOC_REASON_KAFKA);
	voc_error_clear(&error);
	assert_int_equal(voc_producer_send(producer, &record, &error), VOC_FATAL);
	voc_error_clear(&error);
	assert_int_equal(voc_producer_wait(producer, voc_clock_ms() + 1000, &error), VOC_FATAL);
	voc_producer_free(producer);
}

static void test_too_large(void **state)
{
	(void)state;
	static char bytes[4300000]; /* over what our producers take */
	struct voc_error error = { .position = -1 };
	struct voc_outgoing record = { .topic = "outage", .value = { bytes, sizeof bytes } };
	struct voc_producer *producer = mock_producer(&mock);
	assert_int_equal(voc_producer_send(producer, &record, &error), VOC_INVALID);
	assert_int_equal(error.reason, VOC_REASON_TOO_LARGE);
	assert_int_equal(voc_producer_in_flight(producer), 0);
	voc_producer_free(producer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_keys_as_in_java),
		cmocka_unit_test(test_whole_record),
		cmocka_unit_test(test_order_through_errors),
		cmocka_unit_test(test_outage),
		cmocka_unit_test(test_hurry),
		cmocka_unit_test(test_expected_topic),
		cmocka_unit_test(test_fatal),
		cmocka_unit_test(test_too_large),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
