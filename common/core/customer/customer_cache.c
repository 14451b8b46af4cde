#include "core/customer/customer_cache.h"

#include "base/hash.h"

#include <stdlib.h>

#define BUCKETS_MIN 64
#define STEPS_MAX   64
#define CACHE_LINE  64 /* bytes; of the processor's cache */
/* Far more than a batch of ordinary customers needs. */
#define BEFORES_MAX_BYTES ((size_t)1 << 30)

struct entry {
	struct voc_cached_customer shown; /* first: what callers hold */
	struct entry *chain;              /* next of the same bucket */
	uint64_t hash;
	size_t place; /* in the cache's entries */
	size_t bytes; /* as they stand in the cache's sum */
	bool used;    /* found again since the hand came by */
	size_t id_len;
	char id[];
};

struct voc_customer_cache {
	size_t max_customers, max_bytes;
	struct entry **entries; /* all of them, in no order; the hand goes round here */
	size_t count, room, hand, bytes;
	struct entry **buckets;
	size_t bucket_count; /* a power of two */
	/* What pinned customers were; taken back once none is pinned. */
	struct voc_arena *befores;
	size_t pinned;
};

static struct entry *entry_of(const struct voc_cached_customer *cached)
{
	return (struct entry *)(uintptr_t)cached;
}

static uint64_t hash_of(int32_t partition, struct voc_str id)
{
	return voc_hash64(id) + (uint64_t)partition * UINT64_C(0x9E3779B97F4A7C15);
}

static struct entry **bucket_of(const struct voc_customer_cache *cache, uint64_t hash)
{
	return &cache->buckets[hash & (cache->bucket_count - 1)];
}

struct voc_customer_cache *voc_customer_cache_new(size_t max_customers, size_t max_bytes)
{
	struct voc_customer_cache *cache = calloc(1, sizeof *cache);
	if (!cache)
		return NULL;
	cache->max_customers = max_customers;
	cache->max_bytes = max_bytes;
	cache->bucket_count = BUCKETS_MIN;
	cache->buckets = calloc(cache->bucket_count, sizeof(struct entry *));
	cache->befores = voc_arena_new(BEFORES_MAX_BYTES);
	if (!cache->buckets || !cache->befores) {
		voc_customer_cache_free(cache);
		return NULL;
	}
	return cache;
}

static void forget_before(struct voc_customer_cache *cache, struct entry *entry)
{
	struct voc_cached_customer *shown = &entry->shown;
	if (shown->before)
		voc_customer_clone_free((struct voc_customer *)(uintptr_t)shown->before);
	shown->before = NULL;
	shown->customer.forgotten = false; /* what was stored is gone by now */
	if (shown->pinned && --cache->pinned == 0)
		voc_arena_reset(cache->befores);
	shown->pinned = false;
}

static void entry_free(struct voc_customer_cache *cache, struct entry *entry)
{
	forget_before(cache, entry);
	voc_customer_free(&entry->shown.customer);
	free(entry);
}

static void unlink_from_bucket(struct voc_customer_cache *cache, const struct entry *entry)
{
	struct entry **link = bucket_of(cache, entry->hash);
	while (*link != entry)
		link = &(*link)->chain;
	*link = entry->chain;
}

static void drop_entry(struct voc_customer_cache *cache, struct entry *entry)
{
	unlink_from_bucket(cache, entry);
	struct entry *last = cache->entries[--cache->count];
	cache->entries[entry->place] = last;
	last->place = entry->place;
	cache->bytes -= entry->bytes;
	entry_free(cache, entry);
}

void voc_customer_cache_free(struct voc_customer_cache *cache)
{
	if (!cache)
		return;
	for (size_t i = 0; i < cache->count; i++)
		entry_free(cache, cache->entries[i]);
	voc_arena_free(cache->befores);
	free(cache->entries);
	free(cache->buckets);
	free(cache);
}

static bool is_over(const struct voc_customer_cache *cache)
{
	return cache->count > 0 && (cache->count > cache->max_customers || cache->bytes > cache->max_bytes);
}

/*
 * The clock: an entry that was found again since the hand last came by is spared once, a pinned one always. A few
 * steps a call, so that a batch that pins everything does not go round for nothing each time.
 */
static void shrink(struct voc_customer_cache *cache)
{
	for (int steps = 0; steps < STEPS_MAX && is_over(cache); steps++) {
		if (cache->hand >= cache->count)
			cache->hand = 0;
		struct entry *entry = cache->entries[cache->hand];
		if (!entry->shown.pinned && !entry->used) {
			drop_entry(cache, entry); /* another one now stands here */
			continue;
		}
		if (!entry->shown.pinned)
			entry->used = false;
		cache->hand++;
	}
}

static struct voc_cached_customer *find(const struct voc_customer_cache *cache, int32_t partition, struct voc_str id,
                                        uint64_t hash)
{
	for (struct entry *entry = *bucket_of(cache, hash); entry; entry = entry->chain) {
		if (entry->hash == hash && entry->shown.partition == partition &&
		    voc_str_eq(voc_str_of(entry->id, entry->id_len), id)) {
			entry->used = true;
			return &entry->shown;
		}
	}
	return NULL;
}

struct voc_cached_customer *voc_customer_cache_find(struct voc_customer_cache *cache, int32_t partition,
                                                    struct voc_str id)
{
	return find(cache, partition, id, hash_of(partition, id));
}

static void fetch_lines(const void *from, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += CACHE_LINE)
		__builtin_prefetch((const char *)from + at);
}

