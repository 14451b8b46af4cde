/*
 * The headers of one try: content type, Standard Webhooks' three, the trace that the event came with, and the
 * endpoint's own. Pure.
 */
#ifndef VOC_ALERTER_REQUEST_H
#define VOC_ALERTER_REQUEST_H

#include "io/webhook/webhooks.h"

#define REQUEST_HEADERS_MAX (5 + VOC_ENDPOINT_HEADERS_MAX)

struct request_headers {
	struct voc_buf text; /* the lines that were made, each with its NUL */
	const char *lines[REQUEST_HEADERS_MAX];
	size_t count;
};

/* `time_s` is this try's; `trace` is empty if there is none. False when memory runs out. Free in either case. */
bool request_headers_make(struct request_headers *headers, const struct voc_endpoint *endpoint, const char *id,
                          struct voc_str body, struct voc_str trace, int64_t time_s);
void request_headers_free(struct request_headers *headers);

#endif
