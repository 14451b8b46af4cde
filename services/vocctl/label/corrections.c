/* vocctl corrections: what people corrected, for people and for the training. */
#include "base/clock.h"
#include "core/record/correction.h"
#include "vocctl/commands.h"
#include "vocctl/shared/scan.h"
#include "vocctl/shared/text.h"

#include <stdio.h>
#include <stdlib.h>

#define HELD_MAX_BYTES  ((size_t)512 * 1024 * 1024)
#define ARENA_MAX_BYTES ((size_t)1024 * 1024)
#define PAGE_MAX_BYTES  ((size_t)1024 * 1024)

enum { FLAG_SINCE, FLAG_JSON, FLAG_COUNT };

static const struct vocctl_flag flags[FLAG_COUNT] = {
	[FLAG_SINCE] = { "since", VOCCTL_TIME, "T", 0, 0, 0, "Only those made at or after this time" },
	[FLAG_JSON] = { "json", VOCCTL_SWITCH, NULL, 0, 0, 0, "list: the records themselves, one a line" },
};

/* A record of the topic; an event's are in one partition, in their order. */
struct held {
	struct voc_str key, value; /* in the arena; value.ptr is NULL for a withdrawal */
	size_t number;             /* in the order of reading */
};

struct session {
	struct voc_arena *arena;
	struct held *held; /* owned */
	size_t count, room;
};

static int complain(const char *text)
{
	fprintf(stderr, "vocctl corrections: %s\n", text);
	return VOCCTL_FAILED;
}

static bool hold(void *context, const struct voc_message *message, struct voc_error *error)
{
	struct session *session = context;
	if (!message->key.ptr)
		return true;
	if (session->count == session->room) {
		size_t room = session->room ? session->room * 2 : 1024;
		struct held *more = realloc(session->held, room * sizeof *more);
		if (more) {
			session->held = more;
			session->room = room;
		}
	}
	struct held held = { .key = voc_arena_copy(session->arena, message->key), .number = session->count };
	if (message->value.ptr)
		held.value = voc_arena_copy(session->arena, message->value);
	if (session->count == session->room || !held.key.ptr || (message->value.ptr && !held.value.ptr)) {
		voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "more corrections than fit in memory");
		return false;
	}
	session->held[session->count++] = held;
	return true;
}

static int compare(const void *a, const void *b)
{
	const struct held *left = a, *right = b;
	int order = voc_str_cmp(left->key, right->key);
	if (order != 0)
		return order;
	return left->number < right->number ? -1 : left->number > right->number;
}

static void add_listed(struct voc_buf *page, const struct voc_correction *correction)
{
	vocctl_text_add_time(page, correction->time_ms);
	voc_buf_add_str(page, VOC_STR("  "));
	vocctl_text_add_cell(page, correction->who, 12);
	voc_buf_add_char(page, ' ');
	vocctl_text_add(page, correction->event_id);
	for (int head = 0; head < VOC_HEAD_COUNT; head++) {
		if (correction->heads >> head & 1)
			voc_buf_addf(page, " %s", voc_head_name((enum voc_head)head));
	}
	voc_buf_add_char(page, '\n');
}

/* False if standard output failed. */
static bool print(const struct held *held, const struct voc_correction *correction, bool as_rows, bool as_json)
{
	struct voc_buf page;
	voc_buf_init(&page, PAGE_MAX_BYTES);
	if (as_rows) {
		voc_correction_write_row(&page, correction);
	} else if (as_json) {
		voc_buf_add_str(&page, held->value);
		voc_buf_add_char(&page, '\n');
	} else {
		add_listed(&page, correction);
	}
	bool good = !page.failed && fwrite(page.ptr, 1, page.len, stdout) == page.len;
	voc_buf_free(&page);
	return good;
}

/* The newest of each event, by key: the same corrections give the same lines. */
static int print_all(struct session *session, int64_t since_ms, bool as_rows, bool as_json)
{
	struct voc_arena *arena = voc_arena_new(ARENA_MAX_BYTES);
	size_t printed = 0, bad = 0;
	bool good = arena != NULL;
	for (size_t i = 0; good && i < session->count; i++) {
		const struct held *held = &session->held[i];
		struct voc_correction correction;
		bool newest = i + 1 == session->count || !voc_str_eq(held->key, session->held[i + 1].key);
		if (!newest || !held->value.ptr)
			continue;
		voc_arena_reset(arena);
		if (voc_correction_decode(held->value, arena, &correction, NULL) != VOC_OK) {
			bad++;
		} else if (correction.time_ms >= since_ms) {
			good = print(held, &correction, as_rows, as_json);
			printed++;
		}
	}
	voc_arena_free(arena);
	fprintf(stderr, "%zu corrections", printed);
	if (bad > 0)
		fprintf(stderr, "; %zu records are none", bad);
	fputc('\n', stderr);
	return good ? VOCCTL_OK : complain("memory or standard output failed");
}

static int run(const struct voc_conf *conf, const struct vocctl_arguments *arguments)
{
	static const struct vocctl_tail all = { .topic = VOC_TOPIC_CORRECTIONS, .last = VOCCTL_TAIL_ALL };
	bool as_rows = strcmp(arguments->operands[0], "export") == 0;
	struct session session = { 0 };
	struct voc_error error = { .position = -1 };
	if (!as_rows && strcmp(arguments->operands[0], "list") != 0) {
		fprintf(stderr, "usage: vocctl corrections %s\n", vocctl_command_corrections.synopsis);
		return VOCCTL_USAGE;
	}
	session.arena = voc_arena_new(HELD_MAX_BYTES);
	if (!session.arena)
		return complain("memory ran out");
	int status = VOCCTL_FAILED;
	if (vocctl_scan(conf, &all, 1, hold, &session, &error) == VOC_OK) {
		if (session.count > 0)
			qsort(session.held, session.count, sizeof *session.held, compare);
		status = print_all(&session, arguments->flags[FLAG_SINCE].number, as_rows,
		                   arguments->flags[FLAG_JSON].given);
	} else {
		complain(error.text);
	}
	free(session.held);
	voc_arena_free(session.arena);
	return status;
}

const struct vocctl_command vocctl_command_corrections = {
	.name = "corrections",
	.synopsis = "list | export",
	.operands_least = 1,
	.operands_most = 1,
	.summary = "What people corrected, and rows for the training",
	.description = "list     the newest correction of each event: when, by whom, which labels\n"
	               "export   a JSON object a line for services/classifier/train/train.sh --corrections FILE: text, "
	               "lang and\n"
	               "         the corrected labels; a label that is absent was not corrected\n",
	.flags = flags,
	.flag_count = FLAG_COUNT,
	.run = run,
};
