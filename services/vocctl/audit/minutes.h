/*
 * Rollups of many minutes and days, added up in memory: what `voc:{P}:rollup:<minute>` and `voc:{P}:index:<day>` should
 * hold. A minute here is any period of core/aggregate/rollup.h. They are numbered from 0 in the order of their coming,
 * and keep their numbers. Pure; one thread at a time.
 */
#ifndef VOC_VOCCTL_MINUTES_H
#define VOC_VOCCTL_MINUTES_H

#include "core/customer/field.h"

struct minutes;

/* `max_bytes` bounds the names and counters. NULL when memory runs out; NULL is fine to free. */
struct minutes *minutes_new(size_t max_bytes);
void minutes_free(struct minutes *minutes);

/* False when memory runs out or the bound is met. */
bool minutes_add(struct minutes *minutes, int64_t minute, struct voc_str field, int64_t by);
/* n:<name> and sum:<name>, or those of `others` if there are VOC_DAY_NAMES_MAX names and this is none of them. */
bool minutes_add_name(struct minutes *minutes, int64_t minute, struct voc_str others, struct voc_str name, int64_t n,
                      int64_t sum);
/* The same of a field of cases' names. */
bool minutes_add_case_name(struct minutes *minutes, int64_t minute, struct voc_str others, struct voc_str field,
                           int64_t by);

size_t minutes_count(const struct minutes *minutes);
/* The number-th minute, as minutes since 1970. */
int64_t minutes_at(const struct minutes *minutes, size_t number);
/* False if nothing was counted in it. */
bool minutes_find(const struct minutes *minutes, int64_t minute, size_t *ret_number);
/* Tells its counters in the order of their coming. False if `tell` returned false. */
bool minutes_tell(const struct minutes *minutes, size_t number, voc_field_fn tell, void *context);
/* Whether it was added to since the last minutes_clean; every new one was. */
bool minutes_is_dirty(const struct minutes *minutes, size_t number);
void minutes_clean(struct minutes *minutes, size_t number);
size_t minutes_bytes(const struct minutes *minutes);

#endif
