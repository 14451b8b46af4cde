/* The classifier's outbox against librdkafka's mock cluster: bursts wait for each other, and nothing is lost. */
#include "base/clock.h"
#include "classifier/outbox.h"
#include "io/kafka/kafka_reader.h"
#include "support/mock_kafka.h"

#include <inttypes.h>
#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define BURST      33   /* more than may be unacknowledged when the next one goes */
#define HELD       1024 /* as many as it holds */
#define PATIENT_MS 30000

static struct mock_kafka mock;
static int64_t acknowledged; /* in the order of sending */
static int64_t sent;         /* by the tests before */

static int start(void **state)
{
	(void)state;
	mock_kafka_start(&mock);
	mock_kafka_topic(&mock, "o.classified", 1);
	mock.conf.topic_prefix = "o.";
	mock.conf.in_flight_records = 3 * HELD;
	return 0;
}

static int stop(void **state)
{
	(void)state;
	mock_kafka_stop(&mock);
	return 0;
}

static void on_acknowledged(void *owner, const struct voc_outbox_origin *origin)
{
	(void)owner;
	assert_int_equal(origin->offset, acknowledged);
	acknowledged++;
}

static struct voc_outbox *open_outbox(void)
{
	struct voc_outbox *outbox = NULL;
	struct voc_error error = { .position = -1 };
	struct voc_outbox_settings settings = { &mock.conf, mock_settings(&mock), on_acknowledged, NULL };
	if (voc_outbox_open(&settings, &outbox, &error) != VOC_OK)
		fail_msg("%s", error.text);
	voc_outbox_expect(outbox);
	return outbox;
}

/* Each in the same room: the outbox must have copied it. */
static struct voc_str value_of(int64_t offset)
{
	static char text[32];
	snprintf(text, sizeof text, "{\"offset\":%" PRId64 "}", offset);
	return voc_str_from(text);
}

static void send(struct voc_outbox *outbox, int64_t from, int64_t end)
{
	struct voc_error error = { .position = -1 };
	struct voc_step_output output = { .key = VOC_STR("C-1") };
	for (int64_t offset = from; offset < end; offset++) {
		struct voc_outbox_origin origin = { .offset = offset };
		assert_true(voc_outbox_has_room(outbox));
		output.value = value_of(offset);
		if (voc_outbox_send(outbox, &output, &origin, &error) != VOC_OK)
			fail_msg("%s", error.text);
	}
}

/* From this place on the topic has the records of the offsets 0 to count, as they were sent. */
static void check_topic(int64_t first, int64_t count)
{
	struct voc_reader *reader = NULL;
	struct voc_error error = { .position = -1 };
	struct voc_kafka_settings settings = mock_settings(&mock);
	struct voc_position from = { .topic = "o.classified", .partition = 0, .offset = first };
	assert_int_equal(voc_reader_open(&settings, &from, NULL, 1, &reader, &error), VOC_OK);
	for (int64_t offset = 0; offset < count; offset++) {
		struct voc_message message;
		assert_int_equal(voc_reader_next(reader, PATIENT_MS, &message, &error), VOC_POLL_RECORD);
		assert_true(voc_str_eq(message.value, value_of(offset)));
		voc_message_release(&message);
	}
	voc_reader_free(reader);
}

/* As the worker does it: sleeps until the outbox's fd tells of an acknowledgement. */
static void wait_for_room(struct voc_outbox *outbox)
{
	struct voc_error error = { .position = -1 };
	int64_t deadline_ms = voc_clock_ms() + PATIENT_MS;
	while (!voc_outbox_has_room(outbox) && voc_clock_ms() < deadline_ms) {
		struct pollfd fd = { .fd = voc_outbox_fd(outbox), .events = POLLIN };
		(void)poll(&fd, 1, 1000);
		assert_int_equal(voc_outbox_poll(outbox, &error), VOC_OK);
	}
	assert_true(voc_outbox_has_room(outbox));
}

