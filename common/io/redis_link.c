#include "io/redis_link.h"

#include "base/arena.h"
#include "base/clock.h"
#include "io/metrics.h"
#include "io/redis_url.h"

#include <hiredis/hiredis.h>

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/time.h>

#define OUT_MAX_BYTES   ((size_t)256 * 1024 * 1024)
#define REPLY_MAX_BYTES ((size_t)256 * 1024 * 1024)
/* Waiting for a connection can't be cut short by a stop. */
#define CONNECT_LONGEST_MS 2000
#define STOP_GRACE_MS      1000

struct voc_redis {
	struct voc_redis_url url;
	int64_t timeout_ms;
	int stop_fd;           /* -1: none */
	redisContext *context; /* NULL: not connected */
	struct voc_buf out;    /* whole commands */
	size_t command_count;
	struct voc_redis_args args; /* of the command that is being put together */
	struct voc_arena *arena;    /* the replies */
	struct voc_redis_reply **replies;
	size_t reply_count;
};

/* hiredis' reader calls these instead of its own malloc per reply: a batch's replies come and go in one arena. */
static struct voc_redis_reply *reply_new(const redisReadTask *task, enum voc_redis_type type)
{
	struct voc_redis_reply *reply = voc_arena_alloc(task->privdata, sizeof *reply);
	if (!reply)
		return NULL;
	*reply = (struct voc_redis_reply){ .type = type };
	if (task->parent) {
		struct voc_redis_reply *parent = task->parent->obj;
		parent->items[task->idx] = reply;
	}
	return reply;
}

static void *reply_string(const redisReadTask *task, char *bytes, size_t len)
{
	enum voc_redis_type type = task->type == REDIS_REPLY_ERROR    ? VOC_REDIS_ERROR
	                           : task->type == REDIS_REPLY_STATUS ? VOC_REDIS_STATUS
	                                                              : VOC_REDIS_STRING;
	struct voc_redis_reply *reply = reply_new(task, type);
	if (!reply)
		return NULL;
	reply->str = voc_arena_copy(task->privdata, voc_str_of(bytes, len));
	return reply->str.ptr ? reply : NULL;
}

#if HIREDIS_MAJOR >= 1
static void *reply_array(const redisReadTask *task, size_t count)
#else
static void *reply_array(const redisReadTask *task, int count)
#endif
{
	struct voc_redis_reply *reply = reply_new(task, VOC_REDIS_ARRAY);
	if (!reply)
		return NULL;
	reply->count = (size_t)count;
	reply->items = voc_arena_alloc(task->privdata, reply->count * sizeof *reply->items);
	return reply->items ? reply : NULL;
}

static void *reply_integer(const redisReadTask *task, long long value)
{
	struct voc_redis_reply *reply = reply_new(task, VOC_REDIS_INTEGER);
	if (reply)
		reply->integer = value;
	return reply;
}

static void *reply_nil(const redisReadTask *task)
{
	return reply_new(task, VOC_REDIS_NIL);
}

static void reply_free(void *reply)
{
	(void)reply; /* the arena's */
}

static redisReplyObjectFunctions arena_replies = {
	.createString = reply_string,
	.createArray = reply_array,
	.createInteger = reply_integer,
	.createNil = reply_nil,
	.freeObject = reply_free,
};

enum voc_status voc_redis_new(const char *url, int64_t timeout_ms, struct voc_redis **ret_redis,
                              struct voc_error *error)
{
	struct voc_redis_url parsed;
	enum voc_status status = voc_redis_url_parse(url, &parsed, error);
	if (status != VOC_OK)
		return status;
	struct voc_redis *redis = calloc(1, sizeof *redis);
	struct voc_arena *arena = redis ? voc_arena_new(REPLY_MAX_BYTES) : NULL;
	if (!arena) {
		free(redis);
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for Redis");
	}
	redis->url = parsed;
	redis->timeout_ms = timeout_ms;
	redis->stop_fd = -1;
	redis->arena = arena;
	voc_buf_init(&redis->out, OUT_MAX_BYTES);
	voc_redis_args_init(&redis->args, OUT_MAX_BYTES);
	*ret_redis = redis;
	return VOC_OK;
}

void voc_redis_free(struct voc_redis *redis)
{
	if (!redis)
		return;
	voc_redis_close(redis);
	voc_buf_free(&redis->out);
	voc_redis_args_free(&redis->args);
	voc_arena_free(redis->arena);
	free(redis);
}

void voc_redis_close(struct voc_redis *redis)
{
	if (redis->context)
		redisFree(redis->context);
	redis->context = NULL;
}

void voc_redis_stop_on(struct voc_redis *redis, int fd)
{
	redis->stop_fd = fd;
}

bool voc_redis_connected(const struct voc_redis *redis)
{
	return redis->context;
}

void voc_redis_begin(struct voc_redis *redis)
{
	voc_buf_clear(&redis->out);
	voc_redis_args_clear(&redis->args);
	redis->command_count = 0;
}

