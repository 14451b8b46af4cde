/*
 * Scores: the linear model over one text's features.
 *
 * First the signals (sentiment, question, ...), from the n-grams alone; they become dense values; then the heads, from
 * n-grams and dense values. Rules that decide come last: what they say outweighs what is learnt, unless they contradict
 * each other. Integer arithmetic: the same on every machine. Pure.
 */
#ifndef VOC_CORE_SCORE_H
#define VOC_CORE_SCORE_H

#include "core/classify/features.h"

#define VOC_SIGNAL_LIMIT  3000  /* a signal's score beyond this says no more */
#define VOC_DECIDED       16000 /* thousandths of a logit: what a deciding rule adds or takes */
#define VOC_DECIDED_WORDS 12    /* in a longer text it adds less: it is about one of many things that are said */

struct voc_scores {
	int32_t column[VOC_COLUMNS]; /* logits, thousandths */
	uint32_t inverse_sqrt_q16[VOC_BLOCK_COUNT];
};

/* Fills the signals' dense values of `features` on the way. Its learnt n-grams are those of this model. */
void voc_score(const struct voc_model *model, enum voc_lang lang, struct voc_features *features,
               struct voc_scores *ret_scores);

/* What each deciding hit adds in a text of so many distinct words, in thousandths of a logit. */
int32_t voc_score_decided(size_t words);
/* The column of the hit's label. */
int voc_score_hit_column(const struct voc_phrase_hit *hit);
/* Adds what the deciding ones of `hits` say. */
void voc_score_decide(const struct voc_phrase_hits *hits, size_t words, struct voc_scores *scores);

#endif
