#include "core/aggregate/aggregate_step.h"

#include "base/arena.h"
#include "base/hash.h"

#include <stdlib.h>

/* Decoded records and alerts' JSON: far more than a batch of ordinary records needs. */
#define ARENA_MAX_BYTES ((size_t)1 << 30)

static size_t bucket_count_for(size_t max_records)
{
	size_t count = 64;
	while (count < 2 * max_records)
		count *= 2;
	return count;
}

struct voc_agg_step *voc_agg_step_new(int32_t partition_count, size_t max_records)
{
	struct voc_agg_step *step = calloc(1, sizeof *step);
	if (!step)
		return NULL;
	size_t buckets = bucket_count_for(max_records);
	step->arena = voc_arena_new(ARENA_MAX_BYTES);
	step->records = calloc(max_records, sizeof *step->records);
	step->customers = calloc(max_records, sizeof *step->customers);
	step->partitions = calloc((size_t)partition_count, sizeof *step->partitions);
	step->touched = calloc((size_t)partition_count, sizeof *step->touched);
	step->buckets = calloc(buckets, sizeof *step->buckets);
	if (!step->arena || !step->records || !step->customers || !step->partitions || !step->touched ||
	    !step->buckets) {
		voc_agg_step_free(step);
		return NULL;
	}
	step->record_max = max_records;
	step->partition_count = partition_count;
	step->bucket_mask = buckets - 1;
	voc_agg_step_begin(step);
	return step;
}

void voc_agg_step_free(struct voc_agg_step *step)
{
	if (!step)
		return;
	voc_arena_free(step->arena);
	free(step->records);
	free(step->customers);
	free(step->partitions);
	free(step->touched);
	free(step->buckets);
	free(step);
}

void voc_agg_step_begin(struct voc_agg_step *step)
{
	voc_arena_reset(step->arena);
	for (size_t i = 0; i < step->customer_count; i++)
		step->buckets[step->customers[i].bucket] = 0;
	step->record_count = step->customer_count = step->touched_count = 0;
	for (int32_t p = 0; p < step->partition_count; p++)
		step->partitions[p] = (struct voc_agg_partition){ .first_record = VOC_AGG_NONE,
			                                          .last_record = VOC_AGG_NONE,
			                                          .first_customer = VOC_AGG_NONE };
}

static enum voc_status out_of_memory(struct voc_error *error)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a batch");
}

/* The index of this customer among the batch's, added if it is new. */
static uint32_t intern_customer(struct voc_agg_step *step, int32_t partition, struct voc_str id)
{
	size_t bucket = voc_hash64(id) & step->bucket_mask;
	for (; step->buckets[bucket] != 0; bucket = (bucket + 1) & step->bucket_mask) {
		const struct voc_agg_customer *customer = &step->customers[step->buckets[bucket] - 1];
		if (customer->partition == partition && voc_str_eq(customer->id, id))
			return step->buckets[bucket] - 1;
	}
	uint32_t index = (uint32_t)step->customer_count++;
	struct voc_agg_partition *in = &step->partitions[partition];
	step->customers[index] = (struct voc_agg_customer){
		.partition = partition, .id = id, .next = in->first_customer, .bucket = (uint32_t)bucket
	};
	in->first_customer = index;
	step->buckets[bucket] = index + 1;
	return index;
}

static void chain_record(struct voc_agg_step *step, uint32_t index)
{
	int32_t partition = step->records[index].partition;
	struct voc_agg_partition *in = &step->partitions[partition];
	if (in->last_record == VOC_AGG_NONE) {
		in->first_record = index;
		step->touched[step->touched_count++] = partition;
	} else {
		step->records[in->last_record].next = index;
	}
	in->last_record = index;
}

enum voc_status voc_agg_step_add(struct voc_agg_step *step, const struct voc_agg_input *input, struct voc_error *error)
{
	if (step->record_count == step->record_max || input->partition < 0 || input->partition >= step->partition_count)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_INTERNAL, -1,
		                     "a record that the batch has no room for");
	struct voc_aggregate_record *decoded = voc_arena_alloc(step->arena, sizeof *decoded);
	if (!decoded)
		return out_of_memory(error);
	struct voc_agg_record record = { .partition = input->partition,
		                         .offset = input->record.offset,
		                         .timestamp_ms = input->record.timestamp_ms,
		                         .decoded = decoded,
		                         .customer = VOC_AGG_NONE,
		                         .next = VOC_AGG_NONE };
	struct voc_error invalid;
	voc_error_clear(&invalid);
	enum voc_status status = voc_aggregate_decode(&input->record, step->arena, decoded, &invalid);
	if (status == VOC_FATAL) /* the arena is full: not the record's fault, and no reason to refuse it */
		return out_of_memory(error);
	if (status == VOC_OK && decoded->kind != VOC_RECORD_RULES) {
		record.customer = intern_customer(step, input->partition, voc_aggregate_customer_id(decoded));
	} else if (status != VOC_OK) {
		record.decoded = NULL;
		record.error = voc_arena_alloc(step->arena, sizeof *record.error);
		if (!record.error)
			return out_of_memory(error);
		*record.error = invalid;
	}
	step->records[step->record_count] = record;
	chain_record(step, (uint32_t)step->record_count++);
	return VOC_OK;
}

