#include "core/day_rollup.h"

#include "base/hash.h"

#include <stdlib.h>

#define NONE   UINT32_MAX
#define GOLDEN UINT64_C(0x9E3779B97F4A7C15)

/* What is counted of every contact. */
enum {
	FIELD_CONTACTS,
	FIELD_COMPLAINTS,
	FIELD_CHURN,
	FIELD_PAIRS,
	FIELD_PERCEIVED,
	FIELD_EXPECTED,
	FIELD_GAP,
	FIELD_GAP_WEAK = FIELD_GAP + VOC_GAP_COUNT,
	FIELD_CASE = FIELD_GAP_WEAK + VOC_GAP_COUNT,
	FIELD_COUNT = FIELD_CASE + VOC_CASE_TALLY_COUNT,
};
static const char *const field_names[FIELD_COUNT] = { [FIELD_CONTACTS] = "contacts",
	                                              [FIELD_COMPLAINTS] = "complaints",
	                                              [FIELD_CHURN] = "churn_intents",
	                                              [FIELD_PAIRS] = "pairs",
	                                              [FIELD_PERCEIVED] = "perceived",
	                                              [FIELD_EXPECTED] = "expected",
#define X(symbol, name, ...) [FIELD_GAP + symbol] = "gap:" name, [FIELD_GAP_WEAK + symbol] = "gap_weak:" name,
	                                              VOC_GAPS(X)
#undef X
#define X(symbol, name) [FIELD_CASE + symbol] = "case:" name,
	                                                      VOC_CASE_TALLIES(X)
#undef X

};

/* What scores are added up for: each has a field n and a field sum. */
enum {
	SCORE_ALL,
	SCORE_FACTOR,
	SCORE_SERVQUAL = SCORE_FACTOR + VOC_FACTOR_COUNT,
	SCORE_CHANNEL = SCORE_SERVQUAL + VOC_SERVQUAL_COUNT,
	SCORE_COUNT = SCORE_CHANNEL + VOC_CHANNEL_COUNT,
};
static const struct {
	const char *n, *sum;
} score_names[SCORE_COUNT] = { [SCORE_ALL] = { "n", "sum" },
#define X(symbol, name, ...) [SCORE_FACTOR + symbol] = { "n:factor:" name, "sum:factor:" name },
	                       VOC_FACTORS(X)
#undef X
#define X(symbol, name, ...) [SCORE_SERVQUAL + symbol] = { "n:servqual:" name, "sum:servqual:" name },
	                               VOC_SERVQUALS(X)
#undef X
#define X(symbol, name, ...) [SCORE_CHANNEL + symbol] = { "n:channel:" name, "sum:channel:" name },
	                                       VOC_CHANNELS(X)
#undef X
};

enum { NAMED_PRODUCT, NAMED_TEAM, NAMED_AGENT, NAMED_COUNT };
/* Of cases: NAMED_COUNT + CASE_COUNT * enum voc_case_tally + one of these. */
enum { CASE_CAUSE, CASE_TEAM, CASE_PRODUCT, CASE_COUNT };
static const char *const named_prefixes[NAMED_COUNT + VOC_CASE_TALLY_COUNT * CASE_COUNT] = {
	"product:", "team:", "agent:",
#define X(symbol, name) "case:" name ":cause:", "case:" name ":team:", "case:" name ":product:",
	VOC_CASE_TALLIES(X)
#undef X
};
#define KIND_COUNT (sizeof named_prefixes / sizeof *named_prefixes)

struct scores {
	uint32_t n, sum;
};

struct day {
	int64_t day;
	uint32_t chain;      /* next day of the same bucket */
	uint32_t first_name; /* its names, in the order of their first contact */
	uint32_t last_name;
	uint32_t counts[FIELD_COUNT];
	struct scores scores[SCORE_COUNT];
};

struct name {
	struct voc_str text; /* borrowed */
	uint32_t day;
	uint32_t chain; /* next name of the same bucket */
	uint32_t next;  /* next name of the same day */
	struct scores scores;
	uint8_t kind;
};

struct voc_day_rollup {
	size_t max_events, day_count, name_count, name_room, bucket_mask;
	uint32_t *day_buckets, *name_buckets;
	struct day *days;
	struct name *names;
};