void voc_redis_arg(struct voc_redis *redis, struct voc_str arg)
{
	voc_redis_args_add(&redis->args, arg);
}

void voc_redis_arg_i64(struct voc_redis *redis, int64_t arg)
{
	voc_redis_args_add_i64(&redis->args, arg);
}

void voc_redis_end(struct voc_redis *redis)
{
	voc_redis_args_command(&redis->out, &redis->args);
	voc_redis_args_clear(&redis->args);
	redis->command_count++;
}

void voc_redis_command(struct voc_redis *redis, const char *const *args)
{
	for (; *args; args++)
		voc_redis_arg(redis, voc_str_from(*args));
	voc_redis_end(redis);
}

void voc_redis_encoded(struct voc_redis *redis, struct voc_str command)
{
	voc_buf_add_str(&redis->out, command);
	redis->command_count++;
}

static enum voc_status broken(struct voc_redis *redis, const char *doing, const char *why, struct voc_error *error)
{
	voc_error_set(error, VOC_RETRY, VOC_REASON_REDIS, -1, "%s: %s", doing, why);
	voc_metric_add(VOC_METRIC_REDIS_ERRORS, 1);
	voc_redis_close(redis);
	return VOC_RETRY;
}

/* How long the exchange under way may still wait. */
struct patience {
	int64_t until_ms;
	int stop_fd; /* -1: none, or it was readable already */
};

/* False when the time is over. Errors of the socket count as ready: the next read or write tells. */
static bool wait_ready(struct voc_redis *redis, short events, struct patience *patience)
{
	for (;;) {
		struct pollfd fds[] = { { .fd = redis->context->fd, .events = events },
			                { .fd = patience->stop_fd, .events = POLLIN } };
		int64_t left_ms = patience->until_ms - voc_clock_ms();
		if (left_ms <= 0)
			return false;
		if (poll(fds, 2, left_ms > INT_MAX ? INT_MAX : (int)left_ms) < 0)
			continue; /* interrupted */
		if (fds[0].revents)
			return true;
		if (fds[1].revents) {
			patience->stop_fd = -1;
			if (left_ms > STOP_GRACE_MS)
				patience->until_ms = voc_clock_ms() + STOP_GRACE_MS;
		}
	}
}

static enum voc_status send_commands(struct voc_redis *redis, struct patience *patience, struct voc_error *error)
{
	static const char doing[] = "sending to Redis";
	if (redisAppendFormattedCommand(redis->context, redis->out.ptr, redis->out.len) != REDIS_OK)
		return broken(redis, doing, redis->context->errstr, error);
	for (;;) {
		int done = 0;
		if (redisBufferWrite(redis->context, &done) != REDIS_OK)
			return broken(redis, doing, redis->context->errstr, error);
		if (done)
			return VOC_OK;
		if (!wait_ready(redis, POLLOUT, patience))
			return broken(redis, doing, "timed out", error);
	}
}

static enum voc_status receive(struct voc_redis *redis, struct patience *patience, struct voc_redis_reply **ret_reply,
                               struct voc_error *error)
{
	static const char doing[] = "reading from Redis";
	for (;;) {
		void *reply = NULL;
		if (redisGetReplyFromReader(redis->context, &reply) != REDIS_OK)
			return broken(redis, doing, redis->context->errstr, error);
		if (reply) {
			*ret_reply = reply;
			return VOC_OK;
		}
		if (!wait_ready(redis, POLLIN, patience))
			return broken(redis, doing, "timed out", error);
		if (redisBufferRead(redis->context) != REDIS_OK)
			return broken(redis, doing, redis->context->errstr, error);
	}
}

enum voc_status voc_redis_exchange(struct voc_redis *redis, struct voc_error *error)
{
	redis->reply_count = 0;
	if (!redis->context)
		return voc_error_set(error, VOC_RETRY, VOC_REASON_REDIS, -1, "not connected to Redis");
	if (redis->out.failed)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_TOO_LARGE, -1, "more than %zu bytes for Redis",
		                     OUT_MAX_BYTES);
	if (redis->command_count == 0)
		return VOC_OK;
	voc_arena_reset(redis->arena);
	redis->replies = voc_arena_alloc(redis->arena, redis->command_count * sizeof *redis->replies);
	if (!redis->replies)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for Redis' replies");
	int64_t began_us = voc_clock_us();
	struct patience patience = { began_us / 1000 + redis->timeout_ms, redis->stop_fd };
	enum voc_status status = send_commands(redis, &patience, error);
	for (size_t i = 0; status == VOC_OK && i < redis->command_count; i++)
		status = receive(redis, &patience, &redis->replies[i], error);
	if (status == VOC_OK)
		redis->reply_count = redis->command_count;
	voc_metric_observe_us(VOC_METRIC_REDIS_SECONDS, voc_clock_us() - began_us);
	return status;
}

