#include "core/rollup.h"

#include "base/hash.h"

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

enum { NAMED_PRODUCT, NAMED_TEAM, NAMED_AGENT, NAMED_COUNT };
/* What is counted of cases is counted by these, too. */
enum { CASE_CAUSE, CASE_TEAM, CASE_PRODUCT, CASE_COUNT };
static const char *const named_prefixes[NAMED_COUNT + VOC_CASE_TALLY_COUNT * CASE_COUNT] = {
	"product:", "team:", "agent:",
#define X(symbol, name) "case:" name ":cause:", "case:" name ":team:", "case:" name ":product:",
	VOC_CASE_TALLIES(X)
#undef X
};

#define NONE UINT32_MAX

struct minute {
	int64_t minute;
	uint32_t chain;      /* next minute of the same bucket */
	uint32_t first_name; /* its names, in the order of their first event */
	uint32_t last_name;
	uint32_t counts[FIELD_COUNT];
};

struct name {
	struct voc_str text; /* borrowed */
	uint32_t minute;
	uint32_t chain; /* next name of the same bucket */
	uint32_t next;  /* next name of the same minute */
	uint32_t count;
	uint8_t kind; /* NAMED_x, or NAMED_COUNT + CASE_COUNT * enum voc_case_tally + CASE_x */
};

struct voc_rollup {
	size_t max_events, events, minute_count, name_count, name_room;
	size_t bucket_mask;
	uint32_t *minute_buckets, *name_buckets;
	struct minute *minutes;
	struct name *names;
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
	size_t buckets = 16;
	while (buckets < max_events * 2)
		buckets *= 2;
	rollup->max_events = max_events;
	rollup->bucket_mask = buckets - 1;
	rollup->minute_buckets = calloc(buckets, sizeof *rollup->minute_buckets);
	rollup->name_buckets = calloc(buckets, sizeof *rollup->name_buckets);
	rollup->minutes = calloc(max_events, sizeof *rollup->minutes);
	rollup->name_room = max_events * NAMED_COUNT;
	rollup->names = calloc(rollup->name_room, sizeof *rollup->names);
	rollup->days = voc_day_rollup_new(max_events);
	if (!rollup->minute_buckets || !rollup->name_buckets || !rollup->minutes || !rollup->names || !rollup->days) {
		voc_rollup_free(rollup);
		return NULL;
	}
	voc_rollup_clear(rollup);
	return rollup;
}

void voc_rollup_free(struct voc_rollup *rollup)
{
	if (!rollup)
		return;
	free(rollup->minute_buckets);
	free(rollup->name_buckets);
	free(rollup->minutes);
	free(rollup->names);
	voc_day_rollup_free(rollup->days);
	free(rollup);
}

void voc_rollup_clear(struct voc_rollup *rollup)
{
	size_t bytes = (rollup->bucket_mask + 1) * sizeof *rollup->minute_buckets;
	memset(rollup->minute_buckets, 0xFF, bytes); /* NONE */
	memset(rollup->name_buckets, 0xFF, bytes);
	rollup->events = rollup->minute_count = rollup->name_count = 0;
	voc_day_rollup_clear(rollup->days);
}

/* NULL if there are as many as events allowed. */
static struct minute *minute_of(struct voc_rollup *rollup, int64_t number)
{
	uint64_t hash = (uint64_t)number * UINT64_C(0x9E3779B97F4A7C15) >> 32;
	uint32_t *bucket = &rollup->minute_buckets[hash & rollup->bucket_mask];
	for (uint32_t at = *bucket; at != NONE; at = rollup->minutes[at].chain) {
		if (rollup->minutes[at].minute == number)
			return &rollup->minutes[at];
	}
	if (rollup->minute_count == rollup->max_events)
		return NULL;
	struct minute *minute = &rollup->minutes[rollup->minute_count];
	*minute = (struct minute){ .minute = number, .chain = *bucket, .first_name = NONE, .last_name = NONE };
	*bucket = (uint32_t)rollup->minute_count++;
	return minute;
}

/* Contacts' names fit from the start; cases are few, and make room as they need it. */
static bool make_name_room(struct voc_rollup *rollup)
{
	if (rollup->name_count < rollup->name_room)
		return true;
	size_t room = rollup->name_room * 2;
	struct name *names = realloc(rollup->names, room * sizeof *names);
	if (!names)
		return false;
	rollup->names = names;
	rollup->name_room = room;
	return true;
}

static bool count_name(struct voc_rollup *rollup, struct minute *minute, uint8_t kind, struct voc_str text)
{
	if (text.len == 0)
		return true;
	uint32_t place = (uint32_t)(minute - rollup->minutes);
	uint64_t hash = voc_hash64(text) + ((uint64_t)place * (sizeof named_prefixes / sizeof *named_prefixes) + kind) *
	                                           UINT64_C(0x9E3779B97F4A7C15);
	uint32_t *bucket = &rollup->name_buckets[hash & rollup->bucket_mask];
	for (uint32_t at = *bucket; at != NONE; at = rollup->names[at].chain) {
		struct name *name = &rollup->names[at];
		if (name->minute == place && name->kind == kind && voc_str_eq(name->text, text)) {
			name->count++;
			return true;
		}
	}
	if (!make_name_room(rollup))
		return false;
	uint32_t added = (uint32_t)rollup->name_count++;
	rollup->names[added] = (struct name){ text, place, *bucket, NONE, 1, kind };
	*bucket = added;
	if (minute->last_name == NONE)
		minute->first_name = added;
	else
		rollup->names[minute->last_name].next = added;
	minute->last_name = added;
	return true;
}

