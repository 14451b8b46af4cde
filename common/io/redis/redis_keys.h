/*
 * The names of our keys in Redis (docs/SEMANTICS.md). All keys of a partition share the hash tag {P}, so that one
 * atomic step can change them, on a Redis Cluster too. Pure, any thread.
 */
#ifndef VOC_IO_REDIS_KEYS_H
#define VOC_IO_REDIS_KEYS_H

#include "base/str.h"

#define VOC_REDIS_KEY_SIZE      640          /* a customer's id has at most 128 characters of 4 bytes */
#define VOC_REDIS_REBUILT_AT    "rebuilt_at" /* field of a position */
#define VOC_REDIS_META_KEY      "voc:meta"
#define VOC_REDIS_STATE_VERSION 3

/* Room for one key; the functions return a view of it. A customer's id that doesn't fit is cut. */
struct voc_redis_key {
	char bytes[VOC_REDIS_KEY_SIZE];
};

struct voc_str voc_redis_key_position(struct voc_redis_key *key, int32_t partition);
struct voc_str voc_redis_key_at_risk(struct voc_redis_key *key, int32_t partition);
struct voc_str voc_redis_key_due(struct voc_redis_key *key, int32_t partition);
struct voc_str voc_redis_key_customer(struct voc_redis_key *key, int32_t partition, struct voc_str customer_id);
/* `period`: a minute or a day, see core/aggregate/rollup.h. */
struct voc_str voc_redis_key_rollup(struct voc_redis_key *key, int32_t partition, int64_t period);

#endif
