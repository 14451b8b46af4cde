/*
 * A due record of voc.classified (schemas/due.schema.json): the clock on the wall has passed what a customer's state
 * waits for. Written by the aggregator that owns the partition, read by every one that ever applies it.
 *
 * It says nothing of when it was written: two that write the same entry write the same bytes. Pure.
 */
#ifndef VOC_CORE_DUE_RECORD_H
#define VOC_CORE_DUE_RECORD_H

#include "base/arena.h"
#include "core/customer/due.h"

#define VOC_DUE_RECORD_MAX_BYTES 4096

/* Appends the CloudEvent (structured JSON). False if the buffer is full. */
bool voc_due_record_encode(struct voc_buf *buf, const struct voc_due *due);
/* VOC_OK or VOC_INVALID; VOC_FATAL if the arena is full. Strings are borrowed from `value` or the arena. */
VOC_MUST_CHECK enum voc_status voc_due_record_decode(struct voc_str value, struct voc_arena *arena,
                                                     struct voc_due *ret_due, struct voc_error *error);

#endif
