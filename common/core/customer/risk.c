#include "core/customer/risk.h"

#define POINT 1000 /* thousandths */

static const char *const state_names[] = {
#define X(symbol, name) name,
	VOC_RISK_STATES(X)
#undef X
};

const char *voc_risk_state_name(enum voc_risk_state state)
{
	return (unsigned)state < VOC_RISK_STATE_COUNT ? state_names[state] : NULL;
}

bool voc_risk_state_parse(struct voc_str name, enum voc_risk_state *ret_state)
{
	int found = voc_str_index(name, state_names, VOC_RISK_STATE_COUNT);
	if (found >= 0)
		*ret_state = (enum voc_risk_state)found;
	return found >= 0;
}

/*
 * floor(2^32 * 2^(-1/2^i)) for i = 1 to 16: what is left after a half, a quarter, an eighth ... of a half-life. Each is
 * the square root of the one before, starting from a half: floor(2^32 * sqrt(1/2)), floor(2^32 * sqrt(sqrt(1/2))), ...
 */
static const uint32_t roots[16] = {
	0xB504F333, 0xD744FCCA, 0xEAC0C6E7, 0xF5257D15, 0xFA83B2DB, 0xFD3E0C0C, 0xFE9E115C, 0xFF4ECB59,
	0xFFA75652, 0xFFD3A751, 0xFFE9D2B2, 0xFFF4E91B, 0xFFFA747E, 0xFFFD3A3B, 0xFFFE9D1C, 0xFFFF4E8E,
};

int64_t voc_risk_decay(int64_t points, int64_t dt_ms, int64_t half_life_ms)
{
	if (dt_ms > 100 * half_life_ms)
		return 0;
	/* Half-lives in 16.16 fixed point: whole ones are shifts, each bit of the fraction is one of the roots. */
	int64_t half_lives = dt_ms * 65536 / half_life_ms;
	int64_t whole = half_lives >> 16;
	if (whole > 40)
		return 0;
	uint64_t left = (uint64_t)(points < 0 ? -points : points) >> whole;
	for (int i = 0; i < 16; i++) {
		if (half_lives >> (15 - i) & 1)
			left = left * roots[i] >> 32;
	}
	return points < 0 ? -(int64_t)left : (int64_t)left;
}

bool voc_risk_is_trouble(const struct voc_labels *labels)
{
	return labels->feedback == VOC_FEEDBACK_COMPLAINT || labels->satisfaction == VOC_SATISFACTION_DISSATISFIED;
}

static void count(struct voc_risk_terms *terms, const struct voc_rules *rules, int weight, int64_t times)
{
	int64_t points = times * rules->weights[weight] * POINT;
	terms->points[weight] = points;
	terms->sum += points;
}

_Static_assert(VOC_WEIGHT_TANGIBLES - VOC_WEIGHT_RELIABILITY == VOC_SERVQUAL_TANGIBLES - VOC_SERVQUAL_RELIABILITY,
               "weights of the dimensions stand in the dimensions' order");
_Static_assert(VOC_WEIGHT_WORD_OF_MOUTH - VOC_WEIGHT_EMOTION == VOC_FACTOR_WORD_OF_MOUTH - VOC_FACTOR_EMOTION,
               "weights of the factors stand in the factors' order");

static void count_trouble(struct voc_risk_terms *terms, const struct voc_rules *rules, const struct voc_labels *labels,
                          int repeats)
{
	count(terms, rules, VOC_WEIGHT_COMPLAINT, labels->feedback == VOC_FEEDBACK_COMPLAINT);
	count(terms, rules, VOC_WEIGHT_DISSATISFIED, labels->satisfaction == VOC_SATISFACTION_DISSATISFIED);
	if (labels->servqual != VOC_SERVQUAL_NONE)
		count(terms, rules, VOC_WEIGHT_RELIABILITY + (int)labels->servqual - VOC_SERVQUAL_RELIABILITY, 1);
	for (int factor = VOC_FACTOR_EMOTION; factor <= VOC_FACTOR_WORD_OF_MOUTH; factor++)
		count(terms, rules, VOC_WEIGHT_EMOTION + factor - VOC_FACTOR_EMOTION, labels->factors >> factor & 1);
	if (labels->primary_factor != VOC_FACTOR_NONE)
		count(terms, rules, VOC_WEIGHT_REPEAT, repeats < rules->repeat_max ? repeats : rules->repeat_max);
}

void voc_risk_terms(const struct voc_rules *rules, const struct voc_classified *event, int repeats,
                    struct voc_risk_terms *ret_terms)
{
	const struct voc_labels *labels = &event->labels;
	struct voc_risk_terms terms = { 0 };
	if (voc_risk_is_trouble(labels))
		count_trouble(&terms, rules, labels, repeats);
	count(&terms, rules, VOC_WEIGHT_CHURN_INTENT, labels->churn_intent);
	count(&terms, rules, VOC_WEIGHT_RATING_1, event->rating == 1);
	count(&terms, rules, VOC_WEIGHT_RATING_2, event->rating == 2);
	count(&terms, rules, VOC_WEIGHT_SATISFIED, labels->satisfaction == VOC_SATISFACTION_SATISFIED);
	count(&terms, rules, VOC_WEIGHT_DELIGHTED, labels->satisfaction == VOC_SATISFACTION_DELIGHTED);
	*ret_terms = terms;
}

struct voc_risk voc_risk_add(struct voc_risk risk, int64_t sum, int64_t time_ms, int64_t half_life_ms)
{
	int64_t points;
	if (time_ms >= risk.at_ms) {
		points = voc_risk_decay(risk.points, time_ms - risk.at_ms, half_life_ms) + sum;
		risk.at_ms = time_ms;
	} else {
		points = risk.points + voc_risk_decay(sum, risk.at_ms - time_ms, half_life_ms);
	}
	if (points < 0)
		points = 0;
	if (points > VOC_RISK_POINTS_MAX)
		points = VOC_RISK_POINTS_MAX;
	risk.points = (int32_t)points;
	return risk;
}

int voc_risk_level(struct voc_risk risk)
{
	int level = risk.points / POINT;
	return level < 100 ? level : 100;
}

enum voc_risk_state voc_risk_next_state(const struct voc_rules *rules, enum voc_risk_state state, int level)
{
	if (state != VOC_RISK_NORMAL && level < rules->clear)
		return VOC_RISK_NORMAL;
	if (level >= rules->critical)
		return VOC_RISK_CRITICAL;
	if (state == VOC_RISK_CRITICAL)
		return level < rules->raise ? VOC_RISK_AT_RISK : VOC_RISK_CRITICAL;
	return state == VOC_RISK_AT_RISK || level >= rules->raise ? VOC_RISK_AT_RISK : VOC_RISK_NORMAL;
}
