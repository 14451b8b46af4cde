/* The store against a redis-server of the test's own: the atomic step, and everything that may go wrong around it. */
#include "base/clock.h"
#include "io/redis/redis_query.h"
#include "io/redis/redis_store.h"
#include "support/redis_server.h"
#include "support/store_steps.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define PARTITIONS 4
#define RETENTION  INT64_C(3600000)

static struct redis_server server;
static struct voc_store *store;

static int start(void **state)
{
	(void)state;
	redis_server_start(&server, NULL);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	redis_server_stop(&server);
	return 0;
}

static struct voc_store *open_store(void)
{
	struct voc_store *opened = NULL;
	struct voc_error error = { .position = -1 };
	assert_int_equal(voc_store_new(server.url, 2000, &opened, &error), VOC_OK);
	if (voc_store_connect(opened, PARTITIONS, &error) != VOC_OK)
		fail_msg("%s", error.text);
	return opened;
}

static int empty(void **state)
{
	(void)state;
	REDIS_DO(&server, "FLUSHALL");
	store = open_store();
	return 0;
}

static int close_store(void **state)
{
	(void)state;
	voc_store_free(store);
	store = NULL;
	return 0;
}

static void test_a_step_writes_everything_or_nothing(void **unused)
{
	(void)unused;
	struct voc_partition_state state;
	step_load_position(store, 1, &state);
	assert_false(state.is_stored);
	step_advance(&state, 10);
	voc_store_begin(store);
	step_gather(store, 1, &state, "C-1", 3, 70);
	assert_int_equal(step_commit(store), VOC_STEP_COMMITTED);
	assert_string_equal(redis_server_hget(&server, "voc:{1}:position", "offset"), "10");
	assert_string_equal(redis_server_hget(&server, "voc:{1}:position", "rules"), step_rules()->rules.version);
	assert_true(voc_str_is(step_rules()->json, redis_server_hget(&server, "voc:{1}:position", "rules_body")));
	assert_string_equal(redis_server_hget(&server, "voc:{1}:customer:C-1", "events"), "3");
	assert_string_equal(REDIS_DO(&server, "ZSCORE", "voc:{1}:at_risk", "C-1")->str.ptr, "70");

	/* The same again expects the position before: nothing may change. */
	voc_store_begin(store);
	step_gather(store, 1, &state, "C-2", 9, 90);
	assert_int_equal(step_commit(store), VOC_STEP_CONFLICT);
	assert_int_equal(REDIS_DO(&server, "EXISTS", "voc:{1}:customer:C-2")->integer, 0);
	assert_int_equal(REDIS_DO(&server, "ZCARD", "voc:{1}:at_risk")->integer, 1);
	voc_partition_state_free(&state);
}

static void test_a_step_writes_the_difference(void **unused)
{
	(void)unused;
	struct voc_error error = { .position = -1 };
	struct voc_partition_state state;
	step_load_position(store, 0, &state);
	struct voc_customer before = step_customer(1, 70), now = step_customer(2, 0);
	before.alert_severity[VOC_RULE_RISK_RAISED] = VOC_SEVERITY_WARNING;
	voc_store_begin(store);
	step_advance(&state, 1);
	voc_store_step_begin(store, 0);
	voc_store_step_customer(store, VOC_STR("C-1"), NULL, &before);
	assert_int_equal(voc_store_step_end(store, &state, &error), VOC_OK);
	assert_int_equal(step_commit(store), VOC_STEP_COMMITTED);
	assert_int_equal(REDIS_DO(&server, "HEXISTS", "voc:{0}:customer:C-1", "alert:risk_raised")->integer, 1);
	voc_partition_state_saved(&state);

	voc_store_begin(store);
	step_advance(&state, 2);
	voc_store_step_begin(store, 0);
	voc_store_step_customer(store, VOC_STR("C-1"), &before, &now);
	assert_int_equal(voc_store_step_end(store, &state, &error), VOC_OK);
	assert_int_equal(step_commit(store), VOC_STEP_COMMITTED);
	assert_int_equal(REDIS_DO(&server, "HEXISTS", "voc:{0}:customer:C-1", "alert:risk_raised")->integer, 0);
	assert_int_equal(REDIS_DO(&server, "ZCARD", "voc:{0}:at_risk")->integer, 0);
	assert_string_equal(redis_server_hget(&server, "voc:{0}:customer:C-1", "events"), "2");
	voc_customer_free(&before);
	voc_customer_free(&now);
	voc_partition_state_free(&state);
}

