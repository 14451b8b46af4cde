#include "label_find.h"

#include "core/mask/mask.h"
#include "vocctl/shared/scan.h"
#include "vocctl/shared/sender.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define SCRATCH_MAX_BYTES (VOC_EVENT_ARENA_BYTES + VOC_CLASSIFIED_MAX_BYTES)
#define READ_MS           10000
#define TELL_EVERY        100000 /* records */

struct search {
	struct label_target *target;
	struct voc_arena *scratch;
	bool plain;  /* the id stands in a record as it is */
	bool chosen; /* the source was told: those of others are other events */
	bool tells;  /* how far it has got, on a terminal: a whole topic may take minutes */
	uint64_t records;
};

static void tell(struct search *search)
{
	if (search->tells && ++search->records % TELL_EVERY == 0)
		fprintf(stderr, "\rvocctl label: %" PRIu64 " records read; --customer makes it one partition ",
		        search->records);
}

static enum voc_status no_memory(struct voc_error *error)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "memory ran out");
}

static bool keep_place(struct label_target *target, const struct voc_message *message)
{
	struct voc_header headers[VOC_MESSAGE_HEADERS_MAX];
	size_t count = voc_message_headers(message, headers, VOC_MESSAGE_HEADERS_MAX);
	target->place.topic = voc_str_of(NULL, 0);
	for (size_t i = 0; i < count; i++) {
		if (!voc_str_is(headers[i].name, VOC_SOURCE_HEADER) ||
		    !voc_source_position_parse(headers[i].value, &target->place))
			continue;
		target->place.topic = voc_arena_copy(target->arena, target->place.topic);
		return target->place.topic.ptr != NULL;
	}
	return true;
}

static bool keep_event(struct label_target *target, const struct voc_classified *classified,
                       const struct voc_message *message)
{
	target->source = voc_arena_copy(target->arena, classified->source);
	target->customer_id = voc_arena_copy(target->arena, classified->customer_id);
	target->model = voc_arena_copy(target->arena, classified->model);
	target->labels = classified->labels;
	memcpy(target->lang, classified->lang, sizeof target->lang);
	target->found = true;
	return target->source.ptr && target->customer_id.ptr && target->model.ptr && keep_place(target, message);
}

/* Copies of an event are all alike but for the model, if that changed in between: the newest counts. */
static bool look_at_event(void *context, const struct voc_message *message, struct voc_error *error)
{
	struct search *search = context;
	struct label_target *target = search->target;
	struct voc_classified classified;
	tell(search);
	if (!message->value.ptr ||
	    (search->plain && !memmem(message->value.ptr, message->value.len, target->id.ptr, target->id.len)))
		return true;
	voc_arena_reset(search->scratch);
	if (voc_classified_decode(message->value, search->scratch, &classified, NULL) != VOC_OK ||
	    !voc_str_eq(classified.id, target->id))
		return true;
	if (target->source.len > 0 && !voc_str_eq(classified.source, target->source)) {
		target->ambiguous |= !search->chosen;
		return true;
	}
	return keep_event(target, &classified, message) || no_memory(error) == VOC_OK;
}

static enum voc_status scan_one(const struct voc_conf *conf, enum voc_topic topic, struct voc_str key,
                                vocctl_scan_fn *each, struct label_target *target, struct voc_error *error)
{
	const struct vocctl_tail tail = { .topic = topic, .last = VOCCTL_TAIL_ALL, .key = key };
	struct search search = { .target = target, .scratch = voc_arena_new(SCRATCH_MAX_BYTES) };
	search.chosen = target->source.len > 0;
	search.plain = !memchr(target->id.ptr, '"', target->id.len) && !memchr(target->id.ptr, '\\', target->id.len);
	search.tells = topic == VOC_TOPIC_CLASSIFIED && key.len == 0 && isatty(STDERR_FILENO);
	enum voc_status status = search.scratch ? vocctl_scan(conf, &tail, 1, each, &search, error) : no_memory(error);
	if (search.records >= TELL_EVERY)
		fputc('\n', stderr);
	voc_arena_free(search.scratch);
	return status;
}

enum voc_status label_find_event(const struct voc_conf *conf, const char *customer, struct label_target *target,
                                 struct voc_error *error)
{
	return scan_one(conf, VOC_TOPIC_CLASSIFIED, voc_str_from(customer), look_at_event, target, error);
}

