#include "io/redis/redis_store.h"

#include "io/redis/redis_keys.h"
#include "io/redis/redis_query.h"
#include "io/redis/redis_step.h"

#include <stdlib.h>

/* Customers a pipeline: bounds the replies that are held at a time. */
#define LOAD_CUSTOMERS  500
#define STEPS_MAX_BYTES ((size_t)256 * 1024 * 1024)
/* Of gather_meta. */
#define META_REPLIES     3
#define FIRST_FIELD_ROOM 64

/* KEYS: position, then customers. ARGV: where the position must stand, as in the step's script. 0: it does not. */
static const char load_script[] =
        "local stands = redis.call('HMGET', KEYS[1], 'offset', 'rules', 'rebuilt_at')\n"
        "if (stands[1] or '0') ~= ARGV[1] or (stands[2] or '') ~= ARGV[2] or (stands[3] or '0') ~= ARGV[3] then\n"
        "  return 0\n"
        "end\n"
        "local customers = {}\n"
        "for k = 2, #KEYS do customers[k - 1] = redis.call('HGETALL', KEYS[k]) end\n"
        "return customers\n";

struct gathered_step {
	int32_t partition;
	size_t start, len; /* of its command, within `commands` */
};

struct voc_store {
	struct voc_redis *redis;
	int32_t partitions;
	const char *sha, *load_sha; /* of the step's script, and of load_script */
	struct voc_redis_step step;
	struct voc_buf commands; /* one EVALSHA per step */
	struct gathered_step *steps;
	size_t step_count, step_room;
	struct voc_field *fields; /* of the hash that is being told */
	size_t field_room;
};

enum voc_status voc_store_new(const char *url, int64_t timeout_ms, struct voc_store **ret_store,
                              struct voc_error *error)
{
	struct voc_redis *redis;
	enum voc_status status = voc_redis_new(url, timeout_ms, &redis, error);
	if (status != VOC_OK)
		return status;
	struct voc_store *store = calloc(1, sizeof *store);
	if (!store) {
		voc_redis_free(redis);
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for the store");
	}
	store->redis = redis;
	voc_redis_step_init(&store->step);
	voc_buf_init(&store->commands, STEPS_MAX_BYTES);
	voc_redis_will_write(redis);
	store->sha = voc_redis_script(redis, voc_redis_step_script);
	store->load_sha = voc_redis_script(redis, load_script);
	if (!store->sha || !store->load_sha) {
		voc_store_free(store);
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for the store");
	}
	*ret_store = store;
	return VOC_OK;
}

void voc_store_free(struct voc_store *store)
{
	if (!store)
		return;
	voc_redis_free(store->redis);
	voc_redis_step_free(&store->step);
	voc_buf_free(&store->commands);
	free(store->steps);
	free(store->fields);
	free(store);
}

void voc_store_stop_on(struct voc_store *store, int fd)
{
	voc_redis_stop_on(store->redis, fd);
}

bool voc_store_connected(const struct voc_store *store)
{
	return voc_redis_connected(store->redis);
}

bool voc_store_appends(const struct voc_store *store)
{
	return voc_redis_appends(store->redis);
}

static void gather_hash(struct voc_redis *redis, struct voc_str key)
{
	voc_redis_arg(redis, VOC_STR("HGETALL"));
	voc_redis_arg_key(redis, key);
	voc_redis_end(redis);
}

/* Sets voc:meta where it is absent, and asks what it is; three commands. */
static void gather_meta(struct voc_store *store)
{
	struct voc_redis *redis = store->redis;
	voc_redis_arg(redis, VOC_STR("HSETNX"));
	voc_redis_arg_key(redis, VOC_STR(VOC_REDIS_META_KEY));
	voc_redis_arg(redis, VOC_STR("partitions"));
	voc_redis_arg_i64(redis, store->partitions);
	voc_redis_end(redis);
	voc_redis_arg(redis, VOC_STR("HSETNX"));
	voc_redis_arg_key(redis, VOC_STR(VOC_REDIS_META_KEY));
	voc_redis_arg(redis, VOC_STR("state_version"));
	voc_redis_arg_i64(redis, VOC_REDIS_STATE_VERSION);
	voc_redis_end(redis);
	gather_hash(redis, VOC_STR(VOC_REDIS_META_KEY));
}

