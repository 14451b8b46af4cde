/* Finding the master through sentinels: who is asked, who is believed, and what is refused. */
#include "base/clock.h"
#include "io/redis/redis.h"
#include "support/false_sentinel.h"
#include "support/redis_node.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

static struct redis_node master, replica;
static struct false_sentinel first, second;

static void start_server(struct redis_node *node)
{
	char port[16];
	redis_node_init(node);
	snprintf(port, sizeof port, "%d", node->port);
	redis_node_start(node, (const char *const[]){ "redis-server", "--port", port, "--bind", "127.0.0.1", "--save",
	                                              "", "--repl-diskless-sync-delay", "0", NULL });
}

static int start(void **state)
{
	(void)state;
	char port[16];
	start_server(&master);
	start_server(&replica);
	snprintf(port, sizeof port, "%d", master.port);
	NODE_DO(&replica, "REPLICAOF", "127.0.0.1", port);
	NODE_AWAIT(&replica, "master_link_status:up", "INFO", "replication");
	return 0;
}

static int stop(void **state)
{
	(void)state;
	redis_node_free(&master);
	redis_node_free(&replica);
	return 0;
}

static int begin(void **state)
{
	(void)state;
	false_sentinel_start(&first, master.port);
	false_sentinel_start(&second, master.port);
	return 0;
}

static int end(void **state)
{
	(void)state;
	false_sentinel_stop(&first);
	false_sentinel_stop(&second);
	return 0;
}

static struct voc_redis *open_redis(int one, int two, const char *rest)
{
	struct voc_redis *redis = NULL;
	struct voc_error error = { .position = -1 };
	char url[128];
	snprintf(url, sizeof url, "redis-sentinel://127.0.0.1:%d,127.0.0.1:%d/%s", one, two, rest);
	if (voc_redis_new(url, 3000, &redis, &error) != VOC_OK)
		fail_msg("%s", error.text);
	return redis;
}

static enum voc_status connect_with(struct voc_redis *redis, struct voc_error *error)
{
	voc_error_clear(error);
	return voc_redis_connect(redis, error);
}

static void test_the_one_that_answers_is_asked_first(void **state)
{
	(void)state;
	struct voc_error error;
	struct voc_redis *redis = open_redis(first.port, second.port, "any");
	assert_int_equal(connect_with(redis, &error), VOC_OK);
	assert_int_equal(atomic_load(&first.asked), 1);
	assert_int_equal(atomic_load(&second.asked), 0);
	atomic_store(&first.master_port, 0); /* no address that makes sense */
	assert_int_equal(connect_with(redis, &error), VOC_OK);
	assert_int_equal(atomic_load(&first.asked), 2);
	assert_int_equal(atomic_load(&second.asked), 1);
	assert_int_equal(connect_with(redis, &error), VOC_OK);
	assert_int_equal(atomic_load(&first.asked), 2);
	assert_int_equal(atomic_load(&second.asked), 2);
	atomic_store(&second.master_port, 70000);
	assert_int_equal(connect_with(redis, &error), VOC_RETRY);
	assert_non_null(strstr(error.text, "no sentinel tells the master"));
	assert_false(voc_redis_connected(redis));
	voc_redis_free(redis);
}

static void test_a_dead_sentinel_is_passed_over(void **state)
{
	(void)state;
	struct voc_error error;
	struct redis_node nobody;
	redis_node_init(&nobody);
	struct voc_redis *redis = open_redis(nobody.port, second.port, "any");
	assert_int_equal(connect_with(redis, &error), VOC_OK);
	voc_redis_free(redis);
	redis_node_free(&nobody);
}

static void test_a_hung_sentinel_is_waited_for_a_second(void **state)
{
	(void)state;
	struct voc_error error;
	struct redis_node hung;
	start_server(&hung);
	kill(hung.pid, SIGSTOP);
	struct voc_redis *redis = open_redis(hung.port, second.port, "any");
	int64_t began_ms = voc_clock_ms();
	assert_int_equal(connect_with(redis, &error), VOC_OK);
	assert_in_range(voc_clock_ms() - began_ms, 900, 2900);
	voc_redis_free(redis);
	redis_node_free(&hung);
}

static void test_a_replica_is_no_master_whoever_says_so(void **state)
{
	(void)state;
	struct voc_error error;
	atomic_store(&first.master_port, replica.port);
	struct voc_redis *redis = open_redis(first.port, second.port, "any");
	assert_int_equal(connect_with(redis, &error), VOC_RETRY);
	assert_non_null(strstr(error.text, "none (yet)"));
	assert_false(voc_redis_connected(redis));
	voc_redis_free(redis);
}

