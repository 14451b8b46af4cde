#include "core/classify/gaps.h"

#include "core/record/read_value.h"

#define MAX_DEPTH 4

enum { GAP_NUMBER, GAP_NAME, GAP_STRENGTH, GAP_CUES, GAP_OWNER, GAP_STEP, GAP_VERSION, GAP_MEMBERS };
static const struct voc_str names[GAP_MEMBERS] = {
	VOC_MEMBER("number"), VOC_MEMBER("name"), VOC_MEMBER("strength"), VOC_MEMBER("cues"),
	VOC_MEMBER("owner"),  VOC_MEMBER("step"), VOC_MEMBER("version"),
};
static const struct voc_members members = { names, GAP_MEMBERS, (1U << GAP_MEMBERS) - 1, VOC_OTHERS_ANY };

static void read_cues(struct voc_json_reader *json)
{
	struct voc_str kind, name;
	size_t count = 0;
	if (!voc_json_enter_array(json))
		return;
	while (voc_json_next_element(json)) {
		if (++count > VOC_GAP_TOLD_MAX)
			voc_json_fail(json, VOC_REASON_TOO_LARGE, "cues");
		if (!voc_json_enter_object(json))
			return;
		while (voc_json_next_member(json, &kind))
			voc_json_read_str(json, &name);
	}
}

static void read_strength(struct voc_json_reader *json, enum voc_gap_strength *ret_strength)
{
	struct voc_str text;
	if (voc_json_read_str(json, &text) && !voc_gap_strength_parse(text, ret_strength))
		voc_json_fail(json, VOC_REASON_BAD_VALUE, "strength");
}

static void read_member(struct voc_json_reader *json, int member, struct voc_str *ret_name,
                        struct voc_gap_said *ret_said)
{
	struct voc_str version;
	int64_t number;
	switch (member) {
	case GAP_NUMBER:
		if (voc_read_int(json, "number", 1, VOC_GAP_COUNT - 1, &number))
			ret_said->gap = (enum voc_gap)number;
		break;
	case GAP_NAME: voc_json_read_str(json, ret_name); break;
	case GAP_STRENGTH: read_strength(json, &ret_said->strength); break;
	case GAP_CUES: read_cues(json); break;
	case GAP_OWNER: voc_json_read_str(json, &ret_said->owner); break;
	case GAP_STEP: voc_json_read_str(json, &ret_said->step); break;
	default: voc_json_read_str(json, &version); break;
	}
}

static enum voc_status read_gap(struct voc_str text, struct voc_arena *arena, struct voc_gap_said *ret_said)
{
	struct voc_json_reader json;
	struct voc_error error;
	struct voc_gap_said said = { .gap = VOC_GAP_NONE };
	struct voc_str name = { NULL, 0 };
	uint32_t seen = 0;
	int member;
	voc_error_clear(&error);
	voc_json_read_begin(&json, text, arena, MAX_DEPTH, &error);
	if (voc_json_enter_object(&json)) {
		while ((member = voc_members_next(&json, &members, &seen)) >= 0)
			read_member(&json, member, &name, &said);
		voc_members_check(&json, &members, seen);
	}
	if (!voc_json_read_end(&json))
		return voc_read_failure(&error);
	if (!voc_str_is(name, voc_gap_name(said.gap)))
		return VOC_INVALID;
	*ret_said = said;
	return VOC_OK;
}

void voc_gap_read_member(struct voc_json_reader *json, struct voc_str *ret_json, struct voc_gap_said *ret_said)
{
	if (voc_json_peek(json) != VOC_JSON_OBJECT) {
		voc_json_fail(json, VOC_REASON_BAD_TYPE, "data.gap");
		return;
	}
	if (!voc_json_skip(json, ret_json))
		return;
	if (ret_json->len > VOC_GAP_MEMBER_MAX_BYTES) {
		voc_json_fail(json, VOC_REASON_TOO_LARGE, "data.gap");
		return;
	}
	enum voc_status status = read_gap(*ret_json, json->arena, ret_said);
	if (status != VOC_OK)
		voc_json_fail(json, status == VOC_FATAL ? VOC_REASON_OUT_OF_MEMORY : VOC_REASON_BAD_VALUE, "data.gap");
}
