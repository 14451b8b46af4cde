/*
 * Outgoing webhook requests: POSTs to one endpoint, many under way at a time, none of which blocks the caller.
 *
 * Implemented over libcurl's multi interface in webhook.c. TLS certificates are verified, redirects are not followed,
 * no proxy is used, and private addresses are refused unless allowed (io/webhook/webhook_address.h). The response's
 * body is read to its end, up to a limit, and thrown away. A client belongs to one thread; only voc_webhook_client_wake
 * may be called from another.
 */
#ifndef VOC_IO_WEBHOOK_H
#define VOC_IO_WEBHOOK_H

#include "base/err.h"
#include "base/str.h"

#include <poll.h>

#define VOC_WEBHOOK_RESPONSE_MAX_BYTES (64 * 1024) /* more is not read: the status has said all */
#define VOC_WEBHOOK_POLL_FDS_MAX       8
#define VOC_WEBHOOK_RETRY_AFTER_SIZE   64

struct voc_webhook_client;

struct voc_webhook_options {
	const char *url;
	int64_t timeout_ms;   /* of a whole request; connecting may take half of it */
	size_t in_flight_max; /* requests under way */
	bool allow_private;
	const char
	        *ca_path; /* certificates that vouch for the endpoint, instead of the system's; NULL or empty: those */
};

struct voc_webhook_request {
	struct voc_str body;        /* borrowed until it completes */
	const char *const *headers; /* "Name: value", borrowed for the call */
	size_t header_count;
	void *opaque; /* comes back with the completion */
};

/* What became of a request. */
struct voc_webhook_completion {
	void *opaque;
	int http_status;       /* 0: no whole answer */
	bool connection_level; /* the request was never sent: resolving, connecting, TLS, or a refused address */
	char retry_after[VOC_WEBHOOK_RETRY_AFTER_SIZE]; /* the header's value, or empty */
	int64_t took_us;
	const char *problem; /* static text: why there was no answer, or NULL */
};

/* Once per process, before any thread is started; and at its end. */
VOC_MUST_CHECK enum voc_status voc_webhook_init(struct voc_error *error);
void voc_webhook_cleanup(void);

VOC_MUST_CHECK enum voc_status voc_webhook_client_open(const struct voc_webhook_options *options,
                                                       struct voc_webhook_client **ret_client, struct voc_error *error);
/* Gives up what is under way; its opaques don't come back. NULL is fine. */
void voc_webhook_client_free(struct voc_webhook_client *client);
/* VOC_RETRY when in_flight_max are under way; VOC_FATAL when libcurl fails or memory runs out. */
VOC_MUST_CHECK enum voc_status voc_webhook_client_submit(struct voc_webhook_client *client,
                                                         const struct voc_webhook_request *request,
                                                         struct voc_error *error);
/*
 * Drives the requests, and waits at most `timeout_ms` for one of them, for one of `fds` (revents are filled in; at most
 * VOC_WEBHOOK_POLL_FDS_MAX) or for voc_webhook_client_wake.
 */
VOC_MUST_CHECK enum voc_status voc_webhook_client_poll(struct voc_webhook_client *client, struct pollfd *fds,
                                                       size_t fd_count, int timeout_ms, struct voc_error *error);
/* Takes a completed request; false when there is none. */
bool voc_webhook_client_next(struct voc_webhook_client *client, struct voc_webhook_completion *ret_completion);
/* Gives up what is under way, without a completion: the endpoint may or may not have got it. */
void voc_webhook_client_cancel(struct voc_webhook_client *client);
size_t voc_webhook_client_in_flight(const struct voc_webhook_client *client);
/* Ends a wait, or the next one. Any thread. */
void voc_webhook_client_wake(struct voc_webhook_client *client);

#endif