/* The replies to gather_meta, the first of which is the index-th. */
static enum voc_status check_meta(struct voc_store *store, size_t index, struct voc_error *error)
{
	struct voc_redis_fields meta;
	enum voc_status status = VOC_OK;
	for (size_t i = index; status == VOC_OK && i + 1 < index + META_REPLIES; i++)
		status = voc_redis_expect(store->redis, voc_redis_reply(store->redis, i), VOC_REDIS_INTEGER, error);
	if (status == VOC_OK)
		status = voc_redis_fields_of(store->redis, voc_redis_reply(store->redis, index + META_REPLIES - 1),
		                             &meta, error);
	if (status != VOC_OK)
		return status;
	int64_t partitions = voc_redis_field_i64(&meta, "partitions");
	int64_t version = voc_redis_field_i64(&meta, "state_version");
	if (partitions != store->partitions)
		return voc_error_set(
		        error, VOC_FATAL, VOC_REASON_PARTITIONS_CHANGED, -1,
		        "state is kept for %lld partitions, the topic has %d: give it %lld again, or delete "
		        "all voc:* keys to rebuild from the log",
		        (long long)partitions, store->partitions, (long long)partitions);
	if (version != VOC_REDIS_STATE_VERSION)
		return voc_error_set(
		        error, VOC_FATAL, VOC_REASON_REDIS, -1,
		        "state version %lld is not ours (%d): run the matching release, or make it anew with "
		        "vocctl rebuild",
		        (long long)version, VOC_REDIS_STATE_VERSION);
	return VOC_OK;
}

/* Nothing is written before the server was looked at: voc_redis_will_write. */
static enum voc_status agree_on_meta(struct voc_store *store, struct voc_error *error)
{
	voc_redis_begin(store->redis);
	gather_meta(store);
	enum voc_status status = voc_redis_exchange(store->redis, error);
	return status == VOC_OK ? check_meta(store, 0, error) : status;
}

enum voc_status voc_store_connect(struct voc_store *store, int32_t partitions, struct voc_error *error)
{
	store->partitions = partitions;
	enum voc_status status = voc_redis_connect(store->redis, error);
	if (status == VOC_OK)
		status = agree_on_meta(store, error);
	if (status != VOC_OK)
		voc_redis_close(store->redis);
	return status;
}

static bool make_field_room(struct voc_store *store, size_t count)
{
	size_t room = store->field_room ? store->field_room : FIRST_FIELD_ROOM;
	while (room < count)
		room *= 2;
	if (room == store->field_room)
		return true;
	struct voc_field *fields = realloc(store->fields, room * sizeof *fields);
	if (!fields)
		return false;
	store->fields = fields;
	store->field_room = room;
	return true;
}

static enum voc_status tell_hash(struct voc_store *store, const struct voc_redis_reply *reply, size_t index,
                                 voc_store_fields_fn *each, void *context, struct voc_error *error)
{
	struct voc_redis_fields stored;
	enum voc_status status = voc_redis_fields_of(store->redis, reply, &stored, error);
	if (status != VOC_OK)
		return status;
	if (!make_field_room(store, stored.count))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a hash's fields");
	for (size_t i = 0; i < stored.count; i++) {
		store->fields[i].name = voc_redis_field_name(&stored, i);
		store->fields[i].value = voc_redis_field_value(&stored, i);
	}
	return each(context, index, store->fields, stored.count, error);
}

/* What is known of voc:meta since the connection was made stands, if only its own shard is away. */
static enum voc_status check_meta_if_there(struct voc_store *store, struct voc_error *error)
{
	struct voc_error failure;
	voc_error_clear(&failure);
	enum voc_status status = check_meta(store, 0, &failure);
	if (status == VOC_RETRY && voc_redis_connected(store->redis))
		return VOC_OK;
	if (status != VOC_OK && error)
		*error = failure;
	return status;
}

enum voc_status voc_store_load_positions(struct voc_store *store, const int32_t *partitions, size_t count,
                                         voc_store_fields_fn *each, void *context, struct voc_error *error)
{
	struct voc_redis_key key;
	voc_redis_begin(store->redis);
	gather_meta(store);
	for (size_t i = 0; i < count; i++)
		gather_hash(store->redis, voc_redis_key_position(&key, partitions[i]));
	enum voc_status status = voc_redis_exchange(store->redis, error);
	if (status == VOC_OK)
		status = check_meta_if_there(store, error);
	bool retry = false;
	for (size_t i = 0; status == VOC_OK && i < count; i++) {
		status = tell_hash(store, voc_redis_reply(store->redis, META_REPLIES + i), i, each, context, error);
		if (status == VOC_RETRY) {
			retry = true;
			status = VOC_OK;
		}
	}
	return status == VOC_OK && retry ? VOC_RETRY : status;
}

