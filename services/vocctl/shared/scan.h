/*
 * Reads whole topics to where they end now, record by record, as long as records come. One thread; installs the
 * process's signals.
 */
#ifndef VOC_VOCCTL_SCAN_H
#define VOC_VOCCTL_SCAN_H

#include "tail.h"

/* False ends the scan: with `error` filled it has failed, else all that was wanted is there. */
typedef bool vocctl_scan_fn(void *context, const struct voc_message *message, struct voc_error *error);

VOC_MUST_CHECK enum voc_status vocctl_scan(const struct voc_conf *conf, const struct vocctl_tail *tails, size_t count,
                                           vocctl_scan_fn *each, void *context, struct voc_error *error);

#endif
