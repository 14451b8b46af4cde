/*
 * What verify and rebuild start from: Kafka's word on voc.classified, Redis, and the partitions that were chosen. One
 * thread.
 */
#ifndef VOC_VOCCTL_SURVEY_H
#define VOC_VOCCTL_SURVEY_H

#include "core/record/topic.h"
#include "io/kafka/kafka_admin.h"
#include "io/redis/redis_query.h"
#include "playback.h"
#include "vocctl/shared/progress.h"

struct survey_partition {
	bool chosen;
	struct voc_watermarks log;
	int64_t committed; /* by the aggregators' group: all before it was applied once; 0 if nothing was */
};

struct survey {
	const struct voc_conf *conf; /* borrowed */
	struct voc_kafka_settings kafka;
	char topic[VOC_TOPIC_NAME_SIZE];
	int32_t partition_count;
	struct survey_partition *partitions; /* by number */
	size_t chosen_count;
	struct voc_redis *redis;
	struct voc_redis_meta meta;
	struct voc_rule_book *book; /* owned */
	struct vocctl_progress progress;
	int64_t records; /* applied */
};

/*
 * `partitions` as partitions_parse takes it; NULL: all. VOC_INVALID: no such partition. Free with survey_close, also
 * after a failure.
 */
VOC_MUST_CHECK enum voc_status survey_open(struct survey *survey, const struct voc_conf *conf, const char *partitions,
                                           struct voc_error *error);
void survey_close(struct survey *survey);
/* A playback from the partition's first record. VOC_FATAL if the log has lost its start and that was not accepted. */
VOC_MUST_CHECK enum voc_status survey_playback(struct survey *survey, int32_t partition, struct playback **ret_playback,
                                               struct voc_error *error);

/* "3", "0,4-7": sets ret_chosen, of `count`, and says how many. 0 if the text is no such list. Pure. */
size_t partitions_parse(const char *text, int32_t count, bool *ret_chosen);

#endif
