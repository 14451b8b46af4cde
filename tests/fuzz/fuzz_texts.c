/*
 * The small texts that others write: headers of records and of HTTP answers, times, addresses, secrets. The first byte
 * says which reader gets the rest. What is accepted is within bounds, and comes back as it was when written again.
 */
#undef NDEBUG /* every build must check */
#include <assert.h>
#include <stdlib.h>

#include "base/base64.h"
#include "base/timestamp.h"
#include "core/classify/classified.h"
#include "core/deliver/retry.h"
#include "core/deliver/standard_webhooks.h"
#include "core/record/dead_letter.h"
#include "io/redis/redis_url.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define NOW_MS      INT64_C(1795253400000)
#define HEADERS_MAX 16

static void read_retry_after(struct voc_str text)
{
	int64_t ms = voc_retry_after_parse(text, NOW_MS);
	assert(ms >= -1);
}

static void read_timestamp(struct voc_str text)
{
	char again[VOC_TIMESTAMP_SIZE];
	int64_t ms, same;
	if (!voc_timestamp_parse(text, &ms))
		return;
	size_t len = voc_timestamp_format(ms, again);
	assert(voc_timestamp_parse(voc_str_of(again, len), &same) && same == ms);
}

static void read_source(struct voc_str text)
{
	struct voc_source_position position, same;
	struct voc_buf again;
	if (!voc_source_position_parse(text, &position))
		return;
	assert(position.partition >= 0 && position.offset >= 0 && position.topic.len > 0);
	voc_buf_init(&again, 1024);
	assert(voc_source_position_format(&again, &position));
	assert(voc_source_position_parse(voc_buf_str(&again), &same) && same.offset == position.offset &&
	       same.partition == position.partition && voc_str_eq(same.topic, position.topic));
	voc_buf_free(&again);
}

static void read_secret(struct voc_str text)
{
	struct voc_webhook_secret secret = { .len = 0 };
	struct voc_buf signature;
	if (!voc_webhook_secret_parse(text, &secret))
		return;
	assert(secret.len >= VOC_WEBHOOK_SECRET_MIN_BYTES && secret.len <= VOC_WEBHOOK_SECRET_MAX_BYTES);
	voc_buf_init(&signature, 256);
	assert(voc_webhook_sign(&signature, &secret, VOC_STR("id"), 1, text) && signature.len == 3 + 44);
	voc_buf_free(&signature);
}

static void read_base64(struct voc_str text)
{
	unsigned char bytes[4096];
	struct voc_buf again;
	size_t len = 0;
	if (!voc_base64_decode(text, bytes, sizeof bytes, &len))
		return;
	voc_buf_init(&again, 2 * sizeof bytes);
	assert(voc_base64_encode(&again, voc_str_of((const char *)bytes, len)));
	assert(voc_str_eq(voc_buf_str(&again), text));
	voc_buf_free(&again);
}

static bool is_sound(const struct voc_redis_address *node)
{
	return node->host[0] != '\0' && (node->is_unix || (node->port > 0 && node->port <= 65535));
}

static void check_redis_url(const struct voc_redis_url *url)
{
	assert(url->node_count > 0 && url->node_count <= VOC_REDIS_SEEDS_MAX && url->db >= 0);
	for (size_t i = 0; i < url->node_count; i++)
		assert(is_sound(&url->nodes[i]));
	assert((url->kind == VOC_REDIS_SENTINEL) == (url->master[0] != '\0'));
}

static void read_redis_url(struct voc_str text)
{
	struct voc_redis_url url = { 0 };
	struct voc_error error = { .position = -1 };
	char *c_str = strndup(text.ptr, text.len);
	assert(c_str);
	enum voc_status status = voc_redis_url_parse(c_str, &url, &error);
	if (status == VOC_OK)
		check_redis_url(&url);
	else
		assert(status == VOC_FATAL && error.reason == VOC_REASON_CONFIG);
	free(c_str);
}

/* Lines "name:value", as headers. */
static size_t split_headers(struct voc_str text, struct voc_header *headers)
{
	size_t count = 0;
	while (text.len > 0 && count < HEADERS_MAX) {
		const char *end = memchr(text.ptr, '\n', text.len);
		struct voc_str line = voc_str_of(text.ptr, end ? (size_t)(end - text.ptr) : text.len);
		const char *colon = line.len > 0 ? memchr(line.ptr, ':', line.len) : NULL;
		size_t name_len = colon ? (size_t)(colon - line.ptr) : line.len;
		size_t value_at = colon ? name_len + 1 : name_len;
		headers[count++] = (struct voc_header){ voc_str_of(line.ptr, name_len),
			                                { line.ptr + value_at, line.len - value_at } };
		size_t taken = end ? line.len + 1 : line.len;
		text = voc_str_of(text.ptr + taken, text.len - taken);
	}
	return count;
}

static void read_dead_letter(struct voc_str text)
{
	struct voc_header headers[HEADERS_MAX];
	const struct voc_header *written;
	struct voc_dead_letter letter, same;
	size_t written_count, count = split_headers(text, headers);
	if (!voc_dead_letter_decode(headers, count, &letter))
		return;
	assert(letter.origin_topic.len > 0 && letter.origin_partition >= 0 && letter.origin_offset >= 0);
	struct voc_arena *arena = voc_arena_new(1 << 20);
	assert(voc_dead_letter_encode(&letter, headers, count, arena, &written, &written_count));
	assert(voc_dead_letter_decode(written, written_count, &same));
	assert(same.origin_offset == letter.origin_offset && voc_str_eq(same.origin_topic, letter.origin_topic));
	voc_arena_free(arena);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static void (*const readers[])(struct voc_str) = {
		read_retry_after, read_timestamp, read_source,      read_secret,
		read_base64,      read_redis_url, read_dead_letter,
	};
	if (size > 0)
		readers[data[0] % (sizeof readers / sizeof *readers)](voc_str_of((const char *)data + 1, size - 1));
	return 0;
}
