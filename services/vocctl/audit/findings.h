/*
 * What audits found: counted, and the first ones printed for people or kept as JSON. Customers are named, for they are
 * what is asked for; of their fields only numbers and states are shown, never text. One thread.
 */
#ifndef VOC_VOCCTL_FINDINGS_H
#define VOC_VOCCTL_FINDINGS_H

#include "audit.h"

struct findings {
	int64_t limit; /* most that are shown */
	bool as_json;  /* else each is printed as it comes */
	int64_t keys;  /* that differ, are missing or stray */
	int64_t count, shown;
	uint64_t last_key;   /* hash */
	struct voc_buf json; /* array elements */
};

void findings_init(struct findings *findings, int64_t limit, bool as_json);
void findings_free(struct findings *findings);
/* An audit_finding_fn, its context a struct findings. */
bool findings_add(void *findings, const struct audit_finding *finding);
/* Says how many more there were, if not all were shown. */
void findings_end(const struct findings *findings);

/* Appends one line about it. Pure. */
void finding_describe(struct voc_buf *buf, const struct audit_finding *finding);

#endif
