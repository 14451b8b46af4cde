/* A consumer's offsets: what is stored and committed, and from where it reads. */
#include "base/clock.h"
#include "io/kafka/kafka_internal.h"

#include <inttypes.h>
#include <librdkafka/rdkafka.h>

#define SHORT_MS 15000

void voc_consumer_store(struct voc_consumer *consumer, const char *topic, int32_t partition, int64_t next_offset)
{
	/* rd_kafka_offsets_store takes the next offset as it is; rd_kafka_offset_store (singular) would add one. */
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(1);
	rd_kafka_topic_partition_list_add(list, topic, partition)->offset = next_offset;
	(void)rd_kafka_offsets_store(consumer->client.rk, list);
	rd_kafka_topic_partition_list_destroy(list);
}

static void on_committed(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list, void *opaque)
{
	rd_kafka_resp_err_t *result = opaque;
	(void)rk;
	(void)list;
	*result = err;
}

enum voc_status voc_consumer_commit(struct voc_consumer *consumer, int timeout_ms, struct voc_error *error)
{
	/* rd_kafka_commit would wait for as long as the coordinator is away */
	rd_kafka_resp_err_t result = RD_KAFKA_RESP_ERR__IN_PROGRESS;
	rd_kafka_queue_t *queue = rd_kafka_queue_new(consumer->client.rk);
	rd_kafka_resp_err_t err = rd_kafka_commit_queue(consumer->client.rk, NULL, queue, on_committed, &result);
	int64_t deadline_ms = voc_clock_ms() + timeout_ms;
	while (!err && result == RD_KAFKA_RESP_ERR__IN_PROGRESS && kafka_left_ms(deadline_ms) > 0)
		rd_kafka_queue_poll_callback(queue, kafka_left_ms(deadline_ms));
	rd_kafka_queue_destroy(queue);
	if (!err)
		err = result;
	if (err && err != RD_KAFKA_RESP_ERR__NO_OFFSET)
		return voc_error_set(error, VOC_RETRY, VOC_REASON_KAFKA, -1, "committing: %s", rd_kafka_err2str(err));
	return VOC_OK;
}

enum voc_status voc_consumer_seek(struct voc_consumer *consumer, const struct voc_position *position, int timeout_ms,
                                  struct voc_error *error)
{
	rd_kafka_topic_partition_list_t *list = kafka_list_new(position, 1);
	rd_kafka_error_t *refused = rd_kafka_seek_partitions(consumer->client.rk, list, timeout_ms);
	rd_kafka_resp_err_t err = refused ? rd_kafka_error_code(refused) : list->elems[0].err;
	if (refused)
		rd_kafka_error_destroy(refused);
	rd_kafka_topic_partition_list_destroy(list);
	if (err)
		return voc_error_set(error, VOC_RETRY, VOC_REASON_KAFKA, -1, "seeking: %s", rd_kafka_err2str(err));
	return VOC_OK;
}

void voc_consumer_pause(struct voc_consumer *consumer, const char *topic, int32_t partition)
{
	ssize_t index = kafka_partition_find(consumer, topic, partition);
	if (index < 0 || consumer->paused[index])
		return;
	rd_kafka_topic_partition_list_t *list = kafka_list_new(&consumer->positions[index], 1);
	consumer->paused[index] = rd_kafka_pause_partitions(consumer->client.rk, list) == RD_KAFKA_RESP_ERR_NO_ERROR;
	rd_kafka_topic_partition_list_destroy(list);
}

