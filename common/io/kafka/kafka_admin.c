#include "io/kafka/kafka_admin.h"

#include "base/clock.h"
#include "io/kafka/kafka_describe.h"
#include "io/kafka/kafka_internal.h"

#include <librdkafka/rdkafka.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

#define TOPIC_LOOK_MS 20 /* between two looks at a topic that is being made */

enum voc_status voc_admin_open(const struct voc_kafka_settings *settings, struct voc_admin **ret_admin,
                               struct voc_error *error)
{
	/* a consumer's instance: asking a producer's for a topic's metadata would make the topic */
	static const struct kafka_property defaults[] = { { NULL, NULL } };
	static const struct kafka_property fixed[] = { { "allow.auto.create.topics", "false" }, { NULL, NULL } };
	struct voc_admin *admin = calloc(1, sizeof *admin);
	if (!admin)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "opening an admin client");
	rd_kafka_conf_t *conf = kafka_conf_new(settings, defaults, fixed, error);
	if (!conf || kafka_client_open(&admin->client, KAFKA_CONSUMER, conf, settings, error) != VOC_OK) {
		free(admin);
		return VOC_FATAL;
	}
	*ret_admin = admin;
	return VOC_OK;
}

void voc_admin_free(struct voc_admin *admin)
{
	if (!admin)
		return;
	if (kafka_client_close(&admin->client, KAFKA_PRODUCER))
		free(admin);
}

enum voc_status voc_admin_partition_count(struct voc_admin *admin, const char *topic, int timeout_ms,
                                          int32_t *ret_partitions, struct voc_error *error)
{
	struct voc_topic_look look;
	enum voc_status status = voc_admin_topic_look(admin, topic, timeout_ms, &look, error);
	if (status == VOC_OK)
		*ret_partitions = look.partitions;
	return status;
}

/* The outcome of a request for one topic, whose event is taken. */
static enum voc_status create_outcome(rd_kafka_event_t *event, bool *ret_exists, struct voc_error *error)
{
	if (!event)
		return kafka_outcome(RD_KAFKA_RESP_ERR__TIMED_OUT, "creating a topic", error);
	const rd_kafka_topic_result_t **results = NULL;
	const rd_kafka_CreateTopics_result_t *result = rd_kafka_event_CreateTopics_result(event);
	rd_kafka_resp_err_t err = rd_kafka_event_error(event);
	enum voc_status status = VOC_OK;
	size_t count = 0;
	if (!err && result)
		results = rd_kafka_CreateTopics_result_topics(result, &count);
	if (err || count != 1) {
		status = kafka_outcome(err ? err : RD_KAFKA_RESP_ERR__FAIL, "creating a topic", error);
	} else {
		err = rd_kafka_topic_result_error(results[0]);
		*ret_exists = err == RD_KAFKA_RESP_ERR_TOPIC_ALREADY_EXISTS;
		if (err && !*ret_exists)
			status = voc_error_set(error, VOC_FATAL, VOC_REASON_KAFKA, -1, "creating topic %s: %s",
			                       rd_kafka_topic_result_name(results[0]), rd_kafka_err2str(err));
	}
	rd_kafka_event_destroy(event);
	return status;
}

static enum voc_status create(struct voc_admin *admin, const struct voc_topic_plan *plan, int timeout_ms,
                              bool *ret_exists, struct voc_error *error)
{
	char text[160];
	struct kafka_call call;
	rd_kafka_NewTopic_t *topic =
	        rd_kafka_NewTopic_new(plan->topic, plan->partitions, plan->replication, text, sizeof text);
	if (!topic)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "topic %s: %s", plan->topic, text);
	for (size_t i = 0; i < plan->config_count; i++)
		rd_kafka_NewTopic_set_config(topic, plan->configs[i].name, plan->configs[i].value);
	kafka_call_begin(&call, admin->client.rk, RD_KAFKA_ADMIN_OP_CREATETOPICS, timeout_ms);
	/* answered once the topic has leaders: the next step can use it */
	rd_kafka_AdminOptions_set_operation_timeout(call.options, timeout_ms, text, sizeof text);
	rd_kafka_CreateTopics(admin->client.rk, &topic, 1, call.options, call.queue);
	enum voc_status status = create_outcome(kafka_call_end(&call), ret_exists, error);
	rd_kafka_NewTopic_destroy(topic);
	return status;
}

/* The controller knows a new topic before the brokers do: waits until they show its partitions. */
static enum voc_status wait_for_topic(struct voc_admin *admin, const char *topic, int64_t deadline_ms,
                                      int32_t *ret_partitions, struct voc_error *error)
{
	*ret_partitions = 0;
	for (;;) {
		enum voc_status status =
		        voc_admin_partition_count(admin, topic, kafka_left_ms(deadline_ms), ret_partitions, error);
		if (status != VOC_OK || *ret_partitions > 0)
			return status;
		if (kafka_left_ms(deadline_ms) == 0)
			return kafka_outcome(RD_KAFKA_RESP_ERR__TIMED_OUT, "waiting for a new topic", error);
		poll(NULL, 0, TOPIC_LOOK_MS);
	}
}

