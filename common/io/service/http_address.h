/*
 * The addresses that pages are served at: "host:port", "[v6]:port" or ":port". Pure, any thread.
 */
#ifndef VOC_IO_HTTP_ADDRESS_H
#define VOC_IO_HTTP_ADDRESS_H

#include "base/err.h"
#include "base/str.h"

struct voc_http_address {
	char host[256]; /* without brackets; empty: every address */
	char port[6];
};

/* VOC_FATAL with VOC_REASON_CONFIG if `addr` has none of these forms; the caller
 * says of which option it is. Nothing is resolved. */
VOC_MUST_CHECK enum voc_status voc_http_address_split(const char *addr, struct voc_http_address *ret_address,
                                                      struct voc_error *error);

#endif
