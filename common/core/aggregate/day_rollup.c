#include "core/aggregate/day_rollup.h"

#include "core/customer/risk.h"

#include <stdlib.h>

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
	FIELD_GAP_LATE = FIELD_GAP_WEAK + VOC_GAP_COUNT,
	FIELD_NEED = FIELD_GAP_LATE + VOC_GAP_COUNT,
	FIELD_NEED_UNMET = FIELD_NEED + VOC_NEED_COUNT,
	FIELD_CASE = FIELD_NEED_UNMET + VOC_NEED_COUNT,
	FIELD_COUNT = FIELD_CASE + VOC_CASE_TALLY_COUNT,
};
static const char *const field_names[FIELD_COUNT] = { [FIELD_CONTACTS] = "contacts",
	                                              [FIELD_COMPLAINTS] = "complaints",
	                                              [FIELD_CHURN] = "churn_intents",
	                                              [FIELD_PAIRS] = "pairs",
	                                              [FIELD_PERCEIVED] = "perceived",
	                                              [FIELD_EXPECTED] = "expected",
#define X(symbol, name, ...)                                                              \
	[FIELD_GAP + symbol] = "gap:" name, [FIELD_GAP_WEAK + symbol] = "gap_weak:" name, \
	             [FIELD_GAP_LATE + symbol] = "gap_late:" name,
	                                              VOC_GAPS(X)
#undef X
#define X(symbol, name, ...) [FIELD_NEED + symbol] = "need:" name, [FIELD_NEED_UNMET + symbol] = "need_unmet:" name,
	                                                      VOC_NEEDS(X)
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

struct scores {
	uint32_t n, sum;
};

struct day {
	uint32_t counts[FIELD_COUNT];
	struct scores scores[SCORE_COUNT];
};

struct voc_day_rollup {
	struct voc_periods periods;
	struct day *days; /* by place */
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
	rollup->days = calloc(max_events, sizeof *rollup->days);
	if (!voc_periods_init(&rollup->periods, max_events) || !rollup->days) {
		voc_day_rollup_free(rollup);
		return NULL;
	}
	return rollup;
}

void voc_day_rollup_free(struct voc_day_rollup *rollup)
{
	if (!rollup)
		return;
	voc_periods_free(&rollup->periods);
	free(rollup->days);
	free(rollup);
}

void voc_day_rollup_clear(struct voc_day_rollup *rollup)
{
	memset(rollup->days, 0, rollup->periods.count * sizeof *rollup->days);
	voc_periods_clear(&rollup->periods);
}

static void add(struct scores *scores, int score)
{
	scores->n++;
	scores->sum += (uint32_t)score;
}

static bool add_score(struct voc_day_rollup *rollup, uint32_t place, const struct voc_classified *event, int score)
{
	const struct voc_labels *labels = &event->labels;
	struct scores *scores = rollup->days[place].scores;
	add(&scores[SCORE_ALL], score);
	add(&scores[SCORE_CHANNEL + event->channel], score);
	if (labels->servqual != VOC_SERVQUAL_NONE)
		add(&scores[SCORE_SERVQUAL + labels->servqual], score);
	for (int factor = 0; factor < VOC_FACTOR_COUNT; factor++) {
		if (labels->factors >> factor & 1)
			add(&scores[SCORE_FACTOR + factor], score);
	}
	struct voc_periods *periods = &rollup->periods;
	return voc_periods_count_name(periods, place, VOC_NAMED_PRODUCT, event->product, score) &&
	       voc_periods_count_name(periods, place, VOC_NAMED_TEAM, event->team, score) &&
	       voc_periods_count_name(periods, place, VOC_NAMED_AGENT, event->agent_id, score);
}

static void count_event(uint32_t *counts, const struct voc_classified *event)
{
	counts[FIELD_CONTACTS]++;
	counts[FIELD_COMPLAINTS] += event->labels.feedback == VOC_FEEDBACK_COMPLAINT;
	counts[FIELD_CHURN] += event->labels.churn_intent;
	if (event->gap_said.gap != VOC_GAP_NONE) {
		counts[FIELD_GAP + event->gap_said.gap]++;
		counts[FIELD_GAP_WEAK + event->gap_said.gap] += event->gap_said.strength == VOC_GAP_WEAK;
	}
	for (uint32_t need = 0; event->needs_said != 0 && need < VOC_NEED_COUNT; need++) {
		counts[FIELD_NEED + need] += event->needs_said >> need & 1;
		counts[FIELD_NEED_UNMET + need] +=
		        (event->needs_said >> need & 1) && voc_risk_is_trouble(&event->labels);
	}
	if (event->rating > 0 && event->expected > 0) {
		counts[FIELD_PAIRS]++;
		counts[FIELD_PERCEIVED] += (uint32_t)event->rating;
		counts[FIELD_EXPECTED] += (uint32_t)event->expected;
	}
}

bool voc_day_rollup_add(struct voc_day_rollup *rollup, const struct voc_classified *event)
{
	uint32_t place = voc_periods_place(&rollup->periods, event->time_ms / VOC_DAY_MS);
	int score = voc_contact_score(event);
	if (place == VOC_PLACE_NONE)
		return false;
	count_event(rollup->days[place].counts, event);
	return score == VOC_SCORE_NONE || add_score(rollup, place, event, score);
}

bool voc_day_rollup_add_late_gap(struct voc_day_rollup *rollup, const struct voc_classified *event)
{
	uint32_t place = voc_periods_place(&rollup->periods, event->time_ms / VOC_DAY_MS);
	if (place == VOC_PLACE_NONE)
		return false;
	rollup->days[place].counts[FIELD_GAP_LATE + event->gap_said.gap]++;
	return true;
}

bool voc_day_rollup_add_case(struct voc_day_rollup *rollup, int64_t time_ms, const struct voc_case_names *names,
                             uint32_t tallies)
{
	uint32_t place = voc_periods_place(&rollup->periods, time_ms / VOC_DAY_MS);
	if (place == VOC_PLACE_NONE)
		return false;
	for (int tally = 0; tally < VOC_CASE_TALLY_COUNT; tally++)
		rollup->days[place].counts[FIELD_CASE + tally] += tallies >> tally & 1;
	return voc_periods_count_case(&rollup->periods, place, names, tallies);
}

static bool tell_day(int64_t number, const struct day *day, const struct voc_day_teller *teller, void *context)
{
	for (int field = 0; field < FIELD_COUNT; field++) {
		if (day->counts[field] > 0 &&
		    !teller->field(context, number, voc_str_from(field_names[field]), day->counts[field]))
			return false;
	}
	for (int i = 0; i < SCORE_COUNT; i++) {
		if (day->scores[i].n > 0 &&
		    (!teller->field(context, number, voc_str_from(score_names[i].n), day->scores[i].n) ||
		     !teller->field(context, number, voc_str_from(score_names[i].sum), day->scores[i].sum)))
			return false;
	}
	return true;
}

static bool tell_name(int64_t day, const struct voc_period_name *name, const struct voc_day_teller *teller,
                      void *context)
{
	char buf[VOC_NAMED_FIELD_MAX];
	struct voc_str field = voc_named_field(buf, name->kind, name->text), others = voc_named_prefix(name->kind);
	if (name->kind < VOC_NAMED_COUNT)
		return teller->name(context, day, others, field, name->n, name->sum);
	if (voc_named_case_by(name->kind) == VOC_CASE_BY_CAUSE)
		return teller->field(context, day, field, name->n);
	return teller->case_name(context, day, others, field, name->n);
}

bool voc_day_rollup_each(const struct voc_day_rollup *rollup, const struct voc_day_teller *teller, void *context)
{
	const struct voc_periods *periods = &rollup->periods;
	for (size_t i = 0; i < periods->count; i++) {
		const struct voc_period *day = &periods->items[i];
		if (day->number < 0)
			continue;
		if (!tell_day(day->number, &rollup->days[i], teller, context))
			return false;
		for (uint32_t at = day->first_name; at != VOC_PLACE_NONE; at = periods->names[at].next) {
			if (!tell_name(day->number, &periods->names[at], teller, context))
				return false;
		}
	}
	return true;
}
