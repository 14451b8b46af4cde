/* What Redis tells of itself, taken apart: replies, slots, redirections, INFO, a sentinel's answer. */
#include "io/redis/redis_greet.h"
#include "io/redis/redis_sentinel.h"
#include "io/redis/redis_slots.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>

#include <cmocka.h>
#include <hiredis/hiredis.h>

static struct voc_arena *arena;
static const struct voc_redis_address asked = { .host = "10.0.0.9", .port = 7000 };

static int start(void **state)
{
	(void)state;
	arena = voc_arena_new(1 << 20);
	return arena ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	voc_arena_free(arena);
	return 0;
}

/* As it comes over the wire; NULL if that breaks the protocol or isn't whole. */
static const struct voc_redis_reply *receive(const char *bytes)
{
	redisReader *reader = redisReaderCreate();
	assert_non_null(reader);
	voc_redis_replies_into(reader, arena);
	void *reply = NULL;
	redisReaderFeed(reader, bytes, strlen(bytes));
	int status = redisReaderGetReply(reader, &reply);
	redisReaderFree(reader);
	return status == REDIS_OK ? reply : NULL;
}

static void test_crc16_is_the_specifications(void **state)
{
	(void)state;
	assert_int_equal(voc_redis_crc16(VOC_STR("123456789")), 0x31c3);
	assert_int_equal(voc_redis_crc16(VOC_STR("")), 0);
	assert_int_equal(voc_redis_crc16(VOC_STR("\0\xff")), 0x1ef0);
}

