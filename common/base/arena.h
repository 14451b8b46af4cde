/*
 * An arena: memory that is given out piece by piece and taken back all at once.
 *
 * One per batch or per thread: allocate while the work runs, reset when its effects are done. Blocks are kept over a
 * reset, so a steady state allocates nothing; those that are in the way of a larger one are given back. An arena never
 * grows past its maximum: then NULL is returned, and the caller reports VOC_REASON_TOO_LARGE or
 * VOC_REASON_OUT_OF_MEMORY. No locks: one thread at a time.
 */
#ifndef VOC_BASE_ARENA_H
#define VOC_BASE_ARENA_H

#include "base/str.h"

struct voc_arena;

/* NULL when memory runs out. `max_bytes` bounds all blocks together. */
struct voc_arena *voc_arena_new(size_t max_bytes);
/* NULL is fine. */
void voc_arena_free(struct voc_arena *arena);
void voc_arena_reset(struct voc_arena *arena);
/* Aligned for any type, not cleared; NULL when it doesn't fit. */
void *voc_arena_alloc(struct voc_arena *arena, size_t bytes);
/* A copy with a NUL behind it; ptr is NULL when it doesn't fit. */
struct voc_str voc_arena_copy(struct voc_arena *arena, struct voc_str s);
/* A C string's copy; NULL when it doesn't fit. */
char *voc_arena_text(struct voc_arena *arena, const char *text);

#endif
