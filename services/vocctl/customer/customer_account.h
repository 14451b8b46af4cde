/*
 * The customer behind the contacts, for vocctl customer: profile, relationship stage, value, the priority that an alert
 * would have now, and the cases with their deadlines. One thread.
 */
#ifndef VOC_VOCCTL_CUSTOMER_ACCOUNT_H
#define VOC_VOCCTL_CUSTOMER_ACCOUNT_H

#include "base/json_write.h"
#include "core/customer/account_tell.h"
#include "core/customer/case.h"
#include "core/customer/value_counts.h"
#include "core/rules/rules.h"
#include "io/redis/redis_query.h"

struct customer_account {
	struct voc_account *account; /* owned; NULL where neither profile nor order is known */
	struct voc_cases cases;      /* owned */
	bool has_priority;           /* the rules in force have it */
	bool top_fifth;
	struct voc_priority priority;
	int64_t now_ms;
};

/*
 * From a customer's hash; `values` are those of the partition, `rules` may be NULL. VOC_FATAL if what stands there is
 * not what this version writes. Free with customer_account_free, also after a failure.
 */
VOC_MUST_CHECK enum voc_status customer_account_read(const struct voc_redis_fields *fields,
                                                     const struct voc_value_counts *values,
                                                     const struct voc_rules *rules, int64_t now_ms,
                                                     struct customer_account *ret_account, struct voc_error *error);
void customer_account_free(struct customer_account *account);

/* The rule whose advice an open case calls for; -1: none does. */
int customer_account_rule(const struct customer_account *account);

/* Lines for people; the members `relationship`, `profile`, `priority` and `cases`, those that there are. */
void customer_account_show(struct voc_buf *out, const struct customer_account *account);
void customer_account_write(struct voc_json_writer *json, const struct customer_account *account);

#endif
