#include "support/redis_node.h"

#include "base/clock.h"
#include "io/redis/redis_args.h"
#include "support/pause.h"

#include <ftw.h>
#include <netinet/in.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#define UP_MS           10000
#define AWAIT_MS        20000
#define ANSWER_MS       5000
#define COMMAND_BYTES   65536
#define REPLY_MAX_BYTES ((size_t)64 * 1024 * 1024)

static int free_port(void)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof address;
	int fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_return_code(fd, 0);
	assert_int_equal(bind(fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(getsockname(fd, (struct sockaddr *)&address, &size), 0);
	close(fd);
	return ntohs(address.sin_port);
}

void redis_node_init(struct redis_node *node)
{
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigaction(SIGPIPE, &ignore, NULL);
	*node = (struct redis_node){ .folder = "/tmp/voc-redis-XXXXXX", .port = free_port(), .bus_port = free_port() };
	assert_non_null(mkdtemp(node->folder));
	struct voc_redis_address address = { .host = "127.0.0.1", .port = node->port };
	node->arena = voc_arena_new(REPLY_MAX_BYTES);
	node->link = voc_redis_link_new(&address, node->arena);
	assert_non_null(node->link);
}

static void become(const struct redis_node *node, const char *const *arguments)
{
	prctl(PR_SET_PDEATHSIG, SIGKILL); /* a failed test leaves none behind */
	if (chdir(node->folder) != 0 || !freopen("/dev/null", "w", stdout))
		_exit(126);
	execvp(arguments[0], (char *const *)(uintptr_t)arguments);
	_exit(127);
}

void redis_node_start(struct redis_node *node, const char *const *arguments)
{
	node->pid = fork();
	assert_int_not_equal(node->pid, -1);
	if (node->pid == 0)
		become(node, arguments);
	int64_t until_ms = voc_clock_ms() + UP_MS;
	while (NODE_TRY(node, "PING")->type != VOC_REDIS_STATUS) {
		if (voc_clock_ms() > until_ms)
			fail_msg("%s is not up", arguments[0]);
		test_pause_ms(5);
	}
}

void redis_node_kill(struct redis_node *node)
{
	if (node->pid <= 0)
		return;
	kill(node->pid, SIGKILL);
	waitpid(node->pid, NULL, 0);
	node->pid = 0;
	voc_redis_link_close(node->link);
}

static int remove_one(const char *path, const struct stat *status, int type, struct FTW *at)
{
	(void)status;
	(void)type;
	(void)at;
	return remove(path);
}

void redis_node_free(struct redis_node *node)
{
	redis_node_kill(node);
	voc_redis_link_free(node->link);
	voc_arena_free(node->arena);
	nftw(node->folder, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

static const struct voc_redis_reply *exchange(struct redis_node *node, struct voc_str command)
{
	struct voc_redis_call call = { .command = command };
	struct voc_redis_patience patience = { voc_clock_ms() + ANSWER_MS, -1 };
	voc_redis_link_open(node->link);
	voc_redis_link_send(node->link, &call);
	voc_redis_links_exchange(&node->link, 1, &patience);
	return call.reply;
}

const struct voc_redis_reply *redis_node_try(struct redis_node *node, const char *const *command)
{
	struct voc_buf bytes;
	voc_buf_init(&bytes, COMMAND_BYTES);
	voc_redis_args_words(&bytes, command);
	assert_false(bytes.failed);
	voc_arena_reset(node->arena);
	bool was_open = voc_redis_link_is_open(node->link);
	const struct voc_redis_reply *reply = exchange(node, voc_buf_str(&bytes));
	/* Sentinels cut the connections of whom they promote or demote. */
	if (reply->type == VOC_REDIS_LOST && was_open)
		reply = exchange(node, voc_buf_str(&bytes));
	voc_buf_free(&bytes);
	return reply;
}

const struct voc_redis_reply *redis_node_do(struct redis_node *node, const char *const *command)
{
	const struct voc_redis_reply *reply = redis_node_try(node, command);
	if (reply->type == VOC_REDIS_ERROR || reply->type == VOC_REDIS_LOST)
		fail_msg("%s: %.*s", command[0], VOC_STR_ARG(reply->str));
	return reply;
}

bool redis_node_says(struct redis_node *node, const char *const *command, const char *text)
{
	struct voc_str said = redis_node_try(node, command)->str;
	return said.len > 0 && memmem(said.ptr, said.len, text, strlen(text));
}

void redis_node_await(struct redis_node *node, const char *const *command, const char *text)
{
	int64_t until_ms = voc_clock_ms() + AWAIT_MS;
	while (!redis_node_says(node, command, text)) {
		if (voc_clock_ms() > until_ms)
			fail_msg("%s never said %s", command[0], text);
		test_pause_ms(10);
	}
}

/* A password that the master doesn't know keeps the replica from coming back. */
void redis_node_cut_replica(struct redis_node *master, struct redis_node *replica)
{
	NODE_DO(replica, "CONFIG", "SET", "masterauth", "not-this-one");
	NODE_DO(master, "CLIENT", "KILL", "TYPE", "replica");
	NODE_AWAIT(replica, "master_link_status:down", "INFO", "replication");
}

void redis_node_mend_replica(struct redis_node *replica)
{
	NODE_DO(replica, "CONFIG", "SET", "masterauth", "");
}
