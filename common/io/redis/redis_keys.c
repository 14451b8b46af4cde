#include "io/redis/redis_keys.h"

#include "core/aggregate/rollup.h"

#include <inttypes.h>
#include <stdio.h>

static struct voc_str finish(struct voc_redis_key *key, int len)
{
	size_t size = sizeof key->bytes;
	return voc_str_of(key->bytes, len < 0 ? 0 : (size_t)len < size ? (size_t)len : size - 1);
}

struct voc_str voc_redis_key_position(struct voc_redis_key *key, int32_t partition)
{
	return finish(key, snprintf(key->bytes, sizeof key->bytes, "voc:{%" PRId32 "}:position", partition));
}

struct voc_str voc_redis_key_at_risk(struct voc_redis_key *key, int32_t partition)
{
	return finish(key, snprintf(key->bytes, sizeof key->bytes, "voc:{%" PRId32 "}:at_risk", partition));
}

struct voc_str voc_redis_key_due(struct voc_redis_key *key, int32_t partition)
{
	return finish(key, snprintf(key->bytes, sizeof key->bytes, "voc:{%" PRId32 "}:due", partition));
}

struct voc_str voc_redis_key_rollup(struct voc_redis_key *key, int32_t partition, int64_t period)
{
	bool is_day = voc_period_is_day(period);
	return finish(key, snprintf(key->bytes, sizeof key->bytes, "voc:{%" PRId32 "}:%s:%" PRId64, partition,
	                            is_day ? "index" : "rollup", is_day ? VOC_PERIOD_OF_DAY(period) : period));
}

/* There are many of these: without printf. */
struct voc_str voc_redis_key_customer(struct voc_redis_key *key, int32_t partition, struct voc_str customer_id)
{
	struct voc_buf text = { .ptr = key->bytes, .cap = sizeof key->bytes, .max = sizeof key->bytes };
	voc_buf_add_str(&text, VOC_STR("voc:{"));
	voc_buf_add_i64(&text, partition);
	voc_buf_add_str(&text, VOC_STR("}:customer:"));
	size_t room = sizeof key->bytes - text.len;
	voc_buf_add(&text, customer_id.ptr, customer_id.len < room ? customer_id.len : room);
	return voc_buf_str(&text);
}