static void test_the_rules_in_force_are_part_of_the_position(void **unused)
{
	(void)unused;
	struct voc_partition_state state;
	step_load_position(store, 0, &state);
	REDIS_DO(&server, "HSET", "voc:{0}:position", "offset", "0", "rules", "other");
	voc_store_begin(store);
	step_advance(&state, 5);
	step_gather(store, 0, &state, "C-1", 5, 0);
	assert_int_equal(step_commit(store), VOC_STEP_CONFLICT);
	voc_partition_state_free(&state);
}

static void test_a_step_onto_what_a_rebuild_put_there_is_refused(void **unused)
{
	(void)unused;
	struct voc_partition_state state, again;
	step_load_position(store, 0, &state);
	step_advance(&state, 5);
	voc_store_begin(store);
	step_gather(store, 0, &state, "C-1", 5, 0);
	assert_int_equal(step_commit(store), VOC_STEP_COMMITTED);
	voc_partition_state_saved(&state);
	/* The same offset, but other customers than those in memory. */
	REDIS_DO(&server, "HSET", "voc:{0}:position", "rebuilt_at", "1770000000000");
	step_advance(&state, 6);
	voc_store_begin(store);
	step_gather(store, 0, &state, "C-1", 6, 0);
	assert_int_equal(step_commit(store), VOC_STEP_CONFLICT);
	voc_partition_state_free(&state);
	/* Whoever has read it goes on. */
	step_load_position(store, 0, &again);
	step_advance(&again, 6);
	voc_store_begin(store);
	step_gather(store, 0, &again, "C-1", 6, 0);
	assert_int_equal(step_commit(store), VOC_STEP_COMMITTED);
	assert_string_equal(redis_server_hget(&server, "voc:{0}:position", "rebuilt_at"), "1770000000000");
	voc_partition_state_free(&again);
}

static void test_steps_of_one_exchange_stand_alone(void **unused)
{
	(void)unused;
	struct voc_error error = { .position = -1 };
	struct voc_partition_state states[PARTITIONS];
	enum voc_step_outcome outcomes[PARTITIONS];
	REDIS_DO(&server, "HSET", "voc:{2}:position", "offset", "7");
	voc_store_begin(store);
	for (int32_t p = 0; p < PARTITIONS; p++) {
		voc_partition_state_init(&states[p]);
		step_advance(&states[p], 5);
		step_gather(store, p, &states[p], "C-1", 5, 0);
	}
	assert_int_equal(voc_store_commit(store, outcomes, &error), VOC_OK);
	for (int32_t p = 0; p < PARTITIONS; p++) {
		assert_int_equal(outcomes[p], p == 2 ? VOC_STEP_CONFLICT : VOC_STEP_COMMITTED);
		voc_partition_state_free(&states[p]);
	}
	assert_string_equal(redis_server_hget(&server, "voc:{2}:position", "offset"), "7");
	assert_int_equal(REDIS_DO(&server, "EXISTS", "voc:{2}:customer:C-1")->integer, 0);
}

