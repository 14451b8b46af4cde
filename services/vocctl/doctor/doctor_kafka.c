/* Kafka: whether it answers, and whether the topics are as they have to be. */
#include "doctor.h"

#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>

#define TIMEOUT_MS 5000
#define DAY_MS     INT64_C(86400000)

/* The settings that are looked at, of each topic. */
enum { RETENTION, RETENTION_BYTES, CLEANUP, MESSAGE_BYTES, IN_SYNC, TIMESTAMPS, SETTING_COUNT };

#define DEAD_LETTER_BYTES 4194304 /* see topics.c */

/* librdkafka's threads call it: the first complaint is what keeps it from connecting. */
static void on_complaint(void *context, enum voc_reason reason, const char *text)
{
	struct doctor *doctor = context;
	if (atomic_exchange(&doctor->complaining, true))
		return;
	snprintf(doctor->complaint, sizeof doctor->complaint, "%s: %s", voc_reason_name(reason), text);
	doctor->complained = true;
}

void doctor_look_at_kafka(struct doctor *doctor)
{
	struct voc_error error = { 0 };
	const struct voc_kafka_settings settings = {
		.conf = doctor->conf, .client_id = "vocctl", .on_complaint = on_complaint, .context = doctor
	};
	enum voc_status status = voc_admin_open(&settings, &doctor->admin, &error);
	if (status == VOC_OK)
		status = voc_admin_broker_count(doctor->admin, TIMEOUT_MS, &doctor->brokers, &error);
	if (status == VOC_OK) {
		doctor_tell(doctor, DOCTOR_KAFKA, DOCTOR_OK, "%d brokers", (int)doctor->brokers);
		return;
	}
	doctor_tell(doctor, DOCTOR_KAFKA, DOCTOR_FAIL, "%s%s%s", error.text, doctor->complained ? ": " : "",
	            doctor->complained ? doctor->complaint : "");
	voc_admin_free(doctor->admin);
	doctor->admin = NULL;
}

static int64_t number(const struct voc_topic_setting *setting, int64_t otherwise)
{
	int64_t value;
	return voc_str_to_i64(voc_str_from(setting->value), &value) ? value : otherwise;
}

/* Events, or what is made of them: not what is meant to keep the newest of each key. */
static bool holds_events(enum voc_topic topic)
{
	return topic != VOC_TOPIC_CORRECTIONS && topic != VOC_TOPIC_PROFILES;
}

static void judge_retention(struct doctor *doctor, enum voc_topic topic, const char *name,
                            const struct voc_topic_setting *settings)
{
	int64_t least_ms = topic == VOC_TOPIC_CLASSIFIED     ? 365 * DAY_MS
	                   : topic == VOC_TOPIC_DEAD_LETTERS ? 7 * DAY_MS
	                                                     : DAY_MS;
	int64_t kept_ms = number(&settings[RETENTION], -1), kept_bytes = number(&settings[RETENTION_BYTES], -1);
	if (!holds_events(topic) || !voc_str_is(voc_str_from(settings[CLEANUP].value), "delete"))
		return;
	if (kept_ms >= 0 && kept_ms < least_ms)
		doctor_tell(doctor, DOCTOR_RETENTION, DOCTOR_WARN, "%s keeps its records for %lld hours only", name,
		            (long long)(kept_ms / 3600000));
	else if (kept_bytes >= 0)
		doctor_tell(doctor, DOCTOR_RETENTION, DOCTOR_WARN, "%s keeps %lld bytes a partition only", name,
		            (long long)kept_bytes);
}

static void judge_sizes(struct doctor *doctor, enum voc_topic topic, const char *name,
                        const struct voc_topic_setting *settings, int64_t *raw_bytes)
{
	int64_t bytes = number(&settings[MESSAGE_BYTES], 0);
	if ((int)topic < VOC_INPUT_TOPIC_COUNT && bytes > *raw_bytes)
		*raw_bytes = bytes;
	int64_t least = topic == VOC_TOPIC_DEAD_LETTERS ? DEAD_LETTER_BYTES
	                : topic == VOC_TOPIC_CLASSIFIED ? *raw_bytes
	                                                : 0;
	if (bytes < least)
		doctor_tell(doctor, DOCTOR_MESSAGE_SIZE, DOCTOR_FAIL, "%s takes %lld bytes, and may get %lld", name,
		            (long long)bytes, (long long)least);
}

static void judge_policies(struct doctor *doctor, enum voc_topic topic, const char *name,
                           const struct voc_topic_setting *settings)
{
	doctor->stamped_on_arrival[topic] = strcmp(settings[TIMESTAMPS].value, "LogAppendTime") == 0;
	bool by_arrival = (int)topic < VOC_INPUT_TOPIC_COUNT || topic == VOC_TOPIC_ALERTS;
	if (holds_events(topic) && strstr(settings[CLEANUP].value, "compact"))
		doctor_tell(doctor, DOCTOR_CLEANUP, DOCTOR_FAIL, "%s is compacted", name);
	if (by_arrival && !doctor->stamped_on_arrival[topic])
		doctor_tell(doctor, DOCTOR_TIMESTAMPS, DOCTOR_WARN, "%s has %s", name, settings[TIMESTAMPS].value);
}

