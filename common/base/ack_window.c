#include "base/ack_window.h"

#include <stdlib.h>

bool voc_ack_window_init(struct voc_ack_window *window, size_t capacity)
{
	*window = (struct voc_ack_window){ .capacity = capacity, .next = -1 };
	window->entries = calloc(capacity, sizeof *window->entries);
	return window->entries != NULL;
}

void voc_ack_window_free(struct voc_ack_window *window)
{
	free(window->entries);
	*window = (struct voc_ack_window){ .next = -1 };
}

bool voc_ack_window_full(const struct voc_ack_window *window)
{
	return window->count >= window->capacity;
}

static struct voc_ack_entry *entry_at(struct voc_ack_window *window, size_t index)
{
	return &window->entries[(window->first + index) % window->capacity];
}

void voc_ack_window_add(struct voc_ack_window *window, int64_t offset)
{
	*entry_at(window, window->count++) = (struct voc_ack_entry){ .offset = offset };
}

/* NULL if it isn't there. */
static struct voc_ack_entry *find(struct voc_ack_window *window, int64_t offset)
{
	size_t low = 0, high = window->count;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		if (entry_at(window, middle)->offset < offset)
			low = middle + 1;
		else
			high = middle;
	}
	struct voc_ack_entry *entry = low < window->count ? entry_at(window, low) : NULL;
	return entry && entry->offset == offset ? entry : NULL;
}

bool voc_ack_window_done(struct voc_ack_window *window, int64_t offset)
{
	struct voc_ack_entry *entry = find(window, offset);
	if (!entry)
		return false;
	entry->done = true;
	int64_t before = window->next;
	while (window->count > 0 && window->entries[window->first].done) {
		window->next = window->entries[window->first].offset + 1;
		window->first = (window->first + 1) % window->capacity;
		window->count--;
	}
	/* A ring that keeps going round would touch all of its memory, however little it holds. */
	if (window->count == 0)
		window->first = 0;
	return window->next != before;
}
