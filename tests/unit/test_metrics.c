/* metrics: counting, histograms, the Prometheus page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "io/service/metrics.h"
#include "io/service/process_stats.h"

#include <pthread.h>
#include <regex.h>
#include <stdlib.h>
#include <unistd.h>

#define ADDS    20000
#define THREADS 4

static char *page(void)
{
	struct voc_buf buf;
	voc_buf_init(&buf, 1 << 20);
	voc_metrics_render(&buf, "voc-test");
	assert_false(buf.failed);
	char *text = strdup(voc_buf_c_str(&buf));
	voc_buf_free(&buf);
	assert_non_null(text);
	return text;
}

static void assert_line(const char *line)
{
	char *text = page();
	const char *found = strstr(text, line);
	if (!found)
		fail_msg("not on the page: %s", line);
	assert_true(found == text || found[-1] == '\n');
	assert_int_equal(found[strlen(line)], '\n');
	free(text);
}

static void test_how_late_it_is_is_told_while_records_wait(void **state)
{
	(void)state;
	voc_metric_set(VOC_METRIC_LAG, 3);
	assert_int_equal(voc_metric_lag_seconds(90000), 0); /* nothing is known yet */
	voc_metric_done(60500, 61000);
	assert_int_equal(voc_metric_lag_seconds(90000), 29);
	assert_int_equal(voc_metric_lag_seconds(60000), 0); /* another machine's clock is ahead */
	voc_metric_set(VOC_METRIC_LAG, 0);
	assert_int_equal(voc_metric_lag_seconds(90000), 0);
	assert_line("voc_latency_seconds_bucket{le=\"0.5\"} 1");
	assert_line("voc_latency_seconds_bucket{le=\"0.2\"} 0");
}

/* A sender that counts in nanoseconds: in microseconds, the difference to now is beyond 64 bits. */
static void test_a_timestamp_of_another_unit_spoils_no_sum(void **state)
{
	(void)state;
	static const int64_t stamps[] = { INT64_C(1767225600000000), INT64_C(1767225600123456789),
		                          INT64_C(1767225600987654321), INT64_MAX, INT64_MIN };
	assert_line("voc_latency_seconds_sum 0.5");
	for (size_t i = 0; i < sizeof stamps / sizeof *stamps; i++)
		voc_metric_done(stamps[i], INT64_C(1767225600000));
	assert_line("voc_latency_seconds_sum 0.5");
	assert_line("voc_latency_seconds_bucket{le=\"0.0001\"} 5");
}

static void test_counters_add_and_gauges_are_set(void **state)
{
	(void)state;
	voc_metric_add(VOC_METRIC_RECORDS_IN, 2);
	voc_metric_add(VOC_METRIC_RECORDS_IN, 3);
	voc_metric_set(VOC_METRIC_LAG, 7);
	voc_metric_set(VOC_METRIC_LAG, 4);
	voc_metric_add_labelled(VOC_LABELLED_DEAD_LETTERS, VOC_REASON_BAD_TIME, 2);
	voc_metric_add_labelled(VOC_LABELLED_WEBHOOKS, VOC_OUTCOME_GONE, 1);
	assert_int_equal(voc_metric_get(VOC_METRIC_RECORDS_IN), 5);
	assert_int_equal(voc_metric_get_labelled(VOC_LABELLED_DEAD_LETTERS, VOC_REASON_BAD_TIME), 2);
	assert_line("# TYPE voc_records_in_total counter");
	assert_line("voc_records_in_total 5");
	assert_line("# TYPE voc_lag_records gauge");
	assert_line("voc_lag_records 4");
	assert_line("voc_dead_letters_total{reason=\"bad_time\"} 2");
	assert_line("voc_webhook_attempts_total{outcome=\"gone\"} 1");
	assert_line("voc_alerts_total{rule=\"risk_raised\"} 0");
	assert_line("voc_build_info{service=\"voc-test\",version=\"" VOC_VERSION "\"} 1");
}

static void test_label_values_outside_of_their_table_count_nowhere(void **state)
{
	(void)state;
	voc_metric_add_labelled(VOC_LABELLED_ALERTS, VOC_RULE_COUNT, 1);
	voc_metric_add_labelled(VOC_LABELLED_ALERTS, -1, 1);
	assert_int_equal(voc_metric_get_labelled(VOC_LABELLED_ALERTS, VOC_RULE_COUNT), 0);
	assert_int_equal(voc_metric_get_labelled(VOC_LABELLED_ALERTS, -1), 0);
}

