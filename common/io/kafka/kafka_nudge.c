/*
 * Before 2.2 (fetch.queue.backoff.ms), librdkafka that has stopped fetching since its queue was full looks again only
 * once a second: a fast reader has emptied the queue long before, and sits idle. Any request to the partition's leader
 * makes its thread look at once, so a reader with nothing to read asks for one: ten milliseconds apart at most, and
 * whoever waits meanwhile must come back for it.
 *
 * It does so if its partitions are known to have more; but where a fetch has brought all that there was, and too much
 * for the queue, nobody knows of what comes in the second after it. That second's records then are too much again, and
 * so on for as long as the rate lasts. So it asks as well when it has read as much as fills the queue.
 */
#include "base/clock.h"
#include "io/kafka/kafka_internal.h"

#include <librdkafka/rdkafka.h>

#define NUDGE_EVERY_MS 10
#define MENDED         0x02020000

static bool has_more(const struct voc_consumer *consumer, size_t index)
{
	const struct voc_position *position = &consumer->positions[index];
	int64_t high = voc_consumer_high(consumer, position->topic, position->partition);
	return !consumer->paused[index] && high >= 0 && kafka_position(consumer, index) < high;
}

int64_t kafka_nudge_again_ms(const struct kafka_nudge *nudge)
{
	return nudge->has_read && rd_kafka_version() < MENDED ? nudge->next_ms : -1;
}

bool kafka_nudge_take(struct kafka_nudge *nudge)
{
	int64_t now_ms = voc_clock_ms(), again_ms = kafka_nudge_again_ms(nudge);
	if (again_ms < 0 || now_ms < again_ms)
		return false;
	nudge->next_ms = now_ms + NUDGE_EVERY_MS;
	nudge->has_read = false;
	return true;
}

/* Asks where the logs end, and doesn't wait for the answer: librdkafka drops one that comes after the time-out. */
void kafka_nudge_leaders(struct kafka_client *client, const struct voc_position *positions, size_t count)
{
	rd_kafka_topic_partition_list_t *list = kafka_list_new(positions, count);
	for (size_t i = 0; i < count; i++)
		list->elems[i].offset = VOC_OFFSET_END;
	(void)rd_kafka_offsets_for_times(client->rk, list, 0);
	rd_kafka_topic_partition_list_destroy(list);
}

int64_t voc_consumer_again_ms(const struct voc_consumer *consumer)
{
	return kafka_nudge_again_ms(&consumer->nudge);
}

/* All queues may have been full since the last nudge: what was in them is read by now. */
static bool may_be_stopped(const struct voc_consumer *consumer)
{
	size_t queues = consumer->queues ? consumer->count : 1;
	return consumer->count > 0 && consumer->nudge.read_bytes / queues >= consumer->nudge.queue_bytes;
}

void kafka_nudge(struct voc_consumer *consumer)
{
	size_t *last = &consumer->nudge.last;
	if (!kafka_nudge_take(&consumer->nudge))
		return;
	if (may_be_stopped(consumer)) {
		consumer->nudge.read_bytes = 0;
		kafka_nudge_leaders(&consumer->client, consumer->positions, consumer->count);
		return;
	}
	for (size_t i = 0; i < consumer->count; i++) {
		/* each time another one: they may have different leaders */
		*last = (*last + 1) % consumer->count;
		if (!has_more(consumer, *last))
			continue;
		kafka_nudge_leaders(&consumer->client, &consumer->positions[*last], 1);
		return;
	}
}
