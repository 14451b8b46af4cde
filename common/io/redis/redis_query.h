/*
 * Reading what the aggregator keeps in Redis: for vocctl, and for whoever only looks.
 *
 * Works on a connected voc_redis (redis.h). Each call is one exchange; what it returns is borrowed from the
 * connection until its next exchange. Statuses are those of voc_redis_exchange and voc_redis_expect.
 */
#ifndef VOC_IO_REDIS_QUERY_H
#define VOC_IO_REDIS_QUERY_H

#include "io/redis/redis.h"

struct voc_redis_meta {
	bool present; /* false: no aggregator has run on this Redis yet */
	int32_t partitions;
	int64_t state_version;
};

/* A hash's fields, in Redis' order: iterate with voc_redis_field. */
struct voc_redis_fields {
	const struct voc_redis_reply *reply; /* of HGETALL */
	size_t count;                        /* 0: there is no such hash */
};

struct voc_redis_at_risk {
	int32_t partition;
	struct voc_str customer_id;
	int64_t risk;
};

VOC_MUST_CHECK enum voc_status voc_redis_query_meta(struct voc_redis *redis, struct voc_redis_meta *ret_meta,
                                                    struct voc_error *error);
/* `partition` is voc_partition_of(customer_id, meta.partitions). */
VOC_MUST_CHECK enum voc_status voc_redis_query_customer(struct voc_redis *redis, int32_t partition,
                                                        struct voc_str customer_id, struct voc_redis_fields *ret_fields,
                                                        struct voc_error *error);
/*
 * The `max` customers of the highest risk over all partitions, highest first (ties by id), into the caller's array;
 * `ret_total` is how many are at risk in all.
 */
VOC_MUST_CHECK enum voc_status voc_redis_query_at_risk(struct voc_redis *redis, int32_t partitions,
                                                       struct voc_redis_at_risk *entries, size_t max, size_t *ret_count,
                                                       int64_t *ret_total, struct voc_error *error);

/* Called once per counter of each partition: add them up. */
typedef void voc_redis_rollup_fn(void *context, int64_t minute, struct voc_str field, int64_t value);
/* The rollups of `minutes` minutes from `first_minute` (minutes since 1970) on. */
VOC_MUST_CHECK enum voc_status voc_redis_query_rollups(struct voc_redis *redis, int32_t partitions,
                                                       int64_t first_minute, int64_t minutes, voc_redis_rollup_fn *each,
                                                       void *context, struct voc_error *error);

/* The index (docs/SEMANTICS.md) of `days` days from `first_day` (days since 1970) on; told as above, by day. */
VOC_MUST_CHECK enum voc_status voc_redis_query_index(struct voc_redis *redis, int32_t partitions, int64_t first_day,
                                                     int64_t days, voc_redis_rollup_fn *each, void *context,
                                                     struct voc_error *error);
VOC_MUST_CHECK enum voc_status voc_redis_query_position(struct voc_redis *redis, int32_t partition,
                                                        struct voc_redis_fields *ret_fields, struct voc_error *error);

/* The index-th field's name and value; index < fields->count. */
struct voc_str voc_redis_field_name(const struct voc_redis_fields *fields, size_t index);
struct voc_str voc_redis_field_value(const struct voc_redis_fields *fields, size_t index);
/* False if the hash has no such field. */
bool voc_redis_field_find(const struct voc_redis_fields *fields, const char *name, struct voc_str *ret_value);
/* 0 if the hash has no such field, or it is no integer. */
int64_t voc_redis_field_i64(const struct voc_redis_fields *fields, const char *name);

/* For those who gather HGETALLs themselves: the reply's fields once it is known to be an array of strings. */
VOC_MUST_CHECK enum voc_status voc_redis_fields_of(struct voc_redis *redis, const struct voc_redis_reply *reply,
                                                   struct voc_redis_fields *ret_fields, struct voc_error *error);

#endif
