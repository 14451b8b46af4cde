/*
 * io/http_server as anybody on the network meets it: any bytes over a real connection. What is answered is an HTTP
 * response with a status that the server means to give, and the server answers the next one.
 */
#undef NDEBUG /* every build must check */
#include <arpa/inet.h>
#include <assert.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/service/health.h"
#include "io/service/http_server.h"
#include "io/service/metrics.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ANSWER_MAX_BYTES 65536
#define SHORT_MS         20
#define CONNECT_MS       120000
#define LONG_MS          10000

static struct voc_http_server *server;
static struct voc_health *health;

static bool render_alive(void *context, struct voc_buf *body)
{
	return voc_health_render_alive(context, body);
}

static bool render_ready(void *context, struct voc_buf *body)
{
	return voc_health_render_ready(context, body);
}

static bool render_metrics(void *context, struct voc_buf *body)
{
	(void)context;
	voc_metrics_render(body, "fuzz");
	return true;
}

/* As in runtime.c. */
static const struct voc_http_route routes[] = {
	{ "/healthz", "application/json", render_alive },
	{ "/readyz", "application/json", render_ready },
	{ "/metrics", "text/plain; version=0.0.4; charset=utf-8", render_metrics },
	{ 0 },
};

static void open_once(void)
{
	struct voc_error error = { .position = -1 };
	if (server)
		return;
	health = voc_health_new(1000000);
	assert(health && voc_http_server_start(&server, "127.0.0.1:0", routes, health, &error) == VOC_OK);
}

static int try_connect(void)
{
	const struct sockaddr_in address = { .sin_family = AF_INET,
		                             .sin_port = htons((uint16_t)voc_http_server_port(server)),
		                             .sin_addr = { htonl(INADDR_LOOPBACK) } };
	const struct linger reset = { .l_onoff = 1 }; /* a reset at the end: the port is free at once */
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	assert(fd >= 0 && setsockopt(fd, SOL_SOCKET, SO_LINGER, &reset, sizeof reset) == 0);
	if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0)
		return fd;
	close(fd);
	return -1;
}

/* All the same the machine may run out of ports, or the backlog be full, for a while; a server that is gone is for
 * good. */
static int connect_once(void)
{
	int64_t deadline_ms = voc_clock_ms() + CONNECT_MS;
	int fd = try_connect();
	while (fd < 0) {
		assert(voc_clock_ms() < deadline_ms);
		poll(NULL, 0, 20);
		fd = try_connect();
	}
	return fd;
}

static bool is_readable(int fd, int within_ms)
{
	struct pollfd wait = { .fd = fd, .events = POLLIN };
	return poll(&wait, 1, within_ms) > 0;
}

/* What comes until the server closes, or keeps still: of a request that never ends it awaits the rest, for ten seconds.
 */
static size_t exchange(const uint8_t *data, size_t size, char *answer, int patience_ms)
{
	int fd = connect_once();
	size_t len = 0;
	ssize_t got = 1;
	if (size > 0)
		(void)!send(fd, data, size, MSG_NOSIGNAL); /* it may have closed already */
	shutdown(fd, SHUT_WR);
	while (got > 0 && len < ANSWER_MAX_BYTES && is_readable(fd, patience_ms)) {
		got = recv(fd, answer + len, ANSWER_MAX_BYTES - len, 0);
		assert(got >= 0 || errno == ECONNRESET || errno == EPIPE);
		len += got > 0 ? (size_t)got : 0;
	}
	close(fd);
	return len;
}

static void check(const char *answer, size_t len)
{
	static const char *const expected[] = { "100", "200", "503", "405", "404", "400",
		                                "413", "414", "431", "501", "505" };
	if (len == 0) /* libmicrohttpd closes without a word what is no request to its end */
		return;
	assert(len > 12 && memcmp(answer, "HTTP/1.", 7) == 0 && answer[8] == ' ');
	bool known = false;
	for (size_t i = 0; i < sizeof expected / sizeof *expected; i++)
		known = known || memcmp(answer + 9, expected[i], 3) == 0;
	assert(known);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char answer[ANSWER_MAX_BYTES];
	static const char ask[] = "GET /healthz HTTP/1.0\r\n\r\n";
	static unsigned count;
	open_once();
	bool ends = size >= 4 && (memmem(data, size, "\r\n\r\n", 4) || memmem(data, size, "\n\n", 2));
	check(answer, exchange(data, size, answer, ends ? SHORT_MS : 0));
	if (++count % 64 == 0) {
		size_t len = exchange((const uint8_t *)ask, sizeof ask - 1, answer, LONG_MS);
		assert(len > 12 && memcmp(answer + 9, "200", 3) == 0);
	}
	/* the same bytes as an address to listen at */
	char text[300] = "";
	struct voc_error error = { .position = -1 };
	voc_str_copy(text, sizeof text, voc_str_of((const char *)data, size));
	enum voc_status status = voc_http_addr_check(text, &error);
	assert(status == VOC_OK || (status == VOC_FATAL && error.reason == VOC_REASON_CONFIG));
	return 0;
}
