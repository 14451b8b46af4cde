/*
 * voc-aggregator as a process on a Redis that fails over: under Sentinel, and as a Cluster. Each scenario disturbs it
 * while it works through a log, and then holds what all masters have together against what an undisturbed run over the
 * same log leaves in a Redis of its own.
 */
#include "base/clock.h"
#include "io/redis/redis.h"
#include "io/redis/redis_slots.h"
#include "support/false_sentinel.h"
#include "support/pause.h"
#include "support/redis_cluster.h"
#include "support/redis_sentinels.h"
#include "support/scenario.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define PARTITIONS 6 /* enough for each of three shards to have one */

static struct scenario scenario;
static struct redis_node calm; /* for the undisturbed runs */
static char calm_url[64];
static struct redis_cluster cluster;
static struct redis_sentinels sentinels;

/* The test's own look at the Redis under test. */
static struct voc_redis *redis;
static const char *redis_url;

static void start_plain(struct redis_node *node)
{
	char port[16];
	redis_node_init(node);
	snprintf(port, sizeof port, "%d", node->port);
	redis_node_start(node,
	                 (const char *const[]){ "redis-server", "--port", port, "--bind", "127.0.0.1", "--save", "",
	                                        "--loglevel", "warning", "--repl-diskless-sync-delay", "0", NULL });
}

static int start(void **state)
{
	(void)state;
	scenario_open(&scenario, PARTITIONS);
	start_plain(&calm);
	snprintf(calm_url, sizeof calm_url, "redis://127.0.0.1:%d", calm.port);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	scenario_close(&scenario);
	redis_node_free(&calm);
	return 0;
}

static void look_at(const char *url)
{
	struct voc_error error = { .position = -1 };
	redis_url = url;
	if (voc_redis_new(url, 1000, &redis, &error) != VOC_OK)
		fail_msg("%s", error.text);
}

static int begin(void)
{
	scenario_begin(&scenario);
	NODE_DO(&calm, "FLUSHALL");
	return 0;
}

static int begin_cluster(void **state)
{
	(void)state;
	redis_cluster_start(&cluster);
	look_at(cluster.url);
	return begin();
}

static int end_cluster(void **state)
{
	(void)state;
	voc_redis_free(redis);
	redis_cluster_stop(&cluster);
	return 0;
}

static int begin_sentinels(void **state)
{
	(void)state;
	redis_sentinels_start(&sentinels);
	look_at(sentinels.url);
	return begin();
}

static int end_sentinels(void **state)
{
	(void)state;
	voc_redis_free(redis);
	redis_sentinels_stop(&sentinels);
	return 0;
}

static const char *position_key(int partition)
{
	static char key[32];
	snprintf(key, sizeof key, "voc:{%d}:position", partition);
	return key;
}

/* How far one partition is, as its position says. */
struct stand {
	int64_t offset, controls; /* 0 if there is none; -1 if the answer is not to be had just now */
};

static void take_stand(const struct voc_redis_reply *reply, struct stand *ret_stand)
{
	*ret_stand = (struct stand){ -1, -1 };
	if (reply->type != VOC_REDIS_ARRAY)
		return;
	*ret_stand = (struct stand){ 0, 0 };
	if (reply->items[0]->type == VOC_REDIS_STRING)
		assert_true(voc_str_to_i64(reply->items[0]->str, &ret_stand->offset));
	if (reply->items[1]->type == VOC_REDIS_STRING)
		assert_true(voc_str_to_i64(reply->items[1]->str, &ret_stand->controls));
}

