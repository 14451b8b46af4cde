/*
 * Which server is the master, as Redis Sentinel has it (https://redis.io/docs/reference/sentinel-clients/): the
 * sentinels are asked in turn, and one that answers is asked first the next time. Nothing is remembered but that order:
 * the master is looked up for every connection. For the other files of io/redis. One thread at a time.
 */
#ifndef VOC_IO_REDIS_SENTINEL_H
#define VOC_IO_REDIS_SENTINEL_H

#include "io/redis/redis_link.h"

/*
 * `url->nodes` are the sentinels, reordered here. VOC_RETRY if none answers with an address, VOC_FATAL if one of them
 * is no sentinel or refuses the login.
 */
VOC_MUST_CHECK enum voc_status voc_redis_sentinel_find(struct voc_redis_url *url, struct voc_arena *arena,
                                                       struct voc_redis_patience *patience,
                                                       struct voc_redis_address *ret_master, struct voc_error *error);

/* The reply to SENTINEL GET-MASTER-ADDR-BY-NAME. Pure; statuses as above. */
VOC_MUST_CHECK enum voc_status voc_redis_sentinel_parse(const struct voc_redis_reply *reply,
                                                        struct voc_redis_address *ret_master, struct voc_error *error);

#endif
