/* What compacted topics keep of a customer: corrections of the events, with masked words, and the profile. One thread.
 */
#ifndef VOC_VOCCTL_FORGET_CORRECTIONS_H
#define VOC_VOCCTL_FORGET_CORRECTIONS_H

#include "vocctl/shared/sender.h"

/* Withdraws them all: a tombstone each, which compaction turns into nothing. */
VOC_MUST_CHECK enum voc_status forget_corrections(const struct voc_conf *conf, struct vocctl_sender *sender,
                                                  struct voc_str customer_id, int64_t *ret_withdrawn,
                                                  struct voc_error *error);
/* A tombstone for the profile, if there is one. The classifier makes an empty dead letter of it. */
VOC_MUST_CHECK enum voc_status forget_profile(const struct voc_conf *conf, struct vocctl_sender *sender,
                                              struct voc_str customer_id, bool *ret_erased, struct voc_error *error);

#endif
