/* Fields out of JSON and headers: the tables of names, and a handler for each kind of field. */
#include "core/record/event_draft.h"

#include "base/json_write.h"
#include "base/utf8.h"

/* In an event's own tables the slot is the offset of a voc_str in the draft. */
static void read_text(struct voc_event_draft *draft, struct voc_json_reader *json, const struct voc_event_field *field);
static void read_number(struct voc_event_draft *draft, struct voc_json_reader *json,
                        const struct voc_event_field *field);
static void read_data(struct voc_event_draft *draft, struct voc_json_reader *json, const struct voc_event_field *field);
static void read_transcript(struct voc_event_draft *draft, struct voc_json_reader *json,
                            const struct voc_event_field *field);

#define EXPECTED 4 /* fields behind the last one that are looked for first */

#define SLOT(member) offsetof(struct voc_event_draft, member)
#define NAME(literal)                       \
	{                                   \
		literal, sizeof literal - 1 \
	}

/* In the order that most senders write them. */
static const struct voc_event_field attributes[] = {
	{ NAME("specversion"), SLOT(specversion), read_text },
	{ NAME("id"), SLOT(id), read_text },
	{ NAME("source"), SLOT(source), read_text },
	{ NAME("type"), SLOT(type), read_text },
	{ NAME("subject"), SLOT(subject), read_text },
	{ NAME("time"), SLOT(time), read_text },
	{ NAME("datacontenttype"), SLOT(content_type), read_text },
	{ NAME("dataschema"), SLOT(data_schema), read_text },
	{ NAME("data"), SLOT(data), read_data },
	{ { NULL, 0 }, 0, NULL },
};

static const struct voc_event_field data_fields[] = {
	{ NAME("customer_id"), SLOT(customer_id), read_text },
	{ NAME("channel"), SLOT(contact), read_text },
	{ NAME("text"), SLOT(text), read_text },
	{ NAME("transcript"), SLOT(transcript), read_transcript },
	{ NAME("lang"), SLOT(lang), read_text },
	{ NAME("product"), SLOT(product), read_text },
	{ NAME("agent_id"), SLOT(agent_id), read_text },
	{ NAME("team"), SLOT(team), read_text },
	{ NAME("rating"), SLOT(rating), read_number },
	{ NAME("expected"), SLOT(expected), read_number },
	{ NAME("promised_at"), SLOT(promised_at), read_text },
	{ { NULL, 0 }, 0, NULL },
};

static const struct voc_event_field turn_fields[] = {
	{ NAME("role"), SLOT(role), read_text },
	{ NAME("text"), SLOT(turn_text), read_text },
	{ { NULL, 0 }, 0, NULL },
};

static struct voc_str *slot_of(struct voc_event_draft *draft, const struct voc_event_field *field)
{
	return (struct voc_str *)((char *)draft + field->slot);
}

static const struct voc_event_field *find_field(const struct voc_event_field *fields, struct voc_str name)
{
	for (; fields->name.ptr; fields++)
		if (voc_str_eq(name, fields->name))
			return fields;
	return NULL;
}

/*
 * The next member, with the field that it is, or none and its name. `expected` is the field behind the last one: mostly
 * it is that, or one soon after, as it stands in the table. False at the object's end or after a failure.
 */
static bool next_field(struct voc_json_reader *json, const struct voc_event_field *fields,
                       const struct voc_event_field **expected, const struct voc_event_field **ret_field,
                       struct voc_str *ret_name)
{
	const struct voc_event_field *field = *expected;
	for (int i = 0; i < EXPECTED && field->name.ptr && !voc_json_next_is(json, field->name); i++)
		field++;
	bool found = field->name.ptr && field < *expected + EXPECTED;
	if (!found) {
		if (!voc_json_next_member(json, ret_name))
			return false;
		field = find_field(fields, *ret_name);
	}
	if (field)
		*expected = field + 1;
	*ret_field = field;
	return true;
}

/* True if a value of that type is here. Null is passed over silently, any other with a flaw. */
static bool at_type(struct voc_event_draft *draft, struct voc_json_reader *json, enum voc_json_type type,
                    const char *name)
{
	enum voc_json_type found = voc_json_peek(json);
	if (found == type)
		return true;
	if (found != VOC_JSON_NULL && found != VOC_JSON_FAILED)
		voc_event_flaw(draft, VOC_REASON_BAD_TYPE, json->at, name, "has the wrong type");
	voc_json_skip(json, NULL);
	return false;
}

static void read_text(struct voc_event_draft *draft, struct voc_json_reader *json, const struct voc_event_field *field)
{
	if (at_type(draft, json, VOC_JSON_STRING, field->name.ptr))
		voc_json_read_str(json, slot_of(draft, field));
}

