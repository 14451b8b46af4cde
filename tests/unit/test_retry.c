/* core/retry: verdicts, Retry-After, pauses, the circuit breaker. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/timestamp.h"
#include "core/deliver/retry.h"

static const struct voc_retry_policy policy = { .backoff_ms = 500, .backoff_max_ms = 300000, .tries = 12 };

static void test_every_status_has_its_verdict(void **state)
{
	(void)state;
	for (int status = 0; status < 1000; status++) {
		enum voc_verdict want = VOC_VERDICT_RETRY;
		if (status >= 200 && status <= 299)
			want = VOC_VERDICT_DELIVERED;
		else if (status == 410)
			want = VOC_VERDICT_GONE;
		else if (status >= 400 && status <= 499 && status != 408 && status != 409 && status != 425 &&
		         status != 429)
			want = VOC_VERDICT_REJECTED;
		assert_int_equal(voc_retry_verdict(status), want);
	}
}

static void test_retry_after_in_seconds(void **state)
{
	(void)state;
	assert_int_equal(voc_retry_after_parse(VOC_STR("120"), 0), 120000);
	assert_int_equal(voc_retry_after_parse(VOC_STR(" 0\r\n"), 0), 0);
	assert_int_equal(voc_retry_after_parse(VOC_STR("9223372036854775807"), 0), INT64_MAX);
	assert_int_equal(voc_retry_after_parse(VOC_STR(""), 0), -1);
	assert_int_equal(voc_retry_after_parse(VOC_STR("   "), 0), -1);
	assert_int_equal(voc_retry_after_parse(VOC_STR("-1"), 0), -1);
	assert_int_equal(voc_retry_after_parse(VOC_STR("1.5"), 0), -1);
	assert_int_equal(voc_retry_after_parse(VOC_STR("soon"), 0), -1);
}

static void test_retry_after_as_a_date(void **state)
{
	(void)state;
	int64_t at;
	assert_true(voc_timestamp_parse(VOC_STR("1994-11-06T08:49:37Z"), &at));
	struct voc_str date = VOC_STR("Sun, 06 Nov 1994 08:49:37 GMT");
	assert_int_equal(voc_retry_after_parse(date, at - 7000), 7000);
	assert_int_equal(voc_retry_after_parse(date, at + 7000), 0);
	assert_int_equal(voc_retry_after_parse(VOC_STR("Sun, 06 Nov 1994 08:49:37 UTC"), at), -1);
	assert_int_equal(voc_retry_after_parse(VOC_STR("Sun, 06 Foo 1994 08:49:37 GMT"), at), -1);
	assert_int_equal(voc_retry_after_parse(VOC_STR("Sun, 31 Feb 1994 08:49:37 GMT"), at), -1);
	assert_int_equal(voc_retry_after_parse(VOC_STR("Sun  06 Nov 1994 08:49:37 GMT"), at), -1);
}

/* For any policy, count and random number: within [half, whole] of the doubled pause, and never over the maximum. */
static void test_pauses_double_within_their_bounds(void **state)
{
	(void)state;
	uint64_t random = 42;
	for (int i = 0; i < 20000; i++) {
		struct voc_retry_policy any = {
			.backoff_ms = 1 + (int64_t)(voc_random_next(&random) % 5000),
			.backoff_max_ms = 1 + (int64_t)(voc_random_next(&random) % 600000),
		};
		int64_t failures = 1 + (int64_t)(voc_random_next(&random) % 100);
		int64_t whole = any.backoff_ms;
		for (int64_t n = 1; n < failures && whole < any.backoff_max_ms; n++)
			whole *= 2;
		whole = whole < any.backoff_max_ms ? whole : any.backoff_max_ms;
		int64_t pause = voc_retry_pause_ms(&any, failures, -1, voc_random_next(&random));
		assert_in_range(pause, whole / 2, whole);
	}
}

static void test_pauses_are_spread(void **state)
{
	(void)state;
	uint64_t random = 7;
	int64_t least = INT64_MAX, most = 0;
	for (int i = 0; i < 1000; i++) {
		int64_t pause = voc_retry_pause_ms(&policy, 1, -1, voc_random_next(&random));
		least = pause < least ? pause : least;
		most = pause > most ? pause : most;
	}
	assert_in_range(least, 250, 255);
	assert_in_range(most, 495, 500);
}

static void test_retry_after_is_honoured_and_capped(void **state)
{
	(void)state;
	assert_int_equal(voc_retry_pause_ms(&policy, 1, 60000, 0), 60000);
	assert_int_equal(voc_retry_pause_ms(&policy, 1, 0, 0), 250);
	assert_int_equal(voc_retry_pause_ms(&policy, 1, INT64_MAX, 0), policy.backoff_max_ms);
}

static bool note_failure(struct voc_breaker *breaker, uint64_t alert, bool connection_level, bool probe, int64_t now_ms)
{
	const struct voc_failure failure = {
		.alert = alert, .connection_level = connection_level, .probe = probe, .retry_after_ms = -1
	};
	return voc_breaker_failure(breaker, &policy, &failure, now_ms, 0);
}

