/*
 * voc-classifier: voc.calls, voc.web, voc.complaints and the facts' topics in, voc.classified out, and voc.dlq for what
 * is none of it.
 */
#include "base/clock.h"
#include "classifier/reload.h"
#include "classifier/start.h"
#include "classifier/worker.h"
#include "io/service/runtime.h"
#include "io/service/signals.h"

#define TOPICS_RETRY_MS 1000

/* Until the topics are there, or the stop; *ret_partitions stays 0 then. */
static enum voc_status wait_for_topics(struct voc_runtime *runtime, const struct voc_conf *conf,
                                       int32_t *ret_partitions, struct voc_error *error)
{
	struct voc_admin *admin = NULL;
	const struct voc_kafka_settings kafka = { .conf = conf,
		                                  .client_id = "voc-classifier",
		                                  .on_complaint = voc_runtime_complain };
	enum voc_status status = voc_admin_open(&kafka, &admin, error);
	bool told = false;
	while (status == VOC_OK && *ret_partitions == 0 && !voc_runtime_stopping(runtime)) {
		status = voc_start_check_topics(admin, conf, ret_partitions, error);
		if (status != VOC_RETRY)
			continue;
		/* the worker tells when that is over */
		voc_health_set(voc_runtime_health(runtime), VOC_UNREADY_KAFKA, true);
		if (!told)
			voc_log_error(VOC_LOG_WARN, "waiting for Kafka's topics", error);
		told = true;
		voc_error_clear(error);
		voc_runtime_wait(runtime, NULL, 0, voc_clock_ms() + TOPICS_RETRY_MS);
		status = VOC_OK;
	}
	voc_admin_free(admin);
	return status;
}

static enum voc_status work(struct voc_runtime *runtime, struct voc_worker *worker, struct voc_reload *reload,
                            struct voc_error *error)
{
	struct pollfd fds[VOC_WORKER_FDS];
	int64_t until_ms = 0;
	voc_worker_fds(worker, fds);
	while (!voc_runtime_stopping(runtime)) {
		if (voc_reload_turn(reload, voc_signals_take_hangup(), voc_clock_ms()))
			voc_worker_use(worker, voc_reload_classifier(reload), voc_reload_shadow(reload));
		enum voc_status status = voc_worker_turn(worker, &until_ms, error);
		if (status != VOC_OK)
			return status;
		voc_health_set(voc_runtime_health(runtime), VOC_UNREADY_STARTING, false);
		voc_runtime_wait(runtime, fds, VOC_WORKER_FDS, until_ms);
	}
	if (voc_worker_stop(worker, voc_runtime_stop_by(runtime), error) != VOC_OK) {
		/* late, not lost: the next member does it again */
		voc_log_error(VOC_LOG_WARN, "stopped early", error);
		voc_error_clear(error);
	}
	return VOC_OK;
}

static enum voc_status run(struct voc_runtime *runtime, const struct voc_conf *conf, struct voc_error *error)
{
	struct voc_reload *reload = NULL;
	struct voc_worker *worker = NULL;
	struct voc_health *health = voc_runtime_health(runtime);
	int32_t partitions = 0;
	enum voc_status status = voc_signals_catch_hangup(error);
	if (status == VOC_OK)
		status = voc_reload_open(conf, health, &reload, error);
	if (status == VOC_OK)
		status = wait_for_topics(runtime, conf, &partitions, error);
	if (status == VOC_OK && partitions > 0) {
		status = voc_worker_open(conf, voc_reload_classifier(reload), health, partitions, &worker, error);
		if (status == VOC_OK) {
			voc_worker_use(worker, voc_reload_classifier(reload), voc_reload_shadow(reload));
			status = work(runtime, worker, reload, error);
		}
	}
	voc_worker_free(worker);
	voc_reload_free(reload);
	return status;
}

int main(int argc, char **argv)
{
	static const struct voc_service service = { VOC_PROGRAM_CLASSIFIER,
		                                    "raw events to classified ones, and dead letters", voc_reload_check,
		                                    run };
	return voc_service_main(&service, argc, argv);
}
