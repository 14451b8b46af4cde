/* voc-alerter's endpoints and a webhook's secret file that changes while the service starts. */
#include "alerter/endpoint_internal.h"
#include "support/mock_kafka.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <cmocka.h>

#define FIRST  "whsec_QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFB" /* 24 times A */
#define SECOND "whsec_QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJC" /* 24 times B */

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

/* The webhooks are read before the endpoints are opened: a secret that is renewed in between is the one to sign with.
 */
static void test_a_secret_renewed_during_the_start_counts(void **state)
{
	(void)state;
	char folder[] = "/tmp/voc-secret-XXXXXX", secret[64], path[64], list[256];
	assert_non_null(mkdtemp(folder));
	snprintf(secret, sizeof secret, "%s/secret", folder);
	snprintf(path, sizeof path, "%s/webhooks.json", folder);
	write_file(secret, FIRST);
	snprintf(list, sizeof list,
	         "{\"endpoints\":[{\"name\":\"hook\",\"url\":\"https://hook.test/\",\"format\":\"cloudevents\","
	         "\"secret_file\":\"%s\"}]}",
	         secret);
	write_file(path, list);
	struct voc_webhooks *webhooks = NULL;
	struct voc_error error = { .position = -1 };
	if (voc_webhooks_load(path, &webhooks, &error) != VOC_OK)
		fail_msg("%s", error.text);
	write_file(secret, SECOND);
	struct voc_conf conf = { .kafka_bootstrap = (char[]){ "127.0.0.1:1" },
		                 .topic_prefix = (char[]){ "voc." },
		                 .group_prefix = (char[]){ "voc." },
		                 .webhook_ca_path = (char[]){ "" },
		                 .webhook_timeout_ms = 1000,
		                 .webhook_in_flight = 1,
		                 .webhook_tries = 1 };
	struct voc_health *health = voc_health_new(1000);
	const struct endpoint_settings settings = { .conf = &conf,
		                                    .webhook = &webhooks->endpoints[0],
		                                    .prefetch_bytes = 65536,
		                                    .bell_fd = -1,
		                                    .health = health };
	struct endpoint *endpoint = NULL;
	if (endpoint_open(&settings, &endpoint, &error) != VOC_OK)
		fail_msg("%s", error.text);
	assert_int_equal(endpoint->webhook.secret.bytes[0], 'B');
	endpoint_free(endpoint);
	voc_health_free(health);
	voc_webhooks_free(webhooks);
	unlink(secret);
	unlink(path);
	assert_int_equal(rmdir(folder), 0);
}

int main(void)
{
	struct voc_error error = { .position = -1 };
	if (voc_webhook_init(&error) != VOC_OK)
		return 1;
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_a_secret_renewed_during_the_start_counts) };
	int failed = cmocka_run_group_tests(tests, NULL, NULL);
	voc_webhook_cleanup();
	return failed;
}
