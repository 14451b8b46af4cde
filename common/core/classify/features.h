/*
 * What the linear model sees of a text: hashed n-grams, and a few dense values.
 *
 * N-grams of characters (robust to Korean spacing and spelling) and of words, hashed to 32 bits; each remembers its
 * characters, for evidence. Marked kinds carry over between domains: how a sentence begins and ends, words of the last
 * sentence, and words that stand under a negation. An n-gram counts once, however often a text repeats it: a few words
 * said a hundred times are no stronger than said twice. Training calls exactly this code
 * (services/classifier/train/rows.c). Pure; a voc_features belongs to one thread.
 */
#ifndef VOC_CORE_FEATURES_H
#define VOC_CORE_FEATURES_H

#include "core/classify/model.h"
#include "core/classify/phrases.h"

#define VOC_FEATURES_MAX  24576 /* of one block; what comes later in a text is not seen */
#define VOC_FEATURES_SEEN 32768 /* slots of the table that finds repetitions: a power of 2, more than a block has */

/* Each block is scaled by one over the square root of its size. */
enum voc_block { VOC_BLOCK_CHARS, VOC_BLOCK_WORDS, VOC_BLOCK_COUNT };

struct voc_feature {
	uint32_t hash;       /* for voc_model_row */
	uint16_t start, end; /* characters */
};

/* One that the model has learnt. */
struct voc_learnt {
	uint32_t bucket;
	uint16_t start, end;
};

struct voc_features {
	struct voc_feature at[VOC_BLOCK_COUNT][VOC_FEATURES_MAX];
	size_t count[VOC_BLOCK_COUNT];
	size_t distinct_words;
	int16_t dense[VOC_DENSE_COUNT]; /* thousandths */
	/* The others' weights are all zero. */
	struct voc_learnt learnt[VOC_BLOCK_COUNT][VOC_FEATURES_MAX];
	size_t learnt_count[VOC_BLOCK_COUNT];
	uint32_t plain[VOC_NORMAL_MAX_CHARS]; /* the text's characters as n-grams see them */
	uint32_t seen[VOC_FEATURES_SEEN];     /* hashes of the block that is being made; 0: a free slot */
};

/* A word's stems: what it begins with and ends with in Hangul, where particles and endings vary; else the word itself.
 */
#define VOC_STEMS_MAX 3
size_t voc_features_stems(const struct voc_normal *normal, const struct voc_word *word,
                          struct voc_feature ret_stems[VOC_STEMS_MAX]);

/* All n-grams: what training sees. */
void voc_features_extract(const struct voc_normal *normal, const struct voc_tokens *tokens,
                          struct voc_features *features);
/* Which of them the model has learnt. */
void voc_features_look_up(const struct voc_model *model, struct voc_features *features);
/* Both in one pass: the counts are of all n-grams, but only those that are learnt are kept. */
void voc_features_extract_learnt(const struct voc_model *model, const struct voc_normal *normal,
                                 const struct voc_tokens *tokens, struct voc_features *features);
/* None: for a model that knows no n-grams. */
void voc_features_extract_none(const struct voc_tokens *tokens, struct voc_features *features);
/* The dense values that need no model; the caller adds those of the first stage. */
void voc_features_dense(const struct voc_normal *normal, const struct voc_tokens *tokens,
                        const struct voc_phrase_hits *hits, const struct voc_utterance *utterance,
                        struct voc_features *features);
/* The dense value where this hit is counted. */
int voc_features_hit_dense(const struct voc_phrase_hit *hit, enum voc_lang lang);

/* 65536 / sqrt(count), rounded down; 0 of 0. */
uint32_t voc_inverse_sqrt_q16(size_t count);

#endif
