/* vocctl rebuild: the aggregates made anew from the log, and put in the place of what Redis has. */
#include "base/clock.h"
#include "io/redis/redis_keys.h"
#include "rebuild_partition.h"
#include "vocctl/commands.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MIB INT64_C(1048576)
/* In voc:meta while states of two versions stand side by side: no aggregator starts on it. */
#define VERSION_UNDER_WAY 0

enum { FLAG_PARTITION, FLAG_DRY_RUN, FLAG_YES, FLAG_FORCE, FLAG_MEMORY, FLAG_LIMIT, FLAG_COUNT };

static const struct vocctl_flag flags[FLAG_COUNT] = {
	[FLAG_PARTITION] = { "partition", VOCCTL_TEXT, "LIST", 0, 0, 0, "These only: 3, or 0,4-7" },
	[FLAG_DRY_RUN] = { "dry-run", VOCCTL_SWITCH, NULL, 0, 0, 0, "Count and compare, write nothing" },
	[FLAG_YES] = { "yes", VOCCTL_SWITCH, NULL, 0, 0, 0, "Don't ask" },
	[FLAG_FORCE] = { "force", VOCCTL_SWITCH, NULL, 0, 0, 0, "Replace also what does not differ" },
	[FLAG_MEMORY] = { "memory", VOCCTL_COUNT, "MIB", 16, 1048576, 1024,
	                  "Most that one partition's customers may take" },
	[FLAG_LIMIT] = { "limit", VOCCTL_COUNT, "N", 0, 100000, 20, "Most differences that are shown" },
};

struct totals {
	int64_t outcomes[REBUILD_SWITCHED + 1];
	int64_t customers, alerts, leftovers, longest_switch_ms;
};

static void add_result(struct totals *totals, const struct rebuild_result *result)
{
	totals->outcomes[result->outcome]++;
	totals->customers += result->customers;
	totals->alerts += result->alerts;
	totals->leftovers += result->leftovers;
	if (result->switch_ms > totals->longest_switch_ms)
		totals->longest_switch_ms = result->switch_ms;
}

static enum voc_status write_meta(struct survey *survey, int64_t state_version, struct voc_error *error)
{
	struct voc_redis *redis = survey->redis;
	voc_redis_begin(redis);
	voc_redis_arg(redis, VOC_STR("HSET"));
	voc_redis_arg_key(redis, VOC_STR(VOC_REDIS_META_KEY));
	voc_redis_arg(redis, VOC_STR("partitions"));
	voc_redis_arg_i64(redis, survey->partition_count);
	voc_redis_arg(redis, VOC_STR("state_version"));
	voc_redis_arg_i64(redis, state_version);
	voc_redis_end(redis);
	enum voc_status status = voc_redis_exchange(redis, error);
	return status == VOC_OK ? voc_redis_expect(redis, voc_redis_reply(redis, 0), VOC_REDIS_INTEGER, error) : status;
}

static bool is_other_version(const struct survey *survey)
{
	return survey->meta.present && survey->meta.state_version != VOC_REDIS_STATE_VERSION;
}

static enum voc_status begin(struct survey *survey, const struct rebuild_settings *settings, struct voc_error *error)
{
	if (!is_other_version(survey))
		return VOC_OK;
	if (survey->chosen_count != (size_t)survey->partition_count)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_CONFIG, -1,
		                     "Redis holds state version %lld, this is %d: all partitions must be rebuilt",
		                     (long long)survey->meta.state_version, VOC_REDIS_STATE_VERSION);
	return settings->dry_run ? VOC_OK : write_meta(survey, VERSION_UNDER_WAY, error);
}

static enum voc_status rebuild(struct survey *survey, const struct rebuild_settings *settings,
                               struct findings *findings, struct totals *totals, struct voc_error *error)
{
	enum voc_status status = begin(survey, settings, error);
	for (int32_t p = 0; status == VOC_OK && p < survey->partition_count; p++) {
		struct rebuild_result result = { 0 };
		if (!survey->partitions[p].chosen)
			continue;
		status = rebuild_partition(survey, settings, p, findings, &result, error);
		if (status == VOC_OK)
			add_result(totals, &result);
	}
	if (status == VOC_OK && !settings->dry_run && (is_other_version(survey) || !survey->meta.present))
		status = write_meta(survey, VOC_REDIS_STATE_VERSION, error);
	return status;
}

