/*
 * Finds what a correction is about: the classified event and what decided its labels, the words in the raw record that
 * it was made from, and what people corrected before. One thread.
 */
#ifndef VOC_VOCCTL_LABEL_FIND_H
#define VOC_VOCCTL_LABEL_FIND_H

#include "conf/conf.h"
#include "core/classify/classified.h"
#include "core/record/correction.h"

/* What the strings live in is borrowed. */
struct label_target {
	struct voc_arena *arena;
	struct voc_str id, source; /* source: empty until one is known */
	struct voc_str customer_id;
	struct voc_labels labels; /* the classifier's */
	char lang[3];
	struct voc_str model;
	struct voc_str text; /* masked; empty: the raw record is gone */
	struct voc_source_position place;
	bool found;
	bool ambiguous; /* events of several sources have this id */
	bool corrected; /* `before` is the newest correction */
	struct voc_correction before;
};

/* Fills in what voc.classified says of the target's id (and source, if not empty). `customer`, if not NULL, tells where
 * to look. That there is none is no failure. */
VOC_MUST_CHECK enum voc_status label_find_event(const struct voc_conf *conf, const char *customer,
                                                struct label_target *target, struct voc_error *error);
/* Fills in the text from the raw record, if that is still there. */
VOC_MUST_CHECK enum voc_status label_find_text(const struct voc_conf *conf, struct label_target *target,
                                               struct voc_error *error);
/* Fills in the newest correction of the target, if there is one. */
VOC_MUST_CHECK enum voc_status label_find_correction(const struct voc_conf *conf, struct label_target *target,
                                                     struct voc_error *error);
/* A copy in the target's arena, masked. ptr is NULL if memory ran out. */
struct voc_str label_mask(struct label_target *target, struct voc_str text);

#endif
