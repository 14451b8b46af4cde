#include "io/service/runtime.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/process_guard.h"
#include "io/kafka/kafka.h"
#include "io/service/http_probe.h"
#include "io/service/http_server.h"
#include "io/service/metrics.h"
#include "io/service/signals.h"

#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define HELP_MAX_BYTES 65536
#define HEALTHCHECK_MS 2000

struct voc_runtime {
	const char *name;
	const struct voc_conf *conf;
	struct voc_health *health;
	struct voc_http_server *server;  /* NULL without pages */
	struct voc_http_server *metrics; /* NULL where the other serves them, too */
	int64_t awake_ms;                /* when it was last known that no signal had come */
	int64_t stop_by_ms;              /* -1 until one was seen */
};

static bool render_alive(void *context, struct voc_buf *body)
{
	struct voc_runtime *runtime = context;
	return voc_health_render_alive(runtime->health, body);
}

static bool render_ready(void *context, struct voc_buf *body)
{
	struct voc_runtime *runtime = context;
	return voc_health_render_ready(runtime->health, body);
}

static bool render_metrics(void *context, struct voc_buf *body)
{
	struct voc_runtime *runtime = context;
	enum voc_unready reason;
	voc_metric_set(VOC_METRIC_READY, voc_health_is_ready(runtime->health, &reason));
	voc_metric_set(VOC_METRIC_STALLED, (int64_t)voc_health_stalled(runtime->health));
	voc_metric_set(VOC_METRIC_LAG_SECONDS, voc_metric_lag_seconds(voc_clock_wall_ms()));
	voc_metrics_render(body, runtime->name);
	return true;
}

#define HEALTH_ROUTES                                       \
	{ "/healthz", "application/json", render_alive },   \
	{                                                   \
		"/readyz", "application/json", render_ready \
	}
#define METRICS_ROUTE                                                                  \
	{                                                                              \
		"/metrics", "text/plain; version=0.0.4; charset=utf-8", render_metrics \
	}
static const struct voc_http_route all_routes[] = { HEALTH_ROUTES, METRICS_ROUTE, { 0 } };
static const struct voc_http_route health_routes[] = { HEALTH_ROUTES, { 0 } };
static const struct voc_http_route metrics_routes[] = { METRICS_ROUTE, { 0 } };

static bool has_pages(enum voc_program program, const struct voc_conf *conf)
{
	return (program & VOC_CONF_PAGES) && strcmp(conf->http_addr, "off") != 0;
}

static bool metrics_apart(const struct voc_conf *conf)
{
	return strcmp(conf->metrics_addr, "same") != 0;
}

/* One of the two addresses: its option, for what is wrong with it, and what is logged once it is served. */
struct page_addr {
	const char *option, *event;
};
static const struct page_addr http_addr = { "VOC_HTTP_ADDR", "listening" };
static const struct page_addr metrics_addr = { "VOC_METRICS_ADDR", "metrics" };

static enum voc_status blame(const char *option, const struct voc_error *cause, struct voc_error *error)
{
	return voc_error_set(error, cause->status, cause->reason, -1, "%s: %s", option, cause->text);
}

static enum voc_status start_server(struct voc_runtime *runtime, const struct page_addr *of, const char *addr,
                                    const struct voc_http_route *routes, struct voc_http_server **ret_server,
                                    struct voc_error *error)
{
	struct voc_error cause = { .position = -1 };
	if (voc_http_server_start(ret_server, addr, routes, runtime, &cause) != VOC_OK)
		return blame(of->option, &cause, error);
	VOC_LOG(VOC_LOG_INFO, of->event, VOC_LOG_STR("addr", addr),
	        VOC_LOG_INT("port", voc_http_server_port(*ret_server)));
	return VOC_OK;
}

/* The metrics first: who waits for "listening" finds them there. */
static enum voc_status start_pages(struct voc_runtime *runtime, struct voc_error *error)
{
	const struct voc_conf *conf = runtime->conf;
	bool apart = metrics_apart(conf);
	enum voc_status status = VOC_OK;
	if (apart)
		status = start_server(runtime, &metrics_addr, conf->metrics_addr, metrics_routes, &runtime->metrics,
		                      error);
	if (status == VOC_OK)
		status = start_server(runtime, &http_addr, conf->http_addr, apart ? health_routes : all_routes,
		                      &runtime->server, error);
	if (status != VOC_OK)
		voc_http_server_stop(runtime->metrics);
	return status;
}

