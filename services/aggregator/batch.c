/* One batch: gathered from Kafka, applied, published, stored. */
#include "aggregator.h"
#include "base/clock.h"
#include "base/fault_point.h"
#include "io/service/metrics.h"

#include <stdlib.h>

/* A batch of so many records says that more are on their way; after a smaller one the next doesn't wait for any. */
#define BUSY_RECORDS 16

void voc_agg_drop(struct voc_agg *agg)
{
	for (size_t i = 0; i < agg->step->record_count; i++)
		voc_message_release(&agg->messages[i]);
	agg->batch_bytes = 0;
	voc_agg_step_begin(agg->step);
}

/* Takes the message into the batch, or releases it. */
static enum voc_status take(struct voc_agg *agg, struct voc_message *message, struct voc_error *error)
{
	bool known = message->partition >= 0 && message->partition < agg->partition_count;
	if (!known || voc_agg_place_judge(&agg->partitions[message->partition], message->offset) != VOC_AGG_TAKE) {
		voc_message_release(message);
		return VOC_OK;
	}
	struct voc_agg_input input = { .partition = message->partition,
		                       .record = { .offset = message->offset,
		                                   .timestamp_ms = message->timestamp_ms,
		                                   .value = message->value,
		                                   .source = voc_message_header(message, VOC_SOURCE_HEADER) } };
	if (agg->partitions[message->partition].scanning) {
		enum voc_status scanned = voc_agg_scan(agg, message->partition, &input.record, error);
		voc_message_release(message);
		return scanned;
	}
	input.record.source = voc_arena_copy(agg->step->arena, input.record.source);
	voc_message_forget_headers(message);
	if (!input.record.source.ptr) {
		voc_message_release(message);
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a record");
	}
	agg->messages[agg->step->record_count] = *message;
	agg->batch_bytes += message->value.len;
	voc_metric_add(VOC_METRIC_RECORDS_IN, 1);
	voc_metric_add(VOC_METRIC_BYTES_IN, (int64_t)message->value.len);
	enum voc_status status = voc_agg_step_add(agg->step, &input, error);
	if (status != VOC_OK)
		voc_message_release(message);
	return status;
}

static bool is_full(const struct voc_agg *agg)
{
	return agg->step->record_count >= agg->batch_max || agg->batch_bytes >= BATCH_MAX_BYTES;
}

static void note_end(struct voc_agg *agg, struct voc_message *message)
{
	if (message->partition >= 0 && message->partition < agg->partition_count)
		voc_agg_place_note_end(&agg->partitions[message->partition], message->offset);
	voc_message_release(message);
}

/* Everything that is there now. A callback may come in between and drop what was gathered. */
static enum voc_status drain(struct voc_agg *agg, struct voc_error *error)
{
	enum voc_status status = VOC_OK;
	while (status == VOC_OK && !is_full(agg)) {
		struct voc_message message;
		switch (voc_consumer_poll(agg->consumer, 0, &message, error)) {
		case VOC_POLL_RECORD: status = take(agg, &message, error); break;
		case VOC_POLL_END: note_end(agg, &message); break;
		case VOC_POLL_NOTHING: return VOC_OK;
		case VOC_POLL_FAILED: return VOC_FATAL;
		}
	}
	return status;
}

/* `again_ms` if that is to come, and earlier. */
static int64_t sooner(int64_t until_ms, int64_t again_ms)
{
	return again_ms > voc_clock_ms() && again_ms < until_ms ? again_ms : until_ms;
}

