#include "store.h"

#include "base/hash.h"

#include <signal.h>

static enum voc_status read_meta(struct vocctl_store *store, struct voc_error *error)
{
	enum voc_status status = voc_redis_query_meta(store->redis, &store->meta, error);
	if (status != VOC_OK)
		return status;
	if (!store->meta.present || store->meta.partitions < 1)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_REDIS, -1,
		                     "no voc:meta in this Redis: no aggregator has run on it yet");
	return VOC_OK;
}

enum voc_status vocctl_store_open(struct vocctl_store *store, const struct voc_conf *conf, struct voc_error *error)
{
	*store = (struct vocctl_store){ 0 };
	const struct sigaction ignore = { .sa_handler = SIG_IGN };
	sigaction(SIGPIPE, &ignore, NULL); /* a broken connection is an error of the exchange */
	enum voc_status status = voc_redis_new(conf->redis_url, conf->redis_timeout_ms, &store->redis, error);
	if (status == VOC_OK)
		status = voc_redis_connect(store->redis, error);
	if (status == VOC_OK)
		status = read_meta(store, error);
	if (status != VOC_OK)
		vocctl_store_close(store);
	return status;
}

void vocctl_store_close(struct vocctl_store *store)
{
	voc_redis_free(store->redis);
	store->redis = NULL;
}

enum voc_status vocctl_store_customer(struct vocctl_store *store, struct voc_str customer_id,
                                      struct voc_redis_fields *ret_fields, struct voc_error *error)
{
	int32_t partition = voc_partition_of(customer_id, store->meta.partitions);
	return voc_redis_query_customer(store->redis, partition, customer_id, ret_fields, error);
}

enum voc_status vocctl_store_rules(struct vocctl_store *store, int32_t partition, struct voc_rules *ret_rules,
                                   bool *ret_known, struct voc_error *error)
{
	struct voc_redis_fields fields;
	struct voc_str body;
	*ret_known = false;
	enum voc_status status = voc_redis_query_position(store->redis, partition, &fields, error);
	if (status != VOC_OK || !voc_redis_field_find(&fields, "rules_body", &body))
		return status;
	status = voc_rules_parse(body, ret_rules, error);
	*ret_known = status == VOC_OK;
	return status;
}
