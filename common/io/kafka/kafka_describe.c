#include "io/kafka/kafka_describe.h"

#include "io/kafka/kafka_internal.h"

#include <librdkafka/rdkafka.h>

enum voc_status voc_admin_broker_count(struct voc_admin *admin, int timeout_ms, int32_t *ret_brokers,
                                       struct voc_error *error)
{
	const struct rd_kafka_metadata *metadata;
	rd_kafka_resp_err_t err = rd_kafka_metadata(admin->client.rk, 0, NULL, &metadata, timeout_ms);
	if (err)
		return kafka_outcome(err, "asking for the brokers", error);
	*ret_brokers = metadata->broker_cnt;
	rd_kafka_metadata_destroy(metadata);
	return VOC_OK;
}

static void look_at(const struct rd_kafka_metadata_topic *topic, struct voc_topic_look *look)
{
	look->partitions = topic->partition_cnt;
	for (int i = 0; i < topic->partition_cnt; i++) {
		const struct rd_kafka_metadata_partition *partition = &topic->partitions[i];
		if (i == 0 || partition->replica_cnt < look->replicas_least)
			look->replicas_least = partition->replica_cnt;
		look->short_of_replicas += partition->isr_cnt < partition->replica_cnt;
		look->without_leader += partition->leader < 0;
	}
}

enum voc_status voc_admin_topic_look(struct voc_admin *admin, const char *topic, int timeout_ms,
                                     struct voc_topic_look *ret_look, struct voc_error *error)
{
	const struct rd_kafka_metadata *metadata;
	rd_kafka_topic_t *handle = rd_kafka_topic_new(admin->client.rk, topic, NULL);
	if (!handle)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "no name for a topic: %s", topic);
	rd_kafka_resp_err_t err = rd_kafka_metadata(admin->client.rk, 0, handle, &metadata, timeout_ms);
	rd_kafka_topic_destroy(handle);
	if (err)
		return kafka_outcome(err, "asking for a topic", error);
	*ret_look = (struct voc_topic_look){ 0 };
	err = metadata->topic_cnt == 1 ? metadata->topics[0].err : RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART;
	if (!err)
		look_at(&metadata->topics[0], ret_look);
	rd_kafka_metadata_destroy(metadata);
	if (err && err != RD_KAFKA_RESP_ERR_UNKNOWN_TOPIC_OR_PART)
		return kafka_outcome(err, "asking for a topic", error);
	return VOC_OK;
}

static void copy_settings(const rd_kafka_ConfigResource_t *resource, struct voc_topic_setting *settings, size_t count)
{
	size_t found;
	const rd_kafka_ConfigEntry_t **entries = rd_kafka_ConfigResource_configs(resource, &found);
	for (size_t i = 0; i < found; i++) {
		const char *value = rd_kafka_ConfigEntry_value(entries[i]);
		for (size_t k = 0; value && k < count; k++) {
			if (strcmp(settings[k].name, rd_kafka_ConfigEntry_name(entries[i])) == 0)
				voc_str_copy(settings[k].value, sizeof settings[k].value, voc_str_from(value));
		}
	}
}

/* The event is taken. */
static enum voc_status settings_outcome(rd_kafka_event_t *event, struct voc_topic_setting *settings, size_t count,
                                        struct voc_error *error)
{
	if (!event)
		return kafka_outcome(RD_KAFKA_RESP_ERR__TIMED_OUT, "asking for a topic's settings", error);
	const rd_kafka_DescribeConfigs_result_t *result = rd_kafka_event_DescribeConfigs_result(event);
	rd_kafka_resp_err_t err = rd_kafka_event_error(event);
	size_t found = 0;
	const rd_kafka_ConfigResource_t **resources = NULL;
	if (!err && result)
		resources = rd_kafka_DescribeConfigs_result_resources(result, &found);
	if (!err && found == 1)
		err = rd_kafka_ConfigResource_error(resources[0]);
	else if (!err)
		err = RD_KAFKA_RESP_ERR__FAIL;
	if (!err)
		copy_settings(resources[0], settings, count);
	rd_kafka_event_destroy(event);
	return kafka_outcome(err, "asking for a topic's settings", error);
}

enum voc_status voc_admin_topic_settings(struct voc_admin *admin, const char *topic, struct voc_topic_setting *settings,
                                         size_t count, int timeout_ms, struct voc_error *error)
{
	struct kafka_call call;
	for (size_t i = 0; i < count; i++)
		settings[i].value[0] = '\0';
	rd_kafka_ConfigResource_t *resource = rd_kafka_ConfigResource_new(RD_KAFKA_RESOURCE_TOPIC, topic);
	if (!resource)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "asking for a topic's settings");
	kafka_call_begin(&call, admin->client.rk, RD_KAFKA_ADMIN_OP_DESCRIBECONFIGS, timeout_ms);
	rd_kafka_DescribeConfigs(admin->client.rk, &resource, 1, call.options, call.queue);
	enum voc_status status = settings_outcome(kafka_call_end(&call), settings, count, error);
	rd_kafka_ConfigResource_destroy(resource);
	return status;
}

enum voc_status voc_admin_group_looks(struct voc_admin *admin, const char *prefix, struct voc_group_look *looks,
                                      size_t max, size_t *ret_count, int timeout_ms, struct voc_error *error)
{
	const struct rd_kafka_group_list *list = NULL;
	rd_kafka_resp_err_t err = rd_kafka_list_groups(admin->client.rk, NULL, &list, timeout_ms);
	size_t count = 0;
	/* ..._ERR__PARTIAL is a failure here, unlike in voc_admin_groups: who is missing would be taken for not there
	 */
	for (int i = 0; !err && i < list->group_cnt && count < max; i++) {
		struct voc_str name = voc_str_from(list->groups[i].group);
		if (!voc_str_starts_with(name, voc_str_from(prefix)))
			continue;
		voc_str_copy(looks[count].name, sizeof looks->name, name);
		looks[count++].members = list->groups[i].member_cnt;
	}
	if (list)
		rd_kafka_group_list_destroy(list);
	*ret_count = count;
	return kafka_outcome(err, "listing groups", error);
}

enum voc_status voc_admin_since(struct voc_admin *admin, const struct voc_position *positions, size_t count,
                                int64_t time_ms, int timeout_ms, struct voc_since *ret_since, struct voc_error *error)
{
	rd_kafka_topic_partition_list_t *list = kafka_list_new(positions, count);
	for (int i = 0; i < list->cnt; i++)
		list->elems[i].offset = time_ms;
	rd_kafka_resp_err_t err = rd_kafka_offsets_for_times(admin->client.rk, list, timeout_ms);
	*ret_since = (struct voc_since){ 0 };
	for (int i = 0; !err && i < list->cnt; i++) {
		if (list->elems[i].err)
			continue;
		ret_since->some += list->elems[i].offset >= 0;
		ret_since->none += list->elems[i].offset == RD_KAFKA_OFFSET_END;
	}
	rd_kafka_topic_partition_list_destroy(list);
	return kafka_outcome(err, "asking for times", error);
}
