/* A redis-server of the test's own: unix socket in a directory of its own, nothing saved to disk. */
#ifndef TESTS_SUPPORT_REDIS_SERVER_H
#define TESTS_SUPPORT_REDIS_SERVER_H

#include "io/redis/redis.h"

#include <sys/types.h>

struct redis_server {
	char folder[64];
	char socket[80];
	char url[96]; /* for VOC_REDIS_URL */
	pid_t pid;
	struct voc_redis *redis; /* the test's own connection */
};

/* Fails the test if it isn't up within 10 s. `arguments` (may be NULL) are more of redis-server's, ended by NULL. */
void redis_server_start(struct redis_server *server, const char *const *arguments);
void redis_server_stop(struct redis_server *server);
/* Ends it at once, or starts it again in the same place, empty. */
void redis_server_kill(struct redis_server *server);
void redis_server_restart(struct redis_server *server);

/* One command, ended by NULL; the reply, which may be an error, lives until the next one. */
const struct voc_redis_reply *redis_server_do(struct redis_server *server, const char *const *command);
#define REDIS_DO(server, ...) redis_server_do((server), (const char *const[]){ __VA_ARGS__, NULL })
/* A field of a hash as a C string (static, till the next call); "" if it is absent. */
const char *redis_server_hget(struct redis_server *server, const char *key, const char *field);

#endif
