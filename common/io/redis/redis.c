#include "io/redis/redis_internal.h"

#include "base/clock.h"
#include "io/redis/redis_sentinel.h"
#include "io/service/metrics.h"

#include <stdlib.h>

#define REPLY_MAX_BYTES    ((size_t)256 * 1024 * 1024)
#define SCRIPT_MAX_BYTES   ((size_t)1024 * 1024)
#define FIRST_COMMAND_ROOM 64

static enum voc_status no_memory(struct voc_error *error)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for Redis");
}

enum voc_status voc_redis_new(const char *url, int64_t timeout_ms, struct voc_redis **ret_redis,
                              struct voc_error *error)
{
	struct voc_redis *redis = calloc(1, sizeof *redis);
	if (!redis)
		return no_memory(error);
	redis->timeout_ms = timeout_ms;
	redis->stop_fd = -1;
	voc_buf_init(&redis->out, VOC_REDIS_OUT_MAX_BYTES);
	voc_redis_args_init(&redis->args, VOC_REDIS_OUT_MAX_BYTES);
	redis->arena = voc_arena_new(REPLY_MAX_BYTES);
	enum voc_status status = voc_redis_url_parse(url, &redis->url, error);
	if (status == VOC_OK && redis->arena) {
		if (redis->url.kind == VOC_REDIS_CLUSTER)
			redis->cluster = voc_redis_cluster_new(&redis->url, redis->arena);
		else
			redis->one = voc_redis_link_new(&redis->url.nodes[0], redis->arena);
	}
	if (status == VOC_OK && !redis->cluster && !redis->one)
		status = no_memory(error);
	if (status != VOC_OK) {
		voc_redis_free(redis);
		return status;
	}
	*ret_redis = redis;
	return VOC_OK;
}

void voc_redis_free(struct voc_redis *redis)
{
	if (!redis)
		return;
	voc_redis_cluster_free(redis->cluster);
	voc_redis_link_free(redis->one);
	for (size_t i = 0; i < redis->script_count; i++)
		voc_buf_free(&redis->scripts[i].load);
	voc_buf_free(&redis->out);
	voc_redis_args_free(&redis->args);
	free(redis->commands);
	voc_arena_free(redis->arena);
	free(redis);
}

void voc_redis_stop_on(struct voc_redis *redis, int fd)
{
	redis->stop_fd = fd;
}

void voc_redis_will_write(struct voc_redis *redis)
{
	redis->writes = true;
}

const char *voc_redis_script(struct voc_redis *redis, const char *text)
{
	unsigned char digest[VOC_SHA1_BYTES];
	char sha[2 * VOC_SHA1_BYTES + 1];
	voc_sha1(voc_str_from(text), digest);
	voc_hex(digest, sizeof digest, sha);
	for (size_t i = 0; i < redis->script_count; i++) {
		if (strcmp(redis->scripts[i].sha, sha) == 0)
			return redis->scripts[i].sha;
	}
	if (redis->script_count == VOC_REDIS_SCRIPTS_MAX)
		return NULL;
	struct voc_redis_script *script = &redis->scripts[redis->script_count];
	memcpy(script->sha, sha, sizeof script->sha);
	voc_buf_init(&script->load, SCRIPT_MAX_BYTES);
	voc_redis_args_words(&script->load, (const char *[]){ "SCRIPT", "LOAD", text, NULL });
	if (script->load.failed) {
		voc_buf_free(&script->load);
		return NULL;
	}
	redis->script_count++;
	return script->sha;
}

struct voc_redis_terms voc_redis_terms_of(struct voc_redis *redis)
{
	return (struct voc_redis_terms){ .login = &redis->url.login,
		                         .kind = redis->url.kind,
		                         .db = redis->url.db,
		                         .writes = redis->writes,
		                         .ret_volatile = &redis->volatile_met };
}

bool voc_redis_appends(const struct voc_redis *redis)
{
	return !redis->volatile_met;
}

bool voc_redis_connected(const struct voc_redis *redis)
{
	return redis->cluster ? voc_redis_cluster_known(redis->cluster) : voc_redis_link_is_open(redis->one);
}

void voc_redis_close(struct voc_redis *redis)
{
	if (redis->cluster)
		voc_redis_cluster_forget(redis->cluster);
	else
		voc_redis_link_close(redis->one);
}

/* All masters, so that one that must be refused is, before anything is done. Those that are away may come later. */
static enum voc_status connect_cluster(struct voc_redis *redis, struct voc_redis_patience *patience,
                                       struct voc_error *error)
{
	struct voc_redis_terms terms = voc_redis_terms_of(redis);
	enum voc_status status = voc_redis_cluster_refresh(redis->cluster, &terms, patience, error);
	if (status != VOC_OK)
		return status;
	size_t count;
	struct voc_redis_link *const *links = voc_redis_cluster_links(redis->cluster, &count);
	return voc_redis_greet(links, count, &terms, patience, error);
}

