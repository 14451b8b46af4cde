/*
 * W3C Trace Context (https://www.w3.org/TR/trace-context/): the `traceparent` that an event came with goes with all
 * that is made of it.
 *
 * It is handed on as it is, and no span is added: an alert that is published again after a crash is the very same. It
 * is the header of that name, or CloudEvents' Distributed Tracing extension; one that is malformed is passed over, and
 * the event with it is as good as any. Pure, any thread.
 */
#ifndef VOC_CORE_TRACE_H
#define VOC_CORE_TRACE_H

#include "core/record/event.h"

#define VOC_TRACE_HEADER "traceparent"

/* Of version 00: "00-<32 hex>-<16 hex>-<2 hex>" in lower case, neither id all zeros. Of a later one: what begins so. */
bool voc_trace_is_valid(struct voc_str text);
/* The first valid one among the headers; empty if there is none. Borrowed. */
struct voc_str voc_trace_of_headers(const struct voc_header *headers, size_t count);
/* The headers', else the event's own attribute; empty if there is none. Borrowed from either. */
struct voc_str voc_trace_of_event(const struct voc_header *headers, size_t count, const struct voc_event *event);

#endif
