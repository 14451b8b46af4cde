/*
 * core/mask on any text: what is found stands in order and within it, each way to mask it gives the same bytes, and
 * only whole characters become stars.
 */
#undef NDEBUG /* every build must check */
#include <assert.h>
#include <stdlib.h>

#include "base/json_read.h"
#include "base/utf8.h"
#include "core/mask/mask.h"
#include "core/record/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_spans(const struct voc_mask *mask, struct voc_str text)
{
	size_t end = 0;
	assert(mask->count <= VOC_MASK_SPANS_MAX);
	for (size_t i = 0; i < mask->count; i++) {
		const struct voc_mask_span *span = &mask->at[i];
		assert(span->start >= end && span->end > span->start && span->end <= text.len);
		assert(voc_mask_kind_name(span->kind));
		end = span->end;
	}
}

/* In slices, of any length: what lies in a span is hidden wherever it is cut. */
static void check_slices(const struct voc_mask *mask, struct voc_str text, const char *masked)
{
	char *piece = malloc(text.len + 1);
	assert(piece);
	for (size_t step = 3; step < 40; step += 17) {
		for (size_t at = 0; at < text.len; at += step) {
			size_t end = at + step < text.len ? at + step : text.len;
			voc_mask_slice(mask, text, at, end, piece);
			assert(memcmp(piece, masked + at, end - at) == 0);
		}
	}
	free(piece);
}

static void check_text(struct voc_str text)
{
	struct voc_mask mask, rest;
	char *masked = malloc(text.len + 1);
	assert(masked);
	memcpy(masked, text.ptr, text.len);
	voc_mask_find(text, &mask);
	check_spans(&mask, text);
	assert(voc_mask(masked, text.len) == (mask.count > 0));
	assert(voc_utf8_check(voc_str_of(masked, text.len), NULL));
	for (size_t i = 0; i < text.len; i++)
		assert(masked[i] == text.ptr[i] || masked[i] == '*');
	check_slices(&mask, text, masked);
	voc_mask_find(voc_str_of(masked, text.len), &rest);
	check_spans(&rest, text);
	free(masked);
}

/* A scalar of JSON stays one. */
static void check_json(struct voc_str value)
{
	struct voc_arena *arena = voc_arena_new((size_t)1 << 20);
	struct voc_json_reader reader;
	struct voc_json_writer writer;
	struct voc_error error;
	struct voc_buf buf;
	voc_json_read_begin(&reader, value, arena, 1, &error);
	if (voc_json_peek(&reader) >= VOC_JSON_STRING && voc_json_skip(&reader, NULL) && voc_json_read_end(&reader)) {
		voc_buf_init(&buf, (size_t)1 << 20);
		voc_json_begin(&writer, &buf);
		voc_mask_json(&writer, value);
		voc_json_read_begin(&reader, voc_buf_str(&buf), arena, 1, &error);
		assert(voc_json_skip(&reader, NULL) && voc_json_read_end(&reader));
		voc_buf_free(&buf);
	}
	voc_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct voc_str text = voc_str_of((const char *)data, size);
	if (size == 0 || !voc_utf8_check(text, NULL))
		return 0;
	check_text(text);
	check_json(text);
	return 0;
}
