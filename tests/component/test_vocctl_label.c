/* vocctl label, corrections and shadow, as programs, against librdkafka's mock cluster: what a person says of an event
 * comes out as a row for the training. */
#include "classifier/step.h"
#include "support/mock_kafka.h"
#include "support/program_run.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define PARTITIONS 4
#define MODEL      VOC_SOURCE_DIR "/services/classifier/model.bin"
#define PHRASES    VOC_SOURCE_DIR "/services/classifier/phrases.txt"

static struct mock_kafka mock;
static struct voc_classifier *classifier;
static struct voc_producer *producer;
static struct program_run run;

/* A raw event in voc.calls, and the record of voc.classified that comes of it, as if it were at `offset`. */
static void send_event(const char *id, const char *source, const char *customer, const char *text, int64_t offset)
{
	char raw[1024];
	struct voc_error error = { .position = -1 };
	struct voc_step *step = voc_step_new(classifier);
	struct voc_step_output output;
	snprintf(raw, sizeof raw,
	         "{\"specversion\":\"1.0\",\"id\":\"%s\",\"source\":\"%s\",\"type\":\"voc.call\","
	         "\"time\":\"2026-11-21T09:30:00Z\",\"data\":{\"customer_id\":\"%s\",\"text\":\"%s\"}}",
	         id, source, customer, text);
	mock_send(producer, "voc.calls", 2, customer, raw, 1795253400000);
	const struct voc_step_input input = {
		.topic = VOC_STR("voc.calls"),
		.partition = 2,
		.offset = offset,
		.key = voc_str_from(customer),
		.record = { .value = voc_str_from(raw), .timestamp_ms = 1795253400000 },
	};
	assert_int_equal(voc_step_run(step, &input, 0, &output, &error), VOC_OK);
	assert_int_equal(output.refused, VOC_REASON_NONE);
	const struct voc_outgoing record = {
		.topic = "voc.classified",
		.partition = VOC_PARTITION_BY_KEY,
		.key = output.key,
		.value = output.value,
		.headers = output.headers,
		.header_count = output.header_count,
	};
	assert_int_equal(voc_producer_send(producer, &record, &error), VOC_OK);
	mock_flush(producer);
	voc_step_free(step);
}

static int start(void **state)
{
	static const char *const topics[] = { "voc.calls",      "voc.web",         "voc.complaints",
		                              "voc.classified", "voc.corrections", "voc.dlq" };
	(void)state;
	struct voc_error error = { .position = -1 };
	mock_kafka_start(&mock);
	for (size_t i = 0; i < sizeof topics / sizeof *topics; i++)
		mock_kafka_topic(&mock, topics[i], PARTITIONS);
	setenv("VOC_KAFKA_BOOTSTRAP", mock.conf.kafka_bootstrap, 1);
	setenv("VOC_MODEL", MODEL, 1);
	setenv("VOC_GAPS", VOC_SOURCE_DIR "/deploy/gaps.json", 1);
	setenv("VOC_PHRASES", PHRASES, 1);
	setenv("VOC_OPERATOR", "qm-7", 1);
	producer = mock_producer(&mock);
	if (voc_classifier_open(MODEL, PHRASES, &classifier, &error) != VOC_OK)
		fail_msg("%s", error.text);
	send_event("e-1", "/call", "C-1", "정말 대단한 서비스네요. 010-1234-5678로 연락 주세요", 0);
	send_event("e-2", "/call", "C-2", "I waited for 40 minutes and nobody called back", 1);
	send_event("e-3", "/call", "C-3", "이제 해지할게요", 2);
	send_event("e-3", "/other", "C-4", "고마워요", 3);
	send_event("e-4", "/call", "C-5", "요금이 왜 이래요", 999); /* as if it had expired */
	return 0;
}

static int stop(void **state)
{
	(void)state;
	voc_producer_free(producer);
	voc_classifier_free(classifier);
	mock_kafka_stop(&mock);
	return 0;
}

static const char *export(void)
{
	static struct program_run exported;
	PROGRAM_RUN(&exported, NULL, "vocctl", "corrections", "export");
	assert_int_equal(exported.status, 0);
	return exported.out;
}

#define MASKED "정말 대단한 서비스네요. ***-****-****로 연락 주세요"

