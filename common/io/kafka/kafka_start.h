/*
 * Where a member of a group may begin to read: its committed offset, held against what the log still has. What does
 * not fit is said, never mended silently: a log that ends before the offset was made anew, one that begins after it has
 * lost records unread. For a consumer's on_assigned, on its thread.
 */
#ifndef VOC_IO_KAFKA_START_H
#define VOC_IO_KAFKA_START_H

#include "io/kafka/kafka_consumer.h"

/*
 * Where to read a partition from, given the group's committed offset (VOC_OFFSET_BEGINNING: none) and the log's
 * bounds. VOC_FATAL, VOC_REASON_POSITION_LOST, if the log ends before it, or begins after it unless
 * `accept_log_start`. Pure.
 */
VOC_MUST_CHECK enum voc_status voc_start_choose(const struct voc_position *committed,
                                                const struct voc_watermarks *watermarks, bool accept_log_start,
                                                int64_t *ret_offset, struct voc_error *error);

/*
 * The same for the positions of an assignment, whose offsets are the committed ones (voc_consumer_committed): each
 * becomes the offset to read from. VOC_RETRY if Kafka did not answer within `timeout_ms`.
 */
VOC_MUST_CHECK enum voc_status voc_start_choose_all(struct voc_consumer *consumer, bool accept_log_start,
                                                    struct voc_position *positions, size_t count, int timeout_ms,
                                                    struct voc_error *error);

#endif
