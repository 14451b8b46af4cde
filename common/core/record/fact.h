/*
 * A fact: what is known of a customer besides what they say. Profiles, orders and follow-ups come in topics of their
 * own, are checked and masked by the classifier, and go on in voc.classified under their own types: one log per
 * customer.
 *
 * A fact is a CloudEvent, in structured or binary mode as a raw event, whose data has the fields of one table below.
 * The same decoder reads what comes in and what went on: that differs only in what is masked, spelt out and left out.
 * A record is the whole of its subject as of its time: the whole profile, the whole order. So a field that is absent
 * (or null) is not known, and a later record of the same subject replaces the former.
 *
 * Pure. Decoded strings are borrowed from the record's bytes or the arena.
 */
#ifndef VOC_CORE_FACT_H
#define VOC_CORE_FACT_H

#include "core/record/event.h"

/* In the order of the topics. X(symbol, name, CloudEvents type) */
#define VOC_FACT_KINDS(X)                             \
	X(VOC_FACT_PROFILE, "profile", "voc.profile") \
	X(VOC_FACT_ORDER, "order", "voc.order")       \
	X(VOC_FACT_FOLLOWUP, "followup", "voc.followup")

/* Relationship stages, each closer than the one before. X(symbol, name, Korean) */
#define VOC_STAGES(X)                                 \
	X(VOC_STAGE_NONE, "none", "모름")             \
	X(VOC_STAGE_PROSPECT, "prospect", "예상고객") \
	X(VOC_STAGE_CUSTOMER, "customer", "고객")     \
	X(VOC_STAGE_CLIENT, "client", "단골고객")     \
	X(VOC_STAGE_ADVOCATE, "advocate", "옹호고객") \
	X(VOC_STAGE_PARTNER, "partner", "동반자 고객")

#define VOC_ORDER_STATUSES(X)               \
	X(VOC_ORDER_PLACED, "placed")       \
	X(VOC_ORDER_DELIVERED, "delivered") \
	X(VOC_ORDER_RETURNED, "returned")   \
	X(VOC_ORDER_CANCELLED, "cancelled")

#define X(symbol, ...) symbol,
enum voc_fact_kind { VOC_FACT_KINDS(X) VOC_FACT_KIND_COUNT };
enum voc_stage { VOC_STAGES(X) VOC_STAGE_COUNT };
enum voc_order_status { VOC_ORDER_STATUSES(X) VOC_ORDER_STATUS_COUNT };
#undef X

#define VOC_MONEY_MAX INT64_C(1000000000000) /* of one order, in minor units */

/*
 * X(symbol, name, what it is, most characters (of a text), required). What it is: see core/record/fact_fields.h; all
 * texts but IDENTITY and CURRENCY are masked on their way (core/mask/fact_mask.h).
 */
#define VOC_PROFILE_FIELDS(X)                                  \
	X(VOC_PROFILE_NAME, "name", PERSON, 64, false)         \
	X(VOC_PROFILE_CONTACT, "contact", CONTACT, 128, false) \
	X(VOC_PROFILE_AGE_BAND, "age_band", TEXT, 32, false)   \
	X(VOC_PROFILE_SEX, "sex", SEX, 0, false)               \
	X(VOC_PROFILE_FAMILY, "family", TEXT, 32, false)       \
	X(VOC_PROFILE_INCOME, "income_band", TEXT, 32, false)  \
	X(VOC_PROFILE_EDUCATION, "education", TEXT, 32, false) \
	X(VOC_PROFILE_LANG, "lang", LANG, 0, false)            \
	X(VOC_PROFILE_SINCE, "since", TIME, 0, false)          \
	X(VOC_PROFILE_STAGE, "stage", STAGE, 0, false)

