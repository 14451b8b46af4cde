/* A case as a customer's field holds it: its parts in a row, the free text last. */
#include "core/customer/case.h"

#include "core/customer/field.h"

#include <stdlib.h>

#define FLAGS_MAX  31
#define TIME_COUNT 4
#define DUE_MAX    (2 * VOC_FIELD_TIME_MAX) /* a time and all that may be added to it, as rules allow */

/* The times that every case has. */
static int64_t *time_of(struct voc_case *one, int which)
{
	int64_t *const times[TIME_COUNT] = { &one->opened_ms, &one->round_ms, &one->changed_ms, &one->last_ms };
	return times[which];
}

static void add_text(struct voc_buf *buf, const char *text)
{
	voc_buf_add_str(buf, voc_str_from(text));
	voc_buf_add_char(buf, ':');
}

static void add_number(struct voc_buf *buf, int64_t number)
{
	voc_buf_add_i64(buf, number);
	voc_buf_add_char(buf, ':');
}

void voc_case_write(const struct voc_case *one, struct voc_buf *buf)
{
	const int64_t times[TIME_COUNT] = { one->opened_ms, one->round_ms, one->changed_ms, one->last_ms };
	add_number(buf, one->number);
	add_text(buf, voc_case_state_name((enum voc_case_state)one->state));
	add_text(buf, voc_severity_name((enum voc_severity)one->severity));
	add_number(buf, one->flags);
	add_number(buf, one->steps);
	add_number(buf, one->contacts);
	add_number(buf, one->reopens);
	add_text(buf, one->lang);
	add_text(buf, voc_channel_name((enum voc_channel)one->channel));
	for (int i = 0; i < TIME_COUNT; i++)
		add_number(buf, times[i]);
	for (int kind = 0; kind < VOC_CASE_DUE_COUNT; kind++) {
		if (one->due_ms[kind] != 0)
			voc_buf_add_i64(buf, one->due_ms[kind]);
		voc_buf_add_char(buf, ':');
	}
	add_text(buf, one->team);
	voc_buf_add_str(buf, voc_str_from(one->product ? one->product : ""));
}

/* What stands before the next colon. */
static struct voc_str take(struct voc_str *text)
{
	return voc_str_take_until(text, ':');
}

static bool take_number(struct voc_str *text, int64_t least, int64_t most, int64_t *ret_value)
{
	return voc_field_number(take(text), least, most, ret_value);
}

static bool take_small(struct voc_str *text, int64_t most, uint8_t *ret_value)
{
	int64_t value;
	if (!take_number(text, 0, most, &value))
		return false;
	*ret_value = (uint8_t)value;
	return true;
}

static bool take_count(struct voc_str *text, int64_t least, uint32_t *ret_value)
{
	int64_t value;
	if (!take_number(text, least, UINT32_MAX, &value))
		return false;
	*ret_value = (uint32_t)value;
	return true;
}

static bool take_names(struct voc_str *text, struct voc_case *one)
{
	enum voc_case_state state;
	enum voc_severity severity;
	if (!take_count(text, 1, &one->number) || !voc_case_state_parse(take(text), &state) ||
	    !voc_severity_parse(take(text), &severity) || severity == VOC_SEVERITY_NONE)
		return false;
	one->state = (uint8_t)state;
	one->severity = (uint8_t)severity;
	return true;
}

static bool take_contact(struct voc_str *text, struct voc_case *one)
{
	enum voc_channel channel;
	struct voc_str lang = take(text);
	if ((!voc_str_is(lang, "ko") && !voc_str_is(lang, "en")) || !voc_channel_parse(take(text), &channel))
		return false;
	voc_str_copy(one->lang, sizeof one->lang, lang);
	one->channel = (uint8_t)channel;
	return true;
}

static bool take_times(struct voc_str *text, struct voc_case *one)
{
	for (int i = 0; i < TIME_COUNT; i++) {
		if (!voc_field_time(take(text), time_of(one, i)))
			return false;
	}
	for (int kind = 0; kind < VOC_CASE_DUE_COUNT; kind++) {
		struct voc_str due = take(text);
		if (due.len > 0 &&
		    (!voc_field_number(due, -DUE_MAX, DUE_MAX, &one->due_ms[kind]) || one->due_ms[kind] == 0))
			return false;
	}
	return true;
}

bool voc_case_read(struct voc_cases *cases, uint8_t cause, struct voc_str text, bool *ret_out_of_memory)
{
	struct voc_case one = { .cause = cause };
	if (voc_cases_find(cases, cause) || !take_names(&text, &one) || !take_small(&text, FLAGS_MAX, &one.flags) ||
	    !take_small(&text, VOC_CASE_STEPS_MAX, &one.steps) || !take_count(&text, 1, &one.contacts) ||
	    !take_count(&text, 0, &one.reopens) || !take_contact(&text, &one) || !take_times(&text, &one))
		return false;
	struct voc_str team = take(&text);
	if (team.len == 0 || memchr(team.ptr, '\0', team.len) || (text.len > 0 && memchr(text.ptr, '\0', text.len)))
		return false;
	one.team = strndup(team.ptr, team.len);
	one.product = text.len > 0 ? strndup(text.ptr, text.len) : NULL;
	if (one.team && (text.len == 0 || one.product) && voc_cases_put(cases, &one))
		return true;
	free(one.team);
	free(one.product);
	*ret_out_of_memory = true;
	return false;
}
