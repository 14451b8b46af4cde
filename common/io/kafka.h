/*
 * Kafka, behind names of our own. Implemented over librdkafka in kafka_*.c, the only files that include rdkafka.h.
 *
 * A voc_consumer is used by one thread; a voc_producer may be used by several. Neither logs: errors come back, and
 * librdkafka's own complaints are counted and handed to the `on_error` of the common settings.
 */
#ifndef VOC_IO_KAFKA_H
#define VOC_IO_KAFKA_H

#include "base/err.h"
#include "conf/conf.h"
#include "core/event.h"

/* A record as read. Borrowed until voc_consumer_release or, for the batch call, until the next one. */
struct voc_message {
	struct voc_str topic; /* full name */
	int32_t partition;
	int64_t offset;
	int64_t timestamp_ms;
	struct voc_str key, value; /* value.ptr is NULL for a tombstone */
	void *handle;              /* librdkafka's message */
};

/* A topic partition and a place in it. */
struct voc_position {
	char topic[250];
	int32_t partition;
	int64_t offset; /* next to read; VOC_OFFSET_BEGINNING or _END or _COMMITTED */
};
#define VOC_OFFSET_BEGINNING (-2)
#define VOC_OFFSET_END       (-1)
#define VOC_OFFSET_COMMITTED (-1000)

#endif
