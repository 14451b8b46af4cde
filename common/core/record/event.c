#include "core/record/event_draft.h"

#include <strings.h>

/* Confluent's wire format: a magic zero and a schema id of four bytes. JSON never begins with a zero byte. */
#define PREFIX_BYTES 5

static struct voc_str strip_prefix(struct voc_str value)
{
	if (value.len < PREFIX_BYTES || value.ptr[0] != '\0')
		return value;
	return voc_str_of(value.ptr + PREFIX_BYTES, value.len - PREFIX_BYTES);
}

static struct voc_str find_header(const struct voc_record *record, const char *name)
{
	for (size_t i = 0; i < record->header_count; i++)
		if (voc_str_is(record->headers[i].name, name))
			return record->headers[i].value;
	return (struct voc_str){ NULL, 0 };
}

/* The content type decides, as CloudEvents' Kafka binding says; senders of plain structured events often set none. */
static bool is_binary(const struct voc_record *record)
{
	static const struct voc_str structured = { "application/cloudevents", 23 };
	struct voc_str content_type = find_header(record, "content-type");
	if (content_type.len >= structured.len && strncasecmp(content_type.ptr, structured.ptr, structured.len) == 0)
		return false;
	return find_header(record, "ce_specversion").ptr != NULL;
}

/* False with `error` filled. */
static bool read_json(struct voc_event_draft *draft, const struct voc_record *record, struct voc_error *error)
{
	struct voc_json_reader json;
	voc_json_read_begin(&json, draft->json, draft->arena, VOC_EVENT_MAX_DEPTH, error);
	if (is_binary(record)) {
		voc_event_read_headers(draft, record->headers, record->header_count);
		voc_event_read_data(draft, &json);
	} else {
		voc_event_read_envelope(draft, &json);
	}
	return voc_json_read_end(&json);
}

bool voc_event_draft_read(struct voc_event_draft *draft, const struct voc_record *record, struct voc_error *error)
{
	draft->json = strip_prefix(record->value);
	draft->last_turn = &draft->first_turn;
	if (record->value.len > VOC_EVENT_MAX_BYTES)
		voc_error_set(error, VOC_INVALID, VOC_REASON_TOO_LARGE, -1, "a record of %zu bytes", record->value.len);
	else if (draft->json.len == 0)
		voc_error_set(error, VOC_INVALID, VOC_REASON_EMPTY_RECORD, -1, "no value");
	else
		return read_json(draft, record, error);
	return false;
}

enum voc_status voc_event_draft_failure(const struct voc_event_draft *draft, const struct voc_record *record,
                                        struct voc_error *error)
{
	if (error->status == VOC_OK)
		*error = draft->flaw;
	if (error->position >= 0)
		error->position += (int64_t)(record->value.len - draft->json.len);
	if (error->reason == VOC_REASON_OUT_OF_MEMORY)
		error->status = VOC_RETRY;
	return error->status;
}

enum voc_status voc_event_decode(const struct voc_record *record, struct voc_arena *arena, struct voc_event *ret_event,
                                 struct voc_error *error)
{
	struct voc_event_draft draft = { .arena = arena, .extensions = ret_event->extensions };
	struct voc_error own;
	error = error ? error : &own;
	voc_error_clear(error);
	if (voc_event_draft_read(&draft, record, error) && voc_event_check(&draft, record->timestamp_ms, ret_event))
		return VOC_OK;
	return voc_event_draft_failure(&draft, record, error);
}

struct voc_str voc_event_attribute(const struct voc_event *event, const char *name)
{
	for (size_t i = 0; i < event->extension_count; i++) {
		struct voc_str json = event->extensions[i].json;
		if (!voc_str_is(event->extensions[i].name, name))
			continue;
		bool plain = json.len >= 2 && json.ptr[0] == '"' && !memchr(json.ptr, '\\', json.len);
		return plain ? voc_str_of(json.ptr + 1, json.len - 2) : VOC_STR("");
	}
	return VOC_STR("");
}
