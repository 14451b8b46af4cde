/* conf: precedence, types, errors, suggestions, masking, files, subcommands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "conf/conf.h"
#include "conf/suggest.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define ARGUMENTS_MAX 16

/* One load: arguments are split at blanks, `environment` ends with NULL. */
struct loaded {
	char line[512];
	char *argv[ARGUMENTS_MAX + 1];
	struct voc_conf conf;
	enum voc_conf_action action;
	struct voc_error error;
	enum voc_status status;
};

static void load(struct loaded *loaded, enum voc_program program, const char *arguments, char *const *environment)
{
	static char *const nothing[] = { NULL };
	int argc = 0;
	char *rest = loaded->line;
	snprintf(loaded->line, sizeof loaded->line, "program%s%s", arguments[0] ? " " : "", arguments);
	for (char *word; (word = strsep(&rest, " ")) != NULL && argc < ARGUMENTS_MAX;)
		loaded->argv[argc++] = word;
	loaded->argv[argc] = NULL;
	voc_error_clear(&loaded->error);
	loaded->status = voc_conf_load(&loaded->conf, program, argc, loaded->argv, environment ? environment : nothing,
	                               &loaded->action, &loaded->error);
}

static void assert_refused(enum voc_program program, const char *arguments, char *variable, const char *text)
{
	struct loaded loaded;
	char *const environment[] = { variable, NULL };
	load(&loaded, program, arguments, environment);
	assert_int_equal(loaded.status, VOC_FATAL);
	assert_int_equal(loaded.error.reason, VOC_REASON_CONFIG);
	assert_string_equal(loaded.error.text, text);
}

static void assert_accepted(struct loaded *loaded, enum voc_program program, const char *arguments,
                            char *const *environment)
{
	load(loaded, program, arguments, environment);
	assert_string_equal(loaded->error.text, "");
	assert_int_equal(loaded->status, VOC_OK);
}

static void test_a_flag_wins_over_the_environment_over_the_default(void **state)
{
	(void)state;
	struct loaded loaded;
	char *const environment[] = { "PATH=/bin", "VOC_BATCH_RECORDS=7", "VOC_TOPIC_PREFIX=a.", "VOC", NULL };
	assert_accepted(&loaded, VOC_PROGRAM_CLASSIFIER, "--topic-prefix b. --merge-wait=1s", environment);
	assert_int_equal(loaded.action, VOC_CONF_RUN);
	assert_int_equal(loaded.conf.batch_records, 7);
	assert_string_equal(loaded.conf.topic_prefix, "b.");
	assert_int_equal(loaded.conf.merge_wait_ms, 1000);
	assert_string_equal(loaded.conf.group_prefix, "voc-");
	voc_conf_free(&loaded.conf);
}

static void test_each_default_is_a_value_that_its_option_takes(void **state)
{
	(void)state;
	static const enum voc_program programs[] = {
#define X(symbol, bit, name) symbol,
		VOC_PROGRAMS(X)
#undef X
	};
	for (size_t i = 0; i < sizeof programs / sizeof *programs; i++) {
		struct loaded loaded;
		assert_accepted(&loaded, programs[i], "", NULL);
		assert_int_equal(loaded.conf.rollup_retention_ms, 48 * 3600000);
		assert_int_equal(loaded.conf.prefetch_bytes, 4 << 20);
		voc_conf_free(&loaded.conf);
	}
}

