/*
 * The headers of a dead letter: why a record was refused, by whom, when, and where it came from.
 *
 * The record's key and value go to voc.dlq byte for byte; everything else stands in headers, under names of our own and
 * again under Kafka Connect's (KIP-298: `__connect.errors.*`), for the tools that know those. The original headers are
 * kept. Schema: schemas/dead-letter.schema.json. Pure; the results live in the arena, and borrow from the input.
 */
#ifndef VOC_CORE_DEAD_LETTER_H
#define VOC_CORE_DEAD_LETTER_H

#include "core/record/event.h"

struct voc_dead_letter {
	enum voc_reason reason;
	struct voc_str error; /* a voc_error's text: never a customer's words, id or number */
	int64_t position;     /* byte of the value that it is about, or -1 */
	struct voc_str origin_topic;
	int32_t origin_partition;
	int64_t origin_offset;
	int64_t origin_timestamp_ms;
	struct voc_str service; /* "voc-classifier" */
	int64_t time_ms;        /* when it was refused */
	/* Only when decoded: the name as it stands in the header; `reason` is NONE if this version knows no such one.
	 */
	struct voc_str reason_name;
};

/*
 * All headers for the dead letter: the original's, less those that an earlier dead letter had put there, then ours.
 * False if the arena is full. The array lives in the arena.
 */
VOC_MUST_CHECK bool voc_dead_letter_encode(const struct voc_dead_letter *letter, const struct voc_header *original,
                                           size_t original_count, struct voc_arena *arena,
                                           const struct voc_header **ret_headers, size_t *ret_count);

/* False if the headers are not of a dead letter: reason, origin topic, partition or offset is absent or malformed. The
 * rest may be absent: empty, -1, 0. */
VOC_MUST_CHECK bool voc_dead_letter_decode(const struct voc_header *headers, size_t count,
                                           struct voc_dead_letter *ret_letter);

/* True for a header that voc_dead_letter_encode adds: to be left out when the record is sent again. */
bool voc_dead_letter_owns(struct voc_str header_name);

#endif
