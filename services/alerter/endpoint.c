#include "alerter/endpoint.h"

#include "alerter/endpoint_internal.h"
#include "base/clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define TURN_MS           1000 /* the longest wait: the loop comes round at least so often */
#define SCRATCH_MAX_BYTES ((size_t)1024 * 1024)
#define LEAVE_MS          2000 /* for leaving the group when nobody asked for a stop */

static enum voc_status open_client(struct endpoint *endpoint, struct voc_error *error)
{
	const struct voc_conf *conf = endpoint->settings.conf;
	const struct voc_webhook_options options = {
		.url = endpoint->settings.webhook->url,
		.timeout_ms = conf->webhook_timeout_ms,
		.in_flight_max = (size_t)conf->webhook_in_flight,
		.allow_private = conf->allow_private != 0,
		.ca_path = conf->webhook_ca_path,
	};
	return voc_webhook_client_open(&options, &endpoint->client, error);
}

enum voc_status endpoint_open(const struct endpoint_settings *settings, struct endpoint **ret_endpoint,
                              struct voc_error *error)
{
	const struct voc_conf *conf = settings->conf;
	struct endpoint *endpoint = calloc(1, sizeof *endpoint);
	if (!endpoint)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "opening an endpoint");
	pthread_mutex_init(&endpoint->lock, NULL);
	atomic_init(&endpoint->ended, true); /* until it is started */
	endpoint->settings = *settings;
	endpoint->webhook = *settings->webhook;
	endpoint->policy = (struct voc_retry_policy){
		.backoff_ms = conf->webhook_backoff_ms,
		.backoff_max_ms = conf->webhook_backoff_max_ms,
		.tries = conf->webhook_tries,
	};
	outbox_init(&endpoint->outbox, &endpoint->policy, (size_t)conf->webhook_in_flight, settings->seed);
	snprintf(endpoint->group, sizeof endpoint->group, "%salerter-%s", conf->group_prefix, settings->webhook->name);
	endpoint->scratch = voc_arena_new(SCRATCH_MAX_BYTES);
	endpoint->watchdog = voc_health_watchdog(settings->health, settings->webhook->name);
	enum voc_status status = VOC_OK;
	if (!endpoint->scratch || !endpoint->watchdog)
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "opening an endpoint");
	else if (!voc_topic_name(endpoint->topic, conf->topic_prefix, VOC_TOPIC_ALERTS))
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "the topic prefix is too long");
	if (status == VOC_OK)
		status = endpoint_take_secret(endpoint, error);
	if (status == VOC_OK)
		status = open_client(endpoint, error);
	if (status == VOC_OK)
		status = endpoint_open_consumer(endpoint, error);
	if (status == VOC_OK)
		*ret_endpoint = endpoint;
	else
		endpoint_free(endpoint);
	return status;
}

void endpoint_free(struct endpoint *endpoint)
{
	if (!endpoint)
		return;
	if (endpoint->started)
		pthread_join(endpoint->thread, NULL);
	voc_consumer_free(endpoint->consumer);
	if (endpoint->client)
		endpoint_drop_jobs(endpoint);
	endpoint_free_lanes(endpoint);
	while (endpoint->orphans) {
		struct outbox_item *item = endpoint->orphans;
		endpoint->orphans = item->next;
		job_free((struct job *)item);
	}
	voc_webhook_client_free(endpoint->client);
	voc_arena_free(endpoint->scratch);
	pthread_mutex_destroy(&endpoint->lock);
	explicit_bzero(&endpoint->webhook, sizeof endpoint->webhook);
	free(endpoint);
}

static bool is_over(const struct endpoint *endpoint)
{
	return atomic_load(&endpoint->stop_by_ms) > 0 || atomic_load(&endpoint->disabled);
}

/* How long there is nothing to do, if nothing comes. */
static int64_t idle_ms(const struct endpoint *endpoint, int64_t now_ms)
{
	int64_t wait_ms = outbox_wait_ms(&endpoint->outbox, now_ms, TURN_MS);
	int64_t again_ms = voc_consumer_again_ms(endpoint->consumer) - now_ms;
	return again_ms > 0 && again_ms < wait_ms ? again_ms : wait_ms;
}

