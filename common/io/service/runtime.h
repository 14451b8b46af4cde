/*
 * What each service's main shares: configuration, logs, signals, health pages and the wait.
 *
 * A service is a voc_service and one line of main. Its run() owns the main thread: it works in small steps, waits in
 * voc_runtime_wait (or in its own poll, with voc_runtime_fd among the fds), and once voc_runtime_stopping says so,
 * finishes what it has begun and returns, by voc_runtime_stop_by at the latest. The HTTP server's thread is the only
 * other one here.
 *
 *   static const struct voc_service service = { VOC_PROGRAM_ALERTER, "VOC alerts to webhooks", check, run };
 *   int main(int argc, char **argv) { return voc_service_main(&service, argc, argv); }
 */
#ifndef VOC_IO_RUNTIME_H
#define VOC_IO_RUNTIME_H

#include "conf/conf.h"
#include "io/service/health.h"

#include <poll.h>

/* Exit status: 0 after a clean stop. A second signal gives 128 + its number. */
#define VOC_EXIT_FAILED 1 /* a supervisor may start it again */
#define VOC_EXIT_CONFIG 2 /* it would fail again: the configuration, or a file that it names, is wrong */

struct voc_runtime;

struct voc_service {
	enum voc_program program;
	const char *about; /* one line for --help */
	/* --check, after the options were checked: reads the files that they name; no network. NULL: nothing to read.
	 */
	enum voc_status (*check)(const struct voc_conf *conf, struct voc_error *error);
	/* The service's work until the stop. Failures come back and are logged by the caller. */
	enum voc_status (*run)(struct voc_runtime *runtime, const struct voc_conf *conf, struct voc_error *error);
};

/* The whole of a main(); returns the exit status. */
int voc_service_main(const struct voc_service *service, int argc, char **argv);

/*
 * Waits until one of the fds is ready (as poll(2): revents are set), until_ms has come (voc_clock_ms; -1: no end), or
 * the stop was asked for, which wakes each wait once. Counts as a sign of life. `count` is at most VOC_WAIT_FDS_MAX;
 * returns how many of them are ready.
 */
#define VOC_WAIT_FDS_MAX 15
int voc_runtime_wait(struct voc_runtime *runtime, struct pollfd *fds, size_t count, int64_t until_ms);
/* A signal asked for the end. Sets VOC_UNREADY_STOPPING and logs "stopping" at the first true. */
bool voc_runtime_stopping(struct voc_runtime *runtime);
/* When the stop must be over, in voc_clock_ms; -1 while no signal was seen: VOC_SHUTDOWN after the last moment at which
 * it was known that none had come. What blocks for long counts, so each step of a stop asks voc_runtime_stopping. */
int64_t voc_runtime_stop_by(const struct voc_runtime *runtime);
/* Readable once a stop was asked for, and for good: take it out of the poll then. */
int voc_runtime_fd(const struct voc_runtime *runtime);
struct voc_health *voc_runtime_health(struct voc_runtime *runtime);
/* A service's on_complaint of voc_kafka_settings: logs it. Any thread; `context` is not looked at. */
void voc_runtime_complain(void *context, enum voc_reason reason, const char *text);

#endif