enum voc_status voc_admin_create_topic(struct voc_admin *admin, const struct voc_topic_plan *plan, int timeout_ms,
                                       bool *ret_created, struct voc_error *error)
{
	int32_t partitions = 0;
	bool exists = true;
	int64_t deadline_ms = voc_clock_ms() + timeout_ms;
	enum voc_status status = voc_admin_partition_count(admin, plan->topic, timeout_ms, &partitions, error);
	if (status == VOC_OK && partitions == 0)
		status = create(admin, plan, kafka_left_ms(deadline_ms), &exists, error);
	if (status == VOC_OK && partitions == 0)
		status = wait_for_topic(admin, plan->topic, deadline_ms, &partitions, error);
	if (status != VOC_OK)
		return status;
	if (partitions != plan->partitions)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_PARTITIONS_CHANGED, -1,
		                     "topic %s has %d partitions, not %d", plan->topic, (int)partitions,
		                     (int)plan->partitions);
	if (ret_created)
		*ret_created = !exists;
	return VOC_OK;
}

static size_t copy_groups(const struct rd_kafka_group_list *list, const char *prefix, struct voc_group_name *names,
                          size_t max)
{
	size_t count = 0;
	for (int i = 0; i < list->group_cnt && count < max; i++) {
		struct voc_str name = voc_str_from(list->groups[i].group);
		if (voc_str_starts_with(name, voc_str_from(prefix)) && name.len < sizeof names->text)
			voc_str_copy(names[count++].text, sizeof names->text, name);
	}
	return count;
}

enum voc_status voc_admin_groups(struct voc_admin *admin, const char *prefix, struct voc_group_name *names, size_t max,
                                 size_t *ret_count, int timeout_ms, struct voc_error *error)
{
	/* rd_kafka_ListConsumerGroups loses some memory when a broker can't answer it (2.0.2) */
	const struct rd_kafka_group_list *list = NULL;
	rd_kafka_resp_err_t err = rd_kafka_list_groups(admin->client.rk, NULL, &list, timeout_ms);
	if (!err || err == RD_KAFKA_RESP_ERR__PARTIAL)
		*ret_count = copy_groups(list, prefix, names, max);
	if (list)
		rd_kafka_group_list_destroy(list);
	return err == RD_KAFKA_RESP_ERR__PARTIAL ? VOC_OK : kafka_outcome(err, "listing groups", error);
}

/* Copies the offsets of a group's answer into `positions`, in whatever order they come. */
static void copy_committed(const rd_kafka_topic_partition_list_t *list, struct voc_position *positions, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const rd_kafka_topic_partition_t *found = rd_kafka_topic_partition_list_find(
		        (rd_kafka_topic_partition_list_t *)(uintptr_t)list, positions[i].topic, positions[i].partition);
		positions[i].offset = found && !found->err && found->offset >= 0 ? found->offset : VOC_OFFSET_BEGINNING;
	}
}

static enum voc_status committed_outcome(rd_kafka_event_t *event, struct voc_position *positions, size_t count,
                                         struct voc_error *error)
{
	if (!event)
		return kafka_outcome(RD_KAFKA_RESP_ERR__TIMED_OUT, "asking for a group", error);
	const rd_kafka_ListConsumerGroupOffsets_result_t *result =
	        rd_kafka_event_ListConsumerGroupOffsets_result(event);
	rd_kafka_resp_err_t err = rd_kafka_event_error(event);
	size_t groups = 0;
	if (!err && result) {
		const rd_kafka_group_result_t **answers =
		        rd_kafka_ListConsumerGroupOffsets_result_groups(result, &groups);
		const rd_kafka_error_t *refused = groups == 1 ? rd_kafka_group_result_error(answers[0]) : NULL;
		if (refused)
			err = rd_kafka_error_code(refused);
		else if (groups == 1)
			copy_committed(rd_kafka_group_result_partitions(answers[0]), positions, count);
	}
	rd_kafka_event_destroy(event);
	if (!err && groups != 1)
		err = RD_KAFKA_RESP_ERR__FAIL;
	return kafka_outcome(err, "asking for a group", error);
}

enum voc_status voc_admin_committed(struct voc_admin *admin, const char *group, struct voc_position *positions,
                                    size_t count, int timeout_ms, struct voc_error *error)
{
	struct kafka_call call;
	rd_kafka_topic_partition_list_t *list = kafka_list_new(positions, count);
	rd_kafka_ListConsumerGroupOffsets_t *request = rd_kafka_ListConsumerGroupOffsets_new(group, list);
	kafka_call_begin(&call, admin->client.rk, RD_KAFKA_ADMIN_OP_LISTCONSUMERGROUPOFFSETS, timeout_ms);
	rd_kafka_ListConsumerGroupOffsets(admin->client.rk, &request, 1, call.options, call.queue);
	enum voc_status status = committed_outcome(kafka_call_end(&call), positions, count, error);
	rd_kafka_ListConsumerGroupOffsets_destroy(request);
	rd_kafka_topic_partition_list_destroy(list);
	return status;
}

enum voc_status voc_admin_watermarks(struct voc_admin *admin, const struct voc_position *positions, size_t count,
                                     struct voc_watermarks *ret_watermarks, int timeout_ms, struct voc_error *error)
{
	return kafka_watermarks(&admin->client, positions, count, ret_watermarks, timeout_ms, error);
}
