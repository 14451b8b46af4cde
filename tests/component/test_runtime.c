/* runtime: a service in a child process, its signals, pages, exit status and output. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "io/service/metrics.h"
#include "io/service/runtime.h"
#include "support/http_get.h"
#include "support/pause.h"

#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#define PATIENCE_MS 20000

/* A child that runs a service; standard output and error both come through the pipe. */
struct child {
	pid_t pid;
	int fd;
	char output[65536];
	size_t len;
};

static void become_service(const struct voc_service *service, char *const *arguments, int output)
{
	char *argv[8] = { "service" };
	int argc = 1;
	for (; arguments[argc - 1]; argc++)
		argv[argc] = arguments[argc - 1];
	alarm(PATIENCE_MS / 1000); /* never outlives a failed test for long */
	if (dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
		_exit(99);
	int status = voc_service_main(service, argc, argv);
	fflush(stdout);
	_exit(status);
}

static void start_child(struct child *child, const struct voc_service *service, char *const *arguments)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	child->len = 0;
	child->output[0] = '\0';
	child->fd = ends[0];
	child->pid = fork();
	assert_true(child->pid >= 0);
	if (child->pid == 0)
		become_service(service, arguments, ends[1]);
	close(ends[1]);
}

/* Reads on until the output holds `text`, or, for NULL, to its end. */
static void read_until(struct child *child, const char *text)
{
	int64_t deadline_ms = voc_clock_ms() + PATIENCE_MS;
	while (!text || !strstr(child->output, text)) {
		struct pollfd wait = { .fd = child->fd, .events = POLLIN };
		if (voc_clock_ms() > deadline_ms || poll(&wait, 1, PATIENCE_MS) != 1)
			fail_msg("no %s in: %s", text ? text : "end", child->output);
		ssize_t got = read(child->fd, child->output + child->len, sizeof child->output - 1 - child->len);
		if (got <= 0 && text)
			fail_msg("ended without %s: %s", text, child->output);
		if (got <= 0)
			return;
		child->len += (size_t)got;
		child->output[child->len] = '\0';
	}
}

static int exit_status(struct child *child)
{
	int status;
	read_until(child, NULL);
	close(child->fd);
	assert_int_equal(waitpid(child->pid, &status, 0), child->pid);
	return WIFEXITED(status) ? WEXITSTATUS(status) : -WTERMSIG(status);
}

static int port_of(const struct child *child)
{
	const char *at = strstr(child->output, "\"port\":");
	assert_non_null(at);
	return (int)strtol(at + 7, NULL, 10);
}

static char *const pages[] = { "--http-addr=127.0.0.1:0", "--stall=1s", NULL };

static enum voc_status run_well(struct voc_runtime *runtime, const struct voc_conf *conf, struct voc_error *error)
{
	(void)conf, (void)error;
	voc_health_set(voc_runtime_health(runtime), VOC_UNREADY_STARTING, false);
	while (!voc_runtime_stopping(runtime))
		voc_runtime_wait(runtime, NULL, 0, -1);
	int64_t left_ms = voc_runtime_stop_by(runtime) - voc_clock_ms();
	return left_ms > 3000 && left_ms <= 4000 ? VOC_OK : VOC_FATAL;
}

static const struct voc_service good = { VOC_PROGRAM_ALERTER, "does nothing, well", NULL, run_well };

static void stops_cleanly_by(int signal, const char *line)
{
	struct child child;
	start_child(&child, &good, pages);
	read_until(&child, "\"listening\"");
	kill(child.pid, signal);
	assert_int_equal(exit_status(&child), 0);
	assert_non_null(strstr(child.output, "\"starting\",\"version\":\"" VOC_VERSION "\""));
	assert_non_null(strstr(child.output, line));
	assert_non_null(strstr(child.output, "\"stopped\",\"status\":0"));
}

static void test_a_signal_stops_it_cleanly(void **state)
{
	(void)state;
	stops_cleanly_by(SIGTERM, "\"stopping\",\"signal\":15,\"within_ms\":4000");
	stops_cleanly_by(SIGINT, "\"stopping\",\"signal\":2,\"within_ms\":4000");
}

