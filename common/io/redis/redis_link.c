#include "io/redis/redis_link.h"

#include "base/clock.h"
#include "io/redis/redis_slots.h"
#include "io/redis/redis_tls.h"
#include "io/service/metrics.h"

#include <hiredis/hiredis.h>

#include <errno.h>
#include <limits.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>

#define STOP_GRACE_MS 1000
#define LINKS_MAX     VOC_REDIS_NODES_MAX

struct voc_redis_link *voc_redis_link_new(const struct voc_redis_address *address, struct voc_arena *arena)
{
	struct voc_redis_link *link = calloc(1, sizeof *link);
	if (!link)
		return NULL;
	link->address = *address;
	link->arena = arena;
	return link;
}

void voc_redis_link_free(struct voc_redis_link *link)
{
	if (!link)
		return;
	voc_redis_link_close(link);
	free(link);
}

bool voc_redis_link_is_open(const struct voc_redis_link *link)
{
	return link->context;
}

void voc_redis_call_lose(struct voc_redis_call *call, struct voc_arena *arena, const char *why)
{
	static struct voc_redis_reply no_memory = { .type = VOC_REDIS_LOST, .str = { "no memory for a reply", 21 } };
	struct voc_redis_reply *reply = voc_arena_alloc(arena, sizeof *reply);
	call->reply = &no_memory;
	if (!reply)
		return;
	*reply = (struct voc_redis_reply){ .type = VOC_REDIS_LOST };
	reply->str = voc_arena_copy(arena, voc_str_from(why));
	if (reply->str.ptr)
		call->reply = reply;
}

void voc_redis_link_close(struct voc_redis_link *link)
{
	if (link->context)
		redisFree(link->context);
	link->context = NULL;
	link->ssl = NULL;
	link->greeted = false;
	for (; link->first; link->first = link->first->next)
		voc_redis_call_lose(link->first, link->arena, link->why);
}

static void broken(struct voc_redis_link *link, const char *doing, const char *why)
{
	const char *refusal = link->ssl ? voc_redis_tls_refusal(link->ssl) : NULL;
	snprintf(link->why, sizeof link->why, "%s Redis: %s%s", doing, refusal ? "its certificate: " : "",
	         refusal ? refusal : why);
	voc_metric_add(VOC_METRIC_REDIS_ERRORS, 1);
	voc_redis_link_close(link);
}

static void begin_tls(struct voc_redis_link *link)
{
	const char *why = voc_redis_tls_begin(link->context, link->address.host, &link->ssl);
	if (why)
		broken(link, "connecting to", why);
}

void voc_redis_link_open(struct voc_redis_link *link)
{
	static const char doing[] = "connecting to";
	if (link->context)
		return;
	const struct voc_redis_address *address = &link->address;
	link->context = address->is_unix ? redisConnectUnixNonBlock(address->host)
	                                 : redisConnectNonBlock(address->host, address->port);
	if (!link->context)
		broken(link, doing, "out of memory");
	else if (link->context->err || (!address->is_unix && redisEnableKeepAlive(link->context) != REDIS_OK))
		broken(link, doing, link->context->errstr);
	else
		voc_redis_replies_into(link->context->reader, link->arena);
	if (link->context && address->is_tls)
		begin_tls(link);
}

void voc_redis_link_send(struct voc_redis_link *link, struct voc_redis_call *call)
{
	call->reply = NULL;
	call->next = NULL;
	if (!link->context) {
		voc_redis_call_lose(call, link->arena, link->why);
		return;
	}
	if (link->first)
		link->last->next = call;
	else
		link->first = call;
	link->last = call;
	link->flushed = false;
	if (redisAppendFormattedCommand(link->context, call->command.ptr, call->command.len) != REDIS_OK)
		broken(link, "sending to", link->context->errstr);
}

static void flush(struct voc_redis_link *link)
{
	int done = 0;
	if (redisBufferWrite(link->context, &done) != REDIS_OK)
		broken(link, link->greeted ? "sending to" : "connecting to", link->context->errstr);
	else
		link->flushed = done;
}

