#include "vocctl/commands.h"

#include "base/reason.h"
#include "conf/suggest.h"
#include "dlq_redrive.h"
#include "vocctl/shared/text.h"

#include <stdio.h>
#include <stdlib.h>

#define PAGE_BYTES_MAX (4 << 20)

enum { FLAG_REASON, FLAG_SINCE, FLAG_UNTIL, FLAG_TOPIC, FLAG_LIMIT, FLAG_DRY_RUN, FLAG_VALUE, FLAG_JSON, FLAG_COUNT };

static const struct vocctl_flag flags[FLAG_COUNT] = {
	[FLAG_REASON] = { "reason", VOCCTL_TEXT, "R", 0, 0, 0, "Only those refused for this reason" },
	[FLAG_SINCE] = { "since", VOCCTL_TIME, "T", 0, 0, 0, "Only those refused at or after this time" },
	[FLAG_UNTIL] = { "until", VOCCTL_TIME, "T", 0, 0, INT64_MAX, "Only those refused before this time" },
	[FLAG_TOPIC] = { "topic", VOCCTL_TEXT, "T", 0, 0, 0, "Only those that came from this topic (its full name)" },
	[FLAG_LIMIT] = { "limit", VOCCTL_COUNT, "N", 1, 1000000000, 0, "Stop after that many" },
	[FLAG_DRY_RUN] = { "dry-run", VOCCTL_SWITCH, NULL, 0, 0, 0, "redrive: count, send nothing" },
	[FLAG_VALUE] = { "value", VOCCTL_SWITCH, NULL, 0, 0, 0, "show: only the record's value, byte for byte" },
	[FLAG_JSON] = { "json", VOCCTL_SWITCH, NULL, 0, 0, 0, "list: one JSON object per reason and origin, and line" },
};

static int fail(const struct voc_error *error)
{
	fprintf(stderr, "vocctl dlq: %s\n", error->text);
	return VOCCTL_FAILED;
}

static void print_tally(struct dlq_tally *tally, const char *topic_title, bool json)
{
	struct voc_buf page;
	voc_buf_init(&page, PAGE_BYTES_MAX);
	if (json)
		dlq_tally_json(&page, tally);
	else
		dlq_tally_print(&page, tally, topic_title);
	fputs(voc_buf_c_str(&page), stdout);
	voc_buf_free(&page);
}

static enum voc_status count_item(void *context, const struct dlq_item *item, struct voc_error *error)
{
	(void)error;
	struct voc_str reason = item->known ? item->letter.reason_name : VOC_STR("(no dead letter)");
	int64_t time_ms = item->letter.time_ms > 0 ? item->letter.time_ms : item->message->timestamp_ms;
	dlq_tally_add(context, reason, item->letter.origin_topic, time_ms);
	return VOC_OK;
}

static int run_list(const struct voc_conf *conf, const struct dlq_filter *filter, bool json)
{
	struct voc_error error = { 0 };
	struct dlq_tally *tally = calloc(1, sizeof *tally);
	if (tally == NULL) {
		fprintf(stderr, "vocctl dlq: out of memory\n");
		return VOCCTL_FAILED;
	}
	enum voc_status status = dlq_scan(conf, filter, count_item, tally, &error);
	print_tally(tally, "from", json);
	if (status == VOC_OK && !json)
		fprintf(stderr, "%lld dead letters\n", (long long)tally->total);
	free(tally);
	return status == VOC_OK ? VOCCTL_OK : fail(&error);
}

/* What `show` prints, and whether it found anything. */
struct show {
	bool value_only;
	bool found;
};

static void print_record(const struct dlq_item *item)
{
	struct voc_buf page;
	voc_buf_init(&page, PAGE_BYTES_MAX);
	voc_buf_addf(&page, "record  %d/%lld at ", (int)item->message->partition, (long long)item->message->offset);
	vocctl_text_add_time(&page, item->message->timestamp_ms);
	voc_buf_add_str(&page, VOC_STR("\nkey     "));
	vocctl_text_add(&page, item->message->key.ptr != NULL ? item->message->key : VOC_STR("(none)"));
	voc_buf_add_char(&page, '\n');
	for (size_t i = 0; i < item->header_count; i++) {
		voc_buf_add_str(&page, VOC_STR("header  "));
		vocctl_text_add(&page, item->headers[i].name);
		voc_buf_add_str(&page, VOC_STR(": "));
		vocctl_text_add(&page, item->headers[i].value);
		voc_buf_add_char(&page, '\n');
	}
	voc_buf_addf(&page, "value   %zu bytes\n", item->message->value.len);
	vocctl_text_add_lines(&page, item->message->value);
	voc_buf_add_char(&page, '\n');
	fputs(voc_buf_c_str(&page), stdout);
	voc_buf_free(&page);
}

static enum voc_status show_item(void *context, const struct dlq_item *item, struct voc_error *error)
{
	struct show *show = context;
	(void)error;
	show->found = true;
	if (show->value_only)
		fwrite(item->message->value.ptr, 1, item->message->value.len, stdout);
	else
		print_record(item);
	return VOC_OK;
}

