/*
 * What vocctl watch shows, as a value, and its picture. Pure: the same view gives the same frame.
 */
#ifndef VOC_VOCCTL_WATCH_FRAME_H
#define VOC_VOCCTL_WATCH_FRAME_H

#include "base/reason.h"
#include "canvas.h"
#include "core/record/labels.h"
#include "core/rules/alert_rule.h"

#define WATCH_LOOKS        60 /* whose rates are remembered */
#define WATCH_GROUPS_MAX   8
#define WATCH_AT_RISK_MAX  32
#define WATCH_ALERTS_MAX   32
#define WATCH_TROUBLE_SIZE 160

struct watch_group {
	char name[64];
	int64_t lag; /* records; -1: not known */
};

struct watch_customer {
	char id[64];
	int risk;
	char state[16];
};

struct watch_alert {
	int64_t time_ms;
	char customer[64];
	enum voc_rule rule;
	enum voc_severity severity;
	int risk;
};

struct watch_view {
	int64_t now_ms;
	int64_t events;             /* classified in all, as far as Kafka still holds them */
	int64_t rates[WATCH_LOOKS]; /* events a second in thousandths, by look; the newest first */
	size_t rate_count;
	int64_t window; /* the events that the shares are of: the last that came */
	int64_t feedback[VOC_FEEDBACK_COUNT];
	int64_t satisfaction[VOC_SATISFACTION_COUNT];
	int64_t factor[VOC_FACTOR_COUNT];
	int64_t servqual[VOC_SERVQUAL_COUNT];
	int64_t channel[VOC_CHANNEL_COUNT];
	struct watch_group groups[WATCH_GROUPS_MAX];
	size_t group_count;
	struct watch_customer at_risk[WATCH_AT_RISK_MAX]; /* highest risk first */
	size_t at_risk_count;
	int64_t at_risk_total;
	struct watch_alert alerts[WATCH_ALERTS_MAX]; /* newest first */
	size_t alert_count;
	int64_t dead_letters[VOC_REASON_COUNT];
	char redis_trouble[WATCH_TROUBLE_SIZE]; /* "": none */
	char kafka_trouble[WATCH_TROUBLE_SIZE];
};

/* Draws the view over the whole canvas, leaving out what there is no room for. */
void watch_frame_draw(struct canvas *canvas, const struct watch_view *view);

#endif
