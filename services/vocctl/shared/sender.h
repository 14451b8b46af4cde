/*
 * Records out to Kafka, for the commands: a producer that waits for room, and for the last acknowledgement, as long as
 * there is progress. One thread; voc_signals must be installed.
 */
#ifndef VOC_VOCCTL_SENDER_H
#define VOC_VOCCTL_SENDER_H

#include "io/kafka/kafka_producer.h"

#define VOCCTL_SENDER_PATIENCE_MS 30000 /* without any acknowledgement */

struct vocctl_sender {
	struct voc_producer *producer; /* owned */
	int64_t sent, acknowledged;
	int64_t last_offset;    /* of the record that was acknowledged last; -1: none */
	int64_t progress_at_ms; /* of voc_clock_ms */
};

VOC_MUST_CHECK enum voc_status vocctl_sender_open(struct vocctl_sender *sender, const struct voc_conf *conf,
                                                  struct voc_error *error);
void vocctl_sender_close(struct vocctl_sender *sender);
/* VOC_RETRY: a signal came, or Kafka acknowledges nothing. VOC_INVALID: too large for Kafka. VOC_FATAL: it failed. */
VOC_MUST_CHECK enum voc_status vocctl_sender_send(struct vocctl_sender *sender, const struct voc_outgoing *record,
                                                  struct voc_error *error);
/* Serves acknowledgements until `until_us` of voc_clock_us, or a signal. VOC_FATAL as above. */
VOC_MUST_CHECK enum voc_status vocctl_sender_pause(struct vocctl_sender *sender, int64_t until_us,
                                                   struct voc_error *error);
/* Until all is acknowledged. VOC_RETRY: not all were, and patience ended or a second signal came. */
VOC_MUST_CHECK enum voc_status vocctl_sender_drain(struct vocctl_sender *sender, struct voc_error *error);

/* Settings whose complaints go to standard error. */
struct voc_kafka_settings vocctl_kafka_settings(const struct voc_conf *conf);

#endif
