/* health: conditions, the stall watchdog, the pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "io/health.h"
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

static void test_waiting_work_without_progress_is_a_stall(void **state)
{
	(void)state;
	struct voc_health *health = voc_health_new(STALL_MS);
	voc_health_set(health, VOC_UNREADY_STARTING, false);
	test_pause_ms(STALL_MS + 10);
	assert_ready(health); /* nothing waits */
	voc_health_waiting(health, true);
	assert_ready(health); /* it only began to */
	test_pause_ms(STALL_MS + 10);
	assert_unready(health, VOC_UNREADY_STALLED);
	voc_health_waiting(health, true);
	assert_unready(health, VOC_UNREADY_STALLED);
	voc_health_progress(health);
	assert_ready(health);
	test_pause_ms(STALL_MS + 10);
	assert_unready(health, VOC_UNREADY_STALLED);
	voc_health_waiting(health, false);
	assert_ready(health);
	voc_health_free(health);
}

static void test_a_loop_that_does_not_come_round_is_dead(void **state)
{
	(void)state;
	struct voc_health *health = voc_health_new(STALL_MS);
	test_pause_ms(3 * STALL_MS + 10);
	assert_false(voc_health_is_alive(health));
	voc_health_beat(health);
	assert_true(voc_health_is_alive(health));
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
	voc_health_waiting(health, true);
	test_pause_ms(STALL_MS + 10);
	assert_page(health, false,
	            "{\"status\":\"not ready\",\"reason\":\"stalled\",\"version\":\"" VOC_VERSION "\"}\n");
	voc_health_free(health);
	voc_health_free(NULL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_is_ready_once_nothing_is_missing),
		cmocka_unit_test(test_waiting_work_without_progress_is_a_stall),
		cmocka_unit_test(test_a_loop_that_does_not_come_round_is_dead),
		cmocka_unit_test(test_the_page_says_why),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
