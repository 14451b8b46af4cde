#include "support/mock_kafka.h"

#include "base/clock.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>
#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>

static void add_property(struct voc_conf *conf, const char *name, const char *value)
{
	struct voc_kafka_property *property = &conf->kafka_properties[conf->kafka_property_count++];
	property->name = strdup(name);
	property->value = strdup(value);
}

void mock_kafka_start(struct mock_kafka *mock)
{
	mock_kafka_start_brokers(mock, 1);
}

void mock_kafka_start_brokers(struct mock_kafka *mock, int brokers)
{
	char text[160];
	*mock = (struct mock_kafka){ 0 };
	rd_kafka_conf_t *conf = rd_kafka_conf_new();
	rd_kafka_conf_set(conf, "log_level", "0", NULL, 0);
	mock->host = rd_kafka_new(RD_KAFKA_PRODUCER, conf, text, sizeof text);
	assert_non_null(mock->host);
	mock->cluster = rd_kafka_mock_cluster_new(mock->host, brokers);
	assert_non_null(mock->cluster);
	mock->conf.kafka_bootstrap = strdup(rd_kafka_mock_cluster_bootstraps(mock->cluster));
	/* the mock keeps a member that has gone for as long */
	add_property(&mock->conf, "session.timeout.ms", "6000");
	add_property(&mock->conf, "heartbeat.interval.ms", "500");
}

void mock_kafka_stop(struct mock_kafka *mock)
{
	rd_kafka_mock_cluster_destroy(mock->cluster);
	rd_kafka_destroy(mock->host);
	for (size_t i = 0; i < mock->conf.kafka_property_count; i++) {
		free(mock->conf.kafka_properties[i].name);
		free(mock->conf.kafka_properties[i].value);
	}
	free(mock->conf.kafka_bootstrap);
}

void mock_kafka_topic(struct mock_kafka *mock, const char *topic, int partitions)
{
	assert_int_equal(rd_kafka_mock_topic_create(mock->cluster, topic, partitions, 1), RD_KAFKA_RESP_ERR_NO_ERROR);
}

void mock_kafka_lead(struct mock_kafka *mock, const char *topic, int32_t partition, int32_t broker)
{
	assert_int_equal(rd_kafka_mock_partition_set_leader(mock->cluster, topic, partition, broker),
	                 RD_KAFKA_RESP_ERR_NO_ERROR);
}

void mock_kafka_down(struct mock_kafka *mock, bool down)
{
	if (down)
		rd_kafka_mock_broker_set_down(mock->cluster, 1);
	else
		rd_kafka_mock_broker_set_up(mock->cluster, 1);
}

void mock_kafka_slow(struct mock_kafka *mock, int ms)
{
	assert_int_equal(rd_kafka_mock_broker_set_rtt(mock->cluster, 1, ms), RD_KAFKA_RESP_ERR_NO_ERROR);
}

void mock_kafka_fail(struct mock_kafka *mock, int16_t api_key, int16_t code, size_t count)
{
	rd_kafka_resp_err_t errors[1000];
	assert_true(count <= 1000);
	for (size_t i = 0; i < count; i++)
		errors[i] = (rd_kafka_resp_err_t)code;
	rd_kafka_mock_push_request_errors_array(mock->cluster, api_key, count, errors);
}

void mock_kafka_heal(struct mock_kafka *mock, int16_t api_key)
{
	rd_kafka_mock_clear_request_errors(mock->cluster, api_key);
}

struct voc_kafka_settings mock_settings(struct mock_kafka *mock)
{
	return (struct voc_kafka_settings){ .conf = &mock->conf, .client_id = "test" };
}

struct voc_producer *mock_producer(struct mock_kafka *mock)
{
	struct voc_producer *producer = NULL;
	struct voc_error error = { .position = -1 };
	struct voc_producer_settings settings = { .kafka = mock_settings(mock), .linger_ms = 1 };
	if (voc_producer_open(&settings, &producer, &error) != VOC_OK)
		fail_msg("%s", error.text);
	return producer;
}

void mock_send(struct voc_producer *producer, const char *topic, int32_t partition, const char *key, const char *value,
               int64_t timestamp_ms)
{
	struct voc_error error = { .position = -1 };
	struct voc_outgoing record = {
		.topic = topic,
		.partition = partition,
		.key = voc_str_from(key),
		.value = voc_str_from(value),
		.timestamp_ms = timestamp_ms,
	};
	if (voc_producer_send(producer, &record, &error) != VOC_OK)
		fail_msg("%s", error.text);
}

void mock_flush(struct voc_producer *producer)
{
	struct voc_error error = { .position = -1 };
	if (voc_producer_wait(producer, voc_clock_ms() + 20000, &error) != VOC_OK)
		fail_msg("%s", error.text);
}

enum voc_poll mock_next(struct voc_consumer *consumer, struct voc_message *message, int timeout_ms,
                        struct voc_error *error)
{
	int64_t deadline_ms = voc_clock_ms() + timeout_ms;
	while (voc_clock_ms() < deadline_ms) {
		enum voc_poll outcome = voc_consumer_poll(consumer, 50, message, error);
		if (outcome == VOC_POLL_RECORD || outcome == VOC_POLL_FAILED)
			return outcome;
		if (outcome == VOC_POLL_END)
			voc_message_release(message);
	}
	return VOC_POLL_NOTHING;
}

enum voc_status mock_start_at_committed(void *owner, struct voc_consumer *consumer, struct voc_position *positions,
                                        size_t count, struct voc_error *error)
{
	(void)owner;
	return voc_consumer_committed(consumer, positions, count, 2000, error);
}
