#include "watch_lag.h"

#include "base/clock.h"
#include "core/record/topic.h"

#include <stdio.h>
#include <stdlib.h>

#define TIMEOUT_MS      5000
#define LIST_TIMEOUT_MS 1000
#define LIST_EVERY_MS   10000

/* The topics that somebody reads, in the order of their partitions below. */
#define TOPICS (VOC_TOPIC_ALERTS + 1)

struct watch_lag {
	const struct voc_conf *conf;
	struct voc_admin *admin;
	struct voc_position *positions; /* owned, as the next two: of all topics, topic by topic */
	struct voc_position *committed; /* room for a group's answer */
	struct voc_watermarks *watermarks;
	size_t first[TOPICS + 1]; /* where each topic's partitions begin */
	struct voc_group_name groups[WATCH_GROUPS_MAX];
	size_t group_count;
	int64_t list_again_ms;
	int64_t classified, looked_ms; /* sum of ends at the last look; 0: there was none */
};

static enum voc_status count_partitions(struct watch_lag *lag, struct voc_error *error)
{
	char name[VOC_TOPIC_NAME_SIZE];
	for (int topic = 0; topic < TOPICS; topic++) {
		int32_t partitions = 0;
		if (!voc_topic_name(name, lag->conf->topic_prefix, (enum voc_topic)topic))
			return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "the topic prefix is too long");
		enum voc_status status = voc_admin_partition_count(lag->admin, name, TIMEOUT_MS, &partitions, error);
		if (status != VOC_OK)
			return status;
		lag->first[topic + 1] = lag->first[topic] + (size_t)partitions;
	}
	return VOC_OK;
}

static bool make_positions(struct watch_lag *lag)
{
	size_t count = lag->first[TOPICS];
	lag->positions = calloc(count + 1, sizeof *lag->positions);
	lag->committed = calloc(count + 1, sizeof *lag->committed);
	lag->watermarks = calloc(count + 1, sizeof *lag->watermarks);
	if (lag->positions == NULL || lag->committed == NULL || lag->watermarks == NULL)
		return false;
	for (int topic = 0; topic < TOPICS; topic++) {
		for (size_t i = lag->first[topic]; i < lag->first[topic + 1]; i++) {
			voc_topic_name(lag->positions[i].topic, lag->conf->topic_prefix, (enum voc_topic)topic);
			lag->positions[i].partition = (int32_t)(i - lag->first[topic]);
		}
	}
	return true;
}

enum voc_status watch_lag_open(const struct voc_conf *conf, struct voc_admin *admin, struct watch_lag **ret_lag,
                               struct voc_error *error)
{
	struct watch_lag *lag = calloc(1, sizeof *lag);
	enum voc_status status = VOC_FATAL;
	if (lag != NULL) {
		lag->conf = conf;
		lag->admin = admin;
		status = count_partitions(lag, error);
	}
	if (status == VOC_OK && !make_positions(lag))
		status = VOC_FATAL;
	if (status == VOC_OK)
		*ret_lag = lag;
	else
		watch_lag_close(lag);
	return status == VOC_OK ? VOC_OK : voc_error_set(error, status, VOC_REASON_OUT_OF_MEMORY, -1, "out of memory");
}

void watch_lag_close(struct watch_lag *lag)
{
	if (lag == NULL)
		return;
	free(lag->positions);
	free(lag->committed);
	free(lag->watermarks);
	free(lag);
}

static void add_group(struct watch_lag *lag, const char *suffix)
{
	struct voc_group_name *group = &lag->groups[lag->group_count++];
	snprintf(group->text, sizeof group->text, "%s%s", lag->conf->group_prefix, suffix);
}

/* The alerter has a group for each endpoint; where Kafka can't list them, the other two still are known. */
static void find_groups(struct watch_lag *lag)
{
	int64_t now_ms = voc_clock_ms();
	char prefix[VOC_TOPIC_NAME_SIZE];
	size_t found = 0;
	if (now_ms < lag->list_again_ms)
		return;
	lag->list_again_ms = now_ms + LIST_EVERY_MS;
	lag->group_count = 0;
	add_group(lag, "classifier");
	add_group(lag, "aggregator");
	snprintf(prefix, sizeof prefix, "%salerter-", lag->conf->group_prefix);
	if (voc_admin_groups(lag->admin, prefix, lag->groups + lag->group_count, WATCH_GROUPS_MAX - lag->group_count,
	                     &found, LIST_TIMEOUT_MS, NULL) == VOC_OK)
		lag->group_count += found;
}

/* Which topics the index-th group reads: first to last. The classifier's are the raw ones and the facts'. */
static void group_topics(size_t index, int *ret_first, int *ret_last)
{
	*ret_first = index == 0 ? VOC_TOPIC_CALLS : index == 1 ? VOC_TOPIC_CLASSIFIED : VOC_TOPIC_ALERTS;
	*ret_last = index == 0 ? VOC_INPUT_TOPIC_COUNT - 1 : *ret_first;
}

static int64_t group_lag(struct watch_lag *lag, size_t index)
{
	int first_topic, last_topic;
	group_topics(index, &first_topic, &last_topic);
	size_t first = lag->first[first_topic], count = lag->first[last_topic + 1] - first;
	memcpy(lag->committed, lag->positions + first, count * sizeof *lag->committed);
	if (voc_admin_committed(lag->admin, lag->groups[index].text, lag->committed, count, TIMEOUT_MS, NULL) != VOC_OK)
		return -1;
	int64_t records = 0;
	for (size_t i = 0; i < count; i++) {
		struct voc_watermarks marks = lag->watermarks[first + i];
		int64_t at = lag->committed[i].offset > marks.low ? lag->committed[i].offset : marks.low;
		records += marks.high > at ? marks.high - at : 0;
	}
	return records;
}

static void note_rate(struct watch_lag *lag, struct watch_view *view)
{
	int64_t ends = 0, now_ms = voc_clock_ms();
	view->events = 0;
	for (size_t i = lag->first[VOC_TOPIC_CLASSIFIED]; i < lag->first[VOC_TOPIC_CLASSIFIED + 1]; i++) {
		ends += lag->watermarks[i].high;
		view->events += lag->watermarks[i].high - lag->watermarks[i].low;
	}
	if (lag->looked_ms > 0 && now_ms > lag->looked_ms) {
		size_t kept = view->rate_count < WATCH_LOOKS ? view->rate_count : WATCH_LOOKS - 1;
		memmove(view->rates + 1, view->rates, kept * sizeof *view->rates);
		/* a topic that was made anew begins at 0 again: nothing is known of its rate before the next look */
		int64_t came = ends > lag->classified ? ends - lag->classified : 0;
		view->rates[0] = came * 1000000 / (now_ms - lag->looked_ms);
		view->rate_count = kept + 1;
	}
	lag->classified = ends;
	lag->looked_ms = now_ms;
}

enum voc_status watch_lag_look(struct watch_lag *lag, struct watch_view *view, struct voc_error *error)
{
	size_t count = lag->first[TOPICS];
	enum voc_status status = count == 0 ? VOC_OK
	                                    : voc_admin_watermarks(lag->admin, lag->positions, count, lag->watermarks,
	                                                           TIMEOUT_MS, error);
	if (status != VOC_OK)
		return status;
	note_rate(lag, view);
	find_groups(lag);
	view->group_count = lag->group_count;
	for (size_t i = 0; i < lag->group_count; i++) {
		voc_str_copy(view->groups[i].name, sizeof view->groups[i].name, voc_str_from(lag->groups[i].text));
		view->groups[i].lag = group_lag(lag, i);
	}
	return VOC_OK;
}
