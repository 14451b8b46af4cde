/* http_server: real requests over loopback. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "io/service/http_server.h"
#include "support/http_get.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static bool render_good(void *context, struct voc_buf *body)
{
	return voc_buf_add_str(body, voc_str_from(context));
}

static bool render_bad(void *context, struct voc_buf *body)
{
	(void)context;
	voc_buf_add_str(body, VOC_STR("not now"));
	return false;
}

static bool render_too_much(void *context, struct voc_buf *body)
{
	(void)context;
	while (voc_buf_add_str(body, VOC_STR("0123456789abcdef")))
		;
	return true;
}

static const struct voc_http_route routes[] = {
	{ "/good", "text/x-good", render_good },
	{ "/bad", "text/plain", render_bad },
	{ "/much", "text/plain", render_too_much },
	{ 0 },
};

static int start(void **state)
{
	struct voc_http_server *server;
	struct voc_error error;
	voc_error_clear(&error);
	if (voc_http_server_start(&server, "127.0.0.1:0", routes, "fine", &error) != VOC_OK)
		return -1;
	*state = server;
	return 0;
}

static int stop(void **state)
{
	voc_http_server_stop(*state);
	return 0;
}

static void test_routes_answer_by_their_verdict(void **state)
{
	char response[4096];
	int port = voc_http_server_port(*state);
	assert_int_equal(test_http_get(port, "/good", response, sizeof response), 200);
	assert_non_null(strstr(response, "Content-Type: text/x-good\r\n"));
	assert_string_equal(strstr(response, "\r\n\r\n") + 4, "fine");
	assert_int_equal(test_http_get(port, "/bad", response, sizeof response), 503);
	assert_string_equal(strstr(response, "\r\n\r\n") + 4, "not now");
	assert_int_equal(test_http_get(port, "/much", response, sizeof response), 500);
}

static void test_all_else_is_refused(void **state)
{
	char response[4096];
	int port = voc_http_server_port(*state);
	assert_int_equal(test_http_get(port, "/", response, sizeof response), 404);
	assert_int_equal(test_http_get(port, "/good/", response, sizeof response), 404);
	assert_int_equal(test_http_get(port, "/goo", response, sizeof response), 404);
	static const char *const methods[] = { "POST", "PUT", "DELETE", "OPTIONS", "BREW" };
	for (size_t i = 0; i < sizeof methods / sizeof *methods; i++) {
		char request[200];
		snprintf(request, sizeof request, "%s /good HTTP/1.1\r\nHost: x\r\nContent-Length: 2\r\n\r\nhi",
		         methods[i]);
		test_http_exchange("127.0.0.1", port, request, response, sizeof response);
		assert_memory_equal(response, "HTTP/1.1 405 ", 13);
		assert_non_null(strstr(response, "Allow: GET, HEAD\r\n"));
	}
}

static void test_head_has_no_body(void **state)
{
	char response[4096];
	test_http_exchange("127.0.0.1", voc_http_server_port(*state),
	                   "HEAD /good HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", response, sizeof response);
	assert_memory_equal(response, "HTTP/1.1 200 ", 13);
	assert_non_null(strstr(response, "Content-Length: 4\r\n"));
	assert_string_equal(strstr(response, "\r\n\r\n") + 4, "");
}

static void test_a_connection_serves_several_requests(void **state)
{
	char response[4096];
	test_http_exchange("127.0.0.1", voc_http_server_port(*state),
	                   "GET /good HTTP/1.1\r\nHost: x\r\n\r\n"
	                   "GET /bad HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
	                   response, sizeof response);
	assert_memory_equal(response, "HTTP/1.1 200 ", 13);
	assert_non_null(strstr(response, "fineHTTP/1.1 503 "));
}

/* Many more than it takes at a time send something and are gone: none is kept until its time-out. */
static void test_clients_that_leave_do_not_linger(void **state)
{
	enum { MANY = 400, PATIENCE_MS = 5000 };
	static const char *const asks[] = { "GET /good HTTP/1.1\r\nHost: x\r\n\r\n", "GET /good HTT" };
	char response[4096];
	int port = voc_http_server_port(*state);
	int64_t began_ms = voc_clock_ms();
	for (int i = 0; i < MANY; i++) {
		int fd = test_http_connect("127.0.0.1", port);
		assert_true(fd >= 0);
		assert_true(send(fd, asks[i % 2], strlen(asks[i % 2]), MSG_NOSIGNAL) > 0);
		close(fd);
	}
	assert_int_equal(test_http_get(port, "/good", response, sizeof response), 200);
	assert_in_range(voc_clock_ms() - began_ms, 0, PATIENCE_MS);
}

