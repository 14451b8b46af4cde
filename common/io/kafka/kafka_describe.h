/*
 * What Kafka tells of its brokers, of a topic's replicas and settings, and of a group: for vocctl.
 *
 * Everything here waits for an answer, at most timeout_ms. VOC_RETRY: Kafka is out of reach, or can't tell (a mock
 * cluster). One thread.
 */
#ifndef VOC_IO_KAFKA_DESCRIBE_H
#define VOC_IO_KAFKA_DESCRIBE_H

#include "io/kafka/kafka_admin.h"

VOC_MUST_CHECK enum voc_status voc_admin_broker_count(struct voc_admin *admin, int timeout_ms, int32_t *ret_brokers,
                                                      struct voc_error *error);

struct voc_topic_look {
	int32_t partitions;                        /* 0: there is no such topic */
	int32_t replicas_least;                    /* of any partition */
	int32_t short_of_replicas, without_leader; /* partitions */
};

VOC_MUST_CHECK enum voc_status voc_admin_topic_look(struct voc_admin *admin, const char *topic, int timeout_ms,
                                                    struct voc_topic_look *ret_look, struct voc_error *error);

#define VOC_TOPIC_SETTING_SIZE 64

struct voc_topic_setting {
	const char *name;                   /* asked for: "retention.ms", ... */
	char value[VOC_TOPIC_SETTING_SIZE]; /* empty: the broker knows none of that name; a longer one is cut */
};

/* Fills in each setting's value, defaults included. */
VOC_MUST_CHECK enum voc_status voc_admin_topic_settings(struct voc_admin *admin, const char *topic,
                                                        struct voc_topic_setting *settings, size_t count,
                                                        int timeout_ms, struct voc_error *error);

struct voc_group_look {
	char name[VOC_TOPIC_NAME_SIZE];
	int members;
};

/* The groups whose name begins with `prefix`, at most `max`. VOC_RETRY also if a broker is away: its own are missing
 * then. */
VOC_MUST_CHECK enum voc_status voc_admin_group_looks(struct voc_admin *admin, const char *prefix,
                                                     struct voc_group_look *looks, size_t max, size_t *ret_count,
                                                     int timeout_ms, struct voc_error *error);

/* Of how many partitions the log holds a record of a time or later, by the records' timestamps, and of how many it
 * holds none; the rest did not tell. */
struct voc_since {
	size_t some, none;
};

VOC_MUST_CHECK enum voc_status voc_admin_since(struct voc_admin *admin, const struct voc_position *positions,
                                               size_t count, int64_t time_ms, int timeout_ms,
                                               struct voc_since *ret_since, struct voc_error *error);

#endif