static bool place_parse(const char *text, struct dlq_filter *filter)
{
	int64_t partition, offset;
	const char *slash = text != NULL ? strchr(text, '/') : NULL;
	if (slash == NULL || !voc_str_to_i64(voc_str_of(text, (size_t)(slash - text)), &partition) ||
	    !voc_str_to_i64(voc_str_from(slash + 1), &offset) || partition < 0 || partition > INT32_MAX || offset < 0)
		return false;
	filter->partition = (int32_t)partition;
	filter->offset = offset;
	filter->limit = 1;
	return true;
}

static int run_show(const struct voc_conf *conf, struct dlq_filter *filter, const char *place, bool value_only)
{
	struct show show = { .value_only = value_only };
	struct voc_error error = { 0 };
	if (!place_parse(place, filter)) {
		fprintf(stderr, "vocctl dlq show: PARTITION/OFFSET is wanted, such as 3/1234\n");
		return VOCCTL_USAGE;
	}
	if (dlq_scan(conf, filter, show_item, &show, &error) != VOC_OK)
		return fail(&error);
	if (!show.found)
		fprintf(stderr, "vocctl dlq: no such dead letter\n");
	return show.found ? VOCCTL_OK : VOCCTL_FAILED;
}

static int run_redrive(const struct voc_conf *conf, const struct dlq_filter *filter, bool dry_run)
{
	struct voc_error error = { 0 };
	struct dlq_redrive *outcome = calloc(1, sizeof *outcome);
	if (outcome == NULL) {
		fprintf(stderr, "vocctl dlq: out of memory\n");
		return VOCCTL_FAILED;
	}
	enum voc_status status = dlq_redrive(conf, filter, dry_run, outcome, &error);
	print_tally(&outcome->tally, "to", false);
	if (dry_run)
		fprintf(stderr, "%lld would be sent back", (long long)outcome->tally.total);
	else
		fprintf(stderr, "%lld sent back, %lld acknowledged", (long long)outcome->tally.total,
		        (long long)outcome->acknowledged);
	if (outcome->refused > 0)
		fprintf(stderr, "; %lld left: they came from no topic of ours", (long long)outcome->refused);
	fputc('\n', stderr);
	bool whole = outcome->refused == 0;
	free(outcome);
	if (status != VOC_OK)
		return fail(&error);
	return whole ? VOCCTL_OK : VOCCTL_FAILED;
}

static bool reason_is_known(const char *name)
{
	struct voc_suggestion suggestion;
	voc_suggestion_begin(&suggestion, voc_str_from(name));
	for (int i = 0; i < VOC_REASON_COUNT; i++) {
		if (strcmp(voc_reason_name((enum voc_reason)i), name) == 0)
			return true;
		voc_suggestion_offer(&suggestion, voc_reason_name((enum voc_reason)i));
	}
	fprintf(stderr, "vocctl dlq: no such reason%s%s\n", suggestion.nearest[0] != '\0' ? "; did you mean " : "",
	        suggestion.nearest);
	return false;
}

static int run(const struct voc_conf *conf, const struct vocctl_arguments *arguments)
{
	const struct vocctl_value *given = arguments->flags;
	const char *action = arguments->operands[0], *place = arguments->operands[1];
	struct dlq_filter filter = {
		.reason = given[FLAG_REASON].text,
		.origin_topic = given[FLAG_TOPIC].text,
		.since_ms = given[FLAG_SINCE].number,
		.until_ms = given[FLAG_UNTIL].number,
		.partition = -1,
		.offset = -1,
		.limit = given[FLAG_LIMIT].number,
	};
	if (filter.reason != NULL && !reason_is_known(filter.reason))
		return VOCCTL_USAGE;
	if (strcmp(action, "show") == 0)
		return run_show(conf, &filter, place, given[FLAG_VALUE].given);
	if (place == NULL && strcmp(action, "list") == 0)
		return run_list(conf, &filter, given[FLAG_JSON].given);
	if (place == NULL && strcmp(action, "redrive") == 0)
		return run_redrive(conf, &filter, given[FLAG_DRY_RUN].given);
	fprintf(stderr, "usage: vocctl dlq %s\n", vocctl_command_dlq.synopsis);
	return VOCCTL_USAGE;
}

const struct vocctl_command vocctl_command_dlq = {
	.name = "dlq",
	.synopsis = "list | show PARTITION/OFFSET | redrive",
	.operands_least = 1,
	.operands_most = 2,
	.summary = "Look at dead letters, and send them back",
	.description =
	        "list     counts by reason and origin\n"
	        "show     one record, with its headers; what a terminal would obey is shown as U+FFFD\n"
	        "redrive  sends key, value and headers back to the topic that they came from (alerts that no webhook\n"
	        "         took: to alerts), with the header voc_redriven counting. The dead letters stay in their\n"
	        "         topic: narrow a second redrive with --since.\n"
	        "\n"
	        "Times: RFC 3339, a date, or how long ago (30m, 2h, 7d).\n",
	.flags = flags,
	.flag_count = FLAG_COUNT,
	.run = run,
};
