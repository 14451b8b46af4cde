#include "io/redis/redis_greet.h"

#include "io/redis/redis_args.h"
#include "io/redis/redis_slots.h"

#include <stdio.h>

/* Waiting for connections. */
#define GREET_LONGEST_MS   2000
#define COMMANDS_MAX_BYTES 4096

enum { LOGIN, SELECT, ROLE, INFO, GREETING_COUNT };

/* The commands are the same for all: encoded once. Those that aren't needed are empty. */
struct greeting {
	const struct voc_redis_terms *terms;
	struct voc_buf bytes;
	size_t ends[GREETING_COUNT];
};

struct greeted {
	struct voc_redis_link *link;
	struct voc_redis_call calls[GREETING_COUNT];
};

static void encode(struct greeting *greeting)
{
	const struct voc_redis_terms *terms = greeting->terms;
	char db[16];
	snprintf(db, sizeof db, "%d", terms->db);
	voc_redis_args_login(&greeting->bytes, terms->login->user, terms->login->password);
	greeting->ends[LOGIN] = greeting->bytes.len;
	if (terms->kind != VOC_REDIS_CLUSTER)
		voc_redis_args_words(&greeting->bytes, (const char *[]){ "SELECT", db, NULL });
	greeting->ends[SELECT] = greeting->bytes.len;
	if (terms->kind == VOC_REDIS_SENTINEL)
		voc_redis_args_words(&greeting->bytes, (const char *[]){ "ROLE", NULL });
	greeting->ends[ROLE] = greeting->bytes.len;
	voc_redis_args_words(&greeting->bytes, (const char *[]){ "INFO", NULL });
	greeting->ends[INFO] = greeting->bytes.len;
}

static void send_greeting(const struct greeting *greeting, struct greeted *to)
{
	for (int part = 0; part < GREETING_COUNT; part++) {
		size_t start = part > 0 ? greeting->ends[part - 1] : 0;
		to->calls[part].command = voc_str_of(greeting->bytes.ptr + start, greeting->ends[part] - start);
		if (to->calls[part].command.len > 0)
			voc_redis_link_send(to->link, &to->calls[part]);
	}
}

/* The value of a line "name:value", empty if there is none. `name` begins with a newline and ends with the colon. */
static struct voc_str info_value(struct voc_str info, const char *name)
{
	const char *at = info.len > 0 ? memmem(info.ptr, info.len, name, strlen(name)) : NULL;
	if (!at)
		return VOC_STR("");
	at += strlen(name);
	size_t len = 0;
	while (at + len < info.ptr + info.len && at[len] != '\r' && at[len] != '\n')
		len++;
	return voc_str_of(at, len);
}

void voc_redis_server_parse(struct voc_str info, struct voc_redis_server *ret_server)
{
	struct voc_str mode = info_value(info, "\nredis_mode:");
	*ret_server = (struct voc_redis_server){
		.is_cluster = voc_str_is(mode, "cluster"),
		.is_sentinel = voc_str_is(mode, "sentinel"),
		.appends = !voc_str_is(info_value(info, "\naof_enabled:"), "0"),
	};
	voc_str_copy(ret_server->policy, sizeof ret_server->policy, info_value(info, "\nmaxmemory_policy:"));
}

static enum voc_status check_mode(const struct voc_redis_terms *terms, const struct voc_redis_server *server,
                                  struct voc_error *error)
{
	if (server->is_sentinel)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_REDIS, -1,
		                     "this is a Redis Sentinel: VOC_REDIS_URL must begin with redis-sentinel://");
	if (server->is_cluster && terms->kind != VOC_REDIS_CLUSTER)
		return voc_error_set(
		        error, VOC_FATAL, VOC_REASON_REDIS, -1,
		        "this Redis is a node of a cluster: VOC_REDIS_URL must begin with redis-cluster://");
	if (!server->is_cluster && terms->kind == VOC_REDIS_CLUSTER)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_REDIS, -1,
		                     "this Redis is no node of a cluster: VOC_REDIS_URL must begin with redis://");
	return VOC_OK;
}

