/*
 * A Redis Cluster of the test's own: three masters, each with a replica, on loopback. A master that dies is failed over
 * within seconds; a test may do it by hand at once.
 */
#ifndef TESTS_SUPPORT_REDIS_CLUSTER_H
#define TESTS_SUPPORT_REDIS_CLUSTER_H

#include "support/redis_node.h"

#define CLUSTER_SHARDS 3
#define CLUSTER_NODES  6 /* masters at first: 0 to 2; the replica of n: n + 3 */

struct redis_cluster {
	struct redis_node nodes[CLUSTER_NODES];
	char ids[CLUSTER_NODES][41];
	char url[128]; /* for VOC_REDIS_URL: names two of the nodes */
};

void redis_cluster_start(struct redis_cluster *cluster);
void redis_cluster_stop(struct redis_cluster *cluster);

/* The node that serves the key's slot now, as the nodes that live agree. */
int redis_cluster_owner(struct redis_cluster *cluster, const char *key);
/* Makes a replica the master of its shard at once, whatever it lacks of its master's writes. */
void redis_cluster_promote(struct redis_cluster *cluster, int replica);
/* From now on no replica takes over by itself: on a busy machine a master may seem dead that is not. */
void redis_cluster_forbid_failover(struct redis_cluster *cluster);
/* kill -9 and a new start of a node in its place; it comes back empty and finds its place by itself. */
void redis_cluster_restart(struct redis_cluster *cluster, int node);
/* Until every node says that all is well and every replica is in step with its master. */
void redis_cluster_settle(struct redis_cluster *cluster);
/* A command about a key, where it is served; follows no redirection. */
const struct voc_redis_reply *redis_cluster_do(struct redis_cluster *cluster, const char *key,
                                               const char *const *command);
#define CLUSTER_DO(cluster, key, ...) redis_cluster_do((cluster), (key), (const char *const[]){ __VA_ARGS__, NULL })
/* Empties every shard. */
void redis_cluster_flush(struct redis_cluster *cluster);

/* A slot's move, step by step: both ends told, its keys moved (at most `most`; returns how many), and all told. */
void redis_cluster_move_begin(struct redis_cluster *cluster, int slot, int from, int to);
int redis_cluster_move_keys(struct redis_cluster *cluster, int slot, int from, int to, int most);
void redis_cluster_move_end(struct redis_cluster *cluster, int slot, int to);

#endif
