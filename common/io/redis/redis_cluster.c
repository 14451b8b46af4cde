#include "io/redis/redis_cluster.h"

#include "io/redis/redis_args.h"

#include <stdlib.h>

/* For one node's answer: the next one may well be faster. */
#define ANSWER_LONGEST_MS 1000

struct voc_redis_cluster {
	const struct voc_redis_url *url;
	struct voc_arena *arena;
	struct voc_redis_link *links[VOC_REDIS_NODES_MAX];
	size_t link_count;
	int16_t owners[VOC_REDIS_SLOTS]; /* index into links; -1: nobody */
	bool known, suspected;
	size_t turn;                 /* which node is asked next */
	struct voc_redis_slots told; /* the last answer */
	struct voc_buf question;
};

struct voc_redis_cluster *voc_redis_cluster_new(const struct voc_redis_url *url, struct voc_arena *arena)
{
	struct voc_redis_cluster *cluster = calloc(1, sizeof *cluster);
	if (!cluster)
		return NULL;
	cluster->url = url;
	cluster->arena = arena;
	voc_buf_init(&cluster->question, 64);
	voc_redis_args_words(&cluster->question, (const char *[]){ "CLUSTER", "SLOTS", NULL });
	if (!cluster->question.failed)
		return cluster;
	voc_redis_cluster_free(cluster);
	return NULL;
}

static void own_nothing(struct voc_redis_cluster *cluster)
{
	for (size_t slot = 0; slot < VOC_REDIS_SLOTS; slot++)
		cluster->owners[slot] = -1;
}

void voc_redis_cluster_forget(struct voc_redis_cluster *cluster)
{
	for (size_t i = 0; i < cluster->link_count; i++)
		voc_redis_link_free(cluster->links[i]);
	cluster->link_count = 0;
	cluster->known = false;
	own_nothing(cluster);
}

void voc_redis_cluster_free(struct voc_redis_cluster *cluster)
{
	if (!cluster)
		return;
	voc_redis_cluster_forget(cluster);
	voc_buf_free(&cluster->question);
	free(cluster);
}

bool voc_redis_cluster_known(const struct voc_redis_cluster *cluster)
{
	return cluster->known;
}

void voc_redis_cluster_suspect(struct voc_redis_cluster *cluster)
{
	cluster->suspected = true;
}

struct voc_redis_link *const *voc_redis_cluster_links(const struct voc_redis_cluster *cluster, size_t *ret_count)
{
	*ret_count = cluster->link_count;
	return cluster->links;
}

/* The link to this address, among `count`; -1 if there is none. */
static int find_link(struct voc_redis_link *const *links, size_t count, const struct voc_redis_address *address)
{
	for (size_t i = 0; i < count; i++) {
		if (links[i] && voc_redis_address_eq(&links[i]->address, address))
			return (int)i;
	}
	return -1;
}

/* The same, made if there is none; -1 when there is no more room. */
static int intern_link(struct voc_redis_cluster *cluster, const struct voc_redis_address *address)
{
	int found = find_link(cluster->links, cluster->link_count, address);
	if (found >= 0 || cluster->link_count == VOC_REDIS_NODES_MAX)
		return found;
	struct voc_redis_link *link = voc_redis_link_new(address, cluster->arena);
	if (!link)
		return -1;
	cluster->links[cluster->link_count] = link;
	return (int)cluster->link_count++;
}