bool voc_rollup_add(struct voc_rollup *rollup, const struct voc_classified *event, uint32_t alerts)
{
	if (rollup->events == rollup->max_events)
		return false;
	struct minute *minute = minute_of(rollup, event->time_ms / VOC_ROLLUP_MINUTE_MS);
	if (!minute)
		return false;
	rollup->events++;
	const struct voc_labels *labels = &event->labels;
	uint32_t *counts = minute->counts;
	counts[FIELD_EVENTS]++;
	counts[FIELD_CHURN_INTENT] += labels->churn_intent;
	counts[FIELD_TYPE + labels->feedback]++;
	counts[FIELD_SATISFACTION + labels->satisfaction]++;
	counts[FIELD_CHANNEL + event->channel]++;
	counts[FIELD_SERVQUAL + labels->servqual] += labels->servqual != VOC_SERVQUAL_NONE;
	for (int factor = 0; factor < VOC_FACTOR_COUNT; factor++)
		counts[FIELD_FACTOR + factor] += labels->factors >> factor & 1;
	for (int rule = 0; rule < VOC_RULE_COUNT; rule++)
		counts[FIELD_ALERT + rule] += alerts >> rule & 1;
	return voc_day_rollup_add(rollup->days, event) && count_name(rollup, minute, NAMED_PRODUCT, event->product) &&
	       count_name(rollup, minute, NAMED_TEAM, event->team) &&
	       count_name(rollup, minute, NAMED_AGENT, event->agent_id);
}

static bool count_case(struct voc_rollup *rollup, struct minute *minute, int64_t time_ms, const struct voc_case *one,
                       uint32_t tallies, struct voc_arena *arena)
{
	struct voc_str names[CASE_COUNT] = { [CASE_CAUSE] = voc_str_from(voc_cause_name(one->cause)),
		                             [CASE_TEAM] = voc_arena_copy(arena, voc_str_from(one->team)),
		                             [CASE_PRODUCT] = { NULL, 0 } };
	if (one->product)
		names[CASE_PRODUCT] = voc_arena_copy(arena, voc_str_from(one->product));
	if (!names[CASE_TEAM].ptr || (one->product && !names[CASE_PRODUCT].ptr))
		return false;
	for (int what = 0; what < VOC_CASE_TALLY_COUNT; what++) {
		if (!(tallies >> what & 1))
			continue;
		minute->counts[FIELD_CASE + what]++;
		for (int by = 0; by < CASE_COUNT; by++) {
			if (!count_name(rollup, minute, (uint8_t)(NAMED_COUNT + CASE_COUNT * what + by), names[by]))
				return false;
		}
	}
	return voc_day_rollup_add_case(rollup->days, time_ms, one->cause, names[CASE_TEAM], names[CASE_PRODUCT],
	                               tallies);
}

bool voc_rollup_add_purchase(struct voc_rollup *rollup, int64_t time_ms, enum voc_purchase purchase)
{
	struct minute *minute = minute_of(rollup, time_ms / VOC_ROLLUP_MINUTE_MS);
	if (minute)
		minute->counts[FIELD_PURCHASE + (int)purchase]++;
	return minute;
}

bool voc_rollup_add_alerts(struct voc_rollup *rollup, int64_t time_ms, uint32_t alerts)
{
	struct minute *minute = minute_of(rollup, time_ms / VOC_ROLLUP_MINUTE_MS);
	for (int rule = 0; minute && rule < VOC_RULE_COUNT; rule++)
		minute->counts[FIELD_ALERT + rule] += alerts >> rule & 1;
	return minute;
}

bool voc_rollup_add_cases(struct voc_rollup *rollup, int64_t time_ms, const struct voc_cases *cases,
                          const struct voc_case_changes *changes, uint32_t alerts, struct voc_arena *arena)
{
	struct minute *minute = NULL;
	for (int cause = 0; cause < VOC_CAUSE_COUNT; cause++) {
		if (changes->tallies[cause] == 0)
			continue;
		if (!minute && !(minute = minute_of(rollup, time_ms / VOC_ROLLUP_MINUTE_MS)))
			return false;
		if (!count_case(rollup, minute, time_ms, voc_cases_find(cases, cause), changes->tallies[cause], arena))
			return false;
	}
	for (int rule = 0; minute && rule < VOC_RULE_COUNT; rule++)
		minute->counts[FIELD_ALERT + rule] += alerts >> rule & 1;
	return true;
}

static bool tell_name(int64_t minute, const struct name *name, voc_rollup_fn tell, void *context)
{
	char field[VOC_ROLLUP_FIELD_MAX];
	const char *prefix = named_prefixes[name->kind];
	size_t prefix_len = strlen(prefix);
	struct voc_str text = voc_str_clip(name->text, sizeof field - prefix_len);
	memcpy(field, prefix, prefix_len);
	memcpy(field + prefix_len, text.ptr, text.len);
	return tell(context, minute, voc_str_of(field, prefix_len + text.len), name->count);
}

bool voc_rollup_each(const struct voc_rollup *rollup, voc_rollup_fn tell, void *context)
{
	for (size_t i = 0; i < rollup->minute_count; i++) {
		const struct minute *minute = &rollup->minutes[i];
		for (int field = 0; field < FIELD_COUNT; field++) {
			if (minute->counts[field] > 0 &&
			    !tell(context, minute->minute, voc_str_from(field_names[field]), minute->counts[field]))
				return false;
		}
		for (uint32_t at = minute->first_name; at != NONE; at = rollup->names[at].next) {
			if (!tell_name(minute->minute, &rollup->names[at], tell, context))
				return false;
		}
	}
	return true;
}

const struct voc_day_rollup *voc_rollup_days(const struct voc_rollup *rollup)
{
	return rollup->days;
}
