/*
 * Scores: the linear model over one text's features.
 *
 * First the signals (sentiment, question, ...), from the n-grams alone; they become dense values; then the heads, from
 * n-grams and dense values. Integer arithmetic: the same on every machine. Pure.
 */
#ifndef VOC_CORE_SCORE_H
#define VOC_CORE_SCORE_H

#include "core/features.h"

#define VOC_SIGNAL_LIMIT 3000 /* a signal's score beyond this says no more */

struct voc_scores {
	int32_t column[VOC_COLUMNS]; /* logits, thousandths */
	uint32_t inverse_sqrt_q16[VOC_BLOCK_COUNT];
};

/* Fills the signals' dense values of `features` on the way. */
void voc_score(const struct voc_model *model, enum voc_lang lang, struct voc_features *features,
               struct voc_scores *ret_scores);

#endif
