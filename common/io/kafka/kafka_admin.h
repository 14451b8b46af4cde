/*
 * Questions to Kafka and its topics' making: for start-up checks and for vocctl. Everything here waits for an answer,
 * at most timeout_ms. One thread.
 */
#ifndef VOC_IO_KAFKA_ADMIN_H
#define VOC_IO_KAFKA_ADMIN_H

#include "io/kafka/kafka.h"

struct voc_admin;

VOC_MUST_CHECK enum voc_status voc_admin_open(const struct voc_kafka_settings *settings, struct voc_admin **ret_admin,
                                              struct voc_error *error);
/* NULL is fine. */
void voc_admin_free(struct voc_admin *admin);

struct voc_topic_config {
	const char *name, *value; /* "retention.ms", "cleanup.policy", ... */
};

struct voc_topic_plan {
	const char *topic;
	int32_t partitions;
	int32_t replication;
	const struct voc_topic_config *configs;
	size_t config_count;
};

/* VOC_OK also if the topic is there with that many partitions; *ret_created (may be NULL) tells. Another number:
 * VOC_FATAL, VOC_REASON_PARTITIONS_CHANGED. */
VOC_MUST_CHECK enum voc_status voc_admin_create_topic(struct voc_admin *admin, const struct voc_topic_plan *plan,
                                                      int timeout_ms, bool *ret_created, struct voc_error *error);
/* 0 if there is no such topic; asking never makes one. VOC_RETRY if Kafka is out of reach. */
VOC_MUST_CHECK enum voc_status voc_admin_partition_count(struct voc_admin *admin, const char *topic, int timeout_ms,
                                                         int32_t *ret_partitions, struct voc_error *error);

struct voc_group_name {
	char text[VOC_TOPIC_NAME_SIZE]; /* longer ones are passed over */
};

/* The groups that Kafka knows and whose name begins with `prefix`, at most `max`; where a broker is away, those of
 * the others. VOC_RETRY on failure, also from a broker that can't list groups (the mock cluster). */
VOC_MUST_CHECK enum voc_status voc_admin_groups(struct voc_admin *admin, const char *prefix,
                                                struct voc_group_name *names, size_t max, size_t *ret_count,
                                                int timeout_ms, struct voc_error *error);

/* Fills in the group's committed offsets; VOC_OFFSET_BEGINNING where there is none. */
VOC_MUST_CHECK enum voc_status voc_admin_committed(struct voc_admin *admin, const char *group,
                                                   struct voc_position *positions, size_t count, int timeout_ms,
                                                   struct voc_error *error);
/* Where each partition's log begins and ends. */
VOC_MUST_CHECK enum voc_status voc_admin_watermarks(struct voc_admin *admin, const struct voc_position *positions,
                                                    size_t count, struct voc_watermarks *ret_watermarks, int timeout_ms,
                                                    struct voc_error *error);

#endif
