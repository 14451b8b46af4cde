/* Looking at a partition, and putting another state in its place: on one Redis and on a cluster of three shards. */
#include "io/redis/redis_shadow.h"
#include "support/redis_cluster.h"
#include "support/redis_server.h"
#include "support/store_steps.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define PARTITION  5
#define LIVE(name) "voc:{5}:" name
#define MINUTE     INT64_C(29500000) /* 2026-02-02 */
#define NOW_MS     INT64_C(1795000000000)
#define EXPIRES_MS INT64_C(4000000000000)

static struct redis_server server;
static struct voc_redis *redis;

static struct voc_redis *open_redis(const char *url)
{
	struct voc_redis *opened = NULL;
	struct voc_error error = { .position = -1 };
	assert_int_equal(voc_redis_new(url, 2000, &opened, &error), VOC_OK);
	if (voc_redis_connect(opened, &error) != VOC_OK)
		fail_msg("%s", error.text);
	return opened;
}

static int start(void **state)
{
	(void)state;
	redis_server_start(&server, NULL);
	redis = open_redis(server.url);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	voc_redis_free(redis);
	redis_server_stop(&server);
	return 0;
}

static int empty(void **state)
{
	(void)state;
	REDIS_DO(&server, "FLUSHALL");
	return 0;
}

static struct voc_redis_snapshot look(struct voc_redis *at, const struct voc_str *keys, size_t count)
{
	struct voc_redis_snapshot snapshot;
	struct voc_error error = { .position = -1 };
	if (voc_redis_snapshot(at, PARTITION, keys, count, &snapshot, &error) != VOC_OK)
		fail_msg("%s", error.text);
	return snapshot;
}

static bool tell(void *context, const struct voc_field *field)
{
	return voc_buf_addf(context, "%.*s=%.*s ", VOC_STR_ARG(field->name), VOC_STR_ARG(field->value));
}

static void check_key(const struct voc_redis_snapshot *snapshot, size_t index, const char *fields)
{
	struct voc_buf buf;
	voc_buf_init(&buf, 4096);
	assert_true(voc_redis_snapshot_each(snapshot, index, tell, &buf));
	assert_string_equal(voc_buf_c_str(&buf), fields);
	voc_buf_free(&buf);
}

static void test_a_snapshot_has_keys_and_position(void **state)
{
	(void)state;
	const struct voc_str keys[] = { VOC_STR(LIVE("customer:A")), VOC_STR(LIVE("at_risk")), VOC_STR(LIVE("none")),
		                        VOC_STR(LIVE("text")) };
	struct voc_redis_snapshot snapshot = look(redis, keys, 0);
	assert_int_equal(snapshot.offset, 0);
	assert_string_equal(snapshot.stand.fields[0], "");
	REDIS_DO(&server, "HSET", LIVE("position"), "offset", "17", "rules", "r-1");
	REDIS_DO(&server, "HSET", LIVE("customer:A"), "events", "3");
	REDIS_DO(&server, "ZADD", LIVE("at_risk"), "70", "A");
	REDIS_DO(&server, "SET", LIVE("text"), "x");
	snapshot = look(redis, keys, 4);
	assert_int_equal(snapshot.offset, 17);
	assert_string_equal(snapshot.stand.fields[1], "r-1");
	assert_string_equal(snapshot.stand.fields[2], "");
	check_key(&snapshot, 0, "events=3 ");
	check_key(&snapshot, 1, "A=70 ");
	check_key(&snapshot, 2, "");
	check_key(&snapshot, 3, "(type)=string ");
	REDIS_DO(&server, "HSET", LIVE("position"), "offset", "seventeen");
	assert_int_equal(look(redis, keys, 0).offset, 0);
}

