/* VOC_REDIS_URL, its good forms and its bad ones; and the encoding of commands. */
#include "core/aggregate/rollup.h"
#include "io/redis/redis_args.h"
#include "io/redis/redis_keys.h"
#include "io/redis/redis_tls.h"
#include "io/redis/redis_url.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct voc_redis_url parse(const char *text)
{
	struct voc_redis_url url;
	struct voc_error error = { .position = -1 };
	if (voc_redis_url_parse(text, &url, &error) != VOC_OK)
		fail_msg("%s: %s", text, error.text);
	return url;
}

static void test_good_urls(void **state)
{
	(void)state;
	struct voc_redis_url url = parse("redis://localhost");
	assert_string_equal(url.nodes[0].host, "localhost");
	assert_int_equal(url.nodes[0].port, 6379);
	assert_int_equal(url.db, 0);
	assert_false(url.nodes[0].is_unix);
	url = parse("redis://us%40er:p%3Ass@redis.example:6380/3");
	assert_string_equal(url.login.user, "us@er");
	assert_string_equal(url.login.password, "p:ss");
	assert_string_equal(url.nodes[0].host, "redis.example");
	assert_int_equal(url.nodes[0].port, 6380);
	assert_int_equal(url.db, 3);
	url = parse("redis://:secret@[::1]:7000/");
	assert_string_equal(url.login.user, "");
	assert_string_equal(url.login.password, "secret");
	assert_string_equal(url.nodes[0].host, "::1");
	assert_int_equal(url.nodes[0].port, 7000);
	assert_string_equal(parse("redis://[fe80::1]").nodes[0].host, "fe80::1");
	url = parse("unix:///run/redis.sock?db=2");
	assert_true(url.nodes[0].is_unix);
	assert_string_equal(url.nodes[0].host, "/run/redis.sock");
	assert_int_equal(url.db, 2);
	assert_int_equal(parse("unix:///run/redis.sock").db, 0);
}

static void test_sentinel_urls(void **state)
{
	(void)state;
	struct voc_redis_url url = parse("redis-sentinel://one,two:26380,[::1]:26381/mymaster");
	assert_int_equal(url.kind, VOC_REDIS_SENTINEL);
	assert_int_equal(url.node_count, 3);
	assert_string_equal(url.nodes[0].host, "one");
	assert_int_equal(url.nodes[0].port, 26379);
	assert_string_equal(url.nodes[2].host, "::1");
	assert_int_equal(url.nodes[2].port, 26381);
	assert_string_equal(url.master, "mymaster");
	assert_int_equal(url.db, 0);
	url = parse("redis-sentinel://u:p@one/my%2Fmaster/3?sentinel_user=s&sentinel_password=x%26@y");
	assert_string_equal(url.login.user, "u");
	assert_string_equal(url.login.password, "p");
	assert_string_equal(url.master, "my/master");
	assert_int_equal(url.db, 3);
	assert_string_equal(url.sentinel_login.user, "s");
	assert_string_equal(url.sentinel_login.password, "x&@y");
	assert_string_equal(parse("redis-sentinel://:p@one/m").sentinel_login.password, "");
}

static void test_cluster_urls(void **state)
{
	(void)state;
	struct voc_redis_url url = parse("redis-cluster://u:p@one:7000,two");
	assert_int_equal(url.kind, VOC_REDIS_CLUSTER);
	assert_int_equal(url.node_count, 2);
	assert_int_equal(url.nodes[0].port, 7000);
	assert_int_equal(url.nodes[1].port, 6379);
	assert_string_equal(url.login.password, "p");
	assert_int_equal(parse("redis-cluster://one/0").node_count, 1);
	assert_int_equal(parse("redis-cluster://1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16").node_count, 16);
}

static void test_tls_is_another_s_of_the_scheme(void **state)
{
	(void)state;
	static const char *const urls[] = { "rediss://u:p@one:7000/3", "rediss-sentinel://one,two/m",
		                            "rediss-cluster://one,two" };
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		struct voc_redis_url url;
		struct voc_error error = { .position = -1 };
		if (!voc_redis_tls_is_here()) {
			assert_int_equal(voc_redis_url_parse(urls[i], &url, &error), VOC_FATAL);
			assert_non_null(strstr(error.text, "needs TLS, which this build's hiredis lacks"));
			continue;
		}
		url = parse(urls[i]);
		for (size_t n = 0; n < url.node_count; n++)
			assert_true(url.nodes[n].is_tls);
	}
	assert_false(parse("redis-cluster://one").nodes[0].is_tls);
}

