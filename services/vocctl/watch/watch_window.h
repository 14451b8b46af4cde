/*
 * The labels of the last events that came, and their sums. Pure.
 */
#ifndef VOC_VOCCTL_WATCH_WINDOW_H
#define VOC_VOCCTL_WATCH_WINDOW_H

#include "core/record/labels.h"
#include "watch_frame.h"

#define WATCH_WINDOW_EVENTS 5000

struct watch_labels {
	uint8_t feedback, satisfaction, servqual, channel; /* values of their enums */
	uint32_t factors;                                  /* as in voc_labels */
};

struct watch_window {
	struct watch_labels events[WATCH_WINDOW_EVENTS]; /* ring */
	size_t next;
	size_t count;
};

/* Adds an event to the window and to the view's sums; the oldest goes out of both when the window is full. */
void watch_window_add(struct watch_window *window, const struct voc_labels *labels, enum voc_channel channel,
                      struct watch_view *view);

#endif
