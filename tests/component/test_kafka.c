/* The Kafka client against librdkafka's mock cluster. A first join takes 3 s there, so the tests share one. */
#include "base/clock.h"
#include "io/kafka/kafka_admin.h"
#include "support/mock_kafka.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#define JOIN_MS 20000

#define RECORDS 30

static struct mock_kafka mock;
/* Joins overlap: each of these is opened before the first test. */
static struct voc_consumer *split, *refused, *beyond, *still, *late, *placeless;
static int assignments, revocations;
static int late_assignments, placeless_assignments, placeless_revocations;
static bool owner_ready;

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

/* An owner that isn't ready at first, and then wants partition 1 from offset 4, the others from their beginning. */
static enum voc_status assign_split(void *owner, struct voc_consumer *consumer, struct voc_position *positions,
                                    size_t count, struct voc_error *error)
{
	(void)owner;
	(void)consumer;
	assignments++;
	if (!owner_ready)
		return voc_error_set(error, VOC_RETRY, VOC_REASON_REDIS, -1, "not yet");
	for (size_t i = 0; i < count; i++) {
		assert_int_equal(positions[i].offset, VOC_OFFSET_COMMITTED);
		positions[i].offset = positions[i].partition == 1 ? 4 : VOC_OFFSET_BEGINNING;
	}
	return VOC_OK;
}

static enum voc_status assign_refused(void *owner, struct voc_consumer *consumer, struct voc_position *positions,
                                      size_t count, struct voc_error *error)
{
	(void)owner;
	(void)consumer;
	(void)positions;
	(void)count;
	return voc_error_set(error, VOC_FATAL, VOC_REASON_POSITION_LOST, -1, "by the owner");
}

static enum voc_status assign_beyond(void *owner, struct voc_consumer *consumer, struct voc_position *positions,
                                     size_t count, struct voc_error *error)
{
	(void)owner;
	(void)consumer;
	(void)error;
	for (size_t i = 0; i < count; i++)
		positions[i].offset = 100000;
	return VOC_OK;
}

static enum voc_status assign_late(void *owner, struct voc_consumer *consumer, struct voc_position *positions,
                                   size_t count, struct voc_error *error)
{
	(void)owner, (void)consumer, (void)positions, (void)count, (void)error;
	late_assignments++;
	return VOC_OK;
}

static enum voc_status assign_placeless(void *owner, struct voc_consumer *consumer, struct voc_position *positions,
                                        size_t count, struct voc_error *error)
{
	(void)owner, (void)consumer, (void)positions, (void)count;
	placeless_assignments++;
	return voc_error_set(error, VOC_RETRY, VOC_REASON_REDIS, -1, "never");
}

static void revoke_placeless(void *owner, struct voc_consumer *consumer, bool lost)
{
	(void)owner, (void)consumer, (void)lost;
	placeless_revocations++;
}

static void on_revoked(void *owner, struct voc_consumer *consumer, bool lost)
{
	(void)owner;
	(void)consumer;
	assert_false(lost);
	revocations++;
}

static int start(void **state)
{
	(void)state;
	mock_kafka_start(&mock);
	mock_kafka_topic(&mock, "orders", 3);
	mock_kafka_topic(&mock, "stored", 1);
	mock_kafka_topic(&mock, "still", 1);
	struct voc_producer *producer = mock_producer(&mock);
	for (int i = 0; i < RECORDS; i++)
		mock_send(producer, "orders", i % 3, "k", "value", 1700000000000 + i);
	for (int i = 0; i < 10; i++)
		mock_send(producer, "stored", 0, "k", "v", 0);
	mock_flush(producer);
	voc_producer_free(producer);
	split = join(
	        "split", "orders",
	        (struct voc_consumer_settings){
	                .split = true, .split_partitions = 3, .on_assigned = assign_split, .on_revoked = on_revoked });
	refused = join("refused", "orders", (struct voc_consumer_settings){ .on_assigned = assign_refused });
	beyond = join("beyond", "orders", (struct voc_consumer_settings){ .on_assigned = assign_beyond });
	still = join("still", "still", (struct voc_consumer_settings){ .on_assigned = mock_start_at_committed });
	late = join("late", "orders", (struct voc_consumer_settings){ .on_assigned = assign_late });
	placeless =
	        join("placeless", "orders",
	             (struct voc_consumer_settings){ .on_assigned = assign_placeless, .on_revoked = revoke_placeless });
	return 0;
}

static int stop(void **state)
{
	(void)state;
	voc_consumer_free(split);
	voc_consumer_free(refused);
	voc_consumer_free(beyond);
	voc_consumer_free(still);
	voc_consumer_free(late);
	voc_consumer_free(placeless);
	mock_kafka_stop(&mock);
	return 0;
}

