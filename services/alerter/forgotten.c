#include "alerter/forgotten.h"

#include "alerter/forgotten_set.h"
#include "base/clock.h"
#include "base/log.h"
#include "core/classify/classified.h"
#include "core/record/forget_record.h"
#include "io/kafka/kafka_admin.h"
#include "io/kafka/kafka_reader.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>

#define ASK_MS          1000
#define ASK_EVERY_MS    5000
#define TURN_RECORDS    1000 /* in one go: the caller has other things to serve */
#define ARENA_MAX_BYTES ((size_t)64 * 1024)

struct forgotten {
	char topic[VOC_TOPIC_NAME_SIZE];
	struct voc_kafka_settings kafka; /* conf borrowed */
	struct voc_arena *arena;         /* of one record */
	struct voc_admin *admin;         /* until `ready`, or until the topic is there */
	struct voc_reader *reader;       /* once the topic is */
	int64_t ask_ms;                  /* when Kafka is asked next (voc_clock_ms) */
	/* What the topic held at the start, by partition: parallel arrays of `count`. */
	struct voc_position *positions;
	struct voc_watermarks *marks;
	int64_t *ends; /* what is to be read before `ready`; 0 once it was */
	size_t count;

	pthread_mutex_t lock; /* set */
	struct forgotten_set set;
	_Atomic uint64_t version;
	_Atomic bool ready;
};

enum voc_status forgotten_open(const struct voc_kafka_settings *kafka, struct forgotten **ret_forgotten,
                               struct voc_error *error)
{
	struct forgotten *forgotten = calloc(1, sizeof *forgotten);
	if (!forgotten)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "opening voc.forgotten");
	pthread_mutex_init(&forgotten->lock, NULL);
	forgotten->kafka = *kafka;
	forgotten->arena = voc_arena_new(ARENA_MAX_BYTES);
	enum voc_status status = VOC_OK;
	if (!forgotten->arena)
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "opening voc.forgotten");
	else if (!voc_topic_name(forgotten->topic, kafka->conf->topic_prefix, VOC_TOPIC_FORGOTTEN))
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "the topic prefix is too long");
	if (status == VOC_OK)
		status = voc_admin_open(kafka, &forgotten->admin, error);
	if (status == VOC_OK)
		*ret_forgotten = forgotten;
	else
		forgotten_free(forgotten);
	return status;
}

static void free_places(struct forgotten *forgotten)
{
	free(forgotten->positions);
	free(forgotten->marks);
	free(forgotten->ends);
	forgotten->positions = NULL;
	forgotten->marks = NULL;
	forgotten->ends = NULL;
}

void forgotten_free(struct forgotten *forgotten)
{
	if (!forgotten)
		return;
	voc_reader_free(forgotten->reader);
	voc_admin_free(forgotten->admin);
	free_places(forgotten);
	voc_arena_free(forgotten->arena);
	forgotten_set_free(&forgotten->set);
	pthread_mutex_destroy(&forgotten->lock);
	free(forgotten);
}

/* Readers begin at the topic's beginning; where its ends are now is how far they must come. */
static enum voc_status open_reader(struct forgotten *forgotten, int32_t partitions, struct voc_error *error)
{
	forgotten->count = (size_t)partitions;
	free_places(forgotten);
	forgotten->positions = calloc(forgotten->count, sizeof *forgotten->positions);
	forgotten->marks = calloc(forgotten->count, sizeof *forgotten->marks);
	forgotten->ends = calloc(forgotten->count, sizeof *forgotten->ends);
	if (!forgotten->positions || !forgotten->marks || !forgotten->ends)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "opening voc.forgotten");
	for (size_t i = 0; i < forgotten->count; i++) {
		struct voc_position *position = &forgotten->positions[i];
		*position = (struct voc_position){ .partition = (int32_t)i, .offset = VOC_OFFSET_BEGINNING };
		voc_str_copy(position->topic, sizeof position->topic, voc_str_from(forgotten->topic));
	}
	enum voc_status status = voc_admin_watermarks(forgotten->admin, forgotten->positions, forgotten->count,
	                                              forgotten->marks, ASK_MS, error);
	if (status != VOC_OK)
		return status;
	for (size_t i = 0; i < forgotten->count; i++)
		forgotten->ends[i] = forgotten->marks[i].high;
	return voc_reader_open(&forgotten->kafka, forgotten->positions, NULL, forgotten->count, &forgotten->reader,
	                       error);
}

/* What was to be read may have expired meanwhile. */
static enum voc_status drop_expired(struct forgotten *forgotten, struct voc_error *error)
{
	enum voc_status status = voc_admin_watermarks(forgotten->admin, forgotten->positions, forgotten->count,
	                                              forgotten->marks, ASK_MS, error);
	for (size_t i = 0; status == VOC_OK && i < forgotten->count; i++)
		if (forgotten->marks[i].low >= forgotten->ends[i])
			forgotten->ends[i] = 0;
	return status;
}