static void test_a_forgotten_script_is_loaded_again(void **unused)
{
	(void)unused;
	struct voc_partition_state state;
	step_load_position(store, 0, &state);
	REDIS_DO(&server, "SCRIPT", "FLUSH");
	voc_store_begin(store);
	step_advance(&state, 5);
	step_gather(store, 0, &state, "C-1", 5, 0);
	voc_partition_state_saved(&state);
	step_advance(&state, 6);
	step_gather(store, 0, &state, "C-1", 6, 0);
	struct voc_error error = { .position = -1 };
	enum voc_step_outcome outcomes[2];
	assert_int_equal(voc_store_commit(store, outcomes, &error), VOC_OK);
	assert_int_equal(outcomes[0], VOC_STEP_COMMITTED);
	assert_int_equal(outcomes[1], VOC_STEP_COMMITTED);
	assert_string_equal(redis_server_hget(&server, "voc:{0}:customer:C-1", "events"), "6");
	voc_partition_state_free(&state);
}

static void test_a_cut_connection_leaves_the_outcome_to_the_position(void **unused)
{
	(void)unused;
	struct voc_error error = { .position = -1 };
	enum voc_step_outcome outcome;
	struct voc_partition_state state, found;
	step_load_position(store, 0, &state);
	REDIS_DO(&server, "CLIENT", "KILL", "TYPE", "normal", "SKIPME", "yes");
	voc_store_begin(store);
	step_advance(&state, 5);
	step_gather(store, 0, &state, "C-1", 5, 0);
	assert_int_equal(voc_store_commit(store, &outcome, &error), VOC_RETRY);
	assert_int_equal(error.reason, VOC_REASON_REDIS);
	assert_false(voc_store_connected(store));
	/* The dead connection stays dead. */
	assert_int_equal(voc_store_commit(store, &outcome, &error), VOC_RETRY);
	voc_error_clear(&error);
	assert_int_equal(voc_store_connect(store, PARTITIONS, &error), VOC_OK);
	step_load_position(store, 0, &found);
	assert_int_equal(found.stored.offset, 0);
	voc_partition_state_free(&state);
	voc_partition_state_free(&found);
}

static void test_a_hung_redis_times_out(void **unused)
{
	(void)unused;
	struct voc_error error = { .position = -1 };
	struct voc_partition_state state;
	struct voc_store *hasty = NULL;
	int32_t partition = 0;
	assert_int_equal(voc_store_new(server.url, 100, &hasty, &error), VOC_OK);
	assert_int_equal(voc_store_connect(hasty, PARTITIONS, &error), VOC_OK);
	kill(server.pid, SIGSTOP);
	enum voc_status status = voc_store_load_positions(hasty, &partition, 1, step_keep_position, &state, &error);
	kill(server.pid, SIGCONT);
	assert_int_equal(status, VOC_RETRY);
	assert_false(voc_store_connected(hasty));
	voc_store_free(hasty);
}

static void test_a_redis_that_evicts_is_refused(void **unused)
{
	(void)unused;
	struct voc_error error = { .position = -1 };
	REDIS_DO(&server, "CONFIG", "SET", "maxmemory-policy", "allkeys-lru");
	assert_int_equal(voc_store_connect(store, PARTITIONS, &error), VOC_FATAL);
	assert_non_null(strstr(error.text, "allkeys-lru"));
	assert_non_null(strstr(error.text, "noeviction"));
	assert_false(voc_store_connected(store));
	REDIS_DO(&server, "CONFIG", "SET", "maxmemory-policy", "noeviction");
}

static void test_another_partition_count_is_refused(void **unused)
{
	(void)unused;
	struct voc_error error = { .position = -1 };
	assert_string_equal(redis_server_hget(&server, "voc:meta", "partitions"), "4");
	assert_string_equal(redis_server_hget(&server, "voc:meta", "state_version"), "3");
	assert_int_equal(voc_store_connect(store, PARTITIONS + 1, &error), VOC_FATAL);
	assert_int_equal(error.reason, VOC_REASON_PARTITIONS_CHANGED);
	assert_string_equal(redis_server_hget(&server, "voc:meta", "partitions"), "4");
	voc_error_clear(&error);
	REDIS_DO(&server, "HSET", "voc:meta", "state_version", "99");
	assert_int_equal(voc_store_connect(store, PARTITIONS, &error), VOC_FATAL);
	assert_int_equal(error.reason, VOC_REASON_REDIS);
}

