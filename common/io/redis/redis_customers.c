#include "io/redis/redis_customers.h"

#include "io/redis/redis_keys.h"
#include "io/redis/redis_snapshot.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGE_KEYS_MAX  16384 /* of a page; Redis may give more than it was asked for */
#define PAGE_BYTES_MAX ((size_t)16 * 1024 * 1024)
#define PREFIX_SIZE    40

/* The keys of one page, copied: asking for the fields makes the answer go. */
struct page {
	struct voc_buf bytes;
	size_t ends[PAGE_KEYS_MAX];
	size_t count;
	bool is_full;
};

static bool take_key(void *context, struct voc_str key)
{
	struct page *page = context;
	page->is_full = page->count == PAGE_KEYS_MAX || !voc_buf_add_str(&page->bytes, key);
	if (!page->is_full)
		page->ends[page->count++] = page->bytes.len;
	return !page->is_full;
}

static struct voc_str key_at(const struct page *page, size_t index)
{
	size_t start = index > 0 ? page->ends[index - 1] : 0;
	return voc_str_of(page->bytes.ptr + start, page->ends[index] - start);
}

static enum voc_status out_of_memory(struct voc_error *error)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a page of customers");
}

static enum voc_status tell_one(struct voc_redis *redis, const struct voc_redis_reply *reply, struct voc_str id,
                                size_t count, voc_redis_customer_fn *each, void *context, struct voc_error *error)
{
	struct voc_str values[VOC_REDIS_CUSTOMER_FIELDS_MAX];
	enum voc_status status = voc_redis_expect(redis, reply, VOC_REDIS_ARRAY, error);
	if (status != VOC_OK)
		return status;
	for (size_t i = 0; i < count; i++) {
		bool there = i < reply->count && reply->items[i]->type == VOC_REDIS_STRING;
		values[i] = there ? reply->items[i]->str : (struct voc_str){ NULL, 0 };
	}
	return each(context, id, values) ? VOC_OK : out_of_memory(error);
}

static enum voc_status tell_page(struct voc_redis *redis, const struct page *page, size_t prefix_len,
                                 const char *const *names, size_t count, voc_redis_customer_fn *each, void *context,
                                 struct voc_error *error)
{
	voc_redis_begin(redis);
	for (size_t i = 0; i < page->count; i++) {
		voc_redis_arg(redis, VOC_STR("HMGET"));
		voc_redis_arg_key(redis, key_at(page, i));
		for (size_t at = 0; at < count; at++)
			voc_redis_arg(redis, voc_str_from(names[at]));
		voc_redis_end(redis);
	}
	enum voc_status status = page->count > 0 ? voc_redis_exchange(redis, error) : VOC_OK;
	for (size_t i = 0; status == VOC_OK && i < page->count; i++) {
		struct voc_str key = key_at(page, i);
		struct voc_str id = voc_str_of(key.ptr + prefix_len, key.len - prefix_len);
		status = tell_one(redis, voc_redis_reply(redis, i), id, count, each, context, error);
	}
	return status;
}

enum voc_status voc_redis_each_customer(struct voc_redis *redis, int32_t partition, const char *const *names,
                                        size_t count, voc_redis_customer_fn *each, void *context,
                                        struct voc_error *error)
{
	char pattern[PREFIX_SIZE];
	size_t prefix_len = (size_t)snprintf(pattern, sizeof pattern, "voc:{%" PRId32 "}:customer:*", partition) - 1;
	struct page *page = calloc(1, sizeof *page);
	uint64_t cursor = 0;
	enum voc_status status = VOC_OK;
	if (!page)
		return out_of_memory(error);
	voc_buf_init(&page->bytes, PAGE_BYTES_MAX);
	do {
		page->count = 0;
		voc_buf_clear(&page->bytes);
		status = voc_redis_scan(redis, partition, pattern, &cursor, take_key, page, error);
		if (status == VOC_OK && page->is_full)
			status = out_of_memory(error);
		if (status == VOC_OK)
			status = tell_page(redis, page, prefix_len, names, count, each, context, error);
	} while (status == VOC_OK && cursor != 0);
	voc_buf_free(&page->bytes);
	free(page);
	return status;
}