static void test_a_master_that_evicts_is_refused(void **state)
{
	(void)state;
	struct voc_error error;
	struct voc_redis *redis = open_redis(first.port, second.port, "any");
	NODE_DO(&master, "CONFIG", "SET", "maxmemory-policy", "volatile-ttl");
	assert_int_equal(connect_with(redis, &error), VOC_OK); /* reading is fine */
	voc_redis_will_write(redis);
	assert_int_equal(connect_with(redis, &error), VOC_FATAL);
	assert_non_null(strstr(error.text, "volatile-ttl"));
	NODE_DO(&master, "CONFIG", "SET", "maxmemory-policy", "noeviction");
	assert_int_equal(connect_with(redis, &error), VOC_OK);
	assert_false(voc_redis_appends(redis));
	voc_redis_free(redis);
}

/* Once it is a replica it says so, and the connection is of no use any more. */
static void test_readonly_closes(void **state)
{
	(void)state;
	struct voc_error error;
	struct voc_redis *redis = open_redis(first.port, second.port, "any");
	assert_int_equal(connect_with(redis, &error), VOC_OK);
	char port[16];
	snprintf(port, sizeof port, "%d", replica.port);
	NODE_DO(&replica, "REPLICAOF", "NO", "ONE");
	NODE_DO(&master, "REPLICAOF", "127.0.0.1", port);
	voc_redis_begin(redis);
	voc_redis_command(redis, (const char *[]){ "SET", "a", "b", NULL });
	assert_int_equal(voc_redis_exchange(redis, &error), VOC_OK);
	assert_int_equal(voc_redis_expect(redis, voc_redis_reply(redis, 0), VOC_REDIS_STATUS, &error), VOC_RETRY);
	assert_false(voc_redis_connected(redis));
	assert_int_equal(connect_with(redis, &error), VOC_RETRY);
	atomic_store(&first.master_port, replica.port);
	assert_int_equal(connect_with(redis, &error), VOC_OK);
	voc_redis_free(redis);
	snprintf(port, sizeof port, "%d", master.port);
	NODE_DO(&master, "REPLICAOF", "NO", "ONE");
	NODE_DO(&replica, "REPLICAOF", "127.0.0.1", port);
	NODE_AWAIT(&replica, "master_link_status:up", "INFO", "replication");
}

/* A real one, that wants a password. */
static void test_the_sentinels_password(void **state)
{
	(void)state;
	struct voc_error error;
	struct redis_node sentinel;
	char path[96];
	redis_node_init(&sentinel);
	snprintf(path, sizeof path, "%s/sentinel.conf", sentinel.folder);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "port %d\nbind 127.0.0.1\nsentinel monitor mymaster 127.0.0.1 %d 1\n", sentinel.port,
	        master.port);
	fprintf(file, "user voc on >hunter2 &* +@all\nuser default on nopass &* -@all +ping +auth\n");
	assert_int_equal(fclose(file), 0);
	redis_node_start(&sentinel, (const char *const[]){ "redis-sentinel", "sentinel.conf", NULL });
	struct voc_redis *redis = open_redis(sentinel.port, sentinel.port, "mymaster");
	assert_int_equal(connect_with(redis, &error), VOC_FATAL);
	assert_non_null(strstr(error.text, "NOPERM"));
	voc_redis_free(redis);
	redis = open_redis(sentinel.port, sentinel.port, "mymaster?sentinel_user=voc&sentinel_password=hunter3");
	assert_int_equal(connect_with(redis, &error), VOC_FATAL);
	assert_non_null(strstr(error.text, "WRONGPASS"));
	voc_redis_free(redis);
	redis = open_redis(sentinel.port, sentinel.port, "nobody?sentinel_user=voc&sentinel_password=hunter2");
	assert_int_equal(connect_with(redis, &error), VOC_RETRY);
	assert_non_null(strstr(error.text, "know no master of the name"));
	voc_redis_free(redis);
	redis = open_redis(sentinel.port, sentinel.port, "mymaster?sentinel_user=voc&sentinel_password=hunter2");
	if (connect_with(redis, &error) != VOC_OK)
		fail_msg("%s", error.text);
	voc_redis_free(redis);
	redis_node_free(&sentinel);
}

static void test_servers_of_another_kind_are_named(void **state)
{
	(void)state;
	struct voc_error error;
	struct voc_redis *redis = open_redis(master.port, master.port, "any");
	assert_int_equal(connect_with(redis, &error), VOC_FATAL);
	assert_non_null(strstr(error.text, "named as sentinel"));
	voc_redis_free(redis);
	char url[64];
	snprintf(url, sizeof url, "redis-cluster://127.0.0.1:%d", master.port);
	assert_int_equal(voc_redis_new(url, 1000, &redis, &error), VOC_OK);
	assert_int_equal(connect_with(redis, &error), VOC_FATAL);
	assert_non_null(strstr(error.text, "must begin with redis://"));
	voc_redis_free(redis);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_the_one_that_answers_is_asked_first),
		EACH(test_a_dead_sentinel_is_passed_over),
		EACH(test_a_hung_sentinel_is_waited_for_a_second),
		EACH(test_a_replica_is_no_master_whoever_says_so),
		EACH(test_a_master_that_evicts_is_refused),
		EACH(test_readonly_closes),
		EACH(test_the_sentinels_password),
		EACH(test_servers_of_another_kind_are_named),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
