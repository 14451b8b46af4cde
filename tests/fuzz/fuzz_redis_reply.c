/*
 * What a Redis server says, as bytes: hiredis' reader into our replies, and each reply into everything that reads one:
 * the map of slots, a redirection, a sentinel's answer, INFO, a position and a customer. No input may bring more than
 * a refusal, and what is taken keeps what the headers promise.
 */
#undef NDEBUG /* every build must check */
#include <assert.h>

#include "core/aggregate/partition_state.h"
#include "core/customer/customer.h"
#include "core/rules/rule_book.h"
#include "io/redis/redis_greet.h"
#include "io/redis/redis_sentinel.h"
#include "io/redis/redis_slots.h"

#include <hiredis/hiredis.h>
#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_MAX_BYTES ((size_t)8 * 1024 * 1024)
#define FIELDS_MAX      512

static const struct voc_redis_address asked = { .host = "redis.example", .port = 6379 };

static void check_whole(const struct voc_redis_reply *reply)
{
	assert(reply->type >= VOC_REDIS_NIL && reply->type < VOC_REDIS_LOST);
	assert(reply->type == VOC_REDIS_ARRAY || reply->count == 0);
	assert(reply->str.len == 0 || reply->str.ptr);
	for (size_t i = 0; i < reply->count; i++)
		check_whole(reply->items[i]);
}

static void check_address(const struct voc_redis_address *address)
{
	assert(!address->is_unix && address->port >= 1 && address->port <= 65535);
	size_t len = strlen(address->host);
	assert(len > 0 && len < sizeof address->host);
	assert(strcspn(address->host, " /@?\r\n\t") == len);
}

static void check_map(const struct voc_redis_reply *reply)
{
	static struct voc_redis_slots slots;
	struct voc_error error = { 0 };
	enum voc_status status = voc_redis_slots_parse(reply, &asked, &slots, &error);
	assert(status == error.status && status != VOC_INVALID);
	if (status != VOC_OK)
		return;
	assert(slots.node_count >= 1 && slots.node_count <= VOC_REDIS_NODES_MAX);
	for (size_t i = 0; i < slots.node_count; i++)
		check_address(&slots.nodes[i]);
	for (size_t slot = 0; slot < VOC_REDIS_SLOTS; slot++)
		assert(slots.owners[slot] >= -1 && slots.owners[slot] < (int)slots.node_count);
}

static void check_errors(const struct voc_redis_reply *reply)
{
	struct voc_redis_redirect redirect;
	struct voc_error error = { 0 };
	if (voc_redis_redirect_parse(reply, &asked, &redirect)) {
		assert(reply->type == VOC_REDIS_ERROR);
		assert(redirect.slot >= 0 && redirect.slot < VOC_REDIS_SLOTS);
		check_address(&redirect.to);
	}
	enum voc_status status = voc_redis_reply_expect(reply, VOC_REDIS_ARRAY, &error);
	assert(status == error.status && (status == VOC_OK) == (reply->type == VOC_REDIS_ARRAY));
	assert(memchr(error.text, '{', strlen(error.text)) == NULL); /* keys begin so, and hold ids */
}

static void check_servers(const struct voc_redis_reply *reply)
{
	struct voc_redis_address master;
	struct voc_redis_server server;
	struct voc_error error = { 0 };
	enum voc_status status = voc_redis_sentinel_parse(reply, &master, &error);
	assert(status == error.status && status != VOC_INVALID);
	if (status == VOC_OK)
		check_address(&master);
	voc_redis_server_parse(reply->str, &server);
	assert(!(server.is_cluster && server.is_sentinel));
	assert(memchr(server.policy, '\0', sizeof server.policy));
	assert(voc_redis_slot_of(reply->str) < VOC_REDIS_SLOTS);
}

/* As HGETALL's: name, value, name, value... */
static size_t fields_of(const struct voc_redis_reply *reply, struct voc_field *fields)
{
	size_t count = 0;
	for (size_t i = 0; i + 1 < reply->count && count < FIELDS_MAX; i += 2)
		fields[count++] = (struct voc_field){ reply->items[i]->str, reply->items[i + 1]->str };
	return count;
}

static void check_state(const struct voc_redis_reply *reply, struct voc_arena *arena)
{
	static struct voc_field fields[FIELDS_MAX];
	struct voc_partition_state state;
	struct voc_customer customer;
	struct voc_error error = { 0 };
	size_t count = fields_of(reply, fields);
	for (size_t i = 0; i < count; i++) {
		if (!fields[i].name.ptr || !fields[i].value.ptr)
			return; /* voc_redis_fields_of takes strings only */
	}
	struct voc_rule_book *book = voc_rule_book_new();
	assert(book);
	if (voc_partition_state_load(fields, count, book, &state, &error) == VOC_OK) {
		assert(state.stored.offset >= 0 && state.now.offset == state.stored.offset);
		voc_partition_state_free(&state);
	}
	voc_rule_book_free(book);
	error = (struct voc_error){ 0 };
	if (voc_customer_load(fields, count, arena, &customer, &error) == VOC_OK)
		voc_customer_free(&customer);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct voc_arena *arena = voc_arena_new(ARENA_MAX_BYTES);
	redisReader *reader = redisReaderCreate();
	assert(arena && reader);
	voc_redis_replies_into(reader, arena);
	void *reply = NULL;
	/* In two pieces: a reply comes as the network gives it. */
	size_t half = size / 2;
	redisReaderFeed(reader, (const char *)data, half);
	int status = redisReaderGetReply(reader, &reply);
	if (status == REDIS_OK && !reply) {
		redisReaderFeed(reader, (const char *)data + half, size - half);
		status = redisReaderGetReply(reader, &reply);
	}
	for (int replies = 0; status == REDIS_OK && reply && replies < 8; replies++) {
		check_whole(reply);
		check_errors(reply);
		check_map(reply);
		check_servers(reply);
		check_state(reply, arena);
		status = redisReaderGetReply(reader, &reply);
	}
	redisReaderFree(reader);
	voc_arena_free(arena);
	return 0;
}
