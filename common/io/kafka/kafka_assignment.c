/* What happens when partitions come and go. */
#include "base/clock.h"
#include "io/kafka/kafka_internal.h"
#include "io/service/metrics.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>

#define RETRY_ASSIGNMENT_MS 500
#define REVOKE_COMMIT_MS    2000

static int compare_partitions(const void *a, const void *b, void *opaque)
{
	const rd_kafka_topic_partition_t *left = a, *right = b;
	(void)opaque;
	int order = strcmp(left->topic, right->topic);
	return order ? order : (left->partition > right->partition) - (left->partition < right->partition);
}

static void position_from(struct voc_position *position, const rd_kafka_topic_partition_t *from)
{
	voc_str_copy(position->topic, sizeof position->topic, voc_str_from(from->topic));
	position->partition = from->partition;
	position->offset = from->offset;
}

ssize_t kafka_partition_find(const struct voc_consumer *consumer, const char *topic, int32_t partition)
{
	for (size_t i = 0; i < consumer->count; i++) {
		if (consumer->positions[i].partition == partition && strcmp(consumer->positions[i].topic, topic) == 0)
			return (ssize_t)i;
	}
	return -1;
}

/* librdkafka may keep a pause beyond the assignment that it belonged to, and the next one begins with none. */
static void resume_paused(struct voc_consumer *consumer)
{
	for (size_t i = 0; i < consumer->count; i++) {
		if (!consumer->paused[i])
			continue;
		rd_kafka_topic_partition_list_t *list = kafka_list_new(&consumer->positions[i], 1);
		(void)rd_kafka_resume_partitions(consumer->client.rk, list);
		rd_kafka_topic_partition_list_destroy(list);
		consumer->paused[i] = false;
	}
}

/* The metric is a sum: the alerter has a consumer for each endpoint. */
static void drop_partitions(struct voc_consumer *consumer)
{
	voc_metric_add(VOC_METRIC_PARTITIONS, -(int64_t)consumer->count);
	for (size_t i = 0; consumer->queues && i < consumer->count; i++) {
		rd_kafka_queue_io_event_enable(consumer->queues[i], -1, NULL, 0);
		rd_kafka_queue_destroy(consumer->queues[i]);
	}
	free(consumer->queues);
	free(consumer->positions);
	free(consumer->paused);
	free(consumer->pulses);
	consumer->queues = NULL;
	consumer->positions = NULL;
	consumer->paused = NULL;
	consumer->pulses = NULL;
	consumer->count = 0;
}

/* Records of this partition stay in its own queue instead of joining the consumer's. */
static rd_kafka_queue_t *split_queue(struct voc_consumer *consumer, const struct voc_position *position)
{
	rd_kafka_queue_t *queue =
	        rd_kafka_queue_get_partition(consumer->client.rk, position->topic, position->partition);
	rd_kafka_queue_forward(queue, NULL);
	kafka_wake_enable(&consumer->client, queue);
	return queue;
}

/* Takes `positions`. */
static enum voc_status take_partitions(struct voc_consumer *consumer, struct voc_position *positions, size_t count)
{
	consumer->positions = positions;
	consumer->paused = calloc(count + 1, sizeof *consumer->paused);
	consumer->pulses = calloc(count + 1, sizeof *consumer->pulses);
	consumer->queues = consumer->settings.split ? calloc(count + 1, sizeof *consumer->queues) : NULL;
	if (!consumer->paused || !consumer->pulses || (consumer->settings.split && !consumer->queues)) {
		drop_partitions(consumer);
		return voc_error_set(&consumer->failure, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1,
		                     "assigning partitions");
	}
	for (size_t i = 0; i < count && consumer->queues; i++)
		consumer->queues[i] = split_queue(consumer, &positions[i]);
	for (size_t i = 0; i < count; i++)
		consumer->pulses[i] = (struct kafka_pulse){ -1, voc_clock_ms(), -1 };
	consumer->count = count;
	voc_metric_add(VOC_METRIC_PARTITIONS, (int64_t)count);
	return VOC_OK;
}

/* Asks the owner where the pending partitions start. Takes *positions if it says. */
static enum voc_status ask_owner(struct voc_consumer *consumer, struct voc_position *positions, size_t count)
{
	struct voc_error error = { .position = -1 };
	if (!consumer->settings.on_assigned || count == 0)
		return VOC_OK;
	enum voc_status status =
	        consumer->settings.on_assigned(consumer->settings.owner, consumer, positions, count, &error);
	if (status == VOC_RETRY) {
		kafka_complain(&consumer->client, RD_KAFKA_RESP_ERR__IN_PROGRESS, error.text);
		consumer->ask_again_ms = voc_clock_ms() + RETRY_ASSIGNMENT_MS;
		return VOC_RETRY;
	}
	if (status != VOC_OK)
		consumer->failure = error;
	return status;
}

