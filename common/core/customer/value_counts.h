/*
 * How many of a partition's customers are worth how much: a histogram over the lifetime values, so that the top fifth
 * is known at any record, from the log alone. Sixteen buckets to each doubling: a bucket is 4 to 6 % wide.
 *
 * Values that are not positive are not counted. One thread at a time; owned by the partition's state.
 */
#ifndef VOC_CORE_VALUE_COUNTS_H
#define VOC_CORE_VALUE_COUNTS_H

#include "base/str.h"

#define VOC_VALUE_BUCKETS 1024

struct voc_value_counts {
	uint32_t counts[VOC_VALUE_BUCKETS];
	uint32_t all;
};

/* Positive values only. */
unsigned voc_value_bucket(int64_t value);
/* A customer's value was `before` and is `now`. */
void voc_value_counts_move(struct voc_value_counts *counts, int64_t before, int64_t now);
/* At most a fifth of the customers are worth as much as that, by their buckets. `counts` may be NULL. */
bool voc_value_counts_is_top(const struct voc_value_counts *counts, int64_t value);
/* Appends "<bucket>:<count>,...", rising. False if the buffer is full. */
bool voc_value_counts_write(const struct voc_value_counts *counts, struct voc_buf *buf);
/* Reads just that. */
bool voc_value_counts_read(struct voc_value_counts *ret_counts, struct voc_str text);

#endif