enum voc_status voc_agg_gather(struct voc_agg *agg, struct voc_error *error)
{
	struct pollfd fd = { .fd = voc_consumer_fd(agg->consumer), .events = POLLIN };
	int64_t until_ms = agg->next_tick_ms;
	if (agg->failing != VOC_REASON_NONE && agg->retry_ms < until_ms)
		until_ms = agg->retry_ms;
	bool started = false;
	enum voc_status status = drain(agg, error);
	while (status == VOC_OK && !is_full(agg) && !voc_runtime_stopping(agg->runtime)) {
		if (agg->step->record_count > 0 && !started) {
			started = true;
			until_ms = agg->batch_was < BUSY_RECORDS ? 0 : voc_clock_ms() + agg->conf->batch_wait_ms;
		}
		if (voc_clock_ms() >= until_ms)
			break;
		voc_runtime_wait(agg->runtime, &fd, 1, sooner(until_ms, voc_consumer_again_ms(agg->consumer)));
		status = drain(agg, error);
	}
	return status;
}

struct fetching {
	struct voc_agg *agg;
	const uint32_t *wanted; /* indices into the step's customers */
};

static enum voc_status take_customer(void *context, size_t index, const struct voc_field *fields, size_t count,
                                     struct voc_error *error)
{
	struct fetching *fetching = context;
	struct voc_agg *agg = fetching->agg;
	struct voc_agg_customer *customer = &agg->step->customers[fetching->wanted[index]];
	struct voc_customer loaded;
	enum voc_status status = voc_customer_load(fields, count, agg->step->arena, &loaded, error);
	if (status != VOC_OK)
		return status;
	customer->entry = voc_customer_cache_add(agg->cache, customer->partition, customer->id, &loaded);
	if (!customer->entry) {
		voc_customer_free(&loaded);
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a customer");
	}
	return VOC_OK;
}

/* Up to so many customers from *next on, which is moved behind them; returns how many. */
static size_t take_some(const struct voc_agg_step *step, uint32_t *next, uint32_t *indices, struct voc_str *ids)
{
	size_t count = 0;
	for (; count < VOC_CACHE_FIND_MAX && *next != VOC_AGG_NONE; *next = step->customers[*next].next) {
		ids[count] = step->customers[*next].id;
		indices[count++] = *next;
	}
	return count;
}

/* Pins those of a partition that are in memory; lists the others, from *count on. */
static enum voc_status find_cached(struct voc_agg *agg, int32_t number, struct voc_store_wanted *wanted,
                                   uint32_t *indices, size_t *count, struct voc_error *error)
{
	uint32_t next = agg->step->partitions[number].first_customer, some[VOC_CACHE_FIND_MAX];
	struct voc_str ids[VOC_CACHE_FIND_MAX];
	struct voc_cached_customer *found[VOC_CACHE_FIND_MAX];
	for (size_t n; (n = take_some(agg->step, &next, some, ids)) > 0;) {
		voc_customer_cache_find_all(agg->cache, number, ids, n, found);
		for (size_t i = 0; i < n; i++) {
			agg->step->customers[some[i]].entry = found[i];
			if (!found[i]) {
				wanted[*count] =
				        (struct voc_store_wanted){ number, ids[i], &agg->partitions[number].state };
				indices[(*count)++] = some[i];
			} else if (!voc_customer_cache_pin(agg->cache, found[i])) {
				return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1,
				                     "no memory for a customer");
			}
		}
	}
	return VOC_OK;
}

/* Every customer of the batch into memory, pinned. `ret_moved` as in voc_store_load_customers. */
static enum voc_status fetch_customers(struct voc_agg *agg, int32_t *ret_moved, struct voc_error *error)
{
	*ret_moved = -1;
	size_t most = agg->step->customer_count, count = 0;
	struct voc_store_wanted *wanted = voc_arena_alloc(agg->step->arena, most * sizeof *wanted);
	uint32_t *indices = voc_arena_alloc(agg->step->arena, most * sizeof *indices);
	if (!wanted || !indices)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a batch");
	enum voc_status status = VOC_OK;
	for (size_t i = 0; status == VOC_OK && i < agg->step->touched_count; i++)
		status = find_cached(agg, agg->step->touched[i], wanted, indices, &count, error);
	if (status != VOC_OK || count == 0)
		return status;
	voc_metric_add(VOC_METRIC_CACHE_MISSES, (int64_t)count);
	struct fetching fetching = { agg, indices };
	return voc_store_load_customers(agg->store, wanted, count, take_customer, &fetching, ret_moved, error);
}

