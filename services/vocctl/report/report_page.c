#include "report_page.h"

#include "base/json_write.h"
#include "base/timestamp.h"
#include "core/aggregate/day_rollup.h"
#include "core/classify/gaps.h"
#include "core/classify/needs.h"
#include "vocctl/shared/text.h"

#include <inttypes.h>
#include <stdio.h>

#define NAME_COLUMNS 26

static void name_day(int64_t day, char to[VOC_TIMESTAMP_SIZE])
{
	voc_timestamp_format(day * VOC_DAY_MS, to);
	to[10] = '\0';
}

static bool is_small(int64_t n)
{
	return n < VOC_INDEX_SMALL;
}

/* Those beyond the names that a day holds are many, and no name. */
static struct voc_str shown_name(const struct index_entry *entry)
{
	return entry->name.len > 0 ? entry->name : VOC_STR("(others)");
}

/* A mean of ratings, or a difference of two, in tenths: away from zero, so that "as expected" is no rounding. */
static int64_t tenths(int64_t sum, int64_t n)
{
	return n == 0 ? 0 : (10 * sum + (sum < 0 ? -n : n) / 2) / n;
}

static void add_tenths(struct voc_buf *out, int columns, int64_t value)
{
	char digits[32];
	int64_t size = value < 0 ? -value : value;
	snprintf(digits, sizeof digits, "%s%" PRId64 ".%" PRId64, value < 0 ? "-" : "", size / 10, size % 10);
	voc_buf_addf(out, "%*s", columns, digits);
}

static void show_head(struct voc_buf *out, const struct report *report)
{
	const struct index_tally *tally = report->tally;
	char first[VOC_TIMESTAMP_SIZE], last[VOC_TIMESTAMP_SIZE];
	int64_t n = index_tally_field(tally, "n"), pairs = index_tally_field(tally, "pairs");
	int64_t perceived = index_tally_field(tally, "perceived"), expected = index_tally_field(tally, "expected");
	struct voc_index index = voc_index_of(n, index_tally_field(tally, "sum"));
	name_day(report->first_day, first);
	name_day(report->first_day + report->days - 1, last);
	voc_buf_addf(out,
	             "%s to %s (%" PRId64 " days, UTC): %" PRId64 " contacts, %" PRId64 " complaints, %" PRId64
	             " that they leave\n",
	             first, last, report->days, index_tally_field(tally, "contacts"),
	             index_tally_field(tally, "complaints"), index_tally_field(tally, "churn_intents"));
	if (n == 0) {
		voc_buf_addf(out, "no contact says how satisfied it was\n");
		return;
	}
	voc_buf_addf(out, "satisfaction index ");
	add_tenths(out, 0, index.mean);
	voc_buf_addf(out, " of 100 (95 %% interval ");
	add_tenths(out, 0, index.low);
	voc_buf_addf(out, " to ");
	add_tenths(out, 0, index.high);
	voc_buf_addf(out, ", n %" PRId64 "%s)\n", n, is_small(n) ? ": a small sample" : "");
	if (pairs == 0)
		return;
	voc_buf_addf(out, "perceived ");
	add_tenths(out, 0, tenths(perceived, pairs));
	voc_buf_addf(out, " - expected ");
	add_tenths(out, 0, tenths(expected, pairs));
	voc_buf_addf(out, " = ");
	add_tenths(out, 0, tenths(perceived - expected, pairs));
	voc_buf_addf(out, " (of 5, n %" PRId64 ")\n", pairs);
}

static int64_t gap_field(const struct index_tally *tally, const char *kind, int gap)
{
	char field[64];
	snprintf(field, sizeof field, "%s:%s", kind, voc_gap_name((enum voc_gap)gap));
	return index_tally_field(tally, field);
}

