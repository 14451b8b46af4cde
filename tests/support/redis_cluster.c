#include "support/redis_cluster.h"

#include "base/clock.h"
#include "base/hash.h"
#include "io/redis/redis_slots.h"
#include "support/pause.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NODE_TIMEOUT "1500" /* ms: long enough for a loaded machine */
#define AGREE_MS     20000

static void start_node(struct redis_node *node)
{
	char port[16], bus[16];
	snprintf(port, sizeof port, "%d", node->port);
	snprintf(bus, sizeof bus, "%d", node->bus_port);
	const char *const arguments[] = { "redis-server",
		                          "--port",
		                          port,
		                          "--cluster-port",
		                          bus,
		                          "--bind",
		                          "127.0.0.1",
		                          "--cluster-enabled",
		                          "yes",
		                          "--cluster-node-timeout",
		                          NODE_TIMEOUT,
		                          "--cluster-require-full-coverage",
		                          "no",
		                          "--cluster-replica-validity-factor",
		                          "0",
		                          "--repl-diskless-sync-delay",
		                          "0",
		                          "--save",
		                          "",
		                          "--loglevel",
		                          "warning",
		                          NULL };
	redis_node_start(node, arguments);
}

static void meet_all(struct redis_cluster *cluster)
{
	for (int i = 0; i < CLUSTER_NODES; i++) {
		char epoch[8];
		snprintf(epoch, sizeof epoch, "%d", i + 1);
		NODE_DO(&cluster->nodes[i], "CLUSTER", "SET-CONFIG-EPOCH", epoch);
		voc_str_copy(cluster->ids[i], sizeof cluster->ids[i],
		             NODE_DO(&cluster->nodes[i], "CLUSTER", "MYID")->str);
	}
	for (int i = 0; i < CLUSTER_NODES; i++) {
		for (int j = 0; j < CLUSTER_NODES; j++) {
			char port[16], bus[16];
			snprintf(port, sizeof port, "%d", cluster->nodes[j].port);
			snprintf(bus, sizeof bus, "%d", cluster->nodes[j].bus_port);
			if (i != j)
				NODE_DO(&cluster->nodes[i], "CLUSTER", "MEET", "127.0.0.1", port, bus);
		}
	}
}

static void share_slots(struct redis_cluster *cluster)
{
	for (int i = 0; i < CLUSTER_SHARDS; i++) {
		char first[8], last[8];
		snprintf(first, sizeof first, "%d", VOC_REDIS_SLOTS * i / CLUSTER_SHARDS);
		snprintf(last, sizeof last, "%d", VOC_REDIS_SLOTS * (i + 1) / CLUSTER_SHARDS - 1);
		NODE_DO(&cluster->nodes[i], "CLUSTER", "ADDSLOTSRANGE", first, last);
	}
}

/* What a node believes of who serves what, as one number; 0 if it doesn't say. Those it calls its own are told alike.
 */
static uint64_t belief_of(struct redis_node *node)
{
	static struct voc_redis_slots slots;
	const struct voc_redis_reply *reply = NODE_TRY(node, "CLUSTER", "SLOTS");
	if (voc_redis_slots_parse(reply, &node->link->address, &slots, NULL) != VOC_OK)
		return 0;
	int ports[VOC_REDIS_SLOTS];
	for (int slot = 0; slot < VOC_REDIS_SLOTS; slot++)
		ports[slot] = slots.owners[slot] < 0 ? 0 : slots.nodes[slots.owners[slot]].port;
	return voc_hash64(voc_str_of((const char *)ports, sizeof ports));
}

static bool agree(struct redis_cluster *cluster)
{
	uint64_t common = 0;
	for (int i = 0; i < CLUSTER_NODES; i++) {
		if (cluster->nodes[i].pid == 0)
			continue;
		uint64_t belief = belief_of(&cluster->nodes[i]);
		if (belief == 0 || (common != 0 && belief != common))
			return false;
		common = belief;
	}
	return true;
}

/* A node that dies while the others differ on its slots may never get a successor: those who differ don't vote. */
static void await_agreement(struct redis_cluster *cluster)
{
	int64_t until_ms = voc_clock_ms() + AGREE_MS;
	while (!agree(cluster)) {
		if (voc_clock_ms() > until_ms)
			fail_msg("the nodes never agree on who serves what");
		test_pause_ms(10);
	}
}

void redis_cluster_settle(struct redis_cluster *cluster)
{
	for (int i = 0; i < CLUSTER_NODES; i++) {
		struct redis_node *node = &cluster->nodes[i];
		NODE_AWAIT(node, "cluster_state:ok", "CLUSTER", "INFO");
		NODE_AWAIT(node, "cluster_slots_ok:16384", "CLUSTER", "INFO");
		if (NODE_SAYS(node, "role:slave", "INFO", "replication"))
			NODE_AWAIT(node, "master_link_status:up", "INFO", "replication");
	}
	await_agreement(cluster);
}

void redis_cluster_start(struct redis_cluster *cluster)
{
	for (int i = 0; i < CLUSTER_NODES; i++) {
		redis_node_init(&cluster->nodes[i]);
		start_node(&cluster->nodes[i]);
	}
	meet_all(cluster);
	share_slots(cluster);
	for (int i = 0; i < CLUSTER_NODES; i++)
		NODE_AWAIT(&cluster->nodes[i], "cluster_known_nodes:6", "CLUSTER", "INFO");
	for (int i = CLUSTER_SHARDS; i < CLUSTER_NODES; i++) {
		const char *master = cluster->ids[i - CLUSTER_SHARDS];
		NODE_AWAIT(&cluster->nodes[i], master, "CLUSTER", "NODES");
		NODE_DO(&cluster->nodes[i], "CLUSTER", "REPLICATE", master);
	}
	redis_cluster_settle(cluster);
	snprintf(cluster->url, sizeof cluster->url, "redis-cluster://127.0.0.1:%d,127.0.0.1:%d", cluster->nodes[0].port,
	         cluster->nodes[4].port);
}

