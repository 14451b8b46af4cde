/*
 * Rules on their way into the log: written where others are in force than this member is configured with, and looked
 * for where none are. They take effect when they are read (core/aggregate/aggregate.h), never before.
 */
#include "aggregator.h"
#include "base/clock.h"
#include "io/service/metrics.h"
#include "io/service/rules_file.h"

/*
 * One record for each assignment is enough, but for the one that another member had on its way when the partition
 * came. Two that take themselves for the owner at the same time answer each other's records at this pace at most.
 */
#define AGAIN_MS 60000

enum voc_status voc_agg_read_rules(const struct voc_conf *conf, struct voc_rule_book *book,
                                   const struct voc_rule_set **ret_set, struct voc_error *error)
{
	struct voc_buf json;
	voc_buf_init(&json, VOC_RULES_FILE_ROOM);
	enum voc_status status = voc_rules_file_read(conf->rules_path, conf->zoneinfo_path, &json, error);
	if (status == VOC_OK)
		status = voc_rule_book_read(book, voc_buf_str(&json), ret_set, error);
	voc_buf_free(&json);
	return status;
}

enum voc_status voc_agg_scan(struct voc_agg *agg, int32_t number, const struct voc_aggregate_input *input,
                             struct voc_error *error)
{
	struct voc_agg_place *partition = &agg->partitions[number];
	struct voc_aggregate_record record;
	struct voc_error invalid;
	if (input->source.len > 0)
		return VOC_OK; /* an event: it has time */
	voc_error_clear(&invalid);
	voc_arena_reset(agg->scratch);
	enum voc_status status = voc_aggregate_decode(input, agg->scratch, &record, &invalid);
	if (status == VOC_FATAL)
		*error = invalid;
	if (status != VOC_OK || record.kind != VOC_RECORD_RULES)
		return status == VOC_FATAL ? VOC_FATAL : VOC_OK;
	const struct voc_rule_set *set = voc_rule_book_take(agg->book, &record.rules->rules, record.rules->json);
	if (!set)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for rules");
	VOC_LOG(VOC_LOG_INFO, "first rules found", VOC_LOG_INT("partition", number),
	        VOC_LOG_INT("offset", input->offset), VOC_LOG_STR("rules", set->rules.version));
	voc_agg_place_found_rules(partition, set);
	return VOC_OK;
}

static bool is_due(const struct voc_agg *agg, const struct voc_agg_place *partition, int64_t now_ms)
{
	if (!partition->owned || !partition->loaded || partition->check_due)
		return false;
	return partition->state.rules != agg->rules && voc_agg_place_caught_up(partition) &&
	       (partition->ruled_ms == 0 || now_ms - partition->ruled_ms >= AGAIN_MS);
}

enum voc_status voc_agg_write_rules(struct voc_agg *agg, struct voc_error *error)
{
	int64_t now_ms = voc_clock_ms();
	enum voc_status status = VOC_OK;
	if (voc_producer_in_flight(agg->producer) > 0)
		status = voc_producer_poll(agg->producer, 0, error);
	for (int32_t p = 0; status == VOC_OK && p < agg->partition_count; p++) {
		struct voc_agg_place *partition = &agg->partitions[p];
		if (!is_due(agg, partition, now_ms))
			continue;
		partition->ruled_ms = now_ms;
		VOC_LOG(VOC_LOG_INFO, "rules sent", VOC_LOG_INT("partition", p),
		        VOC_LOG_STR("rules", agg->rules->rules.version),
		        VOC_LOG_STR("in_force", voc_rule_set_version(partition->state.rules)));
		status = voc_agg_publish_rules(agg, p, error);
	}
	if (status != VOC_RETRY)
		return status;
	voc_error_clear(error); /* the stop came first: the next owner will write its own */
	return VOC_OK;
}
