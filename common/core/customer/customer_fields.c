#include "core/customer/customer_fields.h"

static const char *const field_names[] = {
#define X(symbol, name) name,
	VOC_CUSTOMER_FIELDS(X)
#undef X
};

/*
 * In the order of struct voc_customer_counts. The first label of a head ("unknown", "none") is never counted: it has
 * no field.
 */
static const char *const counter_names[VOC_COUNTER_COUNT] = { "events",
	                                                      "duplicates",
	                                                      "churn_intents",
	                                                      "index_contacts",
	                                                      "index_points",
	                                                      "cases",
	                                                      "cases_reopened",
	                                                      "cases_recovered",
#define X(symbol, name, ...) (symbol) == VOC_FEEDBACK_UNKNOWN ? NULL : name,
	                                                      VOC_FEEDBACK_TYPES(X)
#undef X
#define X(symbol, name, ...) (symbol) == VOC_SATISFACTION_UNKNOWN ? NULL : name,
	                                                              VOC_SATISFACTIONS(X)
#undef X
#define X(symbol, name, ...) (symbol) == VOC_FACTOR_NONE ? NULL : "factor:" name,
	                                                                      VOC_FACTORS(X)
#undef X
#define X(symbol, name, ...) (symbol) == VOC_SERVQUAL_NONE ? NULL : "servqual:" name,
	                                                                              VOC_SERVQUALS(X)
#undef X
#define X(symbol, name, ...) "channel:" name,
	                                                                                      VOC_CHANNELS(X)
#undef X
#define X(symbol, name, ...) "need:" name,
	                                                                                              VOC_NEEDS(X)
#undef X
};

const char *voc_customer_field_name(enum voc_customer_field field)
{
	return field_names[field];
}

const char *voc_customer_counter_name(size_t counter)
{
	return counter_names[counter];
}

uint32_t voc_customer_counter(const struct voc_customer *customer, size_t counter)
{
	uint32_t value;
	memcpy(&value, (const char *)&customer->counts + counter * sizeof value, sizeof value);
	return value;
}

void voc_customer_counter_set(struct voc_customer *customer, size_t counter, uint32_t value)
{
	memcpy((char *)&customer->counts + counter * sizeof value, &value, sizeof value);
}
