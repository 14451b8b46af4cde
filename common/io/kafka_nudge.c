/*
 * Before 2.2 (fetch.queue.backoff.ms), librdkafka that has stopped fetching since its queue was full looks again only
 * once a second: a fast reader has emptied the queue long before, and sits idle. Any request to the partition's leader
 * makes its thread look at once, so a reader with nothing to read although its partitions have more asks one.
 */
#include "base/clock.h"
#include "io/kafka_internal.h"

#include <librdkafka/rdkafka.h>

#define NUDGE_EVERY_MS 10
#define MENDED         0x02020000

static bool has_more(const struct voc_consumer *consumer, size_t index)
{
	const struct voc_position *position = &consumer->positions[index];
	int64_t high = voc_consumer_high(consumer, position->topic, position->partition);
	return !consumer->paused[index] && high >= 0 && kafka_position(consumer, index) < high;
}

bool kafka_nudge_is_due(int64_t *next_ms)
{
	int64_t now_ms = voc_clock_ms();
	if (rd_kafka_version() >= MENDED || now_ms < *next_ms)
		return false;
	*next_ms = now_ms + NUDGE_EVERY_MS;
	return true;
}

/* Asks where the log ends, and doesn't wait for the answer: librdkafka drops one that comes after the time-out. */
void kafka_nudge_leader(struct kafka_client *client, const struct voc_position *position)
{
	rd_kafka_topic_partition_list_t *list = kafka_list_new(position, 1);
	list->elems[0].offset = VOC_OFFSET_END;
	(void)rd_kafka_offsets_for_times(client->rk, list, 0);
	rd_kafka_topic_partition_list_destroy(list);
}

int64_t voc_consumer_again_ms(const struct voc_consumer *consumer)
{
	return consumer->has_read && rd_kafka_version() < MENDED ? consumer->nudge_ms : -1;
}

void kafka_nudge(struct voc_consumer *consumer)
{
	if (!consumer->has_read || !kafka_nudge_is_due(&consumer->nudge_ms))
		return;
	consumer->has_read = false;
	for (size_t i = 0; i < consumer->count; i++) {
		/* each time another one: they may have different leaders */
		consumer->nudged = (consumer->nudged + 1) % consumer->count;
		if (!has_more(consumer, consumer->nudged))
			continue;
		kafka_nudge_leader(&consumer->client, &consumer->positions[consumer->nudged]);
		return;
	}
}