/* As CLUSTER KEYSLOT of Redis 7 has them. */
static void test_slots_go_by_the_hash_tag(void **state)
{
	(void)state;
	static const struct {
		const char *key;
		int slot;
	} rows[] = {
		{ "", 0 },
		{ "123456789", 12739 },
		{ "foo", 12182 },
		{ "{foo}", 12182 },
		{ "voc:{foo}:customer:{bar}", 12182 },
		{ "foo{}{bar}", 8363 },
		{ "foo{{bar}}zap", 4015 },
		{ "foo{bar}{zap}", 5061 },
		{ "bar", 5061 },
		{ "{bar", 4015 },
		{ "bar}", 6624 },
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
		assert_int_equal(voc_redis_slot_of(voc_str_from(rows[i].key)), rows[i].slot);
}

static void test_replies_come_as_they_are(void **state)
{
	(void)state;
	const struct voc_redis_reply *reply = receive("*5\r\n$2\r\na\n\r\n:-7\r\n$-1\r\n+OK\r\n*0\r\n");
	assert_int_equal(reply->type, VOC_REDIS_ARRAY);
	assert_int_equal(reply->count, 5);
	assert_true(voc_str_is(reply->items[0]->str, "a\n"));
	assert_int_equal(reply->items[1]->integer, -7);
	assert_int_equal(reply->items[2]->type, VOC_REDIS_NIL);
	assert_int_equal(reply->items[3]->type, VOC_REDIS_STATUS);
	assert_int_equal(reply->items[4]->count, 0);
	assert_null(receive("*2000000000\r\n")); /* more than the arena may hold */
	assert_null(receive("?\r\n"));
}

static enum voc_status expect(const char *bytes, enum voc_redis_type type)
{
	struct voc_error error = { .position = -1 };
	return voc_redis_reply_expect(receive(bytes), type, &error);
}

static void test_errors_say_what_to_do_next(void **state)
{
	(void)state;
	assert_int_equal(expect(":1\r\n", VOC_REDIS_INTEGER), VOC_OK);
	assert_int_equal(expect("$-1\r\n", VOC_REDIS_STRING), VOC_OK);
	assert_int_equal(expect("$-1\r\n", VOC_REDIS_INTEGER), VOC_FATAL);
	assert_int_equal(expect("-LOADING Redis is loading\r\n", VOC_REDIS_INTEGER), VOC_RETRY);
	assert_int_equal(expect("-MOVED 1 h:1\r\n", VOC_REDIS_INTEGER), VOC_RETRY);
	assert_int_equal(expect("-TRYAGAIN Multiple keys\r\n", VOC_REDIS_INTEGER), VOC_RETRY);
	assert_int_equal(expect("-CLUSTERDOWN The cluster is down\r\n", VOC_REDIS_INTEGER), VOC_RETRY);
	assert_int_equal(expect("-READONLY\r\n", VOC_REDIS_INTEGER), VOC_RETRY);
	assert_int_equal(expect("-READONLYISH\r\n", VOC_REDIS_INTEGER), VOC_FATAL);
	assert_int_equal(expect("-CROSSSLOT Keys in request\r\n", VOC_REDIS_INTEGER), VOC_FATAL);
	assert_int_equal(expect("-WRONGTYPE Operation\r\n", VOC_REDIS_INTEGER), VOC_FATAL);
	struct voc_redis_reply lost = { .type = VOC_REDIS_LOST, .str = VOC_STR("timed out") };
	struct voc_error error = { .position = -1 };
	assert_int_equal(voc_redis_reply_expect(&lost, VOC_REDIS_STRING, &error), VOC_RETRY);
	assert_string_equal(error.text, "timed out");
}

static struct voc_redis_slots slots;

static enum voc_status parse_slots(const char *bytes)
{
	struct voc_error error = { .position = -1 };
	return voc_redis_slots_parse(receive(bytes), &asked, &slots, &error);
}

static void test_the_map_of_slots(void **state)
{
	(void)state;
	/* As Redis 7 tells it: an id, metadata and replicas behind the address; Redis 6: no metadata. */
	assert_int_equal(
	        parse_slots("*3\r\n"
	                    "*4\r\n:0\r\n:5460\r\n"
	                    "*4\r\n$9\r\n127.0.0.1\r\n:30001\r\n$3\r\nid1\r\n*2\r\n$8\r\nhostname\r\n$1\r\nh\r\n"
	                    "*3\r\n$9\r\n127.0.0.1\r\n:30004\r\n$3\r\nid4\r\n"
	                    "*3\r\n:5461\r\n:5461\r\n*2\r\n$0\r\n\r\n:30002\r\n"
	                    "*3\r\n:16383\r\n:16383\r\n*3\r\n$9\r\n127.0.0.1\r\n:30001\r\n$3\r\nid1\r\n"),
	        VOC_OK);
	assert_int_equal(slots.node_count, 2);
	assert_string_equal(slots.nodes[0].host, "127.0.0.1");
	assert_int_equal(slots.nodes[0].port, 30001);
	assert_string_equal(slots.nodes[1].host, "10.0.0.9"); /* it doesn't know its own: where we asked */
	assert_int_equal(slots.owners[0], 0);
	assert_int_equal(slots.owners[5460], 0);
	assert_int_equal(slots.owners[5461], 1);
	assert_int_equal(slots.owners[5462], -1);
	assert_int_equal(slots.owners[16383], 0);
}

static void test_maps_that_make_no_sense(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"*0\r\n",
		"*1\r\n:1\r\n",
		"*1\r\n*2\r\n:0\r\n:1\r\n",
		"*1\r\n*3\r\n:-1\r\n:1\r\n*2\r\n$1\r\nh\r\n:1\r\n",
		"*1\r\n*3\r\n:2\r\n:1\r\n*2\r\n$1\r\nh\r\n:1\r\n",
		"*1\r\n*3\r\n:0\r\n:16384\r\n*2\r\n$1\r\nh\r\n:1\r\n",
		"*1\r\n*3\r\n$1\r\n0\r\n:1\r\n*2\r\n$1\r\nh\r\n:1\r\n",
		"*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$1\r\n?\r\n:1\r\n",
		"*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$1\r\nh\r\n:0\r\n",
		"*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$1\r\nh\r\n:65536\r\n",
		"*1\r\n*3\r\n:0\r\n:1\r\n*2\r\n$3\r\nh@x\r\n:1\r\n",
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (parse_slots(bad[i]) != VOC_RETRY)
			fail_msg("row %zu passed", i);
	}
	assert_int_equal(parse_slots("-LOADING\r\n"), VOC_RETRY);
	assert_int_equal(parse_slots("-ERR This instance has cluster support disabled\r\n"), VOC_FATAL);
}

static void test_a_cluster_too_large_is_refused(void **state)
{
	(void)state;
	struct voc_buf bytes;
	voc_buf_init(&bytes, 1 << 20);
	voc_buf_addf(&bytes, "*%d\r\n", VOC_REDIS_NODES_MAX + 1);
	for (int i = 0; i <= VOC_REDIS_NODES_MAX; i++)
		voc_buf_addf(&bytes, "*3\r\n:%d\r\n:%d\r\n*2\r\n$1\r\nh\r\n:%d\r\n", i, i, i + 1);
	assert_int_equal(parse_slots(voc_buf_c_str(&bytes)), VOC_FATAL);
	voc_buf_free(&bytes);
}