static enum voc_status ask(struct forgotten *forgotten, struct voc_error *error)
{
	int32_t partitions = 0;
	enum voc_status status =
	        voc_admin_partition_count(forgotten->admin, forgotten->topic, ASK_MS, &partitions, error);
	if (status != VOC_OK)
		return status;
	if (partitions > 0)
		return forgotten->reader ? drop_expired(forgotten, error) : open_reader(forgotten, partitions, error);
	/* Where there is no such topic nobody was forgotten. */
	if (!atomic_exchange(&forgotten->ready, true))
		VOC_LOG(VOC_LOG_WARN, "topic_missing", VOC_LOG_STR("topic", forgotten->topic),
		        VOC_LOG_STR("error", "vocctl forget waits for it; make it with vocctl topics create"));
	return VOC_OK;
}

static enum voc_status take(struct forgotten *forgotten, const struct voc_message *message, struct voc_error *error)
{
	struct voc_forget_record record;
	struct voc_source_position place;
	struct voc_error problem = { .position = -1 };
	if ((size_t)message->partition < forgotten->count && message->offset + 1 >= forgotten->ends[message->partition])
		forgotten->ends[message->partition] = 0;
	voc_arena_reset(forgotten->arena);
	enum voc_status status = voc_forget_record_decode(message->value, forgotten->arena, &record, &problem);
	if (status == VOC_OK && !voc_source_position_parse(voc_message_header(message, VOC_SOURCE_HEADER), &place))
		status =
		        voc_error_set(&problem, VOC_INVALID, VOC_REASON_BAD_SOURCE_POSITION, -1, "no place in the log");
	if (status == VOC_INVALID) {
		VOC_LOG(VOC_LOG_ERROR, "forget_refused", VOC_LOG_STR("reason", voc_reason_name(problem.reason)),
		        VOC_LOG_STR("error", problem.text), VOC_LOG_INT("partition", message->partition),
		        VOC_LOG_INT("offset", message->offset));
		return VOC_OK;
	}
	pthread_mutex_lock(&forgotten->lock);
	bool added = status == VOC_OK &&
	             forgotten_set_add(&forgotten->set, record.customer_id, place.partition, place.offset);
	pthread_mutex_unlock(&forgotten->lock);
	if (!added)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no room for who is forgotten");
	atomic_fetch_add(&forgotten->version, 1);
	return VOC_OK;
}

static enum voc_status read_some(struct forgotten *forgotten, struct voc_error *error)
{
	enum voc_status status = VOC_OK;
	for (int i = 0; status == VOC_OK && i < TURN_RECORDS; i++) {
		struct voc_message message = { 0 };
		enum voc_poll outcome = voc_reader_next(forgotten->reader, 0, &message, error);
		if (outcome == VOC_POLL_RECORD)
			status = take(forgotten, &message, error);
		voc_message_release(&message);
		if (outcome == VOC_POLL_FAILED)
			return VOC_FATAL;
		if (outcome != VOC_POLL_RECORD)
			break;
	}
	return status;
}

/* Of the start: once all is read, Kafka need not be asked any more. */
static void look_whether_ready(struct forgotten *forgotten)
{
	if (!forgotten->reader || !forgotten->admin)
		return;
	for (size_t i = 0; i < forgotten->count; i++)
		if (forgotten->marks[i].low < forgotten->ends[i])
			return;
	voc_admin_free(forgotten->admin);
	forgotten->admin = NULL;
	atomic_store(&forgotten->ready, true);
}

enum voc_status forgotten_serve(struct forgotten *forgotten, bool *ret_changed, struct voc_error *error)
{
	uint64_t version = forgotten_version(forgotten);
	bool ready = forgotten_ready(forgotten);
	enum voc_status status = VOC_OK;
	if (forgotten->admin && voc_clock_ms() >= forgotten->ask_ms) {
		status = ask(forgotten, error);
		forgotten->ask_ms = voc_clock_ms() + (status == VOC_OK ? ASK_EVERY_MS : ASK_MS);
	}
	if (status == VOC_RETRY) /* Kafka is away: no alert comes from it either */
		status = VOC_OK;
	if (status == VOC_OK && forgotten->reader)
		status = read_some(forgotten, error);
	if (status == VOC_OK)
		look_whether_ready(forgotten);
	*ret_changed = version != forgotten_version(forgotten) || ready != forgotten_ready(forgotten);
	return status;
}

bool forgotten_ready(const struct forgotten *forgotten)
{
	return atomic_load(&forgotten->ready);
}

uint64_t forgotten_version(const struct forgotten *forgotten)
{
	return atomic_load(&forgotten->version);
}

bool forgotten_covers(struct forgotten *forgotten, struct voc_str customer_id, int32_t partition, int64_t offset)
{
	if (forgotten_version(forgotten) == 0)
		return false;
	pthread_mutex_lock(&forgotten->lock);
	bool covers = forgotten_set_covers(&forgotten->set, customer_id, partition, offset);
	pthread_mutex_unlock(&forgotten->lock);
	return covers;
}
