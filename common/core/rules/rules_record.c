#include "core/rules/rules_record.h"

#include "core/record/envelope.h"

#define MAX_DEPTH 8

enum { DATA_VERSION, DATA_RULES, DATA_COUNT };
static const struct voc_str data_names[DATA_COUNT] = { VOC_MEMBER("version"), VOC_MEMBER("rules") };
static const struct voc_members data_members = { data_names, DATA_COUNT, (1U << DATA_COUNT) - 1, VOC_OTHERS_NONE };

/* What stands in the record, before its rules are looked into. */
struct draft {
	struct voc_str version, rules;
};

bool voc_rules_record_encode(struct voc_buf *buf, const struct voc_rule_set *set)
{
	struct voc_json_writer json;
	struct voc_str version = voc_str_from(set->rules.version);
	voc_json_begin(&json, buf);
	voc_envelope_begin(&json, VOC_ENVELOPE_RULES, &(struct voc_envelope){ .id = version });
	voc_json_object(&json);
	voc_json_member_str(&json, "version", version);
	voc_json_key(&json, "rules");
	voc_json_raw(&json, set->json);
	voc_json_object_end(&json);
	voc_json_object_end(&json);
	return !buf->failed;
}

static void read_data_member(struct voc_json_reader *json, int member, void *ret)
{
	struct draft *draft = ret;
	if (member == DATA_VERSION)
		voc_read_identity(json, "data.version", VOC_RULES_VERSION_SIZE - 1, &draft->version);
	else
		voc_json_skip(json, &draft->rules);
}

static bool read_id(struct voc_json_reader *json, struct voc_str *ret_id)
{
	return voc_read_identity(json, "id", VOC_RULES_VERSION_SIZE - 1, ret_id);
}

/* Rules that a file could not hold are a bad value here, whatever is wrong with them. */
static enum voc_status read_rules(const struct draft *draft, struct voc_arena *arena,
                                  struct voc_rules_record *ret_record, struct voc_error *error)
{
	struct voc_error why;
	struct voc_buf canonical;
	voc_error_clear(&why);
	voc_buf_init(&canonical, VOC_RULES_MAX_BYTES);
	enum voc_status status = voc_rules_read(draft->rules, &ret_record->rules, &canonical, &why);
	if (status == VOC_OK)
		ret_record->json = voc_arena_copy(arena, voc_buf_str(&canonical));
	voc_buf_free(&canonical);
	if (why.reason == VOC_REASON_OUT_OF_MEMORY || (status == VOC_OK && !ret_record->json.ptr))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for rules");
	if (status != VOC_OK)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_BAD_VALUE, -1, "data.rules: %s", why.text);
	if (!voc_str_is(draft->version, ret_record->rules.version))
		return voc_error_set(error, VOC_INVALID, VOC_REASON_BAD_VALUE, -1,
		                     "data.version: not that of data.rules");
	return VOC_OK;
}

enum voc_status voc_rules_record_decode(struct voc_str value, struct voc_arena *arena,
                                        struct voc_rules_record *ret_record, struct voc_error *error)
{
	static const struct voc_envelope_shape shape = {
		.kind = VOC_ENVELOPE_RULES,
		.others = VOC_OTHERS_PLAIN,
		.read_id = read_id,
		.data = &data_members,
		.read_data = read_data_member,
		.max_bytes = VOC_RULES_RECORD_MAX_BYTES,
		.max_depth = MAX_DEPTH,
	};
	struct voc_envelope envelope;
	struct draft draft = { { NULL, 0 }, { NULL, 0 } };
	enum voc_status status = voc_envelope_read(value, &shape, arena, &envelope, &draft, error);
	return status == VOC_OK ? read_rules(&draft, arena, ret_record, error) : status;
}
