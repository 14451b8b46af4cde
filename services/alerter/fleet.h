/*
 * All endpoints of the alerter: started together, watched, and stopped together. Main thread.
 */
#ifndef VOC_ALERTER_FLEET_H
#define VOC_ALERTER_FLEET_H

#include "io/service/runtime.h"
#include "io/webhook/webhooks.h"

/*
 * Runs until the stop: the whole of the service, once its endpoints are known. Failures of any endpoint stop all. One
 * whose thread does not end in time is left behind: *ret_abandoned, and then nothing may be freed that it uses.
 */
VOC_MUST_CHECK enum voc_status fleet_run(struct voc_runtime *runtime, const struct voc_conf *conf,
                                         const struct voc_webhooks *webhooks, bool *ret_abandoned,
                                         struct voc_error *error);

#endif