/* A state of two customers and one minute; `events` tells one shadow from the next. */
static struct voc_shadow *write_shadow(struct voc_redis *at, uint32_t run, uint32_t events)
{
	struct voc_error error = { .position = -1 };
	struct voc_shadow *shadow = voc_shadow_new(at, PARTITION, run);
	struct voc_customer risky = step_customer(events, 70), calm = step_customer(1, 0);
	struct voc_partition_state state;
	struct voc_field field = { VOC_STR("events"), VOC_STR("9") };
	assert_non_null(shadow);
	voc_partition_state_init(&state);
	step_advance(&state, 30);
	assert_int_equal(voc_shadow_customer(shadow, VOC_STR("A"), NULL, &risky, &error), VOC_OK);
	assert_int_equal(voc_shadow_customer(shadow, VOC_STR("B"), NULL, &calm, &error), VOC_OK);
	voc_shadow_rollup_begin(shadow, MINUTE);
	assert_true(voc_shadow_rollup_field(shadow, &field));
	assert_int_equal(voc_shadow_rollup_end(shadow, true, EXPIRES_MS, &error), VOC_OK);
	assert_int_equal(voc_shadow_position(shadow, &state, &error), VOC_OK);
	if (voc_shadow_flush(shadow, &error) != VOC_OK)
		fail_msg("%s", error.text);
	assert_int_equal(voc_shadow_count(shadow), 3);
	voc_partition_state_free(&state);
	voc_customer_free(&risky);
	voc_customer_free(&calm);
	return shadow;
}

static enum voc_shadow_outcome switch_at(struct voc_redis *at, struct voc_shadow *shadow)
{
	struct voc_error error = { .position = -1 };
	enum voc_shadow_outcome outcome;
	struct voc_redis_stand stand = look(at, NULL, 0).stand;
	if (voc_shadow_switch(shadow, &stand, NOW_MS, &outcome, &error) != VOC_OK)
		fail_msg("%s", error.text);
	return outcome;
}

static int64_t key_count(void)
{
	return REDIS_DO(&server, "DBSIZE")->integer;
}

static void test_the_switch_replaces_all_and_leaves_nothing(void **state)
{
	(void)state;
	REDIS_DO(&server, "HSET", LIVE("position"), "offset", "30", "rules", "r-1", "src:voc.web/0", "4");
	REDIS_DO(&server, "HSET", LIVE("customer:A"), "events", "4711", "wrong", "1");
	REDIS_DO(&server, "HSET", LIVE("customer:STRAY"), "events", "1");
	REDIS_DO(&server, "ZADD", LIVE("at_risk"), "50", "STRAY");
	REDIS_DO(&server, "HSET", "voc:{6}:customer:OTHER", "events", "1");
	struct voc_shadow *shadow = write_shadow(redis, 1, 3);
	assert_true(voc_shadow_condemn(shadow, VOC_STR(LIVE("customer:STRAY"))));
	assert_int_equal(switch_at(redis, shadow), VOC_SHADOW_SWITCHED);
	assert_string_equal(redis_server_hget(&server, LIVE("customer:A"), "events"), "3");
	assert_string_equal(redis_server_hget(&server, LIVE("customer:A"), "wrong"), "");
	assert_string_equal(redis_server_hget(&server, LIVE("customer:B"), "events"), "1");
	assert_string_equal(redis_server_hget(&server, LIVE("position"), "rebuilt_at"), "1795000000000");
	assert_string_equal(redis_server_hget(&server, LIVE("position"), "src:voc.web/0"), "");
	assert_string_equal(redis_server_hget(&server, LIVE("rollup:29500000"), "events"), "9");
	assert_true(REDIS_DO(&server, "PTTL", LIVE("rollup:29500000"))->integer > 0);
	assert_int_equal(REDIS_DO(&server, "PTTL", LIVE("customer:A"))->integer, -1);
	assert_string_equal(REDIS_DO(&server, "ZSCORE", LIVE("at_risk"), "A")->str.ptr, "70");
	assert_int_equal(REDIS_DO(&server, "ZCARD", LIVE("at_risk"))->integer, 1);
	assert_int_equal(key_count(), 6); /* A, B, rollup, position, at_risk and the other partition's */
	voc_shadow_free(shadow);
}

