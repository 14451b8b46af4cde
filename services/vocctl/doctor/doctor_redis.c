/* Redis: whether it answers, keeps what it is given, and holds the state of this release and these topics. */
#include "base/clock.h"
#include "doctor.h"
#include "io/redis/redis_keys.h"
#include "io/redis/redis_query.h"

#include <signal.h>
#include <stdlib.h>

#define CLOCK_WARN_MS 2000
#define CLOCK_FAIL_MS 60000
#define FULL_PERCENT  80
#define HASH_VALUE    2048 /* bytes: longer than nearly every value of a customer's hash */

/* The value of INFO's line "name:value"; empty if there is none. `name` ends with the colon. */
static struct voc_str info_value(struct voc_str info, const char *name)
{
	size_t len = strlen(name);
	for (const char *line = info.ptr; line && line < info.ptr + info.len;) {
		const char *end = memchr(line, '\n', (size_t)(info.ptr + info.len - line));
		size_t left = (size_t)((end ? end : info.ptr + info.len) - line);
		if (left > len && memcmp(line, name, len) == 0)
			return voc_str_of(line + len, left - len - (line[left - 1] == '\r'));
		line = end ? end + 1 : NULL;
	}
	return VOC_STR("");
}

static int64_t info_number(struct voc_str info, const char *name)
{
	int64_t value;
	return voc_str_to_i64(info_value(info, name), &value) ? value : 0;
}

static void judge_info(struct doctor *doctor, struct voc_str info)
{
	struct voc_str policy = info_value(info, "maxmemory_policy:");
	doctor_tell(doctor, DOCTOR_EVICTION, voc_str_is(policy, "noeviction") ? DOCTOR_OK : DOCTOR_FAIL,
	            "maxmemory-policy is %.*s", VOC_STR_ARG(policy));
	bool kept = voc_str_is(info_value(info, "aof_enabled:"), "1");
	bool written = !voc_str_is(info_value(info, "aof_last_write_status:"), "err");
	doctor_tell(doctor, DOCTOR_APPEND_ONLY,
	            kept && written ? DOCTOR_OK
	            : kept          ? DOCTOR_FAIL
	                            : DOCTOR_WARN,
	            "%s",
	            !kept      ? "appendonly is no"
	            : !written ? "the last write to it failed"
	                       : "appendonly is yes");
	int64_t used = info_number(info, "used_memory:"), most = info_number(info, "maxmemory:");
	bool full = most > 0 && used / FULL_PERCENT > most / 100;
	doctor_tell(doctor, DOCTOR_REDIS_MEMORY, full ? DOCTOR_WARN : DOCTOR_OK, "%lld MiB used%s",
	            (long long)(used >> 20), full ? ", more than 80 % of maxmemory" : "");
}

/* CONFIG GET's answer: names and values; Redis 6 calls the listpacks ziplists. Not everybody may ask. */
static void judge_hashes(struct doctor *doctor, const struct voc_redis_reply *reply)
{
	int64_t limit;
	if (reply->type != VOC_REDIS_ARRAY || reply->count < 2 || !voc_str_to_i64(reply->items[1]->str, &limit)) {
		doctor_tell(doctor, DOCTOR_REDIS_HASHES, DOCTOR_UNKNOWN, "CONFIG GET is not allowed here");
		return;
	}
	doctor_tell(doctor, DOCTOR_REDIS_HASHES, limit < HASH_VALUE ? DOCTOR_WARN : DOCTOR_OK, "%.*s is %lld",
	            VOC_STR_ARG(reply->items[0]->str), (long long)limit);
}

/* TIME's answer: seconds and microseconds. The round trip's half is its own error. */
static void judge_clock(struct doctor *doctor, const struct voc_redis_reply *reply, int64_t asked_ms)
{
	int64_t seconds;
	if (reply->type != VOC_REDIS_ARRAY || reply->count != 2 || !voc_str_to_i64(reply->items[0]->str, &seconds))
		return;
	int64_t apart_ms = llabs(seconds * 1000 - asked_ms);
	doctor_tell(doctor, DOCTOR_REDIS_CLOCK,
	            apart_ms > CLOCK_FAIL_MS   ? DOCTOR_FAIL
	            : apart_ms > CLOCK_WARN_MS ? DOCTOR_WARN
	                                       : DOCTOR_OK,
	            "%lld s apart", (long long)(apart_ms / 1000));
}

static void judge_state(struct doctor *doctor, const struct voc_redis_meta *meta)
{
	int32_t partitions = doctor->topics[VOC_TOPIC_CLASSIFIED].partitions;
	if (!meta->present)
		doctor_tell(doctor, DOCTOR_STATE, DOCTOR_WARN, "empty: no aggregator has run on it yet");
	else if (meta->state_version != VOC_REDIS_STATE_VERSION)
		doctor_tell(doctor, DOCTOR_STATE, DOCTOR_FAIL, "of version %lld, and this release's is %d",
		            (long long)meta->state_version, VOC_REDIS_STATE_VERSION);
	else if (partitions > 0 && meta->partitions != partitions)
		doctor_tell(doctor, DOCTOR_STATE, DOCTOR_FAIL, "of %d partitions, and voc.classified has %d",
		            (int)meta->partitions, (int)partitions);
	else
		doctor_tell(doctor, DOCTOR_STATE, DOCTOR_OK, "version %lld, %d partitions",
		            (long long)meta->state_version, (int)meta->partitions);
}

static void question(struct doctor *doctor, struct voc_redis *redis)
{
	struct voc_error error = { 0 };
	struct voc_redis_meta meta;
	voc_redis_begin(redis);
	voc_redis_command(redis, (const char *[]){ "INFO", NULL });
	voc_redis_command(redis, (const char *[]){ "TIME", NULL });
	voc_redis_command(redis, (const char *[]){ "CONFIG", "GET", "hash-max-*-value", NULL });
	int64_t asked_ms = voc_clock_wall_ms();
	enum voc_status status = voc_redis_exchange(redis, &error);
	if (status == VOC_OK)
		status = voc_redis_expect(redis, voc_redis_reply(redis, 0), VOC_REDIS_STRING, &error);
	if (status == VOC_OK) {
		judge_info(doctor, voc_redis_reply(redis, 0)->str);
		judge_clock(doctor, voc_redis_reply(redis, 1), asked_ms);
		judge_hashes(doctor, voc_redis_reply(redis, 2));
		status = voc_redis_query_meta(redis, &meta, &error);
	}
	if (status == VOC_OK)
		judge_state(doctor, &meta);
	doctor_tell(doctor, DOCTOR_REDIS, status == VOC_OK ? DOCTOR_OK : DOCTOR_FAIL, "%s",
	            status == VOC_OK ? "it answers" : error.text);
}

void doctor_look_at_redis(struct doctor *doctor)
{
	struct voc_redis *redis = NULL;
	struct voc_error error = { 0 };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigaction(SIGPIPE, &ignore, NULL); /* a broken connection is an error of the exchange */
	enum voc_status status = voc_redis_new(doctor->conf->redis_url, doctor->conf->redis_timeout_ms, &redis, &error);
	if (status == VOC_OK)
		status = voc_redis_connect(redis, &error);
	if (status == VOC_OK)
		question(doctor, redis);
	else
		doctor_tell(doctor, DOCTOR_REDIS, DOCTOR_FAIL, "%s", error.text);
	voc_redis_free(redis);
}
