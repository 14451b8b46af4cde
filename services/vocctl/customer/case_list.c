#include "case.h"

#include "base/clock.h"
#include "io/redis/redis_cases.h"
#include "vocctl/shared/text.h"

#include <stdio.h>
#include <stdlib.h>

#define PAGE_BYTES_MAX ((size_t)64 << 20)

/* A case that is shown; its place in the list is by its deadline. */
struct row {
	char *customer_id; /* owned, as are the case's strings */
	struct voc_cases cases;
	int64_t sort_ms;
};

struct list {
	const struct vocctl_arguments *arguments;
	int64_t now_ms;
	bool has_state;
	enum voc_case_state state;
	struct row *rows;
	size_t count, max;
	int64_t total;
};

/* What has no deadline comes last, what has ended after it. */
static int64_t sort_time(const struct voc_case *one)
{
	int64_t deadline_ms = case_deadline(one);
	if (!voc_case_is_active(one))
		return INT64_MAX;
	return deadline_ms != 0 ? deadline_ms : one->round_ms;
}

static bool is_wanted(const struct list *list, const struct voc_case *one)
{
	const struct vocctl_value *given = list->arguments->flags;
	return (!given[CASE_TEAM].given || strcmp(given[CASE_TEAM].text, one->team) == 0) &&
	       (!list->has_state || list->state == (enum voc_case_state)one->state) &&
	       (!given[CASE_OVERDUE].given || case_is_overdue(one, list->now_ms));
}

static void row_free(struct row *row)
{
	free(row->customer_id);
	voc_cases_free(&row->cases);
}

static bool take(void *context, struct voc_str customer_id, const struct voc_case *one)
{
	struct list *list = context;
	struct row row = { .sort_ms = sort_time(one) };
	if (!is_wanted(list, one))
		return true;
	list->total++;
	if (list->count == list->max && list->rows[list->count - 1].sort_ms <= row.sort_ms)
		return true;
	const struct voc_cases borrowed = { (struct voc_case *)(uintptr_t)one, 1 };
	row.customer_id = strndup(customer_id.ptr, customer_id.len);
	if (!row.customer_id || !voc_cases_clone(&borrowed, &row.cases)) {
		row_free(&row);
		return false;
	}
	if (list->count == list->max)
		row_free(&list->rows[--list->count]);
	size_t at = list->count++;
	for (; at > 0 && list->rows[at - 1].sort_ms > row.sort_ms; at--)
		list->rows[at] = list->rows[at - 1];
	list->rows[at] = row;
	return true;
}

static void add_row(struct voc_buf *page, const struct row *row, int64_t now_ms)
{
	const struct voc_case *one = row->cases.list;
	char id[VOC_CASE_ID_SIZE];
	if (!one)
		return;
	vocctl_text_add_cell(page, voc_str_from(row->customer_id), 20);
	voc_buf_addf(page, " %-20s %-12s %-8s  ", voc_case_id(one, id),
	             voc_case_state_name((enum voc_case_state)one->state),
	             voc_severity_name((enum voc_severity)one->severity));
	vocctl_text_add_cell(page, voc_str_from(one->team), 18);
	voc_buf_addf(page, " %s", case_is_overdue(one, now_ms) ? "late " : "     ");
	if (case_deadline(one) != 0)
		vocctl_text_add_time(page, case_deadline(one));
	voc_buf_add_char(page, '\n');
}

static void print(const struct list *list)
{
	bool json = list->arguments->flags[CASE_JSON].given;
	struct voc_buf page;
	voc_buf_init(&page, PAGE_BYTES_MAX);
	if (!json && list->count > 0)
		voc_buf_addf(&page, "%-20s %-20s %-12s %-8s  %-18s %-5s%s\n", "customer", "case", "state", "severity",
		             "team", "", "next deadline");
	for (size_t i = 0; i < list->count; i++) {
		const struct row *row = &list->rows[i];
		if (json)
			case_describe(&page, voc_str_from(row->customer_id), row->cases.list, list->now_ms, true);
		else
			add_row(&page, row, list->now_ms);
	}
	fputs(voc_buf_c_str(&page), stdout);
	if (!json)
		fprintf(stderr, "%lld cases%s\n", (long long)list->total,
		        (int64_t)list->count < list->total ? ", the first of them shown (--top)" : "");
	voc_buf_free(&page);
}

static enum voc_status read_all(struct list *list, const struct voc_conf *conf, struct voc_error *error)
{
	struct vocctl_store store;
	list->rows = calloc(list->max, sizeof *list->rows);
	if (!list->rows)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "out of memory");
	enum voc_status status = vocctl_store_open(&store, conf, error);
	for (int32_t p = 0; status == VOC_OK && p < store.meta.partitions; p++)
		status = voc_redis_query_cases(store.redis, p, take, list, error);
	vocctl_store_close(&store);
	return status;
}

int case_list(const struct voc_conf *conf, const struct vocctl_arguments *arguments)
{
	const struct vocctl_value *given = arguments->flags;
	struct voc_error error = { 0 };
	struct list list = { .arguments = arguments,
		             .now_ms = voc_clock_wall_ms(),
		             .has_state = given[CASE_STATE].given,
		             .max = (size_t)given[CASE_TOP].number };
	if (list.has_state && !voc_case_state_parse(voc_str_from(given[CASE_STATE].text), &list.state)) {
		fputs("vocctl case: --state is open, acknowledged, contacted, offered, resolved, closed or reopened\n",
		      stderr);
		return VOCCTL_USAGE;
	}
	enum voc_status status = read_all(&list, conf, &error);
	if (status == VOC_OK)
		print(&list);
	else
		fprintf(stderr, "vocctl case: %s\n", error.text);
	for (size_t i = 0; i < list.count; i++)
		row_free(&list.rows[i]);
	free(list.rows);
	return status == VOC_OK ? VOCCTL_OK : VOCCTL_FAILED;
}