static void show_gaps(struct voc_buf *out, const struct index_tally *tally)
{
	bool any = false;
	for (int gap = VOC_GAP_KNOWLEDGE; gap < VOC_GAP_COUNT; gap++) {
		int64_t count = gap_field(tally, "gap", gap);
		if (count == 0)
			continue;
		if (!any)
			voc_buf_addf(out, "\n%-*s %10s  %s  %s\n", NAME_COLUMNS, "quality gap", "contacts",
			             "weak evidence", "after a late delivery");
		any = true;
		voc_buf_addf(out, "  %d %-*s %10" PRId64 "  %13" PRId64 "  %21" PRId64 "\n", gap, NAME_COLUMNS - 4,
		             voc_gap_name((enum voc_gap)gap), count, gap_field(tally, "gap_weak", gap),
		             gap_field(tally, "gap_late", gap));
	}
}

static int64_t need_field(const struct index_tally *tally, const char *kind, int need)
{
	char field[64];
	snprintf(field, sizeof field, "%s:%s", kind, voc_need_name((enum voc_need)need));
	return index_tally_field(tally, field);
}

static void show_needs(struct voc_buf *out, const struct index_tally *tally)
{
	bool any = false;
	for (int need = 0; need < VOC_NEED_COUNT; need++) {
		int64_t count = need_field(tally, "need", need);
		if (count == 0)
			continue;
		if (!any)
			voc_buf_addf(out, "\n%-*s %10s  %s\n", NAME_COLUMNS, "need", "contacts", "of these in trouble");
		any = true;
		voc_buf_addf(out, "  %-*s %10" PRId64 "  %19" PRId64 "\n", NAME_COLUMNS - 2,
		             voc_need_name((enum voc_need)need), count, need_field(tally, "need_unmet", need));
	}
}

static void show_entry(struct voc_buf *out, const struct index_entry *entry, bool are_days)
{
	voc_buf_addf(out, "  ");
	vocctl_text_add_cell(out, shown_name(entry), NAME_COLUMNS - 2);
	add_tenths(out, 7, entry->index.mean);
	add_tenths(out, 7, entry->index.low);
	voc_buf_addf(out, " -");
	add_tenths(out, 6, entry->index.high);
	voc_buf_addf(out, "%10" PRId64 "%c", entry->n, is_small(entry->n) ? '*' : ' ');
	if (are_days) {
		voc_buf_add_char(out, '\n');
		return;
	}
	char ranks[32];
	bool is_sure = entry->rank.best == entry->rank.worst;
	snprintf(ranks, sizeof ranks, is_sure ? "%d" : "%d-%d", entry->rank.best, entry->rank.worst);
	voc_buf_addf(out, "%8s", ranks);
	add_tenths(out, 10, entry->importance);
	voc_buf_addf(out, " %%");
	add_tenths(out, 8, entry->driver);
	voc_buf_add_char(out, '\n');
}

static void show_entries(struct voc_buf *out, const struct report *report)
{
	const struct index_list *list = report->list;
	bool are_days = strcmp(report->by, "day") == 0, any_small = false;
	if (list->count == 0) {
		voc_buf_addf(out, "\nno scores by %s\n", report->by);
		return;
	}
	voc_buf_addf(out, "\n%-*s %6s %15s %9s%s\n", NAME_COLUMNS, report->by, "index", "95 % interval", "n",
	             are_days ? "" : "     rank  importance  driver");
	for (size_t i = 0; i < list->count && i < report->most; i++) {
		show_entry(out, &list->entries[i], are_days);
		any_small = any_small || is_small(list->entries[i].n);
	}
	if (list->count > report->most)
		voc_buf_addf(out, "  and %zu more: --top\n", list->count - report->most);
	voc_buf_add_char(out, '\n');
	if (any_small)
		voc_buf_addf(out, "* a small sample, fewer than %d\n", VOC_INDEX_SMALL);
	if (!are_days)
		voc_buf_addf(out, "rank: \"2-4\" may be any of these, since the intervals overlap: no order among them "
		                  "is told\n");
}

