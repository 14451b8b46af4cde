/*
 * The names of a customer's stored fields: shared by customer_load.c and customer_diff.c, for nobody else.
 */
#ifndef VOC_CORE_CUSTOMER_FIELDS_H
#define VOC_CORE_CUSTOMER_FIELDS_H

#include "core/customer/customer.h"

#define VOC_HASH_CHARS   8 /* of a remembered id in base64url (RFC 4648, section 5) */
#define VOC_CHUNK_PREFIX "recent:"
#define VOC_ALERT_PREFIX "alert:"
#define VOC_CASE_PREFIX  "case:"
#define VOC_BASE64URL    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"

/* Fields that are no counters. All but the last three are there once an event was counted. X(symbol, name) */
#define VOC_CUSTOMER_FIELDS(X)                      \
	X(VOC_FIELD_INDEX, "satisfaction_index")    \
	X(VOC_FIELD_RISK, "risk")                   \
	X(VOC_FIELD_POINTS, "risk_points")          \
	X(VOC_FIELD_RISK_AT, "risk_at")             \
	X(VOC_FIELD_STATE, "risk_state")            \
	X(VOC_FIELD_FIRST, "first_at")              \
	X(VOC_FIELD_LAST, "last_at")                \
	X(VOC_FIELD_LAST_EVENT, "last_event")       \
	X(VOC_FIELD_RECENT, "recent")               \
	X(VOC_FIELD_TROUBLES, "troubles")           \
	X(VOC_FIELD_CONTRIBUTIONS, "contributions") \
	X(VOC_FIELD_RECENT_MARK, "recent_mark")

#define X(symbol, name) symbol,
enum voc_customer_field { VOC_CUSTOMER_FIELDS(X) VOC_FIELD_COUNT };
#undef X
#define VOC_FIELDS_REQUIRED ((1U << VOC_FIELD_TROUBLES) - 1)

const char *voc_customer_field_name(enum voc_customer_field field);

/* Counters, by number from 0; the name is NULL for one that has no field, as it never counts. */
#define VOC_COUNTER_COUNT (sizeof(struct voc_customer_counts) / sizeof(uint32_t))
const char *voc_customer_counter_name(size_t counter);
uint32_t voc_customer_counter(const struct voc_customer *customer, size_t counter);
void voc_customer_counter_set(struct voc_customer *customer, size_t counter, uint32_t value);

#endif
