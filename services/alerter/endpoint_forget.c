/* Alerts of customers who are forgotten: given up as if they had been delivered. */
#include "alerter/endpoint_internal.h"
#include "io/service/metrics.h"

bool endpoint_drop_if_forgotten(struct endpoint *endpoint, struct job *job)
{
	if (job->item.state == OUTBOX_SENDING || job->posted ||
	    !forgotten_covers(endpoint->settings.forgotten, job->key, job->cause_partition, job->cause_offset))
		return false;
	if (job->item.state == OUTBOX_DYING)
		endpoint->unposted--;
	voc_metric_add(VOC_METRIC_ALERTS_FORGOTTEN, 1);
	endpoint_finish_job(endpoint, job);
	return true;
}

void endpoint_drop_forgotten(struct endpoint *endpoint)
{
	uint64_t version = forgotten_version(endpoint->settings.forgotten);
	if (version == endpoint->forgotten_version)
		return;
	endpoint->forgotten_version = version;
	struct outbox_item *next;
	for (struct outbox_item *item = endpoint->outbox.first; item; item = next) {
		next = item->next;
		endpoint_drop_if_forgotten(endpoint, (struct job *)item);
	}
}
