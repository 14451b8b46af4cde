#include "io/kafka/kafka_consumer.h"

#include "base/clock.h"
#include "io/kafka/kafka_internal.h"

#include <inttypes.h>
#include <librdkafka/rdkafka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FREE_CLOSE_MS 2000

static void on_rebalance(rd_kafka_t *rk, rd_kafka_resp_err_t err, rd_kafka_topic_partition_list_t *list, void *opaque)
{
	(void)rk;
	kafka_assignment_change(opaque, err == RD_KAFKA_RESP_ERR__ASSIGN_PARTITIONS ? list : NULL);
}

static enum voc_status subscribe(struct voc_consumer *consumer, struct voc_error *error)
{
	const struct voc_consumer_settings *settings = &consumer->settings;
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new((int)settings->topic_count);
	for (size_t i = 0; i < settings->topic_count; i++)
		rd_kafka_topic_partition_list_add(list, settings->topics[i], RD_KAFKA_PARTITION_UA);
	rd_kafka_resp_err_t err = rd_kafka_subscribe(consumer->client.rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (err)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_KAFKA, -1, "subscribing: %s", rd_kafka_err2str(err));
	return VOC_OK;
}

/* How much is read ahead. */
struct prefetch {
	char queued_kbytes[24], fetch_bytes[24], partition_bytes[24];
};

static int64_t at_least(int64_t value, int64_t least)
{
	return value < least ? least : value;
}

static void prefetch_plan(struct prefetch *plan, const struct voc_consumer_settings *settings)
{
	/* librdkafka's limit is one for the consumer's queue, or one for each partition that has its own. It stops
	 * fetching beyond it, so what a fetch brings comes on top, counted before it is decompressed; and each record
	 * costs half a kilobyte more than its bytes. */
	int64_t queues = settings->split && settings->split_partitions > 0 ? (int64_t)settings->split_partitions : 1;
	int64_t share = settings->prefetch_bytes / queues;
	snprintf(plan->queued_kbytes, sizeof plan->queued_kbytes, "%" PRId64, at_least(share / 4 / 1024, 16));
	snprintf(plan->partition_bytes, sizeof plan->partition_bytes, "%" PRId64, at_least(share / 8, 16384));
	/* librdkafka wants it no smaller than message.max.bytes, which is 1000000 unless it was set */
	snprintf(plan->fetch_bytes, sizeof plan->fetch_bytes, "%" PRId64,
	         at_least(settings->prefetch_bytes / 4, 1000000));
}

static rd_kafka_conf_t *make_conf(const struct voc_consumer_settings *settings, struct voc_error *error)
{
	struct prefetch plan;
	prefetch_plan(&plan, settings);
	const struct kafka_property defaults[] = {
		{ "partition.assignment.strategy", "range" },
		{ "auto.commit.interval.ms", "1000" },
		{ "queued.min.messages", "1000000" }, /* bytes are the limit that counts */
		{ "queued.max.messages.kbytes", plan.queued_kbytes },
		{ "fetch.max.bytes", plan.fetch_bytes },
		{ "max.partition.fetch.bytes", plan.partition_bytes },
		{ "fetch.queue.backoff.ms", "10" }, /* from 2.2 on; see kafka_nudge.c */
		/* While partitions at their end hold a fetch back, the others' queues run dry: at 100 ms a backlog was
		 * read a quarter slower. */
		{ "fetch.wait.max.ms", "20" },
		{ "statistics.interval.ms", "2000" },
		{ NULL, NULL },
	};
	const struct kafka_property fixed[] = {
		{ "group.id", settings->group },         { "enable.auto.commit", "true" },
		{ "enable.auto.offset.store", "false" }, { "enable.partition.eof", "true" },
		{ "auto.offset.reset", "error" },        { NULL, NULL },
	};
	rd_kafka_conf_t *conf = kafka_conf_new(&settings->kafka, defaults, fixed, error);
	if (conf)
		rd_kafka_conf_set_rebalance_cb(conf, on_rebalance);
	return conf;
}

