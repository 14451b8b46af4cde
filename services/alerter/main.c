/*
 * voc-alerter: sends the alerts of voc.alerts to webhooks.
 *
 * A thread for each endpoint (alerter/endpoint.h); this one watches them (alerter/fleet.h).
 */
#include "alerter/fleet.h"
#include "base/log.h"
#include "io/webhook/webhook.h"

#include <stdio.h>
#include <unistd.h>

static enum voc_status check(const struct voc_conf *conf, struct voc_error *error)
{
	struct voc_webhooks *webhooks = NULL;
	enum voc_status status = voc_webhooks_load(conf->webhooks_path, &webhooks, error);
	if (status != VOC_OK)
		return status;
	struct voc_buf text;
	voc_buf_init(&text, 256 * 1024);
	voc_webhooks_print(&text, webhooks);
	fputs(voc_buf_c_str(&text), stdout);
	voc_buf_free(&text);
	voc_webhooks_free(webhooks);
	return VOC_OK;
}

static enum voc_status run(struct voc_runtime *runtime, const struct voc_conf *conf, struct voc_error *error)
{
	struct voc_webhooks *webhooks = NULL;
	bool abandoned = false;
	enum voc_status status = voc_webhooks_load(conf->webhooks_path, &webhooks, error);
	if (status == VOC_OK)
		status = voc_webhook_init(error);
	if (status == VOC_OK) {
		status = fleet_run(runtime, conf, webhooks, &abandoned, error);
		if (abandoned) {
			/* Its thread still runs, and uses what a return would free. The work that it leaves is done
			 * again at the next start. */
			if (status != VOC_OK)
				voc_log_error(VOC_LOG_ERROR, "failed", error);
			VOC_LOG(VOC_LOG_WARN, "stopped_late", VOC_LOG_INT("within_ms", conf->shutdown_ms));
			_exit(status == VOC_OK ? 0 : VOC_EXIT_FAILED);
		}
		voc_webhook_cleanup();
	}
	voc_webhooks_free(webhooks);
	return status;
}

int main(int argc, char **argv)
{
	static const struct voc_service service = { VOC_PROGRAM_ALERTER, "sends alerts to webhooks", check, run };
	return voc_service_main(&service, argc, argv);
}
