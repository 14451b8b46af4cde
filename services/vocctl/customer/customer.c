#include "vocctl/commands.h"

#include "base/clock.h"
#include "base/hash.h"
#include "base/json_write.h"
#include "core/record/labels.h"
#include "customer_page.h"
#include "vocctl/shared/store.h"
#include "vocctl/shared/text.h"

#include <stdio.h>
#include <unistd.h>

#define PAGE_BYTES_MAX (64 << 20)
#define TIMELINE_MOST  1000

enum { FLAG_TIMELINE, FLAG_JSON, FLAG_COUNT };

static const struct vocctl_flag flags[FLAG_COUNT] = {
	[FLAG_TIMELINE] = { "timeline", VOCCTL_COUNT, "N", 1, TIMELINE_MOST, 0,
	                    "And the journey: the newest N contacts, orders, follow-ups and profiles, from the log" },
	[FLAG_JSON] = { "json", VOCCTL_SWITCH, NULL, 0, 0, 0,
	                "One JSON object: the hash as it is stored, and the rest" },
};

/* The partition's histogram of lifetime values, which tells the top fifth. */
static enum voc_status read_values(struct vocctl_store *store, int32_t partition, struct voc_value_counts *ret_values,
                                   struct voc_error *error)
{
	struct voc_redis_fields position;
	struct voc_str text;
	*ret_values = (struct voc_value_counts){ 0 };
	enum voc_status status = voc_redis_query_position(store->redis, partition, &position, error);
	if (status == VOC_OK && voc_redis_field_find(&position, "values", &text) &&
	    !voc_value_counts_read(ret_values, text))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_REDIS, -1,
		                     "the partition's values can't be read: another version wrote them");
	return status;
}

/* All that is shown; the hash comes last, since it is borrowed from the connection until the next question. */
static enum voc_status read_all(struct vocctl_store *store, struct customer_view *view, struct voc_rules *rules,
                                struct voc_redis_fields *fields, struct customer_account *account,
                                struct voc_error *error)
{
	bool known = false;
	struct voc_value_counts values;
	view->partition = voc_partition_of(view->id, store->meta.partitions);
	enum voc_status status = read_values(store, view->partition, &values, error);
	if (status == VOC_OK)
		status = vocctl_store_rules(store, view->partition, rules, &known, error);
	view->rules = known ? rules : NULL;
	if (status == VOC_OK)
		status = vocctl_store_customer(store, view->id, fields, error);
	if (status == VOC_OK && fields->count == 0)
		status = voc_error_set(error, VOC_INVALID, VOC_REASON_NONE, -1, "nothing is known of this customer");
	view->fields = fields;
	if (status == VOC_OK)
		status = customer_account_read(fields, &values, view->rules, voc_clock_wall_ms(), account, error);
	return status;
}

static void print(const struct customer_view *view, bool as_json)
{
	struct voc_buf page;
	voc_buf_init(&page, PAGE_BYTES_MAX);
	if (as_json)
		customer_page_json(&page, view);
	else
		customer_page(&page, view, vocctl_colour_wanted(STDOUT_FILENO));
	fputs(voc_buf_c_str(&page), stdout);
	voc_buf_free(&page);
}

static int run(const struct voc_conf *conf, const struct vocctl_arguments *arguments)
{
	struct customer_account account = { 0 };
	struct customer_view view = { .id = voc_str_from(arguments->operands[0]), .account = &account };
	struct voc_error error = { 0 };
	struct vocctl_store store;
	struct voc_redis_fields fields;
	struct voc_rules rules;
	struct timeline *timeline = NULL;
	enum voc_status status = vocctl_store_open(&store, conf, &error);
	if (status == VOC_OK && arguments->flags[FLAG_TIMELINE].given)
		status =
		        timeline_read(conf, view.id, (size_t)arguments->flags[FLAG_TIMELINE].number, &timeline, &error);
	view.timeline = timeline;
	if (status == VOC_OK)
		status = read_all(&store, &view, &rules, &fields, &account, &error);
	if (status == VOC_OK)
		print(&view, arguments->flags[FLAG_JSON].given);
	else
		fprintf(stderr, "vocctl customer: %s\n", error.text);
	customer_account_free(&account);
	timeline_free(timeline);
	vocctl_store_close(&store);
	return status == VOC_OK ? VOCCTL_OK : VOCCTL_FAILED;
}

const struct vocctl_command vocctl_command_customer = {
	.name = "customer",
	.synopsis = "ID",
	.operands_least = 1,
	.operands_most = 1,
	.summary = "Show what is known of a customer",
	.description =
	        "Who the customer is to us (stage, value, the priority that an alert would have now, term by "
	        "term), cases with\n"
	        "their deadlines and what can be done, counts, satisfaction, risk and what it is made of, as the "
	        "aggregator keeps\n"
	        "them in Redis, and the step that is advised: for a case that is late or back, else by the last "
	        "alert. With\n"
	        "--timeline also what the customer did and said, and what was done, over all channels.\n",
	.flags = flags,
	.flag_count = FLAG_COUNT,
	.run = run,
};
