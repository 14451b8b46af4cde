/*
 * A log that is said to end before a position is not believed at once: a leader that has just taken over tells an end
 * of seconds ago. The clock of this program can be moved: the tests replace base/clock.c.
 */
#include "base/clock.h"
#include "support/mock_kafka.h"

#include <setjmp.h>
#include <stdarg.h>
#include <time.h>

#include <cmocka.h>

#define PATIENCE_MS 60000
#define BELIEVED_MS 15000 /* told for so long it is: see voc_consumer_watermarks */

static struct mock_kafka mock;
static int64_t moved_ms;

int64_t voc_clock_us(void)
{
	struct timespec now;
	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t)now.tv_sec * 1000000 + now.tv_nsec / 1000 + moved_ms * 1000;
}

int64_t voc_clock_ms(void)
{
	return voc_clock_us() / 1000;
}

int64_t voc_clock_wall_ms(void)
{
	struct timespec now;
	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static int start(void **state)
{
	(void)state;
	mock_kafka_start(&mock);
	mock_kafka_topic(&mock, "short", 2);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	mock_kafka_stop(&mock);
	return 0;
}

static struct voc_consumer *join(void)
{
	static const char *const topics[] = { "short" };
	struct voc_consumer *consumer = NULL;
	struct voc_error error = { .position = -1 };
	const struct voc_consumer_settings settings = { .kafka = mock_settings(&mock),
		                                        .group = "short",
		                                        .topics = topics,
		                                        .topic_count = 1,
		                                        .prefetch_bytes = 1 << 20,
		                                        .on_assigned = mock_start_at_committed };
	assert_int_equal(voc_consumer_open(&settings, &consumer, &error), VOC_OK);
	return consumer;
}

/* Polls both members (the second may be NULL) until each owns `share` partitions. */
static void await_shares(struct voc_consumer *first, struct voc_consumer *second, size_t share)
{
	struct voc_error error = { .position = -1 };
	int64_t deadline_ms = voc_clock_ms() + PATIENCE_MS;
	size_t one = 0, other = share;
	while (one != share || other != share) {
		struct voc_message message;
		assert_true(voc_clock_ms() < deadline_ms);
		assert_int_not_equal(mock_next(first, &message, 50, &error), VOC_POLL_FAILED);
		if (second)
			assert_int_not_equal(mock_next(second, &message, 50, &error), VOC_POLL_FAILED);
		(void)voc_consumer_partitions(first, &one);
		if (second)
			(void)voc_consumer_partitions(second, &other);
	}
}

static enum voc_status ask(struct voc_consumer *consumer)
{
	const struct voc_position beyond = { "short", 0, 5 };
	struct voc_watermarks marks;
	struct voc_error error = { .position = -1 };
	enum voc_status status = voc_consumer_watermarks(consumer, &beyond, 1, &marks, PATIENCE_MS, &error);
	if (status != VOC_OK)
		assert_non_null(strstr(error.text, "is said to end at 0, before the position 5"));
	return status;
}

static void test_a_short_log_is_doubted_anew_in_each_assignment(void **state)
{
	(void)state;
	struct voc_consumer *first = join();
	await_shares(first, NULL, 2);
	assert_int_equal(ask(first), VOC_RETRY);
	moved_ms += BELIEVED_MS / 2;
	assert_int_equal(ask(first), VOC_RETRY);
	struct voc_consumer *second = join();
	await_shares(first, second, 1);
	moved_ms += BELIEVED_MS; /* since it was told first, but not in this assignment */
	assert_int_equal(ask(first), VOC_RETRY);
	moved_ms += BELIEVED_MS;
	assert_int_equal(ask(first), VOC_OK);
	voc_consumer_free(first);
	voc_consumer_free(second);
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_a_short_log_is_doubted_anew_in_each_assignment) };
	return cmocka_run_group_tests(tests, start, stop);
}
