#include "gen_event.h"

#define TIMES_10(s)  s s s s s s s s s s
#define TIMES_300(s) TIMES_10(TIMES_10(s)) TIMES_10(TIMES_10(s)) TIMES_10(TIMES_10(s))

/* The first `place` of the line is replaced. */
static const struct {
	enum voc_reason reason;
	const char *place;
	const char *replacement;
} defects[] = {
	{ VOC_REASON_BAD_JSON, "\"data\":{", "\"data\":{," },
	{ VOC_REASON_DUPLICATE_KEY, "\"source\":", "\"id\":\"again\",\"source\":" },
	{ VOC_REASON_BAD_UTF8, "\"text\":\"", "\"text\":\"\xff" },
	{ VOC_REASON_NUL_CHARACTER, "\"text\":\"", "\"text\":\"\\u0000" },
	{ VOC_REASON_TOO_LARGE, "\"id\":\"", "\"id\":\"" TIMES_300("x") },
	{ VOC_REASON_TOO_DEEP, "\"data\":{", "\"data\":{\"deep\":[[[[[[[[[[[[[[[[]]]]]]]]]]]]]]]]," },
	{ VOC_REASON_MISSING_FIELD, "\"source\":", "\"origin\":" },
	{ VOC_REASON_BAD_TYPE, "\"customer_id\":\"", "\"customer_id\":17,\"was\":\"" },
	{ VOC_REASON_BAD_VALUE, "\"data\":{", "\"data\":{\"rating\":9," },
	{ VOC_REASON_UNSUPPORTED_VERSION, "\"specversion\":\"1.0\"", "\"specversion\":\"0.3\"" },
	{ VOC_REASON_UNKNOWN_TYPE, "\"type\":\"voc.", "\"type\":\"fax." },
	{ VOC_REASON_BAD_TIME, "\"time\":\"", "\"time\":\"yesterday " },
	{ VOC_REASON_EMPTY_TEXT, "\"text\":\"", "\"text\":\"\",\"said\":\"" },
};

const size_t gen_defect_count = sizeof defects / sizeof *defects;

enum voc_reason gen_defect_reason(size_t index)
{
	return defects[index].reason;
}

bool gen_defect_write(struct voc_buf *line, struct voc_str good, size_t index)
{
	size_t place_len = strlen(defects[index].place);
	const char *place = memmem(good.ptr, good.len, defects[index].place, place_len);
	if (place == NULL)
		return false;
	size_t before = (size_t)(place - good.ptr);
	voc_buf_add(line, good.ptr, before);
	voc_buf_add_str(line, voc_str_from(defects[index].replacement));
	return voc_buf_add(line, place + place_len, good.len - before - place_len);
}
