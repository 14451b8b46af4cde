/*
 * When to try a webhook again, and when not to: the verdict on an answer, the pause before the next try, and a circuit
 * breaker per endpoint. Pure: times and random numbers are given. A voc_breaker belongs to one thread at a time.
 */
#ifndef VOC_CORE_RETRY_H
#define VOC_CORE_RETRY_H

#include "base/str.h"

/* What an answer means for the alert that was sent. */
enum voc_verdict {
	VOC_VERDICT_DELIVERED, /* 2xx */
	VOC_VERDICT_RETRY,     /* no answer, 408, 409, 425, 429, 5xx, and what HTTP leaves open (1xx, 3xx) */
	VOC_VERDICT_REJECTED,  /* any other 4xx: this request will never be accepted */
	VOC_VERDICT_GONE,      /* 410: the endpoint wants nothing any more */
};

/* `http_status` 0: there was no answer. */
enum voc_verdict voc_retry_verdict(int http_status);

/*
 * Retry-After (RFC 9110, section 10.2.3): seconds, or an IMF-fixdate. Milliseconds to wait from `now_ms` (wall clock),
 * at least 0; -1 if the value is empty or neither.
 */
int64_t voc_retry_after_parse(struct voc_str value, int64_t now_ms);

struct voc_retry_policy {
	int64_t backoff_ms;     /* the first pause */
	int64_t backoff_max_ms; /* the longest, and the most that a Retry-After is believed */
	int64_t tries;          /* counted tries before an alert is given up */
};

/*
 * The pause after `failures` (1 or more) failed tries: backoff doubled each time, capped, of which the upper half is
 * drawn by `random`; not less than `retry_after_ms` (-1: none), itself capped.
 */
int64_t voc_retry_pause_ms(const struct voc_retry_policy *policy, int64_t failures, int64_t retry_after_ms,
                           uint64_t random);

/* SplitMix64 (Steele, Lea, Flood 2014): the next number of a stream seeded by `*state`. */
uint64_t voc_random_next(uint64_t *state);

#define VOC_BREAKER_FAILURES     5
#define VOC_BREAKER_PROBE_MAX_MS 30000 /* a probe at least so often, unless Retry-After asks for more */

/*
 * Opens after VOC_BREAKER_FAILURES failures in a row that speak against the endpoint, not against one alert: all of
 * them connection-level, or from at least two alerts. While it is open, one probe at a time is let through, at growing
 * pauses. Any answer that is not to be retried closes it: an endpoint that refuses an alert is alive.
 */
struct voc_breaker {
	bool open;
	unsigned failures;            /* in a row; once it is open: 1, and the failed probes */
	unsigned connection_failures; /* of them the latest in a row that never reached the endpoint */
	bool several_alerts;          /* the failures in a row come from more than one alert */
	uint64_t first_alert;
	int64_t hold_until_ms; /* monotonic; nothing is sent before */
};

struct voc_failure {
	uint64_t alert;         /* which alert: any number that tells two apart */
	bool probe;             /* it was sent while the breaker was open */
	bool connection_level;  /* the request was never sent: resolving, connecting, TLS */
	bool for_all;           /* 429 or 503 with Retry-After: the endpoint wants rest from every alert */
	int64_t retry_after_ms; /* -1: none */
};

/* Whether a request may be sent now, with `in_flight` under way. */
bool voc_breaker_allows(const struct voc_breaker *breaker, int64_t now_ms, size_t in_flight);
/* True if this closed it. */
bool voc_breaker_success(struct voc_breaker *breaker);
/* True if this opened it. */
bool voc_breaker_failure(struct voc_breaker *breaker, const struct voc_retry_policy *policy,
                         const struct voc_failure *failure, int64_t now_ms, uint64_t random);

#endif