static void read_number(struct voc_event_draft *draft, struct voc_json_reader *json,
                        const struct voc_event_field *field)
{
	if (at_type(draft, json, VOC_JSON_NUMBER, field->name.ptr))
		voc_json_read_number(json, slot_of(draft, field));
}

void voc_event_read_value_text(struct voc_event_draft *draft, struct voc_json_reader *json,
                               const struct voc_event_field *field)
{
	if (at_type(draft, json, VOC_JSON_STRING, field->name.ptr))
		voc_json_read_str(json, &draft->values[field->slot]);
}

void voc_event_read_value_number(struct voc_event_draft *draft, struct voc_json_reader *json,
                                 const struct voc_event_field *field)
{
	if (at_type(draft, json, VOC_JSON_NUMBER, field->name.ptr))
		voc_json_read_number(json, &draft->values[field->slot]);
}

static void read_fields(struct voc_event_draft *draft, struct voc_json_reader *json,
                        const struct voc_event_field *fields)
{
	const struct voc_event_field *field, *expected = fields;
	struct voc_str name;
	voc_json_enter_object(json);
	while (next_field(json, fields, &expected, &field, &name)) {
		if (field)
			field->read(draft, json, field);
		else
			voc_json_skip(json, NULL);
	}
}

static void read_data(struct voc_event_draft *draft, struct voc_json_reader *json, const struct voc_event_field *field)
{
	if (!at_type(draft, json, VOC_JSON_OBJECT, field->name.ptr))
		return;
	draft->data = voc_str_of(json->at, 0);
	read_fields(draft, json, draft->data_fields ? draft->data_fields : data_fields);
}

static void keep_turn(struct voc_event_draft *draft, struct voc_json_reader *json)
{
	if (!voc_str_is(draft->role, "customer") || voc_utf8_is_blank(draft->turn_text))
		return;
	struct voc_event_turn *turn = voc_arena_alloc(draft->arena, sizeof *turn);
	if (!turn) {
		voc_json_fail(json, VOC_REASON_OUT_OF_MEMORY, "the arena is full");
		return;
	}
	*turn = (struct voc_event_turn){ NULL, draft->turn_text };
	*draft->last_turn = turn;
	draft->last_turn = &turn->next;
	draft->turns++;
	draft->turn_bytes += turn->text.len;
}

static void read_turn(struct voc_event_draft *draft, struct voc_json_reader *json)
{
	const char *at = json->at;
	draft->role = draft->turn_text = (struct voc_str){ NULL, 0 };
	read_fields(draft, json, turn_fields);
	if (!draft->role.ptr || !draft->turn_text.ptr)
		voc_event_flaw(draft, VOC_REASON_MISSING_FIELD, at, "transcript", "has a turn without role or text");
	else
		keep_turn(draft, json);
}

static void read_transcript(struct voc_event_draft *draft, struct voc_json_reader *json,
                            const struct voc_event_field *field)
{
	if (!at_type(draft, json, VOC_JSON_ARRAY, field->name.ptr))
		return;
	draft->transcript = voc_str_of(json->at, 0);
	voc_json_enter_array(json);
	while (voc_json_next_element(json)) {
		if (draft->elements++ == VOC_TURNS_MAX)
			voc_event_flaw(draft, VOC_REASON_TOO_LARGE, json->at, field->name.ptr, "has too many turns");
		if (voc_json_peek(json) == VOC_JSON_OBJECT && draft->elements <= VOC_TURNS_MAX) {
			read_turn(draft, json);
			continue;
		}
		if (voc_json_peek(json) != VOC_JSON_OBJECT)
			voc_event_flaw(draft, VOC_REASON_BAD_TYPE, json->at, field->name.ptr,
			               "has a turn that is no object");
		voc_json_skip(json, NULL);
	}
}

/* CloudEvents: "attribute names MUST consist of lower-case letters ('a' to 'z') or digits". */
static bool is_extension_name(struct voc_str name)
{
	for (size_t i = 0; i < name.len; i++)
		if (!((name.ptr[i] >= 'a' && name.ptr[i] <= 'z') || (name.ptr[i] >= '0' && name.ptr[i] <= '9')))
			return false;
	return name.len > 0 && name.len <= VOC_NAME_MAX_CHARS;
}

/* What doesn't fit the bounds is ignored, as any other unknown member is. */
static void keep_extension(struct voc_event_draft *draft, struct voc_str name, struct voc_str json)
{
	if (json.len <= VOC_EXTENSION_MAX_BYTES && draft->extension_count < VOC_EXTENSIONS_MAX)
		draft->extensions[draft->extension_count++] = (struct voc_extension){ name, json };
}

