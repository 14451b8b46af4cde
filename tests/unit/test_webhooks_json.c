/* io/webhooks: the file of endpoints. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "io/webhook/webhooks.h"

#define SECRET       "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
#define ONE(members) "{\"endpoints\":[{" members "}]}"
#define BASE         "\"name\":\"crm\",\"url\":\"https://h.example/x\",\"format\":\"cloudevents\""
#define SIGNED       BASE ",\"secret\":\"" SECRET "\""

static struct voc_webhooks *parse(const char *json)
{
	struct voc_webhooks *webhooks = NULL;
	struct voc_error error = { .position = -1 };
	if (voc_webhooks_parse(voc_str_from(json), &webhooks, &error) != VOC_OK)
		fail_msg("%s", error.text);
	return webhooks;
}

static void test_a_whole_endpoint(void **state)
{
	(void)state;
	struct voc_webhooks *webhooks =
	        parse(ONE(SIGNED ",\"rules\":[\"churn_intent\",\"risk_critical\"],\"min_severity\":\"warning\","
	                         "\"headers\":{\"X-Tenant\":\"retail\",\"Authorization\":\"Bearer abc\"}"));
	const struct voc_endpoint *endpoint = &webhooks->endpoints[0];
	assert_int_equal(webhooks->count, 1);
	assert_string_equal(endpoint->name, "crm");
	assert_string_equal(endpoint->url, "https://h.example/x");
	assert_int_equal(endpoint->format, VOC_WEBHOOK_CLOUDEVENTS);
	assert_int_equal(endpoint->secret.len, 24);
	assert_int_equal(endpoint->header_count, 2);
	assert_true(voc_endpoint_wants(endpoint, VOC_RULE_CHURN_INTENT, VOC_SEVERITY_WARNING));
	assert_true(voc_endpoint_wants(endpoint, VOC_RULE_RISK_CRITICAL, VOC_SEVERITY_CRITICAL));
	assert_false(voc_endpoint_wants(endpoint, VOC_RULE_CHURN_INTENT, VOC_SEVERITY_INFO));
	assert_false(voc_endpoint_wants(endpoint, VOC_RULE_RISK_RAISED, VOC_SEVERITY_CRITICAL));
	voc_webhooks_free(webhooks);
}

static void test_without_filters_it_wants_all(void **state)
{
	(void)state;
	struct voc_webhooks *webhooks = parse(ONE("\"name\":\"s\",\"url\":\"http://h\",\"format\":\"slack\""));
	for (int rule = 0; rule < VOC_RULE_COUNT; rule++)
		assert_true(voc_endpoint_wants(&webhooks->endpoints[0], (enum voc_rule)rule, VOC_SEVERITY_INFO));
	assert_int_equal(webhooks->endpoints[0].secret.len, 0);
	voc_webhooks_free(webhooks);
}

/* What is wrong, and the words that must say where. */
static const struct {
	const char *json, *says;
} refused[] = {
	{ "", "not JSON" },
	{ "[]", "an object" },
	{ "{}", "endpoints" },
	{ "{\"endpoints\":[]}", "1 to 64" },
	{ "{\"endpoints\":{}}", "1 to 64" },
	{ "{\"endpoints\":[3]}", "endpoints[0]: an object" },
	{ "{\"endpoint\":[]}", "endpoint: no such member" },
	{ "{\"endpoints\":[],\"endpoints\":[]}", "a member twice" },
	{ ONE(""), "endpoints[0].name is missing" },
	{ ONE(BASE), "endpoints[0].secret is missing" },
	{ ONE(SIGNED ",\"secrets\":1"), "endpoints[0].secrets: no such member" },
	{ ONE(SIGNED ",\"secret_file\":\"/x\""), "either secret or secret_file" },
	{ ONE(BASE ",\"secret\":\"hunter2\""), "endpoints[0].secret: whsec_" },
	{ ONE(BASE ",\"secret\":7"), "endpoints[0].secret: a string" },
	{ ONE(BASE ",\"secret_file\":\"\""), "endpoints[0].secret_file" },
	{ ONE(SIGNED ",\"rules\":[]"), "endpoints[0].rules" },
	{ ONE(SIGNED ",\"rules\":[\"churn_intent\",\"churn\"]"), "endpoints[0].rules[1]: no such rule" },
	{ ONE(SIGNED ",\"rules\":\"churn_intent\""), "endpoints[0].rules" },
	{ ONE(SIGNED ",\"min_severity\":\"high\""), "endpoints[0].min_severity" },
	{ ONE(SIGNED ",\"headers\":[]"), "endpoints[0].headers" },
	{ ONE(SIGNED ",\"headers\":{\"X Y\":\"z\"}"), "endpoints[0].headers" },
	{ ONE(SIGNED ",\"headers\":{\"Content-Type\":\"z\"}"), "ours to set" },
	{ ONE(SIGNED ",\"headers\":{\"webhook-ID\":\"z\"}"), "ours to set" },
	{ ONE(SIGNED ",\"headers\":{\"X\":\"a\\r\\nY: b\"}"), "endpoints[0].headers.X" },
	{ ONE(SIGNED ",\"headers\":{\"X\":1}"), "endpoints[0].headers.X" },
	{ ONE("\"name\":\"CRM\""), "endpoints[0].name" },
	{ ONE("\"name\":\"\""), "endpoints[0].name" },
	{ ONE("\"name\":\"a_b\""), "endpoints[0].name" },
	{ ONE("\"name\":\"01234567890123456789012345678901234567890\""), "endpoints[0].name" },
	{ ONE("\"name\":\"a\",\"url\":\"ftp://h\""), "endpoints[0].url" },
	{ ONE("\"name\":\"a\",\"url\":\"https://\""), "endpoints[0].url" },
	{ ONE("\"name\":\"a\",\"url\":\"https:///x\""), "endpoints[0].url" },
	{ ONE("\"name\":\"a\",\"url\":\"https://u:p@h/\""), "user information" },
	{ ONE("\"name\":\"a\",\"url\":\"https://h/a b\""), "endpoints[0].url" },
	{ ONE("\"name\":\"a\",\"url\":\"https://h\",\"format\":\"xml\""), "endpoints[0].format" },
	{ "{\"endpoints\":[{" SIGNED "},{" SIGNED "}]}", "endpoints[1].name: \"crm\" is taken" },
};

