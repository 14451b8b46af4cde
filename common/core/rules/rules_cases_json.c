/* The part of the rules that is about cases. */
#include "core/rules/rules_reader.h"

#include "base/civil.h"
#include "core/record/fact.h"

#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#define GROUP       "cases"
#define CALENDAR    GROUP ".calendar"
#define DAY_MS      INT64_C(86400000)
#define PATH_SIZE   96
#define MINUTES_MAX 43200 /* of business time */
#define DAYS_MAX    3650

static const char *const members[] = { "calendar",     "respond_minutes", "resolve_minutes", "escalation",
	                               "abandon_days", "silence_days",    "close_days",      "reopen_days",
	                               "team",         "routes" };
static const char *const calendar_members[] = { "zone", "tz", "hours", "holidays" };
static const char *const day_names[] = { "sun", "mon", "tue", "wed", "thu", "fri", "sat" };
static const char *const route_members[] = { "team", "factor", "servqual", "product", "from_team", "stage" };
static const char *const step_members[] = { "after_minutes", "team" };
#define COUNT_OF(list) (sizeof(list) / sizeof *(list))

/* In the order of enum voc_severity, but for none. */
static const struct voc_rules_number severities[VOC_CASE_SEVERITIES - 1] = {
	{ "info", 1, MINUTES_MAX },
	{ "warning", 1, MINUTES_MAX },
	{ "critical", 1, MINUTES_MAX },
};

static void take_spans(struct voc_rules_reader *reader, json_t *list, const char *path, struct voc_day_hours *hours)
{
	size_t i;
	json_t *item;
	if (!json_is_array(list)) {
		voc_rules_fail(reader, path, "", "expected an array");
		return;
	}
	json_array_foreach(list, i, item)
	{
		struct voc_day_span span;
		struct voc_str text = voc_str_of(json_string_value(item), json_string_length(item));
		if (!json_is_string(item) || !voc_day_span_parse(text, &span))
			voc_rules_fail(reader, path, "", "expected hours as \"09:00-18:00\"");
		else if (!voc_day_hours_add(hours, span))
			voc_rules_fail(reader, path, "", "expected at most 4 spans in order, with time between them");
	}
}

static void take_week(struct voc_rules_reader *reader, json_t *calendar, struct voc_business_hours *hours)
{
	int open = 0;
	json_t *week = voc_rules_take(reader, calendar, CALENDAR, "hours", JSON_OBJECT);
	if (!week)
		return;
	for (size_t day = 0; day < COUNT_OF(day_names); day++) {
		char path[PATH_SIZE];
		snprintf(path, sizeof path, CALENDAR ".hours.%s", day_names[day]);
		json_t *spans = voc_rules_take(reader, week, CALENDAR ".hours", day_names[day], JSON_ARRAY);
		if (spans)
			take_spans(reader, spans, path, &hours->week[day]);
		open += hours->week[day].count;
	}
	voc_rules_refuse_others(reader, week, CALENDAR ".hours", day_names, COUNT_OF(day_names), sizeof *day_names);
	if (!reader->failed && open == 0)
		voc_rules_fail(reader, CALENDAR, "hours", "never open");
}

static int by_day(const void *a, const void *b)
{
	int32_t one = ((const struct voc_holiday *)a)->day, other = ((const struct voc_holiday *)b)->day;
	return (one > other) - (one < other);
}

static void take_holidays(struct voc_rules_reader *reader, json_t *calendar, struct voc_business_hours *hours)
{
	const char *date;
	json_t *spans;
	json_t *holidays = voc_rules_take(reader, calendar, CALENDAR, "holidays", JSON_OBJECT);
	if (!holidays)
		return;
	if (json_object_size(holidays) > VOC_HOLIDAYS_MAX) {
		voc_rules_fail(reader, CALENDAR, "holidays", "expected at most 256 days");
		return;
	}
	json_object_foreach(holidays, date, spans)
	{
		char path[PATH_SIZE];
		int64_t day;
		if (!voc_civil_parse(voc_str_from(date), &day)) {
			voc_rules_fail(reader, CALENDAR, "holidays", "expected days as \"2026-12-25\"");
			return;
		}
		snprintf(path, sizeof path, CALENDAR ".holidays.%s", date);
		struct voc_holiday *holiday = &hours->holidays[hours->holiday_count++];
		holiday->day = (int32_t)day;
		take_spans(reader, spans, path, &holiday->hours);
	}
	qsort(hours->holidays, hours->holiday_count, sizeof *hours->holidays, by_day);
}

