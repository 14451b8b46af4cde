/*
 * An idempotent producer without gaps: records of one partition arrive once each and in the order they were sent in,
 * or the producer fails for good. Keys find their partition as in Java (murmur2).
 *
 * voc_producer_send may be called by several threads; voc_producer_poll and voc_producer_wait by one, and the delivery
 * callback comes from within them. There is no time-out for a delivery: while Kafka is out of reach records stay
 * in flight, and the caller bounds how many. A failed delivery means that a hole could follow: VOC_FATAL, stop the
 * process.
 */
#ifndef VOC_IO_KAFKA_PRODUCER_H
#define VOC_IO_KAFKA_PRODUCER_H

#include "io/kafka/kafka.h"

struct voc_producer;

struct voc_producer_settings {
	struct voc_kafka_settings kafka;
	int linger_ms;   /* how long a batch may wait to be filled */
	int batch_bytes; /* at most, before compression; 0: as many as spare a reader's memory */
	/* `opaque` as given to send. Acknowledged at `offset` of `partition`; or, with offset -1, given up: the
	 * producer has failed. May be NULL. */
	void (*on_delivered)(void *owner, void *opaque, int32_t partition, int64_t offset);
	void *owner;
};

/* A record to send. Everything is copied by voc_producer_send, but for a value that stays. */
struct voc_outgoing {
	const char *topic;    /* full name */
	int32_t partition;    /* VOC_PARTITION_BY_KEY, or a number */
	struct voc_str key;   /* key.ptr NULL: none (any partition) */
	struct voc_str value; /* value.ptr NULL: a tombstone */
	const struct voc_header *headers;
	size_t header_count;
	int64_t timestamp_ms; /* 0: now */
	void *opaque;
	bool value_stays; /* until its delivery, or the end of voc_producer_free: not copied */
};
#define VOC_PARTITION_BY_KEY (-1)

/* VOC_FATAL if the configuration is wrong. Doesn't wait for Kafka. */
VOC_MUST_CHECK enum voc_status voc_producer_open(const struct voc_producer_settings *settings,
                                                 struct voc_producer **ret_producer, struct voc_error *error);
/* Gives up what is in flight, without callbacks. NULL is fine. If voc_kafka_left_alone then, values that were to stay
 * must stay for good. */
void voc_producer_free(struct voc_producer *producer);

/* Doesn't wait. VOC_RETRY: the queue is full, poll and send it again. VOC_INVALID: Kafka would refuse a record so
 * large. VOC_FATAL: the producer has failed. */
VOC_MUST_CHECK enum voc_status voc_producer_send(struct voc_producer *producer, const struct voc_outgoing *record,
                                                 struct voc_error *error);
/* Serves deliveries, waiting at most timeout_ms for the first. VOC_FATAL once the producer has failed. */
VOC_MUST_CHECK enum voc_status voc_producer_poll(struct voc_producer *producer, int timeout_ms,
                                                 struct voc_error *error);
/* Until nothing is in flight. VOC_RETRY at `deadline_ms` of voc_clock_ms, else as voc_producer_poll. */
VOC_MUST_CHECK enum voc_status voc_producer_wait(struct voc_producer *producer, int64_t deadline_ms,
                                                 struct voc_error *error);
/*
 * Learns where the topic's partitions are. librdkafka would begin to ask with the first record, and send that a second
 * later. Takes a round trip; what fails is asked for again by that record. Where a broker makes topics by itself this
 * makes one, as the record would.
 */
void voc_producer_expect(struct voc_producer *producer, const char *topic, int timeout_ms);
/*
 * Nothing more is coming for now: what a batch was gathering goes out at once, however long it might linger. Serves
 * deliveries until all have come or most_ms have passed.
 */
void voc_producer_hurry(struct voc_producer *producer, int most_ms);
/* Sent, and neither acknowledged nor given up. Any thread. */
int64_t voc_producer_in_flight(const struct voc_producer *producer);
/* False while no broker is connected, as librdkafka told within the last seconds. The polling thread's. */
bool voc_producer_reachable(const struct voc_producer *producer);
/* False while records are in flight and Kafka has acknowledged none for some seconds: a partition without a leader, too
 * few replicas, no broker. Any thread. */
bool voc_producer_answered(const struct voc_producer *producer);
/* Readable when deliveries are there. For poll(2), POLLIN; never read from it. */
int voc_producer_fd(const struct voc_producer *producer);
/* For tests: the producer fails, as librdkafka's does after an unrecoverable error. */
void voc_producer_break(struct voc_producer *producer);

#endif
