#include "alerter/endpoint_internal.h"
#include "base/clock.h"
#include "base/fault_point.h"
#include "base/log.h"
#include "io/kafka/kafka_start.h"
#include "io/service/metrics.h"

#include <stdlib.h>

#define HELD_MAX_BYTES  ((size_t)8 * 1024 * 1024)
#define WINDOW_RECORDS  1024 /* of a partition, read past one that isn't done */
#define LANE_TURN       32   /* records of one partition before the next one's turn */
#define LOOK_EVERY_MS   100  /* at all lanes, whatever librdkafka has told */
#define EXPECTED_LANES  24
#define REVOKE_DRAIN_MS 2000
#define SHOW_EVERY_MS   1000
#define START_ASK_MS    2000

void endpoint_free_lanes(struct endpoint *endpoint)
{
	for (size_t i = 0; i < endpoint->lane_count; i++)
		voc_ack_window_free(&endpoint->lanes[i].window);
	free(endpoint->lanes);
	endpoint->lanes = NULL;
	endpoint->lane_count = 0;
}

static enum voc_status on_assigned(void *owner, struct voc_consumer *consumer, struct voc_position *positions,
                                   size_t count, struct voc_error *error)
{
	struct endpoint *endpoint = owner;
	enum voc_status status = voc_consumer_committed(consumer, positions, count, START_ASK_MS, error);
	if (status == VOC_OK)
		status = voc_start_choose_all(consumer, endpoint->settings.conf->accept_log_start, positions, count,
		                              START_ASK_MS, error);
	if (status != VOC_OK)
		return status;
	endpoint_free_lanes(endpoint);
	endpoint->lanes = calloc(count, sizeof *endpoint->lanes);
	bool good = endpoint->lanes != NULL;
	for (size_t i = 0; good && i < count; i++, endpoint->lane_count++) {
		endpoint->lanes[i].read_to = -1;
		good = voc_ack_window_init(&endpoint->lanes[i].window, WINDOW_RECORDS);
	}
	if (!good)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "assigning partitions");
	endpoint->unread = true;
	return VOC_OK;
}

/* What is under way may end; what still waits is the next owner's. */
static void on_revoked(void *owner, struct voc_consumer *consumer, bool lost)
{
	(void)consumer;
	struct endpoint *endpoint = owner;
	int64_t until_ms = lost ? 0 : voc_clock_ms() + REVOKE_DRAIN_MS;
	int64_t stop_by_ms = atomic_load(&endpoint->stop_by_ms);
	if (stop_by_ms > 0) /* that drain was done */
		until_ms = 0;
	/* A failure here is met again in the loop. */
	(void)!endpoint_drain(endpoint, until_ms, NULL);
	VOC_FAULT_POINT(VOC_FAULT_ALERTER_REVOKED);
	endpoint_drop_jobs(endpoint);
	endpoint_free_lanes(endpoint);
}

static void on_complaint(void *context, enum voc_reason reason, const char *text)
{
	const struct endpoint *endpoint = context;
	VOC_LOG(VOC_LOG_WARN, "kafka", VOC_LOG_STR("endpoint", endpoint->settings.webhook->name),
	        VOC_LOG_STR("reason", voc_reason_name(reason)), VOC_LOG_STR("error", text));
}

enum voc_status endpoint_open_consumer(struct endpoint *endpoint, struct voc_error *error)
{
	const char *topics[] = { endpoint->topic };
	const struct voc_consumer_settings settings = {
		.kafka = { .conf = endpoint->settings.conf,
		           .client_id = "voc-alerter",
		           .on_complaint = on_complaint,
		           .context = endpoint },
		.group = endpoint->group,
		.topics = topics,
		.topic_count = 1,
		.prefetch_bytes = endpoint->settings.prefetch_bytes,
		.split = true,
		.split_partitions = EXPECTED_LANES,
		.on_assigned = on_assigned,
		.on_revoked = on_revoked,
		.owner = endpoint,
	};
	return voc_consumer_open(&settings, &endpoint->consumer, error);
}

void endpoint_acknowledge(struct endpoint *endpoint, size_t slot, int64_t offset)
{
	size_t count;
	const struct voc_position *positions = voc_consumer_partitions(endpoint->consumer, &count);
	struct voc_ack_window *window = &endpoint->lanes[slot].window;
	if (voc_ack_window_done(window, offset))
		voc_consumer_store(endpoint->consumer, positions[slot].topic, positions[slot].partition, window->next);
}

static enum voc_status take_record(struct endpoint *endpoint, size_t slot, const struct voc_message *message,
                                   struct voc_error *error)
{
	struct job *job = job_new(message, endpoint, slot);
	if (!job)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "taking an alert");
	voc_metric_add(VOC_METRIC_RECORDS_IN, 1);
	voc_metric_add(VOC_METRIC_BYTES_IN, (int64_t)job->value.len);
	voc_ack_window_add(&endpoint->lanes[slot].window, job->offset);
	VOC_FAULT_POINT(VOC_FAULT_ALERTER_TAKEN);
	switch (job_prepare(job, endpoint->settings.webhook, endpoint->scratch, error)) {
	case JOB_SEND:
		endpoint_add_job(endpoint, job, OUTBOX_WAITING);
		endpoint_drop_if_forgotten(endpoint, job);
		break;
	case JOB_BURY: endpoint_add_job(endpoint, job, OUTBOX_DYING); break;
	case JOB_FAILED: job_free(job); return VOC_FATAL;
	default: endpoint_acknowledge(endpoint, slot, job->offset); job_free(job);
	}
	return VOC_OK;
}

