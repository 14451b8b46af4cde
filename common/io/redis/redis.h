/*
 * Redis, wherever VOC_REDIS_URL says it is: one server, the master that Sentinel names, or the shards of a cluster.
 * Commands out in one pipeline, replies back in one exchange.
 *
 *   voc_redis_begin(redis);
 *   voc_redis_arg(redis, VOC_STR("HGETALL")); voc_redis_arg_key(redis, key); voc_redis_end(redis);   (any number of
 * times) status = voc_redis_exchange(redis, &error);   then   voc_redis_reply(redis, 0) ...
 *
 * Only lengths, never format strings. A command goes where its key is: in a cluster to the shard that serves the key's
 * slot, all shards at the same time; the order of commands with keys of one slot is kept. All keys of a command must be
 * in one slot (redis_keys.h sees to that), and a script must name them all.
 *
 * A command is sent again only where Redis says that it did nothing: redirected (MOVED, ASK) or its script unknown
 * (NOSCRIPT). After a failure of a connection that is closed, since a late reply would answer the next command; the
 * owner finds out what became of what it had sent. Replies live until the next exchange. One thread at a time; the
 * process must ignore SIGPIPE.
 */
#ifndef VOC_IO_REDIS_H
#define VOC_IO_REDIS_H

#include "io/redis/redis_args.h"
#include "io/redis/redis_reply.h"

struct voc_redis;

/* Scripts that one voc_redis knows. */
#define VOC_REDIS_SCRIPTS_MAX 8

/* Parses the URL, connects nothing yet. Free with voc_redis_free. */
VOC_MUST_CHECK enum voc_status voc_redis_new(const char *url, int64_t timeout_ms, struct voc_redis **ret_redis,
                                             struct voc_error *error);
/* NULL is fine. */
void voc_redis_free(struct voc_redis *redis);

/* Once `fd` is readable the process wants to end: no exchange waits for longer than a second then. */
void voc_redis_stop_on(struct voc_redis *redis, int fd);
/* The owner writes what must stay: a server that evicts keys is refused wherever it is met. */
void voc_redis_will_write(struct voc_redis *redis);
/*
 * The script (a literal) is loaded wherever it is found missing. Returns the name that EVALSHA takes, borrowed; NULL if
 * there are too many. Asked for again, it is the same.
 */
const char *voc_redis_script(struct voc_redis *redis, const char *text);

/*
 * Closes what was open, and connects: finds the master or the cluster's map, AUTH, SELECT. VOC_RETRY, or VOC_FATAL if a
 * server refuses the login or the database, evicts keys (voc_redis_will_write), or is not of the URL's kind.
 */
VOC_MUST_CHECK enum voc_status voc_redis_connect(struct voc_redis *redis, struct voc_error *error);
/* False after a failure that only voc_redis_connect mends. A cluster stays connected while any of its nodes answers. */
bool voc_redis_connected(const struct voc_redis *redis);
void voc_redis_close(struct voc_redis *redis);
/* Whether every server met since the start keeps an append-only file (or doesn't say). Known to those who write. */
bool voc_redis_appends(const struct voc_redis *redis);

/* Forgets the commands gathered so far. */
void voc_redis_begin(struct voc_redis *redis);
void voc_redis_arg(struct voc_redis *redis, struct voc_str arg);
void voc_redis_arg_i64(struct voc_redis *redis, int64_t arg);
/* A key, which says where the command goes. */
void voc_redis_arg_key(struct voc_redis *redis, struct voc_str key);
/* Ends one command. One without a key goes to any one server. */
void voc_redis_end(struct voc_redis *redis);
/* One whole command of C strings, ended by NULL, none of them a key. */
void voc_redis_command(struct voc_redis *redis, const char *const *args);
/* One whole command as voc_redis_args_command made it, about this key. */
void voc_redis_encoded(struct voc_redis *redis, struct voc_str key, struct voc_str command);

/*
 * Sends every command gathered and reads every reply, within the time-out. VOC_OK if anything was answered at all:
 * voc_redis_expect tells for each. VOC_RETRY: nothing was, and what became of the commands is unknown. VOC_FATAL if
 * they pass 256 MB, or a server that had to be connected to is refused.
 */
VOC_MUST_CHECK enum voc_status voc_redis_exchange(struct voc_redis *redis, struct voc_error *error);
/* The reply to the index-th command of the last exchange that was VOC_OK. */
const struct voc_redis_reply *voc_redis_reply(const struct voc_redis *redis, size_t index);
/* voc_redis_reply_expect; a reply of a server that is no master any more makes the next exchange look for the master.
 */
VOC_MUST_CHECK enum voc_status voc_redis_expect(struct voc_redis *redis, const struct voc_redis_reply *reply,
                                                enum voc_redis_type type, struct voc_error *error);

#endif
