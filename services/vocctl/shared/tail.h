/*
 * Opens a reader on whole topics: all of them, or the last records of each partition.
 */
#ifndef VOC_VOCCTL_TAIL_H
#define VOC_VOCCTL_TAIL_H

#include "core/record/topic.h"
#include "io/kafka/kafka_admin.h"
#include "io/kafka/kafka_reader.h"

struct vocctl_tail {
	enum voc_topic topic;
	int64_t last;       /* records of each partition; VOCCTL_TAIL_ALL */
	struct voc_str key; /* not empty: only the partition of the records with this key */
};
#define VOCCTL_TAIL_ALL        INT64_MAX
#define VOCCTL_TAIL_TIMEOUT_MS 10000

/*
 * Asks Kafka for partitions and offsets, then opens a reader on them. A topic that isn't there has no records. With
 * `follow` the reader goes on to what is yet to come, else it ends where the topics end now. VOC_RETRY: Kafka is out
 * of reach.
 */
VOC_MUST_CHECK enum voc_status vocctl_tail_open(const struct voc_kafka_settings *settings, struct voc_admin *admin,
                                                const struct vocctl_tail *tails, size_t count, bool follow,
                                                struct voc_reader **ret_reader, struct voc_error *error);

#endif
