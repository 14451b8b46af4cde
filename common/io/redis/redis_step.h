/*
 * The atomic step: what one batch changes in one partition, as one script call.
 *
 * The script runs only if the partition's position still is the one that the batch started from; it writes the changed
 * customers, the sorted sets, the rollups and the new position, all or nothing. This module puts the call together and
 * sends nothing: redis_store.c does. One thread at a time.
 */
#ifndef VOC_IO_REDIS_STEP_H
#define VOC_IO_REDIS_STEP_H

#include "core/aggregate/partition_state.h"
#include "core/aggregate/rollup.h"
#include "core/customer/customer.h"
#include "io/redis/redis_words.h"

/* Redis before 7 takes at most 1024 * 1024 arguments of a command. */
#define VOC_REDIS_STEP_ARGS_MAX  1000000
#define VOC_REDIS_STEP_BYTES_MAX ((size_t)128 * 1024 * 1024)

/* Returns 1: done; 0: the position is another one, nothing was written. */
extern const char voc_redis_step_script[];

struct voc_redis_step {
	int32_t partition;
	bool out_of_memory; /* a difference could not be told */
	struct voc_redis_args customer_keys, rollup_keys;
	/* Per customer: numbers of words to set and to delete, 1 if all goes first; these. Per rollup: expiry; counted:
	 * increments, names, cases' names. The sorted sets' and the position's come last. */
	struct voc_redis_words words;
	struct voc_redis_words sets, deletes;                 /* of the hash that is being told */
	struct voc_redis_words raised, cleared;               /* of at_risk: score and member pairs; members */
	struct voc_redis_words due, settled;                  /* of due, likewise */
	struct voc_redis_words increments, names, case_names; /* of the period that is being told */
	struct voc_redis_args call;
};

void voc_redis_step_init(struct voc_redis_step *step);
void voc_redis_step_free(struct voc_redis_step *step);

/* Begins a step; what the last one held is forgotten. */
void voc_redis_step_begin(struct voc_redis_step *step, int32_t partition);
/* The difference between `before` (NULL: new) and `now`; nothing where there is none. */
void voc_redis_step_customer(struct voc_redis_step *step, struct voc_str id, const struct voc_customer *before,
                             const struct voc_customer *now);
/* The minutes and days that are not over by `wall_ms` already; a minute's hash expires `retention_ms` after its end. */
void voc_redis_step_rollup(struct voc_redis_step *step, const struct voc_rollup *rollup, int64_t wall_ms,
                           int64_t retention_ms);
/*
 * Ends it with the partition's position, expecting the stored one, and appends the whole EVALSHA command to `buf`.
 * VOC_FATAL if the step is larger than one command may be: the batch was too large.
 */
VOC_MUST_CHECK enum voc_status voc_redis_step_end(struct voc_redis_step *step, const struct voc_partition_state *state,
                                                  struct voc_str script_sha, struct voc_buf *buf,
                                                  struct voc_error *error);

#endif
