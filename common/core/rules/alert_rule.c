#include "core/rules/alert_rule.h"

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
	int found = voc_str_index(name, rule_names, VOC_RULE_COUNT);
	if (found >= 0)
		*ret_rule = (enum voc_rule)found;
	return found >= 0;
}

bool voc_severity_parse(struct voc_str name, enum voc_severity *ret_severity)
{
	int found = voc_str_index(name, severity_names, VOC_SEVERITY_COUNT);
	if (found >= 0)
		*ret_severity = (enum voc_severity)found;
	return found >= 0;
}
