/*
 * A text that several owners hold at once and nobody changes: copying what holds it copies no bytes.
 *
 * Each owner releases it once; the last one frees it. The count is a plain number: all owners belong to one thread.
 */
#ifndef VOC_BASE_SHARED_TEXT_H
#define VOC_BASE_SHARED_TEXT_H

#include "base/str.h"

struct voc_shared_text {
	uint32_t owners, len;
	char text[]; /* ends in NUL, which len does not count */
};

/* NULL when memory runs out, or for four gigabytes and more. */
struct voc_shared_text *voc_shared_text_new(struct voc_str text);
/* One owner more; returns the same. */
struct voc_shared_text *voc_shared_text_share(struct voc_shared_text *shared);
/* NULL is fine. */
void voc_shared_text_release(struct voc_shared_text *shared);
bool voc_shared_text_eq(const struct voc_shared_text *a, const struct voc_shared_text *b);
/* The memory that it takes. */
size_t voc_shared_text_bytes(const struct voc_shared_text *shared);

static inline struct voc_str voc_shared_text_str(const struct voc_shared_text *shared)
{
	return voc_str_of(shared->text, shared->len);
}

#endif
