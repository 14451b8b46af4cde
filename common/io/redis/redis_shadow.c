#include "io/redis/redis_shadow.h"

#include "io/redis/redis_keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PREFIX            "voc.rebuild:"
#define PIPELINE_COMMANDS 1000
#define PIPELINE_BYTES    ((size_t)8 * 1024 * 1024)
#define LISTS_MAX_BYTES   ((size_t)256 * 1024 * 1024)

/*
 * KEYS: live and shadow position, live and shadow at_risk, live and shadow due, condemned keys, shadow keys, their live
 * names. ARGV: the stand, now, numbers of condemned keys, of shadow keys and of those that expire (the last ones),
 * customers at risk, entries due, expiries. All that could refuse the script comes before its first write but one:
 * rebuilt_at, which meets a Redis that takes no writes.
 */
static const char script[] =
        "local stands = redis.call('HMGET', KEYS[1], 'offset', 'rules', 'rebuilt_at')\n"
        "for i = 1, 3 do if (stands[i] or '') ~= ARGV[i] then return 0 end end\n"
        "local condemned, count, expiring = tonumber(ARGV[5]), tonumber(ARGV[6]), tonumber(ARGV[7])\n"
        "local shadow, live = 6 + condemned, 6 + condemned + count\n"
        "if redis.call('EXISTS', KEYS[2]) == 0 or redis.call('ZCARD', KEYS[4]) ~= tonumber(ARGV[8]) then return 2 end\n"
        "if redis.call('ZCARD', KEYS[6]) ~= tonumber(ARGV[9]) then return 2 end\n"
        "for k = 1, count do if redis.call('EXISTS', KEYS[shadow + k]) == 0 then return 2 end end\n"
        "local probe = redis.pcall('HSET', KEYS[2], 'rebuilt_at', ARGV[4])\n"
        "if type(probe) == 'table' and probe.err then return probe end\n"
        "redis.call('UNLINK', KEYS[3], KEYS[5])\n"
        "for k = 7, 6 + condemned do redis.call('UNLINK', KEYS[k]) end\n"
        "for k = 1, count do redis.call('RENAME', KEYS[shadow + k], KEYS[live + k]) end\n"
        "for k = 1, expiring do redis.call('PEXPIREAT', KEYS[live + count - expiring + k], ARGV[9 + k]) end\n"
        "if ARGV[8] ~= '0' then redis.call('RENAME', KEYS[4], KEYS[3]) end\n"
        "if ARGV[9] ~= '0' then redis.call('RENAME', KEYS[6], KEYS[5]) end\n"
        "redis.call('RENAME', KEYS[2], KEYS[1])\n"
        "return 1\n";

/* Keys that the switch renames. */
struct pairs {
	struct voc_redis_args shadows, lives;
};

struct voc_shadow {
	struct voc_redis *redis;
	const char *sha; /* of the script; the connection's */
	int32_t partition;
	char prefix[32];               /* of this run's keys */
	struct voc_redis_args command; /* being put together */
	struct voc_redis_args deletes; /* of the hash that is being told */
	struct voc_buf encoded;
	size_t pending, pending_bytes;
	int64_t minute; /* of the rollup that is being told */
	struct pairs customers, rollups;
	struct voc_redis_args expiries, condemned;
	int64_t at_risk, due; /* members */
};

/* A shadow's name: the run's prefix in the place of "voc:". */
static struct voc_str shadow_of(const struct voc_shadow *shadow, struct voc_str live, struct voc_redis_key *key)
{
	size_t skip = sizeof("voc:") - 1, len = strlen(shadow->prefix);
	memcpy(key->bytes, shadow->prefix, len);
	struct voc_str rest = voc_str_of(live.ptr + skip, live.len - skip);
	if (rest.len > sizeof key->bytes - len)
		rest.len = sizeof key->bytes - len;
	memcpy(key->bytes + len, rest.ptr, rest.len);
	return voc_str_of(key->bytes, len + rest.len);
}

bool voc_shadow_is_key(struct voc_str key, int32_t partition)
{
	char tag[24];
	if (!voc_str_starts_with(key, VOC_STR(PREFIX)))
		return false;
	const char *brace = memchr(key.ptr, '{', key.len);
	if (brace == NULL)
		return false;
	snprintf(tag, sizeof tag, "{%" PRId32 "}:", partition);
	return voc_str_starts_with(voc_str_of(brace, key.len - (size_t)(brace - key.ptr)), voc_str_from(tag));
}

