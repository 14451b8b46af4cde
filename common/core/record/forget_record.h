/*
 * A forget record of voc.classified (schemas/forget.schema.json): what the records before it made of one customer is
 * gone from there on. Written by vocctl forget, applied by whoever applies the partition. Its key is the customer's id.
 * Pure.
 */
#ifndef VOC_CORE_FORGET_RECORD_H
#define VOC_CORE_FORGET_RECORD_H

#include "base/arena.h"
#include "base/err.h"

#define VOC_FORGET_RECORD_MAX_BYTES 8192

struct voc_forget_record {
	struct voc_str id; /* of the request: on its receipt */
	struct voc_str customer_id;
	int64_t time_ms; /* of the request */
};

/* Appends the CloudEvent (structured JSON). False if the buffer is full. */
bool voc_forget_record_encode(struct voc_buf *buf, const struct voc_forget_record *record);
/* Strings are borrowed from `value` or the arena. VOC_OK or VOC_INVALID; VOC_FATAL if the arena ran out, which says
 * nothing of the record. */
VOC_MUST_CHECK enum voc_status voc_forget_record_decode(struct voc_str value, struct voc_arena *arena,
                                                        struct voc_forget_record *ret_record, struct voc_error *error);

#endif
