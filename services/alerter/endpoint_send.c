#include "alerter/endpoint_internal.h"
#include "alerter/request.h"
#include "base/clock.h"
#include "base/fault_point.h"
#include "base/log.h"
#include "io/service/metrics.h"

#define LETTER_RETRY_MS 100

void endpoint_add_job(struct endpoint *endpoint, struct job *job, enum outbox_state state)
{
	outbox_add(&endpoint->outbox, &job->item, state);
	endpoint->held_bytes += job->bytes;
	if (state == OUTBOX_DYING)
		endpoint->unposted++;
}

static void remove_job(struct endpoint *endpoint, struct job *job)
{
	outbox_remove(&endpoint->outbox, &job->item);
	endpoint->held_bytes -= job->bytes;
}

void endpoint_finish_job(struct endpoint *endpoint, struct job *job)
{
	remove_job(endpoint, job);
	endpoint_acknowledge(endpoint, job->slot, job->offset);
	job_free(job);
}

static enum voc_status send_job(struct endpoint *endpoint, struct job *job, struct voc_error *error)
{
	struct request_headers headers;
	enum voc_status status = VOC_OK;
	if (!request_headers_make(&headers, &endpoint->webhook, job->id, job->body, job->trace,
	                          voc_clock_wall_ms() / 1000))
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "a request's headers");
	const struct voc_webhook_request request = {
		.body = job->body, .headers = headers.lines, .header_count = headers.count, .opaque = job
	};
	if (status == VOC_OK)
		status = voc_webhook_client_submit(endpoint->client, &request, error);
	if (status == VOC_OK)
		voc_metric_add(VOC_METRIC_WEBHOOKS_IN_FLIGHT, 1);
	request_headers_free(&headers);
	return status;
}

enum voc_status endpoint_send_due(struct endpoint *endpoint, struct voc_error *error)
{
	int64_t now_ms = voc_clock_ms();
	enum voc_status status = VOC_OK;
	struct outbox_item *item;
	while (status == VOC_OK && (item = outbox_next(&endpoint->outbox, now_ms)))
		status = send_job(endpoint, (struct job *)item, error);
	return status;
}

static void log_letter(const struct endpoint *endpoint, enum voc_log_level level, const char *event,
                       const struct job *job)
{
	VOC_LOG(level, event, VOC_LOG_STR("endpoint", endpoint->settings.webhook->name),
	        VOC_LOG_STR("reason", voc_reason_name(job->error.reason)), VOC_LOG_STR("error", job->error.text),
	        VOC_LOG_INT("partition", job->partition), VOC_LOG_INT("offset", job->offset));
}

enum voc_status endpoint_post_letters(struct endpoint *endpoint, struct voc_error *error)
{
	const char *name = endpoint->settings.webhook->name;
	struct outbox_item *next;
	for (struct outbox_item *item = endpoint->outbox.first; item && endpoint->unposted > 0; item = next) {
		struct job *job = (struct job *)item;
		next = item->next;
		if (item->state != OUTBOX_DYING || job->posted)
			continue;
		struct voc_error problem = { .position = -1 };
		enum voc_status status =
		        dead_letters_post(endpoint->settings.letters, job, name, endpoint->scratch, &problem);
		if (status == VOC_RETRY)
			return VOC_OK;
		if (status != VOC_OK && status != VOC_INVALID)
			return voc_error_set(error, VOC_FATAL, problem.reason, -1, "dead letter: %s", problem.text);
		endpoint->unposted--;
		if (status == VOC_INVALID) {
			/* Larger than the topic takes: no alert of ours is. Stopping for good would help nobody. */
			log_letter(endpoint, VOC_LOG_ERROR, "dead_letter_refused", job);
			endpoint_finish_job(endpoint, job);
			continue;
		}
		job->posted = true;
		log_letter(endpoint, VOC_LOG_WARN, "dead_letter", job);
	}
	return VOC_OK;
}

