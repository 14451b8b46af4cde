#include "sender.h"

#include "base/clock.h"
#include "io/service/signals.h"
#include "text.h"

#include <stdio.h>
#include <unistd.h>

#define POLL_MS   100
#define LINGER_MS 5
/* The classifier's memory is mostly the batches that it holds, one or two of each partition, decompressed. */
#define BATCH_BYTES 32768

static void print_complaint(void *context, enum voc_reason reason, const char *text)
{
	(void)context;
	/* The mock cluster's metadata is of an old version, and every client of it says so. */
	if (strstr(text, "allow.auto.create.topics=false not supported") != NULL)
		return;
	struct voc_buf line;
	voc_buf_init(&line, 1024);
	vocctl_text_add(&line, voc_str_from(text));
	/* over a progress bar, if there is one */
	fprintf(stderr, "%svocctl: %s: %s\n", isatty(STDERR_FILENO) ? "\r\x1b[K" : "", voc_reason_name(reason),
	        voc_buf_c_str(&line));
	voc_buf_free(&line);
}

struct voc_kafka_settings vocctl_kafka_settings(const struct voc_conf *conf)
{
	return (struct voc_kafka_settings){
		.conf = conf,
		.client_id = "vocctl",
		.on_complaint = print_complaint,
	};
}

static void count_delivery(void *owner, void *opaque, int32_t partition, int64_t offset)
{
	struct vocctl_sender *sender = owner;
	(void)opaque;
	(void)partition;
	sender->progress_at_ms = voc_clock_ms();
	if (offset < 0)
		return;
	sender->acknowledged++;
	sender->last_offset = offset;
}

enum voc_status vocctl_sender_open(struct vocctl_sender *sender, const struct voc_conf *conf, struct voc_error *error)
{
	*sender = (struct vocctl_sender){ .progress_at_ms = voc_clock_ms(), .last_offset = -1 };
	const struct voc_producer_settings settings = {
		.kafka = vocctl_kafka_settings(conf),
		.linger_ms = LINGER_MS,
		.batch_bytes = BATCH_BYTES,
		.on_delivered = count_delivery,
		.owner = sender,
	};
	return voc_producer_open(&settings, &sender->producer, error);
}

void vocctl_sender_close(struct vocctl_sender *sender)
{
	voc_producer_free(sender->producer);
	sender->producer = NULL;
}

static enum voc_status check_patience(const struct vocctl_sender *sender, struct voc_error *error)
{
	if (voc_clock_ms() - sender->progress_at_ms < VOCCTL_SENDER_PATIENCE_MS)
		return VOC_OK;
	return voc_error_set(error, VOC_RETRY, VOC_REASON_KAFKA, -1, "nothing was acknowledged in %d s",
	                     VOCCTL_SENDER_PATIENCE_MS / 1000);
}

static enum voc_status check_signal(struct voc_error *error)
{
	if (voc_signals_received() == 0)
		return VOC_OK;
	return voc_error_set(error, VOC_RETRY, VOC_REASON_INTERNAL, -1, "stopped by a signal");
}

enum voc_status vocctl_sender_send(struct vocctl_sender *sender, const struct voc_outgoing *record,
                                   struct voc_error *error)
{
	enum voc_status status = check_signal(error);
	if (voc_producer_in_flight(sender->producer) == 0)
		sender->progress_at_ms = voc_clock_ms();
	while (status == VOC_OK) {
		struct voc_error refusal = { 0 };
		status = voc_producer_send(sender->producer, record, &refusal);
		if (status != VOC_RETRY) {
			if (status != VOC_OK)
				*error = refusal;
			sender->sent += status == VOC_OK;
			return status;
		}
		status = voc_producer_poll(sender->producer, POLL_MS, error);
		if (status == VOC_OK)
			status = check_signal(error);
		if (status == VOC_OK)
			status = check_patience(sender, error);
	}
	return status;
}

enum voc_status vocctl_sender_pause(struct vocctl_sender *sender, int64_t until_us, struct voc_error *error)
{
	enum voc_status status = VOC_OK;
	int64_t left_us;
	while (status == VOC_OK && voc_signals_received() == 0 && (left_us = until_us - voc_clock_us()) > 0) {
		int64_t wait_ms = (left_us + 999) / 1000;
		status = voc_producer_poll(sender->producer, wait_ms < POLL_MS ? (int)wait_ms : POLL_MS, error);
	}
	return status;
}

enum voc_status vocctl_sender_drain(struct vocctl_sender *sender, struct voc_error *error)
{
	enum voc_status status = VOC_OK;
	sender->progress_at_ms = voc_clock_ms();
	while (status == VOC_OK && voc_producer_in_flight(sender->producer) > 0) {
		status = voc_producer_poll(sender->producer, POLL_MS, error);
		if (status == VOC_OK)
			status = check_patience(sender, error);
	}
	return status;
}