static void test_numbers_have_units_and_ranges(void **state)
{
	(void)state;
	struct loaded loaded;
	char *const environment[] = { "VOC_PREFETCH=1g", "VOC_SHUTDOWN=500ms", "VOC_STALL=2m", "VOC_BATCH_WAIT=0",
		                      NULL };
	assert_accepted(&loaded, VOC_PROGRAM_AGGREGATOR, "--redis-timeout 10m --rollup-retention 365d", environment);
	assert_int_equal(loaded.conf.prefetch_bytes, 1 << 30);
	assert_int_equal(loaded.conf.shutdown_ms, 500);
	assert_int_equal(loaded.conf.stall_ms, 120000);
	assert_int_equal(loaded.conf.batch_wait_ms, 0);
	assert_int_equal(loaded.conf.redis_timeout_ms, 600000);
	assert_int_equal(loaded.conf.rollup_retention_ms, 31536000000);
	voc_conf_free(&loaded.conf);

	static const char *const wrong[] = { "5", "5 s", "s", "", "1.5s", "9223372036854775807d", "-1s", "0x5s", "5S" };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		char variable[80], text[200];
		snprintf(variable, sizeof variable, "VOC_STALL=%s", wrong[i]);
		snprintf(text, sizeof text,
		         "VOC_STALL: bad value '%s': it takes a duration such as 500ms, 10s, 5m, 24h or 7d, from 1s to "
		         "1h",
		         wrong[i]);
		assert_refused(VOC_PROGRAM_ALERTER, "", variable, text);
	}
	assert_refused(VOC_PROGRAM_CLASSIFIER, "--batch-records 100001", NULL,
	               "--batch-records: bad value '100001': it takes an integer, from 1 to 100000");
	assert_refused(VOC_PROGRAM_CLASSIFIER, "--prefetch=2t", NULL,
	               "--prefetch: bad value '2t': it takes a size such as 64k, 16m or 1g, from 64k to 1g");
	assert_refused(VOC_PROGRAM_DEVBROKER, "--dev-brokers 0", NULL,
	               "--dev-brokers: bad value '0': it takes an integer, from 1 to 9");
}

static void test_texts_are_checked_by_their_type(void **state)
{
	(void)state;
	assert_refused(VOC_PROGRAM_ALERTER, "", "VOC_LOG_LEVEL=loud",
	               "VOC_LOG_LEVEL: bad value 'loud': it takes debug, info, warn or error");
	assert_refused(VOC_PROGRAM_ALERTER, "", "VOC_TOPIC_PREFIX=a b",
	               "VOC_TOPIC_PREFIX: bad value 'a b': it takes at most 200 letters, digits, dots, dashes and "
	               "underscores");
	assert_refused(VOC_PROGRAM_ALERTER, "--webhooks=", NULL, "--webhooks: bad value '': it takes a file's path");
	/* Whatever stands in a URL may be a password. */
	assert_refused(VOC_PROGRAM_AGGREGATOR, "", "VOC_REDIS_URL=hunter2",
	               "VOC_REDIS_URL: bad value: it takes scheme://...");
}

static void test_a_switch_may_stand_alone(void **state)
{
	(void)state;
	struct loaded loaded;
	assert_accepted(&loaded, VOC_PROGRAM_ALERTER, "--allow-private --webhook-tries 3", NULL);
	assert_int_equal(loaded.conf.allow_private, 1);
	assert_int_equal(loaded.conf.webhook_tries, 3);
	voc_conf_free(&loaded.conf);
	char *const environment[] = { "VOC_ALLOW_PRIVATE=yes", NULL };
	assert_accepted(&loaded, VOC_PROGRAM_ALERTER, "--allow-private no", environment);
	assert_int_equal(loaded.conf.allow_private, 0);
	voc_conf_free(&loaded.conf);
	assert_refused(VOC_PROGRAM_ALERTER, "--allow-private=1", NULL,
	               "--allow-private: bad value '1': it takes yes or no");
}

