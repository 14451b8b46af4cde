/*
 * Whether there is more than librdkafka tells of. It knows a log's end from its fetches only: when it has stopped
 * fetching a partition it takes it for read to the end. So Kafka is asked about those that are still.
 */
#include "base/clock.h"
#include "io/kafka/kafka_internal.h"

#include <stdlib.h>

#define STILL_MS 3000
#define EVERY_MS 5000
#define ASK_MS   250

/* The partitions whose reading has not moved lately: their indices. */
static size_t find_still(struct voc_consumer *consumer, size_t *indices, int64_t now_ms)
{
	size_t count = 0;
	for (size_t i = 0; i < consumer->count; i++) {
		struct kafka_pulse *pulse = &consumer->pulses[i];
		int64_t position = kafka_position(consumer, i);
		if (position != pulse->position)
			*pulse = (struct kafka_pulse){ position, now_ms, pulse->end };
		else if (now_ms - pulse->since_ms >= STILL_MS)
			indices[count++] = i;
	}
	return count;
}

static void ask(struct voc_consumer *consumer, const size_t *indices, size_t count)
{
	struct voc_position *positions = calloc(count, sizeof *positions);
	int64_t *ends = calloc(count, sizeof *ends);
	for (size_t i = 0; positions && i < count; i++)
		positions[i] = consumer->positions[indices[i]];
	if (positions && ends && kafka_ends(&consumer->client, positions, count, ends, ASK_MS, NULL) == VOC_OK) {
		for (size_t i = 0; i < count; i++)
			consumer->pulses[indices[i]].end = ends[i];
	}
	free(positions);
	free(ends);
}

void voc_consumer_find_ends(struct voc_consumer *consumer)
{
	int64_t now_ms = voc_clock_ms();
	if (consumer->count == 0 || now_ms < consumer->ends_due_ms || !consumer->client.reachable)
		return;
	size_t *indices = calloc(consumer->count, sizeof *indices);
	if (!indices)
		return;
	size_t count = find_still(consumer, indices, now_ms);
	if (count > 0) {
		ask(consumer, indices, count);
		consumer->ends_due_ms = voc_clock_ms() + EVERY_MS;
	}
	free(indices);
}
