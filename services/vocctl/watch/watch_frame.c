#include "watch_frame.h"

#include "base/timestamp.h"

#include <stdio.h>

#define HEAD_ROWS   5 /* title, rate, lag, dead letters, a blank one */
#define FOOT_ROWS   1
#define LIST_ROWS   7 /* the least that the lists below the shares get, with their titles */
#define COLUMN_GAP  2
#define LABEL_WANT  28 /* "product_service 제품·서비스 " */
#define BAR_LEAST   5
#define COLUMN_WANT 38 /* a label, a bar and a percentage */
#define COLUMNS_MAX 3

/* Names and counts of one label table. */
struct shares {
	const char *title;
	const char *const *names;
	const char *const *korean; /* NULL: none */
	const int64_t *counts;
	int first, count; /* which of them are shown: not "unknown" and "none" */
	enum canvas_style style;
};

#define X(symbol, name, korean, ...) name,
static const char *const feedback_names[] = { VOC_FEEDBACK_TYPES(X) };
static const char *const satisfaction_names[] = { VOC_SATISFACTIONS(X) };
static const char *const factor_names[] = { VOC_FACTORS(X) };
static const char *const servqual_names[] = { VOC_SERVQUALS(X) };
static const char *const channel_names[] = { VOC_CHANNELS(X) };
#undef X
#define X(symbol, name, korean, ...) korean,
static const char *const feedback_korean[] = { VOC_FEEDBACK_TYPES(X) };
static const char *const satisfaction_korean[] = { VOC_SATISFACTIONS(X) };
static const char *const factor_korean[] = { VOC_FACTORS(X) };
static const char *const servqual_korean[] = { VOC_SERVQUALS(X) };
#undef X

static int64_t sum(const int64_t *values, int count)
{
	int64_t total = 0;
	for (int i = 0; i < count; i++)
		total += values[i];
	return total;
}

static void draw_title(struct canvas *canvas, const struct watch_view *view)
{
	char now[VOC_TIMESTAMP_SIZE];
	int columns = canvas_columns(canvas);
	bool fine = view->redis_trouble[0] == '\0' && view->kafka_trouble[0] == '\0';
	voc_timestamp_format(view->now_ms, now);
	int at = canvas_text(canvas, 0, 0, columns, CANVAS_BOLD, VOC_STR("voice of customer"));
	at += 2;
	if (fine)
		canvas_text(canvas, 0, at, columns - at - 22, CANVAS_GREEN, VOC_STR("redis and kafka answer"));
	else
		canvas_textf(canvas, 0, at, columns - at - 22, CANVAS_RED, "%s%s%s", view->redis_trouble,
		             view->redis_trouble[0] != '\0' && view->kafka_trouble[0] != '\0' ? "; " : "",
		             view->kafka_trouble);
	canvas_textf(canvas, 0, columns - 20, 20, CANVAS_DIM, "%.10s %.8sZ", now, now + 11);
}

