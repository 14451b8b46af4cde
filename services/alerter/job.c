#include "alerter/job.h"

#include "base/hash.h"
#include "core/classify/classified.h"
#include "core/deliver/slack.h"
#include "core/record/trace.h"

#include <stdlib.h>

#define CONTRIBUTIONS_MAX 8

static struct voc_str store(char **at, struct voc_str s)
{
	struct voc_str copy = { s.ptr ? *at : NULL, s.len };
	if (s.len > 0)
		memcpy(*at, s.ptr, s.len);
	*at += s.len;
	return copy;
}

/* When the raw record came in: where latency is counted from. */
static int64_t received_ms(const struct voc_message *message, const struct voc_header *headers, size_t count)
{
	int64_t ms;
	for (size_t i = 0; i < count; i++) {
		if (voc_str_is(headers[i].name, VOC_RECEIVED_HEADER) && voc_str_to_i64(headers[i].value, &ms))
			return ms;
	}
	return message->timestamp_ms;
}

struct job *job_new(const struct voc_message *message, void *owner, size_t slot)
{
	struct voc_header headers[VOC_MESSAGE_HEADERS_MAX];
	size_t count = voc_message_headers(message, headers, VOC_MESSAGE_HEADERS_MAX);
	size_t bytes = sizeof(struct job) + count * sizeof *headers + message->key.len + message->value.len;
	for (size_t i = 0; i < count; i++)
		bytes += headers[i].name.len + headers[i].value.len;
	struct job *job = malloc(bytes);
	if (!job)
		return NULL;
	*job = (struct job){
		.owner = owner,
		.slot = slot,
		.partition = message->partition,
		.offset = message->offset,
		.timestamp_ms = message->timestamp_ms,
		.received_ms = received_ms(message, headers, count),
		.cause_partition = -1,
		.headers = (struct voc_header *)(job + 1),
		.header_count = count,
		.bytes = bytes,
		.error = { .position = -1 },
	};
	char *at = (char *)(job->headers + count);
	for (size_t i = 0; i < count; i++) {
		job->headers[i].name = store(&at, headers[i].name);
		job->headers[i].value = store(&at, headers[i].value);
	}
	job->trace = voc_trace_of_headers(job->headers, count);
	job->key = store(&at, message->key);
	job->value = store(&at, message->value);
	job->body = job->value;
	voc_str_copy(job->topic, sizeof job->topic, message->topic);
	voc_buf_init(&job->made, VOC_SLACK_MAX_BYTES);
	return job;
}

void job_free(struct job *job)
{
	if (!job)
		return;
	voc_buf_free(&job->made);
	free(job);
}

/* True if the record is a dead letter of another endpoint that was sent again. */
static bool is_for_another(const struct job *job, const struct voc_endpoint *endpoint)
{
	for (size_t i = 0; i < job->header_count; i++)
		if (voc_str_is(job->headers[i].name, VOC_ENDPOINT_HEADER))
			return !voc_str_is(job->headers[i].value, endpoint->name);
	return false;
}

static enum voc_status make_slack_body(struct job *job, const struct voc_alert *alert, struct voc_arena *scratch)
{
	struct voc_contribution contributions[CONTRIBUTIONS_MAX];
	size_t count = 0;
	enum voc_status status = voc_contributions_decode(alert->contributions, scratch, contributions,
	                                                  CONTRIBUTIONS_MAX, &count, &job->error);
	if (status != VOC_OK)
		return status;
	bool whole = voc_slack_encode(&job->made, alert, contributions, count);
	if (!whole && job->made.out_of_memory)
		return voc_error_set(&job->error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "making a message");
	if (!whole)
		return voc_error_set(&job->error, VOC_INVALID, VOC_REASON_TOO_LARGE, -1, "no room for the message");
	job->body = voc_buf_str(&job->made);
	job->bytes += job->made.cap;
	return VOC_OK;
}

/* What can't be made into a request is a dead letter, unless it was memory that failed. */
static enum job_fate give_up(struct job *job, enum voc_status status, struct voc_error *error)
{
	if (status == VOC_INVALID)
		return JOB_BURY;
	voc_error_set(error, VOC_FATAL, job->error.reason, -1, "an alert: %s", job->error.text);
	return JOB_FAILED;
}

enum job_fate job_prepare(struct job *job, const struct voc_endpoint *endpoint, struct voc_arena *scratch,
                          struct voc_error *error)
{
	struct voc_alert alert;
	voc_arena_reset(scratch);
	/* Where it can't be read, the key has to do to keep the customer's order. */
	job->item.customer = voc_hash64(job->key);
	if (is_for_another(job, endpoint))
		return JOB_SKIP;
	enum voc_status status = voc_alert_decode(job->value, scratch, &alert, &job->error);
	if (status != VOC_OK)
		return give_up(job, status, error);
	if (!voc_endpoint_wants(endpoint, alert.rule, alert.severity))
		return JOB_SKIP;
	if (!voc_webhook_id_valid(alert.id)) {
		voc_error_set(&job->error, VOC_INVALID, VOC_REASON_BAD_VALUE, -1, "id: not fit for a webhook-id");
		return JOB_BURY;
	}
	struct voc_source_position cause;
	if (voc_source_position_parse(alert.origin, &cause)) {
		job->cause_partition = cause.partition;
		job->cause_offset = cause.offset;
	}
	voc_str_copy(job->id, sizeof job->id, alert.id);
	job->item.customer = voc_hash64(alert.customer_id);
	if (endpoint->format == VOC_WEBHOOK_SLACK)
		status = make_slack_body(job, &alert, scratch);
	return status == VOC_OK ? JOB_SEND : give_up(job, status, error);
}
