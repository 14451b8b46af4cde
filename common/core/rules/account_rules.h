/*
 * What rules say of accounts: the sections `stages`, `value` and `priority` of the rules file, which come together.
 * Rules without them, as all were that are older than these sections, compute none of it. Plain values.
 */
#ifndef VOC_CORE_ACCOUNT_RULES_H
#define VOC_CORE_ACCOUNT_RULES_H

#include "core/record/fact.h"

/* X(symbol, member of `stages`, least, most) */
#define VOC_STAGE_RULES(X)                                                \
	X(VOC_STAGES_CLIENT_ORDERS, "client_orders", 1, 100000)           \
	X(VOC_STAGES_ADVOCATE_ORDERS, "advocate_orders", 1, 100000)       \
	X(VOC_STAGES_ADVOCATE_DELIGHTED, "advocate_delighted", 0, 100000) \
	X(VOC_STAGES_ADVOCATE_INDEX, "advocate_index", 0, 100)            \
	X(VOC_STAGES_PARTNER_ORDERS, "partner_orders", 1, 100000)         \
	X(VOC_STAGES_PARTNER_DAYS, "partner_days", 0, 36500)              \
	X(VOC_STAGES_USUAL_DAYS, "usual_days", 1, 3650)                   \
	X(VOC_STAGES_LEAST_DAYS, "least_days", 1, 3650)                   \
	X(VOC_STAGES_LAPSE_PERCENT, "lapse_percent", 100, 10000)

/* X(symbol, member of `value`, least, most) */
#define VOC_VALUE_RULES(X)                                   \
	X(VOC_VALUE_MARGIN, "margin_permille", 0, 1000)      \
	X(VOC_VALUE_RETENTION, "retention_permille", 0, 999) \
	X(VOC_VALUE_DISCOUNT, "discount_permille", 0, 1000)

/* X(symbol, member of `priority`, least, most): a floor of the risk by severity, percentages by stage, value,
 * repetition */
#define VOC_PRIORITY_RULES(X)                             \
	X(VOC_PRIORITY_INFO, "info", 0, 100)              \
	X(VOC_PRIORITY_WARNING, "warning", 0, 100)        \
	X(VOC_PRIORITY_CRITICAL, "critical", 0, 100)      \
	X(VOC_PRIORITY_NONE, "none", 1, 1000)             \
	X(VOC_PRIORITY_PROSPECT, "prospect", 1, 1000)     \
	X(VOC_PRIORITY_CUSTOMER, "customer", 1, 1000)     \
	X(VOC_PRIORITY_CLIENT, "client", 1, 1000)         \
	X(VOC_PRIORITY_ADVOCATE, "advocate", 1, 1000)     \
	X(VOC_PRIORITY_PARTNER, "partner", 1, 1000)       \
	X(VOC_PRIORITY_TOP_FIFTH, "top_fifth", 100, 1000) \
	X(VOC_PRIORITY_REPETITION, "repetition", 0, 1000) \
	X(VOC_PRIORITY_REPETITION_MAX, "repetition_max", 0, 8)

#define X(symbol, ...) symbol,
enum { VOC_STAGE_RULES(X) VOC_STAGE_RULE_COUNT };
enum { VOC_VALUE_RULES(X) VOC_VALUE_RULE_COUNT };
enum { VOC_PRIORITY_RULES(X) VOC_PRIORITY_RULE_COUNT };
#undef X

struct voc_account_rules {
	bool on; /* the file has them */
	int64_t stages[VOC_STAGE_RULE_COUNT];
	int64_t value[VOC_VALUE_RULE_COUNT];
	int64_t priority[VOC_PRIORITY_RULE_COUNT];
};

#endif
