#include "classifier/merge.h"

#include <stdlib.h>

#define NEVER INT64_MAX

struct lane {
	int32_t group; /* index into groups */
	bool full;     /* has a head */
	bool at_end;
	int64_t time_ms;      /* of the head */
	int64_t dry_since_ms; /* of a dry one */
	size_t next;          /* the group's next lane; lane_count: none */
};

/* A group's heads go when its time is not NEVER. */
struct group {
	size_t first;  /* lane */
	size_t oldest; /* the lane with the oldest head */
	size_t heads;
	int64_t until_ms; /* its heads wait for a lagging lane until then */
};

struct voc_merge {
	struct lane *lanes;
	struct group *groups;
	int64_t *times_ms; /* by group: of its oldest head, NEVER without one. Apart, for the scan in take. */
	size_t lane_count, group_count, heads;
	int64_t wait_ms;
};

static size_t count_groups(const int32_t *groups, size_t lane_count)
{
	int32_t highest = -1;
	for (size_t i = 0; i < lane_count; i++)
		highest = groups[i] > highest ? groups[i] : highest;
	return (size_t)highest + 1;
}

/* Chains the lanes into their groups, the lowest lane first. */
static void link_lanes(struct voc_merge *merge, const int32_t *groups, int64_t now_ms)
{
	for (size_t group = 0; group < merge->group_count; group++) {
		merge->groups[group] = (struct group){ .first = merge->lane_count };
		merge->times_ms[group] = NEVER;
	}
	for (size_t i = merge->lane_count; i-- > 0;) {
		struct group *group = &merge->groups[groups[i]];
		merge->lanes[i] = (struct lane){ .group = groups[i], .dry_since_ms = now_ms, .next = group->first };
		group->first = i;
	}
}

struct voc_merge *voc_merge_new(const int32_t *groups, size_t lane_count, int64_t wait_ms, int64_t now_ms)
{
	struct voc_merge *merge = calloc(1, sizeof *merge);
	if (!merge)
		return NULL;
	merge->lane_count = lane_count;
	merge->group_count = count_groups(groups, lane_count);
	merge->wait_ms = wait_ms;
	merge->lanes = calloc(lane_count + 1, sizeof *merge->lanes);
	merge->groups = calloc(merge->group_count + 1, sizeof *merge->groups);
	merge->times_ms = calloc(merge->group_count + 1, sizeof *merge->times_ms);
	if (!merge->lanes || !merge->groups || !merge->times_ms) {
		voc_merge_free(merge);
		return NULL;
	}
	link_lanes(merge, groups, now_ms);
	return merge;
}

void voc_merge_free(struct voc_merge *merge)
{
	if (!merge)
		return;
	free(merge->lanes);
	free(merge->groups);
	free(merge->times_ms);
	free(merge);
}

bool voc_merge_is_dry(const struct voc_merge *merge, size_t lane)
{
	return !merge->lanes[lane].full;
}

/* After a change of one of its lanes: the group's oldest head, and how long it waits. */
static void look_again(struct voc_merge *merge, int32_t index)
{
	struct group *group = &merge->groups[index];
	int64_t oldest_ms = NEVER;
	group->heads = 0;
	group->until_ms = 0;
	for (size_t i = group->first; i < merge->lane_count; i = merge->lanes[i].next) {
		const struct lane *lane = &merge->lanes[i];
		if (!lane->full && !lane->at_end && lane->dry_since_ms + merge->wait_ms > group->until_ms)
			group->until_ms = lane->dry_since_ms + merge->wait_ms;
		if (!lane->full)
			continue;
		if (group->heads++ == 0 || lane->time_ms < oldest_ms) {
			oldest_ms = lane->time_ms;
			group->oldest = i;
		}
	}
	merge->times_ms[index] = oldest_ms;
}

void voc_merge_offer(struct voc_merge *merge, size_t lane, int64_t time_ms)
{
	merge->lanes[lane].full = true;
	merge->lanes[lane].time_ms = time_ms < NEVER ? time_ms : NEVER - 1;
	merge->heads++;
	look_again(merge, merge->lanes[lane].group);
}

void voc_merge_note_dry(struct voc_merge *merge, size_t lane, bool at_end, int64_t now_ms)
{
	struct lane *dry = &merge->lanes[lane];
	if (dry->at_end == at_end)
		return; /* it has been dry since before */
	dry->at_end = at_end;
	if (!at_end)
		dry->dry_since_ms = now_ms;
	look_again(merge, dry->group);
}

void voc_merge_hold(struct voc_merge *merge, size_t lane, int64_t now_ms)
{
	merge->lanes[lane].at_end = false;
	merge->lanes[lane].dry_since_ms = now_ms;
	look_again(merge, merge->lanes[lane].group);
}

bool voc_merge_take(struct voc_merge *merge, int64_t now_ms, size_t *ret_lane)
{
	int64_t oldest_ms = NEVER;
	size_t found = 0;
	for (size_t i = 0; i < merge->group_count; i++) {
		if (merge->times_ms[i] < oldest_ms && merge->groups[i].until_ms <= now_ms) {
			oldest_ms = merge->times_ms[i];
			found = i;
		}
	}
	if (oldest_ms == NEVER)
		return false;
	*ret_lane = merge->groups[found].oldest;
	struct lane *lane = &merge->lanes[*ret_lane];
	lane->full = false;
	lane->at_end = false;
	lane->dry_since_ms = now_ms;
	merge->heads--;
	look_again(merge, lane->group);
	return true;
}

int64_t voc_merge_wake_ms(const struct voc_merge *merge)
{
	int64_t wake_ms = -1;
	for (size_t i = 0; i < merge->group_count; i++) {
		if (merge->groups[i].heads > 0 && (wake_ms < 0 || merge->groups[i].until_ms < wake_ms))
			wake_ms = merge->groups[i].until_ms;
	}
	return wake_ms;
}
