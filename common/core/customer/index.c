#include "core/customer/index.h"

#include <stdlib.h>
#include <string.h>

#define UNIT   10000             /* what one is in the interval's arithmetic */
#define Z2     38416             /* 1.96², in units */
#define N_MOST INT64_C(40000000) /* beyond it the interval is a point, and squares would not fit */

/* floor(√value): Newton's method from above. */
static int64_t root(int64_t value)
{
	int64_t guess = INT64_C(3037000499); /* the largest whose square fits */
	while (guess > 0 && guess * guess > value)
		guess = (guess + value / guess) / 2;
	return guess;
}

static int within(int64_t tenths)
{
	return tenths < 0 ? 0 : tenths > 1000 ? 1000 : (int)tenths;
}

struct voc_index voc_index_of(int64_t n, int64_t sum)
{
	if (n <= 0)
		return (struct voc_index){ 500, 0, 1000 };
	struct voc_index index = { .mean = within(10 * sum / n) };
	if (n > N_MOST) { /* the same mean of fewer */
		sum = sum / n * N_MOST + sum % n * N_MOST / n;
		n = N_MOST;
	}
	/* (p n + z²/2 ± z √(p (1 − p) n + z²/4)) / (n + z²), with p = sum / 100 n */
	int64_t most = 100 * n, middle = sum * (UNIT / 100) + Z2 / 2, all = n * UNIT + Z2;
	int64_t spread = sum * (most - sum) / n; /* p (1 − p) n, in units */
	int64_t half = root(Z2 * spread + (int64_t)Z2 * Z2 / 4);
	index.low = within((middle - half) * 1000 / all);
	index.high = within(((middle + half) * 1000 + all - 1) / all);
	return index;
}

static int by_value(const void *a, const void *b)
{
	int one = *(const int *)a, other = *(const int *)b;
	return (one > other) - (one < other);
}

/* How many of the sorted values are below `value`, or are no more than it. */
static size_t count_below(const int *sorted, size_t count, int value, bool or_equal)
{
	size_t low = 0, high = count;
	while (low < high) {
		size_t middle = (low + high) / 2;
		if (sorted[middle] < value || (or_equal && sorted[middle] == value))
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool voc_index_ranks(const struct voc_index *indices, size_t count, struct voc_index_rank *ret_ranks)
{
	int *bounds = calloc(count > 0 ? count : 1, 2 * sizeof *bounds);
	if (!bounds)
		return false;
	int *lows = bounds, *highs = bounds + count;
	for (size_t i = 0; i < count; i++) {
		lows[i] = indices[i].low;
		highs[i] = indices[i].high;
	}
	qsort(lows, count, sizeof *lows, by_value);
	qsort(highs, count, sizeof *highs, by_value);
	for (size_t i = 0; i < count; i++) {
		ret_ranks[i].best = 1 + (int)(count - count_below(lows, count, indices[i].high, true));
		ret_ranks[i].worst = (int)(count - count_below(highs, count, indices[i].low, false));
	}
	free(bounds);
	return true;
}

int voc_index_driver(int importance, const struct voc_index *index)
{
	return importance * (1000 - index->mean) / 1000;
}
