#include "timeline.h"

#include "base/timestamp.h"
#include "core/classify/needs.h"
#include "vocctl/shared/scan.h"
#include "vocctl/shared/text.h"

#include <jansson.h>
#include <stdlib.h>

#define CLASSIFIED    "voc.classified"
#define FORGET        "voc.forget"
#define RECORD_COLUMN 12

struct entry {
	int64_t time_ms, number; /* in the order of reading */
	json_t *record;
};

struct timeline {
	struct voc_str customer_id; /* borrowed while it is read */
	struct entry *entries;      /* the newest in a ring until they are sorted */
	size_t most, count, next;
	int64_t read;
};

static const char *text_of(const json_t *object, const char *name)
{
	const char *text = json_string_value(json_object_get(object, name));
	return text != NULL ? text : "";
}

static void forget(struct timeline *timeline)
{
	for (size_t i = 0; i < timeline->count; i++)
		json_decref(timeline->entries[i].record);
	timeline->count = timeline->next = 0;
}

/* A copy that a crash made, or what its sender sent twice. */
static bool is_known(const struct timeline *timeline, const json_t *record)
{
	for (size_t i = 0; i < timeline->count; i++) {
		const json_t *other = timeline->entries[i].record;
		if (strcmp(text_of(record, "id"), text_of(other, "id")) == 0 &&
		    strcmp(text_of(record, "source"), text_of(other, "source")) == 0 &&
		    strcmp(text_of(record, "type"), text_of(other, "type")) == 0)
			return true;
	}
	return false;
}

static void keep(struct timeline *timeline, json_t *record)
{
	int64_t time_ms;
	if (is_known(timeline, record) || !voc_timestamp_parse(voc_str_from(text_of(record, "time")), &time_ms)) {
		json_decref(record);
		return;
	}
	struct entry *entry = &timeline->entries[timeline->next];
	if (timeline->count == timeline->most)
		json_decref(entry->record);
	else
		timeline->count++;
	timeline->next = (timeline->next + 1) % timeline->most;
	*entry = (struct entry){ time_ms, timeline->read++, record };
}

/* Every record of a customer has its id for a key. One that is no JSON object is no record of ours. */
static bool each_record(void *context, const struct voc_message *message, struct voc_error *error)
{
	struct timeline *timeline = context;
	(void)error;
	if (message->key.ptr == NULL || message->value.ptr == NULL || !voc_str_eq(message->key, timeline->customer_id))
		return true;
	json_t *record = json_loadb(message->value.ptr, message->value.len, JSON_REJECT_DUPLICATES, NULL);
	if (strcmp(text_of(record, "type"), FORGET) == 0) {
		forget(timeline);
		json_decref(record);
	} else if (json_is_object(record)) {
		keep(timeline, record);
	} else {
		json_decref(record);
	}
	return true;
}

static int by_time(const void *a, const void *b)
{
	const struct entry *one = a, *other = b;
	if (one->time_ms != other->time_ms)
		return one->time_ms < other->time_ms ? -1 : 1;
	return one->number < other->number ? -1 : 1;
}

enum voc_status timeline_read(const struct voc_conf *conf, struct voc_str customer_id, size_t most,
                              struct timeline **ret_timeline, struct voc_error *error)
{
	const struct vocctl_tail all = { .topic = VOC_TOPIC_CLASSIFIED, .last = VOCCTL_TAIL_ALL, .key = customer_id };
	struct timeline *timeline = calloc(1, sizeof *timeline);
	if (timeline != NULL) {
		timeline->customer_id = customer_id;
		timeline->most = most;
		timeline->entries = calloc(most, sizeof *timeline->entries);
	}
	if (timeline == NULL || timeline->entries == NULL) {
		timeline_free(timeline);
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a timeline");
	}
	enum voc_status status = vocctl_scan(conf, &all, 1, each_record, timeline, error);
	if (status != VOC_OK) {
		timeline_free(timeline);
		return status;
	}
	if (timeline->count > 1)
		qsort(timeline->entries, timeline->count, sizeof *timeline->entries, by_time);
	*ret_timeline = timeline;
	return VOC_OK;
}

void timeline_free(struct timeline *timeline)
{
	if (timeline == NULL)
		return;
	if (timeline->entries != NULL)
		forget(timeline);
	free(timeline->entries);
	free(timeline);
}