static bool look_at_correction(void *context, const struct voc_message *message, struct voc_error *error)
{
	struct search *search = context;
	struct label_target *target = search->target;
	struct voc_correction correction;
	struct voc_buf key;
	voc_buf_init(&key, 4096);
	voc_correction_key(&key, target->source, target->id);
	bool ours = voc_str_eq(message->key, voc_buf_str(&key));
	voc_buf_free(&key);
	if (!ours)
		return true;
	target->corrected = false;
	if (!message->value.ptr)
		return true; /* withdrawn */
	struct voc_str value = voc_arena_copy(target->arena, message->value);
	if (!value.ptr)
		return no_memory(error) == VOC_OK;
	if (voc_correction_decode(value, target->arena, &correction, NULL) != VOC_OK)
		return true;
	target->corrected = true;
	target->before = correction;
	return true;
}

enum voc_status label_find_correction(const struct voc_conf *conf, struct label_target *target, struct voc_error *error)
{
	struct voc_buf key;
	voc_buf_init(&key, 4096);
	voc_correction_key(&key, target->source, target->id);
	enum voc_status status =
	        scan_one(conf, VOC_TOPIC_CORRECTIONS, voc_buf_str(&key), look_at_correction, target, error);
	voc_buf_free(&key);
	return status;
}

struct voc_str label_mask(struct label_target *target, struct voc_str text)
{
	char *masked = voc_arena_alloc(target->arena, text.len + 1);
	if (!masked)
		return voc_str_of(NULL, 0);
	memcpy(masked, text.ptr, text.len);
	voc_mask(masked, text.len);
	return voc_str_of(masked, text.len);
}

static bool is_raw_topic(const struct voc_conf *conf, struct voc_str name)
{
	char known[VOC_TOPIC_NAME_SIZE];
	for (int topic = 0; topic < VOC_RAW_TOPIC_COUNT; topic++) {
		if (voc_topic_name(known, conf->topic_prefix, (enum voc_topic)topic) && voc_str_is(name, known))
			return true;
	}
	return false;
}

static enum voc_status take_text(struct label_target *target, const struct voc_message *message,
                                 struct voc_error *error)
{
	struct voc_header headers[VOC_MESSAGE_HEADERS_MAX];
	const struct voc_record record = {
		.value = message->value,
		.headers = headers,
		.header_count = voc_message_headers(message, headers, VOC_MESSAGE_HEADERS_MAX),
		.timestamp_ms = message->timestamp_ms,
	};
	struct voc_arena *scratch = voc_arena_new(SCRATCH_MAX_BYTES);
	struct voc_event *event = calloc(1, sizeof *event);
	enum voc_status status = scratch && event ? VOC_OK : no_memory(error);
	/* a topic that was made anew has other records there */
	if (status == VOC_OK && voc_event_decode(&record, scratch, event, NULL) == VOC_OK &&
	    voc_str_eq(event->id, target->id)) {
		target->text = label_mask(target, event->text);
		status = target->text.ptr ? VOC_OK : no_memory(error);
	}
	free(event);
	voc_arena_free(scratch);
	return status;
}

static enum voc_status read_place(const struct voc_kafka_settings *settings, const struct voc_position *position,
                                  struct label_target *target, struct voc_error *error)
{
	struct voc_reader *reader = NULL;
	const int64_t end = position->offset + 1;
	enum voc_status status = voc_reader_open(settings, position, &end, 1, &reader, error);
	if (status != VOC_OK)
		return status;
	struct voc_message message = { 0 };
	enum voc_poll outcome = voc_reader_next(reader, READ_MS, &message, error);
	if (outcome == VOC_POLL_RECORD && message.offset == position->offset)
		status = take_text(target, &message, error);
	else if (outcome == VOC_POLL_FAILED)
		status = VOC_FATAL;
	else if (outcome == VOC_POLL_NOTHING)
		status = voc_error_set(error, VOC_RETRY, VOC_REASON_KAFKA, -1, "the raw record did not come");
	voc_message_release(&message);
	voc_reader_free(reader);
	return status;
}

enum voc_status label_find_text(const struct voc_conf *conf, struct label_target *target, struct voc_error *error)
{
	const struct voc_kafka_settings settings = vocctl_kafka_settings(conf);
	struct voc_position position = { .partition = target->place.partition, .offset = target->place.offset };
	struct voc_watermarks marks = { 0 };
	struct voc_admin *admin = NULL;
	if (!is_raw_topic(conf, target->place.topic))
		return VOC_OK;
	voc_str_copy(position.topic, sizeof position.topic, target->place.topic);
	enum voc_status status = voc_admin_open(&settings, &admin, error);
	if (status == VOC_OK)
		status = voc_admin_watermarks(admin, &position, 1, &marks, READ_MS, error);
	if (status == VOC_OK && position.offset >= marks.low && position.offset < marks.high)
		status = read_place(&settings, &position, target, error);
	voc_admin_free(admin);
	return status;
}
