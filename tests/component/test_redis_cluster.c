/* The store against a Redis Cluster of the test's own: three shards with replicas, and everything that may move. */
#include "base/clock.h"
#include "io/redis/redis_query.h"
#include "io/redis/redis_slots.h"
#include "io/service/metrics.h"
#include "support/pause.h"
#include "support/program_run.h"
#include "support/redis_cluster.h"
#include "support/store_steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define PARTITIONS  24
#define PATIENCE_MS 20000

static struct redis_cluster cluster;
static struct voc_store *store;
static struct voc_partition_state states[PARTITIONS];

static int start(void **state)
{
	(void)state;
	redis_cluster_start(&cluster);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	redis_cluster_stop(&cluster);
	return 0;
}

static void connect_store(void)
{
	struct voc_error error = { .position = -1 };
	if (voc_store_connect(store, PARTITIONS, &error) != VOC_OK)
		fail_msg("%s", error.text);
}

static int begin(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	redis_cluster_settle(&cluster);
	redis_cluster_flush(&cluster);
	assert_int_equal(voc_store_new(cluster.url, 2000, &store, &error), VOC_OK);
	connect_store();
	for (int32_t p = 0; p < PARTITIONS; p++)
		voc_partition_state_init(&states[p]);
	return 0;
}

static int end(void **state)
{
	(void)state;
	voc_store_free(store);
	for (int32_t p = 0; p < PARTITIONS; p++)
		voc_partition_state_free(&states[p]);
	return 0;
}

static const char *key_of(int32_t partition, const char *rest)
{
	static char key[64];
	snprintf(key, sizeof key, "voc:{%d}:%s", (int)partition, rest);
	return key;
}

static int owner_of(int32_t partition)
{
	return redis_cluster_owner(&cluster, key_of(partition, "position"));
}

/* One step for every partition, to `offset`; customer C gets that many events. */
static enum voc_status commit_all(int64_t offset, enum voc_step_outcome *outcomes)
{
	struct voc_error error = { .position = -1 };
	voc_store_begin(store);
	for (int32_t p = 0; p < PARTITIONS; p++) {
		step_advance(&states[p], offset);
		step_gather(store, p, &states[p], "C", (uint32_t)offset, 70);
	}
	return voc_store_commit(store, outcomes, &error);
}

/* What commit_all brought about is the partitions' state now. */
static void saved(void)
{
	for (int32_t p = 0; p < PARTITIONS; p++)
		voc_partition_state_saved(&states[p]);
}

static void commit_everywhere(int64_t offset)
{
	enum voc_step_outcome outcomes[PARTITIONS];
	assert_int_equal(commit_all(offset, outcomes), VOC_OK);
	for (int32_t p = 0; p < PARTITIONS; p++)
		assert_int_equal(outcomes[p], VOC_STEP_COMMITTED);
	saved();
}

static void expect_offsets(int64_t offset)
{
	for (int32_t p = 0; p < PARTITIONS; p++) {
		struct voc_partition_state found;
		step_load_position(store, p, &found);
		assert_int_equal(found.stored.offset, offset);
		voc_partition_state_free(&found);
	}
}

static int64_t redirects(void)
{
	return voc_metric_get(VOC_METRIC_REDIS_REDIRECTS);
}

static void test_steps_go_to_all_shards(void **unused)
{
	(void)unused;
	int at[CLUSTER_NODES] = { 0 };
	int64_t before = redirects();
	commit_everywhere(3);
	commit_everywhere(5);
	expect_offsets(5);
	for (int32_t p = 0; p < PARTITIONS; p++) {
		char customer[64];
		snprintf(customer, sizeof customer, "%s", key_of(p, "customer:C"));
		const struct voc_redis_reply *events = CLUSTER_DO(&cluster, customer, "HGET", customer, "events");
		assert_true(voc_str_is(events->str, "5"));
		at[owner_of(p)]++;
	}
	for (int i = 0; i < CLUSTER_SHARDS; i++)
		assert_in_range(at[i], 1, PARTITIONS - 2); /* 24 partitions have no shard idle */
	assert_int_equal(redirects(), before);
}

static void test_queries_see_all_shards(void **unused)
{
	(void)unused;
	struct voc_error error = { .position = -1 };
	struct voc_redis *redis = NULL;
	struct voc_redis_meta meta;
	struct voc_redis_fields fields;
	struct voc_redis_at_risk top[PARTITIONS];
	size_t count;
	int64_t total;
	commit_everywhere(4);
	assert_int_equal(voc_redis_new(cluster.url, 2000, &redis, &error), VOC_OK);
	assert_int_equal(voc_redis_connect(redis, &error), VOC_OK);
	assert_int_equal(voc_redis_query_meta(redis, &meta, &error), VOC_OK);
	assert_int_equal(meta.partitions, PARTITIONS);
	assert_int_equal(voc_redis_query_at_risk(redis, PARTITIONS, top, PARTITIONS, &count, &total, &error), VOC_OK);
	assert_int_equal(count, PARTITIONS);
	assert_int_equal(total, PARTITIONS);
	assert_int_equal(voc_redis_query_customer(redis, 7, VOC_STR("C"), &fields, &error), VOC_OK);
	assert_int_equal(voc_redis_field_i64(&fields, "events"), 4);
	voc_redis_free(redis);
}

