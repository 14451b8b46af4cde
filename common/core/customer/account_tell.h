/*
 * What an alert says of the account, and its priority: risk times stage times value times repetition, each term told
 * (docs/SEMANTICS.md). Pure, any thread.
 */
#ifndef VOC_CORE_ACCOUNT_TELL_H
#define VOC_CORE_ACCOUNT_TELL_H

#include "core/customer/account.h"
#include "core/rules/alert_rule.h"

/* Appends the alert's member `relationship`. */
void voc_account_tell(const struct voc_account *account, int64_t time_ms, bool top_fifth, struct voc_buf *buf);

struct voc_priority_case {
	enum voc_severity severity;
	int risk; /* 0 to 100 */
	enum voc_stage stage;
	bool top_fifth;
	int troubles; /* within the window of repetition, this one included */
};

struct voc_priority {
	int64_t score;                    /* the product */
	int64_t risk;                     /* or what the severity alone is worth, if that is more */
	int64_t stage, value, repetition; /* percent */
};

struct voc_priority voc_priority_of(const struct voc_account_rules *rules, const struct voc_priority_case *about);
/* Appends the alert's member `priority`. */
void voc_priority_tell(const struct voc_priority *priority, struct voc_buf *buf);

#endif
