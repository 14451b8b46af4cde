#include "core/customer/recent.h"

#include <stdlib.h>
#include <string.h>

#define FEW_LEAST 4 /* ids that a ring has room for at first; 24 bytes are malloc's least */

/*
 * Ids by number, and chains of those with equal hashes, newest first. A chain is not mended when an id is dropped: it
 * ends at the first number that is no longer in the ring, as numbers only fall along it and never come again.
 */
struct voc_recent_index {
	uint32_t room;    /* a power of two; number n stands at n modulo it */
	uint32_t *newest; /* by hash: the chain's first number */
	uint32_t *older;  /* by number: the chain's next */
	uint8_t (*ids)[VOC_RECENT_BYTES];
};

void voc_recent_free(struct voc_recent *recent)
{
	free(recent->few);
	free(recent->index);
	*recent = (struct voc_recent){ 0 };
}

static bool is_held(const struct voc_recent *recent, uint32_t number)
{
	return number - recent->first < voc_recent_count(recent);
}

const uint8_t *voc_recent_id(const struct voc_recent *recent, uint32_t number)
{
	const struct voc_recent_index *index = recent->index;
	return index ? index->ids[number & (index->room - 1)] : recent->few[number & (recent->few_room - 1)];
}

/* Ids are hashes already: two of their bytes serve as the bucket. */
static uint32_t bucket_of(const struct voc_recent_index *index, const uint8_t id[VOC_RECENT_BYTES])
{
	return ((uint32_t)id[VOC_RECENT_BYTES - 2] << 8 | id[VOC_RECENT_BYTES - 1]) & (index->room - 1);
}

bool voc_recent_has(const struct voc_recent *recent, const uint8_t id[VOC_RECENT_BYTES])
{
	const struct voc_recent_index *index = recent->index;
	if (index) {
		uint32_t number = index->newest[bucket_of(index, id)];
		while (is_held(recent, number) && memcmp(voc_recent_id(recent, number), id, VOC_RECENT_BYTES) != 0)
			number = index->older[number & (index->room - 1)];
		return is_held(recent, number);
	}
	for (uint32_t number = recent->first; number != recent->next; number++) {
		if (memcmp(voc_recent_id(recent, number), id, VOC_RECENT_BYTES) == 0)
			return true;
	}
	return false;
}

static void put(struct voc_recent_index *index, uint32_t number, const uint8_t id[VOC_RECENT_BYTES])
{
	uint32_t bucket = bucket_of(index, id), at = number & (index->room - 1);
	memcpy(index->ids[at], id, VOC_RECENT_BYTES);
	index->older[at] = index->newest[bucket];
	index->newest[bucket] = number;
}

/* `never` is a number that is not in the ring. */
static struct voc_recent_index *index_new(uint32_t room, uint32_t never)
{
	struct voc_recent_index *index = malloc(sizeof *index + room * (2 * sizeof(uint32_t) + VOC_RECENT_BYTES));
	if (!index)
		return NULL;
	index->room = room;
	index->newest = (uint32_t *)(index + 1);
	index->older = index->newest + room;
	index->ids = (uint8_t(*)[VOC_RECENT_BYTES])(index->older + room);
	for (uint32_t i = 0; i < room; i++)
		index->newest[i] = never;
	return index;
}

/* At most twice what the ids need, and `least`: memory that fits too closely would be made anew all the time. */
static uint32_t room_for(uint32_t count, uint32_t least)
{
	uint32_t room = least;
	while (room < count)
		room *= 2;
	return room;
}

static bool move_to_index(struct voc_recent *recent, uint32_t room)
{
	struct voc_recent_index *index = index_new(room, recent->first - 1);
	if (!index)
		return false;
	for (uint32_t number = recent->first; number != recent->next; number++)
		put(index, number, voc_recent_id(recent, number));
	free(recent->few);
	free(recent->index);
	recent->few = NULL;
	recent->few_room = 0;
	recent->index = index;
	return true;
}

static bool move_to_few(struct voc_recent *recent, uint32_t room)
{
	uint8_t(*few)[VOC_RECENT_BYTES] = malloc(room * sizeof *few);
	if (!few)
		return false;
	for (uint32_t number = recent->first; number != recent->next; number++)
		memcpy(few[number & (room - 1)], voc_recent_id(recent, number), VOC_RECENT_BYTES);
	free(recent->few);
	free(recent->index);
	recent->few = few;
	recent->few_room = room;
	recent->index = NULL;
	return true;
}

/* Makes room for one more id; gives memory back if there is far more than that needs. */
static bool fit(struct voc_recent *recent)
{
	uint32_t count = voc_recent_count(recent) + 1;
	if (count <= VOC_RECENT_FEW)
		return count <= recent->few_room || move_to_few(recent, room_for(count, FEW_LEAST));
	uint32_t wanted = room_for(count, 2 * VOC_RECENT_FEW), room = recent->index ? recent->index->room : 0;
	return (room >= wanted && room <= 4 * wanted) || move_to_index(recent, wanted);
}

bool voc_recent_restore(struct voc_recent *recent, const uint8_t id[VOC_RECENT_BYTES])
{
	if (!fit(recent))
		return false;
	if (recent->index)
		put(recent->index, recent->next, id);
	else
		memcpy(recent->few[recent->next & (recent->few_room - 1)], id, VOC_RECENT_BYTES);
	recent->next++;
	return true;
}

void voc_recent_begin(struct voc_recent *recent, uint32_t first)
{
	voc_recent_free(recent);
	recent->first = recent->next = first;
}

/* Drops the ids below the mark, but never the last 31: with the new one they are the 32 that are always kept. */
static void drop_old(struct voc_recent *recent)
{
	uint32_t count = voc_recent_count(recent);
	uint32_t since = recent->next - recent->marked;
	uint32_t kept = since < VOC_RECENT_FEW ? VOC_RECENT_FEW - 1 : since;
	if (kept < count)
		recent->first = recent->next - kept;
}

static void set_mark(struct voc_recent *recent, int64_t time_ms, uint32_t number)
{
	recent->mark_ms = time_ms;
	recent->marked = number;
}

bool voc_recent_append(struct voc_recent *recent, const uint8_t id[VOC_RECENT_BYTES], int64_t time_ms)
{
	time_ms = time_ms < 0 ? 0 : time_ms > VOC_RECENT_TIME_MAX ? VOC_RECENT_TIME_MAX : time_ms;
	if (recent->marked > 0 && time_ms - recent->mark_ms >= VOC_RECENT_PERIOD_MS) {
		drop_old(recent);
		set_mark(recent, time_ms, recent->next + 1);
	} else if (recent->marked > 0 && recent->mark_ms - time_ms > VOC_RECENT_AHEAD_MS) {
		set_mark(recent, time_ms, recent->next + 1);
	}
	if (voc_recent_count(recent) == VOC_RECENT_MAX)
		recent->first += VOC_RECENT_CHUNK;
	if (!voc_recent_restore(recent, id))
		return false;
	if (recent->marked == 0 && voc_recent_count(recent) >= VOC_RECENT_FEW)
		set_mark(recent, time_ms, recent->next);
	return true;
}

size_t voc_recent_bytes(const struct voc_recent *recent)
{
	const struct voc_recent_index *index = recent->index;
	return index ? sizeof *index + index->room * (2 * sizeof(uint32_t) + VOC_RECENT_BYTES)
	             : recent->few_room * sizeof *recent->few;
}
