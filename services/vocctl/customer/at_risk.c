#include "vocctl/commands.h"

#include "base/json_write.h"
#include "vocctl/shared/store.h"
#include "vocctl/shared/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define TOP_MAX        10000
#define PAGE_BYTES_MAX (16 << 20)

enum { FLAG_TOP, FLAG_JSON, FLAG_COUNT };

static const struct vocctl_flag flags[FLAG_COUNT] = {
	[FLAG_TOP] = { "top", VOCCTL_COUNT, "N", 1, TOP_MAX, 20, "How many, highest risk first" },
	[FLAG_JSON] = { "json", VOCCTL_SWITCH, NULL, 0, 0, 0, "One JSON object per customer and line" },
};

/* The ids of the answer, copied: asking for each customer's hash makes the answer go. */
struct list {
	struct voc_redis_at_risk *entries; /* owned */
	struct voc_buf ids;
	size_t count;
	int64_t total;
};

static enum voc_status list_read(struct list *list, struct vocctl_store *store, size_t max, struct voc_error *error)
{
	list->entries = calloc(max, sizeof *list->entries);
	if (list->entries == NULL)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "out of memory");
	enum voc_status status = voc_redis_query_at_risk(store->redis, store->meta.partitions, list->entries, max,
	                                                 &list->count, &list->total, error);
	for (size_t i = 0; status == VOC_OK && i < list->count; i++)
		voc_buf_add_str(&list->ids, list->entries[i].customer_id);
	if (status == VOC_OK && list->ids.failed)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "out of memory");
	size_t at = 0;
	for (size_t i = 0; status == VOC_OK && i < list->count; i++) {
		list->entries[i].customer_id.ptr = list->ids.ptr + at;
		at += list->entries[i].customer_id.len;
	}
	return status;
}

static void list_free(struct list *list)
{
	free(list->entries);
	voc_buf_free(&list->ids);
}

static struct voc_str field_of(const struct voc_redis_fields *fields, const char *name)
{
	struct voc_str value = VOC_STR("");
	voc_redis_field_find(fields, name, &value);
	return value;
}

static void add_row_json(struct voc_buf *out, const struct voc_redis_at_risk *entry,
                         const struct voc_redis_fields *fields)
{
	static const char *const numbers[] = { "satisfaction_index", "events",   "complaint", "dissatisfied",
		                               "churn_intents",      "first_at", "last_at" };
	struct voc_json_writer json;
	struct voc_buf id;
	voc_buf_init(&id, 4096);
	vocctl_text_add(&id, entry->customer_id);
	voc_json_begin(&json, out);
	voc_json_object(&json);
	voc_json_member_str(&json, "customer_id", voc_buf_str(&id));
	voc_json_member_i64(&json, "partition", entry->partition);
	voc_json_member_i64(&json, "risk", entry->risk);
	voc_json_member_str(&json, "risk_state", field_of(fields, "risk_state"));
	for (size_t i = 0; i < sizeof numbers / sizeof *numbers; i++)
		voc_json_member_i64(&json, numbers[i], voc_redis_field_i64(fields, numbers[i]));
	voc_json_object_end(&json);
	voc_buf_add_char(out, '\n');
	voc_buf_free(&id);
}

static void add_row(struct voc_buf *out, const struct voc_redis_at_risk *entry, const struct voc_redis_fields *fields,
                    bool colour)
{
	struct voc_str state = field_of(fields, "risk_state");
	vocctl_text_add_cell(out, entry->customer_id, 20);
	if (colour)
		voc_buf_add_str(out, voc_str_is(state, "critical") ? VOC_STR("\x1b[31m") : VOC_STR("\x1b[33m"));
	voc_buf_addf(out, " %4lld  ", (long long)entry->risk);
	vocctl_text_add_cell(out, state, 8);
	if (colour)
		voc_buf_add_str(out, VOC_STR("\x1b[0m"));
	voc_buf_addf(
	        out, "  %12lld  %8lld  %10lld  %7lld  ", (long long)voc_redis_field_i64(fields, "satisfaction_index"),
	        (long long)voc_redis_field_i64(fields, "events"), (long long)voc_redis_field_i64(fields, "complaint"),
	        (long long)voc_redis_field_i64(fields, "churn_intents"));
	vocctl_text_add_time(out, voc_redis_field_i64(fields, "last_at"));
	voc_buf_add_char(out, '\n');
}

static enum voc_status add_rows(struct voc_buf *out, struct vocctl_store *store, const struct list *list, bool json,
                                struct voc_error *error)
{
	bool colour = !json && vocctl_colour_wanted(STDOUT_FILENO);
	if (!json && list->count > 0)
		voc_buf_addf(out, "%-20s %4s  %-8s  %12s  %8s  %10s  %7s  %s\n", "customer", "risk", "state",
		             "satisfaction", "contacts", "complaints", "leaving", "last contact");
	for (size_t i = 0; i < list->count; i++) {
		struct voc_redis_fields fields;
		enum voc_status status = vocctl_store_customer(store, list->entries[i].customer_id, &fields, error);
		if (status != VOC_OK)
			return status;
		if (json)
			add_row_json(out, &list->entries[i], &fields);
		else
			add_row(out, &list->entries[i], &fields, colour);
	}
	return VOC_OK;
}

static int run(const struct voc_conf *conf, const struct vocctl_arguments *arguments)
{
	struct voc_error error = { 0 };
	struct vocctl_store store;
	struct list list = { 0 };
	struct voc_buf page;
	voc_buf_init(&page, PAGE_BYTES_MAX);
	voc_buf_init(&list.ids, PAGE_BYTES_MAX);
	enum voc_status status = vocctl_store_open(&store, conf, &error);
	if (status == VOC_OK)
		status = list_read(&list, &store, (size_t)arguments->flags[FLAG_TOP].number, &error);
	if (status == VOC_OK)
		status = add_rows(&page, &store, &list, arguments->flags[FLAG_JSON].given, &error);
	if (status == VOC_OK) {
		fputs(voc_buf_c_str(&page), stdout);
		if (!arguments->flags[FLAG_JSON].given)
			fprintf(stderr, "%lld at risk\n", (long long)list.total);
	} else {
		fprintf(stderr, "vocctl at-risk: %s\n", error.text);
	}
	list_free(&list);
	voc_buf_free(&page);
	vocctl_store_close(&store);
	return status == VOC_OK ? VOCCTL_OK : VOCCTL_FAILED;
}

const struct vocctl_command vocctl_command_at_risk = {
	.name = "at-risk",
	.summary = "List the customers at risk, highest first",
	.description = "Those whose risk state is at_risk or critical, over all partitions.\n",
	.flags = flags,
	.flag_count = FLAG_COUNT,
	.run = run,
};
