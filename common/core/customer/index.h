/*
 * The satisfaction index as a manager reads it: means of scores with intervals, and ranks only where these tell them
 * apart. Integers throughout, in tenths of a point (0 to 1000). Pure, any thread.
 *
 * The interval is Wilson's for 95 % (E. B. Wilson 1927, JASA 22), taken for the mean of values between 0 and 100
 * instead of a share: of all values within those bounds with that mean, a share's vary most, so that the interval is
 * rather too wide than too narrow, and holds for few contacts as well.
 */
#ifndef VOC_CORE_INDEX_H
#define VOC_CORE_INDEX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define VOC_INDEX_SMALL 30 /* fewer scores than this are a small sample */

struct voc_index {
	int mean, low, high;
};

/* Of `n` scores from 0 to 100 that sum up to `sum`. With no scores it is unknown: 500 within 0 to 1000. */
struct voc_index voc_index_of(int64_t n, int64_t sum);

struct voc_index_rank {
	int best, worst; /* 1 is the highest index; different where the intervals don't tell */
};
/*
 * What ranks the intervals leave possible: `best` is 1 + how many lie wholly above, `worst` how many do not lie wholly
 * below. False when memory runs out.
 */
bool voc_index_ranks(const struct voc_index *indices, size_t count, struct voc_index_rank *ret_ranks);

/* How much a thing drives dissatisfaction, in tenths of a point: its importance (thousandths) × what its index lacks.
 */
int voc_index_driver(int importance, const struct voc_index *index);

#endif
