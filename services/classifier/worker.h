/*
 * The classifier at work: reads the raw partitions of this member and the facts', oldest record first, and sends what
 * step.h makes of each to voc.classified or voc.dlq. An input's offset is stored for commit when the outputs of it and
 * of all before it are acknowledged. One thread.
 */
#ifndef CLASSIFIER_WORKER_H
#define CLASSIFIER_WORKER_H

#include "core/classify/classify.h"
#include "io/kafka/kafka.h"
#include "io/service/health.h"

#include <poll.h>

struct voc_worker;

#define VOC_WORKER_FDS 2

/* All are borrowed for the worker's life, the classifier until the next voc_worker_use. `partitions` of each raw topic.
 * VOC_FATAL if the configuration is wrong. */
VOC_MUST_CHECK enum voc_status voc_worker_open(const struct voc_conf *conf, const struct voc_classifier *classifier,
                                               struct voc_health *health, int32_t partitions,
                                               struct voc_worker **ret_worker, struct voc_error *error);
/* Between two turns: from now on `classifier` labels, and `shadow` (NULL: none) is compared with it. Borrowed until the
 * next use. */
void voc_worker_use(struct voc_worker *worker, const struct voc_classifier *classifier,
                    const struct voc_classifier *shadow);
/* One turn: whatever can be done without waiting, up to VOC_BATCH_RECORDS records. The next turn is due when one of
 * the fds is readable, and by *ret_until_ms (voc_clock_ms). VOC_FATAL: stop, without voc_worker_stop. */
VOC_MUST_CHECK enum voc_status voc_worker_turn(struct voc_worker *worker, int64_t *ret_until_ms,
                                               struct voc_error *error);
void voc_worker_fds(const struct voc_worker *worker, struct pollfd fds[VOC_WORKER_FDS]);
/* Waits for what is in flight, commits and leaves the group, by `deadline_ms`. VOC_RETRY: not all of it in time, and
 * the next member does the rest again. */
enum voc_status voc_worker_stop(struct voc_worker *worker, int64_t deadline_ms, struct voc_error *error);
/* NULL is fine. */
void voc_worker_free(struct voc_worker *worker);

#endif