/* Deaf after the first signal, as if it hung in a library. */
static enum voc_status run_deaf(struct voc_runtime *runtime, const struct voc_conf *conf, struct voc_error *error)
{
	(void)conf, (void)error;
	while (!voc_runtime_stopping(runtime))
		voc_runtime_wait(runtime, NULL, 0, -1);
	while (pause() == -1)
		;
	return VOC_OK;
}

static void test_a_second_signal_ends_it_at_once(void **state)
{
	(void)state;
	static const struct voc_service deaf = { VOC_PROGRAM_ALERTER, "hangs", NULL, run_deaf };
	struct child child;
	start_child(&child, &deaf, pages);
	read_until(&child, "\"listening\"");
	kill(child.pid, SIGTERM);
	read_until(&child, "\"stopping\"");
	int64_t begin_ms = voc_clock_ms();
	kill(child.pid, SIGTERM);
	assert_int_equal(exit_status(&child), 128 + SIGTERM);
	assert_true(voc_clock_ms() - begin_ms < 2500); /* TSan itself takes a second to exit */
}

/* Asks again until the page holds `text`, and returns its status. */
static int get_until(int port, const char *path, const char *text)
{
	char response[65536];
	for (int64_t deadline_ms = voc_clock_ms() + PATIENCE_MS; voc_clock_ms() < deadline_ms; test_pause_ms(10)) {
		int status = test_http_get(port, path, response, sizeof response);
		if (strstr(response, text))
			return status;
	}
	fail_msg("%s never said %s, but: %s", path, text, response);
	return 0;
}

static void test_the_pages_tell_its_health(void **state)
{
	(void)state;
	struct child child;
	start_child(&child, &good, pages);
	read_until(&child, "\"listening\"");
	int port = port_of(&child);
	assert_int_equal(get_until(port, "/readyz", "{\"status\":\"ready\""), 200);
	assert_int_equal(get_until(port, "/healthz", "{\"status\":\"alive\""), 200);
	assert_int_equal(get_until(port, "/metrics", "\nvoc_ready 1\n"), 200);
	/* Its loop waits without end: after three stall times it counts as stuck. */
	assert_int_equal(get_until(port, "/healthz", "{\"status\":\"stuck\""), 503);
	kill(child.pid, SIGTERM);
	assert_int_equal(exit_status(&child), 0);
}

static void test_metrics_may_be_served_apart(void **state)
{
	(void)state;
	static char *const apart[] = { "--http-addr=127.0.0.1:0", "--metrics-addr=127.0.0.1:0", NULL };
	char response[65536];
	struct child child;
	start_child(&child, &good, apart);
	read_until(&child, "\"listening\"");
	int metrics_port = port_of(&child); /* theirs is told first */
	const char *listening = strstr(child.output, "\"listening\"");
	int port = (int)strtol(strstr(listening, "\"port\":") + 7, NULL, 10);
	assert_int_not_equal(port, metrics_port);
	assert_int_equal(get_until(metrics_port, "/metrics", "\nvoc_ready 1\n"), 200);
	assert_int_equal(test_http_get(metrics_port, "/healthz", response, sizeof response), 404);
	assert_int_equal(get_until(port, "/readyz", "{\"status\":\"ready\""), 200);
	assert_int_equal(test_http_get(port, "/metrics", response, sizeof response), 404);
	kill(child.pid, SIGTERM);
	assert_int_equal(exit_status(&child), 0);
}

static enum voc_status run_starting(struct voc_runtime *runtime, const struct voc_conf *conf, struct voc_error *error)
{
	(void)conf, (void)error;
	while (!voc_runtime_stopping(runtime))
		voc_runtime_wait(runtime, NULL, 0, voc_clock_ms() + 100);
	return VOC_OK;
}

static void test_it_is_not_ready_while_it_starts(void **state)
{
	(void)state;
	static const struct voc_service slow = { VOC_PROGRAM_AGGREGATOR, "starts", NULL, run_starting };
	struct child child;
	start_child(&child, &slow, pages);
	read_until(&child, "\"listening\"");
	assert_int_equal(get_until(port_of(&child), "/readyz", "\"reason\":\"starting\""), 503);
	assert_int_equal(get_until(port_of(&child), "/metrics", "\nvoc_ready 0\n"), 200);
	test_pause_ms(3500); /* a loop that hung would be taken for stuck by now */
	assert_int_equal(get_until(port_of(&child), "/healthz", "\"status\":"), 200);
	kill(child.pid, SIGTERM);
	assert_int_equal(exit_status(&child), 0);
}

