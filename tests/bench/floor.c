/*
 * What can't be undercut: librdkafka alone, and jansson alone.
 *
 *   floor consume BROKERS PARTITIONS TOPIC...         every record read and thrown away
 *   floor parse BROKERS PARTITIONS TOPIC...           the same records, at most 100,000, held in memory; then jansson
 * parses each and frees it floor produce BROKERS COUNT BYTES TOPIC           COUNT records of BYTES bytes, idempotent,
 * keys spread over 50,000
 *
 * Prints one line of JSON. Processor time of the whole process (parse: of the parsing alone), from the first record on.
 */
#include <inttypes.h>
#include <jansson.h>
#include <librdkafka/rdkafka.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define BATCH     1000
#define HELD_MOST 100000
#define KEYS      50000
#define WAIT_MS   200

struct record {
	char *bytes;
	size_t len;
};

struct reader {
	rd_kafka_t *rk;
	rd_kafka_queue_t *queue;
	int64_t left; /* records still to come */
};

static double now_s(clockid_t clock)
{
	struct timespec now;
	clock_gettime(clock, &now);
	return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void report(const char *mode, int64_t records, int64_t bytes, double cpu_s, double wall_s)
{
	double n = records > 0 ? (double)records : 1;
	printf("{\"mode\":\"%s\",\"records\":%" PRId64 ",\"bytes\":%" PRId64 ",\"cpu_us\":%.3f,\"per_s\":%.0f}\n", mode,
	       records, bytes, cpu_s * 1e6 / n, wall_s > 0 ? n / wall_s : 0);
}

static int fail(const char *what, const char *why)
{
	fprintf(stderr, "floor: %s: %s\n", what, why);
	return 1;
}

static rd_kafka_t *client(rd_kafka_type_t type, const char *const properties[][2], size_t count)
{
	char text[256];
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	for (size_t i = 0; i < count; i++) {
		if (rd_kafka_conf_set(conf, properties[i][0], properties[i][1], text, sizeof text) != RD_KAFKA_CONF_OK)
			goto failed;
	}
	rd_kafka_t *rk = rd_kafka_new(type, conf, text, sizeof text);
	if (rk)
		return rk;
failed:
	fail("client", text);
	rd_kafka_conf_destroy(conf);
	return NULL;
}

/* The most that the plainest of consumers can take: no group, large fetches, a queue that never makes librdkafka pause.
 */
static int reader_open(struct reader *reader, const char *brokers, int partitions, char **topics, int topic_count)
{
	const char *const properties[][2] = {
		{ "bootstrap.servers", brokers },         { "group.id", "voc-bench-floor" },
		{ "enable.auto.commit", "false" },        { "auto.offset.reset", "earliest" },
		{ "queued.min.messages", "1000000" },     { "queued.max.messages.kbytes", "65536" },
		{ "fetch.message.max.bytes", "4194304" }, { "fetch.wait.max.ms", "20" },
	};
	reader->rk = client(RD_KAFKA_CONSUMER, properties, sizeof properties / sizeof *properties);
	if (!reader->rk)
		return 1;
	rd_kafka_poll_set_consumer(reader->rk);
	rd_kafka_topic_partition_list_t *list = rd_kafka_topic_partition_list_new(partitions * topic_count);
	for (int t = 0; t < topic_count; t++) {
		for (int p = 0; p < partitions; p++) {
			int64_t low, high;
			if (rd_kafka_query_watermark_offsets(reader->rk, topics[t], p, &low, &high, 10000) !=
			    RD_KAFKA_RESP_ERR_NO_ERROR)
				return fail(topics[t], "no such partition, or no broker");
			reader->left += high - low;
			rd_kafka_topic_partition_list_add(list, topics[t], p)->offset = RD_KAFKA_OFFSET_BEGINNING;
		}
	}
	rd_kafka_assign(reader->rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	reader->queue = rd_kafka_queue_get_consumer(reader->rk);
	return 0;
}

static void reader_close(struct reader *reader)
{
	rd_kafka_queue_destroy(reader->queue);
	rd_kafka_consumer_close(reader->rk);
	rd_kafka_destroy(reader->rk);
}

static int consume(struct reader *reader)
{
	rd_kafka_message_t *messages[BATCH];
	int64_t records = 0, bytes = 0;
	double wall = 0, cpu = 0;
	while (reader->left > 0) {
		ssize_t count = rd_kafka_consume_batch_queue(reader->queue, WAIT_MS, messages, BATCH);
		for (ssize_t i = 0; i < count; i++) {
			if (!messages[i]->err) {
				if (records++ == 0) {
					wall = now_s(CLOCK_MONOTONIC);
					cpu = now_s(CLOCK_PROCESS_CPUTIME_ID);
				}
				bytes += (int64_t)messages[i]->len;
				reader->left--;
			}
			rd_kafka_message_destroy(messages[i]);
		}
	}
	report("consume", records, bytes, now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu, now_s(CLOCK_MONOTONIC) - wall);
	return 0;
}

/* At most HELD_MOST copies; returns how many. */
static size_t hold(struct reader *reader, struct record *held)
{
	rd_kafka_message_t *messages[BATCH];
	size_t records = 0;
	while (reader->left > 0 && records < HELD_MOST) {
		ssize_t count = rd_kafka_consume_batch_queue(reader->queue, WAIT_MS, messages, BATCH);
		for (ssize_t i = 0; i < count; i++) {
			const rd_kafka_message_t *message = messages[i];
			if (!message->err) {
				reader->left--;
				char *copy = records < HELD_MOST ? malloc(message->len + 1) : NULL;
				if (copy) {
					memcpy(copy, message->payload, message->len);
					held[records++] = (struct record){ copy, message->len };
				}
			}
			rd_kafka_message_destroy(messages[i]);
		}
	}
	return records;
}

static int parse(struct reader *reader)
{
	struct record *held = calloc(HELD_MOST, sizeof *held);
	if (!held)
		return fail("parse", "out of memory");
	size_t records = hold(reader, held);
	int64_t bytes = 0;
	double wall = now_s(CLOCK_MONOTONIC), cpu = now_s(CLOCK_THREAD_CPUTIME_ID);
	for (size_t i = 0; i < records; i++) {
		json_error_t error;
		json_decref(json_loadb(held[i].bytes, held[i].len, 0, &error));
		bytes += (int64_t)held[i].len;
	}
	report("parse", (int64_t)records, bytes, now_s(CLOCK_THREAD_CPUTIME_ID) - cpu, now_s(CLOCK_MONOTONIC) - wall);
	for (size_t i = 0; i < records; i++)
		free(held[i].bytes);
	free(held);
	return 0;
}

static int produce(const char *brokers, int64_t count, size_t size, const char *topic_name)
{
	const char *const properties[][2] = {
		{ "bootstrap.servers", brokers },
		{ "linger.ms", "5" },
		{ "acks", "all" },
		{ "enable.idempotence", "true" },
		{ "queue.buffering.max.messages", "1000000" },
		{ "partitioner", "murmur2_random" },
	};
	rd_kafka_t *rk = client(RD_KAFKA_PRODUCER, properties, sizeof properties / sizeof *properties);
	char *value = malloc(size + 1);
	if (!rk || !value)
		return 1;
	memset(value, 'x', size);
	rd_kafka_topic_t *topic = rd_kafka_topic_new(rk, topic_name, NULL);
	double wall = now_s(CLOCK_MONOTONIC), cpu = now_s(CLOCK_PROCESS_CPUTIME_ID);
	for (int64_t i = 0; i < count; i++) {
		char key[16];
		int len = snprintf(key, sizeof key, "C-%06d", (int)(i * 7919 % KEYS));
		while (rd_kafka_produce(topic, RD_KAFKA_PARTITION_UA, RD_KAFKA_MSG_F_COPY, value, size, key,
		                        (size_t)len, NULL) != 0)
			rd_kafka_poll(rk, 10);
		if (i % BATCH == 0)
			rd_kafka_poll(rk, 0);
	}
	rd_kafka_resp_err_t flushed = rd_kafka_flush(rk, 60000);
	report("produce", count, count * (int64_t)size, now_s(CLOCK_PROCESS_CPUTIME_ID) - cpu,
	       now_s(CLOCK_MONOTONIC) - wall);
	rd_kafka_topic_destroy(topic);
	rd_kafka_destroy(rk);
	free(value);
	return flushed == RD_KAFKA_RESP_ERR_NO_ERROR ? 0 : fail("produce", rd_kafka_err2str(flushed));
}

int main(int argc, char **argv)
{
	if (argc >= 6 && strcmp(argv[1], "produce") == 0)
		return produce(argv[2], strtol(argv[3], NULL, 10), (size_t)strtol(argv[4], NULL, 10), argv[5]);
	bool parses = argc >= 5 && strcmp(argv[1], "parse") == 0;
	if (!parses && !(argc >= 5 && strcmp(argv[1], "consume") == 0)) {
		fprintf(stderr,
		        "usage: floor consume|parse BROKERS PARTITIONS TOPIC... | produce BROKERS COUNT BYTES TOPIC\n");
		return 2;
	}
	struct reader reader = { .left = 0 };
	int status = reader_open(&reader, argv[2], (int)strtol(argv[3], NULL, 10), argv + 4, argc - 4);
	if (status == 0) {
		status = parses ? parse(&reader) : consume(&reader);
		reader_close(&reader);
	}
	return status;
}
