/*
 * Lanes: the raw partitions that this member owns, in the order of the consumer's partitions.
 *
 * Each holds at most one record that is read and not yet worked on (its head; the merge says which goes next), and the
 * window of those that were sent and are not acknowledged. One thread.
 */
#ifndef CLASSIFIER_LANES_H
#define CLASSIFIER_LANES_H

#include "io/kafka/kafka_consumer.h"
#include "io/service/watchdog.h"

struct voc_lanes;

/* What is at work of one lane at a time: then it waits for acknowledgements. Two of the outbox's bursts: one in flight,
 * one held. */
#define VOC_LANE_WINDOW 2048

/* Reading begins at the positions' offsets. NULL when memory runs out. */
struct voc_lanes *voc_lanes_new(const struct voc_position *positions, size_t count, int64_t merge_wait_ms,
                                int64_t now_ms);
/* Releases the heads. NULL is fine. */
void voc_lanes_free(struct voc_lanes *lanes);

/*
 * Reads a head for each lane that has none and may have one now: all of them if `stirred` (voc_consumer_stirred), or
 * one had to be left alone, or it is a while ago; else only one, a different one each time. VOC_FATAL as the
 * consumer's.
 */
VOC_MUST_CHECK enum voc_status voc_lanes_refill(struct voc_lanes *lanes, struct voc_consumer *consumer, bool stirred,
                                                int64_t now_ms, struct voc_error *error);
/* The lane whose head goes next; false if there is none, or it has to wait. */
bool voc_lanes_next(struct voc_lanes *lanes, int64_t now_ms, size_t *ret_lane);
/* Borrowed; of the lane that voc_lanes_next gave. */
const struct voc_message *voc_lanes_head(const struct voc_lanes *lanes, size_t lane);
/* That head could not be sent: it comes again. */
void voc_lanes_put_back(struct voc_lanes *lanes, size_t lane);
/* That head was sent: it is released, and the next one of its lane read. */
VOC_MUST_CHECK enum voc_status voc_lanes_sent(struct voc_lanes *lanes, size_t lane, struct voc_consumer *consumer,
                                              int64_t now_ms, struct voc_error *error);
/* What was made of this offset is acknowledged. */
void voc_lanes_done(struct voc_lanes *lanes, size_t lane, int64_t offset);
/* Stores, for commit, how far each lane is done. */
void voc_lanes_store(struct voc_lanes *lanes, struct voc_consumer *consumer);

/* When a head that waits may go; -1 if none waits. */
int64_t voc_lanes_wake_ms(const struct voc_lanes *lanes);
/* Records from what is done to the ends of the partitions, as the last fetches saw them. */
int64_t voc_lanes_lag(const struct voc_lanes *lanes, const struct voc_consumer *consumer);
/* Tells the watchdog of each lane; `may_work` is false while a dependency holds all of them up. False when memory runs
 * out. */
bool voc_lanes_show(const struct voc_lanes *lanes, const struct voc_consumer *consumer, bool may_work,
                    struct voc_watchdog *dog, int64_t now_ms);

#endif
