#include "base/ack_window.h"

#include <stdlib.h>
#include <string.h>

#define FIRST_CAP 64

struct voc_ack_entry {
	int64_t offset;
	bool done;
};

void voc_ack_window_init(struct voc_ack_window *window, size_t max, int64_t next)
{
	*window = (struct voc_ack_window){ .max = max, .next = next };
}

void voc_ack_window_free(struct voc_ack_window *window)
{
	free(window->ring);
	*window = (struct voc_ack_window){ 0 };
}

/* The entry that is `place` places after the oldest. */
static struct voc_ack_entry *entry_at(const struct voc_ack_window *window, size_t place)
{
	return &window->ring[(window->head + place) & (window->cap - 1)];
}

static bool grow(struct voc_ack_window *window)
{
	size_t cap = window->cap ? window->cap * 2 : FIRST_CAP;
	struct voc_ack_entry *ring = malloc(cap * sizeof *ring);
	if (!ring)
		return false;
	for (size_t i = 0; i < window->count; i++)
		ring[i] = *entry_at(window, i);
	free(window->ring);
	window->ring = ring;
	window->cap = cap;
	window->head = 0;
	return true;
}

bool voc_ack_window_open(struct voc_ack_window *window, int64_t offset)
{
	bool rises = window->count == 0 ? offset >= window->next : offset > entry_at(window, window->count - 1)->offset;
	if (!rises || window->count >= window->max)
		return false;
	if (window->count == window->cap && !grow(window))
		return false;
	*entry_at(window, window->count) = (struct voc_ack_entry){ .offset = offset };
	window->count++;
	return true;
}

/* Offsets rise by at least one a place, so an offset stands at most `offset - oldest` places after the oldest. */
static struct voc_ack_entry *find(const struct voc_ack_window *window, int64_t offset)
{
	size_t low = 0, high = window->count;
	int64_t furthest = window->count ? offset - entry_at(window, 0)->offset : -1;
	if (furthest < 0)
		return NULL;
	if ((uint64_t)furthest < high) { /* exactly there, unless there are gaps */
		high = (size_t)furthest + 1;
		if (entry_at(window, high - 1)->offset == offset)
			return entry_at(window, high - 1);
	}
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (entry_at(window, middle)->offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	return low < window->count && entry_at(window, low)->offset == offset ? entry_at(window, low) : NULL;
}

void voc_ack_window_done(struct voc_ack_window *window, int64_t offset)
{
	struct voc_ack_entry *entry = find(window, offset);
	if (!entry)
		return;
	entry->done = true;
	while (window->count > 0 && entry_at(window, 0)->done) {
		window->next = entry_at(window, 0)->offset + 1;
		window->moved = true;
		window->head = (window->head + 1) & (window->cap - 1);
		window->count--;
	}
}

bool voc_ack_window_take(struct voc_ack_window *window, int64_t *ret_next)
{
	if (!window->moved)
		return false;
	window->moved = false;
	*ret_next = window->next;
	return true;
}

size_t voc_ack_window_count(const struct voc_ack_window *window)
{
	return window->count;
}
