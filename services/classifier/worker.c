#include "classifier/worker.h"

#include "base/clock.h"
#include "base/fault_point.h"
#include "base/log.h"
#include "classifier/lanes.h"
#include "classifier/outbox.h"
#include "classifier/shadow.h"
#include "classifier/start.h"
#include "io/kafka/kafka_consumer.h"
#include "io/service/metrics.h"
#include "io/service/runtime.h"

#include <stdlib.h>

#define TURN_MS    1000 /* at least so often, for the group's and the metrics' sake */
#define QUIET_MS   10000
#define SAMPLE     64 /* one in so many steps is timed */
#define LEAVE_PART 4  /* of the time for a stop, one part in so many is kept for commit and leave */

struct voc_worker {
	const struct voc_conf *conf;
	struct voc_health *health;
	struct voc_watchdog *watchdog; /* the health's */
	struct voc_consumer *consumer;
	struct voc_outbox *outbox;
	struct voc_step *step;
	struct voc_shadow shadow;
	struct voc_lanes *lanes; /* NULL while nothing is assigned */
	uint64_t assignment;     /* how many there were */
	bool placeless;          /* partitions came, and Kafka could not yet tell where they start */
	int64_t now_ms, wall_ms; /* of this turn */
	int64_t report_ms;       /* when the next report is due */
	int64_t stop_by_ms;      /* -1: no stop */
	unsigned until_sample;
	/* Refusals are logged once in a while for each reason, with how many there were. */
	int64_t quiet_until_ms[VOC_REASON_COUNT];
	int64_t unlogged[VOC_REASON_COUNT];
};

static void on_acknowledged(void *owner, const struct voc_outbox_origin *origin)
{
	struct voc_worker *worker = owner;
	VOC_FAULT_POINT(VOC_FAULT_CLASSIFIER_PRODUCED);
	if (worker->lanes && origin->assignment == worker->assignment)
		voc_lanes_done(worker->lanes, origin->lane, origin->offset);
}

static enum voc_status on_assigned(void *owner, struct voc_consumer *consumer, struct voc_position *positions,
                                   size_t count, struct voc_error *error)
{
	struct voc_worker *worker = owner;
	enum voc_status status = voc_start_positions(consumer, worker->conf, positions, count, error);
	if (status == VOC_RETRY && !worker->placeless)
		voc_log_error(VOC_LOG_WARN, "trying again soon", error);
	worker->placeless = status == VOC_RETRY;
	if (status != VOC_OK)
		return status;
	VOC_FAULT_POINT(VOC_FAULT_CLASSIFIER_ASSIGNED);
	worker->lanes = voc_lanes_new(positions, count, worker->conf->merge_wait_ms, voc_clock_ms());
	if (!worker->lanes)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "taking partitions");
	VOC_LOG(VOC_LOG_INFO, "assigned", VOC_LOG_INT("partitions", count));
	return VOC_OK;
}

/* How long to wait for acknowledgements when partitions go. */
static int64_t revoke_deadline_ms(const struct voc_worker *worker)
{
	int64_t now_ms = voc_clock_ms();
	if (worker->stop_by_ms < 0)
		return now_ms + worker->conf->shutdown_ms;
	return worker->stop_by_ms - (worker->stop_by_ms - now_ms) / LEAVE_PART;
}

static void on_revoked(void *owner, struct voc_consumer *consumer, bool lost)
{
	struct voc_worker *worker = owner;
	worker->placeless = false;
	if (!worker->lanes)
		return;
	/* What is late is done again by the next member; the copies carry the same source position. A failed producer
	 * shows at its next poll. */
	if (!lost)
		(void)voc_outbox_wait(worker->outbox, revoke_deadline_ms(worker), NULL);
	VOC_FAULT_POINT(VOC_FAULT_CLASSIFIER_REVOKED);
	voc_lanes_store(worker->lanes, consumer);
	voc_lanes_free(worker->lanes);
	worker->lanes = NULL;
	worker->assignment++;
	VOC_LOG(VOC_LOG_INFO, "revoked", VOC_LOG_INT("lost", lost),
	        VOC_LOG_INT("in_flight", voc_outbox_in_flight(worker->outbox)));
}