static void read_unknown(struct voc_event_draft *draft, struct voc_json_reader *json, struct voc_str name)
{
	struct voc_str raw;
	enum voc_json_type type = voc_json_peek(json);
	bool scalar = type == VOC_JSON_STRING || type == VOC_JSON_NUMBER || type == VOC_JSON_BOOL;
	if (voc_json_skip(json, &raw) && scalar && is_extension_name(name))
		keep_extension(draft, name, raw);
}

void voc_event_read_envelope(struct voc_event_draft *draft, struct voc_json_reader *json)
{
	const struct voc_event_field *field, *expected = attributes;
	struct voc_str name;
	if (voc_json_peek(json) != VOC_JSON_OBJECT) {
		voc_event_flaw(draft, VOC_REASON_BAD_TYPE, json->at, "the event", "is no object");
		voc_json_skip(json, NULL);
		return;
	}
	voc_json_enter_object(json);
	while (next_field(json, attributes, &expected, &field, &name)) {
		if (field)
			field->read(draft, json, field);
		else
			read_unknown(draft, json, name);
	}
}

void voc_event_read_data(struct voc_event_draft *draft, struct voc_json_reader *json)
{
	static const struct voc_event_field whole = { NAME("data"), 0, NULL };
	read_data(draft, json, &whole);
}

static bool has_extension(const struct voc_event_draft *draft, struct voc_str name)
{
	for (size_t i = 0; i < draft->extension_count; i++)
		if (voc_str_eq(draft->extensions[i].name, name))
			return true;
	return false;
}

/* An extension: the header's value as JSON text. Of two headers of one name the first counts. */
static void keep_header(struct voc_event_draft *draft, struct voc_str name, struct voc_str value)
{
	if (draft->extension_count == VOC_EXTENSIONS_MAX || has_extension(draft, name))
		return;
	if (!draft->spare)
		draft->spare = voc_arena_alloc(draft->arena, VOC_EXTENSION_MAX_BYTES);
	if (!draft->spare) {
		voc_event_flaw(draft, VOC_REASON_OUT_OF_MEMORY, NULL, "the arena", "is full");
		return;
	}
	/* A buffer over the arena's memory, which can't grow. If the value doesn't fit, the next header uses it. */
	struct voc_buf buf = { .ptr = draft->spare, .cap = VOC_EXTENSION_MAX_BYTES, .max = VOC_EXTENSION_MAX_BYTES };
	struct voc_json_writer writer;
	voc_json_begin(&writer, &buf);
	voc_json_str(&writer, value);
	if (buf.failed)
		return;
	keep_extension(draft, name, voc_buf_str(&buf));
	draft->spare = NULL;
}

/* A header's value must be what a JSON string could hold. */
static bool is_text(struct voc_event_draft *draft, struct voc_str value, const char *name)
{
	if (!voc_utf8_check(value, NULL))
		return voc_event_flaw(draft, VOC_REASON_BAD_UTF8, NULL, name, "is not well-formed UTF-8");
	if (value.len > 0 && memchr(value.ptr, '\0', value.len))
		return voc_event_flaw(draft, VOC_REASON_NUL_CHARACTER, NULL, name, "has U+0000 in it");
	return true;
}

static void read_attribute(struct voc_event_draft *draft, const struct voc_event_field *field, struct voc_str value)
{
	struct voc_str *slot = slot_of(draft, field);
	if (slot->ptr)
		voc_event_flaw(draft, VOC_REASON_DUPLICATE_KEY, NULL, field->name.ptr, "stands in two headers");
	else if (is_text(draft, value, field->name.ptr))
		*slot = value;
}

static void read_header(struct voc_event_draft *draft, struct voc_str name, struct voc_str value)
{
	static const struct voc_event_field content_type = { NAME("content-type"), SLOT(content_type), NULL };
	if (voc_str_is(name, "content-type")) {
		read_attribute(draft, &content_type, value);
		return;
	}
	if (!voc_str_starts_with(name, VOC_STR("ce_")))
		return;
	name = voc_str_of(name.ptr + 3, name.len - 3);
	const struct voc_event_field *field = find_field(attributes, name);
	/* In binary mode the content type has a header of its own, and the data is the value. */
	if (field && field->read == read_text && field->slot != content_type.slot)
		read_attribute(draft, field, value);
	else if (!field && is_extension_name(name) && is_text(draft, value, "an extension"))
		keep_header(draft, name, value);
}

void voc_event_read_headers(struct voc_event_draft *draft, const struct voc_header *headers, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (headers[i].value.ptr)
			read_header(draft, headers[i].name, headers[i].value);
}