/* Signals, and the pages of a service that has some. */
static enum voc_status runtime_start(struct voc_runtime **ret_runtime, enum voc_program program,
                                     const struct voc_conf *conf, struct voc_error *error)
{
	struct voc_runtime *runtime = calloc(1, sizeof *runtime);
	struct voc_health *health = voc_health_new(conf->stall_ms);
	enum voc_status status = VOC_OK;
	if (!runtime || !health) {
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "the runtime's memory");
		goto fail;
	}
	*runtime = (struct voc_runtime){
		.name = voc_conf_program_name(program),
		.conf = conf,
		.health = health,
		.awake_ms = voc_clock_ms(),
		.stop_by_ms = -1,
	};
	status = voc_signals_install(error);
	if (status == VOC_OK && has_pages(program, conf))
		status = start_pages(runtime, error);
	if (status != VOC_OK)
		goto fail;
	*ret_runtime = runtime;
	return VOC_OK;
fail:
	voc_health_free(health);
	free(runtime);
	return status;
}

static void runtime_stop(struct voc_runtime *runtime)
{
	if (!runtime)
		return;
	voc_http_server_stop(runtime->server);
	voc_http_server_stop(runtime->metrics);
	voc_health_free(runtime->health);
	free(runtime);
}

static int poll_timeout(int64_t until_ms)
{
	if (until_ms < 0)
		return -1;
	int64_t left = until_ms - voc_clock_ms();
	if (left <= 0)
		return 0;
	return left > 3600000 ? 3600000 : (int)left;
}

int voc_runtime_wait(struct voc_runtime *runtime, struct pollfd *fds, size_t count, int64_t until_ms)
{
	struct pollfd all[VOC_WAIT_FDS_MAX + 1];
	size_t used = count < VOC_WAIT_FDS_MAX ? count : VOC_WAIT_FDS_MAX;
	if (used > 0)
		memcpy(all, fds, used * sizeof *fds);
	/* A stop that is known already would end each wait at once; poll skips negative fds. */
	all[used] = (struct pollfd){ .fd = runtime->stop_by_ms < 0 ? voc_signals_fd() : -1, .events = POLLIN };
	bool signalled = voc_signals_received() != 0;
	int ready = poll(all, used + 1, poll_timeout(until_ms));
	if (!signalled) /* one that came meanwhile has ended the wait at once */
		runtime->awake_ms = voc_clock_ms();
	voc_health_beat(runtime->health);
	if (ready < 0) { /* interrupted: nothing is ready */
		for (size_t i = 0; i < used; i++)
			fds[i].revents = 0;
		return 0;
	}
	if (used > 0)
		memcpy(fds, all, used * sizeof *fds);
	return ready - (all[used].revents != 0);
}

bool voc_runtime_stopping(struct voc_runtime *runtime)
{
	if (runtime->stop_by_ms >= 0)
		return true;
	int64_t now_ms = voc_clock_ms();
	int signal = voc_signals_received();
	if (signal == 0) {
		runtime->awake_ms = now_ms;
		return false;
	}
	/* It may have come at the beginning of a call to Kafka that took seconds: these are part of the stop. */
	runtime->stop_by_ms = runtime->awake_ms + runtime->conf->shutdown_ms;
	voc_health_set(runtime->health, VOC_UNREADY_STOPPING, true);
	VOC_LOG(VOC_LOG_INFO, "stopping", VOC_LOG_INT("signal", signal),
	        VOC_LOG_INT("within_ms", runtime->conf->shutdown_ms));
	return true;
}

int64_t voc_runtime_stop_by(const struct voc_runtime *runtime)
{
	return runtime->stop_by_ms;
}

int voc_runtime_fd(const struct voc_runtime *runtime)
{
	(void)runtime;
	return voc_signals_fd();
}

struct voc_health *voc_runtime_health(struct voc_runtime *runtime)
{
	return runtime->health;
}

void voc_runtime_complain(void *context, enum voc_reason reason, const char *text)
{
	(void)context;
	VOC_LOG(VOC_LOG_WARN, "kafka", VOC_LOG_STR("reason", voc_reason_name(reason)), VOC_LOG_STR("error", text));
}

static int exit_status(enum voc_status status, const struct voc_error *error)
{
	if (status == VOC_OK)
		return 0;
	return error->reason == VOC_REASON_CONFIG ? VOC_EXIT_CONFIG : VOC_EXIT_FAILED;
}