static bool keep_alerts(struct voc_agg_step *step, const struct voc_agg_record *record,
                        const struct voc_aggregate_effects *effects)
{
	struct voc_agg_partition *in = &step->partitions[record->partition];
	for (size_t i = 0; i < effects->alert_count; i++) {
		struct voc_agg_alert *alert = voc_arena_alloc(step->arena, sizeof *alert);
		if (!alert)
			return false;
		*alert = (struct voc_agg_alert){ .customer_id = voc_aggregate_customer_id(record->decoded),
			                         .timestamp_ms = record->timestamp_ms,
			                         .rule = effects->alerts[i].rule,
			                         .record = (uint32_t)(record - step->records),
			                         .json = effects->alerts[i].json };
		if (in->last_alert)
			in->last_alert->next = alert;
		else
			in->first_alert = alert;
		in->last_alert = alert;
	}
	return true;
}

static enum voc_status apply_to_customer(struct voc_agg_step *step, const struct voc_aggregate *aggregate,
                                         struct voc_partition_state *state, struct voc_rollup *rollup,
                                         const struct voc_agg_record *record, struct voc_error *error)
{
	struct voc_agg_partition *in = &step->partitions[record->partition];
	struct voc_aggregate_effects effects;
	struct voc_customer *customer = &step->customers[record->customer].entry->customer;
	bool due = record->decoded->kind == VOC_RECORD_DUE;
	enum voc_status status = (due ? voc_aggregate_due : voc_aggregate_apply)(
	        aggregate, state, customer, rollup, record->decoded, step->arena, &effects, error);
	if (status != VOC_OK)
		return status;
	in->events += effects.outcome == VOC_APPLY_EVENT;
	in->facts += effects.outcome == VOC_APPLY_FACT;
	in->duplicates += effects.outcome == VOC_APPLY_DUPLICATE;
	in->copies += effects.outcome == VOC_APPLY_COPY;
	in->moves_refused += effects.move_refused;
	in->dues += effects.outcome == VOC_APPLY_DUE;
	in->dues_stale += effects.outcome == VOC_APPLY_STALE;
	return keep_alerts(step, record, &effects) ? VOC_OK : out_of_memory(error);
}

static enum voc_status apply_record(struct voc_agg_step *step, const struct voc_aggregate *aggregate,
                                    struct voc_partition_state *state, struct voc_rollup *rollup,
                                    const struct voc_agg_record *record, struct voc_error *error)
{
	struct voc_agg_partition *in = &step->partitions[record->partition];
	if (!record->decoded) {
		in->invalid++;
		return voc_aggregate_skip(state, record->offset, error);
	}
	switch (record->decoded->kind) {
	case VOC_RECORD_EVENT:
	case VOC_RECORD_DUE:
	case VOC_RECORD_FACT: return apply_to_customer(step, aggregate, state, rollup, record, error);
	case VOC_RECORD_RULES: in->controls++; return voc_aggregate_rule(aggregate, state, record->decoded, error);
	case VOC_RECORD_FORGET:
		in->controls++;
		return voc_aggregate_forget(state, &step->customers[record->customer].entry->customer, record->decoded,
		                            error);
	}
	return voc_error_set(error, VOC_FATAL, VOC_REASON_INTERNAL, -1, "a record of no kind");
}

enum voc_status voc_agg_step_apply(struct voc_agg_step *step, const struct voc_aggregate *aggregate,
                                   struct voc_partition_state *state, struct voc_rollup *rollup,
                                   struct voc_error *error)
{
	enum voc_status status = VOC_OK;
	voc_rollup_clear(rollup);
	uint32_t next = step->partitions[aggregate->partition].first_record;
	while (status == VOC_OK && next != VOC_AGG_NONE) {
		status = apply_record(step, aggregate, state, rollup, &step->records[next], error);
		next = step->records[next].next;
	}
	return status;
}
