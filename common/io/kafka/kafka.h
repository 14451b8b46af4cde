/*
 * Kafka, behind names of our own. Implemented over librdkafka (2.0.2 or newer) in io/kafka, the only files that
 * include rdkafka.h. This header holds what the consumer, the producer and the admin client have in common.
 *
 * None of them logs: errors come back, and librdkafka's own complaints (a broker out of reach, a refused
 * connection) are counted in voc_kafka_errors_total and handed to `on_complaint`, at most one of a kind in 10 s.
 */
#ifndef VOC_IO_KAFKA_H
#define VOC_IO_KAFKA_H

#include "base/err.h"
#include "conf/conf.h"
#include "core/record/event.h"
#include "core/record/topic.h"

#define VOC_MESSAGE_HEADERS_MAX 64 /* headers of a record that are looked at */

struct voc_kafka_settings {
	const struct voc_conf *conf; /* bootstrap and librdkafka properties; borrowed while opening */
	const char *client_id;       /* likewise */
	/* May be NULL. Comes from librdkafka's threads as well as from the caller's; the text names brokers, topics and
	 * errors only, the reason is one of VOC_REASON_KAFKA... `context` is borrowed for the client's life. */
	void (*on_complaint)(void *context, enum voc_reason reason, const char *text);
	void *context;
};

/* A record as read. All of it is borrowed from the handle, which voc_message_release gives back. */
struct voc_message {
	struct voc_str topic; /* full name; ends in NUL */
	int32_t partition;
	int64_t offset;
	int64_t timestamp_ms; /* -1 if the record has none */
	struct voc_str key;   /* key.ptr is NULL if the record has none */
	struct voc_str value; /* value.ptr is NULL for a tombstone */
	void *handle;         /* librdkafka's message */
};

/* True once a client was closed whose threads did not end in time (io/kafka/kafka_internal.h says when): the process
 * must not take down what they use, and ends by _exit. Any thread. */
bool voc_kafka_left_alone(void);

/* Gives the record back; fine on one that was released or never filled. Before its consumer is freed. */
void voc_message_release(struct voc_message *message);
/* Fills at most `max` headers, borrowed from the record, and returns how many: none of one that was never read. */
size_t voc_message_headers(const struct voc_message *message, struct voc_header *headers, size_t max);

/* The value of the first header of that name; empty if there is none. Borrowed from the record. */
struct voc_str voc_message_header(const struct voc_message *message, const char *name);
/*
 * Gives back the list that reading headers made of them: nothing that was borrowed from it may be used any more; they
 * can be read anew. For records that are held while many others come: six pieces of memory a record, which malloc has
 * at hand again for the next one.
 */
void voc_message_forget_headers(struct voc_message *message);

/* A topic partition and a place in it. */
struct voc_position {
	char topic[VOC_TOPIC_NAME_SIZE];
	int32_t partition;
	int64_t offset; /* next to read; VOC_OFFSET_BEGINNING or _END or _COMMITTED */
};
#define VOC_OFFSET_BEGINNING (-2)
#define VOC_OFFSET_END       (-1)
#define VOC_OFFSET_COMMITTED (-1000)

/* Where a partition's log begins, and one past its last record. */
struct voc_watermarks {
	int64_t low, high;
};

#endif
