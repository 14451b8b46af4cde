/*
 * Sends dead letters back to where they came from: key, value and headers as they once were.
 */
#ifndef VOC_VOCCTL_DLQ_REDRIVE_H
#define VOC_VOCCTL_DLQ_REDRIVE_H

#include "dlq_scan.h"
#include "dlq_tally.h"

/* Header that counts how often a record was sent back. */
#define DLQ_REDRIVEN_HEADER "voc_redriven"

struct dlq_redrive {
	struct dlq_tally tally; /* by destination */
	int64_t refused;        /* no dead letters, or of no topic of ours */
	int64_t acknowledged;
};

/* With `dry_run` nothing is sent, only counted. `ret_outcome` is filled as far as it went, also on failure. */
VOC_MUST_CHECK enum voc_status dlq_redrive(const struct voc_conf *conf, const struct dlq_filter *filter, bool dry_run,
                                           struct dlq_redrive *ret_outcome, struct voc_error *error);

#endif
