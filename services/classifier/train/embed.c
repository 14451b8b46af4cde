#include "embed.h"

#include <math.h>
#include <stdlib.h>

#define LEAST_COUNT 8     /* a rarer stem has no embedding */
#define STEMS_MOST  20000 /* the most frequent ones */
#define CONTEXTS    4000  /* as neighbours, only the most frequent of these count */
#define WINDOW      4     /* stems to either side; the k-th counts 1 / k */
#define PAIR_SLOTS  (1u << 24)
#define SHIFT       0.7                        /* of the mutual information */
#define SMOOTHING   0.75                       /* power of the neighbours' frequency */
#define WIDTH       (VOC_TRAIN_EMBED_DIMS + 8) /* a few more than are kept converge better */
#define ROUNDS      6
#define RARE_SHARE  1e-4 /* of all stems: rarer ones say no more than those */
#define TEXT_END    0    /* between two texts */

struct stem {
	uint32_t hash, count;
};

struct pair {
	uint64_t key; /* stem * CONTEXTS + neighbour + 1; 0: free */
	double value;
};

struct cell {
	uint32_t neighbour;
	float value;
};

struct embedder {
	uint32_t *stream; /* stems' hashes, later their indices plus 1 */
	size_t stream_count, stream_cap;
	struct stem *stems;
	size_t stem_count;
	struct pair *pairs;
	size_t pair_count;
	struct cell *cells; /* of stem s: from first[s] to first[s + 1] */
	size_t *first;
	float (*vectors)[WIDTH], (*neighbours)[WIDTH];
};

static bool push(struct embedder *embedder, uint32_t hash)
{
	if (embedder->stream_count == embedder->stream_cap) {
		size_t cap = embedder->stream_cap * 2 + 4096;
		uint32_t *grown = realloc(embedder->stream, cap * sizeof *grown);
		if (!grown)
			return false;
		embedder->stream = grown;
		embedder->stream_cap = cap;
	}
	embedder->stream[embedder->stream_count++] = hash;
	return true;
}

static bool read_text(struct embedder *embedder, struct voc_train_reader *reader, struct voc_str text)
{
	struct voc_feature stems[VOC_STEMS_MAX];
	voc_normalize(text, &reader->normal);
	voc_tokenize(&reader->normal, voc_str_of(NULL, 0), &reader->tokens);
	for (size_t w = 0; w < reader->tokens.word_count; w++) {
		size_t count = voc_features_stems(&reader->normal, &reader->tokens.words[w], stems);
		for (size_t i = 0; i < count; i++) {
			if (stems[i].hash != TEXT_END && !push(embedder, stems[i].hash))
				return false;
		}
	}
	return push(embedder, TEXT_END);
}

static bool read_all(struct embedder *embedder, struct voc_train_reader *reader, FILE *from)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	bool good = true;
	while (good && (len = getline(&line, &size, from)) > 0)
		good = read_text(embedder, reader, voc_str_of(line, (size_t)(line[len - 1] == '\n' ? len - 1 : len)));
	free(line);
	return good && embedder->stream_count > 0;
}

static int compare_hashes(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	return (left > right) - (left < right);
}

static int compare_counts(const void *a, const void *b)
{
	const struct stem *left = a, *right = b;
	if (left->count != right->count)
		return left->count < right->count ? 1 : -1;
	return compare_hashes(&left->hash, &right->hash);
}

static int compare_stems(const void *a, const void *b)
{
	return compare_hashes(&((const struct stem *)a)->hash, &((const struct stem *)b)->hash);
}

/* The frequent stems, the most frequent first. */
static bool find_stems(struct embedder *embedder)
{
	size_t count = embedder->stream_count;
	uint32_t *sorted = malloc(count * sizeof *sorted);
	embedder->stems = malloc(count * sizeof *embedder->stems);
	if (!sorted || !embedder->stems) {
		free(sorted);
		return false;
	}
	memcpy(sorted, embedder->stream, count * sizeof *sorted);
	qsort(sorted, count, sizeof *sorted, compare_hashes);
	for (size_t i = 0; i < count;) {
		struct stem stem = { .hash = sorted[i] };
		for (; i < count && sorted[i] == stem.hash; i++)
			stem.count++;
		if (stem.hash != TEXT_END && stem.count >= LEAST_COUNT)
			embedder->stems[embedder->stem_count++] = stem;
	}
	free(sorted);
	qsort(embedder->stems, embedder->stem_count, sizeof *embedder->stems, compare_counts);
	if (embedder->stem_count > STEMS_MOST)
		embedder->stem_count = STEMS_MOST;
	return embedder->stem_count > WIDTH;
}

