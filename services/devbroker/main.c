/*
 * voc-devbroker: librdkafka's mock cluster as a process of its own. It speaks Kafka's protocol, groups included, on
 * loopback, needs no JVM, and forgets everything when it ends. For the demo and for tests; never for production.
 */
#include "base/clock.h"
#include "core/record/topic.h"
#include "io/kafka/kafka.h"
#include "io/service/runtime.h"

#include <librdkafka/rdkafka.h>
#include <librdkafka/rdkafka_mock.h>
#include <stdio.h>

#define LOOP_MS 1000 /* /healthz asks whether the loop comes round */

struct devbroker {
	rd_kafka_t *host; /* the mock cluster lives in an instance, which itself talks to nobody */
	rd_kafka_mock_cluster_t *cluster;
};

static void stop(struct devbroker *broker)
{
	if (broker->cluster)
		rd_kafka_mock_cluster_destroy(broker->cluster);
	if (broker->host)
		rd_kafka_destroy(broker->host);
}

static enum voc_status start(struct devbroker *broker, const struct voc_conf *conf, struct voc_error *error)
{
	char text[160];
	rd_kafka_conf_t *host_conf = rd_kafka_conf_new();
	/* it would complain of having no bootstrap servers */
	rd_kafka_conf_set(host_conf, "log_level", "0", NULL, 0);
	broker->host = rd_kafka_new(RD_KAFKA_PRODUCER, host_conf, text, sizeof text);
	if (!broker->host) {
		rd_kafka_conf_destroy(host_conf);
		return voc_error_set(error, VOC_FATAL, VOC_REASON_KAFKA, -1, "mock cluster: %s", text);
	}
	broker->cluster = rd_kafka_mock_cluster_new(broker->host, (int)conf->dev_brokers);
	if (!broker->cluster)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_KAFKA, -1, "no mock cluster");
	return VOC_OK;
}

static enum voc_status create_topics(struct devbroker *broker, const struct voc_conf *conf, struct voc_error *error)
{
	char name[VOC_TOPIC_NAME_SIZE];
	for (int topic = 0; topic < VOC_TOPIC_COUNT; topic++) {
		if (!voc_topic_name(name, conf->topic_prefix, (enum voc_topic)topic))
			return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "the topic prefix is too long");
		rd_kafka_resp_err_t err = rd_kafka_mock_topic_create(broker->cluster, name, (int)conf->partitions, 1);
		if (err)
			return voc_error_set(error, VOC_FATAL, VOC_REASON_KAFKA, -1, "topic %s: %s", name,
			                     rd_kafka_err2str(err));
	}
	return VOC_OK;
}

static enum voc_status run(struct voc_runtime *runtime, const struct voc_conf *conf, struct voc_error *error)
{
	struct devbroker broker = { 0 };
	enum voc_status status = start(&broker, conf, error);
	if (status == VOC_OK)
		status = create_topics(&broker, conf, error);
	if (status == VOC_OK) {
		const char *bootstrap = rd_kafka_mock_cluster_bootstraps(broker.cluster);
		VOC_LOG(VOC_LOG_WARN, "for demo and tests only: all records are in memory and lost at the end",
		        VOC_LOG_STR("bootstrap", bootstrap), VOC_LOG_INT("partitions", conf->partitions));
		printf("{\"bootstrap\":\"%s\",\"partitions\":%d}\n", bootstrap, (int)conf->partitions);
		fflush(stdout);
		voc_health_set(voc_runtime_health(runtime), VOC_UNREADY_STARTING, false);
		while (!voc_runtime_stopping(runtime))
			voc_runtime_wait(runtime, NULL, 0, voc_clock_ms() + LOOP_MS);
	}
	stop(&broker);
	return status;
}

int main(int argc, char **argv)
{
	static const struct voc_service service = { VOC_PROGRAM_DEVBROKER,
		                                    "a Kafka broker in memory, for demo and tests only", NULL, run };
	return voc_service_main(&service, argc, argv);
}
