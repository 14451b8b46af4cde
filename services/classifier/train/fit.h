/*
 * Logistic regression with an L2 penalty, for all columns at once: the labels of feedback type and of satisfaction as
 * one choice each (softmax), every other column by itself.
 *
 * Dual coordinate descent (Yu, Huang and Lin 2011, algorithm 5, as liblinear's solver 7 does it), with the weights of
 * all columns of a feature side by side: one pass over a row serves every column. The order of the rows comes from a
 * fixed seed and arithmetic is in one thread: the same rows give the same weights.
 */
#ifndef VOC_TRAIN_FIT_H
#define VOC_TRAIN_FIT_H

#include "rows.h"

/* Passes over the rows, of which many need fewer. */
#define VOC_TRAIN_PASSES      20
#define VOC_TRAIN_MANY        100000
#define VOC_TRAIN_PASSES_MANY 8

/* `weights`: VOC_TRAIN_FEATURES rows of VOC_COLUMNS, all zero before. False if memory runs out. */
bool voc_train_fit(const struct voc_train_rows *rows, float *weights);

#endif
