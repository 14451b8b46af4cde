/*
 * Kafka's part of vocctl watch: rates, lags, the labels of what comes, alerts, dead letters. One thread.
 */
#ifndef VOC_VOCCTL_WATCH_KAFKA_H
#define VOC_VOCCTL_WATCH_KAFKA_H

#include "conf/conf.h"
#include "watch_frame.h"

struct watch_kafka;

/* Also clears what the view holds of Kafka: it is read anew. VOC_RETRY: out of reach. */
VOC_MUST_CHECK enum voc_status watch_kafka_open(const struct voc_conf *conf, struct watch_view *view,
                                                struct watch_kafka **ret_kafka, struct voc_error *error);
/* NULL is fine. */
void watch_kafka_close(struct watch_kafka *kafka);
/* See watch_source_look. */
VOC_MUST_CHECK enum voc_status watch_kafka_look(struct watch_kafka *kafka, struct watch_view *view, bool whole,
                                                struct voc_error *error);

#endif
