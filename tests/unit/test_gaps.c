/* Quality gaps: what a contact's words, labels and record say of the five gaps, and which gaps files are refused. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdlib.h>

#include "base/files.h"
#include "core/classify/gaps.h"
#include "core/classify/stream.h"
#include "support/gaps_file.h"

#define ROWS        116
#define LEAST_RIGHT 36 /* percent, of all; what is told to be more than weak is held to more */
#define LEAST_FAIR  80

static struct voc_normal normal;
static struct voc_stream stream;

#define BELOW (1U << VOC_RECORD_BELOW_EXPECTATION)
#define LATE  (1U << VOC_RECORD_PROMISE_PASSED)

/* A complaint, dissatisfied, with this dimension. */
static struct voc_gap_finding find(const char *text, enum voc_servqual servqual, uint32_t factors, uint32_t record)
{
	const struct voc_labels labels = { .feedback = VOC_FEEDBACK_COMPLAINT,
		                           .satisfaction = VOC_SATISFACTION_DISSATISFIED,
		                           .servqual = servqual,
		                           .factors = factors };
	const struct voc_gap_input input = { &stream, &labels, record };
	struct voc_gap_finding finding;
	voc_normalize(voc_str_from(text), &normal);
	voc_stream_make(&normal, true, &stream);
	voc_gaps_find(the_gaps, &input, "ko", &finding);
	return finding;
}

static void test_cases_in_both_languages(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		enum voc_servqual servqual;
		uint32_t record;
		enum voc_gap gap;
		enum voc_gap_strength strength;
	} cases[] = {
		/* promise against delivery */
		{ "금요일까지 설치해 준다더니 아무도 안 왔어요", VOC_SERVQUAL_NONE, 0, VOC_GAP_COMMUNICATION,
		  VOC_GAP_FAIR },
		{ "어제 온다고 했잖아요", VOC_SERVQUAL_RELIABILITY, LATE, VOC_GAP_COMMUNICATION, VOC_GAP_STRONG },
		{ "광고랑 완전히 다르네요. 약속도 안 지키고", VOC_SERVQUAL_NONE, 0, VOC_GAP_COMMUNICATION,
		  VOC_GAP_STRONG },
		{ "You promised a technician on Friday.", VOC_SERVQUAL_NONE, 0, VOC_GAP_COMMUNICATION, VOC_GAP_FAIR },
		{ "It is misleading advertising, I was told it would be free", VOC_SERVQUAL_NONE, 0,
		  VOC_GAP_COMMUNICATION, VOC_GAP_STRONG },
		{ "설치가 안 됐어요", VOC_SERVQUAL_NONE, LATE, VOC_GAP_COMMUNICATION, VOC_GAP_FAIR },
		/* rule against conduct */
		{ "상담원이 너무 불친절하고 말투가 거칠어요", VOC_SERVQUAL_EMPATHY, 0, VOC_GAP_DELIVERY, VOC_GAP_FAIR },
		{ "상담원마다 말이 달라요. 퉁명스럽고요", VOC_SERVQUAL_NONE, 0, VOC_GAP_DELIVERY, VOC_GAP_STRONG },
		{ "The agent was rude and hung up.", VOC_SERVQUAL_ASSURANCE, 0, VOC_GAP_DELIVERY, VOC_GAP_FAIR },
		{ "Wrong item again, and your staff were rude", VOC_SERVQUAL_NONE, 0, VOC_GAP_DELIVERY,
		  VOC_GAP_STRONG },
		{ "연결까지 40분을 기다렸어요", VOC_SERVQUAL_RESPONSIVENESS, 0, VOC_GAP_DELIVERY, VOC_GAP_FAIR },
		/* design */
		{ "규정상 안 된다는 말만 하네요", VOC_SERVQUAL_NONE, 0, VOC_GAP_DESIGN, VOC_GAP_FAIR },
		{ "해지 메뉴가 어디 있는지 찾을 수가 없어요. 정책상 안 된대요", VOC_SERVQUAL_NONE, 0, VOC_GAP_DESIGN,
		  VOC_GAP_STRONG },
		{ "Your policy makes no sense and there are too many steps", VOC_SERVQUAL_NONE, 0, VOC_GAP_DESIGN,
		  VOC_GAP_STRONG },
		{ "There is no way to cancel in the app", VOC_SERVQUAL_TANGIBLES, 0, VOC_GAP_DESIGN, VOC_GAP_FAIR },
		/* knowledge */
		{ "고객이 뭘 원하는지도 모르면서. 뭘 원하는지 물어보지도 않았잖아요", VOC_SERVQUAL_NONE, 0,
		  VOC_GAP_KNOWLEDGE, VOC_GAP_FAIR },
		{ "고객이 무엇을 원하는지 모르네요", VOC_SERVQUAL_EMPATHY, 0, VOC_GAP_KNOWLEDGE, VOC_GAP_FAIR },
		{ "You never asked what customers want", VOC_SERVQUAL_NONE, 0, VOC_GAP_KNOWLEDGE, VOC_GAP_FAIR },
		{ "You don't listen, nobody asked us", VOC_SERVQUAL_NONE, 0, VOC_GAP_KNOWLEDGE, VOC_GAP_STRONG },
		/* perception */
		{ "기대했는데 실망이에요", VOC_SERVQUAL_NONE, BELOW, VOC_GAP_PERCEPTION, VOC_GAP_STRONG },
		{ "I was disappointed", VOC_SERVQUAL_NONE, 0, VOC_GAP_PERCEPTION, VOC_GAP_FAIR },
		/* nothing but labels is weak, and nothing at all is the fifth gap, weak */
		{ "별로예요", VOC_SERVQUAL_RELIABILITY, 0, VOC_GAP_COMMUNICATION, VOC_GAP_WEAK },
		{ "별로예요", VOC_SERVQUAL_RESPONSIVENESS, 0, VOC_GAP_DELIVERY, VOC_GAP_WEAK },
		{ "bad", VOC_SERVQUAL_TANGIBLES, 0, VOC_GAP_DESIGN, VOC_GAP_WEAK },
		{ "bad", VOC_SERVQUAL_EMPATHY, 0, VOC_GAP_KNOWLEDGE, VOC_GAP_WEAK },
		{ "bad", VOC_SERVQUAL_NONE, 0, VOC_GAP_PERCEPTION, VOC_GAP_WEAK },
		{ "", VOC_SERVQUAL_NONE, BELOW, VOC_GAP_PERCEPTION, VOC_GAP_WEAK },
		/* two gaps that weigh the same: the one that customers see, and weak */
		{ "You promised, and the agent was rude", VOC_SERVQUAL_NONE, 0, VOC_GAP_COMMUNICATION, VOC_GAP_WEAK },
		{ "약속도 안 지키고 불친절해요", VOC_SERVQUAL_NONE, 0, VOC_GAP_COMMUNICATION, VOC_GAP_WEAK },
		/* a word within another is none */
		{ "a compromised crude thing, really", VOC_SERVQUAL_NONE, 0, VOC_GAP_PERCEPTION, VOC_GAP_WEAK },
		{ "YOU  PROMISED!", VOC_SERVQUAL_NONE, 0, VOC_GAP_COMMUNICATION, VOC_GAP_FAIR },
		{ "약 속", VOC_SERVQUAL_NONE, 0, VOC_GAP_COMMUNICATION, VOC_GAP_FAIR },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct voc_gap_finding finding = find(cases[i].text, cases[i].servqual, 0, cases[i].record);
		if (finding.gap != cases[i].gap || finding.strength != cases[i].strength)
			fail_msg("%s: %s %s", cases[i].text, voc_gap_name(finding.gap),
			         voc_gap_strength_name(finding.strength));
	}
}

