/* vocctl verify: the aggregates, computed again from the log, held against what Redis has. */
#include "base/clock.h"
#include "base/json_write.h"
#include "findings.h"
#include "survey.h"
#include "vocctl/commands.h"

#include <stdio.h>
#include <stdlib.h>

#define MIB INT64_C(1048576)

enum { FLAG_PARTITION, FLAG_SAMPLE, FLAG_MEMORY, FLAG_LIMIT, FLAG_JSON, FLAG_COUNT };

static const struct vocctl_flag flags[FLAG_COUNT] = {
	[FLAG_PARTITION] = { "partition", VOCCTL_TEXT, "LIST", 0, 0, 0, "These only: 3, or 0,4-7" },
	[FLAG_SAMPLE] = { "sample", VOCCTL_COUNT, "N", 2, 1000000, 1,
	                  "One customer in N, others each time: less memory; no rollups" },
	[FLAG_MEMORY] = { "memory", VOCCTL_COUNT, "MIB", 16, 1048576, 1024,
	                  "Most that one partition's customers may take" },
	[FLAG_LIMIT] = { "limit", VOCCTL_COUNT, "N", 0, 100000, 20, "Most differences that are shown" },
	[FLAG_JSON] = { "json", VOCCTL_SWITCH, NULL, 0, 0, 0, "One JSON object" },
};

struct verification {
	struct survey survey;
	struct findings findings;
	uint32_t share, which;
	size_t max_bytes;
	int64_t partitions, customers, minutes;
};

/* Up to where Redis is now; the audit goes on from there. */
static enum voc_status catch_up(struct verification *verification, struct playback *playback, struct recount *recount,
                                struct voc_error *error)
{
	struct voc_redis_snapshot snapshot;
	int32_t number = recount->settings.partition;
	const struct survey_partition *partition = &verification->survey.partitions[number];
	enum voc_status status = voc_redis_snapshot(verification->survey.redis, number, NULL, 0, &snapshot, error);
	if (status == VOC_OK && snapshot.offset > 0 && snapshot.offset < partition->log.low)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_POSITION_LOST, -1,
		                     "partition %d: the log begins after the position", (int)number);
	return status == VOC_OK ? playback_advance(playback, recount, snapshot.offset, error) : status;
}

static enum voc_status audit(struct verification *verification, struct playback *playback, struct recount *recount,
                             struct voc_error *error)
{
	struct audit *audit = calloc(1, sizeof *audit);
	if (audit == NULL)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "out of memory");
	audit->redis = verification->survey.redis;
	audit->recount = recount;
	audit->playback = playback;
	audit->tell = findings_add;
	audit->context = &verification->findings;
	enum voc_status status = VOC_FATAL;
	if (audit_init(audit))
		status = audit_run(audit, error);
	else
		voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "out of memory");
	audit_free(audit);
	free(audit);
	return status;
}

static enum voc_status verify_partition(struct verification *verification, int32_t number, struct voc_error *error)
{
	struct survey *survey = &verification->survey;
	const struct recount_settings settings = { .partition = number,
		                                   .topic = survey->topic,
		                                   .book = survey->book,
		                                   .share = verification->share,
		                                   .which = verification->which,
		                                   .max_bytes = verification->max_bytes,
		                                   .rollup_retention_ms = survey->conf->rollup_retention_ms };
	struct playback *playback = NULL;
	struct recount *recount = recount_new(&settings);
	enum voc_status status = VOC_OK;
	if (recount == NULL)
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "out of memory");
	if (status == VOC_OK)
		status = survey_playback(survey, number, &playback, error);
	if (status == VOC_OK)
		status = catch_up(verification, playback, recount, error);
	if (status == VOC_OK)
		status = audit(verification, playback, recount, error);
	if (status == VOC_OK) {
		verification->partitions++;
		verification->customers += (int64_t)voc_customer_cache_count(recount->customers);
		verification->minutes += (int64_t)minutes_count(recount->minutes);
	}
	playback_free(playback);
	recount_free(recount);
	return status;
}

static enum voc_status check_state_version(const struct survey *survey, struct voc_error *error)
{
	if (!survey->meta.present)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_REDIS, -1,
		                     "no voc:meta in this Redis: there is nothing to verify");
	if (survey->meta.state_version != VOC_REDIS_STATE_VERSION)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_REDIS, -1,
		                     "Redis holds state version %lld, this is %d: vocctl rebuild makes it anew",
		                     (long long)survey->meta.state_version, VOC_REDIS_STATE_VERSION);
	return VOC_OK;
}

