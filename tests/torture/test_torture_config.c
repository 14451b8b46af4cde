/* Torture of what is read at the start: options, rules, gaps, endpoints, phrase rules, the model. */
#include "base/file_map.h"
#include "conf/conf.h"
#include "core/classify/classify.h"
#include "core/classify/phrases.h"
#include "core/rules/rules.h"
#include "io/webhook/webhooks.h"
#include "support/examples.h"
#include "torture/torture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static enum voc_status parse_rules(void *context, struct voc_error *error)
{
	static struct voc_rules rules;
	const struct voc_buf *file = context;
	return voc_rules_parse(voc_buf_str(file), &rules, error);
}

static enum voc_status parse_webhooks(void *context, struct voc_error *error)
{
	const struct voc_buf *file = context;
	struct voc_webhooks *webhooks = NULL;
	enum voc_status status = voc_webhooks_parse(voc_buf_str(file), &webhooks, error);
	assert_true((status == VOC_OK) == (webhooks != NULL));
	voc_webhooks_free(webhooks);
	return status;
}

static enum voc_status load_options(void *context, struct voc_error *error)
{
	(void)context;
	static char *const environment[] = {
		"VOC_KAFKA_BOOTSTRAP=a:1,b:2",           "VOC_LOG_LEVEL=warn", "VOC_KAFKA_SASL_PASSWORD=hush",
		"VOC_REDIS_URL=redis://:p%40@[::1]:7/1", "PATH=/bin",          NULL
	};
	char name[] = "voc-aggregator", flag[] = "--kafka.linger.ms=7", batch[] = "--batch-records", count[] = "99";
	char *arguments[] = { name, flag, batch, count, NULL };
	struct voc_conf conf;
	enum voc_conf_action action = VOC_CONF_RUN;
	enum voc_status status =
	        voc_conf_load(&conf, VOC_PROGRAM_AGGREGATOR, 4, arguments, environment, &action, error);
	if (status == VOC_OK) {
		assert_string_equal(conf.kafka_bootstrap, "a:1,b:2");
		assert_int_equal(conf.batch_records, 99);
		voc_conf_free(&conf);
	}
	return status;
}

static enum voc_status parse_phrases(void *context, struct voc_error *error)
{
	const struct voc_buf *file = context;
	struct voc_phrases *phrases = NULL;
	size_t checked = 0;
	enum voc_status status = voc_phrases_parse(voc_buf_str(file), "phrases", &phrases, error);
	assert_true((status == VOC_OK) == (phrases != NULL));
	if (status == VOC_OK)
		status = voc_phrases_check_examples(phrases, &checked, error);
	voc_phrases_free(phrases);
	return status;
}

static enum voc_status parse_gaps(void *context, struct voc_error *error)
{
	const struct voc_buf *file = context;
	struct voc_gaps *gaps = NULL;
	enum voc_status status = voc_gaps_parse(voc_buf_str(file), &gaps, error);
	assert_true((status == VOC_OK) == (gaps != NULL));
	voc_gaps_free(gaps);
	return status;
}

static enum voc_status open_classifier(void *context, struct voc_error *error)
{
	(void)context;
	struct voc_classifier *classifier = NULL;
	enum voc_status status =
	        voc_classifier_open(VOC_SOURCE_DIR "/services/classifier/model.bin",
	                            VOC_SOURCE_DIR "/services/classifier/phrases.txt", &classifier, error);
	assert_true((status == VOC_OK) == (classifier != NULL));
	voc_classifier_free(classifier);
	return status;
}

static void torture_file(const char *name, const char *path, torture_fn *work)
{
	struct voc_buf file = example_read(path);
	torture(name, work, &file, 0);
	voc_buf_free(&file);
}

static void test_rules(void **state)
{
	(void)state;
	torture_file("rules", "deploy/rules.json", parse_rules);
}

static void test_webhooks(void **state)
{
	(void)state;
	torture_file("webhooks", "tests/fuzz/corpus/fuzz_webhooks/full.json", parse_webhooks);
}

static void test_gaps(void **state)
{
	(void)state;
	torture_file("gaps", "deploy/gaps.json", parse_gaps);
}

static void test_options(void **state)
{
	(void)state;
	torture("options", load_options, NULL, 0);
}

static void test_phrases(void **state)
{
	(void)state;
	static char text[] = "version 1\n[negation.before within=3]\nnot\n[negation.after within=6]\n없\n"
	                     "[negation.bridge]\n이 가\n[satisfaction.satisfied negation=flip:dissatisfied]\n"
	                     "good\n^좋$ :: weight=500 when=end\n+ good\n[churn_intent negation=against]\n"
	                     "never .. again\n+ I will never buy again\n- hello\n";
	struct voc_buf file = { .ptr = text, .len = sizeof text - 1 };
	torture("phrases", parse_phrases, &file, 0);
}

static void test_classifier(void **state)
{
	(void)state;
	torture("model and phrases as shipped", open_classifier, NULL, 40);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_rules),   cmocka_unit_test(test_gaps),    cmocka_unit_test(test_webhooks),
		cmocka_unit_test(test_options), cmocka_unit_test(test_phrases), cmocka_unit_test(test_classifier),
	};
	torture_begin();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
