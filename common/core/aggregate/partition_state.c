#include "core/aggregate/partition_state.h"

#include <stdio.h>
#include <stdlib.h>

#define MARK_PREFIX    "src:"
#define VALUES         "values"
#define VALUES_MAX     (VOC_VALUE_BUCKETS * 16)
#define MARK_NAME_SIZE 280 /* a topic has at most 249 bytes */

/* A zero has no field, but for the offset. */
static const struct {
	const char *name;
	size_t at;
} numbers[] = {
	{ "offset", offsetof(struct voc_partition_counts, offset) },
	{ "events", offsetof(struct voc_partition_counts, events) },
	{ "duplicates", offsetof(struct voc_partition_counts, duplicates) },
	{ "copies", offsetof(struct voc_partition_counts, copies) },
	{ "invalid", offsetof(struct voc_partition_counts, invalid) },
	{ "controls", offsetof(struct voc_partition_counts, controls) },
	{ "facts", offsetof(struct voc_partition_counts, facts) },
	{ "dues", offsetof(struct voc_partition_counts, dues) },
	{ "dues_stale", offsetof(struct voc_partition_counts, dues_stale) },
	{ "moves_refused", offsetof(struct voc_partition_counts, moves_refused) },
	{ "rebuilt_at", offsetof(struct voc_partition_counts, rebuilt_at) },
};
#define NUMBER_COUNT  (sizeof numbers / sizeof *numbers)
#define NUMBER_OFFSET 0

static int64_t *number_of(struct voc_partition_counts *counts, size_t which)
{
	return (int64_t *)((char *)counts + numbers[which].at);
}

static int64_t number_in(const struct voc_partition_counts *counts, size_t which)
{
	return *(const int64_t *)((const char *)counts + numbers[which].at);
}

void voc_partition_state_init(struct voc_partition_state *state)
{
	*state = (struct voc_partition_state){ .now.rules_from = -1, .stored.rules_from = -1 };
}

void voc_partition_state_free(struct voc_partition_state *state)
{
	for (size_t i = 0; i < state->mark_count; i++)
		free(state->marks[i].topic);
	free(state->marks);
	free(state->values);
	voc_rule_set_release(state->rules);
	voc_rule_set_release(state->stored_rules);
	voc_partition_state_init(state);
}

static int compare(const struct voc_mark *mark, struct voc_str topic, int32_t partition)
{
	int order = voc_str_cmp(voc_str_from(mark->topic), topic);
	return order != 0 ? order : (mark->partition > partition) - (mark->partition < partition);
}

/* Where the mark is, or where it belongs. */
static size_t find(const struct voc_partition_state *state, struct voc_str topic, int32_t partition, bool *ret_found)
{
	size_t low = 0, high = state->mark_count;
	*ret_found = false;
	while (low < high) {
		size_t middle = low + (high - low) / 2;
		int order = compare(&state->marks[middle], topic, partition);
		if (order == 0) {
			*ret_found = true;
			return middle;
		}
		if (order < 0)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

/* NULL when there are too many or memory ran out. */
static struct voc_mark *insert(struct voc_partition_state *state, size_t at, struct voc_str topic, int32_t partition)
{
	if (state->mark_count == state->mark_room) {
		size_t room = state->mark_room ? state->mark_room * 2 : 4;
		struct voc_mark *marks = room <= VOC_MARKS_MAX ? realloc(state->marks, room * sizeof *marks) : NULL;
		if (!marks)
			return NULL;
		state->marks = marks;
		state->mark_room = room;
	}
	char *copy = strndup(topic.ptr, topic.len);
	if (!copy)
		return NULL;
	memmove(&state->marks[at + 1], &state->marks[at], (state->mark_count - at) * sizeof *state->marks);
	state->marks[at] = (struct voc_mark){ .topic = copy, .partition = partition, .next = 0, .stored = -1 };
	state->mark_count++;
	return &state->marks[at];
}

int64_t voc_partition_state_mark(const struct voc_partition_state *state, const struct voc_source_position *source)
{
	bool found;
	size_t at = find(state, source->topic, source->partition, &found);
	return found ? state->marks[at].next : 0;
}

enum voc_status voc_partition_state_set_mark(struct voc_partition_state *state,
                                             const struct voc_source_position *source, int64_t next,
                                             struct voc_error *error)
{
	bool found;
	size_t at = find(state, source->topic, source->partition, &found);
	struct voc_mark *mark = found ? &state->marks[at] : insert(state, at, source->topic, source->partition);
	if (!mark)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1,
		                     "no room for one more than %zu raw partitions", state->mark_count);
	mark->next = next;
	return VOC_OK;
}

static enum voc_status bad_field(struct voc_error *error, struct voc_str name)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_REDIS, -1, "position: field '%.*s' is not what belongs there",
	                     VOC_STR_ARG(voc_str_clip(name, 80)));
}

