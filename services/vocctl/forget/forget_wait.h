/*
 * Waits of vocctl forget: until what was sent before is classified, and until the request is applied. One thread.
 */
#ifndef VOC_VOCCTL_FORGET_WAIT_H
#define VOC_VOCCTL_FORGET_WAIT_H

#include "io/kafka/kafka_admin.h"
#include "vocctl/shared/store.h"

/*
 * Until the classifier has done all that its topics hold now. VOC_RETRY: not within `timeout_ms`, or a signal came.
 */
VOC_MUST_CHECK enum voc_status forget_wait_for_classifier(struct voc_admin *admin, const struct voc_conf *conf,
                                                          int64_t timeout_ms, struct voc_error *error);
/* Until the aggregates of the partition hold the record at `offset`. VOC_RETRY as above. */
VOC_MUST_CHECK enum voc_status forget_wait_for_aggregator(struct vocctl_store *store, int32_t partition, int64_t offset,
                                                          int64_t timeout_ms, struct voc_error *error);

#endif
