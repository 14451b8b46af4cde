#include "io/kafka/kafka_reader.h"

#include "base/clock.h"
#include "io/kafka/kafka_internal.h"

#include <librdkafka/rdkafka.h>
#include <stdlib.h>
#include <unistd.h>

#define NO_END INT64_MAX

/* A partition that is being read. */
struct place {
	struct voc_position position; /* where reading began */
	int64_t end;
	bool done;
};

struct voc_reader {
	struct kafka_client client; /* first: librdkafka's opaque */
	size_t count, left;         /* places, and those that aren't done */
	struct kafka_nudge nudge;
	struct place places[];
};

static enum voc_status open_client(struct voc_reader *reader, const struct voc_kafka_settings *settings,
                                   struct voc_error *error)
{
	static const struct kafka_property defaults[] = {
		{ "queued.max.messages.kbytes", "16384" },
		{ "fetch.wait.max.ms", "100" },
		{ NULL, NULL },
	};
	static const struct kafka_property fixed[] = {
		/* librdkafka wants a name before it assigns; nobody joins by it */
		{ "group.id", "vocctl" },
		{ "enable.auto.commit", "false" },
		{ "enable.partition.eof", "true" },
		{ "auto.offset.reset", "earliest" },
		{ NULL, NULL },
	};
	rd_kafka_conf_t *conf = kafka_conf_new(settings, defaults, fixed, error);
	return conf ? kafka_client_open(&reader->client, KAFKA_CONSUMER, conf, settings, error) : VOC_FATAL;
}

static enum voc_status assign(struct voc_reader *reader, const struct voc_position *from, struct voc_error *error)
{
	rd_kafka_poll_set_consumer(reader->client.rk);
	rd_kafka_topic_partition_list_t *list = kafka_list_new(from, reader->count);
	rd_kafka_resp_err_t err = rd_kafka_assign(reader->client.rk, list);
	rd_kafka_topic_partition_list_destroy(list);
	if (err)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_KAFKA, -1, "reading: %s", rd_kafka_err2str(err));
	return VOC_OK;
}

/* The partition was read up to here: at its end, or past what is wanted of it, it is done. */
static void note(struct voc_reader *reader, struct place *place, int64_t next_offset)
{
	if (!place->done && next_offset >= place->end) {
		place->done = true;
		reader->left--;
	}
}

enum voc_status voc_reader_open(const struct voc_kafka_settings *settings, const struct voc_position *from,
                                const int64_t *ends, size_t count, struct voc_reader **ret_reader,
                                struct voc_error *error)
{
	struct voc_reader *reader = calloc(1, sizeof *reader + count * sizeof *reader->places);
	if (!reader)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "opening a reader");
	reader->count = reader->left = count;
	for (size_t i = 0; i < count; i++) {
		struct place *place = &reader->places[i];
		*place = (struct place){ .position = from[i], .end = ends ? ends[i] : NO_END };
		note(reader, place, from[i].offset == VOC_OFFSET_BEGINNING ? 0 : from[i].offset);
	}
	if (open_client(reader, settings, error) != VOC_OK) {
		free(reader);
		return VOC_FATAL;
	}
	enum voc_status status = assign(reader, from, error);
	if (status != VOC_OK) {
		voc_reader_free(reader);
		return status;
	}
	*ret_reader = reader;
	return VOC_OK;
}

void voc_reader_free(struct voc_reader *reader)
{
	if (!reader)
		return;
	if (kafka_client_close(&reader->client, KAFKA_CONSUMER))
		free(reader);
}

static struct place *place_of(struct voc_reader *reader, const rd_kafka_message_t *message)
{
	for (size_t i = 0; message->rkt && i < reader->count; i++) {
		const struct voc_position *position = &reader->places[i].position;
		if (position->partition == message->partition &&
		    strcmp(position->topic, rd_kafka_topic_name(message->rkt)) == 0)
			return &reader->places[i];
	}
	return NULL;
}

static enum voc_poll take_error(struct voc_reader *reader, struct place *place, const rd_kafka_message_t *from,
                                struct voc_error *error)
{
	if (from->err == RD_KAFKA_RESP_ERR__PARTITION_EOF) {
		/* What was wanted below `end` may be gone, by retention or compaction. */
		if (place && place->end != NO_END)
			note(reader, place, place->end);
		return VOC_POLL_NOTHING;
	}
	if (kafka_fatal(&reader->client, error) != VOC_OK)
		return VOC_POLL_FAILED;
	kafka_complain(&reader->client, from->err, rd_kafka_message_errstr(from));
	return VOC_POLL_NOTHING;
}

static enum voc_poll take(struct voc_reader *reader, rd_kafka_message_t *from, struct voc_message *ret_message,
                          struct voc_error *error)
{
	struct place *place = place_of(reader, from);
	enum voc_poll outcome = VOC_POLL_NOTHING;
	if (from->err) {
		outcome = take_error(reader, place, from, error);
	} else if (place && from->offset < place->end) {
		reader->nudge.has_read = true;
		note(reader, place, from->offset + 1);
		kafka_message_fill(ret_message, from);
		return VOC_POLL_RECORD;
	} else if (place) {
		note(reader, place, place->end);
	}
	rd_kafka_message_destroy(from);
	return outcome;
}

static void nudge(struct voc_reader *reader)
{
	size_t *last = &reader->nudge.last;
	if (!kafka_nudge_take(&reader->nudge))
		return;
	for (size_t i = 0; i < reader->count; i++) {
		*last = (*last + 1) % reader->count;
		if (reader->places[*last].done)
			continue;
		kafka_nudge_leaders(&reader->client, &reader->places[*last].position, 1);
		return;
	}
}

/* NULL: nothing came in time. Waits in two parts if a nudge may be needed in between. */
static rd_kafka_message_t *poll_next(struct voc_reader *reader, int64_t deadline_ms)
{
	rd_kafka_message_t *message = rd_kafka_consumer_poll(reader->client.rk, 0);
	if (message)
		return message;
	nudge(reader);
	int64_t again_ms = kafka_nudge_again_ms(&reader->nudge);
	if (again_ms >= 0 && again_ms < deadline_ms) {
		message = rd_kafka_consumer_poll(reader->client.rk, kafka_left_ms(again_ms));
		if (message)
			return message;
		nudge(reader);
	}
	return rd_kafka_consumer_poll(reader->client.rk, kafka_left_ms(deadline_ms));
}

enum voc_poll voc_reader_next(struct voc_reader *reader, int timeout_ms, struct voc_message *ret_message,
                              struct voc_error *error)
{
	int64_t deadline_ms = voc_clock_ms() + timeout_ms;
	for (;;) {
		if (reader->left == 0)
			return VOC_POLL_END;
		rd_kafka_message_t *from = poll_next(reader, deadline_ms);
		if (!from)
			return VOC_POLL_NOTHING;
		enum voc_poll outcome = take(reader, from, ret_message, error);
		if (outcome != VOC_POLL_NOTHING)
			return outcome;
	}
}
