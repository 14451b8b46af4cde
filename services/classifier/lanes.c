#include "classifier/lanes.h"

#include "base/ack_window.h"
#include "classifier/merge.h"

#include <stdlib.h>

#define LOOK_EVERY_MS 100 /* at all lanes, whatever librdkafka has told */

struct lane {
	struct voc_position position; /* the offset of the next record to come */
	struct voc_message head;      /* no handle: none */
	struct voc_ack_window window;
	int64_t done;  /* all offsets below are */
	int64_t end;   /* where the partition's end was met last */
	bool unstored; /* `done` rose since it was stored */
};

struct voc_lanes {
	struct voc_merge *merge;
	int64_t look_ms; /* when all lanes are looked at at the latest */
	bool held;       /* a dry one was not looked at */
	size_t turn;     /* the one that is looked at in any case */
	size_t count;
	struct lane lanes[];
};

static struct voc_merge *new_merge(const struct voc_position *positions, size_t count, int64_t merge_wait_ms,
                                   int64_t now_ms)
{
	int32_t *groups = calloc(count + 1, sizeof *groups);
	if (!groups)
		return NULL;
	for (size_t i = 0; i < count; i++)
		groups[i] = positions[i].partition;
	struct voc_merge *merge = voc_merge_new(groups, count, merge_wait_ms, now_ms);
	free(groups);
	return merge;
}

struct voc_lanes *voc_lanes_new(const struct voc_position *positions, size_t count, int64_t merge_wait_ms,
                                int64_t now_ms)
{
	struct voc_lanes *lanes = calloc(1, sizeof *lanes + count * sizeof *lanes->lanes);
	if (!lanes)
		return NULL;
	lanes->count = count;
	lanes->merge = new_merge(positions, count, merge_wait_ms, now_ms);
	bool complete = lanes->merge != NULL;
	for (size_t i = 0; i < count && complete; i++) {
		struct lane *lane = &lanes->lanes[i];
		lane->position = positions[i];
		lane->done = positions[i].offset;
		lane->end = -1;
		lane->unstored = true; /* even the start: see voc_start_check_committed */
		complete = voc_ack_window_init(&lane->window, VOC_LANE_WINDOW);
	}
	if (complete)
		return lanes;
	voc_lanes_free(lanes);
	return NULL;
}

void voc_lanes_free(struct voc_lanes *lanes)
{
	if (!lanes)
		return;
	for (size_t i = 0; i < lanes->count; i++) {
		voc_message_release(&lanes->lanes[i].head);
		voc_ack_window_free(&lanes->lanes[i].window);
	}
	voc_merge_free(lanes->merge);
	free(lanes);
}

static bool is_at_end(const struct lane *lane, const struct voc_consumer *consumer)
{
	if (lane->end >= lane->position.offset)
		return true;
	int64_t high = voc_consumer_high(consumer, lane->position.topic, lane->position.partition);
	return high >= 0 && lane->position.offset >= high;
}

/* Reads the dry lane's next record, if there is one. */
static enum voc_status refill(struct voc_lanes *lanes, size_t index, struct voc_consumer *consumer, int64_t now_ms,
                              struct voc_error *error)
{
	struct lane *lane = &lanes->lanes[index];
	if (voc_ack_window_full(&lane->window)) {
		lanes->held = true;
		voc_merge_hold(lanes->merge, index, now_ms);
		return VOC_OK;
	}
	for (;;) {
		switch (voc_consumer_poll_partition(consumer, index, &lane->head, error)) {
		case VOC_POLL_RECORD:
			lane->position.offset = lane->head.offset + 1;
			voc_merge_offer(lanes->merge, index, lane->head.timestamp_ms);
			return VOC_OK;
		case VOC_POLL_END:
			lane->end = lane->head.offset;
			voc_message_release(&lane->head);
			break;
		case VOC_POLL_NOTHING:
			voc_merge_note_dry(lanes->merge, index, is_at_end(lane, consumer), now_ms);
			return VOC_OK;
		case VOC_POLL_FAILED: return VOC_FATAL;
		}
	}
}

