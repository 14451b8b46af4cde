#include "core/record/fact_fields.h"

#include "base/json_write.h"
#include "base/timestamp.h"
#include "core/mask/fact_mask.h"

#define FIELD(symbol, name, type, most, required) { name, VOC_FACT_##type, most, required },
static const struct voc_fact_field profile_fields[] = { VOC_PROFILE_FIELDS(FIELD){ NULL, 0, 0, false } };
static const struct voc_fact_field order_fields[] = { VOC_ORDER_FIELDS(FIELD){ NULL, 0, 0, false } };
static const struct voc_fact_field followup_fields[] = { VOC_FOLLOWUP_FIELDS(FIELD){ NULL, 0, 0, false } };
#undef FIELD
_Static_assert((int)VOC_PROFILE_FIELD_COUNT <= VOC_FACT_FIELDS_MAX &&
                       (int)VOC_ORDER_FIELD_COUNT <= VOC_FACT_FIELDS_MAX &&
                       (int)VOC_FOLLOWUP_FIELD_COUNT <= VOC_FACT_FIELDS_MAX,
               "a fact has room for the fields of each kind");

static const struct {
	const char *name, *type;
} kinds[] = {
#define X(symbol, name, type) { name, type },
	VOC_FACT_KINDS(X)
#undef X
};

static const struct {
	const struct voc_fact_field *first;
	int count;
} fields_of[VOC_FACT_KIND_COUNT] = {
	[VOC_FACT_PROFILE] = { profile_fields, VOC_PROFILE_FIELD_COUNT },
	[VOC_FACT_ORDER] = { order_fields, VOC_ORDER_FIELD_COUNT },
	[VOC_FACT_FOLLOWUP] = { followup_fields, VOC_FOLLOWUP_FIELD_COUNT },
};

static const char *const stage_names[] = {
#define X(symbol, name, korean) name,
	VOC_STAGES(X)
#undef X
};

static const char *const status_names[] = {
#define X(symbol, name) name,
	VOC_ORDER_STATUSES(X)
#undef X
};

static const char *const sexes[] = { "female", "male", "other" };
static const char *const langs[] = { "ko", "en" };

const char *voc_fact_kind_name(enum voc_fact_kind kind)
{
	return (unsigned)kind < VOC_FACT_KIND_COUNT ? kinds[kind].name : NULL;
}

const char *voc_fact_type(enum voc_fact_kind kind)
{
	return (unsigned)kind < VOC_FACT_KIND_COUNT ? kinds[kind].type : NULL;
}

const char *voc_stage_name(enum voc_stage stage)
{
	return (unsigned)stage < VOC_STAGE_COUNT ? stage_names[stage] : NULL;
}

const struct voc_fact_field *voc_fact_fields(enum voc_fact_kind kind)
{
	return fields_of[kind].first;
}

const char *voc_fact_field_name(enum voc_fact_kind kind, int field)
{
	return field >= 0 && field < fields_of[kind].count ? fields_of[kind].first[field].name : NULL;
}

bool voc_fact_kind_parse(struct voc_str type, enum voc_fact_kind *ret_kind)
{
	for (int kind = 0; kind < VOC_FACT_KIND_COUNT; kind++) {
		if (voc_str_is(type, kinds[kind].type)) {
			*ret_kind = (enum voc_fact_kind)kind;
			return true;
		}
	}
	return false;
}

bool voc_stage_parse(struct voc_str name, enum voc_stage *ret_stage)
{
	int found = voc_str_index(name, stage_names, VOC_STAGE_COUNT);
	if (found >= 0)
		*ret_stage = (enum voc_stage)found;
	return found >= 0;
}

#define COUNT_OF(array) ((int64_t)(sizeof(array) / sizeof *(array)))

