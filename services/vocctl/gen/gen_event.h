/*
 * One event of the generator as a line of JSON: a CloudEvent in structured mode, as an intake system would send it.
 * Pure.
 */
#ifndef VOC_VOCCTL_GEN_EVENT_H
#define VOC_VOCCTL_GEN_EVENT_H

#include "core/record/labels.h"
#include "gen_customer.h"

struct gen_event {
	uint64_t id[2];
	int64_t time_ms;
	struct gen_customer customer;
	enum gen_mood mood;
	enum voc_channel channel;
	bool transcript; /* turns of agent and customer, instead of a text */
	int rating;      /* 0: none */
};

/* Draws channel, form and rating to go with the mood. */
void gen_event_shape(struct gen_event *event, struct gen_random *random);
/* Appends the event without a newline; `scratch` is overwritten. */
void gen_event_write(struct voc_buf *line, const struct gen_event *event, const struct gen_texts *texts,
                     struct gen_random *random, struct voc_buf *scratch);

/*
 * Defects: for each reason that a sender can cause on a line of its own, how a good plain event (no transcript, no
 * rating) is broken. `index` below gen_defect_count. Appends the broken line; false if the line has no such place.
 */
extern const size_t gen_defect_count;
enum voc_reason gen_defect_reason(size_t index);
bool gen_defect_write(struct voc_buf *line, struct voc_str good, size_t index);

#endif
