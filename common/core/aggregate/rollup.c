#include "core/aggregate/rollup.h"

#include "core/aggregate/periods.h"

#include <stdlib.h>

/* Counters that every minute has: their names are known beforehand. */
enum {
	FIELD_EVENTS,
	FIELD_CHURN_INTENT,
	FIELD_TYPE,
	FIELD_SATISFACTION = FIELD_TYPE + VOC_FEEDBACK_COUNT,
	FIELD_FACTOR = FIELD_SATISFACTION + VOC_SATISFACTION_COUNT,
	FIELD_SERVQUAL = FIELD_FACTOR + VOC_FACTOR_COUNT,
	FIELD_CHANNEL = FIELD_SERVQUAL + VOC_SERVQUAL_COUNT,
	FIELD_ALERT = FIELD_CHANNEL + VOC_CHANNEL_COUNT,
	FIELD_CASE = FIELD_ALERT + VOC_RULE_COUNT,
	FIELD_PURCHASE = FIELD_CASE + VOC_CASE_TALLY_COUNT,
	FIELD_COUNT = FIELD_PURCHASE + VOC_PURCHASE_COUNT,
};

static const char *const field_names[FIELD_COUNT] = {
	[FIELD_EVENTS] = "events",
	[FIELD_CHURN_INTENT] = "churn_intent",
#define X(symbol, name, ...) [FIELD_TYPE + symbol] = "type:" name,
	VOC_FEEDBACK_TYPES(X)
#undef X
#define X(symbol, name, ...) [FIELD_SATISFACTION + symbol] = "satisfaction:" name,
	        VOC_SATISFACTIONS(X)
#undef X
#define X(symbol, name, ...) [FIELD_FACTOR + symbol] = "factor:" name,
	                VOC_FACTORS(X)
#undef X
#define X(symbol, name, ...) [FIELD_SERVQUAL + symbol] = "servqual:" name,
	                        VOC_SERVQUALS(X)
#undef X
#define X(symbol, name, ...) [FIELD_CHANNEL + symbol] = "channel:" name,
	                                VOC_CHANNELS(X)
#undef X
#define X(symbol, name, ...) [FIELD_ALERT + symbol] = "alert:" name,
	                                        VOC_RULES(X)
#undef X
#define X(symbol, name) [FIELD_CASE + symbol] = "case:" name,
	                                                VOC_CASE_TALLIES(X)
#undef X
	                                                        [FIELD_PURCHASE + VOC_PURCHASE_BEFORE] =
	                                                                "purchase:before",
	[FIELD_PURCHASE + VOC_PURCHASE_DURING] = "purchase:during",
	[FIELD_PURCHASE + VOC_PURCHASE_AFTER] = "purchase:after",
};

struct minute {
	uint32_t counts[FIELD_COUNT];
};

struct voc_rollup {
	size_t max_events, events;
	struct voc_periods periods;
	struct minute *minutes; /* by place */
	struct voc_day_rollup *days;
};

int64_t voc_period_expires_ms(int64_t period, int64_t retention_ms)
{
	if (voc_period_is_day(period))
		return (VOC_PERIOD_OF_DAY(period) + 1) * VOC_DAY_MS + VOC_INDEX_RETENTION_MS;
	return (period + 1) * VOC_ROLLUP_MINUTE_MS + retention_ms;
}

struct voc_rollup *voc_rollup_new(size_t max_events)
{
	struct voc_rollup *rollup = calloc(1, sizeof *rollup);
	if (!rollup)
		return NULL;
	rollup->max_events = max_events;
	rollup->minutes = calloc(max_events, sizeof *rollup->minutes);
	rollup->days = voc_day_rollup_new(max_events);
	if (!voc_periods_init(&rollup->periods, max_events) || !rollup->minutes || !rollup->days) {
		voc_rollup_free(rollup);
		return NULL;
	}
	return rollup;
}

void voc_rollup_free(struct voc_rollup *rollup)
{
	if (!rollup)
		return;
	voc_periods_free(&rollup->periods);
	free(rollup->minutes);
	voc_day_rollup_free(rollup->days);
	free(rollup);
}

void voc_rollup_clear(struct voc_rollup *rollup)
{
	memset(rollup->minutes, 0, rollup->periods.count * sizeof *rollup->minutes);
	voc_periods_clear(&rollup->periods);
	rollup->events = 0;
	voc_day_rollup_clear(rollup->days);
}

/* The counters of the minute of that time; NULL if there are as many minutes as events allowed. */
static uint32_t *minute_of(struct voc_rollup *rollup, int64_t time_ms)
{
	uint32_t place = voc_periods_place(&rollup->periods, time_ms / VOC_ROLLUP_MINUTE_MS);
	return place == VOC_PLACE_NONE ? NULL : rollup->minutes[place].counts;
}

static void count_alerts(uint32_t *counts, uint32_t alerts)
{
	for (int rule = 0; rule < VOC_RULE_COUNT; rule++)
		counts[FIELD_ALERT + rule] += alerts >> rule & 1;
}