static void test_a_position_that_moved_is_left_alone(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	enum voc_shadow_outcome outcome;
	REDIS_DO(&server, "HSET", LIVE("position"), "offset", "30", "rules", "r-1");
	struct voc_shadow *shadow = write_shadow(redis, 1, 3);
	struct voc_redis_stand stand = look(redis, NULL, 0).stand;
	static const char *const moves[][2] = { { "offset", "31" }, { "rules", "r-2" }, { "rebuilt_at", "5" } };
	for (size_t i = 0; i < 3; i++) {
		REDIS_DO(&server, "HSET", LIVE("position"), moves[i][0], moves[i][1]);
		assert_int_equal(voc_shadow_switch(shadow, &stand, NOW_MS, &outcome, &error), VOC_OK);
		assert_int_equal(outcome, VOC_SHADOW_MOVED);
		stand = look(redis, NULL, 0).stand;
	}
	REDIS_DO(&server, "DEL", LIVE("position")); /* emptied meanwhile */
	assert_int_equal(voc_shadow_switch(shadow, &stand, NOW_MS, &outcome, &error), VOC_OK);
	assert_int_equal(outcome, VOC_SHADOW_MOVED);
	assert_int_equal(REDIS_DO(&server, "EXISTS", LIVE("customer:A"))->integer, 0);
	assert_int_equal(switch_at(redis, shadow), VOC_SHADOW_SWITCHED);
	voc_shadow_free(shadow);
}

static void test_a_shadow_with_a_key_missing_is_not_switched(void **state)
{
	(void)state;
	static const char *const parts[] = { "customer:B", "rollup:29500000", "at_risk", "position" };
	for (size_t i = 0; i < sizeof parts / sizeof *parts; i++) {
		char key[80];
		REDIS_DO(&server, "FLUSHALL");
		struct voc_shadow *shadow = write_shadow(redis, 0xabc, 3);
		snprintf(key, sizeof key, "voc.rebuild:00000abc:{5}:%s", parts[i]);
		assert_int_equal(REDIS_DO(&server, "DEL", key)->integer, 1);
		assert_int_equal(switch_at(redis, shadow), VOC_SHADOW_GONE);
		assert_int_equal(REDIS_DO(&server, "EXISTS", LIVE("customer:A"))->integer, 0);
		voc_shadow_free(shadow);
	}
}

static void test_differences_are_added(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	struct voc_shadow *shadow = write_shadow(redis, 1, 3);
	struct voc_customer before = step_customer(3, 70), now = step_customer(4, 0);
	struct voc_field field = { VOC_STR("events"), VOC_STR("10") };
	assert_int_equal(voc_shadow_customer(shadow, VOC_STR("A"), &before, &now, &error), VOC_OK);
	voc_shadow_rollup_begin(shadow, MINUTE);
	assert_true(voc_shadow_rollup_field(shadow, &field));
	assert_int_equal(voc_shadow_rollup_end(shadow, false, EXPIRES_MS, &error), VOC_OK);
	assert_int_equal(voc_shadow_flush(shadow, &error), VOC_OK);
	assert_int_equal(voc_shadow_count(shadow), 3);
	assert_int_equal(switch_at(redis, shadow), VOC_SHADOW_SWITCHED);
	assert_string_equal(redis_server_hget(&server, LIVE("customer:A"), "events"), "4");
	assert_string_equal(redis_server_hget(&server, LIVE("rollup:29500000"), "events"), "10");
	assert_int_equal(REDIS_DO(&server, "EXISTS", LIVE("at_risk"))->integer, 0);
	voc_customer_free(&before);
	voc_customer_free(&now);
	voc_shadow_free(shadow);
}

static void test_leftovers_are_removed_by_run_and_partition(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	int64_t removed = 0;
	struct voc_shadow *mine = write_shadow(redis, 1, 3), *theirs = write_shadow(redis, 2, 3);
	REDIS_DO(&server, "HSET", "voc.rebuild:00000001:{15}:customer:{5}:A", "events", "1"); /* another partition's */
	REDIS_DO(&server, "HSET", LIVE("customer:A"), "events", "1");
	assert_int_equal(voc_shadow_discard(mine, &removed, &error), VOC_OK);
	assert_int_equal(removed, 5);
	assert_int_equal(key_count(), 7);
	assert_int_equal(voc_shadow_discard_all(mine, &removed, &error), VOC_OK);
	assert_int_equal(removed, 5);
	assert_int_equal(key_count(), 2);
	assert_int_equal(switch_at(redis, theirs), VOC_SHADOW_GONE);
	voc_shadow_free(mine);
	voc_shadow_free(theirs);
}

