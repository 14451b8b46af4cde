/*
 * Counts of dead letters by reason and topic, and their table. Pure.
 */
#ifndef VOC_VOCCTL_DLQ_TALLY_H
#define VOC_VOCCTL_DLQ_TALLY_H

#include "base/str.h"
#include "core/record/topic.h"

#define DLQ_TALLY_ROWS 256 /* what comes on top is counted in the last row */

struct dlq_tally_row {
	char reason[48];
	char topic[VOC_TOPIC_NAME_SIZE];
	int64_t count;
	int64_t first_ms, last_ms;
};

struct dlq_tally {
	struct dlq_tally_row rows[DLQ_TALLY_ROWS];
	size_t row_count;
	int64_t total;
};

void dlq_tally_add(struct dlq_tally *tally, struct voc_str reason, struct voc_str topic, int64_t time_ms);
/* Appends the table, most frequent first; `topic_title` heads the topics' column. */
void dlq_tally_print(struct voc_buf *out, struct dlq_tally *tally, const char *topic_title);
/* Appends the same as JSON, an object for each row and line; times in milliseconds. */
void dlq_tally_json(struct voc_buf *out, struct dlq_tally *tally);

#endif
