#include "dlq_scan.h"

#include "base/clock.h"
#include "io/signals.h"
#include "sender.h"
#include "tail.h"

#define POLL_MS     200
#define PATIENCE_MS 30000 /* without any record */

static bool text_passes(const char *wanted, struct voc_str is)
{
	return wanted == NULL || voc_str_is(is, wanted);
}

static bool filter_passes(const struct dlq_filter *filter, const struct dlq_item *item)
{
	const struct voc_dead_letter *letter = &item->letter;
	int64_t time_ms = letter->time_ms > 0 ? letter->time_ms : item->message->timestamp_ms;
	return text_passes(filter->reason, letter->reason_name) &&
	       text_passes(filter->origin_topic, letter->origin_topic) && time_ms >= filter->since_ms &&
	       time_ms < filter->until_ms && (filter->partition < 0 || filter->partition == item->message->partition) &&
	       (filter->offset < 0 || filter->offset == item->message->offset);
}

static enum voc_status look_at(const struct voc_message *message, const struct dlq_filter *filter, dlq_item_fn *each,
                               void *context, int64_t *passed, struct voc_error *error)
{
	struct voc_header headers[VOC_MESSAGE_HEADERS_MAX];
	struct dlq_item item = { .message = message, .headers = headers };
	item.header_count = voc_message_headers(message, headers, VOC_MESSAGE_HEADERS_MAX);
	item.known = voc_dead_letter_decode(headers, item.header_count, &item.letter);
	if (!item.known)
		item.letter = (struct voc_dead_letter){ 0 };
	if (!filter_passes(filter, &item))
		return VOC_OK;
	(*passed)++;
	return each(context, &item, error);
}

static enum voc_status scan(struct voc_reader *reader, const struct dlq_filter *filter, dlq_item_fn *each,
                            void *context, struct voc_error *error)
{
	enum voc_status status = VOC_OK;
	int64_t passed = 0, progress_at_ms = voc_clock_ms();
	while (status == VOC_OK && (filter->limit == 0 || passed < filter->limit)) {
		struct voc_message message = { 0 };
		enum voc_poll outcome = voc_reader_next(reader, POLL_MS, &message, error);
		if (outcome == VOC_POLL_END)
			break;
		if (outcome == VOC_POLL_FAILED)
			return VOC_FATAL;
		if (voc_signals_received() != 0)
			status = voc_error_set(error, VOC_RETRY, VOC_REASON_INTERNAL, -1, "stopped by a signal");
		else if (outcome == VOC_POLL_RECORD)
			status = look_at(&message, filter, each, context, &passed, error);
		else if (voc_clock_ms() - progress_at_ms > PATIENCE_MS)
			status = voc_error_set(error, VOC_RETRY, VOC_REASON_KAFKA, -1, "no record came in %d s",
			                       PATIENCE_MS / 1000);
		if (outcome == VOC_POLL_RECORD)
			progress_at_ms = voc_clock_ms();
		voc_message_release(&message);
	}
	return status;
}

enum voc_status dlq_scan(const struct voc_conf *conf, const struct dlq_filter *filter, dlq_item_fn *each, void *context,
                         struct voc_error *error)
{
	static const struct vocctl_tail all = { VOC_TOPIC_DEAD_LETTERS, VOCCTL_TAIL_ALL };
	const struct voc_kafka_settings settings = vocctl_kafka_settings(conf);
	struct voc_admin *admin = NULL;
	struct voc_reader *reader = NULL;
	enum voc_status status = voc_signals_install(error);
	if (status == VOC_OK)
		status = voc_admin_open(&settings, &admin, error);
	if (status == VOC_OK)
		status = vocctl_tail_open(&settings, admin, &all, 1, false, &reader, error);
	if (status == VOC_OK)
		status = scan(reader, filter, each, context, error);
	voc_reader_free(reader);
	voc_admin_free(admin);
	return status;
}
