#include "vocctl/commands.h"

#include "base/clock.h"
#include "base/json_write.h"
#include "io/redis/redis_customers.h"
#include "vocctl/shared/store.h"
#include "vocctl/shared/text.h"

#include <stdio.h>
#include <stdlib.h>

#define TOP_MAX        10000
#define DAY_MS         INT64_C(86400000)
#define PAGE_BYTES_MAX ((size_t)64 << 20)

enum { FLAG_DAYS, FLAG_TOP, FLAG_JSON, FLAG_COUNT };

static const struct vocctl_flag flags[FLAG_COUNT] = {
	[FLAG_DAYS] = { "days", VOCCTL_COUNT, "N", 1, 3650, 90, "Silent for so many days: no contact, no order" },
	[FLAG_TOP] = { "top", VOCCTL_COUNT, "N", 1, TOP_MAX, 50, "How many, the most valuable first" },
	[FLAG_JSON] = { "json", VOCCTL_SWITCH, NULL, 0, 0, 0, "One JSON object per customer and line" },
};

enum {
	FIELD_LAST,
	FIELD_ORDER,
	FIELD_LAPSED,
	FIELD_VALUE,
	FIELD_STAGE,
	FIELD_INDEX,
	FIELD_COMPLAINTS,
	FIELD_RISK_STATE,
	FIELDS
};
static const char *const field_names[FIELDS] = { "last_at", "order_last_at",      "lapsed_at", "value",
	                                         "stage",   "satisfaction_index", "complaint", "risk_state" };

struct row {
	char *id, *stage, *risk_state; /* owned */
	int64_t last_ms, value, index, complaints;
	bool has_lapsed; /* by the rules: longer without an order than is usual with this customer */
};

struct list {
	struct row *rows; /* owned; the best first */
	size_t count, most;
	int64_t total, now_ms, silence_ms;
};

static int64_t number(struct voc_str text)
{
	int64_t value;
	return text.ptr != NULL && voc_str_to_i64(text, &value) ? value : 0;
}

/* By value, which is 0 where no orders are known, then by how long they have been silent. */
static bool goes_before(const struct row *a, const struct row *b)
{
	if (a->value != b->value)
		return a->value > b->value;
	return a->last_ms != b->last_ms ? a->last_ms < b->last_ms : strcmp(a->id, b->id) < 0;
}

static void row_free(struct row *row)
{
	free(row->id);
	free(row->stage);
	free(row->risk_state);
}

static char *copy(struct voc_str text)
{
	return strndup(text.ptr != NULL ? text.ptr : "", text.len);
}

/* A scan may tell of a customer twice. */
static bool is_there(const struct list *list, struct voc_str id)
{
	for (size_t i = 0; i < list->count; i++) {
		if (voc_str_is(id, list->rows[i].id))
			return true;
	}
	return false;
}

static bool take(void *context, struct voc_str id, const struct voc_str *values)
{
	struct list *list = context;
	int64_t contact_ms = number(values[FIELD_LAST]), order_ms = number(values[FIELD_ORDER]);
	struct row row = { .last_ms = contact_ms > order_ms ? contact_ms : order_ms,
		           .value = number(values[FIELD_VALUE]),
		           .index = number(values[FIELD_INDEX]),
		           .complaints = number(values[FIELD_COMPLAINTS]),
		           .has_lapsed = values[FIELD_LAPSED].ptr != NULL };
	bool is_silent = row.last_ms > 0 && list->now_ms - row.last_ms >= list->silence_ms;
	if ((!is_silent && !row.has_lapsed) || is_there(list, id))
		return true;
	list->total++;
	row.id = copy(id);
	row.stage = copy(values[FIELD_STAGE]);
	row.risk_state = copy(values[FIELD_RISK_STATE]);
	if (row.id == NULL || row.stage == NULL || row.risk_state == NULL) {
		row_free(&row);
		return false;
	}
	if (list->count == list->most && !goes_before(&row, &list->rows[list->count - 1])) {
		row_free(&row);
		return true;
	}
	if (list->count == list->most)
		row_free(&list->rows[--list->count]);
	size_t at = list->count++;
	for (; at > 0 && goes_before(&row, &list->rows[at - 1]); at--)
		list->rows[at] = list->rows[at - 1];
	list->rows[at] = row;
	return true;
}

static int64_t silent_days(const struct list *list, const struct row *row)
{
	return (list->now_ms - row->last_ms) / DAY_MS;
}