/* What librdkafka stops fetching at: our plan, or what the user has set. */
static size_t queue_bytes(const rd_kafka_conf_t *conf)
{
	char kbytes[24];
	size_t size = sizeof kbytes;
	int64_t value;
	if (rd_kafka_conf_get(conf, "queued.max.messages.kbytes", kbytes, &size) != RD_KAFKA_CONF_OK ||
	    !voc_str_to_i64(voc_str_from(kbytes), &value))
		return SIZE_MAX;
	return (size_t)value * 1024;
}

enum voc_status voc_consumer_open(const struct voc_consumer_settings *settings, struct voc_consumer **ret_consumer,
                                  struct voc_error *error)
{
	struct voc_consumer *consumer = calloc(1, sizeof *consumer);
	if (!consumer)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "opening a consumer");
	consumer->settings = *settings;
	rd_kafka_conf_t *conf = make_conf(settings, error);
	if (!conf || kafka_client_open(&consumer->client, KAFKA_CONSUMER, conf, &settings->kafka, error) != VOC_OK) {
		free(consumer);
		return VOC_FATAL;
	}
	consumer->nudge.queue_bytes = queue_bytes(rd_kafka_conf(consumer->client.rk));
	rd_kafka_poll_set_consumer(consumer->client.rk);
	consumer->queue = rd_kafka_queue_get_consumer(consumer->client.rk);
	kafka_wake_enable(&consumer->client, consumer->queue);
	enum voc_status status = subscribe(consumer, error);
	if (status != VOC_OK) {
		voc_consumer_free(consumer);
		return status;
	}
	*ret_consumer = consumer;
	return VOC_OK;
}

/* While closing, librdkafka hands its events to a queue of ours: the only way to stop waiting for it at some time. */
static void serve_closing(struct voc_consumer *consumer, rd_kafka_queue_t *queue, int64_t deadline_ms)
{
	while (!rd_kafka_consumer_closed(consumer->client.rk) && kafka_left_ms(deadline_ms) > 0) {
		rd_kafka_event_t *event = rd_kafka_queue_poll(queue, kafka_left_ms(deadline_ms));
		if (event && rd_kafka_event_type(event) == RD_KAFKA_EVENT_REBALANCE)
			on_rebalance(consumer->client.rk, rd_kafka_event_error(event),
			             rd_kafka_event_topic_partition_list(event), consumer);
		if (event)
			rd_kafka_event_destroy(event);
	}
}

enum voc_status voc_consumer_close(struct voc_consumer *consumer, int64_t deadline_ms, struct voc_error *error)
{
	consumer->closed = true;
	consumer->close_by_ms = deadline_ms;
	rd_kafka_queue_t *queue = rd_kafka_queue_new(consumer->client.rk);
	rd_kafka_error_t *refused = rd_kafka_consumer_close_queue(consumer->client.rk, queue);
	if (!refused)
		serve_closing(consumer, queue, deadline_ms);
	else
		rd_kafka_error_destroy(refused); /* it is closed already */
	bool done = rd_kafka_consumer_closed(consumer->client.rk);
	if (!done)
		kafka_assignment_abandon(consumer);
	rd_kafka_queue_destroy(queue);
	if (!done)
		return voc_error_set(error, VOC_RETRY, VOC_REASON_KAFKA, -1, "leaving the group took too long");
	return VOC_OK;
}

void voc_consumer_free(struct voc_consumer *consumer)
{
	if (!consumer)
		return;
	if (!consumer->closed)
		(void)voc_consumer_close(consumer, voc_clock_ms() + FREE_CLOSE_MS, NULL);
	/* queues and lists that are still alive would keep librdkafka from ever ending */
	kafka_assignment_drop(consumer);
	rd_kafka_queue_io_event_enable(consumer->queue, -1, NULL, 0);
	rd_kafka_queue_destroy(consumer->queue);
	if (kafka_client_close(&consumer->client, KAFKA_CONSUMER))
		free(consumer);
}