static void test_vocctl_sees_all_shards(void **unused)
{
	(void)unused;
	static struct program_run run;
	commit_everywhere(4);
	setenv("VOC_REDIS_URL", cluster.url, 1);
	PROGRAM_RUN(&run, NULL, "vocctl", "at-risk", "--json", "--top", "100");
	assert_int_equal(run.status, 0);
	int lines = 0;
	for (const char *at = run.out; (at = strchr(at, '\n')) != NULL; at++)
		lines++;
	assert_int_equal(lines, PARTITIONS);
	PROGRAM_RUN(&run, NULL, "vocctl", "customer", "C");
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out, "risk 70"));
}

static void test_other_kinds_of_url_are_refused_by_name(void **unused)
{
	(void)unused;
	struct voc_redis *redis = NULL;
	struct voc_error error = { .position = -1 };
	char url[64];
	snprintf(url, sizeof url, "redis://127.0.0.1:%d", cluster.nodes[0].port);
	assert_int_equal(voc_redis_new(url, 2000, &redis, &error), VOC_OK);
	assert_int_equal(voc_redis_connect(redis, &error), VOC_FATAL);
	assert_non_null(strstr(error.text, "redis-cluster://"));
	voc_redis_free(redis);
}

/* The slot of a partition moves for good: the first step that doesn't know follows, all at once, and no later one. */
static void test_a_moved_slot_is_followed(void **unused)
{
	(void)unused;
	int slot = voc_redis_slot_of(voc_str_from(key_of(0, "position")));
	int from = owner_of(0), to = (from + 1) % CLUSTER_SHARDS;
	commit_everywhere(1);
	redis_cluster_move_begin(&cluster, slot, from, to);
	redis_cluster_move_keys(&cluster, slot, from, to, 1000);
	redis_cluster_move_end(&cluster, slot, to);
	int64_t before = redirects();
	commit_everywhere(2);
	assert_int_equal(redirects(), before + 1);
	commit_everywhere(3);
	assert_int_equal(redirects(), before + 1);
	expect_offsets(3);
	redis_cluster_move_begin(&cluster, slot, to, from);
	redis_cluster_move_keys(&cluster, slot, to, from, 1000);
	redis_cluster_move_end(&cluster, slot, from);
}

/*
 * In the middle of a move some keys of a partition are here, some there: positions can be read, and its steps wait
 * (TRYAGAIN), with nothing done, while all others go on. Once all keys are over there, steps follow them (ASK).
 */
static void test_a_slot_on_the_move_holds_up_its_partition_alone(void **unused)
{
	(void)unused;
	enum voc_step_outcome outcomes[PARTITIONS];
	int slot = voc_redis_slot_of(voc_str_from(key_of(0, "position")));
	int from = owner_of(0), to = (from + 1) % CLUSTER_SHARDS;
	commit_everywhere(1);
	redis_cluster_move_begin(&cluster, slot, from, to);
	assert_int_equal(redis_cluster_move_keys(&cluster, slot, from, to, 1), 1);
	expect_offsets(1); /* the one that is over there is found as well */
	assert_int_equal(commit_all(2, outcomes), VOC_RETRY);
	for (int32_t p = 0; p < PARTITIONS; p++)
		assert_int_equal(outcomes[p], p == 0 ? VOC_STEP_UNKNOWN : VOC_STEP_COMMITTED);
	for (int32_t p = 1; p < PARTITIONS; p++)
		voc_partition_state_saved(&states[p]);
	redis_cluster_move_keys(&cluster, slot, from, to, 1000);
	assert_int_equal(commit_all(3, outcomes), VOC_OK);
	for (int32_t p = 0; p < PARTITIONS; p++)
		assert_int_equal(outcomes[p], VOC_STEP_COMMITTED);
	saved();
	expect_offsets(3);
	redis_cluster_move_end(&cluster, slot, to);
	commit_everywhere(4);
	expect_offsets(4);
	redis_cluster_move_begin(&cluster, slot, to, from);
	redis_cluster_move_keys(&cluster, slot, to, from, 1000);
	redis_cluster_move_end(&cluster, slot, from);
}

