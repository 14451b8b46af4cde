/* What the gaps file becomes: shared by gaps*.c, needs.c and gaps_json.c, for nobody else. */
#ifndef VOC_CORE_GAPS_INTERNAL_H
#define VOC_CORE_GAPS_INTERNAL_H

#include "core/classify/automaton.h"
#include "core/classify/gaps.h"
#include "core/classify/stream.h"

#define VOC_GAP_TEXT_SIZE   400 /* of an owner or a step, with the NUL */
#define VOC_GAP_PHRASE_SIZE 121
#define VOC_GAP_WEIGHT_MAX  9

enum voc_gap_cue_kind { VOC_CUE_PHRASES, VOC_CUE_SERVQUAL, VOC_CUE_FACTOR, VOC_CUE_RECORD, VOC_CUE_KIND_COUNT };

struct voc_gap_cue {
	enum voc_gap gap;
	enum voc_gap_cue_kind kind;
	int weight;
	int value; /* enum voc_servqual, voc_factor or voc_gap_record */
};

struct voc_gap_phrase {
	char text[VOC_GAP_PHRASE_SIZE]; /* as in the file */
	uint16_t length;                /* characters that are compared */
	uint16_t cue;                   /* or enum voc_need */
	bool tells_need;
};

struct voc_gaps {
	char version[VOC_GAPS_VERSION_SIZE];
	int fair, strong;                                 /* weights from which evidence is that */
	char owners[VOC_GAP_COUNT][2][VOC_GAP_TEXT_SIZE]; /* ko, en */
	char steps[VOC_GAP_COUNT][2][VOC_GAP_TEXT_SIZE];
	struct voc_gap_cue cues[VOC_GAP_CUES_MAX];
	size_t cue_count;
	struct voc_gap_phrase phrases[VOC_GAP_PHRASES_MAX];
	size_t phrase_count;
	/* owned; their values are numbers of phrases: those of cues, and those of needs (NULL: the file has none) */
	struct voc_automaton *automaton, *need_automaton;
};

/* Spaces and apostrophes are not compared. */
static inline bool voc_gap_skips(uint32_t c)
{
	return c == ' ' || c == '\'' || c == '\n';
}

/* gaps.c: tells each phrase of the automaton (may be NULL) that stands in the text, as often as it does. */
typedef void (*voc_gap_phrase_fn)(void *context, const struct voc_gap_phrase *phrase, size_t number);
void voc_gap_phrases_each(const struct voc_gaps *gaps, const struct voc_automaton *automaton,
                          const struct voc_stream *text, voc_gap_phrase_fn tell, void *context);
bool voc_gap_record_parse(struct voc_str name, enum voc_gap_record *ret_record);

#endif