const char *voc_fact_choice(enum voc_fact_field_type type, int64_t number)
{
	if (number < 0)
		return NULL;
	switch (type) {
	case VOC_FACT_SEX: return number < COUNT_OF(sexes) ? sexes[number] : NULL;
	case VOC_FACT_LANG: return number < COUNT_OF(langs) ? langs[number] : NULL;
	case VOC_FACT_STAGE: return number < COUNT_OF(stage_names) ? stage_names[number] : NULL;
	case VOC_FACT_STATUS: return number < COUNT_OF(status_names) ? status_names[number] : NULL;
	default: return NULL;
	}
}

bool voc_fact_is_number(enum voc_fact_field_type type)
{
	return type == VOC_FACT_AMOUNT || type == VOC_FACT_MARGIN;
}

_Static_assert(VOC_FACT_TEXT_SIZE >= VOC_FACT_MASK_SIZE, "what is masked fits");

struct voc_str voc_fact_text(const struct voc_fact *fact, int field, char to[VOC_FACT_TEXT_SIZE])
{
	const struct voc_fact_value *value = &fact->values[field];
	enum voc_fact_field_type type = fields_of[fact->kind].first[field].type;
	struct voc_buf digits = { .ptr = to, .cap = VOC_FACT_TEXT_SIZE, .max = VOC_FACT_TEXT_SIZE };
	switch (type) {
	case VOC_FACT_AMOUNT:
	case VOC_FACT_MARGIN: voc_buf_add_i64(&digits, value->number); return voc_buf_str(&digits);
	case VOC_FACT_TIME: return voc_str_of(to, voc_timestamp_format(value->number, to));
	case VOC_FACT_SEX:
	case VOC_FACT_LANG:
	case VOC_FACT_STAGE:
	case VOC_FACT_STATUS: return voc_str_from(voc_fact_choice(type, value->number));
	case VOC_FACT_PERSON: return voc_fact_mask_person(value->text, to);
	case VOC_FACT_CONTACT: return voc_fact_mask_contact(value->text, to);
	case VOC_FACT_CARD: return voc_fact_mask_card(value->text, to);
	case VOC_FACT_TEXT:
	case VOC_FACT_NOTE: return voc_fact_mask_note(value->text, to);
	case VOC_FACT_IDENTITY:
	case VOC_FACT_CURRENCY: break;
	}
	return value->text;
}

static void write_fields(struct voc_json_writer *json, const struct voc_fact *fact)
{
	const struct voc_fact_field *fields = fields_of[fact->kind].first;
	char scratch[VOC_FACT_TEXT_SIZE];
	for (int i = 0; fields[i].name; i++) {
		if (!voc_fact_has(fact, i))
			continue;
		struct voc_str text = voc_fact_text(fact, i, scratch);
		voc_json_key(json, fields[i].name);
		if (voc_fact_is_number(fields[i].type))
			voc_json_raw(json, text);
		else
			voc_json_str(json, text);
	}
}

static void write_time(struct voc_json_writer *json, const char *name, int64_t time_ms)
{
	char text[VOC_TIMESTAMP_SIZE];
	voc_json_member_str(json, name, voc_str_of(text, voc_timestamp_format(time_ms, text)));
}

bool voc_fact_encode(struct voc_buf *buf, const struct voc_fact *fact)
{
	struct voc_json_writer json;
	voc_json_begin(&json, buf);
	voc_json_object(&json);
	voc_json_member_str(&json, "specversion", VOC_STR("1.0"));
	voc_json_member_str(&json, "id", fact->id);
	voc_json_member_str(&json, "source", fact->source);
	voc_json_member_str(&json, "type", voc_str_from(kinds[fact->kind].type));
	voc_json_member_str(&json, "subject", fact->customer_id);
	write_time(&json, "time", fact->time_ms);
	voc_json_member_str(&json, "datacontenttype", VOC_STR("application/json"));
	voc_json_key(&json, "data");
	voc_json_object(&json);
	voc_json_member_str(&json, "customer_id", fact->customer_id);
	write_fields(&json, fact);
	voc_json_object_end(&json);
	voc_json_object_end(&json);
	return !buf->failed;
}