static void for_each_list(struct voc_shadow *shadow, void (*act)(struct voc_redis_args *args))
{
	struct voc_redis_args *lists[] = { &shadow->command,           &shadow->deletes,
		                           &shadow->customers.shadows, &shadow->customers.lives,
		                           &shadow->rollups.shadows,   &shadow->rollups.lives,
		                           &shadow->expiries,          &shadow->condemned };
	for (size_t i = 0; i < sizeof lists / sizeof *lists; i++)
		act(lists[i]);
}

static void init_list(struct voc_redis_args *args)
{
	voc_redis_args_init(args, LISTS_MAX_BYTES);
}

struct voc_shadow *voc_shadow_new(struct voc_redis *redis, int32_t partition, uint32_t run)
{
	const char *sha = voc_redis_script(redis, script);
	struct voc_shadow *shadow = sha != NULL ? calloc(1, sizeof *shadow) : NULL;
	if (shadow == NULL)
		return NULL;
	shadow->redis = redis;
	shadow->sha = sha;
	shadow->partition = partition;
	snprintf(shadow->prefix, sizeof shadow->prefix, PREFIX "%08" PRIx32 ":", run);
	voc_buf_init(&shadow->encoded, LISTS_MAX_BYTES);
	for_each_list(shadow, init_list);
	return shadow;
}

void voc_shadow_free(struct voc_shadow *shadow)
{
	if (shadow == NULL)
		return;
	for_each_list(shadow, voc_redis_args_free);
	voc_buf_free(&shadow->encoded);
	free(shadow);
}

size_t voc_shadow_count(const struct voc_shadow *shadow)
{
	return shadow->customers.lives.count + shadow->rollups.lives.count;
}

enum voc_status voc_shadow_flush(struct voc_shadow *shadow, struct voc_error *error)
{
	if (shadow->pending == 0)
		return VOC_OK;
	enum voc_status status = voc_redis_exchange(shadow->redis, error);
	for (size_t i = 0; status == VOC_OK && i < shadow->pending; i++)
		status = voc_redis_expect(shadow->redis, voc_redis_reply(shadow->redis, i), VOC_REDIS_INTEGER, error);
	shadow->pending = shadow->pending_bytes = 0;
	return status;
}

static void begin(struct voc_shadow *shadow, const char *command, struct voc_str key)
{
	voc_redis_args_clear(&shadow->command);
	voc_redis_args_add(&shadow->command, voc_str_from(command));
	voc_redis_args_add(&shadow->command, key);
}

/* Hands the command over. */
static enum voc_status end(struct voc_shadow *shadow, struct voc_str key, struct voc_error *error)
{
	voc_buf_clear(&shadow->encoded);
	voc_redis_args_command(&shadow->encoded, &shadow->command);
	if (shadow->encoded.failed)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a command");
	if (shadow->pending++ == 0)
		voc_redis_begin(shadow->redis);
	voc_redis_encoded(shadow->redis, key, voc_buf_str(&shadow->encoded));
	shadow->pending_bytes += shadow->encoded.len;
	if (shadow->pending < PIPELINE_COMMANDS && shadow->pending_bytes < PIPELINE_BYTES)
		return VOC_OK;
	return voc_shadow_flush(shadow, error);
}

static bool tell_field(void *context, const struct voc_field *field)
{
	struct voc_shadow *shadow = context;
	if (field->value.ptr == NULL) {
		voc_redis_args_add(&shadow->deletes, field->name);
	} else {
		voc_redis_args_add(&shadow->command, field->name);
		voc_redis_args_add(&shadow->command, field->value);
	}
	return true;
}

