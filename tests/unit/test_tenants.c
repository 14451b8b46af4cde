/* core: whose an event is, and what a tenant's file may hold; and the classifier with tenants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "core/classify/classify.h"
#include "core/classify/tenants.h"
#include "core/record/event.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#define MODEL   VOC_SOURCE_DIR "/services/classifier/model.bin"
#define PHRASES VOC_SOURCE_DIR "/services/classifier/phrases.txt"

static struct voc_phrases *base;
static struct voc_tenants *tenants;

static int begin(void **state)
{
	(void)state;
	struct voc_error error = { 0 };
	tenants = calloc(1, sizeof *tenants);
	return tenants && voc_phrases_parse(VOC_STR("version 1\n[churn_intent]\nbye"), "base", &base, &error) == VOC_OK
	               ? 0
	               : -1;
}

static int end(void **state)
{
	(void)state;
	voc_tenants_free(tenants);
	free(tenants);
	voc_phrases_free(base);
	base = NULL;
	return 0;
}

static enum voc_status add(const char *name, const char *text, struct voc_error *error)
{
	voc_error_clear(error);
	return voc_tenants_add(tenants, voc_str_from(name), voc_str_from(text), name, base, error);
}

static void must_add(const char *name, const char *text)
{
	struct voc_error error;
	if (add(name, text, &error) != VOC_OK)
		fail_msg("%s", error.text);
}

static const char *find(const char *name, const char *source)
{
	const struct voc_tenant *found = voc_tenants_find(tenants, voc_str_from(name), voc_str_from(source));
	return found ? found->name : "";
}

static void test_whose_an_event_is(void **state)
{
	(void)state;
	assert_string_equal(find("acme", "/acme/web"), "");
	must_add("acme", "version 1\nsource /acme/\nsource /shops/acme");
	must_add("acme-air", "version 1\nsource /acme/air/");
	must_add("wide", "version 1\nsource /a");
	assert_string_equal(find("acme", "/elsewhere"), "acme");
	assert_string_equal(find("", "/acme/web"), "acme");
	assert_string_equal(find("", "/shops/acme-2"), "acme");
	assert_string_equal(find("", "/acme/air/calls"), "acme-air");
	assert_string_equal(find("acme", "/acme/air/calls"), "acme"); /* the attribute says more than the source */
	assert_string_equal(find("other", "/acme/web"), "");
	assert_string_equal(find("", "/other"), "");
	must_add("default", "version 1");
	assert_string_equal(find("other", "/acme/web"), "default");
	assert_string_equal(find("", "/other"), "default");
	assert_string_equal(find("", ""), "default");
	assert_string_equal(find("acme", ""), "acme");
}

static void assert_refused(const char *name, const char *text, const char *why)
{
	struct voc_error error;
	size_t before = tenants->count;
	assert_int_equal(add(name, text, &error), VOC_FATAL);
	assert_int_equal(error.reason, VOC_REASON_CONFIG);
	assert_string_equal(error.text, why);
	assert_int_equal(tenants->count, before);
}

static void test_what_is_refused(void **state)
{
	(void)state;
	const char *rule = "a tenant's name has a-z, 0-9, - and _, at most 32 of them";
	char text[128];
	snprintf(text, sizeof text, "Acme: %s", rule);
	assert_refused("Acme", "version 1", text);
	snprintf(text, sizeof text, ": %s", rule);
	assert_refused("", "version 1", text);
	must_add("a23456789012345678901234567890_-", "version 1\nsource /one/");
	assert_refused("acme", "version 1\nsource /one/", "acme: another tenant names the same source");
	assert_refused("acme", "version 1\n[churn_intent]\n+ hello", "acme:3: the example misses its section");
	assert_refused("acme", "version 1\nsource ", "acme:2: an empty source, or one too many");
	assert_refused("acme", "[churn_intent]\nfarewell", "acme:2: the file names no version");
	assert_refused("default", "version 1\nsource /two/",
	               "default: the default tenant has what is left, and names no sources");
	must_add("acme", "version 1\n[churn_intent]\nfarewell\n+ farewell\n+ bye\n- hello");
	assert_refused("acme", "version 1", "acme: one tenant too many");
}

static void test_the_number_is_bounded(void **state)
{
	(void)state;
	char name[16];
	for (int i = 0; i < VOC_TENANTS_MAX; i++) {
		snprintf(name, sizeof name, "t%d", i);
		must_add(name, "version 1");
	}
	assert_refused("more", "version 1", "more: one tenant too many");
	voc_tenants_free(tenants);
	char *large = malloc(VOC_TENANTS_MAX_BYTES + 1);
	assert_non_null(large);
	memset(large, '\n', VOC_TENANTS_MAX_BYTES);
	large[VOC_TENANTS_MAX_BYTES] = '\0';
	assert_refused("large", large, "large: the tenants' files are larger than 256 KiB together");
	free(large);
}