/* Hands out the replies that are there. */
static void take_replies(struct voc_redis_link *link)
{
	while (link->first) {
		void *reply = NULL;
		if (redisGetReplyFromReader(link->context, &reply) != REDIS_OK) {
			broken(link, "reading from", link->context->errstr);
			return;
		}
		if (!reply)
			return;
		link->first->reply = reply;
		link->first = link->first->next;
	}
}

static void pump(struct voc_redis_link *link, short revents)
{
	if (revents && !link->flushed)
		flush(link);
	if (!link->context || !(revents & (POLLIN | POLLHUP | POLLERR)))
		return;
	if (redisBufferRead(link->context) != REDIS_OK)
		broken(link, "reading from", link->context->errstr);
	else
		take_replies(link);
}

struct voc_redis_patience voc_redis_patience_at_most(const struct voc_redis_patience *patience, int64_t longest_ms)
{
	struct voc_redis_patience part = *patience;
	int64_t until_ms = voc_clock_ms() + longest_ms;
	if (part.until_ms > until_ms)
		part.until_ms = until_ms;
	return part;
}

void voc_redis_patience_take(struct voc_redis_patience *patience, const struct voc_redis_patience *part)
{
	if (part->stop_fd != patience->stop_fd)
		*patience = *part;
}

/* The time that is left, in ms; a stop that comes meanwhile leaves no more than its grace. */
static int time_left_ms(struct voc_redis_patience *patience, short stop_revents)
{
	int64_t now_ms = voc_clock_ms();
	if (stop_revents) {
		patience->stop_fd = -1;
		if (patience->until_ms > now_ms + STOP_GRACE_MS)
			patience->until_ms = now_ms + STOP_GRACE_MS;
	}
	int64_t left_ms = patience->until_ms - now_ms;
	return left_ms <= 0 ? 0 : left_ms > INT_MAX ? INT_MAX : (int)left_ms;
}

/* During a TLS handshake there is room to write all the time, and nothing to write. */
static short awaited_events(const struct voc_redis_link *link)
{
	bool reads_only = link->flushed || (link->ssl && voc_redis_tls_waits_to_read(link->ssl));
	return reads_only ? POLLIN : POLLIN | POLLOUT;
}

/* Those that wait, and the stop behind them. Returns how many wait. */
static size_t gather_fds(struct voc_redis_link *const *links, size_t count, int stop_fd, struct pollfd *fds,
                         struct voc_redis_link **ret_waiting)
{
	size_t waiting = 0;
	for (size_t i = 0; i < count; i++) {
		if (!links[i]->first)
			continue;
		ret_waiting[waiting] = links[i];
		fds[waiting++] = (struct pollfd){ .fd = links[i]->context->fd, .events = awaited_events(links[i]) };
	}
	fds[waiting] = (struct pollfd){ .fd = stop_fd, .events = POLLIN };
	return waiting;
}

void voc_redis_links_exchange(struct voc_redis_link *const *links, size_t count, struct voc_redis_patience *patience)
{
	struct pollfd fds[LINKS_MAX + 1];
	struct voc_redis_link *waiting[LINKS_MAX];
	if (count > LINKS_MAX)
		count = LINKS_MAX;
	for (size_t i = 0; i < count; i++) {
		if (links[i]->first)
			flush(links[i]);
	}
	short stop_revents = 0;
	size_t left;
	while ((left = gather_fds(links, count, patience->stop_fd, fds, waiting)) > 0) {
		int left_ms = time_left_ms(patience, stop_revents);
		fds[left].fd = patience->stop_fd;
		if (left_ms > 0 && poll(fds, left + 1, left_ms) < 0)
			continue; /* interrupted */
		for (size_t i = 0; i < left && left_ms > 0; i++)
			pump(waiting[i], fds[i].revents);
		for (size_t i = 0; i < left && left_ms == 0; i++)
			broken(waiting[i], waiting[i]->greeted ? "waiting for" : "connecting to", "timed out");
		stop_revents = left_ms > 0 ? fds[left].revents : 0;
	}
}
