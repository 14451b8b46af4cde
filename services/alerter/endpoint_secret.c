/* A webhook's secret changes while we run: its file says so. */
#include "alerter/endpoint_internal.h"
#include "base/files.h"
#include "base/log.h"

#define LOOK_MS 1000

enum voc_status endpoint_take_secret(struct endpoint *endpoint, struct voc_error *error)
{
	if (!endpoint->webhook.secret_file)
		return VOC_OK;
	/* the stamp first: what changes while it is read is read again */
	endpoint->secret_stamp = voc_file_stamp(endpoint->webhook.secret_file);
	return voc_endpoint_load_secret(&endpoint->webhook, error);
}

void endpoint_renew_secret(struct endpoint *endpoint, int64_t now_ms)
{
	struct voc_endpoint *webhook = &endpoint->webhook;
	if (!webhook->secret_file || now_ms < endpoint->secret_look_ms)
		return;
	endpoint->secret_look_ms = now_ms + LOOK_MS;
	uint64_t stamp = voc_file_stamp(webhook->secret_file);
	if (stamp == 0 || stamp == endpoint->secret_stamp)
		return;
	struct voc_error error;
	voc_error_clear(&error);
	endpoint->secret_stamp = stamp;
	if (voc_endpoint_load_secret(webhook, &error) == VOC_OK)
		VOC_LOG(VOC_LOG_INFO, "secret read again", VOC_LOG_STR("endpoint", webhook->name),
		        VOC_LOG_INT("signatures", webhook->older.len > 0 ? 2 : 1));
	else
		voc_log_error(VOC_LOG_WARN, "the secret stays as it was", &error);
}
