#include "alerter/forgotten_set.h"

#include "base/hash.h"

#include <stdlib.h>

#define ROOM_AT_FIRST 64

/* The first whose hash is not lower. */
static size_t lower_bound(const struct forgotten_set *set, uint64_t hash)
{
	size_t low = 0, high = set->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (set->customers[middle].hash < hash)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static struct forgotten_customer *find(const struct forgotten_set *set, struct voc_str id, uint64_t hash)
{
	for (size_t i = lower_bound(set, hash); i < set->count && set->customers[i].hash == hash; i++) {
		struct forgotten_customer *customer = &set->customers[i];
		if (voc_str_eq(voc_str_of(customer->id, customer->id_len), id))
			return customer;
	}
	return NULL;
}

static bool make_room(struct forgotten_set *set)
{
	if (set->count < set->room)
		return true;
	size_t room = set->room > 0 ? 2 * set->room : ROOM_AT_FIRST;
	if (set->count >= FORGOTTEN_MAX)
		return false;
	struct forgotten_customer *longer = realloc(set->customers, room * sizeof *longer);
	if (!longer)
		return false;
	set->customers = longer;
	set->room = room;
	return true;
}

bool forgotten_set_add(struct forgotten_set *set, struct voc_str id, int32_t partition, int64_t offset)
{
	uint64_t hash = voc_hash64(id);
	struct forgotten_customer *known = find(set, id, hash);
	if (known) {
		/* Another partition: the topic was made anew, and this is the later request of the two. */
		if (known->partition != partition || known->offset < offset) {
			known->partition = partition;
			known->offset = offset;
		}
		return true;
	}
	char *copy = malloc(id.len + 1);
	if (!copy || !make_room(set)) {
		free(copy);
		return false;
	}
	memcpy(copy, id.ptr, id.len);
	size_t at = lower_bound(set, hash);
	memmove(set->customers + at + 1, set->customers + at, (set->count - at) * sizeof *set->customers);
	set->customers[at] = (struct forgotten_customer){ hash, copy, id.len, partition, offset };
	set->count++;
	return true;
}

bool forgotten_set_covers(const struct forgotten_set *set, struct voc_str id, int32_t partition, int64_t offset)
{
	const struct forgotten_customer *customer = set->count > 0 ? find(set, id, voc_hash64(id)) : NULL;
	return customer && customer->partition == partition && offset < customer->offset;
}

void forgotten_set_free(struct forgotten_set *set)
{
	for (size_t i = 0; i < set->count; i++)
		free(set->customers[i].id);
	free(set->customers);
	*set = (struct forgotten_set){ .count = 0 };
}