/* One column a look, the newest rightmost. */
static void draw_sparkline(struct canvas *canvas, int row, int column, int columns, const int64_t *values, int count)
{
	static const char *const levels[] = { "", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█" };
	int shown = columns < count ? columns : count;
	int64_t most = 1;
	for (int i = 0; i < shown; i++)
		most = values[i] > most ? values[i] : most;
	for (int i = 0; i < shown; i++) {
		int64_t level = (values[shown - 1 - i] * 8 + most - 1) / most;
		canvas_text(canvas, row, column + i, 1, CANVAS_CYAN, voc_str_from(levels[level]));
	}
}

static void draw_rate(struct canvas *canvas, const struct watch_view *view)
{
	int columns = canvas_columns(canvas);
	int at = canvas_text(canvas, 1, 0, columns, CANVAS_BOLD, VOC_STR("classified "));
	at += canvas_textf(canvas, 1, at, columns, CANVAS_PLAIN, "%lld", (long long)view->events);
	if (view->rate_count == 0)
		return;
	at += canvas_textf(canvas, 1, at, columns, CANVAS_PLAIN, "  %lld.%lld/s  ", (long long)(view->rates[0] / 1000),
	                   (long long)(view->rates[0] / 100 % 10));
	draw_sparkline(canvas, 1, at, columns - at, view->rates, (int)view->rate_count);
}

static void draw_lag(struct canvas *canvas, const struct watch_view *view)
{
	int columns = canvas_columns(canvas);
	int at = canvas_text(canvas, 2, 0, columns, CANVAS_BOLD, VOC_STR("lag"));
	for (size_t i = 0; i < view->group_count; i++) {
		const struct watch_group *group = &view->groups[i];
		at += canvas_textf(canvas, 2, at, columns - at, CANVAS_PLAIN, "  %s ", group->name);
		if (group->lag < 0)
			at += canvas_text(canvas, 2, at, columns - at, CANVAS_DIM, VOC_STR("?"));
		else
			at += canvas_textf(canvas, 2, at, columns - at, group->lag > 0 ? CANVAS_YELLOW : CANVAS_GREEN,
			                   "%lld", (long long)group->lag);
	}
}

static void draw_dead_letters(struct canvas *canvas, const struct watch_view *view)
{
	int columns = canvas_columns(canvas);
	int64_t total = sum(view->dead_letters, VOC_REASON_COUNT);
	int at = canvas_text(canvas, 3, 0, columns, CANVAS_BOLD, VOC_STR("dead letters "));
	at += canvas_textf(canvas, 3, at, columns, total > 0 ? CANVAS_YELLOW : CANVAS_GREEN, "%lld", (long long)total);
	for (int i = 0; i < VOC_REASON_COUNT; i++) {
		char item[64];
		if (view->dead_letters[i] == 0)
			continue;
		int len = snprintf(item, sizeof item, "  %s %lld", voc_reason_name((enum voc_reason)i),
		                   (long long)view->dead_letters[i]);
		if (at + len + 3 > columns) {
			canvas_text(canvas, 3, at, 3, CANVAS_DIM, VOC_STR("  …"));
			break;
		}
		at += canvas_text(canvas, 3, at, columns - at, CANVAS_PLAIN, voc_str_from(item));
	}
}

static void draw_share(struct canvas *canvas, int row, int column, int columns, const struct shares *shares, int index,
                       int64_t total)
{
	int thousandths = total > 0 ? (int)(shares->counts[index] * 1000 / total) : 0;
	int label_columns = columns - 5 > LABEL_WANT + BAR_LEAST ? LABEL_WANT : columns - 5 - BAR_LEAST;
	int at = canvas_textf(canvas, row, column, label_columns, CANVAS_PLAIN, "%s ", shares->names[index]);
	if (shares->korean != NULL)
		canvas_text(canvas, row, column + at, label_columns - at, CANVAS_DIM,
		            voc_str_from(shares->korean[index]));
	canvas_bar(canvas, row, column + label_columns, columns - label_columns - 5, shares->style, thousandths);
	canvas_textf(canvas, row, column + columns - 4, 4, CANVAS_PLAIN, "%3d%%", (thousandths + 5) / 10);
}

/* Shares of what was labelled at all: a part that is unknown or none is not in the hundred per cent. */
static int draw_shares(struct canvas *canvas, int row, int column, int columns, const struct shares *shares)
{
	int64_t total = sum(shares->counts + shares->first, shares->count);
	canvas_textf(canvas, row, column, columns, CANVAS_BOLD, "%s", shares->title);
	for (int i = 0; i < shares->count; i++)
		draw_share(canvas, row + 1 + i, column, columns, shares, shares->first + i, total);
	return 1 + shares->count;
}

/* Draws the panels one below the other while they fit above `end`; the row after the last. */
static int draw_panels(struct canvas *canvas, int end, int column, int columns, const struct shares *const *panels)
{
	int row = HEAD_ROWS;
	for (; *panels != NULL && row + 1 + (*panels)->count <= end; panels++)
		row += draw_shares(canvas, row, column, columns, *panels) + 1;
	return row;
}

static int draw_all_shares(struct canvas *canvas, const struct watch_view *view)
{
	const struct shares feedback = { "TYPE 유형",    feedback_names,         feedback_korean,
		                         view->feedback, VOC_FEEDBACK_COMPLAINT, VOC_FEEDBACK_COUNT - 1,
		                         CANVAS_CYAN };
	const struct shares satisfaction = {
		"SATISFACTION 만족",           satisfaction_names,         satisfaction_korean, view->satisfaction,
		VOC_SATISFACTION_DISSATISFIED, VOC_SATISFACTION_COUNT - 1, CANVAS_GREEN
	};
	const struct shares factor = { "FACTOR 결정 요인",         factor_names,         factor_korean, view->factor,
		                       VOC_FACTOR_PRODUCT_SERVICE, VOC_FACTOR_COUNT - 1, CANVAS_YELLOW };
	const struct shares servqual = {
		"SERVQUAL 서비스 품질",   servqual_names,         servqual_korean, view->servqual,
		VOC_SERVQUAL_RELIABILITY, VOC_SERVQUAL_COUNT - 1, CANVAS_CYAN
	};
	const struct shares channel = { "CHANNEL 채널",    channel_names, NULL, view->channel, 0,
		                        VOC_CHANNEL_COUNT, CANVAS_GREEN };
	const struct shares *const narrow[COLUMNS_MAX][4] = { { &feedback, &satisfaction, &channel },
		                                              { &factor, &servqual } };
	const struct shares *const wide[COLUMNS_MAX][4] = { { &feedback, &satisfaction },
		                                            { &factor, &channel },
		                                            { &servqual } };
	int count = canvas_columns(canvas) / (COLUMN_WANT + COLUMN_GAP);
	count = count < 2 ? 2 : count > COLUMNS_MAX ? COLUMNS_MAX : count;
	int columns = (canvas_columns(canvas) - COLUMN_GAP * (count - 1)) / count;
	int end = canvas_rows(canvas) - FOOT_ROWS - LIST_ROWS, last = HEAD_ROWS;
	for (int i = 0; i < count; i++) {
		int row =
		        draw_panels(canvas, end, i * (columns + COLUMN_GAP), columns, count > 2 ? wide[i] : narrow[i]);
		last = row > last ? row : last;
	}
	return last;
}

static enum canvas_style severity_style(enum voc_severity severity)
{
	switch (severity) {
	case VOC_SEVERITY_CRITICAL: return CANVAS_RED;
	case VOC_SEVERITY_WARNING: return CANVAS_YELLOW;
	default: return CANVAS_GREEN;
	}
}

static void draw_at_risk(struct canvas *canvas, int row, int end, int columns, const struct watch_view *view)
{
	canvas_textf(canvas, row, 0, columns, CANVAS_BOLD, "CUSTOMERS AT RISK 위험 고객  %lld",
	             (long long)view->at_risk_total);
	for (size_t i = 0; i < view->at_risk_count && ++row < end; i++) {
		const struct watch_customer *customer = &view->at_risk[i];
		enum canvas_style style = strcmp(customer->state, "critical") == 0 ? CANVAS_RED : CANVAS_YELLOW;
		canvas_textf(canvas, row, 0, columns - 25, CANVAS_PLAIN, "%s", customer->id);
		canvas_textf(canvas, row, columns - 24, 4, style, "%3d ", customer->risk);
		canvas_text(canvas, row, columns - 20, 9, style, voc_str_from(customer->state));
		canvas_bar(canvas, row, columns - 11, 10, style, customer->risk * 10);
	}
}

static void draw_alerts(struct canvas *canvas, int row, int end, int column, const struct watch_view *view)
{
	int columns = canvas_columns(canvas) - column;
	canvas_text(canvas, row, column, columns, CANVAS_BOLD, VOC_STR("LAST ALERTS 최근 경보"));
	for (size_t i = 0; i < view->alert_count && ++row < end; i++) {
		const struct watch_alert *alert = &view->alerts[i];
		char time[VOC_TIMESTAMP_SIZE];
		voc_timestamp_format(alert->time_ms, time);
		canvas_textf(canvas, row, column, 6, CANVAS_DIM, "%.5s ", time + 11);
		canvas_textf(canvas, row, column + 6, 17, severity_style(alert->severity), "%s",
		             voc_rule_name(alert->rule));
		canvas_textf(canvas, row, column + 23, 4, CANVAS_PLAIN, "%3d ", alert->risk);
		canvas_textf(canvas, row, column + 27, columns - 27, CANVAS_PLAIN, "%s", alert->customer);
	}
}

void watch_frame_draw(struct canvas *canvas, const struct watch_view *view)
{
	int end = canvas_rows(canvas) - FOOT_ROWS;
	int half = canvas_columns(canvas) / 2;
	draw_title(canvas, view);
	draw_rate(canvas, view);
	draw_lag(canvas, view);
	draw_dead_letters(canvas, view);
	int row = draw_all_shares(canvas, view);
	draw_at_risk(canvas, row, end, half - COLUMN_GAP, view);
	draw_alerts(canvas, row, end, half, view);
	canvas_textf(canvas, end, 0, half, CANVAS_DIM, "shares: of the last %lld events", (long long)view->window);
	canvas_text(canvas, end, canvas_columns(canvas) - 7, 7, CANVAS_DIM, VOC_STR("q quits"));
}
