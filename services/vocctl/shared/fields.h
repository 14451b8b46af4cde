/*
 * The fields of a stored hash (or a sorted set's members and scores), copied and sorted by name, so that what the log
 * implies and what Redis holds can be laid side by side. Pure; one thread at a time.
 */
#ifndef VOC_VOCCTL_FIELDS_H
#define VOC_VOCCTL_FIELDS_H

#include "core/customer/field.h"

struct fields {
	struct voc_arena *arena; /* owned: the names and values */
	struct voc_field *list;  /* owned */
	size_t count, room;
};

/* False when memory runs out; fields_free is fine on what is half open or zeroed. */
bool fields_init(struct fields *fields);
void fields_free(struct fields *fields);
void fields_clear(struct fields *fields);
/* A voc_field_fn, its context a struct fields: takes a copy. A deleted field (no value) is taken for none. False when
 * memory runs out. */
bool fields_add(void *fields, const struct voc_field *field);
void fields_sort(struct fields *fields);

/* Is told of one field that differs; `wanted` or `found` has no pointer where that side lacks it. */
typedef void fields_differ_fn(void *context, struct voc_str name, struct voc_str wanted, struct voc_str found);
/* Both sorted. Returns how many differ. */
size_t fields_compare(const struct fields *wanted, const struct fields *found, fields_differ_fn *differ, void *context);

#endif