static void test_bad_urls_are_not_quoted(void **state)
{
	(void)state;
	static const char *const bad[] = { "",
		                           "localhost:6379",
		                           "rediss",
		                           "rediss://secret:x",
		                           "rediss-unix:///secret",
		                           "redis://",
		                           "redis://:6379",
		                           "redis://secret:0",
		                           "redis://secret:70000",
		                           "redis://secret:x",
		                           "redis://secret@host",
		                           "redis://u:secret%2@host",
		                           "redis://u:secret%00@host",
		                           "redis://secret/-1",
		                           "redis://secret/x",
		                           "redis://[secret",
		                           "redis://[secret]x",
		                           "unix://secret",
		                           "unix:///secret?x=1",
		                           "unix:///secret?db=",
		                           "redis://secret,b",
		                           "redis-sentinel://secret",
		                           "redis-sentinel://secret/",
		                           "redis-sentinel:///secret",
		                           "redis-sentinel://a,/secret",
		                           "redis-sentinel://a/secret/x",
		                           "redis-sentinel://a/secret/",
		                           "redis-sentinel://a/secret?db=1",
		                           "redis-sentinel://a/secret?sentinel_password=%",
		                           "redis-sentinel://a:0/secret",
		                           "redis-cluster://",
		                           "redis-cluster://secret,",
		                           "redis-cluster://secret/1",
		                           "redis-cluster://secret:x",
		                           "redis-cluster://secret,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17" };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct voc_redis_url url;
		struct voc_error error = { .position = -1 };
		if (voc_redis_url_parse(bad[i], &url, &error) != VOC_FATAL)
			fail_msg("%s passed", bad[i]);
		assert_int_equal(error.reason, VOC_REASON_CONFIG);
		assert_null(strstr(error.text, "secret"));
	}
}

static void test_commands_carry_lengths(void **state)
{
	(void)state;
	struct voc_redis_args args, more;
	struct voc_buf buf;
	voc_redis_args_init(&args, 1000);
	voc_redis_args_init(&more, 1000);
	voc_buf_init(&buf, 1000);
	voc_redis_args_add(&args, VOC_STR("SET"));
	voc_redis_args_add(&more, VOC_STR("a\0\r\n"));
	voc_redis_args_add_i64(&more, INT64_MIN);
	voc_redis_args_append(&args, &more);
	voc_redis_args_command(&buf, &args);
	assert_true(voc_str_eq(voc_buf_str(&buf), VOC_STR("*3\r\n$3\r\nSET\r\n$4\r\na\0\r\n\r\n"
	                                                  "$20\r\n-9223372036854775808\r\n")));
	voc_redis_args_free(&args);
	voc_redis_args_free(&more);
	voc_buf_free(&buf);
}

static void test_what_did_not_fit_is_remembered(void **state)
{
	(void)state;
	struct voc_redis_args args;
	struct voc_buf buf;
	voc_redis_args_init(&args, 8);
	voc_buf_init(&buf, 1000);
	voc_redis_args_add(&args, VOC_STR("too long by far"));
	voc_redis_args_command(&buf, &args);
	assert_true(buf.failed);
	voc_redis_args_free(&args);
	voc_buf_free(&buf);
}

static void test_keys_share_their_partitions_tag(void **state)
{
	(void)state;
	struct voc_redis_key key;
	assert_true(voc_str_is(voc_redis_key_position(&key, 23), "voc:{23}:position"));
	assert_true(voc_str_is(voc_redis_key_at_risk(&key, 0), "voc:{0}:at_risk"));
	assert_true(voc_str_is(voc_redis_key_rollup(&key, 5, 29500000), "voc:{5}:rollup:29500000"));
	assert_true(voc_str_is(voc_redis_key_rollup(&key, 5, VOC_PERIOD_OF_DAY(20778)), "voc:{5}:index:20778"));
	assert_true(voc_str_is(voc_redis_key_customer(&key, 5, VOC_STR("고객-1")), "voc:{5}:customer:고객-1"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_good_urls),
		cmocka_unit_test(test_sentinel_urls),
		cmocka_unit_test(test_cluster_urls),
		cmocka_unit_test(test_tls_is_another_s_of_the_scheme),
		cmocka_unit_test(test_bad_urls_are_not_quoted),
		cmocka_unit_test(test_commands_carry_lengths),
		cmocka_unit_test(test_what_did_not_fit_is_remembered),
		cmocka_unit_test(test_keys_share_their_partitions_tag),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
