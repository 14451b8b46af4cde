/* The classifier in force and its successor: real files, the test's own clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/clock.h"
#include "base/files.h"
#include "classifier/reload.h"
#include "core/classify/model.h"
#include "io/service/metrics.h"
#include "support/pause.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODEL       VOC_SOURCE_DIR "/services/classifier/model.bin"
#define CHECK_MS    1000
#define DEADLINE_MS 20000

static char folder[64], rules[96], tenants[96], other_rules[96], model[96];
static struct voc_conf conf;
static struct voc_health *health;
static struct voc_reload *reload;
static int64_t now_ms;

/* As an editor should: beside it, then renamed. */
static void write_file(const char *path, const char *text, size_t len)
{
	char beside[112];
	snprintf(beside, sizeof beside, "%s.new", path);
	FILE *file = fopen(beside, "w");
	assert_non_null(file);
	assert_int_equal(fwrite(text, 1, len, file), len);
	assert_int_equal(fclose(file), 0);
	assert_int_equal(rename(beside, path), 0);
}

static void write_text(const char *path, const char *text)
{
	write_file(path, text, strlen(text));
}

static int begin(void **state)
{
	(void)state;
	snprintf(folder, sizeof folder, "/tmp/voc-test-reload-XXXXXX");
	assert_non_null(mkdtemp(folder));
	snprintf(rules, sizeof rules, "%s/rules.txt", folder);
	snprintf(other_rules, sizeof other_rules, "%s/other.txt", folder);
	snprintf(model, sizeof model, "%s/model.bin", folder);
	snprintf(tenants, sizeof tenants, "%s/tenants", folder);
	assert_int_equal(mkdir(tenants, 0700), 0);
	assert_int_equal(symlink(MODEL, model), 0);
	write_text(rules, "version 1\n[churn_intent]\nbye\n");
	conf = (struct voc_conf){
		.model_path = model,
		.phrases_path = rules,
		.gaps_path = VOC_SOURCE_DIR "/deploy/gaps.json",
		.tenants_path = tenants,
		.shadow_model_path = "",
		.shadow_phrases_path = "",
		.reload_check_ms = CHECK_MS,
	};
	health = voc_health_new(1000);
	now_ms = 5000;
	return health ? 0 : -1;
}

static int end(void **state)
{
	(void)state;
	char path[128];
	voc_reload_free(reload);
	reload = NULL;
	voc_health_free(health);
	snprintf(path, sizeof path, "%s/acme.txt", tenants);
	unlink(path);
	unlink(rules);
	unlink(other_rules);
	unlink(model);
	rmdir(tenants);
	return rmdir(folder);
}

static void open_reload(void)
{
	struct voc_error error = { .position = -1 };
	if (voc_reload_open(&conf, health, &reload, &error) != VOC_OK)
		fail_msg("%s", error.text);
}

static const char *version(void)
{
	return strchr(voc_classifier_version(voc_reload_classifier(reload)), '+') + 1;
}

/* Turns, a look each, until the outcome is known. True: others are in force. */
static bool turn_to_outcome(bool hangup)
{
	int64_t taken = voc_metric_get_labelled(VOC_LABELLED_RELOADS, VOC_RELOAD_TAKEN);
	int64_t refused = voc_metric_get_labelled(VOC_LABELLED_RELOADS, VOC_RELOAD_REFUSED);
	int64_t deadline_ms = voc_clock_ms() + DEADLINE_MS;
	while (voc_clock_ms() < deadline_ms) {
		bool changed = voc_reload_turn(reload, hangup, now_ms);
		hangup = false;
		bool told_taken = voc_metric_get_labelled(VOC_LABELLED_RELOADS, VOC_RELOAD_TAKEN) > taken;
		assert_true(changed || !told_taken);
		if (changed || voc_metric_get_labelled(VOC_LABELLED_RELOADS, VOC_RELOAD_REFUSED) > refused)
			return changed;
		now_ms += CHECK_MS;
		test_pause_ms(1);
	}
	fail_msg("no outcome");
	return false;
}

/* Nothing is built in so many looks. */
static void assert_quiet(int looks)
{
	int64_t before = voc_metric_get_labelled(VOC_LABELLED_RELOADS, VOC_RELOAD_TAKEN) +
	                 voc_metric_get_labelled(VOC_LABELLED_RELOADS, VOC_RELOAD_REFUSED);
	for (int i = 0; i < looks; i++) {
		now_ms += CHECK_MS;
		assert_false(voc_reload_turn(reload, false, now_ms));
		test_pause_ms(5);
	}
	assert_int_equal(voc_metric_get_labelled(VOC_LABELLED_RELOADS, VOC_RELOAD_TAKEN) +
	                         voc_metric_get_labelled(VOC_LABELLED_RELOADS, VOC_RELOAD_REFUSED),
	                 before);
}

static bool page_tells(const char *what)
{
	struct voc_buf page;
	voc_buf_init(&page, 4096);
	voc_health_render_ready(health, &page);
	bool told = strstr(voc_buf_c_str(&page), what) != NULL;
	voc_buf_free(&page);
	return told;
}

