#include "aggregator.h"

#include "base/clock.h"
#include "io/service/metrics.h"

#include <stdio.h>
#include <stdlib.h>

#define TICK_MS           500
#define LINGER_MS         1
#define EXPECT_MS         1000 /* for Kafka to tell of a topic */
#define SCRATCH_MAX_BYTES ((size_t)4 * 1024 * 1024)
/*
 * An idempotent producer of librdkafka sends nothing to a partition with five records or more in flight, and asks all
 * partitions without a pause meanwhile: a batch's alerts of one partition are to be one request, as large as a topic of
 * default settings takes.
 */
#define ALERTS_BYTES 1000000
/* Of the cache, for each of VOC_CACHE_CUSTOMERS: one with troubles and contributions takes several times as much. */
#define CACHE_CUSTOMER_BYTES 512

static enum voc_status no_memory(struct voc_error *error)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory to start");
}

enum voc_status voc_agg_check(const struct voc_conf *conf, struct voc_error *error)
{
	struct voc_rule_book *book = voc_rule_book_new();
	const struct voc_rule_set *rules = NULL;
	struct voc_store *store = NULL;
	if (!book)
		return no_memory(error);
	enum voc_status status = voc_agg_read_rules(conf, book, &rules, error);
	if (status == VOC_OK)
		status = voc_store_new(conf->redis_url, conf->redis_timeout_ms, &store, error);
	voc_store_free(store);
	voc_rule_set_release(rules);
	voc_rule_book_free(book);
	return status;
}

static enum voc_status open_kafka(struct voc_agg *agg, struct voc_error *error)
{
	struct voc_kafka_settings kafka = { .conf = agg->conf,
		                            .client_id = "voc-aggregator",
		                            .on_complaint = voc_runtime_complain };
	struct voc_producer_settings producer = { .kafka = kafka, .linger_ms = LINGER_MS, .batch_bytes = ALERTS_BYTES };
	const char *prefix = agg->conf->topic_prefix;
	if (!voc_topic_name(agg->topic, prefix, VOC_TOPIC_CLASSIFIED) ||
	    !voc_topic_name(agg->alerts_topic, prefix, VOC_TOPIC_ALERTS) ||
	    !voc_topic_name(agg->dlq_topic, prefix, VOC_TOPIC_DEAD_LETTERS))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "VOC_TOPIC_PREFIX is too long");
	enum voc_status status = voc_admin_open(&kafka, &agg->admin, error);
	return status == VOC_OK ? voc_producer_open(&producer, &agg->producer, error) : status;
}

/* Everything that needs no answer from anybody. */
static enum voc_status open_parts(struct voc_agg *agg, struct voc_error *error)
{
	const struct voc_conf *conf = agg->conf;
	size_t customers = (size_t)conf->cache_customers;
	agg->batch_max = conf->batch_records < BATCH_MAX_RECORDS ? (size_t)conf->batch_records : BATCH_MAX_RECORDS;
	agg->cache = voc_customer_cache_new(customers, customers * CACHE_CUSTOMER_BYTES);
	agg->rollup = voc_rollup_new(agg->batch_max);
	agg->messages = calloc(agg->batch_max, sizeof *agg->messages);
	agg->book = voc_rule_book_new();
	agg->scratch = voc_arena_new(SCRATCH_MAX_BYTES);
	if (!agg->cache || !agg->rollup || !agg->messages || !agg->book || !agg->scratch)
		return no_memory(error);
	enum voc_status status = voc_agg_read_rules(conf, agg->book, &agg->rules, error);
	if (status == VOC_OK)
		status = voc_store_new(conf->redis_url, conf->redis_timeout_ms, &agg->store, error);
	if (status != VOC_OK)
		return status;
	voc_store_stop_on(agg->store, voc_runtime_fd(agg->runtime));
	return open_kafka(agg, error);
}

/* What is not there yet is left alone: where brokers make topics by themselves, asking would make it. */
static void expect_topics(struct voc_agg *agg)
{
	const char *names[] = { agg->topic, agg->alerts_topic, agg->dlq_topic };
	for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
		int32_t count = 0;
		if (voc_admin_partition_count(agg->admin, names[i], EXPECT_MS, &count, NULL) == VOC_OK && count > 0)
			voc_producer_expect(agg->producer, names[i], EXPECT_MS);
	}
}

/* One try to learn what only Kafka and Redis know. */
static enum voc_status reach(struct voc_agg *agg, struct voc_error *error)
{
	enum voc_status status = voc_agg_count_partitions(agg, error);
	return status == VOC_OK ? voc_store_connect(agg->store, agg->partition_count, error) : status;
}

/* VOC_OK also if the stop came first: partition_count may then be 0. */
static enum voc_status wait_until_reached(struct voc_agg *agg, struct voc_error *error)
{
	while (!voc_runtime_stopping(agg->runtime)) {
		struct voc_error failure;
		voc_error_clear(&failure);
		enum voc_status status = reach(agg, &failure);
		if (status == VOC_OK) {
			voc_agg_recovered(agg);
			return VOC_OK;
		}
		if (status != VOC_RETRY) {
			*error = failure;
			return status;
		}
		voc_agg_failed(agg, &failure);
		voc_runtime_wait(agg->runtime, NULL, 0, agg->retry_ms);
	}
	return VOC_OK;
}

