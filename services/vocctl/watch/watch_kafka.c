#include "watch_kafka.h"

#include "base/clock.h"
#include "core/aggregate/alert.h"
#include "core/classify/classified.h"
#include "core/record/dead_letter.h"
#include "vocctl/shared/tail.h"
#include "watch_lag.h"
#include "watch_window.h"

#include <stdlib.h>

#define TAIL_CLASSIFIED 200   /* records of each partition that are read at first */
#define SLICE_MS        200   /* of reading, in one look */
#define WHOLE_MS        10000 /* the same, of a look that is to see everything */
#define QUIET_MS        1000  /* so long without a record: all was seen */
#define BEHIND_MS       10000 /* what is older than that when it is read is skipped: this is a live view */
#define ARENA_BYTES     (1 << 20)

struct watch_kafka {
	struct voc_kafka_settings settings;
	struct voc_admin *admin;
	struct voc_reader *flow;    /* classified and alerts, from near their ends */
	struct voc_reader *letters; /* all dead letters */
	struct voc_arena *arena;
	struct watch_lag *lag;
	struct watch_window window;
	char classified[VOC_TOPIC_NAME_SIZE];
	int64_t read_ms; /* timestamp of the last classified record read */
};

static enum voc_status open_flow(struct watch_kafka *kafka, struct voc_error *error)
{
	static const struct vocctl_tail tails[] = {
		{ .topic = VOC_TOPIC_CLASSIFIED, .last = TAIL_CLASSIFIED },
		{ .topic = VOC_TOPIC_ALERTS, .last = WATCH_ALERTS_MAX },
	};
	return vocctl_tail_open(&kafka->settings, kafka->admin, tails, sizeof tails / sizeof *tails, true, &kafka->flow,
	                        error);
}

static enum voc_status open_letters(struct watch_kafka *kafka, struct voc_error *error)
{
	static const struct vocctl_tail all = { .topic = VOC_TOPIC_DEAD_LETTERS, .last = VOCCTL_TAIL_ALL };
	return vocctl_tail_open(&kafka->settings, kafka->admin, &all, 1, true, &kafka->letters, error);
}

static void forget(struct watch_view *view)
{
	struct watch_view empty = { .now_ms = view->now_ms, .at_risk_total = view->at_risk_total };
	empty.at_risk_count = view->at_risk_count;
	memcpy(empty.at_risk, view->at_risk, sizeof empty.at_risk);
	memcpy(empty.redis_trouble, view->redis_trouble, sizeof empty.redis_trouble);
	*view = empty;
}

enum voc_status watch_kafka_open(const struct voc_conf *conf, struct watch_view *view, struct watch_kafka **ret_kafka,
                                 struct voc_error *error)
{
	struct watch_kafka *kafka = calloc(1, sizeof *kafka);
	if (kafka == NULL || (kafka->arena = voc_arena_new(ARENA_BYTES)) == NULL) {
		free(kafka);
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "out of memory");
	}
	/* No complaints: the view itself says what is wrong. */
	kafka->settings = (struct voc_kafka_settings){ .conf = conf, .client_id = "vocctl" };
	voc_topic_name(kafka->classified, conf->topic_prefix, VOC_TOPIC_CLASSIFIED);
	enum voc_status status = voc_admin_open(&kafka->settings, &kafka->admin, error);
	if (status == VOC_OK)
		status = watch_lag_open(conf, kafka->admin, &kafka->lag, error);
	if (status == VOC_OK)
		status = open_flow(kafka, error);
	if (status == VOC_OK)
		status = open_letters(kafka, error);
	if (status != VOC_OK) {
		watch_kafka_close(kafka);
		return status;
	}
	forget(view);
	*ret_kafka = kafka;
	return VOC_OK;
}

void watch_kafka_close(struct watch_kafka *kafka)
{
	if (kafka == NULL)
		return;
	voc_reader_free(kafka->flow);
	voc_reader_free(kafka->letters);
	watch_lag_close(kafka->lag);
	voc_admin_free(kafka->admin);
	voc_arena_free(kafka->arena);
	free(kafka);
}

