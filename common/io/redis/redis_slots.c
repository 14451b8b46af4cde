#include "io/redis/redis_slots.h"

uint16_t voc_redis_crc16(struct voc_str s)
{
	unsigned crc = 0;
	for (size_t i = 0; i < s.len; i++) {
		crc ^= (unsigned)(unsigned char)s.ptr[i] << 8;
		for (int bit = 0; bit < 8; bit++)
			crc = (crc & 0x8000) ? (crc << 1 ^ 0x1021) : crc << 1;
		crc &= 0xffff;
	}
	return (uint16_t)crc;
}

int voc_redis_slot_of(struct voc_str key)
{
	const char *open = key.len > 0 ? memchr(key.ptr, '{', key.len) : NULL;
	if (open) {
		size_t after = key.len - (size_t)(open - key.ptr) - 1;
		const char *close = memchr(open + 1, '}', after);
		if (close && close > open + 1)
			key = voc_str_of(open + 1, (size_t)(close - open) - 1);
	}
	return voc_redis_crc16(key) % VOC_REDIS_SLOTS;
}

bool voc_redis_address_parse(struct voc_str host, int64_t port, struct voc_redis_address *ret_address)
{
	struct voc_redis_address address = { .port = (int)port };
	if (host.len == 0 || host.len >= sizeof address.host || port < 1 || port > 65535)
		return false;
	for (size_t i = 0; i < host.len; i++) {
		char c = host.ptr[i];
		bool letter = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
		if (!letter && c != '.' && c != '-' && c != ':' && c != '_' && c != '%')
			return false;
	}
	voc_str_copy(address.host, sizeof address.host, host);
	*ret_address = address;
	return true;
}

/* An empty host, or none, means the one that was asked: the node doesn't know its own. */
static bool told_address(struct voc_str host, int64_t port, const struct voc_redis_address *asked,
                         struct voc_redis_address *ret_address)
{
	if (!voc_redis_address_parse(host.len > 0 ? host : voc_str_from(asked->host), port, ret_address))
		return false;
	ret_address->is_tls = asked->is_tls;
	return true;
}

static bool is_a(const struct voc_redis_reply *reply, enum voc_redis_type type, size_t least_count)
{
	return reply->type == type && reply->count >= least_count;
}

/* [host, port, ...] */
static bool node_of(const struct voc_redis_reply *reply, const struct voc_redis_address *asked,
                    struct voc_redis_address *ret_address)
{
	if (!is_a(reply, VOC_REDIS_ARRAY, 2) || !is_a(reply->items[1], VOC_REDIS_INTEGER, 0))
		return false;
	const struct voc_redis_reply *host = reply->items[0];
	if (host->type != VOC_REDIS_STRING && host->type != VOC_REDIS_NIL)
		return false;
	return told_address(host->str, reply->items[1]->integer, asked, ret_address);
}

/* The node's index, added if it is new; -1 if there is no more room. */
static int16_t intern_node(struct voc_redis_slots *slots, const struct voc_redis_address *address)
{
	for (size_t i = 0; i < slots->node_count; i++) {
		if (voc_redis_address_eq(&slots->nodes[i], address))
			return (int16_t)i;
	}
	if (slots->node_count == VOC_REDIS_NODES_MAX)
		return -1;
	slots->nodes[slots->node_count] = *address;
	return (int16_t)slots->node_count++;
}

static enum voc_status senseless(struct voc_error *error)
{
	return voc_error_set(error, VOC_RETRY, VOC_REASON_REDIS, -1, "a node of Redis Cluster told no map of slots");
}

/* [first slot, last slot, master, replicas...]. A master without an address owns nothing that could be reached. */
static enum voc_status take_range(struct voc_redis_slots *slots, const struct voc_redis_reply *range,
                                  const struct voc_redis_address *asked, struct voc_error *error)
{
	if (!is_a(range, VOC_REDIS_ARRAY, 3) || !is_a(range->items[0], VOC_REDIS_INTEGER, 0) ||
	    !is_a(range->items[1], VOC_REDIS_INTEGER, 0))
		return senseless(error);
	int64_t first = range->items[0]->integer, last = range->items[1]->integer;
	if (first < 0 || last < first || last >= VOC_REDIS_SLOTS)
		return senseless(error);
	struct voc_redis_address address;
	if (!node_of(range->items[2], asked, &address))
		return VOC_OK;
	int16_t owner = intern_node(slots, &address);
	if (owner < 0)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_REDIS, -1,
		                     "the Redis Cluster has more than %d masters", VOC_REDIS_NODES_MAX);
	for (int64_t slot = first; slot <= last; slot++)
		slots->owners[slot] = owner;
	return VOC_OK;
}

enum voc_status voc_redis_slots_parse(const struct voc_redis_reply *reply, const struct voc_redis_address *asked,
                                      struct voc_redis_slots *ret_slots, struct voc_error *error)
{
	if (reply->type == VOC_REDIS_ERROR && voc_str_starts_with(reply->str, VOC_STR("ERR This instance has cluster")))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_REDIS, -1,
		                     "this Redis is no node of a cluster: VOC_REDIS_URL must begin with redis://");
	enum voc_status status = voc_redis_reply_expect(reply, VOC_REDIS_ARRAY, error);
	if (status != VOC_OK)
		return status;
	ret_slots->node_count = 0;
	for (size_t i = 0; i < VOC_REDIS_SLOTS; i++)
		ret_slots->owners[i] = -1;
	for (size_t i = 0; status == VOC_OK && i < reply->count; i++)
		status = take_range(ret_slots, reply->items[i], asked, error);
	return status == VOC_OK && ret_slots->node_count == 0 ? senseless(error) : status;
}

/* The next word; `rest` is what stands behind it. */
static struct voc_str word(struct voc_str *rest)
{
	size_t len = 0;
	while (len < rest->len && rest->ptr[len] != ' ')
		len++;
	struct voc_str found = voc_str_of(rest->ptr, len);
	size_t taken = len < rest->len ? len + 1 : len;
	*rest = voc_str_of(rest->ptr + taken, rest->len - taken);
	return found;
}

bool voc_redis_redirect_parse(const struct voc_redis_reply *reply, const struct voc_redis_address *asked,
                              struct voc_redis_redirect *ret_redirect)
{
	struct voc_redis_redirect redirect = { .ask = voc_redis_reply_is_error(reply, "ASK") };
	if (!redirect.ask && !voc_redis_reply_is_error(reply, "MOVED"))
		return false;
	struct voc_str rest = reply->str;
	word(&rest);
	struct voc_str number = word(&rest), address = word(&rest);
	const char *colon = address.len > 0 ? memrchr(address.ptr, ':', address.len) : NULL;
	int64_t slot, port;
	if (!colon || !voc_str_to_i64(number, &slot) || slot < 0 || slot >= VOC_REDIS_SLOTS)
		return false;
	struct voc_str host = voc_str_of(address.ptr, (size_t)(colon - address.ptr));
	if (!voc_str_to_i64(voc_str_of(colon + 1, address.len - host.len - 1), &port) ||
	    !told_address(host, port, asked, &redirect.to))
		return false;
	redirect.slot = (int)slot;
	*ret_redirect = redirect;
	return true;
}
