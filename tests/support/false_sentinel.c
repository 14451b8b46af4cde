#include "support/false_sentinel.h"

#include <netinet/in.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cmocka.h>

/* One question a connection, as redis_sentinel.c asks it. */
static void answer(struct false_sentinel *sentinel, int fd)
{
	char question[512], port[16], reply[64];
	if (read(fd, question, sizeof question) <= 0)
		return;
	atomic_fetch_add(&sentinel->asked, 1);
	snprintf(port, sizeof port, "%d", atomic_load(&sentinel->master_port));
	int len = snprintf(reply, sizeof reply, "*2\r\n$9\r\n127.0.0.1\r\n$%zu\r\n%s\r\n", strlen(port), port);
	(void)!write(fd, reply, (size_t)len); /* whoever asked may be gone */
}

static void *serve(void *context)
{
	struct false_sentinel *sentinel = context;
	int fd;
	while ((fd = accept(sentinel->fd, NULL, NULL)) >= 0) {
		answer(sentinel, fd);
		close(fd);
	}
	return NULL;
}

void false_sentinel_start(struct false_sentinel *sentinel, int master_port)
{
	struct sockaddr_in address = { .sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	socklen_t size = sizeof address;
	sentinel->fd = socket(AF_INET, SOCK_STREAM, 0);
	assert_return_code(sentinel->fd, 0);
	assert_int_equal(bind(sentinel->fd, (struct sockaddr *)&address, size), 0);
	assert_int_equal(listen(sentinel->fd, 16), 0);
	assert_int_equal(getsockname(sentinel->fd, (struct sockaddr *)&address, &size), 0);
	sentinel->port = ntohs(address.sin_port);
	atomic_init(&sentinel->master_port, master_port);
	atomic_init(&sentinel->asked, 0);
	assert_int_equal(pthread_create(&sentinel->thread, NULL, serve, sentinel), 0);
}

void false_sentinel_stop(struct false_sentinel *sentinel)
{
	shutdown(sentinel->fd, SHUT_RDWR);
	pthread_join(sentinel->thread, NULL);
	close(sentinel->fd);
}