static void bury(struct endpoint *endpoint, struct job *job, enum voc_reason reason,
                 const struct voc_webhook_completion *completion)
{
	if (completion->problem)
		voc_error_set(&job->error, VOC_INVALID, reason, -1, "%s", completion->problem);
	else
		voc_error_set(&job->error, VOC_INVALID, reason, -1, "the endpoint answered %d",
		              completion->http_status);
	endpoint->unposted++;
}

static void note_change(const struct endpoint *endpoint, enum outbox_change change,
                        const struct voc_webhook_completion *completion)
{
	const char *name = endpoint->settings.webhook->name;
	if (change == OUTBOX_SAME)
		return;
	voc_metric_add(VOC_METRIC_ENDPOINTS_OPEN, change == OUTBOX_OPENED ? 1 : -1);
	if (change == OUTBOX_OPENED)
		VOC_LOG(VOC_LOG_WARN, "breaker_opened", VOC_LOG_STR("endpoint", name),
		        VOC_LOG_INT("http_status", completion->http_status),
		        VOC_LOG_STR("error", completion->problem ? completion->problem : ""));
	else
		VOC_LOG(VOC_LOG_INFO, "breaker_closed", VOC_LOG_STR("endpoint", name));
}

static void disable(struct endpoint *endpoint)
{
	if (atomic_exchange(&endpoint->disabled, true))
		return;
	voc_metric_add(VOC_METRIC_ENDPOINTS_DISABLED, 1);
	VOC_LOG(VOC_LOG_ERROR, "endpoint_disabled", VOC_LOG_STR("endpoint", endpoint->settings.webhook->name),
	        VOC_LOG_INT("http_status", 410));
}

static void count_attempt(enum outbox_outcome outcome, int64_t took_us)
{
	static const enum voc_webhook_outcome outcomes[] = {
		[OUTBOX_DELIVERED] = VOC_OUTCOME_DELIVERED, [OUTBOX_RETRIED] = VOC_OUTCOME_RETRIED,
		[OUTBOX_REJECTED] = VOC_OUTCOME_REJECTED,   [OUTBOX_EXHAUSTED] = VOC_OUTCOME_EXHAUSTED,
		[OUTBOX_GONE] = VOC_OUTCOME_GONE,
	};
	voc_metric_add_labelled(VOC_LABELLED_WEBHOOKS, (int)outcomes[outcome], 1);
	voc_metric_observe_us(VOC_METRIC_WEBHOOK_SECONDS, took_us);
	voc_metric_add(VOC_METRIC_WEBHOOKS_IN_FLIGHT, -1);
}

static void settle(struct endpoint *endpoint, const struct voc_webhook_completion *completion)
{
	struct job *job = completion->opaque;
	int64_t wall_ms = voc_clock_wall_ms();
	const struct outbox_answer answer = {
		.http_status = completion->http_status,
		.connection_level = completion->connection_level,
		.retry_after_ms = voc_retry_after_parse(voc_str_from(completion->retry_after), wall_ms),
	};
	enum outbox_change change;
	enum outbox_outcome outcome = outbox_settle(&endpoint->outbox, &job->item, &answer, voc_clock_ms(), &change);
	count_attempt(outcome, completion->took_us);
	note_change(endpoint, change, completion);
	switch (outcome) {
	case OUTBOX_DELIVERED:
		VOC_FAULT_POINT(VOC_FAULT_ALERTER_POSTED);
		if (job->received_ms >= 0)
			voc_metric_done(job->received_ms, wall_ms);
		endpoint_finish_job(endpoint, job);
		break;
	case OUTBOX_RETRIED:
		VOC_LOG(VOC_LOG_DEBUG, "attempt_failed", VOC_LOG_STR("endpoint", endpoint->settings.webhook->name),
		        VOC_LOG_INT("http_status", completion->http_status), VOC_LOG_INT("tries", job->item.tries),
		        VOC_LOG_STR("error", completion->problem ? completion->problem : ""));
		break;
	case OUTBOX_REJECTED: bury(endpoint, job, VOC_REASON_WEBHOOK_REJECTED, completion); break;
	case OUTBOX_EXHAUSTED: bury(endpoint, job, VOC_REASON_WEBHOOK_EXHAUSTED, completion); break;
	case OUTBOX_GONE: disable(endpoint); break;
	}
	/* It was under way when the others were dropped. */
	if (outcome != OUTBOX_DELIVERED)
		endpoint_drop_if_forgotten(endpoint, job);
}

