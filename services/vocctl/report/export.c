/* vocctl export: what was classified, and the index, as lines of JSON for an analytical database. */
#include "base/clock.h"
#include "base/json_write.h"
#include "base/timestamp.h"
#include "core/aggregate/day_rollup.h"
#include "core/record/labels_write.h"
#include "index_tally.h"
#include "vocctl/commands.h"
#include "vocctl/shared/scan.h"

#include <stdio.h>

#define ARENA_MAX_BYTES ((size_t)16 * 1024 * 1024)
#define LINE_MAX_BYTES  ((size_t)1024 * 1024)
#define TALLY_BYTES     ((size_t)64 << 20)
#define DAYS_MOST       400
#define DAYS_USUAL      30

enum { FLAG_FROM, FLAG_TO, FLAG_COUNT };

static const struct vocctl_flag flags[FLAG_COUNT] = {
	[FLAG_FROM] = { "from", VOCCTL_TIME, "TIME", 0, 0, 0,
	                "Events from this time on; index: first day [29 days before the last]" },
	[FLAG_TO] = { "to", VOCCTL_TIME, "TIME", 0, 0, 0, "Events before this time; index: last day [today]" },
};

struct session {
	struct voc_arena *arena;
	struct voc_buf line;
	int64_t from_ms, to_ms;
	int64_t written, others, bad;
};

static void write_optional(struct voc_json_writer *json, const char *name, struct voc_str value)
{
	if (value.len > 0)
		voc_json_member_str(json, name, value);
}

static void write_rating(struct voc_json_writer *json, const char *name, int rating)
{
	if (rating > 0)
		voc_json_member_i64(json, name, rating);
}

static void write_event(struct voc_json_writer *json, const struct voc_message *message,
                        const struct voc_classified *event, struct voc_str origin)
{
	char time[VOC_TIMESTAMP_SIZE];
	size_t time_len = voc_timestamp_format(event->time_ms, time);
	int score = voc_contact_score(event);
	voc_json_object(json);
	voc_json_member_i64(json, "partition", message->partition);
	voc_json_member_i64(json, "offset", message->offset);
	voc_json_member_str(json, "origin", origin);
	voc_json_member_str(json, "id", event->id);
	voc_json_member_str(json, "source", event->source);
	voc_json_member_str(json, "time", voc_str_of(time, time_len));
	voc_json_member_str(json, "customer_id", event->customer_id);
	voc_json_member_str(json, "channel", voc_str_from(voc_channel_name(event->channel)));
	write_optional(json, "contact", event->contact);
	voc_json_member_str(json, "lang", voc_str_from(event->lang));
	write_optional(json, "product", event->product);
	write_optional(json, "team", event->team);
	write_optional(json, "agent_id", event->agent_id);
	write_rating(json, "rating", event->rating);
	write_rating(json, "expected", event->expected);
	voc_labels_write(json, &event->labels, VOC_HEADS_ALL);
	if (score != VOC_SCORE_NONE)
		voc_json_member_i64(json, "score", score);
	if (event->gap_said.gap != VOC_GAP_NONE) {
		voc_json_member_str(json, "gap", voc_str_from(voc_gap_name(event->gap_said.gap)));
		voc_json_member_str(json, "gap_strength",
		                    voc_str_from(voc_gap_strength_name(event->gap_said.strength)));
	}
	voc_json_member_str(json, "model", event->model);
	voc_json_object_end(json);
}

static bool put_line(struct session *session, struct voc_error *error)
{
	struct voc_buf *line = &session->line;
	voc_buf_add_char(line, '\n');
	bool good = !line->failed && fwrite(line->ptr, 1, line->len, stdout) == line->len;
	voc_buf_clear(line);
	if (!good)
		voc_error_set(error, VOC_FATAL, VOC_REASON_INTERNAL, -1, "memory or standard output failed");
	session->written += good;
	return good;
}

static bool each_record(void *context, const struct voc_message *message, struct voc_error *error)
{
	struct session *session = context;
	struct voc_str origin = voc_message_header(message, VOC_SOURCE_HEADER);
	struct voc_classified event;
	struct voc_error why = { 0 };
	if (origin.len == 0) {
		session->others++;
		return true;
	}
	voc_arena_reset(session->arena);
	if (voc_classified_decode(message->value, session->arena, &event, &why) != VOC_OK) {
		session->others += why.reason == VOC_REASON_UNKNOWN_TYPE;
		session->bad += why.reason != VOC_REASON_UNKNOWN_TYPE;
		return true;
	}
	if (event.time_ms < session->from_ms || event.time_ms >= session->to_ms)
		return true;
	struct voc_json_writer json;
	voc_json_begin(&json, &session->line);
	write_event(&json, message, &event, origin);
	return put_line(session, error);
}