/* One partition's records onto its state; its step is put together. */
static enum voc_status apply_partition(struct voc_agg *agg, int32_t number, struct voc_error *error)
{
	struct voc_partition_state *state = &agg->partitions[number].state;
	struct voc_aggregate aggregate = { voc_str_from(agg->topic), number, agg->book };
	enum voc_status status = voc_agg_step_apply(agg->step, &aggregate, state, agg->rollup, error);
	if (status != VOC_OK)
		return status;
	voc_store_step_begin(agg->store, number);
	for (uint32_t i = agg->step->partitions[number].first_customer; i != VOC_AGG_NONE;
	     i = agg->step->customers[i].next) {
		const struct voc_agg_customer *customer = &agg->step->customers[i];
		voc_store_step_customer(agg->store, customer->id, customer->entry->before, &customer->entry->customer);
	}
	voc_store_step_rollup(agg->store, agg->rollup, voc_clock_wall_ms(), agg->conf->rollup_retention_ms);
	return voc_store_step_end(agg->store, state, error);
}

/*
 * All alerts of a batch in one burst: one by one, while partitions are worked on, librdkafka's thread wakes up for
 * nearly each of them, and looks through all partitions every time.
 */
static enum voc_status publish_alerts(struct voc_agg *agg, struct voc_error *error)
{
	for (size_t i = 0; i < agg->step->touched_count; i++) {
		enum voc_status status = voc_agg_publish_alerts(agg, agg->step->touched[i], error);
		if (status != VOC_OK)
			return status;
		VOC_FAULT_POINT(VOC_FAULT_AGGREGATOR_BATCH);
	}
	return VOC_OK;
}

static void count_records(struct voc_agg *agg, int32_t number)
{
	const struct voc_agg_partition *in = &agg->step->partitions[number];
	int64_t now_ms = voc_clock_wall_ms();
	voc_metric_add(VOC_METRIC_EVENTS_APPLIED, in->events);
	voc_metric_add(VOC_METRIC_DUPLICATES, in->duplicates);
	voc_metric_add(VOC_METRIC_COPIES, in->copies);
	voc_metric_add(VOC_METRIC_CONTROLS, in->controls);
	voc_metric_add(VOC_METRIC_FACTS, in->facts);
	voc_metric_add(VOC_METRIC_DUE_APPLIED, in->dues);
	voc_metric_add(VOC_METRIC_MOVES_REFUSED, in->moves_refused);
	for (const struct voc_agg_alert *alert = in->first_alert; alert; alert = alert->next) {
		voc_metric_add_labelled(VOC_LABELLED_ALERTS, (int)alert->rule, 1);
		voc_metric_add(VOC_METRIC_RECORDS_OUT, 1);
	}
	for (uint32_t i = in->first_record; i != VOC_AGG_NONE; i = agg->step->records[i].next) {
		const struct voc_agg_record *record = &agg->step->records[i];
		if (!record->decoded)
			voc_metric_add_labelled(VOC_LABELLED_DEAD_LETTERS, (int)record->error->reason, 1);
		else if (record->decoded->kind == VOC_RECORD_EVENT && record->timestamp_ms > 0)
			voc_metric_done(record->timestamp_ms, now_ms);
	}
}

static void committed(struct voc_agg *agg, int32_t number)
{
	struct voc_agg_place *partition = &agg->partitions[number];
	if (partition->state.rules != partition->state.stored_rules)
		VOC_LOG(VOC_LOG_INFO, "rules in force", VOC_LOG_INT("partition", number),
		        VOC_LOG_STR("rules", partition->state.rules->rules.version),
		        VOC_LOG_INT("from", partition->state.now.rules_from));
	voc_partition_state_saved(&partition->state);
	partition->active_ms = voc_clock_ms();
	partition->due_waiting -= agg->step->partitions[number].dues + agg->step->partitions[number].dues_stale;
	for (uint32_t i = agg->step->partitions[number].first_customer; i != VOC_AGG_NONE;
	     i = agg->step->customers[i].next)
		voc_customer_cache_unpin(agg->cache, agg->step->customers[i].entry);
	voc_consumer_store(agg->consumer, agg->topic, number, partition->state.now.offset);
	count_records(agg, number);
}

