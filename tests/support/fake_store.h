/*
 * Redis for tests of the core: hashes in memory, with set, delete and increment. Aborts when memory runs out.
 */
#ifndef TESTS_SUPPORT_FAKE_STORE_H
#define TESTS_SUPPORT_FAKE_STORE_H

#include "core/customer/field.h"

struct fake_hash {
	char *key;
	struct voc_field *fields; /* sorted by name; names and values are owned */
	size_t count, room;
};

struct fake_store {
	struct fake_hash **hashes; /* in the order of their first use */
	size_t count, room;
};

void fake_store_free(struct fake_store *store);
/* Makes it if there is none. */
struct fake_hash *fake_store_hash(struct fake_store *store, const char *key);
/* A value without a pointer deletes. */
void fake_hash_set(struct fake_hash *hash, const struct voc_field *field);
void fake_hash_add(struct fake_hash *hash, struct voc_str name, int64_t by);
/* A voc_field_fn: the context is the hash. */
void fake_hash_clear(struct fake_hash *hash);
bool fake_hash_tell(void *hash, const struct voc_field *field);
/* NULL if there is no such field. */
const char *fake_hash_get(const struct fake_hash *hash, const char *name);
/* Appends {"<key>":{"<field>":"<value>",...},...}, all sorted, empty hashes left out. */
void fake_store_dump(const struct fake_store *store, struct voc_buf *buf);

#endif
