/*
 * A customer's account: the profile, the orders and what follows from them: relationship stage, lifetime value. Part of
 * struct voc_customer; one of whom only contacts are known has none.
 *
 * docs/SEMANTICS.md ("Facts") defines all of it, docs/DOMAIN.md says why. Pure; one thread at a time.
 */
#ifndef VOC_CORE_ACCOUNT_H
#define VOC_CORE_ACCOUNT_H

#include "core/customer/field.h"
#include "core/record/fact.h"
#include "core/rules/account_rules.h"

#define VOC_ACCOUNT_ORDERS_MAX 8                            /* orders that may still change */
#define VOC_ACCOUNT_MONEY_MAX  (VOC_MONEY_MAX * 1000)       /* sums stop there */
#define VOC_ACCOUNT_LATE_MS    (INT64_C(30) * 24 * 3600000) /* how long a late delivery is spoken of */

/* An order that is remembered as such. */
struct voc_account_order {
	uint64_t id;               /* low 48 bits of XXH64(order_id) */
	int64_t ordered_ms, at_ms; /* when it was ordered; as of when this is known */
	int64_t amount, margin;
	int64_t delivered_ms; /* 0: not told */
	uint8_t status;       /* enum voc_order_status */
	bool has_margin, late;
};

/* Sums, by number: X(symbol, name of the field). A zero has no field. */
#define VOC_ACCOUNT_SUMS(X)                      \
	X(VOC_SUM_ORDERS, "orders")              \
	X(VOC_SUM_RETURNED, "orders_returned")   \
	X(VOC_SUM_CANCELLED, "orders_cancelled") \
	X(VOC_SUM_LATE, "orders_late")           \
	X(VOC_SUM_STALE, "orders_stale")         \
	X(VOC_SUM_SPENT, "spent")                \
	X(VOC_SUM_MARGIN, "margin")              \
	X(VOC_SUM_MARGIN_SPENT, "margin_spent")  \
	X(VOC_SUM_VALUE, "value")

#define X(symbol, ...) symbol,
enum voc_account_sum { VOC_ACCOUNT_SUMS(X) VOC_SUM_COUNT };
#undef X

struct voc_account {
	char *profile[VOC_PROFILE_FIELD_COUNT]; /* owned; as in voc.classified; NULL: not known */
	bool has_profile;
	int64_t profile_ms; /* as of when */
	int64_t sums[VOC_SUM_COUNT];
	int64_t first_order_ms, last_order_ms; /* where orders or stale ones are known */
	char currency[4];                      /* of the first order; "" before it */
	uint8_t order_count;
	struct voc_account_order orders[VOC_ACCOUNT_ORDERS_MAX]; /* by time of ordering, then by id */
	uint8_t stage;                                           /* enum voc_stage; none: never derived */
	int64_t stage_ms;
	bool has_lapsed;
	int64_t lapsed_ms; /* when that was found */
	int64_t lapses_ms; /* when it will be found, if no order comes; 0: nobody waits for that */
};

/* What the stage is derived from besides the account. */
struct voc_account_contacts {
	uint32_t delighted;
	int satisfaction_index;
	bool any;
	int64_t last_ms; /* of the last contact, if there is any */
};

/* When in a purchase a contact was. */
enum voc_purchase { VOC_PURCHASE_BEFORE, VOC_PURCHASE_DURING, VOC_PURCHASE_AFTER, VOC_PURCHASE_COUNT };
const char *voc_purchase_name(enum voc_purchase purchase);

/* NULL when memory runs out. */
struct voc_account *voc_account_new(void);
/* NULL is fine. */
void voc_account_free(struct voc_account *account);
/* All of it in the arena: not to be changed, nor freed. NULL when it doesn't fit. */
struct voc_account *voc_account_clone(const struct voc_account *account, struct voc_arena *arena);
size_t voc_account_bytes(const struct voc_account *account);

/* Takes a profile: all of it, if none of a later time is known. False when memory runs out. */
VOC_MUST_CHECK bool voc_account_take_profile(struct voc_account *account, const struct voc_fact *fact);
/* Takes an order: a new one, or what became of a known one. The value is left as it is. */
void voc_account_take_order(struct voc_account *account, const struct voc_fact *fact);

/* The lifetime value, in the currency's minor units; negative for a loss. */
int64_t voc_account_value(const struct voc_account *account, const struct voc_account_rules *rules);
/* The stage at `time_ms`; *ret_lapsed: no order for longer than is usual with this customer. */
enum voc_stage voc_account_stage(const struct voc_account *account, const struct voc_account_contacts *contacts,
                                 const struct voc_account_rules *rules, int64_t time_ms, bool *ret_lapsed);
/* The first moment at which the customer is lapsed, if no order comes; 0 if there never is one. */
int64_t voc_account_lapses_ms(const struct voc_account *account, const struct voc_account_rules *rules);
enum voc_purchase voc_account_purchase(const struct voc_account *account, int64_t time_ms);
/* Late deliveries known within VOC_ACCOUNT_LATE_MS of `time_ms`. */
int voc_account_late(const struct voc_account *account, int64_t time_ms);
/* "ko", "en", or NULL. */
const char *voc_account_lang(const struct voc_account *account);

/* Tells the fields in which they differ; `before` may be NULL. False if `tell` returned false. */
bool voc_account_diff(const struct voc_account *before, const struct voc_account *now, voc_field_fn tell,
                      void *context);

enum voc_account_load {
	VOC_ACCOUNT_LOADED,
	VOC_ACCOUNT_OTHER, /* no field of an account */
	VOC_ACCOUNT_BAD,   /* not what belongs there */
	VOC_ACCOUNT_NO_MEMORY,
};
/* Reads one stored field into *account, which is made when the first is met. The arena is scratch. */
enum voc_account_load voc_account_load(struct voc_account **account, const struct voc_field *field,
                                       struct voc_arena *arena);
/* After all: NULL, or the name of a field that is missing. */
const char *voc_account_missing(const struct voc_account *account);

#endif