static void test_an_emptied_redis_gets_its_meta_back(void **unused)
{
	(void)unused;
	struct voc_partition_state state;
	REDIS_DO(&server, "FLUSHALL");
	step_load_position(store, 3, &state);
	assert_string_equal(redis_server_hget(&server, "voc:meta", "partitions"), "4");
	voc_partition_state_free(&state);
}

/* Memory is full: the step is refused before it has changed anything, and may be tried again. */
static void test_a_full_redis_changes_nothing(void **unused)
{
	(void)unused;
	struct voc_error error = { .position = -1 };
	enum voc_step_outcome outcome;
	struct voc_partition_state state;
	step_load_position(store, 0, &state);
	REDIS_DO(&server, "ZADD", "voc:{0}:at_risk", "50", "C-1");
	REDIS_DO(&server, "CONFIG", "SET", "maxmemory", "1");
	struct voc_customer before = step_customer(1, 50), now = step_customer(2, 0);
	voc_store_begin(store);
	step_advance(&state, 5);
	voc_store_step_begin(store, 0);
	voc_store_step_customer(store, VOC_STR("C-1"), &before, &now);
	assert_int_equal(voc_store_step_end(store, &state, &error), VOC_OK);
	enum voc_status status = voc_store_commit(store, &outcome, &error);
	REDIS_DO(&server, "CONFIG", "SET", "maxmemory", "0");
	assert_int_equal(status, VOC_RETRY);
	assert_non_null(strstr(error.text, "OOM"));
	assert_int_equal(REDIS_DO(&server, "ZCARD", "voc:{0}:at_risk")->integer, 1);
	assert_int_equal(REDIS_DO(&server, "EXISTS", "voc:{0}:position")->integer, 0);
	voc_customer_free(&before);
	voc_customer_free(&now);
	voc_partition_state_free(&state);
}

/* Lua's stack holds 8000 values: a hash and a sorted set beyond that, in one step. */
static void test_large_steps_pass_luas_limits(void **unused)
{
	(void)unused;
	enum { CUSTOMERS = 5000, MARKS = 4096 };
	struct voc_error error = { .position = -1 };
	struct voc_partition_state state, found;
	step_load_position(store, 0, &state);
	voc_store_begin(store);
	step_advance(&state, 20000);
	for (int i = 0; i < MARKS; i++) {
		struct voc_source_position source = { VOC_STR("voc.calls"), i, 0 };
		assert_int_equal(voc_partition_state_set_mark(&state, &source, i + 1, &error), VOC_OK);
	}
	voc_store_step_begin(store, 0);
	for (int i = 0; i < CUSTOMERS; i++) {
		char id[32];
		struct voc_customer customer = step_customer((uint32_t)i + 1, 1 + i % 100);
		snprintf(id, sizeof id, "C-%d", i);
		voc_store_step_customer(store, voc_str_from(id), NULL, &customer);
		voc_customer_free(&customer);
	}
	assert_int_equal(voc_store_step_end(store, &state, &error), VOC_OK);
	assert_int_equal(step_commit(store), VOC_STEP_COMMITTED);
	assert_int_equal(REDIS_DO(&server, "ZCARD", "voc:{0}:at_risk")->integer, CUSTOMERS);
	assert_string_equal(redis_server_hget(&server, "voc:{0}:customer:C-4999", "events"), "5000");
	step_load_position(store, 0, &found);
	assert_int_equal(found.mark_count, MARKS);
	assert_int_equal(found.marks[MARKS - 1].next, found.marks[MARKS - 1].partition + 1);
	voc_partition_state_free(&state);
	voc_partition_state_free(&found);
}

static struct voc_classified make_event(int64_t time_ms)
{
	return (struct voc_classified){
		.id = VOC_STR("e"),
		.source = VOC_STR("/s"),
		.customer_id = VOC_STR("C-1"),
		.time_ms = time_ms,
		.product = VOC_STR("internet-500"),
		.labels = { .feedback = VOC_FEEDBACK_COMPLAINT },
	};
}