static void read_stands(struct voc_redis *from, struct stand stands[PARTITIONS])
{
	static const struct voc_redis_reply none = { .type = VOC_REDIS_LOST };
	struct voc_error error = { .position = -1 };
	for (int p = 0; p < PARTITIONS; p++)
		take_stand(&none, &stands[p]);
	if (!voc_redis_connected(from) && voc_redis_connect(from, &error) != VOC_OK)
		return;
	voc_redis_begin(from);
	for (int p = 0; p < PARTITIONS; p++) {
		voc_redis_arg(from, VOC_STR("HMGET"));
		voc_redis_arg_key(from, voc_str_from(position_key(p)));
		voc_redis_arg(from, VOC_STR("offset"));
		voc_redis_arg(from, VOC_STR("controls"));
		voc_redis_end(from);
	}
	if (voc_redis_exchange(from, &error) != VOC_OK)
		return;
	for (int p = 0; p < PARTITIONS; p++)
		take_stand(voc_redis_reply(from, (size_t)p), &stands[p]);
}

/* Records applied; with the aggregators' own among them, or without. */
static int64_t applied(struct voc_redis *in, bool all)
{
	struct stand stands[PARTITIONS];
	int64_t sum = 0;
	read_stands(in, stands);
	for (int p = 0; p < PARTITIONS; p++) {
		if (stands[p].offset > 0)
			sum += all ? stands[p].offset : stands[p].offset - stands[p].controls;
	}
	return sum;
}

static void wait_until(struct voc_redis *in, bool all, int64_t records)
{
	int64_t until_ms = voc_clock_ms() + SCENARIO_PATIENCE_MS, sum;
	while ((sum = applied(in, all)) < records) {
		if (voc_clock_ms() > until_ms)
			fail_msg("only %lld of %lld records were applied", (long long)sum, (long long)records);
		test_pause_ms(5);
	}
}

static void wait_applied(struct voc_redis *in, int64_t records)
{
	wait_until(in, false, records);
}

/* Every field and member on one server. */
static void dump_node(struct redis_node *node, struct dump *dump)
{
	static char keys[20000][128];
	size_t count = 0;
	const struct voc_redis_reply *names = NODE_DO(node, "KEYS", "*");
	for (; count < names->count; count++)
		voc_str_copy(keys[count], sizeof keys[count], names->items[count]->str);
	for (size_t i = 0; i < count; i++) {
		bool sorted = strstr(keys[i], ":at_risk") || strstr(keys[i], ":due");
		const struct voc_redis_reply *all = sorted ? NODE_DO(node, "ZRANGE", keys[i], "0", "-1", "WITHSCORES")
		                                           : NODE_DO(node, "HGETALL", keys[i]);
		for (size_t j = 0; j + 1 < all->count; j += 2)
			dump_add(dump, keys[i], all->items[j]->str, all->items[j + 1]->str);
	}
}

/* The masters among these nodes hold together what an undisturbed run makes, and the same alerts were raised. */
static void hold_against_a_calm_run(struct redis_node *nodes, size_t count, int64_t records)
{
	static struct dump disturbed, undisturbed;
	static struct alerts before, after;
	struct voc_redis *calm_redis = NULL;
	wait_applied(redis, records);
	wait_until(redis, true, scenario_log_end(&scenario));
	scenario_alerts(&scenario, &before);
	assert_int_equal(voc_redis_new(calm_url, 1000, &calm_redis, NULL), VOC_OK);
	struct process process = scenario_start(&scenario, calm_url, "2000");
	wait_until(calm_redis, true, scenario_log_end(&scenario));
	process_stop(&process);
	voc_redis_free(calm_redis);
	disturbed.count = undisturbed.count = 0;
	dump_node(&calm, &undisturbed);
	for (size_t i = 0; i < count; i++) {
		if (NODE_SAYS(&nodes[i], "role:master", "INFO", "replication"))
			dump_node(&nodes[i], &disturbed);
	}
	dump_sort(&disturbed);
	dump_sort(&undisturbed);
	dump_hold(&disturbed, &undisturbed);
	scenario_alerts(&scenario, &after);
	assert_in_range(before.count, 1, ALERTS_MAX);
	assert_int_equal(after.count, before.count);
	dump_free(&disturbed);
	dump_free(&undisturbed);
}

