/*
 * Labelled texts as training sees them: sparse rows of features, and what each column should say of them.
 *
 * Features come from the classifier's own code; they exist once. A voc_train_rows owns its arrays; one thread.
 */
#ifndef VOC_TRAIN_ROWS_H
#define VOC_TRAIN_ROWS_H

#include "core/classify/score.h"

#include <stdio.h>

/* Buckets, dense values, the sum of the words' embeddings, then a constant one for the bias. */
#define VOC_TRAIN_DIMS     128
#define VOC_TRAIN_FEATURES (VOC_BUCKETS + VOC_DENSE_COUNT + VOC_TRAIN_DIMS + 1)
#define VOC_TRAIN_OWNERS   (VOC_BUCKETS + VOC_DENSE_COUNT)

struct voc_train_cell {
	uint32_t feature;
	float value;
};

struct voc_train_row {
	size_t begin, end;          /* cells */
	float cost;                 /* how much a mistake in this row weighs */
	float square;               /* the sum of its squared values */
	int8_t target[VOC_COLUMNS]; /* 1, -1, or 0: says nothing of this column */
};

struct voc_train_rows {
	struct voc_train_row *at;
	size_t count, cap;
	struct voc_train_cell *cells;
	size_t cell_count, cell_cap;
};

/*
 * The n-gram that a bucket is for, and what its value is multiplied with: 0 if it is for none. After the buckets' come
 * those of the dense values. The larger a factor, the sooner is a feature believed.
 */
struct voc_train_owner {
	uint32_t hash;
	float factor;
};

/* What reads a text: the rules, the buckets' owners, and the model of the signals if there is one. */
struct voc_train_reader {
	struct voc_normal normal;
	struct voc_tokens tokens;
	struct voc_phrase_hits hits;
	struct voc_features features;
	struct voc_scores scores;
	struct voc_phrases *phrases;
	struct voc_phrase_matcher *matcher;
	const struct voc_train_owner *owners; /* VOC_TRAIN_OWNERS of them */
	/* The embedding of each bucket's owner: which one of them, plus 1; 0: none. They count only with a model. */
	const uint32_t *embedded; /* [VOC_BUCKETS] */
	const float *embeddings;  /* VOC_TRAIN_DIMS of each */
	struct voc_model model;
	bool has_model;
};

/* Fills features, and scores if there is a model. */
void voc_train_read_text(struct voc_train_reader *reader, struct voc_str text);

/*
 * Reads lines "COST<tab>TARGETS<tab>TEXT" to the end; TARGETS has a '+', '-' or '.' for each column. Without a model,
 * rows have n-grams only. False, and the number of the wrong line (0: no memory), if that fails.
 */
bool voc_train_rows_read(struct voc_train_rows *rows, struct voc_train_reader *reader, FILE *from, size_t *ret_line);
void voc_train_rows_free(struct voc_train_rows *rows);

#endif
