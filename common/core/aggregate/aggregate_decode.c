/* Records of voc.classified: what each is, by its header and its type. */
#include "core/aggregate/aggregate_apply.h"

#include "base/json_read.h"
#include "core/record/envelope.h"
#include "core/record/forget_record.h"

static enum voc_status decode_event(const struct voc_aggregate_input *input, struct voc_arena *arena,
                                    struct voc_aggregate_record *ret_record, struct voc_error *error)
{
	struct voc_source_position source;
	if (!voc_source_position_parse(input->source, &source))
		return voc_error_set(error, VOC_INVALID, VOC_REASON_BAD_SOURCE_POSITION, -1,
		                     "header " VOC_SOURCE_HEADER);
	enum voc_status status = voc_classified_decode(input->value, arena, &ret_record->event, error);
	ret_record->kind = VOC_RECORD_EVENT;
	ret_record->source = source;
	return status;
}

static enum voc_status decode_rules(const struct voc_aggregate_input *input, struct voc_arena *arena,
                                    struct voc_aggregate_record *ret_record, struct voc_error *error)
{
	struct voc_rules_record *rules = voc_arena_alloc(arena, sizeof *rules);
	if (!rules)
		return voc_apply_out_of_memory(error);
	enum voc_status status = voc_rules_record_decode(input->value, arena, rules, error);
	if (status != VOC_OK)
		return status;
	ret_record->kind = VOC_RECORD_RULES;
	ret_record->rules = rules;
	return VOC_OK;
}

static enum voc_status decode_due(const struct voc_aggregate_input *input, struct voc_arena *arena,
                                  struct voc_aggregate_record *ret_record, struct voc_error *error)
{
	struct voc_due *due = voc_arena_alloc(arena, sizeof *due);
	if (!due)
		return voc_apply_out_of_memory(error);
	enum voc_status status = voc_due_record_decode(input->value, arena, due, error);
	if (status != VOC_OK)
		return status;
	ret_record->kind = VOC_RECORD_DUE;
	ret_record->due = due;
	return VOC_OK;
}

static enum voc_status decode_forget(const struct voc_aggregate_input *input, struct voc_arena *arena,
                                     struct voc_aggregate_record *ret_record, struct voc_error *error)
{
	struct voc_forget_record record;
	enum voc_status status = voc_forget_record_decode(input->value, arena, &record, error);
	if (status != VOC_OK)
		return status;
	ret_record->kind = VOC_RECORD_FORGET;
	ret_record->forgotten = record.customer_id;
	return VOC_OK;
}

/* What a CloudEvent says it is; empty if it says nothing that can be read. False if the arena is full. */
static bool read_type(struct voc_str value, struct voc_arena *arena, struct voc_str *ret_type)
{
	struct voc_json_reader json;
	struct voc_error why;
	struct voc_str name;
	*ret_type = (struct voc_str){ NULL, 0 };
	voc_json_read_begin(&json, value, arena, VOC_JSON_MAX_DEPTH, &why);
	if (voc_json_enter_object(&json)) {
		while (voc_json_next_member(&json, &name)) {
			if (voc_str_is(name, "type")) {
				voc_json_read_str(&json, ret_type);
				break;
			}
			voc_json_skip(&json, NULL);
		}
	}
	return why.reason != VOC_REASON_OUT_OF_MEMORY;
}

/* Records that no raw record was made into: the aggregator's own. */
static enum voc_status decode_control(const struct voc_aggregate_input *input, struct voc_arena *arena,
                                      struct voc_aggregate_record *ret_record, struct voc_error *error)
{
	const struct {
		const char *type;
		enum voc_status (*decode)(const struct voc_aggregate_input *input, struct voc_arena *arena,
		                          struct voc_aggregate_record *ret_record, struct voc_error *error);
	} controls[] = {
		{ voc_envelope_type(VOC_ENVELOPE_RULES), decode_rules },
		{ voc_envelope_type(VOC_ENVELOPE_DUE), decode_due },
		{ voc_envelope_type(VOC_ENVELOPE_FORGET), decode_forget },
		{ VOC_CLASSIFIED_TYPE, decode_event }, /* which refuses it, without its source */
		{ "", decode_event },
	};
	struct voc_str type;
	if (!read_type(input->value, arena, &type))
		return voc_apply_out_of_memory(error);
	for (size_t i = 0; i < sizeof controls / sizeof *controls; i++) {
		if (voc_str_is(type, controls[i].type))
			return controls[i].decode(input, arena, ret_record, error);
	}
	return voc_error_set(error, VOC_INVALID, VOC_REASON_UNKNOWN_TYPE, -1, "type");
}

static enum voc_status decode_fact(const struct voc_aggregate_input *input, enum voc_fact_kind kind,
                                   struct voc_arena *arena, struct voc_aggregate_record *ret_record,
                                   struct voc_error *error)
{
	/* its time must be there, and was held against the clock by the classifier */
	const struct voc_record record = { .value = input->value };
	struct voc_fact *fact = voc_arena_alloc(arena, sizeof *fact);
	if (!fact)
		return voc_apply_out_of_memory(error);
	enum voc_status status = voc_fact_decode(&record, kind, arena, fact, error);
	if (status == VOC_RETRY)
		return voc_apply_out_of_memory(error);
	ret_record->kind = VOC_RECORD_FACT;
	ret_record->fact = fact;
	return status;
}

/* Records that a record of another topic was made into. Nearly all are events: what is none is asked what it is. */
static enum voc_status decode_sourced(const struct voc_aggregate_input *input, struct voc_arena *arena,
                                      struct voc_aggregate_record *ret_record, struct voc_error *error)
{
	struct voc_str type;
	enum voc_fact_kind kind;
	enum voc_status status = decode_event(input, arena, ret_record, error);
	if (status != VOC_INVALID || error->reason == VOC_REASON_BAD_SOURCE_POSITION)
		return status;
	if (!read_type(input->value, arena, &type))
		return voc_apply_out_of_memory(error);
	if (!voc_fact_kind_parse(type, &kind))
		return status;
	voc_error_clear(error);
	return decode_fact(input, kind, arena, ret_record, error);
}

/* What is no control is told by its header before anything of the value is read. */
enum voc_status voc_aggregate_decode(const struct voc_aggregate_input *input, struct voc_arena *arena,
                                     struct voc_aggregate_record *ret_record, struct voc_error *error)
{
	struct voc_error own;
	error = error ? error : &own;
	voc_error_clear(error);
	ret_record->offset = input->offset;
	ret_record->timestamp_ms = input->timestamp_ms;
	return input->source.len > 0 ? decode_sourced(input, arena, ret_record, error)
	                             : decode_control(input, arena, ret_record, error);
}

struct voc_str voc_aggregate_customer_id(const struct voc_aggregate_record *record)
{
	switch (record->kind) {
	case VOC_RECORD_EVENT: return record->event.customer_id;
	case VOC_RECORD_FACT: return record->fact->customer_id;
	case VOC_RECORD_DUE: return record->due->customer_id;
	case VOC_RECORD_FORGET: return record->forgotten;
	case VOC_RECORD_RULES: break;
	}
	return (struct voc_str){ NULL, 0 };
}
