#include "customer_page.h"

#include "base/json_write.h"
#include "base/timestamp.h"
#include "core/classify/needs.h"
#include "core/record/labels.h"
#include "core/rules/alert_rule.h"
#include "vocctl/shared/text.h"

#include <jansson.h>
#include <locale.h>
#include <stdio.h>

#define LABEL_COLUMNS 14
#define BAR_COLUMNS   20

static struct voc_str find(const struct voc_redis_fields *fields, const char *name)
{
	struct voc_str value = VOC_STR("");
	voc_redis_field_find(fields, name, &value);
	return value;
}

static const char *state_colour(struct voc_str state, bool colour)
{
	if (!colour)
		return "";
	if (voc_str_is(state, "critical"))
		return "\x1b[31m";
	return voc_str_is(state, "at_risk") ? "\x1b[33m" : "\x1b[32m";
}

static void add_title(struct voc_buf *out, struct voc_str id, const struct voc_redis_fields *fields, bool colour)
{
	struct voc_str state = find(fields, "risk_state");
	int64_t risk = voc_redis_field_i64(fields, "risk");
	vocctl_text_add(out, id);
	voc_buf_add_str(out, VOC_STR("   risk "));
	voc_buf_add_str(out, voc_str_from(state_colour(state, colour)));
	voc_buf_addf(out, "%lld ", (long long)risk);
	for (int i = 0; i < BAR_COLUMNS; i++)
		voc_buf_add_str(out, i < risk * BAR_COLUMNS / 100 ? VOC_STR("█") : VOC_STR("░"));
	voc_buf_add_char(out, ' ');
	vocctl_text_add(out, state);
	voc_buf_addf(out, "%s   satisfaction %lld of 100\n", colour ? "\x1b[0m" : "",
	             (long long)voc_redis_field_i64(fields, "satisfaction_index"));
}

static void add_label(struct voc_buf *out, const char *label)
{
	voc_buf_addf(out, "  %-*s", LABEL_COLUMNS, label);
}

static void add_contacts(struct voc_buf *out, const struct voc_redis_fields *fields)
{
	add_label(out, "contacts");
	voc_buf_addf(out, "%lld", (long long)voc_redis_field_i64(fields, "events"));
	int64_t duplicates = voc_redis_field_i64(fields, "duplicates");
	if (duplicates > 0)
		voc_buf_addf(out, " (and %lld sent twice)", (long long)duplicates);
	voc_buf_add_str(out, VOC_STR(", from "));
	vocctl_text_add_time(out, voc_redis_field_i64(fields, "first_at"));
	voc_buf_add_str(out, VOC_STR(" to "));
	vocctl_text_add_time(out, voc_redis_field_i64(fields, "last_at"));
	voc_buf_add_str(out, VOC_STR("; last "));
	vocctl_text_add(out, find(fields, "last_event"));
	voc_buf_add_char(out, '\n');
}

/* "  factors       product_service 7, emotion 2"; nothing if all are zero. */
static void add_counts(struct voc_buf *out, const char *label, const struct voc_redis_fields *fields,
                       const char *prefix, const char *const *names, size_t count)
{
	bool any = false;
	for (size_t i = 0; i < count; i++) {
		char field[64];
		snprintf(field, sizeof field, "%s%s", prefix, names[i]);
		int64_t value = voc_redis_field_i64(fields, field);
		if (value == 0)
			continue;
		if (!any)
			add_label(out, label);
		voc_buf_addf(out, "%s%s %lld", any ? ", " : "", names[i], (long long)value);
		any = true;
	}
	if (any)
		voc_buf_add_char(out, '\n');
}

static void add_all_counts(struct voc_buf *out, const struct voc_redis_fields *fields)
{
#define X(symbol, name, ...) name,
	static const char *const types[] = { VOC_FEEDBACK_TYPES(X) };
	static const char *const satisfactions[] = { VOC_SATISFACTIONS(X) };
	static const char *const factors[] = { VOC_FACTORS(X) };
	static const char *const servquals[] = { VOC_SERVQUALS(X) };
	static const char *const channels[] = { VOC_CHANNELS(X) };
	static const char *const needs[] = { VOC_NEEDS(X) };
	static const char *const churn[] = { "churn_intents" };
#undef X
	add_counts(out, "types", fields, "", types, VOC_FEEDBACK_COUNT);
	add_counts(out, "satisfaction", fields, "", satisfactions, VOC_SATISFACTION_COUNT);
	add_counts(out, "factors", fields, "factor:", factors, VOC_FACTOR_COUNT);
	add_counts(out, "servqual", fields, "servqual:", servquals, VOC_SERVQUAL_COUNT);
	add_counts(out, "channels", fields, "channel:", channels, VOC_CHANNEL_COUNT);
	add_counts(out, "needs", fields, "need:", needs, VOC_NEED_COUNT);
	add_counts(out, "leaving", fields, "", churn, 1);
}