/* Waits on the fd, as a service does, and serves callbacks. */
static void serve(struct voc_consumer *consumer, int timeout_ms)
{
	struct voc_error error = { .position = -1 };
	struct voc_message message = { 0 };
	struct pollfd fd = { .fd = voc_consumer_fd(consumer), .events = POLLIN };
	poll(&fd, 1, timeout_ms);
	enum voc_poll outcome = voc_consumer_poll(consumer, 0, &message, &error);
	if (outcome == VOC_POLL_FAILED)
		fail_msg("%s", error.text);
	voc_message_release(&message);
}

/* Reads a partition of `split` until `count` records came, and checks that they are consecutive. */
static void read_partition(size_t index, int64_t first, int64_t count)
{
	struct voc_error error = { .position = -1 };
	struct voc_message message = { 0 };
	int64_t deadline_ms = voc_clock_ms() + JOIN_MS, next = first;
	while (next < first + count) {
		assert_true(voc_clock_ms() < deadline_ms);
		switch (voc_consumer_poll_partition(split, index, &message, &error)) {
		case VOC_POLL_RECORD:
			assert_int_equal(message.partition, index);
			assert_int_equal(message.offset, next);
			assert_int_equal(message.timestamp_ms, 1700000000000 + 3 * next + (int64_t)index);
			next++;
			break;
		case VOC_POLL_NOTHING: serve(split, 100); break;
		case VOC_POLL_END: break;
		case VOC_POLL_FAILED: fail_msg("%s", error.text);
		}
		voc_message_release(&message);
	}
}

/* The owner is asked until it is ready, and its offsets count; each partition has its own queue. */
static void test_split(void **state)
{
	(void)state;
	size_t count = 1;
	int64_t deadline_ms = voc_clock_ms() + JOIN_MS;
	while (assignments < 2 && voc_clock_ms() < deadline_ms)
		serve(split, 100);
	assert_true(assignments >= 2);
	assert_null(voc_consumer_partitions(split, &count));
	assert_int_equal(count, 0);
	assert_true(voc_consumer_joined(split));
	owner_ready = true;
	while (count == 0 && voc_clock_ms() < deadline_ms) {
		serve(split, 100);
		voc_consumer_partitions(split, &count);
	}
	assert_int_equal(count, 3);
	read_partition(2, 0, 10);
	read_partition(0, 0, 10);
	read_partition(1, 4, 6);
	assert_int_equal(voc_consumer_high(split, "orders", 1), 10);
	assert_true(voc_consumer_reachable(split));
}

/* After test_split: all partitions of `split` are read. */
static void test_seek_pause_resume(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	struct voc_message message = { 0 };
	struct voc_position position = { "orders", 1, 2 };
	assert_int_equal(voc_consumer_seek(split, &position, 2000, &error), VOC_OK);
	read_partition(1, 2, 8);

	/* resuming what isn't paused changes nothing */
	position.offset = 0;
	assert_int_equal(voc_consumer_resume(split, &position, 2000, &error), VOC_OK);
	voc_consumer_pause(split, "orders", 1);
	voc_consumer_pause(split, "orders", 1);
	position.offset = 5;
	assert_int_equal(voc_consumer_resume(split, &position, 2000, &error), VOC_OK);
	read_partition(1, 5, 5);
	for (int i = 0; i < 5; i++) {
		assert_int_not_equal(voc_consumer_poll_partition(split, 1, &message, &error), VOC_POLL_RECORD);
		voc_message_release(&message);
		serve(split, 20);
	}
}

static void test_watermarks_and_committed(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	struct voc_watermarks watermarks[2];
	struct voc_position positions[] = { { "orders", 2, 0 }, { "orders", 0, 0 } };
	assert_int_equal(voc_consumer_watermarks(split, positions, 2, watermarks, 5000, &error), VOC_OK);
	assert_int_equal(watermarks[0].low, 0);
	assert_int_equal(watermarks[0].high, 10);
	assert_int_equal(watermarks[1].high, 10);
	voc_consumer_store(split, "orders", 2, 7);
	assert_int_equal(voc_consumer_commit(split, 5000, &error), VOC_OK);
	assert_int_equal(voc_consumer_committed(split, positions, 2, 5000, &error), VOC_OK);
	assert_int_equal(positions[0].offset, 7);
	assert_int_equal(positions[1].offset, VOC_OFFSET_BEGINNING);
}

/* What is stored is the next offset: a second member of the group goes on exactly there. */
static void test_offset_store(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	struct voc_message message = { 0 };
	struct voc_consumer *consumer =
	        join("store", "stored", (struct voc_consumer_settings){ .on_assigned = mock_start_at_committed });
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
}