static void take_calendar(struct voc_rules_reader *reader, json_t *cases, struct voc_business_hours *hours)
{
	json_t *calendar = voc_rules_take(reader, cases, GROUP, "calendar", JSON_OBJECT);
	if (!calendar)
		return;
	json_t *name = voc_rules_take(reader, calendar, CALENDAR, "zone", JSON_STRING);
	json_t *rule = voc_rules_take(reader, calendar, CALENDAR, "tz", JSON_STRING);
	if (name && !voc_zone_name_is_good(voc_str_of(json_string_value(name), json_string_length(name))))
		voc_rules_fail(reader, CALENDAR, "zone", "expected a zone's name, as Asia/Seoul");
	if (rule && !voc_zone_parse(voc_str_of(json_string_value(rule), json_string_length(rule)), &hours->zone))
		voc_rules_fail(reader, CALENDAR, "tz", "expected a POSIX TZ rule, as KST-9");
	take_week(reader, calendar, hours);
	take_holidays(reader, calendar, hours);
	voc_rules_refuse_others(reader, calendar, CALENDAR, calendar_members, COUNT_OF(calendar_members),
	                        sizeof *calendar_members);
}

static void take_minutes(struct voc_rules_reader *reader, json_t *cases, const char *name, int *ret_minutes)
{
	int64_t got[VOC_CASE_SEVERITIES - 1];
	voc_rules_take_numbers(reader, cases, GROUP, name, severities, COUNT_OF(severities), got);
	for (size_t i = 0; i < COUNT_OF(severities); i++)
		ret_minutes[i + 1] = (int)got[i];
}

static void take_days(struct voc_rules_reader *reader, json_t *cases, struct voc_case_rules *rules)
{
	static const struct voc_rules_number silence = { "silence_days", 0, DAYS_MAX };
	static const struct voc_rules_number closing = { "close_days", 0, DAYS_MAX };
	static const struct voc_rules_number reopening = { "reopen_days", 0, DAYS_MAX };
	static const struct voc_rules_number abandoning = { "abandon_days", 1, DAYS_MAX };
	rules->abandon_ms = voc_rules_take_number(reader, cases, GROUP, &abandoning) * DAY_MS;
	rules->silence_ms = voc_rules_take_number(reader, cases, GROUP, &silence) * DAY_MS;
	rules->close_ms = voc_rules_take_number(reader, cases, GROUP, &closing) * DAY_MS;
	rules->reopen_ms = voc_rules_take_number(reader, cases, GROUP, &reopening) * DAY_MS;
}

static void take_team(struct voc_rules_reader *reader, json_t *object, const char *path, char to[VOC_CASE_TEAM_SIZE])
{
	json_t *value = voc_rules_take(reader, object, path, "team", JSON_STRING);
	if (!value)
		return;
	const char *team = json_string_value(value);
	size_t plain = strspn(team, "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-");
	if (plain == 0 || plain != json_string_length(value) || plain >= VOC_CASE_TEAM_SIZE)
		voc_rules_fail(reader, path, "team", "expected 1 to 48 letters, digits, dots, dashes or underscores");
	else
		voc_str_copy(to, VOC_CASE_TEAM_SIZE, voc_str_of(team, plain));
}

static void take_steps(struct voc_rules_reader *reader, json_t *cases, struct voc_case_rules *rules)
{
	static const struct voc_rules_number after = { "after_minutes", 1, MINUTES_MAX };
	size_t i;
	json_t *item;
	json_t *list = voc_rules_take(reader, cases, GROUP, "escalation", JSON_ARRAY);
	if (list && json_array_size(list) > VOC_CASE_STEPS_MAX)
		voc_rules_fail(reader, GROUP, "escalation", "expected at most 4 steps");
	json_array_foreach(list, i, item)
	{
		char path[PATH_SIZE];
		snprintf(path, sizeof path, GROUP ".escalation[%zu]", i);
		if (reader->failed || !json_is_object(item)) {
			voc_rules_fail(reader, path, "", "expected an object");
			return;
		}
		struct voc_case_step *step = &rules->steps[rules->step_count++];
		step->after_minutes = (int)voc_rules_take_number(reader, item, path, &after);
		take_team(reader, item, path, step->team);
		voc_rules_refuse_others(reader, item, path, step_members, COUNT_OF(step_members), sizeof *step_members);
		if (!reader->failed && i > 0 && step->after_minutes <= rules->steps[i - 1].after_minutes)
			voc_rules_fail(reader, path, "after_minutes", "expected more than the step before");
	}
}