static void test_a_correction_becomes_a_row(void **state)
{
	(void)state;
	assert_string_equal(export(), "");
	PROGRAM_RUN(&run, NULL, "vocctl", "label", "e-1", "--feedback-type", "complaint", "--dry-run", "--json");
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out, "\"sent\":false"));
	assert_string_equal(export(), "");

	PROGRAM_RUN(&run, NULL, "vocctl", "label", "e-1", "--feedback-type", "complaint", "--factors", "emotion",
	            "--note", "반어", "--json");
	if (run.status != 0)
		print_error("%s\n", run.err);
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out, "\"event_source\":\"/call\""));
	assert_non_null(strstr(run.out, "\"text\":\"" MASKED "\""));
	assert_non_null(strstr(run.out, "\"labels\":{\"feedback_type\":\"complaint\",\"primary_factor\":\"emotion\","
	                                "\"factors\":[\"emotion\"]},\"sent\":true"));
	assert_string_equal(export(), "{\"text\":\"" MASKED "\",\"lang\":\"ko\",\"feedback_type\":\"complaint\","
	                              "\"primary_factor\":\"emotion\",\"factors\":[\"emotion\"]}\n");
}

/* What is not given again stays; what is, is new. */
static void test_the_newest_wins_head_by_head(void **state)
{
	(void)state;
	PROGRAM_RUN(&run, NULL, "vocctl", "label", "e-1", "--customer", "C-1", "--satisfaction", "dissatisfied",
	            "--factors", "emotion,equity", "--primary-factor", "equity");
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out, "event e-1 of /call, ko\n" MASKED "\n"));
	assert_non_null(strstr(run.out, "corrected before by qm-7 at "));
	assert_non_null(strstr(run.out, "factors         "));
	assert_non_null(strstr(run.out, "emotion,equity    corrected\n"));
	assert_string_equal(export(), "{\"text\":\"" MASKED "\",\"lang\":\"ko\",\"feedback_type\":\"complaint\","
	                              "\"satisfaction\":\"dissatisfied\",\"primary_factor\":\"equity\","
	                              "\"factors\":[\"emotion\",\"equity\"]}\n");
	PROGRAM_RUN(&run, NULL, "vocctl", "corrections", "list");
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out, "qm-7         e-1 feedback_type satisfaction factors\n"));
	assert_non_null(strstr(run.err, "1 corrections\n"));
	PROGRAM_RUN(&run, NULL, "vocctl", "corrections", "list", "--json");
	assert_non_null(strstr(run.out, "\"event_id\":\"e-1\",\"event_source\":\"/call\",\"customer_id\":\"C-1\","));
}

static void test_which_event_is_meant(void **state)
{
	(void)state;
	PROGRAM_RUN(&run, NULL, "vocctl", "label", "e-3", "--churn-intent", "no");
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.err, "events of several sources have this id"));
	PROGRAM_RUN(&run, NULL, "vocctl", "label", "e-3", "--source", "/call", "--churn-intent", "no");
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out, "이제 해지할게요\n"));
	assert_non_null(strstr(export(), "{\"text\":\"이제 해지할게요\",\"lang\":\"ko\",\"churn_intent\":false}\n"));
	PROGRAM_RUN(&run, NULL, "vocctl", "label", "e-9", "--churn-intent", "no");
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.err, "no classified event has this id"));
	PROGRAM_RUN(&run, NULL, "vocctl", "label", "e-4", "--churn-intent", "no");
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.err, "the raw record is gone"));
}

/* A text by itself: an event that has expired, or one that never was. */
static void test_words_that_come_with_the_command(void **state)
{
	(void)state;
	PROGRAM_RUN(&run, NULL, "vocctl", "label", "e-4", "--source", "/call", "--words", "요금이 왜 이래요",
	            "--feedback-type", "complaint");
	assert_int_equal(run.status, 0);
	assert_non_null(
	        strstr(export(), "{\"text\":\"요금이 왜 이래요\",\"lang\":\"ko\",\"feedback_type\":\"complaint\"}\n"));
	PROGRAM_RUN(&run, NULL, "vocctl", "label", "own-1", "--words", "ok bye 555-234-5678", "--lang", "ko",
	            "--servqual", "none");
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(export(), "{\"text\":\"ok bye ***-***-****\",\"lang\":\"ko\",\"servqual\":\"none\"}\n"));
}

static void test_a_correction_is_taken_back(void **state)
{
	(void)state;
	PROGRAM_RUN(&run, NULL, "vocctl", "label", "e-1", "--withdraw", "--dry-run");
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(export(), MASKED));
	PROGRAM_RUN(&run, NULL, "vocctl", "label", "e-1", "--withdraw");
	assert_int_equal(run.status, 0);
	assert_null(strstr(export(), MASKED));
	PROGRAM_RUN(&run, NULL, "vocctl", "label", "e-1", "--withdraw");
	assert_int_equal(run.status, 1);
	assert_non_null(strstr(run.err, "there is no correction of it"));
	/* what comes after is a new one, without the heads of the one that was taken back */
	PROGRAM_RUN(&run, NULL, "vocctl", "label", "e-1", "--satisfaction", "dissatisfied");
	assert_int_equal(run.status, 0);
	assert_non_null(
	        strstr(export(), "{\"text\":\"" MASKED "\",\"lang\":\"ko\",\"satisfaction\":\"dissatisfied\"}\n"));
}

