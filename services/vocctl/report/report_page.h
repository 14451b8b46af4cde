/*
 * A report on the satisfaction index, for people and as JSON. Plain data in, text out; pure but for the terminal's
 * width of characters.
 */
#ifndef VOC_VOCCTL_REPORT_PAGE_H
#define VOC_VOCCTL_REPORT_PAGE_H

#include "index_tally.h"

/* What is reported; all is borrowed. */
struct report {
	int64_t first_day, days;
	const char *by; /* a dimension of index_tally_list */
	const struct index_tally *tally;
	const struct index_list *list;
	const char *recovery_by; /* "cause", "team" or "product" */
	const struct recovery_list *recovery;
	size_t most; /* entries that are shown */
};

void report_page(struct voc_buf *out, const struct report *report);
/* One JSON object on one line; all entries. */
void report_page_json(struct voc_buf *out, const struct report *report);

#endif
