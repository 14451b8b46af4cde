#include "io/service/http_probe.h"

#include <errno.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

static enum voc_status no_answer(const char *addr, const char *why, struct voc_error *error)
{
	return voc_error_set(error, VOC_RETRY, VOC_REASON_HTTP, -1, "%.60s: %s", addr, why);
}

/* A connection whose every wait ends after timeout_ms (Linux bounds connect(2) by SO_SNDTIMEO), or -1 and errno. */
static int connect_first(const struct addrinfo *list, int timeout_ms)
{
	const struct timeval limit = { .tv_sec = timeout_ms / 1000, .tv_usec = timeout_ms % 1000 * 1000 };
	int saved = EADDRNOTAVAIL;
	for (const struct addrinfo *info = list; info; info = info->ai_next) {
		int fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC, info->ai_protocol);
		if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof limit) == 0 &&
		    setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit) == 0 &&
		    connect(fd, info->ai_addr, info->ai_addrlen) == 0)
			return fd;
		saved = errno;
		if (fd >= 0)
			close(fd);
	}
	errno = saved;
	return -1;
}

static enum voc_status open_connection(const char *addr, int timeout_ms, int *ret_fd, struct voc_error *error)
{
	struct voc_http_address address;
	enum voc_status status = voc_http_address_split(addr, &address, error);
	if (status != VOC_OK)
		return status;
	if (strcmp(address.port, "0") == 0)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1,
		                     "the service took a port that is not known here");
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_NUMERICSERV };
	struct addrinfo *list;
	int failure = getaddrinfo(address.host[0] ? address.host : NULL, address.port, &hints, &list);
	if (failure)
		return no_answer(addr, gai_strerror(failure), error);
	int fd = connect_first(list, timeout_ms);
	int saved = errno;
	freeaddrinfo(list);
	if (fd < 0)
		return no_answer(addr, strerror(saved), error);
	*ret_fd = fd;
	return VOC_OK;
}

/* The whole answer: HTTP/1.0's ends with its connection. */
static enum voc_status exchange(int fd, const char *addr, const char *path, struct voc_buf *answer,
                                struct voc_error *error)
{
	char piece[4096];
	int len = snprintf(piece, sizeof piece, "GET %s HTTP/1.0\r\nHost: localhost\r\n\r\n", path);
	if (len >= (int)sizeof piece || send(fd, piece, (size_t)len, MSG_NOSIGNAL) != len)
		return no_answer(addr, "the request was not taken", error);
	ssize_t got;
	while ((got = recv(fd, piece, sizeof piece, 0)) > 0)
		voc_buf_add_str(answer, voc_str_of(piece, (size_t)got));
	if (got < 0)
		return no_answer(addr, errno == EAGAIN ? "no answer in time" : strerror(errno), error);
	return answer->failed ? no_answer(addr, "the answer is too long", error) : VOC_OK;
}

static enum voc_status read_answer(const char *addr, struct voc_str answer, struct voc_buf *body,
                                   struct voc_error *error)
{
	const char *blank = answer.len ? memmem(answer.ptr, answer.len, "\r\n\r\n", 4) : NULL;
	if (!blank || answer.len < 12 || memcmp(answer.ptr, "HTTP/1.", 7) != 0)
		return no_answer(addr, "what answers there speaks no HTTP", error);
	size_t head = (size_t)(blank - answer.ptr) + 4;
	voc_buf_add_str(body, voc_str_of(answer.ptr + head, answer.len - head));
	if (memcmp(answer.ptr + 9, "200", 3) == 0)
		return VOC_OK;
	return voc_error_set(error, VOC_RETRY, VOC_REASON_HTTP, -1, "%.60s: status %.3s", addr, answer.ptr + 9);
}

enum voc_status voc_http_probe(const char *addr, const char *path, int timeout_ms, struct voc_buf *ret_body,
                               struct voc_error *error)
{
	int fd = -1;
	enum voc_status status = open_connection(addr, timeout_ms, &fd, error);
	if (status != VOC_OK)
		return status;
	struct voc_buf answer;
	voc_buf_init(&answer, 1 << 20);
	status = exchange(fd, addr, path, &answer, error);
	if (status == VOC_OK)
		status = read_answer(addr, voc_buf_str(&answer), ret_body, error);
	voc_buf_free(&answer);
	close(fd);
	return status;
}
