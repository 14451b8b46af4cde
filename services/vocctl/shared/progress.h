/*
 * A progress bar on standard error, if that is a terminal; else nothing. One thread.
 */
#ifndef VOC_VOCCTL_PROGRESS_H
#define VOC_VOCCTL_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct vocctl_progress {
	bool shown;
	int64_t total;    /* 0: not known */
	const char *done; /* what became of the events: "sent" */
	int64_t began_us, drawn_us;
};

/* `done` is borrowed. */
void vocctl_progress_begin(struct vocctl_progress *progress, int64_t total, const char *done);
/* `done` of total, in the same unit; `events` is what is counted for the eye. Draws ten times a second at most. */
void vocctl_progress_show(struct vocctl_progress *progress, int64_t done, int64_t events);
/* Wipes the bar away. */
void vocctl_progress_end(struct vocctl_progress *progress);
/* Since the beginning; at least 1. */
int64_t vocctl_progress_ms(const struct vocctl_progress *progress);

#endif