/* In the stream, an index plus 1 takes the place of each hash; TEXT_END that of the rare ones, too. */
static bool index_stream(struct embedder *embedder)
{
	size_t count = embedder->stem_count;
	struct stem *by_hash = malloc(count * sizeof *by_hash);
	if (!by_hash)
		return false;
	for (size_t i = 0; i < count; i++)
		by_hash[i] = (struct stem){ embedder->stems[i].hash, (uint32_t)i + 1 };
	qsort(by_hash, count, sizeof *by_hash, compare_stems);
	for (size_t i = 0; i < embedder->stream_count; i++) {
		struct stem wanted = { .hash = embedder->stream[i] };
		const struct stem *found = bsearch(&wanted, by_hash, count, sizeof *by_hash, compare_stems);
		embedder->stream[i] = found ? found->count : UINT32_MAX * (wanted.hash != TEXT_END);
	}
	free(by_hash);
	return true;
}

static bool add_pair(struct embedder *embedder, uint32_t stem, uint32_t neighbour, double value)
{
	if (stem == UINT32_MAX || neighbour > CONTEXTS)
		return true;
	uint64_t key = (uint64_t)(stem - 1) * CONTEXTS + neighbour;
	size_t slot = (size_t)((key * UINT64_C(0x9E3779B97F4A7C15)) >> 40) % PAIR_SLOTS;
	while (embedder->pairs[slot].key != 0 && embedder->pairs[slot].key != key)
		slot = (slot + 1) % PAIR_SLOTS;
	embedder->pair_count += embedder->pairs[slot].key == 0;
	embedder->pairs[slot].key = key;
	embedder->pairs[slot].value += value;
	return embedder->pair_count < PAIR_SLOTS / 4 * 3;
}

static bool count_pairs(struct embedder *embedder)
{
	const uint32_t *at = embedder->stream;
	embedder->pairs = calloc(PAIR_SLOTS, sizeof *embedder->pairs);
	bool good = embedder->pairs != NULL;
	for (size_t i = 0; good && i < embedder->stream_count; i++) {
		for (size_t k = 1; good && k <= WINDOW && i + k < embedder->stream_count; k++) {
			if (at[i] == TEXT_END || at[i + k] == TEXT_END)
				break;
			double value = 1.0 / (double)k;
			good = add_pair(embedder, at[i], at[i + k], value) &&
			       add_pair(embedder, at[i + k], at[i], value);
		}
	}
	return good;
}

/* Sums over a stem's and over a neighbour's pairs; then what is more frequent than chance stays. */
static void weigh_pairs(struct embedder *embedder, double *stem_sum, double *neighbour_sum)
{
	double smoothed = 0;
	for (size_t i = 0; i < PAIR_SLOTS; i++) {
		const struct pair *pair = &embedder->pairs[i];
		if (pair->key != 0) {
			stem_sum[(pair->key - 1) / CONTEXTS] += pair->value;
			neighbour_sum[(pair->key - 1) % CONTEXTS] += pair->value;
		}
	}
	for (size_t c = 0; c < CONTEXTS; c++)
		smoothed += neighbour_sum[c] = pow(neighbour_sum[c], SMOOTHING);
	for (size_t i = 0; i < PAIR_SLOTS; i++) {
		struct pair *pair = &embedder->pairs[i];
		if (pair->key == 0)
			continue;
		double chance =
		        stem_sum[(pair->key - 1) / CONTEXTS] * neighbour_sum[(pair->key - 1) % CONTEXTS] / smoothed;
		pair->value = log(pair->value / chance) - SHIFT;
		if (pair->value <= 0)
			pair->key = 0;
		else
			embedder->first[(pair->key - 1) / CONTEXTS + 1]++;
	}
}

static void gather_cells(struct embedder *embedder, size_t *next)
{
	for (size_t s = 0; s < embedder->stem_count; s++)
		embedder->first[s + 1] += embedder->first[s];
	memcpy(next, embedder->first, embedder->stem_count * sizeof *next);
	for (size_t i = 0; i < PAIR_SLOTS; i++) {
		const struct pair *pair = &embedder->pairs[i];
		if (pair->key != 0)
			embedder->cells[next[(pair->key - 1) / CONTEXTS]++] =
			        (struct cell){ (uint32_t)((pair->key - 1) % CONTEXTS), (float)pair->value };
	}
}