static enum voc_status connect_one(struct voc_redis *redis, struct voc_redis_patience *patience,
                                   struct voc_error *error)
{
	struct voc_redis_terms terms = voc_redis_terms_of(redis);
	enum voc_status status = VOC_OK;
	if (redis->url.kind == VOC_REDIS_SENTINEL)
		status = voc_redis_sentinel_find(&redis->url, redis->arena, patience, &redis->one->address, error);
	if (status == VOC_OK)
		status = voc_redis_greet(&redis->one, 1, &terms, patience, error);
	if (status == VOC_OK && !voc_redis_link_is_open(redis->one))
		status = voc_error_set(error, VOC_RETRY, VOC_REASON_REDIS, -1, "%s", redis->one->why);
	return status;
}

enum voc_status voc_redis_connect(struct voc_redis *redis, struct voc_error *error)
{
	voc_redis_close(redis);
	voc_arena_reset(redis->arena);
	redis->reply_count = 0;
	struct voc_redis_patience patience = { voc_clock_ms() + redis->timeout_ms, redis->stop_fd };
	enum voc_status status =
	        redis->cluster ? connect_cluster(redis, &patience, error) : connect_one(redis, &patience, error);
	if (status != VOC_OK)
		voc_redis_close(redis);
	return status;
}

void voc_redis_begin(struct voc_redis *redis)
{
	voc_buf_clear(&redis->out);
	voc_redis_args_clear(&redis->args);
	redis->command_count = 0;
	redis->out_of_memory = false;
	redis->slot = VOC_REDIS_NO_SLOT;
}

void voc_redis_arg(struct voc_redis *redis, struct voc_str arg)
{
	voc_redis_args_add(&redis->args, arg);
}

void voc_redis_arg_i64(struct voc_redis *redis, int64_t arg)
{
	voc_redis_args_add_i64(&redis->args, arg);
}

static void set_slot(struct voc_redis *redis, struct voc_str key)
{
	redis->slot = redis->cluster ? voc_redis_slot_of(key) : VOC_REDIS_NO_SLOT;
}

void voc_redis_arg_key(struct voc_redis *redis, struct voc_str key)
{
	set_slot(redis, key);
	voc_redis_args_add(&redis->args, key);
}

static bool make_room(struct voc_redis *redis)
{
	if (redis->command_count < redis->command_room)
		return true;
	size_t room = redis->command_room ? 2 * redis->command_room : FIRST_COMMAND_ROOM;
	struct voc_redis_command *commands = realloc(redis->commands, room * sizeof *commands);
	if (!commands)
		return false;
	redis->commands = commands;
	redis->command_room = room;
	return true;
}

/* What stands in `out` behind the last command is one more. */
static void add_command(struct voc_redis *redis, size_t start)
{
	if (!make_room(redis)) {
		redis->out_of_memory = true;
		return;
	}
	redis->commands[redis->command_count++] =
	        (struct voc_redis_command){ start, redis->out.len - start, redis->slot };
	redis->slot = VOC_REDIS_NO_SLOT;
}

void voc_redis_end(struct voc_redis *redis)
{
	size_t start = redis->out.len;
	voc_redis_args_command(&redis->out, &redis->args);
	voc_redis_args_clear(&redis->args);
	add_command(redis, start);
}

void voc_redis_command(struct voc_redis *redis, const char *const *args)
{
	for (; *args; args++)
		voc_redis_arg(redis, voc_str_from(*args));
	voc_redis_end(redis);
}

void voc_redis_encoded(struct voc_redis *redis, struct voc_str key, struct voc_str command)
{
	size_t start = redis->out.len;
	set_slot(redis, key);
	voc_buf_add_str(&redis->out, command);
	add_command(redis, start);
}

const struct voc_redis_reply *voc_redis_reply(const struct voc_redis *redis, size_t index)
{
	static const struct voc_redis_reply none = { .type = VOC_REDIS_ERROR, .str = { "ERR no such reply", 17 } };
	return index < redis->reply_count ? redis->replies[index] : &none;
}

/* Whether another server may be the master by now. */
static bool master_may_have_moved(const struct voc_redis_reply *reply)
{
	return voc_redis_reply_is_error(reply, "READONLY") || voc_redis_reply_is_error(reply, "MASTERDOWN") ||
	       voc_redis_reply_is_error(reply, "NOREPLICAS");
}

enum voc_status voc_redis_expect(struct voc_redis *redis, const struct voc_redis_reply *reply, enum voc_redis_type type,
                                 struct voc_error *error)
{
	if (reply->type == VOC_REDIS_ERROR)
		voc_metric_add(VOC_METRIC_REDIS_ERRORS, 1);
	if (master_may_have_moved(reply) && redis->cluster)
		voc_redis_cluster_suspect(redis->cluster);
	else if (master_may_have_moved(reply))
		voc_redis_close(redis);
	if (voc_redis_reply_is_error(reply, "MOVED") && !redis->cluster)
		return voc_error_set(
		        error, VOC_FATAL, VOC_REASON_REDIS, -1,
		        "this Redis is a node of a cluster: VOC_REDIS_URL must begin with redis-cluster://");
	return voc_redis_reply_expect(reply, type, error);
}
