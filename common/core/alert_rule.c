#include "core/alert_rule.h"

static const char *const rule_names[] = {
#define X(symbol, name, text) name,
	VOC_RULES(X)
#undef X
};

static const char *const severity_names[] = {
#define X(symbol, name) name,
	VOC_SEVERITIES(X)
#undef X
};

const char *voc_rule_name(enum voc_rule rule)
{
	return (unsigned)rule < VOC_RULE_COUNT ? rule_names[rule] : NULL;
}

const char *voc_severity_name(enum voc_severity severity)
{
	return (unsigned)severity < VOC_SEVERITY_COUNT ? severity_names[severity] : NULL;
}

bool voc_rule_parse(struct voc_str name, enum voc_rule *ret_rule)
{
	for (int i = 0; i < VOC_RULE_COUNT; i++) {
		if (voc_str_is(name, rule_names[i])) {
			*ret_rule = (enum voc_rule)i;
			return true;
		}
	}
	return false;
}

bool voc_severity_parse(struct voc_str name, enum voc_severity *ret_severity)
{
	for (int i = 0; i < VOC_SEVERITY_COUNT; i++) {
		if (voc_str_is(name, severity_names[i])) {
			*ret_severity = (enum voc_severity)i;
			return true;
		}
	}
	return false;
}
