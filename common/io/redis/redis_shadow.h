/*
 * A partition's state made anew beside the live one, and put in its place in one atomic step.
 *
 * The shadow's keys are `voc.rebuild:<run>:{P}:…`: in the live keys' slot, and of this run alone, so that two runs
 * can't mix. Nobody reads them until the switch, so they are written in plain pipelines; a run that dies leaves them
 * behind, and voc_shadow_is_key tells them for the next one to remove.
 *
 * The switch is one script: if the live position is just what the caller last saw of it, and every key of the shadow is
 * there, then the live keys go, the shadow's take their names, and the position says when that was (`rebuilt_at`). An
 * aggregator that owns the partition finds another `rebuilt_at` than it knows at its next step, drops what it has in
 * memory, and reads on from the new position. Redis serves nobody else meanwhile: about 2 µs a key.
 *
 * Owns nothing but its lists. One thread at a time; the statuses are those of redis.h.
 */
#ifndef VOC_IO_REDIS_SHADOW_H
#define VOC_IO_REDIS_SHADOW_H

#include "core/aggregate/partition_state.h"
#include "core/customer/customer.h"
#include "io/redis/redis_snapshot.h"

/* The switch is one command, which has a most number of arguments: two a customer, three a minute of rollups. */
#define VOC_SHADOW_ARGS_MAX 1000000

struct voc_shadow;

/* `redis` is borrowed. NULL when memory runs out; NULL is fine to free. */
struct voc_shadow *voc_shadow_new(struct voc_redis *redis, int32_t partition, uint32_t run);
void voc_shadow_free(struct voc_shadow *shadow);

/*
 * Writes the difference between `before` (NULL: new) and `now`. What is written waits until a pipeline is full, or for
 * voc_shadow_flush: nothing else may use the connection before that.
 */
VOC_MUST_CHECK enum voc_status voc_shadow_customer(struct voc_shadow *shadow, struct voc_str id,
                                                   const struct voc_customer *before, const struct voc_customer *now,
                                                   struct voc_error *error);
/* A minute's rollup: begin, its counters as they now are, end; twice for a minute is fine. It expires once it is live.
 */
void voc_shadow_rollup_begin(struct voc_shadow *shadow, int64_t minute);
/* A voc_field_fn, its context the shadow. */
bool voc_shadow_rollup_field(void *shadow, const struct voc_field *field);
VOC_MUST_CHECK enum voc_status voc_shadow_rollup_end(struct voc_shadow *shadow, bool is_new, int64_t expires_ms,
                                                     struct voc_error *error);
/* The whole position. */
VOC_MUST_CHECK enum voc_status voc_shadow_position(struct voc_shadow *shadow, const struct voc_partition_state *state,
                                                   struct voc_error *error);
VOC_MUST_CHECK enum voc_status voc_shadow_flush(struct voc_shadow *shadow, struct voc_error *error);

/* A live key that the shadow has no counterpart of: it goes with the switch. */
bool voc_shadow_condemn(struct voc_shadow *shadow, struct voc_str key);

enum voc_shadow_outcome {
	VOC_SHADOW_SWITCHED,
	VOC_SHADOW_MOVED, /* the live position is another one by now: nothing was done */
	VOC_SHADOW_GONE,  /* keys of the shadow are missing: someone removed them; nothing was done */
};
/*
 * `stand` is the snapshot's as last seen, `now_ms` the wall clock. VOC_RETRY: what became of it is unknown (and the
 * position tells: rebuilt_at is now_ms if it was done).
 */
VOC_MUST_CHECK enum voc_status voc_shadow_switch(struct voc_shadow *shadow, const struct voc_redis_stand *stand,
                                                 int64_t now_ms, enum voc_shadow_outcome *ret_outcome,
                                                 struct voc_error *error);
/* Customers and rollups that the switch would put in place. */
size_t voc_shadow_count(const struct voc_shadow *shadow);

/* Whether the key is a shadow's of this partition, whatever run made it. */
bool voc_shadow_is_key(struct voc_str key, int32_t partition);
/* Removes what this run has written; *ret_removed keys. */
VOC_MUST_CHECK enum voc_status voc_shadow_discard(struct voc_shadow *shadow, int64_t *ret_removed,
                                                  struct voc_error *error);
/* Removes the partition's shadows of all runs. */
VOC_MUST_CHECK enum voc_status voc_shadow_discard_all(struct voc_shadow *shadow, int64_t *ret_removed,
                                                      struct voc_error *error);

#endif