static enum voc_status join_group(struct voc_agg *agg, struct voc_error *error)
{
	agg->partitions = calloc((size_t)agg->partition_count, sizeof *agg->partitions);
	agg->watches = calloc((size_t)agg->partition_count, sizeof *agg->watches);
	agg->watchdog = voc_health_watchdog(voc_runtime_health(agg->runtime), "");
	agg->step = voc_agg_step_new(agg->partition_count, agg->batch_max);
	if (!agg->partitions || !agg->watches || !agg->watchdog || !agg->step)
		return no_memory(error);
	char group[VOC_TOPIC_NAME_SIZE];
	if (snprintf(group, sizeof group, "%saggregator", agg->conf->group_prefix) >= (int)sizeof group)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "VOC_GROUP_PREFIX is too long");
	struct voc_consumer_settings settings = {
		.kafka = { .conf = agg->conf, .client_id = "voc-aggregator", .on_complaint = voc_runtime_complain },
		.group = group,
		.topics = (const char *const[]){ agg->topic },
		.topic_count = 1,
		.prefetch_bytes = agg->conf->prefetch_bytes,
		.on_assigned = voc_agg_assigned,
		.on_revoked = voc_agg_revoked,
		.owner = agg,
	};
	enum voc_status status = voc_consumer_open(&settings, &agg->consumer, error);
	if (status != VOC_OK)
		return status;
	VOC_LOG(VOC_LOG_INFO, "started", VOC_LOG_STR("group", group), VOC_LOG_INT("partitions", agg->partition_count),
	        VOC_LOG_STR("rules", agg->rules->rules.version));
	expect_topics(agg); /* while the group is being joined */
	voc_agg_show_health(agg);
	voc_health_set(voc_runtime_health(agg->runtime), VOC_UNREADY_STARTING, false);
	return VOC_OK;
}

static int64_t lag(const struct voc_agg *agg)
{
	int64_t records = 0;
	for (int32_t p = 0; p < agg->partition_count; p++) {
		const struct voc_agg_place *partition = &agg->partitions[p];
		int64_t high = partition->loaded ? voc_consumer_high(agg->consumer, agg->topic, p) : -1;
		if (high > partition->state.now.offset)
			records += high - partition->state.now.offset;
	}
	return records;
}

static void tick(struct voc_agg *agg)
{
	int64_t now_ms = voc_clock_ms();
	if (now_ms < agg->next_tick_ms)
		return;
	agg->next_tick_ms = now_ms + TICK_MS;
	voc_health_beat(voc_runtime_health(agg->runtime)); /* a backlog leaves no time to wait */
	voc_consumer_find_ends(agg->consumer);
	voc_metric_set(VOC_METRIC_LAG, lag(agg));
	voc_agg_mark_idle(agg);
	voc_agg_show_health(agg);
}

/* What was gathered is brought to its end, whatever comes. */
static enum voc_status work(struct voc_agg *agg, struct voc_error *error)
{
	enum voc_status status = voc_agg_gather(agg, error);
	return status == VOC_OK ? voc_agg_process(agg, error) : status;
}

static enum voc_status loop(struct voc_agg *agg, struct voc_error *error)
{
	enum voc_status (*const chores[])(struct voc_agg *, struct voc_error *) = {
		voc_agg_settle,
		voc_agg_write_rules,
		voc_agg_write_due,
		work,
	};
	enum voc_status status = VOC_OK;
	for (size_t i = 0; status == VOC_OK && !voc_runtime_stopping(agg->runtime); i++) {
		if (i % (sizeof chores / sizeof *chores) == 0)
			tick(agg);
		status = chores[i % (sizeof chores / sizeof *chores)](agg, error);
	}
	return status;
}

static void leave_group(struct voc_agg *agg)
{
	struct voc_error error;
	voc_error_clear(&error);
	voc_agg_drop(agg);
	int64_t deadline_ms = voc_runtime_stop_by(agg->runtime);
	if (deadline_ms < 0)
		deadline_ms = voc_clock_ms() + agg->conf->shutdown_ms; /* after a failure, not a stop */
	if (voc_consumer_close(agg->consumer, deadline_ms, &error) != VOC_OK)
		voc_log_error(VOC_LOG_WARN, "the group was not left", &error);
}

static void close_parts(struct voc_agg *agg)
{
	if (agg->consumer)
		leave_group(agg);
	voc_consumer_free(agg->consumer);
	voc_producer_free(agg->producer);
	voc_admin_free(agg->admin);
	voc_store_free(agg->store);
	for (int32_t p = 0; agg->partitions && p < agg->partition_count; p++)
		voc_agg_place_own(&agg->partitions[p], false);
	free(agg->partitions);
	free(agg->watches);
	voc_agg_step_free(agg->step);
	free(agg->messages);
	voc_rollup_free(agg->rollup);
	voc_customer_cache_free(agg->cache);
	voc_arena_free(agg->scratch);
	voc_rule_set_release(agg->rules);
	voc_rule_book_free(agg->book);
}

enum voc_status voc_agg_run(struct voc_runtime *runtime, const struct voc_conf *conf, struct voc_error *error)
{
	struct voc_agg agg = { .runtime = runtime, .conf = conf };
	enum voc_status status = open_parts(&agg, error);
	if (status == VOC_OK)
		status = wait_until_reached(&agg, error);
	if (status == VOC_OK && !voc_runtime_stopping(runtime))
		status = join_group(&agg, error);
	if (status == VOC_OK && agg.consumer)
		status = loop(&agg, error);
	close_parts(&agg);
	return status;
}