static void add_row(struct voc_buf *out, const struct list *list, const struct row *row)
{
	vocctl_text_add_cell(out, voc_str_from(row->id), 20);
	voc_buf_addf(out, " %14lld  ", (long long)row->value);
	vocctl_text_add_cell(out, voc_str_from(row->stage[0] != '\0' ? row->stage : "-"), 9);
	voc_buf_addf(out, " %7lld d  %-6s %12lld  %10lld  ", (long long)silent_days(list, row),
	             row->has_lapsed ? "lapsed" : "", (long long)row->index, (long long)row->complaints);
	vocctl_text_add_time(out, row->last_ms);
	voc_buf_add_char(out, '\n');
}

static void add_safe(struct voc_json_writer *json, const char *name, const char *text)
{
	struct voc_buf safe;
	voc_buf_init(&safe, 4096);
	vocctl_text_add(&safe, voc_str_from(text));
	voc_json_member_str(json, name, voc_buf_str(&safe));
	voc_buf_free(&safe);
}

static void add_row_json(struct voc_buf *out, const struct list *list, const struct row *row)
{
	struct voc_json_writer json;
	voc_json_begin(&json, out);
	voc_json_object(&json);
	add_safe(&json, "customer_id", row->id);
	voc_json_member_i64(&json, "value", row->value);
	if (row->stage[0] != '\0')
		add_safe(&json, "stage", row->stage);
	voc_json_member_i64(&json, "last_at", row->last_ms);
	voc_json_member_i64(&json, "silent_days", silent_days(list, row));
	voc_json_member_bool(&json, "lapsed", row->has_lapsed);
	voc_json_member_i64(&json, "satisfaction_index", row->index);
	voc_json_member_i64(&json, "complaint", row->complaints);
	add_safe(&json, "risk_state", row->risk_state);
	voc_json_object_end(&json);
	voc_buf_add_char(out, '\n');
}

static void print(const struct list *list, bool as_json)
{
	struct voc_buf page;
	voc_buf_init(&page, PAGE_BYTES_MAX);
	if (!as_json && list->count > 0)
		voc_buf_addf(&page, "%-20s %14s  %-9s %9s  %-6s %12s  %10s  %s\n", "customer", "value", "stage",
		             "silent", "", "satisfaction", "complaints", "last seen");
	for (size_t i = 0; i < list->count; i++) {
		if (as_json)
			add_row_json(&page, list, &list->rows[i]);
		else
			add_row(&page, list, &list->rows[i]);
	}
	fputs(voc_buf_c_str(&page), stdout);
	if (!as_json)
		fprintf(stderr, "%lld to win back\n", (long long)list->total);
	voc_buf_free(&page);
}

static int run(const struct voc_conf *conf, const struct vocctl_arguments *arguments)
{
	struct voc_error error = { 0 };
	struct vocctl_store store;
	struct list list = { .most = (size_t)arguments->flags[FLAG_TOP].number,
		             .now_ms = voc_clock_wall_ms(),
		             .silence_ms = arguments->flags[FLAG_DAYS].number * DAY_MS };
	enum voc_status status = vocctl_store_open(&store, conf, &error);
	list.rows = calloc(list.most, sizeof *list.rows);
	if (status == VOC_OK && list.rows == NULL)
		status = voc_error_set(&error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "out of memory");
	for (int32_t p = 0; status == VOC_OK && p < store.meta.partitions; p++)
		status = voc_redis_each_customer(store.redis, p, field_names, FIELDS, take, &list, &error);
	if (status == VOC_OK)
		print(&list, arguments->flags[FLAG_JSON].given);
	else
		fprintf(stderr, "vocctl lapsed: %s\n", error.text);
	for (size_t i = 0; i < list.count; i++)
		row_free(&list.rows[i]);
	free(list.rows);
	vocctl_store_close(&store);
	return status == VOC_OK ? VOCCTL_OK : VOCCTL_FAILED;
}

const struct vocctl_command vocctl_command_lapsed = {
	.name = "lapsed",
	.summary = "List the customers to win back, the most valuable first",
	.description =
	        "Those who have been silent (no contact, no order) for --days, and those whom the rules take for "
	        "lapsed:\n"
	        "longer without an order than is usual with them. By lifetime value where orders are known, then by\n"
	        "silence. All customers in Redis are looked at, page by page.\n",
	.flags = flags,
	.flag_count = FLAG_COUNT,
	.run = run,
};
