/*
 * What has fallen due, on its way into the log: the entries of voc:{P}:due that the clock on the wall has passed. They
 * take effect when they are read (core/aggregate/aggregate.h), and only if the state still waits for them; so nothing
 * here has to be exact. Written twice, by two, or after a fall of Redis into the past, a record changes nothing.
 */
#include "aggregator.h"
#include "base/clock.h"
#include "base/fault_point.h"
#include "io/service/metrics.h"

/* Of one partition at a time; the next ones when these have been read. */
#define DUE_MAX 500
/* Records that were not read back by then may be lost, with a leader that died: they are written again. */
#define AGAIN_MS 30000
/* A partition further behind than this reads on first: much of what seems due is settled by what it has yet to read. */
#define LAG_MAX 10000

struct looking {
	struct voc_agg *agg;
	const int32_t *numbers;
	int64_t written;
};

static bool is_ready(const struct voc_agg *agg, int32_t number, int64_t now_ms)
{
	const struct voc_agg_place *partition = &agg->partitions[number];
	if (!partition->owned || !partition->loaded || partition->check_due || partition->scanning ||
	    !partition->state.rules || !voc_agg_place_caught_up(partition))
		return false;
	if (partition->due_waiting > 0 && now_ms - partition->due_ms < AGAIN_MS)
		return false;
	return voc_consumer_high(agg->consumer, agg->topic, number) - partition->next <= LAG_MAX;
}

static enum voc_status write_one(void *context, size_t index, const struct voc_due *due, struct voc_error *error)
{
	struct looking *looking = context;
	struct voc_agg *agg = looking->agg;
	enum voc_status status = voc_agg_publish_due(agg, looking->numbers[index], due, error);
	if (status == VOC_OK) {
		agg->partitions[looking->numbers[index]].due_waiting++;
		looking->written++;
	}
	return status;
}

static enum voc_status write_due(struct voc_agg *agg, int32_t *numbers, int64_t now_ms, struct voc_error *error)
{
	size_t count = 0;
	struct looking looking = { agg, numbers, 0 };
	for (int32_t p = 0; p < agg->partition_count; p++) {
		if (!is_ready(agg, p, now_ms))
			continue;
		agg->partitions[p].due_waiting = 0;
		agg->partitions[p].due_ms = now_ms;
		numbers[count++] = p;
	}
	if (count == 0)
		return VOC_OK;
	enum voc_status status = voc_store_load_due(agg->store, numbers, count, voc_clock_wall_ms(), DUE_MAX, write_one,
	                                            &looking, error);
	if (looking.written > 0) {
		VOC_FAULT_POINT(VOC_FAULT_AGGREGATOR_DUE);
		voc_metric_add(VOC_METRIC_DUE_WRITTEN, looking.written);
		VOC_LOG(VOC_LOG_INFO, "due", VOC_LOG_INT("records", looking.written));
	}
	return status;
}

enum voc_status voc_agg_write_due(struct voc_agg *agg, struct voc_error *error)
{
	int64_t now_ms = voc_clock_ms();
	if (agg->conf->due_interval_ms == 0 || now_ms < agg->next_due_ms || agg->failing != VOC_REASON_NONE ||
	    !voc_store_connected(agg->store))
		return VOC_OK;
	agg->next_due_ms = now_ms + agg->conf->due_interval_ms;
	struct voc_error failure;
	voc_error_clear(&failure);
	voc_arena_reset(agg->scratch);
	int32_t *numbers = voc_arena_alloc(agg->scratch, (size_t)agg->partition_count * sizeof *numbers);
	if (!numbers)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1,
		                     "no memory for what has fallen due");
	enum voc_status status = write_due(agg, numbers, now_ms, &failure);
	if (status == VOC_FATAL)
		*error = failure;
	if (status != VOC_RETRY)
		return status;
	if (failure.reason == VOC_REASON_REDIS) {
		voc_agg_suspect_all(agg);
		voc_agg_failed(agg, &failure);
	}
	return VOC_OK; /* else the stop came first: the next owner will write them */
}