/*
 * Asking each of some hundred empty queues costs more than an event does, and most turns are for acknowledgements. One
 * is asked all the same: it is what has librdkafka go on where it has paused (io/kafka/kafka_nudge.c).
 */
enum voc_status voc_lanes_refill(struct voc_lanes *lanes, struct voc_consumer *consumer, bool stirred, int64_t now_ms,
                                 struct voc_error *error)
{
	bool all = stirred || lanes->held || now_ms >= lanes->look_ms;
	if (all) {
		lanes->held = false;
		lanes->look_ms = now_ms + LOOK_EVERY_MS;
	}
	lanes->turn = lanes->turn + 1 < lanes->count ? lanes->turn + 1 : 0;
	for (size_t i = 0; i < lanes->count; i++) {
		if (!voc_merge_is_dry(lanes->merge, i) || !(all || i == lanes->turn))
			continue;
		enum voc_status status = refill(lanes, i, consumer, now_ms, error);
		if (status != VOC_OK)
			return status;
	}
	return VOC_OK;
}

bool voc_lanes_next(struct voc_lanes *lanes, int64_t now_ms, size_t *ret_lane)
{
	return voc_merge_take(lanes->merge, now_ms, ret_lane);
}

const struct voc_message *voc_lanes_head(const struct voc_lanes *lanes, size_t lane)
{
	return &lanes->lanes[lane].head;
}

void voc_lanes_put_back(struct voc_lanes *lanes, size_t lane)
{
	voc_merge_offer(lanes->merge, lane, lanes->lanes[lane].head.timestamp_ms);
}

enum voc_status voc_lanes_sent(struct voc_lanes *lanes, size_t lane, struct voc_consumer *consumer, int64_t now_ms,
                               struct voc_error *error)
{
	voc_ack_window_add(&lanes->lanes[lane].window, lanes->lanes[lane].head.offset);
	voc_message_release(&lanes->lanes[lane].head);
	return refill(lanes, lane, consumer, now_ms, error);
}

void voc_lanes_done(struct voc_lanes *lanes, size_t index, int64_t offset)
{
	struct lane *lane = &lanes->lanes[index];
	if (!voc_ack_window_done(&lane->window, offset))
		return;
	lane->done = lane->window.next;
	lane->unstored = true;
}

void voc_lanes_store(struct voc_lanes *lanes, struct voc_consumer *consumer)
{
	for (size_t i = 0; i < lanes->count; i++) {
		struct lane *lane = &lanes->lanes[i];
		if (lane->unstored)
			voc_consumer_store(consumer, lane->position.topic, lane->position.partition, lane->done);
		lane->unstored = false;
	}
}

int64_t voc_lanes_wake_ms(const struct voc_lanes *lanes)
{
	return voc_merge_wake_ms(lanes->merge);
}

int64_t voc_lanes_lag(const struct voc_lanes *lanes, const struct voc_consumer *consumer)
{
	int64_t lag = 0;
	for (size_t i = 0; i < lanes->count; i++) {
		const struct lane *lane = &lanes->lanes[i];
		int64_t high = voc_consumer_high(consumer, lane->position.topic, lane->position.partition);
		if (high > lane->done)
			lag += high - lane->done;
	}
	return lag;
}

bool voc_lanes_show(const struct voc_lanes *lanes, const struct voc_consumer *consumer, bool may_work,
                    struct voc_watchdog *dog, int64_t now_ms)
{
	struct voc_watch *watches = calloc(lanes->count + 1, sizeof *watches);
	for (size_t i = 0; watches && i < lanes->count; i++) {
		const struct lane *lane = &lanes->lanes[i];
		const struct voc_position *position = &lane->position;
		int64_t high = voc_consumer_high(consumer, position->topic, position->partition);
		bool more = high > position->offset && high > lane->end; /* a transaction's marker is no record */
		watches[i] = (struct voc_watch){
			.topic = position->topic,
			.partition = position->partition,
			.done = lane->done + position->offset,
			.waiting = may_work && (lane->head.handle || lane->window.count > 0 || more),
		};
	}
	bool told = watches && voc_watchdog_look(dog, watches, lanes->count, now_ms);
	free(watches);
	return told;
}
