#include "playback.h"

#include "base/arena.h"
#include "base/clock.h"
#include "core/aggregate/aggregate.h"
#include "io/service/signals.h"

#include <stdlib.h>

#define POLL_MS           200
#define PATIENCE_MS       30000 /* without any record */
#define BATCH_MAX_BYTES   ((size_t)16 * 1024 * 1024)
#define SCRATCH_MAX_BYTES ((size_t)16 * 1024 * 1024)

struct playback {
	struct voc_kafka_settings kafka;
	struct voc_position from;
	int64_t end;
	struct voc_reader *reader;
	playback_progress_fn *progress;
	void *context;
	int64_t next;              /* offset after the last record of the batch */
	struct voc_message *batch; /* RECOUNT_BATCH_RECORDS of them */
	size_t count, bytes;       /* of the batch */
	struct voc_message held;   /* read already, but not to be applied yet */
	bool has_held;
};

enum voc_status playback_open(const struct playback_settings *settings, struct playback **ret_playback,
                              struct voc_error *error)
{
	struct playback *playback = calloc(1, sizeof *playback);
	if (playback != NULL)
		playback->batch = calloc(RECOUNT_BATCH_RECORDS, sizeof *playback->batch);
	if (playback == NULL || playback->batch == NULL) {
		playback_free(playback);
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory to read the log");
	}
	playback->kafka = *settings->kafka;
	playback->from = (struct voc_position){ .partition = settings->partition, .offset = settings->from };
	voc_str_copy(playback->from.topic, sizeof playback->from.topic, voc_str_from(settings->topic));
	playback->end = settings->end;
	playback->progress = settings->progress;
	playback->context = settings->context;
	playback->next = settings->from;
	enum voc_status status = voc_reader_open(settings->kafka, &playback->from, NULL, 1, &playback->reader, error);
	if (status == VOC_OK)
		*ret_playback = playback;
	else
		playback_free(playback);
	return status;
}

static void release(struct playback *playback)
{
	for (size_t i = 0; i < playback->count; i++)
		voc_message_release(&playback->batch[i]);
	playback->count = playback->bytes = 0;
}

void playback_free(struct playback *playback)
{
	if (playback == NULL)
		return;
	release(playback);
	if (playback->has_held)
		voc_message_release(&playback->held);
	voc_reader_free(playback->reader);
	free(playback->batch);
	free(playback);
}

static enum voc_status given_up(const struct playback *playback, struct voc_error *error)
{
	if (voc_signals_received() != 0)
		return voc_error_set(error, VOC_RETRY, VOC_REASON_INTERNAL, -1, "stopped by a signal");
	return voc_error_set(error, VOC_RETRY, VOC_REASON_KAFKA, -1, "partition %d: no record came in %d s",
	                     (int)playback->from.partition, PATIENCE_MS / 1000);
}

/* The next record, whether it is to be applied or not; it is `held` then. */
static enum voc_status hold(struct playback *playback, struct voc_error *error)
{
	int64_t until_ms = voc_clock_ms() + PATIENCE_MS;
	while (!playback->has_held) {
		if (voc_signals_received() != 0 || voc_clock_ms() > until_ms)
			return given_up(playback, error);
		switch (voc_reader_next(playback->reader, POLL_MS, &playback->held, error)) {
		case VOC_POLL_RECORD: playback->has_held = true; break;
		case VOC_POLL_FAILED: return VOC_FATAL;
		case VOC_POLL_NOTHING:
		case VOC_POLL_END: break;
		}
	}
	return VOC_OK;
}

static struct voc_aggregate_input input_of(const struct voc_message *message)
{
	return (struct voc_aggregate_input){ .offset = message->offset,
		                             .timestamp_ms = message->timestamp_ms,
		                             .value = message->value,
		                             .source = voc_message_header(message, VOC_SOURCE_HEADER) };
}

/* VOC_INVALID: it is no rules record. The arena is scratch. */
static enum voc_status read_rules(const struct voc_message *message, struct voc_arena *arena,
                                  struct voc_rule_book *book, const struct voc_rule_set **ret_rules,
                                  struct voc_error *error)
{
	const struct voc_aggregate_input input = input_of(message);
	struct voc_aggregate_record record;
	struct voc_error invalid = { 0 };
	if (input.source.len > 0)
		return VOC_INVALID;
	voc_arena_reset(arena);
	enum voc_status status = voc_aggregate_decode(&input, arena, &record, &invalid);
	if (status == VOC_OK && record.kind != VOC_RECORD_RULES)
		status = VOC_INVALID;
	if (status == VOC_OK)
		*ret_rules = voc_rule_book_take(book, &record.rules->rules, record.rules->json);
	if (status == VOC_FATAL || (status == VOC_OK && *ret_rules == NULL))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for rules");
	return status;
}

