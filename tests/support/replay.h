/*
 * The aggregator without Kafka and Redis: a log applied to a fake store, in batches, with restarts and lost writes.
 *
 * What it leaves in the store and in `alerts` must be the same for every way of cutting the log. Aborts on anything
 * that should not happen.
 */
#ifndef TESTS_SUPPORT_REPLAY_H
#define TESTS_SUPPORT_REPLAY_H

#include "core/aggregate/aggregate.h"
#include "core/customer/customer_cache.h"
#include "support/fake_store.h"

#define REPLAY_BATCH_MAX 64

struct replay_record {
	int64_t offset;
	int64_t timestamp_ms;
	const char *source; /* the header; "" if there is none */
	const char *value;
};

struct replay {
	struct fake_store store;  /* "position", "customer:<id>", "at_risk", "rollup:<minute>" */
	struct fake_store alerts; /* one hash, "alerts": id → JSON */
	size_t alerts_sent;       /* again ones included */
	struct voc_aggregate aggregate;
	struct voc_partition_state state;
	struct voc_customer_cache *cache;
	struct voc_rollup *rollup;
	struct voc_arena *arena;
};

/* `topic` is borrowed. */
void replay_open(struct replay *replay, const char *topic, int32_t partition);
void replay_close(struct replay *replay);
/*
 * Applies the log from where the store stands; it must have a rules record. Seed 0: batches of REPLAY_BATCH_MAX, no
 * mishaps. Else batches of random size; after some everything in memory is lost, before some writes too (the alerts
 * were sent already).
 */
void replay_run(struct replay *replay, const struct replay_record *records, size_t count, uint32_t seed);

#endif
