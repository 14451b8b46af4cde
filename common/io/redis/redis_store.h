/*
 * The aggregator's store: customers, rollups and positions in Redis (docs/SEMANTICS.md), read many at a time, written
 * in one atomic step per partition and batch.
 *
 * Protocol: a partition's state is loaded together with its position, changed in memory, and written only if the
 * position still is the loaded one. After VOC_RETRY, whatever was sent may or may not have been done: connect (if
 * voc_store_connected says no) and load the positions again, they tell. On a Redis Cluster one shard may be away while
 * the others work: what is told stands, and only the rest is to be tried again. One thread at a time; owns its
 * connections.
 */
#ifndef VOC_IO_REDIS_STORE_H
#define VOC_IO_REDIS_STORE_H

#include "core/aggregate/partition_state.h"
#include "core/aggregate/rollup.h"
#include "core/customer/customer.h"

struct voc_store;

/* Connects nothing yet. Free with voc_store_free (NULL is fine). */
VOC_MUST_CHECK enum voc_status voc_store_new(const char *url, int64_t timeout_ms, struct voc_store **ret_store,
                                             struct voc_error *error);
void voc_store_free(struct voc_store *store);
/* See voc_redis_stop_on. */
void voc_store_stop_on(struct voc_store *store, int fd);

/*
 * Connects anew, and refuses (VOC_FATAL) a Redis that evicts keys, or whose voc:meta says another partition count or
 * state version than ours; sets voc:meta where there is none.
 */
VOC_MUST_CHECK enum voc_status voc_store_connect(struct voc_store *store, int32_t partitions, struct voc_error *error);
bool voc_store_connected(const struct voc_store *store);
/* Whether every server met so far keeps an append-only file; without one a restart may cost more than a second. */
bool voc_store_appends(const struct voc_store *store);

/* Is told of one stored hash; no fields: there is none. Anything but VOC_OK ends the load and is what it returns. */
typedef enum voc_status voc_store_fields_fn(void *context, size_t index, const struct voc_field *fields, size_t count,
                                            struct voc_error *error);

/*
 * Positions of `count` partitions. Also puts voc:meta back where it is gone (Redis was emptied). VOC_RETRY if some of
 * them, or all, can't be read just now: those were not told, the others were.
 */
VOC_MUST_CHECK enum voc_status voc_store_load_positions(struct voc_store *store, const int32_t *partitions,
                                                        size_t count, voc_store_fields_fn *each, void *context,
                                                        struct voc_error *error);

/* What has fallen due in one partition; the entries' strings are borrowed for the call. Other than VOC_OK ends it. */
typedef enum voc_status voc_store_due_fn(void *context, size_t index, const struct voc_due *due,
                                         struct voc_error *error);
/*
 * Entries of the partitions' sorted sets `due` up to `now_ms`, the oldest `limit` of each. VOC_RETRY as above. Entries
 * that are none of ours are passed over.
 */
VOC_MUST_CHECK enum voc_status voc_store_load_due(struct voc_store *store, const int32_t *partitions, size_t count,
                                                  int64_t now_ms, size_t limit, voc_store_due_fn *each, void *context,
                                                  struct voc_error *error);

struct voc_store_wanted {
	int32_t partition;
	struct voc_str customer_id;              /* borrowed */
	const struct voc_partition_state *state; /* the partition's, as it was loaded or last saved; borrowed */
};
/*
 * Any number of customers, those of one partition side by side, fetched in pipelines of bounded size. `ret_moved` is
 * -1, or the first partition found that does not stand where `state` says: the rest was not fetched then. Its customers
 * would be of another moment than the state, and alerts are published before the step could be refused.
 */
VOC_MUST_CHECK enum voc_status voc_store_load_customers(struct voc_store *store, const struct voc_store_wanted *wanted,
                                                        size_t count, voc_store_fields_fn *each, void *context,
                                                        int32_t *ret_moved, struct voc_error *error);

/* Forgets the steps gathered so far. */
void voc_store_begin(struct voc_store *store);
/* One step: begin, any number of customers, rollups, end. See redis_step.h. */
void voc_store_step_begin(struct voc_store *store, int32_t partition);
void voc_store_step_customer(struct voc_store *store, struct voc_str id, const struct voc_customer *before,
                             const struct voc_customer *now);
void voc_store_step_rollup(struct voc_store *store, const struct voc_rollup *rollup, int64_t wall_ms,
                           int64_t retention_ms);
VOC_MUST_CHECK enum voc_status voc_store_step_end(struct voc_store *store, const struct voc_partition_state *state,
                                                  struct voc_error *error);

enum voc_step_outcome {
	VOC_STEP_UNKNOWN, /* it may or may not have been done */
	VOC_STEP_COMMITTED,
	VOC_STEP_CONFLICT, /* the position is another one: someone else owns it, or Redis went back in time */
};
/*
 * Sends all steps gathered, in one exchange; `ret_outcomes` has one for each, in their order, whatever is returned.
 * VOC_RETRY if one of them or more are unknown.
 */
VOC_MUST_CHECK enum voc_status voc_store_commit(struct voc_store *store, enum voc_step_outcome *ret_outcomes,
                                                struct voc_error *error);

#endif
