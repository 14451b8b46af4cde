/*
 * Where Redis is: VOC_REDIS_URL taken apart. Values only; pure, any thread.
 *
 *   redis://[user:password@]host[:port][/db]    redis://[::1]:6380/1    unix:///run/redis.sock?db=2
 *   redis-sentinel://[user:password@]host[:port][,host[:port]...]/master-name[/db][?sentinel_password=...]
 *   redis-cluster://[user:password@]host[:port][,host[:port]...]
 *
 * The hosts of redis-sentinel:// are sentinels (port 26379 if none is named), user and password are the master's; the
 * sentinels' own stand behind the '?': sentinel_user, sentinel_password. Those of redis-cluster:// are some of the
 * cluster's nodes; they tell the others. User, password and master name may be percent-encoded (RFC 3986).
 * rediss://, rediss-sentinel:// and rediss-cluster:// mean the same over TLS (redis_tls.h), and are refused by a build
 * whose hiredis has none (before 1.0).
 */
#ifndef VOC_IO_REDIS_URL_H
#define VOC_IO_REDIS_URL_H

#include "base/err.h"

#include <stdbool.h>

/* Hosts of one URL. */
#define VOC_REDIS_SEEDS_MAX 16

enum voc_redis_kind {
	VOC_REDIS_ONE, /* one server */
	VOC_REDIS_SENTINEL,
	VOC_REDIS_CLUSTER,
};

struct voc_redis_address {
	bool is_unix;
	bool is_tls;
	char host[256]; /* name or address; the socket's path if is_unix */
	int port;
};

struct voc_redis_login {
	char user[128];     /* empty: the default user */
	char password[512]; /* both empty: no login */
};

struct voc_redis_url {
	enum voc_redis_kind kind;
	struct voc_redis_address nodes[VOC_REDIS_SEEDS_MAX]; /* the server, sentinels, or nodes of the cluster */
	size_t node_count;
	int db;
	struct voc_redis_login login;          /* of the servers that hold data */
	struct voc_redis_login sentinel_login; /* of the sentinels */
	char master[128];                      /* its name among the sentinels */
};

/* VOC_FATAL with VOC_REASON_CONFIG if it is none; the text never quotes the URL, which may hold a password. */
VOC_MUST_CHECK enum voc_status voc_redis_url_parse(const char *text, struct voc_redis_url *ret_url,
                                                   struct voc_error *error);

bool voc_redis_address_eq(const struct voc_redis_address *a, const struct voc_redis_address *b);

#endif
