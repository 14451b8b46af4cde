/*
 * A customer's journey as the log of voc.classified has it: contacts of all channels, profile, orders and follow-ups in
 * the order of their times. What was before the customer was forgotten is not told. One thread; installs the process's
 * signals.
 */
#ifndef VOC_VOCCTL_TIMELINE_H
#define VOC_VOCCTL_TIMELINE_H

#include "base/err.h"
#include "base/json_write.h"
#include "conf/conf.h"

struct timeline;

/* The newest `most` records of the customer: all of its partition is read for them. */
VOC_MUST_CHECK enum voc_status timeline_read(const struct voc_conf *conf, struct voc_str customer_id, size_t most,
                                             struct timeline **ret_timeline, struct voc_error *error);
/* NULL is fine. */
void timeline_free(struct timeline *timeline);
/* A line each, oldest first. */
void timeline_show(struct voc_buf *out, const struct timeline *timeline);
/* The member `timeline`: the records' CloudEvents. */
void timeline_write(struct voc_json_writer *json, const struct timeline *timeline);

#endif
