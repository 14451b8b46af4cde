/*
 * Labels: the one table of what an utterance can be called.
 *
 * Feedback information (complaint, opinion, question), satisfaction, Zeithaml and Bitner's five determinants of
 * satisfaction ("factors") and the five SERVQUAL dimensions (Parasuraman, Zeithaml, Berry). The names are public:
 * they stand in topics, Redis fields, schemas and docs. Each head has "unknown" for an abstaining classifier.
 * Values only; pure, any thread.
 */
#ifndef VOC_CORE_LABELS_H
#define VOC_CORE_LABELS_H

#include "base/str.h"

/* X(symbol, name, Korean name) */
#define VOC_FEEDBACK_TYPES(X)                          \
	X(VOC_FEEDBACK_UNKNOWN, "unknown", "모름")     \
	X(VOC_FEEDBACK_COMPLAINT, "complaint", "불만") \
	X(VOC_FEEDBACK_OPINION, "opinion", "의견")     \
	X(VOC_FEEDBACK_QUESTION, "question", "질문")

#define VOC_SATISFACTIONS(X)                                     \
	X(VOC_SATISFACTION_UNKNOWN, "unknown", "모름")           \
	X(VOC_SATISFACTION_DISSATISFIED, "dissatisfied", "불만") \
	X(VOC_SATISFACTION_NEUTRAL, "neutral", "중립")           \
	X(VOC_SATISFACTION_SATISFIED, "satisfied", "만족")       \
	X(VOC_SATISFACTION_DELIGHTED, "delighted", "감동")

/* "none" is a verdict (nothing fits), not an abstention. */
#define VOC_FACTORS(X)                                                  \
	X(VOC_FACTOR_NONE, "none", "없음")                              \
	X(VOC_FACTOR_PRODUCT_SERVICE, "product_service", "제품·서비스") \
	X(VOC_FACTOR_EMOTION, "emotion", "고객 감정")                   \
	X(VOC_FACTOR_ATTRIBUTION, "attribution", "원인 귀인")           \
	X(VOC_FACTOR_EQUITY, "equity", "공평성")                        \
	X(VOC_FACTOR_WORD_OF_MOUTH, "word_of_mouth", "타인의 구전")

#define VOC_SERVQUALS(X)                                           \
	X(VOC_SERVQUAL_NONE, "none", "없음")                       \
	X(VOC_SERVQUAL_RELIABILITY, "reliability", "신뢰성")       \
	X(VOC_SERVQUAL_RESPONSIVENESS, "responsiveness", "응답성") \
	X(VOC_SERVQUAL_ASSURANCE, "assurance", "확신성")           \
	X(VOC_SERVQUAL_EMPATHY, "empathy", "공감성")               \
	X(VOC_SERVQUAL_TANGIBLES, "tangibles", "유형성")

/* How a customer's satisfaction went over the turns of a call. */
#define VOC_TRENDS(X)                           \
	X(VOC_TREND_STEADY, "steady", "그대로") \
	X(VOC_TREND_BETTER, "better", "나아짐") \
	X(VOC_TREND_WORSE, "worse", "나빠짐")

/* Where the contact came from: the raw event's type. X(symbol, name, event type, topic) */
#define VOC_CHANNELS(X)                                  \
	X(VOC_CHANNEL_CALL, "call", "voc.call", "calls") \
	X(VOC_CHANNEL_WEB, "web", "voc.web", "web")      \
	X(VOC_CHANNEL_COMPLAINT, "complaint", "voc.complaint", "complaints")

#define X(symbol, ...) symbol,
enum voc_feedback { VOC_FEEDBACK_TYPES(X) VOC_FEEDBACK_COUNT };
enum voc_satisfaction { VOC_SATISFACTIONS(X) VOC_SATISFACTION_COUNT };
enum voc_factor { VOC_FACTORS(X) VOC_FACTOR_COUNT };
enum voc_servqual { VOC_SERVQUALS(X) VOC_SERVQUAL_COUNT };
enum voc_trend { VOC_TRENDS(X) VOC_TREND_COUNT };
enum voc_channel { VOC_CHANNELS(X) VOC_CHANNEL_COUNT };
#undef X

/* Names as in the tables; NULL for a value outside of its enum. Static strings. */
const char *voc_feedback_name(enum voc_feedback value);
const char *voc_satisfaction_name(enum voc_satisfaction value);
const char *voc_factor_name(enum voc_factor value);
const char *voc_servqual_name(enum voc_servqual value);
const char *voc_trend_name(enum voc_trend value);
const char *voc_channel_name(enum voc_channel value);
const char *voc_channel_event_type(enum voc_channel value);

/* False, and the output untouched, if the name is none of the table's. */
bool voc_feedback_parse(struct voc_str name, enum voc_feedback *ret_value);
bool voc_satisfaction_parse(struct voc_str name, enum voc_satisfaction *ret_value);
bool voc_factor_parse(struct voc_str name, enum voc_factor *ret_value);
bool voc_servqual_parse(struct voc_str name, enum voc_servqual *ret_value);
bool voc_trend_parse(struct voc_str name, enum voc_trend *ret_value);
bool voc_channel_parse_event_type(struct voc_str type, enum voc_channel *ret_value);
bool voc_channel_parse(struct voc_str name, enum voc_channel *ret_value);

/* Everything that is decided about one utterance. Confidences in thousandths, 0 to 1000. */
struct voc_labels {
	enum voc_feedback feedback;
	enum voc_satisfaction satisfaction;
	enum voc_factor primary_factor;
	uint32_t factors; /* bit 1 << VOC_FACTOR_x; VOC_FACTOR_NONE is never set */
	enum voc_servqual servqual;
	bool churn_intent;
	int16_t feedback_confidence;
	int16_t satisfaction_confidence;
	int16_t factor_confidence; /* of the primary factor */
	int16_t servqual_confidence;
	int16_t churn_confidence;
};

/* Which head a piece of evidence speaks for. The names are the members of `confidence` and evidence's `head`. */
#define VOC_HEADS(X)                             \
	X(VOC_HEAD_FEEDBACK, "feedback_type")    \
	X(VOC_HEAD_SATISFACTION, "satisfaction") \
	X(VOC_HEAD_FACTOR, "factors")            \
	X(VOC_HEAD_SERVQUAL, "servqual")         \
	X(VOC_HEAD_CHURN, "churn_intent")

#define X(symbol, name) symbol,
enum voc_head { VOC_HEADS(X) VOC_HEAD_COUNT };
#undef X
const char *voc_head_name(enum voc_head head);
bool voc_head_parse(struct voc_str name, enum voc_head *ret_head);
/* What was decided for the head: its label (the primary factor for the factors; churn 0 or 1), and that one's name
 * ("true", "false" for churn). */
int voc_labels_get(const struct voc_labels *labels, enum voc_head head);
const char *voc_labels_name(enum voc_head head, int label);
/* The heads that the two differ in, as bits 1 << enum voc_head; the factors differ if the primary one does. */
uint32_t voc_labels_diff(const struct voc_labels *a, const struct voc_labels *b);
/* A complaint, or an intent to leave, is in one and not in the other: what alerts follow from. */
bool voc_labels_differ_in_alarm(const struct voc_labels *a, const struct voc_labels *b);
/* The label's name within its head: "complaint", "reliability", ...; "churn_intent" for the churn head, whatever the
 * label. NULL for a label that the head has not. */
const char *voc_head_label_name(enum voc_head head, int label);
/* The least label of this name; false, and the output untouched, if the head has none. */
bool voc_head_label_parse(enum voc_head head, struct voc_str name, int *ret_label);

#endif
