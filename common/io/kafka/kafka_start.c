#include "io/kafka/kafka_start.h"

#include <inttypes.h>
#include <stdlib.h>

enum voc_status voc_start_choose(const struct voc_position *committed, const struct voc_watermarks *watermarks,
                                 bool accept_log_start, int64_t *ret_offset, struct voc_error *error)
{
	int64_t offset = committed->offset;
	if (offset > watermarks->high)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_POSITION_LOST, -1,
		                     "%s partition %d ends at %" PRId64 ", before the committed offset %" PRId64
		                     ": was the topic made anew? Reset the group's offsets on purpose",
		                     committed->topic, (int)committed->partition, watermarks->high, offset);
	if (offset >= 0 && offset < watermarks->low && !accept_log_start)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_POSITION_LOST, -1,
		                     "%s partition %d begins at %" PRId64 ", after the committed offset %" PRId64
		                     ": records have expired unread. VOC_ACCEPT_LOG_START=yes goes on without",
		                     committed->topic, (int)committed->partition, watermarks->low, offset);
	*ret_offset = offset < watermarks->low ? watermarks->low : offset;
	return VOC_OK;
}

enum voc_status voc_start_choose_all(struct voc_consumer *consumer, bool accept_log_start,
                                     struct voc_position *positions, size_t count, int timeout_ms,
                                     struct voc_error *error)
{
	struct voc_watermarks *watermarks = calloc(count, sizeof *watermarks);
	if (!watermarks)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "finding where to start");
	enum voc_status status = voc_consumer_watermarks(consumer, positions, count, watermarks, timeout_ms, error);
	for (size_t i = 0; i < count && status == VOC_OK; i++)
		status = voc_start_choose(&positions[i], &watermarks[i], accept_log_start, &positions[i].offset, error);
	free(watermarks);
	return status;
}
