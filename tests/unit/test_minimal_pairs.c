/*
 * core: minimal pairs, as data in tests/data/classify/pairs/. The two lines of a pair differ in one decisive thing, and
 * so do their labels. Each line goes the whole way from a raw event on, composed (NFC) and decomposed (NFD).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/arena.h"
#include "base/json_write.h"
#include "core/classify/classify.h"
#include "core/record/event.h"
#include "support/label_cases.h"

#include <glob.h>
#include <stdio.h>
#include <stdlib.h>
#include <utf8proc.h>

#define PAIRS_LEAST 300
#define RECORD_MS   INT64_C(1790000000000)

struct fixture {
	struct voc_classifier *classifier;
	struct voc_classify_scratch *scratch;
	struct voc_arena *arena;
	struct voc_buf json;
	int failures;
	char previous[256]; /* what the pair's first line expects */
	int lines;
};

/* "agent: ... | customer: ..." as a transcript. */
static void write_turns(struct voc_json_writer *json, const char *text)
{
	char copy[2048];
	snprintf(copy, sizeof copy, "%s", text);
	voc_json_array(json);
	for (char *rest = copy, *turn = strsep(&rest, "|"); turn; turn = strsep(&rest, "|")) {
		turn += strspn(turn, " ");
		char *said = strchr(turn, ':');
		assert_non_null(said);
		*said++ = '\0';
		voc_json_object(json);
		voc_json_member_str(json, "role", voc_str_from(turn));
		voc_json_member_str(json, "text", voc_str_from(said));
		voc_json_object_end(json);
	}
	voc_json_array_end(json);
}

static void write_event(struct voc_buf *buf, const char *text)
{
	struct voc_json_writer json;
	voc_buf_clear(buf);
	voc_json_begin(&json, buf);
	voc_json_object(&json);
	voc_json_member_str(&json, "specversion", VOC_STR("1.0"));
	voc_json_member_str(&json, "id", VOC_STR("pair"));
	voc_json_member_str(&json, "source", VOC_STR("/test"));
	voc_json_member_str(&json, "type", VOC_STR("voc.web"));
	voc_json_key(&json, "data");
	voc_json_object(&json);
	voc_json_member_str(&json, "customer_id", VOC_STR("C-1"));
	if (strncmp(text, "agent:", 6) == 0) {
		voc_json_key(&json, "transcript");
		write_turns(&json, text);
	} else {
		voc_json_member_str(&json, "text", voc_str_from(text));
	}
	voc_json_object_end(&json);
	voc_json_object_end(&json);
}

static struct voc_labels classify_event(struct fixture *fixture, const char *text)
{
	struct voc_event event;
	struct voc_error error = { 0 };
	struct voc_classification result;
	write_event(&fixture->json, text);
	voc_arena_reset(fixture->arena);
	const struct voc_record record = { .value = voc_buf_str(&fixture->json), .timestamp_ms = RECORD_MS };
	enum voc_status status = voc_event_decode(&record, fixture->arena, &event, &error);
	if (status != VOC_OK)
		print_error("%s\n", error.text);
	assert_int_equal(status, VOC_OK);
	const struct voc_utterance utterance = { .text = event.text, .channel = event.channel };
	voc_classify(fixture->classifier, fixture->scratch, &utterance, &result);
	return result.labels;
}

static void check_case(void *context, struct label_case *each)
{
	struct fixture *fixture = context;
	char expected[256];
	snprintf(expected, sizeof expected, "%s", each->expected);
	if (fixture->lines++ % 2 == 1)
		assert_string_not_equal(fixture->previous, expected); /* a pair is told apart by something */
	snprintf(fixture->previous, sizeof fixture->previous, "%s", expected);
	struct voc_labels composed = classify_event(fixture, each->text);
	fixture->failures += label_case_check(each, &composed);
	char *nfd = (char *)utf8proc_NFD((const utf8proc_uint8_t *)each->text);
	assert_non_null(nfd);
	struct voc_labels decomposed = classify_event(fixture, nfd);
	if (memcmp(&composed, &decomposed, sizeof composed) != 0) {
		print_error("%s:%d: decomposed it has other labels\n", each->file, each->line);
		fixture->failures++;
	}
	free(nfd);
}

static void test_minimal_pairs(void **state)
{
	struct fixture *fixture = *state;
	glob_t files;
	int lines = 0;
	assert_int_equal(glob(VOC_SOURCE_DIR "/tests/data/classify/pairs/*.tsv", 0, NULL, &files), 0);
	for (size_t i = 0; i < files.gl_pathc; i++) {
		int count = label_cases_each(files.gl_pathv[i], check_case, fixture);
		assert_true(count > 0 && count % 2 == 0);
		lines += count;
	}
	globfree(&files);
	print_message("%d pairs, %d expectations do not hold\n", lines / 2, fixture->failures);
	assert_true(lines / 2 >= PAIRS_LEAST);
	assert_int_equal(fixture->failures, 0);
}

static int open_fixture(void **state)
{
	static struct fixture fixture;
	struct voc_error error = { 0 };
	fixture.scratch = voc_classify_scratch_new();
	fixture.arena = voc_arena_new(1 << 20);
	voc_buf_init(&fixture.json, 1 << 20);
	*state = &fixture;
	if (voc_classifier_open(VOC_SOURCE_DIR "/services/classifier/model.bin",
	                        VOC_SOURCE_DIR "/services/classifier/phrases.txt", &fixture.classifier,
	                        &error) != VOC_OK)
		print_error("%s\n", error.text);
	return fixture.classifier && fixture.scratch && fixture.arena ? 0 : -1;
}

static int close_fixture(void **state)
{
	struct fixture *fixture = *state;
	voc_classifier_free(fixture->classifier);
	voc_classify_scratch_free(fixture->scratch);
	voc_arena_free(fixture->arena);
	voc_buf_free(&fixture->json);
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = { cmocka_unit_test(test_minimal_pairs) };
	return cmocka_run_group_tests_name("minimal pairs", tests, open_fixture, close_fixture);
}