static enum voc_status write_at_risk(struct voc_shadow *shadow, struct voc_str id, const struct voc_customer *before,
                                     const struct voc_customer *now, struct voc_error *error)
{
	struct voc_redis_key live, key;
	int score = 0, old_score = 0;
	enum voc_at_risk_change change = voc_customer_at_risk(before, now, &score);
	if (change == VOC_AT_RISK_KEEP)
		return VOC_OK;
	bool was = before != NULL && voc_customer_at_risk(NULL, before, &old_score) == VOC_AT_RISK_SET;
	struct voc_str name = shadow_of(shadow, voc_redis_key_at_risk(&live, shadow->partition), &key);
	begin(shadow, change == VOC_AT_RISK_SET ? "ZADD" : "ZREM", name);
	if (change == VOC_AT_RISK_SET)
		voc_redis_args_add_i64(&shadow->command, score);
	voc_redis_args_add(&shadow->command, id);
	shadow->at_risk += (change == VOC_AT_RISK_SET) - was;
	return end(shadow, name, error);
}

struct telling_due {
	struct voc_shadow *shadow;
	enum voc_status status;
	struct voc_error *error;
};

static bool tell_due(void *context, const struct voc_due *due, int64_t before_ms)
{
	struct telling_due *telling = context;
	struct voc_shadow *shadow = telling->shadow;
	struct voc_redis_key live, key;
	struct voc_buf member;
	voc_buf_init(&member, VOC_DUE_MEMBER_MAX);
	voc_due_member(&member, due);
	struct voc_str name = shadow_of(shadow, voc_redis_key_due(&live, shadow->partition), &key);
	begin(shadow, due->due_ms != 0 ? "ZADD" : "ZREM", name);
	if (due->due_ms != 0)
		voc_redis_args_add_i64(&shadow->command, due->due_ms);
	voc_redis_args_add(&shadow->command, voc_buf_str(&member));
	shadow->due += (due->due_ms != 0) - (before_ms != 0);
	telling->status = member.failed ? voc_error_set(telling->error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1,
	                                                "no memory for what falls due")
	                                : end(shadow, name, telling->error);
	voc_buf_free(&member);
	return telling->status == VOC_OK;
}

static enum voc_status write_due(struct voc_shadow *shadow, struct voc_str id, const struct voc_customer *before,
                                 const struct voc_customer *now, struct voc_error *error)
{
	struct telling_due telling = { shadow, VOC_OK, error };
	voc_customer_due_diff(id, before, now, tell_due, &telling);
	return telling.status;
}

/* The fields that a diff told to tell_field, as commands. */
static enum voc_status write_hash(struct voc_shadow *shadow, struct voc_str name, struct voc_error *error)
{
	enum voc_status status = shadow->command.count > 2 ? end(shadow, name, error) : VOC_OK;
	if (status != VOC_OK || shadow->deletes.count == 0)
		return status;
	begin(shadow, "HDEL", name);
	voc_redis_args_append(&shadow->command, &shadow->deletes);
	return end(shadow, name, error);
}

/* The customer was forgotten after it was written here. A shadow without a key that it has named can't be switched in.
 */
static enum voc_status start_anew(struct voc_shadow *shadow, struct voc_str name, const struct voc_customer *now,
                                  struct voc_error *error)
{
	if (now->counts.events == 0)
		return voc_error_set(error, VOC_RETRY, VOC_REASON_REDIS, -1,
		                     "a customer was forgotten meanwhile; try again");
	begin(shadow, "DEL", name);
	return end(shadow, name, error);
}

enum voc_status voc_shadow_customer(struct voc_shadow *shadow, struct voc_str id, const struct voc_customer *before,
                                    const struct voc_customer *now, struct voc_error *error)
{
	struct voc_redis_key live_key, key;
	struct voc_str live = voc_redis_key_customer(&live_key, shadow->partition, id);
	struct voc_str name = shadow_of(shadow, live, &key);
	if (before != NULL && now->forgotten) {
		enum voc_status status = start_anew(shadow, name, now, error);
		if (status != VOC_OK)
			return status;
	}
	begin(shadow, "HSET", name);
	voc_redis_args_clear(&shadow->deletes);
	if (!voc_customer_diff(before, now, tell_field, shadow))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a customer");
	if (before == NULL && shadow->command.count > 2) {
		voc_redis_args_add(&shadow->customers.lives, live);
		voc_redis_args_add(&shadow->customers.shadows, name);
	}
	enum voc_status status = write_hash(shadow, name, error);
	if (status == VOC_OK)
		status = write_at_risk(shadow, id, before, now, error);
	return status == VOC_OK ? write_due(shadow, id, before, now, error) : status;
}