/* The reply to ZRANGEBYSCORE … WITHSCORES of the index-th partition. */
static enum voc_status tell_due(struct voc_store *store, const struct voc_redis_reply *reply, size_t index,
                                voc_store_due_fn *each, void *context, struct voc_error *error)
{
	enum voc_status status = voc_redis_expect(store->redis, reply, VOC_REDIS_ARRAY, error);
	for (size_t i = 0; status == VOC_OK && i + 1 < reply->count; i += 2) {
		struct voc_due due;
		if (reply->items[i]->type != VOC_REDIS_STRING || reply->items[i + 1]->type != VOC_REDIS_STRING ||
		    !voc_str_to_i64(reply->items[i + 1]->str, &due.due_ms) ||
		    !voc_due_member_parse(reply->items[i]->str, &due))
			continue;
		status = each(context, index, &due, error);
	}
	return status;
}

enum voc_status voc_store_load_due(struct voc_store *store, const int32_t *partitions, size_t count, int64_t now_ms,
                                   size_t limit, voc_store_due_fn *each, void *context, struct voc_error *error)
{
	struct voc_redis *redis = store->redis;
	struct voc_redis_key key;
	bool retry = false;
	voc_redis_begin(redis);
	for (size_t i = 0; i < count; i++) {
		voc_redis_arg(redis, VOC_STR("ZRANGEBYSCORE"));
		voc_redis_arg_key(redis, voc_redis_key_due(&key, partitions[i]));
		voc_redis_arg(redis, VOC_STR("-inf"));
		voc_redis_arg_i64(redis, now_ms);
		voc_redis_arg(redis, VOC_STR("WITHSCORES"));
		voc_redis_arg(redis, VOC_STR("LIMIT"));
		voc_redis_arg_i64(redis, 0);
		voc_redis_arg_i64(redis, (int64_t)limit);
		voc_redis_end(redis);
	}
	enum voc_status status = voc_redis_exchange(redis, error);
	for (size_t i = 0; status == VOC_OK && i < count; i++) {
		status = tell_due(store, voc_redis_reply(redis, i), i, each, context, error);
		if (status == VOC_RETRY) {
			retry = true;
			status = VOC_OK;
		}
	}
	return status == VOC_OK && retry ? VOC_RETRY : status;
}

/* How many of those wanted are of the first one's partition, without a break. */
static size_t count_same(const struct voc_store_wanted *wanted, size_t count)
{
	size_t same = 1;
	while (same < count && wanted[same].partition == wanted->partition)
		same++;
	return same;
}

/* `same` customers of one partition, and its position, in one atomic look. */
static void gather_customers(struct voc_store *store, const struct voc_store_wanted *wanted, size_t same)
{
	struct voc_redis *redis = store->redis;
	struct voc_redis_key key;
	const struct voc_partition_state *state = wanted->state;
	voc_redis_arg(redis, VOC_STR("EVALSHA"));
	voc_redis_arg(redis, voc_str_from(store->load_sha));
	voc_redis_arg_i64(redis, 1 + (int64_t)same);
	voc_redis_arg_key(redis, voc_redis_key_position(&key, wanted->partition));
	for (size_t i = 0; i < same; i++)
		voc_redis_arg(redis, voc_redis_key_customer(&key, wanted[i].partition, wanted[i].customer_id));
	voc_redis_arg_i64(redis, state->stored.offset);
	voc_redis_arg(redis, voc_str_from(voc_rule_set_version(state->stored_rules)));
	voc_redis_arg_i64(redis, state->stored.rebuilt_at);
	voc_redis_end(redis);
}

/* The reply to gather_customers; the first of them is wanted[index]. */
static enum voc_status tell_customers(struct voc_store *store, const struct voc_redis_reply *reply, size_t index,
                                      size_t same, voc_store_fields_fn *each, void *context, struct voc_error *error)
{
	enum voc_status status = voc_redis_expect(store->redis, reply, VOC_REDIS_ARRAY, error);
	if (status == VOC_OK && reply->count != same)
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_REDIS, -1, "Redis answered for other customers");
	for (size_t i = 0; status == VOC_OK && i < same; i++)
		status = tell_hash(store, reply->items[i], index + i, each, context, error);
	return status;
}

