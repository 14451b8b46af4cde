/* vocctl classify: what it prints of a result. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "vocctl/classify_show.h"

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

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_json),
		cmocka_unit_test(test_people),
	};
	return cmocka_run_group_tests_name("classify_show", tests, NULL, NULL);
}
