/*
 * The terminal as a picture: alternate screen, keys as they are pressed, all put back at the end.
 *
 * Process-wide, as a terminal is. voc_signals must be installed: a signal reads as TERMINAL_QUIT.
 */
#ifndef VOC_VOCCTL_TERMINAL_H
#define VOC_VOCCTL_TERMINAL_H

#include <stdbool.h>

enum terminal_key { TERMINAL_NOTHING, TERMINAL_RESIZED, TERMINAL_QUIT };

/* False, and nothing changed, if standard output is no terminal. */
bool terminal_enter(void);
void terminal_leave(void);
/* Leaves both as they are if the file is no terminal. */
void terminal_size(int fd, int *ret_rows, int *ret_columns);
/* Waits for q, a signal, another size, or the time-out. */
enum terminal_key terminal_wait(int timeout_ms);

#endif
