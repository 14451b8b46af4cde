/*
 * vocctl doctor: looks at everything that a run depends on, and says of each thing whether it is well, why it matters
 * and what to do.
 *
 * One table of checks, from which the output, the help and docs/DOCTOR.md derive. Each doctor_look_* looks at one kind
 * of thing and tells doctor_tell; what it could not look at stays unknown. Nothing is changed anywhere. One thread.
 */
#ifndef VOC_VOCCTL_DOCTOR_H
#define VOC_VOCCTL_DOCTOR_H

#include "conf/conf.h"
#include "io/kafka/kafka_describe.h"
#include "io/redis/redis.h"

/* clang-format off */
/* X(symbol, id, what is well, why it matters, what to do) */
#define DOCTOR_CHECKS(X) \
	X(DOCTOR_RULES, "rules_file", "the risk rules can be read", \
	  "voc-aggregator does not start without them", "mend the file at the place that is named (voc-aggregator --check tells the same)") \
	X(DOCTOR_MODEL, "classifier_files", "model and phrase rules, the shadow's too, can be read, and their examples pass", \
	  "voc-classifier does not start without them", "put back the files that came with the release, or mend the line that is named") \
	X(DOCTOR_WEBHOOKS, "webhooks_file", "the webhook endpoints can be read", \
	  "voc-alerter does not start without them", "mend the file at the place that is named (voc-alerter --check tells the same)") \
	X(DOCTOR_ADDRESSES, "webhook_addresses", "webhooks go to public addresses", \
	  "what is private is refused at every try, and the alerts end in voc.dlq", "another URL, or VOC_ALLOW_PRIVATE=yes if that is meant") \
	X(DOCTOR_SECRETS, "secret_files", "files with secrets are readable by their owner only", \
	  "any local user could sign alerts or log in", "chmod 0400, owned by the service's user") \
	X(DOCTOR_KAFKA, "kafka", "Kafka answers", \
	  "nothing moves without it", "check VOC_KAFKA_BOOTSTRAP, the network, and the login (VOC_KAFKA_SECURITY_PROTOCOL, VOC_KAFKA_SASL_...)") \
	X(DOCTOR_TOPICS, "topics", "all topics are there, and have leaders", \
	  "services wait until they are", "vocctl topics create") \
	X(DOCTOR_PARTITIONS, "partitions", "the topics that voc-classifier reads have the same number of partitions", \
	  "one member must own the same partition of each, or events are not taken in the order of time", "make the odd one anew with the others' number") \
	X(DOCTOR_REPLICATION, "replication", "topics have three replicas, or as many as there are brokers", \
	  "a broker's disk that dies takes the log with it", "VOC_REPLICATION=3 before topics are made; kafka-reassign-partitions.sh afterwards") \
	X(DOCTOR_IN_SYNC, "min_insync_replicas", "min.insync.replicas is one less than the replicas", \
	  "at 1 an acknowledged record can be lost with one broker; at the number of replicas one broker's restart stops all writing", \
	  "min.insync.replicas=2 for three replicas") \
	X(DOCTOR_MESSAGE_SIZE, "message_size", "topics take records as large as the services make them", \
	  "a record that Kafka refuses stops the service that sends it", "max.message.bytes of voc.dlq 4194304 or more, of voc.classified no less than the raw topics'") \
	X(DOCTOR_RETENTION, "retention", "records are kept for as long as they are needed", \
	  "records that expire unread are lost; without voc.classified an emptied Redis can't be rebuilt", \
	  "retention.ms=-1 (or longer than the oldest backup of Redis) for voc.classified, days for the others") \
	X(DOCTOR_CLEANUP, "cleanup_policy", "no topic of events is compacted", \
	  "compaction keeps one event a customer, and drops the others", "cleanup.policy=delete") \
	X(DOCTOR_TIMESTAMPS, "timestamps", "topics count time from a record's arrival", \
	  "by a sender's timestamp an old event may be deleted before it is read", "message.timestamp.type=LogAppendTime for the raw topics and voc.alerts") \
	X(DOCTOR_KAFKA_CLOCK, "kafka_clock", "Kafka's clock and this one agree", \
	  "decay, rollups and latencies go by these clocks", "NTP or chrony on every host") \
	X(DOCTOR_GROUPS, "groups", "every consumer group has members", \
	  "a stage without members does nothing, and its records wait", "start the service; if it runs: its log, and VOC_GROUP_PREFIX") \
	X(DOCTOR_LAG, "lag", "no group is far behind, or falls further behind", \
	  "customers at risk are told of late", "docs/RUNBOOK.md#voclaggrowing") \
	X(DOCTOR_DEAD_LETTERS, "dead_letters", "next to nothing is refused", \
	  "what is refused is in nobody's aggregates", "vocctl dlq list; docs/RUNBOOK.md#vocdeadletters") \
	X(DOCTOR_REDIS, "redis", "Redis answers", \
	  "aggregates stand in it", "check VOC_REDIS_URL, its user and password, and the network") \
	X(DOCTOR_EVICTION, "redis_eviction", "Redis evicts nothing", \
	  "an evicted customer is a silent loss; voc-aggregator refuses to start", "maxmemory-policy noeviction, on every server that may become a master") \
	X(DOCTOR_APPEND_ONLY, "redis_append_only", "Redis keeps an append-only file, and can write it", \
	  "a restart goes back to the last snapshot, and all since is read again from the log", "appendonly yes, appendfsync everysec; room on the disk") \
	X(DOCTOR_REDIS_MEMORY, "redis_memory", "Redis has room", \
	  "a full Redis refuses writes, and the aggregators wait", "raise maxmemory, or shorten VOC_ROLLUP_RETENTION") \
	X(DOCTOR_REDIS_HASHES, "redis_hashes", "Redis keeps customers in small hashes", \
	  "with a shorter limit one long value makes a table of a customer's hash, of twice the size", "hash-max-listpack-value 2048, on every server") \
	X(DOCTOR_REDIS_CLOCK, "redis_clock", "Redis' clock and this one agree", \
	  "rollups expire by Redis' clock", "NTP or chrony on both hosts") \
	X(DOCTOR_STATE, "redis_state", "the aggregates are of this release and of these topics", \
	  "voc-aggregator refuses to start on another version's, or another partition count's", "docs/OPERATIONS.md, 'A service refuses to start'")