static void test_what_is_unknown_is_refused_with_the_nearest_name(void **state)
{
	(void)state;
	assert_refused(VOC_PROGRAM_AGGREGATOR, "--redis-ulr=x", NULL,
	               "--redis-ulr: no such option; did you mean --redis-url");
	assert_refused(VOC_PROGRAM_AGGREGATOR, "--print-conf", NULL,
	               "--print-conf: no such option; did you mean --print-config");
	assert_refused(VOC_PROGRAM_AGGREGATOR, "--xyzzy", NULL, "--xyzzy: no such option, see --help");
	assert_refused(VOC_PROGRAM_AGGREGATOR, "-x", NULL, "-x: no such option, see --help");
	assert_refused(VOC_PROGRAM_AGGREGATOR, "", "VOC_REDIS_URI=x",
	               "VOC_REDIS_URI: no such variable; did you mean VOC_REDIS_URL");
	assert_refused(VOC_PROGRAM_AGGREGATOR, "", "VOC_XYZZY_PLUGH=x",
	               "VOC_XYZZY_PLUGH: no such variable, see --help");
	assert_refused(VOC_PROGRAM_AGGREGATOR, "", "VOC_RULES_FILE=/x",
	               "VOC_RULES_FILE: no such variable; did you mean VOC_RULES");
	assert_refused(VOC_PROGRAM_AGGREGATOR, "", "VOC_KAFKA_BOOSTRAP=x",
	               "VOC_KAFKA_BOOSTRAP: no such variable; did you mean VOC_KAFKA_BOOTSTRAP");
	assert_refused(VOC_PROGRAM_AGGREGATOR, "extra", NULL, "extra: not an option; it takes nothing else");
	assert_refused(VOC_PROGRAM_AGGREGATOR, "--redis-url", NULL, "--redis-url: it needs a value");
}

static void test_the_other_programs_options_are_known(void **state)
{
	(void)state;
	struct loaded loaded;
	/* One environment serves all programs: not even a bad value of another's, or an unreadable file, is minded. */
	char *const environment[] = { "VOC_DEV_BROKERS=bad", "VOC_REDIS_URL_FILE=/nowhere", "VOC_DATA_DIR=/data",
		                      NULL };
	assert_accepted(&loaded, VOC_PROGRAM_CLASSIFIER, "", environment);
	voc_conf_free(&loaded.conf);
	assert_refused(VOC_PROGRAM_CLASSIFIER, "--dev-brokers 1", NULL,
	               "--dev-brokers: an option of voc-devbroker, not of voc-classifier");
}

static void test_actions_are_flags(void **state)
{
	(void)state;
	static const struct {
		const char *arguments;
		enum voc_conf_action action;
	} cases[] = {
		{ "-h", VOC_CONF_HELP },
		{ "--help", VOC_CONF_HELP },
		{ "--version", VOC_CONF_VERSION },
		{ "--check", VOC_CONF_CHECK },
		{ "--print-config", VOC_CONF_PRINT },
		{ "--healthcheck", VOC_CONF_HEALTHCHECK },
		{ "--check --help", VOC_CONF_HELP },
		{ "--log-level debug --check", VOC_CONF_CHECK },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct loaded loaded;
		assert_accepted(&loaded, VOC_PROGRAM_CLASSIFIER, cases[i].arguments, NULL);
		assert_int_equal(loaded.action, cases[i].action);
		voc_conf_free(&loaded.conf);
	}
	assert_refused(VOC_PROGRAM_VOCCTL, "--healthcheck", NULL, "--healthcheck: no such option, see --help");
	/* Help is to be had whatever the environment holds. */
	struct loaded loaded;
	char *const environment[] = { "VOC_NONSENSE=1", NULL };
	assert_accepted(&loaded, VOC_PROGRAM_CLASSIFIER, "--help", environment);
	voc_conf_free(&loaded.conf);
}

static const struct voc_kafka_property *property(const struct voc_conf *conf, const char *name)
{
	for (size_t i = 0; i < conf->kafka_property_count; i++) {
		if (strcmp(conf->kafka_properties[i].name, name) == 0)
			return &conf->kafka_properties[i];
	}
	return NULL;
}

