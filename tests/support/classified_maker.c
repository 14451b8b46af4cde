#include "support/classified_maker.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

void make_classified(struct voc_buf *buf, const struct made_event *event)
{
	struct voc_event raw = {
		.id = voc_str_from(event->id),
		.source = VOC_STR("/test"),
		.channel = event->complaint ? VOC_CHANNEL_COMPLAINT : VOC_CHANNEL_WEB,
		.customer_id = voc_str_from(event->customer_id),
		.time_ms = event->time_ms,
		.text = VOC_STR("internet is down again"),
		.product = VOC_STR("internet-500"),
	};
	struct voc_classification result = {
		.labels = { .feedback = event->complaint ? VOC_FEEDBACK_COMPLAINT : VOC_FEEDBACK_QUESTION,
		            .satisfaction = event->complaint ? VOC_SATISFACTION_DISSATISFIED : VOC_SATISFACTION_NEUTRAL,
		            .primary_factor = event->complaint ? VOC_FACTOR_PRODUCT_SERVICE : VOC_FACTOR_NONE,
		            .factors = event->complaint ? 1u << VOC_FACTOR_PRODUCT_SERVICE : 0,
		            .servqual = event->complaint ? VOC_SERVQUAL_RELIABILITY : VOC_SERVQUAL_NONE,
		            .churn_intent = event->churn,
		            .feedback_confidence = 900,
		            .satisfaction_confidence = 900,
		            .factor_confidence = 900,
		            .servqual_confidence = 900,
		            .churn_confidence = 900 },
		.lang = "en",
	};
	voc_buf_clear(buf);
	assert_true(voc_classified_encode(buf, &raw, &result, "test+test", VOC_TEXT_MASKED));
}
