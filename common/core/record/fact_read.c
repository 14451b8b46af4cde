/* What a fact's fields must be. The JSON Schemas say the same in their own words: change both. */
#include "core/record/event_draft.h"
#include "core/record/fact_fields.h"

#include "base/timestamp.h"

#define CUSTOMER_SLOT VOC_FACT_FIELDS_MAX

/* What the decoder works on. */
struct draft {
	struct voc_event_draft event;
	struct voc_str values[VOC_FACT_FIELDS_MAX + 1];
	struct voc_event_field fields[VOC_FACT_FIELDS_MAX + 2];
};

static void plan_fields(struct draft *draft, const struct voc_fact_field *fields)
{
	size_t i = 0;
	for (; fields[i].name; i++)
		draft->fields[i] = (struct voc_event_field){
			.name = voc_str_from(fields[i].name),
			.slot = i,
			.read = voc_fact_is_number(fields[i].type) ? voc_event_read_value_number
			                                           : voc_event_read_value_text,
		};
	draft->fields[i] = (struct voc_event_field){ VOC_STR("customer_id"), CUSTOMER_SLOT, voc_event_read_value_text };
	draft->event.data_fields = draft->fields;
	draft->event.values = draft->values;
}

static bool is_bad(struct draft *draft, struct voc_str text, const char *name, const char *what)
{
	return voc_event_flaw(&draft->event, VOC_REASON_BAD_VALUE, text.ptr, name, what);
}

static bool check_currency(struct draft *draft, struct voc_str text, const char *name)
{
	bool good = text.len == 3;
	for (size_t i = 0; i < text.len && good; i++)
		good = text.ptr[i] >= 'A' && text.ptr[i] <= 'Z';
	return good || is_bad(draft, text, name, "is no currency's code");
}

static bool check_money(struct draft *draft, struct voc_str text, const struct voc_fact_field *field,
                        int64_t *ret_number)
{
	int64_t least = field->type == VOC_FACT_MARGIN ? -VOC_MONEY_MAX : 0;
	if (!voc_json_number_to_i64(text, ret_number) || *ret_number < least || *ret_number > VOC_MONEY_MAX)
		return is_bad(draft, text, field->name, "is out of its range");
	return true;
}

static bool check_time(struct draft *draft, struct voc_str text, const char *name, int64_t *ret_ms)
{
	if (!voc_timestamp_parse(text, ret_ms) || *ret_ms < VOC_EARLIEST_MS || *ret_ms > VOC_LATEST_MS)
		return voc_event_flaw(&draft->event, VOC_REASON_BAD_TIME, text.ptr, name,
		                      "is no time from 2000 to 2100");
	return true;
}

static bool check_choice(struct draft *draft, struct voc_str text, const struct voc_fact_field *field,
                         int64_t *ret_number)
{
	const char *name;
	for (int64_t i = field->type == VOC_FACT_STAGE; (name = voc_fact_choice(field->type, i)); i++) {
		if (voc_str_is(text, name)) {
			*ret_number = i;
			return true;
		}
	}
	return is_bad(draft, text, field->name, "is not one of its values");
}

static bool check_value(struct draft *draft, const struct voc_fact_field *field, struct voc_str text,
                        struct voc_fact_value *ret_value)
{
	ret_value->text = text;
	switch (field->type) {
	case VOC_FACT_IDENTITY: return voc_event_check_identity(&draft->event, text, field->max_chars, field->name);
	case VOC_FACT_TEXT:
	case VOC_FACT_PERSON:
	case VOC_FACT_CONTACT:
	case VOC_FACT_CARD:
	case VOC_FACT_NOTE: return voc_event_check_length(&draft->event, text, field->max_chars, field->name);
	case VOC_FACT_CURRENCY: return check_currency(draft, text, field->name);
	case VOC_FACT_AMOUNT:
	case VOC_FACT_MARGIN: return check_money(draft, text, field, &ret_value->number);
	case VOC_FACT_TIME: return check_time(draft, text, field->name, &ret_value->number);
	case VOC_FACT_SEX:
	case VOC_FACT_LANG:
	case VOC_FACT_STAGE:
	case VOC_FACT_STATUS: return check_choice(draft, text, field, &ret_value->number);
	}
	return false;
}

/* An empty text is the same as none. */
static bool is_absent(const struct voc_fact_field *field, struct voc_str text)
{
	bool optional_text = !field->required && field->max_chars > 0 && field->type != VOC_FACT_IDENTITY;
	return !text.ptr || (optional_text && text.len == 0);
}

static bool check_fields(struct draft *draft, struct voc_fact *fact)
{
	const struct voc_fact_field *fields = voc_fact_fields(fact->kind);
	fact->given = 0;
	for (int i = 0; fields[i].name; i++) {
		struct voc_str text = draft->values[i];
		if (is_absent(&fields[i], text)) {
			if (fields[i].required)
				return voc_event_flaw(&draft->event, VOC_REASON_MISSING_FIELD, NULL, fields[i].name,
				                      "is missing");
			continue;
		}
		if (!check_value(draft, &fields[i], text, &fact->values[i]))
			return false;
		fact->given |= UINT32_C(1) << i;
	}
	return true;
}

static bool check(struct draft *draft, int64_t record_timestamp_ms, struct voc_fact *fact)
{
	struct voc_event_draft *event = &draft->event;
	event->customer_id = draft->values[CUSTOMER_SLOT];
	if (!voc_event_check_attributes(event, voc_fact_type(fact->kind)) ||
	    !voc_event_check_time(event, record_timestamp_ms, &fact->time_ms) || !voc_event_check_customer(event) ||
	    !check_fields(draft, fact))
		return false;
	fact->id = event->id;
	fact->source = event->source;
	fact->customer_id = event->customer_id;
	return true;
}

enum voc_status voc_fact_decode(const struct voc_record *record, enum voc_fact_kind kind, struct voc_arena *arena,
                                struct voc_fact *ret_fact, struct voc_error *error)
{
	/* No room for extension attributes: a fact carries none on. */
	struct draft draft = { .event = { .arena = arena, .extension_count = VOC_EXTENSIONS_MAX } };
	struct voc_error own;
	error = error ? error : &own;
	voc_error_clear(error);
	plan_fields(&draft, voc_fact_fields(kind));
	ret_fact->kind = kind;
	if (voc_event_draft_read(&draft.event, record, error) && check(&draft, record->timestamp_ms, ret_fact))
		return VOC_OK;
	return voc_event_draft_failure(&draft.event, record, error);
}
