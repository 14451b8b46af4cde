/*
 * voc-features: what the classifier sees of texts, for training.
 *
 *   voc-features PHRASES          reads one text a line, writes one row a line for liblinear, without its label:
 *                                 buckets count from 1, the dense values follow them
 *   voc-features PHRASES MODEL    the same, with the dense values of the model's signals
 *   voc-features PHRASES MODEL s  writes the scores of all columns (thousandths) instead
 *
 * Built with the tests, never installed. Python only labels, calls the trainer and packs: features exist once, in C.
 */
#include "core/score.h"

#include <stdio.h>
#include <stdlib.h>

#define ROW_MAX_BYTES ((size_t)64 * 1024 * 1024)

struct extractor {
	struct voc_normal normal;
	struct voc_tokens tokens;
	struct voc_phrase_hits hits;
	struct voc_features features;
	struct voc_scores scores;
	struct voc_phrases *phrases;
	struct voc_phrase_matcher *matcher;
	struct voc_model model;
	bool has_model;
};

struct cell {
	uint32_t bucket;
	double value;
};

static int compare_cells(const void *a, const void *b)
{
	uint32_t left = ((const struct cell *)a)->bucket, right = ((const struct cell *)b)->bucket;
	return (left > right) - (left < right);
}

static void extract(struct extractor *x, struct voc_str text)
{
	const struct voc_utterance utterance = { .text = text, .channel = VOC_CHANNEL_COUNT };
	voc_normalize(text, &x->normal);
	voc_tokenize(&x->normal, voc_str_of(NULL, 0), &x->tokens);
	voc_phrases_find(x->phrases, x->matcher, &x->normal, &x->tokens, &x->hits);
	voc_features_extract(&x->normal, &x->tokens, &x->features);
	voc_features_dense(&x->normal, &x->tokens, &x->hits, &utterance, &x->features);
	if (x->has_model)
		voc_score(&x->model, x->tokens.lang, &x->features, &x->scores);
}

static void add_ngrams(struct voc_buf *out, const struct voc_features *features)
{
	static struct cell cells[VOC_BLOCK_COUNT * VOC_FEATURES_MAX];
	size_t count = 0;
	for (int b = 0; b < VOC_BLOCK_COUNT; b++) {
		double scale = voc_inverse_sqrt_q16(features->count[b]) / 65536.0;
		for (size_t i = 0; i < features->count[b]; i++)
			cells[count++] = (struct cell){ features->at[b][i].bucket, scale };
	}
	qsort(cells, count, sizeof cells[0], compare_cells);
	for (size_t i = 0; i < count;) {
		double value = 0;
		uint32_t bucket = cells[i].bucket;
		for (; i < count && cells[i].bucket == bucket; i++)
			value += cells[i].value;
		voc_buf_addf(out, " %u:%.5g", bucket + 1, value);
	}
}

static void add_row(struct voc_buf *out, const struct voc_features *features)
{
	add_ngrams(out, features);
	for (unsigned d = 0; d < VOC_DENSE_COUNT; d++) {
		if (features->dense[d] != 0)
			voc_buf_addf(out, " %u:%.4g", VOC_BUCKETS + 1 + d, features->dense[d] / 1000.0);
	}
}

static void add_scores(struct voc_buf *out, const struct extractor *x)
{
	voc_buf_addf(out, "%s", voc_lang_name(x->tokens.lang));
	for (int c = 0; c < VOC_COLUMNS; c++)
		voc_buf_addf(out, " %d", x->scores.column[c]);
}

static int run(struct extractor *x, bool scores)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	struct voc_buf out;
	voc_buf_init(&out, ROW_MAX_BYTES);
	while ((len = getline(&line, &size, stdin)) > 0) {
		if (line[len - 1] == '\n')
			len--;
		extract(x, voc_str_of(line, (size_t)len));
		voc_buf_clear(&out);
		if (scores)
			add_scores(&out, x);
		else
			add_row(&out, &x->features);
		voc_buf_add_char(&out, '\n');
		if (out.failed || fwrite(out.ptr, 1, out.len, stdout) != out.len)
			return 1;
	}
	free(line);
	voc_buf_free(&out);
	return fflush(stdout) == 0 ? 0 : 1;
}

static enum voc_status open_all(struct extractor *x, int argc, char **argv, struct voc_error *error)
{
	struct voc_file_map map = { 0 };
	enum voc_status status = voc_file_map_open(argv[1], VOC_PHRASES_MAX_BYTES, &map, error);
	if (status == VOC_OK)
		status = voc_phrases_parse(map.bytes, argv[1], &x->phrases, error);
	voc_file_map_close(&map);
	if (status == VOC_OK && argc > 2) {
		status = voc_model_open(argv[2], &x->model, error);
		x->has_model = true;
	}
	x->matcher = voc_phrase_matcher_new();
	return x->matcher ? status : VOC_FATAL;
}

int main(int argc, char **argv)
{
	static struct extractor extractor;
	struct voc_error error = { 0 };
	if (argc < 2) {
		fprintf(stderr, "usage: voc-features PHRASES [MODEL [s]]\n");
		return 2;
	}
	if (open_all(&extractor, argc, argv, &error) != VOC_OK) {
		fprintf(stderr, "voc-features: %s\n", error.text);
		return 1;
	}
	return run(&extractor, argc > 3);
}