static void test_what_is_wrong_is_said_with_its_place(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof refused / sizeof refused[0]; i++) {
		struct voc_webhooks *webhooks = NULL;
		struct voc_error error = { .position = -1 };
		assert_int_equal(voc_webhooks_parse(voc_str_from(refused[i].json), &webhooks, &error), VOC_FATAL);
		assert_int_equal(error.reason, VOC_REASON_CONFIG);
		assert_null(webhooks);
		if (!strstr(error.text, refused[i].says))
			fail_msg("%s: \"%s\" lacks \"%s\"", refused[i].json, error.text, refused[i].says);
		assert_null(strstr(error.text, "hunter2"));
	}
}

static void test_nothing_secret_is_printed(void **state)
{
	(void)state;
	struct voc_webhooks *webhooks = parse(
	        "{\"endpoints\":[{" SIGNED ",\"headers\":{\"Authorization\":\"Bearer abc\"}},"
	        "{\"name\":\"s\",\"url\":\"https://hooks.slack.com/services/T0/B0/KEY?x=KEY\",\"format\":\"slack\"}]}");
	struct voc_buf buf;
	voc_buf_init(&buf, 10000);
	voc_webhooks_print(&buf, webhooks);
	const char *text = voc_buf_c_str(&buf);
	assert_non_null(strstr(text, "endpoint crm: cloudevents to https://h.example/***, signed"));
	assert_non_null(strstr(text, "endpoint s: slack to https://hooks.slack.com/***, unsigned"));
	assert_null(strstr(text, "KEY"));
	assert_null(strstr(text, "Bearer"));
	assert_null(strstr(text, "MfKQ9r8"));
	voc_buf_free(&buf);
	voc_webhooks_free(webhooks);
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	assert_true(fputs(text, file) >= 0);
	assert_int_equal(fclose(file), 0);
}

static void test_a_secret_comes_from_its_file(void **state)
{
	(void)state;
	char folder[] = "/tmp/voc-webhooks-XXXXXX", path[64], secret_path[64], json[300];
	assert_non_null(mkdtemp(folder));
	snprintf(path, sizeof path, "%s/webhooks.json", folder);
	snprintf(secret_path, sizeof secret_path, "%s/secret", folder);
	snprintf(json, sizeof json, ONE(BASE ",\"secret_file\":\"%s\""), secret_path);
	write_file(path, json);
	struct voc_webhooks *webhooks = NULL;
	struct voc_error error = { .position = -1 };
	assert_int_equal(voc_webhooks_load(path, &webhooks, &error), VOC_FATAL);
	assert_non_null(strstr(error.text, secret_path));
	write_file(secret_path, SECRET "\n");
	assert_int_equal(voc_webhooks_load(path, &webhooks, &error), VOC_OK);
	assert_int_equal(webhooks->endpoints[0].secret.len, 24);
	voc_webhooks_free(webhooks);
	unlink(path);
	unlink(secret_path);
	rmdir(folder);
}

static void test_the_sample_is_good(void **state)
{
	(void)state;
	static const char *const samples[] = { "webhooks.example.json", "compose/secrets/webhooks.json" };
	for (size_t i = 0; i < 2; i++) {
		char json[4096], path[300];
		snprintf(path, sizeof path, "%s/deploy/%s", VOC_SOURCE_DIR, samples[i]);
		FILE *file = fopen(path, "r");
		assert_non_null(file);
		size_t len = fread(json, 1, sizeof json - 1, file);
		json[len] = '\0';
		fclose(file);
		voc_webhooks_free(parse(json));
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_whole_endpoint),
		cmocka_unit_test(test_without_filters_it_wants_all),
		cmocka_unit_test(test_what_is_wrong_is_said_with_its_place),
		cmocka_unit_test(test_nothing_secret_is_printed),
		cmocka_unit_test(test_a_secret_comes_from_its_file),
		cmocka_unit_test(test_the_sample_is_good),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