static void forget_pending(struct voc_consumer *consumer)
{
	if (consumer->pending)
		rd_kafka_topic_partition_list_destroy(consumer->pending);
	consumer->pending = NULL;
}

/* Assigns what is pending, if the owner takes it. */
static void try_assign(struct voc_consumer *consumer)
{
	rd_kafka_topic_partition_list_t *list = consumer->pending;
	size_t count = (size_t)list->cnt;
	struct voc_position *positions = calloc(count + 1, sizeof *positions);
	if (!positions) {
		voc_error_set(&consumer->failure, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "assigning partitions");
		return;
	}
	for (size_t i = 0; i < count; i++) {
		position_from(&positions[i], &list->elems[i]);
		positions[i].offset = VOC_OFFSET_COMMITTED;
	}
	enum voc_status status = ask_owner(consumer, positions, count);
	if (status != VOC_OK) {
		free(positions);
		return;
	}
	for (size_t i = 0; i < count; i++)
		list->elems[i].offset = positions[i].offset;
	if (take_partitions(consumer, positions, count) == VOC_OK)
		rd_kafka_assign(consumer->client.rk, list);
	forget_pending(consumer);
}

static void assign_partitions(struct voc_consumer *consumer, const rd_kafka_topic_partition_list_t *list)
{
	/* An empty assignment first: librdkafka waits for one, and the owner may need time for the real one. */
	rd_kafka_topic_partition_list_t *none = rd_kafka_topic_partition_list_new(0);
	rd_kafka_assign(consumer->client.rk, none);
	rd_kafka_topic_partition_list_destroy(none);
	if (consumer->closed) /* on its way out: the owner has no time to look where they stand */
		return;
	consumer->joined = true;
	consumer->client.reachable = true;
	consumer->short_since_ms = 0; /* what was doubted before was of another assignment */
	forget_pending(consumer);
	consumer->pending = rd_kafka_topic_partition_list_copy(list);
	rd_kafka_topic_partition_list_sort(consumer->pending, compare_partitions, NULL);
	try_assign(consumer);
}

/* A rebalance that is left unanswered would hang rd_kafka_destroy. */
static void let_go(struct voc_consumer *consumer)
{
	forget_pending(consumer);
	drop_partitions(consumer);
	consumer->joined = false;
	rd_kafka_assign(consumer->client.rk, NULL);
}

static int commit_timeout_ms(const struct voc_consumer *consumer)
{
	if (!consumer->closed)
		return REVOKE_COMMIT_MS;
	int left_ms = kafka_left_ms(consumer->close_by_ms);
	return left_ms < REVOKE_COMMIT_MS ? left_ms : REVOKE_COMMIT_MS;
}

static void revoke_partitions(struct voc_consumer *consumer)
{
	bool lost = rd_kafka_assignment_lost(consumer->client.rk);
	if ((consumer->count > 0 || consumer->pending) && consumer->settings.on_revoked)
		consumer->settings.on_revoked(consumer->settings.owner, consumer, lost);
	/* a commit that fails means records read twice, which the services can bear */
	if (consumer->count > 0 && !lost)
		(void)voc_consumer_commit(consumer, commit_timeout_ms(consumer), NULL);
	resume_paused(consumer);
	let_go(consumer);
}

void kafka_assignment_abandon(struct voc_consumer *consumer)
{
	if ((consumer->count > 0 || consumer->pending) && consumer->settings.on_revoked)
		consumer->settings.on_revoked(consumer->settings.owner, consumer, true);
	let_go(consumer);
}

void kafka_assignment_change(struct voc_consumer *consumer, const rd_kafka_topic_partition_list_t *assigned)
{
	voc_metric_add(VOC_METRIC_REBALANCES, 1);
	if (assigned)
		assign_partitions(consumer, assigned);
	else
		revoke_partitions(consumer);
}

void kafka_assignment_serve(struct voc_consumer *consumer)
{
	if (consumer->pending && consumer->failure.status == VOC_OK && voc_clock_ms() >= consumer->ask_again_ms)
		try_assign(consumer);
}

void kafka_assignment_drop(struct voc_consumer *consumer)
{
	forget_pending(consumer);
	drop_partitions(consumer);
}

const struct voc_position *voc_consumer_partitions(const struct voc_consumer *consumer, size_t *ret_count)
{
	*ret_count = consumer->count;
	return consumer->positions;
}

bool voc_consumer_joined(const struct voc_consumer *consumer)
{
	return consumer->joined;
}
