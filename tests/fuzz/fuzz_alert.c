/* core/alert and core/dead_letter on anything at all: what is written comes back. */
#undef NDEBUG /* every build must check */
#include <assert.h>

#include "core/aggregate/alert.h"
#include "core/record/dead_letter.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Read, written again and read again it is the same. */
static void decode_alert(struct voc_str value, struct voc_arena *arena)
{
	struct voc_alert alert, again;
	struct voc_error error;
	struct voc_buf buf;
	enum voc_status status = voc_alert_decode(value, arena, &alert, &error);
	assert(status == VOC_OK || (status == VOC_INVALID && error.reason != VOC_REASON_NONE));
	if (status != VOC_OK)
		return;
	voc_buf_init(&buf, (size_t)8 * VOC_ALERT_MAX_BYTES);
	assert(voc_alert_encode(&buf, &alert));
	if (buf.len <= VOC_ALERT_MAX_BYTES) {
		assert(voc_alert_decode(voc_buf_str(&buf), arena, &again, &error) == VOC_OK);
		assert(voc_str_eq(alert.id, again.id) && voc_str_eq(alert.follow_up, again.follow_up));
		assert(alert.time_ms == again.time_ms && alert.rule == again.rule && alert.events == again.events);
	}
	voc_buf_free(&buf);
}

static void decode_dead_letter(struct voc_str value, struct voc_arena *arena)
{
	size_t half = value.len / 2;
	const struct voc_dead_letter letter = {
		.reason = VOC_REASON_BAD_JSON,
		.error = value,
		.position = (int64_t)value.len,
		.origin_topic = VOC_STR("voc.calls"),
		.origin_offset = INT64_MAX,
		.service = VOC_STR("voc-classifier"),
	};
	const struct voc_header original = { voc_str_of(value.ptr, half),
		                             voc_str_of(value.ptr + half, value.len - half) };
	const struct voc_header *headers;
	struct voc_dead_letter again;
	size_t count;
	assert(voc_dead_letter_encode(&letter, &original, 1, arena, &headers, &count));
	assert(voc_dead_letter_decode(headers, count, &again));
	assert(again.reason == letter.reason && again.position == letter.position && voc_str_eq(again.error, value));
	assert(again.origin_offset == INT64_MAX && again.origin_partition == 0);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct voc_str value = { size > 0 ? (const char *)data : "", size };
	struct voc_arena *arena = voc_arena_new(VOC_EVENT_ARENA_BYTES);
	decode_alert(value, arena);
	decode_dead_letter(value, arena);
	voc_arena_free(arena);
	return 0;
}
