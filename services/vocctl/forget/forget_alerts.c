#include "forget_alerts.h"

#include "base/hash.h"
#include "core/record/topic.h"
#include "io/kafka/kafka_describe.h"
#include "vocctl/shared/scan.h"

#include <stdio.h>

#define KAFKA_MS        10000
#define GROUPS_MAX      64
#define PLACE_MAX_BYTES (VOC_TOPIC_NAME_SIZE + 40)

enum voc_status forget_find_topic(struct voc_admin *admin, const struct voc_conf *conf, struct voc_error *error)
{
	char topic[VOC_TOPIC_NAME_SIZE];
	int32_t partitions = 0;
	if (!voc_topic_name(topic, conf->topic_prefix, VOC_TOPIC_FORGOTTEN))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "the topic prefix is too long");
	enum voc_status status = voc_admin_partition_count(admin, topic, KAFKA_MS, &partitions, error);
	if (status == VOC_OK && partitions == 0)
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_KAFKA, -1,
		                       "there is no topic %s: vocctl topics create", topic);
	return status;
}

enum voc_status forget_tell_alerter(const struct voc_conf *conf, struct vocctl_sender *sender,
                                    struct voc_str customer_id, const struct voc_source_position *place,
                                    struct voc_str value, struct voc_error *error)
{
	char topic[VOC_TOPIC_NAME_SIZE];
	struct voc_buf source;
	voc_buf_init(&source, PLACE_MAX_BYTES);
	enum voc_status status = VOC_OK;
	if (!voc_topic_name(topic, conf->topic_prefix, VOC_TOPIC_FORGOTTEN) ||
	    !voc_source_position_format(&source, place))
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a request");
	const struct voc_header headers[] = { { VOC_STR("content-type"), VOC_STR("application/cloudevents+json") },
		                              { VOC_STR(VOC_SOURCE_HEADER), voc_buf_str(&source) } };
	const struct voc_outgoing record = { .topic = topic,
		                             .partition = VOC_PARTITION_BY_KEY,
		                             .key = customer_id,
		                             .value = value,
		                             .headers = headers,
		                             .header_count = 2 };
	if (status == VOC_OK)
		status = vocctl_sender_send(sender, &record, error);
	if (status == VOC_OK)
		status = vocctl_sender_drain(sender, error);
	voc_buf_free(&source);
	return status;
}

struct counting {
	struct voc_str customer_id;
	int32_t partition;
	int64_t places[GROUPS_MAX]; /* of each group in that partition */
	size_t count;
	int64_t unsent;
};

static bool look(void *context, const struct voc_message *message, struct voc_error *error)
{
	struct counting *counting = context;
	(void)error;
	if (message->partition != counting->partition || !voc_str_eq(message->key, counting->customer_id))
		return true;
	for (size_t i = 0; i < counting->count; i++)
		counting->unsent += message->offset >= counting->places[i];
	return true;
}

/* Where each of the alerter's groups stands in the customer's partition: of all of them, or it is a failure. */
static enum voc_status find_places(const struct voc_conf *conf, struct voc_admin *admin, struct counting *counting,
                                   struct voc_error *error)
{
	struct voc_group_look groups[GROUPS_MAX];
	struct voc_position position = { .offset = 0 };
	char prefix[VOC_TOPIC_NAME_SIZE];
	int32_t partitions = 0;
	snprintf(prefix, sizeof prefix, "%salerter-", conf->group_prefix);
	(void)voc_topic_name(position.topic, conf->topic_prefix, VOC_TOPIC_ALERTS);
	enum voc_status status = voc_admin_partition_count(admin, position.topic, KAFKA_MS, &partitions, error);
	if (status == VOC_OK && partitions > 0)
		status = voc_admin_group_looks(admin, prefix, groups, GROUPS_MAX, &counting->count, KAFKA_MS, error);
	if (partitions > 0)
		counting->partition = voc_partition_of(counting->customer_id, partitions);
	position.partition = counting->partition;
	for (size_t i = 0; status == VOC_OK && i < counting->count; i++) {
		status = voc_admin_committed(admin, groups[i].name, &position, 1, KAFKA_MS, error);
		counting->places[i] = position.offset;
	}
	return status;
}

int64_t forget_count_alerts(const struct voc_conf *conf, struct voc_admin *admin, struct voc_str customer_id)
{
	const struct vocctl_tail all = { .topic = VOC_TOPIC_ALERTS, .last = VOCCTL_TAIL_ALL, .key = customer_id };
	struct counting counting = { .customer_id = customer_id };
	struct voc_error error = { 0 };
	enum voc_status status = find_places(conf, admin, &counting, &error);
	if (status == VOC_OK && counting.count > 0)
		status = vocctl_scan(conf, &all, 1, look, &counting, &error);
	return status == VOC_OK ? counting.unsent : -1;
}
