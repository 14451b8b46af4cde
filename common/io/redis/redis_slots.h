/*
 * Redis Cluster's slots: which slot a key is in, which node owns a slot, and where an answer redirects to.
 * https://redis.io/docs/reference/cluster-spec/. Pure, any thread.
 */
#ifndef VOC_IO_REDIS_SLOTS_H
#define VOC_IO_REDIS_SLOTS_H

#include "io/redis/redis_reply.h"
#include "io/redis/redis_url.h"

#define VOC_REDIS_SLOTS     16384
#define VOC_REDIS_NODES_MAX 128 /* masters */

/* CRC-16/XMODEM. */
uint16_t voc_redis_crc16(struct voc_str s);
/* By the part between the first '{' and the next '}', if there is any in between; else by the whole key. */
int voc_redis_slot_of(struct voc_str key);

struct voc_redis_slots {
	struct voc_redis_address nodes[VOC_REDIS_NODES_MAX]; /* masters */
	size_t node_count;
	int16_t owners[VOC_REDIS_SLOTS]; /* index into nodes; -1: nobody */
};

/*
 * Reads the reply to CLUSTER SLOTS. A node without an address of its own is where `asked` is. VOC_RETRY for what makes
 * no sense or names no owner at all, VOC_FATAL if that server is no cluster's node, or the cluster is too large.
 */
VOC_MUST_CHECK enum voc_status voc_redis_slots_parse(const struct voc_redis_reply *reply,
                                                     const struct voc_redis_address *asked,
                                                     struct voc_redis_slots *ret_slots, struct voc_error *error);

struct voc_redis_redirect {
	bool ask; /* this once only, after ASKING; else the slot moved for good */
	int slot;
	struct voc_redis_address to;
};
/* False if the reply is no redirection, or one to nowhere. */
bool voc_redis_redirect_parse(const struct voc_redis_reply *reply, const struct voc_redis_address *asked,
                              struct voc_redis_redirect *ret_redirect);

/* A host and port as a server tells them: a name or address of plausible characters, a port from 1 to 65535. */
bool voc_redis_address_parse(struct voc_str host, int64_t port, struct voc_redis_address *ret_address);

#endif