static enum voc_status export_classified(const struct voc_conf *conf, struct session *session, struct voc_error *error)
{
	static const struct vocctl_tail all = { .topic = VOC_TOPIC_CLASSIFIED, .last = VOCCTL_TAIL_ALL };
	enum voc_status status = vocctl_scan(conf, &all, 1, each_record, session, error);
	if (status == VOC_OK)
		fprintf(stderr, "%lld events; %lld other records left out, %lld unreadable\n",
		        (long long)session->written, (long long)session->others, (long long)session->bad);
	return status;
}

static void member_tenths(struct voc_json_writer *json, const char *name, int value)
{
	voc_json_key(json, name);
	voc_json_milli(json, 100 * (int64_t)value);
}

/* A row's beginning; the caller goes on with it. */
static void begin_row(struct session *session, struct voc_json_writer *json, int64_t day, const char *dimension,
                      struct voc_str name, int64_t n)
{
	char time[VOC_TIMESTAMP_SIZE];
	voc_timestamp_format(day * VOC_DAY_MS, time);
	voc_json_begin(json, &session->line);
	voc_json_object(json);
	voc_json_member_str(json, "day", voc_str_of(time, 10));
	voc_json_member_str(json, "dimension", voc_str_from(dimension));
	voc_json_member_str(json, "name", name);
	voc_json_member_i64(json, "n", n);
}

static void write_index(struct voc_json_writer *json, int64_t sum, const struct voc_index *index)
{
	voc_json_member_i64(json, "sum", sum);
	member_tenths(json, "index", index->mean);
	member_tenths(json, "low", index->low);
	member_tenths(json, "high", index->high);
}

static bool put_whole_day(struct session *session, const struct index_tally *tally, int64_t day,
                          struct voc_error *error)
{
	static const char *const counts[] = { "contacts", "complaints", "churn_intents",
		                              "pairs",    "perceived",  "expected" };
	struct voc_json_writer json;
	int64_t n = index_tally_field(tally, "n"), sum = index_tally_field(tally, "sum");
	struct voc_index index = voc_index_of(n, sum);
	begin_row(session, &json, day, "all", VOC_STR(""), n);
	write_index(&json, sum, &index);
	for (size_t i = 0; i < sizeof counts / sizeof *counts; i++)
		voc_json_member_i64(&json, counts[i], index_tally_field(tally, counts[i]));
	voc_json_object_end(&json);
	return put_line(session, error);
}

/* A count that is a part of a named one. */
struct part {
	const char *member, *field; /* in the row; in the index, before ":<name>" */
};

/* A count of the index that each name of a table has. */
struct named_count {
	const char *dimension; /* in the row, and of the index' field, before ":<name>" */
	int first, end;
	const char *(*name_of)(int value);
	struct part parts[2]; /* the unused ones are NULL */
};

static const char *gap_name(int gap)
{
	return voc_gap_name((enum voc_gap)gap);
}

static const char *need_name(int need)
{
	return voc_need_name((enum voc_need)need);
}

static const struct named_count named_counts[] = {
	{ "gap", VOC_GAP_KNOWLEDGE, VOC_GAP_COUNT, gap_name, { { "weak", "gap_weak" }, { "late", "gap_late" } } },
	{ "need", 0, VOC_NEED_COUNT, need_name, { { "unmet", "need_unmet" } } },
};

static int64_t count_of(const struct index_tally *tally, const char *field, const char *name)
{
	char named[64];
	snprintf(named, sizeof named, "%s:%s", field, name);
	return index_tally_field(tally, named);
}

static bool put_named(struct session *session, const struct index_tally *tally, const struct named_count *of,
                      int64_t day, struct voc_error *error)
{
	for (int value = of->first; value < of->end; value++) {
		struct voc_json_writer json;
		const char *name = of->name_of(value);
		int64_t count = count_of(tally, of->dimension, name);
		if (count == 0)
			continue;
		begin_row(session, &json, day, of->dimension, voc_str_from(name), count);
		for (size_t i = 0; i < sizeof of->parts / sizeof *of->parts && of->parts[i].member; i++)
			voc_json_member_i64(&json, of->parts[i].member, count_of(tally, of->parts[i].field, name));
		voc_json_object_end(&json);
		if (!put_line(session, error))
			return false;
	}
	return true;
}

