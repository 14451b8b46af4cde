/* io/webhook against a receiver that misbehaves. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/clock.h"
#include "core/deliver/standard_webhooks.h"
#include "io/webhook/webhook.h"
#include "support/receiver.h"

#define PATIENCE_MS 20000
#define BODY        "{\"n\":1}"

static struct test_receiver receiver;

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

static struct voc_webhook_client *open_url(const char *url, bool allow_private, int64_t timeout_ms)
{
	struct voc_webhook_client *client = NULL;
	struct voc_error error = { .position = -1 };
	const struct voc_webhook_options options = {
		.url = url, .timeout_ms = timeout_ms, .in_flight_max = 2, .allow_private = allow_private
	};
	if (voc_webhook_client_open(&options, &client, &error) != VOC_OK)
		fail_msg("%s", error.text);
	return client;
}

static struct voc_webhook_client *open_path(const char *path, int64_t timeout_ms)
{
	char url[300];
	snprintf(url, sizeof url, "http://127.0.0.1:%d%s", receiver.port, path);
	return open_url(url, true, timeout_ms);
}

static enum voc_status submit(struct voc_webhook_client *client, void *opaque)
{
	struct voc_webhook_secret secret;
	struct voc_buf signature;
	char lines[2][128];
	int64_t now_s = voc_clock_wall_ms() / 1000;
	voc_buf_init(&signature, 200);
	assert_true(voc_webhook_secret_parse(VOC_STR(TEST_SECRET), &secret));
	voc_buf_add_str(&signature, VOC_STR("webhook-signature: "));
	assert_true(voc_webhook_sign(&signature, &secret, VOC_STR("id-1"), now_s, VOC_STR(BODY)));
	snprintf(lines[0], sizeof lines[0], "webhook-id: id-1");
	snprintf(lines[1], sizeof lines[1], "webhook-timestamp: %lld", (long long)now_s);
	const char *headers[] = { "Content-Type: application/json", lines[0], lines[1], voc_buf_c_str(&signature) };
	const struct voc_webhook_request request = {
		.body = VOC_STR(BODY), .headers = headers, .header_count = 4, .opaque = opaque
	};
	enum voc_status status = voc_webhook_client_submit(client, &request, NULL);
	voc_buf_free(&signature);
	return status;
}

static struct voc_webhook_completion complete(struct voc_webhook_client *client)
{
	struct voc_webhook_completion completion;
	struct voc_error error = { .position = -1 };
	int64_t deadline_ms = voc_clock_ms() + PATIENCE_MS;
	while (!voc_webhook_client_next(client, &completion)) {
		assert_true(voc_clock_ms() < deadline_ms);
		if (voc_webhook_client_poll(client, NULL, 0, 1000, &error) != VOC_OK)
			fail_msg("%s", error.text);
	}
	return completion;
}

/* One request, its completion, and the client's end. */
static struct voc_webhook_completion send_once(struct voc_webhook_client *client)
{
	int opaque;
	assert_int_equal(submit(client, &opaque), VOC_OK);
	struct voc_webhook_completion completion = complete(client);
	assert_ptr_equal(completion.opaque, &opaque);
	assert_int_equal(voc_webhook_client_in_flight(client), 0);
	voc_webhook_client_free(client);
	return completion;
}

static void test_an_answer_comes_back(void **state)
{
	(void)state;
	struct voc_webhook_completion completion = send_once(open_path("/ok?t=answer", 5000));
	assert_int_equal(completion.http_status, 200);
	assert_false(completion.connection_level);
	assert_null(completion.problem);
	assert_true(completion.took_us > 0);
	json_t *requests = test_receiver_requests(&receiver);
	json_t *last = json_array_get(requests, json_array_size(requests) - 1);
	assert_true(json_is_true(json_object_get(last, "signature_ok")));
	assert_string_equal(json_string_value(json_object_get(last, "content_type")), "application/json");
	assert_int_equal(json_integer_value(json_object_get(json_object_get(last, "body"), "n")), 1);
	json_decref(requests);
}

static void test_a_connection_is_used_again(void **state)
{
	(void)state;
	struct voc_webhook_client *client = open_path("/fail/500?first=1", 5000);
	int opaque;
	assert_int_equal(submit(client, &opaque), VOC_OK);
	assert_int_equal(complete(client).http_status, 500);
	assert_int_equal(submit(client, &opaque), VOC_OK);
	assert_int_equal(complete(client).http_status, 200);
	voc_webhook_client_free(client);
}

