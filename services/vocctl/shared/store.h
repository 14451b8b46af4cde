/*
 * Redis, as the commands use it: connected, and with what voc:meta says. One thread.
 */
#ifndef VOC_VOCCTL_STORE_H
#define VOC_VOCCTL_STORE_H

#include "conf/conf.h"
#include "core/rules/rules.h"
#include "io/redis/redis_query.h"

struct vocctl_store {
	struct voc_redis *redis; /* owned */
	struct voc_redis_meta meta;
};

/* Connects and reads voc:meta. VOC_INVALID: no aggregator has run on this Redis yet. */
VOC_MUST_CHECK enum voc_status vocctl_store_open(struct vocctl_store *store, const struct voc_conf *conf,
                                                 struct voc_error *error);
void vocctl_store_close(struct vocctl_store *store);
/* The customer's hash: that of the partition that the id falls into. */
VOC_MUST_CHECK enum voc_status vocctl_store_customer(struct vocctl_store *store, struct voc_str customer_id,
                                                     struct voc_redis_fields *ret_fields, struct voc_error *error);
/* The rules in force in a partition; *ret_known is false where none are yet. */
VOC_MUST_CHECK enum voc_status vocctl_store_rules(struct vocctl_store *store, int32_t partition,
                                                  struct voc_rules *ret_rules, bool *ret_known,
                                                  struct voc_error *error);

#endif
