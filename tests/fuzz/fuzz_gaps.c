/* core/gaps on any file at all: what it takes finds a gap in whatever is said, what it refuses is told with a place. */
#undef NDEBUG /* every build must check */
#include <assert.h>
#include <stdlib.h>

#include "core/classify/gaps.h"
#include "core/classify/stream.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void check(const struct voc_gaps *gaps, const char *text, uint32_t record)
{
	static struct voc_normal normal;
	static struct voc_stream stream;
	const struct voc_labels labels = { .feedback = VOC_FEEDBACK_COMPLAINT,
		                           .servqual = (enum voc_servqual)(record % VOC_SERVQUAL_COUNT),
		                           .factors = record & 62 };
	const struct voc_gap_input input = { &stream, &labels, record & 3 };
	struct voc_gap_finding finding;
	voc_normalize(voc_str_from(text), &normal);
	voc_stream_make(&normal, true, &stream);
	voc_gaps_find(gaps, &input, "ko", &finding);
	assert(finding.gap > VOC_GAP_NONE && finding.gap < VOC_GAP_COUNT);
	assert(finding.strength == VOC_GAP_WEAK || finding.cue_count > 0);
	assert(finding.cue_count <= VOC_GAP_TOLD_MAX && finding.owner[0] != '\0' && finding.step[0] != '\0');
	for (size_t i = 0; i < finding.cue_count; i++)
		assert(finding.cues[i].kind[0] != '\0' && finding.cues[i].name[0] != '\0');
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const texts[] = { "", "약속을 안 지키고 불친절해요. 규정상 안 된대요",
		                             "You promised, don't you? RUDE" };
	struct voc_error error = { 0 };
	struct voc_gaps *gaps = NULL;
	enum voc_status status = voc_gaps_parse(voc_str_of((const char *)data, size), &gaps, &error);
	assert((status == VOC_OK) == (gaps != NULL));
	if (status != VOC_OK) {
		assert(status == VOC_FATAL && error.reason == VOC_REASON_CONFIG && error.text[0] != '\0');
		return 0;
	}
	for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
		check(gaps, texts[i], (uint32_t)(size + i));
	voc_gaps_free(gaps);
	return 0;
}