static void test_rollups_add_up_and_expire(void **unused)
{
	(void)unused;
	struct voc_error error = { .position = -1 };
	struct voc_partition_state state;
	step_load_position(store, 0, &state);
	struct voc_rollup *rollup = voc_rollup_new(10);
	int64_t wall_ms = voc_clock_wall_ms() / 60000 * 60000;
	struct voc_classified fresh = make_event(wall_ms), old = make_event(wall_ms - 60000 - RETENTION);
	assert_true(voc_rollup_add(rollup, &fresh, 0));
	assert_true(voc_rollup_add(rollup, &fresh, 0));
	assert_true(voc_rollup_add(rollup, &old, 0));
	for (int64_t offset = 1; offset <= 2; offset++) {
		voc_store_begin(store);
		step_advance(&state, offset);
		voc_store_step_begin(store, 0);
		voc_store_step_rollup(store, rollup, wall_ms, RETENTION);
		assert_int_equal(voc_store_step_end(store, &state, &error), VOC_OK);
		assert_int_equal(step_commit(store), VOC_STEP_COMMITTED);
		voc_partition_state_saved(&state);
	}
	char key[64], gone[64];
	snprintf(key, sizeof key, "voc:{0}:rollup:%lld", (long long)(wall_ms / 60000));
	snprintf(gone, sizeof gone, "voc:{0}:rollup:%lld", (long long)(old.time_ms / 60000));
	assert_string_equal(redis_server_hget(&server, key, "events"), "4");
	assert_string_equal(redis_server_hget(&server, key, "product:internet-500"), "4");
	assert_in_range(REDIS_DO(&server, "PTTL", key)->integer, RETENTION - 30000, RETENTION + 60000);
	assert_int_equal(REDIS_DO(&server, "EXISTS", gone)->integer, 0);
	voc_rollup_free(rollup);
	voc_partition_state_free(&state);
}

/* A batch of `count` contacts, each with an agent of its own, from the first-th on. */
static void step_agents(struct voc_partition_state *state, int64_t time_ms, int first, int count)
{
	struct voc_error error = { .position = -1 };
	struct voc_rollup *rollup = voc_rollup_new((size_t)count);
	char(*names)[16] = calloc((size_t)count, sizeof *names);
	for (int i = 0; i < count; i++) {
		struct voc_classified event = make_event(time_ms);
		snprintf(names[i], sizeof names[i], "A-%d", first + i);
		event.agent_id = voc_str_from(names[i]);
		event.labels.satisfaction = VOC_SATISFACTION_SATISFIED;
		assert_true(voc_rollup_add(rollup, &event, 0));
	}
	voc_store_begin(store);
	step_advance(state, state->now.offset + 1);
	voc_store_step_begin(store, 0);
	voc_store_step_rollup(store, rollup, voc_clock_wall_ms(), RETENTION);
	assert_int_equal(voc_store_step_end(store, state, &error), VOC_OK);
	assert_int_equal(step_commit(store), VOC_STEP_COMMITTED);
	voc_partition_state_saved(state);
	voc_rollup_free(rollup);
	free(names);
}

