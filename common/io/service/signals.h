/*
 * SIGTERM and SIGINT as an event for the loop. The first asks for the end, a second ends the process at once. SIGHUP,
 * for a service that has something to read again.
 *
 * Process-wide state: signals have no other. Install once, on the main thread, before any other thread is made.
 */
#ifndef VOC_IO_SIGNALS_H
#define VOC_IO_SIGNALS_H

#include "base/err.h"

#include <stdbool.h>

/* Also ignores SIGPIPE: a broken peer is an error of the write. VOC_FATAL, VOC_REASON_INTERNAL. */
VOC_MUST_CHECK enum voc_status voc_signals_install(struct voc_error *error);
/* The signal that asked for the end, 0 if none did yet. */
int voc_signals_received(void);
/* Readable from the first signal on, for good. -1 before the installation. */
int voc_signals_fd(void);

/* From now on SIGHUP ends nothing: it is noted, and cuts a wait short. VOC_FATAL, VOC_REASON_INTERNAL. */
VOC_MUST_CHECK enum voc_status voc_signals_catch_hangup(struct voc_error *error);
/* Whether one came since this was asked last. */
bool voc_signals_take_hangup(void);

#endif
