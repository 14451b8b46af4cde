#include "survey.h"

#include "io/service/signals.h"
#include "vocctl/shared/sender.h"

#include <stdio.h>
#include <stdlib.h>

#define TIMEOUT_MS 30000

/* One number, moved past. */
static bool number_take(const char **at, int32_t count, int32_t *ret_number)
{
	size_t len = strspn(*at, "0123456789");
	int64_t number;
	if (len == 0 || !voc_str_to_i64(voc_str_of(*at, len), &number) || number >= count)
		return false;
	*at += len;
	*ret_number = (int32_t)number;
	return true;
}

size_t partitions_parse(const char *text, int32_t count, bool *ret_chosen)
{
	memset(ret_chosen, 0, (size_t)count * sizeof *ret_chosen);
	for (const char *at = text;; at++) {
		int32_t first, last;
		if (!number_take(&at, count, &first))
			return 0;
		last = first;
		if (*at == '-' && (at++, !number_take(&at, count, &last)))
			return 0;
		for (int32_t p = first; p <= last; p++)
			ret_chosen[p] = true;
		if (first > last || (*at != ',' && *at != '\0'))
			return 0;
		if (*at == '\0')
			break;
	}
	size_t chosen = 0;
	for (int32_t p = 0; p < count; p++)
		chosen += ret_chosen[p];
	return chosen;
}

static enum voc_status choose(struct survey *survey, const char *text, struct voc_error *error)
{
	bool *chosen = calloc((size_t)survey->partition_count, sizeof *chosen);
	if (chosen == NULL)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "out of memory");
	survey->chosen_count = text != NULL ? partitions_parse(text, survey->partition_count, chosen)
	                                    : (size_t)survey->partition_count;
	for (int32_t p = 0; p < survey->partition_count; p++)
		survey->partitions[p].chosen = text == NULL || chosen[p];
	free(chosen);
	if (survey->chosen_count == 0)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_CONFIG, -1,
		                     "--partition: numbers below %d are wanted, such as 3 or 0,4-7",
		                     (int)survey->partition_count);
	return VOC_OK;
}

static enum voc_status ask_kafka(struct survey *survey, struct voc_admin *admin, struct voc_error *error)
{
	size_t count = (size_t)survey->partition_count;
	char group[VOC_TOPIC_NAME_SIZE];
	struct voc_position *positions = calloc(count, sizeof *positions);
	struct voc_watermarks *marks = calloc(count, sizeof *marks);
	enum voc_status status = VOC_OK;
	if (positions == NULL || marks == NULL)
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "out of memory");
	for (size_t p = 0; status == VOC_OK && p < count; p++) {
		positions[p].partition = (int32_t)p;
		memcpy(positions[p].topic, survey->topic, sizeof survey->topic);
	}
	if (status == VOC_OK &&
	    snprintf(group, sizeof group, "%saggregator", survey->conf->group_prefix) >= (int)sizeof group)
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "VOC_GROUP_PREFIX is too long");
	if (status == VOC_OK)
		status = voc_admin_committed(admin, group, positions, count, TIMEOUT_MS, error);
	if (status == VOC_OK) /* in this order: nothing is committed beyond the end */
		status = voc_admin_watermarks(admin, positions, count, marks, TIMEOUT_MS, error);
	for (size_t p = 0; status == VOC_OK && p < count; p++) {
		survey->partitions[p].log = marks[p];
		survey->partitions[p].committed = positions[p].offset > 0 ? positions[p].offset : 0;
	}
	free(positions);
	free(marks);
	return status;
}

static enum voc_status count_partitions(struct survey *survey, struct voc_admin *admin, struct voc_error *error)
{
	enum voc_status status =
	        voc_admin_partition_count(admin, survey->topic, TIMEOUT_MS, &survey->partition_count, error);
	if (status != VOC_OK)
		return status;
	if (survey->partition_count == 0)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_KAFKA, -1, "there is no topic %.100s", survey->topic);
	survey->partitions = calloc((size_t)survey->partition_count, sizeof *survey->partitions);
	if (survey->partitions == NULL)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "out of memory");
	return VOC_OK;
}