static bool has_room(const struct endpoint *endpoint, size_t slot)
{
	return forgotten_ready(endpoint->settings.forgotten) && !outbox_full(&endpoint->outbox) &&
	       endpoint->held_bytes < HELD_MAX_BYTES && !voc_ack_window_full(&endpoint->lanes[slot].window);
}

static enum voc_status read_lane(struct endpoint *endpoint, size_t slot, bool *ret_more, struct voc_error *error)
{
	struct lane *lane = &endpoint->lanes[slot];
	for (int taken = 0; has_room(endpoint, slot); taken++) {
		if (taken == LANE_TURN) {
			*ret_more = endpoint->unread = true;
			return VOC_OK;
		}
		struct voc_message message = { 0 };
		enum voc_status status = VOC_OK;
		enum voc_poll outcome = voc_consumer_poll_partition(endpoint->consumer, slot, &message, error);
		if (outcome == VOC_POLL_RECORD || outcome == VOC_POLL_END)
			lane->read_to = message.offset + (outcome == VOC_POLL_RECORD);
		if (outcome == VOC_POLL_RECORD)
			status = take_record(endpoint, slot, &message, error);
		voc_message_release(&message);
		if (outcome == VOC_POLL_FAILED || status != VOC_OK)
			return VOC_FATAL;
		if (outcome == VOC_POLL_NOTHING)
			return VOC_OK;
	}
	endpoint->unread = true;
	return VOC_OK;
}

/* Most turns are for answers: asking all empty queues in each would cost as much as sending. */
static bool is_time_to_look(struct endpoint *endpoint)
{
	int64_t now_ms = voc_clock_ms(), again_ms = voc_consumer_again_ms(endpoint->consumer);
	bool look = voc_consumer_stirred(endpoint->consumer) || endpoint->unread || now_ms >= endpoint->look_ms ||
	            (again_ms >= 0 && now_ms >= again_ms);
	if (look) {
		endpoint->unread = false;
		endpoint->look_ms = now_ms + LOOK_EVERY_MS;
	}
	return look;
}

static enum voc_status serve_group(struct endpoint *endpoint, struct voc_error *error)
{
	struct voc_message none = { 0 };
	enum voc_poll outcome = voc_consumer_poll(endpoint->consumer, 0, &none, error);
	voc_message_release(&none);
	atomic_store(&endpoint->joined, voc_consumer_joined(endpoint->consumer));
	atomic_store(&endpoint->reachable, voc_consumer_reachable(endpoint->consumer));
	return outcome == VOC_POLL_FAILED ? VOC_FATAL : VOC_OK;
}

enum voc_status endpoint_read(struct endpoint *endpoint, bool *ret_more, struct voc_error *error)
{
	enum voc_status status = serve_group(endpoint, error);
	*ret_more = false;
	if (status != VOC_OK || !is_time_to_look(endpoint))
		return status;
	/* A partition that is behind must not starve the others: each turn begins with another one. */
	for (size_t i = 0; status == VOC_OK && i < endpoint->lane_count; i++)
		status = read_lane(endpoint, (endpoint->next_lane + i) % endpoint->lane_count, ret_more, error);
	endpoint->next_lane++;
	return status;
}

/* An alert of this partition could go out now, and does not. */
static bool has_due(const struct endpoint *endpoint, size_t slot, int64_t now_ms)
{
	const struct outbox *outbox = &endpoint->outbox;
	if (outbox->in_flight >= outbox->in_flight_max)
		return false;
	for (const struct outbox_item *item = outbox->first; item; item = item->next)
		if (((const struct job *)item)->slot == slot && item->state == OUTBOX_WAITING && !item->blocked &&
		    item->due_ms <= now_ms)
			return true;
	return false;
}

/* What waits for the endpoint's answer, a pause that it asked for, or a dead letter's way to Kafka is no stall. */
static void show_lane(const struct endpoint *endpoint, size_t slot, const struct voc_position *position,
                      struct voc_watch *watch, int64_t *lag)
{
	const struct lane *lane = &endpoint->lanes[slot];
	int64_t now_ms = voc_clock_ms();
	int64_t read_to = lane->read_to < 0 ? 0 : lane->read_to;
	int64_t high = voc_consumer_high(endpoint->consumer, position->topic, position->partition);
	bool unread = high > read_to;
	*watch = (struct voc_watch){
		.topic = position->topic,
		.partition = position->partition,
		.done = lane->read_to + lane->window.next,
		.waiting = !endpoint->outbox.breaker.open &&
		           ((unread && has_room(endpoint, slot)) || has_due(endpoint, slot, now_ms)),
	};
	if (lane->read_to >= 0 && unread)
		*lag += high - read_to;
	*lag += (int64_t)lane->window.count;
}

enum voc_status endpoint_show(struct endpoint *endpoint, int64_t now_ms, struct voc_error *error)
{
	if (now_ms - endpoint->shown_ms < SHOW_EVERY_MS)
		return VOC_OK;
	endpoint->shown_ms = now_ms;
	voc_consumer_find_ends(endpoint->consumer);
	size_t count;
	const struct voc_position *positions = voc_consumer_partitions(endpoint->consumer, &count);
	struct voc_watch *watches = calloc(count + 1, sizeof *watches);
	int64_t lag = 0;
	for (size_t i = 0; watches && i < count; i++)
		show_lane(endpoint, i, &positions[i], &watches[i], &lag);
	atomic_store(&endpoint->lag, lag);
	atomic_store(&endpoint->open, endpoint->outbox.breaker.open);
	bool told = watches && voc_watchdog_look(endpoint->watchdog, watches, count, now_ms);
	free(watches);
	return told ? VOC_OK : voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "watching partitions");
}
