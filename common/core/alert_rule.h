/*
 * Alert rules and severities: the one table of what can be told about a customer. Names are public. Pure, any thread.
 */
#ifndef VOC_CORE_ALERT_RULE_H
#define VOC_CORE_ALERT_RULE_H

#include "base/str.h"

/* In the order in which one event's alerts are sent. X(symbol, name, what it means) */
#define VOC_RULES(X)                                                                             \
	X(VOC_RULE_CHURN_INTENT, "churn_intent", "the customer says that they leave")            \
	X(VOC_RULE_REPEAT_COMPLAINT, "repeat_complaint", "several complaints within the window") \
	X(VOC_RULE_RISK_RAISED, "risk_raised", "the risk rose to the raise threshold")           \
	X(VOC_RULE_RISK_CRITICAL, "risk_critical", "the risk rose to the critical threshold")    \
	X(VOC_RULE_RISK_CLEARED, "risk_cleared", "the risk fell below the clear threshold")

#define VOC_SEVERITIES(X)                  \
	X(VOC_SEVERITY_NONE, "none")       \
	X(VOC_SEVERITY_INFO, "info")       \
	X(VOC_SEVERITY_WARNING, "warning") \
	X(VOC_SEVERITY_CRITICAL, "critical")

#define X(symbol, ...) symbol,
enum voc_rule { VOC_RULES(X) VOC_RULE_COUNT };
enum voc_severity { VOC_SEVERITIES(X) VOC_SEVERITY_COUNT };
#undef X

/* NULL for a value outside of its enum. Static strings. */
const char *voc_rule_name(enum voc_rule rule);
const char *voc_severity_name(enum voc_severity severity);
bool voc_rule_parse(struct voc_str name, enum voc_rule *ret_rule);
bool voc_severity_parse(struct voc_str name, enum voc_severity *ret_severity);

#endif
