#include "core/classify/model.h"

/*
 * All numbers are thousandths of a logit, as in a learnt model. They were found by trial on the rows that one is
 * trained on: what is likely where no phrase speaks, and how much a phrase of weight 1000 adds.
 */
#define VERSION "rules-1" /* another table, another version */
#define SAID    1500      /* to the label that it is for */
#define IMPLIED 750       /* to what mostly goes with that */
#define PRODUCT VOC_FACTOR_PRODUCT_SERVICE

/* clang-format off */
/* What a hit adds to the columns; one against the label takes as much. */
#define LABEL(sign, column) { [column] = sign SAID }
#define QUESTION(sign) { [VOC_COLUMN_FEEDBACK + 2] = sign SAID, [VOC_COLUMN_PRIMARY] = sign IMPLIED }
#define FACTOR(sign, which) { [VOC_COLUMN_FACTOR + (which) - 1] = sign SAID, [VOC_COLUMN_PRIMARY + (which)] = sign SAID }
#define DIMENSION(sign, which) { [VOC_COLUMN_SERVQUAL + (which)] = sign SAID, [VOC_COLUMN_PRIMARY + PRODUCT] = sign IMPLIED }
#define CHURN(sign) { [VOC_COLUMN_CHURN] = sign SAID, [VOC_COLUMN_FEEDBACK] = sign IMPLIED }

/* The rows of all labels that rules speak of, in the order of voc_features_hit_dense. */
#define ROW(lang, against, target) [VOC_DENSE_RULE + ((lang) * 2 + (against)) * VOC_RULE_TARGETS + (target)]
#define ROWS(lang, against, sign) \
	ROW(lang, against, 0) = LABEL(sign, VOC_COLUMN_FEEDBACK), \
	ROW(lang, against, 1) = LABEL(sign, VOC_COLUMN_FEEDBACK + 1), \
	ROW(lang, against, 2) = QUESTION(sign), \
	ROW(lang, against, 3) = LABEL(sign, VOC_COLUMN_SATISFACTION), \
	ROW(lang, against, 4) = LABEL(sign, VOC_COLUMN_SATISFACTION + 1), \
	ROW(lang, against, 5) = LABEL(sign, VOC_COLUMN_SATISFACTION + 2), \
	ROW(lang, against, 6) = LABEL(sign, VOC_COLUMN_SATISFACTION + 3), \
	ROW(lang, against, 7) = FACTOR(sign, PRODUCT), \
	ROW(lang, against, 8) = FACTOR(sign, VOC_FACTOR_EMOTION), \
	ROW(lang, against, 9) = FACTOR(sign, VOC_FACTOR_ATTRIBUTION), \
	ROW(lang, against, 10) = FACTOR(sign, VOC_FACTOR_EQUITY), \
	ROW(lang, against, 11) = FACTOR(sign, VOC_FACTOR_WORD_OF_MOUTH), \
	ROW(lang, against, 12) = DIMENSION(sign, VOC_SERVQUAL_RELIABILITY), \
	ROW(lang, against, 13) = DIMENSION(sign, VOC_SERVQUAL_RESPONSIVENESS), \
	ROW(lang, against, 14) = DIMENSION(sign, VOC_SERVQUAL_ASSURANCE), \
	ROW(lang, against, 15) = DIMENSION(sign, VOC_SERVQUAL_EMPATHY), \
	ROW(lang, against, 16) = DIMENSION(sign, VOC_SERVQUAL_TANGIBLES), \
	ROW(lang, against, 17) = CHURN(sign)
/* clang-format on */

static const int32_t dense[VOC_DENSE_COUNT][VOC_HEAD_COLUMNS] = {
	ROWS(VOC_LANG_KO, 0, +),
	ROWS(VOC_LANG_KO, 1, -),
	ROWS(VOC_LANG_EN, 0, +),
	ROWS(VOC_LANG_EN, 1, -),
	[VOC_DENSE_CHANNEL + VOC_CHANNEL_COMPLAINT] = { [VOC_COLUMN_FEEDBACK] = IMPLIED },
	[VOC_DENSE_ASKS] = QUESTION(+),
	[VOC_DENSE_RATING] = { [VOC_COLUMN_SATISFACTION] = -IMPLIED,
	                       [VOC_COLUMN_SATISFACTION + 2] = IMPLIED,
	                       [VOC_COLUMN_SATISFACTION + 3] = IMPLIED },
};

/* clang-format off */
/* Before any phrase: an opinion of a product or service, neither good nor bad, about no dimension, and no churn. */
#define BIAS { \
	[VOC_COLUMN_FEEDBACK + 1] = 500, [VOC_COLUMN_SATISFACTION + 1] = 100, [VOC_COLUMN_SATISFACTION + 3] = -500, \
	[VOC_COLUMN_FACTOR] = -750, [VOC_COLUMN_FACTOR + 1] = -750, [VOC_COLUMN_FACTOR + 2] = -750, \
	[VOC_COLUMN_FACTOR + 3] = -750, [VOC_COLUMN_FACTOR + 4] = -750, [VOC_COLUMN_PRIMARY + PRODUCT] = 750, \
	[VOC_COLUMN_SERVQUAL] = 750, [VOC_COLUMN_CHURN] = -750, \
}
static const int32_t bias[VOC_LANG_COUNT][VOC_COLUMNS] = { BIAS, BIAS };

/* The logistic function of the margin; that of "no churn" begins where the share of those who stay is. */
#define CURVE { 500, 622, 731, 818, 881, 924, 953, 971, 982, 989, 993, 996, 998, 998, 999, 999, 1000 }
#define STAYS { 900, 930, 950, 960, 970, 980, 990, 990, 990, 990, 1000, 1000, 1000, 1000, 1000, 1000, 1000 }
#define CURVES { CURVE, CURVE, CURVE, CURVE, CURVE, STAYS }
static const int32_t curve[VOC_LANG_COUNT][VOC_CURVES][VOC_CURVE_KNOTS] = { CURVES, CURVES };
/* clang-format on */

/* Nothing is "unknown": the confidence says how little is known. */
static const int32_t threshold[VOC_LANG_COUNT][VOC_HEAD_COUNT];

/* Of n-grams, of which there are none. */
static const int32_t scale[VOC_COLUMNS];

void voc_model_of_rules(struct voc_model *ret_model)
{
	static const struct voc_model_header header = { .version = VERSION };
	*ret_model = (struct voc_model){
		.header = &header,
		.scale = scale,
		.bias = bias[0],
		.dense = dense[0],
		.threshold = threshold[0],
		.curve = curve[0][0],
	};
}
