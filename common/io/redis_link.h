/*
 * One connection to Redis: commands out in one pipeline, replies back in one exchange.
 *
 *   voc_redis_begin(redis);
 *   voc_redis_arg(redis, VOC_STR("HGETALL")); voc_redis_arg(redis, key); voc_redis_end(redis);   (any number of times)
 *   status = voc_redis_exchange(redis, &error);   then   voc_redis_reply(redis, 0) ...
 *
 * Only lengths, never format strings. After any failure of the connection it is closed, since a late reply would
 * answer the next command; nothing is sent again by itself. The owner connects anew and finds out what became of what
 * it had sent. Replies live in the connection's arena until the next voc_redis_exchange. One thread at a time; the
 * process must ignore SIGPIPE.
 */
#ifndef VOC_IO_REDIS_LINK_H
#define VOC_IO_REDIS_LINK_H

#include "base/err.h"
#include "io/redis_args.h"

enum voc_redis_type {
	VOC_REDIS_NIL,
	VOC_REDIS_STRING,
	VOC_REDIS_STATUS,
	VOC_REDIS_ERROR,
	VOC_REDIS_INTEGER,
	VOC_REDIS_ARRAY,
};

struct voc_redis_reply {
	enum voc_redis_type type;
	struct voc_str str; /* of a string, status or error */
	int64_t integer;
	size_t count; /* of an array */
	struct voc_redis_reply **items;
};

struct voc_redis;

/* Parses the URL, connects nothing yet. Free with voc_redis_free. */
VOC_MUST_CHECK enum voc_status voc_redis_new(const char *url, int64_t timeout_ms, struct voc_redis **ret_redis,
                                             struct voc_error *error);
/* NULL is fine. */
void voc_redis_free(struct voc_redis *redis);

/* Once `fd` is readable the process wants to end: no exchange waits for longer than a second then. */
void voc_redis_stop_on(struct voc_redis *redis, int fd);

/* Closes what was open, connects, AUTH, SELECT. VOC_RETRY, or VOC_FATAL if Redis refuses the login or the database. */
VOC_MUST_CHECK enum voc_status voc_redis_connect(struct voc_redis *redis, struct voc_error *error);
bool voc_redis_connected(const struct voc_redis *redis);
void voc_redis_close(struct voc_redis *redis);

/* Forgets the commands gathered so far. */
void voc_redis_begin(struct voc_redis *redis);
void voc_redis_arg(struct voc_redis *redis, struct voc_str arg);
void voc_redis_arg_i64(struct voc_redis *redis, int64_t arg);
/* Ends one command. */
void voc_redis_end(struct voc_redis *redis);
/* One whole command of C strings, ended by NULL. */
void voc_redis_command(struct voc_redis *redis, const char *const *args);
/* One whole command as voc_redis_args_command made it. */
void voc_redis_encoded(struct voc_redis *redis, struct voc_str command);

/*
 * Sends every command gathered and reads every reply, within the time-out. VOC_OK even if a reply is an error:
 * voc_redis_expect tells. VOC_RETRY: the connection broke (it is closed now) and what became of the commands is
 * unknown. VOC_FATAL if they pass 256 MB.
 */
VOC_MUST_CHECK enum voc_status voc_redis_exchange(struct voc_redis *redis, struct voc_error *error);
/* The reply to the index-th command of the last exchange that was VOC_OK. */
const struct voc_redis_reply *voc_redis_reply(const struct voc_redis *redis, size_t index);
/*
 * VOC_OK if the reply is of that type (NIL passes for STRING). VOC_RETRY for an error that time may mend (LOADING,
 * OOM, READONLY, ...; after READONLY the connection is closed, for the master is elsewhere), else VOC_FATAL.
 */
VOC_MUST_CHECK enum voc_status voc_redis_expect(struct voc_redis *redis, const struct voc_redis_reply *reply,
                                                enum voc_redis_type type, struct voc_error *error);

#endif