static void test_scripts_are_loaded_where_they_are_missing(void **unused)
{
	(void)unused;
	commit_everywhere(1);
	for (int i = 0; i < CLUSTER_NODES; i++)
		NODE_DO(&cluster.nodes[i], "SCRIPT", "FLUSH");
	commit_everywhere(2);
	NODE_DO(&cluster.nodes[1], "SCRIPT", "FLUSH");
	commit_everywhere(3);
	expect_offsets(3);
}

/* A dead shard: the others' steps are done and known, its own are unknown; its replica takes over. */
static void test_a_dead_shard_disturbs_only_its_own(void **unused)
{
	(void)unused;
	enum voc_step_outcome outcomes[PARTITIONS];
	commit_everywhere(1);
	int dead = owner_of(0);
	NODE_DO(&cluster.nodes[dead], "WAIT", "1", "5000");
	bool its_own[PARTITIONS];
	for (int32_t p = 0; p < PARTITIONS; p++)
		its_own[p] = owner_of(p) == dead;
	redis_node_kill(&cluster.nodes[dead]);
	assert_int_equal(commit_all(2, outcomes), VOC_RETRY);
	for (int32_t p = 0; p < PARTITIONS; p++)
		assert_int_equal(outcomes[p], its_own[p] ? VOC_STEP_UNKNOWN : VOC_STEP_COMMITTED);
	assert_true(voc_store_connected(store));
	/* The same cluster again, as the protocol goes on: positions are read where they can be. */
	int64_t began_ms = voc_clock_ms();
	int32_t partition = 0;
	struct voc_partition_state found;
	struct voc_error error = { .position = -1 };
	while (voc_store_load_positions(store, &partition, 1, step_keep_position, &found, &error) != VOC_OK) {
		voc_error_clear(&error);
		if (voc_clock_ms() - began_ms > PATIENCE_MS || !voc_store_connected(store))
			fail_msg("nobody took the shard over: %s", error.text);
		test_pause_ms(20);
	}
	print_message("a dead shard was taken over after %lld ms\n", (long long)(voc_clock_ms() - began_ms));
	assert_int_equal(found.stored.offset, 1);
	voc_partition_state_free(&found);
	redis_cluster_restart(&cluster, dead);
}

/* A replica that lacks the last writes becomes master: the position went back with the state. */
static void test_a_lagging_replica_is_found_out(void **unused)
{
	(void)unused;
	enum voc_step_outcome outcomes[PARTITIONS];
	redis_cluster_settle(&cluster);
	commit_everywhere(1);
	int master = owner_of(0), replica = (master + CLUSTER_SHARDS) % CLUSTER_NODES;
	NODE_DO(&cluster.nodes[master], "WAIT", "1", "5000");
	redis_node_cut_replica(&cluster.nodes[master], &cluster.nodes[replica]);
	commit_everywhere(2);
	redis_node_kill(&cluster.nodes[master]);
	redis_cluster_promote(&cluster, replica);
	redis_node_mend_replica(&cluster.nodes[replica]);
	struct voc_partition_state found;
	struct voc_error error = { .position = -1 };
	int32_t partition = 0;
	int64_t until_ms = voc_clock_ms() + PATIENCE_MS;
	while (voc_store_load_positions(store, &partition, 1, step_keep_position, &found, &error) != VOC_OK) {
		voc_error_clear(&error);
		assert_true(voc_clock_ms() < until_ms);
		test_pause_ms(20);
	}
	assert_int_equal(found.stored.offset, 1);
	voc_partition_state_free(&found);
	/* A step that doesn't know is refused as a whole. */
	assert_int_equal(commit_all(3, outcomes), VOC_OK);
	assert_int_equal(outcomes[0], VOC_STEP_CONFLICT);
	redis_cluster_restart(&cluster, master);
}

static void test_a_node_that_evicts_is_refused(void **unused)
{
	(void)unused;
	struct voc_error error = { .position = -1 };
	int last = owner_of(5);
	NODE_DO(&cluster.nodes[last], "CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
	assert_int_equal(voc_store_connect(store, PARTITIONS, &error), VOC_FATAL);
	assert_non_null(strstr(error.text, "allkeys-lru"));
	assert_false(voc_store_connected(store));
	NODE_DO(&cluster.nodes[last], "CONFIG", "SET", "maxmemory-policy", "noeviction");
	connect_store();
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_steps_go_to_all_shards),
		EACH(test_queries_see_all_shards),
		EACH(test_vocctl_sees_all_shards),
		EACH(test_other_kinds_of_url_are_refused_by_name),
		EACH(test_a_moved_slot_is_followed),
		EACH(test_a_slot_on_the_move_holds_up_its_partition_alone),
		EACH(test_scripts_are_loaded_where_they_are_missing),
		EACH(test_a_node_that_evicts_is_refused),
		EACH(test_a_dead_shard_disturbs_only_its_own),
		EACH(test_a_lagging_replica_is_found_out),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
