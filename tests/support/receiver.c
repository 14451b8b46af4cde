#include "support/receiver.h"

#include "base/clock.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/inotify.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

static void become_receiver(const struct test_receiver *receiver, const char *cert, int out)
{
	static const char script[] = VOC_SOURCE_DIR "/tests/support/webhook_receiver.py";
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a test that dies leaves nothing behind */
	dup2(out, STDOUT_FILENO);
	if (cert)
		execlp("python3", "python3", "-u", script, "--secret", TEST_SECRET, "--log", receiver->log, "--log-all",
		       "--cert", cert, (char *)NULL);
	else
		execlp("python3", "python3", "-u", script, "--secret", TEST_SECRET, "--log", receiver->log, "--log-all",
		       (char *)NULL);
	_exit(127);
}

void test_receiver_start(struct test_receiver *receiver, const char *cert)
{
	int ends[2];
	snprintf(receiver->log, sizeof receiver->log, "/tmp/voc-receiver-XXXXXX");
	int log = mkstemp(receiver->log);
	assert_true(log >= 0);
	close(log);
	assert_int_equal(pipe(ends), 0);
	receiver->pid = fork();
	assert_true(receiver->pid >= 0);
	if (receiver->pid == 0)
		become_receiver(receiver, cert, ends[1]);
	close(ends[1]);
	FILE *out = fdopen(ends[0], "r");
	assert_non_null(out);
	assert_int_equal(fscanf(out, "%d", &receiver->port), 1);
	fclose(out);
}

void test_receiver_stop(struct test_receiver *receiver)
{
	kill(receiver->pid, SIGKILL);
	waitpid(receiver->pid, NULL, 0);
	unlink(receiver->log);
}

json_t *test_receiver_requests(const struct test_receiver *receiver)
{
	json_t *requests = json_array();
	FILE *file = fopen(receiver->log, "r");
	assert_non_null(file);
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	/* The last line may be half written: it is there at the next look. */
	while ((len = getline(&line, &size, file)) > 0 && line[len - 1] == '\n') {
		json_t *request = json_loadb(line, (size_t)len, 0, NULL);
		assert_non_null(request);
		json_array_append_new(requests, request);
	}
	free(line);
	fclose(file);
	return requests;
}

size_t test_receiver_count(const struct test_receiver *receiver, const char *path, int status)
{
	json_t *requests = test_receiver_requests(receiver), *request;
	size_t index, count = 0;
	json_array_foreach(requests, index, request)
	{
		const char *its_path = json_string_value(json_object_get(request, "path"));
		json_int_t its_status = json_integer_value(json_object_get(request, "status"));
		count += strcmp(its_path, path) == 0 && (status == 0 || its_status == status);
	}
	json_decref(requests);
	return count;
}

void test_receiver_wait(const struct test_receiver *receiver, const char *path, int status, size_t count,
                        int64_t patience_ms)
{
	int64_t deadline_ms = voc_clock_ms() + patience_ms;
	int changes = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	assert_true(changes >= 0 && inotify_add_watch(changes, receiver->log, IN_MODIFY) >= 0);
	size_t have;
	while ((have = test_receiver_count(receiver, path, status)) < count) {
		struct pollfd fd = { .fd = changes, .events = POLLIN };
		int64_t left_ms = deadline_ms - voc_clock_ms();
		if (left_ms <= 0 || poll(&fd, 1, (int)left_ms) <= 0)
			fail_msg("%s: %zu of %zu", path, have, count);
		char events[4096];
		assert_true(read(changes, events, sizeof events) > 0);
	}
	close(changes);
}
