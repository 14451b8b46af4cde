/* The alerts of a customer who is forgotten: the alerter is told, and those are counted that it still holds. One
 * thread.
 */
#ifndef VOC_VOCCTL_FORGET_ALERTS_H
#define VOC_VOCCTL_FORGET_ALERTS_H

#include "core/classify/classified.h"
#include "io/kafka/kafka_admin.h"
#include "vocctl/shared/sender.h"

/* Before anything is sent: VOC_FATAL if there is no voc.forgotten. */
VOC_MUST_CHECK enum voc_status forget_find_topic(struct voc_admin *admin, const struct voc_conf *conf,
                                                 struct voc_error *error);
/* Sends the request `value`, which stands at `place` of the log, to voc.forgotten, and waits for Kafka to have it. */
VOC_MUST_CHECK enum voc_status forget_tell_alerter(const struct voc_conf *conf, struct vocctl_sender *sender,
                                                   struct voc_str customer_id, const struct voc_source_position *place,
                                                   struct voc_str value, struct voc_error *error);
/*
 * How many of the customer's alerts lie at or behind the places of the alerter's groups, counted for each group. An
 * endpoint may have taken some that came in after one that it did not. -1: Kafka does not tell.
 */
int64_t forget_count_alerts(const struct voc_conf *conf, struct voc_admin *admin, struct voc_str customer_id);

#endif
