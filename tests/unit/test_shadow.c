/* The shadow beside the classifier, and vocctl's report on one. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "classifier/shadow.h"
#include "io/service/metrics.h"
#include "vocctl/label/shadow_report.h"

#include <locale.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define MODEL   VOC_SOURCE_DIR "/services/classifier/model.bin"
#define PHRASES VOC_SOURCE_DIR "/services/classifier/phrases.txt"
#define TEXT    "쿠쿠루 할게요"
#define RECORDS 1000

static struct voc_classifier *live, *other;

static int open_both(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	char path[] = "/tmp/voc-test-shadow-XXXXXX";
	int fd = mkstemp(path);
	FILE *file = fdopen(fd, "w");
	fputs("version 9\n[churn_intent]\n쿠쿠루 :: weight=4000 decides\n", file);
	fclose(file);
	enum voc_status status = voc_classifier_open(MODEL, PHRASES, &live, &error);
	if (status == VOC_OK)
		status = voc_classifier_open(MODEL, path, &other, &error);
	unlink(path);
	if (status != VOC_OK)
		print_error("%s\n", error.text);
	return status == VOC_OK ? 0 : -1;
}

static int close_both(void **state)
{
	(void)state;
	voc_classifier_free(live);
	voc_classifier_free(other);
	return 0;
}

/* Lets the shadow look at so many records, each with the same words; keeps the last output. */
static void run(struct voc_shadow *shadow, struct voc_buf *last)
{
	struct voc_step *step = voc_step_new(live);
	struct voc_error error = { .position = -1 };
	const struct voc_str raw =
	        VOC_STR("{\"specversion\":\"1.0\",\"id\":\"e\",\"source\":\"/s\",\"type\":\"voc.web\","
	                "\"data\":{\"customer_id\":\"C\",\"text\":\"" TEXT "\"}}");
	for (int64_t offset = 0; offset < RECORDS; offset++) {
		const struct voc_step_input input = {
			.topic = VOC_STR("voc.web"),
			.offset = offset,
			.record = { .value = raw, .timestamp_ms = 1795253400000 },
		};
		const struct voc_message message = { .topic = input.topic, .offset = offset };
		struct voc_step_output output;
		assert_int_equal(voc_step_run(step, &input, 0, &output, &error), VOC_OK);
		voc_shadow_look(shadow, step, &message, 1000);
		voc_buf_clear(last);
		voc_buf_add_str(last, output.value);
	}
	voc_step_free(step);
}

static int64_t looked(struct voc_shadow *shadow, struct voc_buf *last)
{
	int64_t before = voc_metric_get(VOC_METRIC_SHADOW_EVENTS);
	run(shadow, last);
	return voc_metric_get(VOC_METRIC_SHADOW_EVENTS) - before;
}

static void test_the_shadow_counts_and_changes_nothing(void **state)
{
	(void)state;
	struct voc_buf plain, shadowed;
	voc_buf_init(&plain, 65536);
	voc_buf_init(&shadowed, 65536);
	struct voc_shadow shadow = { .share_percent = 100 };
	assert_int_equal(looked(&shadow, &plain), 0);

	shadow.classifier = live;
	assert_int_equal(looked(&shadow, &shadowed), RECORDS);
	assert_int_equal(voc_metric_get_labelled(VOC_LABELLED_SHADOW_CHANGES, VOC_HEAD_CHURN), 0);
	assert_int_equal(voc_metric_get(VOC_METRIC_SHADOW_ALERTING), 0);

	shadow.classifier = other;
	assert_int_equal(looked(&shadow, &shadowed), RECORDS);
	assert_int_equal(voc_metric_get_labelled(VOC_LABELLED_SHADOW_CHANGES, VOC_HEAD_CHURN), RECORDS);
	assert_int_equal(voc_metric_get(VOC_METRIC_SHADOW_ALERTING), RECORDS);
	assert_int_equal(shadow.unlogged, RECORDS - 1); /* one is logged in a while */
	assert_string_equal(voc_buf_c_str(&plain), voc_buf_c_str(&shadowed));
	voc_buf_free(&plain);
	voc_buf_free(&shadowed);
}

