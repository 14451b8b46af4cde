#include "classifier/outbox.h"

#include "base/arena.h"
#include "base/clock.h"
#include "io/service/metrics.h"

#include <stdlib.h>

#define LINGER_MS 5
#define FEW       32   /* records in flight: requests are sent at once, beyond that they are better shared */
#define EXPECT_MS 1000 /* for Kafka to tell of a topic */
#define POLL_MS   100

/*
 * Records are handed to librdkafka in bursts. One at a time, nearly each is the first of its partition's next batch,
 * and its thread wakes up and looks through all partitions for each of them: a fifth of a busy classifier's processor
 * time. The next burst goes when few of the last one are unacknowledged: librdkafka sends nothing to a partition where
 * five records are in flight already (it takes them for requests, of which an idempotent producer may have five), and
 * once what waits there is older than linger.ms, it looks through all partitions without a pause until it may.
 * So a partition's part of a burst is to be one batch, even if it is all of it, and a batch is as large as a topic of
 * default settings takes.
 *
 * Records are copied once, into a room, and stay there until they are acknowledged: librdkafka sends them from there.
 * A room is filled, by one burst or by many small ones, and then left until all of its records are acknowledged. The
 * last few may take their time, so there are more rooms than one in flight and one to fill.
 */
#define ROOMS          4
#define HELD_MAX       1024
#define HELD_MAX_BYTES ((size_t)4 * 1024 * 1024)
#define BATCH_BYTES    1000000
#define FULL_BYTES     900000 /* of records held: one more fits into the batch, unless it is very large */
#define RECORD_BYTES   80     /* of a record beside its key and value: what librdkafka takes it for, at most */

/* Where records stay. */
struct room {
	struct voc_arena *arena;
	size_t count; /* of records that are not acknowledged, the held ones too */
	size_t bytes; /* of all that came since it was empty */
};

/* What was sent and is not acknowledged. */
struct ticket {
	struct voc_outbox_origin origin;
	enum voc_reason refused;
	struct room *room; /* where it stays; NULL: librdkafka has copied it */
	struct ticket *next_free;
};

struct voc_outbox {
	struct voc_outbox_settings settings;
	struct voc_producer *producer;
	struct ticket *tickets, *free_tickets;
	struct room rooms[ROOMS];
	size_t room; /* the one that is filled */
	/* Not yet handed over: those of `held` from held_first on, with all that they point to in `room`. */
	struct voc_outgoing held[HELD_MAX];
	size_t held_first, held_count, held_bytes;
	char classified[VOC_TOPIC_NAME_SIZE], dead_letters[VOC_TOPIC_NAME_SIZE];
};

static void count(const struct ticket *ticket)
{
	if (ticket->refused == VOC_REASON_NONE)
		voc_metric_add(VOC_METRIC_RECORDS_OUT, 1);
	else
		voc_metric_add_labelled(VOC_LABELLED_DEAD_LETTERS, (int)ticket->refused, 1);
	voc_metric_done(ticket->origin.timestamp_ms, voc_clock_wall_ms());
}

static void on_delivered(void *owner, void *opaque, int32_t partition, int64_t offset)
{
	struct voc_outbox *outbox = owner;
	struct ticket *ticket = opaque;
	(void)partition;
	if (offset >= 0) {
		count(ticket);
		outbox->settings.on_acknowledged(outbox->settings.owner, &ticket->origin);
	}
	if (ticket->room)
		ticket->room->count--;
	ticket->next_free = outbox->free_tickets;
	outbox->free_tickets = ticket;
}

static bool make_rooms(struct voc_outbox *outbox)
{
	bool complete = true;
	for (size_t i = 0; i < ROOMS; i++) {
		outbox->rooms[i].arena = voc_arena_new(HELD_MAX_BYTES);
		complete = complete && outbox->rooms[i].arena;
	}
	return complete;
}

static bool make_tickets(struct voc_outbox *outbox)
{
	size_t most = (size_t)outbox->settings.conf->in_flight_records;
	outbox->tickets = calloc(most, sizeof *outbox->tickets);
	for (size_t i = most; outbox->tickets && i-- > 0;) {
		outbox->tickets[i].next_free = outbox->free_tickets;
		outbox->free_tickets = &outbox->tickets[i];
	}
	return outbox->tickets != NULL;
}

