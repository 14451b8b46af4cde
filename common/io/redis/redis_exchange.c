/*
 * The exchange behind io/redis/redis.h: every command to the server that its key is on, all servers at once, and again
 * those commands of which Redis says that they did nothing there.
 */
#include "io/redis/redis_internal.h"

#include "base/clock.h"
#include "io/service/metrics.h"

/* How often one command is sent: a slot may move on while it is followed. */
#define ROUNDS_MAX 4

/* A command on its way. */
struct sending {
	struct voc_redis_call call; /* without a reply: still to be sent */
	struct voc_redis_link *link;
	int slot;
	bool redirected; /* `link` is where Redis told to go */
	bool ask, load;  /* to be sent behind ASKING; behind the scripts */
};

struct exchange {
	struct voc_redis *redis;
	struct voc_redis_patience patience;
	struct sending *sendings;
	size_t count;
	struct voc_redis_link *wanted[VOC_REDIS_NODES_MAX]; /* those of this round */
	size_t wanted_count;
};

static void suspect(struct voc_redis *redis)
{
	if (redis->cluster)
		voc_redis_cluster_suspect(redis->cluster);
}

static struct voc_redis_link *any_link(struct voc_redis *redis)
{
	size_t count;
	struct voc_redis_link *const *links = voc_redis_cluster_links(redis->cluster, &count);
	for (size_t i = 0; i < count; i++) {
		if (voc_redis_link_is_open(links[i]))
			return links[i];
	}
	return count > 0 ? links[0] : NULL;
}

static struct voc_redis_link *route(struct voc_redis *redis, int slot)
{
	if (!redis->cluster)
		return redis->one;
	return slot == VOC_REDIS_NO_SLOT ? any_link(redis) : voc_redis_cluster_owner(redis->cluster, slot);
}

/* Where everything goes that is still to be sent. */
static void route_all(struct exchange *exchange)
{
	struct voc_redis *redis = exchange->redis;
	exchange->wanted_count = 0;
	for (size_t i = 0; i < exchange->count; i++) {
		struct sending *sending = &exchange->sendings[i];
		if (sending->call.reply)
			continue;
		if (!sending->redirected)
			sending->link = route(redis, sending->slot);
		if (!sending->link) {
			voc_redis_call_lose(&sending->call, redis->arena, "no node of the Redis Cluster serves a slot");
			suspect(redis);
		} else if (!sending->link->wanted) {
			sending->link->wanted = true;
			exchange->wanted[exchange->wanted_count++] = sending->link;
		}
	}
}

static bool send_extra(struct exchange *exchange, struct voc_redis_link *link, struct voc_str command)
{
	struct voc_redis_call *call = voc_arena_alloc(exchange->redis->arena, sizeof *call);
	if (!call)
		return false;
	*call = (struct voc_redis_call){ .command = command };
	voc_redis_link_send(link, call);
	return true;
}

static bool send_one(struct exchange *exchange, struct sending *sending)
{
	static const struct voc_str asking = { "*1\r\n$6\r\nASKING\r\n", 16 };
	struct voc_redis *redis = exchange->redis;
	bool good = true;
	/* Once for each link and round. */
	for (size_t i = 0; sending->load && sending->link->wanted && good && i < redis->script_count; i++)
		good = send_extra(exchange, sending->link, voc_buf_str(&redis->scripts[i].load));
	if (sending->load)
		sending->link->wanted = false;
	if (good && sending->ask)
		good = send_extra(exchange, sending->link, asking);
	if (good)
		voc_redis_link_send(sending->link, &sending->call);
	return good;
}

static enum voc_status play_round(struct exchange *exchange, struct voc_error *error)
{
	struct voc_redis *redis = exchange->redis;
	enum voc_status status = VOC_OK;
	bool good = true;
	route_all(exchange);
	if (redis->cluster) {
		struct voc_redis_terms terms = voc_redis_terms_of(redis);
		status = voc_redis_greet(exchange->wanted, exchange->wanted_count, &terms, &exchange->patience, error);
	}
	for (size_t i = 0; status == VOC_OK && good && i < exchange->count; i++) {
		if (!exchange->sendings[i].call.reply)
			good = send_one(exchange, &exchange->sendings[i]);
	}
	for (size_t i = 0; i < exchange->wanted_count; i++)
		exchange->wanted[i]->wanted = false;
	if (!good)
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for Redis' replies");
	voc_redis_links_exchange(exchange->wanted, exchange->wanted_count, &exchange->patience);
	return status;
}

