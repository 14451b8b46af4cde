/* health: conditions, the stall watchdog, the pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "io/service/health.h"
#include "support/pause.h"

#define STALL_MS 40

static void assert_unready(struct voc_health *health, enum voc_unready expected)
{
	enum voc_unready reason = VOC_UNREADY_COUNT;
	assert_false(voc_health_is_ready(health, &reason));
	assert_string_equal(voc_unready_name(reason), voc_unready_name(expected));
}

static void assert_ready(struct voc_health *health)
{
	enum voc_unready reason;
	assert_true(voc_health_is_ready(health, &reason));
}

static void test_it_is_ready_once_nothing_is_missing(void **state)
{
	(void)state;
	struct voc_health *health = voc_health_new(60000);
	assert_unready(health, VOC_UNREADY_STARTING);
	voc_health_set(health, VOC_UNREADY_REDIS, true);
	voc_health_set(health, VOC_UNREADY_STARTING, false);
	assert_unready(health, VOC_UNREADY_REDIS);
	voc_health_set(health, VOC_UNREADY_STOPPING, true);
	assert_unready(health, VOC_UNREADY_STOPPING);
	voc_health_set(health, VOC_UNREADY_STOPPING, false);
	voc_health_set(health, VOC_UNREADY_REDIS, false);
	assert_ready(health);
	assert_true(voc_health_is_alive(health));
	voc_health_free(health);
}

static void test_a_stalled_partition_of_any_watchdog_counts(void **state)
{
	(void)state;
	struct voc_health *health = voc_health_new(STALL_MS);
	struct voc_watchdog *first = voc_health_watchdog(health, "first");
	struct voc_watchdog *second = voc_health_watchdog(health, "second");
	const struct voc_watch fine = { "voc.alerts", 0, 1, false }, stuck = { "voc.alerts", 4, 1, true };
	voc_health_set(health, VOC_UNREADY_STARTING, false);
	assert_true(voc_watchdog_look(first, &fine, 1, voc_clock_ms()));
	assert_true(voc_watchdog_look(second, &stuck, 1, voc_clock_ms()));
	assert_ready(health); /* it only began to wait */
	test_pause_ms(STALL_MS + 10);
	voc_health_beat(health);
	assert_unready(health, VOC_UNREADY_STALLED);
	assert_int_equal(voc_health_stalled(health), 1);
	voc_health_set(health, VOC_UNREADY_KAFKA, true);
	assert_unready(health, VOC_UNREADY_KAFKA); /* the cause first */
	voc_health_set(health, VOC_UNREADY_KAFKA, false);
	assert_true(voc_watchdog_look(second, NULL, 0, voc_clock_ms()));
	assert_ready(health);
	voc_health_free(health);
}

static void test_a_loop_that_does_not_come_round_is_dead(void **state)
{
	(void)state;
	struct voc_health *health = voc_health_new(STALL_MS);
	voc_health_set(health, VOC_UNREADY_STARTING, false);
	test_pause_ms(STALL_MS + 10);
	assert_true(voc_health_is_alive(health)); /* late, not dead */
	assert_unready(health, VOC_UNREADY_STALLED);
	test_pause_ms(2 * STALL_MS);
	assert_false(voc_health_is_alive(health));
	voc_health_beat(health);
	assert_true(voc_health_is_alive(health));
	assert_ready(health);
	voc_health_free(health);
}

static void assert_page(struct voc_health *health, bool expected, const char *text)
{
	struct voc_buf buf;
	voc_buf_init(&buf, 1000);
	assert_int_equal(voc_health_render_ready(health, &buf), expected);
	assert_string_equal(voc_buf_c_str(&buf), text);
	voc_buf_free(&buf);
}

static void test_the_page_says_why(void **state)
{
	(void)state;
	struct voc_health *health = voc_health_new(STALL_MS);
	assert_page(health, false,
	            "{\"status\":\"not ready\",\"reason\":\"starting\",\"version\":\"" VOC_VERSION "\"}\n");
	voc_health_set(health, VOC_UNREADY_STARTING, false);
	assert_page(health, true, "{\"status\":\"ready\",\"version\":\"" VOC_VERSION "\"}\n");
	struct voc_watchdog *dog = voc_health_watchdog(health, "crm");
	const struct voc_watch stuck = { "voc.alerts", 4, 1, true };
	assert_true(voc_watchdog_look(dog, &stuck, 1, voc_clock_ms() - 1000000));
	voc_health_beat(health);
	struct voc_buf buf;
	voc_buf_init(&buf, 1000);
	assert_false(voc_health_render_ready(health, &buf));
	static const char begin[] =
	        "{\"status\":\"not ready\",\"reason\":\"stalled\",\"stalled_partitions\":1,\"stalled\":[{"
	        "\"endpoint\":\"crm\",\"topic\":\"voc.alerts\",\"partition\":4,\"for_ms\":10000";
	assert_memory_equal(voc_buf_c_str(&buf), begin, sizeof begin - 1);
	voc_buf_free(&buf);
	voc_health_free(health);
	voc_health_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_is_ready_once_nothing_is_missing),
		cmocka_unit_test(test_a_stalled_partition_of_any_watchdog_counts),
		cmocka_unit_test(test_a_loop_that_does_not_come_round_is_dead),
		cmocka_unit_test(test_the_page_says_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