static enum voc_status open_consumer(struct voc_worker *worker, const struct voc_kafka_settings *kafka,
                                     int32_t partitions, struct voc_error *error)
{
	char names[VOC_INPUT_TOPIC_COUNT][VOC_TOPIC_NAME_SIZE];
	const char *topics[VOC_INPUT_TOPIC_COUNT];
	struct voc_buf group;
	for (int i = 0; i < VOC_INPUT_TOPIC_COUNT; i++) {
		(void)voc_topic_name(names[i], worker->conf->topic_prefix, (enum voc_topic)i);
		topics[i] = names[i];
	}
	voc_buf_init(&group, 512);
	voc_buf_addf(&group, "%sclassifier", worker->conf->group_prefix);
	struct voc_consumer_settings settings = {
		.kafka = *kafka,
		.group = voc_buf_c_str(&group),
		.topics = topics,
		.topic_count = VOC_INPUT_TOPIC_COUNT,
		.prefetch_bytes = worker->conf->prefetch_bytes,
		.split = true,
		/* the memory is shared out among those that have much to read: facts are few beside events */
		.split_partitions = (size_t)partitions * VOC_RAW_TOPIC_COUNT,
		.on_assigned = on_assigned,
		.on_revoked = on_revoked,
		.owner = worker,
	};
	enum voc_status status = voc_consumer_open(&settings, &worker->consumer, error);
	voc_buf_free(&group);
	return status;
}

enum voc_status voc_worker_open(const struct voc_conf *conf, const struct voc_classifier *classifier,
                                struct voc_health *health, int32_t partitions, struct voc_worker **ret_worker,
                                struct voc_error *error)
{
	struct voc_worker *worker = calloc(1, sizeof *worker);
	if (!worker)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "starting");
	worker->conf = conf;
	worker->health = health;
	worker->stop_by_ms = -1;
	worker->shadow.share_percent = conf->shadow_share;
	struct voc_kafka_settings kafka = { conf, "voc-classifier", voc_runtime_complain, NULL };
	struct voc_outbox_settings outbox = { conf, kafka, on_acknowledged, worker };
	enum voc_status status = VOC_OK;
	worker->step = voc_step_new(classifier);
	worker->watchdog = voc_health_watchdog(health, "");
	if (!worker->step || !worker->watchdog)
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "starting");
	else if (strcmp(conf->text_policy, "absent") == 0)
		voc_step_set_text(worker->step, VOC_TEXT_ABSENT);
	if (status == VOC_OK)
		status = voc_outbox_open(&outbox, &worker->outbox, error);
	if (status == VOC_OK)
		status = open_consumer(worker, &kafka, partitions, error);
	if (status != VOC_OK) {
		voc_worker_free(worker);
		return status;
	}
	voc_outbox_expect(worker->outbox); /* while the group is being joined */
	*ret_worker = worker;
	return VOC_OK;
}

void voc_worker_use(struct voc_worker *worker, const struct voc_classifier *classifier,
                    const struct voc_classifier *shadow)
{
	voc_step_use(worker->step, classifier);
	worker->shadow.classifier = shadow;
}

/* A record of the oldest format may have no timestamp. */
static int64_t time_of(const struct voc_worker *worker, const struct voc_message *message)
{
	return message->timestamp_ms < 0 ? worker->wall_ms : message->timestamp_ms;
}

static enum voc_status run_step(struct voc_worker *worker, const struct voc_message *message, enum voc_topic from,
                                struct voc_step_output *output, struct voc_error *error)
{
	struct voc_header headers[VOC_MESSAGE_HEADERS_MAX];
	struct voc_step_input input = {
		.from = from,
		.topic = message->topic,
		.partition = message->partition,
		.offset = message->offset,
		.key = message->key,
		.record = { .value = message->value,
		            .headers = headers,
		            .header_count = voc_message_headers(message, headers, VOC_MESSAGE_HEADERS_MAX),
		            .timestamp_ms = time_of(worker, message) },
	};
	if (worker->until_sample-- > 0)
		return voc_step_run(worker->step, &input, worker->wall_ms, output, error);
	worker->until_sample = SAMPLE - 1;
	int64_t began_us = voc_clock_us();
	enum voc_status status = voc_step_run(worker->step, &input, worker->wall_ms, output, error);
	voc_metric_observe_us(VOC_METRIC_CLASSIFY_SECONDS, voc_clock_us() - began_us);
	return status;
}