static void test_a_day_has_an_index_of_so_many_names_at_most(void **unused)
{
	(void)unused;
	struct voc_partition_state state;
	const int64_t day_ms = 86400000;
	int64_t day = voc_clock_wall_ms() / day_ms - 400; /* it ends today in 400 days, and is not over */
	char key[64], gone[64];
	snprintf(key, sizeof key, "voc:{0}:index:%lld", (long long)day);
	snprintf(gone, sizeof gone, "voc:{0}:index:%lld", (long long)day - 1);
	step_load_position(store, 0, &state);
	step_agents(&state, day * day_ms, 0, 998);
	step_agents(&state, day * day_ms, 0, 1);     /* known already */
	step_agents(&state, day * day_ms, 998, 500); /* one more has room, beside the product */
	step_agents(&state, day * day_ms, 1498, 1);
	step_agents(&state, day * day_ms, 998, 1);
	step_agents(&state, (day - 1) * day_ms, 0, 1);
	assert_string_equal(redis_server_hget(&server, key, "names"), "1000");
	assert_string_equal(redis_server_hget(&server, key, "n"), "1501");
	assert_string_equal(redis_server_hget(&server, key, "sum"), "112575");
	assert_string_equal(redis_server_hget(&server, key, "n:product:internet-500"), "1501");
	assert_string_equal(redis_server_hget(&server, key, "n:agent:A-0"), "2");
	assert_string_equal(redis_server_hget(&server, key, "n:agent:A-998"), "2");
	assert_int_equal(REDIS_DO(&server, "HEXISTS", key, "n:agent:A-999")->integer, 0);
	assert_string_equal(redis_server_hget(&server, key, "n:agent:"), "500");
	assert_string_equal(redis_server_hget(&server, key, "sum:agent:"), "37500");
	assert_in_range(REDIS_DO(&server, "PTTL", key)->integer, 1, day_ms);
	assert_int_equal(REDIS_DO(&server, "EXISTS", gone)->integer, 0);
	voc_partition_state_free(&state);
}

static enum voc_status note_customer(void *context, size_t index, const struct voc_field *fields, size_t count,
                                     struct voc_error *error)
{
	size_t *counts = context;
	(void)fields;
	(void)error;
	counts[index] = count;
	return VOC_OK;
}

/* Customers of another moment than the state would make alerts that never were, before the step could be refused. */
static void test_customers_of_another_moment_are_not_loaded(void **unused)
{
	(void)unused;
	struct voc_error error = { .position = -1 };
	struct voc_partition_state state;
	size_t count = 99;
	int32_t moved = -1;
	voc_partition_state_init(&state);
	struct voc_store_wanted wanted = { 1, VOC_STR("C-1"), &state };
	REDIS_DO(&server, "HSET", "voc:{1}:customer:C-1", "a", "1");
	REDIS_DO(&server, "HSET", "voc:{1}:position", "offset", "7");
	assert_int_equal(voc_store_load_customers(store, &wanted, 1, note_customer, &count, &moved, &error), VOC_OK);
	assert_int_equal(moved, 1);
	assert_int_equal(count, 99);
	state.stored.offset = 7;
	assert_int_equal(voc_store_load_customers(store, &wanted, 1, note_customer, &count, &moved, &error), VOC_OK);
	assert_int_equal(moved, -1);
	assert_int_equal(count, 1);
	REDIS_DO(&server, "FLUSHALL");
	assert_int_equal(voc_store_load_customers(store, &wanted, 1, note_customer, &count, &moved, &error), VOC_OK);
	assert_int_equal(moved, 1);
}

static void test_many_customers_are_loaded_in_order(void **unused)
{
	(void)unused;
	enum { CUSTOMERS = 1203 };
	static char ids[CUSTOMERS][16];
	static struct voc_store_wanted wanted[CUSTOMERS];
	static size_t counts[CUSTOMERS];
	struct voc_error error = { .position = -1 };
	struct voc_partition_state state;
	int32_t moved;
	voc_partition_state_init(&state);
	for (int i = 0; i < CUSTOMERS; i++) {
		int32_t partition = i * PARTITIONS / CUSTOMERS;
		snprintf(ids[i], sizeof ids[i], "C-%d", i);
		wanted[i] = (struct voc_store_wanted){ partition, voc_str_from(ids[i]), &state };
		char key[64];
		snprintf(key, sizeof key, "voc:{%d}:customer:%s", (int)partition, ids[i]);
		if (i % 3 == 0)
			REDIS_DO(&server, "HSET", key, "a", "1", "b", "2");
	}
	assert_int_equal(voc_store_load_customers(store, wanted, CUSTOMERS, note_customer, counts, &moved, &error),
	                 VOC_OK);
	assert_int_equal(moved, -1);
	for (int i = 0; i < CUSTOMERS; i++)
		assert_int_equal(counts[i], i % 3 == 0 ? 2 : 0);
}

