#include "io/redis/redis_query.h"

#include "core/aggregate/rollup.h"
#include "io/redis/redis_keys.h"

#include <stdlib.h>

#define HASHES_AT_ONCE 240

enum voc_status voc_redis_fields_of(struct voc_redis *redis, const struct voc_redis_reply *reply,
                                    struct voc_redis_fields *ret_fields, struct voc_error *error)
{
	enum voc_status status = voc_redis_expect(redis, reply, VOC_REDIS_ARRAY, error);
	if (status != VOC_OK)
		return status;
	bool sound = reply->count % 2 == 0;
	for (size_t i = 0; i < reply->count; i++)
		sound = sound && reply->items[i]->type == VOC_REDIS_STRING;
	if (!sound)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_REDIS, -1, "Redis answered with no list of fields");
	*ret_fields = (struct voc_redis_fields){ reply, reply->count / 2 };
	return VOC_OK;
}

struct voc_str voc_redis_field_name(const struct voc_redis_fields *fields, size_t index)
{
	return fields->reply->items[2 * index]->str;
}

struct voc_str voc_redis_field_value(const struct voc_redis_fields *fields, size_t index)
{
	return fields->reply->items[2 * index + 1]->str;
}

bool voc_redis_field_find(const struct voc_redis_fields *fields, const char *name, struct voc_str *ret_value)
{
	for (size_t i = 0; i < fields->count; i++) {
		if (voc_str_is(voc_redis_field_name(fields, i), name)) {
			*ret_value = voc_redis_field_value(fields, i);
			return true;
		}
	}
	return false;
}

int64_t voc_redis_field_i64(const struct voc_redis_fields *fields, const char *name)
{
	struct voc_str text;
	int64_t value;
	return voc_redis_field_find(fields, name, &text) && voc_str_to_i64(text, &value) ? value : 0;
}

static void gather(struct voc_redis *redis, const char *command, struct voc_str key)
{
	voc_redis_arg(redis, voc_str_from(command));
	voc_redis_arg_key(redis, key);
	voc_redis_end(redis);
}

static enum voc_status fetch_hash(struct voc_redis *redis, struct voc_str key, struct voc_redis_fields *ret_fields,
                                  struct voc_error *error)
{
	voc_redis_begin(redis);
	gather(redis, "HGETALL", key);
	enum voc_status status = voc_redis_exchange(redis, error);
	if (status != VOC_OK)
		return status;
	return voc_redis_fields_of(redis, voc_redis_reply(redis, 0), ret_fields, error);
}

enum voc_status voc_redis_query_meta(struct voc_redis *redis, struct voc_redis_meta *ret_meta, struct voc_error *error)
{
	struct voc_redis_fields fields = { 0 };
	enum voc_status status = fetch_hash(redis, VOC_STR(VOC_REDIS_META_KEY), &fields, error);
	if (status != VOC_OK)
		return status;
	int64_t partitions = voc_redis_field_i64(&fields, "partitions");
	if (fields.count > 0 && (partitions <= 0 || partitions > INT32_MAX))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_REDIS, -1, "%s holds no partition count",
		                     VOC_REDIS_META_KEY);
	*ret_meta = (struct voc_redis_meta){
		.present = fields.count > 0,
		.partitions = (int32_t)partitions,
		.state_version = voc_redis_field_i64(&fields, "state_version"),
	};
	return VOC_OK;
}

enum voc_status voc_redis_query_customer(struct voc_redis *redis, int32_t partition, struct voc_str customer_id,
                                         struct voc_redis_fields *ret_fields, struct voc_error *error)
{
	struct voc_redis_key key;
	return fetch_hash(redis, voc_redis_key_customer(&key, partition, customer_id), ret_fields, error);
}

/* Whether `a` belongs before `b`. */
static bool riskier(const struct voc_redis_at_risk *a, const struct voc_redis_at_risk *b)
{
	return a->risk != b->risk ? a->risk > b->risk : voc_str_cmp(a->customer_id, b->customer_id) < 0;
}

/* Into its place among the `count` riskiest so far; what falls off the end is forgotten. Returns the new count. */
static size_t rank(struct voc_redis_at_risk *entries, size_t count, size_t max, const struct voc_redis_at_risk *entry)
{
	if (max == 0 || (count == max && !riskier(entry, &entries[max - 1])))
		return count;
	size_t at = count < max ? count : max - 1;
	for (; at > 0 && riskier(entry, &entries[at - 1]); at--)
		entries[at] = entries[at - 1];
	entries[at] = *entry;
	return count < max ? count + 1 : max;
}

