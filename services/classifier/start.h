/*
 * What must hold before the classifier works: the topics are there, and the raw ones can be read from where the group
 * left off. What does not is said, never mended silently: see the protocol in ARCHITECTURE.md.
 */
#ifndef CLASSIFIER_START_H
#define CLASSIFIER_START_H

#include "io/kafka/kafka_admin.h"
#include "io/kafka/kafka_consumer.h"

/*
 * The topics that are read, voc.classified and voc.dlq exist, and the former have one partition count, so that one
 * member owns the same partition of each. VOC_RETRY: Kafka is out of reach, or a topic is missing. VOC_FATAL: the
 * counts differ.
 */
VOC_MUST_CHECK enum voc_status voc_start_check_topics(struct voc_admin *admin, const struct voc_conf *conf,
                                                      int32_t *ret_partitions, struct voc_error *error);

/*
 * The same partition of the raw topics always has one owner, which commits where it starts for all of them at once. So
 * one without an offset beside one that has one (VOC_OFFSET_BEGINNING: none) belongs to a topic that was made anew:
 * Kafka forgets the offsets of a deleted topic. Its records would be taken for copies of the old ones. VOC_FATAL,
 * VOC_REASON_POSITION_LOST. The facts' topics came later than the raw ones: they are held against each other only.
 * Pure.
 */
VOC_MUST_CHECK enum voc_status voc_start_check_committed(const struct voc_position *committed, size_t count,
                                                         const char *prefix, struct voc_error *error);

/* Sets each offset to where reading starts. VOC_RETRY if Kafka did not answer; VOC_FATAL as the one above and
 * voc_start_choose. */
VOC_MUST_CHECK enum voc_status voc_start_positions(struct voc_consumer *consumer, const struct voc_conf *conf,
                                                   struct voc_position *positions, size_t count,
                                                   struct voc_error *error);

#endif
