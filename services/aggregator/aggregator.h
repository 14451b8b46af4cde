/*
 * The aggregator: voc.classified in, customers' state in Redis and alerts on voc.alerts out, each record exactly once
 * (ARCHITECTURE.md says how). One thread.
 *
 *   aggregator.c  opens everything, the loop, the stop
 *   settle.c      where each partition stands: assignment, positions in Redis, seeks, a Redis that is away
 *   standing.c    what /readyz and the watchdog are told, what failed, and when it is tried again
 *   batch.c       one batch from gathered records to the atomic step
 *   rules.c       rules to the log and from it
 *   due.c         what has fallen due, to the log
 *   publish.c     alerts, dead letters and rules, and the wait for their acknowledgement
 *
 * The pure part is core/aggregate/aggregate_step.h.
 */
#ifndef VOC_AGGREGATOR_AGGREGATOR_H
#define VOC_AGGREGATOR_AGGREGATOR_H

#include "core/aggregate/aggregate_step.h"
#include "core/aggregate/due_record.h"
#include "core/customer/customer_cache.h"
#include "core/record/topic.h"
#include "io/kafka/kafka_admin.h"
#include "io/kafka/kafka_consumer.h"
#include "io/kafka/kafka_producer.h"
#include "io/redis/redis_store.h"
#include "io/service/runtime.h"
#include "place.h"

/* Bytes of values that a batch is closed at, however few its records: decoded, applied and as commands for Redis they
 * are held several times over. */
#define BATCH_MAX_BYTES ((size_t)1024 * 1024)
/* Records of one partition in a batch: a step is one Redis command, and that has a most number of arguments. */
#define BATCH_MAX_RECORDS 5000
/* Between two tries of what failed. */
#define VOC_AGG_BACKOFF_LONGEST_MS 2000

struct voc_agg {
	struct voc_runtime *runtime;
	const struct voc_conf *conf;
	struct voc_rule_book *book;
	const struct voc_rule_set *rules; /* as configured; held. In force are those of each partition's state */
	char topic[VOC_TOPIC_NAME_SIZE], alerts_topic[VOC_TOPIC_NAME_SIZE], dlq_topic[VOC_TOPIC_NAME_SIZE];
	struct voc_admin *admin;
	struct voc_consumer *consumer; /* NULL until Kafka and Redis were reached once */
	struct voc_producer *producer;
	struct voc_store *store;
	struct voc_customer_cache *cache;
	struct voc_rollup *rollup;
	struct voc_arena *scratch; /* of one record that is looked at and not kept */

	struct voc_watchdog *watchdog; /* the health's */

	struct voc_agg_place *partitions; /* by number */
	struct voc_watch *watches;        /* room for one each */
	int32_t partition_count;          /* 0 until Kafka told it */

	/* The batch. */
	struct voc_agg_step *step;
	struct voc_message *messages; /* one for each of the step's records */
	size_t batch_max, batch_bytes;
	size_t batch_was; /* records of the one before */

	/* Retrying whatever settle.c or the start could not do. */
	enum voc_reason failing; /* NONE: all is well */
	int64_t retry_ms;        /* voc_clock_ms of the next try */
	int64_t failures;        /* in a row */
	int64_t failed_ms;       /* voc_clock_ms of the last one */
	bool warned;             /* that Redis keeps no append-only file */

	int64_t next_due_ms;  /* of the next look for what has fallen due */
	int64_t next_tick_ms; /* of the regular chores */
};

/* aggregator.c: VOC_OK after a clean stop. */
enum voc_status voc_agg_run(struct voc_runtime *runtime, const struct voc_conf *conf, struct voc_error *error);
/* Reads what the configuration names; no network. */
enum voc_status voc_agg_check(const struct voc_conf *conf, struct voc_error *error);

/* settle.c */
/* Callbacks of the consumer; `owner` is the aggregator. */
enum voc_status voc_agg_assigned(void *owner, struct voc_consumer *consumer, struct voc_position *positions,
                                 size_t count, struct voc_error *error);