static enum voc_status load_mark(struct voc_partition_state *state, const struct voc_field *field,
                                 struct voc_error *error)
{
	struct voc_str name = field->name;
	struct voc_source_position source;
	int64_t next;
	size_t prefix = sizeof(MARK_PREFIX) - 1;
	if (!voc_str_to_i64(field->value, &next) || next < 0 ||
	    !voc_source_partition_parse(voc_str_of(name.ptr + prefix, name.len - prefix), &source))
		return bad_field(error, name);
	enum voc_status status = voc_partition_state_set_mark(state, &source, next, error);
	if (status == VOC_OK) {
		bool found;
		state->marks[find(state, source.topic, source.partition, &found)].stored = next;
	}
	return status;
}

static enum voc_status load_values(struct voc_partition_state *state, const struct voc_field *field,
                                   struct voc_error *error)
{
	if (!state->values && !(state->values = malloc(sizeof *state->values)))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a position");
	return voc_value_counts_read(state->values, field->value) ? VOC_OK : bad_field(error, field->name);
}

bool voc_partition_state_move_value(struct voc_partition_state *state, int64_t before, int64_t now)
{
	if (before == now || (before <= 0 && now <= 0))
		return true;
	if (!state->values && !(state->values = calloc(1, sizeof *state->values)))
		return false;
	voc_value_counts_move(state->values, before, now);
	state->values_changed = true;
	return true;
}

static bool tell_values(const struct voc_partition_state *state, voc_field_fn tell, void *context)
{
	struct voc_buf text;
	if (!state->values || (!state->values_changed && state->is_stored))
		return true;
	voc_buf_init(&text, VALUES_MAX);
	bool good = voc_value_counts_write(state->values, &text);
	struct voc_field field = { VOC_STR(VALUES),
		                   voc_buf_str(&text) }; /* no text: nobody is worth anything any more */
	good = good && tell(context, &field);
	voc_buf_free(&text);
	return good;
}

static bool load_number(struct voc_partition_counts *counts, const struct voc_field *field)
{
	for (size_t i = 0; i < NUMBER_COUNT; i++) {
		if (!voc_str_is(field->name, numbers[i].name))
			continue;
		int64_t *number = number_of(counts, i);
		return voc_str_to_i64(field->value, number) && *number >= 0;
	}
	return false;
}

/* The rules' fields, which mean something only together. */
struct rules_fields {
	struct voc_str version, body;
};

static bool load_plain(struct voc_partition_counts *counts, const struct voc_field *field, struct rules_fields *rules)
{
	if (voc_str_is(field->name, "rules"))
		rules->version = field->value;
	else if (voc_str_is(field->name, "rules_body"))
		rules->body = field->value;
	else if (voc_str_is(field->name, "rules_from"))
		return voc_str_to_i64(field->value, &counts->rules_from) && counts->rules_from >= 0;
	else
		return load_number(counts, field);
	return true;
}

/* The body is parsed only if no partition is under these rules yet. It must be byte for byte what we would store. */
static enum voc_status load_rules(struct voc_partition_state *state, const struct rules_fields *fields,
                                  struct voc_rule_book *book, struct voc_error *error)
{
	if (!fields->version.ptr && !fields->body.ptr && state->stored.rules_from < 0 && state->stored.offset == 0)
		return VOC_OK;
	if (!fields->version.ptr || !fields->body.ptr || state->stored.rules_from < 0)
		return bad_field(error, VOC_STR("rules"));
	const struct voc_rule_set *set = voc_rule_book_find(book, fields->version);
	struct voc_error why;
	voc_error_clear(&why);
	if (!set && voc_rule_book_read(book, fields->body, &set, &why) != VOC_OK &&
	    why.reason == VOC_REASON_OUT_OF_MEMORY)
		return voc_error_set(error, VOC_FATAL, why.reason, -1, "%s", why.text);
	state->stored_rules = set;
	state->rules = voc_rule_set_hold(set);
	if (!set || !voc_str_is(fields->version, set->rules.version) || !voc_str_eq(fields->body, set->json))
		return bad_field(error, VOC_STR("rules_body"));
	return VOC_OK;
}

