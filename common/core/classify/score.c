#include "core/classify/score.h"

#include "base/vector.h"

#define SCALE_SHIFT 24 /* 8 bits of the scale, 16 of the inverse square root */

/* Sums of so many weights fit 16 bits, in which a vector unit adds twice as many at a time. */
#define CHUNK 256
#define AHEAD 32 /* rows to fetch early: they lie all over the table */

VOC_VECTORISED static void sum_rows(const struct voc_model *model, const struct voc_learnt *at, size_t count,
                                    int32_t ret_sum[VOC_COLUMNS])
{
	memset(ret_sum, 0, VOC_COLUMNS * sizeof ret_sum[0]);
	for (size_t done = 0; done < count; done += CHUNK) {
		size_t end = count - done < CHUNK ? count : done + CHUNK;
		int16_t sum[VOC_COLUMNS] = { 0 };
		for (size_t i = done; i < end; i++) {
			const int8_t *row = voc_model_bucket_row(model, at[i].bucket);
			if (i + AHEAD < count)
				__builtin_prefetch(voc_model_bucket_row(model, at[i + AHEAD].bucket));
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
	const int32_t *bias = &model->bias[(int)lang * VOC_COLUMNS];
	if (!voc_model_has_rows(model)) {
		memset(scores->inverse_sqrt_q16, 0, sizeof scores->inverse_sqrt_q16);
		memcpy(scores->column, bias, sizeof scores->column);
		return;
	}
	for (int b = 0; b < VOC_BLOCK_COUNT; b++) {
		sum_rows(model, features->learnt[b], features->learnt_count[b], sum[b]);
		scores->inverse_sqrt_q16[b] = voc_inverse_sqrt_q16(features->count[b]);
	}
	for (int c = 0; c < VOC_COLUMNS; c++) {
		int64_t scaled = 0;
		for (int b = 0; b < VOC_BLOCK_COUNT; b++)
			scaled += (int64_t)sum[b][c] * scores->inverse_sqrt_q16[b];
		scaled = scaled * model->scale[c] / (INT64_C(1) << SCALE_SHIFT);
		scores->column[c] = bias[c] + (int32_t)scaled;
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

VOC_VECTORISED void voc_score(const struct voc_model *model, enum voc_lang lang, struct voc_features *features,
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

int32_t voc_score_decided(size_t words)
{
	return words <= VOC_DECIDED_WORDS ? VOC_DECIDED : VOC_DECIDED * VOC_DECIDED_WORDS / (int32_t)words;
}

int voc_score_hit_column(const struct voc_phrase_hit *hit)
{
	/* SERVQUAL's "none" has a column, the other heads' labels begin at 1. */
	static const int label_zero[VOC_HEAD_COUNT] = {
		[VOC_HEAD_FEEDBACK] = VOC_COLUMN_FEEDBACK - 1, [VOC_HEAD_SATISFACTION] = VOC_COLUMN_SATISFACTION - 1,
		[VOC_HEAD_FACTOR] = VOC_COLUMN_FACTOR - 1,     [VOC_HEAD_SERVQUAL] = VOC_COLUMN_SERVQUAL,
		[VOC_HEAD_CHURN] = VOC_COLUMN_CHURN - 1,
	};
	return label_zero[hit->head] + hit->label;
}

/* One label for and against, or two labels of a head that has only one at a time. */
static bool contradict(const struct voc_phrase_hit *a, const struct voc_phrase_hit *b)
{
	if (!b->decides || a->head != b->head)
		return false;
	if (a->label == b->label)
		return a->against != b->against;
	return a->head != VOC_HEAD_FACTOR && !a->against && !b->against;
}

/* A label that another hit said already counts once. */
static bool stands(const struct voc_phrase_hits *hits, size_t index)
{
	const struct voc_phrase_hit *hit = &hits->at[index];
	for (size_t i = 0; i < hits->count; i++) {
		const struct voc_phrase_hit *other = &hits->at[i];
		bool again = i < index && other->decides && other->head == hit->head && other->label == hit->label;
		if (again || contradict(hit, other))
			return false;
	}
	return true;
}

void voc_score_decide(const struct voc_phrase_hits *hits, size_t words, struct voc_scores *scores)
{
	int32_t decided = voc_score_decided(words);
	for (size_t i = 0; i < hits->count; i++) {
		const struct voc_phrase_hit *hit = &hits->at[i];
		if (!hit->decides || !stands(hits, i))
			continue;
		scores->column[voc_score_hit_column(hit)] += hit->against ? -decided : decided;
		/* A text that has a factor or a dimension is not about nothing. */
		if (!hit->against && (hit->head == VOC_HEAD_FACTOR || hit->head == VOC_HEAD_SERVQUAL))
			scores->column[VOC_COLUMN_PRIMARY] -= decided;
		if (hit->against && hit->head == VOC_HEAD_FACTOR)
			scores->column[VOC_COLUMN_PRIMARY + hit->label] -= decided;
	}
}
