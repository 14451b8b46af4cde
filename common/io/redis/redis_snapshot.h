/*
 * Looking at a partition that may be written at the same time: some of its keys and its position as they stand at one
 * moment, and the names of all its keys. Reads only.
 *
 * Works on a connected voc_redis. Each call is one exchange; what it returns is borrowed from the connection until the
 * next. Statuses are those of voc_redis_exchange and voc_redis_expect. One thread.
 */
#ifndef VOC_IO_REDIS_SNAPSHOT_H
#define VOC_IO_REDIS_SNAPSHOT_H

#include "core/customer/field.h"
#include "io/redis/redis.h"

/* Keys of one snapshot; few enough that it holds up nobody. */
#define VOC_REDIS_SNAPSHOT_KEYS 200

/* What every step checks of a position, as it is: offset, rules, rebuilt_at; empty where the field is absent. */
struct voc_redis_stand {
	char fields[3][128];
};

struct voc_redis_snapshot {
	int64_t offset; /* 0 if the partition has none, or one that is no offset */
	struct voc_redis_stand stand;
	const struct voc_redis_reply *const *keys; /* for voc_redis_snapshot_each */
};

/* `count` is at most VOC_REDIS_SNAPSHOT_KEYS. The keys, hashes or sorted sets, must be of that partition. */
VOC_MUST_CHECK enum voc_status voc_redis_snapshot(struct voc_redis *redis, int32_t partition,
                                                  const struct voc_str *keys, size_t count,
                                                  struct voc_redis_snapshot *ret_snapshot, struct voc_error *error);
/* Tells the index-th key's fields, or members and scores; none if there is no such key. One that is neither a hash nor
 * a sorted set has a field "(type)". False if `tell` returned false. */
bool voc_redis_snapshot_each(const struct voc_redis_snapshot *snapshot, size_t index, voc_field_fn tell, void *context);

/* Is told of one key's name; false stops. */
typedef bool voc_redis_key_fn(void *context, struct voc_str key);
/*
 * One page of the names of all keys that match the pattern (as SCAN's), on the server that holds the partition; some
 * may come twice, those that come or go meanwhile perhaps not at all. *cursor is 0 before the first page and after the
 * last.
 */
VOC_MUST_CHECK enum voc_status voc_redis_scan(struct voc_redis *redis, int32_t partition, const char *pattern,
                                              uint64_t *cursor, voc_redis_key_fn *each, void *context,
                                              struct voc_error *error);

#endif
