#include "dlq_redrive.h"

#include "vocctl/shared/sender.h"

struct redrive {
	const struct voc_conf *conf;
	bool dry_run;
	struct vocctl_sender sender;
	struct dlq_redrive *outcome;
};

static bool is_webhook_reason(enum voc_reason reason)
{
	return reason == VOC_REASON_WEBHOOK_REJECTED || reason == VOC_REASON_WEBHOOK_EXHAUSTED;
}

/* Headers say where a record came from, and anybody can write headers: only our own topics are gone back to. */
static bool find_destination(const struct redrive *redrive, const struct dlq_item *item, char to[VOC_TOPIC_NAME_SIZE])
{
	if (!item->known)
		return false;
	if (is_webhook_reason(item->letter.reason))
		return voc_topic_name(to, redrive->conf->topic_prefix, VOC_TOPIC_ALERTS);
	for (int i = 0; i < VOC_TOPIC_COUNT; i++) {
		if (i != VOC_TOPIC_DEAD_LETTERS && voc_topic_name(to, redrive->conf->topic_prefix, (enum voc_topic)i) &&
		    voc_str_is(item->letter.origin_topic, to))
			return true;
	}
	return false;
}

/* The record's own headers, and how often it was sent back. */
static size_t restore_headers(const struct dlq_item *item, struct voc_header *headers, struct voc_buf *count_text)
{
	int64_t redriven = 0;
	size_t count = 0;
	for (size_t i = 0; i < item->header_count; i++) {
		const struct voc_header *header = &item->headers[i];
		if (voc_str_is(header->name, DLQ_REDRIVEN_HEADER)) {
			if (!voc_str_to_i64(header->value, &redriven))
				redriven = 0;
		} else if (!voc_dead_letter_owns(header->name)) {
			headers[count++] = *header;
		}
	}
	voc_buf_add_i64(count_text, redriven + 1);
	headers[count++] = (struct voc_header){ VOC_STR(DLQ_REDRIVEN_HEADER), voc_buf_str(count_text) };
	return count;
}

static enum voc_status send_back(struct redrive *redrive, const struct dlq_item *item, const char *topic,
                                 struct voc_error *error)
{
	struct voc_header headers[VOC_MESSAGE_HEADERS_MAX + 1];
	char digits[24];
	struct voc_buf count_text = { .ptr = digits, .cap = sizeof digits, .max = sizeof digits };
	const struct voc_outgoing record = {
		.topic = topic,
		.partition = VOC_PARTITION_BY_KEY,
		.key = item->message->key,
		.value = item->message->value,
		.headers = headers,
		.header_count = restore_headers(item, headers, &count_text),
		/* it stands in for an event's missing time */
		.timestamp_ms = item->letter.origin_timestamp_ms > 0 ? item->letter.origin_timestamp_ms : 0,
	};
	return vocctl_sender_send(&redrive->sender, &record, error);
}

static enum voc_status redrive_item(void *context, const struct dlq_item *item, struct voc_error *error)
{
	struct redrive *redrive = context;
	char topic[VOC_TOPIC_NAME_SIZE];
	if (!find_destination(redrive, item, topic)) {
		redrive->outcome->refused++;
		return VOC_OK;
	}
	enum voc_status status = redrive->dry_run ? VOC_OK : send_back(redrive, item, topic, error);
	if (status == VOC_OK)
		dlq_tally_add(&redrive->outcome->tally, item->letter.reason_name, voc_str_from(topic),
		              item->letter.time_ms);
	return status;
}

enum voc_status dlq_redrive(const struct voc_conf *conf, const struct dlq_filter *filter, bool dry_run,
                            struct dlq_redrive *ret_outcome, struct voc_error *error)
{
	struct redrive redrive = { .conf = conf, .dry_run = dry_run, .outcome = ret_outcome };
	enum voc_status status = dry_run ? VOC_OK : vocctl_sender_open(&redrive.sender, conf, error);
	if (status == VOC_OK)
		status = dlq_scan(conf, filter, redrive_item, &redrive, error);
	if (!dry_run && redrive.sender.producer != NULL && status != VOC_FATAL) {
		enum voc_status drained = vocctl_sender_drain(&redrive.sender, error);
		status = status == VOC_OK ? drained : status;
	}
	ret_outcome->acknowledged = redrive.sender.acknowledged;
	vocctl_sender_close(&redrive.sender);
	return status;
}
