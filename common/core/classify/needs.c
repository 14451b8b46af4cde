#include "core/classify/needs.h"

#include "core/classify/gaps_internal.h"
#include "core/record/read_value.h"

#define MAX_DEPTH 3
#define VERSION   VOC_NEED_COUNT /* the member behind the needs */

static const struct voc_str names[VOC_NEED_COUNT + 1] = {
#define X(symbol, name, ...) VOC_MEMBER(name),
	VOC_NEEDS(X)
#undef X
	        VOC_MEMBER("version"),
};
static const struct voc_members members = { names, VOC_NEED_COUNT + 1, 1U << VERSION, VOC_OTHERS_ANY };

const char *voc_need_name(enum voc_need need)
{
	return (unsigned)need < VOC_NEED_COUNT ? names[need].ptr : NULL;
}

/* A phrase that comes again is told once. */
static void take(void *context, const struct voc_gap_phrase *phrase, size_t number)
{
	struct voc_need_finding *finding = context;
	uint8_t *count = &finding->phrase_counts[phrase->cue];
	(void)number;
	for (uint8_t i = 0; i < *count; i++) {
		if (finding->phrases[phrase->cue][i] == phrase->text)
			return;
	}
	if (*count < VOC_NEED_PHRASES_MAX)
		finding->phrases[phrase->cue][(*count)++] = phrase->text;
}

void voc_needs_find(const struct voc_gaps *gaps, const struct voc_stream *text, struct voc_need_finding *ret_finding)
{
	memset(ret_finding, 0, sizeof *ret_finding);
	voc_gap_phrases_each(gaps, gaps->need_automaton, text, take, ret_finding);
	for (int need = 0; need < VOC_NEED_COUNT; need++) {
		if (ret_finding->phrase_counts[need] > 0)
			ret_finding->version = gaps->version;
	}
}

void voc_needs_write(struct voc_json_writer *json, const struct voc_need_finding *finding)
{
	if (!finding->version)
		return;
	voc_json_key(json, "needs");
	voc_json_object(json);
	for (int need = 0; need < VOC_NEED_COUNT; need++) {
		if (finding->phrase_counts[need] == 0)
			continue;
		voc_json_key_str(json, names[need]);
		voc_json_array(json);
		for (uint8_t i = 0; i < finding->phrase_counts[need]; i++)
			voc_json_str(json, voc_str_from(finding->phrases[need][i]));
		voc_json_array_end(json);
	}
	voc_json_member_str(json, "version", voc_str_from(finding->version));
	voc_json_object_end(json);
}

static void read_phrases(struct voc_json_reader *json)
{
	struct voc_str phrase;
	int count = 0;
	if (!voc_json_enter_array(json))
		return;
	while (voc_json_next_element(json)) {
		if (++count > VOC_NEED_PHRASES_MAX)
			voc_json_fail(json, VOC_REASON_TOO_LARGE, "phrases");
		voc_json_read_str(json, &phrase);
	}
	if (count == 0)
		voc_json_fail(json, VOC_REASON_BAD_VALUE, "phrases");
}

static enum voc_status read_needs(struct voc_str text, struct voc_arena *arena, uint32_t *ret_needs)
{
	struct voc_json_reader json;
	struct voc_error error;
	struct voc_str version;
	uint32_t seen = 0;
	int member;
	voc_error_clear(&error);
	voc_json_read_begin(&json, text, arena, MAX_DEPTH, &error);
	if (voc_json_enter_object(&json)) {
		while ((member = voc_members_next(&json, &members, &seen)) >= 0) {
			if (member == VERSION)
				voc_json_read_str(&json, &version);
			else
				read_phrases(&json);
		}
		voc_members_check(&json, &members, seen);
	}
	if (!voc_json_read_end(&json))
		return voc_read_failure(&error);
	*ret_needs = seen & ~(1U << VERSION);
	return VOC_OK;
}

void voc_needs_read_member(struct voc_json_reader *json, struct voc_str *ret_json, uint32_t *ret_needs)
{
	if (voc_json_peek(json) != VOC_JSON_OBJECT) {
		voc_json_fail(json, VOC_REASON_BAD_TYPE, "data.needs");
		return;
	}
	if (!voc_json_skip(json, ret_json))
		return;
	if (ret_json->len > VOC_NEEDS_MEMBER_MAX_BYTES) {
		voc_json_fail(json, VOC_REASON_TOO_LARGE, "data.needs");
		return;
	}
	enum voc_status status = read_needs(*ret_json, json->arena, ret_needs);
	if (status != VOC_OK)
		voc_json_fail(json, status == VOC_FATAL ? VOC_REASON_OUT_OF_MEMORY : VOC_REASON_BAD_VALUE,
		              "data.needs");
}
