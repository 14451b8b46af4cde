/*
 * A member of a consumer group.
 *
 * One thread uses it; the callbacks come on that thread, from within voc_consumer_poll and voc_consumer_close.
 * Assignment is eager (range by default): all partitions are taken away before new ones are given.
 *
 * Offsets: nothing is stored for commit but by voc_consumer_store, whose offset is the next one to read. What is
 * stored is committed every second, and before partitions are given away.
 *
 * Waiting: voc_consumer_fd becomes readable when a record or a callback is there. Poll until VOC_POLL_NOTHING, and
 * only then wait on it; at least every few seconds poll anyway, or the group takes the member for stuck.
 */
#ifndef VOC_IO_KAFKA_CONSUMER_H
#define VOC_IO_KAFKA_CONSUMER_H

#include "io/kafka/kafka.h"

struct voc_consumer;

struct voc_consumer_settings {
	struct voc_kafka_settings kafka;
	const char *group; /* full name; borrowed while opening, as the topics are */
	const char *const *topics;
	size_t topic_count;
	/* Most bytes held ahead of the caller, over all partitions. */
	int64_t prefetch_bytes;
	/* Each partition is read on its own, by voc_consumer_poll_partition. */
	bool split;
	/* With `split`: how many partitions may come to this member; they share prefetch_bytes. */
	size_t split_partitions;
	/*
	 * Partitions came. Each offset is VOC_OFFSET_COMMITTED, and the owner may put another in its place.
	 * VOC_RETRY: nothing is read yet, and the same is asked again half a second later. VOC_FATAL: polling fails
	 * with it. May be NULL.
	 */
	enum voc_status (*on_assigned)(void *owner, struct voc_consumer *consumer, struct voc_position *positions,
	                               size_t count, struct voc_error *error);
	/*
	 * All partitions go, or an assignment that on_assigned could not take so far. Finish what is under way (in
	 * bounded time), store its offsets and release the records held: what is stored is committed right after.
	 * `lost`: the group has given them away already, nothing can be committed. May be NULL.
	 */
	void (*on_revoked)(void *owner, struct voc_consumer *consumer, bool lost);
	void *owner;
};

/* VOC_FATAL if the configuration is wrong. Doesn't wait for Kafka. */
VOC_MUST_CHECK enum voc_status voc_consumer_open(const struct voc_consumer_settings *settings,
                                                 struct voc_consumer **ret_consumer, struct voc_error *error);
/* Leaves the group (on_revoked comes; on_assigned no longer does), commits what is stored, until `deadline_ms` of
 * voc_clock_ms. VOC_RETRY if that did not end in time. */
enum voc_status voc_consumer_close(struct voc_consumer *consumer, int64_t deadline_ms, struct voc_error *error);
/* Closes within two seconds if that was not done, and frees. NULL is fine. Release all records first. */
void voc_consumer_free(struct voc_consumer *consumer);

enum voc_poll {
	VOC_POLL_NOTHING, /* nothing there within the time-out */
	VOC_POLL_RECORD,
	VOC_POLL_END, /* the partition's end for now: topic, partition and offset (the next one's) are set; release it
	               */
	VOC_POLL_FAILED, /* `error` is VOC_FATAL */
};

/* Serves callbacks and takes the next record. With `split`, records come from voc_consumer_poll_partition only. */
VOC_MUST_CHECK enum voc_poll voc_consumer_poll(struct voc_consumer *consumer, int timeout_ms,
                                               struct voc_message *ret_message, struct voc_error *error);
/* Whether a queue has stopped being empty since this was asked last, as voc_consumer_poll has seen: if none has, there
 * is nothing new in those of the partitions that were read until there was nothing. */
bool voc_consumer_stirred(struct voc_consumer *consumer);
/* The next record of the assigned partition with this index. Doesn't wait. */
VOC_MUST_CHECK enum voc_poll voc_consumer_poll_partition(struct voc_consumer *consumer, size_t index,
                                                         struct voc_message *ret_message, struct voc_error *error);
/* False while no broker is connected, as librdkafka told within the last seconds. */
bool voc_consumer_reachable(const struct voc_consumer *consumer);
/* For poll(2), POLLIN; never read from it. */
int voc_consumer_fd(const struct voc_consumer *consumer);
/* When to poll again (voc_clock_ms) although nothing may make the fd readable until then: librdkafka can need it to go
 * on reading (io/kafka/kafka_nudge.c). -1: it does not. A time that has passed asks for a poll, not for one at once. */
int64_t voc_consumer_again_ms(const struct voc_consumer *consumer);

/* What is assigned, in the order of topic and partition; NULL and 0 between a revocation and the next assignment. The
 * offsets are those that reading began at. Valid until the next poll. */
const struct voc_position *voc_consumer_partitions(const struct voc_consumer *consumer, size_t *ret_count);
/* True once the group has given its verdict, even if it gave no partition: a standby. */
bool voc_consumer_joined(const struct voc_consumer *consumer);

/* `next_offset` of this partition is the first that is still to be done. Partitions that have gone are ignored. */
void voc_consumer_store(struct voc_consumer *consumer, const char *topic, int32_t partition, int64_t next_offset);
/* Commits what is stored and waits for it. VOC_RETRY on failure. */
enum voc_status voc_consumer_commit(struct voc_consumer *consumer, int timeout_ms, struct voc_error *error);

/* Reads on from position->offset. VOC_RETRY: not yet possible (the partition is just starting), try again. */
VOC_MUST_CHECK enum voc_status voc_consumer_seek(struct voc_consumer *consumer, const struct voc_position *position,
                                                 int timeout_ms, struct voc_error *error);
/* Stops reading a partition, and drops what was read ahead. Twice is fine. */
void voc_consumer_pause(struct voc_consumer *consumer, const char *topic, int32_t partition);
/* Reads on from position->offset. As voc_consumer_seek; on one that isn't paused it does nothing. */
VOC_MUST_CHECK enum voc_status voc_consumer_resume(struct voc_consumer *consumer, const struct voc_position *position,
                                                   int timeout_ms, struct voc_error *error);

/* Fills in the group's committed offsets; VOC_OFFSET_BEGINNING where there is none. Asks Kafka. VOC_RETRY on failure.
 */
VOC_MUST_CHECK enum voc_status voc_consumer_committed(struct voc_consumer *consumer, struct voc_position *positions,
                                                      size_t count, int timeout_ms, struct voc_error *error);
/*
 * Where each partition's log begins and ends. Asks Kafka. VOC_RETRY on failure, and for 15 s where a log is said to end
 * before positions[i].offset: a leader that has just taken over tells an end of seconds ago until its followers have
 * confirmed what it holds. After that it is for the caller to refuse.
 */
VOC_MUST_CHECK enum voc_status voc_consumer_watermarks(struct voc_consumer *consumer,
                                                       const struct voc_position *positions, size_t count,
                                                       struct voc_watermarks *ret_watermarks, int timeout_ms,
                                                       struct voc_error *error);
/* One past the last record of an assigned partition, as the last fetch, or voc_consumer_find_ends, saw it; -1 before
 * the first. No round trip. */
int64_t voc_consumer_high(const struct voc_consumer *consumer, const char *topic, int32_t partition);
/*
 * For the watchdog, about once a second: asks Kafka where the partitions end that gave nothing for some seconds, every
 * few seconds. What a client doesn't fetch, for whatever reason, it can't know of. Takes a round trip, a quarter of a
 * second at most; an answer that fails to come changes nothing.
 */
void voc_consumer_find_ends(struct voc_consumer *consumer);

#endif