static enum voc_status check_server(const struct voc_redis_terms *terms, const struct voc_redis_reply *info,
                                    struct voc_error *error)
{
	struct voc_redis_server server;
	/* Whoever only reads may do so without the right to ask. */
	if (!terms->writes && info->type == VOC_REDIS_ERROR && !voc_redis_reply_is_error(info, "LOADING"))
		return VOC_OK;
	enum voc_status status = voc_redis_reply_expect(info, VOC_REDIS_STRING, error);
	if (status != VOC_OK)
		return status;
	voc_redis_server_parse(info->str, &server);
	status = check_mode(terms, &server, error);
	if (status != VOC_OK || !terms->writes)
		return status;
	if (!server.appends && terms->ret_volatile)
		*terms->ret_volatile = true;
	if (server.policy[0] == '\0' || strcmp(server.policy, "noeviction") == 0)
		return VOC_OK;
	return voc_error_set(error, VOC_FATAL, VOC_REASON_REDIS, -1,
	                     "Redis' maxmemory-policy is %s: it would delete customers silently; set it to noeviction",
	                     server.policy);
}

/* Sentinels may still name a master that isn't one any more, or not yet. */
static enum voc_status check_role(const struct voc_redis_reply *role, struct voc_error *error)
{
	enum voc_status status = voc_redis_reply_expect(role, VOC_REDIS_ARRAY, error);
	if (status != VOC_OK)
		return status;
	if (role->count > 0 && voc_str_is(role->items[0]->str, "master"))
		return VOC_OK;
	return voc_error_set(error, VOC_RETRY, VOC_REASON_REDIS, -1,
	                     "the server that the sentinels name as master is none (yet)");
}

static enum voc_status check_greeting(const struct voc_redis_terms *terms, struct greeted *greeted,
                                      struct voc_error *error)
{
	const struct voc_redis_call *calls = greeted->calls;
	enum voc_status status = VOC_OK;
	if (calls[LOGIN].reply)
		status = voc_redis_reply_expect(calls[LOGIN].reply, VOC_REDIS_STATUS, error);
	if (status == VOC_OK && calls[INFO].reply)
		status = check_server(terms, calls[INFO].reply, error);
	if (status == VOC_OK && calls[SELECT].reply)
		status = voc_redis_reply_expect(calls[SELECT].reply, VOC_REDIS_STATUS, error);
	if (status == VOC_OK && calls[ROLE].reply)
		status = check_role(calls[ROLE].reply, error);
	return status;
}

/* Judges all answers; a server that can't be used just now is closed, and its link says why. */
static enum voc_status check_all(const struct voc_redis_terms *terms, struct greeted *greeted, size_t count,
                                 struct voc_error *error)
{
	for (size_t i = 0; i < count; i++) {
		struct voc_error failure;
		voc_error_clear(&failure);
		enum voc_status status = check_greeting(terms, &greeted[i], &failure);
		greeted[i].link->greeted = status == VOC_OK;
		if (status == VOC_OK)
			continue;
		memcpy(greeted[i].link->why, failure.text, sizeof failure.text);
		voc_redis_link_close(greeted[i].link);
		if (status != VOC_RETRY) {
			if (error)
				*error = failure;
			return status;
		}
	}
	return VOC_OK;
}

static size_t open_links(struct voc_redis_link *const *links, size_t count, const struct greeting *greeting,
                         struct greeted *greeted)
{
	size_t opened = 0;
	for (size_t i = 0; i < count; i++) {
		if (voc_redis_link_is_open(links[i]))
			continue;
		voc_redis_link_open(links[i]);
		if (!voc_redis_link_is_open(links[i]))
			continue;
		greeted[opened] = (struct greeted){ .link = links[i] };
		send_greeting(greeting, &greeted[opened++]);
	}
	return opened;
}

enum voc_status voc_redis_greet(struct voc_redis_link *const *links, size_t count, const struct voc_redis_terms *terms,
                                struct voc_redis_patience *patience, struct voc_error *error)
{
	struct greeted greeted[VOC_REDIS_NODES_MAX];
	struct voc_redis_link *opened[VOC_REDIS_NODES_MAX];
	struct greeting greeting = { .terms = terms };
	voc_buf_init(&greeting.bytes, COMMANDS_MAX_BYTES);
	encode(&greeting);
	enum voc_status status = VOC_OK;
	if (greeting.bytes.failed)
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory to connect to Redis");
	size_t fresh = status == VOC_OK ? open_links(links, count, &greeting, greeted) : 0;
	for (size_t i = 0; i < fresh; i++)
		opened[i] = greeted[i].link;
	struct voc_redis_patience brief = voc_redis_patience_at_most(patience, GREET_LONGEST_MS);
	voc_redis_links_exchange(opened, fresh, &brief);
	voc_redis_patience_take(patience, &brief);
	if (status == VOC_OK)
		status = check_all(terms, greeted, fresh, error);
	voc_buf_free(&greeting.bytes);
	return status;
}
