#include "support/redis_server.h"

#include "base/clock.h"
#include "support/pause.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define UP_MS         10000
#define TIMEOUT_MS    5000
#define MAX_ARGUMENTS 32

static void run_server(const struct redis_server *server, const char *const *more)
{
	const char *arguments[MAX_ARGUMENTS] = { "redis-server", "--port",       "0",
		                                 "--unixsocket", server->socket, "--dir",
		                                 server->folder, "--save",       "",
		                                 "--appendonly", "no",           "--loglevel",
		                                 "warning" };
	size_t count = 13;
	for (; more && *more && count + 1 < MAX_ARGUMENTS; more++)
		arguments[count++] = *more;
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test leaves none behind */
	if (!freopen("/dev/null", "w", stdout))
		_exit(126);
	execvp(arguments[0], (char *const *)(uintptr_t)arguments);
	_exit(127);
}

static void connect_test(struct redis_server *server)
{
	struct voc_error error;
	int64_t until_ms = voc_clock_ms() + UP_MS;
	for (;;) {
		voc_error_clear(&error);
		if (voc_redis_connect(server->redis, &error) == VOC_OK)
			return;
		if (voc_clock_ms() > until_ms)
			fail_msg("redis-server is not up: %s", error.text);
		test_pause_ms(5);
	}
}

static void spawn(struct redis_server *server, const char *const *arguments)
{
	server->pid = fork();
	assert_int_not_equal(server->pid, -1);
	if (server->pid == 0)
		run_server(server, arguments);
	connect_test(server);
}

void redis_server_start(struct redis_server *server, const char *const *arguments)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigaction(SIGPIPE, &ignore, NULL);
	*server = (struct redis_server){ .folder = "/tmp/voc-redis-XXXXXX" };
	assert_non_null(mkdtemp(server->folder));
	snprintf(server->socket, sizeof server->socket, "%s/s", server->folder);
	snprintf(server->url, sizeof server->url, "unix://%s", server->socket);
	assert_int_equal(voc_redis_new(server->url, TIMEOUT_MS, &server->redis, NULL), VOC_OK);
	spawn(server, arguments);
}

void redis_server_kill(struct redis_server *server)
{
	if (server->pid <= 0)
		return;
	kill(server->pid, SIGKILL);
	waitpid(server->pid, NULL, 0);
	server->pid = 0;
	unlink(server->socket);
}

void redis_server_restart(struct redis_server *server)
{
	redis_server_kill(server);
	spawn(server, NULL);
}

void redis_server_stop(struct redis_server *server)
{
	redis_server_kill(server);
	voc_redis_free(server->redis);
	rmdir(server->folder);
}

const struct voc_redis_reply *redis_server_do(struct redis_server *server, const char *const *command)
{
	struct voc_error error;
	voc_error_clear(&error);
	voc_redis_begin(server->redis);
	voc_redis_command(server->redis, command);
	if (voc_redis_exchange(server->redis, &error) != VOC_OK)
		fail_msg("%s: %s", command[0], error.text);
	return voc_redis_reply(server->redis, 0);
}

const char *redis_server_hget(struct redis_server *server, const char *key, const char *field)
{
	static char value[65536];
	const struct voc_redis_reply *reply = REDIS_DO(server, "HGET", key, field);
	voc_str_copy(value, sizeof value, reply->str);
	return value;
}