static int print(const struct voc_service *service, const struct voc_conf *conf, enum voc_conf_action action)
{
	struct voc_buf text;
	voc_buf_init(&text, HELP_MAX_BYTES);
	const char *name = voc_conf_program_name(service->program);
	if (action == VOC_CONF_VERSION) {
		voc_buf_addf(&text, "%s %s\n", name, VOC_VERSION);
	} else if (action == VOC_CONF_HELP) {
		voc_buf_addf(&text, "%s: %s\n\nusage: %s [option...]\n\n", name, service->about, name);
		voc_conf_help(&text, service->program);
	} else {
		voc_conf_print(&text, conf, service->program);
	}
	bool written = fwrite(text.ptr, 1, text.len, stdout) == text.len && fflush(stdout) == 0;
	voc_buf_free(&text);
	return written ? 0 : VOC_EXIT_FAILED;
}

static enum voc_status check_addrs(const struct voc_conf *conf, struct voc_error *error)
{
	struct voc_error cause = { .position = -1 };
	if (voc_http_addr_check(conf->http_addr, &cause) != VOC_OK)
		return blame(http_addr.option, &cause, error);
	if (metrics_apart(conf) && voc_http_addr_check(conf->metrics_addr, &cause) != VOC_OK)
		return blame(metrics_addr.option, &cause, error);
	return VOC_OK;
}

static enum voc_status check(const struct voc_service *service, const struct voc_conf *conf, struct voc_error *error)
{
	enum voc_status status = has_pages(service->program, conf) ? check_addrs(conf, error) : VOC_OK;
	if (status == VOC_OK && service->check)
		status = service->check(conf, error);
	if (status == VOC_OK)
		puts("the configuration is fine");
	return status;
}

/* For HEALTHCHECK in an image that has no shell: the process beside this one is asked. */
static enum voc_status healthcheck(const struct voc_service *service, const struct voc_conf *conf,
                                   struct voc_error *error)
{
	if (!has_pages(service->program, conf))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "VOC_HTTP_ADDR: off: nothing to ask");
	struct voc_buf body;
	struct voc_error cause = { .position = -1 };
	voc_buf_init(&body, HELP_MAX_BYTES);
	enum voc_status status = voc_http_probe(conf->http_addr, "/healthz", HEALTHCHECK_MS, &body, &cause);
	if (status != VOC_OK)
		(void)blame(http_addr.option, &cause, error);
	puts(voc_buf_c_str(&body));
	voc_buf_free(&body);
	return status;
}

static enum voc_status run(const struct voc_service *service, const struct voc_conf *conf, struct voc_error *error)
{
	enum voc_log_level level = VOC_LOG_INFO;
	struct voc_runtime *runtime = NULL;
	voc_log_level_parse(conf->log_level, &level);
	voc_log_init(voc_conf_program_name(service->program), level);
	VOC_LOG(VOC_LOG_INFO, "starting", VOC_LOG_STR("version", VOC_VERSION));
	enum voc_status status = runtime_start(&runtime, service->program, conf, error);
	if (status == VOC_OK)
		status = service->run(runtime, conf, error);
	if (status != VOC_OK)
		voc_log_error(VOC_LOG_ERROR, "failed", error);
	runtime_stop(runtime);
	VOC_LOG(VOC_LOG_INFO, "stopped", VOC_LOG_INT("status", exit_status(status, error)));
	return status;
}

/*
 * One arena for all threads. librdkafka's allocate what ours free, so that with an arena for each thread every one
 * stays as large as it ever was, and holds mostly nothing. Before the first thread.
 */
static void share_arena(void)
{
#ifdef M_ARENA_MAX
	(void)mallopt(M_ARENA_MAX, 1);
#endif
}

int voc_service_main(const struct voc_service *service, int argc, char **argv)
{
	struct voc_conf conf;
	struct voc_error error;
	enum voc_conf_action action = VOC_CONF_RUN;
	voc_error_clear(&error);
	voc_process_guard();
	share_arena();
	enum voc_status status = voc_conf_load(&conf, service->program, argc, argv, environ, &action, &error);
	bool logged = status == VOC_OK && action == VOC_CONF_RUN;
	int exit_code = 0;
	if (status == VOC_OK && action == VOC_CONF_RUN)
		status = run(service, &conf, &error);
	else if (status == VOC_OK && action == VOC_CONF_CHECK)
		status = check(service, &conf, &error);
	else if (status == VOC_OK && action == VOC_CONF_HEALTHCHECK)
		status = healthcheck(service, &conf, &error);
	else if (status == VOC_OK)
		exit_code = print(service, &conf, action);
	if (status != VOC_OK) {
		exit_code = exit_status(status, &error);
		if (!logged)
			fprintf(stderr, "%s: %s\n", voc_conf_program_name(service->program), error.text);
	}
	if (voc_kafka_left_alone()) /* its threads still use what exit() and the return from here would take down */
		_exit(exit_code);
	voc_conf_free(&conf);
	return exit_code;
}
