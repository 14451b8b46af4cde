/*
 * Asks a service's own page, for --healthcheck: an image without a shell has nothing else to ask with. One thread.
 */
#ifndef VOC_IO_HTTP_PROBE_H
#define VOC_IO_HTTP_PROBE_H

#include "io/service/http_address.h"

/*
 * GET `path` at `addr`; one without a host, or 0.0.0.0, is asked on this machine. Appends the answer's body. VOC_OK: it
 * was 200. VOC_RETRY with VOC_REASON_HTTP: another status, or no answer in time. VOC_FATAL: the address can't be asked.
 */
VOC_MUST_CHECK enum voc_status voc_http_probe(const char *addr, const char *path, int timeout_ms,
                                              struct voc_buf *ret_body, struct voc_error *error);

#endif
