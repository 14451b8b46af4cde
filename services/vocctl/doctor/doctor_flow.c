/* What moves: groups and their members, how far behind they are, and what is refused. */
#include "doctor.h"
#include "vocctl/watch/watch_lag.h"

#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#define TIMEOUT_MS         5000
#define GROUPS_MAX         64
#define DEAD_IN_A_THOUSAND 10

static void judge_group(struct doctor *doctor, const char *what, const struct voc_group_look *look)
{
	if (!look)
		doctor_tell(doctor, DOCTOR_GROUPS, DOCTOR_FAIL, "%s has never run", what);
	else if (look->members == 0)
		doctor_tell(doctor, DOCTOR_GROUPS, DOCTOR_FAIL, "%s has no members", look->name);
	else
		doctor_tell(doctor, DOCTOR_GROUPS, DOCTOR_OK, "%s has %d", look->name, look->members);
}

static void look_at_groups(struct doctor *doctor)
{
	static const char *const services[] = { "classifier", "aggregator", "alerter-" };
	struct voc_group_look looks[GROUPS_MAX];
	struct voc_error error = { 0 };
	for (size_t i = 0; i < sizeof services / sizeof *services; i++) {
		char prefix[VOC_TOPIC_NAME_SIZE];
		size_t count;
		snprintf(prefix, sizeof prefix, "%s%s", doctor->conf->group_prefix, services[i]);
		if (voc_admin_group_looks(doctor->admin, prefix, looks, GROUPS_MAX, &count, TIMEOUT_MS, &error) !=
		    VOC_OK) {
			doctor_tell(doctor, DOCTOR_GROUPS, DOCTOR_WARN, "%s", error.text);
			return;
		}
		if (count == 0)
			judge_group(doctor, prefix, NULL);
		for (size_t k = 0; k < count; k++)
			judge_group(doctor, prefix, &looks[k]);
	}
}

struct voc_position *doctor_positions(const struct doctor *doctor, int first, int last, size_t *ret_count)
{
	size_t count = 0;
	for (int topic = first; topic <= last; topic++)
		count += (size_t)doctor->topics[topic].partitions;
	struct voc_position *positions = calloc(count + 1, sizeof *positions);
	*ret_count = 0;
	for (int topic = first; positions && topic <= last; topic++) {
		for (int32_t p = 0; p < doctor->topics[topic].partitions; p++) {
			struct voc_position *position = &positions[(*ret_count)++];
			(void)voc_topic_name(position->topic, doctor->conf->topic_prefix, (enum voc_topic)topic);
			position->partition = p;
		}
	}
	return positions;
}

/* Records that the topics hold now; -1 if Kafka doesn't say. */
static int64_t records_in(const struct doctor *doctor, int first, int last)
{
	size_t count;
	struct voc_position *positions = doctor_positions(doctor, first, last, &count);
	struct voc_watermarks *marks = calloc(count + 1, sizeof *marks);
	int64_t records = -1;
	if (positions && marks && count > 0 &&
	    voc_admin_watermarks(doctor->admin, positions, count, marks, TIMEOUT_MS, NULL) == VOC_OK) {
		records = 0;
		for (size_t i = 0; i < count; i++)
			records += marks[i].high - marks[i].low;
	}
	free(positions);
	free(marks);
	return records;
}

/* `before`: how many there were at first; -1 if Kafka did not say. */
static void judge_dead_letters(struct doctor *doctor, int64_t before)
{
	int64_t dead = records_in(doctor, VOC_TOPIC_DEAD_LETTERS, VOC_TOPIC_DEAD_LETTERS);
	int64_t raw = records_in(doctor, 0, VOC_INPUT_TOPIC_COUNT - 1);
	if (dead < 0 || raw < 0)
		return;
	if (before >= 0 && dead > before)
		doctor_tell(doctor, DOCTOR_DEAD_LETTERS, DOCTOR_WARN, "%lld came within %lld ms: %lld in all",
		            (long long)(dead - before), (long long)doctor->watch_ms, (long long)dead);
	else if (dead * 1000 > raw * DEAD_IN_A_THOUSAND)
		doctor_tell(doctor, DOCTOR_DEAD_LETTERS, DOCTOR_WARN, "%lld beside %lld raw records", (long long)dead,
		            (long long)raw);
	else
		doctor_tell(doctor, DOCTOR_DEAD_LETTERS, DOCTOR_OK, "%lld", (long long)dead);
}

static void judge_lag(struct doctor *doctor, const struct watch_view *before, const struct watch_view *now)
{
	for (size_t i = 0; i < now->group_count; i++) {
		const struct watch_group *group = &now->groups[i];
		int64_t earlier = i < before->group_count ? before->groups[i].lag : group->lag;
		if (group->lag > doctor->lag_limit)
			doctor_tell(doctor, DOCTOR_LAG, DOCTOR_WARN, "%s is %lld records behind%s", group->name,
			            (long long)group->lag,
			            earlier >= 0 && group->lag > earlier ? ", and the lag grows" : "");
		else if (earlier > 0 && group->lag > earlier)
			doctor_tell(doctor, DOCTOR_LAG, DOCTOR_WARN, "%s: the lag grows, from %lld to %lld",
			            group->name, (long long)earlier, (long long)group->lag);
		else if (group->lag >= 0)
			doctor_tell(doctor, DOCTOR_LAG, DOCTOR_OK, "%s %lld", group->name, (long long)group->lag);
	}
}

static void watch(struct doctor *doctor)
{
	struct watch_lag *lag = NULL;
	struct watch_view *views = calloc(2, sizeof *views);
	struct voc_error error = { 0 };
	int64_t dead = records_in(doctor, VOC_TOPIC_DEAD_LETTERS, VOC_TOPIC_DEAD_LETTERS);
	enum voc_status status = views ? watch_lag_open(doctor->conf, doctor->admin, &lag, &error) : VOC_FATAL;
	if (status == VOC_OK)
		status = watch_lag_look(lag, &views[0], &error);
	if (status == VOC_OK) {
		poll(NULL, 0, (int)doctor->watch_ms);
		status = watch_lag_look(lag, &views[1], &error);
	}
	if (status == VOC_OK)
		judge_lag(doctor, &views[0], &views[1]);
	else
		doctor_tell(doctor, DOCTOR_LAG, DOCTOR_WARN, "%s", error.text);
	judge_dead_letters(doctor, dead);
	watch_lag_close(lag);
	free(views);
}

void doctor_look_at_flow(struct doctor *doctor)
{
	if (!doctor->admin)
		return;
	struct doctor_clock clock;
	look_at_groups(doctor);
	doctor_clock_begin(&clock, doctor);
	watch(doctor);
	doctor_clock_end(&clock, doctor);
}
