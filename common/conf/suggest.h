/*
 * "Did you mean": the nearest of some names. Pure, any thread.
 */
#ifndef VOC_CONF_SUGGEST_H
#define VOC_CONF_SUGGEST_H

#include "base/str.h"

/* Edits (insert, delete, replace, swap of neighbours) between two names; those past 63 bytes are compared as cut. */
size_t voc_suggest_distance(struct voc_str a, struct voc_str b);

/* Keeps the nearest of the names that were offered; nothing further off than half of the name's length. */
struct voc_suggestion {
	struct voc_str wanted;
	size_t distance;
	char nearest[64]; /* "" while nothing is near */
};
void voc_suggestion_begin(struct voc_suggestion *suggestion, struct voc_str wanted);
void voc_suggestion_offer(struct voc_suggestion *suggestion, const char *name);

#endif
