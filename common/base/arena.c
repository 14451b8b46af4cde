#include "base/arena.h"

#include <stdlib.h>

#define BLOCK_BYTES ((size_t)64 * 1024)
#define ALIGNMENT   _Alignof(max_align_t)

struct block {
	struct block *next;
	size_t size; /* of bytes */
	size_t used;
	max_align_t bytes[];
};

struct voc_arena {
	struct block *first;
	struct block *current;
	size_t held; /* sum of the blocks' sizes */
	size_t max;
};

struct voc_arena *voc_arena_new(size_t max_bytes)
{
	struct voc_arena *arena = calloc(1, sizeof *arena);
	if (arena)
		arena->max = max_bytes;
	return arena;
}

void voc_arena_free(struct voc_arena *arena)
{
	if (!arena)
		return;
	for (struct block *block = arena->first, *next; block; block = next) {
		next = block->next;
		free(block);
	}
	free(arena);
}

void voc_arena_reset(struct voc_arena *arena)
{
	for (struct block *block = arena->first; block; block = block->next)
		block->used = 0;
	arena->current = arena->first;
}

static struct block *block_new(struct voc_arena *arena, size_t bytes)
{
	size_t size = bytes > BLOCK_BYTES ? bytes : BLOCK_BYTES;
	if (size > arena->max - arena->held)
		size = bytes; /* near the limit a whole block would be too much */
	if (size > arena->max - arena->held)
		return NULL;
	struct block *block = malloc(sizeof *block + size);
	if (!block)
		return NULL;
	block->next = NULL;
	block->size = size;
	block->used = 0;
	arena->held += size;
	return block;
}

/*
 * Gives back the blocks that nothing stands in since the last reset. Without this, what fits would depend on what was
 * allocated before the reset: an arena full of blocks that are each too small has no room for a large one.
 * Returns the link at the end of those that are left.
 */
static struct block **drop_empty(struct voc_arena *arena)
{
	struct block **link = &arena->first;
	arena->current = NULL;
	while (*link) {
		struct block *block = *link;
		if (block->used > 0) {
			arena->current = block;
			link = &block->next;
			continue;
		}
		*link = block->next;
		arena->held -= block->size;
		free(block);
	}
	return link;
}

void *voc_arena_alloc(struct voc_arena *arena, size_t bytes)
{
	if (bytes > arena->max)
		return NULL;
	if (bytes == 0)
		bytes = 1; /* a block that something points into is not empty */
	bytes = (bytes + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
	struct block **link = arena->current ? &arena->current : &arena->first;
	while (*link && (*link)->size - (*link)->used < bytes)
		link = &(*link)->next;
	if (!*link && bytes > arena->max - arena->held)
		link = drop_empty(arena);
	if (!*link && !(*link = block_new(arena, bytes)))
		return NULL;
	struct block *block = *link;
	arena->current = block;
	void *piece = (char *)block->bytes + block->used;
	block->used += bytes;
	return piece;
}

struct voc_str voc_arena_copy(struct voc_arena *arena, struct voc_str s)
{
	char *copy = voc_arena_alloc(arena, s.len + 1);
	if (!copy)
		return (struct voc_str){ NULL, 0 };
	if (s.len > 0)
		memcpy(copy, s.ptr, s.len);
	copy[s.len] = '\0';
	return voc_str_of(copy, s.len);
}

char *voc_arena_text(struct voc_arena *arena, const char *text)
{
	size_t size = strlen(text) + 1;
	char *copy = voc_arena_alloc(arena, size);
	return copy ? memcpy(copy, text, size) : NULL;
}