enum voc_status voc_partition_state_load(const struct voc_field *fields, size_t count, struct voc_rule_book *book,
                                         struct voc_partition_state *ret_state, struct voc_error *error)
{
	struct voc_partition_state state;
	struct rules_fields rules = { { NULL, 0 }, { NULL, 0 } };
	enum voc_status status = VOC_OK;
	bool has_offset = false;
	voc_partition_state_init(&state);
	for (size_t i = 0; i < count && status == VOC_OK; i++) {
		has_offset = has_offset || voc_str_is(fields[i].name, "offset");
		if (voc_str_starts_with(fields[i].name, VOC_STR(MARK_PREFIX)))
			status = load_mark(&state, &fields[i], error);
		else if (voc_str_is(fields[i].name, VALUES))
			status = load_values(&state, &fields[i], error);
		else if (!load_plain(&state.stored, &fields[i], &rules))
			status = bad_field(error, fields[i].name);
	}
	if (status == VOC_OK && count > 0 && !has_offset)
		status = bad_field(error, VOC_STR("offset"));
	if (status == VOC_OK)
		status = load_rules(&state, &rules, book, error);
	if (status != VOC_OK) {
		voc_partition_state_free(&state);
		return status;
	}
	state.is_stored = count > 0;
	state.now = state.stored;
	*ret_state = state;
	return VOC_OK;
}

void voc_partition_state_set_rules(struct voc_partition_state *state, const struct voc_rule_set *rules, int64_t offset)
{
	voc_rule_set_release(state->rules);
	state->rules = rules;
	state->now.rules_from = offset;
}

static bool tell_i64(struct voc_str name, int64_t value, voc_field_fn tell, void *context)
{
	char digits[VOC_I64_SIZE];
	struct voc_field field = { name, voc_str_of(digits, voc_str_put_i64(digits, value)) };
	return tell(context, &field);
}

static bool tell_rules(const struct voc_partition_state *state, voc_field_fn tell, void *context)
{
	if (state->rules == state->stored_rules && state->now.rules_from == state->stored.rules_from)
		return true;
	struct voc_field version = { VOC_STR("rules"), voc_str_from(voc_rule_set_version(state->rules)) };
	struct voc_field body = { VOC_STR("rules_body"), state->rules->json };
	return tell(context, &version) && tell(context, &body) &&
	       tell_i64(VOC_STR("rules_from"), state->now.rules_from, tell, context);
}

bool voc_partition_state_diff(const struct voc_partition_state *state, voc_field_fn tell, void *context)
{
	for (size_t i = 0; i < NUMBER_COUNT; i++) {
		int64_t value = number_in(&state->now, i);
		bool told = i == NUMBER_OFFSET && !state->is_stored;
		if ((told || value != number_in(&state->stored, i)) &&
		    !tell_i64(voc_str_from(numbers[i].name), value, tell, context))
			return false;
	}
	if (!tell_rules(state, tell, context) || !tell_values(state, tell, context))
		return false;
	for (size_t i = 0; i < state->mark_count; i++) {
		const struct voc_mark *mark = &state->marks[i];
		char name[MARK_NAME_SIZE];
		if (mark->next == mark->stored)
			continue;
		int len = snprintf(name, sizeof name, MARK_PREFIX "%s/%d", mark->topic, (int)mark->partition);
		if (!tell_i64(voc_str_of(name, (size_t)len), mark->next, tell, context))
			return false;
	}
	return true;
}

void voc_partition_state_saved(struct voc_partition_state *state)
{
	voc_rule_set_release(state->stored_rules);
	state->stored_rules = voc_rule_set_hold(state->rules);
	state->stored = state->now;
	state->is_stored = true;
	state->values_changed = false;
	for (size_t i = 0; i < state->mark_count; i++)
		state->marks[i].stored = state->marks[i].next;
}
