/*
 * The shadow: another model or other rules that label a share of the events beside the live ones, to see what would
 * change. Its labels are counted by head, and one change in a while is logged by its place; they go nowhere else.
 * Costs one more classification for each event of the share. One thread.
 */
#ifndef CLASSIFIER_SHADOW_H
#define CLASSIFIER_SHADOW_H

#include "classifier/step.h"
#include "io/kafka/kafka_consumer.h"

struct voc_shadow {
	const struct voc_classifier *classifier; /* borrowed; NULL: there is no shadow */
	int64_t share_percent;
	int64_t quiet_until_ms;
	int64_t unlogged; /* changes since the last one that was logged */
};

/* After the step has made a classified event of this message. */
void voc_shadow_look(struct voc_shadow *shadow, struct voc_step *step, const struct voc_message *message,
                     int64_t now_ms);

#endif