static struct voc_str rollup_names(const struct voc_shadow *shadow, struct voc_redis_key *live_key,
                                   struct voc_redis_key *key, struct voc_str *ret_live)
{
	*ret_live = voc_redis_key_rollup(live_key, shadow->partition, shadow->minute);
	return shadow_of(shadow, *ret_live, key);
}

void voc_shadow_rollup_begin(struct voc_shadow *shadow, int64_t minute)
{
	struct voc_redis_key live_key, key;
	struct voc_str live;
	shadow->minute = minute;
	begin(shadow, "HSET", rollup_names(shadow, &live_key, &key, &live));
}

bool voc_shadow_rollup_field(void *shadow, const struct voc_field *field)
{
	return tell_field(shadow, field);
}

enum voc_status voc_shadow_rollup_end(struct voc_shadow *shadow, bool is_new, int64_t expires_ms,
                                      struct voc_error *error)
{
	struct voc_redis_key live_key, key;
	struct voc_str live;
	struct voc_str name = rollup_names(shadow, &live_key, &key, &live);
	if (is_new) {
		voc_redis_args_add(&shadow->rollups.lives, live);
		voc_redis_args_add(&shadow->rollups.shadows, name);
		voc_redis_args_add_i64(&shadow->expiries, expires_ms);
	}
	return end(shadow, name, error);
}

enum voc_status voc_shadow_position(struct voc_shadow *shadow, const struct voc_partition_state *state,
                                    struct voc_error *error)
{
	struct voc_redis_key live, key;
	struct voc_str name = shadow_of(shadow, voc_redis_key_position(&live, shadow->partition), &key);
	begin(shadow, "HSET", name);
	if (!voc_partition_state_diff(state, tell_field, shadow))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a position");
	return end(shadow, name, error);
}

bool voc_shadow_condemn(struct voc_shadow *shadow, struct voc_str key)
{
	voc_redis_args_add(&shadow->condemned, key);
	return !shadow->condemned.buf.failed;
}

/* The whole command, in shadow->encoded. */
static enum voc_status put_together(struct voc_shadow *shadow, const struct voc_redis_stand *stand, int64_t now_ms,
                                    struct voc_str position, struct voc_error *error)
{
	struct voc_redis_args *call = &shadow->command;
	struct voc_redis_key live_key, key;
	size_t count = voc_shadow_count(shadow);
	voc_redis_args_clear(call);
	voc_redis_args_add(call, VOC_STR("EVALSHA"));
	voc_redis_args_add(call, voc_str_from(shadow->sha));
	voc_redis_args_add_i64(call, (int64_t)(6 + shadow->condemned.count + 2 * count));
	voc_redis_args_add(call, position);
	voc_redis_args_add(call, shadow_of(shadow, position, &key));
	struct voc_str at_risk = voc_redis_key_at_risk(&live_key, shadow->partition);
	voc_redis_args_add(call, at_risk);
	voc_redis_args_add(call, shadow_of(shadow, at_risk, &key));
	struct voc_str due = voc_redis_key_due(&live_key, shadow->partition);
	voc_redis_args_add(call, due);
	voc_redis_args_add(call, shadow_of(shadow, due, &key));
	voc_redis_args_append(call, &shadow->condemned);
	voc_redis_args_append(call, &shadow->customers.shadows);
	voc_redis_args_append(call, &shadow->rollups.shadows);
	voc_redis_args_append(call, &shadow->customers.lives);
	voc_redis_args_append(call, &shadow->rollups.lives);
	for (size_t i = 0; i < 3; i++)
		voc_redis_args_add(call, voc_str_from(stand->fields[i]));
	voc_redis_args_add_i64(call, now_ms);
	voc_redis_args_add_i64(call, (int64_t)shadow->condemned.count);
	voc_redis_args_add_i64(call, (int64_t)count);
	voc_redis_args_add_i64(call, (int64_t)shadow->expiries.count);
	voc_redis_args_add_i64(call, shadow->at_risk);
	voc_redis_args_add_i64(call, shadow->due);
	voc_redis_args_append(call, &shadow->expiries);
	voc_buf_clear(&shadow->encoded);
	voc_redis_args_command(&shadow->encoded, call);
	if (call->count > VOC_SHADOW_ARGS_MAX || shadow->encoded.failed)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_TOO_LARGE, -1,
		                     "partition %d: %zu keys are more than one step of Redis can switch",
		                     (int)shadow->partition, count + shadow->condemned.count);
	return VOC_OK;
}

