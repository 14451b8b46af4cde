/*
 * voc-train: what training needs of the classifier's own code.
 *
 *   voc-train count PHRASES              reads one text a line, writes in how many each n-gram occurs (count.h)
 *   voc-train embed PHRASES              reads one text a line, writes embeddings of its words (embed.h)
 *   voc-train fit PHRASES OWNERS [MODEL EMBEDDINGS]
 *                                        reads labelled texts (rows.h), writes the weights that fit them best: for each
 *                                        feature 32-bit floats of all columns. OWNERS has a struct voc_train_owner for
 *                                        each bucket; with the model of the signals and what embeds the buckets'
 *                                        owners, dense values and embeddings count too
 *   voc-train score PHRASES MODEL        reads one text a line, writes its language and the scores of all columns
 *                                        (thousandths), with what deciding rules add
 *
 * Built with the tests, never installed. Python only labels, calls this, sets thresholds and packs.
 */
#include "count.h"
#include "embed.h"
#include "fit.h"

#include <stdlib.h>

static int fail(const char *text)
{
	fprintf(stderr, "voc-train: %s\n", text);
	return 1;
}

static int fit(struct voc_train_reader *reader)
{
	struct voc_train_rows rows = { 0 };
	size_t count = (size_t)VOC_TRAIN_FEATURES * VOC_COLUMNS, line;
	float *weights = calloc(count, sizeof *weights);
	int status = 1;
	if (!weights)
		return fail("no memory");
	if (!voc_train_rows_read(&rows, reader, stdin, &line))
		fprintf(stderr, "voc-train: line %zu is no labelled text, or there is no memory (line 0)\n", line);
	else if (!voc_train_fit(&rows, weights))
		fail("no memory");
	else
		status = fwrite(weights, sizeof *weights, count, stdout) == count && fflush(stdout) == 0 ? 0 : 1;
	voc_train_rows_free(&rows);
	free(weights);
	return status;
}

static int score(struct voc_train_reader *reader)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	while ((len = getline(&line, &size, stdin)) > 0) {
		voc_train_read_text(reader, voc_str_of(line, (size_t)(line[len - 1] == '\n' ? len - 1 : len)));
		voc_score_decide(&reader->hits, reader->features.distinct_words, &reader->scores);
		printf("%s", voc_lang_name(reader->tokens.lang));
		for (int c = 0; c < VOC_COLUMNS; c++)
			printf(" %d", reader->scores.column[c]);
		putchar('\n');
	}
	free(line);
	return ferror(stdout) || fflush(stdout) != 0;
}

static enum voc_status open_phrases(struct voc_train_reader *reader, const char *path, struct voc_error *error)
{
	struct voc_file_map map = { 0 };
	enum voc_status status = voc_file_map_open(path, VOC_PHRASES_MAX_BYTES, &map, error);
	if (status == VOC_OK)
		status = voc_phrases_parse(map.bytes, path, &reader->phrases, error);
	voc_file_map_close(&map);
	reader->matcher = voc_phrase_matcher_new();
	return reader->matcher ? status : VOC_FATAL;
}

/* The map stays for the process's life: for each bucket the number of its embedding, then the embeddings. */
static enum voc_status open_embeddings(struct voc_train_reader *reader, const char *path, struct voc_error *error)
{
	struct voc_file_map map = { 0 };
	size_t numbers = VOC_BUCKETS * sizeof reader->embedded[0], each = VOC_TRAIN_DIMS * sizeof reader->embeddings[0];
	enum voc_status status = voc_file_map_open(path, numbers + VOC_BUCKETS * each, &map, error);
	if (status != VOC_OK)
		return status;
	if (map.bytes.len < numbers || (map.bytes.len - numbers) % each != 0)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%.120s: no embeddings", path);
	reader->embedded = (const uint32_t *)(const void *)map.bytes.ptr;
	reader->embeddings = (const float *)(const void *)(map.bytes.ptr + numbers);
	for (size_t b = 0; b < VOC_BUCKETS; b++) {
		if (reader->embedded[b] > (map.bytes.len - numbers) / each)
			return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%.120s: no such embedding",
			                     path);
	}
	return VOC_OK;
}

/* The map stays for the process's life. */
static enum voc_status open_owners(struct voc_train_reader *reader, const char *path, struct voc_error *error)
{
	struct voc_file_map map = { 0 };
	size_t size = VOC_TRAIN_OWNERS * sizeof(struct voc_train_owner);
	enum voc_status status = voc_file_map_open(path, size, &map, error);
	if (status == VOC_OK && map.bytes.len != size)
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%.120s: not all owners", path);
	if (status == VOC_OK)
		reader->owners = (const struct voc_train_owner *)(const void *)map.bytes.ptr;
	return status;
}

static enum voc_status open_model(struct voc_train_reader *reader, const char *path, struct voc_error *error)
{
	reader->has_model = true;
	return voc_model_open(path, &reader->model, error);
}

static int run(struct voc_train_reader *reader, int argc, char **argv, struct voc_error *error)
{
	enum voc_status status = open_phrases(reader, argv[2], error);
	char verb = argv[1][0];
	if (status == VOC_OK && verb == 'f')
		status = open_owners(reader, argv[3], error);
	if (status == VOC_OK && verb == 'f' && argc > 4)
		status = open_embeddings(reader, argv[5], error);
	if (status == VOC_OK && (verb == 's' || argc > 4))
		status = open_model(reader, argv[verb == 's' ? 3 : 4], error);
	if (status != VOC_OK)
		return fail(error->text);
	if (verb == 'c')
		return voc_train_count(reader, stdin, stdout) ? 0 : fail("no memory, or nowhere to write");
	if (verb == 'e')
		return voc_train_embed(reader, stdin, stdout) ? 0
		                                              : fail("no memory, too few texts, or nowhere to write");
	return verb == 's' ? score(reader) : fit(reader);
}

int main(int argc, char **argv)
{
	static struct voc_train_reader reader;
	struct voc_error error = { 0 };
	static const struct {
		const char *verb;
		int least, most;
	} uses[] = { { "count", 3, 3 }, { "embed", 3, 3 }, { "fit", 4, 4 }, { "fit", 6, 6 }, { "score", 4, 4 } };
	for (size_t i = 0; argc > 1 && i < sizeof uses / sizeof uses[0]; i++) {
		if (strcmp(argv[1], uses[i].verb) == 0 && argc >= uses[i].least && argc <= uses[i].most)
			return run(&reader, argc, argv, &error);
	}
	fprintf(stderr, "usage: voc-train count PHRASES | embed PHRASES | fit PHRASES OWNERS [MODEL EMBEDDINGS] | "
	                "score PHRASES MODEL\n");
	return 2;
}
