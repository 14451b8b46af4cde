/*
 * librdkafka's mock cluster within the test's process, and what Kafka tests need around it.
 */
#ifndef TESTS_SUPPORT_MOCK_KAFKA_H
#define TESTS_SUPPORT_MOCK_KAFKA_H

#include "io/kafka/kafka_consumer.h"
#include "io/kafka/kafka_producer.h"

struct mock_kafka {
	struct rd_kafka_s *host;
	struct rd_kafka_mock_cluster_s *cluster;
	struct voc_conf conf; /* with its bootstrap */
};

void mock_kafka_start(struct mock_kafka *mock);
void mock_kafka_start_brokers(struct mock_kafka *mock, int brokers);
void mock_kafka_stop(struct mock_kafka *mock);
void mock_kafka_topic(struct mock_kafka *mock, const char *topic, int partitions);
/* That broker (from 1) leads the partition from now on. */
void mock_kafka_lead(struct mock_kafka *mock, const char *topic, int32_t partition, int32_t broker);
/* The broker refuses connections, or takes them again. */
void mock_kafka_down(struct mock_kafka *mock, bool down);
/* Each answer of the broker takes this long. */
void mock_kafka_slow(struct mock_kafka *mock, int ms);
/* The next `count` requests of this kind (ApiKey) fail with this error code. */
void mock_kafka_fail(struct mock_kafka *mock, int16_t api_key, int16_t code, size_t count);
/* No more of those that have yet to fail. */
void mock_kafka_heal(struct mock_kafka *mock, int16_t api_key);

/* A producer, and consumer settings, that are fit for the mock. */
struct voc_producer *mock_producer(struct mock_kafka *mock);
struct voc_kafka_settings mock_settings(struct mock_kafka *mock);

/* Sends one record to a partition. `timestamp_ms` 0: now. */
void mock_send(struct voc_producer *producer, const char *topic, int32_t partition, const char *key, const char *value,
               int64_t timestamp_ms);
/* Waits until everything is acknowledged. */
void mock_flush(struct voc_producer *producer);
/* Polls until a record or a failure comes, skipping ends; NOTHING after `timeout_ms`. */
enum voc_poll mock_next(struct voc_consumer *consumer, struct voc_message *message, int timeout_ms,
                        struct voc_error *error);

/* For voc_consumer_settings.on_assigned: from the committed offset on, or from the log's first record. */
enum voc_status mock_start_at_committed(void *owner, struct voc_consumer *consumer, struct voc_position *positions,
                                        size_t count, struct voc_error *error);

#endif