static void test_a_share_is_a_share(void **state)
{
	(void)state;
	struct voc_buf last;
	voc_buf_init(&last, 65536);
	struct voc_shadow shadow = { .classifier = live, .share_percent = 10 };
	int64_t first = looked(&shadow, &last);
	assert_in_range(first, RECORDS / 20, RECORDS / 5);
	assert_int_equal(looked(&shadow, &last), first); /* the same ones */
	voc_buf_free(&last);
}

static void add(struct shadow_report *report, struct voc_labels a, struct voc_labels b, const char *lang,
                enum voc_channel channel)
{
	struct voc_classification from = { .labels = a }, to = { .labels = b };
	memcpy(from.lang, lang, 3);
	memcpy(to.lang, lang, 3);
	to.evidence[to.evidence_count++] = (struct voc_evidence){ VOC_HEAD_CHURN, 1, 0, 9, 500 };
	const struct shadow_case each = { VOC_STR("e-1"), VOC_STR(TEXT), channel, &from, &to };
	shadow_report_add(report, &each);
}

static void test_the_report(void **state)
{
	(void)state;
	struct shadow_report *report = calloc(1, sizeof *report);
	struct voc_labels a = { .feedback = VOC_FEEDBACK_OPINION }, b = a;
	struct voc_buf page;
	setlocale(LC_CTYPE, "C.UTF-8");
	voc_buf_init(&page, 1 << 20);
	report->examples_most = 1;
	add(report, a, b, "ko", VOC_CHANNEL_CALL);
	b.churn_intent = true;
	add(report, a, b, "ko", VOC_CHANNEL_CALL);
	add(report, a, b, "ko", VOC_CHANNEL_CALL);
	b.feedback = VOC_FEEDBACK_COMPLAINT;
	b.factors = 1U << VOC_FACTOR_EMOTION | 1U << VOC_FACTOR_EQUITY;
	b.primary_factor = VOC_FACTOR_EQUITY;
	add(report, b, a, "en", VOC_CHANNEL_WEB);
	assert_int_equal(report->events, 4);
	assert_int_equal(report->changed, 3);
	assert_int_equal(report->confusion[VOC_HEAD_CHURN][0][1], 2);
	assert_int_equal(report->confusion[VOC_HEAD_CHURN][1][0], 1);
	assert_int_equal(report->confusion[VOC_HEAD_FEEDBACK][VOC_FEEDBACK_COMPLAINT][VOC_FEEDBACK_OPINION], 1);
	assert_int_equal(report->churn_come, 2);
	assert_int_equal(report->churn_go, 1);
	assert_int_equal(report->complaints_go, 1);
	assert_int_equal(report->alarms, 3);
	shadow_report_show(&page, report, "1+1", "2+1", true);
	const char *shown = voc_buf_c_str(&page);
	assert_non_null(strstr(shown, "live  1+1\nnew   2+1\n4 events, 3 change        75.0 %\n"));
	assert_non_null(strstr(shown, "complaints +0 -1, churn intents +2 -1: 3 events whose alerts may change\n"));
	assert_non_null(strstr(shown, "ko                    66.7 %             -             -\n"));
	assert_non_null(strstr(shown, "en                         -       100.0 %             -\n"));
	assert_non_null(strstr(shown, "  false -> true  e-1\n    " TEXT "\n    by \"\" -> \"쿠쿠루\"\n"));
	assert_null(strstr(shown, "true -> false")); /* one example a head */
	assert_non_null(strstr(shown, "  emotion+equity -> none  e-1\n"));
	voc_buf_clear(&page);
	shadow_report_json(&page, report, "1+1", "2+1", false);
	shown = voc_buf_c_str(&page);
	assert_non_null(strstr(shown, "{\"lang\":\"ko\",\"channel\":\"call\",\"events\":3,\"changed\":2}"));
	assert_non_null(strstr(shown, "{\"live\":\"false\",\"new\":\"true\",\"events\":2}"));
	assert_non_null(strstr(shown, "\"alarms_changed\":3"));
	assert_null(strstr(shown, "쿠쿠루")); /* words are asked for */
	voc_buf_free(&page);
	free(report);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_the_shadow_counts_and_changes_nothing, open_both, close_both),
		cmocka_unit_test_setup_teardown(test_a_share_is_a_share, open_both, close_both),
		cmocka_unit_test(test_the_report),
	};
	return cmocka_run_group_tests_name("shadow", tests, NULL, NULL);
}