static void wait_past(int partition, int64_t offset)
{
	int64_t until_ms = voc_clock_ms() + SCENARIO_PATIENCE_MS;
	struct stand stands[PARTITIONS];
	do {
		if (voc_clock_ms() > until_ms)
			fail_msg("partition %d does not go on", partition);
		test_pause_ms(5);
		read_stands(redis, stands);
	} while (stands[partition].offset <= offset);
}

static void test_a_killed_master_is_replaced(void **unused)
{
	(void)unused;
	scenario_write_log(&scenario, 0, 2000);
	struct process process = scenario_start(&scenario, redis_url, "5");
	wait_applied(redis, 300);
	redis_node_kill(&sentinels.servers[0]);
	int64_t killed_ms = voc_clock_ms();
	scenario_write_log(&scenario, 2000, 1000);
	while (redis_sentinels_master(&sentinels) != 1)
		test_pause_ms(5);
	int64_t told_ms = voc_clock_ms();
	wait_applied(redis, 2500); /* more than there was before the kill */
	print_message("sentinel: all name the new master %lld ms after the kill; at work again %lld ms later\n",
	              (long long)(told_ms - killed_ms), (long long)(voc_clock_ms() - told_ms));
	redis_sentinels_restart(&sentinels, 0);
	redis_sentinels_settle(&sentinels);
	assert_int_equal(redis_sentinels_master(&sentinels), 1);
	hold_against_a_calm_run(sentinels.servers, 2, 3000);
	assert_true(process_logged(&process, "recovered"));
	assert_true(process_logged(&process, "no append-only file"));
	process_stop(&process);
}

/* The replica lacks the last writes: the position went back, and the log is read again from there. */
static void test_a_lagging_replica_loses_nothing(void **unused)
{
	(void)unused;
	scenario_write_log(&scenario, 0, 300);
	struct process process = scenario_start(&scenario, redis_url, "5");
	wait_applied(redis, 300);
	redis_node_cut_replica(&sentinels.servers[0], &sentinels.servers[1]);
	scenario_write_log(&scenario, 300, 1200);
	wait_applied(redis, 1500);
	redis_node_kill(&sentinels.servers[0]);
	redis_node_mend_replica(&sentinels.servers[1]);
	scenario_write_log(&scenario, 1500, 500);
	hold_against_a_calm_run(&sentinels.servers[1], 1, 2000);
	assert_true(process_logged(&process, "position moved"));
	process_stop(&process);
}

/* The master is asked to hand over: it lives on as a replica, and its connection is of no use any more. */
static void test_a_demoted_master_is_left(void **unused)
{
	(void)unused;
	scenario_write_log(&scenario, 0, 2000);
	struct process process = scenario_start(&scenario, redis_url, "5");
	wait_applied(redis, 300);
	NODE_DO(&sentinels.sentinels[1], "SENTINEL", "FAILOVER", "mymaster");
	int64_t began_ms = voc_clock_ms();
	NODE_AWAIT(&sentinels.servers[0], "role:slave", "INFO", "replication");
	redis_sentinels_settle(&sentinels);
	assert_int_equal(redis_sentinels_master(&sentinels), 1);
	wait_applied(redis, 2000);
	print_message("sentinel: handed over and done %lld ms after FAILOVER\n",
	              (long long)(voc_clock_ms() - began_ms));
	hold_against_a_calm_run(sentinels.servers, 2, 2000);
	process_stop(&process);
}

/*
 * Split brain: the replica is made master while the old one still takes the aggregator's writes. When that one is
 * demoted its writes are gone, position and all; they are made again from the log, and no alert differs.
 */
