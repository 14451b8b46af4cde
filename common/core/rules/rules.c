#include "core/rules/rules.h"

static const char *const term_names[] = {
#define X(symbol, name, term) term,
	VOC_WEIGHTS(X)
#undef X
};

const char *voc_weight_term(enum voc_weight weight)
{
	return (unsigned)weight < VOC_WEIGHT_COUNT ? term_names[weight] : NULL;
}

struct voc_str voc_rules_follow_up(const struct voc_rules *rules, enum voc_rule rule, const char *lang)
{
	enum voc_advice_lang advice = strcmp(lang, "ko") == 0 ? VOC_ADVICE_KO : VOC_ADVICE_EN;
	return voc_str_from(rules->follow_up[rule][advice]);
}