static void test_an_events_attribute(void **state)
{
	(void)state;
	struct voc_event event = { .extension_count = 3 };
	event.extensions[0] = (struct voc_extension){ VOC_STR("tenant"), VOC_STR("\"acme\"") };
	event.extensions[1] = (struct voc_extension){ VOC_STR("number"), VOC_STR("12") };
	event.extensions[2] = (struct voc_extension){ VOC_STR("odd"), VOC_STR("\"a\\u0062\"") };
	assert_true(voc_str_is(voc_event_attribute(&event, "tenant"), "acme"));
	assert_int_equal(voc_event_attribute(&event, "number").len, 0);
	assert_int_equal(voc_event_attribute(&event, "odd").len, 0);
	assert_int_equal(voc_event_attribute(&event, "none").len, 0);
}

static void write_file(const char *folder, const char *name, const char *text)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	FILE *file = fopen(path, "w");
	assert_non_null(file);
	fputs(text, file);
	assert_int_equal(fclose(file), 0);
}

static void remove_file(const char *folder, const char *name)
{
	char path[512];
	snprintf(path, sizeof path, "%s/%s", folder, name);
	unlink(path);
}

/* A word that nobody knows, and what it means to one tenant. */
static void test_the_classifier_with_tenants(void **state)
{
	(void)state;
	char folder[] = "/tmp/voc-test-tenants-XXXXXX";
	struct voc_classifier *classifier = NULL;
	struct voc_error error = { 0 };
	struct voc_classification plain, theirs;
	assert_non_null(mkdtemp(folder));
	write_file(folder, "acme.txt",
	           "version 3\nsource /acme/\n[churn_intent]\n쿠쿠루 :: weight=4000 decides\n+ 쿠쿠루 할게요\n");
	write_file(folder, "acme.txt~", "an editor's leavings");
	write_file(folder, ".acme.txt", "and more of them");
	const struct voc_classifier_files files = { MODEL, PHRASES, folder, NULL };
	enum voc_status status = voc_classifier_open_files(&files, NULL, &classifier, &error);
	remove_file(folder, "acme.txt~");
	remove_file(folder, ".acme.txt");
	if (status != VOC_OK)
		fail_msg("%s", error.text);
	struct voc_classify_scratch *scratch = voc_classify_scratch_new();
	struct voc_utterance utterance = { .text = VOC_STR("쿠쿠루 할게요"), .channel = VOC_CHANNEL_WEB };
	voc_classify(classifier, scratch, &utterance, &plain);
	utterance.source = VOC_STR("/acme/web");
	voc_classify(classifier, scratch, &utterance, &theirs);
	assert_false(plain.labels.churn_intent);
	assert_true(theirs.labels.churn_intent);
	assert_string_equal(plain.version, voc_classifier_version(classifier));
	assert_int_equal(strncmp(theirs.version, plain.version, strlen(plain.version)), 0);
	assert_non_null(strstr(theirs.version, "+acme:3-"));
	assert_true(voc_classifier_has_tenant(classifier, VOC_STR("acme")));

	/* another file in force has another fingerprint; the model is shared, and outlives its first owner */
	struct voc_classifier *next = NULL;
	write_file(folder, "acme.txt", "version 3\nsource /acme/\n");
	assert_int_equal(voc_classifier_open_files(&files, classifier, &next, &error), VOC_OK);
	assert_int_not_equal(voc_classifier_fingerprint(next), voc_classifier_fingerprint(classifier));
	voc_classifier_free(classifier);
	voc_classify(next, scratch, &utterance, &theirs);
	assert_false(theirs.labels.churn_intent);
	voc_classifier_free(next);

	write_file(folder, "acme.txt", "version 3\n[churn_intent]\n쿠쿠루\n- 쿠쿠루\n");
	next = NULL;
	assert_int_equal(voc_classifier_open_files(&files, NULL, &next, &error), VOC_FATAL);
	assert_null(next);
	assert_non_null(strstr(error.text, "acme.txt:4: the example hits its section"));
	remove_file(folder, "acme.txt");
	assert_int_equal(rmdir(folder), 0);
	voc_classify_scratch_free(scratch);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_whose_an_event_is, begin, end),
		cmocka_unit_test_setup_teardown(test_what_is_refused, begin, end),
		cmocka_unit_test_setup_teardown(test_the_number_is_bounded, begin, end),
		cmocka_unit_test(test_an_events_attribute),
		cmocka_unit_test(test_the_classifier_with_tenants),
	};
	return cmocka_run_group_tests_name("tenants", tests, NULL, NULL);
}