static struct voc_str take_until(struct voc_str *text, char mark)
{
	const char *at = text->len > 0 ? memchr(text->ptr, mark, text->len) : NULL;
	size_t len = at ? (size_t)(at - text->ptr) : text->len;
	struct voc_str taken = voc_str_of(text->ptr, len);
	size_t used = at ? len + 1 : len;
	*text = voc_str_of(text->ptr + used, text->len - used);
	return taken;
}

struct tally {
	unsigned right, told, wanted;
};

/* A row is "<lang> TAB <gap> TAB <servqual> TAB <text>": all are complaints of dissatisfied customers. */
static void measure(struct voc_str row, struct tally gap_tallies[VOC_GAP_COUNT],
                    struct tally strengths[VOC_GAP_STRENGTH_COUNT])
{
	char text[4096];
	enum voc_servqual servqual;
	int wanted = VOC_GAP_NONE + 1;
	take_until(&row, '\t');
	struct voc_str name = take_until(&row, '\t');
	while (wanted < VOC_GAP_COUNT && !voc_str_is(name, voc_gap_name((enum voc_gap)wanted)))
		wanted++;
	assert_int_not_equal(wanted, VOC_GAP_COUNT);
	assert_true(voc_servqual_parse(take_until(&row, '\t'), &servqual));
	voc_str_copy(text, sizeof text, row);
	struct voc_gap_finding found = find(text, servqual, 0, 0);
	bool right = (int)found.gap == wanted;
	gap_tallies[wanted].wanted++;
	gap_tallies[found.gap].told++;
	gap_tallies[found.gap].right += right;
	strengths[found.strength].told++;
	strengths[found.strength].right += right;
}