enum voc_status voc_consumer_resume(struct voc_consumer *consumer, const struct voc_position *position, int timeout_ms,
                                    struct voc_error *error)
{
	/* Before 2.4, resuming a partition that isn't paused reads records again: hence our own note of what is. */
	ssize_t index = kafka_partition_find(consumer, position->topic, position->partition);
	if (index < 0 || !consumer->paused[index])
		return VOC_OK;
	enum voc_status status = voc_consumer_seek(consumer, position, timeout_ms, error);
	if (status != VOC_OK)
		return status;
	rd_kafka_topic_partition_list_t *list = kafka_list_new(position, 1);
	consumer->paused[index] = rd_kafka_resume_partitions(consumer->client.rk, list) != RD_KAFKA_RESP_ERR_NO_ERROR;
	rd_kafka_topic_partition_list_destroy(list);
	if (consumer->paused[index])
		return voc_error_set(error, VOC_RETRY, VOC_REASON_KAFKA, -1, "resuming a partition");
	return VOC_OK;
}

enum voc_status voc_consumer_committed(struct voc_consumer *consumer, struct voc_position *positions, size_t count,
                                       int timeout_ms, struct voc_error *error)
{
	rd_kafka_topic_partition_list_t *list = kafka_list_new(positions, count);
	rd_kafka_resp_err_t err = rd_kafka_committed(consumer->client.rk, list, timeout_ms);
	for (size_t i = 0; i < count && !err; i++)
		err = list->elems[i].err;
	for (size_t i = 0; i < count && !err; i++)
		positions[i].offset = list->elems[i].offset < 0 ? VOC_OFFSET_BEGINNING : list->elems[i].offset;
	rd_kafka_topic_partition_list_destroy(list);
	if (err)
		return voc_error_set(error, VOC_RETRY, VOC_REASON_KAFKA, -1, "reading committed offsets: %s",
		                     rd_kafka_err2str(err));
	return VOC_OK;
}

/* An end before the position is not believed before it has been told for SHORT_MS. */
static enum voc_status doubt_ends(struct voc_consumer *consumer, const struct voc_position *positions, size_t count,
                                  const struct voc_watermarks *watermarks, struct voc_error *error)
{
	size_t i = 0;
	while (i < count && positions[i].offset <= watermarks[i].high)
		i++;
	if (i == count) {
		consumer->short_since_ms = 0;
		return VOC_OK;
	}
	int64_t now_ms = voc_clock_ms();
	if (consumer->short_since_ms == 0)
		consumer->short_since_ms = now_ms;
	if (now_ms - consumer->short_since_ms >= SHORT_MS)
		return VOC_OK;
	return voc_error_set(error, VOC_RETRY, VOC_REASON_KAFKA, -1,
	                     "%s partition %d is said to end at %" PRId64 ", before the position %" PRId64,
	                     positions[i].topic, (int)positions[i].partition, watermarks[i].high, positions[i].offset);
}

enum voc_status voc_consumer_watermarks(struct voc_consumer *consumer, const struct voc_position *positions,
                                        size_t count, struct voc_watermarks *ret_watermarks, int timeout_ms,
                                        struct voc_error *error)
{
	enum voc_status status =
	        kafka_watermarks(&consumer->client, positions, count, ret_watermarks, timeout_ms, error);
	return status == VOC_OK ? doubt_ends(consumer, positions, count, ret_watermarks, error) : status;
}

int64_t kafka_position(const struct voc_consumer *consumer, size_t index)
{
	rd_kafka_topic_partition_list_t *list = kafka_list_new(&consumer->positions[index], 1);
	int64_t offset = rd_kafka_position(consumer->client.rk, list) ? -1 : list->elems[0].offset;
	rd_kafka_topic_partition_list_destroy(list);
	return offset >= 0 ? offset : consumer->positions[index].offset;
}

int64_t voc_consumer_high(const struct voc_consumer *consumer, const char *topic, int32_t partition)
{
	int64_t low, high;
	if (rd_kafka_get_watermark_offsets(consumer->client.rk, topic, partition, &low, &high) || high < 0)
		high = -1;
	ssize_t index = kafka_partition_find(consumer, topic, partition);
	if (index >= 0 && consumer->pulses[index].end > high)
		high = consumer->pulses[index].end;
	return high;
}