static bool redirect_of(const char *bytes, struct voc_redis_redirect *ret_redirect)
{
	return voc_redis_redirect_parse(receive(bytes), &asked, ret_redirect);
}

static void test_redirections(void **state)
{
	(void)state;
	struct voc_redis_redirect to;
	assert_true(redirect_of("-MOVED 3999 127.0.0.1:6381\r\n", &to));
	assert_false(to.ask);
	assert_int_equal(to.slot, 3999);
	assert_string_equal(to.to.host, "127.0.0.1");
	assert_int_equal(to.to.port, 6381);
	assert_true(redirect_of("-ASK 16383 2001:db8::1:6381\r\n", &to));
	assert_true(to.ask);
	assert_string_equal(to.to.host, "2001:db8::1");
	assert_true(redirect_of("-MOVED 0 :6381\r\n", &to));
	assert_string_equal(to.to.host, "10.0.0.9");
	static const char *const bad[] = { "-MOVED\r\n",        "-MOVED 1\r\n",         "-MOVED x h:1\r\n",
		                           "-MOVED -1 h:1\r\n", "-MOVED 16384 h:1\r\n", "-MOVED 1 h\r\n",
		                           "-MOVED 1 h:\r\n",   "-MOVED 1 h:0\r\n",     "-MOVED 1 h:99999\r\n",
		                           "-MOVED 1 ?:1\r\n",  "-MOVEDX 1 h:1\r\n",    "-ERR MOVED 1 h:1\r\n",
		                           "+MOVED 1 h:1\r\n" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		if (redirect_of(bad[i], &to))
			fail_msg("%s passed", bad[i]);
	}
}

static void test_what_a_server_says_of_itself(void **state)
{
	(void)state;
	struct voc_redis_server server;
	voc_redis_server_parse(VOC_STR("# Server\r\nredis_mode:cluster\r\n# Memory\r\nmaxmemory_policy:allkeys-lru\r\n"
	                               "# Persistence\r\naof_enabled:0\r\n"),
	                       &server);
	assert_true(server.is_cluster && !server.is_sentinel && !server.appends);
	assert_string_equal(server.policy, "allkeys-lru");
	voc_redis_server_parse(VOC_STR("\r\nredis_mode:sentinel\nxmaxmemory_policy:none"), &server);
	assert_true(server.is_sentinel && !server.is_cluster && server.appends);
	assert_string_equal(server.policy, "");
	voc_redis_server_parse(VOC_STR(""), &server);
	assert_true(!server.is_sentinel && !server.is_cluster && server.appends);
}

static enum voc_status parse_master(const char *bytes, struct voc_redis_address *ret_master)
{
	struct voc_error error = { .position = -1 };
	return voc_redis_sentinel_parse(receive(bytes), ret_master, &error);
}

static void test_a_sentinels_answer(void **state)
{
	(void)state;
	struct voc_redis_address master;
	assert_int_equal(parse_master("*2\r\n$7\r\n1.2.3.4\r\n$4\r\n6379\r\n", &master), VOC_OK);
	assert_string_equal(master.host, "1.2.3.4");
	assert_int_equal(master.port, 6379);
	assert_int_equal(parse_master("*-1\r\n", &master), VOC_RETRY); /* knows no such master */
	assert_int_equal(parse_master("*2\r\n$7\r\n1.2.3.4\r\n:6379\r\n", &master), VOC_RETRY);
	assert_int_equal(parse_master("*2\r\n$3\r\na/b\r\n$4\r\n6379\r\n", &master), VOC_RETRY);
	assert_int_equal(parse_master("*1\r\n$7\r\n1.2.3.4\r\n", &master), VOC_RETRY);
	assert_int_equal(parse_master("-ERR unknown command 'SENTINEL'\r\n", &master), VOC_FATAL);
	assert_int_equal(parse_master("-NOAUTH Authentication required.\r\n", &master), VOC_FATAL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_crc16_is_the_specifications),
		cmocka_unit_test(test_slots_go_by_the_hash_tag),
		cmocka_unit_test(test_replies_come_as_they_are),
		cmocka_unit_test(test_errors_say_what_to_do_next),
		cmocka_unit_test(test_the_map_of_slots),
		cmocka_unit_test(test_maps_that_make_no_sense),
		cmocka_unit_test(test_a_cluster_too_large_is_refused),
		cmocka_unit_test(test_redirections),
		cmocka_unit_test(test_what_a_server_says_of_itself),
		cmocka_unit_test(test_a_sentinels_answer),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
