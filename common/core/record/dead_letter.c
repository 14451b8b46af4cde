#include "core/record/dead_letter.h"

#include "base/timestamp.h"

#define CONNECT_PREFIX "__connect.errors."
#define OWN_HEADERS    17 /* at most */

/* X(symbol, name) */
#define NAMES(X)                                         \
	X(NAME_REASON, "voc_reason")                     \
	X(NAME_ERROR, "voc_error")                       \
	X(NAME_POSITION, "voc_position")                 \
	X(NAME_ORIGIN_TOPIC, "voc_origin_topic")         \
	X(NAME_ORIGIN_PARTITION, "voc_origin_partition") \
	X(NAME_ORIGIN_OFFSET, "voc_origin_offset")       \
	X(NAME_ORIGIN_TIMESTAMP, "voc_origin_timestamp") \
	X(NAME_SERVICE, "voc_service")                   \
	X(NAME_TIME, "voc_time")

#define X(symbol, name) symbol,
enum own_name { NAMES(X) NAME_COUNT };
#undef X

static const char *const names[NAME_COUNT] = {
#define X(symbol, name) [symbol] = name,
	NAMES(X)
#undef X
};

/* Headers under construction. Running out of memory is remembered. */
struct header_list {
	struct voc_arena *arena;
	struct voc_header *headers;
	size_t count;
	bool failed;
};

static void add(struct header_list *list, const char *name, struct voc_str value)
{
	list->headers[list->count++] = (struct voc_header){ voc_str_from(name), value };
}

static struct voc_str keep(struct header_list *list, struct voc_str text)
{
	struct voc_str copy = voc_arena_copy(list->arena, text);
	list->failed = list->failed || !copy.ptr;
	return copy;
}

static struct voc_str keep_i64(struct header_list *list, int64_t value)
{
	char digits[24];
	struct voc_buf buf = { .ptr = digits, .cap = sizeof digits, .max = sizeof digits };
	voc_buf_add_i64(&buf, value);
	return keep(list, voc_buf_str(&buf));
}

static struct voc_str keep_time(struct header_list *list, int64_t time_ms)
{
	char text[VOC_TIMESTAMP_SIZE];
	return keep(list, voc_str_of(text, voc_timestamp_format(time_ms, text)));
}

/* Kafka Connect's name for where it failed: the alerter fails to deliver a record, all others fail to read one. */
static const char *connect_stage(enum voc_reason reason)
{
	bool delivery = reason == VOC_REASON_WEBHOOK_REJECTED || reason == VOC_REASON_WEBHOOK_EXHAUSTED;
	return delivery ? "TASK_PUT" : "VALUE_CONVERTER";
}

static struct voc_str exception_class(struct header_list *list, enum voc_reason reason)
{
	char text[64] = "voc.";
	size_t len = 4 + voc_str_copy(text + 4, sizeof text - 4, voc_str_from(voc_reason_name(reason)));
	return keep(list, voc_str_of(text, len));
}

static void add_ours(struct header_list *list, const struct voc_dead_letter *letter)
{
	struct voc_str partition = keep_i64(list, letter->origin_partition);
	struct voc_str offset = keep_i64(list, letter->origin_offset);
	add(list, names[NAME_REASON], voc_str_from(voc_reason_name(letter->reason)));
	add(list, names[NAME_ERROR], letter->error);
	if (letter->position >= 0)
		add(list, names[NAME_POSITION], keep_i64(list, letter->position));
	add(list, names[NAME_ORIGIN_TOPIC], letter->origin_topic);
	add(list, names[NAME_ORIGIN_PARTITION], partition);
	add(list, names[NAME_ORIGIN_OFFSET], offset);
	add(list, names[NAME_ORIGIN_TIMESTAMP], keep_i64(list, letter->origin_timestamp_ms));
	add(list, names[NAME_SERVICE], letter->service);
	add(list, names[NAME_TIME], keep_time(list, letter->time_ms));
	add(list, CONNECT_PREFIX "topic", letter->origin_topic);
	add(list, CONNECT_PREFIX "partition", partition);
	add(list, CONNECT_PREFIX "offset", offset);
	add(list, CONNECT_PREFIX "connector.name", letter->service);
	add(list, CONNECT_PREFIX "task.id", VOC_STR("0"));
	add(list, CONNECT_PREFIX "stage", voc_str_from(connect_stage(letter->reason)));
	add(list, CONNECT_PREFIX "exception.class.name", exception_class(list, letter->reason));
	add(list, CONNECT_PREFIX "exception.message", letter->error);
}