static void log_refusal(struct voc_worker *worker, const struct voc_message *message,
                        const struct voc_step_output *output)
{
	enum voc_reason reason = output->refused;
	worker->unlogged[reason]++;
	if (worker->now_ms < worker->quiet_until_ms[reason])
		return;
	VOC_LOG(VOC_LOG_WARN, "refused", VOC_LOG_STR("reason", voc_reason_name(reason)),
	        VOC_LOG_INT("position", output->error_position), VOC_LOG_STR("topic", message->topic.ptr),
	        VOC_LOG_INT("partition", message->partition), VOC_LOG_INT("offset", message->offset),
	        VOC_LOG_INT("count", worker->unlogged[reason]));
	worker->unlogged[reason] = 0;
	worker->quiet_until_ms[reason] = worker->now_ms + QUIET_MS;
}

/* Works on the head of a lane. VOC_RETRY: it could not be sent yet, and comes again. */
static enum voc_status handle(struct voc_worker *worker, size_t lane, struct voc_error *error)
{
	struct voc_step_output output;
	const struct voc_message *message = voc_lanes_head(worker->lanes, lane);
	struct voc_outbox_origin origin = { worker->assignment, lane, message->offset, time_of(worker, message) };
	enum voc_topic from = VOC_TOPIC_CALLS;
	(void)voc_topic_find(message->topic, worker->conf->topic_prefix, &from); /* one of those subscribed to */
	enum voc_status status = run_step(worker, message, from, &output, error);
	if (status == VOC_OK)
		status = voc_outbox_send(worker->outbox, &output, &origin, error);
	if (status == VOC_RETRY)
		voc_lanes_put_back(worker->lanes, lane);
	if (status != VOC_OK)
		return status;
	VOC_FAULT_POINT(VOC_FAULT_CLASSIFIER_BATCH);
	voc_metric_add(VOC_METRIC_RECORDS_IN, 1);
	voc_metric_add(VOC_METRIC_BYTES_IN, (int64_t)message->value.len);
	if (output.refused != VOC_REASON_NONE)
		log_refusal(worker, message, &output);
	else if (from < VOC_RAW_TOPIC_COUNT)
		voc_shadow_look(&worker->shadow, worker->step, message, worker->now_ms);
	return voc_lanes_sent(worker->lanes, lane, worker->consumer, worker->now_ms, error);
}

/* An outbox that is full is no failure: its fd tells when it no longer is. */
static enum voc_status flush(struct voc_worker *worker, struct voc_error *error)
{
	enum voc_status status = voc_outbox_flush(worker->outbox, error);
	if (status != VOC_RETRY)
		return status;
	voc_error_clear(error);
	return VOC_OK;
}

/* Up to a batch of records, oldest first; *ret_more if it stopped for that alone. */
static enum voc_status work(struct voc_worker *worker, bool *ret_more, struct voc_error *error)
{
	size_t lane;
	int64_t left = worker->conf->batch_records;
	*ret_more = false;
	if (!worker->lanes)
		return VOC_OK;
	int64_t again_ms = voc_consumer_again_ms(worker->consumer);
	bool look = voc_consumer_stirred(worker->consumer) || (again_ms >= 0 && worker->now_ms >= again_ms);
	enum voc_status status = voc_lanes_refill(worker->lanes, worker->consumer, look, worker->now_ms, error);
	while (status == VOC_OK && left > 0 && voc_outbox_has_room(worker->outbox) &&
	       voc_lanes_next(worker->lanes, worker->now_ms, &lane)) {
		status = handle(worker, lane, error);
		left--;
	}
	*ret_more = status == VOC_OK && left == 0;
	return status == VOC_OK || status == VOC_RETRY ? flush(worker, error) : status;
}

