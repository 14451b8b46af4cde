/* Where each partition stands: the position in Redis, never the one in Kafka, says where to read on. */
#include "aggregator.h"
#include "base/clock.h"
#include "base/fault_point.h"

#include <stdlib.h>

#define KAFKA_TIMEOUT_MS 2000
#define SEEK_TIMEOUT_MS  1000
enum voc_status voc_agg_go_on(struct voc_agg *agg, struct voc_error *error)
{
	if (!voc_runtime_stopping(agg->runtime))
		return VOC_OK;
	return voc_error_set(error, VOC_RETRY, VOC_REASON_KAFKA, -1, "the stop came first");
}

enum voc_status voc_agg_count_partitions(struct voc_agg *agg, struct voc_error *error)
{
	int32_t count;
	enum voc_status status = voc_admin_partition_count(agg->admin, agg->topic, KAFKA_TIMEOUT_MS, &count, error);
	if (status != VOC_OK)
		return status;
	if (count == 0)
		return voc_error_set(error, VOC_RETRY, VOC_REASON_KAFKA, -1, "there is no topic %s yet", agg->topic);
	if (agg->partition_count != 0 && agg->partition_count != count)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_PARTITIONS_CHANGED, -1,
		                     "%s had %d partitions and has %d now: customers would change partition; rebuild "
		                     "from the log (docs/OPERATIONS.md)",
		                     agg->topic, (int)agg->partition_count, (int)count);
	agg->partition_count = count;
	return VOC_OK;
}

/* Partitions whose position is to be read from Redis: their numbers, and the states as read. */
struct due {
	struct voc_agg *agg;
	int32_t *numbers;
	struct voc_partition_state *states;
	struct voc_position *positions;
	struct voc_watermarks *marks;
	bool *told;          /* which could be read */
	size_t count, moved; /* moved: those that are not where we thought; they stand first */
};

static bool due_new(struct due *due, struct voc_agg *agg)
{
	size_t room = (size_t)agg->partition_count + 1;
	*due = (struct due){ .agg = agg };
	due->numbers = calloc(room, sizeof *due->numbers);
	due->states = calloc(room, sizeof *due->states);
	due->positions = calloc(room, sizeof *due->positions);
	due->marks = calloc(room, sizeof *due->marks);
	due->told = calloc(room, sizeof *due->told);
	for (int32_t p = 0; due->numbers && p < agg->partition_count; p++) {
		if (agg->partitions[p].owned && agg->partitions[p].check_due)
			due->numbers[due->count++] = p;
	}
	return due->numbers && due->states && due->positions && due->marks && due->told;
}

static void due_free(struct due *due)
{
	for (size_t i = 0; due->states && i < due->count; i++)
		voc_partition_state_free(&due->states[i]);
	free(due->numbers);
	free(due->states);
	free(due->positions);
	free(due->marks);
	free(due->told);
}

static enum voc_status take_position(void *context, size_t index, const struct voc_field *fields, size_t count,
                                     struct voc_error *error)
{
	struct due *due = context;
	due->told[index] = true;
	return voc_partition_state_load(fields, count, due->agg->book, &due->states[index], error);
}

static enum voc_status read_positions(struct due *due, struct voc_error *error)
{
	struct voc_agg *agg = due->agg;
	enum voc_status status = VOC_OK;
	if (!voc_store_connected(agg->store))
		status = voc_store_connect(agg->store, agg->partition_count, error);
	if (status == VOC_OK)
		status = voc_store_load_positions(agg->store, due->numbers, due->count, take_position, due, error);
	return status;
}

/* Partitions that stand where we thought are done; those that moved go to the front. What wasn't told stays due. */
static void sift(struct due *due)
{
	for (size_t i = 0; i < due->count; i++) {
		int32_t number = due->numbers[i];
		struct voc_agg_place *partition = &due->agg->partitions[number];
		if (!due->told[i])
			continue;
		if (voc_agg_place_stands_at(partition, &due->states[i])) {
			partition->check_due = false;
			partition->active_ms = voc_clock_ms();
			/* for lag tools: a member before us may have died between Redis' step and Kafka's commit */
			voc_consumer_store(due->agg->consumer, due->agg->topic, number, due->states[i].stored.offset);
			continue;
		}
		struct voc_partition_state state = due->states[i];
		due->states[i] = due->states[due->moved];
		due->states[due->moved] = state;
		due->numbers[i] = due->numbers[due->moved];
		due->numbers[due->moved++] = number;
	}
}

/* The log must still hold, and have reached, the position. `ret_next` is where to read on. */
static enum voc_status check_log(const struct voc_agg *agg, int32_t number, int64_t offset,
                                 const struct voc_watermarks *marks, int64_t *ret_next, struct voc_error *error)
{
	if (offset > marks->high)
		return voc_error_set(
		        error, VOC_FATAL, VOC_REASON_POSITION_LOST, -1,
		        "%s/%d ends at %lld, before the position %lld: was the topic made anew? then delete "
		        "all voc:* keys of Redis to rebuild",
		        agg->topic, (int)number, (long long)marks->high, (long long)offset);
	*ret_next = offset;
	if (offset >= marks->low)
		return VOC_OK;
	if (!agg->conf->accept_log_start)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_POSITION_LOST, -1,
		                     "%s/%d begins at %lld, after the position %lld: records are missing; "
		                     "VOC_ACCEPT_LOG_START=yes goes on without them",
		                     agg->topic, (int)number, (long long)marks->low, (long long)offset);
	VOC_LOG(VOC_LOG_WARN, "records are missing", VOC_LOG_INT("partition", number), VOC_LOG_INT("position", offset),
	        VOC_LOG_INT("log_begins", marks->low));
	*ret_next = marks->low;
	return VOC_OK;
}