enum voc_status voc_store_load_customers(struct voc_store *store, const struct voc_store_wanted *wanted, size_t count,
                                         voc_store_fields_fn *each, void *context, int32_t *ret_moved,
                                         struct voc_error *error)
{
	enum voc_status status = VOC_OK;
	*ret_moved = -1;
	for (size_t first = 0; status == VOC_OK && first < count; first += LOAD_CUSTOMERS) {
		size_t end = count - first < LOAD_CUSTOMERS ? count : first + LOAD_CUSTOMERS;
		size_t same, next = 0;
		voc_redis_begin(store->redis);
		for (size_t i = first; i < end; i += same) {
			same = count_same(wanted + i, end - i);
			gather_customers(store, wanted + i, same);
		}
		status = voc_redis_exchange(store->redis, error);
		for (size_t i = first; status == VOC_OK && i < end; i += same) {
			const struct voc_redis_reply *reply = voc_redis_reply(store->redis, next++);
			same = count_same(wanted + i, end - i);
			if (reply->type == VOC_REDIS_INTEGER) {
				*ret_moved = wanted[i].partition;
				return VOC_OK;
			}
			status = tell_customers(store, reply, i, same, each, context, error);
		}
	}
	return status;
}

void voc_store_begin(struct voc_store *store)
{
	voc_buf_clear(&store->commands);
	store->step_count = 0;
}

void voc_store_step_begin(struct voc_store *store, int32_t partition)
{
	voc_redis_step_begin(&store->step, partition);
}

void voc_store_step_customer(struct voc_store *store, struct voc_str id, const struct voc_customer *before,
                             const struct voc_customer *now)
{
	voc_redis_step_customer(&store->step, id, before, now);
}

void voc_store_step_rollup(struct voc_store *store, const struct voc_rollup *rollup, int64_t wall_ms,
                           int64_t retention_ms)
{
	voc_redis_step_rollup(&store->step, rollup, wall_ms, retention_ms);
}

static bool make_step_room(struct voc_store *store)
{
	if (store->step_count < store->step_room)
		return true;
	size_t room = store->step_room ? 2 * store->step_room : 32;
	struct gathered_step *steps = realloc(store->steps, room * sizeof *steps);
	if (!steps)
		return false;
	store->steps = steps;
	store->step_room = room;
	return true;
}

enum voc_status voc_store_step_end(struct voc_store *store, const struct voc_partition_state *state,
                                   struct voc_error *error)
{
	if (!make_step_room(store))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a step");
	size_t start = store->commands.len;
	enum voc_status status =
	        voc_redis_step_end(&store->step, state, voc_str_from(store->sha), &store->commands, error);
	if (status == VOC_OK)
		store->steps[store->step_count++] =
		        (struct gathered_step){ store->step.partition, start, store->commands.len - start };
	return status;
}

static enum voc_status take_outcome(struct voc_store *store, const struct voc_redis_reply *reply,
                                    enum voc_step_outcome *ret_outcome, struct voc_error *error)
{
	enum voc_status status = voc_redis_expect(store->redis, reply, VOC_REDIS_INTEGER, error);
	if (status == VOC_OK)
		*ret_outcome = reply->integer == 1 ? VOC_STEP_COMMITTED : VOC_STEP_CONFLICT;
	return status;
}

/* The worse of two: what ends the process, then what must be tried again. */
static enum voc_status worse(enum voc_status a, enum voc_status b)
{
	return a == VOC_FATAL || b == VOC_OK ? a : b;
}

enum voc_status voc_store_commit(struct voc_store *store, enum voc_step_outcome *ret_outcomes, struct voc_error *error)
{
	struct voc_redis_key key;
	voc_redis_begin(store->redis);
	for (size_t i = 0; i < store->step_count; i++) {
		const struct gathered_step *step = &store->steps[i];
		ret_outcomes[i] = VOC_STEP_UNKNOWN;
		voc_redis_encoded(store->redis, voc_redis_key_position(&key, step->partition),
		                  voc_str_of(store->commands.ptr + step->start, step->len));
	}
	enum voc_status status = voc_redis_exchange(store->redis, error);
	if (status != VOC_OK)
		return status;
	for (size_t i = 0; i < store->step_count; i++)
		status = worse(status, take_outcome(store, voc_redis_reply(store->redis, i), &ret_outcomes[i], error));
	return status;
}
