/*
 * A small HTTP server for health pages and metrics: GET and HEAD of fixed paths, nothing else.
 *
 * It runs on one thread of its own, over libmicrohttpd; the routes' functions are called on that thread, one at a
 * time, and must not block. Connections, their number, memory and idle time are bounded.
 */
#ifndef VOC_IO_HTTP_SERVER_H
#define VOC_IO_HTTP_SERVER_H

#include "base/err.h"
#include "base/str.h"

struct voc_http_route {
	const char *path;
	const char *content_type;
	/* Appends the body; true means 200, false 503. */
	bool (*render)(void *context, struct voc_buf *body);
};

struct voc_http_server;

/*
 * Serves at `addr`: "host:port", "[v6]:port" or ":port" (every address); port 0 takes any. `routes` (ended by a path of
 * NULL) and `context` are borrowed until the stop. VOC_FATAL: VOC_REASON_CONFIG for a bad address, VOC_REASON_HTTP if
 * it can't be bound.
 */
VOC_MUST_CHECK enum voc_status voc_http_server_start(struct voc_http_server **ret_server, const char *addr,
                                                     const struct voc_http_route *routes, void *context,
                                                     struct voc_error *error);
/* The real port. */
int voc_http_server_port(const struct voc_http_server *server);
/* Waits for the thread's end. NULL is fine. */
void voc_http_server_stop(struct voc_http_server *server);
/* Whether `addr` has the form above, with nothing bound or resolved. */
VOC_MUST_CHECK enum voc_status voc_http_addr_check(const char *addr, struct voc_error *error);

#endif
