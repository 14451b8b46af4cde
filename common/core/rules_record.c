#include "core/rules_record.h"

#include "base/json_write.h"
#include "core/read_value.h"

#define MAX_DEPTH 8

enum { TOP_SPECVERSION, TOP_ID, TOP_SOURCE, TOP_TYPE, TOP_CONTENT_TYPE, TOP_DATA, TOP_COUNT };
static const struct voc_str top_names[TOP_COUNT] = {
	VOC_MEMBER("specversion"),     VOC_MEMBER("id"),   VOC_MEMBER("source"), VOC_MEMBER("type"),
	VOC_MEMBER("datacontenttype"), VOC_MEMBER("data"),
};
static const struct voc_members top_members = { top_names, TOP_COUNT, (1U << TOP_COUNT) - 1, VOC_OTHERS_PLAIN };

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
	voc_json_object(&json);
	voc_json_member_str(&json, "specversion", VOC_STR("1.0"));
	voc_json_member_str(&json, "id", version);
	voc_json_member_str(&json, "source", VOC_STR("/voc/aggregator"));
	voc_json_member_str(&json, "type", VOC_STR(VOC_RULES_RECORD_TYPE));
	voc_json_member_str(&json, "datacontenttype", VOC_STR("application/json"));
	voc_json_key(&json, "data");
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

static void read_top_member(struct voc_json_reader *json, int member, void *ret)
{
	struct draft *draft = ret;
	struct voc_str name;
	switch (member) {
	case TOP_SPECVERSION: voc_read_constant(json, "specversion", "1.0", VOC_REASON_UNSUPPORTED_VERSION); break;
	case TOP_ID: voc_read_identity(json, "id", VOC_RULES_VERSION_SIZE - 1, &name); break;
	case TOP_SOURCE: voc_read_constant(json, "source", "/voc/aggregator", VOC_REASON_BAD_VALUE); break;
	case TOP_TYPE: voc_read_constant(json, "type", VOC_RULES_RECORD_TYPE, VOC_REASON_UNKNOWN_TYPE); break;
	case TOP_CONTENT_TYPE:
		voc_read_constant(json, "datacontenttype", "application/json", VOC_REASON_BAD_VALUE);
		break;
	case TOP_DATA: voc_read_object(json, &data_members, read_data_member, draft); break;
	default: break;
	}
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
	static const struct voc_record_shape shape = { &top_members, read_top_member, VOC_RULES_RECORD_MAX_BYTES,
		                                       MAX_DEPTH };
	struct draft draft = { { NULL, 0 }, { NULL, 0 } };
	enum voc_status status = voc_read_record(value, &shape, arena, &draft, error);
	return status == VOC_OK ? read_rules(&draft, arena, ret_record, error) : status;
}