/* The figures that docs/DOMAIN.md tells, of rows that no cue was written with. */
static void test_labelled_rows(void **state)
{
	(void)state;
	struct voc_error error = { 0 };
	struct tally by_gap[VOC_GAP_COUNT] = { { 0 } }, by_strength[VOC_GAP_STRENGTH_COUNT] = { { 0 } };
	struct voc_buf bytes;
	unsigned rows = 0, right = 0;
	voc_buf_init(&bytes, 262144);
	assert_int_equal(voc_file_read(VOC_SOURCE_DIR "/tests/data/gaps/labelled.tsv", &bytes, &error), VOC_OK);
	for (struct voc_str rest = voc_buf_str(&bytes); rest.len > 0; rows++)
		measure(take_until(&rest, '\n'), by_gap, by_strength);
	voc_buf_free(&bytes);
	for (int gap = VOC_GAP_KNOWLEDGE; gap < VOC_GAP_COUNT; gap++) {
		print_message("%s: %u right of %u told, %u wanted\n", voc_gap_name((enum voc_gap)gap),
		              by_gap[gap].right, by_gap[gap].told, by_gap[gap].wanted);
		right += by_gap[gap].right;
	}
	for (int strength = VOC_GAP_WEAK; strength < VOC_GAP_STRENGTH_COUNT; strength++)
		print_message("%s: %u right of %u\n", voc_gap_strength_name((enum voc_gap_strength)strength),
		              by_strength[strength].right, by_strength[strength].told);
	print_message("%u right of %u\n", right, rows);
	assert_int_equal(rows, ROWS);
	assert_true(100 * right >= LEAST_RIGHT * rows);
	unsigned sure = by_strength[VOC_GAP_FAIR].told + by_strength[VOC_GAP_STRONG].told;
	unsigned sure_right = by_strength[VOC_GAP_FAIR].right + by_strength[VOC_GAP_STRONG].right;
	assert_true(sure > 0 && 100 * sure_right >= LEAST_FAIR * sure);
}

static void test_only_troubled_contacts_have_a_gap(void **state)
{
	(void)state;
	struct voc_labels labels = { .feedback = VOC_FEEDBACK_QUESTION, .satisfaction = VOC_SATISFACTION_SATISFIED };
	struct voc_gap_input input = { &stream, &labels, 0 };
	struct voc_gap_finding finding;
	voc_normalize(VOC_STR("약속을 지켜 주셨어요"), &normal);
	voc_stream_make(&normal, true, &stream);
	voc_gaps_find(the_gaps, &input, "ko", &finding);
	assert_int_equal(finding.gap, VOC_GAP_NONE);
	input.record = LATE; /* a date that has passed is no complaint yet */
	voc_gaps_find(the_gaps, &input, "ko", &finding);
	assert_int_equal(finding.gap, VOC_GAP_NONE);
	input.record = BELOW;
	voc_gaps_find(the_gaps, &input, "ko", &finding);
	assert_int_equal(finding.gap, VOC_GAP_COMMUNICATION);
	labels.satisfaction = VOC_SATISFACTION_DISSATISFIED;
	input.record = 0;
	voc_gaps_find(the_gaps, &input, "en", &finding);
	assert_int_equal(finding.gap, VOC_GAP_COMMUNICATION);
	assert_non_null(strstr(finding.owner, "Sales"));
}

static void test_the_json_and_its_cues(void **state)
{
	(void)state;
	struct voc_gap_finding finding =
	        find("어제 온다더니, 연락 준다더니 약속이…", VOC_SERVQUAL_RELIABILITY, 0, LATE | BELOW);
	struct voc_json_writer json;
	struct voc_buf out;
	voc_buf_init(&out, 4096);
	voc_json_begin(&json, &out);
	voc_json_object(&json);
	voc_gap_write(&json, &finding);
	voc_json_object_end(&json);
	assert_non_null(
	        strstr(voc_buf_c_str(&out),
	               "{\"gap\":{\"number\":4,\"name\":\"communication\",\"strength\":\"strong\",\"cues\":["
	               "{\"record\":\"promise_passed\"},{\"phrase\":\"온다더니\"},{\"servqual\":\"reliability\"}],"
	               "\"owner\":\"영업·마케팅·고객안내\",\"step\":\""));
	assert_non_null(strstr(voc_buf_c_str(&out), voc_gaps_version(the_gaps)));
	voc_buf_clear(&out);
	finding.gap = VOC_GAP_NONE;
	voc_json_begin(&json, &out);
	voc_json_object(&json);
	voc_gap_write(&json, &finding);
	voc_json_object_end(&json);
	assert_string_equal(voc_buf_c_str(&out), "{}");
	voc_buf_free(&out);
}

