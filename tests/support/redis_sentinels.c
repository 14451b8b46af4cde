#include "support/redis_sentinels.h"

#include "base/clock.h"
#include "support/pause.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>

#define MASTER      "mymaster"
#define PATIENCE_MS 30000

static void start_server(struct redis_node *node, const struct redis_node *master)
{
	char port[16], master_port[16] = "";
	snprintf(port, sizeof port, "%d", node->port);
	if (master)
		snprintf(master_port, sizeof master_port, "%d", master->port);
	const char *const arguments[] = { "redis-server",
		                          "--port",
		                          port,
		                          "--bind",
		                          "127.0.0.1",
		                          "--save",
		                          "",
		                          "--repl-diskless-sync-delay",
		                          "0",
		                          "--loglevel",
		                          "warning",
		                          master ? "--replicaof" : NULL,
		                          "127.0.0.1",
		                          master_port,
		                          NULL };
	redis_node_start(node, arguments);
}

static void write_configuration(const struct redis_sentinels *sentinels, int index)
{
	char path[96];
	const struct redis_node *node = &sentinels->sentinels[index];
	snprintf(path, sizeof path, "%s/sentinel.conf", node->folder);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fprintf(file, "port %d\nbind 127.0.0.1\nsentinel myid %040d\n", node->port, index + 1);
	fprintf(file, "sentinel monitor %s 127.0.0.1 %d 2\n", MASTER, sentinels->servers[0].port);
	fprintf(file, "sentinel down-after-milliseconds %s 1000\nsentinel failover-timeout %s 3000\n", MASTER, MASTER);
	fprintf(file, "sentinel known-replica %s 127.0.0.1 %d\n", MASTER, sentinels->servers[1].port);
	for (int i = 0; i < SENTINEL_COUNT; i++) {
		if (i != index)
			fprintf(file, "sentinel known-sentinel %s 127.0.0.1 %d %040d\n", MASTER,
			        sentinels->sentinels[i].port, i + 1);
	}
	assert_int_equal(fclose(file), 0);
}

/* The port of the master as one sentinel has it. */
static int64_t told_port(struct redis_node *sentinel)
{
	int64_t port = -1;
	const struct voc_redis_reply *reply = NODE_DO(sentinel, "SENTINEL", "GET-MASTER-ADDR-BY-NAME", MASTER);
	assert_int_equal(reply->count, 2);
	assert_true(voc_str_to_i64(reply->items[1]->str, &port));
	return port;
}

int redis_sentinels_master(struct redis_sentinels *sentinels)
{
	int64_t until_ms = voc_clock_ms() + PATIENCE_MS;
	for (;;) {
		int64_t port = told_port(&sentinels->sentinels[0]);
		bool agreed = true;
		for (int i = 1; i < SENTINEL_COUNT; i++)
			agreed = agreed && told_port(&sentinels->sentinels[i]) == port;
		if (agreed)
			return port == sentinels->servers[1].port;
		if (voc_clock_ms() > until_ms)
			fail_msg("the sentinels never agree");
		test_pause_ms(10);
	}
}

void redis_sentinels_settle(struct redis_sentinels *sentinels)
{
	int64_t until_ms = voc_clock_ms() + PATIENCE_MS;
	for (;;) {
		int master = redis_sentinels_master(sentinels);
		struct redis_node *replica = &sentinels->servers[!master];
		if (NODE_SAYS(&sentinels->servers[master], "role:master", "INFO", "replication") &&
		    NODE_SAYS(&sentinels->servers[master], "connected_slaves:1", "INFO", "replication") &&
		    NODE_SAYS(replica, "master_link_status:up", "INFO", "replication"))
			return;
		if (voc_clock_ms() > until_ms)
			fail_msg("the replica never catches up");
		test_pause_ms(20);
	}
}

void redis_sentinels_start(struct redis_sentinels *sentinels)
{
	for (int i = 0; i < 2; i++) {
		redis_node_init(&sentinels->servers[i]);
		start_server(&sentinels->servers[i], i == 1 ? &sentinels->servers[0] : NULL);
	}
	for (int i = 0; i < SENTINEL_COUNT; i++)
		redis_node_init(&sentinels->sentinels[i]);
	for (int i = 0; i < SENTINEL_COUNT; i++) {
		struct redis_node *node = &sentinels->sentinels[i];
		write_configuration(sentinels, i);
		redis_node_start(node, (const char *const[]){ "redis-sentinel", "sentinel.conf", NULL });
		/* By default they look at their servers every ten seconds. */
		NODE_DO(node, "SENTINEL", "DEBUG", "INFO-PERIOD", "1000");
	}
	snprintf(sentinels->url, sizeof sentinels->url, "redis-sentinel://127.0.0.1:%d,127.0.0.1:%d,127.0.0.1:%d/%s",
	         sentinels->sentinels[0].port, sentinels->sentinels[1].port, sentinels->sentinels[2].port, MASTER);
	redis_sentinels_settle(sentinels);
}

void redis_sentinels_stop(struct redis_sentinels *sentinels)
{
	for (int i = 0; i < SENTINEL_COUNT; i++)
		redis_node_free(&sentinels->sentinels[i]);
	for (int i = 0; i < 2; i++)
		redis_node_free(&sentinels->servers[i]);
}

void redis_sentinels_restart(struct redis_sentinels *sentinels, int server)
{
	redis_node_kill(&sentinels->servers[server]);
	start_server(&sentinels->servers[server], &sentinels->servers[!server]);
}
