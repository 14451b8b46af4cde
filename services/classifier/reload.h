/*
 * The classifier in force, and its successor.
 *
 * Watches the rule files (VOC_RELOAD_CHECK) and SIGHUP. A change is built on the side, by a thread that lives as long
 * as that takes; the loop goes on with the classifier in force and takes the new one between two records. A file that
 * is wrong, or whose own examples fail, changes nothing: it is logged once, counted, and told at /readyz. SIGHUP reads
 * the models again, too; a change of the rules alone leaves them as they are.
 *
 * One thread, the loop's; the builder touches nothing but its own job.
 */
#ifndef CLASSIFIER_RELOAD_H
#define CLASSIFIER_RELOAD_H

#include "conf/conf.h"
#include "core/classify/classify.h"
#include "io/service/health.h"

struct voc_reload;

/* Opens what the configuration names, the shadow included. Both are borrowed for the reload's life. */
VOC_MUST_CHECK enum voc_status voc_reload_open(const struct voc_conf *conf, struct voc_health *health,
                                               struct voc_reload **ret_reload, struct voc_error *error);
/* Waits for a builder at work. NULL is fine. */
void voc_reload_free(struct voc_reload *reload);

/* Looks for changes when it is time, and takes what is built. True: others are in force now; the former ones live until
 * the next call. `hangup`: a SIGHUP came. */
bool voc_reload_turn(struct voc_reload *reload, bool hangup, int64_t now_ms);
const struct voc_classifier *voc_reload_classifier(const struct voc_reload *reload);
/* NULL if there is none. */
const struct voc_classifier *voc_reload_shadow(const struct voc_reload *reload);
/* Reads everything that the configuration names, as a start would. */
VOC_MUST_CHECK enum voc_status voc_reload_check(const struct voc_conf *conf, struct voc_error *error);

#endif