const struct voc_redis_reply *voc_redis_reply(const struct voc_redis *redis, size_t index)
{
	static const struct voc_redis_reply none = { .type = VOC_REDIS_ERROR, .str = { "ERR no such reply", 17 } };
	return index < redis->reply_count ? redis->replies[index] : &none;
}

static bool may_pass(struct voc_str error_text)
{
	static const char *const codes[] = { "LOADING ",    "OOM ",       "READONLY ",   "MASTERDOWN ",
		                             "BUSY ",       "TRYAGAIN ",  "MISCONF ",    "NOSCRIPT ",
		                             "NOREPLICAS ", "UNBLOCKED ", "CLUSTERDOWN " };
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		if (voc_str_starts_with(error_text, voc_str_from(codes[i])))
			return true;
	}
	return voc_str_starts_with(error_text, VOC_STR("ERR max number of clients"));
}

/* Redis quotes arguments, which hold customers' ids, in some texts: what stands before the first quote is enough. */
static struct voc_str before_quote(struct voc_str text)
{
	size_t len = 0;
	while (len < text.len && !strchr("`'\"{\r\n", text.ptr[len]))
		len++;
	return voc_str_clip(voc_str_of(text.ptr, len), 120);
}

enum voc_status voc_redis_expect(struct voc_redis *redis, const struct voc_redis_reply *reply, enum voc_redis_type type,
                                 struct voc_error *error)
{
	if (reply->type == type || (reply->type == VOC_REDIS_NIL && type == VOC_REDIS_STRING))
		return VOC_OK;
	if (reply->type != VOC_REDIS_ERROR)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_REDIS, -1, "Redis answered with type %d, not %d",
		                     (int)reply->type, (int)type);
	enum voc_status status = may_pass(reply->str) ? VOC_RETRY : VOC_FATAL;
	struct voc_str text = before_quote(reply->str);
	voc_error_set(error, status, VOC_REASON_REDIS, -1, "Redis answered: %.*s", VOC_STR_ARG(text));
	voc_metric_add(VOC_METRIC_REDIS_ERRORS, 1);
	if (voc_str_starts_with(reply->str, VOC_STR("READONLY ")))
		voc_redis_close(redis);
	return status;
}

static struct timeval timeval_of(int64_t ms)
{
	return (struct timeval){ .tv_sec = ms / 1000, .tv_usec = (suseconds_t)(ms % 1000) * 1000 };
}

static enum voc_status open_socket(struct voc_redis *redis, struct voc_error *error)
{
	struct timeval timeout =
	        timeval_of(redis->timeout_ms < CONNECT_LONGEST_MS ? redis->timeout_ms : CONNECT_LONGEST_MS);
	const struct voc_redis_url *url = &redis->url;
	redis->context = url->is_unix ? redisConnectUnixWithTimeout(url->host, timeout)
	                              : redisConnectWithTimeout(url->host, url->port, timeout);
	if (!redis->context)
		return voc_error_set(error, VOC_RETRY, VOC_REASON_OUT_OF_MEMORY, -1, "no memory to connect to Redis");
	if (redis->context->err)
		return broken(redis, "connecting to Redis", redis->context->errstr, error);
	if (!url->is_unix && redisEnableKeepAlive(redis->context) != REDIS_OK)
		return broken(redis, "connecting to Redis", redis->context->errstr, error);
	/* hiredis' own time-out is one for each read: from here on wait_ready waits. */
	int flags = fcntl(redis->context->fd, F_GETFL);
	if (flags < 0 || fcntl(redis->context->fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return broken(redis, "connecting to Redis", strerror(errno), error);
	redis->context->flags &= ~REDIS_BLOCK;
	redis->context->reader->fn = &arena_replies;
	redis->context->reader->privdata = redis->arena;
	return VOC_OK;
}

static void gather_login(struct voc_redis *redis)
{
	const struct voc_redis_url *url = &redis->url;
	voc_redis_begin(redis);
	if (url->user[0])
		voc_redis_command(redis, (const char *[]){ "AUTH", url->user, url->password, NULL });
	else if (url->password[0])
		voc_redis_command(redis, (const char *[]){ "AUTH", url->password, NULL });
	voc_redis_arg(redis, VOC_STR("SELECT"));
	voc_redis_arg_i64(redis, url->db);
	voc_redis_end(redis);
}

enum voc_status voc_redis_connect(struct voc_redis *redis, struct voc_error *error)
{
	voc_redis_close(redis);
	enum voc_status status = open_socket(redis, error);
	if (status != VOC_OK)
		return status;
	gather_login(redis);
	status = voc_redis_exchange(redis, error);
	for (size_t i = 0; status == VOC_OK && i < redis->command_count; i++)
		status = voc_redis_expect(redis, redis->replies[i], VOC_REDIS_STATUS, error);
	if (status != VOC_OK)
		voc_redis_close(redis);
	return status;
}