static enum voc_poll fail(struct voc_consumer *consumer, const rd_kafka_message_t *message, struct voc_error *error)
{
	struct voc_error *failure = &consumer->failure;
	if (message->err == RD_KAFKA_RESP_ERR__AUTO_OFFSET_RESET)
		voc_error_set(failure, VOC_FATAL, VOC_REASON_POSITION_LOST, -1, "%s partition %d: %s",
		              rd_kafka_topic_name(message->rkt), (int)message->partition,
		              rd_kafka_message_errstr(message));
	else if (kafka_fatal(&consumer->client, failure) == VOC_OK)
		return VOC_POLL_NOTHING;
	*error = *failure;
	return VOC_POLL_FAILED;
}

/* NOTHING: it was an error that librdkafka gets over by itself. */
static enum voc_poll hand_over(struct voc_consumer *consumer, rd_kafka_message_t *from, struct voc_message *ret_message,
                               struct voc_error *error)
{
	enum voc_poll outcome = VOC_POLL_RECORD;
	if (from->err == RD_KAFKA_RESP_ERR__PARTITION_EOF)
		outcome = VOC_POLL_END;
	else if (from->err)
		outcome = fail(consumer, from, error);
	if (outcome == VOC_POLL_RECORD || outcome == VOC_POLL_END) {
		consumer->nudge.has_read |= outcome == VOC_POLL_RECORD;
		consumer->nudge.read_bytes += outcome == VOC_POLL_RECORD ? from->len : 0;
		kafka_message_fill(ret_message, from);
		return outcome;
	}
	kafka_complain(&consumer->client, from->err, rd_kafka_message_errstr(from));
	rd_kafka_message_destroy(from);
	return outcome;
}

static bool failed(const struct voc_consumer *consumer, struct voc_error *error)
{
	if (consumer->failure.status == VOC_OK)
		return false;
	*error = consumer->failure;
	return true;
}

/* Librdkafka signals the fd when a queue stops being empty, so it is cleared before the last look. */
static rd_kafka_message_t *take(struct voc_consumer *consumer, int timeout_ms)
{
	rd_kafka_message_t *message = rd_kafka_consumer_poll(consumer->client.rk, 0);
	if (message)
		return message;
	if (!consumer->settings.split)
		kafka_nudge(consumer);
	consumer->stirred |= kafka_wake_clear(&consumer->client);
	return rd_kafka_consumer_poll(consumer->client.rk, timeout_ms);
}

enum voc_poll voc_consumer_poll(struct voc_consumer *consumer, int timeout_ms, struct voc_message *ret_message,
                                struct voc_error *error)
{
	kafka_assignment_serve(consumer);
	for (;;) {
		if (failed(consumer, error))
			return VOC_POLL_FAILED;
		rd_kafka_message_t *message = take(consumer, timeout_ms);
		if (failed(consumer, error)) {
			if (message)
				rd_kafka_message_destroy(message);
			return VOC_POLL_FAILED;
		}
		if (!message)
			return VOC_POLL_NOTHING;
		enum voc_poll outcome = hand_over(consumer, message, ret_message, error);
		if (outcome != VOC_POLL_NOTHING)
			return outcome;
		timeout_ms = 0;
	}
}

enum voc_poll voc_consumer_poll_partition(struct voc_consumer *consumer, size_t index, struct voc_message *ret_message,
                                          struct voc_error *error)
{
	for (;;) {
		rd_kafka_message_t *message = rd_kafka_consume_queue(consumer->queues[index], 0);
		if (!message) {
			kafka_nudge(consumer);
			return VOC_POLL_NOTHING;
		}
		enum voc_poll outcome = hand_over(consumer, message, ret_message, error);
		if (outcome != VOC_POLL_NOTHING)
			return outcome;
	}
}

bool voc_consumer_stirred(struct voc_consumer *consumer)
{
	bool stirred = consumer->stirred;
	consumer->stirred = false;
	return stirred;
}

bool voc_consumer_reachable(const struct voc_consumer *consumer)
{
	return consumer->client.reachable;
}

int voc_consumer_fd(const struct voc_consumer *consumer)
{
	return consumer->client.wake_fd;
}
