/*
 * A contribution: one event that raised a customer's risk, with what it weighed and why.
 *
 * Kept in the customer's state and carried by alerts as JSON; docs/SEMANTICS.md gives its members. Pure.
 */
#ifndef VOC_CORE_CONTRIBUTION_H
#define VOC_CORE_CONTRIBUTION_H

#include "core/customer/risk.h"

#define VOC_CONTRIBUTION_EVIDENCE       3
#define VOC_CONTRIBUTION_EVIDENCE_BYTES 80
#define VOC_CONTRIBUTION_MAX_BYTES      8192 /* as JSON */

/* As read from an alert: what a message to people needs. Strings are borrowed from the alert's bytes or the arena. */
struct voc_contribution {
	struct voc_str id;
	int64_t time_ms;
	int64_t points; /* thousandths */
	enum voc_feedback feedback;
	enum voc_satisfaction satisfaction;
	enum voc_factor primary_factor;
	enum voc_servqual servqual;
	bool churn_intent;
	struct voc_str evidence[VOC_CONTRIBUTION_EVIDENCE]; /* masked; never log it */
	size_t evidence_count;
};

/* Appends the JSON object. False if the buffer is full. */
bool voc_contribution_encode(struct voc_buf *buf, const struct voc_classified *event,
                             const struct voc_risk_terms *terms);
/* Reads a JSON array of contributions: the first `max` of them. VOC_OK or VOC_INVALID; VOC_FATAL
 * if the arena is full. */
VOC_MUST_CHECK enum voc_status voc_contributions_decode(struct voc_str json, struct voc_arena *arena,
                                                        struct voc_contribution *ret_contributions, size_t max,
                                                        size_t *ret_count, struct voc_error *error);

#endif