static void print_totals(const struct survey *survey, const struct totals *totals, bool dry_run)
{
	int64_t ms = vocctl_progress_ms(&survey->progress);
	printf("%lld partitions %s, %lld equal, %lld empty; %lld customers, %lld records in %lld.%03lld s, %lld/s\n",
	       (long long)totals->outcomes[dry_run ? REBUILD_DIFFERENT : REBUILD_SWITCHED],
	       dry_run ? "differ" : "replaced", (long long)totals->outcomes[REBUILD_EQUAL],
	       (long long)totals->outcomes[REBUILD_EMPTY], (long long)totals->customers, (long long)survey->records,
	       (long long)(ms / 1000), (long long)(ms % 1000), (long long)(survey->records * 1000 / ms));
	if (totals->outcomes[REBUILD_SWITCHED] > 0)
		printf("%lld alerts muted: they were sent before; the longest switch took %lld ms\n",
		       (long long)totals->alerts, (long long)totals->longest_switch_ms);
	if (totals->leftovers > 0)
		printf("%lld keys of an earlier, unfinished rebuild removed\n", (long long)totals->leftovers);
}

/* Asks only who can answer. */
static bool is_agreed(const struct vocctl_arguments *arguments)
{
	char answer[16];
	if (arguments->flags[FLAG_YES].given || arguments->flags[FLAG_DRY_RUN].given)
		return true;
	if (isatty(STDIN_FILENO) != 1) {
		fputs("vocctl rebuild: --yes is wanted where nobody can be asked\n", stderr);
		return false;
	}
	fputs("Replace in Redis what differs from the log? [y/N] ", stderr);
	return fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

static int run(const struct voc_conf *conf, const struct vocctl_arguments *arguments)
{
	const struct vocctl_value *given = arguments->flags;
	if (!is_agreed(arguments))
		return VOCCTL_USAGE;
	const struct rebuild_settings settings = {
		.max_bytes = (size_t)(given[FLAG_MEMORY].number * MIB),
		.run = (uint32_t)voc_clock_us() ^ (uint32_t)getpid() << 20,
		.dry_run = given[FLAG_DRY_RUN].given,
		.force = given[FLAG_FORCE].given,
	};
	struct survey survey;
	struct findings findings;
	struct totals totals = { 0 };
	struct voc_error error = { 0 };
	findings_init(&findings, given[FLAG_LIMIT].number, false);
	enum voc_status status = survey_open(&survey, conf, given[FLAG_PARTITION].text, &error);
	if (status == VOC_OK)
		status = rebuild(&survey, &settings, &findings, &totals, &error);
	vocctl_progress_end(&survey.progress);
	if (status == VOC_OK) {
		findings_end(&findings);
		print_totals(&survey, &totals, settings.dry_run);
	} else {
		fprintf(stderr, "vocctl rebuild: %s\n%" PRId64 " partitions were done; it can be run again\n",
		        error.text, totals.outcomes[REBUILD_SWITCHED] + totals.outcomes[REBUILD_EQUAL]);
	}
	findings_free(&findings);
	survey_close(&survey);
	if (status != VOC_OK)
		return status == VOC_INVALID ? VOCCTL_USAGE : VOCCTL_FAILED;
	return totals.outcomes[REBUILD_DIFFERENT] > 0 ? VOCCTL_FAILED : VOCCTL_OK;
}

const struct vocctl_command vocctl_command_rebuild = {
	.name = "rebuild",
	.summary = "Make the aggregates anew from the log, where they differ",
	.description =
	        "Counts every retained record of voc.classified again, one partition after the other, alerts muted, "
	        "and\n"
	        "compares as verify does. A partition that differs is written beside the live one (voc.rebuild:...), "
	        "and\n"
	        "takes its place in one atomic step, at the very offset that Redis stands at. Aggregators may run; "
	        "they\n"
	        "notice and go on from there. In an emptied Redis it goes as far as the aggregators had committed: "
	        "the\n"
	        "alerts of what comes after are theirs to send. It may be interrupted and repeated at any moment.\n"
	        "\n"
	        "For a state of another version stop all aggregators first.\n"
	        "\n"
	        "Exit status: 0 done, 1 failed or (--dry-run) different, 2 wrong usage.\n",
	.flags = flags,
	.flag_count = FLAG_COUNT,
	.run = run,
};