static void test_bad_files_are_refused_with_the_place(void **state)
{
	(void)state;
	gaps_file_refuse("{", "", "line ");
	gaps_file_refuse("\"version\": \"2026.2\",", "", "version: missing");
	gaps_file_refuse("\"2026.2\"", "\"a b\"", "version: expected 1 to 48");
	gaps_file_refuse("\"2026.2\"", "7", "version: expected a string");
	gaps_file_refuse("\"fair\": 3", "\"fair\": 0", "strength.fair: expected 1 to 99");
	gaps_file_refuse("\"strong\": 5", "\"strong\": 2", "strength.strong: expected no less");
	gaps_file_refuse("\"strength\": {", "\"strength\": { \"x\": 1,", "strength.x: unknown member");
	gaps_file_refuse("\"gaps\": {", "\"gap\": {", "gap: unknown member");
	gaps_file_refuse("\"1\": {", "\"0\": {", "gaps.1: missing");
	gaps_file_refuse("\"owner\"", "\"own\"", "gaps.1.owner: missing");
	gaps_file_refuse("\"고객조사·상품기획\"", "\"\"", "gaps.1.owner.ko: expected 1 to 399 bytes");
	gaps_file_refuse("\"고객조사·상품기획\"", "\"a\\nb\"", "gaps.1.owner.ko: expected 1 to 399 bytes");
	gaps_file_refuse("\"en\": \"Customer research", "\"fr\": \"Customer research", "gaps.1.owner.en: missing");
	gaps_file_refuse("\"weight\": 3", "\"weight\": 10", "cues[0].weight: expected 1 to 9");
	gaps_file_refuse("\"gap\": 4,", "\"gap\": 6,", "cues[0].gap: expected 1 to 5");
	gaps_file_refuse("\"약속\"", "\"약\"", "cues[0].phrases.ko[0]: expected at least two");
	gaps_file_refuse("\"약속\"", "\"광고\"", "cues[1].phrases.ko[0]: the phrase is there already");
	gaps_file_refuse("\"약속\"", "5", "cues[0].phrases.ko[0]: expected a text");
	gaps_file_refuse("\"record\": \"promise_passed\"", "\"record\": \"promise\"", "cues[2].record: no such label");
	gaps_file_refuse("\"servqual\": \"reliability\"", "\"servqual\": \"none\"", "cues[3].servqual: no such label");
	gaps_file_refuse("\"servqual\": \"reliability\"", "\"servqual\": \"reliability\", \"factor\": \"emotion\"",
	                 "cues[3]: expected one of");
	gaps_file_refuse(", \"servqual\": \"reliability\"", "", "cues[3]: expected one of");
	struct voc_error error = { 0 };
	struct voc_gaps *none = NULL;
	struct voc_buf large;
	voc_buf_init(&large, 2 * VOC_GAPS_MAX_BYTES);
	for (int i = 0; i <= VOC_GAPS_MAX_BYTES; i++)
		voc_buf_add_char(&large, ' ');
	assert_int_equal(voc_gaps_parse(voc_buf_str(&large), &none, &error), VOC_FATAL);
	assert_int_equal(voc_gaps_parse(VOC_STR("[]"), &none, &error), VOC_FATAL);
	assert_int_equal(voc_gaps_parse(VOC_STR(""), &none, &error), VOC_FATAL);
	voc_buf_free(&large);
}

static void test_each_gap_needs_a_cue(void **state)
{
	(void)state;
	struct voc_error error = { 0 };
	struct voc_gaps *none = NULL;
	struct voc_buf text;
	voc_buf_init(&text, VOC_GAPS_MAX_BYTES);
	const char *whole = voc_buf_c_str(&the_gaps_file), *cues = strstr(whole, "\"cues\"");
	voc_buf_add(&text, whole, (size_t)(cues - whole));
	voc_buf_add_str(&text, VOC_STR("\"cues\": [{ \"gap\": 1, \"weight\": 1, \"servqual\": \"empathy\" }] }"));
	assert_int_equal(voc_gaps_parse(voc_buf_str(&text), &none, &error), VOC_FATAL);
	assert_string_equal(error.text, "cues: gap 2 has no cue");
	voc_buf_free(&text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_cases_in_both_languages),
		cmocka_unit_test(test_labelled_rows),
		cmocka_unit_test(test_only_troubled_contacts_have_a_gap),
		cmocka_unit_test(test_the_json_and_its_cues),
		cmocka_unit_test(test_bad_files_are_refused_with_the_place),
		cmocka_unit_test(test_each_gap_needs_a_cue),
	};
	return cmocka_run_group_tests(tests, gaps_file_open, gaps_file_close);
}
