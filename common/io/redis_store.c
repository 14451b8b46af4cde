#include "io/redis_store.h"

#include "io/redis_keys.h"
#include "io/redis_query.h"
#include "io/redis_step.h"

#include <stdlib.h>

/* Customers a pipeline: bounds the replies that are held at a time. */
#define LOAD_CUSTOMERS   500
#define STEPS_MAX_BYTES  ((size_t)256 * 1024 * 1024)
#define SHA_SIZE         41
#define FIRST_FIELD_ROOM 64

struct gathered_step {
	size_t start, len; /* of its command, within `commands` */
	bool forgotten;    /* Redis had no such script: it did nothing */
};

struct voc_store {
	struct voc_redis *redis;
	int32_t partitions;
	char sha[SHA_SIZE]; /* of the script, by SCRIPT LOAD */
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

/* INFO rather than CONFIG GET, which hosted Redis often denies. */
static enum voc_status check_eviction(struct voc_store *store, const struct voc_redis_reply *info,
                                      struct voc_error *error)
{
	static const struct voc_str name = { "\nmaxmemory_policy:", 18 };
	enum voc_status status = voc_redis_expect(store->redis, info, VOC_REDIS_STRING, error);
	if (status != VOC_OK)
		return status;
	const char *at = info->str.len > 0 ? memmem(info->str.ptr, info->str.len, name.ptr, name.len) : NULL;
	if (!at)
		return VOC_OK; /* a server of another make that has no such policy */
	at += name.len;
	struct voc_str policy = voc_str_of(at, strcspn(at, "\r\n"));
	if (voc_str_is(policy, "noeviction"))
		return VOC_OK;
	return voc_error_set(
	        error, VOC_FATAL, VOC_REASON_REDIS, -1,
	        "Redis' maxmemory-policy is %.*s: it would delete customers silently; set it to noeviction",
	        VOC_STR_ARG(policy));
}

/* Sets voc:meta where it is absent, and asks what it is; three commands. */
static void gather_meta(struct voc_store *store)
{
	struct voc_redis *redis = store->redis;
	voc_redis_arg(redis, VOC_STR("HSETNX"));
	voc_redis_arg(redis, VOC_STR(VOC_REDIS_META_KEY));
	voc_redis_arg(redis, VOC_STR("partitions"));
	voc_redis_arg_i64(redis, store->partitions);
	voc_redis_end(redis);
	voc_redis_arg(redis, VOC_STR("HSETNX"));
	voc_redis_arg(redis, VOC_STR(VOC_REDIS_META_KEY));
	voc_redis_arg(redis, VOC_STR("state_version"));
	voc_redis_arg_i64(redis, VOC_REDIS_STATE_VERSION);
	voc_redis_end(redis);
	voc_redis_command(redis, (const char *[]){ "HGETALL", VOC_REDIS_META_KEY, NULL });
}

/* The replies to gather_meta, the first of which is the index-th. */
static enum voc_status check_meta(struct voc_store *store, size_t index, struct voc_error *error)
{
	struct voc_redis_fields meta;
	enum voc_status status = VOC_OK;
	for (size_t i = index; status == VOC_OK && i < index + 2; i++)
		status = voc_redis_expect(store->redis, voc_redis_reply(store->redis, i), VOC_REDIS_INTEGER, error);
	if (status == VOC_OK)
		status = voc_redis_fields_of(store->redis, voc_redis_reply(store->redis, index + 2), &meta, error);
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
		        "state version %lld is not ours (%d): run the matching release, or delete all voc:* "
		        "keys to rebuild from the log",
		        (long long)version, VOC_REDIS_STATE_VERSION);
	return VOC_OK;
}

static enum voc_status take_sha(struct voc_store *store, const struct voc_redis_reply *reply, struct voc_error *error)
{
	enum voc_status status = voc_redis_expect(store->redis, reply, VOC_REDIS_STRING, error);
	if (status != VOC_OK)
		return status;
	if (reply->str.len != SHA_SIZE - 1)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_REDIS, -1, "SCRIPT LOAD answered no hash");
	voc_str_copy(store->sha, sizeof store->sha, reply->str);
	return VOC_OK;
}

static void gather_script_load(struct voc_store *store)
{
	voc_redis_command(store->redis, (const char *[]){ "SCRIPT", "LOAD", voc_redis_step_script, NULL });
}