static void show_recovery(struct voc_buf *out, const struct report *report)
{
	const struct recovery_list *list = report->recovery;
	if (list->count == 0)
		return;
	voc_buf_addf(out, "\ncases by %-*s %6s %9s %10s %6s %15s %6s %7s\n", NAME_COLUMNS - 9, report->recovery_by,
	             "begun", "resolved", "recovered", "rate", "95 % interval", "late", "silent");
	for (size_t i = 0; i < list->count && i < report->most; i++) {
		const struct recovery_entry *entry = &list->entries[i];
		voc_buf_addf(out, "  ");
		vocctl_text_add_cell(out, entry->name.len > 0 ? entry->name : VOC_STR("(others)"), NAME_COLUMNS - 2);
		voc_buf_addf(out, "%6" PRId64 "%c %8" PRId64 " %10" PRId64, entry->begun,
		             is_small(entry->begun) ? '*' : ' ', entry->resolved, entry->recovered);
		add_tenths(out, 7, entry->rate.mean);
		add_tenths(out, 7, entry->rate.low);
		voc_buf_addf(out, " -");
		add_tenths(out, 6, entry->rate.high);
		voc_buf_addf(out, " %7" PRId64 " %7" PRId64 "\n", entry->late, entry->silent);
	}
}

void report_page(struct voc_buf *out, const struct report *report)
{
	show_head(out, report);
	show_gaps(out, report->tally);
	show_needs(out, report->tally);
	show_recovery(out, report);
	show_entries(out, report);
}

static void member_tenths(struct voc_json_writer *json, const char *name, int64_t value)
{
	voc_json_key(json, name);
	voc_json_milli(json, 100 * value);
}

static void write_index(struct voc_json_writer *json, int64_t n, const struct voc_index *index)
{
	voc_json_member_i64(json, "n", n);
	member_tenths(json, "index", index->mean);
	member_tenths(json, "low", index->low);
	member_tenths(json, "high", index->high);
	voc_json_member_bool(json, "small", is_small(n));
}

static void write_gaps(struct voc_json_writer *json, const struct index_tally *tally)
{
	voc_json_key(json, "gaps");
	voc_json_array(json);
	for (int gap = VOC_GAP_KNOWLEDGE; gap < VOC_GAP_COUNT; gap++) {
		voc_json_object(json);
		voc_json_member_i64(json, "number", gap);
		voc_json_member_str(json, "name", voc_str_from(voc_gap_name((enum voc_gap)gap)));
		voc_json_member_i64(json, "contacts", gap_field(tally, "gap", gap));
		voc_json_member_i64(json, "weak", gap_field(tally, "gap_weak", gap));
		voc_json_member_i64(json, "late", gap_field(tally, "gap_late", gap));
		voc_json_object_end(json);
	}
	voc_json_array_end(json);
}

static void write_needs(struct voc_json_writer *json, const struct index_tally *tally)
{
	voc_json_key(json, "needs");
	voc_json_array(json);
	for (int need = 0; need < VOC_NEED_COUNT; need++) {
		voc_json_object(json);
		voc_json_member_str(json, "name", voc_str_from(voc_need_name((enum voc_need)need)));
		voc_json_member_i64(json, "contacts", need_field(tally, "need", need));
		voc_json_member_i64(json, "unmet", need_field(tally, "need_unmet", need));
		voc_json_object_end(json);
	}
	voc_json_array_end(json);
}

static void write_entry(struct voc_json_writer *json, const struct index_entry *entry, bool are_days)
{
	struct voc_buf safe;
	voc_buf_init(&safe, 4096);
	vocctl_text_add(&safe, shown_name(entry));
	voc_json_object(json);
	voc_json_member_str(json, "name", voc_buf_str(&safe));
	write_index(json, entry->n, &entry->index);
	if (!are_days) {
		voc_json_member_bool(json, "ranked", entry->rank.best == entry->rank.worst);
		voc_json_member_i64(json, "rank_best", entry->rank.best);
		voc_json_member_i64(json, "rank_worst", entry->rank.worst);
		voc_json_key(json, "importance");
		voc_json_milli(json, entry->importance);
		member_tenths(json, "driver", entry->driver);
	}
	voc_json_object_end(json);
	voc_buf_free(&safe);
}