static enum voc_status turn(struct endpoint *endpoint, struct voc_error *error)
{
	bool more = false;
	endpoint_renew_secret(endpoint, voc_clock_ms());
	endpoint_drop_forgotten(endpoint);
	enum voc_status status = endpoint_read(endpoint, &more, error);
	if (status == VOC_OK)
		status = endpoint_post_letters(endpoint, error);
	if (status == VOC_OK)
		status = endpoint_send_due(endpoint, error);
	if (status != VOC_OK || is_over(endpoint))
		return status;
	int64_t now_ms = voc_clock_ms();
	atomic_store(&endpoint->beat_ms, now_ms);
	status = endpoint_show(endpoint, now_ms, error);
	if (status != VOC_OK)
		return status;
	return endpoint_wait(endpoint, more ? 0 : idle_ms(endpoint, now_ms), error);
}

/* Three quarters of the time are the requests'; what is left is for leaving the group. */
static void leave(struct endpoint *endpoint, enum voc_status status)
{
	int64_t now_ms = voc_clock_ms();
	int64_t stop_by_ms = atomic_load(&endpoint->stop_by_ms);
	if (stop_by_ms == 0)
		stop_by_ms = now_ms + LEAVE_MS;
	int64_t left_ms = stop_by_ms > now_ms ? stop_by_ms - now_ms : 0;
	if (status == VOC_OK)
		(void)!endpoint_drain(endpoint, now_ms + left_ms / 4 * 3, NULL);
	/* One that can't leave in time is put out by the group, and the next owner starts where we stored. */
	(void)voc_consumer_close(endpoint->consumer, now_ms + left_ms / 8 * 7, NULL);
	voc_consumer_free(endpoint->consumer);
	endpoint->consumer = NULL;
}

static void *run(void *context)
{
	struct endpoint *endpoint = context;
	enum voc_status status = VOC_OK;
	voc_error_clear(&endpoint->error);
	while (status == VOC_OK && !is_over(endpoint))
		status = turn(endpoint, &endpoint->error);
	leave(endpoint, status);
	atomic_store(&endpoint->lag, 0);
	(void)voc_watchdog_look(endpoint->watchdog, NULL, 0, voc_clock_ms());
	atomic_store(&endpoint->ended, true);
	uint64_t one = 1;
	(void)!write(endpoint->settings.bell_fd, &one, sizeof one);
	return NULL;
}

enum voc_status endpoint_start(struct endpoint *endpoint, struct voc_error *error)
{
	atomic_store(&endpoint->beat_ms, voc_clock_ms());
	atomic_store(&endpoint->ended, false);
	int problem = pthread_create(&endpoint->thread, NULL, run, endpoint);
	if (problem != 0) {
		atomic_store(&endpoint->ended, true);
		return voc_error_set(error, VOC_FATAL, VOC_REASON_INTERNAL, -1, "an endpoint's thread: %s",
		                     strerror(problem));
	}
	endpoint->started = true;
	return VOC_OK;
}

void endpoint_stop(struct endpoint *endpoint, int64_t stop_by_ms)
{
	atomic_store(&endpoint->stop_by_ms, stop_by_ms);
	voc_webhook_client_wake(endpoint->client);
}

void endpoint_wake(struct endpoint *endpoint)
{
	voc_webhook_client_wake(endpoint->client);
}

void endpoint_look(struct endpoint *endpoint, struct endpoint_state *ret_state)
{
	*ret_state = (struct endpoint_state){
		.ended = atomic_load(&endpoint->ended), /* first: the error was written before */
		.joined = atomic_load(&endpoint->joined),
		.reachable = atomic_load(&endpoint->reachable),
		.open = atomic_load(&endpoint->open),
		.disabled = atomic_load(&endpoint->disabled),
		.beat_ms = atomic_load(&endpoint->beat_ms),
		.lag = atomic_load(&endpoint->lag),
		.error = { .position = -1 },
	};
	if (ret_state->ended)
		ret_state->error = endpoint->error;
}