static void judge_replicas(struct doctor *doctor, const char *name, const struct voc_topic_look *look,
                           const struct voc_topic_setting *settings)
{
	int64_t in_sync = number(&settings[IN_SYNC], 1);
	int wanted = doctor->brokers < 3 ? (int)doctor->brokers : 3;
	if (look->replicas_least < wanted || wanted == 1)
		doctor_tell(doctor, DOCTOR_REPLICATION, DOCTOR_WARN, "%s has %d on %d brokers", name,
		            (int)look->replicas_least, (int)doctor->brokers);
	else if (look->short_of_replicas > 0)
		doctor_tell(doctor, DOCTOR_REPLICATION, DOCTOR_WARN, "%s: %d partitions lack a replica now", name,
		            (int)look->short_of_replicas);
	if (in_sync > look->replicas_least)
		doctor_tell(doctor, DOCTOR_IN_SYNC, DOCTOR_FAIL, "%s wants %lld of %d replicas: nothing can be written",
		            name, (long long)in_sync, (int)look->replicas_least);
	else if (look->replicas_least > 1 && in_sync != look->replicas_least - 1)
		doctor_tell(doctor, DOCTOR_IN_SYNC, DOCTOR_WARN, "%s: %lld of %d replicas", name, (long long)in_sync,
		            (int)look->replicas_least);
}

/* False if Kafka does not tell. */
static bool look_at_settings(struct doctor *doctor, enum voc_topic topic, const char *name, int64_t *raw_bytes)
{
	struct voc_error error = { 0 };
	struct voc_topic_setting settings[SETTING_COUNT] = {
		[RETENTION] = { .name = "retention.ms" },      [RETENTION_BYTES] = { .name = "retention.bytes" },
		[CLEANUP] = { .name = "cleanup.policy" },      [MESSAGE_BYTES] = { .name = "max.message.bytes" },
		[IN_SYNC] = { .name = "min.insync.replicas" }, [TIMESTAMPS] = { .name = "message.timestamp.type" },
	};
	if (voc_admin_topic_settings(doctor->admin, name, settings, SETTING_COUNT, TIMEOUT_MS, &error) != VOC_OK) {
		doctor_tell(doctor, DOCTOR_RETENTION, DOCTOR_WARN, "%s: %s", name, error.text);
		return false;
	}
	judge_retention(doctor, topic, name, settings);
	judge_sizes(doctor, topic, name, settings, raw_bytes);
	judge_policies(doctor, topic, name, settings);
	judge_replicas(doctor, name, &doctor->topics[topic], settings);
	return true;
}

/* Of each check that told nothing worse. */
static void tell_the_rest(struct doctor *doctor, int told)
{
	static const enum doctor_check all[] = { DOCTOR_TOPICS,       DOCTOR_REPLICATION, DOCTOR_IN_SYNC,
		                                 DOCTOR_MESSAGE_SIZE, DOCTOR_RETENTION,   DOCTOR_CLEANUP,
		                                 DOCTOR_TIMESTAMPS };
	for (size_t i = 0; i < sizeof all / sizeof *all; i++)
		doctor_tell(doctor, all[i], DOCTOR_OK, "%d of %d topics looked at", told, VOC_TOPIC_COUNT);
}

static void compare_partitions(struct doctor *doctor)
{
	int32_t first = doctor->topics[0].partitions;
	for (int topic = 0; topic < VOC_INPUT_TOPIC_COUNT; topic++) {
		int32_t count = doctor->topics[topic].partitions;
		if (count > 0 && first > 0 && count != first)
			doctor_tell(doctor, DOCTOR_PARTITIONS, DOCTOR_FAIL, "%s has %d, %s has %d",
			            voc_topic_suffix((enum voc_topic)topic), (int)count, voc_topic_suffix(0),
			            (int)first);
	}
	if (first > 0)
		doctor_tell(doctor, DOCTOR_PARTITIONS, DOCTOR_OK, "%d", (int)first);
}

void doctor_look_at_topics(struct doctor *doctor)
{
	int64_t raw_bytes = 0;
	int told = 0;
	for (int topic = 0; doctor->admin && topic < VOC_TOPIC_COUNT; topic++) {
		char name[VOC_TOPIC_NAME_SIZE];
		struct voc_error error = { 0 };
		struct voc_topic_look *look = &doctor->topics[topic];
		(void)voc_topic_name(name, doctor->conf->topic_prefix, (enum voc_topic)topic);
		if (voc_admin_topic_look(doctor->admin, name, TIMEOUT_MS, look, &error) != VOC_OK) {
			doctor_tell(doctor, DOCTOR_TOPICS, DOCTOR_FAIL, "%s", error.text);
			return;
		}
		if (look->partitions == 0)
			doctor_tell(doctor, DOCTOR_TOPICS, DOCTOR_FAIL, "%s is missing", name);
		else if (look->without_leader > 0)
			doctor_tell(doctor, DOCTOR_TOPICS, DOCTOR_FAIL, "%s: %d partitions have no leader", name,
			            (int)look->without_leader);
		if (look->partitions > 0)
			told += look_at_settings(doctor, (enum voc_topic)topic, name, &raw_bytes);
	}
	if (!doctor->admin)
		return;
	compare_partitions(doctor);
	if (told > 0)
		tell_the_rest(doctor, told);
}
