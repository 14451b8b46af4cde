/* Steps for the store's tests: a partition that moves on by one customer at a time. */
#ifndef TESTS_SUPPORT_STORE_STEPS_H
#define TESTS_SUPPORT_STORE_STEPS_H

#include "io/redis/redis_store.h"

#define STEP_TIME_MS INT64_C(1770000000000)

/* A customer with `events` events, at risk if `risk` says so. Free with voc_customer_free. */
struct voc_customer step_customer(uint32_t events, int risk);
/* The rules that steps are made under: deploy/rules.json. Borrowed; the same for the whole run. */
const struct voc_rule_set *step_rules(void);
/* The partition is at `offset` now, by these rules. */
void step_advance(struct voc_partition_state *state, int64_t offset);
/* Gathers one step that adds a customer with `events` events. */
void step_gather(struct voc_store *store, int32_t partition, const struct voc_partition_state *state, const char *id,
                 uint32_t events, int risk);
/* Sends the one step gathered. */
enum voc_step_outcome step_commit(struct voc_store *store);
/* A voc_store_fields_fn; the context is an array of voc_partition_state. */
enum voc_status step_keep_position(void *states, size_t index, const struct voc_field *fields, size_t count,
                                   struct voc_error *error);
void step_load_position(struct voc_store *store, int32_t partition, struct voc_partition_state *ret_state);

#endif
