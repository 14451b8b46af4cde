#include "dlq_tally.h"

#include "base/json_write.h"
#include "vocctl/shared/text.h"

#include <stdlib.h>

static struct dlq_tally_row *row_of(struct dlq_tally *tally, struct voc_str reason, struct voc_str topic,
                                    int64_t time_ms)
{
	for (size_t i = 0; i < tally->row_count; i++) {
		struct dlq_tally_row *row = &tally->rows[i];
		if (voc_str_is(reason, row->reason) && voc_str_is(topic, row->topic))
			return row;
	}
	if (tally->row_count == DLQ_TALLY_ROWS)
		return &tally->rows[DLQ_TALLY_ROWS - 1];
	struct dlq_tally_row *row = &tally->rows[tally->row_count++];
	*row = (struct dlq_tally_row){ .first_ms = time_ms, .last_ms = time_ms };
	if (tally->row_count == DLQ_TALLY_ROWS)
		reason = topic = VOC_STR("(others)");
	voc_str_copy(row->reason, sizeof row->reason, reason);
	voc_str_copy(row->topic, sizeof row->topic, topic);
	return row;
}

void dlq_tally_add(struct dlq_tally *tally, struct voc_str reason, struct voc_str topic, int64_t time_ms)
{
	struct dlq_tally_row *row = row_of(tally, reason, topic, time_ms);
	row->count++;
	row->first_ms = time_ms < row->first_ms ? time_ms : row->first_ms;
	row->last_ms = time_ms > row->last_ms ? time_ms : row->last_ms;
	tally->total++;
}

static int compare(const void *a, const void *b)
{
	const struct dlq_tally_row *left = a, *right = b;
	if (left->count != right->count)
		return left->count > right->count ? -1 : 1;
	int order = strcmp(left->reason, right->reason);
	return order != 0 ? order : strcmp(left->topic, right->topic);
}

static void sort(struct dlq_tally *tally)
{
	qsort(tally->rows, tally->row_count, sizeof *tally->rows, compare);
}

/* Reason and topic come from headers, which anybody can write. */
static void add_member(struct voc_json_writer *json, const char *name, const char *value)
{
	struct voc_buf clean;
	voc_buf_init(&clean, 4 * VOC_TOPIC_NAME_SIZE);
	vocctl_text_add(&clean, voc_str_from(value));
	voc_json_member_str(json, name, voc_buf_str(&clean));
	voc_buf_free(&clean);
}

void dlq_tally_json(struct voc_buf *out, struct dlq_tally *tally)
{
	sort(tally);
	for (size_t i = 0; i < tally->row_count; i++) {
		const struct dlq_tally_row *row = &tally->rows[i];
		struct voc_json_writer json;
		voc_json_begin(&json, out);
		voc_json_object(&json);
		voc_json_member_i64(&json, "count", row->count);
		add_member(&json, "reason", row->reason);
		add_member(&json, "topic", row->topic);
		voc_json_member_i64(&json, "first_at", row->first_ms);
		voc_json_member_i64(&json, "last_at", row->last_ms);
		voc_json_object_end(&json);
		voc_buf_add_char(out, '\n');
	}
}

void dlq_tally_print(struct voc_buf *out, struct dlq_tally *tally, const char *topic_title)
{
	if (tally->row_count == 0)
		return;
	sort(tally);
	voc_buf_addf(out, "%8s  %-20s  %-20s  %-20s  %s\n", "count", "reason", topic_title, "first", "last");
	for (size_t i = 0; i < tally->row_count; i++) {
		const struct dlq_tally_row *row = &tally->rows[i];
		voc_buf_addf(out, "%8lld  ", (long long)row->count);
		vocctl_text_add_cell(out, voc_str_from(row->reason), 20);
		voc_buf_add_str(out, VOC_STR("  "));
		vocctl_text_add_cell(out, voc_str_from(row->topic), 20);
		voc_buf_add_str(out, VOC_STR("  "));
		vocctl_text_add_time(out, row->first_ms);
		voc_buf_add_str(out, VOC_STR("  "));
		vocctl_text_add_time(out, row->last_ms);
		voc_buf_add_char(out, '\n');
	}
}