static void test_librdkafka_properties_pass_through(void **state)
{
	(void)state;
	struct loaded loaded;
	char *const environment[] = { "VOC_KAFKA_SASL_PASSWORD=hunter2", "VOC_KAFKA_LINGER_MS=5", NULL };
	assert_accepted(&loaded, VOC_PROGRAM_CLASSIFIER, "--kafka.linger.ms=7 --kafka.client.id me", environment);
	assert_int_equal(loaded.conf.kafka_property_count, 3);
	assert_string_equal(property(&loaded.conf, "linger.ms")->value, "7");
	assert_string_equal(property(&loaded.conf, "client.id")->value, "me");
	assert_true(property(&loaded.conf, "sasl.password")->secret);
	voc_conf_free(&loaded.conf);
	assert_refused(VOC_PROGRAM_CLASSIFIER, "--kafka.bootstrap.servers=x", NULL,
	               "--kafka.bootstrap.servers: the brokers are set by VOC_KAFKA_BOOTSTRAP or --kafka-bootstrap");
	assert_refused(VOC_PROGRAM_CLASSIFIER, "", "VOC_KAFKA_BOOTSTRAP_SERVERS=x",
	               "VOC_KAFKA_BOOTSTRAP_SERVERS: the brokers are set by VOC_KAFKA_BOOTSTRAP or --kafka-bootstrap");
	assert_refused(VOC_PROGRAM_CLASSIFIER, "", "VOC_KAFKA_BOOTSTRAP=",
	               "VOC_KAFKA_BOOTSTRAP: bad value '': it takes text, at least one character");
	assert_refused(VOC_PROGRAM_CLASSIFIER, "--kafka.=x", NULL, "--kafka.: names no librdkafka property");
}

static void test_properties_are_bounded(void **state)
{
	(void)state;
	char texts[VOC_KAFKA_PROPERTIES_MAX + 1][32];
	char *environment[VOC_KAFKA_PROPERTIES_MAX + 2] = { NULL };
	for (int i = 0; i <= VOC_KAFKA_PROPERTIES_MAX; i++) {
		snprintf(texts[i], sizeof texts[i], "VOC_KAFKA_PROPERTY_%d=x", i);
		environment[i] = texts[i];
	}
	struct loaded loaded;
	load(&loaded, VOC_PROGRAM_CLASSIFIER, "", environment);
	assert_int_equal(loaded.status, VOC_FATAL);
	assert_string_equal(loaded.error.text, "VOC_KAFKA_PROPERTY_64: more than 64 librdkafka properties");
	environment[VOC_KAFKA_PROPERTIES_MAX] = NULL;
	assert_accepted(&loaded, VOC_PROGRAM_CLASSIFIER, "", environment);
	voc_conf_free(&loaded.conf);
}

static void write_file(const char *path, const void *bytes, size_t len)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(bytes, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
}

static void test_secrets_come_from_files(void **state)
{
	(void)state;
	char path[] = "/tmp/voc-conf-XXXXXX";
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	char url_variable[100], property_variable[100], text[200];
	snprintf(url_variable, sizeof url_variable, "VOC_REDIS_URL_FILE=%s", path);
	snprintf(property_variable, sizeof property_variable, "VOC_KAFKA_SASL_PASSWORD_FILE=%s", path);
	char *const both[] = { url_variable, property_variable, NULL };
	struct loaded loaded;

	write_file(path, "redis://:pw@h\r\n", 15);
	assert_accepted(&loaded, VOC_PROGRAM_AGGREGATOR, "", both);
	assert_string_equal(loaded.conf.redis_url, "redis://:pw@h");
	assert_string_equal(property(&loaded.conf, "sasl.password")->value, "redis://:pw@h");
	voc_conf_free(&loaded.conf);

	char *const twice[] = { url_variable, "VOC_REDIS_URL=redis://h", NULL };
	load(&loaded, VOC_PROGRAM_AGGREGATOR, "", twice);
	assert_string_equal(loaded.error.text, "VOC_REDIS_URL_FILE: set together with VOC_REDIS_URL");

	snprintf(text, sizeof text, "VOC_REDIS_URL_FILE: %s: it must hold 1 to 65536 bytes, and no NUL", path);
	static const struct voc_str wrong[] = { { "\n", 1 }, { "", 0 }, { "a\0b", 3 } };
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		write_file(path, wrong[i].ptr, wrong[i].len);
		assert_refused(VOC_PROGRAM_AGGREGATOR, "", url_variable, text);
	}
	char *large = calloc(1, 65538);
	assert_non_null(large);
	memset(large, 'x', 65537);
	write_file(path, large, 65537);
	free(large);
	assert_refused(VOC_PROGRAM_AGGREGATOR, "", url_variable, text);

	unlink(path);
	snprintf(text, sizeof text, "VOC_REDIS_URL_FILE: %s: No such file or directory", path);
	assert_refused(VOC_PROGRAM_AGGREGATOR, "", url_variable, text);
}

