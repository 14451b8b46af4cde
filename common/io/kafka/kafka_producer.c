#include "io/kafka/kafka_producer.h"

#include "base/clock.h"
#include "io/kafka/kafka_internal.h"
#include "io/service/metrics.h"

#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* A reader decompresses and holds a whole batch of each partition at a time. */
#define BATCH_BYTES 131072
/* Acknowledgements take milliseconds; this is no longer slow, but sick. */
#define SILENT_MS 5000

struct voc_producer {
	struct kafka_client client; /* first: librdkafka's opaque */
	struct voc_producer_settings settings;
	rd_kafka_queue_t *queue;
	_Atomic int64_t in_flight;
	_Atomic int64_t answered_ms; /* when an acknowledgement came last, or what is in flight first had to wait */
	struct voc_error failure;    /* of the polling thread */
};

static void on_delivery(rd_kafka_t *rk, const rd_kafka_message_t *message, void *opaque)
{
	struct voc_producer *producer = opaque;
	(void)rk;
	atomic_fetch_sub(&producer->in_flight, 1);
	atomic_store(&producer->answered_ms, voc_clock_ms());
	producer->client.reachable = !message->err;
	int64_t waited_us = rd_kafka_message_latency(message);
	if (!message->err && waited_us >= 0)
		voc_metric_observe_us(VOC_METRIC_KAFKA_SECONDS, waited_us);
	if (message->err)
		voc_error_set(&producer->failure, VOC_FATAL, VOC_REASON_KAFKA, -1, "delivery to %s failed: %s",
		              rd_kafka_topic_name(message->rkt), rd_kafka_err2str(message->err));
	if (producer->settings.on_delivered)
		producer->settings.on_delivered(producer->settings.owner, message->_private, message->partition,
		                                message->err ? -1 : message->offset);
}

static rd_kafka_conf_t *make_conf(const struct voc_producer_settings *settings, struct voc_error *error)
{
	char linger[16], batch[16];
	snprintf(linger, sizeof linger, "%d", settings->linger_ms);
	snprintf(batch, sizeof batch, "%d", settings->batch_bytes > 0 ? settings->batch_bytes : BATCH_BYTES);
	const struct kafka_property defaults[] = {
		{ "linger.ms", linger },
		{ "compression.codec", "lz4" },
		{ "batch.size", batch },
		/* a dead letter is its original and more headers; the broker's and the topic's limit decide */
		{ "message.max.bytes", "4194304" },
		{ "queue.buffering.max.messages", "200000" },
		{ "queue.buffering.max.kbytes", "65536" },
		{ "statistics.interval.ms", "2000" },
		{ NULL, NULL },
	};
	const struct kafka_property fixed[] = {
		{ "enable.idempotence", "true" },
		{ "enable.gapless.guarantee", "true" },
		{ "acks", "all" },
		{ "partitioner", "murmur2_random" },
		/* no time-out: one that drops a record would leave a hole that a restart fills later */
		{ "message.timeout.ms", "0" },
		{ NULL, NULL },
	};
	rd_kafka_conf_t *conf = kafka_conf_new(&settings->kafka, defaults, fixed, error);
	if (conf)
		rd_kafka_conf_set_dr_msg_cb(conf, on_delivery);
	return conf;
}

enum voc_status voc_producer_open(const struct voc_producer_settings *settings, struct voc_producer **ret_producer,
                                  struct voc_error *error)
{
	struct voc_producer *producer = calloc(1, sizeof *producer);
	if (!producer)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "opening a producer");
	producer->settings = *settings;
	rd_kafka_conf_t *conf = make_conf(settings, error);
	if (!conf || kafka_client_open(&producer->client, KAFKA_PRODUCER, conf, &settings->kafka, error) != VOC_OK) {
		free(producer);
		return VOC_FATAL;
	}
	producer->queue = rd_kafka_queue_get_main(producer->client.rk);
	kafka_wake_enable(&producer->client, producer->queue);
	*ret_producer = producer;
	return VOC_OK;
}

void voc_producer_free(struct voc_producer *producer)
{
	if (!producer)
		return;
	producer->settings.on_delivered = NULL;
	rd_kafka_purge(producer->client.rk, RD_KAFKA_PURGE_F_QUEUE | RD_KAFKA_PURGE_F_INFLIGHT);
	rd_kafka_queue_io_event_enable(producer->queue, -1, NULL, 0);
	rd_kafka_queue_destroy(producer->queue);
	if (kafka_client_close(&producer->client, KAFKA_PRODUCER))
		free(producer);
}

static rd_kafka_headers_t *copy_headers(const struct voc_outgoing *record)
{
	if (record->header_count == 0)
		return NULL;
	rd_kafka_headers_t *headers = rd_kafka_headers_new(record->header_count);
	for (size_t i = 0; i < record->header_count; i++) {
		const struct voc_header *header = &record->headers[i];
		rd_kafka_header_add(headers, header->name.ptr, (ssize_t)header->name.len, header->value.ptr,
		                    (ssize_t)header->value.len);
	}
	return headers;
}

