/* The Kafka client against librdkafka's mock cluster. A first join takes 3 s there, so the tests share one. */
#include "base/clock.h"
#include "base/hash.h"
#include "io/kafka_admin.h"
#include "support/mock_kafka.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define JOIN_MS 20000

static struct mock_kafka mock;

static int start(void **state)
{
	(void)state;
	mock_kafka_start(&mock);
	mock_kafka_topic(&mock, "orders", 3);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	mock_kafka_stop(&mock);
	return 0;
}

static struct voc_consumer *join(const char *group, const char *topic, struct voc_consumer_settings settings)
{
	struct voc_consumer *consumer = NULL;
	struct voc_error error = { .position = -1 };
	settings.kafka = mock_settings(&mock);
	settings.group = group;
	settings.topics = &topic;
	settings.topic_count = 1;
	settings.prefetch_bytes = 1 << 20;
	if (voc_consumer_open(&settings, &consumer, &error) != VOC_OK)
		fail_msg("%s", error.text);
	return consumer;
}

/* What is stored is the next offset: a second member of the group goes on exactly there. */
static void test_offset_store(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	struct voc_message message = { 0 };
	mock_kafka_topic(&mock, "stored", 1);
	struct voc_producer *producer = mock_producer(&mock);
	for (int i = 0; i < 10; i++)
		mock_send(producer, "stored", 0, "k", "v", 0);
	mock_flush(producer);

	struct voc_consumer *consumer = join("store", "stored", (struct voc_consumer_settings){ .earliest = true });
	for (int i = 0; i < 5; i++) {
		assert_int_equal(mock_next(consumer, &message, JOIN_MS, &error), VOC_POLL_RECORD);
		assert_int_equal(message.offset, i);
		voc_message_release(&message);
	}
	voc_consumer_store(consumer, "stored", 0, 4);
	assert_int_equal(voc_consumer_close(consumer, voc_clock_ms() + 5000, &error), VOC_OK);
	voc_consumer_free(consumer);

	consumer = join("store", "stored", (struct voc_consumer_settings){ 0 });
	assert_int_equal(mock_next(consumer, &message, JOIN_MS, &error), VOC_POLL_RECORD);
	assert_int_equal(message.offset, 4);
	voc_message_release(&message);
	voc_consumer_free(consumer);
	voc_producer_free(producer);
}

static enum voc_status refuse_assignment(void *owner, struct voc_consumer *consumer, struct voc_position *positions,
                                         size_t count, struct voc_error *error)
{
	struct voc_watermarks marks[3];
	(void)owner;
	assert_int_equal(voc_consumer_watermarks(consumer, positions, count, marks, JOIN_MS, error), VOC_OK);
	return voc_error_set(error, VOC_FATAL, VOC_REASON_POSITION_LOST, -1, "refused");
}

/* A rebalance is left unanswered then; librdkafka would wait for the answer for ever. */
static void test_a_close_without_time_does_not_hang(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	struct voc_message message = { 0 };
	struct voc_consumer *consumer =
	        join("hasty", "orders", (struct voc_consumer_settings){ .on_assigned = refuse_assignment });
	assert_int_equal(mock_next(consumer, &message, JOIN_MS, &error), VOC_POLL_FAILED);
	(void)voc_consumer_close(consumer, voc_clock_ms(), &error);
	int64_t began_ms = voc_clock_ms();
	voc_consumer_free(consumer);
	assert_in_range(voc_clock_ms() - began_ms, 0, 5000);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offset_store),
		cmocka_unit_test(test_a_close_without_time_does_not_hang),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
