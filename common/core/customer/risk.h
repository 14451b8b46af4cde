/*
 * The risk score: a sum of decaying contributions in fixed point, and the state that follows from it.
 *
 * docs/SEMANTICS.md, "Risk", to the bit: thousandths of a point, integers only, time is the event's own. Pure, any
 * thread.
 */
#ifndef VOC_CORE_RISK_H
#define VOC_CORE_RISK_H

#include "core/classify/classified.h"
#include "core/rules/rules.h"

#define VOC_RISK_POINTS_MAX 200000 /* thousandths; what is above 100 points takes longer to decay */

/* X(symbol, name) */
#define VOC_RISK_STATES(X)             \
	X(VOC_RISK_NORMAL, "normal")   \
	X(VOC_RISK_AT_RISK, "at_risk") \
	X(VOC_RISK_CRITICAL, "critical")

#define X(symbol, name) symbol,
enum voc_risk_state { VOC_RISK_STATES(X) VOC_RISK_STATE_COUNT };
#undef X

/* NULL for a value outside of the enum. Static strings. */
const char *voc_risk_state_name(enum voc_risk_state state);
bool voc_risk_state_parse(struct voc_str name, enum voc_risk_state *ret_state);

/* What is left of `points` after `dt_ms` (not negative). */
int64_t voc_risk_decay(int64_t points, int64_t dt_ms, int64_t half_life_ms);

/* Why an event weighs what it weighs: thousandths for each weight, 0 where it does not apply. */
struct voc_risk_terms {
	int64_t points[VOC_WEIGHT_COUNT];
	int64_t sum;
};
/* `repeats`: troubles within the window that had the same primary factor; capped here. */
void voc_risk_terms(const struct voc_rules *rules, const struct voc_classified *event, int repeats,
                    struct voc_risk_terms *ret_terms);

/* The score, and the time that it was decayed to. */
struct voc_risk {
	int64_t at_ms;
	int32_t points; /* 0 to VOC_RISK_POINTS_MAX */
};
/* An event of weight `sum` at `time_ms`; an event older than the score counts what would be left of it. */
struct voc_risk voc_risk_add(struct voc_risk risk, int64_t sum, int64_t time_ms, int64_t half_life_ms);
/* 0 to 100. */
int voc_risk_level(struct voc_risk risk);
enum voc_risk_state voc_risk_next_state(const struct voc_rules *rules, enum voc_risk_state state, int level);

/* A complaint, or anything dissatisfied: what a repetition is counted from. */
bool voc_risk_is_trouble(const struct voc_labels *labels);

#endif