int voc_contact_score(const struct voc_classified *event)
{
	if (event->rating > 0 && event->expected > 0) {
		int score = VOC_SCORE_EXPECTED + 25 * (event->rating - event->expected);
		return score < 0 ? 0 : score > 100 ? 100 : score;
	}
	switch (event->labels.satisfaction) {
	case VOC_SATISFACTION_DISSATISFIED: return 0;
	case VOC_SATISFACTION_SATISFIED: return 75;
	case VOC_SATISFACTION_DELIGHTED: return 100;
	default: return VOC_SCORE_NONE;
	}
}

struct voc_day_rollup *voc_day_rollup_new(size_t max_events)
{
	struct voc_day_rollup *rollup = calloc(1, sizeof *rollup);
	if (!rollup)
		return NULL;
	size_t buckets = 16;
	while (buckets < max_events * 2)
		buckets *= 2;
	rollup->bucket_mask = buckets - 1;
	rollup->day_buckets = calloc(buckets, sizeof *rollup->day_buckets);
	rollup->name_buckets = calloc(buckets, sizeof *rollup->name_buckets);
	rollup->days = calloc(max_events, sizeof *rollup->days);
	rollup->max_events = max_events;
	rollup->name_room = max_events * NAMED_COUNT;
	rollup->names = calloc(rollup->name_room, sizeof *rollup->names);
	if (!rollup->day_buckets || !rollup->name_buckets || !rollup->days || !rollup->names) {
		voc_day_rollup_free(rollup);
		return NULL;
	}
	voc_day_rollup_clear(rollup);
	return rollup;
}

void voc_day_rollup_free(struct voc_day_rollup *rollup)
{
	if (!rollup)
		return;
	free(rollup->day_buckets);
	free(rollup->name_buckets);
	free(rollup->days);
	free(rollup->names);
	free(rollup);
}

void voc_day_rollup_clear(struct voc_day_rollup *rollup)
{
	size_t bytes = (rollup->bucket_mask + 1) * sizeof *rollup->day_buckets;
	memset(rollup->day_buckets, 0xFF, bytes); /* NONE */
	memset(rollup->name_buckets, 0xFF, bytes);
	rollup->day_count = rollup->name_count = 0;
}

/* NULL if there are as many as events allowed. */
static struct day *day_of(struct voc_day_rollup *rollup, int64_t number)
{
	uint32_t *bucket = &rollup->day_buckets[((uint64_t)number * GOLDEN >> 32) & rollup->bucket_mask];
	for (uint32_t at = *bucket; at != NONE; at = rollup->days[at].chain) {
		if (rollup->days[at].day == number)
			return &rollup->days[at];
	}
	if (rollup->day_count == rollup->max_events)
		return NULL;
	struct day *day = &rollup->days[rollup->day_count];
	*day = (struct day){ .day = number, .chain = *bucket, .first_name = NONE, .last_name = NONE };
	*bucket = (uint32_t)rollup->day_count++;
	return day;
}

/* Contacts' names fit from the start; cases are few, and make room as they need it. */
static bool make_name_room(struct voc_day_rollup *rollup)
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

static void add(struct scores *scores, int score)
{
	scores->n++;
	scores->sum += (uint32_t)score;
}

static bool add_name(struct voc_day_rollup *rollup, struct day *day, uint8_t kind, struct voc_str text, int score)
{
	if (text.len == 0)
		return true;
	uint32_t place = (uint32_t)(day - rollup->days);
	uint64_t hash = voc_hash64(text) + ((uint64_t)place * KIND_COUNT + kind) * GOLDEN;
	uint32_t *bucket = &rollup->name_buckets[hash & rollup->bucket_mask];
	for (uint32_t at = *bucket; at != NONE; at = rollup->names[at].chain) {
		struct name *name = &rollup->names[at];
		if (name->day == place && name->kind == kind && voc_str_eq(name->text, text)) {
			add(&name->scores, score);
			return true;
		}
	}
	if (!make_name_room(rollup))
		return false;
	uint32_t added = (uint32_t)rollup->name_count++;
	rollup->names[added] = (struct name){ text, place, *bucket, NONE, { 1, (uint32_t)score }, kind };
	*bucket = added;
	if (day->last_name == NONE)
		day->first_name = added;
	else
		rollup->names[day->last_name].next = added;
	day->last_name = added;
	return true;
}

