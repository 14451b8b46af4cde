/*
 * The rules: weights, thresholds, windows, cooldowns and advice, read from a JSON file (VOC_RULES; the default is
 * deploy/rules.json). A plain value that owns nothing: immutable once parsed, any thread may read it.
 */
#ifndef VOC_CORE_RULES_H
#define VOC_CORE_RULES_H

#include "base/err.h"
#include "core/record/labels.h"
#include "core/rules/account_rules.h"
#include "core/rules/alert_rule.h"
#include "core/rules/case_rules.h"

#define VOC_RULES_MAX_BYTES    65536 /* of the file */
#define VOC_RULES_VERSION_SIZE 64    /* with the NUL */
#define VOC_FOLLOW_UP_SIZE     400   /* with the NUL */

/*
 * The weights, and the terms of an explained risk score, in the order in which terms are told.
 * X(symbol, member of `weights`, name of the term). `repeat` is per repetition; the two ratings share a term.
 */
#define VOC_WEIGHTS(X)                                                            \
	X(VOC_WEIGHT_COMPLAINT, "complaint", "complaint")                         \
	X(VOC_WEIGHT_DISSATISFIED, "dissatisfied", "dissatisfied")                \
	X(VOC_WEIGHT_RELIABILITY, "reliability", "servqual:reliability")          \
	X(VOC_WEIGHT_RESPONSIVENESS, "responsiveness", "servqual:responsiveness") \
	X(VOC_WEIGHT_ASSURANCE, "assurance", "servqual:assurance")                \
	X(VOC_WEIGHT_EMPATHY, "empathy", "servqual:empathy")                      \
	X(VOC_WEIGHT_TANGIBLES, "tangibles", "servqual:tangibles")                \
	X(VOC_WEIGHT_EMOTION, "emotion", "factor:emotion")                        \
	X(VOC_WEIGHT_ATTRIBUTION, "attribution", "factor:attribution")            \
	X(VOC_WEIGHT_EQUITY, "equity", "factor:equity")                           \
	X(VOC_WEIGHT_WORD_OF_MOUTH, "word_of_mouth", "factor:word_of_mouth")      \
	X(VOC_WEIGHT_CHURN_INTENT, "churn_intent", "churn_intent")                \
	X(VOC_WEIGHT_REPEAT, "repeat", "repeat")                                  \
	X(VOC_WEIGHT_RATING_1, "rating_1", "rating")                              \
	X(VOC_WEIGHT_RATING_2, "rating_2", "rating")                              \
	X(VOC_WEIGHT_SATISFIED, "satisfied", "satisfied")                         \
	X(VOC_WEIGHT_DELIGHTED, "delighted", "delighted")

#define X(symbol, ...) symbol,
enum voc_weight { VOC_WEIGHTS(X) VOC_WEIGHT_COUNT };
#undef X

enum voc_advice_lang { VOC_ADVICE_KO, VOC_ADVICE_EN, VOC_ADVICE_COUNT };

struct voc_rules {
	char version[VOC_RULES_VERSION_SIZE]; /* "<the file's>-<8 hex digits of SHA-256 of the canonical text>" */
	int raise, critical, clear;           /* thresholds of risk, 1 to 100; clear < raise < critical */
	int weights[VOC_WEIGHT_COUNT];        /* whole points, -1000 to 1000 */
	int repeat_max;                       /* most repetitions that count for one event */
	int64_t repeat_window_ms;
	int repeat_complaint_count;
	int64_t repeat_complaint_window_ms;
	int64_t half_life_ms;
	int importance[VOC_SERVQUAL_COUNT]; /* of the SERVQUAL dimensions, in hundredths of the whole: what reports
	                                       weigh by */
	int64_t cooldown_ms[VOC_RULE_MARKED_COUNT];
	char follow_up[VOC_RULE_COUNT][VOC_ADVICE_COUNT][VOC_FOLLOW_UP_SIZE];
	struct voc_case_rules cases;
	struct voc_account_rules account;
};

/*
 * Reads the file's bytes. Every member but `importance`, `cases` and, all three together, `stages`, `value` and
 * `priority` is required (and the advice for what is told of cases and stages comes and goes with them), no other is
 * allowed, a member named twice is an error. Without `importance` it is voc_importance_default. VOC_FATAL with
 * VOC_REASON_CONFIG and the member's path ("weights.churn_intent: ...") otherwise.
 */
VOC_MUST_CHECK enum voc_status voc_rules_parse(struct voc_str json, struct voc_rules *ret_rules,
                                               struct voc_error *error);

/*
 * The same, and the canonical text (RFC 8785) replaces what `ret_canonical` holds: never longer than `json`, and what
 * the version is bound to.
 */
VOC_MUST_CHECK enum voc_status voc_rules_read(struct voc_str json, struct voc_rules *ret_rules,
                                              struct voc_buf *ret_canonical, struct voc_error *error);

/*
 * How customers spread 100 points over the dimensions: 32, 22, 19, 16, 11 (Zeithaml, Parasuraman, Berry 1990,
 * Delivering Quality Service).
 */
extern const int voc_importance_default[VOC_SERVQUAL_COUNT];

/* The name of the term that a weight makes: "servqual:reliability". NULL for a value outside of the enum. */
const char *voc_weight_term(enum voc_weight weight);
/* The advice for a rule; Korean for "ko", else English. Borrowed from `rules`. */
struct voc_str voc_rules_follow_up(const struct voc_rules *rules, enum voc_rule rule, const char *lang);

#endif
