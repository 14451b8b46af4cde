/*
 * What leaves the classifier: classified events and dead letters on their way to Kafka, and which input each was made
 * from. Bounded by VOC_IN_FLIGHT. One thread.
 */
#ifndef CLASSIFIER_OUTBOX_H
#define CLASSIFIER_OUTBOX_H

#include "classifier/step.h"
#include "io/kafka/kafka_producer.h"

struct voc_outbox;

/* The input that a record was made from. */
struct voc_outbox_origin {
	uint64_t assignment; /* the caller's count of them: lanes have a meaning within one only */
	size_t lane;
	int64_t offset;
	int64_t timestamp_ms;
};

struct voc_outbox_settings {
	const struct voc_conf *conf; /* borrowed for the outbox's life */
	struct voc_kafka_settings kafka;
	/* Kafka has acknowledged what was made of it. */
	void (*on_acknowledged)(void *owner, const struct voc_outbox_origin *origin);
	void *owner;
};

VOC_MUST_CHECK enum voc_status voc_outbox_open(const struct voc_outbox_settings *settings,
                                               struct voc_outbox **ret_outbox, struct voc_error *error);
/* Learns of the topics that are written to: see voc_producer_expect. */
void voc_outbox_expect(struct voc_outbox *outbox);
/* NULL is fine. */
void voc_outbox_free(struct voc_outbox *outbox);
/* False while as much is in flight as may be, or held for the next burst: acknowledgements make room. */
bool voc_outbox_has_room(const struct voc_outbox *outbox);
/* Copies the record, which goes with the next burst at the latest. VOC_RETRY: there is no room yet, and deliveries will
 * make some. VOC_FATAL: see voc_producer_send. */
VOC_MUST_CHECK enum voc_status voc_outbox_send(struct voc_outbox *outbox, const struct voc_step_output *output,
                                               const struct voc_outbox_origin *origin, struct voc_error *error);
/* Hands over what is held, if few records are in flight: the next burst. VOC_RETRY: not all of it found room; try again
 * after the next deliveries. */
VOC_MUST_CHECK enum voc_status voc_outbox_flush(struct voc_outbox *outbox, struct voc_error *error);
/* Serves acknowledgements, without waiting. VOC_FATAL once a delivery has failed. */
VOC_MUST_CHECK enum voc_status voc_outbox_poll(struct voc_outbox *outbox, struct voc_error *error);
/* There is nothing more to send for now: see voc_producer_hurry. While much is in flight, batches gather all the same.
 * Takes a millisecond at most. */
void voc_outbox_hurry(struct voc_outbox *outbox);
/* Hands over all that is held, and waits until nothing is in flight, or `deadline_ms` of voc_clock_ms: VOC_RETRY. */
enum voc_status voc_outbox_wait(struct voc_outbox *outbox, int64_t deadline_ms, struct voc_error *error);
int64_t voc_outbox_in_flight(const struct voc_outbox *outbox);
/* False while Kafka owes acknowledgements; see voc_producer_answered. */
bool voc_outbox_answered(const struct voc_outbox *outbox);
int voc_outbox_fd(const struct voc_outbox *outbox);

#endif