static bool add_score(struct voc_day_rollup *rollup, struct day *day, const struct voc_classified *event, int score)
{
	const struct voc_labels *labels = &event->labels;
	add(&day->scores[SCORE_ALL], score);
	add(&day->scores[SCORE_CHANNEL + event->channel], score);
	if (labels->servqual != VOC_SERVQUAL_NONE)
		add(&day->scores[SCORE_SERVQUAL + labels->servqual], score);
	for (int factor = 0; factor < VOC_FACTOR_COUNT; factor++) {
		if (labels->factors >> factor & 1)
			add(&day->scores[SCORE_FACTOR + factor], score);
	}
	return add_name(rollup, day, NAMED_PRODUCT, event->product, score) &&
	       add_name(rollup, day, NAMED_TEAM, event->team, score) &&
	       add_name(rollup, day, NAMED_AGENT, event->agent_id, score);
}

bool voc_day_rollup_add(struct voc_day_rollup *rollup, const struct voc_classified *event)
{
	struct day *day = day_of(rollup, event->time_ms / VOC_DAY_MS);
	int score = voc_contact_score(event);
	if (!day)
		return false;
	day->counts[FIELD_CONTACTS]++;
	day->counts[FIELD_COMPLAINTS] += event->labels.feedback == VOC_FEEDBACK_COMPLAINT;
	day->counts[FIELD_CHURN] += event->labels.churn_intent;
	if (event->gap_said.gap != VOC_GAP_NONE) {
		day->counts[FIELD_GAP + event->gap_said.gap]++;
		day->counts[FIELD_GAP_WEAK + event->gap_said.gap] += event->gap_said.strength == VOC_GAP_WEAK;
	}
	if (event->rating > 0 && event->expected > 0) {
		day->counts[FIELD_PAIRS]++;
		day->counts[FIELD_PERCEIVED] += (uint32_t)event->rating;
		day->counts[FIELD_EXPECTED] += (uint32_t)event->expected;
	}
	return score == VOC_SCORE_NONE || add_score(rollup, day, event, score);
}

bool voc_day_rollup_add_case(struct voc_day_rollup *rollup, int64_t time_ms, int cause, struct voc_str team,
                             struct voc_str product, uint32_t tallies)
{
	const struct voc_str names[CASE_COUNT] = { voc_str_from(voc_cause_name(cause)), team, product };
	struct day *day = day_of(rollup, time_ms / VOC_DAY_MS);
	if (!day)
		return false;
	for (int what = 0; what < VOC_CASE_TALLY_COUNT; what++) {
		if (!(tallies >> what & 1))
			continue;
		day->counts[FIELD_CASE + what]++;
		for (int by = 0; by < CASE_COUNT; by++) {
			if (!add_name(rollup, day, (uint8_t)(NAMED_COUNT + CASE_COUNT * what + by), names[by], 0))
				return false;
		}
	}
	return true;
}

static bool tell_day(const struct day *day, const struct voc_day_teller *teller, void *context)
{
	for (int field = 0; field < FIELD_COUNT; field++) {
		if (day->counts[field] > 0 &&
		    !teller->field(context, day->day, voc_str_from(field_names[field]), day->counts[field]))
			return false;
	}
	for (int i = 0; i < SCORE_COUNT; i++) {
		if (day->scores[i].n > 0 &&
		    (!teller->field(context, day->day, voc_str_from(score_names[i].n), day->scores[i].n) ||
		     !teller->field(context, day->day, voc_str_from(score_names[i].sum), day->scores[i].sum)))
			return false;
	}
	return true;
}

static bool tell_name(int64_t day, const struct name *name, const struct voc_day_teller *teller, void *context)
{
	char whole[VOC_DAY_FIELD_MAX];
	struct voc_str others = voc_str_from(named_prefixes[name->kind]);
	struct voc_str text = voc_str_clip(name->text, sizeof whole - others.len);
	memcpy(whole, others.ptr, others.len);
	memcpy(whole + others.len, text.ptr, text.len);
	struct voc_str field = voc_str_of(whole, others.len + text.len);
	if (name->kind < NAMED_COUNT)
		return teller->name(context, day, others, field, name->scores.n, name->scores.sum);
	if ((name->kind - NAMED_COUNT) % CASE_COUNT == CASE_CAUSE)
		return teller->field(context, day, field, name->scores.n);
	return teller->case_name(context, day, others, field, name->scores.n);
}

bool voc_day_rollup_each(const struct voc_day_rollup *rollup, const struct voc_day_teller *teller, void *context)
{
	for (size_t i = 0; i < rollup->day_count; i++) {
		const struct day *day = &rollup->days[i];
		if (!tell_day(day, teller, context))
			return false;
		for (uint32_t at = day->first_name; at != NONE; at = rollup->names[at].next) {
			if (!tell_name(day->day, &rollup->names[at], teller, context))
				return false;
		}
	}
	return true;
}
