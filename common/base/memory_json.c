#include "base/memory_json.h"

#include <jansson.h>
#include <stdint.h>
#include <stdlib.h>

/* The most that a byte of text costs: "{}," makes an object of 96 bytes, its table of 128 and, as arrays grow by
 * doubling, 32 of its array's. */
#define BYTES_PER_BYTE  128
#define BYTES_AT_LEAST  65536
#define ALIGNMENT_BYTES 16

static _Thread_local struct {
	char *bytes; /* NULL: malloc serves */
	size_t size, used;
} pool;

static void *allocate(size_t size)
{
	size = (size + ALIGNMENT_BYTES - 1) / ALIGNMENT_BYTES * ALIGNMENT_BYTES;
	if (!pool.bytes || size > pool.size - pool.used)
		return malloc(size);
	void *memory = pool.bytes + pool.used;
	pool.used += size;
	return memory;
}

static void release(void *memory)
{
	uintptr_t at = (uintptr_t)memory, first = (uintptr_t)pool.bytes;
	if (!pool.bytes || at < first || at >= first + pool.size)
		free(memory);
}

bool voc_json_memory_begin(size_t text_bytes)
{
	json_object_seed(0); /* what it makes once for all is not to come from the pool */
	json_set_alloc_funcs(allocate, release);
	pool.used = 0;
	pool.size = text_bytes * BYTES_PER_BYTE + BYTES_AT_LEAST;
	pool.bytes = malloc(pool.size);
	return pool.bytes != NULL;
}

void voc_json_memory_end(void)
{
	free(pool.bytes);
	pool.bytes = NULL;
}