enum voc_status voc_shadow_switch(struct voc_shadow *shadow, const struct voc_redis_stand *stand, int64_t now_ms,
                                  enum voc_shadow_outcome *ret_outcome, struct voc_error *error)
{
	static const enum voc_shadow_outcome outcomes[] = { VOC_SHADOW_MOVED, VOC_SHADOW_SWITCHED, VOC_SHADOW_GONE };
	struct voc_redis_key key;
	struct voc_str position = voc_redis_key_position(&key, shadow->partition);
	enum voc_status status = put_together(shadow, stand, now_ms, position, error);
	if (status != VOC_OK)
		return status;
	voc_redis_begin(shadow->redis);
	voc_redis_encoded(shadow->redis, position, voc_buf_str(&shadow->encoded));
	status = voc_redis_exchange(shadow->redis, error);
	const struct voc_redis_reply *reply = status == VOC_OK ? voc_redis_reply(shadow->redis, 0) : NULL;
	if (status == VOC_OK)
		status = voc_redis_expect(shadow->redis, reply, VOC_REDIS_INTEGER, error);
	if (status == VOC_OK)
		*ret_outcome = outcomes[reply->integer >= 0 && reply->integer <= 2 ? reply->integer : 0];
	return status;
}

struct removal {
	int32_t partition;
	struct voc_redis_args names;
};

static bool take_name(void *context, struct voc_str key)
{
	struct removal *removal = context;
	if (voc_shadow_is_key(key, removal->partition))
		voc_redis_args_add(&removal->names, key);
	return !removal->names.buf.failed;
}

/* One page's names. */
static enum voc_status unlink_names(struct voc_redis *redis, const struct removal *removal, int64_t *removed,
                                    struct voc_error *error)
{
	struct voc_redis_key key;
	struct voc_redis_args command;
	struct voc_buf encoded;
	voc_redis_args_init(&command, LISTS_MAX_BYTES);
	voc_buf_init(&encoded, LISTS_MAX_BYTES);
	voc_redis_args_add(&command, VOC_STR("UNLINK"));
	voc_redis_args_append(&command, &removal->names);
	voc_redis_args_command(&encoded, &command);
	voc_redis_begin(redis);
	voc_redis_encoded(redis, voc_redis_key_position(&key, removal->partition), voc_buf_str(&encoded));
	enum voc_status status = voc_redis_exchange(redis, error);
	if (status == VOC_OK)
		status = voc_redis_expect(redis, voc_redis_reply(redis, 0), VOC_REDIS_INTEGER, error);
	if (status == VOC_OK)
		*removed += voc_redis_reply(redis, 0)->integer;
	voc_redis_args_free(&command);
	voc_buf_free(&encoded);
	return status;
}

static enum voc_status discard(struct voc_shadow *shadow, const char *prefix, int64_t *ret_removed,
                               struct voc_error *error)
{
	char pattern[64];
	struct removal removal = { .partition = shadow->partition };
	uint64_t cursor = 0;
	int64_t removed = 0;
	enum voc_status status;
	snprintf(pattern, sizeof pattern, "%s*{%" PRId32 "}:*", prefix, shadow->partition);
	voc_redis_args_init(&removal.names, LISTS_MAX_BYTES);
	do {
		voc_redis_args_clear(&removal.names);
		status = voc_redis_scan(shadow->redis, shadow->partition, pattern, &cursor, take_name, &removal, error);
		if (status == VOC_OK && removal.names.count > 0)
			status = unlink_names(shadow->redis, &removal, &removed, error);
	} while (status == VOC_OK && cursor != 0);
	voc_redis_args_free(&removal.names);
	if (status == VOC_OK)
		*ret_removed = removed;
	return status;
}

enum voc_status voc_shadow_discard(struct voc_shadow *shadow, int64_t *ret_removed, struct voc_error *error)
{
	return discard(shadow, shadow->prefix, ret_removed, error);
}

enum voc_status voc_shadow_discard_all(struct voc_shadow *shadow, int64_t *ret_removed, struct voc_error *error)
{
	return discard(shadow, PREFIX, ret_removed, error);
}
