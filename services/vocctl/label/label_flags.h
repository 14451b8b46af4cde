/*
 * Labels as given on the command line of vocctl label. Pure.
 */
#ifndef VOC_VOCCTL_LABEL_FLAGS_H
#define VOC_VOCCTL_LABEL_FLAGS_H

#include "core/record/correction.h"

/* As given; NULL: not given. */
struct label_flags {
	const char *feedback, *satisfaction, *factors, *primary_factor, *servqual, *churn;
};

/*
 * Fills in the correction's heads and labels. Of the factors and the primary one, one is enough where it tells the
 * other: a primary factor alone is the only one; so is a single one among the factors. VOC_INVALID tells what was not
 * understood.
 */
VOC_MUST_CHECK enum voc_status label_flags_read(const struct label_flags *flags, struct voc_correction *correction,
                                                struct voc_error *error);

#endif