static bool says_churn(const struct voc_classifier *classifier, const char *text, const char *tenant)
{
	struct voc_classification result;
	const struct voc_utterance utterance = { .text = voc_str_from(text), .tenant = voc_str_from(tenant) };
	struct voc_classify_scratch *scratch = voc_classify_scratch_new();
	voc_classify(classifier, scratch, &utterance, &result);
	voc_classify_scratch_free(scratch);
	return result.labels.churn_intent;
}

static void test_a_changed_file_comes_into_force(void **state)
{
	(void)state;
	open_reload();
	char before[64];
	snprintf(before, sizeof before, "%s", version());
	assert_true(page_tells(before));
	assert_quiet(3);
	int64_t fingerprint = voc_metric_get(VOC_METRIC_FINGERPRINT);
	write_text(rules, "version 1\n[churn_intent]\n쿠쿠루 :: weight=4000\n+ 쿠쿠루\n");
	const struct voc_classifier *former = voc_reload_classifier(reload);
	assert_true(turn_to_outcome(false));
	/* the former one may still be in use until the next turn */
	assert_false(says_churn(former, "쿠쿠루", ""));
	assert_true(says_churn(voc_reload_classifier(reload), "쿠쿠루", ""));
	assert_string_not_equal(version(), before);
	assert_true(page_tells(version()));
	assert_int_not_equal(voc_metric_get(VOC_METRIC_FINGERPRINT), fingerprint);
	assert_quiet(3);
}

static void test_a_bad_file_is_refused_once(void **state)
{
	(void)state;
	open_reload();
	char before[64];
	snprintf(before, sizeof before, "%s", version());
	write_text(rules, "version 2\n[churn_intent]\nbye\n[mood.good]\n");
	assert_false(turn_to_outcome(false));
	assert_string_equal(version(), before);
	assert_int_equal(voc_metric_get(VOC_METRIC_RULES_REFUSED), 1);
	assert_true(page_tells("rules.txt:4: not a head: mood"));
	assert_true(page_tells(before));
	assert_quiet(3);
	write_text(rules, "version 2\n[churn_intent]\nbye\n- bye now\n");
	assert_false(turn_to_outcome(false));
	assert_true(page_tells("rules.txt:4: the example hits its section"));
	unlink(rules);
	assert_false(turn_to_outcome(false));
	assert_string_equal(version(), before);
	write_text(rules, "version 3\n[churn_intent]\nbye\n");
	assert_true(turn_to_outcome(false));
	assert_int_equal(strncmp(version(), "3-", 2), 0);
	assert_int_equal(voc_metric_get(VOC_METRIC_RULES_REFUSED), 0);
	assert_false(page_tells("refused"));
}

/* What is being written is not read: each look sees another file. */
static void test_a_file_that_moves_is_let_alone(void **state)
{
	(void)state;
	open_reload();
	char text[96];
	int64_t taken = voc_metric_get_labelled(VOC_LABELLED_RELOADS, VOC_RELOAD_TAKEN);
	for (int i = 0; i < 20; i++) {
		snprintf(text, sizeof text, "version %d\n[churn_intent]\nbye\n", i + 10);
		write_text(rules, text);
		now_ms += CHECK_MS;
		assert_false(voc_reload_turn(reload, false, now_ms));
		test_pause_ms(2);
	}
	/* the last one, too, is looked at a second time before it is built */
	for (int i = 0; i < 20; i++) {
		assert_false(voc_reload_turn(reload, false, now_ms));
		test_pause_ms(5);
	}
	assert_int_equal(voc_metric_get_labelled(VOC_LABELLED_RELOADS, VOC_RELOAD_TAKEN), taken);
	assert_true(turn_to_outcome(false));
	assert_int_equal(strncmp(version(), "29-", 3), 0);
}

static void test_tenants_come_and_go(void **state)
{
	(void)state;
	char path[128];
	snprintf(path, sizeof path, "%s/acme.txt", tenants);
	open_reload();
	write_text(path, "version 1\n[churn_intent]\n쿠쿠루 :: weight=4000\n");
	assert_true(turn_to_outcome(false));
	assert_true(says_churn(voc_reload_classifier(reload), "쿠쿠루", "acme"));
	assert_false(says_churn(voc_reload_classifier(reload), "쿠쿠루", ""));
	unlink(path);
	assert_true(turn_to_outcome(false));
	assert_false(says_churn(voc_reload_classifier(reload), "쿠쿠루", "acme"));
}

