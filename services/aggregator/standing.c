/* How the aggregator is, as others see it: readiness, what failed and when it is tried again. */
#include "aggregator.h"
#include "base/clock.h"
#include "core/deliver/retry.h"
#include "io/service/metrics.h"

static const struct voc_retry_policy backoff = { .backoff_ms = 100, .backoff_max_ms = VOC_AGG_BACKOFF_LONGEST_MS };

/* Records wait that nobody has read, or nobody knows yet where to read. */
static bool has_more(const struct voc_agg *agg, int32_t number)
{
	const struct voc_agg_place *partition = &agg->partitions[number];
	int64_t high = voc_consumer_high(agg->consumer, agg->topic, number);
	return partition->loaded ? high > partition->next && high > partition->end : high > 0;
}

/*
 * A partition that is read again and again and never gets further is stalled as well: what counts is what is stored,
 * and while its first rules are looked for, how far that is.
 */
static int64_t progress_of(const struct voc_agg_place *partition)
{
	if (!partition->loaded)
		return -1;
	return partition->scanning ? -2 - partition->next : partition->state.stored.offset;
}

static void show_progress(struct voc_agg *agg, bool may_work)
{
	size_t count = 0;
	for (int32_t p = 0; p < agg->partition_count; p++) {
		const struct voc_agg_place *partition = &agg->partitions[p];
		if (partition->owned)
			agg->watches[count++] = (struct voc_watch){
				.topic = agg->topic,
				.partition = p,
				.done = progress_of(partition),
				.waiting = may_work && has_more(agg, p),
			};
	}
	(void)voc_watchdog_look(agg->watchdog, agg->watches, count, voc_clock_ms());
}

void voc_agg_show_health(struct voc_agg *agg)
{
	struct voc_health *health = voc_runtime_health(agg->runtime);
	bool reachable =
	        (!agg->consumer || voc_consumer_reachable(agg->consumer)) && voc_producer_answered(agg->producer);
	voc_health_set(health, VOC_UNREADY_REDIS, agg->failing == VOC_REASON_REDIS);
	voc_health_set(health, VOC_UNREADY_KAFKA, agg->failing == VOC_REASON_KAFKA || !reachable);
	voc_health_set(health, VOC_UNREADY_UNASSIGNED, agg->consumer && !voc_consumer_joined(agg->consumer));
	if (agg->consumer)
		show_progress(agg, reachable && agg->failing == VOC_REASON_NONE);
}

void voc_agg_failed(struct voc_agg *agg, const struct voc_error *error)
{
	uint64_t noise = (uint64_t)voc_clock_us();
	int64_t now_ms = voc_clock_ms();
	/* A Redis that can be read and not written (full, or a slot on the move) recovers and fails in turn. */
	agg->failures = now_ms - agg->failed_ms > 2 * VOC_AGG_BACKOFF_LONGEST_MS ? 1 : agg->failures + 1;
	agg->failed_ms = now_ms;
	agg->failing = error->reason;
	agg->retry_ms = now_ms + voc_retry_pause_ms(&backoff, agg->failures, -1, voc_random_next(&noise));
	voc_agg_show_health(agg);
	voc_metric_add_labelled(VOC_LABELLED_ERRORS, (int)error->reason, 1);
	voc_log_error(VOC_LOG_WARN, "trying again soon", error);
}

/* Only worth saying once: the log makes up for it, as long as it is kept. */
static void warn_of_volatile_redis(struct voc_agg *agg)
{
	if (agg->warned || voc_store_appends(agg->store))
		return;
	agg->warned = true;
	VOC_LOG(VOC_LOG_WARN, "Redis keeps no append-only file: after a restart of it more is read again");
}

void voc_agg_recovered(struct voc_agg *agg)
{
	warn_of_volatile_redis(agg);
	if (agg->failing == VOC_REASON_NONE)
		return;
	VOC_LOG(VOC_LOG_INFO, "recovered", VOC_LOG_STR("from", voc_reason_name(agg->failing)));
	agg->failing = VOC_REASON_NONE;
	voc_agg_show_health(agg);
}