static enum voc_status run_badly(struct voc_runtime *runtime, const struct voc_conf *conf, struct voc_error *error)
{
	(void)runtime;
	enum voc_reason reason = conf->webhook_tries == 1 ? VOC_REASON_CONFIG : VOC_REASON_KAFKA;
	return voc_error_set(error, VOC_FATAL, reason, -1, "it broke");
}

static enum voc_status check_badly(const struct voc_conf *conf, struct voc_error *error)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%.60s: no such file", conf->webhooks_path);
}

static const struct voc_service bad = { VOC_PROGRAM_ALERTER, "fails", check_badly, run_badly };

static void assert_outcome(const struct voc_service *service, char *const *arguments, int status, const char *text)
{
	struct child child;
	start_child(&child, service, arguments);
	assert_int_equal(exit_status(&child), status);
	if (!strstr(child.output, text))
		fail_msg("no %s in: %s", text, child.output);
}

static void test_the_exit_status_tells_what_failed(void **state)
{
	(void)state;
	assert_outcome(&bad, (char *[]){ "--http-addr=off", NULL }, VOC_EXIT_FAILED,
	               "\"event\":\"failed\",\"reason\":\"kafka\",\"error\":\"it broke\"");
	assert_outcome(&bad, (char *[]){ "--http-addr=off", "--webhook-tries=1", NULL }, VOC_EXIT_CONFIG, "it broke");
	assert_outcome(&bad, (char *[]){ "--http-addr=nowhere", NULL }, VOC_EXIT_CONFIG, "VOC_HTTP_ADDR: 'nowhere'");
	assert_outcome(&bad, (char *[]){ "--http-addr=127.0.0.1:0", "--metrics-addr=nowhere", NULL }, VOC_EXIT_CONFIG,
	               "VOC_METRICS_ADDR: 'nowhere'");
	assert_outcome(&bad, (char *[]){ "--http-adr=off", NULL }, VOC_EXIT_CONFIG,
	               "voc-alerter: --http-adr: no such option; did you mean --http-addr\n");
}

static void test_actions_do_not_run_it(void **state)
{
	(void)state;
	assert_outcome(&bad, (char *[]){ "--version", NULL }, 0, "voc-alerter " VOC_VERSION "\n");
	assert_outcome(&bad, (char *[]){ "--help", NULL }, 0, "voc-alerter: fails\n\nusage: voc-alerter [option...]\n");
	assert_outcome(&bad, (char *[]){ "--print-config", NULL }, 0, "\nVOC_WEBHOOK_TRIES=12\n");
	assert_outcome(&bad, (char *[]){ "--check", NULL }, VOC_EXIT_CONFIG,
	               "voc-alerter: /etc/voc/webhooks.json: no such file\n");
	assert_outcome(&good, (char *[]){ "--check", NULL }, 0, "the configuration is fine\n");
	assert_outcome(&good, (char *[]){ "--check", "--http-addr=x", NULL }, VOC_EXIT_CONFIG, "VOC_HTTP_ADDR: 'x'");
	assert_outcome(&good, (char *[]){ "--check", "--metrics-addr=y", NULL }, VOC_EXIT_CONFIG,
	               "VOC_METRICS_ADDR: 'y'");
}

/* A process that was once well and hangs now is not what a supervisor should keep. */
static enum voc_status run_until_told_to_hang(struct voc_runtime *runtime, const struct voc_conf *conf,
                                              struct voc_error *error)
{
	(void)conf, (void)error;
	while (!voc_runtime_stopping(runtime))
		voc_runtime_wait(runtime, NULL, 0, -1);
	while (pause() != 0)
		continue;
	return VOC_OK;
}