/* The policy is looked at before anything is written. */
static enum voc_status prepare(struct voc_store *store, struct voc_error *error)
{
	struct voc_redis *redis = store->redis;
	voc_redis_begin(redis);
	voc_redis_command(redis, (const char *[]){ "INFO", "memory", NULL });
	gather_script_load(store);
	enum voc_status status = voc_redis_exchange(redis, error);
	if (status == VOC_OK)
		status = check_eviction(store, voc_redis_reply(redis, 0), error);
	if (status == VOC_OK)
		status = take_sha(store, voc_redis_reply(redis, 1), error);
	if (status != VOC_OK)
		return status;
	voc_redis_begin(redis);
	gather_meta(store);
	status = voc_redis_exchange(redis, error);
	return status == VOC_OK ? check_meta(store, 0, error) : status;
}

enum voc_status voc_store_connect(struct voc_store *store, int32_t partitions, struct voc_error *error)
{
	store->partitions = partitions;
	enum voc_status status = voc_redis_connect(store->redis, error);
	if (status == VOC_OK)
		status = prepare(store, error);
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

static void gather_hash(struct voc_redis *redis, struct voc_str key)
{
	voc_redis_arg(redis, VOC_STR("HGETALL"));
	voc_redis_arg(redis, key);
	voc_redis_end(redis);
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
		status = check_meta(store, 0, error);
	for (size_t i = 0; status == VOC_OK && i < count; i++)
		status = tell_hash(store, voc_redis_reply(store->redis, 3 + i), i, each, context, error);
	return status;
}

enum voc_status voc_store_load_customers(struct voc_store *store, const struct voc_store_wanted *wanted, size_t count,
                                         voc_store_fields_fn *each, void *context, struct voc_error *error)
{
	struct voc_redis_key key;
	enum voc_status status = VOC_OK;
	for (size_t first = 0; status == VOC_OK && first < count; first += LOAD_CUSTOMERS) {
		size_t end = count - first < LOAD_CUSTOMERS ? count : first + LOAD_CUSTOMERS;
		voc_redis_begin(store->redis);
		for (size_t i = first; i < end; i++)
			gather_hash(store->redis,
			            voc_redis_key_customer(&key, wanted[i].partition, wanted[i].customer_id));
		status = voc_redis_exchange(store->redis, error);
		for (size_t i = first; status == VOC_OK && i < end; i++)
			status = tell_hash(store, voc_redis_reply(store->redis, i - first), i, each, context, error);
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
		        (struct gathered_step){ .start = start, .len = store->commands.len - start };
	return status;
}

static bool is_noscript(const struct voc_redis_reply *reply)
{
	return reply->type == VOC_REDIS_ERROR && voc_str_starts_with(reply->str, VOC_STR("NOSCRIPT"));
}

static void gather_step(struct voc_store *store, size_t index)
{
	const struct gathered_step *step = &store->steps[index];
	voc_redis_encoded(store->redis, voc_str_of(store->commands.ptr + step->start, step->len));
}

static enum voc_status take_outcome(struct voc_store *store, const struct voc_redis_reply *reply,
                                    enum voc_step_outcome *ret_outcome, struct voc_error *error)
{
	enum voc_status status = voc_redis_expect(store->redis, reply, VOC_REDIS_INTEGER, error);
	if (status == VOC_OK)
		*ret_outcome = reply->integer == 1 ? VOC_STEP_COMMITTED : VOC_STEP_CONFLICT;
	return status;
}

/* Redis forgot the script (it was restarted or flushed): such a step did nothing and may be sent again, by itself. */
static enum voc_status commit_again(struct voc_store *store, size_t index, enum voc_step_outcome *ret_outcome,
                                    struct voc_error *error)
{
	voc_redis_begin(store->redis);
	gather_script_load(store);
	gather_step(store, index);
	enum voc_status status = voc_redis_exchange(store->redis, error);
	if (status == VOC_OK)
		status = take_sha(store, voc_redis_reply(store->redis, 0), error);
	return status == VOC_OK ? take_outcome(store, voc_redis_reply(store->redis, 1), ret_outcome, error) : status;
}

enum voc_status voc_store_commit(struct voc_store *store, enum voc_step_outcome *ret_outcomes, struct voc_error *error)
{
	voc_redis_begin(store->redis);
	for (size_t i = 0; i < store->step_count; i++)
		gather_step(store, i);
	enum voc_status status = voc_redis_exchange(store->redis, error);
	for (size_t i = 0; status == VOC_OK && i < store->step_count; i++) {
		const struct voc_redis_reply *reply = voc_redis_reply(store->redis, i);
		store->steps[i].forgotten = is_noscript(reply);
		if (!store->steps[i].forgotten)
			status = take_outcome(store, reply, &ret_outcomes[i], error);
	}
	for (size_t i = 0; status == VOC_OK && i < store->step_count; i++) {
		if (store->steps[i].forgotten)
			status = commit_again(store, i, &ret_outcomes[i], error);
	}
	return status;
}
