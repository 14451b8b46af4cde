/* core/event on anything at all: structured and binary mode. What it accepts keeps what event.h promises. */
#undef NDEBUG /* every build must check */
#include <assert.h>
#include <stdlib.h>

#include "base/json_read.h"
#include "base/utf8.h"
#include "core/record/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define MAX_HEADERS  8
#define TIMESTAMP_MS INT64_C(1795253400000)

static const char *const names[] = {
	"ce_specversion", "ce_id",        "ce_source", "ce_type",  "ce_time", "ce_subject",
	"ce_dataschema",  "content-type", "ce_trace",  "ce_Upper", "ce_data", "other",
};
#define NAME_COUNT (sizeof names / sizeof *names)

/* The first byte is the number of headers; a header is its name's number, its length, and its bytes. */
static size_t take_headers(const uint8_t *data, size_t size, struct voc_header *headers, size_t *ret_count)
{
	size_t at = 1;
	*ret_count = 0;
	for (size_t wanted = data[0] % (MAX_HEADERS + 1); *ret_count < wanted && size - at >= 2; ++*ret_count) {
		size_t len = data[at + 1] < size - at - 2 ? data[at + 1] : size - at - 2;
		headers[*ret_count] = (struct voc_header){ voc_str_from(names[data[at] % NAME_COUNT]),
			                                   { (const char *)data + at + 2, len } };
		at += 2 + len;
	}
	return at;
}

static void check_name(struct voc_str s, size_t max_chars)
{
	assert(voc_utf8_check(s, NULL) && voc_utf8_count(s) <= max_chars && (s.len == 0 || !memchr(s.ptr, 0, s.len)));
}

static void check_identity(struct voc_str s, size_t max_chars)
{
	check_name(s, max_chars);
	assert(!voc_utf8_is_blank(s) && !voc_utf8_has_control(s));
}

static void check_extension(const struct voc_extension *extension, struct voc_arena *arena)
{
	struct voc_json_reader json;
	struct voc_error error;
	assert(extension->name.len > 0 && extension->json.len > 0 && extension->json.len <= VOC_EXTENSION_MAX_BYTES);
	voc_json_read_begin(&json, extension->json, arena, 1, &error);
	assert(voc_json_peek(&json) >= VOC_JSON_STRING && voc_json_skip(&json, NULL) && voc_json_read_end(&json));
}

static void check_event(const struct voc_event *event, struct voc_arena *arena)
{
	check_identity(event->id, VOC_ID_MAX_CHARS);
	check_identity(event->source, VOC_ID_MAX_CHARS);
	check_identity(event->customer_id, VOC_CUSTOMER_MAX_CHARS);
	check_name(event->text, VOC_TEXT_MAX_CHARS + VOC_TURNS_MAX);
	assert(!voc_utf8_is_blank(event->text));
	check_name(event->lang, VOC_NAME_MAX_CHARS);
	check_name(event->contact, VOC_NAME_MAX_CHARS);
	check_name(event->product, VOC_NAME_MAX_CHARS);
	check_name(event->team, VOC_NAME_MAX_CHARS);
	check_name(event->agent_id, VOC_NAME_MAX_CHARS);
	assert(event->expected >= 0 && event->expected <= 5);
	assert(event->rating >= 0 && event->rating <= 5 && event->channel < VOC_CHANNEL_COUNT);
	assert(event->time_ms >= VOC_EARLIEST_MS && event->time_ms <= TIMESTAMP_MS + VOC_FUTURE_TOLERANCE_MS);
	assert(event->extension_count <= VOC_EXTENSIONS_MAX);
	for (size_t i = 0; i < event->extension_count; i++)
		check_extension(&event->extensions[i], arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	if (size == 0)
		return 0;
	struct voc_header headers[MAX_HEADERS];
	struct voc_record record = { .headers = headers, .timestamp_ms = TIMESTAMP_MS };
	size_t at = take_headers(data, size, headers, &record.header_count);
	record.value = voc_str_of((const char *)data + at, size - at);
	struct voc_arena *arena = voc_arena_new(VOC_EVENT_ARENA_BYTES);
	struct voc_event event;
	struct voc_error error;
	enum voc_status status = voc_event_decode(&record, arena, &event, &error);
	assert(status == error.status && (status == VOC_OK || status == VOC_INVALID));
	assert(error.position >= -1 && error.position <= (int64_t)record.value.len);
	assert((status == VOC_OK) == (error.reason == VOC_REASON_NONE));
	if (status == VOC_OK)
		check_event(&event, arena);
	voc_arena_free(arena);
	return 0;
}