static void test_nonsense_does_not_harm(void **state)
{
	enum { LARGE = 200000 };
	char response[4096];
	int port = voc_http_server_port(*state);
	char *large = malloc(LARGE);
	assert_non_null(large);
	memset(large, 'a', LARGE - 1);
	large[LARGE - 1] = '\0';
	memcpy(large, "GET /", 5);
	test_http_exchange("127.0.0.1", port, large, response, sizeof response);
	memcpy(large, "GET /good HTTP/1.1\r\nX: ", 23);
	test_http_exchange("127.0.0.1", port, large, response, sizeof response);
	free(large);
	test_http_exchange("127.0.0.1", port, "\x16\x03\x01\r\n\r\n", response, sizeof response);
	assert_int_equal(test_http_get(port, "/good", response, sizeof response), 200);
}

/* More than it takes at a time: the rest is turned away or waits, and later ones are served again. */
static void test_connections_are_bounded(void **state)
{
	enum { MANY = 100 };
	int fds[MANY];
	char response[4096];
	int port = voc_http_server_port(*state);
	for (int i = 0; i < MANY; i++)
		fds[i] = test_http_connect("127.0.0.1", port);
	for (int i = 0; i < MANY; i++) {
		if (fds[i] >= 0)
			close(fds[i]);
	}
	int status = 0;
	for (int tries = 0; status != 200 && tries < 10; tries++)
		status = test_http_get(port, "/good", response, sizeof response);
	assert_int_equal(status, 200);
}

static void assert_refused(const char *addr, enum voc_reason reason)
{
	struct voc_http_server *server = NULL;
	struct voc_error error;
	voc_error_clear(&error);
	assert_int_equal(voc_http_server_start(&server, addr, routes, NULL, &error), VOC_FATAL);
	assert_int_equal(error.reason, reason);
	assert_null(server);
}

static void test_bad_and_taken_addresses_are_refused(void **state)
{
	static const char *const bad[] = { "",       "localhost", "127.0.0.1:",   "127.0.0.1:x", "1.2.3.4:65536",
		                           "::1:80", ":-1",       "127.0.0.1:80 " };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
		struct voc_error error;
		voc_error_clear(&error);
		assert_int_equal(voc_http_addr_check(bad[i], &error), VOC_FATAL);
		assert_refused(bad[i], VOC_REASON_CONFIG);
	}
	char taken[40];
	snprintf(taken, sizeof taken, "127.0.0.1:%d", voc_http_server_port(*state));
	assert_refused(taken, VOC_REASON_HTTP);
}

static void test_it_listens_where_it_is_told(void **state)
{
	(void)state;
	static const struct {
		const char *addr, *host;
	} good[] = { { "localhost:0", "127.0.0.1" }, { ":0", "127.0.0.1" }, { "[::ffff:127.0.0.1]:0", "127.0.0.1" } };
	for (size_t i = 0; i < sizeof good / sizeof *good; i++) {
		struct voc_http_server *server;
		struct voc_error error;
		char response[4096];
		voc_error_clear(&error);
		assert_int_equal(voc_http_addr_check(good[i].addr, &error), VOC_OK);
		assert_int_equal(voc_http_server_start(&server, good[i].addr, routes, "fine", &error), VOC_OK);
		test_http_exchange(good[i].host, voc_http_server_port(server),
		                   "GET /good HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n", response,
		                   sizeof response);
		assert_memory_equal(response, "HTTP/1.1 200 ", 13);
		voc_http_server_stop(server);
	}
	voc_http_server_stop(NULL);
}

#define WITH_SERVER(test) cmocka_unit_test_setup_teardown(test, start, stop)

int main(void)
{
	const struct CMUnitTest tests[] = {
		WITH_SERVER(test_routes_answer_by_their_verdict),
		WITH_SERVER(test_all_else_is_refused),
		WITH_SERVER(test_head_has_no_body),
		WITH_SERVER(test_a_connection_serves_several_requests),
		WITH_SERVER(test_clients_that_leave_do_not_linger),
		WITH_SERVER(test_nonsense_does_not_harm),
		WITH_SERVER(test_connections_are_bounded),
		WITH_SERVER(test_bad_and_taken_addresses_are_refused),
		cmocka_unit_test(test_it_listens_where_it_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
