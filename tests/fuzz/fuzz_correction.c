/* core/correction_read on anything at all: what was read and holds together is written, and read again the same. */
#undef NDEBUG /* every build must check */
#include <assert.h>

#include "core/record/correction.h"
#include "core/record/event.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check_again(const struct voc_correction *correction, struct voc_str value, struct voc_arena *arena)
{
	struct voc_correction again;
	struct voc_error error;
	assert(voc_correction_decode(value, arena, &again, &error) == VOC_OK);
	assert(voc_str_eq(again.event_id, correction->event_id) && voc_str_eq(again.text, correction->text));
	assert(voc_str_eq(again.event_source, correction->event_source) && voc_str_eq(again.who, correction->who));
	assert(again.heads == correction->heads && again.time_ms == correction->time_ms);
	assert(memcmp(&again.labels, &correction->labels, sizeof again.labels) == 0);
}

static void write_all(const struct voc_correction *correction, struct voc_arena *arena)
{
	struct voc_buf buf;
	voc_buf_init(&buf, (size_t)8 * VOC_CORRECTION_MAX_BYTES);
	assert(voc_correction_encode(&buf, correction));
	if (buf.len <= VOC_CORRECTION_MAX_BYTES)
		check_again(correction, voc_buf_str(&buf), arena);
	voc_buf_clear(&buf);
	assert(voc_correction_write_row(&buf, correction));
	voc_buf_clear(&buf);
	assert(voc_correction_key(&buf, correction->event_source, correction->event_id));
	voc_buf_free(&buf);
	struct voc_correction merged = *correction;
	voc_correction_merge(&merged, correction);
	assert(merged.heads == correction->heads);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct voc_str value = { size > 0 ? (const char *)data : "", size };
	struct voc_arena *arena = voc_arena_new(VOC_EVENT_ARENA_BYTES);
	struct voc_correction correction;
	struct voc_error error;
	enum voc_status status = voc_correction_decode(value, arena, &correction, &error);
	assert(status == VOC_OK || error.reason != VOC_REASON_NONE);
	if (status == VOC_OK)
		write_all(&correction, arena);
	voc_arena_free(arena);
	return 0;
}
