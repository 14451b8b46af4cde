#include "io/redis/redis_sentinel.h"

#include "io/redis/redis_args.h"
#include "io/redis/redis_slots.h"

/* For one sentinel: the next one may well be faster. */
#define ANSWER_LONGEST_MS  1000
#define COMMANDS_MAX_BYTES 4096

enum voc_status voc_redis_sentinel_parse(const struct voc_redis_reply *reply, struct voc_redis_address *ret_master,
                                         struct voc_error *error)
{
	if (reply->type == VOC_REDIS_NIL)
		return voc_error_set(error, VOC_RETRY, VOC_REASON_REDIS, -1,
		                     "the sentinels know no master of the name in VOC_REDIS_URL");
	if (reply->type == VOC_REDIS_ERROR && voc_str_starts_with(reply->str, VOC_STR("ERR unknown command")))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_REDIS, -1,
		                     "a server named as sentinel in VOC_REDIS_URL is none");
	enum voc_status status = voc_redis_reply_expect(reply, VOC_REDIS_ARRAY, error);
	if (status != VOC_OK)
		return status;
	int64_t port;
	bool sound = reply->count == 2 && reply->items[0]->type == VOC_REDIS_STRING &&
	             reply->items[1]->type == VOC_REDIS_STRING && voc_str_to_i64(reply->items[1]->str, &port) &&
	             voc_redis_address_parse(reply->items[0]->str, port, ret_master);
	return sound ? VOC_OK
	             : voc_error_set(error, VOC_RETRY, VOC_REASON_REDIS, -1, "a sentinel told no master's address");
}

/* One sentinel, over a connection of its own: `calls` are the login (may be empty) and the question. */
static enum voc_status ask(const struct voc_redis_address *sentinel, struct voc_redis_call calls[2],
                           struct voc_arena *arena, struct voc_redis_patience *patience,
                           struct voc_redis_address *ret_master, struct voc_error *error)
{
	struct voc_redis_link *link = voc_redis_link_new(sentinel, arena);
	if (!link)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory to ask a sentinel");
	voc_redis_link_open(link);
	if (calls[0].command.len > 0)
		voc_redis_link_send(link, &calls[0]);
	voc_redis_link_send(link, &calls[1]);
	struct voc_redis_patience brief = voc_redis_patience_at_most(patience, ANSWER_LONGEST_MS);
	voc_redis_links_exchange(&link, 1, &brief);
	voc_redis_patience_take(patience, &brief);
	enum voc_status status = VOC_OK;
	if (calls[0].command.len > 0)
		status = voc_redis_reply_expect(calls[0].reply, VOC_REDIS_STATUS, error);
	if (status == VOC_OK)
		status = voc_redis_sentinel_parse(calls[1].reply, ret_master, error);
	ret_master->is_tls = sentinel->is_tls;
	voc_redis_link_free(link);
	return status;
}

static void move_to_front(struct voc_redis_url *url, size_t index)
{
	struct voc_redis_address found = url->nodes[index];
	memmove(&url->nodes[1], &url->nodes[0], index * sizeof url->nodes[0]);
	url->nodes[0] = found;
}

/* A sentinel that is none, or refuses the login, is an error of configuration only if no other is just away. */
static enum voc_status ask_all(struct voc_redis_url *url, struct voc_redis_call calls[2], struct voc_arena *arena,
                               struct voc_redis_patience *patience, struct voc_redis_address *ret_master,
                               struct voc_error *error)
{
	struct voc_error last;
	bool away = false;
	for (size_t i = 0; i < url->node_count; i++) {
		voc_error_clear(&last);
		enum voc_status status = ask(&url->nodes[i], calls, arena, patience, ret_master, &last);
		if (status == VOC_OK) {
			move_to_front(url, i);
			return VOC_OK;
		}
		away = away || status == VOC_RETRY;
	}
	return voc_error_set(error, away ? VOC_RETRY : VOC_FATAL, VOC_REASON_REDIS, -1,
	                     "no sentinel tells the master; the last one: %s", last.text);
}

enum voc_status voc_redis_sentinel_find(struct voc_redis_url *url, struct voc_arena *arena,
                                        struct voc_redis_patience *patience, struct voc_redis_address *ret_master,
                                        struct voc_error *error)
{
	const struct voc_redis_login *login = &url->sentinel_login;
	struct voc_buf bytes;
	voc_buf_init(&bytes, COMMANDS_MAX_BYTES);
	voc_redis_args_login(&bytes, login->user, login->password);
	size_t login_len = bytes.len;
	voc_redis_args_words(&bytes, (const char *[]){ "SENTINEL", "get-master-addr-by-name", url->master, NULL });
	enum voc_status status;
	if (bytes.failed) {
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory to ask a sentinel");
	} else {
		struct voc_redis_call calls[2] = {
			{ .command = voc_str_of(bytes.ptr, login_len) },
			{ .command = voc_str_of(bytes.ptr + login_len, bytes.len - login_len) },
		};
		status = ask_all(url, calls, arena, patience, ret_master, error);
	}
	voc_buf_free(&bytes);
	return status;
}
