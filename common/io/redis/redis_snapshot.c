#include "io/redis/redis_snapshot.h"

#include "io/redis/redis_keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define SCAN_COUNT "5000"

/* KEYS: position, then what is wanted. */
static const char script[] =
        "local out = { redis.call('HMGET', KEYS[1], 'offset', 'rules', 'rebuilt_at') }\n"
        "for k = 2, #KEYS do\n"
        "  local kind = redis.call('TYPE', KEYS[k]).ok\n"
        "  if kind == 'hash' then out[k] = redis.call('HGETALL', KEYS[k])\n"
        "  elseif kind == 'zset' then out[k] = redis.call('ZRANGE', KEYS[k], 0, -1, 'WITHSCORES')\n"
        "  elseif kind == 'none' then out[k] = {}\n"
        "  else out[k] = { '(type)', kind } end\n"
        "end\n"
        "return out\n";

static enum voc_status unexpected(struct voc_error *error)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_REDIS, -1, "Redis answered with no list of keys");
}

/* A list of names and values. */
static bool is_pairs(const struct voc_redis_reply *reply)
{
	bool sound = reply->type == VOC_REDIS_ARRAY && reply->count % 2 == 0;
	for (size_t i = 0; sound && i < reply->count; i++)
		sound = reply->items[i]->type == VOC_REDIS_STRING;
	return sound;
}

static enum voc_status take_stand(const struct voc_redis_reply *reply, struct voc_redis_snapshot *snapshot,
                                  struct voc_error *error)
{
	if (reply->type != VOC_REDIS_ARRAY || reply->count != 3)
		return unexpected(error);
	for (size_t i = 0; i < 3; i++) {
		bool there = reply->items[i]->type == VOC_REDIS_STRING;
		voc_str_copy(snapshot->stand.fields[i], sizeof snapshot->stand.fields[i],
		             there ? reply->items[i]->str : VOC_STR(""));
	}
	if (!voc_str_to_i64(voc_str_from(snapshot->stand.fields[0]), &snapshot->offset) || snapshot->offset < 0)
		snapshot->offset = 0;
	return VOC_OK;
}

enum voc_status voc_redis_snapshot(struct voc_redis *redis, int32_t partition, const struct voc_str *keys, size_t count,
                                   struct voc_redis_snapshot *ret_snapshot, struct voc_error *error)
{
	struct voc_redis_key position;
	const char *sha = voc_redis_script(redis, script);
	if (sha == NULL)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_INTERNAL, -1, "too many scripts");
	voc_redis_begin(redis);
	voc_redis_arg(redis, VOC_STR("EVALSHA"));
	voc_redis_arg(redis, voc_str_from(sha));
	voc_redis_arg_i64(redis, (int64_t)count + 1);
	voc_redis_arg_key(redis, voc_redis_key_position(&position, partition));
	for (size_t i = 0; i < count; i++)
		voc_redis_arg(redis, keys[i]);
	voc_redis_end(redis);
	enum voc_status status = voc_redis_exchange(redis, error);
	const struct voc_redis_reply *reply = status == VOC_OK ? voc_redis_reply(redis, 0) : NULL;
	if (status == VOC_OK)
		status = voc_redis_expect(redis, reply, VOC_REDIS_ARRAY, error);
	if (status != VOC_OK)
		return status;
	if (reply->count != count + 1)
		return unexpected(error);
	for (size_t i = 1; i <= count; i++) {
		if (!is_pairs(reply->items[i]))
			return unexpected(error);
	}
	ret_snapshot->keys = (const struct voc_redis_reply *const *)(reply->items + 1);
	return take_stand(reply->items[0], ret_snapshot, error);
}

bool voc_redis_snapshot_each(const struct voc_redis_snapshot *snapshot, size_t index, voc_field_fn tell, void *context)
{
	const struct voc_redis_reply *pairs = snapshot->keys[index];
	for (size_t i = 0; i < pairs->count; i += 2) {
		struct voc_field field = { pairs->items[i]->str, pairs->items[i + 1]->str };
		if (!tell(context, &field))
			return false;
	}
	return true;
}

static enum voc_status take_page(const struct voc_redis_reply *reply, uint64_t *cursor, voc_redis_key_fn *each,
                                 void *context, struct voc_error *error)
{
	if (reply->count != 2 || reply->items[0]->type != VOC_REDIS_STRING || reply->items[1]->type != VOC_REDIS_ARRAY)
		return unexpected(error);
	*cursor = strtoull(reply->items[0]->str.ptr, NULL, 10);
	const struct voc_redis_reply *names = reply->items[1];
	for (size_t i = 0; i < names->count; i++) {
		if (names->items[i]->type != VOC_REDIS_STRING)
			return unexpected(error);
		if (!each(context, names->items[i]->str))
			return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1,
			                     "no memory for keys' names");
	}
	return VOC_OK;
}

enum voc_status voc_redis_scan(struct voc_redis *redis, int32_t partition, const char *pattern, uint64_t *cursor,
                               voc_redis_key_fn *each, void *context, struct voc_error *error)
{
	char at[24];
	struct voc_redis_key position;
	struct voc_redis_args args;
	struct voc_buf command;
	snprintf(at, sizeof at, "%" PRIu64, *cursor);
	voc_redis_args_init(&args, 4096);
	voc_buf_init(&command, 8192);
	const char *const words[] = { "SCAN", at, "MATCH", pattern, "COUNT", SCAN_COUNT };
	for (size_t i = 0; i < sizeof words / sizeof *words; i++)
		voc_redis_args_add(&args, voc_str_from(words[i]));
	voc_redis_args_command(&command, &args);
	voc_redis_begin(redis);
	/* Sent where the partition is: SCAN itself names no key. */
	voc_redis_encoded(redis, voc_redis_key_position(&position, partition), voc_buf_str(&command));
	enum voc_status status = voc_redis_exchange(redis, error);
	if (status == VOC_OK)
		status = voc_redis_expect(redis, voc_redis_reply(redis, 0), VOC_REDIS_ARRAY, error);
	if (status == VOC_OK)
		status = take_page(voc_redis_reply(redis, 0), cursor, each, context, error);
	voc_buf_free(&command);
	voc_redis_args_free(&args);
	return status;
}
