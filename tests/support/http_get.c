#include "support/http_get.h"

#include <netdb.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

int test_http_connect(const char *host, int port)
{
	char service[8];
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICHOST };
	const struct timeval patience = { .tv_sec = 5 };
	struct addrinfo *info;
	snprintf(service, sizeof service, "%d", port);
	if (getaddrinfo(host, service, &hints, &info) != 0)
		return -1;
	int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC, info->ai_protocol);
	if (fd >= 0 && (setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience) != 0 ||
	                connect(fd, info->ai_addr, info->ai_addrlen) != 0)) {
		close(fd);
		fd = -1;
	}
	freeaddrinfo(info);
	return fd;
}

size_t test_http_exchange(const char *host, int port, const char *request, char *to, size_t size)
{
	size_t len = 0;
	int fd = test_http_connect(host, port);
	if (fd >= 0 && send(fd, request, strlen(request), MSG_NOSIGNAL) == (ssize_t)strlen(request)) {
		for (ssize_t got; len < size - 1 && (got = read(fd, to + len, size - 1 - len)) > 0;)
			len += (size_t)got;
	}
	if (fd >= 0)
		close(fd);
	to[len] = '\0';
	return len;
}

int test_http_get(int port, const char *path, char *to, size_t size)
{
	char request[300];
	int status = 0;
	snprintf(request, sizeof request, "GET %s HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", path);
	test_http_exchange("127.0.0.1", port, request, to, size);
	if (strncmp(to, "HTTP/1.1 ", 9) == 0)
		status = (int)strtol(to + 9, NULL, 10);
	return status;
}