static void test_secrets_may_not_stand_on_the_command_line(void **state)
{
	(void)state;
	struct loaded loaded;
	static const struct {
		const char *arguments, *flag;
	} wrong[] = {
		{ "--redis-url redis://u:hunter2@h", "--redis-url" },
		{ "--redis-url=redis-sentinel://h/m?sentinel_password=hunter2", "--redis-url" },
		{ "--kafka.sasl.password=hunter2", "--kafka.sasl.password" },
		{ "--kafka.ssl.key.password hunter2", "--kafka.ssl.key.password" },
		{ "--kafka.sasl.oauthbearer.client.secret=hunter2", "--kafka.sasl.oauthbearer.client.secret" },
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		char text[300];
		snprintf(text, sizeof text,
		         "%s: a secret on the command line can be seen by others: set the variable, or the one that "
		         "ends "
		         "in _FILE",
		         wrong[i].flag);
		assert_refused(VOC_PROGRAM_AGGREGATOR, wrong[i].arguments, NULL, text);
	}
	assert_accepted(&loaded, VOC_PROGRAM_AGGREGATOR, "--kafka.ssl.key.location=/k.pem --redis-url redis://h", NULL);
	voc_conf_free(&loaded.conf);
}

static void test_printing_masks_secrets(void **state)
{
	(void)state;
	static const struct {
		const char *url, *shown;
	} urls[] = {
		{ "redis://u:hunter2@h:1/2", "redis://***@h:1/2" },
		{ "redis://:hunter2@h", "redis://***@h" },
		{ "redis://u:hunter2/@@h", "redis://***@h" },
		{ "redis-sentinel://u:hunter2@h,i/m?sentinel_password=hunter2",
		  "redis-sentinel://***@h,i/m?sentinel_password=***" },
		{ "redis-sentinel://h/m?sentinel_password=hun@ter2", "redis-sentinel://h/m?sentinel_password=***" },
		{ "redis://u:hunter2password=hunter2@h", "redis://***@h" },
		{ "redis://h:1", "redis://h:1" },
		{ "unix:///run/redis.sock?db=1", "unix:///run/redis.sock?db=1" },
	};
	for (size_t i = 0; i < sizeof urls / sizeof *urls; i++) {
		char variable[100], line[100];
		char *const environment[] = { "VOC_KAFKA_SASL_PASSWORD=hunter2", "VOC_KAFKA_LINGER_MS=5", variable,
			                      NULL };
		struct loaded loaded;
		struct voc_buf buf;
		voc_buf_init(&buf, 10000);
		snprintf(variable, sizeof variable, "VOC_REDIS_URL=%s", urls[i].url);
		snprintf(line, sizeof line, "\nVOC_REDIS_URL=%s\n", urls[i].shown);
		assert_accepted(&loaded, VOC_PROGRAM_AGGREGATOR, "", environment);
		voc_conf_print(&buf, &loaded.conf, VOC_PROGRAM_AGGREGATOR);
		const char *text = voc_buf_c_str(&buf);
		assert_non_null(strstr(text, line));
		assert_null(strstr(text, "hunter2"));
		assert_non_null(strstr(text, "\nVOC_KAFKA_SASL_PASSWORD=***\nVOC_KAFKA_LINGER_MS=5\n"));
		assert_non_null(strstr(text, "\nVOC_ROLLUP_RETENTION=2d\n"));
		assert_non_null(strstr(text, "\nVOC_PREFETCH=4m\n"));
		assert_null(strstr(text, "VOC_DEV_BROKERS"));
		voc_buf_free(&buf);
		voc_conf_free(&loaded.conf);
	}
}

