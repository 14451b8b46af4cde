/*
 * A redis-server or redis-sentinel of the test's own that speaks TCP, for topologies of several: on ports of its own,
 * in a folder of its own, asked over a connection that looks at nothing (io/redis/redis.h would refuse some of them).
 */
#ifndef TESTS_SUPPORT_REDIS_NODE_H
#define TESTS_SUPPORT_REDIS_NODE_H

#include "io/redis/redis_link.h"

#include <sys/types.h>

struct redis_node {
	char folder[64];
	int port, bus_port;
	pid_t pid;
	struct voc_arena *arena;
	struct voc_redis_link *link;
};

/* Chooses ports and a folder; starts nothing yet. */
void redis_node_init(struct redis_node *node);
/* The first argument is the program's name. Fails the test if it isn't up within 10 s. */
void redis_node_start(struct redis_node *node, const char *const *arguments);
/* kill -9. What it wrote to its folder stays. */
void redis_node_kill(struct redis_node *node);
void redis_node_free(struct redis_node *node);

/* One command, ended by NULL; the reply, which may be an error or lost, lives until the next one. */
const struct voc_redis_reply *redis_node_try(struct redis_node *node, const char *const *command);
/* The same; an error or a lost reply fails the test. */
const struct voc_redis_reply *redis_node_do(struct redis_node *node, const char *const *command);
#define NODE_DO(node, ...)  redis_node_do((node), (const char *const[]){ __VA_ARGS__, NULL })
#define NODE_TRY(node, ...) redis_node_try((node), (const char *const[]){ __VA_ARGS__, NULL })
/* Whether the reply's text has this in it. */
bool redis_node_says(struct redis_node *node, const char *const *command, const char *text);
#define NODE_SAYS(node, text, ...) redis_node_says((node), (const char *const[]){ __VA_ARGS__, NULL }, (text))
/* Waits until it does; fails the test after 20 s. */
void redis_node_await(struct redis_node *node, const char *const *command, const char *text);
#define NODE_AWAIT(node, text, ...) redis_node_await((node), (const char *const[]){ __VA_ARGS__, NULL }, (text))

/* The replica stays up, but gets nothing from its master any more; and does again. */
void redis_node_cut_replica(struct redis_node *master, struct redis_node *replica);
void redis_node_mend_replica(struct redis_node *replica);

#endif