static void add_text(struct voc_buf *out, const char *before, const char *text)
{
	if (text[0] == '\0')
		return;
	voc_buf_add_str(out, voc_str_from(before));
	vocctl_text_add(out, voc_str_from(text));
}

static void add_gap(struct voc_buf *out, const json_t *gap)
{
	if (gap == NULL)
		return;
	add_text(out, "; gap ", text_of(gap, "name"));
	add_text(out, ", ", text_of(gap, "strength"));
}

static void add_needs(struct voc_buf *out, const json_t *needs)
{
	bool any = false;
	for (int need = 0; need < VOC_NEED_COUNT; need++) {
		if (json_object_get(needs, voc_need_name((enum voc_need)need)) == NULL)
			continue;
		add_text(out, any ? ", " : "; needs ", voc_need_name((enum voc_need)need));
		any = true;
	}
}

static void add_contact(struct voc_buf *out, const json_t *data)
{
	static const char *const labels[] = { "feedback_type", "satisfaction", "primary_factor", "servqual" };
	const json_t *rating = json_object_get(data, "rating"), *expected = json_object_get(data, "expected");
	vocctl_text_add_cell(out, voc_str_from(text_of(data, "channel")), RECORD_COLUMN);
	for (size_t i = 0; i < sizeof labels / sizeof *labels; i++)
		add_text(out, " ", text_of(data, labels[i]));
	if (json_is_true(json_object_get(data, "churn_intent")))
		voc_buf_addf(out, " leaving");
	if (rating != NULL)
		voc_buf_addf(out, "; rating %d", (int)json_integer_value(rating));
	if (expected != NULL)
		voc_buf_addf(out, ", expected %d", (int)json_integer_value(expected));
	add_gap(out, json_object_get(data, "gap"));
	add_needs(out, json_object_get(data, "needs"));
	add_text(out, "; ", text_of(data, "product"));
	add_text(out, "; ", text_of(data, "team"));
	add_text(out, "; ", text_of(data, "agent_id"));
	const char *words = text_of(json_array_get(json_object_get(data, "evidence"), 0), "text");
	if (words[0] != '\0') {
		add_text(out, "  “", words);
		voc_buf_add_str(out, VOC_STR("”"));
	}
}

/* Profiles, orders, follow-ups and what else there may be: their plain members. */
static void add_fact(struct voc_buf *out, const char *type, const json_t *data)
{
	const char *name, *dot = strrchr(type, '.');
	json_t *value;
	bool any = false;
	vocctl_text_add_cell(out, voc_str_from(dot != NULL ? dot + 1 : type), RECORD_COLUMN);
	json_object_foreach((json_t *)(uintptr_t)data, name, value)
	{
		if (strcmp(name, "customer_id") == 0 || !(json_is_string(value) || json_is_integer(value)))
			continue;
		voc_buf_add_str(out, any ? VOC_STR(", ") : VOC_STR(" "));
		vocctl_text_add(out, voc_str_from(name));
		if (json_is_string(value))
			add_text(out, " ", json_string_value(value));
		else
			voc_buf_addf(out, " %lld", (long long)json_integer_value(value));
		any = true;
	}
}

void timeline_show(struct voc_buf *out, const struct timeline *timeline)
{
	for (size_t i = 0; i < timeline->count; i++) {
		const struct entry *entry = &timeline->entries[i];
		const char *type = text_of(entry->record, "type");
		const json_t *data = json_object_get(entry->record, "data");
		voc_buf_add_str(out, VOC_STR("  "));
		vocctl_text_add_time(out, entry->time_ms);
		voc_buf_add_str(out, VOC_STR("  "));
		if (strcmp(type, CLASSIFIED) == 0)
			add_contact(out, data);
		else
			add_fact(out, type, data);
		voc_buf_add_char(out, '\n');
	}
}

void timeline_write(struct voc_json_writer *json, const struct timeline *timeline)
{
	voc_json_key(json, "timeline");
	voc_json_array(json);
	for (size_t i = 0; i < timeline->count; i++) {
		char *text = json_dumps(timeline->entries[i].record, JSON_COMPACT);
		if (text != NULL)
			voc_json_raw(json, voc_str_from(text));
		free(text);
	}
	voc_json_array_end(json);
}