static void assert_arguments(const char *line, const char *expected)
{
	struct loaded loaded;
	char joined[200] = "";
	size_t len = 0;
	assert_accepted(&loaded, VOC_PROGRAM_VOCCTL, line, NULL);
	for (int i = 0; i < loaded.conf.argument_count; i++)
		len += (size_t)snprintf(joined + len, sizeof joined - len, "%s%s", i ? " " : "",
		                        loaded.conf.arguments[i]);
	assert_string_equal(joined, expected);
	assert_null(loaded.conf.arguments[loaded.conf.argument_count]);
	voc_conf_free(&loaded.conf);
}

static void test_a_subcommand_keeps_its_own_flags(void **state)
{
	(void)state;
	assert_arguments("--redis-url redis://h at-risk --top 5", "at-risk --top 5");
	assert_arguments("at-risk --top 5 --redis-url redis://h", "at-risk --top 5");
	assert_arguments("at-risk --top=5 -n", "at-risk --top=5 -n");
	assert_arguments("send - --partitions 3", "send -");
	assert_arguments("classify -- --redis-url x", "classify -- --redis-url x");
	assert_arguments("", "");
	assert_refused(VOC_PROGRAM_VOCCTL, "--top 5 at-risk", NULL, "--top: no such option, see --help");
	struct loaded loaded;
	assert_accepted(&loaded, VOC_PROGRAM_VOCCTL, "send --help", NULL);
	assert_int_equal(loaded.action, VOC_CONF_HELP);
	assert_string_equal(loaded.conf.arguments[0], "send");
	voc_conf_free(&loaded.conf);
}

static void test_help_names_each_option_of_the_program(void **state)
{
	(void)state;
	struct voc_buf buf;
	voc_buf_init(&buf, 100000);
	voc_conf_help(&buf, VOC_PROGRAM_AGGREGATOR);
	const char *text = voc_buf_c_str(&buf);
	assert_non_null(strstr(text, "  --redis-url URL "));
	assert_non_null(strstr(text, "(VOC_REDIS_TIMEOUT; default 5s; 10ms to 10m)"));
	assert_non_null(strstr(text, "--kafka.PROPERTY"));
	assert_null(strstr(text, "--webhooks"));
	voc_buf_free(&buf);
}

static void test_distance_counts_edits(void **state)
{
	(void)state;
	static const struct {
		const char *a, *b;
		size_t distance;
	} cases[] = {
		{ "", "", 0 },        { "abc", "abc", 0 }, { "", "abc", 3 },
		{ "abc", "", 3 },     { "abc", "axc", 1 }, { "abc", "ac", 1 },
		{ "abc", "abxc", 1 }, { "abc", "acb", 1 }, { "kitten", "sitting", 3 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		assert_int_equal(voc_suggest_distance(voc_str_from(cases[i].a), voc_str_from(cases[i].b)),
		                 cases[i].distance);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_flag_wins_over_the_environment_over_the_default),
		cmocka_unit_test(test_each_default_is_a_value_that_its_option_takes),
		cmocka_unit_test(test_numbers_have_units_and_ranges),
		cmocka_unit_test(test_texts_are_checked_by_their_type),
		cmocka_unit_test(test_a_switch_may_stand_alone),
		cmocka_unit_test(test_what_is_unknown_is_refused_with_the_nearest_name),
		cmocka_unit_test(test_the_other_programs_options_are_known),
		cmocka_unit_test(test_actions_are_flags),
		cmocka_unit_test(test_librdkafka_properties_pass_through),
		cmocka_unit_test(test_properties_are_bounded),
		cmocka_unit_test(test_secrets_come_from_files),
		cmocka_unit_test(test_secrets_may_not_stand_on_the_command_line),
		cmocka_unit_test(test_printing_masks_secrets),
		cmocka_unit_test(test_a_subcommand_keeps_its_own_flags),
		cmocka_unit_test(test_help_names_each_option_of_the_program),
		cmocka_unit_test(test_distance_counts_edits),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