static void forget_orphan(struct endpoint *endpoint, struct job *job)
{
	struct outbox_item **link = &endpoint->orphans;
	while (*link != &job->item)
		link = &(*link)->next;
	*link = job->item.next;
	job_free(job);
}

static void take_letters_back(struct endpoint *endpoint)
{
	pthread_mutex_lock(&endpoint->lock);
	struct job *job = endpoint->letters_back;
	endpoint->letters_back = NULL;
	pthread_mutex_unlock(&endpoint->lock);
	while (job) {
		struct job *next = job->next_letter;
		VOC_FAULT_POINT(VOC_FAULT_ALERTER_BURIED);
		if (job->orphan)
			forget_orphan(endpoint, job);
		else
			endpoint_finish_job(endpoint, job);
		job = next;
	}
}

void endpoint_letter_posted(struct job *job)
{
	struct endpoint *endpoint = job->owner;
	pthread_mutex_lock(&endpoint->lock);
	job->next_letter = endpoint->letters_back;
	endpoint->letters_back = job;
	pthread_mutex_unlock(&endpoint->lock);
	voc_webhook_client_wake(endpoint->client);
}

static enum voc_status wait_for(struct endpoint *endpoint, struct pollfd *fds, size_t count, int64_t wait_ms,
                                struct voc_error *error)
{
	if (endpoint->unposted > 0 && wait_ms > LETTER_RETRY_MS)
		wait_ms = LETTER_RETRY_MS;
	enum voc_status status = voc_webhook_client_poll(endpoint->client, fds, count, (int)wait_ms, error);
	struct voc_webhook_completion completion;
	while (voc_webhook_client_next(endpoint->client, &completion))
		settle(endpoint, &completion);
	take_letters_back(endpoint);
	return status;
}

enum voc_status endpoint_wait(struct endpoint *endpoint, int64_t wait_ms, struct voc_error *error)
{
	struct pollfd fd = { .fd = voc_consumer_fd(endpoint->consumer), .events = POLLIN };
	return wait_for(endpoint, &fd, 1, wait_ms, error);
}

static bool is_idle(const struct endpoint *endpoint)
{
	if (endpoint->outbox.in_flight > 0)
		return false;
	for (const struct outbox_item *item = endpoint->outbox.first; item; item = item->next)
		if (item->state == OUTBOX_DYING)
			return false;
	return true;
}

enum voc_status endpoint_drain(struct endpoint *endpoint, int64_t until_ms, struct voc_error *error)
{
	enum voc_status status = VOC_OK;
	int64_t left_ms;
	while (status == VOC_OK && !is_idle(endpoint) && (left_ms = until_ms - voc_clock_ms()) > 0) {
		status = endpoint_post_letters(endpoint, error);
		/* nobody reads records now: their fd would end each wait at once */
		if (status == VOC_OK)
			status = wait_for(endpoint, NULL, 0, left_ms, error);
	}
	return status;
}

void endpoint_drop_jobs(struct endpoint *endpoint)
{
	voc_metric_add(VOC_METRIC_WEBHOOKS_IN_FLIGHT, -(int64_t)voc_webhook_client_in_flight(endpoint->client));
	voc_webhook_client_cancel(endpoint->client);
	struct outbox_item *item;
	while ((item = endpoint->outbox.first)) {
		struct job *job = (struct job *)item;
		remove_job(endpoint, job);
		if (job->posted) {
			job->orphan = true;
			item->next = endpoint->orphans;
			endpoint->orphans = item;
		} else {
			job_free(job);
		}
	}
	endpoint->unposted = 0;
}
