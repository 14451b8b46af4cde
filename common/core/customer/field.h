/*
 * A field of a stored hash: how state goes to the store and comes back, without the core knowing which store.
 *
 * Values only; everything is borrowed.
 */
#ifndef VOC_CORE_FIELD_H
#define VOC_CORE_FIELD_H

#include "base/str.h"

struct voc_field {
	struct voc_str name;
	struct voc_str value; /* ptr is NULL: the field is to be deleted (an empty value has a pointer) */
};

/* Is told of one changed field; the field is borrowed for the call. False stops the telling. */
typedef bool (*voc_field_fn)(void *context, const struct voc_field *field);

/* A stored number, within its bounds. */
static inline bool voc_field_number(struct voc_str text, int64_t least, int64_t most, int64_t *ret_value)
{
	int64_t value;
	if (!voc_str_to_i64(text, &value) || value < least || value > most)
		return false;
	*ret_value = value;
	return true;
}

/* A stored time, up to the year 9999. */
#define VOC_FIELD_TIME_MAX INT64_C(253402300799999)
static inline bool voc_field_time(struct voc_str text, int64_t *ret_ms)
{
	return voc_field_number(text, -VOC_FIELD_TIME_MAX, VOC_FIELD_TIME_MAX, ret_ms);
}

#endif
