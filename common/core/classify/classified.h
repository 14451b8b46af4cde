/*
 * A classified event: the record of voc.classified, written by the classifier and read by the aggregator.
 *
 * One structure, its encoder and its decoder, so that both sides agree by construction. Pure. Decoded strings are
 * borrowed from the record's bytes or the arena.
 */
#ifndef VOC_CORE_CLASSIFIED_H
#define VOC_CORE_CLASSIFIED_H

#include "core/classify/classify.h"
#include "core/record/event.h"

/* Header of a classified record that says which raw record it was made from: "voc.calls/3/1234". */
#define VOC_SOURCE_HEADER "voc_source"

#define VOC_CLASSIFIED_TYPE "voc.classified"

/* A raw event's extensions are carried on, its text is not. */
#define VOC_CLASSIFIED_MAX_BYTES (VOC_EVENT_MAX_BYTES + 64 * 1024)

struct voc_source_position {
	struct voc_str topic;
	int32_t partition;
	int64_t offset;
};

/* The topic is borrowed from `s`. False for anything but a Kafka topic's name and two plain decimal numbers. */
VOC_MUST_CHECK bool voc_source_position_parse(struct voc_str s, struct voc_source_position *ret_position);
/* "topic/partition" alone: the offset becomes 0. */
VOC_MUST_CHECK bool voc_source_partition_parse(struct voc_str s, struct voc_source_position *ret_position);
/* Appends "topic/partition/offset". */
bool voc_source_position_format(struct voc_buf *buf, const struct voc_source_position *position);

struct voc_span {
	enum voc_head head;
	int label;
	uint32_t start, end;
	struct voc_str text; /* masked: see core/mask/mask.h; empty if it was left out */
};

struct voc_classified {
	struct voc_str id, source, customer_id;
	int64_t time_ms;
	enum voc_channel channel;
	char lang[3];
	int rating, expected; /* 0 if absent */
	struct voc_str contact, product, team, agent_id;
	struct voc_labels labels;
	struct voc_span evidence[VOC_EVIDENCE_MAX];
	size_t evidence_count;
	struct voc_course course;
	struct voc_str gap; /* JSON object, verbatim; empty if absent */
	struct voc_gap_said gap_said;
	struct voc_str needs; /* likewise: core/classify/needs.h */
	uint32_t needs_said;  /* bits 1 << VOC_NEED_x */
	struct voc_str model;
};

/* What of a customer's words goes on: the evidence's, personal data masked; or none, only where they stand. */
enum voc_text_policy { VOC_TEXT_MASKED, VOC_TEXT_ABSENT };

/*
 * Appends the CloudEvent (structured JSON). `extensions` of the raw event are carried on; personal data is masked in
 * them, in the names (product, team, agent, contact) and in the evidence. False if the buffer is full.
 */
bool voc_classified_encode(struct voc_buf *buf, const struct voc_event *event, const struct voc_classification *result,
                           const char *model_version, enum voc_text_policy policy);
/* VOC_OK or VOC_INVALID; VOC_FATAL if the arena is full, which says nothing of the record. */
VOC_MUST_CHECK enum voc_status voc_classified_decode(struct voc_str value, struct voc_arena *arena,
                                                     struct voc_classified *ret_classified, struct voc_error *error);

#endif
