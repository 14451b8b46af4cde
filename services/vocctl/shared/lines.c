#include "lines.h"

#include "io/service/signals.h"

#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <unistd.h>

bool vocctl_lines_init(struct vocctl_lines *lines, FILE *file)
{
	*lines = (struct vocctl_lines){ .file = file, .buffer = malloc(VOCCTL_LINE_MAX) };
	return lines->buffer != NULL;
}

void vocctl_lines_free(struct vocctl_lines *lines)
{
	free(lines->buffer);
	lines->buffer = NULL;
}

/* False once a signal asks for the end: who types the lines, or the program that writes them, may have none for long.
 */
static bool wait_for_input(int fd)
{
	struct pollfd either[] = { { .fd = fd, .events = POLLIN }, { .fd = voc_signals_fd(), .events = POLLIN } };
	while (poll(either, 2, -1) < 0 && errno == EINTR)
		;
	return either[1].revents == 0;
}

/* Reads on behind what is there; false at the end, after an error, or when the buffer holds one whole line already. */
static bool fill(struct vocctl_lines *lines)
{
	size_t held = lines->to - lines->from;
	memmove(lines->buffer, lines->buffer + lines->from, held);
	lines->from = 0;
	lines->to = held;
	lines->stopped = !wait_for_input(fileno(lines->file));
	if (lines->stopped)
		return false;
	/* read, not fread: a pipe's first lines are to go out before its last ones have come. */
	ssize_t count =
	        held < VOCCTL_LINE_MAX ? read(fileno(lines->file), lines->buffer + held, VOCCTL_LINE_MAX - held) : 0;
	lines->failed = count < 0;
	if (count > 0)
		lines->to += (size_t)count;
	return count > 0;
}

static void drop(struct vocctl_lines *lines, size_t count)
{
	lines->from += count;
	lines->bytes += (int64_t)count;
}

static enum vocctl_line skip_rest(struct vocctl_lines *lines)
{
	const char *end;
	do {
		drop(lines, lines->to - lines->from);
		if (!fill(lines))
			return VOCCTL_LINE_TOO_LONG;
		end = memchr(lines->buffer, '\n', lines->to);
	} while (end == NULL);
	drop(lines, (size_t)(end - lines->buffer) + 1);
	return VOCCTL_LINE_TOO_LONG;
}

enum vocctl_line vocctl_lines_next(struct vocctl_lines *lines, struct voc_str *ret_line)
{
	const char *end;
	size_t seen = 0;
	do {
		size_t held = lines->to - lines->from;
		end = held > seen ? memchr(lines->buffer + lines->from + seen, '\n', held - seen) : NULL;
		seen = held;
	} while (end == NULL && fill(lines));
	if (lines->failed)
		return VOCCTL_LINE_FAILED;
	if (lines->stopped)
		return VOCCTL_LINE_END; /* not with half a line */
	if (end == NULL && seen == 0)
		return VOCCTL_LINE_END;
	lines->number++;
	if (end == NULL && seen == VOCCTL_LINE_MAX)
		return skip_rest(lines);
	const char *begin = lines->buffer + lines->from;
	*ret_line = voc_str_of(begin, end != NULL ? (size_t)(end - begin) : seen);
	drop(lines, ret_line->len + (end != NULL));
	return VOCCTL_LINE_READ;
}