/* clang-format on */

#define X(symbol, ...) symbol,
enum doctor_check { DOCTOR_CHECKS(X) DOCTOR_CHECK_COUNT };
#undef X

/* From good to bad. */
enum doctor_verdict { DOCTOR_UNKNOWN, DOCTOR_OK, DOCTOR_WARN, DOCTOR_FAIL, DOCTOR_VERDICT_COUNT };

#define DOCTOR_FOUND_SIZE 512

struct doctor_result {
	enum doctor_verdict verdict;
	char found[DOCTOR_FOUND_SIZE];
};

struct doctor {
	const struct voc_conf *conf;
	char *const *environment;
	int64_t lag_limit, watch_ms; /* records; between the two looks at lag and dead letters */
	struct voc_admin *admin;     /* NULL: Kafka is out of reach */
	int32_t brokers;
	struct voc_topic_look topics[VOC_TOPIC_COUNT];
	bool stamped_on_arrival[VOC_TOPIC_COUNT]; /* LogAppendTime: by the broker's clock */
	char complaint[DOCTOR_FOUND_SIZE];        /* librdkafka's first; there once `complained` says so */
	_Atomic bool complaining, complained;     /* one of librdkafka's threads writes it; it is written */
	struct doctor_result results[DOCTOR_CHECK_COUNT];
};

/* The worst verdict stays; of those like it the first text, and others' behind it while there is room. */
void doctor_tell(struct doctor *doctor, enum doctor_check check, enum doctor_verdict verdict, const char *format, ...)
        __attribute__((format(printf, 4, 5)));

/* Every partition of these topics, topic by topic; the caller frees. NULL when memory runs out. */
struct voc_position *doctor_positions(const struct doctor *doctor, int first, int last, size_t *ret_count);

/*
 * Kafka's clock. Nothing is written to learn it: a record of a later time than now was stamped by a clock that is
 * ahead, and one that came while we watched, with a stamp from long before, by a clock that is behind. So begin, watch,
 * end.
 */
struct doctor_clock {
	int64_t began_ms;
	struct voc_position *positions; /* of the topics that are stamped on arrival */
	struct voc_watermarks *marks;
	size_t count;
};

void doctor_clock_begin(struct doctor_clock *clock, const struct doctor *doctor);
/* Tells what was seen. Frees what `begin` took. */
void doctor_clock_end(struct doctor_clock *clock, struct doctor *doctor);

/* Appends docs/DOCTOR.md. */
void doctor_markdown(struct voc_buf *buf);

void doctor_look_at_files(struct doctor *doctor);
/* Opens doctor->admin; the two after it do nothing without. */
void doctor_look_at_kafka(struct doctor *doctor);
void doctor_look_at_topics(struct doctor *doctor);
void doctor_look_at_flow(struct doctor *doctor);
void doctor_look_at_redis(struct doctor *doctor);

#endif
