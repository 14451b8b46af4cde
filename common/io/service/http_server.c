#include "io/service/http_server.h"

#include "io/service/http_address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <microhttpd.h>
#include <netdb.h>
#include <stdlib.h>
#include <unistd.h>

#define CONNECTIONS_MAX      32
#define CONNECTION_BYTES_MAX 16384
#define IDLE_S               10
#define BODY_MAX_BYTES       (1 << 20)
#define BACKLOG              511 /* a full queue costs a client a second: the kernel drops its SYN */

struct voc_http_server {
	struct MHD_Daemon *daemon;
	const struct voc_http_route *routes;
	void *context;
	int port;
};

enum voc_status voc_http_addr_check(const char *addr, struct voc_error *error)
{
	struct voc_http_address address;
	return voc_http_address_split(addr, &address, error);
}

/* A listening socket for the first of the host's addresses that can be bound, or -1 and errno. */
static int bind_first(const struct addrinfo *list)
{
	int fd = -1;
	int saved = EADDRNOTAVAIL;
	for (const struct addrinfo *info = list; info && fd < 0; info = info->ai_next) {
		int one = 1;
		fd = socket(info->ai_family, info->ai_socktype | SOCK_CLOEXEC | SOCK_NONBLOCK, info->ai_protocol);
		if (fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &one, sizeof one) == 0 &&
		    bind(fd, info->ai_addr, info->ai_addrlen) == 0 && listen(fd, BACKLOG) == 0)
			break;
		saved = errno;
		if (fd >= 0)
			close(fd);
		fd = -1;
	}
	errno = saved;
	return fd;
}

static enum voc_status open_socket(const char *addr, int *ret_fd, struct voc_error *error)
{
	struct voc_http_address address;
	enum voc_status status = voc_http_address_split(addr, &address, error);
	if (status != VOC_OK)
		return status;
	const struct addrinfo hints = { .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE | AI_NUMERICSERV };
	struct addrinfo *list;
	int failure = getaddrinfo(address.host[0] ? address.host : NULL, address.port, &hints, &list);
	if (failure)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%.60s: %s", addr, gai_strerror(failure));
	int fd = bind_first(list);
	int saved = errno;
	freeaddrinfo(list);
	if (fd < 0)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_HTTP, -1, "%.60s: %s", addr, strerror(saved));
	*ret_fd = fd;
	return VOC_OK;
}

static int socket_port(int fd)
{
	union {
		struct sockaddr any;
		struct sockaddr_in v4;
		struct sockaddr_in6 v6;
	} bound = { .v6 = { 0 } };
	socklen_t len = sizeof bound;
	if (getsockname(fd, &bound.any, &len) != 0)
		return 0;
	return ntohs(bound.any.sa_family == AF_INET6 ? bound.v6.sin6_port : bound.v4.sin_port);
}

static enum MHD_Result answer(struct MHD_Connection *connection, unsigned status, const char *content_type,
                              struct voc_str body)
{
	struct MHD_Response *response =
	        MHD_create_response_from_buffer(body.len, (void *)(uintptr_t)body.ptr, MHD_RESPMEM_MUST_COPY);
	if (!response)
		return MHD_NO;
	MHD_add_response_header(response, MHD_HTTP_HEADER_CONTENT_TYPE, content_type);
	MHD_add_response_header(response, MHD_HTTP_HEADER_CACHE_CONTROL, "no-store");
	if (status == MHD_HTTP_METHOD_NOT_ALLOWED)
		MHD_add_response_header(response, MHD_HTTP_HEADER_ALLOW, "GET, HEAD");
	enum MHD_Result result = MHD_queue_response(connection, status, response);
	MHD_destroy_response(response);
	return result;
}

static enum MHD_Result answer_route(const struct voc_http_server *server, struct MHD_Connection *connection,
                                    const struct voc_http_route *route)
{
	struct voc_buf body;
	voc_buf_init(&body, BODY_MAX_BYTES);
	unsigned status = route->render(server->context, &body) ? MHD_HTTP_OK : MHD_HTTP_SERVICE_UNAVAILABLE;
	if (body.failed) {
		voc_buf_clear(&body);
		status = MHD_HTTP_INTERNAL_SERVER_ERROR;
	}
	enum MHD_Result result = answer(connection, status, route->content_type, voc_buf_str(&body));
	voc_buf_free(&body);
	return result;
}

static enum MHD_Result on_request(void *context, struct MHD_Connection *connection, const char *path,
                                  const char *method, const char *version, const char *upload, size_t *upload_len,
                                  void **request)
{
	const struct voc_http_server *server = context;
	static char headers_seen;
	(void)version, (void)upload;
	if (strcmp(method, MHD_HTTP_METHOD_GET) != 0 && strcmp(method, MHD_HTTP_METHOD_HEAD) != 0) {
		*upload_len = 0;
		return answer(connection, MHD_HTTP_METHOD_NOT_ALLOWED, "text/plain", VOC_STR("GET or HEAD only\n"));
	}
	/* An answer to the headers alone would close the connection: it is given at the second call. */
	if (*request != &headers_seen) {
		*request = &headers_seen;
		return MHD_YES;
	}
	for (const struct voc_http_route *route = server->routes; route->path; route++) {
		if (strcmp(path, route->path) == 0)
			return answer_route(server, connection, route);
	}
	return answer(connection, MHD_HTTP_NOT_FOUND, "text/plain", VOC_STR("no such page\n"));
}

enum voc_status voc_http_server_start(struct voc_http_server **ret_server, const char *addr,
                                      const struct voc_http_route *routes, void *context, struct voc_error *error)
{
	int fd;
	enum voc_status status = open_socket(addr, &fd, error);
	if (status != VOC_OK)
		return status;
	struct voc_http_server *server = calloc(1, sizeof *server);
	if (!server) {
		close(fd);
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "the HTTP server's memory");
	}
	*server = (struct voc_http_server){ .routes = routes, .context = context, .port = socket_port(fd) };
	/* By poll: with epoll libmicrohttpd 0.9.75 misses the end of a connection that comes right behind its data, and
	 * each such client held one of the few connections until the time-out. */
	server->daemon =
	        MHD_start_daemon(MHD_USE_POLL | MHD_USE_INTERNAL_POLLING_THREAD, 0, NULL, NULL, on_request, server,
	                         MHD_OPTION_LISTEN_SOCKET, fd, MHD_OPTION_CONNECTION_LIMIT, (unsigned)CONNECTIONS_MAX,
	                         MHD_OPTION_CONNECTION_TIMEOUT, (unsigned)IDLE_S, MHD_OPTION_CONNECTION_MEMORY_LIMIT,
	                         (size_t)CONNECTION_BYTES_MAX, MHD_OPTION_END);
	if (!server->daemon) {
		close(fd);
		free(server);
		return voc_error_set(error, VOC_FATAL, VOC_REASON_HTTP, -1, "the HTTP server's thread did not start");
	}
	*ret_server = server;
	return VOC_OK;
}

int voc_http_server_port(const struct voc_http_server *server)
{
	return server->port;
}

void voc_http_server_stop(struct voc_http_server *server)
{
	if (!server)
		return;
	MHD_stop_daemon(server->daemon);
	free(server);
}
