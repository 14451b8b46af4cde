#include "support/fake_store.h"

#include <stdlib.h>

#include "base/json_write.h"

static void *grow(void *items, size_t count, size_t *room, size_t size)
{
	if (count < *room)
		return items;
	*room = *room ? *room * 2 : 8;
	items = realloc(items, *room * size);
	if (!items)
		abort();
	return items;
}

static struct voc_str copy(struct voc_str s)
{
	char *bytes = malloc(s.len + 1);
	if (!bytes)
		abort();
	if (s.len > 0)
		memcpy(bytes, s.ptr, s.len);
	bytes[s.len] = '\0';
	return voc_str_of(bytes, s.len);
}

static void release(struct voc_str s)
{
	free((char *)(uintptr_t)s.ptr);
}

void fake_store_free(struct fake_store *store)
{
	for (size_t i = 0; i < store->count; i++) {
		struct fake_hash *hash = store->hashes[i];
		fake_hash_clear(hash);
		free(hash->fields);
		free(hash->key);
		free(hash);
	}
	free(store->hashes);
	*store = (struct fake_store){ 0 };
}

struct fake_hash *fake_store_hash(struct fake_store *store, const char *key)
{
	for (size_t i = 0; i < store->count; i++) {
		if (strcmp(store->hashes[i]->key, key) == 0)
			return store->hashes[i];
	}
	store->hashes = grow(store->hashes, store->count, &store->room, sizeof *store->hashes);
	struct fake_hash *hash = calloc(1, sizeof *hash);
	if (!hash || !(hash->key = strdup(key)))
		abort();
	store->hashes[store->count++] = hash;
	return hash;
}

static size_t place_of(const struct fake_hash *hash, struct voc_str name, bool *ret_found)
{
	size_t at = 0;
	while (at < hash->count && voc_str_cmp(hash->fields[at].name, name) < 0)
		at++;
	*ret_found = at < hash->count && voc_str_eq(hash->fields[at].name, name);
	return at;
}

void fake_hash_set(struct fake_hash *hash, const struct voc_field *field)
{
	bool found;
	size_t at = place_of(hash, field->name, &found);
	struct voc_field *place = &hash->fields[at];
	if (found && field->value.ptr) {
		release(place->value);
		place->value = copy(field->value);
	} else if (found) {
		release(place->name);
		release(place->value);
		memmove(place, place + 1, (hash->count - at - 1) * sizeof *place);
		hash->count--;
	} else if (field->value.ptr) {
		hash->fields = grow(hash->fields, hash->count, &hash->room, sizeof *hash->fields);
		place = &hash->fields[at];
		memmove(place + 1, place, (hash->count - at) * sizeof *place);
		*place = (struct voc_field){ copy(field->name), copy(field->value) };
		hash->count++;
	}
}

void fake_hash_clear(struct fake_hash *hash)
{
	for (size_t at = 0; at < hash->count; at++) {
		release(hash->fields[at].name);
		release(hash->fields[at].value);
	}
	hash->count = 0;
}

bool fake_hash_tell(void *hash, const struct voc_field *field)
{
	fake_hash_set(hash, field);
	return true;
}

void fake_hash_add(struct fake_hash *hash, struct voc_str name, int64_t by)
{
	bool found;
	size_t at = place_of(hash, name, &found);
	int64_t value = 0;
	if (found && !voc_str_to_i64(hash->fields[at].value, &value))
		abort();
	struct voc_buf text;
	voc_buf_init(&text, 32);
	voc_buf_add_i64(&text, value + by);
	fake_hash_set(hash, &(struct voc_field){ name, voc_buf_str(&text) });
	voc_buf_free(&text);
}

const char *fake_hash_get(const struct fake_hash *hash, const char *name)
{
	bool found;
	size_t at = place_of(hash, voc_str_from(name), &found);
	return found ? hash->fields[at].value.ptr : NULL;
}

static int by_key(const void *a, const void *b)
{
	return strcmp((*(struct fake_hash *const *)a)->key, (*(struct fake_hash *const *)b)->key);
}

void fake_store_dump(const struct fake_store *store, struct voc_buf *buf)
{
	struct voc_json_writer json;
	if (store->count > 0)
		qsort(store->hashes, store->count, sizeof *store->hashes, by_key);
	voc_json_begin(&json, buf);
	voc_json_object(&json);
	for (size_t i = 0; i < store->count; i++) {
		const struct fake_hash *hash = store->hashes[i];
		if (hash->count == 0)
			continue;
		voc_json_key(&json, hash->key);
		voc_json_object(&json);
		for (size_t at = 0; at < hash->count; at++) {
			voc_json_key_str(&json, hash->fields[at].name);
			voc_json_str(&json, hash->fields[at].value);
		}
		voc_json_object_end(&json);
	}
	voc_json_object_end(&json);
}
