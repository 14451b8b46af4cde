/*
 * io/webhook and a name server that lies: what a name resolves to is looked at for each connection, whatever the name
 * resolved to before. The answers come from this file's getaddrinfo, which libcurl finds before libc's; and connect()
 * takes what goes to a public address to the receiver instead, so that nothing leaves the host.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <arpa/inet.h>
#include <dlfcn.h>
#include <netdb.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/clock.h"
#include "io/webhook/webhook.h"
#include "support/receiver.h"

#define PATIENCE_MS 20000
#define NAME        "hooks.example.net"
#define PUBLIC      "198.41.0.4"
#define INSIDE      "127.0.0.1"

static struct test_receiver receiver;
static const char *answers[3]; /* to the next questions for NAME; ends in NULL. Set while no question is open. */
static _Atomic int questions, to_public, to_inside;

typedef int getaddrinfo_fn(const char *, const char *, const struct addrinfo *, struct addrinfo **);

int getaddrinfo(const char *restrict name, const char *restrict service, const struct addrinfo *restrict hints,
                struct addrinfo **restrict ret)
{
	getaddrinfo_fn *real;
	*(void **)&real = dlsym(RTLD_NEXT, "getaddrinfo");
	if (!name || strcmp(name, NAME) != 0)
		return real(name, service, hints, ret);
	atomic_fetch_add(&questions, 1);
	for (const char **answer = answers; *answer; answer++) {
		int problem = real(*answer, service, hints, ret);
		if (problem != 0)
			return problem;
		while (*ret)
			ret = &(*ret)->ai_next;
	}
	return 0;
}

int connect(int fd, const struct sockaddr *address, socklen_t size)
{
	struct sockaddr_in inside;
	char text[INET_ADDRSTRLEN];
	if (address->sa_family == AF_INET) {
		memcpy(&inside, address, sizeof inside);
		inet_ntop(AF_INET, &inside.sin_addr, text, sizeof text);
		atomic_fetch_add(strcmp(text, PUBLIC) == 0 ? &to_public : &to_inside, 1);
		inside.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		return (int)syscall(SYS_connect, fd, &inside, sizeof inside);
	}
	return (int)syscall(SYS_connect, fd, address, size);
}

static int start(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	test_receiver_start(&receiver, NULL);
	return voc_webhook_init(&error) == VOC_OK ? 0 : -1;
}

static int stop(void **state)
{
	(void)state;
	test_receiver_stop(&receiver);
	voc_webhook_cleanup();
	return 0;
}

static struct voc_webhook_completion post(struct voc_webhook_client *client)
{
	const struct voc_webhook_request request = { .body = VOC_STR("{}") };
	struct voc_webhook_completion completion;
	struct voc_error error = { .position = -1 };
	int64_t deadline_ms = voc_clock_ms() + PATIENCE_MS;
	assert_int_equal(voc_webhook_client_submit(client, &request, &error), VOC_OK);
	while (!voc_webhook_client_next(client, &completion)) {
		assert_true(voc_clock_ms() < deadline_ms);
		assert_int_equal(voc_webhook_client_poll(client, NULL, 0, 1000, &error), VOC_OK);
	}
	return completion;
}

/* A new client knows nothing of earlier answers, and has no connection to use again. */
static struct voc_webhook_completion ask_and_post(const char *first, const char *second)
{
	char url[100];
	struct voc_webhook_client *client = NULL;
	struct voc_error error = { .position = -1 };
	answers[0] = first;
	answers[1] = second;
	atomic_store(&questions, 0);
	atomic_store(&to_public, 0);
	atomic_store(&to_inside, 0);
	snprintf(url, sizeof url, "http://" NAME ":%d/slack/ok", receiver.port);
	const struct voc_webhook_options options = { .url = url, .timeout_ms = 5000, .in_flight_max = 1 };
	assert_int_equal(voc_webhook_client_open(&options, &client, &error), VOC_OK);
	struct voc_webhook_completion completion = post(client);
	voc_webhook_client_free(client);
	assert_true(atomic_load(&questions) > 0);
	return completion;
}

static void test_a_name_that_turns_inside_is_refused(void **state)
{
	(void)state;
	assert_int_equal(ask_and_post(PUBLIC, NULL).http_status, 200);
	assert_true(atomic_load(&to_public) > 0);
	size_t served = test_receiver_count(&receiver, "/slack/ok", 0);
	assert_int_equal(served, 1);
	struct voc_webhook_completion completion = ask_and_post(INSIDE, NULL);
	assert_int_equal(completion.http_status, 0);
	assert_non_null(strstr(completion.problem, "private"));
	assert_int_equal(atomic_load(&to_inside), 0);
	assert_int_equal(test_receiver_count(&receiver, "/slack/ok", 0), served);
}

static void test_of_two_addresses_only_the_public_one_is_tried(void **state)
{
	(void)state;
	assert_int_equal(ask_and_post(INSIDE, PUBLIC).http_status, 200);
	assert_true(atomic_load(&to_public) > 0);
	assert_int_equal(atomic_load(&to_inside), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_name_that_turns_inside_is_refused),
		cmocka_unit_test(test_of_two_addresses_only_the_public_one_is_tried),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
