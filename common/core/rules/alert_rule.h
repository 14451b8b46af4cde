/*
 * Alert rules and severities: the one table of what can be told about a customer. Names are public. Pure, any thread.
 */
#ifndef VOC_CORE_ALERT_RULE_H
#define VOC_CORE_ALERT_RULE_H

#include "base/str.h"

/* Told by a contact, each with a cooldown. In the order in which one event's alerts are sent. X(symbol, name, text) */
#define VOC_MARKED_RULES(X)                                                                      \
	X(VOC_RULE_CHURN_INTENT, "churn_intent", "the customer says that they leave")            \
	X(VOC_RULE_REPEAT_COMPLAINT, "repeat_complaint", "several complaints within the window") \
	X(VOC_RULE_RISK_RAISED, "risk_raised", "the risk rose to the raise threshold")           \
	X(VOC_RULE_RISK_CRITICAL, "risk_critical", "the risk rose to the critical threshold")    \
	X(VOC_RULE_RISK_CLEARED, "risk_cleared", "the risk fell below the clear threshold")

/* Told once for what happened to a case; known only to rules that have `cases`. */
#define VOC_CASE_RULES(X)                                                                                      \
	X(VOC_RULE_CASE_REOPENED, "case_reopened", "the trouble of a resolved case is back")                   \
	X(VOC_RULE_CASE_RESPOND_OVERDUE, "case_respond_overdue", "a case was not answered in time")            \
	X(VOC_RULE_CASE_RESOLVE_OVERDUE, "case_resolve_overdue", "a case was not resolved in time")            \
	X(VOC_RULE_CASE_ESCALATED, "case_escalated", "an unresolved case went to the next step of escalation") \
	X(VOC_RULE_CASE_SILENT, "case_silent", "a customer with an open case was not heard of, nor spoken to")

/* Told once for what happened to the relationship; known only to rules that have `stages`. */
#define VOC_ACCOUNT_RULES(X)                                                                                \
	X(VOC_RULE_STAGE_CHANGED, "stage_changed", "the relationship is at another stage")                  \
	X(VOC_RULE_ADVOCATE_TURNING, "advocate_turning", "one who speaks well of us is in trouble with us") \
	X(VOC_RULE_CLIENT_LAPSING, "client_lapsing", "a regular customer has not ordered for longer than usual")

#define VOC_RULES(X) VOC_MARKED_RULES(X) VOC_CASE_RULES(X) VOC_ACCOUNT_RULES(X)

#define VOC_SEVERITIES(X)                  \
	X(VOC_SEVERITY_NONE, "none")       \
	X(VOC_SEVERITY_INFO, "info")       \
	X(VOC_SEVERITY_WARNING, "warning") \
	X(VOC_SEVERITY_CRITICAL, "critical")

#define X(symbol, ...) symbol,
enum voc_rule { VOC_RULES(X) VOC_RULE_COUNT };
enum voc_severity { VOC_SEVERITIES(X) VOC_SEVERITY_COUNT };
#undef X
#define X(symbol, ...) +1
enum { VOC_RULE_MARKED_COUNT = 0 VOC_MARKED_RULES(X) };
#undef X

/* NULL for a value outside of its enum. Static strings. */
const char *voc_rule_name(enum voc_rule rule);
const char *voc_severity_name(enum voc_severity severity);
bool voc_rule_parse(struct voc_str name, enum voc_rule *ret_rule);
bool voc_severity_parse(struct voc_str name, enum voc_severity *ret_severity);

#endif
