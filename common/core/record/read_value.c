#include "core/record/read_value.h"

#include "base/timestamp.h"
#include "base/utf8.h"

#define EXPECTED 6 /* members that may be left out in a row */

static int find(const struct voc_members *members, struct voc_str name)
{
	for (int i = 0; i < members->count; i++) {
		if (voc_str_eq(members->names[i], name))
			return i;
	}
	return -1;
}

/* Our own records have their members in the table's order: tries those that come next there; -1 if none does. */
static int take_expected(struct voc_json_reader *json, const struct voc_members *members, uint32_t seen)
{
	int first = seen ? 32 - __builtin_clz(seen) : 0;
	int end = first + EXPECTED < members->count ? first + EXPECTED : members->count;
	return voc_json_next_of(json, members->names, first, end);
}

void voc_read_other(struct voc_json_reader *json, enum voc_others others)
{
	enum voc_json_type type = voc_json_peek(json);
	if (others == VOC_OTHERS_NONE)
		voc_json_fail(json, VOC_REASON_BAD_VALUE, "a member that does not belong here");
	else if (others == VOC_OTHERS_PLAIN &&
	         (type == VOC_JSON_OBJECT || type == VOC_JSON_ARRAY || type == VOC_JSON_NULL))
		voc_json_fail(json, VOC_REASON_BAD_TYPE, "an extension attribute");
	else
		voc_json_skip(json, NULL);
}

int voc_members_next(struct voc_json_reader *json, const struct voc_members *members, uint32_t *seen)
{
	struct voc_str name;
	int found = take_expected(json, members, *seen);
	if (found >= 0) {
		*seen |= UINT32_C(1) << found;
		return found;
	}
	while (voc_json_next_member(json, &name)) {
		found = find(members, name);
		if (found >= 0) {
			*seen |= UINT32_C(1) << found;
			return found;
		}
		voc_read_other(json, members->others);
	}
	return -1;
}

bool voc_members_check(struct voc_json_reader *json, const struct voc_members *members, uint32_t seen)
{
	if (json->failed)
		return false;
	uint32_t missing = members->required & ~seen;
	return missing == 0 ||
	       voc_json_fail(json, VOC_REASON_MISSING_FIELD, members->names[__builtin_ctz(missing)].ptr);
}

enum voc_status voc_read_failure(struct voc_error *error)
{
	error->status = error->reason == VOC_REASON_OUT_OF_MEMORY ? VOC_FATAL : VOC_INVALID;
	return error->status;
}

bool voc_read_object(struct voc_json_reader *json, const struct voc_members *members, voc_read_member_fn read,
                     void *ret)
{
	uint32_t seen = 0;
	int member;
	if (!voc_json_enter_object(json))
		return false;
	while ((member = voc_members_next(json, members, &seen)) >= 0)
		read(json, member, ret);
	return voc_members_check(json, members, seen);
}

bool voc_read_name(struct voc_json_reader *json, const char *what, size_t max_chars, struct voc_str *ret_value)
{
	struct voc_str value;
	if (!voc_json_read_str(json, &value))
		return false;
	if (value.len == 0)
		return voc_json_fail(json, VOC_REASON_BAD_VALUE, what);
	/* A character has at least one byte: only long ones are worth counting. */
	if (value.len > max_chars && voc_utf8_count(value) > max_chars)
		return voc_json_fail(json, VOC_REASON_TOO_LARGE, what);
	*ret_value = value;
	return true;
}

bool voc_read_identity(struct voc_json_reader *json, const char *what, size_t max_chars, struct voc_str *ret_value)
{
	struct voc_str value = { 0 };
	if (!voc_read_name(json, what, max_chars, &value))
		return false;
	if (voc_utf8_is_blank(value) || voc_utf8_has_control(value))
		return voc_json_fail(json, VOC_REASON_BAD_VALUE, what);
	*ret_value = value;
	return true;
}

bool voc_read_time(struct voc_json_reader *json, const char *what, int64_t *ret_ms)
{
	struct voc_str value;
	int64_t time_ms;
	char again[VOC_TIMESTAMP_SIZE];
	if (!voc_json_read_str(json, &value))
		return false;
	if (!voc_timestamp_parse(value, &time_ms) ||
	    !voc_str_eq(value, voc_str_of(again, voc_timestamp_format(time_ms, again))))
		return voc_json_fail(json, VOC_REASON_BAD_TIME, what);
	*ret_ms = time_ms;
	return true;
}

bool voc_read_int(struct voc_json_reader *json, const char *what, int64_t least, int64_t most, int64_t *ret_value)
{
	int64_t value;
	if (!voc_json_read_i64(json, &value))
		return false;
	if (value < least || value > most)
		return voc_json_fail(json, VOC_REASON_BAD_VALUE, what);
	*ret_value = value;
	return true;
}

bool voc_read_lang(struct voc_json_reader *json, const char *what, char ret_lang[3])
{
	struct voc_str value;
	if (!voc_json_read_str(json, &value))
		return false;
	if (!voc_str_is(value, "ko") && !voc_str_is(value, "en"))
		return voc_json_fail(json, VOC_REASON_BAD_VALUE, what);
	voc_str_copy(ret_lang, 3, value);
	return true;
}

bool voc_read_constant(struct voc_json_reader *json, const char *what, const char *constant, enum voc_reason reason)
{
	struct voc_str value;
	if (!voc_json_read_str(json, &value))
		return false;
	return voc_str_is(value, constant) || voc_json_fail(json, reason, what);
}

#define LABEL_READER(label)                                                                                      \
	bool voc_read_##label(struct voc_json_reader *json, const char *what, enum voc_##label *ret_value)       \
	{                                                                                                        \
		struct voc_str value;                                                                            \
		if (!voc_json_read_str(json, &value))                                                            \
			return false;                                                                            \
		return voc_##label##_parse(value, ret_value) || voc_json_fail(json, VOC_REASON_BAD_VALUE, what); \
	}

LABEL_READER(feedback)
LABEL_READER(satisfaction)
LABEL_READER(trend)
LABEL_READER(factor)
LABEL_READER(servqual)
LABEL_READER(channel)