/* False while Kafka is what is waited for. */
static bool show_health(struct voc_worker *worker)
{
	bool kafka =
	        voc_consumer_reachable(worker->consumer) && voc_outbox_answered(worker->outbox) && !worker->placeless;
	voc_health_set(worker->health, VOC_UNREADY_UNASSIGNED, !voc_consumer_joined(worker->consumer));
	voc_health_set(worker->health, VOC_UNREADY_KAFKA, !kafka);
	return kafka;
}

static enum voc_status report(struct voc_worker *worker, struct voc_error *error)
{
	bool may_work = show_health(worker);
	if (worker->now_ms < worker->report_ms)
		return VOC_OK;
	worker->report_ms = worker->now_ms + TURN_MS;
	voc_consumer_find_ends(worker->consumer);
	voc_metric_set(VOC_METRIC_LAG, worker->lanes ? voc_lanes_lag(worker->lanes, worker->consumer) : 0);
	bool told = worker->lanes ? voc_lanes_show(worker->lanes, worker->consumer, may_work, worker->watchdog,
	                                           worker->now_ms)
	                          : voc_watchdog_look(worker->watchdog, NULL, 0, worker->now_ms);
	return told ? VOC_OK : voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "reporting");
}

static int64_t next_turn_ms(const struct voc_worker *worker, bool more)
{
	if (more)
		return 0;
	/* What is past waits for something else: a head that may go, for room in the outbox, whose fd tells of it. */
	const int64_t wakes_ms[] = { worker->lanes ? voc_lanes_wake_ms(worker->lanes) : -1,
		                     voc_consumer_again_ms(worker->consumer) };
	int64_t until_ms = worker->now_ms + TURN_MS;
	for (size_t i = 0; i < sizeof wakes_ms / sizeof *wakes_ms; i++) {
		if (wakes_ms[i] > worker->now_ms && wakes_ms[i] < until_ms)
			until_ms = wakes_ms[i];
	}
	return until_ms;
}

enum voc_status voc_worker_turn(struct voc_worker *worker, int64_t *ret_until_ms, struct voc_error *error)
{
	bool more = false;
	struct voc_message none = { 0 };
	worker->now_ms = voc_clock_ms();
	worker->wall_ms = voc_clock_wall_ms();
	/* Callbacks only: the records are in the partitions' own queues. */
	if (voc_consumer_poll(worker->consumer, 0, &none, error) == VOC_POLL_FAILED)
		return VOC_FATAL;
	voc_message_release(&none);
	enum voc_status status = voc_outbox_poll(worker->outbox, error);
	if (status == VOC_OK)
		status = flush(worker, error); /* the last turn's, which Kafka takes in while this one's are made */
	if (status == VOC_OK)
		status = work(worker, &more, error);
	if (status != VOC_OK)
		return status;
	if (!more)
		voc_outbox_hurry(worker->outbox);
	if (worker->lanes)
		voc_lanes_store(worker->lanes, worker->consumer);
	*ret_until_ms = next_turn_ms(worker, more);
	return report(worker, error);
}

void voc_worker_fds(const struct voc_worker *worker, struct pollfd fds[VOC_WORKER_FDS])
{
	fds[0] = (struct pollfd){ .fd = voc_consumer_fd(worker->consumer), .events = POLLIN };
	fds[1] = (struct pollfd){ .fd = voc_outbox_fd(worker->outbox), .events = POLLIN };
}

enum voc_status voc_worker_stop(struct voc_worker *worker, int64_t deadline_ms, struct voc_error *error)
{
	worker->stop_by_ms = deadline_ms;
	/* leaving takes the partitions away: on_revoked does the rest */
	enum voc_status status = voc_consumer_close(worker->consumer, deadline_ms, error);
	if (status == VOC_OK)
		status = voc_outbox_wait(worker->outbox, deadline_ms, error);
	return status;
}

void voc_worker_free(struct voc_worker *worker)
{
	if (!worker)
		return;
	/* a member that was not stopped must not wait for acknowledgements now */
	worker->stop_by_ms = voc_clock_ms();
	voc_consumer_free(worker->consumer);
	voc_lanes_free(worker->lanes);
	voc_outbox_free(worker->outbox);
	voc_step_free(worker->step);
	free(worker);
}
