#include "alerter/dead_letters.h"

#include "base/clock.h"
#include "core/record/dead_letter.h"
#include "core/record/topic.h"
#include "io/kafka/kafka_producer.h"
#include "io/service/metrics.h"

#include <stdlib.h>

#define LINGER_MS 5

struct dead_letters {
	struct voc_producer *producer;
	void (*on_posted)(struct job *job);
	char topic[VOC_TOPIC_NAME_SIZE];
};

static void on_delivered(void *owner, void *opaque, int32_t partition, int64_t offset)
{
	(void)partition;
	struct dead_letters *letters = owner;
	struct job *job = opaque;
	if (offset < 0) /* given up: the producer has failed, and says so when it is served */
		return;
	voc_metric_add_labelled(VOC_LABELLED_DEAD_LETTERS, (int)job->error.reason, 1);
	letters->on_posted(job);
}

enum voc_status dead_letters_open(const struct dead_letters_settings *settings, struct dead_letters **ret_letters,
                                  struct voc_error *error)
{
	struct dead_letters *letters = calloc(1, sizeof *letters);
	if (!letters)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "dead letters");
	letters->on_posted = settings->on_posted;
	if (!voc_topic_name(letters->topic, settings->kafka.conf->topic_prefix, VOC_TOPIC_DEAD_LETTERS)) {
		free(letters);
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "the topic prefix is too long");
	}
	const struct voc_producer_settings producer = {
		.kafka = settings->kafka, .linger_ms = LINGER_MS, .on_delivered = on_delivered, .owner = letters
	};
	enum voc_status status = voc_producer_open(&producer, &letters->producer, error);
	if (status != VOC_OK) {
		free(letters);
		return status;
	}
	*ret_letters = letters;
	return VOC_OK;
}

void dead_letters_free(struct dead_letters *letters)
{
	if (!letters)
		return;
	voc_producer_free(letters->producer);
	free(letters);
}

/* The record's own headers, less an endpoint's name of an earlier death, and ours. */
static size_t gather_headers(const struct job *job, const char *endpoint, struct voc_header *headers)
{
	size_t count = 0;
	for (size_t i = 0; i < job->header_count; i++)
		if (!voc_str_is(job->headers[i].name, VOC_ENDPOINT_HEADER))
			headers[count++] = job->headers[i];
	headers[count++] = (struct voc_header){ VOC_STR(VOC_ENDPOINT_HEADER), voc_str_from(endpoint) };
	return count;
}

enum voc_status dead_letters_post(struct dead_letters *letters, struct job *job, const char *endpoint,
                                  struct voc_arena *scratch, struct voc_error *error)
{
	struct voc_header original[VOC_MESSAGE_HEADERS_MAX + 1];
	size_t original_count = gather_headers(job, endpoint, original);
	const struct voc_dead_letter letter = {
		.reason = job->error.reason,
		.error = voc_str_from(job->error.text),
		.position = job->error.position,
		.origin_topic = voc_str_from(job->topic),
		.origin_partition = job->partition,
		.origin_offset = job->offset,
		.origin_timestamp_ms = job->timestamp_ms,
		.service = VOC_STR("voc-alerter"),
		.time_ms = voc_clock_wall_ms(),
	};
	struct voc_outgoing record = {
		.topic = letters->topic,
		.partition = VOC_PARTITION_BY_KEY,
		.key = job->key,
		.value = job->value,
		.opaque = job,
	};
	voc_arena_reset(scratch);
	if (!voc_dead_letter_encode(&letter, original, original_count, scratch, &record.headers, &record.header_count))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "a dead letter's headers");
	return voc_producer_send(letters->producer, &record, error);
}

enum voc_status dead_letters_serve(struct dead_letters *letters, struct voc_error *error)
{
	return voc_producer_poll(letters->producer, 0, error);
}

bool dead_letters_answered(const struct dead_letters *letters)
{
	return voc_producer_answered(letters->producer);
}

int dead_letters_fd(const struct dead_letters *letters)
{
	return voc_producer_fd(letters->producer);
}
