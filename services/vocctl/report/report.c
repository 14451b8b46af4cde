#include "vocctl/commands.h"

#include "base/clock.h"
#include "core/aggregate/day_rollup.h"
#include "report_page.h"

#include <stdio.h>

#define DAYS_MOST      400 /* as long as the index is kept */
#define DAYS_USUAL     30
#define TOP_MAX        100000
#define TALLY_BYTES    ((size_t)256 << 20)
#define PAGE_BYTES_MAX ((size_t)64 << 20)

enum { FLAG_BY, FLAG_FROM, FLAG_TO, FLAG_TOP, FLAG_JSON, FLAG_COUNT };

static const struct vocctl_flag flags[FLAG_COUNT] = {
	[FLAG_BY] = { "by", VOCCTL_TEXT, "WHAT", 0, 0, 0,
	              "factor, servqual, product, team, agent, channel or day [servqual]" },
	[FLAG_FROM] = { "from", VOCCTL_TIME, "TIME", 0, 0, 0, "First day (UTC) [29 days before the last]" },
	[FLAG_TO] = { "to", VOCCTL_TIME, "TIME", 0, 0, 0, "Last day [today]" },
	[FLAG_TOP] = { "top", VOCCTL_COUNT, "N", 1, TOP_MAX, 50, "How many lines" },
	[FLAG_JSON] = { "json", VOCCTL_SWITCH, NULL, 0, 0, 0, "One JSON object, with every entry" },
};

/* NULL if there is no such dimension. */
static const char *dimension_of(const struct vocctl_value *by)
{
	static const char *const dimensions[] = { "servqual", "factor", "product", "team", "agent", "channel", "day" };
	for (size_t i = 0; i < sizeof dimensions / sizeof *dimensions; i++) {
		if (!by->given || strcmp(by->text, dimensions[i]) == 0)
			return dimensions[i];
	}
	return NULL;
}

/* False if they are in no order, or too many. */
static bool choose_days(const struct vocctl_arguments *arguments, struct report *report)
{
	const struct vocctl_value *from = &arguments->flags[FLAG_FROM], *to = &arguments->flags[FLAG_TO];
	int64_t last = (to->given ? to->number : voc_clock_wall_ms()) / VOC_DAY_MS;
	report->first_day = from->given ? from->number / VOC_DAY_MS : last - DAYS_USUAL + 1;
	report->days = last - report->first_day + 1;
	return report->first_day >= 0 && report->days > 0 && report->days <= DAYS_MOST;
}

static enum voc_status out_of_memory(struct voc_error *error)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a report");
}

static enum voc_status print(const struct report *report, bool as_json, struct voc_error *error)
{
	struct voc_buf page;
	voc_buf_init(&page, PAGE_BYTES_MAX);
	if (as_json)
		report_page_json(&page, report);
	else
		report_page(&page, report);
	enum voc_status status = page.failed ? out_of_memory(error) : VOC_OK;
	if (status == VOC_OK)
		fputs(voc_buf_c_str(&page), stdout);
	voc_buf_free(&page);
	return status;
}

static enum voc_status make(const struct report *asked, struct vocctl_store *store, bool as_json,
                            struct voc_error *error)
{
	struct index_tally *tally = NULL;
	struct index_list list = { 0 };
	struct recovery_list recovery = { 0 };
	int importance[VOC_SERVQUAL_COUNT];
	enum voc_status status = index_tally_importance(store, importance, error);
	if (status == VOC_OK)
		status = index_tally_read(store, asked->first_day, asked->days, TALLY_BYTES, &tally, error);
	if (status == VOC_OK && !index_tally_list(tally, asked->by, importance, &list))
		status = out_of_memory(error);
	if (status == VOC_OK && !index_tally_recovery(tally, asked->recovery_by, &recovery))
		status = out_of_memory(error);
	struct report report = *asked;
	report.tally = tally;
	report.recovery = &recovery;
	report.list = &list;
	if (status == VOC_OK)
		status = print(&report, as_json, error);
	index_list_free(&list);
	recovery_list_free(&recovery);
	index_tally_free(tally);
	return status;
}

static int run(const struct voc_conf *conf, const struct vocctl_arguments *arguments)
{
	struct voc_error error = { 0 };
	struct vocctl_store store;
	struct report report = { .by = dimension_of(&arguments->flags[FLAG_BY]),
		                 .most = (size_t)arguments->flags[FLAG_TOP].number };
	if (report.by == NULL || !choose_days(arguments, &report)) {
		fprintf(stderr, "vocctl report: %s\n",
		        report.by == NULL ? "--by takes factor, servqual, product, team, agent, channel or day"
		                          : "--from must be no later than --to, and at most 400 days before it");
		return VOCCTL_USAGE;
	}
	bool has_cases_of_its_own = strcmp(report.by, "team") == 0 || strcmp(report.by, "product") == 0;
	report.recovery_by = has_cases_of_its_own ? report.by : "cause";
	enum voc_status status = vocctl_store_open(&store, conf, &error);
	if (status == VOC_OK)
		status = make(&report, &store, arguments->flags[FLAG_JSON].given, &error);
	if (status != VOC_OK)
		fprintf(stderr, "vocctl report: %s\n", error.text);
	vocctl_store_close(&store);
	return status == VOC_OK ? VOCCTL_OK : VOCCTL_FAILED;
}

const struct vocctl_command vocctl_command_report = {
	.name = "report",
	.summary = "Report the satisfaction index, what drives it, and the quality gaps",
	.description =
	        "Of each dimension, team, agent, ...: the index (0 to 100), its 95 % interval, from how many "
	        "contacts,\n"
	        "and what it costs: importance times what the index lacks of 100. A SERVQUAL dimension is as "
	        "important\n"
	        "as the rules say; all else by its share of the contacts. Ranks are told only as far as the intervals\n"
	        "tell them apart, and small samples are marked. Cases are told by cause (by team, by product with "
	        "these):\n"
	        "recovered of those begun, that is opened or reopened. The days are UTC's; they are kept for 400 "
	        "days.\n",
	.flags = flags,
	.flag_count = FLAG_COUNT,
	.run = run,
};
