/*
 * The lines of a file, one after the other, in bounded memory; they end where a signal asks for the end, if voc_signals
 * are installed. One thread.
 */
#ifndef VOC_VOCCTL_LINES_H
#define VOC_VOCCTL_LINES_H

#include "base/str.h"

#include <stdio.h>

#define VOCCTL_LINE_MAX (1 << 20) /* bytes: what Kafka takes by default, and our events are a quarter of it */

enum vocctl_line { VOCCTL_LINE_END, VOCCTL_LINE_READ, VOCCTL_LINE_TOO_LONG, VOCCTL_LINE_FAILED };

struct vocctl_lines {
	FILE *file;      /* borrowed; nothing else reads it */
	int64_t number;  /* of the last line, from 1 */
	int64_t bytes;   /* up to the end of the last line */
	char *buffer;    /* owned */
	size_t from, to; /* what the buffer holds */
	bool failed, stopped;
};

/* False when memory runs out. */
bool vocctl_lines_init(struct vocctl_lines *lines, FILE *file);
void vocctl_lines_free(struct vocctl_lines *lines);
/* The next line without its newline, borrowed until the next call. Of one that is too long nothing is given. */
enum vocctl_line vocctl_lines_next(struct vocctl_lines *lines, struct voc_str *ret_line);

#endif