static void test_retry_after_is_handed_over(void **state)
{
	(void)state;
	struct voc_webhook_client *client = open_path("/fail/429?retry_after=17&first=1", 5000);
	int opaque;
	assert_int_equal(submit(client, &opaque), VOC_OK);
	struct voc_webhook_completion completion = complete(client);
	assert_int_equal(completion.http_status, 429);
	assert_non_null(strstr(completion.retry_after, "17"));
	assert_int_equal(submit(client, &opaque), VOC_OK);
	assert_string_equal(complete(client).retry_after, "");
	voc_webhook_client_free(client);
	assert_int_equal(send_once(open_path("/gone", 5000)).http_status, 410);
}

static void test_a_redirect_is_not_followed(void **state)
{
	(void)state;
	char path[200];
	snprintf(path, sizeof path, "/redirect?to=http://127.0.0.1:%d/stolen", receiver.port);
	assert_int_equal(send_once(open_path(path, 5000)).http_status, 307);
	assert_int_equal(test_receiver_count(&receiver, "/stolen", 0), 0);
}

static void test_private_addresses_are_refused(void **state)
{
	(void)state;
	/* Decimal, hexadecimal, octal, shortened, mapped, behind NAT64; clouds' metadata; a name: whatever it is by the
	 * time of the connection is looked at. */
	static const char *const hosts[] = { "127.0.0.1",
		                             "localhost",
		                             "[::1]",
		                             "[::ffff:127.0.0.1]",
		                             "0.0.0.0",
		                             "2130706433",
		                             "0x7f.1",
		                             "0177.0.0.1",
		                             "127.1",
		                             "169.254.169.254",
		                             "[fd00::1]",
		                             "[64:ff9b::7f00:1]",
		                             "[::ffff:a9fe:a9fe]",
		                             "0xA9FEA9FE",
		                             "[fe80::1]" };
	for (size_t i = 0; i < sizeof hosts / sizeof hosts[0]; i++) {
		char url[200];
		snprintf(url, sizeof url, "http://%s:%d/private", hosts[i], receiver.port);
		struct voc_webhook_completion completion = send_once(open_url(url, false, 5000));
		assert_int_equal(completion.http_status, 0);
		assert_true(completion.connection_level);
		assert_non_null(strstr(completion.problem, "private"));
	}
	assert_int_equal(test_receiver_count(&receiver, "/private", 0), 0);
}

static void test_nobody_listens(void **state)
{
	(void)state;
	struct voc_webhook_completion completion = send_once(open_url("http://127.0.0.1:1/", true, 5000));
	assert_int_equal(completion.http_status, 0);
	assert_true(completion.connection_level);
	assert_non_null(completion.problem);
}

static void test_a_hanging_endpoint_times_out(void **state)
{
	(void)state;
	int64_t began_ms = voc_clock_ms();
	struct voc_webhook_completion completion = send_once(open_path("/hang", 300));
	assert_in_range(voc_clock_ms() - began_ms, 250, 5000);
	assert_int_equal(completion.http_status, 0);
	assert_false(completion.connection_level); /* it was sent */
}

static void test_half_an_answer_is_none(void **state)
{
	(void)state;
	struct voc_webhook_completion completion = send_once(open_path("/half", 5000));
	assert_int_equal(completion.http_status, 0);
	assert_false(completion.connection_level);
}

static void test_an_endless_body_is_cut_off(void **state)
{
	(void)state;
	assert_int_equal(send_once(open_path("/big?bytes=50000000", 5000)).http_status, 200);
	assert_int_equal(send_once(open_path("/big?bytes=60000", 5000)).http_status, 200);
}

static void test_the_environments_proxy_is_not_used(void **state)
{
	(void)state;
	setenv("http_proxy", "http://127.0.0.1:1", 1);
	setenv("ALL_PROXY", "http://127.0.0.1:1", 1);
	assert_int_equal(send_once(open_path("/ok", 5000)).http_status, 200);
	unsetenv("http_proxy");
	unsetenv("ALL_PROXY");
}

/* A certificate that nobody vouches for, and its key, into one file. */
static void make_certificate(char *path)
{
	pid_t child = fork();
	int status = -1;
	if (child == 0) {
		execlp("openssl", "openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt",
		       "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1", "-subj", "/CN=localhost", "-addext",
		       "subjectAltName=DNS:localhost", "-keyout", path, "-out", path, (char *)NULL);
		_exit(127);
	}
	assert_true(child > 0);
	assert_int_equal(waitpid(child, &status, 0), child);
	assert_int_equal(status, 0);
}

static struct voc_webhook_client *open_vouched(const char *url, const char *ca_path)
{
	struct voc_webhook_client *client;
	const struct voc_webhook_options options = {
		.url = url, .timeout_ms = 5000, .in_flight_max = 2, .allow_private = true, .ca_path = ca_path
	};
	assert_int_equal(voc_webhook_client_open(&options, &client, NULL), VOC_OK);
	return client;
}

