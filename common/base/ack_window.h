/*
 * An acknowledgement window: the offsets of one source partition that are at work, and up to where all are done.
 *
 * Offsets are opened in rising order (gaps are fine: compaction and transaction markers leave them) and done in any
 * order. What may be committed is the first offset that is not done yet, so nothing that is still at work is ever
 * passed over. Memory grows with what is at work at a time, up to the given maximum. Pure; one thread at a time.
 */
#ifndef VOC_BASE_ACK_WINDOW_H
#define VOC_BASE_ACK_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct voc_ack_window {
	struct voc_ack_entry *ring; /* owned; `cap` entries, a power of two */
	size_t cap, max;
	size_t head, count; /* the oldest entry, and how many */
	int64_t next;       /* all offsets below are done */
	bool moved;         /* `next` rose since it was last taken */
};

/* At most `max` offsets at work at a time. `next` is the first offset to come. */
void voc_ack_window_init(struct voc_ack_window *window, size_t max, int64_t next);
void voc_ack_window_free(struct voc_ack_window *window);
/* Work on `offset` begins. False if the window is full, memory runs out, or the offset does not rise. */
bool voc_ack_window_open(struct voc_ack_window *window, int64_t offset);
/* It is done. One that isn't at work is ignored. */
void voc_ack_window_done(struct voc_ack_window *window, int64_t offset);
/* True if there is something new to commit: the next offset. */
bool voc_ack_window_take(struct voc_ack_window *window, int64_t *ret_next);
/* How many offsets stand between the first that isn't done and the last that was opened. */
size_t voc_ack_window_count(const struct voc_ack_window *window);

#endif