/* When the alert of that rule was last sent; false if none is remembered. */
static bool alert_time(const struct voc_redis_fields *fields, int rule, int64_t *ret_ms)
{
	char name[64];
	struct voc_str value;
	snprintf(name, sizeof name, "alert:%s", voc_rule_name((enum voc_rule)rule));
	if (!voc_redis_field_find(fields, name, &value))
		return false;
	const char *colon = memchr(value.ptr, ':', value.len);
	return colon != NULL && voc_str_to_i64(voc_str_of(value.ptr, (size_t)(colon - value.ptr)), ret_ms);
}

/* The rule whose advice is to be followed: a case's, if one is late or back, else that of the last alert. -1: none. */
static int advised_rule(const struct customer_view *view)
{
	const struct voc_redis_fields *fields = view->fields;
	int advised = customer_account_rule(view->account);
	if (advised >= 0)
		return advised;
	int64_t last_ms = INT64_MIN;
	for (int rule = 0; rule < VOC_RULE_COUNT; rule++) {
		int64_t ms;
		if (alert_time(fields, rule, &ms) && ms >= last_ms) {
			advised = rule;
			last_ms = ms;
		}
	}
	return advised;
}

static void add_next_step(struct voc_buf *out, const struct customer_view *view)
{
	const char *locale = setlocale(LC_CTYPE, NULL);
	int rule = advised_rule(view);
	if (rule < 0 || view->rules == NULL)
		return;
	bool is_korean = locale != NULL && strncmp(locale, "ko", 2) == 0;
	add_label(out, "next step");
	vocctl_text_add(out, voc_rules_follow_up(view->rules, (enum voc_rule)rule, is_korean ? "ko" : "en"));
	voc_buf_add_char(out, '\n');
}

static void add_alerts(struct voc_buf *out, const struct voc_redis_fields *fields)
{
	for (int i = 0; i < VOC_RULE_MARKED_COUNT; i++) {
		int64_t ms;
		if (!alert_time(fields, i, &ms))
			continue;
		add_label(out, "alert");
		vocctl_text_add_time(out, ms);
		voc_buf_addf(out, " %s\n", voc_rule_name((enum voc_rule)i));
	}
}

static void add_json_str(struct voc_buf *out, const json_t *value)
{
	vocctl_text_add(out, voc_str_of(json_string_value(value), json_string_length(value)));
}

/* What the points are the sum of: "complaint 12.0, servqual:reliability 16.0" */
static void add_terms(struct voc_buf *out, const json_t *terms)
{
	const char *name;
	json_t *value;
	bool any = false;
	json_object_foreach((json_t *)(uintptr_t)terms, name, value)
	{
		json_int_t points = json_integer_value(value), size = points < 0 ? -points : points;
		voc_buf_add_str(out, any ? VOC_STR(", ") : VOC_STR("  ("));
		vocctl_text_add(out, voc_str_from(name));
		voc_buf_addf(out, " %s%lld.%lld", points < 0 ? "-" : "", (long long)(size / 1000),
		             (long long)(size / 100 % 10));
		any = true;
	}
	if (any)
		voc_buf_add_char(out, ')');
}