/* The masters that were told become the links; those that were links before stay as they are. */
static bool adopt(struct voc_redis_cluster *cluster)
{
	const struct voc_redis_slots *told = &cluster->told;
	struct voc_redis_link *links[VOC_REDIS_NODES_MAX];
	bool good = true;
	for (size_t i = 0; i < told->node_count; i++) {
		int old = find_link(cluster->links, cluster->link_count, &told->nodes[i]);
		links[i] = old >= 0 ? cluster->links[old] : voc_redis_link_new(&told->nodes[i], cluster->arena);
		if (old >= 0)
			cluster->links[old] = NULL;
		good = good && links[i];
	}
	for (size_t i = 0; i < cluster->link_count; i++)
		voc_redis_link_free(cluster->links[i]);
	cluster->link_count = 0;
	for (size_t i = 0; good && i < told->node_count; i++)
		cluster->links[cluster->link_count++] = links[i];
	for (size_t i = 0; !good && i < told->node_count; i++)
		voc_redis_link_free(links[i]);
	for (size_t slot = 0; slot < VOC_REDIS_SLOTS; slot++)
		cluster->owners[slot] = good ? told->owners[slot] : -1;
	cluster->known = good;
	cluster->suspected = !good;
	return good;
}

static enum voc_status ask(struct voc_redis_cluster *cluster, struct voc_redis_link *link,
                           const struct voc_redis_terms *terms, struct voc_redis_patience *patience,
                           struct voc_error *error)
{
	struct voc_redis_call call = { .command = voc_buf_str(&cluster->question) };
	struct voc_redis_patience brief = voc_redis_patience_at_most(patience, ANSWER_LONGEST_MS);
	enum voc_status status = voc_redis_greet(&link, 1, terms, &brief, error);
	if (status != VOC_OK)
		return status;
	voc_redis_link_send(link, &call);
	voc_redis_links_exchange(&link, 1, &brief);
	voc_redis_patience_take(patience, &brief);
	return voc_redis_slots_parse(call.reply, &link->address, &cluster->told, error);
}

/* VOC_RETRY if none of the links answers; error has the last one's failure. */
static enum voc_status ask_in_turn(struct voc_redis_cluster *cluster, const struct voc_redis_terms *terms,
                                   struct voc_redis_patience *patience, struct voc_error *error)
{
	enum voc_status status = VOC_RETRY;
	size_t count = cluster->link_count, first = cluster->turn++;
	for (size_t i = 0; i < count && status == VOC_RETRY; i++) {
		voc_error_clear(error);
		status = ask(cluster, cluster->links[(first + i) % count], terms, patience, error);
	}
	if (status == VOC_OK && !adopt(cluster))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for Redis Cluster");
	return status;
}

enum voc_status voc_redis_cluster_refresh(struct voc_redis_cluster *cluster, const struct voc_redis_terms *terms,
                                          struct voc_redis_patience *patience, struct voc_error *error)
{
	struct voc_error failure;
	voc_error_clear(&failure);
	if (cluster->known && !cluster->suspected)
		return VOC_OK;
	enum voc_status status = cluster->known ? ask_in_turn(cluster, terms, patience, &failure) : VOC_RETRY;
	if (status == VOC_RETRY) {
		voc_redis_cluster_forget(cluster);
		for (size_t i = 0; i < cluster->url->node_count; i++)
			intern_link(cluster, &cluster->url->nodes[i]);
		status = ask_in_turn(cluster, terms, patience, &failure);
	}
	if (status == VOC_RETRY)
		voc_error_set(error, VOC_RETRY, VOC_REASON_REDIS, -1, "no node of the Redis Cluster tells its map: %s",
		              failure.text);
	else if (status != VOC_OK && error)
		*error = failure;
	if (status != VOC_OK)
		voc_redis_cluster_forget(cluster);
	return status;
}

struct voc_redis_link *voc_redis_cluster_owner(struct voc_redis_cluster *cluster, int slot)
{
	int owner = cluster->owners[slot];
	return owner >= 0 ? cluster->links[owner] : NULL;
}

struct voc_redis_link *voc_redis_cluster_redirect(struct voc_redis_cluster *cluster,
                                                  const struct voc_redis_redirect *redirect)
{
	if (!redirect->ask) /* first: where there is no room for one more node, a new map may make some */
		cluster->suspected = true;
	int to = intern_link(cluster, &redirect->to);
	if (to < 0)
		return NULL;
	if (!redirect->ask)
		cluster->owners[redirect->slot] = (int16_t)to;
	return cluster->links[to];
}