static void test_one_poison_alert_does_not_open_it(void **state)
{
	(void)state;
	struct voc_breaker breaker = { 0 };
	for (int i = 0; i < 100; i++)
		assert_false(note_failure(&breaker, 1, false, false, i));
	assert_true(voc_breaker_allows(&breaker, 100, 15));
}

static void test_two_alerts_open_it(void **state)
{
	(void)state;
	struct voc_breaker breaker = { 0 };
	for (int i = 0; i < 4; i++)
		assert_false(note_failure(&breaker, 1, false, false, 0));
	assert_true(note_failure(&breaker, 2, false, false, 0));
	assert_true(breaker.open);
	assert_false(voc_breaker_allows(&breaker, 0, 0));
	assert_true(voc_breaker_allows(&breaker, 500, 0));
	assert_false(voc_breaker_allows(&breaker, 500, 1));
}

static void test_connection_failures_open_it(void **state)
{
	(void)state;
	struct voc_breaker breaker = { 0 };
	for (int i = 0; i < 4; i++)
		assert_false(note_failure(&breaker, 1, true, false, 0));
	assert_true(note_failure(&breaker, 1, true, false, 0));
	/* An answer in between breaks the row. */
	breaker = (struct voc_breaker){ 0 };
	for (int i = 0; i < 4; i++)
		assert_false(note_failure(&breaker, 1, true, false, 0));
	assert_false(note_failure(&breaker, 1, false, false, 0));
	assert_false(note_failure(&breaker, 1, true, false, 0));
}

static void open_it(struct voc_breaker *breaker)
{
	for (uint64_t i = 0; i < VOC_BREAKER_FAILURES; i++)
		note_failure(breaker, i, false, false, 0);
	assert_true(breaker->open);
}

static void test_probes_come_at_growing_pauses(void **state)
{
	(void)state;
	struct voc_breaker breaker = { 0 };
	open_it(&breaker);
	int64_t now_ms = breaker.hold_until_ms, last_ms = now_ms;
	for (int i = 0; i < 20; i++) {
		assert_false(note_failure(&breaker, 1, false, true, now_ms));
		int64_t pause_ms = breaker.hold_until_ms - now_ms;
		assert_true(pause_ms >= last_ms || pause_ms == VOC_BREAKER_PROBE_MAX_MS);
		last_ms = pause_ms;
		now_ms = breaker.hold_until_ms;
	}
	assert_int_equal(last_ms, VOC_BREAKER_PROBE_MAX_MS);
}

static void test_stragglers_do_not_lengthen_the_pause(void **state)
{
	(void)state;
	struct voc_breaker breaker = { 0 };
	open_it(&breaker);
	struct voc_breaker before = breaker;
	for (uint64_t i = 0; i < 15; i++)
		assert_false(note_failure(&breaker, i, false, false, 3));
	assert_memory_equal(&breaker, &before, sizeof before);
}

static void test_an_answer_closes_it(void **state)
{
	(void)state;
	struct voc_breaker breaker = { 0 };
	assert_false(voc_breaker_success(&breaker));
	open_it(&breaker);
	assert_true(voc_breaker_success(&breaker));
	assert_true(voc_breaker_allows(&breaker, 0, 15));
	for (int i = 0; i < 4; i++)
		assert_false(note_failure(&breaker, (uint64_t)i, false, false, 0));
}

static void test_retry_after_holds_all(void **state)
{
	(void)state;
	struct voc_breaker breaker = { 0 };
	const struct voc_failure failure = { .alert = 1, .for_all = true, .retry_after_ms = 9000 };
	assert_false(voc_breaker_failure(&breaker, &policy, &failure, 1000, 0));
	assert_false(voc_breaker_allows(&breaker, 9999, 0));
	/* An older request's success doesn't end the rest that the endpoint asked for. */
	assert_false(voc_breaker_success(&breaker));
	assert_false(voc_breaker_allows(&breaker, 9999, 0));
	assert_true(voc_breaker_allows(&breaker, 10000, 0));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_status_has_its_verdict),
		cmocka_unit_test(test_retry_after_in_seconds),
		cmocka_unit_test(test_retry_after_as_a_date),
		cmocka_unit_test(test_pauses_double_within_their_bounds),
		cmocka_unit_test(test_pauses_are_spread),
		cmocka_unit_test(test_retry_after_is_honoured_and_capped),
		cmocka_unit_test(test_one_poison_alert_does_not_open_it),
		cmocka_unit_test(test_two_alerts_open_it),
		cmocka_unit_test(test_connection_failures_open_it),
		cmocka_unit_test(test_probes_come_at_growing_pauses),
		cmocka_unit_test(test_stragglers_do_not_lengthen_the_pause),
		cmocka_unit_test(test_an_answer_closes_it),
		cmocka_unit_test(test_retry_after_holds_all),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
