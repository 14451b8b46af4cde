/* vocctl classify: what it prints of a result. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vocctl/label/classify_show.h"

#include <locale.h>

static const struct voc_str text = { "너무 늦어요\033[2J", sizeof "너무 늦어요\033[2J" - 1 };

static struct voc_classification example(void)
{
	struct voc_classification result = { .lang = "ko", .evidence_count = 1 };
	result.labels = (struct voc_labels){
		.feedback = VOC_FEEDBACK_COMPLAINT,
		.satisfaction = VOC_SATISFACTION_DISSATISFIED,
		.primary_factor = VOC_FACTOR_PRODUCT_SERVICE,
		.factors = 1u << VOC_FACTOR_PRODUCT_SERVICE | 1u << VOC_FACTOR_EMOTION,
		.servqual = VOC_SERVQUAL_RESPONSIVENESS,
		.feedback_confidence = 934,
		.satisfaction_confidence = 900,
		.factor_confidence = 1000,
		.servqual_confidence = 55,
	};
	result.evidence[0] = (struct voc_evidence){ VOC_HEAD_SERVQUAL, VOC_SERVQUAL_RESPONSIVENESS, 7, 16, 500 };
	return result;
}

static void test_json(void **state)
{
	(void)state;
	struct voc_classification result = example();
	struct voc_buf out;
	voc_buf_init(&out, 65536);
	vocctl_classify_json(&out, VOC_STR("a-1"), voc_str_of(text.ptr, 16), &result, "1-x+1");
	assert_string_equal(
	        voc_buf_c_str(&out),
	        "{\"id\":\"a-1\",\"lang\":\"ko\",\"feedback_type\":\"complaint\",\"satisfaction\":\"dissatisfied\","
	        "\"primary_factor\":\"product_service\",\"factors\":[\"product_service\",\"emotion\"],"
	        "\"servqual\":\"responsiveness\",\"churn_intent\":false,\"confidence\":{\"feedback_type\":0.934,"
	        "\"satisfaction\":0.9,\"factors\":1.0,\"servqual\":0.055,\"churn_intent\":0.0},\"evidence\":[{\"head\":"
	        "\"servqual\",\"label\":\"responsiveness\",\"start\":7,\"end\":16,\"text\":\"늦어요\"}],\"model\":\"1-"
	        "x+1\"}\n");
	voc_buf_free(&out);
}

static void test_people(void **state)
{
	(void)state;
	struct voc_classification result = example();
	struct voc_buf out;
	setlocale(LC_CTYPE, "C.UTF-8");
	voc_buf_init(&out, 65536);
	vocctl_classify_show(&out, text, &result, false);
	const char *shown = voc_buf_c_str(&out);
	/* Without colour there is no escape, not even the text's own. */
	assert_null(strchr(shown, '\033'));
	assert_non_null(strstr(shown, "feedback_type complaint"));
	assert_non_null(strstr(shown, "+ emotion"));
	assert_non_null(strstr(shown, "93 %"));
	assert_non_null(strstr(shown, "  responsiveness    늦어요\n"));
	voc_buf_clear(&out);
	vocctl_classify_show(&out, text, &result, true);
	shown = voc_buf_c_str(&out);
	assert_non_null(strstr(shown, "\033[4m\033[34m늦어요\033[0m"));
	assert_null(strstr(shown, "\033[2J"));
	voc_buf_free(&out);
}

/* Where spans lie over each other the strongest one shows, to its last byte; wide characters stay whole. */
static void test_spans_that_overlap(void **state)
{
	(void)state;
	const struct voc_str words = VOC_STR("배송이 늦어서 해지할게요");
	struct voc_classification result = { .lang = "ko", .evidence_count = 3 };
	struct voc_buf out;
	setlocale(LC_CTYPE, "C.UTF-8");
	voc_buf_init(&out, 65536);
	result.labels.churn_intent = true;
	result.evidence[0] = (struct voc_evidence){ VOC_HEAD_CHURN, 1, 20, 35, 900 };       /* 해지할게요 */
	result.evidence[1] = (struct voc_evidence){ VOC_HEAD_FEEDBACK, 1, 10, 29, 500 };    /* 늦어서 해지할 */
	result.evidence[2] = (struct voc_evidence){ VOC_HEAD_SATISFACTION, 1, 0, 35, 100 }; /* all */
	vocctl_classify_show(&out, words, &result, true);
	const char *shown = voc_buf_c_str(&out);
	const char *expected = "\033[4m\033[33m배송이 \033[0m"
	                       "\033[4m\033[31m늦어서 \033[0m"
	                       "\033[4m\033[35m해지할게요\033[0m\n";
	assert_int_equal(strncmp(shown, expected, strlen(expected)), 0);
	/* each span is listed whole */
	assert_non_null(strstr(shown, "churn_intent      \033[0m해지할게요\n"));
	assert_non_null(strstr(shown, "complaint         \033[0m늦어서 해지할\n"));
	voc_buf_clear(&out);
	vocctl_classify_json(&out, VOC_STR(""), words, &result, "v");
	shown = voc_buf_c_str(&out);
	assert_non_null(strstr(shown, "\"start\":20,\"end\":35,\"text\":\"해지할게요\""));
	assert_non_null(strstr(shown, "\"start\":10,\"end\":29,\"text\":\"늦어서 해지할\""));
	voc_buf_free(&out);
}

/* A span over two lines; what a terminal would obey is replaced, line feeds and tabs stay in the text. */
static void test_lines_of_a_text(void **state)
{
	(void)state;
	const struct voc_str words = VOC_STR("첫 줄\n둘째\t줄\033[2J");
	struct voc_classification result = { .lang = "ko", .evidence_count = 1 };
	struct voc_buf out;
	setlocale(LC_CTYPE, "C.UTF-8");
	voc_buf_init(&out, 65536);
	result.labels.feedback = VOC_FEEDBACK_OPINION;
	result.evidence[0] = (struct voc_evidence){ VOC_HEAD_FEEDBACK, VOC_FEEDBACK_OPINION, 0, 14, 900 };
	vocctl_classify_show(&out, words, &result, true);
	const char *shown = voc_buf_c_str(&out);
	const char *expected = "\033[4m\033[31m첫 줄\n둘째\033[0m\t줄\xef\xbf\xbd[2J\n";
	assert_int_equal(strncmp(shown, expected, strlen(expected)), 0);
	/* in the list a span is one line */
	assert_non_null(strstr(shown, "opinion           \033[0m첫 줄\xef\xbf\xbd둘째\n"));
	voc_buf_free(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_people),
		cmocka_unit_test(test_spans_that_overlap),
		cmocka_unit_test(test_lines_of_a_text),
	};
	return cmocka_run_group_tests_name("classify_show", tests, NULL, NULL);
}
