#include "alerter/fleet.h"

#include "alerter/endpoint.h"
#include "alerter/forgotten.h"
#include "base/clock.h"
#include "base/log.h"
#include "io/service/metrics.h"

#include <sys/eventfd.h>
#include <sys/random.h>
#include <unistd.h>

#define TICK_MS            1000
#define SOON_MS            20   /* while endpoints wait to be let begin */
#define BEAT_MAX_MS        5000 /* a loop that did not come round for so long is stuck */
#define PREFETCH_MIN_BYTES 65536
#define FAILED_STOP_MS     2000 /* for the others, when one has failed */

struct fleet {
	struct voc_runtime *runtime;
	struct dead_letters *letters;
	struct forgotten *forgotten;
	struct endpoint *endpoints[VOC_ENDPOINTS_MAX];
	size_t count;
	int bell_fd;
};

static enum voc_status open_endpoints(struct fleet *fleet, const struct voc_conf *conf,
                                      const struct voc_webhooks *webhooks, struct voc_error *error)
{
	uint64_t seed = (uint64_t)voc_clock_us();
	(void)!getrandom(&seed, sizeof seed, 0); /* for jitter only: the clock would do */
	int64_t prefetch_bytes = conf->prefetch_bytes / (int64_t)webhooks->count;
	enum voc_status status = VOC_OK;
	for (size_t i = 0; status == VOC_OK && i < webhooks->count; i++) {
		const struct endpoint_settings settings = {
			.conf = conf,
			.webhook = &webhooks->endpoints[i],
			.letters = fleet->letters,
			.forgotten = fleet->forgotten,
			.prefetch_bytes = prefetch_bytes > PREFETCH_MIN_BYTES ? prefetch_bytes : PREFETCH_MIN_BYTES,
			.seed = voc_random_next(&seed),
			.bell_fd = fleet->bell_fd,
			.health = voc_runtime_health(fleet->runtime),
		};
		status = endpoint_open(&settings, &fleet->endpoints[i], error);
		if (status == VOC_OK)
			fleet->count++;
	}
	for (size_t i = 0; status == VOC_OK && i < fleet->count; i++)
		status = endpoint_start(fleet->endpoints[i], error);
	return status;
}

static enum voc_status open_fleet(struct fleet *fleet, const struct voc_conf *conf, const struct voc_webhooks *webhooks,
                                  struct voc_error *error)
{
	const struct dead_letters_settings settings = {
		.kafka = { .conf = conf, .client_id = "voc-alerter", .on_complaint = voc_runtime_complain },
		.on_posted = endpoint_letter_posted,
	};
	fleet->bell_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (fleet->bell_fd < 0)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_INTERNAL, -1, "no eventfd");
	enum voc_status status = dead_letters_open(&settings, &fleet->letters, error);
	if (status == VOC_OK)
		status = forgotten_open(&settings.kafka, &fleet->forgotten, error);
	return status == VOC_OK ? open_endpoints(fleet, conf, webhooks, error) : status;
}

/* The endpoints' state as the service's: what it is ready for, and its metrics. */
static enum voc_status look(struct fleet *fleet, bool *ret_all_ended, struct voc_error *error)
{
	int64_t now_ms = voc_clock_ms(), lag = 0;
	bool joined = true, reachable = dead_letters_answered(fleet->letters), turning = true, taking = false;
	enum voc_status status = VOC_OK;
	*ret_all_ended = true;
	for (size_t i = 0; i < fleet->count; i++) {
		struct endpoint_state state;
		endpoint_look(fleet->endpoints[i], &state);
		joined &= state.joined || state.disabled;
		reachable &= state.reachable || state.disabled;
		taking |= !state.disabled && !state.open;
		turning &= state.ended || now_ms - state.beat_ms < BEAT_MAX_MS;
		*ret_all_ended &= state.ended;
		lag += state.lag;
		if (state.error.status != VOC_OK && status == VOC_OK) {
			status = state.error.status;
			if (error)
				*error = state.error;
		}
	}
	struct voc_health *health = voc_runtime_health(fleet->runtime);
	voc_health_set(health, VOC_UNREADY_UNASSIGNED, !joined);
	voc_health_set(health, VOC_UNREADY_KAFKA, !reachable);
	voc_health_set(health, VOC_UNREADY_ENDPOINTS, !taking);
	voc_health_set(health, VOC_UNREADY_STALLED, !turning);
	voc_metric_set(VOC_METRIC_LAG, lag);
	return status;
}