/* What a route asks of a text; nothing if the member is absent. */
static void take_match(struct voc_rules_reader *reader, json_t *route, const char *path, const char *name,
                       char to[VOC_CASE_MATCH_SIZE])
{
	if (!json_object_get(route, name))
		return;
	json_t *value = voc_rules_take(reader, route, path, name, JSON_STRING);
	size_t len = value ? json_string_length(value) : 0;
	bool plain = true;
	for (size_t i = 0; i < len; i++)
		plain = plain && (unsigned char)json_string_value(value)[i] >= ' ';
	if (value && (len == 0 || len >= VOC_CASE_MATCH_SIZE || !plain))
		voc_rules_fail(reader, path, name, "expected 1 to 96 bytes without control characters");
	else if (value)
		voc_str_copy(to, VOC_CASE_MATCH_SIZE, voc_str_of(json_string_value(value), len));
}

static void take_labels(struct voc_rules_reader *reader, json_t *item, const char *path, struct voc_case_route *route)
{
	char factor[VOC_CASE_MATCH_SIZE] = "", servqual[VOC_CASE_MATCH_SIZE] = "", name[VOC_CASE_MATCH_SIZE] = "";
	enum voc_stage stage = VOC_STAGE_NONE;
	take_match(reader, item, path, "factor", factor);
	take_match(reader, item, path, "servqual", servqual);
	take_match(reader, item, path, "stage", name);
	route->has_stage = *name != '\0';
	if (route->has_stage && (!voc_stage_parse(voc_str_from(name), &stage) || stage == VOC_STAGE_NONE))
		voc_rules_fail(reader, path, "stage", "expected a stage's name");
	route->stage = (int)stage;
	route->has_factor = *factor != '\0';
	route->has_servqual = *servqual != '\0';
	if (route->has_factor && !voc_factor_parse(voc_str_from(factor), &route->factor))
		voc_rules_fail(reader, path, "factor", "expected a factor's name");
	if (route->has_servqual && !voc_servqual_parse(voc_str_from(servqual), &route->servqual))
		voc_rules_fail(reader, path, "servqual", "expected a dimension's name");
}

static void take_routes(struct voc_rules_reader *reader, json_t *cases, struct voc_case_rules *rules)
{
	size_t i;
	json_t *item;
	json_t *list = voc_rules_take(reader, cases, GROUP, "routes", JSON_ARRAY);
	if (list && json_array_size(list) > VOC_CASE_ROUTES_MAX)
		voc_rules_fail(reader, GROUP, "routes", "expected at most 32 routes");
	json_array_foreach(list, i, item)
	{
		char path[PATH_SIZE];
		snprintf(path, sizeof path, GROUP ".routes[%zu]", i);
		if (reader->failed || !json_is_object(item)) {
			voc_rules_fail(reader, path, "", "expected an object");
			return;
		}
		struct voc_case_route *route = &rules->routes[rules->route_count++];
		take_team(reader, item, path, route->team);
		take_labels(reader, item, path, route);
		take_match(reader, item, path, "product", route->product);
		take_match(reader, item, path, "from_team", route->from_team);
		voc_rules_refuse_others(reader, item, path, route_members, COUNT_OF(route_members),
		                        sizeof *route_members);
	}
}

void voc_rules_take_cases(struct voc_rules_reader *reader, json_t *top, struct voc_rules *rules)
{
	struct voc_case_rules *to = &rules->cases;
	if (!json_object_get(top, GROUP))
		return;
	json_t *cases = voc_rules_take(reader, top, "", GROUP, JSON_OBJECT);
	if (!cases)
		return;
	to->on = true;
	take_calendar(reader, cases, &to->hours);
	take_minutes(reader, cases, "respond_minutes", to->respond_minutes);
	take_minutes(reader, cases, "resolve_minutes", to->resolve_minutes);
	take_steps(reader, cases, to);
	take_days(reader, cases, to);
	take_team(reader, cases, GROUP, to->team);
	take_routes(reader, cases, to);
	voc_rules_refuse_others(reader, cases, GROUP, members, COUNT_OF(members), sizeof *members);
}
