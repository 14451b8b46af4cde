/*
 * A log that is much longer than what is read ahead, by readers that are as fast as it gets, or one that brings too
 * much at a time: none may sleep for a second each time that librdkafka has stopped fetching (io/kafka/kafka_nudge.c).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "io/kafka/kafka_consumer.h"
#include "io/kafka/kafka_reader.h"
#include "support/mock_kafka.h"

#include <poll.h>
#include <stdlib.h>
#include <string.h>

#define TOPIC      "backlog"
#define PARTITIONS 2
#define RECORDS    6000
#define BYTES      1000
#define TURN_MS    1000 /* what a service waits for at most */
#define LONG_MS    900
#define LONG_MOST  3 /* a busy machine may be late now and then; without nudges there are dozens */
#define PATIENCE   120000
#define LIVE       "live"
#define ROUNDS     30
#define HUGE_BYTES 40000 /* more than the queue holds */

static struct mock_kafka mock;

static int start(void **state)
{
	(void)state;
	char value[BYTES + 1];
	memset(value, 'v', BYTES);
	value[BYTES] = '\0';
	mock_kafka_start(&mock);
	mock_kafka_topic(&mock, TOPIC, PARTITIONS);
	mock_kafka_topic(&mock, LIVE, 1);
	struct voc_producer *producer = mock_producer(&mock);
	for (int i = 0; i < RECORDS; i++) {
		mock_send(producer, TOPIC, i % PARTITIONS, "k", value, 0);
		if (i % 100 == 99)
			mock_flush(producer); /* many small batches: a fetch brings only so many */
	}
	mock_flush(producer);
	voc_producer_free(producer);
	mock.conf.kafka_properties[mock.conf.kafka_property_count++] =
	        (struct voc_kafka_property){ strdup("queued.max.messages.kbytes"), strdup("32"), false };
	mock.conf.kafka_properties[mock.conf.kafka_property_count++] =
	        (struct voc_kafka_property){ strdup("max.partition.fetch.bytes"), strdup("16384"), false };
	return 0;
}

static int stop(void **state)
{
	(void)state;
	mock_kafka_stop(&mock);
	return 0;
}

/* Takes all that is there of all partitions; how many records there were. */
static int take_all(struct voc_consumer *consumer, bool split)
{
	struct voc_error error = { .position = -1 };
	size_t count = 0;
	int taken = 0;
	(void)voc_consumer_partitions(consumer, &count);
	for (size_t i = 0; i <= count; i++) {
		enum voc_poll outcome = VOC_POLL_RECORD;
		while (outcome == VOC_POLL_RECORD || outcome == VOC_POLL_END) {
			struct voc_message message = { 0 };
			if (i < count && !split)
				break;
			outcome = i < count ? voc_consumer_poll_partition(consumer, i, &message, &error)
			                    : voc_consumer_poll(consumer, 0, &message, &error);
			taken += outcome == VOC_POLL_RECORD;
			voc_message_release(&message);
		}
		if (outcome == VOC_POLL_FAILED)
			fail_msg("%s", error.text);
	}
	return taken;
}

static struct voc_consumer *open_consumer(const char *topic, const char *group, bool split)
{
	struct voc_error error = { .position = -1 };
	struct voc_consumer *consumer = NULL;
	const struct voc_consumer_settings settings = {
		.kafka = mock_settings(&mock),
		.group = group,
		.topics = &topic,
		.topic_count = 1,
		.prefetch_bytes = 65536,
		.split = split,
		.split_partitions = PARTITIONS,
		.on_assigned = mock_start_at_committed,
	};
	if (voc_consumer_open(&settings, &consumer, &error) != VOC_OK)
		fail_msg("%s", error.text);
	return consumer;
}

/* Waits as the services do, and takes what is there then. */
static int wait_and_take(struct voc_consumer *consumer, bool split)
{
	int64_t again_ms = voc_consumer_again_ms(consumer) - voc_clock_ms();
	struct pollfd fd = { .fd = voc_consumer_fd(consumer), .events = POLLIN };
	poll(&fd, 1, again_ms > 0 && again_ms < TURN_MS ? (int)again_ms : TURN_MS);
	return take_all(consumer, split);
}