static void test_bursts_wait_for_each_other(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	struct voc_outbox *outbox = open_outbox();
	mock_kafka_down(&mock, true);
	send(outbox, 0, BURST);
	assert_int_equal(voc_outbox_flush(outbox, &error), VOC_OK);
	send(outbox, BURST, BURST + HELD);
	assert_false(voc_outbox_has_room(outbox));
	assert_int_equal(voc_outbox_flush(outbox, &error), VOC_OK); /* not while the first burst is in flight */
	assert_false(voc_outbox_has_room(outbox));
	assert_int_equal(voc_outbox_in_flight(outbox), BURST + HELD);
	mock_kafka_down(&mock, false);
	wait_for_room(outbox);
	assert_true(acknowledged > 0 && acknowledged <= BURST);
	assert_int_equal(voc_outbox_flush(outbox, &error), VOC_OK);
	send(outbox, BURST + HELD, BURST + HELD + 1);
	assert_int_equal(voc_outbox_wait(outbox, voc_clock_ms() + PATIENT_MS, &error), VOC_OK);
	assert_int_equal(acknowledged, BURST + HELD + 1);
	voc_outbox_free(outbox);
	check_topic(0, acknowledged);
	sent += acknowledged;
}

/* More than there is room for at a time: it is used again, and never too soon. */
static void test_room_is_used_again(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	struct voc_outbox *outbox = open_outbox();
	acknowledged = 0;
	for (int64_t burst = 0; burst < 10; burst++) {
		send(outbox, burst * HELD, (burst + 1) * HELD);
		if (burst > 0)
			wait_for_room(outbox); /* until the burst before is acknowledged */
		assert_int_equal(voc_outbox_flush(outbox, &error), VOC_OK);
	}
	assert_int_equal(voc_outbox_wait(outbox, voc_clock_ms() + PATIENT_MS, &error), VOC_OK);
	assert_int_equal(acknowledged, 10 * HELD);
	voc_outbox_free(outbox);
	check_topic(sent, acknowledged);
	sent += acknowledged;
}

/* All of a burst may go to one partition, where it must not be more than a batch. */
static void test_a_burst_is_no_more_than_a_batch(void **state)
{
	(void)state;
	static char text[100000];
	struct voc_error error = { .position = -1 };
	struct voc_step_output output = { .key = VOC_STR("C-1"), .value = voc_str_of(text, sizeof text) };
	struct voc_outbox *outbox = open_outbox();
	acknowledged = 0;
	mock_kafka_down(&mock, true);
	send(outbox, 0, BURST);
	assert_int_equal(voc_outbox_flush(outbox, &error), VOC_OK);
	memset(text, 'x', sizeof text);
	for (int64_t i = 0; i < 9; i++) {
		struct voc_outbox_origin origin = { .offset = BURST + i };
		assert_true(voc_outbox_has_room(outbox));
		assert_int_equal(voc_outbox_send(outbox, &output, &origin, &error), VOC_OK);
	}
	assert_false(voc_outbox_has_room(outbox));
	mock_kafka_down(&mock, false);
	wait_for_room(outbox);
	assert_int_equal(voc_outbox_wait(outbox, voc_clock_ms() + PATIENT_MS, &error), VOC_OK);
	assert_int_equal(acknowledged, BURST + 9);
	voc_outbox_free(outbox);
	check_topic(sent, BURST);
	sent += acknowledged;
}

/* When partitions go, all that is held must go out, though librdkafka's queue takes a part of it at a time only. */
static void test_the_wait_outlasts_a_full_queue(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	mock.conf.kafka_properties[mock.conf.kafka_property_count++] =
	        (struct voc_kafka_property){ "queue.buffering.max.messages", "10", false };
	struct voc_outbox *outbox = open_outbox();
	acknowledged = 0;
	send(outbox, 0, 100);
	assert_int_equal(voc_outbox_wait(outbox, voc_clock_ms() + PATIENT_MS, &error), VOC_OK);
	assert_int_equal(acknowledged, 100);
	voc_outbox_free(outbox);
	mock.conf.kafka_property_count--;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_bursts_wait_for_each_other),
		                            cmocka_unit_test(test_room_is_used_again),
		                            cmocka_unit_test(test_a_burst_is_no_more_than_a_batch),
		                            cmocka_unit_test(test_the_wait_outlasts_a_full_queue) };
	return cmocka_run_group_tests(tests, start, stop);
}