static bool make_matrix(struct embedder *embedder)
{
	double *stem_sum = calloc(embedder->stem_count, sizeof *stem_sum);
	double *neighbour_sum = calloc(CONTEXTS, sizeof *neighbour_sum);
	size_t *next = calloc(embedder->stem_count, sizeof *next);
	embedder->first = calloc(embedder->stem_count + 1, sizeof *embedder->first);
	embedder->cells = malloc((embedder->pair_count + 1) * sizeof *embedder->cells);
	bool good = stem_sum && neighbour_sum && next && embedder->first && embedder->cells;
	if (good) {
		weigh_pairs(embedder, stem_sum, neighbour_sum);
		gather_cells(embedder, next);
	}
	free(stem_sum);
	free(neighbour_sum);
	free(next);
	return good;
}

/* vectors = M M' vectors */
static void multiply(struct embedder *embedder)
{
	memset(embedder->neighbours, 0, CONTEXTS * sizeof embedder->neighbours[0]);
	for (int back = 0; back < 2; back++) {
		for (size_t s = 0; s < embedder->stem_count; s++) {
			float *vector = embedder->vectors[s];
			if (back)
				memset(vector, 0, sizeof embedder->vectors[s]);
			for (size_t i = embedder->first[s]; i < embedder->first[s + 1]; i++) {
				float *other = embedder->neighbours[embedder->cells[i].neighbour];
				float value = embedder->cells[i].value;
				for (int d = 0; d < WIDTH; d++) {
					if (back)
						vector[d] += value * other[d];
					else
						other[d] += value * vector[d];
				}
			}
		}
	}
}

static double column_product(const struct embedder *embedder, int a, int b)
{
	double sum = 0;
	for (size_t s = 0; s < embedder->stem_count; s++)
		sum += (double)embedder->vectors[s][a] * (double)embedder->vectors[s][b];
	return sum;
}

/* Gram and Schmidt: each column loses what the ones before it have, and gets length 1. */
static void orthogonalise(struct embedder *embedder)
{
	for (int c = 0; c < WIDTH; c++) {
		for (int before = 0; before < c; before++) {
			float shared = (float)column_product(embedder, before, c);
			for (size_t s = 0; s < embedder->stem_count; s++)
				embedder->vectors[s][c] -= shared * embedder->vectors[s][before];
		}
		float scale = (float)(1 / sqrt(column_product(embedder, c, c) + 1e-30));
		for (size_t s = 0; s < embedder->stem_count; s++)
			embedder->vectors[s][c] *= scale;
	}
}

static bool iterate(struct embedder *embedder)
{
	uint64_t random = UINT64_C(88172645463325252);
	embedder->vectors = calloc(embedder->stem_count, sizeof *embedder->vectors);
	embedder->neighbours = malloc(CONTEXTS * sizeof *embedder->neighbours);
	if (!embedder->vectors || !embedder->neighbours)
		return false;
	for (size_t i = 0; i < embedder->stem_count * WIDTH; i++) {
		random ^= random << 13;
		random ^= random >> 7;
		random ^= random << 17;
		embedder->vectors[i / WIDTH][i % WIDTH] = (float)(random >> 40) / (float)(1 << 23) - 1;
	}
	for (int round = 0; round < ROUNDS; round++) {
		multiply(embedder);
		orthogonalise(embedder);
	}
	return true;
}

static bool write_all(const struct embedder *embedder, FILE *to)
{
	for (size_t s = 0; s < embedder->stem_count; s++) {
		struct voc_train_embedding out = { .hash = embedder->stems[s].hash };
		double square = 1e-30, share = (double)embedder->stems[s].count / (double)embedder->stream_count;
		for (int d = 0; d < VOC_TRAIN_EMBED_DIMS; d++)
			square += (double)embedder->vectors[s][d] * (double)embedder->vectors[s][d];
		double scale = sqrt(RARE_SHARE / (share + RARE_SHARE)) / sqrt(square);
		for (int d = 0; d < VOC_TRAIN_EMBED_DIMS; d++)
			out.at[d] = (float)(embedder->vectors[s][d] * scale);
		if (fwrite(&out, sizeof out, 1, to) != 1)
			return false;
	}
	return fflush(to) == 0;
}

bool voc_train_embed(struct voc_train_reader *reader, FILE *from, FILE *to)
{
	struct embedder embedder = { 0 };
	bool good = read_all(&embedder, reader, from) && find_stems(&embedder) && index_stream(&embedder) &&
	            count_pairs(&embedder) && make_matrix(&embedder) && iterate(&embedder) && write_all(&embedder, to);
	free(embedder.stream);
	free(embedder.stems);
	free(embedder.pairs);
	free(embedder.cells);
	free(embedder.first);
	free(embedder.vectors);
	free(embedder.neighbours);
	return good;
}