/* A record of each partition that `split` has now. */
static void read_all_partitions(size_t count)
{
	struct voc_error error = { .position = -1 };
	int64_t deadline_ms = voc_clock_ms() + JOIN_MS;
	for (size_t i = 0; i < count; i++) {
		struct voc_message message = { 0 };
		while (voc_consumer_poll_partition(split, i, &message, &error) != VOC_POLL_RECORD) {
			voc_message_release(&message);
			assert_true(voc_clock_ms() < deadline_ms);
			serve(split, 100);
		}
		voc_message_release(&message);
	}
}

/* A second member: the first loses all its partitions, paused ones too, and each gets its share, none paused. */
static void test_rebalance(void **state)
{
	(void)state;
	size_t first = 3, second = 0;
	int64_t deadline_ms = voc_clock_ms() + JOIN_MS;
	for (int32_t p = 0; p < 3; p++)
		voc_consumer_pause(split, "orders", p);
	struct voc_consumer *other =
	        join("split", "orders", (struct voc_consumer_settings){ .on_assigned = mock_start_at_committed });
	while ((first == 3 || first + second < 3) && voc_clock_ms() < deadline_ms) {
		serve(split, 20);
		serve(other, 20);
		voc_consumer_partitions(split, &first);
		voc_consumer_partitions(other, &second);
	}
	assert_int_equal(first + second, 3);
	assert_true(first > 0 && second > 0);
	assert_true(revocations > 0);
	read_all_partitions(first);
	voc_consumer_free(other);
}

static void test_owner_refuses(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	struct voc_message message = { 0 };
	assert_int_equal(mock_next(refused, &message, JOIN_MS, &error), VOC_POLL_FAILED);
	assert_int_equal(error.status, VOC_FATAL);
	assert_string_equal(error.text, "by the owner");
	/* and it stays so */
	assert_int_equal(voc_consumer_poll(refused, 0, &message, &error), VOC_POLL_FAILED);
}

/* Without an offset to go on from, reading fails; it never starts anywhere else. */
static void test_position_lost(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	struct voc_message message = { 0 };
	assert_int_equal(mock_next(beyond, &message, JOIN_MS, &error), VOC_POLL_FAILED);
	assert_int_equal(error.status, VOC_FATAL);
	assert_int_equal(error.reason, VOC_REASON_POSITION_LOST);
}

/* What isn't fetched, no fetch tells of: Kafka is asked. */
static void test_the_end_of_a_still_partition_is_found(void **state)
{
	(void)state;
	int64_t deadline_ms = voc_clock_ms() + JOIN_MS;
	size_t count = 0;
	while (count == 0 && voc_clock_ms() < deadline_ms) {
		serve(still, 50);
		voc_consumer_partitions(still, &count);
	}
	assert_int_equal(count, 1);
	voc_consumer_pause(still, "still", 0);
	struct voc_producer *producer = mock_producer(&mock);
	for (int i = 0; i < 3; i++)
		mock_send(producer, "still", 0, "k", "v", 0);
	mock_flush(producer);
	voc_producer_free(producer);
	while (voc_consumer_high(still, "still", 0) < 3 && voc_clock_ms() < deadline_ms) {
		voc_consumer_find_ends(still);
		serve(still, 50);
	}
	assert_int_equal(voc_consumer_high(still, "still", 0), 3);
}

/* The group's answer lies there unread when the end comes: the owner is not asked any more where it would begin. */
static void test_an_assignment_that_meets_the_end_is_not_taken(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	int64_t began_ms = voc_clock_ms();
	assert_int_equal(voc_consumer_close(late, began_ms + 2000, &error), VOC_OK);
	assert_in_range(voc_clock_ms() - began_ms, 0, 2000);
	assert_int_equal(late_assignments, 0);
}

/* An owner that could not take its partitions hears that they have gone, or it would wait for them for ever. */
static void test_an_assignment_that_was_never_taken_is_revoked(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	int64_t deadline_ms = voc_clock_ms() + JOIN_MS;
	while (placeless_assignments == 0 && voc_clock_ms() < deadline_ms)
		serve(placeless, 50);
	assert_int_not_equal(placeless_assignments, 0);
	assert_int_equal(placeless_revocations, 0);
	assert_int_equal(voc_consumer_close(placeless, voc_clock_ms() + 2000, &error), VOC_OK);
	assert_int_equal(placeless_revocations, 1);
}

