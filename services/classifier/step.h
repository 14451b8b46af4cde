/*
 * One step of the classifier: a record in, one record out: a classified event, a fact as it goes on, or a dead letter.
 *
 * No Kafka, no clock, no log: the same record always gives the same output. A voc_step belongs to one thread; the
 * output borrows from it and from the input until the next step.
 */
#ifndef CLASSIFIER_STEP_H
#define CLASSIFIER_STEP_H

#include "core/classify/classified.h"
#include "core/record/topic.h"

/*
 * No record that leaves is larger, key, value and headers together: the dead-letter topic takes 4 MiB (vocctl topics
 * create), four times what a raw topic of default settings does.
 */
#define VOC_STEP_MAX_BYTES 3900000
/* On a dead letter whose value had to be cut to that: the length that it had. */
#define VOC_STEP_CUT_HEADER "voc_cut_from_bytes"

struct voc_step;

struct voc_step_input {
	enum voc_topic from;  /* below VOC_INPUT_TOPIC_COUNT: what it is expected to be */
	struct voc_str topic; /* where it was read, for the output's headers */
	int32_t partition;
	int64_t offset;
	struct voc_str key;
	struct voc_record record;
};

struct voc_step_output {
	enum voc_reason refused; /* VOC_REASON_NONE: for voc.classified; else a dead letter, and why */
	int64_t error_position;
	struct voc_str key, value;
	const struct voc_header *headers;
	size_t header_count;
};

/* `classifier` is borrowed, until the next voc_step_use. NULL when memory runs out. */
struct voc_step *voc_step_new(const struct voc_classifier *classifier);
/* From the next record on, this one labels. */
void voc_step_use(struct voc_step *step, const struct voc_classifier *classifier);
/* What of the customers' words goes on; masked ones, unless this says otherwise. */
void voc_step_set_text(struct voc_step *step, enum voc_text_policy policy);
/* NULL is fine. */
void voc_step_free(struct voc_step *step);

/* `now_ms` (wall clock) is noted in dead letters only. VOC_FATAL if the step's memory, sized for any record, does not
 * do: a defect. */
VOC_MUST_CHECK enum voc_status voc_step_run(struct voc_step *step, const struct voc_step_input *input, int64_t now_ms,
                                            struct voc_step_output *ret_output, struct voc_error *error);

/* The event of the last run, which was not refused: how another classifier labels it beside the step's own. */
void voc_step_compare(struct voc_step *step, const struct voc_classifier *other, struct voc_labels *ret_labels,
                      struct voc_labels *ret_others);

#endif
