/*
 * The nodes of a Redis Cluster: one link for each master, and which of them serves which slot.
 *
 * The map comes from CLUSTER SLOTS of any node that answers, and from MOVED; it is bounded by VOC_REDIS_NODES_MAX
 * nodes. Links are closed until somebody opens them (redis_greet.h). For the other files of io/redis. One thread at a
 * time.
 */
#ifndef VOC_IO_REDIS_CLUSTER_H
#define VOC_IO_REDIS_CLUSTER_H

#include "io/redis/redis_greet.h"
#include "io/redis/redis_slots.h"

struct voc_redis_cluster;

/* NULL when memory runs out. `url` and `arena` are borrowed. Free with voc_redis_cluster_free (NULL is fine). */
struct voc_redis_cluster *voc_redis_cluster_new(const struct voc_redis_url *url, struct voc_arena *arena);
void voc_redis_cluster_free(struct voc_redis_cluster *cluster);

/* Closes every link and forgets the map. */
void voc_redis_cluster_forget(struct voc_redis_cluster *cluster);
bool voc_redis_cluster_known(const struct voc_redis_cluster *cluster);
/* The map may be out of date. */
void voc_redis_cluster_suspect(struct voc_redis_cluster *cluster);

/*
 * Learns the map anew if there is none or it is suspected: the nodes that are known are asked in turn, then those of
 * the URL. Links to masters that stay are kept. VOC_RETRY if none answers: the map is forgotten then.
 */
VOC_MUST_CHECK enum voc_status voc_redis_cluster_refresh(struct voc_redis_cluster *cluster,
                                                         const struct voc_redis_terms *terms,
                                                         struct voc_redis_patience *patience, struct voc_error *error);

/* The link to the slot's master; NULL if nobody serves it. */
struct voc_redis_link *voc_redis_cluster_owner(struct voc_redis_cluster *cluster, int slot);
/* The link that a redirection points to; a slot that moved is remembered. NULL when there is no more room. */
struct voc_redis_link *voc_redis_cluster_redirect(struct voc_redis_cluster *cluster,
                                                  const struct voc_redis_redirect *redirect);

/* All links; borrowed until the next refresh or redirect. */
struct voc_redis_link *const *voc_redis_cluster_links(const struct voc_redis_cluster *cluster, size_t *ret_count);

#endif
