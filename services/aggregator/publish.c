/* Alerts, dead letters, rules and what has fallen due on their way to Kafka. */
#include "aggregator.h"
#include "base/clock.h"
#include "core/record/dead_letter.h"
#include "core/record/trace.h"
#include "io/service/metrics.h"

#include <inttypes.h>
#include <stdio.h>

#define WAIT_SLICE_MS 500
#define HURRY_MS      10

/* Serves deliveries until something happened or a while has passed; VOC_RETRY once the stop's time is over. */
static enum voc_status serve(struct voc_agg *agg, struct voc_error *error)
{
	int64_t now_ms = voc_clock_ms();
	struct pollfd fd = { .fd = voc_producer_fd(agg->producer), .events = POLLIN };
	if (voc_runtime_stopping(agg->runtime) && now_ms >= voc_runtime_stop_by(agg->runtime))
		return voc_error_set(error, VOC_RETRY, VOC_REASON_KAFKA, -1,
		                     "the stop came before the acknowledgement");
	voc_runtime_wait(agg->runtime, &fd, 1, now_ms + WAIT_SLICE_MS);
	if (!voc_producer_answered(agg->producer))
		voc_agg_show_health(agg);
	return voc_producer_poll(agg->producer, 0, error);
}

static enum voc_status send(struct voc_agg *agg, const struct voc_outgoing *record, struct voc_error *error)
{
	for (;;) {
		struct voc_error full;
		voc_error_clear(&full);
		enum voc_status status = voc_producer_send(agg->producer, record, &full);
		if (status != VOC_RETRY) {
			if (status != VOC_OK)
				*error = full;
			return status;
		}
		status = serve(agg, error);
		if (status != VOC_OK)
			return status;
	}
}

static enum voc_status send_alert(struct voc_agg *agg, const struct voc_agg_alert *alert, struct voc_error *error)
{
	char received[24];
	int len = snprintf(received, sizeof received, "%" PRId64, alert->timestamp_ms);
	struct voc_header original[VOC_MESSAGE_HEADERS_MAX];
	size_t original_count = voc_message_headers(&agg->messages[alert->record], original, VOC_MESSAGE_HEADERS_MAX);
	struct voc_str trace = voc_trace_of_headers(original, original_count);
	const struct voc_header headers[] = {
		{ VOC_STR("content-type"), VOC_STR("application/cloudevents+json") },
		{ VOC_STR(VOC_RECEIVED_HEADER), voc_str_of(received, (size_t)len) },
		{ VOC_STR(VOC_TRACE_HEADER), trace },
	};
	const struct voc_outgoing record = {
		.topic = agg->alerts_topic,
		.partition = VOC_PARTITION_BY_KEY,
		.key = alert->customer_id,
		.value = alert->json,
		.headers = headers,
		.header_count = trace.len > 0 ? 3 : 2,
	};
	enum voc_status status = send(agg, &record, error);
	return status == VOC_INVALID ? VOC_FATAL : status; /* an alert that can't be told must not be passed over */
}

enum voc_status voc_agg_publish_alerts(struct voc_agg *agg, int32_t partition, struct voc_error *error)
{
	enum voc_status status = VOC_OK;
	const struct voc_agg_alert *alert = agg->step->partitions[partition].first_alert;
	for (; status == VOC_OK && alert; alert = alert->next)
		status = send_alert(agg, alert, error);
	return status;
}

enum voc_status voc_agg_publish_rules(struct voc_agg *agg, int32_t partition, struct voc_error *error)
{
	const struct voc_header headers[] = {
		{ VOC_STR("content-type"), VOC_STR("application/cloudevents+json") },
	};
	struct voc_outgoing record = { .topic = agg->topic,
		                       .partition = partition,
		                       .headers = headers,
		                       .header_count = sizeof headers / sizeof *headers };
	struct voc_buf value;
	voc_buf_init(&value, VOC_RULES_RECORD_MAX_BYTES);
	enum voc_status status =
	        voc_rules_record_encode(&value, agg->rules)
	                ? VOC_OK
	                : voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for rules");
	record.value = voc_buf_str(&value);
	if (status == VOC_OK)
		status = send(agg, &record, error);
	voc_buf_free(&value);
	return status == VOC_INVALID ? VOC_FATAL : status;
}

enum voc_status voc_agg_publish_due(struct voc_agg *agg, int32_t partition, const struct voc_due *due,
                                    struct voc_error *error)
{
	const struct voc_header headers[] = {
		{ VOC_STR("content-type"), VOC_STR("application/cloudevents+json") },
	};
	struct voc_outgoing record = { .topic = agg->topic,
		                       .partition = partition,
		                       .key = due->customer_id,
		                       .headers = headers,
		                       .header_count = sizeof headers / sizeof *headers };
	struct voc_buf value;
	voc_buf_init(&value, VOC_DUE_RECORD_MAX_BYTES);
	enum voc_status status = voc_due_record_encode(&value, due)
	                                 ? VOC_OK
	                                 : voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1,
	                                                 "no memory for what has fallen due");
	record.value = voc_buf_str(&value);
	if (status == VOC_OK)
		status = send(agg, &record, error);
	voc_buf_free(&value);
	return status == VOC_INVALID ? VOC_FATAL : status;
}

static enum voc_status send_dead_letter(struct voc_agg *agg, const struct voc_message *message,
                                        const struct voc_error *why, struct voc_error *error)
{
	struct voc_header original[VOC_MESSAGE_HEADERS_MAX];
	size_t original_count = voc_message_headers(message, original, VOC_MESSAGE_HEADERS_MAX);
	struct voc_dead_letter letter = { .reason = why->reason,
		                          .error = voc_str_from(why->text),
		                          .position = why->position,
		                          .origin_topic = message->topic,
		                          .origin_partition = message->partition,
		                          .origin_offset = message->offset,
		                          .origin_timestamp_ms = message->timestamp_ms,
		                          .service = VOC_STR("voc-aggregator"),
		                          .time_ms = voc_clock_wall_ms() };
	struct voc_outgoing record = {
		.topic = agg->dlq_topic, .partition = VOC_PARTITION_BY_KEY, .key = message->key, .value = message->value
	};
	if (!voc_dead_letter_encode(&letter, original, original_count, agg->step->arena, &record.headers,
	                            &record.header_count))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a dead letter");
	return send(agg, &record, error);
}

enum voc_status voc_agg_publish_dead_letters(struct voc_agg *agg, struct voc_error *error)
{
	enum voc_status status = VOC_OK;
	for (size_t i = 0; status == VOC_OK && i < agg->step->record_count; i++) {
		const struct voc_agg_record *record = &agg->step->records[i];
		if (record->decoded)
			continue;
		status = send_dead_letter(agg, &agg->messages[i], record->error, error);
		if (status == VOC_INVALID) {
			/* Its headers made it larger than the topic takes. Stopping for good would help nobody. */
			VOC_LOG(VOC_LOG_ERROR, "dead letter refused", VOC_LOG_STR("topic", agg->topic),
			        VOC_LOG_INT("partition", record->partition), VOC_LOG_INT("offset", record->offset));
			voc_error_clear(error);
			status = VOC_OK;
		}
	}
	return status;
}

enum voc_status voc_agg_publish_wait(struct voc_agg *agg, struct voc_error *error)
{
	voc_producer_hurry(agg->producer, HURRY_MS);
	enum voc_status status = voc_producer_poll(agg->producer, 0, error);
	while (status == VOC_OK && voc_producer_in_flight(agg->producer) > 0)
		status = serve(agg, error);
	return status;
}
