#include "rows.h"

#include <stdlib.h>

void voc_train_read_text(struct voc_train_reader *reader, struct voc_str text)
{
	const struct voc_utterance utterance = { .text = text, .channel = VOC_CHANNEL_COUNT };
	voc_normalize(text, &reader->normal);
	voc_tokenize(&reader->normal, voc_str_of(NULL, 0), &reader->tokens);
	voc_phrases_find(reader->phrases, reader->matcher, &reader->normal, &reader->tokens, &reader->hits);
	voc_features_extract(&reader->normal, &reader->tokens, &reader->features);
	voc_features_dense(&reader->normal, &reader->tokens, &reader->hits, &utterance, &reader->features);
	if (!reader->has_model)
		return;
	voc_features_look_up(&reader->model, &reader->features);
	voc_score(&reader->model, reader->tokens.lang, &reader->features, &reader->scores);
}

static int compare_cells(const void *a, const void *b)
{
	uint32_t left = ((const struct voc_train_cell *)a)->feature,
	         right = ((const struct voc_train_cell *)b)->feature;
	return (left > right) - (left < right);
}

static bool grow(void **ptr, size_t *cap, size_t needed, size_t size)
{
	if (needed <= *cap)
		return true;
	size_t more = needed * 2;
	void *grown = realloc(*ptr, more * size);
	if (!grown)
		return false;
	*ptr = grown;
	*cap = more;
	return true;
}

/* The value of one n-gram in this row; 0 if its bucket belongs to another one or to none. */
static float ngram_value(const struct voc_train_reader *reader, uint32_t hash, float scale)
{
	const struct voc_train_owner *owner = &reader->owners[voc_model_bucket(hash)];
	/* Compared as voc_model_row does it. */
	if (owner->factor <= 0 || (uint8_t)owner->hash != (uint8_t)hash)
		return 0;
	return scale * owner->factor;
}

/* N-grams that occur again are one cell. */
static size_t add_ngrams(struct voc_train_cell *cells, const struct voc_train_reader *reader)
{
	const struct voc_features *features = &reader->features;
	size_t count = 0, kept = 0;
	for (int b = 0; b < VOC_BLOCK_COUNT; b++) {
		float scale = (float)voc_inverse_sqrt_q16(features->count[b]) / 65536.0F;
		for (size_t i = 0; i < features->count[b]; i++) {
			uint32_t hash = features->at[b][i].hash;
			float value = ngram_value(reader, hash, scale);
			if (value > 0)
				cells[count++] = (struct voc_train_cell){ voc_model_bucket(hash), value };
		}
	}
	qsort(cells, count, sizeof cells[0], compare_cells);
	for (size_t i = 0; i < count; i++) {
		if (kept > 0 && cells[kept - 1].feature == cells[i].feature)
			cells[kept - 1].value += cells[i].value;
		else
			cells[kept++] = cells[i];
	}
	return kept;
}

static size_t add_dense(struct voc_train_cell *cells, const struct voc_train_reader *reader)
{
	size_t count = 0;
	for (unsigned d = 0; d < VOC_DENSE_COUNT; d++) {
		float value = (float)reader->features.dense[d] / 1000.0F * reader->owners[VOC_BUCKETS + d].factor;
		if (value < 0 || value > 0)
			cells[count++] = (struct voc_train_cell){ VOC_BUCKETS + d, value };
	}
	return count;
}

/* Words that stand for what they mean: the sum of their embeddings, at the scale of the words. */
static size_t add_embeddings(struct voc_train_cell *cells, const struct voc_train_reader *reader)
{
	const struct voc_features *features = &reader->features;
	float sum[VOC_TRAIN_DIMS] = { 0 };
	float scale = (float)voc_inverse_sqrt_q16(features->count[VOC_BLOCK_WORDS]) / 65536.0F;
	size_t count = 0;
	for (size_t i = 0; i < features->count[VOC_BLOCK_WORDS]; i++) {
		uint32_t hash = features->at[VOC_BLOCK_WORDS][i].hash, bucket = voc_model_bucket(hash);
		if (reader->embedded[bucket] == 0 || (uint8_t)reader->owners[bucket].hash != (uint8_t)hash)
			continue;
		const float *one = reader->embeddings + (size_t)(reader->embedded[bucket] - 1) * VOC_TRAIN_DIMS;
		for (int d = 0; d < VOC_TRAIN_DIMS; d++)
			sum[d] += one[d] * scale;
	}
	for (unsigned d = 0; d < VOC_TRAIN_DIMS; d++) {
		if (sum[d] < 0 || sum[d] > 0)
			cells[count++] = (struct voc_train_cell){ VOC_BUCKETS + VOC_DENSE_COUNT + d, sum[d] };
	}
	return count;
}

static bool add_cells(struct voc_train_rows *rows, struct voc_train_row *row, const struct voc_train_reader *reader)
{
	size_t most = VOC_DENSE_COUNT + VOC_TRAIN_DIMS + 1;
	for (int b = 0; b < VOC_BLOCK_COUNT; b++)
		most += reader->features.count[b];
	if (!grow((void **)&rows->cells, &rows->cell_cap, rows->cell_count + most, sizeof *rows->cells))
		return false;
	struct voc_train_cell *cells = rows->cells + rows->cell_count;
	size_t count = add_ngrams(cells, reader);
	if (reader->has_model)
		count += add_dense(cells + count, reader);
	if (reader->has_model)
		count += add_embeddings(cells + count, reader);
	cells[count++] = (struct voc_train_cell){ VOC_TRAIN_FEATURES - 1, 1.0F };
	row->begin = rows->cell_count;
	row->end = rows->cell_count += count;
	for (size_t i = 0; i < count; i++)
		row->square += cells[i].value * cells[i].value;
	return true;
}

/* Leaves the text in `line`; false if the line has another form. */
static bool read_targets(struct voc_str *line, struct voc_train_row *row)
{
	char *after;
	row->cost = strtof(line->ptr, &after);
	size_t used = (size_t)(after - line->ptr) + 1 + VOC_COLUMNS + 1;
	if (!(row->cost > 0) || used > line->len || *after != '\t' || line->ptr[used - 1] != '\t')
		return false;
	for (int c = 0; c < VOC_COLUMNS; c++)
		row->target[c] = (int8_t)((after[1 + c] == '+') - (after[1 + c] == '-'));
	*line = voc_str_of(line->ptr + used, line->len - used);
	return true;
}

bool voc_train_rows_read(struct voc_train_rows *rows, struct voc_train_reader *reader, FILE *from, size_t *ret_line)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	bool good = true;
	*ret_line = 0;
	while (good && (len = getline(&line, &size, from)) > 0) {
		struct voc_str rest = voc_str_of(line, (size_t)(line[len - 1] == '\n' ? len - 1 : len));
		struct voc_train_row row = { 0 };
		if (!read_targets(&rest, &row)) {
			*ret_line = rows->count + 1;
			good = false;
			break;
		}
		voc_train_read_text(reader, rest);
		good = grow((void **)&rows->at, &rows->cap, rows->count + 1, sizeof *rows->at) &&
		       add_cells(rows, &row, reader);
		if (good)
			rows->at[rows->count++] = row;
	}
	free(line);
	return good;
}

void voc_train_rows_free(struct voc_train_rows *rows)
{
	free(rows->at);
	free(rows->cells);
	memset(rows, 0, sizeof *rows);
}