static void test_the_healthcheck_asks_the_process_beside_it(void **state)
{
	(void)state;
	static const struct voc_service hanging = { VOC_PROGRAM_ALERTER, "hangs", NULL, run_until_told_to_hang };
	struct child child;
	char addr[64];
	start_child(&child, &hanging, pages);
	read_until(&child, "\"listening\"");
	snprintf(addr, sizeof addr, "--http-addr=127.0.0.1:%d", port_of(&child));
	char *const ask[] = { "--healthcheck", addr, NULL };
	assert_outcome(&good, ask, 0, "{\"status\":\"alive\"");
	kill(child.pid, SIGTERM);
	int64_t deadline_ms = voc_clock_ms() + PATIENCE_MS;
	int status;
	do {
		struct child again;
		test_pause_ms(100);
		start_child(&again, &good, ask);
		status = exit_status(&again);
	} while (status == 0 && voc_clock_ms() < deadline_ms);
	assert_int_equal(status, VOC_EXIT_FAILED);
	kill(child.pid, SIGKILL);
	exit_status(&child);
	assert_outcome(&good, ask, VOC_EXIT_FAILED, "Connection refused");
	assert_outcome(&good, (char *[]){ "--healthcheck", "--http-addr=off", NULL }, VOC_EXIT_CONFIG,
	               "nothing to ask");
	assert_outcome(&good, (char *[]){ "--healthcheck", "--http-addr=:0", NULL }, VOC_EXIT_CONFIG, "not known here");
}

static enum voc_status expect(bool holds, const char *what, struct voc_error *error)
{
	return holds ? VOC_OK : voc_error_set(error, VOC_FATAL, VOC_REASON_INTERNAL, -1, "%s", what);
}

static bool waits_ms(struct voc_runtime *runtime, struct pollfd *fds, size_t count, int ms)
{
	int64_t until_ms = voc_clock_ms() + ms;
	return voc_runtime_wait(runtime, fds, count, until_ms) == 0 && voc_clock_ms() >= until_ms;
}

static enum voc_status run_waits(struct voc_runtime *runtime, const struct voc_conf *conf, struct voc_error *error)
{
	(void)conf;
	int ends[2];
	char byte = 'x';
	enum voc_status status = expect(pipe(ends) == 0, "the pipe", error);
	struct pollfd fds[2] = { { .fd = ends[0], .events = POLLIN }, { .fd = ends[0], .events = POLLPRI } };
	status |= expect(waits_ms(runtime, fds, 2, 30), "a deadline", error);
	status |= expect(write(ends[1], &byte, 1) == 1 && voc_runtime_wait(runtime, fds, 2, -1) == 1 &&
	                         fds[0].revents == POLLIN && fds[1].revents == 0,
	                 "the fds", error);
	status |= expect(voc_runtime_wait(runtime, NULL, 0, 0) == 0, "a deadline in the past", error);
	raise(SIGTERM);
	status |=
	        expect(voc_runtime_wait(runtime, NULL, 0, -1) == 0 && voc_runtime_stopping(runtime), "a signal", error);
	status |= expect(waits_ms(runtime, NULL, 0, 30), "a deadline after the signal", error);
	close(ends[0]);
	status |= expect(write(ends[1], &byte, 1) == -1, "a broken pipe", error);
	close(ends[1]);
	return status;
}

static void test_waits_end_by_fd_deadline_or_signal(void **state)
{
	(void)state;
	static const struct voc_service waiting = { VOC_PROGRAM_ALERTER, "waits", NULL, run_waits };
	assert_outcome(&waiting, (char *[]){ "--http-addr=off", NULL }, 0, "\"stopped\"");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_signal_stops_it_cleanly),
		cmocka_unit_test(test_a_second_signal_ends_it_at_once),
		cmocka_unit_test(test_the_pages_tell_its_health),
		cmocka_unit_test(test_metrics_may_be_served_apart),
		cmocka_unit_test(test_it_is_not_ready_while_it_starts),
		cmocka_unit_test(test_the_exit_status_tells_what_failed),
		cmocka_unit_test(test_actions_do_not_run_it),
		cmocka_unit_test(test_the_healthcheck_asks_the_process_beside_it),
		cmocka_unit_test(test_waits_end_by_fd_deadline_or_signal),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