static void forget(struct voc_agg *agg, int32_t number)
{
	voc_customer_cache_drop(agg->cache, number);
	voc_agg_place_forget(&agg->partitions[number]);
}

/* They are read again from where Redis stands. */
static void forget_touched(struct voc_agg *agg)
{
	for (size_t i = 0; i < agg->step->touched_count; i++)
		forget(agg, agg->step->touched[i]);
}

static void conflicted(struct voc_agg *agg, int32_t number)
{
	voc_metric_add(VOC_METRIC_CONFLICTS, 1);
	VOC_LOG(VOC_LOG_WARN, "position conflict", VOC_LOG_INT("partition", number),
	        VOC_LOG_INT("expected", agg->partitions[number].state.stored.offset));
	forget(agg, number);
}

static enum voc_status commit(struct voc_agg *agg, struct voc_error *error)
{
	size_t count = agg->step->touched_count;
	enum voc_step_outcome *outcomes = voc_arena_alloc(agg->step->arena, count * sizeof *outcomes);
	if (!outcomes)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a batch");
	VOC_FAULT_POINT(VOC_FAULT_AGGREGATOR_TOLD);
	enum voc_status status = voc_store_commit(agg->store, outcomes, error);
	VOC_FAULT_POINT(VOC_FAULT_AGGREGATOR_STORED);
	for (size_t i = 0; i < count; i++) {
		int32_t number = agg->step->touched[i];
		switch (outcomes[i]) {
		case VOC_STEP_COMMITTED: committed(agg, number); break;
		case VOC_STEP_CONFLICT: conflicted(agg, number); break;
		case VOC_STEP_UNKNOWN: forget(agg, number); break;
		}
	}
	return status;
}

static enum voc_status process(struct voc_agg *agg, struct voc_error *error)
{
	VOC_FAULT_POINT(VOC_FAULT_AGGREGATOR_GATHERED);
	int32_t moved;
	enum voc_status status = fetch_customers(agg, &moved, error);
	if (status == VOC_OK && moved >= 0) {
		conflicted(agg, moved);
		forget_touched(agg);
		return VOC_OK;
	}
	if (status == VOC_OK)
		status = voc_agg_publish_dead_letters(agg, error);
	voc_store_begin(agg->store);
	for (size_t i = 0; status == VOC_OK && i < agg->step->touched_count; i++)
		status = apply_partition(agg, agg->step->touched[i], error);
	if (status == VOC_OK)
		status = publish_alerts(agg, error);
	if (status == VOC_OK)
		status = voc_agg_publish_wait(agg, error);
	if (status == VOC_OK)
		return commit(agg, error);
	forget_touched(agg); /* what was applied in memory was not stored */
	return status;
}

enum voc_status voc_agg_process(struct voc_agg *agg, struct voc_error *error)
{
	if (agg->step->record_count == 0)
		return VOC_OK;
	struct voc_error failure;
	voc_error_clear(&failure);
	enum voc_status status = process(agg, &failure);
	if (status == VOC_OK)
		voc_metric_add(VOC_METRIC_BATCHES, 1);
	agg->batch_was = agg->step->record_count;
	voc_agg_drop(agg);
	voc_metric_set(VOC_METRIC_CUSTOMERS_CACHED, (int64_t)voc_customer_cache_count(agg->cache));
	if (status == VOC_RETRY) {
		voc_agg_suspect_all(agg);
		voc_agg_failed(agg, &failure);
		return VOC_OK;
	}
	if (status != VOC_OK)
		*error = failure;
	return status;
}