/* Takes the moved partitions' states over. */
static enum voc_status adopt(struct due *due, struct voc_error *error)
{
	struct voc_agg *agg = due->agg;
	for (size_t i = 0; i < due->moved; i++) {
		memcpy(due->positions[i].topic, agg->topic, sizeof agg->topic);
		due->positions[i].partition = due->numbers[i];
		due->positions[i].offset = due->states[i].stored.offset;
	}
	enum voc_status status = due->moved > 0 ? voc_agg_go_on(agg, error) : VOC_OK;
	if (status == VOC_OK && due->moved > 0)
		status = voc_consumer_watermarks(agg->consumer, due->positions, due->moved, due->marks,
		                                 KAFKA_TIMEOUT_MS, error);
	for (size_t i = 0; status == VOC_OK && i < due->moved; i++) {
		struct voc_agg_place *partition = &agg->partitions[due->numbers[i]];
		int64_t next = 0;
		status = check_log(agg, due->numbers[i], due->states[i].stored.offset, &due->marks[i], &next, error);
		if (status != VOC_OK)
			break;
		if (partition->loaded)
			VOC_LOG(VOC_LOG_WARN, "position moved", VOC_LOG_INT("partition", due->numbers[i]),
			        VOC_LOG_INT("from", partition->state.stored.offset), VOC_LOG_INT("to", next));
		voc_customer_cache_drop(agg->cache, due->numbers[i]);
		voc_agg_place_load(partition, &due->states[i], next, due->marks[i].high);
		partition->active_ms = voc_clock_ms();
	}
	return status;
}

/*
 * Reads every due position; partitions that stand elsewhere than we thought are loaded anew. VOC_RETRY if some of them
 * can't be read just now: those stay due, the others are settled.
 */
static enum voc_status check_positions(struct voc_agg *agg, struct voc_error *error)
{
	struct due due;
	enum voc_status status = VOC_OK;
	if (!due_new(&due, agg))
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for positions");
	if (status == VOC_OK && due.count > 0)
		status = read_positions(&due, error);
	if (status != VOC_FATAL) {
		struct voc_error failure;
		voc_error_clear(&failure);
		sift(&due);
		enum voc_status adopted = adopt(&due, &failure);
		if (adopted != VOC_OK && (adopted == VOC_FATAL || status == VOC_OK)) {
			status = adopted;
			*error = failure;
		}
	}
	due_free(&due);
	return status;
}

static void position_of(const struct voc_agg *agg, int32_t number, struct voc_position *ret_position)
{
	memcpy(ret_position->topic, agg->topic, sizeof agg->topic);
	ret_position->partition = number;
	ret_position->offset = agg->partitions[number].next;
}

static enum voc_status seek_partitions(struct voc_agg *agg, struct voc_error *error)
{
	enum voc_status status = VOC_OK;
	for (int32_t p = 0; status == VOC_OK && p < agg->partition_count; p++) {
		struct voc_agg_place *partition = &agg->partitions[p];
		if (!partition->owned || partition->check_due || !(partition->seek_due || partition->paused))
			continue;
		struct voc_position position;
		position_of(agg, p, &position);
		status = voc_agg_go_on(agg, error);
		if (status != VOC_OK)
			break;
		status = partition->paused ? voc_consumer_resume(agg->consumer, &position, SEEK_TIMEOUT_MS, error)
		                           : voc_consumer_seek(agg->consumer, &position, SEEK_TIMEOUT_MS, error);
		if (status == VOC_OK)
			partition->seek_due = partition->paused = false;
	}
	return status;
}

/* Kafka goes on giving records that nothing can be done with: better that it stops, once the first try failed too. */
static void pause_due(struct voc_agg *agg)
{
	for (int32_t p = 0; p < agg->partition_count; p++) {
		struct voc_agg_place *partition = &agg->partitions[p];
		if (!partition->owned || !partition->check_due || partition->paused)
			continue;
		voc_consumer_pause(agg->consumer, agg->topic, p);
		partition->paused = true;
	}
}

/* A shard of a cluster may be away while the others work: only what could not be read waits. */
static void wait_for_redis(struct voc_agg *agg)
{
	if (!voc_store_connected(agg->store))
		voc_agg_suspect_all(agg);
	pause_due(agg);
}

static bool anything_due(const struct voc_agg *agg)
{
	for (int32_t p = 0; p < agg->partition_count; p++) {
		const struct voc_agg_place *partition = &agg->partitions[p];
		if (partition->owned && (partition->check_due || partition->seek_due || partition->paused))
			return true;
	}
	return false;
}

