/*
 * In how many texts each n-gram occurs: what decides which n-grams the model knows, and how much a rare one weighs.
 */
#ifndef VOC_TRAIN_COUNT_H
#define VOC_TRAIN_COUNT_H

#include "rows.h"

struct voc_train_counted {
	uint32_t hash, block, texts;
};

/* Reads one text a line to the end, writes struct voc_train_counted in the order of block and hash. False if it fails.
 */
bool voc_train_count(struct voc_train_reader *reader, FILE *from, FILE *to);

#endif