/* What a clone, a contact and the difference look at. */
static void fetch_pieces(const struct voc_customer *customer)
{
	__builtin_prefetch(customer->recent.few);
	__builtin_prefetch(customer->last_event);
	fetch_lines(customer->cases.list, customer->cases.count * sizeof *customer->cases.list);
	for (int i = 0; i < customer->contribution_count; i++)
		__builtin_prefetch(customer->contributions[i]);
}

void voc_customer_cache_find_all(struct voc_customer_cache *cache, int32_t partition, const struct voc_str *ids,
                                 size_t count, struct voc_cached_customer **ret_found)
{
	uint64_t hashes[VOC_CACHE_FIND_MAX];
	for (size_t i = 0; i < count; i++) {
		hashes[i] = hash_of(partition, ids[i]);
		__builtin_prefetch(bucket_of(cache, hashes[i]));
	}
	for (size_t i = 0; i < count; i++) {
		const struct entry *likely = *bucket_of(cache, hashes[i]);
		if (likely)
			fetch_lines(likely, sizeof *likely);
	}
	for (size_t i = 0; i < count; i++) {
		ret_found[i] = find(cache, partition, ids[i], hashes[i]);
		if (ret_found[i])
			fetch_pieces(&ret_found[i]->customer);
	}
}

static bool grow_entries(struct voc_customer_cache *cache)
{
	if (cache->count < cache->room)
		return true;
	size_t room = cache->room ? cache->room * 2 : BUCKETS_MIN;
	struct entry **entries = realloc(cache->entries, room * sizeof *entries);
	if (!entries)
		return false;
	cache->entries = entries;
	cache->room = room;
	return true;
}

/* Doubles the buckets once there are as many entries. Without the memory for that, chains grow longer instead. */
static void grow_buckets(struct voc_customer_cache *cache)
{
	if (cache->count < cache->bucket_count)
		return;
	struct entry **buckets = calloc(cache->bucket_count * 2, sizeof *buckets);
	if (!buckets)
		return;
	free(cache->buckets);
	cache->buckets = buckets;
	cache->bucket_count *= 2;
	for (size_t i = 0; i < cache->count; i++) {
		struct entry **bucket = bucket_of(cache, cache->entries[i]->hash);
		cache->entries[i]->chain = *bucket;
		*bucket = cache->entries[i];
	}
}

static void measure(struct voc_customer_cache *cache, struct entry *entry)
{
	size_t customer = voc_customer_bytes(&entry->shown.customer) - sizeof entry->shown.customer;
	size_t bytes = sizeof *entry + entry->id_len + customer;
	cache->bytes += bytes - entry->bytes;
	entry->bytes = bytes;
}

struct voc_cached_customer *voc_customer_cache_add(struct voc_customer_cache *cache, int32_t partition,
                                                   struct voc_str id, struct voc_customer *customer)
{
	struct entry *entry = calloc(1, sizeof *entry + id.len);
	if (!entry || !grow_entries(cache)) {
		free(entry);
		return NULL;
	}
	entry->shown.customer = *customer;
	entry->shown.partition = partition;
	entry->hash = hash_of(partition, id);
	entry->id_len = id.len;
	memcpy(entry->id, id.ptr, id.len);
	if (!voc_customer_cache_pin(cache, &entry->shown)) {
		free(entry);
		return NULL;
	}
	grow_buckets(cache);
	entry->place = cache->count;
	cache->entries[cache->count++] = entry;
	struct entry **bucket = bucket_of(cache, entry->hash);
	entry->chain = *bucket;
	*bucket = entry;
	measure(cache, entry);
	voc_customer_init(customer);
	shrink(cache);
	return &entry->shown;
}

bool voc_customer_cache_pin(struct voc_customer_cache *cache, struct voc_cached_customer *cached)
{
	if (cached->pinned)
		return true;
	if (voc_customer_is_known(&cached->customer)) {
		struct voc_customer *before = voc_arena_alloc(cache->befores, sizeof *before);
		if (!before || !voc_customer_clone(&cached->customer, cache->befores, before))
			return false;
		cached->before = before;
	}
	cached->pinned = true;
	cache->pinned++;
	return true;
}

void voc_customer_cache_unpin(struct voc_customer_cache *cache, struct voc_cached_customer *cached)
{
	struct entry *entry = entry_of(cached);
	forget_before(cache, entry);
	measure(cache, entry);
	shrink(cache);
}

void voc_customer_cache_weigh(struct voc_customer_cache *cache, struct voc_cached_customer *cached)
{
	measure(cache, entry_of(cached));
}

void voc_customer_cache_drop(struct voc_customer_cache *cache, int32_t partition)
{
	for (size_t i = cache->count; i > 0; i--) {
		/* Backwards, since the last entry takes the place of the one that goes: it was looked at already. */
		if (cache->entries[i - 1]->shown.partition == partition)
			drop_entry(cache, cache->entries[i - 1]);
	}
}

struct voc_str voc_cached_customer_id(const struct voc_cached_customer *cached)
{
	const struct entry *entry = entry_of(cached);
	return voc_str_of(entry->id, entry->id_len);
}

struct voc_cached_customer *voc_customer_cache_at(const struct voc_customer_cache *cache, size_t index)
{
	return &cache->entries[index]->shown;
}

size_t voc_customer_cache_count(const struct voc_customer_cache *cache)
{
	return cache->count;
}

size_t voc_customer_cache_bytes(const struct voc_customer_cache *cache)
{
	return cache->bytes;
}
