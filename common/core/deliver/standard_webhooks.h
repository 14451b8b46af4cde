/*
 * Standard Webhooks (https://www.standardwebhooks.com, specification 1.0.0): how a receiver knows that a request is
 * ours, is whole, and is fresh. Symmetric signatures only ("v1"). Pure, any thread.
 *
 * A request carries webhook-id (the same over all tries: the receiver's key against duplicates), webhook-timestamp
 * (seconds since 1970, of this try) and webhook-signature: "v1," and the base64 of HMAC-SHA256(secret,
 * id.timestamp.body).
 */
#ifndef VOC_CORE_STANDARD_WEBHOOKS_H
#define VOC_CORE_STANDARD_WEBHOOKS_H

#include "base/str.h"

/* The specification's bounds on a secret's entropy. */
#define VOC_WEBHOOK_SECRET_MIN_BYTES 24
#define VOC_WEBHOOK_SECRET_MAX_BYTES 64
#define VOC_WEBHOOK_ID_MAX_BYTES     256

struct voc_webhook_secret {
	unsigned char bytes[VOC_WEBHOOK_SECRET_MAX_BYTES];
	size_t len; /* 0: none */
};

/* "whsec_" and base64. False, and the output untouched, if it is anything else or out of bounds. */
bool voc_webhook_secret_parse(struct voc_str text, struct voc_webhook_secret *ret_secret);

/*
 * One secret, or two parted by white space: the first is the new one, both sign until every receiver knows it (the
 * specification's way to rotate). False, and nothing changed, if there is anything else. `ret_older`: len 0 if there is
 * one only.
 */
bool voc_webhook_secrets_parse(struct voc_str text, struct voc_webhook_secret *ret_secret,
                               struct voc_webhook_secret *ret_older);

/* Whether `id` can stand in a header and in front of the signature's dots: visible ASCII without '.', 1 to 256 bytes.
 */
bool voc_webhook_id_valid(struct voc_str id);

/* Appends the signature's value ("v1,..."). False if the buffer is full or memory runs out. */
bool voc_webhook_sign(struct voc_buf *buf, const struct voc_webhook_secret *secret, struct voc_str id,
                      int64_t timestamp_s, struct voc_str body);

#endif
