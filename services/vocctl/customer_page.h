/*
 * A customer's hash (docs/SEMANTICS.md) as a page for people, or as JSON. Pure.
 */
#ifndef VOC_VOCCTL_CUSTOMER_PAGE_H
#define VOC_VOCCTL_CUSTOMER_PAGE_H

#include "io/redis_query.h"

void customer_page(struct voc_buf *out, struct voc_str id, const struct voc_redis_fields *fields, bool colour);
/* One object and a newline: "customer_id", "partition", then the fields, integers as numbers. */
void customer_page_json(struct voc_buf *out, struct voc_str id, int32_t partition,
                        const struct voc_redis_fields *fields);

#endif