static void write_recovery(struct voc_json_writer *json, const struct report *report)
{
	voc_json_member_str(json, "recovery_by", voc_str_from(report->recovery_by));
	voc_json_key(json, "recovery");
	voc_json_array(json);
	for (size_t i = 0; i < report->recovery->count; i++) {
		const struct recovery_entry *entry = &report->recovery->entries[i];
		struct voc_buf safe;
		voc_buf_init(&safe, 4096);
		vocctl_text_add(&safe, entry->name.len > 0 ? entry->name : VOC_STR("(others)"));
		voc_json_object(json);
		voc_json_member_str(json, "name", voc_buf_str(&safe));
		voc_json_member_i64(json, "begun", entry->begun);
		voc_json_member_i64(json, "resolved", entry->resolved);
		voc_json_member_i64(json, "recovered", entry->recovered);
		member_tenths(json, "rate", entry->rate.mean);
		member_tenths(json, "low", entry->rate.low);
		member_tenths(json, "high", entry->rate.high);
		voc_json_member_bool(json, "small", is_small(entry->begun));
		voc_json_member_i64(json, "late", entry->late);
		voc_json_member_i64(json, "silent", entry->silent);
		voc_json_object_end(json);
		voc_buf_free(&safe);
	}
	voc_json_array_end(json);
}

static void write_expectation(struct voc_json_writer *json, const struct index_tally *tally)
{
	int64_t pairs = index_tally_field(tally, "pairs");
	int64_t perceived = index_tally_field(tally, "perceived"), expected = index_tally_field(tally, "expected");
	voc_json_key(json, "expectation");
	voc_json_object(json);
	voc_json_member_i64(json, "n", pairs);
	member_tenths(json, "perceived", tenths(perceived, pairs));
	member_tenths(json, "expected", tenths(expected, pairs));
	member_tenths(json, "gap", tenths(perceived - expected, pairs));
	voc_json_object_end(json);
}

void report_page_json(struct voc_buf *out, const struct report *report)
{
	const struct index_tally *tally = report->tally;
	struct voc_json_writer json;
	char first[VOC_TIMESTAMP_SIZE], last[VOC_TIMESTAMP_SIZE];
	int64_t n = index_tally_field(tally, "n");
	struct voc_index index = voc_index_of(n, index_tally_field(tally, "sum"));
	name_day(report->first_day, first);
	name_day(report->first_day + report->days - 1, last);
	voc_json_begin(&json, out);
	voc_json_object(&json);
	voc_json_member_str(&json, "from", voc_str_from(first));
	voc_json_member_str(&json, "to", voc_str_from(last));
	voc_json_member_i64(&json, "contacts", index_tally_field(tally, "contacts"));
	voc_json_member_i64(&json, "complaints", index_tally_field(tally, "complaints"));
	voc_json_member_i64(&json, "churn_intents", index_tally_field(tally, "churn_intents"));
	voc_json_key(&json, "all");
	voc_json_object(&json);
	write_index(&json, n, &index);
	voc_json_object_end(&json);
	write_expectation(&json, tally);
	write_gaps(&json, tally);
	write_needs(&json, tally);
	write_recovery(&json, report);
	voc_json_member_str(&json, "by", voc_str_from(report->by));
	voc_json_key(&json, "entries");
	voc_json_array(&json);
	for (size_t i = 0; i < report->list->count; i++)
		write_entry(&json, &report->list->entries[i], strcmp(report->by, "day") == 0);
	voc_json_array_end(&json);
	voc_json_object_end(&json);
	voc_buf_add_char(out, '\n');
}
