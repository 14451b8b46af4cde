/*
 * How far each consumer group is behind, and how fast voc.classified grows: by asking Kafka for offsets. One thread.
 */
#ifndef VOC_VOCCTL_WATCH_LAG_H
#define VOC_VOCCTL_WATCH_LAG_H

#include "io/kafka/kafka_admin.h"
#include "watch_frame.h"

struct watch_lag;

/* Finds the topics' partitions. `conf` and `admin` are borrowed for the object's life. VOC_RETRY: out of reach. */
VOC_MUST_CHECK enum voc_status watch_lag_open(const struct voc_conf *conf, struct voc_admin *admin,
                                              struct watch_lag **ret_lag, struct voc_error *error);
/* NULL is fine. */
void watch_lag_close(struct watch_lag *lag);
/* Fills in the view's groups, events and rates. */
VOC_MUST_CHECK enum voc_status watch_lag_look(struct watch_lag *lag, struct watch_view *view, struct voc_error *error);

#endif
