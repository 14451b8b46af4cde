/*
 * A customer's hash (docs/SEMANTICS.md), what to do next and the journey, as a page for people or as JSON. Pure.
 */
#ifndef VOC_VOCCTL_CUSTOMER_PAGE_H
#define VOC_VOCCTL_CUSTOMER_PAGE_H

#include "core/rules/rules.h"
#include "customer_account.h"
#include "io/redis/redis_query.h"
#include "timeline.h"

/* What is known of one customer; borrowed. */
struct customer_view {
	struct voc_str id;
	int32_t partition;
	const struct voc_redis_fields *fields;
	const struct voc_rules *rules;   /* in force for the customer; NULL if none are known */
	const struct timeline *timeline; /* NULL if it was not asked for */
	const struct customer_account *account;
};

void customer_page(struct voc_buf *out, const struct customer_view *view, bool colour);
/* One object and a newline: "customer_id", "partition", the fields, integers as numbers, what
 * customer_account_write tells, "next_step", "timeline". */
void customer_page_json(struct voc_buf *out, const struct customer_view *view);

#endif
