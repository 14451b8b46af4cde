/*
 * Reads partitions without a group: nothing is committed, nobody's share changes. For tools that only look.
 *
 * One thread.
 */
#ifndef VOC_IO_KAFKA_READER_H
#define VOC_IO_KAFKA_READER_H

#include "io/kafka/kafka_consumer.h"

struct voc_reader;

/*
 * Reads each partition from its `offset` (a number, or VOC_OFFSET_BEGINNING). With `ends` (parallel to `from`, each one
 * past the last record that is wanted) it stops there; NULL reads on for ever. VOC_FATAL if the configuration is wrong.
 * Doesn't wait for Kafka.
 */
VOC_MUST_CHECK enum voc_status voc_reader_open(const struct voc_kafka_settings *settings,
                                               const struct voc_position *from, const int64_t *ends, size_t count,
                                               struct voc_reader **ret_reader, struct voc_error *error);
/* NULL is fine. Release all records first. */
void voc_reader_free(struct voc_reader *reader);
/*
 * The next record of any partition; release it. VOC_POLL_END: all were read to their ends. VOC_POLL_NOTHING: none came
 * within the time-out. VOC_POLL_FAILED: `error` tells.
 */
VOC_MUST_CHECK enum voc_poll voc_reader_next(struct voc_reader *reader, int timeout_ms, struct voc_message *ret_message,
                                             struct voc_error *error);

#endif