static enum voc_status open_kafka(struct survey *survey, const char *partitions, struct voc_error *error)
{
	struct voc_admin *admin = NULL;
	survey->kafka = vocctl_kafka_settings(survey->conf);
	if (!voc_topic_name(survey->topic, survey->conf->topic_prefix, VOC_TOPIC_CLASSIFIED))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "the topic prefix is too long");
	enum voc_status status = voc_admin_open(&survey->kafka, &admin, error);
	if (status == VOC_OK)
		status = count_partitions(survey, admin, error);
	if (status == VOC_OK)
		status = choose(survey, partitions, error);
	if (status == VOC_OK)
		status = ask_kafka(survey, admin, error);
	voc_admin_free(admin);
	return status;
}

static enum voc_status open_redis(struct survey *survey, struct voc_error *error)
{
	const struct voc_conf *conf = survey->conf;
	enum voc_status status = voc_redis_new(conf->redis_url, conf->redis_timeout_ms, &survey->redis, error);
	if (status == VOC_OK)
		status = voc_redis_connect(survey->redis, error);
	if (status == VOC_OK)
		status = voc_redis_query_meta(survey->redis, &survey->meta, error);
	if (status == VOC_OK && survey->meta.present && survey->meta.partitions != survey->partition_count)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_PARTITIONS_CHANGED, -1,
		                     "state is kept for %d partitions, the topic has %d: customers are elsewhere",
		                     (int)survey->meta.partitions, (int)survey->partition_count);
	return status;
}

enum voc_status survey_open(struct survey *survey, const struct voc_conf *conf, const char *partitions,
                            struct voc_error *error)
{
	*survey = (struct survey){ .conf = conf };
	enum voc_status status = VOC_OK;
	survey->book = voc_rule_book_new();
	if (survey->book == NULL)
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "out of memory");
	if (status == VOC_OK)
		status = open_kafka(survey, partitions, error);
	if (status == VOC_OK)
		status = open_redis(survey, error);
	/* Not before: while Kafka or Redis do not answer, a signal may end it at once. */
	if (status == VOC_OK)
		status = voc_signals_install(error);
	int64_t total = 0;
	for (int32_t p = 0; status == VOC_OK && p < survey->partition_count; p++) {
		const struct survey_partition *partition = &survey->partitions[p];
		total += partition->chosen ? partition->log.high - partition->log.low : 0;
	}
	vocctl_progress_begin(&survey->progress, total, "applied");
	return status;
}

void survey_close(struct survey *survey)
{
	vocctl_progress_end(&survey->progress);
	voc_redis_free(survey->redis);
	voc_rule_book_free(survey->book);
	free(survey->partitions);
}

static void show_progress(void *context, int64_t records)
{
	struct survey *survey = context;
	survey->records += records;
	vocctl_progress_show(&survey->progress, survey->records, survey->records);
}

enum voc_status survey_playback(struct survey *survey, int32_t partition, struct playback **ret_playback,
                                struct voc_error *error)
{
	const struct voc_watermarks *log = &survey->partitions[partition].log;
	if (log->low > 0 && !survey->conf->accept_log_start)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_POSITION_LOST, -1,
		                     "%.100s/%d begins at %lld: what came before can't be counted again; "
		                     "VOC_ACCEPT_LOG_START=yes goes on without it",
		                     survey->topic, (int)partition, (long long)log->low);
	const struct playback_settings settings = {
		.kafka = &survey->kafka,
		.topic = survey->topic,
		.partition = partition,
		.from = log->low,
		.end = log->high,
		.progress = show_progress,
		.context = survey,
	};
	return playback_open(&settings, ret_playback, error);
}
