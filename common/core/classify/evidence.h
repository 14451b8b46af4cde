/*
 * Evidence: the words that carried a label.
 *
 * The same weights that made the score are laid over the characters they came from; where they heap up, a span of
 * whole words is taken. Pure; the heat map belongs to one thread.
 */
#ifndef VOC_CORE_EVIDENCE_H
#define VOC_CORE_EVIDENCE_H

#include "core/classify/score.h"

#define VOC_HEAT_WIDTH 4 /* labels at a time: what is looked up for one serves the others */

typedef int32_t voc_heat_vector __attribute__((vector_size(VOC_HEAT_WIDTH * sizeof(int32_t))));

struct voc_heat {
	/* Of each character; until it is settled, how much more than that of the one before. */
	voc_heat_vector at[VOC_NORMAL_MAX_CHARS + 1];
};

struct voc_evidence_input {
	const struct voc_model *model;
	const struct voc_normal *normal;
	const struct voc_tokens *tokens;
	const struct voc_features *features;
	const struct voc_phrase_hits *hits;
	const struct voc_scores *scores;
};

/* Fills the evidence of `result` for the labels that it holds. */
void voc_evidence_find(const struct voc_evidence_input *input, struct voc_heat *heat,
                       struct voc_classification *result);

#endif
