#include "classifier/start.h"

#include "io/kafka/kafka_start.h"
#include "io/service/signals.h"

#define ASK_MS 2000

static enum voc_status partition_count(struct voc_admin *admin, const struct voc_conf *conf, enum voc_topic topic,
                                       int32_t *ret_partitions, struct voc_error *error)
{
	char name[VOC_TOPIC_NAME_SIZE];
	if (!voc_topic_name(name, conf->topic_prefix, topic))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "the topic prefix is too long");
	enum voc_status status = voc_admin_partition_count(admin, name, ASK_MS, ret_partitions, error);
	if (status == VOC_OK && *ret_partitions == 0)
		return voc_error_set(error, VOC_RETRY, VOC_REASON_KAFKA, -1, "there is no topic %s", name);
	return status;
}

enum voc_status voc_start_check_topics(struct voc_admin *admin, const struct voc_conf *conf, int32_t *ret_partitions,
                                       struct voc_error *error)
{
	static const enum voc_topic needed[] = { VOC_TOPIC_CALLS,      VOC_TOPIC_WEB,         VOC_TOPIC_COMPLAINTS,
		                                 VOC_TOPIC_PROFILES,   VOC_TOPIC_ORDERS,      VOC_TOPIC_FOLLOWUPS,
		                                 VOC_TOPIC_CLASSIFIED, VOC_TOPIC_DEAD_LETTERS };
	int32_t counts[sizeof needed / sizeof *needed];
	for (size_t i = 0; i < sizeof needed / sizeof *needed; i++) {
		enum voc_status status = partition_count(admin, conf, needed[i], &counts[i], error);
		if (status != VOC_OK)
			return status;
	}
	for (size_t i = 1; i < VOC_INPUT_TOPIC_COUNT; i++) {
		if (counts[i] != counts[0])
			return voc_error_set(
			        error, VOC_FATAL, VOC_REASON_PARTITIONS_CHANGED, -1,
			        "the topics that are read must have as many partitions each: %s%s has %d, %s%s has %d",
			        conf->topic_prefix, voc_topic_suffix(needed[0]), (int)counts[0], conf->topic_prefix,
			        voc_topic_suffix(needed[i]), (int)counts[i]);
	}
	*ret_partitions = counts[0];
	return VOC_OK;
}

static bool is_of_facts(const char *name, const char *prefix)
{
	enum voc_topic topic;
	return voc_topic_find(voc_str_from(name), prefix, &topic) && topic >= VOC_RAW_TOPIC_COUNT;
}

/* Whether the same members have read both since the first record of either. */
static bool belong_together(const struct voc_position *a, const struct voc_position *b, const char *prefix)
{
	return a->partition == b->partition && is_of_facts(a->topic, prefix) == is_of_facts(b->topic, prefix);
}

enum voc_status voc_start_check_committed(const struct voc_position *committed, size_t count, const char *prefix,
                                          struct voc_error *error)
{
	for (size_t i = 0; i < count; i++) {
		for (size_t j = 0; j < count; j++) {
			if (committed[i].offset >= 0 || committed[j].offset < 0 ||
			    !belong_together(&committed[i], &committed[j], prefix))
				continue;
			return voc_error_set(
			        error, VOC_FATAL, VOC_REASON_POSITION_LOST, -1,
			        "partition %d of %s has no committed offset, that of %s has: was the topic "
			        "made anew? Reset the group's offsets on purpose",
			        (int)committed[i].partition, committed[i].topic, committed[j].topic);
		}
	}
	return VOC_OK;
}

enum voc_status voc_start_positions(struct voc_consumer *consumer, const struct voc_conf *conf,
                                    struct voc_position *positions, size_t count, struct voc_error *error)
{
	enum voc_status status = voc_consumer_committed(consumer, positions, count, ASK_MS, error);
	if (status == VOC_OK)
		status = voc_start_check_committed(positions, count, conf->topic_prefix, error);
	if (status == VOC_OK && voc_signals_received() != 0)
		return voc_error_set(error, VOC_RETRY, VOC_REASON_KAFKA, -1, "the stop came first");
	if (status == VOC_OK)
		status = voc_start_choose_all(consumer, conf->accept_log_start, positions, count, ASK_MS, error);
	return status;
}
