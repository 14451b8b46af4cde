#include "conf/suggest.h"

#define NAME_BYTES 63

static size_t least(size_t a, size_t b)
{
	return a < b ? a : b;
}

/* Optimal string alignment over three rows of the usual table. */
size_t voc_suggest_distance(struct voc_str a, struct voc_str b)
{
	a.len = least(a.len, NAME_BYTES);
	b.len = least(b.len, NAME_BYTES);
	size_t rows[3][NAME_BYTES + 1];
	for (size_t j = 0; j <= b.len; j++)
		rows[0][j] = j;
	for (size_t i = 1; i <= a.len; i++) {
		size_t *row = rows[i % 3];
		const size_t *above = rows[(i + 2) % 3];
		const size_t *before = rows[(i + 1) % 3];
		row[0] = i;
		for (size_t j = 1; j <= b.len; j++) {
			bool same = a.ptr[i - 1] == b.ptr[j - 1];
			row[j] = least(least(above[j], row[j - 1]) + 1, above[j - 1] + !same);
			if (i > 1 && j > 1 && a.ptr[i - 1] == b.ptr[j - 2] && a.ptr[i - 2] == b.ptr[j - 1])
				row[j] = least(row[j], before[j - 2] + 1);
		}
	}
	return rows[a.len % 3][b.len];
}

void voc_suggestion_begin(struct voc_suggestion *suggestion, struct voc_str wanted)
{
	*suggestion = (struct voc_suggestion){ .wanted = wanted, .distance = wanted.len / 2 + 1 };
}

void voc_suggestion_offer(struct voc_suggestion *suggestion, const char *name)
{
	size_t distance = voc_suggest_distance(suggestion->wanted, voc_str_from(name));
	if (distance >= suggestion->distance)
		return;
	suggestion->distance = distance;
	voc_str_copy(suggestion->nearest, sizeof suggestion->nearest, voc_str_from(name));
}
