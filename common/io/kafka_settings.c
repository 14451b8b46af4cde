/* Topics' settings, as the brokers have them. */
#include "io/kafka_admin.h"
#include "io/kafka_internal.h"

#include <librdkafka/rdkafka.h>

/* Copies the setting out of the answer, whose event is taken. */
static enum voc_status find(rd_kafka_event_t *event, const char *name, char *ret_value, size_t size,
                            struct voc_error *error)
{
	size_t count = 0;
	const rd_kafka_DescribeConfigs_result_t *result = event ? rd_kafka_event_DescribeConfigs_result(event) : NULL;
	rd_kafka_resp_err_t err = event ? rd_kafka_event_error(event) : RD_KAFKA_RESP_ERR__TIMED_OUT;
	const rd_kafka_ConfigResource_t **resources =
	        result ? rd_kafka_DescribeConfigs_result_resources(result, &count) : NULL;
	bool found = false;
	if (!err && count == 1)
		err = rd_kafka_ConfigResource_error(resources[0]);
	if (!err && count == 1) {
		const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resources[0], &count);
		for (size_t i = 0; i < count && !found; i++) {
			const char *value = rd_kafka_ConfigEntry_value(entries[i]);
			found = value && strcmp(rd_kafka_ConfigEntry_name(entries[i]), name) == 0 &&
			        strlen(value) < size;
			if (found)
				voc_str_copy(ret_value, size, voc_str_from(value));
		}
	}
	if (event)
		rd_kafka_event_destroy(event);
	if (found)
		return VOC_OK;
	return voc_error_set(error, VOC_RETRY, VOC_REASON_KAFKA, -1, "asking for a topic's settings: %s",
	                     err ? rd_kafka_err2str(err) : "no answer to that");
}

enum voc_status voc_admin_topic_setting(struct voc_admin *admin, const char *topic, const char *name, char *ret_value,
                                        size_t size, int timeout_ms, struct voc_error *error)
{
	char text[160];
	rd_kafka_t *rk = kafka_admin_instance(admin);
	rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
	if (!resource)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "asking for a topic's settings");
	rd_kafka_queue_t *queue = rd_kafka_queue_new(rk);
	rd_kafka_AdminOptions_t *options = rd_kafka_AdminOptions_new(rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS);
	rd_kafka_AdminOptions_set_request_timeout(options, timeout_ms, text, sizeof text);
	rd_kafka_DescribeConfigs(rk, &resource, 1, options, queue);
	enum voc_status status = find(rd_kafka_queue_poll(queue, timeout_ms), name, ret_value, size, error);
	rd_kafka_AdminOptions_destroy(options);
	rd_kafka_queue_destroy(queue);
	rd_kafka_ConfigResource_destroy(resource);
	return status;
}