static void gather_at_risk(struct voc_redis *redis, int32_t partition, size_t max)
{
	struct voc_redis_key key;
	struct voc_str name = voc_redis_key_at_risk(&key, partition);
	gather(redis, "ZCARD", name);
	voc_redis_arg(redis, VOC_STR("ZREVRANGE"));
	voc_redis_arg_key(redis, name);
	voc_redis_arg_i64(redis, 0);
	voc_redis_arg_i64(redis, max > 0 ? (int64_t)max - 1 : 0);
	voc_redis_arg(redis, VOC_STR("WITHSCORES"));
	voc_redis_end(redis);
}

enum voc_status voc_redis_query_at_risk(struct voc_redis *redis, int32_t partitions, struct voc_redis_at_risk *entries,
                                        size_t max, size_t *ret_count, int64_t *ret_total, struct voc_error *error)
{
	voc_redis_begin(redis);
	for (int32_t p = 0; p < partitions; p++)
		gather_at_risk(redis, p, max);
	enum voc_status status = voc_redis_exchange(redis, error);
	size_t count = 0;
	int64_t total = 0;
	for (int32_t p = 0; status == VOC_OK && p < partitions; p++) {
		const struct voc_redis_reply *card = voc_redis_reply(redis, 2 * (size_t)p);
		struct voc_redis_fields members = { 0 };
		status = voc_redis_expect(redis, card, VOC_REDIS_INTEGER, error);
		if (status == VOC_OK)
			status = voc_redis_fields_of(redis, voc_redis_reply(redis, 2 * (size_t)p + 1), &members, error);
		if (status != VOC_OK)
			break;
		total += card->integer;
		for (size_t i = 0; i < members.count; i++) {
			struct voc_redis_at_risk entry = { p, voc_redis_field_name(&members, i), 0 };
			if (!voc_str_to_i64(voc_redis_field_value(&members, i), &entry.risk))
				continue; /* not a score that the aggregator writes */
			count = rank(entries, count, max, &entry);
		}
	}
	if (status != VOC_OK)
		return status;
	*ret_count = count;
	*ret_total = total;
	return VOC_OK;
}

static enum voc_status visit_rollup(struct voc_redis *redis, const struct voc_redis_reply *reply, int64_t minute,
                                    voc_redis_rollup_fn *each, void *context, struct voc_error *error)
{
	struct voc_redis_fields fields = { 0 };
	enum voc_status status = voc_redis_fields_of(redis, reply, &fields, error);
	for (size_t i = 0; status == VOC_OK && i < fields.count; i++) {
		int64_t value;
		if (voc_str_to_i64(voc_redis_field_value(&fields, i), &value))
			each(context, minute, voc_redis_field_name(&fields, i), value);
	}
	return status;
}

/* `number` is a minute's or a day's; `periods` of them from there on, in one exchange. */
static enum voc_status query_periods(struct voc_redis *redis, int32_t partitions, int64_t number, int64_t periods,
                                     bool are_days, voc_redis_rollup_fn *each, void *context, struct voc_error *error)
{
	struct voc_redis_key key;
	voc_redis_begin(redis);
	for (int64_t i = number; i < number + periods; i++) {
		for (int32_t p = 0; p < partitions; p++)
			gather(redis, "HGETALL", voc_redis_key_rollup(&key, p, are_days ? VOC_PERIOD_OF_DAY(i) : i));
	}
	enum voc_status status = voc_redis_exchange(redis, error);
	for (int64_t i = 0; status == VOC_OK && i < periods * partitions; i++)
		status = visit_rollup(redis, voc_redis_reply(redis, (size_t)i), number + i / partitions, each, context,
		                      error);
	return status;
}

enum voc_status voc_redis_query_rollups(struct voc_redis *redis, int32_t partitions, int64_t first_minute,
                                        int64_t minutes, voc_redis_rollup_fn *each, void *context,
                                        struct voc_error *error)
{
	return query_periods(redis, partitions, first_minute, minutes, false, each, context, error);
}

/* A year of days is too much for one exchange. */
enum voc_status voc_redis_query_index(struct voc_redis *redis, int32_t partitions, int64_t first_day, int64_t days,
                                      voc_redis_rollup_fn *each, void *context, struct voc_error *error)
{
	int64_t at_once = HASHES_AT_ONCE / partitions;
	enum voc_status status = VOC_OK;
	at_once = at_once > 0 ? at_once : 1;
	for (int64_t at = 0; status == VOC_OK && at < days; at += at_once)
		status = query_periods(redis, partitions, first_day + at, days - at < at_once ? days - at : at_once,
		                       true, each, context, error);
	return status;
}

enum voc_status voc_redis_query_position(struct voc_redis *redis, int32_t partition,
                                         struct voc_redis_fields *ret_fields, struct voc_error *error)
{
	struct voc_redis_key key;
	return fetch_hash(redis, voc_redis_key_position(&key, partition), ret_fields, error);
}