/* The model changes at a SIGHUP only; a damaged one is refused. */
static void test_a_hangup_reads_the_model_again(void **state)
{
	(void)state;
	struct voc_buf bytes;
	struct voc_error error = { .position = -1 };
	voc_buf_init(&bytes, 64 << 20);
	assert_int_equal(voc_file_read(MODEL, &bytes, &error), VOC_OK);
	open_reload();
	char before[VOC_MODEL_VERSION_SIZE];
	snprintf(before, sizeof before, "%s", voc_classifier_version(voc_reload_classifier(reload)));
	bytes.ptr[bytes.len / 2] ^= 1;
	write_file(model, bytes.ptr, bytes.len);
	assert_quiet(3);
	write_text(rules, "version 2\n[churn_intent]\nbye\n");
	assert_true(turn_to_outcome(false)); /* the model in force is shared */
	assert_false(turn_to_outcome(true));
	assert_true(page_tells("checksum"));
	assert_int_equal(strncmp(version(), "2-", 2), 0);
	bytes.ptr[bytes.len / 2] ^= 1;
	write_file(model, bytes.ptr, bytes.len);
	write_text(rules, "version 3\n[churn_intent]\nbye\n");
	assert_true(turn_to_outcome(true));
	assert_int_equal(
	        strncmp(voc_classifier_version(voc_reload_classifier(reload)), before, strcspn(before, "+") + 1), 0);
	assert_false(says_churn(voc_reload_classifier(reload), "쿠쿠루", ""));
	voc_buf_free(&bytes);
}

static void test_without_a_check_only_a_hangup_counts(void **state)
{
	(void)state;
	conf.reload_check_ms = 0;
	open_reload();
	write_text(rules, "version 2\n[churn_intent]\nbye\n");
	assert_quiet(3);
	assert_true(turn_to_outcome(true));
	assert_int_equal(strncmp(version(), "2-", 2), 0);
}

static void test_the_shadow_stands_beside(void **state)
{
	(void)state;
	open_reload();
	assert_null(voc_reload_shadow(reload));
	voc_reload_free(reload);
	write_text(other_rules, "version 9\n[churn_intent]\n쿠쿠루 :: weight=4000\n");
	conf.shadow_phrases_path = other_rules;
	open_reload();
	assert_true(says_churn(voc_reload_shadow(reload), "쿠쿠루", ""));
	assert_false(says_churn(voc_reload_classifier(reload), "쿠쿠루", ""));

	/* a bad shadow keeps the former one, and nothing back */
	write_text(other_rules, "version 9\nnonsense\n");
	write_text(rules, "version 2\n[churn_intent]\nbye\n");
	assert_true(turn_to_outcome(true)); /* the live one is in force */
	assert_int_equal(strncmp(version(), "2-", 2), 0);
	assert_int_equal(voc_metric_get(VOC_METRIC_RULES_REFUSED), 1);
	assert_true(page_tells("other.txt:2: a phrase outside of any section"));
	assert_true(says_churn(voc_reload_shadow(reload), "쿠쿠루", ""));

	/* at a start it is an error like any other */
	struct voc_reload *none = NULL;
	struct voc_error error = { .position = -1 };
	assert_int_equal(voc_reload_open(&conf, health, &none, &error), VOC_FATAL);
	assert_int_equal(error.reason, VOC_REASON_CONFIG);
	assert_null(none);
	voc_error_clear(&error);
	assert_int_equal(voc_reload_check(&conf, &error), VOC_FATAL);
	assert_non_null(strstr(error.text, "other.txt:2"));
	conf.shadow_phrases_path = "";
	voc_error_clear(&error);
	assert_int_equal(voc_reload_check(&conf, &error), VOC_OK);
}

static void test_the_end_waits_for_the_builder(void **state)
{
	(void)state;
	open_reload();
	(void)voc_reload_turn(reload, true, now_ms);
}

/* Neither a reload of the rules nor a hangup looks for a file of that name. */
static void test_without_a_model(void **state)
{
	(void)state;
	conf.model_path = VOC_MODEL_OFF;
	open_reload();
	const char *whole = voc_classifier_version(voc_reload_classifier(reload));
	assert_int_equal(strncmp(whole, "rules-1+", strlen("rules-1+")), 0);
	write_text(rules, "version 2\n[churn_intent]\nfarewell\n");
	assert_true(turn_to_outcome(false));
	assert_int_equal(strncmp(version(), "2-", 2), 0);
	assert_true(turn_to_outcome(true));
	whole = voc_classifier_version(voc_reload_classifier(reload));
	assert_int_equal(strncmp(whole, "rules-1+2-", strlen("rules-1+2-")), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_a_changed_file_comes_into_force, begin, end),
		cmocka_unit_test_setup_teardown(test_a_bad_file_is_refused_once, begin, end),
		cmocka_unit_test_setup_teardown(test_a_file_that_moves_is_let_alone, begin, end),
		cmocka_unit_test_setup_teardown(test_tenants_come_and_go, begin, end),
		cmocka_unit_test_setup_teardown(test_a_hangup_reads_the_model_again, begin, end),
		cmocka_unit_test_setup_teardown(test_without_a_check_only_a_hangup_counts, begin, end),
		cmocka_unit_test_setup_teardown(test_the_shadow_stands_beside, begin, end),
		cmocka_unit_test_setup_teardown(test_without_a_model, begin, end),
		cmocka_unit_test_setup_teardown(test_the_end_waits_for_the_builder, begin, end),
	};
	return cmocka_run_group_tests_name("reload", tests, NULL, NULL);
}
