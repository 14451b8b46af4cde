/*
 * The customers who are forgotten, for every endpoint to ask before it sends.
 *
 * A request in voc.forgotten names a place in voc.classified: an alert that a record before it raised is not sent any
 * more, whenever it comes and however often. The main thread opens, serves and frees; it reads the topic without a
 * group, from its beginning, so every instance knows every request. Endpoints' threads only ask.
 */
#ifndef VOC_ALERTER_FORGOTTEN_H
#define VOC_ALERTER_FORGOTTEN_H

#include "io/kafka/kafka.h"

struct forgotten;

/* Doesn't wait for Kafka. */
VOC_MUST_CHECK enum voc_status forgotten_open(const struct voc_kafka_settings *kafka, struct forgotten **ret_forgotten,
                                              struct voc_error *error);
/* NULL is fine. */
void forgotten_free(struct forgotten *forgotten);
/*
 * Reads what has come. While the topic isn't found yet it asks Kafka for it now and then, which may take a second.
 * *ret_changed: there is something new to ask for. VOC_FATAL if the reader failed, or memory or the room for customers
 * ran out.
 */
VOC_MUST_CHECK enum voc_status forgotten_serve(struct forgotten *forgotten, bool *ret_changed, struct voc_error *error);

/* All that the topic held at the start is read, or there is no such topic: before that nothing may be sent. */
bool forgotten_ready(const struct forgotten *forgotten);
/* Grows with each request; 0 until the first. */
uint64_t forgotten_version(const struct forgotten *forgotten);
/* Whether an alert of this customer, raised by the record at `offset` of a partition of voc.classified, is void. */
bool forgotten_covers(struct forgotten *forgotten, struct voc_str customer_id, int32_t partition, int64_t offset);

#endif
