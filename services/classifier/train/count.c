#include "count.h"

#include <stdlib.h>

struct hashes {
	uint32_t *at;
	size_t count, cap;
};

static int compare(const void *a, const void *b)
{
	uint32_t left = *(const uint32_t *)a, right = *(const uint32_t *)b;
	return (left > right) - (left < right);
}

/* The n-grams of one text, each once. */
static bool add_text(struct hashes *hashes, const struct voc_feature *at, size_t count)
{
	if (hashes->count + count > hashes->cap) {
		size_t cap = (hashes->count + count) * 2;
		uint32_t *grown = realloc(hashes->at, cap * sizeof *grown);
		if (!grown)
			return false;
		hashes->at = grown;
		hashes->cap = cap;
	}
	uint32_t *first = hashes->at + hashes->count;
	for (size_t i = 0; i < count; i++)
		first[i] = at[i].hash;
	qsort(first, count, sizeof *first, compare);
	for (size_t i = 0; i < count; i++) {
		if (i == 0 || first[i] != first[i - 1])
			hashes->at[hashes->count++] = first[i];
	}
	return true;
}

static bool read_all(struct voc_train_reader *reader, FILE *from, struct hashes *hashes)
{
	char *line = NULL;
	size_t size = 0;
	ssize_t len;
	bool good = true;
	while (good && (len = getline(&line, &size, from)) > 0) {
		voc_train_read_text(reader, voc_str_of(line, (size_t)(line[len - 1] == '\n' ? len - 1 : len)));
		for (int b = 0; good && b < VOC_BLOCK_COUNT; b++)
			good = add_text(&hashes[b], reader->features.at[b], reader->features.count[b]);
	}
	free(line);
	return good;
}

static bool write_all(struct hashes *hashes, uint32_t block, FILE *to)
{
	if (hashes->count > 0)
		qsort(hashes->at, hashes->count, sizeof *hashes->at, compare);
	for (size_t i = 0; i < hashes->count;) {
		struct voc_train_counted counted = { .hash = hashes->at[i], .block = block };
		for (; i < hashes->count && hashes->at[i] == counted.hash; i++)
			counted.texts++;
		if (fwrite(&counted, sizeof counted, 1, to) != 1)
			return false;
	}
	return true;
}

bool voc_train_count(struct voc_train_reader *reader, FILE *from, FILE *to)
{
	struct hashes hashes[VOC_BLOCK_COUNT] = { 0 };
	bool good = read_all(reader, from, hashes);
	for (int b = 0; b < VOC_BLOCK_COUNT; b++) {
		good = good && write_all(&hashes[b], (uint32_t)b, to);
		free(hashes[b].at);
	}
	return good && fflush(to) == 0;
}