#define VOC_ORDER_FIELDS(X)                                     \
	X(VOC_ORDER_ID, "order_id", IDENTITY, 64, true)         \
	X(VOC_ORDER_STATUS, "status", STATUS, 0, true)          \
	X(VOC_ORDER_AMOUNT, "amount", AMOUNT, 0, true)          \
	X(VOC_ORDER_CURRENCY, "currency", CURRENCY, 3, true)    \
	X(VOC_ORDER_MARGIN, "margin", MARGIN, 0, false)         \
	X(VOC_ORDER_PRODUCT, "product", TEXT, 64, false)        \
	X(VOC_ORDER_CARD, "card", CARD, 32, false)              \
	X(VOC_ORDER_ORDERED_AT, "ordered_at", TIME, 0, false)   \
	X(VOC_ORDER_PROMISED_AT, "promised_at", TIME, 0, false) \
	X(VOC_ORDER_DELIVERED_AT, "delivered_at", TIME, 0, false)

#define VOC_FOLLOWUP_FIELDS(X)                               \
	X(VOC_FOLLOWUP_CASE, "case_id", IDENTITY, 64, true)  \
	X(VOC_FOLLOWUP_ACTION, "action", IDENTITY, 32, true) \
	X(VOC_FOLLOWUP_BY, "by", IDENTITY, 64, false)        \
	X(VOC_FOLLOWUP_CAUSE, "cause", TEXT, 64, false)      \
	X(VOC_FOLLOWUP_OFFER, "offer", NOTE, 200, false)     \
	X(VOC_FOLLOWUP_OUTCOME, "outcome", TEXT, 64, false)  \
	X(VOC_FOLLOWUP_NOTE, "note", NOTE, 1000, false)

#define X(symbol, ...) symbol,
enum voc_profile_field { VOC_PROFILE_FIELDS(X) VOC_PROFILE_FIELD_COUNT };
enum voc_order_field { VOC_ORDER_FIELDS(X) VOC_ORDER_FIELD_COUNT };
enum voc_followup_field { VOC_FOLLOWUP_FIELDS(X) VOC_FOLLOWUP_FIELD_COUNT };
#undef X
#define VOC_FACT_FIELDS_MAX 16 /* of any kind */

/* What a field holds; one is of use. */
struct voc_fact_value {
	struct voc_str text; /* of a text; NULL: it is absent */
	int64_t number;      /* of a number, a time in ms, a choice by its number */
};

struct voc_fact {
	enum voc_fact_kind kind;
	struct voc_str id, source, customer_id;
	int64_t time_ms;
	uint32_t given;                                    /* bit 1 << field */
	struct voc_fact_value values[VOC_FACT_FIELDS_MAX]; /* by the kind's enum */
};

static inline bool voc_fact_has(const struct voc_fact *fact, int field)
{
	return fact->given >> field & 1;
}

/* NULL for a value outside of its enum. Static strings. */
const char *voc_fact_kind_name(enum voc_fact_kind kind);
const char *voc_fact_type(enum voc_fact_kind kind);
const char *voc_stage_name(enum voc_stage stage);
/* By CloudEvents type; by name. */
bool voc_fact_kind_parse(struct voc_str type, enum voc_fact_kind *ret_kind);
bool voc_stage_parse(struct voc_str name, enum voc_stage *ret_stage);
/* NULL past the last. For documents and tests: name of the field, and of what it is. */
const char *voc_fact_field_name(enum voc_fact_kind kind, int field);

/*
 * Decodes a record as voc_event_decode does: VOC_OK, VOC_INVALID (also if it is of another kind), or VOC_RETRY if the
 * arena had no room left. *ret_fact means nothing unless VOC_OK.
 */
VOC_MUST_CHECK enum voc_status voc_fact_decode(const struct voc_record *record, enum voc_fact_kind kind,
                                               struct voc_arena *arena, struct voc_fact *ret_fact,
                                               struct voc_error *error);
/* Appends the CloudEvent for voc.classified, masked; what was masked stays as it is. False if the buffer is full. */
bool voc_fact_encode(struct voc_buf *buf, const struct voc_fact *fact);
/* A field that is there, as text as it goes on in voc.classified: masked, spelt out. `to` is scratch. */
#define VOC_FACT_TEXT_SIZE 4096
struct voc_str voc_fact_text(const struct voc_fact *fact, int field, char to[VOC_FACT_TEXT_SIZE]);

#endif