void voc_agg_revoked(void *owner, struct voc_consumer *consumer, bool lost);
/* VOC_FATAL if the topic has another partition count than at first; VOC_RETRY if Kafka can't say, or it has none yet.
 */
VOC_MUST_CHECK enum voc_status voc_agg_count_partitions(struct voc_agg *agg, struct voc_error *error);
/* Connects where needed, reads the due positions, tells Kafka where to read on. VOC_RETRY failures are taken in: the
 * next call after retry_ms tries again. VOC_OK or VOC_FATAL. */
VOC_MUST_CHECK enum voc_status voc_agg_settle(struct voc_agg *agg, struct voc_error *error);
/* VOC_RETRY once a stop was asked for: nothing that may wait is begun any more. */
VOC_MUST_CHECK enum voc_status voc_agg_go_on(struct voc_agg *agg, struct voc_error *error);
/* Redis failed in the middle of a batch: nothing is known of any partition until its position is read again. */
void voc_agg_suspect_all(struct voc_agg *agg);
/* Marks idle partitions whose position is to be looked at again. */
void voc_agg_mark_idle(struct voc_agg *agg);

/* standing.c */
/* Something failed that time may mend: logs it, sets readiness, and when to try again. */
void voc_agg_failed(struct voc_agg *agg, const struct voc_error *error);
void voc_agg_recovered(struct voc_agg *agg);
/* What /readyz says about Kafka, Redis and the group. */
void voc_agg_show_health(struct voc_agg *agg);

/* batch.c */
/* Takes what is there, at most a batch; where the last one was no small one, waits VOC_BATCH_WAIT for more. VOC_OK or
 * VOC_FATAL. */
VOC_MUST_CHECK enum voc_status voc_agg_gather(struct voc_agg *agg, struct voc_error *error);
/* Brings the gathered batch to its end. VOC_OK also if it was given up and will be read again; else VOC_FATAL. */
VOC_MUST_CHECK enum voc_status voc_agg_process(struct voc_agg *agg, struct voc_error *error);
/* Forgets what was gathered and not begun. */
void voc_agg_drop(struct voc_agg *agg);

/* rules.c */
/* A rules file; the set is held. */
VOC_MUST_CHECK enum voc_status voc_agg_read_rules(const struct voc_conf *conf, struct voc_rule_book *book,
                                                  const struct voc_rule_set **ret_set, struct voc_error *error);
/* A record of a partition that is scanned for its first rules. VOC_OK or VOC_FATAL. */
VOC_MUST_CHECK enum voc_status voc_agg_scan(struct voc_agg *agg, int32_t number,
                                            const struct voc_aggregate_input *input, struct voc_error *error);
/* Sends this member's rules to the partitions that are under others, or whose log names none. VOC_OK or VOC_FATAL. */
VOC_MUST_CHECK enum voc_status voc_agg_write_rules(struct voc_agg *agg, struct voc_error *error);

/* due.c */
/*
 * Writes to the log what the clock on the wall has passed. VOC_OK, also if Redis is away: the next look will find it;
 * or VOC_FATAL.
 */
VOC_MUST_CHECK enum voc_status voc_agg_write_due(struct voc_agg *agg, struct voc_error *error);

/* publish.c: each VOC_OK, VOC_RETRY if the stop's time ran out, or VOC_FATAL. */
VOC_MUST_CHECK enum voc_status voc_agg_publish_alerts(struct voc_agg *agg, int32_t partition, struct voc_error *error);
VOC_MUST_CHECK enum voc_status voc_agg_publish_rules(struct voc_agg *agg, int32_t partition, struct voc_error *error);
VOC_MUST_CHECK enum voc_status voc_agg_publish_due(struct voc_agg *agg, int32_t partition, const struct voc_due *due,
                                                   struct voc_error *error);
VOC_MUST_CHECK enum voc_status voc_agg_publish_dead_letters(struct voc_agg *agg, struct voc_error *error);
VOC_MUST_CHECK enum voc_status voc_agg_publish_wait(struct voc_agg *agg, struct voc_error *error);

#endif
