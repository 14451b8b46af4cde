/*
 * Customers in memory: a bounded map from (partition, customer id) to a voc_customer.
 *
 * Entries in a batch are pinned: they stay until unpinned, and remember what the customer was before the batch, for
 * voc_customer_diff. Others go when the cache is over its number of customers or bytes, the ones not used lately first
 * (clock). The cache owns its entries; pointers to pinned ones are stable. No locks: one thread at a time.
 */
#ifndef VOC_CORE_CUSTOMER_CACHE_H
#define VOC_CORE_CUSTOMER_CACHE_H

#include "core/customer/customer.h"

struct voc_customer_cache;

struct voc_cached_customer {
	struct voc_customer customer;      /* change it only while the entry is pinned */
	const struct voc_customer *before; /* as it was when it was pinned; NULL if not pinned, or if it was new */
	int32_t partition;
	bool pinned;
};

/* Both bounds hold for what is not pinned; NULL when memory runs out. */
struct voc_customer_cache *voc_customer_cache_new(size_t max_customers, size_t max_bytes);
/* NULL is fine. Frees pinned entries too. */
void voc_customer_cache_free(struct voc_customer_cache *cache);

/* NULL if the customer is not in memory. The entry may go with the next call, unless it is pinned. */
struct voc_cached_customer *voc_customer_cache_find(struct voc_customer_cache *cache, int32_t partition,
                                                    struct voc_str id);
/* As many at a time as their memory, which is seldom near, is worth waiting for together. */
#define VOC_CACHE_FIND_MAX 16
/* Finds the first `count` of these customers of one partition, VOC_CACHE_FIND_MAX at most; NULL where one is not there.
 */
void voc_customer_cache_find_all(struct voc_customer_cache *cache, int32_t partition, const struct voc_str *ids,
                                 size_t count, struct voc_cached_customer **ret_found);
/*
 * Adds a customer that is not in memory. Takes the customer's strings (and leaves `customer` new) only on success;
 * NULL when memory runs out. The new entry is pinned.
 */
struct voc_cached_customer *voc_customer_cache_add(struct voc_customer_cache *cache, int32_t partition,
                                                   struct voc_str id, struct voc_customer *customer);
/* Into a batch: remembers `before`. Pinned already: nothing happens. False when memory runs out. */
VOC_MUST_CHECK bool voc_customer_cache_pin(struct voc_customer_cache *cache, struct voc_cached_customer *cached);
/* Out of the batch, once it is stored: forgets `before`, and may free this entry or others. */
void voc_customer_cache_unpin(struct voc_customer_cache *cache, struct voc_cached_customer *cached);
/* Takes into account what a pinned entry has grown by: the sum of bytes is right after it. */
void voc_customer_cache_weigh(struct voc_customer_cache *cache, struct voc_cached_customer *cached);
/* Forgets all of a partition, pinned ones too: it was revoked, or the store stood elsewhere. */
void voc_customer_cache_drop(struct voc_customer_cache *cache, int32_t partition);

/* The entry's customer id. Borrowed. */
struct voc_str voc_cached_customer_id(const struct voc_cached_customer *cached);

/* The index-th entry, below the count. While nothing is forgotten, indices stay and new entries come behind the others.
 */
struct voc_cached_customer *voc_customer_cache_at(const struct voc_customer_cache *cache, size_t index);
size_t voc_customer_cache_count(const struct voc_customer_cache *cache);
size_t voc_customer_cache_bytes(const struct voc_customer_cache *cache);

#endif