static void test_split_brain_is_made_up_for(void **unused)
{
	(void)unused;
	struct redis_node pair[2];
	struct false_sentinel sentinel;
	char url[96], port[16];
	for (int i = 0; i < 2; i++)
		start_plain(&pair[i]);
	snprintf(port, sizeof port, "%d", pair[0].port);
	NODE_DO(&pair[1], "REPLICAOF", "127.0.0.1", port);
	NODE_AWAIT(&pair[1], "master_link_status:up", "INFO", "replication");
	false_sentinel_start(&sentinel, pair[0].port);
	snprintf(url, sizeof url, "redis-sentinel://127.0.0.1:%d/any", sentinel.port);
	look_at(url);
	begin();
	scenario_write_log(&scenario, 0, 1000);
	struct process process = scenario_start(&scenario, url, "5");
	wait_applied(redis, 200);
	NODE_DO(&pair[1], "REPLICAOF", "NO", "ONE"); /* two masters from here on */
	wait_applied(redis, 1000);
	int asked = atomic_load(&sentinel.asked);
	atomic_store(&sentinel.master_port, pair[1].port);
	snprintf(port, sizeof port, "%d", pair[1].port);
	NODE_DO(&pair[0], "REPLICAOF", "127.0.0.1", port); /* its connections stay: only READONLY tells */
	/* The look at idle partitions meets it. A batch that did would forget the partitions that it is of, and say
	 * nothing of them. */
	int64_t until_ms = voc_clock_ms() + SCENARIO_PATIENCE_MS;
	while (!process_logged(&process, "position moved") && voc_clock_ms() < until_ms)
		test_pause_ms(50);
	assert_true(process_logged(&process, "position moved"));
	scenario_write_log(&scenario, 1000, 500);
	voc_redis_close(redis);
	hold_against_a_calm_run(&pair[1], 1, 1500);
	assert_true(atomic_load(&sentinel.asked) > asked);
	process_stop(&process);
	voc_redis_free(redis);
	false_sentinel_stop(&sentinel);
	for (int i = 0; i < 2; i++)
		redis_node_free(&pair[i]);
}

/* One shard dies: its replica takes over after the nodes' time-out, and meanwhile the other shards go on. */
static void test_a_dead_shard_is_taken_over(void **unused)
{
	(void)unused;
	struct stand stands[PARTITIONS], early[PARTITIONS];
	struct process process = scenario_start(&scenario, redis_url, "20");
	scenario_write_log(&scenario, 0, 600);
	wait_applied(redis, 600);
	int dead = redis_cluster_owner(&cluster, position_key(0));
	assert_int_not_equal(redis_cluster_owner(&cluster, position_key(1)), dead);
	NODE_DO(&cluster.nodes[dead], "WAIT", "1", "5000");
	read_stands(redis, stands);
	redis_node_kill(&cluster.nodes[dead]);
	int64_t killed_ms = voc_clock_ms();
	scenario_write_log(&scenario, 600, 600);
	wait_past(1, stands[1].offset);
	int64_t others_ms = voc_clock_ms() - killed_ms;
	read_stands(redis, early);
	wait_past(0, stands[0].offset);
	print_message("cluster: the dead shard's partitions went on %lld ms after the kill, the others' after %lld\n",
	              (long long)(voc_clock_ms() - killed_ms), (long long)others_ms);
	assert_true(early[0].offset <= stands[0].offset); /* the others did not wait for it */
	scenario_write_log(&scenario, 1200, 600);
	redis_cluster_restart(&cluster, dead);
	redis_cluster_settle(&cluster);
	hold_against_a_calm_run(cluster.nodes, CLUSTER_NODES, 1800);
	process_stop(&process);
}

/* A start, and a group's rebalance, do not wait for a shard that is away; its partitions are taken up when it is back.
 */
