#include "rebuild_partition.h"

#include "base/clock.h"
#include "io/redis/redis_shadow.h"
#include "io/service/signals.h"

#include <stdlib.h>

/* The live position may move on between the last look and the switch: how often, and how long, it is tried again. */
#define TRIES_MAX   10000
#define PATIENCE_MS 60000

struct work {
	struct survey *survey;
	const struct rebuild_settings *settings;
	int32_t partition;
	struct findings *findings;
	struct recount *recount;
	struct playback *playback;
	struct voc_shadow *shadow;
	bool has_written;
	size_t minutes_written;
	struct rebuild_result result;
};

static enum voc_status out_of_memory(struct voc_error *error)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory to rebuild a partition");
}

static enum voc_status open_work(struct work *work, struct voc_error *error)
{
	struct survey *survey = work->survey;
	const struct recount_settings settings = { .partition = work->partition,
		                                   .topic = survey->topic,
		                                   .book = survey->book,
		                                   .share = 1,
		                                   .max_bytes = work->settings->max_bytes,
		                                   .rollup_retention_ms = survey->conf->rollup_retention_ms };
	work->recount = recount_new(&settings);
	work->shadow = voc_shadow_new(survey->redis, work->partition, work->settings->run);
	if (work->recount == NULL || work->shadow == NULL)
		return out_of_memory(error);
	return survey_playback(survey, work->partition, &work->playback, error);
}

static void close_work(struct work *work)
{
	playback_free(work->playback);
	recount_free(work->recount);
	voc_shadow_free(work->shadow);
}

/*
 * Alerts are muted here, so nothing may be counted that no aggregator has told of: not beyond the live position, nor,
 * if Redis was emptied, beyond what the aggregators' group has committed, which they do only after the alerts.
 */
static int64_t furthest(const struct work *work, int64_t live_offset)
{
	int64_t committed = work->survey->partitions[work->partition].committed;
	return committed > live_offset ? committed : live_offset;
}

static enum voc_status look(struct work *work, struct voc_redis_snapshot *ret_snapshot, struct voc_error *error)
{
	return voc_redis_snapshot(work->survey->redis, work->partition, NULL, 0, ret_snapshot, error);
}

static bool find(void *context, const struct audit_finding *finding)
{
	struct work *work = context;
	if (finding->fault == AUDIT_STRAY && finding->kind != AUDIT_POSITION &&
	    !voc_shadow_condemn(work->shadow, finding->key))
		return false;
	return findings_add(work->findings, finding);
}

/* Tells where Redis differs; where it stands before the recount, that is all of it, and only the strays are told. */
static enum voc_status compare(struct work *work, bool is_behind, struct voc_error *error)
{
	struct audit *audit = calloc(1, sizeof *audit);
	enum voc_status status = VOC_OK;
	if (audit != NULL) {
		audit->redis = work->survey->redis;
		audit->recount = work->recount;
		audit->playback = work->playback;
		audit->tell = find;
		audit->context = work;
	}
	if (audit == NULL || !audit_init(audit))
		status = out_of_memory(error);
	if (status == VOC_OK)
		status = is_behind ? audit_strays(audit, error) : audit_run(audit, error);
	if (audit != NULL)
		audit_free(audit);
	free(audit);
	return status;
}

static enum voc_status write_customers(struct work *work, struct voc_error *error)
{
	const struct voc_customer_cache *customers = work->recount->customers;
	enum voc_status status = VOC_OK;
	for (size_t i = 0; status == VOC_OK && i < voc_customer_cache_count(customers); i++) {
		const struct voc_cached_customer *customer = voc_customer_cache_at(customers, i);
		if (voc_signals_received() != 0)
			return voc_error_set(error, VOC_RETRY, VOC_REASON_INTERNAL, -1, "stopped by a signal");
		if (customer->pinned)
			status = voc_shadow_customer(work->shadow, voc_cached_customer_id(customer), customer->before,
			                             &customer->customer, error);
	}
	return status;
}

static enum voc_status write_minutes(struct work *work, struct voc_error *error)
{
	const struct minutes *minutes = work->recount->minutes;
	enum voc_status status = VOC_OK;
	for (size_t i = 0; status == VOC_OK && i < minutes_count(minutes); i++) {
		int64_t minute = minutes_at(minutes, i);
		if (!minutes_is_dirty(minutes, i))
			continue;
		voc_shadow_rollup_begin(work->shadow, minute);
		if (!minutes_tell(minutes, i, voc_shadow_rollup_field, work->shadow))
			return out_of_memory(error);
		status = voc_shadow_rollup_end(work->shadow, i >= work->minutes_written,
		                               recount_period_expires_ms(work->recount, minute), error);
	}
	work->minutes_written = minutes_count(minutes);
	return status;
}

/* What changed since the last time, all of it at first. */
static enum voc_status write_shadow(struct work *work, struct voc_error *error)
{
	work->has_written = true;
	enum voc_status status = write_customers(work, error);
	if (status == VOC_OK)
		status = write_minutes(work, error);
	if (status == VOC_OK)
		status = voc_shadow_position(work->shadow, &work->recount->state, error);
	if (status == VOC_OK)
		status = voc_shadow_flush(work->shadow, error);
	if (status == VOC_OK)
		recount_settle(work->recount);
	return status;
}

