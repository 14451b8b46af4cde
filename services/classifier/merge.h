/*
 * Which record next: the oldest one.
 *
 * A lane is a partition of a raw topic; the lanes of one group (the same partition number of each topic: the same
 * customers) belong together. Of each lane the merge knows its head: the record read but not yet worked on, and its
 * time. A lane without a head may be at its end, or lag: then its group's older heads wait for it, but no longer than
 * `wait_ms` since it ran dry. Groups never wait for each other. Among all heads that need not wait, the oldest goes
 * first; of equals, the lowest lane.
 *
 * Without this, a backlog would be drained topic after topic, and a customer's complaint be seen long before the call
 * that led to it. Pure: the caller tells the time. One thread.
 */
#ifndef CLASSIFIER_MERGE_H
#define CLASSIFIER_MERGE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct voc_merge;

/* `groups` gives each lane's group, 0 or more. All lanes begin dry, at `now_ms`. NULL when memory runs out. */
struct voc_merge *voc_merge_new(const int32_t *groups, size_t lane_count, int64_t wait_ms, int64_t now_ms);
/* NULL is fine. */
void voc_merge_free(struct voc_merge *merge);

/* True if the lane has no head. */
bool voc_merge_is_dry(const struct voc_merge *merge, size_t lane);
/* The dry lane's head is this old. */
void voc_merge_offer(struct voc_merge *merge, size_t lane, int64_t time_ms);
/* The dry lane has no record for now; at its end, nobody needs to wait for it. */
void voc_merge_note_dry(struct voc_merge *merge, size_t lane, bool at_end, int64_t now_ms);
/* The dry lane must not be passed over, however long it takes: the wait for it begins now. */
void voc_merge_hold(struct voc_merge *merge, size_t lane, int64_t now_ms);
/* Takes the oldest head, whose lane is dry from then on; false if there is none that need not wait. */
bool voc_merge_take(struct voc_merge *merge, int64_t now_ms, size_t *ret_lane);
/* When a head that waits may go on without the lane that it waits for; -1 if none waits. */
int64_t voc_merge_wake_ms(const struct voc_merge *merge);

#endif