static void test_a_redis_without_memory_refuses_before_anything_is_lost(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	enum voc_shadow_outcome outcome;
	REDIS_DO(&server, "HSET", LIVE("customer:STRAY"), "events", "1");
	struct voc_shadow *shadow = write_shadow(redis, 1, 3);
	assert_true(voc_shadow_condemn(shadow, VOC_STR(LIVE("customer:STRAY"))));
	struct voc_redis_stand stand = look(redis, NULL, 0).stand;
	int64_t keys = key_count();
	REDIS_DO(&server, "CONFIG", "SET", "maxmemory", "1");
	assert_int_equal(voc_shadow_switch(shadow, &stand, NOW_MS, &outcome, &error), VOC_RETRY);
	REDIS_DO(&server, "CONFIG", "SET", "maxmemory", "0");
	assert_int_equal(key_count(), keys);
	assert_int_equal(REDIS_DO(&server, "EXISTS", LIVE("customer:STRAY"))->integer, 1);
	assert_int_equal(switch_at(redis, shadow), VOC_SHADOW_SWITCHED);
	voc_shadow_free(shadow);
}

static bool count_key(void *context, struct voc_str key)
{
	(void)key;
	++*(size_t *)context;
	return true;
}

static void test_on_a_cluster_all_stays_in_the_partitions_slot(void **state)
{
	(void)state;
	static struct redis_cluster cluster;
	struct voc_error error = { .position = -1 };
	uint64_t cursor = 0;
	size_t names = 0;
	int64_t removed = 0;
	redis_cluster_start(&cluster);
	struct voc_redis *shards = open_redis(cluster.url);
	CLUSTER_DO(&cluster, LIVE("x"), "HSET", LIVE("customer:STRAY"), "events", "1");
	struct voc_shadow *shadow = write_shadow(shards, 1, 3), *left = write_shadow(shards, 2, 8);
	assert_true(voc_shadow_condemn(shadow, VOC_STR(LIVE("customer:STRAY"))));
	assert_int_equal(switch_at(shards, shadow), VOC_SHADOW_SWITCHED);
	do {
		assert_int_equal(voc_redis_scan(shards, PARTITION, "voc:{5}:*", &cursor, count_key, &names, &error),
		                 VOC_OK);
	} while (cursor != 0);
	assert_int_equal(names, 5);
	assert_int_equal(voc_shadow_discard_all(left, &removed, &error), VOC_OK);
	assert_int_equal(removed, 5);
	const struct voc_str key = VOC_STR(LIVE("customer:STRAY"));
	struct voc_redis_snapshot snapshot = look(shards, &key, 1);
	assert_int_equal(snapshot.offset, 30);
	check_key(&snapshot, 0, "");
	voc_shadow_free(shadow);
	voc_shadow_free(left);
	voc_redis_free(shards);
	redis_cluster_stop(&cluster);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(test_a_snapshot_has_keys_and_position, empty),
		cmocka_unit_test_setup(test_the_switch_replaces_all_and_leaves_nothing, empty),
		cmocka_unit_test_setup(test_a_position_that_moved_is_left_alone, empty),
		cmocka_unit_test_setup(test_a_shadow_with_a_key_missing_is_not_switched, empty),
		cmocka_unit_test_setup(test_differences_are_added, empty),
		cmocka_unit_test_setup(test_leftovers_are_removed_by_run_and_partition, empty),
		cmocka_unit_test_setup(test_a_redis_without_memory_refuses_before_anything_is_lost, empty),
		cmocka_unit_test_setup(test_on_a_cluster_all_stays_in_the_partitions_slot, empty),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