void redis_cluster_stop(struct redis_cluster *cluster)
{
	for (int i = 0; i < CLUSTER_NODES; i++)
		redis_node_free(&cluster->nodes[i]);
}

static int node_at(const struct redis_cluster *cluster, const struct voc_redis_address *address)
{
	for (int i = 0; i < CLUSTER_NODES; i++) {
		if (cluster->nodes[i].port == address->port)
			return i;
	}
	return -1;
}

/* Who owns the slot in one node's eyes; -1 if it doesn't say. */
static int owner_for(struct redis_cluster *cluster, int asked, int slot)
{
	static struct voc_redis_slots slots;
	struct redis_node *node = &cluster->nodes[asked];
	const struct voc_redis_reply *reply = NODE_TRY(node, "CLUSTER", "SLOTS");
	if (voc_redis_slots_parse(reply, &node->link->address, &slots, NULL) != VOC_OK || slots.owners[slot] < 0)
		return -1;
	return node_at(cluster, &slots.nodes[slots.owners[slot]]);
}

int redis_cluster_owner(struct redis_cluster *cluster, const char *key)
{
	int slot = voc_redis_slot_of(voc_str_from(key));
	int64_t until_ms = voc_clock_ms() + AGREE_MS;
	for (;;) {
		int owner = -1;
		bool agreed = true;
		for (int i = 0; i < CLUSTER_NODES; i++) {
			if (cluster->nodes[i].pid == 0)
				continue;
			int found = owner_for(cluster, i, slot);
			agreed = agreed && found >= 0 && (owner < 0 || found == owner);
			owner = found;
		}
		if (agreed)
			return owner;
		if (voc_clock_ms() > until_ms)
			fail_msg("the nodes never agree on who serves slot %d", slot);
		test_pause_ms(10);
	}
}

void redis_cluster_promote(struct redis_cluster *cluster, int replica)
{
	NODE_DO(&cluster->nodes[replica], "CLUSTER", "FAILOVER", "TAKEOVER");
	NODE_AWAIT(&cluster->nodes[replica], "role:master", "INFO", "replication");
}

void redis_cluster_forbid_failover(struct redis_cluster *cluster)
{
	for (int i = 0; i < CLUSTER_NODES; i++)
		NODE_DO(&cluster->nodes[i], "CONFIG", "SET", "cluster-replica-no-failover", "yes");
}

void redis_cluster_restart(struct redis_cluster *cluster, int node)
{
	redis_node_kill(&cluster->nodes[node]);
	start_node(&cluster->nodes[node]);
}

const struct voc_redis_reply *redis_cluster_do(struct redis_cluster *cluster, const char *key,
                                               const char *const *command)
{
	return redis_node_do(&cluster->nodes[redis_cluster_owner(cluster, key)], command);
}

void redis_cluster_flush(struct redis_cluster *cluster)
{
	for (int i = 0; i < CLUSTER_NODES; i++) {
		if (NODE_SAYS(&cluster->nodes[i], "role:master", "INFO", "replication"))
			NODE_DO(&cluster->nodes[i], "FLUSHALL");
	}
}

void redis_cluster_move_begin(struct redis_cluster *cluster, int slot, int from, int to)
{
	char number[8];
	snprintf(number, sizeof number, "%d", slot);
	NODE_DO(&cluster->nodes[to], "CLUSTER", "SETSLOT", number, "IMPORTING", cluster->ids[from]);
	NODE_DO(&cluster->nodes[from], "CLUSTER", "SETSLOT", number, "MIGRATING", cluster->ids[to]);
}

int redis_cluster_move_keys(struct redis_cluster *cluster, int slot, int from, int to, int most)
{
	char number[8], port[16], key[256];
	snprintf(number, sizeof number, "%d", slot);
	snprintf(port, sizeof port, "%d", cluster->nodes[to].port);
	int moved = 0;
	for (; moved < most; moved++) {
		const struct voc_redis_reply *keys =
		        NODE_DO(&cluster->nodes[from], "CLUSTER", "GETKEYSINSLOT", number, "1");
		if (keys->count == 0)
			break;
		voc_str_copy(key, sizeof key, keys->items[0]->str);
		NODE_DO(&cluster->nodes[from], "MIGRATE", "127.0.0.1", port, key, "0", "5000");
	}
	return moved;
}

void redis_cluster_move_end(struct redis_cluster *cluster, int slot, int to)
{
	char number[8];
	snprintf(number, sizeof number, "%d", slot);
	/* The new owner first, so that at no time nobody serves the slot. */
	NODE_DO(&cluster->nodes[to], "CLUSTER", "SETSLOT", number, "NODE", cluster->ids[to]);
	for (int i = 0; i < CLUSTER_NODES; i++) {
		if (NODE_SAYS(&cluster->nodes[i], "role:master", "INFO", "replication"))
			NODE_DO(&cluster->nodes[i], "CLUSTER", "SETSLOT", number, "NODE", cluster->ids[to]);
	}
	await_agreement(cluster);
}
