#include "io/redis/redis_cases.h"

#include "io/redis/redis_args.h"
#include "io/redis/redis_keys.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGE             "500"
#define PAGE_MEMBERS_MAX 4096 /* of a page; Redis may give more than it was asked for, of a small set all */
#define PAGE_BYTES_MAX   ((size_t)4 * 1024 * 1024)

/* One page of members, copied: asking for the cases makes the answer go. */
struct page {
	struct voc_buf bytes;
	size_t ends[PAGE_MEMBERS_MAX];
	size_t count;
};

static enum voc_status no_memory(struct voc_error *error)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a page of cases");
}

static enum voc_status take_page(const struct voc_redis_reply *reply, uint64_t *cursor, struct page *page,
                                 struct voc_error *error)
{
	int64_t next;
	bool sound = reply->count == 2 && reply->items[0]->type == VOC_REDIS_STRING &&
	             reply->items[1]->type == VOC_REDIS_ARRAY;
	if (!sound || !voc_str_to_i64(reply->items[0]->str, &next) || next < 0)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_REDIS, -1, "Redis answered with no page of a set");
	const struct voc_redis_reply *members = reply->items[1];
	*cursor = (uint64_t)next;
	for (size_t i = 0; i + 1 < members->count; i += 2) {
		if (members->items[i]->type != VOC_REDIS_STRING)
			continue;
		if (page->count == PAGE_MEMBERS_MAX || !voc_buf_add_str(&page->bytes, members->items[i]->str))
			return no_memory(error);
		page->ends[page->count++] = page->bytes.len;
	}
	return VOC_OK;
}

static enum voc_status read_page(struct voc_redis *redis, int32_t partition, uint64_t *cursor, struct page *page,
                                 struct voc_error *error)
{
	struct voc_redis_key key;
	char at[24], pattern[40];
	snprintf(at, sizeof at, "%" PRIu64, *cursor);
	snprintf(pattern, sizeof pattern, "%s/*", voc_due_kind_name(VOC_DUE_CASE_SETTLE));
	voc_redis_begin(redis);
	voc_redis_arg(redis, VOC_STR("ZSCAN"));
	voc_redis_arg_key(redis, voc_redis_key_due(&key, partition));
	voc_redis_arg(redis, voc_str_from(at));
	voc_redis_arg(redis, VOC_STR("MATCH"));
	voc_redis_arg(redis, voc_str_from(pattern));
	voc_redis_arg(redis, VOC_STR("COUNT"));
	voc_redis_arg(redis, VOC_STR(PAGE));
	voc_redis_end(redis);
	enum voc_status status = voc_redis_exchange(redis, error);
	if (status == VOC_OK)
		status = voc_redis_expect(redis, voc_redis_reply(redis, 0), VOC_REDIS_ARRAY, error);
	return status == VOC_OK ? take_page(voc_redis_reply(redis, 0), cursor, page, error) : status;
}

/* The member's case: its customer, and the field that it stands in. False if it is none. */
static bool name_case(const struct page *page, size_t index, struct voc_due *due, char field[64], uint8_t *ret_cause)
{
	size_t start = index > 0 ? page->ends[index - 1] : 0;
	struct voc_str member = voc_str_of(page->bytes.ptr + start, page->ends[index] - start);
	if (!voc_due_member_parse(member, due))
		return false;
	const char *dash = memchr(due->subject.ptr, '-', due->subject.len);
	if (!dash || !voc_cause_parse(voc_str_of(due->subject.ptr, (size_t)(dash - due->subject.ptr)), ret_cause))
		return false;
	snprintf(field, 64, "case:%s", voc_cause_name(*ret_cause));
	return true;
}

static void gather_cases(struct voc_redis *redis, int32_t partition, const struct page *page)
{
	voc_redis_begin(redis);
	for (size_t i = 0; i < page->count; i++) {
		struct voc_redis_key key;
		struct voc_due due = { .due_ms = 0 };
		char field[64];
		uint8_t cause;
		if (!name_case(page, i, &due, field, &cause))
			continue;
		voc_redis_arg(redis, VOC_STR("HGET"));
		voc_redis_arg_key(redis, voc_redis_key_customer(&key, partition, due.customer_id));
		voc_redis_arg(redis, voc_str_from(field));
		voc_redis_end(redis);
	}
}

/* A case may have gone or been followed by another since the page was read: it is passed over. */
static enum voc_status tell_case(const struct voc_redis_reply *reply, const struct voc_due *due, uint8_t cause,
                                 voc_redis_case_fn *each, void *context, struct voc_error *error)
{
	struct voc_cases cases = { 0 };
	bool out_of_memory = false, told = true;
	if (reply->type == VOC_REDIS_STRING && voc_case_read(&cases, cause, reply->str, &out_of_memory) &&
	    voc_cases_find_id(&cases, due->subject))
		told = each(context, due->customer_id, cases.list);
	voc_cases_free(&cases);
	return out_of_memory || !told ? no_memory(error) : VOC_OK;
}

static enum voc_status tell_page(struct voc_redis *redis, int32_t partition, const struct page *page,
                                 voc_redis_case_fn *each, void *context, struct voc_error *error)
{
	gather_cases(redis, partition, page);
	enum voc_status status = voc_redis_exchange(redis, error);
	size_t reply = 0;
	for (size_t i = 0; status == VOC_OK && i < page->count; i++) {
		struct voc_due due = { .due_ms = 0 };
		char field[64];
		uint8_t cause;
		if (!name_case(page, i, &due, field, &cause))
			continue;
		status = voc_redis_expect(redis, voc_redis_reply(redis, reply), VOC_REDIS_STRING, error);
		if (status == VOC_OK)
			status = tell_case(voc_redis_reply(redis, reply++), &due, cause, each, context, error);
	}
	return status;
}

enum voc_status voc_redis_query_cases(struct voc_redis *redis, int32_t partition, voc_redis_case_fn *each,
                                      void *context, struct voc_error *error)
{
	struct page *page = calloc(1, sizeof *page);
	uint64_t cursor = 0;
	enum voc_status status;
	if (!page)
		return no_memory(error);
	voc_buf_init(&page->bytes, PAGE_BYTES_MAX);
	do {
		page->count = 0;
		voc_buf_clear(&page->bytes);
		status = read_page(redis, partition, &cursor, page, error);
		if (status == VOC_OK && page->count > 0)
			status = tell_page(redis, partition, page, each, context, error);
	} while (status == VOC_OK && cursor != 0);
	voc_buf_free(&page->bytes);
	free(page);
	return status;
}
