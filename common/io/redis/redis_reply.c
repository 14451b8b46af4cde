#include "io/redis/redis_reply.h"

#include <hiredis/hiredis.h>

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
	size_t bytes;
	if (__builtin_mul_overflow((size_t)count, sizeof *reply->items, &bytes))
		return NULL;
	reply->count = (size_t)count;
	reply->items = voc_arena_alloc(task->privdata, bytes);
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

#if HIREDIS_MAJOR >= 1
/* RESP3 is never asked for: a reply of its types breaks the connection. */
static void *reply_double(const redisReadTask *task, double value, char *bytes, size_t len)
{
	(void)task;
	(void)value;
	(void)bytes;
	(void)len;
	return NULL;
}

static void *reply_bool(const redisReadTask *task, int value)
{
	(void)task;
	(void)value;
	return NULL;
}
#endif

static void reply_free(void *reply)
{
	(void)reply; /* the arena's */
}

static redisReplyObjectFunctions arena_replies = {
	.createString = reply_string,
	.createArray = reply_array,
	.createInteger = reply_integer,
	.createNil = reply_nil,
#if HIREDIS_MAJOR >= 1
	.createDouble = reply_double,
	.createBool = reply_bool,
#endif
	.freeObject = reply_free,
};

void voc_redis_replies_into(struct redisReader *reader, struct voc_arena *arena)
{
	reader->fn = &arena_replies;
	reader->privdata = arena;
}

bool voc_redis_reply_is_error(const struct voc_redis_reply *reply, const char *code)
{
	size_t len = strlen(code);
	return reply->type == VOC_REDIS_ERROR && voc_str_starts_with(reply->str, voc_str_of(code, len)) &&
	       (reply->str.len == len || reply->str.ptr[len] == ' ');
}

static bool may_pass(const struct voc_redis_reply *reply)
{
	static const char *const codes[] = { "LOADING",  "OOM",     "READONLY",   "MASTERDOWN", "BUSY",
		                             "TRYAGAIN", "MISCONF", "NOSCRIPT",   "NOREPLICAS", "UNBLOCKED",
		                             "MOVED",    "ASK",     "CLUSTERDOWN" };
	for (size_t i = 0; i < sizeof codes / sizeof *codes; i++) {
		if (voc_redis_reply_is_error(reply, codes[i]))
			return true;
	}
	return voc_str_starts_with(reply->str, VOC_STR("ERR max number of clients"));
}

/* Redis quotes arguments in some texts: what stands before the first quote is enough. */
static struct voc_str before_quote(struct voc_str text)
{
	size_t len = 0;
	while (len < text.len && !strchr("`'\"{\r\n", text.ptr[len]))
		len++;
	return voc_str_clip(voc_str_of(text.ptr, len), 120);
}

enum voc_status voc_redis_reply_expect(const struct voc_redis_reply *reply, enum voc_redis_type type,
                                       struct voc_error *error)
{
	if (reply->type == type || (reply->type == VOC_REDIS_NIL && type == VOC_REDIS_STRING))
		return VOC_OK;
	if (reply->type == VOC_REDIS_LOST)
		return voc_error_set(error, VOC_RETRY, VOC_REASON_REDIS, -1, "%.*s", VOC_STR_ARG(reply->str));
	if (reply->type != VOC_REDIS_ERROR)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_REDIS, -1, "Redis answered with type %d, not %d",
		                     (int)reply->type, (int)type);
	struct voc_str text = before_quote(reply->str);
	return voc_error_set(error, may_pass(reply) ? VOC_RETRY : VOC_FATAL, VOC_REASON_REDIS, -1,
	                     "Redis answered: %.*s", VOC_STR_ARG(text));
}