enum voc_status voc_outbox_open(const struct voc_outbox_settings *settings, struct voc_outbox **ret_outbox,
                                struct voc_error *error)
{
	struct voc_outbox *outbox = calloc(1, sizeof *outbox);
	if (!outbox)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "starting");
	outbox->settings = *settings;
	(void)voc_topic_name(outbox->classified, settings->conf->topic_prefix, VOC_TOPIC_CLASSIFIED);
	(void)voc_topic_name(outbox->dead_letters, settings->conf->topic_prefix, VOC_TOPIC_DEAD_LETTERS);
	struct voc_producer_settings producer = {
		.kafka = settings->kafka,
		.linger_ms = LINGER_MS,
		.batch_bytes = BATCH_BYTES,
		.on_delivered = on_delivered,
		.owner = outbox,
	};
	enum voc_status status = VOC_OK;
	if (!make_rooms(outbox) || !make_tickets(outbox))
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "starting");
	if (status == VOC_OK)
		status = voc_producer_open(&producer, &outbox->producer, error);
	if (status != VOC_OK)
		voc_outbox_free(outbox);
	else
		*ret_outbox = outbox;
	return status;
}

void voc_outbox_expect(struct voc_outbox *outbox)
{
	voc_producer_expect(outbox->producer, outbox->classified, EXPECT_MS);
	voc_producer_expect(outbox->producer, outbox->dead_letters, EXPECT_MS);
}

void voc_outbox_free(struct voc_outbox *outbox)
{
	if (!outbox)
		return;
	voc_producer_free(outbox->producer);
	for (size_t i = 0; i < ROOMS && !voc_kafka_left_alone(); i++)
		voc_arena_free(outbox->rooms[i].arena);
	free(outbox->tickets);
	free(outbox);
}

static bool may_hand_over(const struct voc_outbox *outbox)
{
	return voc_producer_in_flight(outbox->producer) <= FEW;
}

/* The room for the next record; ROOMS while all are left to be acknowledged. What is held stays in one. */
static size_t find_room(const struct voc_outbox *outbox)
{
	size_t found = outbox->room;
	const struct room *room = &outbox->rooms[found];
	if (outbox->held_count > 0 || room->count == 0 || room->bytes < FULL_BYTES)
		return found;
	for (found = 0; found < ROOMS && outbox->rooms[found].count > 0;)
		found++;
	return found;
}

static bool is_full(const struct voc_outbox *outbox)
{
	return outbox->held_count == HELD_MAX || outbox->held_bytes >= FULL_BYTES;
}

bool voc_outbox_has_room(const struct voc_outbox *outbox)
{
	return outbox->free_tickets && find_room(outbox) < ROOMS && (!is_full(outbox) || may_hand_over(outbox));
}

/* None stays none: to Kafka, that is not the same as an empty one. */
static bool copy_str(struct voc_arena *arena, struct voc_str *str)
{
	if (!str->ptr)
		return true;
	*str = voc_arena_copy(arena, *str);
	return str->ptr != NULL;
}

/* With all that it points to. False if there is no room for it. */
static bool copy_record(struct voc_arena *arena, struct voc_outgoing *record)
{
	struct voc_header *headers = voc_arena_alloc(arena, record->header_count * sizeof *headers);
	if (!headers || !copy_str(arena, &record->key) || !copy_str(arena, &record->value))
		return false;
	for (size_t i = 0; i < record->header_count; i++) {
		headers[i] = record->headers[i];
		if (!copy_str(arena, &headers[i].name) || !copy_str(arena, &headers[i].value))
			return false;
	}
	record->headers = headers;
	record->value_stays = true;
	return true;
}

/* As librdkafka counts them, or more. */
static size_t bytes_of(const struct voc_outgoing *record)
{
	size_t bytes = record->key.len + record->value.len + RECORD_BYTES;
	for (size_t i = 0; i < record->header_count; i++)
		bytes += record->headers[i].name.len + record->headers[i].value.len;
	return bytes;
}

