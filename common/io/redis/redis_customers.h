/*
 * Some fields of every customer of a partition, for vocctl. Works on a connected voc_redis; statuses are those of
 * voc_redis_exchange and voc_redis_expect. Reads only, page by page: what is told is of no one moment, and a customer
 * may be told twice. One thread.
 */
#ifndef VOC_IO_REDIS_CUSTOMERS_H
#define VOC_IO_REDIS_CUSTOMERS_H

#include "io/redis/redis.h"

#define VOC_REDIS_CUSTOMER_FIELDS_MAX 16

/* Is told of one customer: values in the order of the names, NULL pointers where there is none; borrowed. False stops.
 */
typedef bool voc_redis_customer_fn(void *context, struct voc_str customer_id, const struct voc_str *values);

/* `count` is at most VOC_REDIS_CUSTOMER_FIELDS_MAX. VOC_FATAL too if `each` stopped it. */
VOC_MUST_CHECK enum voc_status voc_redis_each_customer(struct voc_redis *redis, int32_t partition,
                                                       const char *const *names, size_t count,
                                                       voc_redis_customer_fn *each, void *context,
                                                       struct voc_error *error);

#endif
