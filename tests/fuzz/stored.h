/* Whether a customer can be stored and comes back the same: for the targets that apply records. One thread. */
#ifndef TESTS_FUZZ_STORED_H
#define TESTS_FUZZ_STORED_H

#undef NDEBUG /* every build must check */
#include <assert.h>

#include "core/customer/customer.h"

#define FIELDS_MAX 64

struct stored {
	struct voc_arena *arena;
	struct voc_field fields[FIELDS_MAX];
	size_t count;
};

static bool store(void *context, const struct voc_field *field)
{
	struct stored *stored = context;
	assert(stored->count < FIELDS_MAX && field->value.ptr);
	stored->fields[stored->count++] = (struct voc_field){ voc_arena_copy(stored->arena, field->name),
		                                              voc_arena_copy(stored->arena, field->value) };
	return true;
}

static bool refuse(void *context, const struct voc_field *field)
{
	(void)context, (void)field;
	return false;
}

static inline void check_stored(const struct voc_customer *customer, struct voc_arena *arena)
{
	struct stored stored = { .arena = arena };
	struct voc_customer loaded;
	struct voc_error error = { 0 };
	assert(voc_customer_diff(NULL, customer, store, &stored));
	assert(voc_customer_load(stored.fields, stored.count, arena, &loaded, &error) == VOC_OK);
	assert(voc_customer_diff(&loaded, customer, refuse, NULL));
	voc_customer_free(&loaded);
}

#endif