static void test_an_unknown_certificate_is_refused(void **state)
{
	(void)state;
	char cert[] = "/tmp/voc-cert-XXXXXX", url[64];
	int fd = mkstemp(cert);
	assert_true(fd >= 0);
	close(fd);
	make_certificate(cert);
	struct test_receiver secure;
	test_receiver_start(&secure, cert);
	snprintf(url, sizeof url, "https://localhost:%d/ok", secure.port);
	struct voc_webhook_completion completion = send_once(open_url(url, true, 5000));
	assert_int_equal(completion.http_status, 0);
	assert_true(completion.connection_level);
	assert_non_null(strstr(completion.problem, "certificate"));
	assert_int_equal(test_receiver_count(&secure, "/ok", 0), 0);

	/* Named as one that vouches, it is good; but not for another name. */
	assert_int_equal(send_once(open_vouched(url, cert)).http_status, 200);
	snprintf(url, sizeof url, "https://127.0.0.1:%d/ok", secure.port);
	completion = send_once(open_vouched(url, cert));
	assert_int_equal(completion.http_status, 0);
	assert_non_null(strstr(completion.problem, "certificate"));
	test_receiver_stop(&secure);
	unlink(cert);
}

static void test_what_is_under_way_is_bounded_and_can_be_cancelled(void **state)
{
	(void)state;
	struct voc_webhook_client *client = open_path("/hang", 60000);
	int opaque;
	assert_int_equal(submit(client, &opaque), VOC_OK);
	assert_int_equal(submit(client, &opaque), VOC_OK);
	assert_int_equal(submit(client, &opaque), VOC_RETRY);
	assert_int_equal(voc_webhook_client_in_flight(client), 2);
	assert_int_equal(voc_webhook_client_poll(client, NULL, 0, 10, NULL), VOC_OK);
	voc_webhook_client_cancel(client);
	assert_int_equal(voc_webhook_client_in_flight(client), 0);
	struct voc_webhook_completion completion;
	assert_false(voc_webhook_client_next(client, &completion));
	assert_int_equal(submit(client, &opaque), VOC_OK);
	voc_webhook_client_free(client);
}

static void *wake(void *client)
{
	voc_webhook_client_wake(client);
	return NULL;
}

static void test_a_wait_ends_by_a_wake_or_by_a_descriptor(void **state)
{
	(void)state;
	struct voc_webhook_client *client = open_path("/ok", 5000);
	pthread_t thread;
	int64_t began_ms = voc_clock_ms();
	assert_int_equal(pthread_create(&thread, NULL, wake, client), 0);
	assert_int_equal(voc_webhook_client_poll(client, NULL, 0, PATIENCE_MS, NULL), VOC_OK);
	pthread_join(thread, NULL);
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	struct pollfd fd = { .fd = ends[0], .events = POLLIN };
	assert_int_equal(voc_webhook_client_poll(client, &fd, 1, PATIENCE_MS, NULL), VOC_OK);
	assert_int_equal(fd.revents, POLLIN);
	assert_true(voc_clock_ms() - began_ms < PATIENCE_MS / 2);
	close(ends[0]);
	close(ends[1]);
	voc_webhook_client_free(client);
}

/* A refused address ends it within the call, before there is a socket; so may a near endpoint's quick answer. */
static void test_what_has_ended_at_once_is_not_waited_for(void **state)
{
	(void)state;
	struct voc_webhook_client *client = open_url("http://127.0.0.1:1/private", false, PATIENCE_MS);
	struct voc_webhook_completion completion;
	int64_t began_ms = voc_clock_ms();
	assert_int_equal(submit(client, NULL), VOC_OK);
	assert_int_equal(voc_webhook_client_poll(client, NULL, 0, PATIENCE_MS, NULL), VOC_OK);
	assert_true(voc_webhook_client_next(client, &completion));
	assert_true(voc_clock_ms() - began_ms < PATIENCE_MS / 2);
	voc_webhook_client_free(client);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_an_answer_comes_back),
		cmocka_unit_test(test_a_connection_is_used_again),
		cmocka_unit_test(test_retry_after_is_handed_over),
		cmocka_unit_test(test_a_redirect_is_not_followed),
		cmocka_unit_test(test_private_addresses_are_refused),
		cmocka_unit_test(test_nobody_listens),
		cmocka_unit_test(test_a_hanging_endpoint_times_out),
		cmocka_unit_test(test_half_an_answer_is_none),
		cmocka_unit_test(test_an_endless_body_is_cut_off),
		cmocka_unit_test(test_the_environments_proxy_is_not_used),
		cmocka_unit_test(test_an_unknown_certificate_is_refused),
		cmocka_unit_test(test_what_is_under_way_is_bounded_and_can_be_cancelled),
		cmocka_unit_test(test_what_has_ended_at_once_is_not_waited_for),
		cmocka_unit_test(test_a_wait_ends_by_a_wake_or_by_a_descriptor),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
