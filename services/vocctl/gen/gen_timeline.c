#include "gen_timeline.h"

#include <stdlib.h>

#include "gen_texts.h"

#define MINUTES_PER_DAY 1440
#define OUTAGE_SURGE    6 /* times the usual rate */
#define MINUTE_MS       60000

/* Contacts an hour, Korean time being nine hours ahead: busy from ten to noon and from two to five. */
static const uint16_t hour_weights_utc[24] = {
	70, 95, 100, 80, 70, 85, 95, 95, 90, 75, 60, 50, 45, 40, 30, 20, 12, 8, 6, 5, 6, 10, 20, 40,
};

static void plan_outages(struct gen_timeline *timeline, uint64_t seed, int days)
{
	struct gen_random random = { gen_mix(seed, 1) };
	timeline->outage_count = (size_t)(days / 2 < 1 ? 1 : days / 2);
	if (timeline->outage_count > GEN_OUTAGES_MAX)
		timeline->outage_count = GEN_OUTAGES_MAX;
	for (size_t i = 0; i < timeline->outage_count; i++) {
		uint32_t from = gen_random_below(&random, timeline->minutes);
		uint32_t length = 20 + gen_random_below(&random, 70);
		uint32_t to = from + length < timeline->minutes ? from + length : timeline->minutes;
		timeline->outages[i] =
		        (struct gen_outage){ from, to, (int)gen_random_below(&random, GEN_DOMAIN_COUNT) };
	}
}

static const struct gen_outage *outage_at(const struct gen_timeline *timeline, uint32_t minute)
{
	for (size_t i = 0; i < timeline->outage_count; i++) {
		if (minute >= timeline->outages[i].from_minute && minute < timeline->outages[i].to_minute)
			return &timeline->outages[i];
	}
	return NULL;
}

static uint16_t weight_of(const struct gen_timeline *timeline, uint32_t minute)
{
	int64_t minute_utc = timeline->start_ms / MINUTE_MS + minute;
	uint16_t weight = hour_weights_utc[minute_utc / 60 % 24];
	return outage_at(timeline, minute) != NULL ? (uint16_t)(weight * OUTAGE_SURGE) : weight;
}

bool gen_timeline_init(struct gen_timeline *timeline, uint64_t seed, int64_t start_ms, int days, int64_t events)
{
	*timeline = (struct gen_timeline){
		.start_ms = start_ms,
		.events = events,
		.minutes = (uint32_t)days * MINUTES_PER_DAY,
	};
	timeline->weights = malloc(timeline->minutes * sizeof *timeline->weights);
	if (timeline->weights == NULL)
		return false;
	plan_outages(timeline, seed, days);
	for (uint32_t i = 0; i < timeline->minutes; i++) {
		timeline->weights[i] = weight_of(timeline, i);
		timeline->weight_total += timeline->weights[i];
	}
	return true;
}

void gen_timeline_free(struct gen_timeline *timeline)
{
	free(timeline->weights);
	timeline->weights = NULL;
}

int64_t gen_timeline_next(struct gen_timeline *timeline, int64_t index, const struct gen_outage **ret_outage)
{
	/* In 1/1024 of a weight, so that many events of one minute spread over it: at most 2^21 minutes × 600 × 2^10.
	 */
	uint64_t total = timeline->weight_total << 10;
	uint64_t at = (uint64_t)((unsigned __int128)total * (uint64_t)index / (uint64_t)timeline->events);
	while (at >= (timeline->weight_before + timeline->weights[timeline->minute]) << 10) {
		timeline->weight_before += timeline->weights[timeline->minute];
		timeline->minute++;
	}
	uint64_t within = at - (timeline->weight_before << 10);
	uint64_t minute_weight = (uint64_t)timeline->weights[timeline->minute] << 10;
	*ret_outage = outage_at(timeline, timeline->minute);
	return timeline->start_ms + (int64_t)timeline->minute * MINUTE_MS +
	       (int64_t)(within * MINUTE_MS / minute_weight);
}
