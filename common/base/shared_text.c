#include "base/shared_text.h"

#include <stdlib.h>

struct voc_shared_text *voc_shared_text_new(struct voc_str text)
{
	struct voc_shared_text *shared = text.len < UINT32_MAX ? malloc(sizeof *shared + text.len + 1) : NULL;
	if (!shared)
		return NULL;
	shared->owners = 1;
	shared->len = (uint32_t)text.len;
	if (text.len > 0)
		memcpy(shared->text, text.ptr, text.len);
	shared->text[text.len] = '\0';
	return shared;
}

struct voc_shared_text *voc_shared_text_share(struct voc_shared_text *shared)
{
	shared->owners++;
	return shared;
}

void voc_shared_text_release(struct voc_shared_text *shared)
{
	if (shared && --shared->owners == 0)
		free(shared);
}

bool voc_shared_text_eq(const struct voc_shared_text *a, const struct voc_shared_text *b)
{
	return a == b || voc_str_eq(voc_shared_text_str(a), voc_shared_text_str(b));
}

size_t voc_shared_text_bytes(const struct voc_shared_text *shared)
{
	return sizeof *shared + shared->len + 1;
}
