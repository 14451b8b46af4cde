/* Records of voc.classified for tests: what the classifier would have written, without it. */
#ifndef TESTS_SUPPORT_CLASSIFIED_MAKER_H
#define TESTS_SUPPORT_CLASSIFIED_MAKER_H

#include "core/classify/classified.h"

struct made_event {
	const char *id;
	const char *customer_id;
	int64_t time_ms;
	bool complaint; /* a dissatisfied complaint about reliability, else a neutral question */
	bool churn;
};

/* Fails the test if it doesn't fit. `buf` is cleared first. */
void make_classified(struct voc_buf *buf, const struct made_event *event);

#endif