static bool put_dimension(struct session *session, const struct index_tally *tally, const char *dimension, int64_t day,
                          struct voc_error *error)
{
	struct index_list list;
	if (!index_tally_list(tally, dimension, voc_importance_default, &list)) {
		voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "out of memory");
		return false;
	}
	bool good = true;
	for (size_t i = 0; good && i < list.count; i++) {
		struct voc_json_writer json;
		const struct index_entry *entry = &list.entries[i];
		begin_row(session, &json, day, dimension, entry->name, entry->n);
		write_index(&json, entry->sum, &entry->index);
		voc_json_object_end(&json);
		good = put_line(session, error);
	}
	index_list_free(&list);
	return good;
}

static enum voc_status export_day(struct vocctl_store *store, struct session *session, int64_t day,
                                  struct voc_error *error)
{
	static const char *const dimensions[] = { "factor", "servqual", "channel", "product", "team", "agent" };
	struct index_tally *tally = NULL;
	enum voc_status status = index_tally_read(store, day, 1, TALLY_BYTES, &tally, error);
	if (status != VOC_OK)
		return status;
	bool has_contacts = index_tally_field(tally, "contacts") != 0;
	bool good = !has_contacts || put_whole_day(session, tally, day, error);
	for (size_t i = 0; good && has_contacts && i < sizeof named_counts / sizeof *named_counts; i++)
		good = put_named(session, tally, &named_counts[i], day, error);
	for (size_t i = 0; good && i < sizeof dimensions / sizeof *dimensions; i++)
		good = put_dimension(session, tally, dimensions[i], day, error);
	index_tally_free(tally);
	return good ? VOC_OK : error->status;
}

static enum voc_status export_index(const struct voc_conf *conf, struct session *session,
                                    const struct vocctl_arguments *arguments, struct voc_error *error)
{
	const struct vocctl_value *from = &arguments->flags[FLAG_FROM], *to = &arguments->flags[FLAG_TO];
	struct vocctl_store store;
	int64_t last = (to->given ? to->number : voc_clock_wall_ms()) / VOC_DAY_MS;
	int64_t first = from->given ? from->number / VOC_DAY_MS : last - DAYS_USUAL + 1;
	if (first > last || last - first >= DAYS_MOST)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_CONFIG, -1,
		                     "--from must be no later than --to, and at most 400 days before it");
	enum voc_status status = vocctl_store_open(&store, conf, error);
	for (int64_t day = first; status == VOC_OK && day <= last; day++)
		status = export_day(&store, session, day, error);
	vocctl_store_close(&store);
	if (status == VOC_OK)
		fprintf(stderr, "%lld rows\n", (long long)session->written);
	return status;
}

static int run(const struct voc_conf *conf, const struct vocctl_arguments *arguments)
{
	const struct vocctl_value *from = &arguments->flags[FLAG_FROM], *to = &arguments->flags[FLAG_TO];
	bool is_index = strcmp(arguments->operands[0], "index") == 0;
	struct session session = { .arena = voc_arena_new(ARENA_MAX_BYTES),
		                   .from_ms = from->given ? from->number : INT64_MIN,
		                   .to_ms = to->given ? to->number : INT64_MAX };
	struct voc_error error = { .position = -1 };
	enum voc_status status = VOC_OK;
	voc_buf_init(&session.line, LINE_MAX_BYTES);
	if (!is_index && strcmp(arguments->operands[0], "classified") != 0) {
		fprintf(stderr, "usage: vocctl export %s\n", vocctl_command_export.synopsis);
		voc_arena_free(session.arena);
		return VOCCTL_USAGE;
	}
	if (session.arena == NULL)
		status = voc_error_set(&error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "out of memory");
	else
		status = is_index ? export_index(conf, &session, arguments, &error)
		                  : export_classified(conf, &session, &error);
	if (status == VOC_OK && fflush(stdout) != 0)
		status = voc_error_set(&error, VOC_FATAL, VOC_REASON_INTERNAL, -1, "standard output failed");
	if (status != VOC_OK)
		fprintf(stderr, "vocctl export: %s\n", error.text);
	voc_buf_free(&session.line);
	voc_arena_free(session.arena);
	return status == VOC_OK ? VOCCTL_OK : VOCCTL_FAILED;
}

const struct vocctl_command vocctl_command_export = {
	.name = "export",
	.synopsis = "classified | index",
	.operands_least = 1,
	.operands_most = 1,
	.summary = "Write events or the satisfaction index for an analytical database",
	.description =
	        "One JSON object a line (NDJSON), flat, on standard output; DuckDB reads it with read_json_auto.\n"
	        "classified  every event of voc.classified: labels, score and gap, but no words. A classifier's crash\n"
	        "            leaves copies, which have the same origin; a sender's duplicates have the same id and "
	        "source\n"
	        "index       voc:{P}:index over all partitions: a row for each day, dimension and name\n",
	.flags = flags,
	.flag_count = FLAG_COUNT,
	.run = run,
};
