/*
 * When the generator's events happen: a day's ebb and flow, and outages that bring bursts. Pure.
 *
 * The span is cut into minutes with weights; event i of n stands where i/n of the weight is used up. So the events come
 * out in the order of time, and none need be kept.
 */
#ifndef VOC_VOCCTL_GEN_TIMELINE_H
#define VOC_VOCCTL_GEN_TIMELINE_H

#include "gen_random.h"

#define GEN_OUTAGES_MAX 64

/* For this while customers of one domain have the same trouble, and call. */
struct gen_outage {
	uint32_t from_minute, to_minute;
	int domain;
};

struct gen_timeline {
	int64_t start_ms;
	int64_t events;
	uint32_t minutes;
	uint16_t *weights; /* owned; one a minute */
	uint64_t weight_total;
	struct gen_outage outages[GEN_OUTAGES_MAX];
	size_t outage_count;
	uint32_t minute; /* the cursor: the last event's minute, and the weight of all before it */
	uint64_t weight_before;
};

/* False when memory runs out. One outage every other day, at least one. */
bool gen_timeline_init(struct gen_timeline *timeline, uint64_t seed, int64_t start_ms, int days, int64_t events);
void gen_timeline_free(struct gen_timeline *timeline);
/* The time of event `index`; ask in ascending order. The outage that event may belong to, or NULL. */
int64_t gen_timeline_next(struct gen_timeline *timeline, int64_t index, const struct gen_outage **ret_outage);

#endif
