#include "alerter/outbox.h"

void outbox_init(struct outbox *outbox, const struct voc_retry_policy *policy, size_t in_flight_max, uint64_t seed)
{
	*outbox = (struct outbox){ .policy = policy, .in_flight_max = in_flight_max, .random = seed };
}

bool outbox_full(const struct outbox *outbox)
{
	return outbox->count >= VOC_OUTBOX_MAX;
}

static struct outbox_item *first_of(const struct outbox *outbox, uint64_t customer)
{
	struct outbox_item *item = outbox->first;
	while (item && item->customer != customer)
		item = item->next;
	return item;
}

void outbox_add(struct outbox *outbox, struct outbox_item *item, enum outbox_state state)
{
	item->state = state;
	item->blocked = first_of(outbox, item->customer) != NULL;
	item->probe = false;
	item->number = ++outbox->added;
	item->last_sent = 0;
	item->tries = 0;
	item->due_ms = 0;
	item->next = NULL;
	item->previous = outbox->last;
	if (outbox->last)
		outbox->last->next = item;
	else
		outbox->first = item;
	outbox->last = item;
	outbox->count++;
}

/* While the breaker is open its own pause is what counts, and the turn goes round. */
static struct outbox_item *pick(const struct outbox *outbox, int64_t now_ms)
{
	struct outbox_item *best = NULL;
	for (struct outbox_item *item = outbox->first; item; item = item->next) {
		if (item->state != OUTBOX_WAITING || item->blocked)
			continue;
		if (!outbox->breaker.open && item->due_ms <= now_ms)
			return item;
		if (outbox->breaker.open && (!best || item->last_sent < best->last_sent))
			best = item;
	}
	return best;
}

struct outbox_item *outbox_next(struct outbox *outbox, int64_t now_ms)
{
	if (outbox->in_flight >= outbox->in_flight_max ||
	    !voc_breaker_allows(&outbox->breaker, now_ms, outbox->in_flight))
		return NULL;
	struct outbox_item *item = pick(outbox, now_ms);
	if (item) {
		item->state = OUTBOX_SENDING;
		item->probe = outbox->breaker.open;
		item->last_sent = ++outbox->sent;
		outbox->in_flight++;
	}
	return item;
}

static enum outbox_outcome settle_failure(struct outbox *outbox, struct outbox_item *item,
                                          const struct outbox_answer *answer, int64_t now_ms,
                                          enum outbox_change *ret_change)
{
	/* What fails while the endpoint is down says nothing about the alert. */
	if (!outbox->breaker.open)
		item->tries++;
	struct voc_failure failure = {
		.alert = item->number,
		.probe = item->probe,
		.connection_level = answer->connection_level,
		.for_all = answer->retry_after_ms >= 0 && (answer->http_status == 429 || answer->http_status == 503),
		.retry_after_ms = answer->retry_after_ms,
	};
	uint64_t random = voc_random_next(&outbox->random);
	if (voc_breaker_failure(&outbox->breaker, outbox->policy, &failure, now_ms, random))
		*ret_change = OUTBOX_OPENED;
	if (item->tries >= outbox->policy->tries) {
		item->state = OUTBOX_DYING;
		return OUTBOX_EXHAUSTED;
	}
	random = voc_random_next(&outbox->random);
	item->due_ms = now_ms + voc_retry_pause_ms(outbox->policy, item->tries, answer->retry_after_ms, random);
	return OUTBOX_RETRIED;
}

static void settle_alive(struct outbox *outbox, int64_t now_ms, enum outbox_change *ret_change)
{
	if (!voc_breaker_success(&outbox->breaker))
		return;
	*ret_change = OUTBOX_CLOSED;
	/* Their pauses were the endpoint's doing. */
	for (struct outbox_item *item = outbox->first; item; item = item->next)
		item->due_ms = now_ms;
}

enum outbox_outcome outbox_settle(struct outbox *outbox, struct outbox_item *item, const struct outbox_answer *answer,
                                  int64_t now_ms, enum outbox_change *ret_change)
{
	*ret_change = OUTBOX_SAME;
	item->state = OUTBOX_WAITING;
	outbox->in_flight--;
	switch (voc_retry_verdict(answer->http_status)) {
	case VOC_VERDICT_DELIVERED: settle_alive(outbox, now_ms, ret_change); return OUTBOX_DELIVERED;
	case VOC_VERDICT_REJECTED:
		settle_alive(outbox, now_ms, ret_change);
		item->state = OUTBOX_DYING;
		return OUTBOX_REJECTED;
	case VOC_VERDICT_GONE: settle_alive(outbox, now_ms, ret_change); return OUTBOX_GONE;
	default: return settle_failure(outbox, item, answer, now_ms, ret_change);
	}
}

void outbox_remove(struct outbox *outbox, struct outbox_item *item)
{
	if (item->state == OUTBOX_SENDING)
		outbox->in_flight--;
	*(item->previous ? &item->previous->next : &outbox->first) = item->next;
	*(item->next ? &item->next->previous : &outbox->last) = item->previous;
	outbox->count--;
	struct outbox_item *follower = first_of(outbox, item->customer);
	if (follower)
		follower->blocked = false;
}

int64_t outbox_wait_ms(const struct outbox *outbox, int64_t now_ms, int64_t most_ms)
{
	if (outbox->in_flight >= outbox->in_flight_max || (outbox->breaker.open && outbox->in_flight > 0))
		return most_ms;
	int64_t until_ms = INT64_MAX;
	for (const struct outbox_item *item = outbox->first; item; item = item->next) {
		int64_t due_ms = outbox->breaker.open ? 0 : item->due_ms;
		if (item->state == OUTBOX_WAITING && !item->blocked && due_ms < until_ms)
			until_ms = due_ms;
	}
	if (until_ms == INT64_MAX)
		return most_ms;
	if (until_ms < outbox->breaker.hold_until_ms)
		until_ms = outbox->breaker.hold_until_ms;
	int64_t wait_ms = until_ms > now_ms ? until_ms - now_ms : 0;
	return wait_ms < most_ms ? wait_ms : most_ms;
}
