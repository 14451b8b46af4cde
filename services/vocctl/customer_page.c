#include "customer_page.h"

#include "base/json_write.h"
#include "base/timestamp.h"
#include "core/alert_rule.h"
#include "core/labels.h"
#include "text.h"

#include <jansson.h>
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
	static const char *const churn[] = { "churn_intents" };
#undef X
	add_counts(out, "types", fields, "", types, VOC_FEEDBACK_COUNT);
	add_counts(out, "satisfaction", fields, "", satisfactions, VOC_SATISFACTION_COUNT);
	add_counts(out, "factors", fields, "factor:", factors, VOC_FACTOR_COUNT);
	add_counts(out, "servqual", fields, "servqual:", servquals, VOC_SERVQUAL_COUNT);
	add_counts(out, "channels", fields, "channel:", channels, VOC_CHANNEL_COUNT);
	add_counts(out, "leaving", fields, "", churn, 1);
}

static void add_alerts(struct voc_buf *out, const struct voc_redis_fields *fields)
{
	for (int i = 0; i < VOC_RULE_MARKED_COUNT; i++) {
		char name[64];
		struct voc_str value;
		int64_t ms;
		snprintf(name, sizeof name, "alert:%s", voc_rule_name((enum voc_rule)i));
		if (!voc_redis_field_find(fields, name, &value))
			continue;
		const char *colon = memchr(value.ptr, ':', value.len);
		if (colon == NULL || !voc_str_to_i64(voc_str_of(value.ptr, (size_t)(colon - value.ptr)), &ms))
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

void customer_page(struct voc_buf *out, struct voc_str id, const struct voc_redis_fields *fields, bool colour)
{
	add_title(out, id, fields, colour);
	add_contacts(out, fields);
	add_all_counts(out, fields);
	add_alerts(out, fields);
	add_contributions(out, fields);
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

void customer_page_json(struct voc_buf *out, struct voc_str id, int32_t partition,
                        const struct voc_redis_fields *fields)
{
	struct voc_json_writer json;
	voc_json_begin(&json, out);
	voc_json_object(&json);
	add_safe_member(&json, VOC_STR("customer_id"), id);
	voc_json_member_i64(&json, "partition", partition);
	for (size_t i = 0; i < fields->count; i++)
		add_json_member(&json, voc_redis_field_name(fields, i), voc_redis_field_value(fields, i));
	voc_json_object_end(&json);
	voc_buf_add_char(out, '\n');
}