/* One try: to where Redis stands now, and at once the switch. */
static enum voc_status try_switch(struct work *work, enum voc_shadow_outcome *ret_outcome, struct voc_error *error)
{
	struct voc_redis_snapshot snapshot;
	int64_t stands = work->recount->state.now.offset;
	enum voc_status status = look(work, &snapshot, error);
	if (status == VOC_OK && stands > furthest(work, snapshot.offset))
		return voc_error_set(error, VOC_RETRY, VOC_REASON_POSITION_LOST, -1,
		                     "partition %d: the position went back from %lld to %lld; try again",
		                     (int)work->partition, (long long)stands, (long long)snapshot.offset);
	if (status == VOC_OK && snapshot.offset > stands) {
		status = playback_advance(work->playback, work->recount, snapshot.offset, error);
		if (status == VOC_OK)
			status = write_shadow(work, error);
	}
	if (status != VOC_OK)
		return status;
	int64_t began_ms = voc_clock_ms();
	status = voc_shadow_switch(work->shadow, &snapshot.stand, voc_clock_wall_ms(), ret_outcome, error);
	work->result.switch_ms = voc_clock_ms() - began_ms;
	return status;
}

static enum voc_status switch_over(struct work *work, struct voc_error *error)
{
	int64_t until_ms = voc_clock_ms() + PATIENCE_MS;
	for (int tries = 0; tries < TRIES_MAX && voc_clock_ms() < until_ms && voc_signals_received() == 0; tries++) {
		enum voc_shadow_outcome outcome;
		enum voc_status status = try_switch(work, &outcome, error);
		if (status != VOC_OK)
			return status;
		if (outcome == VOC_SHADOW_GONE)
			return voc_error_set(error, VOC_RETRY, VOC_REASON_REDIS, -1,
			                     "partition %d: its shadow was removed; does another rebuild run?",
			                     (int)work->partition);
		if (outcome == VOC_SHADOW_SWITCHED) {
			work->has_written = false;
			return VOC_OK;
		}
	}
	return voc_error_set(error, VOC_RETRY, VOC_REASON_REDIS, -1, "partition %d: %s", (int)work->partition,
	                     voc_signals_received() != 0 ? "stopped by a signal"
	                                                 : "the live position never stood still for the switch");
}

static enum voc_status replace(struct work *work, struct voc_error *error)
{
	enum voc_status status = voc_shadow_discard_all(work->shadow, &work->result.leftovers, error);
	if (status == VOC_OK)
		status = write_shadow(work, error);
	if (status == VOC_OK)
		status = switch_over(work, error);
	if (status == VOC_OK)
		work->result.outcome = REBUILD_SWITCHED;
	return status;
}

/* Where the rebuild is to stop, and whether Redis stands before that. */
static enum voc_status aim(struct work *work, int64_t *ret_offset, bool *ret_behind, struct voc_error *error)
{
	struct voc_redis_snapshot snapshot;
	const struct survey_partition *partition = &work->survey->partitions[work->partition];
	enum voc_status status = look(work, &snapshot, error);
	if (status != VOC_OK)
		return status;
	*ret_offset = furthest(work, snapshot.offset);
	*ret_behind = snapshot.offset < *ret_offset;
	if (*ret_behind && *ret_offset > partition->log.high)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_POSITION_LOST, -1,
		                     "partition %d: the log ends at %lld, before what was committed (%lld): was the "
		                     "topic made anew?",
		                     (int)work->partition, (long long)partition->log.high, (long long)*ret_offset);
	return VOC_OK;
}

static enum voc_status make_again(struct work *work, struct voc_error *error)
{
	int64_t offset = 0, found = work->findings->count;
	bool is_behind = false;
	enum voc_status status = aim(work, &offset, &is_behind, error);
	if (status != VOC_OK || offset == 0)
		return status;
	status = playback_advance(work->playback, work->recount, offset, error);
	if (status == VOC_OK)
		status = compare(work, is_behind, error);
	if (status != VOC_OK)
		return status;
	bool differs = is_behind || work->findings->count > found;
	work->result.outcome = differs ? REBUILD_DIFFERENT : REBUILD_EQUAL;
	if ((differs || work->settings->force) && !work->settings->dry_run)
		status = replace(work, error);
	work->result.offset = work->recount->state.now.offset;
	work->result.customers = (int64_t)voc_customer_cache_count(work->recount->customers);
	work->result.alerts = work->recount->alerts;
	return status;
}

/* What a failed try has written is of no use to anybody. */
static void clean_up(struct work *work)
{
	struct voc_error ignored = { 0 };
	int64_t removed;
	if (work->has_written && voc_redis_connected(work->survey->redis))
		(void)!voc_shadow_discard(work->shadow, &removed, &ignored);
}

enum voc_status rebuild_partition(struct survey *survey, const struct rebuild_settings *settings, int32_t partition,
                                  struct findings *findings, struct rebuild_result *ret_result, struct voc_error *error)
{
	struct work work = { .survey = survey, .settings = settings, .partition = partition, .findings = findings };
	enum voc_status status = open_work(&work, error);
	if (status == VOC_OK)
		status = make_again(&work, error);
	if (status != VOC_OK)
		clean_up(&work);
	close_work(&work);
	if (status == VOC_OK)
		*ret_result = work.result;
	return status;
}