static void take_classified(struct watch_kafka *kafka, const struct voc_message *message, struct watch_view *view)
{
	struct voc_classified classified;
	struct voc_error ignored = { 0 };
	kafka->read_ms = message->timestamp_ms;
	if (voc_classified_decode(message->value, kafka->arena, &classified, &ignored) == VOC_OK)
		watch_window_add(&kafka->window, &classified.labels, classified.channel, view);
}

/* Newest first, by the record's time: at first they come partition after partition. */
static void take_alert(struct watch_kafka *kafka, const struct voc_message *message, struct watch_view *view)
{
	struct voc_alert alert;
	struct voc_error ignored = { 0 };
	if (voc_alert_decode(message->value, kafka->arena, &alert, &ignored) != VOC_OK)
		return;
	size_t at = 0;
	while (at < view->alert_count && view->alerts[at].time_ms > message->timestamp_ms)
		at++;
	if (at == WATCH_ALERTS_MAX)
		return;
	size_t kept = view->alert_count < WATCH_ALERTS_MAX ? view->alert_count : WATCH_ALERTS_MAX - 1;
	memmove(view->alerts + at + 1, view->alerts + at, (kept - at) * sizeof *view->alerts);
	struct watch_alert *place = &view->alerts[at];
	*place = (struct watch_alert){
		.time_ms = message->timestamp_ms,
		.rule = alert.rule,
		.severity = alert.severity,
		.risk = alert.risk,
	};
	voc_str_copy(place->customer, sizeof place->customer, alert.customer_id);
	view->alert_count = kept + 1;
}

static void take_letter(const struct voc_message *message, struct watch_view *view)
{
	struct voc_header headers[VOC_MESSAGE_HEADERS_MAX];
	struct voc_dead_letter letter;
	size_t count = voc_message_headers(message, headers, VOC_MESSAGE_HEADERS_MAX);
	if (voc_dead_letter_decode(headers, count, &letter))
		view->dead_letters[letter.reason]++;
}

static void take(struct watch_kafka *kafka, bool letter, const struct voc_message *message, struct watch_view *view)
{
	voc_arena_reset(kafka->arena);
	if (letter)
		take_letter(message, view);
	else if (voc_str_is(message->topic, kafka->classified))
		take_classified(kafka, message, view);
	else
		take_alert(kafka, message, view);
}

/* Until `until_ms`, or nothing has come for `quiet_ms`. */
static enum voc_status read_on(struct watch_kafka *kafka, bool letters, int64_t until_ms, int quiet_ms,
                               struct watch_view *view, struct voc_error *error)
{
	struct voc_reader *reader = letters ? kafka->letters : kafka->flow;
	while (voc_clock_ms() < until_ms) {
		struct voc_message message = { 0 };
		enum voc_poll outcome = voc_reader_next(reader, quiet_ms, &message, error);
		if (outcome == VOC_POLL_FAILED)
			return VOC_FATAL;
		if (outcome != VOC_POLL_RECORD)
			break;
		take(kafka, letters, &message, view);
		voc_message_release(&message);
	}
	return VOC_OK;
}

/* More comes than can be looked at: the newest is what counts. */
static enum voc_status catch_up(struct watch_kafka *kafka, int64_t before_ms, struct voc_error *error)
{
	bool progressed = kafka->read_ms != before_ms;
	if (!progressed || voc_clock_wall_ms() - kafka->read_ms < BEHIND_MS ||
	    kafka->window.count < WATCH_WINDOW_EVENTS)
		return VOC_OK;
	voc_reader_free(kafka->flow);
	kafka->flow = NULL;
	return open_flow(kafka, error);
}

enum voc_status watch_kafka_look(struct watch_kafka *kafka, struct watch_view *view, bool whole,
                                 struct voc_error *error)
{
	int64_t slice_ms = whole ? WHOLE_MS : SLICE_MS, before_ms = kafka->read_ms;
	int quiet_ms = whole ? QUIET_MS : 0;
	enum voc_status status = watch_lag_look(kafka->lag, view, error);
	if (status == VOC_OK)
		status = read_on(kafka, false, voc_clock_ms() + slice_ms, quiet_ms, view, error);
	if (status == VOC_OK)
		status = read_on(kafka, true, voc_clock_ms() + slice_ms, quiet_ms, view, error);
	if (status == VOC_OK && !whole)
		status = catch_up(kafka, before_ms, error);
	return status;
}
