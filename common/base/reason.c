#include "base/reason.h"

static const struct {
	const char *name;
	const char *text;
} reasons[VOC_REASON_COUNT] = {
#define X(symbol, name, text) [symbol] = { name, text },
	VOC_REASONS(X)
#undef X
};

const char *voc_reason_name(enum voc_reason reason)
{
	return (unsigned)reason < VOC_REASON_COUNT ? reasons[reason].name : "unknown";
}

const char *voc_reason_text(enum voc_reason reason)
{
	return (unsigned)reason < VOC_REASON_COUNT ? reasons[reason].text : "unknown";
}

bool voc_reason_parse(struct voc_str name, enum voc_reason *ret_reason)
{
	for (unsigned i = 0; i < VOC_REASON_COUNT; i++) {
		if (voc_str_is(name, reasons[i].name)) {
			*ret_reason = (enum voc_reason)i;
			return true;
		}
	}
	return false;
}
