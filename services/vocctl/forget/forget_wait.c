#include "forget_wait.h"

#include "base/clock.h"
#include "core/record/topic.h"
#include "io/redis/redis_snapshot.h"
#include "io/service/signals.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#define LOOK_MS  200
#define KAFKA_MS 10000

/* Pauses before the next look; VOC_RETRY once there is none. */
static enum voc_status pause(int64_t deadline_ms, const char *what, struct voc_error *error)
{
	if (voc_signals_received() != 0)
		return voc_error_set(error, VOC_RETRY, VOC_REASON_INTERNAL, -1, "stopped by a signal");
	if (voc_clock_ms() >= deadline_ms)
		return voc_error_set(error, VOC_RETRY, VOC_REASON_KAFKA, -1, "%s", what);
	poll(NULL, 0, LOOK_MS);
	return VOC_OK;
}

/* The partitions of what the classifier reads, as many as there is room for; *ret_count is how many there are. */
static enum voc_status list(struct voc_admin *admin, const struct voc_conf *conf, struct voc_position **ret_positions,
                            size_t *ret_count, struct voc_error *error)
{
	enum voc_status status = VOC_OK;
	for (int topic = 0; status == VOC_OK && topic < VOC_INPUT_TOPIC_COUNT; topic++) {
		struct voc_position position = { .offset = 0 };
		int32_t partitions;
		if (!voc_topic_name(position.topic, conf->topic_prefix, (enum voc_topic)topic))
			return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "the topic prefix is too long");
		status = voc_admin_partition_count(admin, position.topic, KAFKA_MS, &partitions, error);
		if (status != VOC_OK || partitions == 0)
			continue;
		struct voc_position *longer =
		        realloc(*ret_positions, (*ret_count + (size_t)partitions) * sizeof *longer);
		if (!longer)
			return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1,
			                     "no memory for partitions");
		*ret_positions = longer;
		for (position.partition = 0; position.partition < partitions; position.partition++)
			longer[(*ret_count)++] = position;
	}
	return status;
}

static bool is_behind(const struct voc_position *committed, const struct voc_watermarks *marks, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		int64_t done = committed[i].offset < 0 ? marks[i].low : committed[i].offset;
		if (done < marks[i].high)
			return true;
	}
	return false;
}

enum voc_status forget_wait_for_classifier(struct voc_admin *admin, const struct voc_conf *conf, int64_t timeout_ms,
                                           struct voc_error *error)
{
	int64_t deadline_ms = voc_clock_ms() + timeout_ms;
	struct voc_position *positions = NULL;
	struct voc_watermarks *marks = NULL;
	size_t count = 0;
	char group[VOC_TOPIC_NAME_SIZE];
	snprintf(group, sizeof group, "%sclassifier", conf->group_prefix);
	enum voc_status status = list(admin, conf, &positions, &count, error);
	if (status == VOC_OK && count > 0 && !(marks = calloc(count, sizeof *marks)))
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for partitions");
	if (status == VOC_OK && count > 0)
		status = voc_admin_watermarks(admin, positions, count, marks, KAFKA_MS, error);
	while (status == VOC_OK && count > 0) {
		status = voc_admin_committed(admin, group, positions, count, KAFKA_MS, error);
		if (status != VOC_OK || !is_behind(positions, marks, count))
			break;
		status = pause(deadline_ms, "the classifier has not caught up: events on their way would stay", error);
	}
	free(positions);
	free(marks);
	return status;
}

enum voc_status forget_wait_for_aggregator(struct vocctl_store *store, int32_t partition, int64_t offset,
                                           int64_t timeout_ms, struct voc_error *error)
{
	int64_t deadline_ms = voc_clock_ms() + timeout_ms;
	for (;;) {
		struct voc_redis_snapshot snapshot;
		enum voc_status status = voc_redis_snapshot(store->redis, partition, NULL, 0, &snapshot, error);
		if (status != VOC_OK || snapshot.offset > offset)
			return status;
		status = pause(deadline_ms, "no aggregator has applied the request yet; it will", error);
		if (status != VOC_OK)
			return status;
	}
}
