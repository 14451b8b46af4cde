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

#endif