static void test_errors_of_redis_quote_no_customer(void **unused)
{
	(void)unused;
	struct voc_error error = { .position = -1 };
	const struct voc_redis_reply *reply = REDIS_DO(&server, "NOSUCH", "voc:{0}:customer:C-000123");
	assert_int_equal(voc_redis_expect(server.redis, reply, VOC_REDIS_INTEGER, &error), VOC_FATAL);
	assert_null(strstr(error.text, "C-000123"));
}

struct sum {
	int64_t events, minutes;
};

static void add_rollup(void *context, int64_t minute, struct voc_str field, int64_t value)
{
	struct sum *sum = context;
	sum->minutes += minute;
	if (voc_str_is(field, "events"))
		sum->events += value;
}

static void test_queries(void **unused)
{
	(void)unused;
	struct voc_error error = { .position = -1 };
	struct voc_redis_meta meta;
	struct voc_redis_fields fields;
	struct voc_redis_at_risk top[3];
	size_t count;
	int64_t total;
	assert_int_equal(voc_redis_query_meta(server.redis, &meta, &error), VOC_OK);
	assert_true(meta.present);
	assert_int_equal(meta.partitions, PARTITIONS);
	REDIS_DO(&server, "HSET", "voc:{1}:customer:C-1", "events", "4");
	assert_int_equal(voc_redis_query_customer(server.redis, 1, VOC_STR("C-1"), &fields, &error), VOC_OK);
	assert_int_equal(fields.count, 1);
	assert_int_equal(voc_redis_field_i64(&fields, "events"), 4);
	REDIS_DO(&server, "ZADD", "voc:{0}:at_risk", "61", "A", "99", "B");
	REDIS_DO(&server, "ZADD", "voc:{3}:at_risk", "75", "C", "61", "D", "100", "E");
	assert_int_equal(voc_redis_query_at_risk(server.redis, PARTITIONS, top, 3, &count, &total, &error), VOC_OK);
	assert_int_equal(count, 3);
	assert_int_equal(total, 5);
	assert_true(voc_str_is(top[0].customer_id, "E") && voc_str_is(top[1].customer_id, "B") &&
	            voc_str_is(top[2].customer_id, "C"));
	assert_int_equal(top[2].partition, 3);
	REDIS_DO(&server, "HSET", "voc:{0}:rollup:100", "events", "2");
	REDIS_DO(&server, "HSET", "voc:{2}:rollup:101", "events", "5", "type:complaint", "1");
	struct sum sum = { 0 };
	assert_int_equal(voc_redis_query_rollups(server.redis, PARTITIONS, 99, 4, add_rollup, &sum, &error), VOC_OK);
	assert_int_equal(sum.events, 7);
	assert_int_equal(sum.minutes, 302);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, empty, close_store)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_a_step_writes_everything_or_nothing),
		EACH(test_a_step_writes_the_difference),
		EACH(test_the_rules_in_force_are_part_of_the_position),
		EACH(test_a_step_onto_what_a_rebuild_put_there_is_refused),
		EACH(test_steps_of_one_exchange_stand_alone),
		EACH(test_a_forgotten_script_is_loaded_again),
		EACH(test_a_cut_connection_leaves_the_outcome_to_the_position),
		EACH(test_a_hung_redis_times_out),
		EACH(test_a_redis_that_evicts_is_refused),
		EACH(test_another_partition_count_is_refused),
		EACH(test_an_emptied_redis_gets_its_meta_back),
		EACH(test_a_full_redis_changes_nothing),
		EACH(test_large_steps_pass_luas_limits),
		EACH(test_rollups_add_up_and_expire),
		EACH(test_a_day_has_an_index_of_so_many_names_at_most),
		EACH(test_customers_of_another_moment_are_not_loaded),
		EACH(test_many_customers_are_loaded_in_order),
		EACH(test_errors_of_redis_quote_no_customer),
		EACH(test_queries),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