static enum voc_status refused(struct voc_producer *producer, rd_kafka_resp_err_t err, struct voc_error *error)
{
	if (err == RD_KAFKA_RESP_ERR__QUEUE_FULL)
		return voc_error_set(error, VOC_RETRY, VOC_REASON_KAFKA, -1, "the producer's queue is full");
	if (err == RD_KAFKA_RESP_ERR_MSG_SIZE_TOO_LARGE)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_TOO_LARGE, -1, "larger than message.max.bytes");
	if (kafka_fatal(&producer->client, error) != VOC_OK)
		return VOC_FATAL;
	return voc_error_set(error, VOC_FATAL, VOC_REASON_KAFKA, -1, "producing: %s", rd_kafka_err2str(err));
}

enum voc_status voc_producer_send(struct voc_producer *producer, const struct voc_outgoing *record,
                                  struct voc_error *error)
{
	rd_kafka_headers_t *headers = copy_headers(record);
	/* Counted first: its delivery may be served by another thread before producev returns. And before that the time
	 * is set from which on an answer is owed: whoever sees the record in flight must not go by one of long ago. */
	if (atomic_load(&producer->in_flight) == 0)
		atomic_store(&producer->answered_ms, voc_clock_ms());
	atomic_fetch_add(&producer->in_flight, 1);
	rd_kafka_resp_err_t err = rd_kafka_producev(
	        producer->client.rk, RD_KAFKA_V_TOPIC(record->topic), RD_KAFKA_V_PARTITION(record->partition),
	        RD_KAFKA_V_MSGFLAGS(record->value_stays ? 0 : RD_KAFKA_MSG_F_COPY),
	        RD_KAFKA_V_KEY(record->key.ptr, record->key.len),
	        RD_KAFKA_V_VALUE((void *)(uintptr_t)record->value.ptr, record->value.len),
	        RD_KAFKA_V_TIMESTAMP(record->timestamp_ms), RD_KAFKA_V_HEADERS(headers),
	        RD_KAFKA_V_OPAQUE(record->opaque), RD_KAFKA_V_END);
	if (!err)
		return VOC_OK;
	atomic_fetch_sub(&producer->in_flight, 1);
	if (headers)
		rd_kafka_headers_destroy(headers);
	return refused(producer, err, error);
}

static enum voc_status health(struct voc_producer *producer, struct voc_error *error)
{
	if (producer->failure.status == VOC_OK && kafka_fatal(&producer->client, &producer->failure) == VOC_OK)
		return VOC_OK;
	if (error)
		*error = producer->failure;
	return producer->failure.status;
}

enum voc_status voc_producer_poll(struct voc_producer *producer, int timeout_ms, struct voc_error *error)
{
	if (rd_kafka_poll(producer->client.rk, timeout_ms) == 0) {
		/* the fd is signalled when the queue stops being empty: clear it before the last look */
		kafka_wake_clear(&producer->client);
		rd_kafka_poll(producer->client.rk, 0);
	}
	return health(producer, error);
}

enum voc_status voc_producer_wait(struct voc_producer *producer, int64_t deadline_ms, struct voc_error *error)
{
	while (voc_producer_in_flight(producer) > 0) {
		int left_ms = kafka_left_ms(deadline_ms);
		if (left_ms == 0)
			return voc_error_set(error, VOC_RETRY, VOC_REASON_KAFKA, -1,
			                     "records are not acknowledged in time");
		enum voc_status status = voc_producer_poll(producer, left_ms, error);
		if (status != VOC_OK)
			return status;
	}
	return health(producer, error);
}

void voc_producer_expect(struct voc_producer *producer, const char *topic, int timeout_ms)
{
	const struct rd_kafka_metadata *metadata;
	rd_kafka_topic_t *handle = rd_kafka_topic_new(producer->client.rk, topic, NULL);
	if (!handle)
		return;
	if (rd_kafka_metadata(producer->client.rk, 0, handle, &metadata, timeout_ms) == RD_KAFKA_RESP_ERR_NO_ERROR)
		rd_kafka_metadata_destroy(metadata);
	rd_kafka_topic_destroy(handle); /* its partitions keep it */
}

void voc_producer_hurry(struct voc_producer *producer, int most_ms)
{
	if (voc_producer_in_flight(producer) > 0)
		(void)rd_kafka_flush(producer->client.rk, most_ms);
}

int64_t voc_producer_in_flight(const struct voc_producer *producer)
{
	return atomic_load(&((struct voc_producer *)(uintptr_t)producer)->in_flight);
}

bool voc_producer_reachable(const struct voc_producer *producer)
{
	return producer->client.reachable;
}

bool voc_producer_answered(const struct voc_producer *producer)
{
	struct voc_producer *asked = (struct voc_producer *)(uintptr_t)producer;
	return atomic_load(&asked->in_flight) == 0 || voc_clock_ms() - atomic_load(&asked->answered_ms) < SILENT_MS;
}

int voc_producer_fd(const struct voc_producer *producer)
{
	return producer->client.wake_fd;
}

void voc_producer_break(struct voc_producer *producer)
{
	rd_kafka_test_fatal_error(producer->client.rk, RD_KAFKA_RESP_ERR_OUT_OF_ORDER_SEQUENCE_NUMBER, "by request");
}