static void check_consumer(const char *group, bool split)
{
	struct voc_consumer *consumer = open_consumer(TOPIC, group, split);
	int taken = 0, long_waits = 0;
	int64_t deadline_ms = voc_clock_ms() + PATIENCE;
	while (taken < RECORDS) {
		int64_t began_ms = voc_clock_ms();
		assert_true(began_ms < deadline_ms);
		int some = wait_and_take(consumer, split);
		long_waits += taken > 0 && voc_clock_ms() - began_ms >= LONG_MS;
		taken += some;
	}
	assert_int_equal(taken, RECORDS);
	assert_in_range(long_waits, 0, LONG_MOST);
	voc_consumer_free(consumer);
}

static void test_one_queue(void **state)
{
	(void)state;
	check_consumer("one", false);
}

static void test_a_queue_for_each_partition(void **state)
{
	(void)state;
	check_consumer("split", true);
}

/* Each record is all that there is, and fills the queue: nothing tells then that more is coming. */
static void test_all_that_is_known_is_too_much(void **state)
{
	(void)state;
	char *value = calloc(1, HUGE_BYTES + 1);
	memset(value, 'v', HUGE_BYTES);
	struct voc_producer *producer = mock_producer(&mock);
	struct voc_consumer *consumer = open_consumer(LIVE, "live", false);
	int64_t deadline_ms = voc_clock_ms() + PATIENCE;
	int long_waits = 0;
	for (int round = 0; round < ROUNDS; round++) {
		mock_send(producer, LIVE, 0, "k", value, 0);
		mock_flush(producer);
		int64_t began_ms = voc_clock_ms();
		while (wait_and_take(consumer, false) == 0)
			assert_true(voc_clock_ms() < deadline_ms);
		long_waits += round > 0 && voc_clock_ms() - began_ms >= LONG_MS / 2;
	}
	assert_in_range(long_waits, 0, LONG_MOST);
	voc_consumer_free(consumer);
	voc_producer_free(producer);
	free(value);
}

static void test_a_reader(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	struct voc_position from[PARTITIONS] = { 0 };
	const int64_t ends[PARTITIONS] = { RECORDS / PARTITIONS, RECORDS / PARTITIONS };
	struct voc_kafka_settings settings = mock_settings(&mock);
	struct voc_reader *reader = NULL;
	for (int i = 0; i < PARTITIONS; i++) {
		from[i] = (struct voc_position){ .partition = i, .offset = VOC_OFFSET_BEGINNING };
		voc_str_copy(from[i].topic, sizeof from[i].topic, VOC_STR(TOPIC));
	}
	assert_int_equal(voc_reader_open(&settings, from, ends, PARTITIONS, &reader, &error), VOC_OK);
	int taken = 0, long_waits = 0;
	int64_t deadline_ms = voc_clock_ms() + PATIENCE;
	for (;;) {
		struct voc_message message = { 0 };
		int64_t began_ms = voc_clock_ms();
		assert_true(began_ms < deadline_ms);
		enum voc_poll outcome = voc_reader_next(reader, TURN_MS, &message, &error);
		long_waits += taken > 0 && voc_clock_ms() - began_ms >= LONG_MS;
		taken += outcome == VOC_POLL_RECORD;
		voc_message_release(&message);
		if (outcome == VOC_POLL_FAILED)
			fail_msg("%s", error.text);
		if (outcome == VOC_POLL_END)
			break;
	}
	assert_int_equal(taken, RECORDS);
	assert_in_range(long_waits, 0, LONG_MOST);
	voc_reader_free(reader);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_one_queue),
		cmocka_unit_test(test_a_queue_for_each_partition),
		cmocka_unit_test(test_all_that_is_known_is_too_much),
		cmocka_unit_test(test_a_reader),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
