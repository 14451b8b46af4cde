/*
 * Embeddings of words, learnt from texts without labels: words that stand among the same others lie close together.
 *
 * Positive pointwise mutual information over a window of stems (Levy and Goldberg 2014), and the subspace of its
 * largest left singular vectors by orthogonal iteration. Sums are made in a fixed order in one thread: the same texts
 * give the same bytes. What is learnt goes into the n-grams' own weights (train.py); inference knows nothing of it.
 */
#ifndef VOC_TRAIN_EMBED_H
#define VOC_TRAIN_EMBED_H

#include "rows.h"

#define VOC_TRAIN_EMBED_DIMS 64 /* of one language */

/* One word's: unit length, times how much it says (rare words more). */
struct voc_train_embedding {
	uint32_t hash; /* of a stem (voc_features_stems) */
	float at[VOC_TRAIN_EMBED_DIMS];
};

/* Reads one text a line to the end, writes a struct voc_train_embedding for each frequent stem. False if it fails. */
bool voc_train_embed(struct voc_train_reader *reader, FILE *from, FILE *to);

#endif
