/*
 * The alerts that one endpoint has yet to take: which may be sent now, and what an answer means for them.
 *
 * Bounded. An alert waits while an earlier one of the same customer is here, so each customer's alerts arrive in
 * order; else they go out side by side. A failed one comes back after a pause; while the breaker is open one at a time
 * is tried, in turn, so that no single alert stands for the endpoint. Pure: times are given (monotonic). One thread.
 */
#ifndef VOC_ALERTER_OUTBOX_H
#define VOC_ALERTER_OUTBOX_H

#include "core/deliver/retry.h"

#define VOC_OUTBOX_MAX 256 /* alerts held for one endpoint */

enum outbox_state {
	OUTBOX_WAITING, /* for its turn, its pause or its customer */
	OUTBOX_SENDING, /* taken by outbox_next, until outbox_settle */
	OUTBOX_DYING,   /* never to be sent again: on its way to voc.dlq */
};

struct outbox_item {
	uint64_t customer; /* hash of the customer's id; a collision only makes two customers wait for each other */
	/* The outbox's own: */
	enum outbox_state state;
	bool blocked; /* an earlier alert of this customer is here */
	bool probe;   /* sent while the breaker was open */
	uint64_t number;
	uint64_t last_sent; /* number of its latest sending, 0: none */
	int64_t tries;      /* failed ones that count */
	int64_t due_ms;     /* not sent before */
	struct outbox_item *next, *previous;
};

struct outbox {
	const struct voc_retry_policy *policy; /* borrowed */
	size_t in_flight_max;
	uint64_t random;
	struct voc_breaker breaker;
	struct outbox_item *first, *last; /* in order of arrival */
	size_t count, in_flight;
	uint64_t added, sent;
};

/* An answer, or that there was none. */
struct outbox_answer {
	int http_status; /* 0: none */
	bool connection_level;
	int64_t retry_after_ms; /* -1: none */
};

enum outbox_outcome {
	OUTBOX_DELIVERED, /* remove it */
	OUTBOX_RETRIED,   /* it waits again */
	OUTBOX_REJECTED,  /* dying: dead-letter it, then remove it */
	OUTBOX_EXHAUSTED, /* likewise */
	OUTBOX_GONE,      /* the endpoint is to be disabled; it waits again */
};

/* What changed for the endpoint as a whole. */
enum outbox_change { OUTBOX_SAME, OUTBOX_OPENED, OUTBOX_CLOSED };

void outbox_init(struct outbox *outbox, const struct voc_retry_policy *policy, size_t in_flight_max, uint64_t seed);
bool outbox_full(const struct outbox *outbox);
/* Takes no ownership: the item lives until outbox_remove. Not when full. `state` is OUTBOX_WAITING or _DYING. */
void outbox_add(struct outbox *outbox, struct outbox_item *item, enum outbox_state state);
/* The next alert to send, now OUTBOX_SENDING; NULL if none may go. */
struct outbox_item *outbox_next(struct outbox *outbox, int64_t now_ms);
enum outbox_outcome outbox_settle(struct outbox *outbox, struct outbox_item *item, const struct outbox_answer *answer,
                                  int64_t now_ms, enum outbox_change *ret_change);
/* Gives the item back; its customer's next alert may go. */
void outbox_remove(struct outbox *outbox, struct outbox_item *item);
/* Milliseconds until an alert may become due, at most `most_ms`. What waits for answers doesn't count. */
int64_t outbox_wait_ms(const struct outbox *outbox, int64_t now_ms, int64_t most_ms);

#endif