/* Whether the command did nothing and may be sent again, somewhere else or behind its script. */
static bool is_refused(struct voc_redis *redis, struct sending *sending)
{
	struct voc_redis_redirect redirect;
	const struct voc_redis_reply *reply = sending->call.reply;
	if (redis->script_count > 0 && voc_redis_reply_is_error(reply, "NOSCRIPT")) {
		sending->load = true;
		sending->redirected = true; /* there, and nowhere else */
		return true;
	}
	if (!redis->cluster || !voc_redis_redirect_parse(reply, &sending->link->address, &redirect))
		return false;
	struct voc_redis_link *link = voc_redis_cluster_redirect(redis->cluster, &redirect);
	if (!link)
		return false;
	voc_metric_add(VOC_METRIC_REDIS_REDIRECTS, 1);
	sending->link = link;
	sending->redirected = true;
	sending->ask = redirect.ask;
	return true;
}

/* Looks at the replies of a round; returns how many commands are to be sent again. */
static size_t review(struct exchange *exchange)
{
	size_t again = 0;
	for (size_t i = 0; i < exchange->count; i++) {
		struct sending *sending = &exchange->sendings[i];
		const struct voc_redis_reply *reply = sending->call.reply;
		if (reply->type == VOC_REDIS_LOST || voc_redis_reply_is_error(reply, "CLUSTERDOWN"))
			suspect(exchange->redis);
		if (reply->type != VOC_REDIS_ERROR || !is_refused(exchange->redis, sending))
			continue;
		sending->call.reply = NULL;
		again++;
	}
	return again;
}

static enum voc_status prepare(struct exchange *exchange, struct voc_error *error)
{
	struct voc_redis *redis = exchange->redis;
	redis->reply_count = 0;
	if (!voc_redis_connected(redis))
		return voc_error_set(error, VOC_RETRY, VOC_REASON_REDIS, -1, "not connected to Redis");
	if (redis->out.failed)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_TOO_LARGE, -1, "more than %zu bytes for Redis",
		                     VOC_REDIS_OUT_MAX_BYTES);
	voc_arena_reset(redis->arena);
	exchange->count = redis->command_count;
	exchange->sendings = voc_arena_alloc(redis->arena, exchange->count * sizeof *exchange->sendings);
	redis->replies = voc_arena_alloc(redis->arena, exchange->count * sizeof *redis->replies);
	if (redis->out_of_memory || !exchange->sendings || !redis->replies)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for Redis' replies");
	for (size_t i = 0; i < exchange->count; i++) {
		const struct voc_redis_command *command = &redis->commands[i];
		exchange->sendings[i] = (struct sending){ .slot = command->slot };
		exchange->sendings[i].call.command = voc_str_of(redis->out.ptr + command->start, command->len);
	}
	struct voc_redis_terms terms = voc_redis_terms_of(redis);
	return redis->cluster ? voc_redis_cluster_refresh(redis->cluster, &terms, &exchange->patience, error) : VOC_OK;
}

/* VOC_RETRY if not one command was answered. */
static enum voc_status conclude(struct exchange *exchange, struct voc_error *error)
{
	struct voc_redis *redis = exchange->redis;
	size_t lost = 0;
	for (size_t i = 0; i < exchange->count; i++) {
		redis->replies[i] = exchange->sendings[i].call.reply;
		lost += redis->replies[i]->type == VOC_REDIS_LOST;
	}
	if (lost > 0 && lost == exchange->count)
		return voc_redis_reply_expect(redis->replies[0], VOC_REDIS_STATUS, error);
	redis->reply_count = exchange->count;
	return VOC_OK;
}

enum voc_status voc_redis_exchange(struct voc_redis *redis, struct voc_error *error)
{
	int64_t began_us = voc_clock_us();
	struct exchange exchange = { .redis = redis,
		                     .patience = { began_us / 1000 + redis->timeout_ms, redis->stop_fd } };
	enum voc_status status = prepare(&exchange, error);
	if (status != VOC_OK || exchange.count == 0)
		return status;
	size_t again = exchange.count;
	for (int round = 1; status == VOC_OK && again > 0; round++) {
		status = play_round(&exchange, error);
		if (status == VOC_OK)
			again = round < ROUNDS_MAX ? review(&exchange) : 0;
	}
	if (status == VOC_OK)
		status = conclude(&exchange, error);
	voc_metric_observe_us(VOC_METRIC_REDIS_SECONDS, voc_clock_us() - began_us);
	return status;
}