static enum voc_status verify(struct verification *verification, struct voc_error *error)
{
	const struct survey *survey = &verification->survey;
	enum voc_status status = check_state_version(survey, error);
	for (int32_t p = 0; status == VOC_OK && p < survey->partition_count; p++) {
		if (survey->partitions[p].chosen)
			status = verify_partition(verification, p, error);
	}
	return status;
}

static void print_json(const struct verification *verification)
{
	const struct findings *findings = &verification->findings;
	struct voc_json_writer json;
	struct voc_buf buf, list;
	voc_buf_init(&buf, findings->json.len + 4096);
	voc_buf_init(&list, findings->json.len + 16);
	voc_buf_addf(&list, "[%.*s]", VOC_STR_ARG(voc_buf_str(&findings->json)));
	voc_json_begin(&json, &buf);
	voc_json_object(&json);
	voc_json_member_bool(&json, "equal", findings->keys == 0);
	voc_json_member_i64(&json, "partitions", verification->partitions);
	voc_json_member_i64(&json, "records", verification->survey.records);
	voc_json_member_i64(&json, "customers", verification->customers);
	voc_json_member_i64(&json, "rollup_minutes", verification->minutes);
	voc_json_member_i64(&json, "one_customer_in", verification->share);
	voc_json_member_i64(&json, "differing_keys", findings->keys);
	voc_json_member_i64(&json, "difference_count", findings->count);
	voc_json_key(&json, "differences");
	voc_json_raw(&json, voc_buf_str(&list));
	voc_json_object_end(&json);
	puts(voc_buf_c_str(&buf));
	voc_buf_free(&list);
	voc_buf_free(&buf);
}

static void print_text(const struct verification *verification)
{
	const struct findings *findings = &verification->findings;
	int64_t ms = vocctl_progress_ms(&verification->survey.progress);
	findings_end(findings);
	if (findings->keys == 0)
		printf("equal");
	else
		printf("different: %lld keys", (long long)findings->keys);
	printf("; %lld partitions, %lld customers%s, %lld minutes of rollups; %lld records in %lld.%03lld s\n",
	       (long long)verification->partitions, (long long)verification->customers,
	       verification->share > 1 ? " (a sample)" : "", (long long)verification->minutes,
	       (long long)verification->survey.records, (long long)(ms / 1000), (long long)(ms % 1000));
}

static int run(const struct voc_conf *conf, const struct vocctl_arguments *arguments)
{
	const struct vocctl_value *given = arguments->flags;
	struct verification verification = { .share = (uint32_t)given[FLAG_SAMPLE].number,
		                             .max_bytes = (size_t)(given[FLAG_MEMORY].number * MIB) };
	struct voc_error error = { 0 };
	verification.which = (uint32_t)(voc_clock_wall_ms() % verification.share);
	findings_init(&verification.findings, given[FLAG_LIMIT].number, given[FLAG_JSON].given);
	enum voc_status status = survey_open(&verification.survey, conf, given[FLAG_PARTITION].text, &error);
	if (status == VOC_OK)
		status = verify(&verification, &error);
	vocctl_progress_end(&verification.survey.progress);
	if (status != VOC_OK)
		fprintf(stderr, "vocctl verify: %s\n", error.text);
	else if (given[FLAG_JSON].given)
		print_json(&verification);
	else
		print_text(&verification);
	bool equal = verification.findings.keys == 0;
	findings_free(&verification.findings);
	survey_close(&verification.survey);
	if (status != VOC_OK)
		return VOCCTL_USAGE;
	return equal ? VOCCTL_OK : VOCCTL_FAILED;
}

const struct vocctl_command vocctl_command_verify = {
	.name = "verify",
	.summary = "Compute the aggregates again from the log and compare with Redis",
	.description =
	        "Reads every retained record of voc.classified, applies it in memory as the aggregator does, and "
	        "compares\n"
	        "each field of each customer, at_risk, the rollups and the position with what Redis holds at the very\n"
	        "same offset. Nothing is written; aggregators may run. Differences are printed by key and field; of\n"
	        "values only numbers are shown.\n"
	        "\n"
	        "Exit status: 0 equal, 1 different, 2 it could not be told.\n",
	.flags = flags,
	.flag_count = FLAG_COUNT,
	.run = run,
};
