/*
 * How far a partition's log is done without a gap, while its records are done in any order.
 *
 * Records are added in the log's order (their offsets rise, and may skip: compaction, transaction markers); each is
 * told done once. `next` is what may be stored for commit. Bounded: a full window means stop reading. Pure; one thread
 * at a time.
 */
#ifndef VOC_BASE_ACK_WINDOW_H
#define VOC_BASE_ACK_WINDOW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct voc_ack_entry {
	int64_t offset;
	bool done;
};

struct voc_ack_window {
	struct voc_ack_entry *entries; /* owned: a ring */
	size_t capacity;
	size_t first, count;
	int64_t next; /* the first offset that is not known to be done; -1 until one was done */
};

/* False when memory runs out. */
bool voc_ack_window_init(struct voc_ack_window *window, size_t capacity);
void voc_ack_window_free(struct voc_ack_window *window);
bool voc_ack_window_full(const struct voc_ack_window *window);
/* `offset` is greater than all before; not when full. */
void voc_ack_window_add(struct voc_ack_window *window, int64_t offset);
/* True if `next` rose. An offset that isn't in the window is ignored. */
bool voc_ack_window_done(struct voc_ack_window *window, int64_t offset);

#endif