bool voc_dead_letter_encode(const struct voc_dead_letter *letter, const struct voc_header *original,
                            size_t original_count, struct voc_arena *arena, const struct voc_header **ret_headers,
                            size_t *ret_count)
{
	struct header_list list = { .arena = arena };
	if (original_count > SIZE_MAX / sizeof *list.headers - OWN_HEADERS)
		return false;
	list.headers = voc_arena_alloc(arena, (original_count + OWN_HEADERS) * sizeof *list.headers);
	if (!list.headers)
		return false;
	for (size_t i = 0; i < original_count; i++)
		if (!voc_dead_letter_owns(original[i].name))
			list.headers[list.count++] = original[i];
	add_ours(&list, letter);
	if (list.failed)
		return false;
	*ret_headers = list.headers;
	*ret_count = list.count;
	return true;
}

/* The last one of that name, as Kafka's own lastHeader; NULL if there is none. */
static const struct voc_str *find(const struct voc_header *headers, size_t count, enum own_name name)
{
	while (count-- > 0)
		if (voc_str_is(headers[count].name, names[name]))
			return &headers[count].value;
	return NULL;
}

static bool find_i64(const struct voc_header *headers, size_t count, enum own_name name, int64_t *ret_value)
{
	const struct voc_str *text = find(headers, count, name);
	return text && voc_str_to_i64(*text, ret_value);
}

static struct voc_str find_text(const struct voc_header *headers, size_t count, enum own_name name)
{
	const struct voc_str *text = find(headers, count, name);
	return text ? *text : (struct voc_str){ NULL, 0 };
}

bool voc_dead_letter_decode(const struct voc_header *headers, size_t count, struct voc_dead_letter *ret_letter)
{
	struct voc_dead_letter letter = { .reason = VOC_REASON_NONE, .position = -1 };
	int64_t partition;
	letter.reason_name = find_text(headers, count, NAME_REASON);
	letter.origin_topic = find_text(headers, count, NAME_ORIGIN_TOPIC);
	if (letter.reason_name.len == 0 || letter.origin_topic.len == 0 ||
	    !find_i64(headers, count, NAME_ORIGIN_PARTITION, &partition) || partition < 0 || partition > INT32_MAX ||
	    !find_i64(headers, count, NAME_ORIGIN_OFFSET, &letter.origin_offset) || letter.origin_offset < 0)
		return false;
	letter.origin_partition = (int32_t)partition;
	voc_reason_parse(letter.reason_name, &letter.reason);
	letter.error = find_text(headers, count, NAME_ERROR);
	letter.service = find_text(headers, count, NAME_SERVICE);
	find_i64(headers, count, NAME_POSITION, &letter.position);
	find_i64(headers, count, NAME_ORIGIN_TIMESTAMP, &letter.origin_timestamp_ms);
	const struct voc_str *time = find(headers, count, NAME_TIME);
	if (time)
		voc_timestamp_parse(*time, &letter.time_ms);
	*ret_letter = letter;
	return true;
}

bool voc_dead_letter_owns(struct voc_str header_name)
{
	for (size_t i = 0; i < NAME_COUNT; i++)
		if (voc_str_is(header_name, names[i]))
			return true;
	return voc_str_starts_with(header_name, VOC_STR(CONNECT_PREFIX));
}
