/*
 * What is known of one customer: the hash `voc:{P}:customer:<id>` as a value.
 *
 * docs/SEMANTICS.md names the fields. A voc_customer owns its strings; it is loaded from stored fields, changed by
 * core/aggregate/aggregate.h alone, and written back as the difference to an earlier clone. Compact, since tens of
 * thousands are held in memory. No locks: one thread at a time.
 */
#ifndef VOC_CORE_CUSTOMER_H
#define VOC_CORE_CUSTOMER_H

#include "base/shared_text.h"
#include "core/classify/needs.h"
#include "core/customer/account.h"
#include "core/customer/case.h"
#include "core/customer/field.h"
#include "core/customer/recent.h"
#include "core/customer/risk.h"

#define VOC_TROUBLES_MAX      8
#define VOC_CONTRIBUTIONS_MAX 4

/* Counters that no label names; the others are those of VOC_*_COUNT in labels.h, "unknown" and "none" unused. */
struct voc_customer_counts {
	uint32_t events;
	uint32_t duplicates;
	uint32_t churn_intents;
	uint32_t index_contacts, index_points; /* contacts with a score, and its sum: see core/aggregate/day_rollup.h */
	uint32_t cases, cases_reopened, cases_recovered;
	uint32_t feedback[VOC_FEEDBACK_COUNT];
	uint32_t satisfaction[VOC_SATISFACTION_COUNT];
	uint32_t factor[VOC_FACTOR_COUNT];
	uint32_t servqual[VOC_SERVQUAL_COUNT];
	uint32_t channel[VOC_CHANNEL_COUNT];
	uint32_t need[VOC_NEED_COUNT];
};

/* A contact that was a complaint or dissatisfied. */
struct voc_trouble {
	int64_t at_ms;
	uint8_t factor; /* enum voc_factor: the primary one */
	bool complaint;
};

struct voc_customer {
	struct voc_customer_counts counts;
	uint8_t trouble_count, contribution_count;
	uint8_t state;                                 /* enum voc_risk_state */
	bool forgotten;                                /* what is stored of it goes first: see voc_customer_diff */
	uint8_t alert_severity[VOC_RULE_MARKED_COUNT]; /* enum voc_severity; none: no alert of that rule is remembered
	                                                */
	struct voc_recent recent;                      /* recent.next is counts.events */
	struct voc_risk risk;
	int64_t first_ms, last_ms;
	int64_t alert_ms[VOC_RULE_MARKED_COUNT];
	struct voc_trouble troubles[VOC_TROUBLES_MAX]; /* oldest record first */
	struct voc_cases cases;
	struct voc_account *account; /* owned; NULL where neither profile nor order is known */
	char *last_event;            /* owned; NULL for a new customer */
	struct voc_shared_text *contributions[VOC_CONTRIBUTIONS_MAX]; /* each a JSON object; oldest record first */
};

/* A customer that nothing is known of: also the state of one without stored fields. */
void voc_customer_init(struct voc_customer *customer);
/* Releases the strings, leaves a new customer. */
void voc_customer_free(struct voc_customer *customer);
/*
 * For voc_customer_diff, which asks of an earlier state only which ids were in its ring, by number: they are not
 * copied. False when memory runs out (`ret_copy` is then untouched).
 */
VOC_MUST_CHECK bool voc_customer_clone(const struct voc_customer *customer, struct voc_arena *arena,
                                       struct voc_customer *ret_copy);
/* Lets go what a clone shares with others; the rest is the arena's. */
void voc_customer_clone_free(struct voc_customer *copy);

/*
 * Reads a stored hash, in any order of fields; no fields: a new customer. VOC_FATAL with VOC_REASON_REDIS and the
 * field's name when one is unknown, missing or not what this code writes: whoever wrote it, it can't be counted on.
 * The arena is scratch.
 */
VOC_MUST_CHECK enum voc_status voc_customer_load(const struct voc_field *fields, size_t count, struct voc_arena *arena,
                                                 struct voc_customer *ret_customer, struct voc_error *error);
/*
 * Tells the fields in which `now` differs from `before` (NULL: a new customer), always in the same order. If `now` is
 * forgotten, all that was stored must go before they are written, and they are those of a new customer.
 * False if `tell` returned false, or memory ran out.
 */
bool voc_customer_diff(const struct voc_customer *before, const struct voc_customer *now, voc_field_fn tell,
                       void *context);

/* What the difference means for the sorted set at_risk. */
enum voc_at_risk_change { VOC_AT_RISK_KEEP, VOC_AT_RISK_SET, VOC_AT_RISK_REMOVE };
/* `ret_score` is set for VOC_AT_RISK_SET only. `before` may be NULL. */
enum voc_at_risk_change voc_customer_at_risk(const struct voc_customer *before, const struct voc_customer *now,
                                             int *ret_score);

/*
 * Is told of an entry of the sorted set `due`, whose time was before_ms: 0 if it was not there; due->due_ms is 0 if it
 * goes. Borrowed for the call. False ends it.
 */
typedef bool (*voc_due_fn)(void *context, const struct voc_due *due, int64_t before_ms);
/* What the difference means for the set: the entries of `now` that `before` (NULL: none) has not, or at another time.
 */
bool voc_customer_due_diff(struct voc_str id, const struct voc_customer *before, const struct voc_customer *now,
                           voc_due_fn tell, void *context);

/* Anything at all: there is a hash of them. */
bool voc_customer_is_known(const struct voc_customer *customer);
/* 0 to 100; 50 when nothing says anything. */
int voc_customer_satisfaction_index(const struct voc_customer *customer);
/* No further apart than the window, to either side. */
static inline bool voc_is_within(int64_t a_ms, int64_t b_ms, int64_t window_ms)
{
	return (a_ms > b_ms ? a_ms - b_ms : b_ms - a_ms) <= window_ms;
}

#define VOC_ANY_FACTOR (-1)
/* How many remembered troubles are no further than window_ms from time_ms: of this factor or of any, all or complaints.
 */
int voc_customer_troubles_near(const struct voc_customer *customer, int64_t time_ms, int64_t window_ms, int factor,
                               bool only_complaints);
/* Appends the contributions as a JSON array. False if the buffer is full. */
bool voc_customer_contributions(const struct voc_customer *customer, struct voc_buf *buf);
/* Bytes held, strings included. */
size_t voc_customer_bytes(const struct voc_customer *customer);

#endif
