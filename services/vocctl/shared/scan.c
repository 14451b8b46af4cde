#include "scan.h"

#include "base/clock.h"
#include "io/service/signals.h"
#include "sender.h"

#define POLL_MS     200
#define PATIENCE_MS 30000 /* without any record */

static enum voc_status scan(struct voc_reader *reader, vocctl_scan_fn *each, void *context, struct voc_error *error)
{
	int64_t progress_at_ms = voc_clock_ms();
	bool more = true;
	while (more) {
		struct voc_message message = { 0 };
		enum voc_poll outcome = voc_reader_next(reader, POLL_MS, &message, error);
		if (outcome == VOC_POLL_END)
			break;
		if (outcome == VOC_POLL_FAILED)
			return VOC_FATAL;
		if (outcome == VOC_POLL_RECORD) {
			progress_at_ms = voc_clock_ms();
			more = each(context, &message, error);
		}
		voc_message_release(&message);
		if (voc_signals_received() != 0)
			return voc_error_set(error, VOC_RETRY, VOC_REASON_INTERNAL, -1, "stopped by a signal");
		if (voc_clock_ms() - progress_at_ms > PATIENCE_MS)
			return voc_error_set(error, VOC_RETRY, VOC_REASON_KAFKA, -1, "no record came in %d s",
			                     PATIENCE_MS / 1000);
	}
	return error->status;
}

enum voc_status vocctl_scan(const struct voc_conf *conf, const struct vocctl_tail *tails, size_t count,
                            vocctl_scan_fn *each, void *context, struct voc_error *error)
{
	const struct voc_kafka_settings settings = vocctl_kafka_settings(conf);
	struct voc_admin *admin = NULL;
	struct voc_reader *reader = NULL;
	enum voc_status status = voc_admin_open(&settings, &admin, error);
	if (status == VOC_OK)
		status = vocctl_tail_open(&settings, admin, tails, count, false, &reader, error);
	/* Not before: while Kafka does not answer, a signal may end it at once. */
	if (status == VOC_OK)
		status = voc_signals_install(error);
	if (status == VOC_OK)
		status = scan(reader, each, context, error);
	voc_reader_free(reader);
	voc_admin_free(admin);
	return status;
}