static void count_event(uint32_t *counts, const struct voc_classified *event)
{
	const struct voc_labels *labels = &event->labels;
	counts[FIELD_EVENTS]++;
	counts[FIELD_CHURN_INTENT] += labels->churn_intent;
	counts[FIELD_TYPE + labels->feedback]++;
	counts[FIELD_SATISFACTION + labels->satisfaction]++;
	counts[FIELD_CHANNEL + event->channel]++;
	counts[FIELD_SERVQUAL + labels->servqual] += labels->servqual != VOC_SERVQUAL_NONE;
	for (int factor = 0; factor < VOC_FACTOR_COUNT; factor++)
		counts[FIELD_FACTOR + factor] += labels->factors >> factor & 1;
}

bool voc_rollup_add(struct voc_rollup *rollup, const struct voc_classified *event, uint32_t alerts)
{
	if (rollup->events == rollup->max_events)
		return false;
	struct voc_periods *periods = &rollup->periods;
	uint32_t place = voc_periods_place(periods, event->time_ms / VOC_ROLLUP_MINUTE_MS);
	if (place == VOC_PLACE_NONE)
		return false;
	rollup->events++;
	count_event(rollup->minutes[place].counts, event);
	count_alerts(rollup->minutes[place].counts, alerts);
	return voc_day_rollup_add(rollup->days, event) &&
	       voc_periods_count_name(periods, place, VOC_NAMED_PRODUCT, event->product, 0) &&
	       voc_periods_count_name(periods, place, VOC_NAMED_TEAM, event->team, 0) &&
	       voc_periods_count_name(periods, place, VOC_NAMED_AGENT, event->agent_id, 0);
}

bool voc_rollup_add_purchase(struct voc_rollup *rollup, int64_t time_ms, enum voc_purchase purchase)
{
	uint32_t *counts = minute_of(rollup, time_ms);
	if (counts)
		counts[FIELD_PURCHASE + (int)purchase]++;
	return counts;
}

bool voc_rollup_add_late_gap(struct voc_rollup *rollup, const struct voc_classified *event)
{
	return voc_day_rollup_add_late_gap(rollup->days, event);
}

bool voc_rollup_add_alerts(struct voc_rollup *rollup, int64_t time_ms, uint32_t alerts)
{
	uint32_t *counts = minute_of(rollup, time_ms);
	if (counts)
		count_alerts(counts, alerts);
	return counts;
}

static bool count_case(struct voc_rollup *rollup, uint32_t place, int64_t time_ms, const struct voc_case *one,
                       uint32_t tallies, struct voc_arena *arena)
{
	struct voc_case_names names = { .by = { [VOC_CASE_BY_CAUSE] = voc_str_from(voc_cause_name(one->cause)),
		                                [VOC_CASE_BY_TEAM] = voc_arena_copy(arena, voc_str_from(one->team)) } };
	if (one->product)
		names.by[VOC_CASE_BY_PRODUCT] = voc_arena_copy(arena, voc_str_from(one->product));
	if (!names.by[VOC_CASE_BY_TEAM].ptr || (one->product && !names.by[VOC_CASE_BY_PRODUCT].ptr))
		return false;
	for (int tally = 0; tally < VOC_CASE_TALLY_COUNT; tally++)
		rollup->minutes[place].counts[FIELD_CASE + tally] += tallies >> tally & 1;
	return voc_periods_count_case(&rollup->periods, place, &names, tallies) &&
	       voc_day_rollup_add_case(rollup->days, time_ms, &names, tallies);
}

bool voc_rollup_add_cases(struct voc_rollup *rollup, int64_t time_ms, const struct voc_cases *cases,
                          const struct voc_case_changes *changes, uint32_t alerts, struct voc_arena *arena)
{
	uint32_t place = VOC_PLACE_NONE;
	for (int cause = 0; cause < VOC_CAUSE_COUNT; cause++) {
		if (changes->tallies[cause] == 0)
			continue;
		place = voc_periods_place(&rollup->periods, time_ms / VOC_ROLLUP_MINUTE_MS);
		if (place == VOC_PLACE_NONE ||
		    !count_case(rollup, place, time_ms, voc_cases_find(cases, cause), changes->tallies[cause], arena))
			return false;
	}
	if (place != VOC_PLACE_NONE)
		count_alerts(rollup->minutes[place].counts, alerts);
	return true;
}

static bool tell_names(const struct voc_periods *periods, const struct voc_period *minute, voc_rollup_fn tell,
                       void *context)
{
	char field[VOC_NAMED_FIELD_MAX];
	for (uint32_t at = minute->first_name; at != VOC_PLACE_NONE; at = periods->names[at].next) {
		const struct voc_period_name *name = &periods->names[at];
		if (!tell(context, minute->number, voc_named_field(field, name->kind, name->text), name->n))
			return false;
	}
	return true;
}

bool voc_rollup_each(const struct voc_rollup *rollup, voc_rollup_fn tell, void *context)
{
	for (size_t i = 0; i < rollup->periods.count; i++) {
		const struct voc_period *minute = &rollup->periods.items[i];
		const uint32_t *counts = rollup->minutes[i].counts;
		if (minute->number < 0)
			continue;
		for (int field = 0; field < FIELD_COUNT; field++) {
			if (counts[field] > 0 &&
			    !tell(context, minute->number, voc_str_from(field_names[field]), counts[field]))
				return false;
		}
		if (!tell_names(&rollup->periods, minute, tell, context))
			return false;
	}
	return true;
}

const struct voc_day_rollup *voc_rollup_days(const struct voc_rollup *rollup)
{
	return rollup->days;
}
