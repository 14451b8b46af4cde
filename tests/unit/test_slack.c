/* core/slack: what people read. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <jansson.h>

#include "core/deliver/slack.h"

static struct voc_alert example(void)
{
	return (struct voc_alert){
		.id = VOC_STR("0123456789abcdef0123456789abcdef"),
		.customer_id = VOC_STR("C-000123"),
		.rule = VOC_RULE_RISK_CRITICAL,
		.severity = VOC_SEVERITY_CRITICAL,
		.risk = 87,
		.state = VOC_RISK_CRITICAL,
		.previous_state = VOC_RISK_AT_RISK,
		.satisfaction_index = 12,
		.events = 9,
		.complaints = 4,
		.lang = "en",
		.follow_up = VOC_STR("Call back today."),
		.product = VOC_STR("internet-500"),
	};
}

/* The payload, parsed; every text of it is within Slack's limit. */
static json_t *encode(const struct voc_alert *alert, const struct voc_contribution *contributions, size_t count)
{
	struct voc_buf buf;
	voc_buf_init(&buf, VOC_SLACK_MAX_BYTES);
	assert_true(voc_slack_encode(&buf, alert, contributions, count));
	json_t *payload = json_loadb(buf.ptr, buf.len, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(payload);
	voc_buf_free(&buf);
	return payload;
}

static const char *section(json_t *payload, size_t index)
{
	json_t *block = json_array_get(json_object_get(payload, "blocks"), index);
	assert_string_equal(json_string_value(json_object_get(block, "type")), "section");
	const char *text = json_string_value(json_object_get(json_object_get(block, "text"), "text"));
	assert_non_null(text);
	assert_true(strlen(text) <= 3000);
	return text;
}

static void test_it_says_who_how_bad_why_and_what_to_do(void **state)
{
	(void)state;
	struct voc_alert alert = example();
	const struct voc_contribution contributions[] = {
		{ .evidence = { VOC_STR("waited 40 minutes") }, .evidence_count = 1 },
		{ .evidence = { VOC_STR("cancel my line"), VOC_STR("never again") }, .evidence_count = 2 },
	};
	json_t *payload = encode(&alert, contributions, 2);
	assert_string_equal(json_string_value(json_object_get(payload, "text")),
	                    ":rotating_light: *Critical risk* (critical) · Customer *C-000123*");
	assert_string_equal(
	        section(payload, 0),
	        ":rotating_light: *Critical risk* (critical) · Customer *C-000123*\n"
	        "Risk *87*/100 (critical, before at risk) · Satisfaction 12/100 · Contacts 9 · Complaints 4");
	assert_string_equal(section(payload, 1), "*In the customer's words*\n> cancel my line\n> never again\n"
	                                         "> waited 40 minutes");
	assert_string_equal(section(payload, 2), "*Advised follow-up*\nCall back today.");
	assert_int_equal(json_array_size(json_object_get(payload, "blocks")), 4);
	json_decref(payload);
}

static void test_korean_alerts_are_korean(void **state)
{
	(void)state;
	struct voc_alert alert = example();
	memcpy(alert.lang, "ko", 3);
	alert.rule = VOC_RULE_CHURN_INTENT;
	alert.severity = VOC_SEVERITY_WARNING;
	json_t *payload = encode(&alert, NULL, 0);
	assert_string_equal(json_string_value(json_object_get(payload, "text")),
	                    ":warning: *이탈 의사* (주의) · 고객 *C-000123*");
	assert_string_equal(section(payload, 1), "*권장 조치*\nCall back today.");
	json_decref(payload);
}

static void test_needs_are_named(void **state)
{
	(void)state;
	struct voc_alert alert = example();
	alert.needs_said = 1U << VOC_NEED_TIME | 1U << VOC_NEED_INFORMATION;
	json_t *payload = encode(&alert, NULL, 0);
	assert_non_null(strstr(section(payload, 0), "\nNeeds: time, information"));
	json_decref(payload);
	memcpy(alert.lang, "ko", 3);
	payload = encode(&alert, NULL, 0);
	assert_non_null(strstr(section(payload, 0), "\n요구: 시간, 정보"));
	json_decref(payload);
	alert.needs_said = 0;
	payload = encode(&alert, NULL, 0);
	assert_null(strstr(section(payload, 0), "요구"));
	json_decref(payload);
}

static void test_the_gap_says_whose_it_is_and_how_sure_that_is(void **state)
{
	(void)state;
	struct voc_alert alert = example();
	alert.gap_said = (struct voc_gap_said){ .gap = VOC_GAP_COMMUNICATION,
		                                .strength = VOC_GAP_WEAK,
		                                .owner = VOC_STR("Sales & <!channel>"),
		                                .step = VOC_STR("Look it up.") };
	json_t *payload = encode(&alert, NULL, 0);
	assert_string_equal(section(payload, 2), "*Quality gap 4: communication* (weak evidence)\n"
	                                         "Sales &amp; &lt;!channel&gt;: Look it up.");
	json_decref(payload);
	memcpy(alert.lang, "ko", 3);
	alert.gap_said.strength = VOC_GAP_STRONG;
	payload = encode(&alert, NULL, 0);
	assert_memory_equal(section(payload, 2), "*품질 갭 4: 약속* (근거 강함)\n",
	                    strlen("*품질 갭 4: 약속* (근거 강함)\n"));
	json_decref(payload);
}

static void test_a_customer_can_page_nobody(void **state)
{
	(void)state;
	struct voc_alert alert = example();
	alert.customer_id = VOC_STR("<@U1>");
	const struct voc_contribution contribution = { .evidence = { VOC_STR("<!channel> a & b\n> <http://x|y>") },
		                                       .evidence_count = 1 };
	json_t *payload = encode(&alert, &contribution, 1);
	assert_string_equal(section(payload, 1), "*In the customer's words*\n"
	                                         "> &lt;!channel&gt; a &amp; b &gt; &lt;http://x|y&gt;");
	assert_non_null(strstr(section(payload, 0), "*&lt;@U1&gt;*"));
	json_t *block = json_array_get(json_object_get(payload, "blocks"), 0);
	assert_true(json_is_true(json_object_get(json_object_get(block, "text"), "verbatim")));
	json_decref(payload);
}

/* The longest of everything, all of it characters that grow when they are escaped, or take three bytes. */
static void test_it_fits_whatever_comes(void **state)
{
	(void)state;
	static const char *const fillers[] = { "&", "가", "\"", "\\" };
	for (size_t i = 0; i < sizeof fillers / sizeof fillers[0]; i++) {
		struct voc_buf text;
		voc_buf_init(&text, 6000);
		while (text.len < 4000)
			voc_buf_add_str(&text, voc_str_from(fillers[i]));
		struct voc_str all = voc_buf_str(&text);
		struct voc_alert alert = example();
		alert.customer_id = alert.follow_up = alert.product = alert.team = alert.agent_id = alert.id = all;
		alert.events = alert.complaints = INT64_MIN;
		alert.gap_said = (struct voc_gap_said){ .gap = VOC_GAP_PERCEPTION, .owner = all, .step = all };
		struct voc_contribution contributions[8];
		for (size_t j = 0; j < 8; j++)
			contributions[j] =
			        (struct voc_contribution){ .evidence = { all, all, all }, .evidence_count = 3 };
		json_t *payload = encode(&alert, contributions, 8);
		for (size_t j = 0; j < 4; j++)
			section(payload, j);
		json_decref(payload);
		voc_buf_free(&text);
	}
}

static void test_a_full_buffer_is_told(void **state)
{
	(void)state;
	struct voc_alert alert = example();
	struct voc_buf buf;
	voc_buf_init(&buf, 100);
	assert_false(voc_slack_encode(&buf, &alert, NULL, 0));
	voc_buf_free(&buf);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_it_says_who_how_bad_why_and_what_to_do),
		cmocka_unit_test(test_korean_alerts_are_korean),
		cmocka_unit_test(test_needs_are_named),
		cmocka_unit_test(test_the_gap_says_whose_it_is_and_how_sure_that_is),
		cmocka_unit_test(test_a_customer_can_page_nobody),
		cmocka_unit_test(test_it_fits_whatever_comes),
		cmocka_unit_test(test_a_full_buffer_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