/* Until a letter is acknowledged, a thread ends, or a tick has passed. */
static enum voc_status serve(struct fleet *fleet, int64_t until_ms, struct voc_error *error)
{
	struct pollfd fds[] = {
		{ .fd = dead_letters_fd(fleet->letters), .events = POLLIN },
		{ .fd = fleet->bell_fd, .events = POLLIN },
	};
	voc_runtime_wait(fleet->runtime, fds, 2, until_ms);
	uint64_t rung;
	(void)!read(fleet->bell_fd, &rung, sizeof rung);
	return dead_letters_serve(fleet->letters, error);
}

/* Endpoints wait for the first look, and then need only be told of what is new. */
static enum voc_status serve_forgotten(struct fleet *fleet, struct voc_error *error)
{
	bool changed;
	enum voc_status status = forgotten_serve(fleet->forgotten, &changed, error);
	for (size_t i = 0; changed && i < fleet->count; i++)
		endpoint_wake(fleet->endpoints[i]);
	return status;
}

static enum voc_status watch(struct fleet *fleet, struct voc_error *error)
{
	enum voc_status status = VOC_OK;
	bool all_ended;
	voc_health_set(voc_runtime_health(fleet->runtime), VOC_UNREADY_STARTING, false);
	while (status == VOC_OK && !voc_runtime_stopping(fleet->runtime)) {
		status = serve_forgotten(fleet, error);
		if (status == VOC_OK)
			status = look(fleet, &all_ended, error);
		if (status == VOC_OK)
			status = serve(fleet, voc_clock_ms() + (forgotten_ready(fleet->forgotten) ? TICK_MS : SOON_MS),
			               error);
	}
	return status;
}

/* True if all threads have ended. What fails now is no news. */
static bool stop(struct fleet *fleet)
{
	int64_t stop_by_ms = voc_runtime_stop_by(fleet->runtime);
	if (stop_by_ms < 0)
		stop_by_ms = voc_clock_ms() + FAILED_STOP_MS;
	for (size_t i = 0; i < fleet->count; i++)
		endpoint_stop(fleet->endpoints[i], stop_by_ms);
	bool all_ended = false;
	for (;;) {
		(void)!look(fleet, &all_ended, NULL);
		(void)voc_runtime_stopping(
		        fleet->runtime); /* or a signal after a failure would end each wait at once */
		if (all_ended || voc_clock_ms() >= stop_by_ms)
			return all_ended;
		(void)!serve(fleet, stop_by_ms, NULL);
	}
}

static void free_fleet(struct fleet *fleet)
{
	/* First: its callbacks go to the endpoints. */
	dead_letters_free(fleet->letters);
	for (size_t i = 0; i < fleet->count; i++)
		endpoint_free(fleet->endpoints[i]);
	forgotten_free(fleet->forgotten);
	if (fleet->bell_fd >= 0)
		close(fleet->bell_fd);
}

enum voc_status fleet_run(struct voc_runtime *runtime, const struct voc_conf *conf, const struct voc_webhooks *webhooks,
                          bool *ret_abandoned, struct voc_error *error)
{
	struct fleet fleet = { .runtime = runtime, .bell_fd = -1 };
	enum voc_status status = open_fleet(&fleet, conf, webhooks, error);
	if (status == VOC_OK)
		status = watch(&fleet, error);
	*ret_abandoned = !stop(&fleet);
	if (!*ret_abandoned)
		free_fleet(&fleet);
	return status;
}