/* False if there is no room for it. */
static bool hold(struct voc_outbox *outbox, const struct voc_outgoing *record, struct ticket *ticket)
{
	struct voc_outgoing *copy = &outbox->held[outbox->held_count];
	size_t found = find_room(outbox);
	if (found == ROOMS || is_full(outbox))
		return false;
	struct room *room = &outbox->rooms[found];
	if (room->count == 0) {
		voc_arena_reset(room->arena);
		room->bytes = 0;
	}
	*copy = *record;
	if (!copy_record(room->arena, copy))
		return false;
	size_t bytes = bytes_of(record);
	ticket->room = room;
	room->count++;
	room->bytes += bytes;
	outbox->room = found;
	outbox->held_count++;
	outbox->held_bytes += bytes;
	return true;
}

/* All that is held; what finds no room stays. */
static enum voc_status hand_over(struct voc_outbox *outbox, struct voc_error *error)
{
	for (; outbox->held_first < outbox->held_count; outbox->held_first++) {
		enum voc_status status = voc_producer_send(outbox->producer, &outbox->held[outbox->held_first], error);
		if (status != VOC_OK)
			return status;
	}
	outbox->held_first = outbox->held_count = outbox->held_bytes = 0;
	return VOC_OK;
}

/* What finds no room goes at once, behind what is held. */
static enum voc_status hold_or_send(struct voc_outbox *outbox, const struct voc_outgoing *record, struct ticket *ticket,
                                    struct voc_error *error)
{
	if (hold(outbox, record, ticket))
		return VOC_OK;
	enum voc_status status = hand_over(outbox, error);
	if (status != VOC_OK)
		return status;
	return hold(outbox, record, ticket) ? VOC_OK : voc_producer_send(outbox->producer, record, error);
}

enum voc_status voc_outbox_send(struct voc_outbox *outbox, const struct voc_step_output *output,
                                const struct voc_outbox_origin *origin, struct voc_error *error)
{
	struct ticket *ticket = outbox->free_tickets;
	if (!ticket)
		return voc_error_set(error, VOC_RETRY, VOC_REASON_KAFKA, -1, "too much is in flight");
	*ticket = (struct ticket){ *origin, output->refused, NULL, ticket->next_free };
	struct voc_outgoing record = {
		.topic = output->refused == VOC_REASON_NONE ? outbox->classified : outbox->dead_letters,
		.partition = VOC_PARTITION_BY_KEY,
		.key = output->key,
		.value = output->value,
		.headers = output->headers,
		.header_count = output->header_count,
		.timestamp_ms = origin->timestamp_ms,
		.opaque = ticket,
	};
	struct ticket *next_free = ticket->next_free;
	enum voc_status status = hold_or_send(outbox, &record, ticket, error);
	if (status == VOC_OK)
		outbox->free_tickets = next_free;
	return status;
}

enum voc_status voc_outbox_flush(struct voc_outbox *outbox, struct voc_error *error)
{
	return may_hand_over(outbox) ? hand_over(outbox, error) : VOC_OK;
}

enum voc_status voc_outbox_poll(struct voc_outbox *outbox, struct voc_error *error)
{
	return voc_producer_poll(outbox->producer, 0, error);
}

void voc_outbox_hurry(struct voc_outbox *outbox)
{
	if (voc_outbox_in_flight(outbox) <= FEW)
		voc_producer_hurry(outbox->producer, 1);
}

enum voc_status voc_outbox_wait(struct voc_outbox *outbox, int64_t deadline_ms, struct voc_error *error)
{
	for (;;) {
		struct voc_error full = { .position = -1 };
		enum voc_status status = hand_over(outbox, &full);
		if (status == VOC_OK)
			return voc_producer_wait(outbox->producer, deadline_ms, error);
		int64_t left_ms = deadline_ms - voc_clock_ms();
		if (status != VOC_RETRY || left_ms <= 0)
			return voc_error_set(error, status, full.reason, -1, "%s", full.text);
		/* what is in flight makes room, a part of what is held at a time */
		status = voc_producer_poll(outbox->producer, left_ms < POLL_MS ? (int)left_ms : POLL_MS, error);
		if (status != VOC_OK)
			return status;
	}
}

int64_t voc_outbox_in_flight(const struct voc_outbox *outbox)
{
	return voc_producer_in_flight(outbox->producer) + (int64_t)(outbox->held_count - outbox->held_first);
}

bool voc_outbox_answered(const struct voc_outbox *outbox)
{
	return voc_producer_answered(outbox->producer);
}

int voc_outbox_fd(const struct voc_outbox *outbox)
{
	return voc_producer_fd(outbox->producer);
}
