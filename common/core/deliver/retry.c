#include "core/deliver/retry.h"

#include "base/timestamp.h"

#include <stdio.h>

enum voc_verdict voc_retry_verdict(int http_status)
{
	if (http_status >= 200 && http_status < 300)
		return VOC_VERDICT_DELIVERED;
	switch (http_status) {
	case 410: return VOC_VERDICT_GONE;
	case 408: /* request timeout */
	case 409: /* conflict: an earlier try may still be worked on */
	case 425: /* too early */
	case 429: /* too many requests */ return VOC_VERDICT_RETRY;
	default: return http_status >= 400 && http_status < 500 ? VOC_VERDICT_REJECTED : VOC_VERDICT_RETRY;
	}
}

static int month_number(struct voc_str name)
{
	static const char names[] = "JanFebMarAprMayJunJulAugSepOctNovDec";
	for (int month = 0; month < 12; month++)
		if (voc_str_eq(name, voc_str_of(names + 3 * (ptrdiff_t)month, 3)))
			return month + 1;
	return 0;
}

/* "Sun, 06 Nov 1994 08:49:37 GMT", by way of RFC 3339. The weekday is not looked at. */
static bool parse_http_date(struct voc_str s, int64_t *ret_ms)
{
	if (s.len != 29 || s.ptr[3] != ',' || !voc_str_eq(voc_str_of(s.ptr + 25, 4), VOC_STR(" GMT")))
		return false;
	int month = month_number(voc_str_of(s.ptr + 8, 3));
	char text[32];
	int len = snprintf(text, sizeof text, "%.4s-%02d-%.2sT%.8sZ", s.ptr + 12, month, s.ptr + 5, s.ptr + 17);
	return len == 20 && voc_timestamp_parse(voc_str_of(text, 20), ret_ms);
}

int64_t voc_retry_after_parse(struct voc_str value, int64_t now_ms)
{
	while (value.len > 0 && (value.ptr[0] == ' ' || value.ptr[0] == '\t'))
		value = voc_str_of(value.ptr + 1, value.len - 1);
	while (value.len > 0 && (unsigned char)value.ptr[value.len - 1] <= ' ')
		value.len--;
	int64_t number;
	if (voc_str_to_i64(value, &number)) {
		if (number < 0)
			return -1;
		return number > INT64_MAX / 1000 ? INT64_MAX : number * 1000;
	}
	if (!parse_http_date(value, &number))
		return -1;
	return number > now_ms ? number - now_ms : 0;
}

int64_t voc_retry_pause_ms(const struct voc_retry_policy *policy, int64_t failures, int64_t retry_after_ms,
                           uint64_t random)
{
	int64_t pause = policy->backoff_ms;
	for (int64_t i = 1; i < failures && pause < policy->backoff_max_ms; i++)
		pause *= 2;
	if (pause > policy->backoff_max_ms)
		pause = policy->backoff_max_ms;
	/* Only the upper half is random: those that failed together come back apart, and none of them at once. */
	int64_t drawn = pause - pause / 2;
	pause = pause / 2 + (int64_t)(random % ((uint64_t)drawn + 1));
	if (retry_after_ms > policy->backoff_max_ms)
		retry_after_ms = policy->backoff_max_ms;
	return pause > retry_after_ms ? pause : retry_after_ms;
}

uint64_t voc_random_next(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);
	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

bool voc_breaker_allows(const struct voc_breaker *breaker, int64_t now_ms, size_t in_flight)
{
	return now_ms >= breaker->hold_until_ms && !(breaker->open && in_flight > 0);
}

bool voc_breaker_success(struct voc_breaker *breaker)
{
	bool closed_now = breaker->open;
	int64_t hold_until_ms = closed_now ? 0 : breaker->hold_until_ms;
	*breaker = (struct voc_breaker){ .hold_until_ms = hold_until_ms };
	return closed_now;
}

static void note_failure(struct voc_breaker *breaker, const struct voc_failure *failure)
{
	if (breaker->failures == 0)
		breaker->first_alert = failure->alert;
	breaker->several_alerts |= breaker->first_alert != failure->alert;
	breaker->failures++;
	breaker->connection_failures = failure->connection_level ? breaker->connection_failures + 1 : 0;
}

static bool speaks_against_endpoint(const struct voc_breaker *breaker)
{
	return breaker->failures >= VOC_BREAKER_FAILURES &&
	       (breaker->several_alerts || breaker->connection_failures >= VOC_BREAKER_FAILURES);
}

static void hold(struct voc_breaker *breaker, const struct voc_retry_policy *policy, const struct voc_failure *failure,
                 int64_t now_ms, uint64_t random)
{
	int64_t pause_ms = voc_retry_pause_ms(policy, breaker->failures, -1, random);
	if (pause_ms > VOC_BREAKER_PROBE_MAX_MS)
		pause_ms = VOC_BREAKER_PROBE_MAX_MS;
	int64_t asked_ms = failure->retry_after_ms;
	if (asked_ms > policy->backoff_max_ms)
		asked_ms = policy->backoff_max_ms;
	int64_t until_ms = now_ms + (pause_ms > asked_ms ? pause_ms : asked_ms);
	if (until_ms > breaker->hold_until_ms)
		breaker->hold_until_ms = until_ms;
}

bool voc_breaker_failure(struct voc_breaker *breaker, const struct voc_retry_policy *policy,
                         const struct voc_failure *failure, int64_t now_ms, uint64_t random)
{
	/* Requests that were under way when it opened say nothing new, and must not make the pause longer. */
	bool straggler = breaker->open && !failure->probe;
	if (!straggler)
		note_failure(breaker, failure);
	bool opens = !breaker->open && speaks_against_endpoint(breaker);
	if (opens) {
		breaker->open = true;
		breaker->failures = 1;
	}
	if ((breaker->open && !straggler) || failure->for_all)
		hold(breaker, policy, failure, now_ms, random);
	return opens;
}