static void test_a_start_without_one_shard(void **unused)
{
	(void)unused;
	struct stand stands[PARTITIONS];
	int meta = redis_cluster_owner(&cluster, "voc:meta"), away = -1, others = -1;
	for (int p = 0; p < PARTITIONS; p++) {
		if (redis_cluster_owner(&cluster, position_key(p)) != meta)
			away = p;
		else
			others = p;
	}
	assert_true(away >= 0 && others >= 0);
	int dead = redis_cluster_owner(&cluster, position_key(away));
	redis_node_kill(&cluster.nodes[dead + CLUSTER_SHARDS]);
	redis_node_kill(&cluster.nodes[dead]);
	NODE_AWAIT(&cluster.nodes[meta], "cluster_slots_fail:5461", "CLUSTER", "INFO");
	scenario_write_log(&scenario, 0, 600);
	struct process process = scenario_start(&scenario, redis_url, "20");
	wait_past(others, 50);
	read_stands(redis, stands);
	assert_true(stands[away].offset <= 0);
	redis_cluster_restart(&cluster, dead);
	redis_cluster_restart(&cluster, dead + CLUSTER_SHARDS);
	redis_cluster_settle(&cluster);
	hold_against_a_calm_run(cluster.nodes, CLUSTER_NODES, 600);
	process_stop(&process);
}

static void test_a_shards_lagging_replica_loses_nothing(void **unused)
{
	(void)unused;
	scenario_write_log(&scenario, 0, 300);
	struct process process = scenario_start(&scenario, redis_url, "5");
	wait_applied(redis, 300);
	int master = redis_cluster_owner(&cluster, position_key(0)), replica = master + CLUSTER_SHARDS;
	redis_node_cut_replica(&cluster.nodes[master], &cluster.nodes[replica]);
	scenario_write_log(&scenario, 300, 1200);
	wait_applied(redis, 1500);
	redis_node_kill(&cluster.nodes[master]);
	redis_cluster_promote(&cluster, replica);
	redis_node_mend_replica(&cluster.nodes[replica]);
	redis_cluster_restart(&cluster, master);
	redis_cluster_settle(&cluster);
	scenario_write_log(&scenario, 1500, 500);
	hold_against_a_calm_run(cluster.nodes, CLUSTER_NODES, 2000);
	assert_true(process_logged(&process, "position moved"));
	process_stop(&process);
}

/* A partition's slot moves key by key while events stream in: they wait for it, and are counted once. */
static void test_a_slot_moves_under_load(void **unused)
{
	(void)unused;
	redis_cluster_forbid_failover(&cluster); /* the move is told to the masters of now */
	struct process process = scenario_start(&scenario, redis_url, "20");
	scenario_write_log(&scenario, 0, 600);
	wait_applied(redis, 600);
	int slot = voc_redis_slot_of(voc_str_from(position_key(0)));
	int from = redis_cluster_owner(&cluster, position_key(0)), to = (from + 1) % CLUSTER_SHARDS;
	redis_cluster_move_begin(&cluster, slot, from, to);
	int written = 600;
	for (bool more = true; more && written < 2000; written += 20) {
		scenario_write_log(&scenario, written, 20);
		more = redis_cluster_move_keys(&cluster, slot, from, to, 40) == 40;
	}
	redis_cluster_move_keys(&cluster, slot, from, to, 100000);
	redis_cluster_move_end(&cluster, slot, to);
	scenario_write_log(&scenario, written, 200);
	hold_against_a_calm_run(cluster.nodes, CLUSTER_NODES, written + 200);
	process_stop(&process);
}

#define ON_SENTINELS(test) cmocka_unit_test_setup_teardown(test, begin_sentinels, end_sentinels)
#define ON_CLUSTER(test)   cmocka_unit_test_setup_teardown(test, begin_cluster, end_cluster)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_SENTINELS(test_a_killed_master_is_replaced), ON_SENTINELS(test_a_lagging_replica_loses_nothing),
		ON_SENTINELS(test_a_demoted_master_is_left),    cmocka_unit_test(test_split_brain_is_made_up_for),
		ON_CLUSTER(test_a_dead_shard_is_taken_over),    ON_CLUSTER(test_a_shards_lagging_replica_loses_nothing),
		ON_CLUSTER(test_a_slot_moves_under_load),       ON_CLUSTER(test_a_start_without_one_shard),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