static void test_histograms_are_cumulative_with_inclusive_bounds(void **state)
{
	(void)state;
	static const int64_t observed_us[] = { 0, 100, 101, 2500, 10000000, 10000001, -5 };
	for (size_t i = 0; i < sizeof observed_us / sizeof *observed_us; i++)
		voc_metric_observe_us(VOC_METRIC_REDIS_SECONDS, observed_us[i]);
	assert_line("# TYPE voc_redis_seconds histogram");
	assert_line("voc_redis_seconds_bucket{le=\"0.0001\"} 3");
	assert_line("voc_redis_seconds_bucket{le=\"0.0002\"} 4");
	assert_line("voc_redis_seconds_bucket{le=\"0.002\"} 4");
	assert_line("voc_redis_seconds_bucket{le=\"0.005\"} 5");
	assert_line("voc_redis_seconds_bucket{le=\"10\"} 6");
	assert_line("voc_redis_seconds_bucket{le=\"+Inf\"} 7");
	assert_line("voc_redis_seconds_count 7");
	assert_line("voc_redis_seconds_sum 20.002702");
}

/* Each line by the grammar of the text format 0.0.4; each metric's TYPE once, before its samples. */
static void test_the_page_is_well_formed(void **state)
{
	(void)state;
	regex_t comment, sample;
	assert_int_equal(regcomp(&comment, "^# (HELP [a-z_]+ .+|TYPE [a-z_]+ (counter|gauge|histogram))$",
	                         REG_EXTENDED | REG_NOSUB),
	                 0);
	assert_int_equal(
	        regcomp(&sample,
	                "^[a-z_]+(\\{[a-z_]+=\"[^\"\\\\]*\"(,[a-z_]+=\"[^\"\\\\]*\")*\\})? -?[0-9]+(\\.[0-9]+)?$",
	                REG_EXTENDED | REG_NOSUB),
	        0);
	char *text = page();
	char *rest = text;
	size_t lines = 0;
	for (char *line; (line = strsep(&rest, "\n")) != NULL && rest; lines++) {
		if (regexec(line[0] == '#' ? &comment : &sample, line, 0, NULL, 0) != 0)
			fail_msg("bad line: %s", line);
	}
	assert_true(lines > 100);
	free(text);
	regfree(&comment);
	regfree(&sample);
}

static void *add_many(void *unused)
{
	(void)unused;
	for (int i = 0; i < ADDS; i++) {
		voc_metric_add(VOC_METRIC_BATCHES, 1);
		voc_metric_observe_us(VOC_METRIC_WEBHOOK_SECONDS, 150);
	}
	return NULL;
}

static void test_threads_lose_nothing(void **state)
{
	(void)state;
	pthread_t threads[THREADS];
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, add_many, NULL), 0);
	for (int i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(voc_metric_get(VOC_METRIC_BATCHES), THREADS * ADDS);
	assert_line("voc_webhook_seconds_count 80000");
	assert_line("voc_webhook_seconds_sum 12");
}

static void test_the_process_is_measured(void **state)
{
	(void)state;
	struct voc_process_stats before, after;
	voc_process_stats_read(&before);
	assert_in_range(before.resident_bytes, 100 * 1024, INT64_C(1) << 40);
	assert_true(before.started_ms <= voc_clock_wall_ms() + 1000);
	assert_true(before.started_ms > voc_clock_wall_ms() - 600000);
	int fd = dup(STDERR_FILENO);
	voc_process_stats_read(&after);
	close(fd);
	assert_int_equal(after.open_fds, before.open_fds + 1);
	assert_true(after.cpu_us >= before.cpu_us && after.cpu_us > 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_how_late_it_is_is_told_while_records_wait),
		cmocka_unit_test(test_a_timestamp_of_another_unit_spoils_no_sum),
		cmocka_unit_test(test_counters_add_and_gauges_are_set),
		cmocka_unit_test(test_label_values_outside_of_their_table_count_nowhere),
		cmocka_unit_test(test_histograms_are_cumulative_with_inclusive_bounds),
		cmocka_unit_test(test_the_page_is_well_formed),
		cmocka_unit_test(test_threads_lose_nothing),
		cmocka_unit_test(test_the_process_is_measured),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