/* VOC_INVALID: there are none before the log's end. */
static enum voc_status scan(struct playback *playback, struct voc_reader *reader, struct voc_arena *arena,
                            struct voc_rule_book *book, const struct voc_rule_set **ret_rules, struct voc_error *error)
{
	enum voc_status status = VOC_INVALID;
	int64_t heard_ms = voc_clock_ms();
	while (status == VOC_INVALID) {
		struct voc_message message = { 0 };
		enum voc_poll outcome = voc_reader_next(reader, POLL_MS, &message, error);
		if (outcome == VOC_POLL_END)
			return VOC_INVALID;
		if (outcome == VOC_POLL_FAILED)
			return VOC_FATAL;
		if (outcome == VOC_POLL_RECORD) {
			heard_ms = voc_clock_ms();
			status = read_rules(&message, arena, book, ret_rules, error);
			voc_message_release(&message);
		}
		if (voc_signals_received() != 0 || voc_clock_ms() - heard_ms > PATIENCE_MS)
			return status == VOC_INVALID ? given_up(playback, error) : status;
	}
	return status;
}

/* By a reader of its own: the records are still to be applied. */
static enum voc_status search_rules(struct playback *playback, struct voc_arena *arena, struct voc_rule_book *book,
                                    const struct voc_rule_set **ret_rules, struct voc_error *error)
{
	struct voc_reader *reader = NULL;
	enum voc_status status = voc_reader_open(&playback->kafka, &playback->from, &playback->end, 1, &reader, error);
	if (status != VOC_OK)
		return status;
	status = scan(playback, reader, arena, book, ret_rules, error);
	voc_reader_free(reader);
	if (status == VOC_INVALID)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_CONFIG, -1,
		                     "partition %d: its log has no rules yet; an aggregator writes them when it starts",
		                     (int)playback->from.partition);
	return status;
}

/* The log's first rules are in force from its first record on. */
static enum voc_status find_rules(struct playback *playback, struct recount *recount, struct voc_error *error)
{
	struct voc_rule_book *book = recount->settings.book;
	const struct voc_rule_set *rules = NULL;
	struct voc_arena *arena = voc_arena_new(SCRATCH_MAX_BYTES);
	if (arena == NULL)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory to read the log");
	enum voc_status status = hold(playback, error);
	if (status == VOC_OK)
		status = read_rules(&playback->held, arena, book, &rules, error);
	if (status == VOC_INVALID) /* not the first record, as it mostly is */
		status = search_rules(playback, arena, book, &rules, error);
	if (status == VOC_OK)
		recount_set_rules(recount, rules);
	voc_arena_free(arena);
	return status;
}

static enum voc_status take(struct playback *playback, struct recount *recount, struct voc_error *error)
{
	struct voc_message *message = &playback->batch[playback->count++];
	*message = playback->held;
	playback->has_held = false;
	playback->bytes += message->value.len;
	playback->next = message->offset + 1;
	const struct voc_agg_input input = { .partition = message->partition, .record = input_of(message) };
	return recount_add(recount, &input, error);
}

static enum voc_status gather(struct playback *playback, struct recount *recount, int64_t offset,
                              struct voc_error *error)
{
	enum voc_status status = VOC_OK;
	recount_begin(recount);
	while (status == VOC_OK && playback->next < offset && !recount_is_full(recount) &&
	       playback->bytes < BATCH_MAX_BYTES) {
		status = hold(playback, error);
		if (status != VOC_OK)
			return status;
		if (playback->held.offset >= offset)
			return voc_error_set(error, VOC_FATAL, VOC_REASON_POSITION_LOST, -1,
			                     "the log has no record before %lld, but one at %lld", (long long)offset,
			                     (long long)playback->held.offset);
		status = take(playback, recount, error);
	}
	return status;
}

enum voc_status playback_advance(struct playback *playback, struct recount *recount, int64_t offset,
                                 struct voc_error *error)
{
	enum voc_status status = VOC_OK;
	if (playback->next < offset && recount->state.rules == NULL)
		status = find_rules(playback, recount, error);
	while (status == VOC_OK && playback->next < offset) {
		status = gather(playback, recount, offset, error);
		if (status == VOC_OK)
			status = recount_apply(recount, voc_clock_wall_ms(), error);
		if (status == VOC_OK && playback->progress != NULL)
			playback->progress(playback->context, (int64_t)playback->count);
		release(playback);
	}
	return status;
}