static void add_contribution(struct voc_buf *out, const json_t *event)
{
	static const char *const labels[] = { "feedback_type", "satisfaction", "primary_factor", "servqual" };
	json_int_t points = json_integer_value(json_object_get(event, "points"));
	const json_t *time = json_object_get(event, "time"), *text;
	size_t i;
	add_label(out, "risk from");
	vocctl_text_add(out, voc_str_clip(voc_str_of(json_string_value(time), json_string_length(time)), 16));
	voc_buf_addf(out, "  +%lld.%lld ", (long long)(points / 1000), (long long)(points / 100 % 10));
	for (i = 0; i < sizeof labels / sizeof *labels; i++) {
		voc_buf_add_char(out, ' ');
		add_json_str(out, json_object_get(event, labels[i]));
	}
	if (json_is_true(json_object_get(event, "churn_intent")))
		voc_buf_add_str(out, VOC_STR(" leaving"));
	add_terms(out, json_object_get(event, "terms"));
	json_array_foreach(json_object_get(event, "evidence"), i, text)
	{
		voc_buf_add_str(out, i == 0 ? VOC_STR("  “") : VOC_STR(" “"));
		add_json_str(out, text);
		voc_buf_add_str(out, VOC_STR("”"));
	}
	voc_buf_add_char(out, '\n');
}

static void add_contributions(struct voc_buf *out, const struct voc_redis_fields *fields)
{
	struct voc_str stored = find(fields, "contributions");
	json_t *array = json_loadb(stored.ptr, stored.len, 0, NULL), *event;
	size_t i;
	json_array_foreach(array, i, event)
	{
		add_contribution(out, event);
	}
	json_decref(array);
}

void customer_page(struct voc_buf *out, const struct customer_view *view, bool colour)
{
	add_title(out, view->id, view->fields, colour);
	customer_account_show(out, view->account);
	add_contacts(out, view->fields);
	add_all_counts(out, view->fields);
	add_alerts(out, view->fields);
	add_next_step(out, view);
	add_contributions(out, view->fields);
	if (view->timeline != NULL) {
		voc_buf_addf(out, "\njourney\n");
		timeline_show(out, view->timeline);
	}
}

/* Redis holds bytes: what was written by others may be no UTF-8, and JSON must be. */
static void add_safe_member(struct voc_json_writer *json, struct voc_str name, struct voc_str value)
{
	struct voc_buf safe;
	voc_buf_init(&safe, 4 * (name.len + value.len) + 16);
	vocctl_text_add(&safe, name);
	size_t name_len = safe.len;
	vocctl_text_add(&safe, value);
	voc_json_key_str(json, voc_str_of(safe.ptr, name_len));
	voc_json_str(json, voc_str_of(safe.ptr + name_len, safe.len - name_len));
	voc_buf_free(&safe);
}

static void add_json_member(struct voc_json_writer *json, struct voc_str name, struct voc_str value)
{
	int64_t number;
	json_t *array = NULL;
	if (voc_str_to_i64(value, &number)) {
		voc_json_key_str(json, name);
		voc_json_i64(json, number);
	} else if (voc_str_is(name, "contributions") && (array = json_loadb(value.ptr, value.len, 0, NULL)) != NULL) {
		voc_json_key_str(json, name);
		voc_json_raw(json, value);
	} else {
		add_safe_member(json, name, value);
	}
	json_decref(array);
}

static void write_next_step(struct voc_json_writer *json, const struct customer_view *view)
{
	int rule = advised_rule(view);
	if (rule < 0 || view->rules == NULL)
		return;
	voc_json_key(json, "next_step");
	voc_json_object(json);
	voc_json_member_str(json, "rule", voc_str_from(voc_rule_name((enum voc_rule)rule)));
	voc_json_member_str(json, "ko", voc_rules_follow_up(view->rules, (enum voc_rule)rule, "ko"));
	voc_json_member_str(json, "en", voc_rules_follow_up(view->rules, (enum voc_rule)rule, "en"));
	voc_json_object_end(json);
}

void customer_page_json(struct voc_buf *out, const struct customer_view *view)
{
	const struct voc_redis_fields *fields = view->fields;
	struct voc_json_writer json;
	voc_json_begin(&json, out);
	voc_json_object(&json);
	add_safe_member(&json, VOC_STR("customer_id"), view->id);
	voc_json_member_i64(&json, "partition", view->partition);
	for (size_t i = 0; i < fields->count; i++)
		add_json_member(&json, voc_redis_field_name(fields, i), voc_redis_field_value(fields, i));
	customer_account_write(&json, view->account);
	write_next_step(&json, view);
	if (view->timeline != NULL)
		timeline_write(&json, view->timeline);
	voc_json_object_end(&json);
	voc_buf_add_char(out, '\n');
}
