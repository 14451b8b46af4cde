#include "core/score.h"

#define SCALE_SHIFT 24 /* 8 bits of the scale, 16 of the inverse square root */

/* Sums of so many weights fit 16 bits, in which a vector unit adds twice as many at a time. */
#define CHUNK 256
#define AHEAD 12 /* rows to fetch early: they lie all over the table */

static void sum_rows(const struct voc_model *model, const struct voc_feature *at, size_t count,
                     int32_t ret_sum[VOC_COLUMNS])
{
	memset(ret_sum, 0, VOC_COLUMNS * sizeof ret_sum[0]);
	for (size_t done = 0; done < count; done += CHUNK) {
		size_t end = count - done < CHUNK ? count : done + CHUNK;
		int16_t sum[VOC_COLUMNS] = { 0 };
		for (size_t i = done; i < end; i++) {
			const int8_t *row = voc_model_row(model, at[i].bucket);
			if (i + AHEAD < count)
				__builtin_prefetch(voc_model_row(model, at[i + AHEAD].bucket));
			for (int c = 0; c < VOC_COLUMNS; c++)
				sum[c] = (int16_t)(sum[c] + row[c]);
		}
		for (int c = 0; c < VOC_COLUMNS; c++)
			ret_sum[c] += sum[c];
	}
}

static void score_ngrams(const struct voc_model *model, enum voc_lang lang, const struct voc_features *features,
                         struct voc_scores *scores)
{
	int32_t sum[VOC_BLOCK_COUNT][VOC_COLUMNS];
	for (int b = 0; b < VOC_BLOCK_COUNT; b++) {
		sum_rows(model, features->at[b], features->count[b], sum[b]);
		scores->inverse_sqrt_q16[b] = voc_inverse_sqrt_q16(features->count[b]);
	}
	for (int c = 0; c < VOC_COLUMNS; c++) {
		int64_t scaled = 0;
		for (int b = 0; b < VOC_BLOCK_COUNT; b++)
			scaled += (int64_t)sum[b][c] * scores->inverse_sqrt_q16[b];
		scaled = scaled * model->scale[c] / (INT64_C(1) << SCALE_SHIFT);
		scores->column[c] = model->bias[(int)lang * VOC_COLUMNS + c] + (int32_t)scaled;
	}
}

static void signals_to_dense(enum voc_lang lang, const struct voc_scores *scores, int16_t *dense)
{
	for (int s = 0; s < VOC_SIGNALS; s++) {
		int32_t value = scores->column[VOC_HEAD_COLUMNS + s];
		if (value > VOC_SIGNAL_LIMIT)
			value = VOC_SIGNAL_LIMIT;
		if (value < -VOC_SIGNAL_LIMIT)
			value = -VOC_SIGNAL_LIMIT;
		dense[VOC_DENSE_SIGNAL + (int)lang * VOC_SIGNALS + s] = (int16_t)value;
	}
}

void voc_score(const struct voc_model *model, enum voc_lang lang, struct voc_features *features,
               struct voc_scores *ret_scores)
{
	score_ngrams(model, lang, features, ret_scores);
	signals_to_dense(lang, ret_scores, features->dense);
	int64_t sum[VOC_HEAD_COLUMNS] = { 0 };
	for (int d = 0; d < VOC_DENSE_COUNT; d++) {
		int64_t value = features->dense[d];
		if (value == 0)
			continue;
		const int32_t *weights = model->dense + (size_t)d * VOC_HEAD_COLUMNS;
		for (int c = 0; c < VOC_HEAD_COLUMNS; c++)
			sum[c] += value * weights[c];
	}
	for (int c = 0; c < VOC_HEAD_COLUMNS; c++)
		ret_scores->column[c] += (int32_t)(sum[c] / 1000);
}