/* Over what the raw topics hold, and over a file of raw events and plain texts; words only if they are asked for. */
static void test_what_other_rules_would_change(void **state)
{
	(void)state;
	char rules[] = "/tmp/voc-test-rules-XXXXXX", option[64];
	int fd = mkstemp(rules);
	FILE *file = fdopen(fd, "w");
	fputs("version 9\n[churn_intent]\n고마워요 :: weight=4000\n", file);
	fclose(file);
	snprintf(option, sizeof option, "--shadow-phrases=%s", rules);
	PROGRAM_RUN(&run, NULL, "vocctl", "shadow", option, "--json");
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out, "\"events\":5,\"unread\":0,"));
	assert_non_null(strstr(run.out, "{\"lang\":\"ko\",\"channel\":\"call\",\"events\":4,"));
	assert_non_null(strstr(run.out, "{\"live\":\"false\",\"new\":\"true\",\"events\":1}"));
	assert_null(strstr(run.out, "고마워요"));
	PROGRAM_RUN(&run, "{\"id\":\"t-1\",\"text\":\"고마워요\",\"channel\":\"complaint\"}\n\nnothing\n", "vocctl",
	            "shadow", option, "--words", "-");
	assert_int_equal(run.status, 0);
	assert_non_null(strstr(run.out, "1 events (1 more could not be read), 1 change"));
	assert_non_null(strstr(run.out, "  false -> true  t-1\n    고마워요\n    by \"\" -> \"고마워요\""));
	remove(rules);
	PROGRAM_RUN(&run, NULL, "vocctl", "shadow");
	assert_int_equal(run.status, 2);
	assert_non_null(strstr(run.err, "nothing to compare"));
	PROGRAM_RUN(&run, NULL, "vocctl", "shadow", option);
	assert_int_equal(run.status, 2);
}

static void assert_usage(const char *flag, const char *value, const char *why)
{
	PROGRAM_RUN(&run, NULL, "vocctl", "label", "e-1", flag, value);
	assert_int_equal(run.status, 2);
	assert_non_null(strstr(run.err, why));
}

static void test_what_is_no_label(void **state)
{
	(void)state;
	assert_usage("--feedback-type", "praise",
	             "--feedback-type: no such label; there are complaint, opinion, question");
	assert_usage("--feedback-type", "unknown", "unknown is no correction");
	assert_usage("--satisfaction", "", "--satisfaction: no such label");
	assert_usage("--servqual", "speed",
	             "there are none, reliability, responsiveness, assurance, empathy, tangibles");
	assert_usage("--factors", "emotion,emotional", "--factors: no such label");
	assert_usage("--factors", "none,emotion", "--factors: no such label");
	assert_usage("--factors", "emotion,equity", "--primary-factor tells which one leads");
	assert_usage("--primary-factor", "word of mouth", "--primary-factor: no such label");
	assert_usage("--churn-intent", "maybe", "--churn-intent: yes or no");
	assert_usage("--note", "only a note", "no label is corrected");
	assert_usage("--words", "", "--words: none");
	assert_usage("--lang", "fr", "--lang: ko or en");
	PROGRAM_RUN(&run, NULL, "vocctl", "label", "e-1", "--factors", "emotion", "--primary-factor", "equity");
	assert_int_equal(run.status, 2);
	assert_non_null(strstr(run.err, "the primary factor is not among the factors"));
	setenv("VOC_OPERATOR", "", 1);
	assert_usage("--churn-intent", "no", "who corrects?");
	setenv("VOC_OPERATOR", "qm-7", 1);
	PROGRAM_RUN(&run, NULL, "vocctl", "corrections", "burn");
	assert_int_equal(run.status, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_correction_becomes_a_row),
		cmocka_unit_test(test_the_newest_wins_head_by_head),
		cmocka_unit_test(test_which_event_is_meant),
		cmocka_unit_test(test_words_that_come_with_the_command),
		cmocka_unit_test(test_a_correction_is_taken_back),
		cmocka_unit_test(test_what_is_no_label),
		cmocka_unit_test(test_what_other_rules_would_change),
	};
	return cmocka_run_group_tests_name("vocctl_label", tests, start, stop);
}
