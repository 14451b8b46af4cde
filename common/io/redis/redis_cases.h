/*
 * The cases of a partition as Redis holds them, for vocctl. Works on a connected voc_redis; statuses are those of
 * voc_redis_exchange and voc_redis_expect. Reads only, page by page: a list is of no one moment. One thread.
 */
#ifndef VOC_IO_REDIS_CASES_H
#define VOC_IO_REDIS_CASES_H

#include "core/customer/case.h"
#include "io/redis/redis.h"

/* Is told of one case, borrowed for the call; false stops. */
typedef bool voc_redis_case_fn(void *context, struct voc_str customer_id, const struct voc_case *one);

/* All of them: each has one entry in voc:{P}:due that says when it is settled. VOC_FATAL too if `each` stopped it. */
VOC_MUST_CHECK enum voc_status voc_redis_query_cases(struct voc_redis *redis, int32_t partition,
                                                     voc_redis_case_fn *each, void *context, struct voc_error *error);

#endif