/* librdkafka goes on asking the leader that it remembers: the next try must know better. */
static void test_watermarks_after_a_leader_moved(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	struct mock_kafka two;
	struct voc_admin *admin = NULL;
	struct voc_watermarks watermarks;
	struct voc_position position = { "orders", 0, 0 };
	mock_kafka_start_brokers(&two, 2);
	mock_kafka_topic(&two, "orders", 1);
	struct voc_kafka_settings settings = mock_settings(&two);
	assert_int_equal(voc_admin_open(&settings, &admin, &error), VOC_OK);
	for (int32_t leader = 1; leader <= 2; leader++) {
		mock_kafka_lead(&two, "orders", 0, leader);
		if (voc_admin_watermarks(admin, &position, 1, &watermarks, 5000, &error) != VOC_OK)
			assert_int_equal(voc_admin_watermarks(admin, &position, 1, &watermarks, 5000, &error), VOC_OK);
	}
	voc_admin_free(admin);
	mock_kafka_stop(&two);
}

static void test_admin(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	struct voc_kafka_settings settings = mock_settings(&mock);
	struct voc_admin *admin = NULL;
	struct voc_watermarks watermarks;
	struct voc_position positions[] = { { "orders", 0, 0 }, { "orders", 2, 0 } };
	struct voc_topic_plan plan = { .topic = "orders", .partitions = 3, .replication = 1 };
	int32_t partitions = -1;
	bool created = true;
	assert_int_equal(voc_admin_open(&settings, &admin, &error), VOC_OK);
	assert_int_equal(voc_admin_partition_count(admin, "orders", 5000, &partitions, &error), VOC_OK);
	assert_int_equal(partitions, 3);
	assert_int_equal(voc_admin_create_topic(admin, &plan, 5000, &created, &error), VOC_OK);
	assert_false(created);
	plan.partitions = 4;
	assert_int_equal(voc_admin_create_topic(admin, &plan, 5000, &created, &error), VOC_FATAL);
	assert_int_equal(error.reason, VOC_REASON_PARTITIONS_CHANGED);
	voc_error_clear(&error);
	assert_int_equal(voc_admin_watermarks(admin, positions, 1, &watermarks, 5000, &error), VOC_OK);
	assert_int_equal(watermarks.high, 10);
	assert_int_equal(voc_admin_committed(admin, "split", positions, 2, 5000, &error), VOC_OK);
	assert_int_equal(positions[0].offset, VOC_OFFSET_BEGINNING);
	assert_int_equal(positions[1].offset, 7);
	voc_admin_free(admin);
}

struct opening {
	const char *name, *value, *expected;
};

static void test_properties(void **state)
{
	(void)state;
	static const struct opening openings[] = {
		{ "no.such.property", "1", "no.such.property" },
		{ "enable.auto.offset.store", "true", "can't be set" },
		{ "auto.offset.reset", "latest", "can't be set" },
		{ "partition.assignment.strategy", "cooperative-sticky", "cooperative" },
		{ "session.timeout.ms", "soon", "session.timeout.ms" },
		/* as if it were a secret */
		{ "heartbeat.interval.ms", "hush", "refused" },
	};
	for (size_t i = 0; i < sizeof openings / sizeof *openings; i++) {
		struct voc_consumer *consumer = NULL;
		struct voc_error error = { .position = -1 };
		struct voc_conf conf = { .kafka_bootstrap = mock.conf.kafka_bootstrap };
		char name[64], value[64];
		snprintf(name, sizeof name, "%s", openings[i].name);
		snprintf(value, sizeof value, "%s", openings[i].value);
		conf.kafka_properties[conf.kafka_property_count++] =
		        (struct voc_kafka_property){ name, value, strcmp(value, "hush") == 0 };
		const char *topic = "orders";
		struct voc_consumer_settings settings = { .kafka = { .conf = &conf, .client_id = "test" },
			                                  .group = "none",
			                                  .topics = &topic,
			                                  .topic_count = 1 };
		assert_int_equal(voc_consumer_open(&settings, &consumer, &error), VOC_FATAL);
		assert_int_equal(error.reason, VOC_REASON_CONFIG);
		assert_non_null(strstr(error.text, openings[i].expected));
		assert_null(strstr(error.text, "hush"));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_split),
		cmocka_unit_test(test_seek_pause_resume),
		cmocka_unit_test(test_watermarks_and_committed),
		cmocka_unit_test(test_owner_refuses),
		cmocka_unit_test(test_position_lost),
		cmocka_unit_test(test_watermarks_after_a_leader_moved),
		cmocka_unit_test(test_admin),
		cmocka_unit_test(test_properties),
		cmocka_unit_test(test_offset_store),
		cmocka_unit_test(test_rebalance),
		cmocka_unit_test(test_the_end_of_a_still_partition_is_found),
		cmocka_unit_test(test_an_assignment_that_meets_the_end_is_not_taken),
		cmocka_unit_test(test_an_assignment_that_was_never_taken_is_revoked),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