enum voc_status voc_agg_settle(struct voc_agg *agg, struct voc_error *error)
{
	int64_t now_ms = voc_clock_ms();
	if (agg->failing != VOC_REASON_NONE && now_ms < agg->retry_ms)
		return VOC_OK;
	if (!anything_due(agg)) {
		agg->retry_ms = now_ms + VOC_AGG_BACKOFF_LONGEST_MS; /* only a new assignment can tell */
		return VOC_OK;
	}
	struct voc_error failure;
	voc_error_clear(&failure);
	enum voc_status status = check_positions(agg, &failure);
	if (status == VOC_RETRY && failure.reason == VOC_REASON_REDIS)
		wait_for_redis(agg);
	if (status != VOC_FATAL) {
		enum voc_status sought = seek_partitions(agg, &failure);
		status = sought == VOC_FATAL || status == VOC_OK ? sought : status;
	}
	if (status == VOC_OK) {
		voc_agg_recovered(agg);
	} else if (status == VOC_RETRY) {
		voc_agg_failed(agg, &failure);
		return VOC_OK;
	} else {
		*error = failure;
	}
	return status;
}

void voc_agg_suspect_all(struct voc_agg *agg)
{
	for (int32_t p = 0; p < agg->partition_count; p++)
		agg->partitions[p].check_due = agg->partitions[p].owned;
}

void voc_agg_mark_idle(struct voc_agg *agg)
{
	int64_t before_ms = voc_clock_ms() - agg->conf->position_check_ms;
	for (int32_t p = 0; p < agg->partition_count; p++) {
		struct voc_agg_place *partition = &agg->partitions[p];
		if (partition->owned && partition->active_ms <= before_ms)
			partition->check_due = true;
	}
}

static void disown_all(struct voc_agg *agg)
{
	for (int32_t p = 0; p < agg->partition_count; p++) {
		if (!agg->partitions[p].owned)
			continue;
		voc_customer_cache_drop(agg->cache, p);
		voc_agg_place_own(&agg->partitions[p], false);
	}
}

static enum voc_status own_all(struct voc_agg *agg, const struct voc_position *positions, size_t count,
                               struct voc_error *error)
{
	enum voc_status status = voc_agg_count_partitions(agg, error);
	for (size_t i = 0; status == VOC_OK && i < count; i++) {
		if (positions[i].partition >= agg->partition_count)
			return voc_error_set(error, VOC_FATAL, VOC_REASON_PARTITIONS_CHANGED, -1,
			                     "%s got partition %d: it had %d", agg->topic, (int)positions[i].partition,
			                     (int)agg->partition_count);
		voc_agg_place_own(&agg->partitions[positions[i].partition], true);
	}
	return status;
}

/*
 * Where reading begins; returns for how many partitions that is known. The others' shard of Redis is away: what Kafka
 * gives of them is dropped until their position was read.
 */
static size_t place_assigned(struct voc_agg *agg, struct voc_position *positions, size_t count)
{
	size_t placed = 0;
	for (size_t i = 0; i < count; i++) {
		struct voc_agg_place *partition = &agg->partitions[positions[i].partition];
		positions[i].offset = partition->check_due ? VOC_OFFSET_END : partition->next;
		if (partition->check_due)
			continue;
		partition->seek_due = false; /* reading begins there */
		placed++;
	}
	return placed;
}

enum voc_status voc_agg_assigned(void *owner, struct voc_consumer *consumer, struct voc_position *positions,
                                 size_t count, struct voc_error *error)
{
	struct voc_agg *agg = owner;
	agg->consumer = consumer;
	disown_all(agg);
	struct voc_error failure;
	voc_error_clear(&failure);
	enum voc_status status = own_all(agg, positions, count, &failure);
	bool owned = status == VOC_OK;
	if (owned)
		status = voc_agg_go_on(agg, &failure);
	if (status == VOC_OK)
		status = check_positions(agg, &failure);
	VOC_FAULT_POINT(VOC_FAULT_AGGREGATOR_ASSIGNED);
	size_t placed = owned && status != VOC_FATAL ? place_assigned(agg, positions, count) : 0;
	if (status == VOC_OK)
		voc_agg_recovered(agg);
	else if (status == VOC_RETRY)
		voc_agg_failed(agg, &failure);
	if (status == VOC_OK || placed > 0) {
		VOC_LOG(VOC_LOG_INFO, "assigned", VOC_LOG_INT("partitions", count));
		return VOC_OK;
	}
	disown_all(agg); /* the same will be asked again */
	*error = failure;
	return status;
}

void voc_agg_revoked(void *owner, struct voc_consumer *consumer, bool lost)
{
	struct voc_agg *agg = owner;
	(void)consumer;
	voc_agg_drop(agg);
	VOC_FAULT_POINT(VOC_FAULT_AGGREGATOR_REVOKED);
	disown_all(agg);
	/* What failed was about these; a standby has nothing that could mend it. */
	agg->failing = VOC_REASON_NONE;
	VOC_LOG(VOC_LOG_INFO, "revoked", VOC_LOG_INT("lost", lost));
}
