/*
 * A correction: a person's labels for one event. The record of voc.corrections, written by vocctl label and read by
 * vocctl corrections, which makes training rows of it.
 *
 * A CloudEvent whose data names the event that it corrects, who corrected it, the heads that were wrong with their
 * right labels, and the text, masked as evidence is (core/mask/mask.h): the raw topics forget it before the training
 * wants it. The record's key is the event's identity, so that a partition holds all corrections of an event in their
 * order, the newest one counts, and compaction keeps just that. A tombstone withdraws.
 *
 * Aggregates take no notice: see docs/CLASSIFIER.md. Pure. Decoded strings are borrowed from the record or the arena.
 */
#ifndef VOC_CORE_CORRECTION_H
#define VOC_CORE_CORRECTION_H

#include "base/arena.h"
#include "base/err.h"
#include "core/record/labels.h"

#define VOC_CORRECTION_MAX_BYTES  (256 * 1024)
#define VOC_CORRECTION_WHO_CHARS  64
#define VOC_CORRECTION_NOTE_CHARS 500

struct voc_correction {
	struct voc_str event_id, event_source;
	struct voc_str customer_id; /* empty if not known */
	struct voc_str who;         /* an operator's id */
	struct voc_str note;        /* may be empty */
	int64_t time_ms;
	char lang[3];
	struct voc_str text;  /* masked */
	struct voc_str model; /* what had decided: voc.classified's; may be empty */
	uint32_t heads;       /* those that are corrected: bits 1 << enum voc_head */
	struct voc_labels labels;
};

/* VOC_OK, or VOC_INVALID: the labels don't go together, or no head is corrected, or a label says nothing. */
VOC_MUST_CHECK enum voc_status voc_correction_check(const struct voc_correction *correction, struct voc_error *error);
/* Appends the record's key: source, line feed, id (identities have no control characters). */
bool voc_correction_key(struct voc_buf *buf, struct voc_str event_source, struct voc_str event_id);
/* Appends the record's value. False if the buffer is full. */
bool voc_correction_encode(struct voc_buf *buf, const struct voc_correction *correction);
/* VOC_OK or VOC_INVALID; VOC_FATAL if the arena is full, which says nothing of the record. */
VOC_MUST_CHECK enum voc_status voc_correction_decode(struct voc_str value, struct voc_arena *arena,
                                                     struct voc_correction *ret_correction, struct voc_error *error);
/* Appends a row for the training: {"text":..,"lang":..} and the corrected heads' labels. False if the buffer is full.
 */
bool voc_correction_write_row(struct voc_buf *buf, const struct voc_correction *correction);
/* Newer heads over those of an older correction of the same event: what only the older one has stays. */
void voc_correction_merge(struct voc_correction *newer, const struct voc_correction *older);

#endif
