/* base/json_read against jansson: both accept or both refuse, and read the same. */
#undef NDEBUG /* every build must check */
#include <assert.h>
#include <jansson.h>
#include <stdlib.h>

#include "base/json_read.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define ARENA_BYTES ((size_t)1024 * 1024)

static void compare(struct voc_json_reader *json, const json_t *expected);

static const struct voc_str known[] = { { "id", 2 }, { "type", 4 }, { "a", 1 }, { "", 0 }, { "datacontenttype", 15 } };
#define KNOWN ((int)(sizeof known / sizeof *known))

/* By a reader who knows what comes, and in what order. *first is behind the known ones that were met. */
static bool next_in_order(struct voc_json_reader *json, int *first, struct voc_str *ret_name)
{
	int found = voc_json_next_of(json, known, *first, KNOWN);
	if (found >= 0)
		*ret_name = known[found];
	else if (!voc_json_next_member(json, ret_name))
		return false;
	for (int i = *first; i < KNOWN; i++) {
		if (voc_str_eq(known[i], *ret_name))
			*first = i + 1;
	}
	return true;
}

/* By one who tries what may come. */
static bool next_tried(struct voc_json_reader *json, struct voc_str *ret_name)
{
	for (int i = 0; i < KNOWN; i++) {
		if (voc_json_next_is(json, known[i])) {
			*ret_name = known[i];
			return true;
		}
	}
	return voc_json_next_member(json, ret_name);
}

static void compare_object(struct voc_json_reader *json, const json_t *expected)
{
	struct voc_str name;
	size_t members = 0;
	int first = 0;
	assert(voc_json_enter_object(json));
	bool in_order = json->depth % 2 == 1;
	while (in_order ? next_in_order(json, &first, &name) : next_tried(json, &name)) {
		const json_t *value = json_object_getn(expected, name.ptr, name.len);
		assert(value);
		compare(json, value);
		members++;
	}
	assert(members == json_object_size(expected));
}

static void compare_array(struct voc_json_reader *json, const json_t *expected)
{
	size_t elements = 0;
	assert(voc_json_enter_array(json));
	while (voc_json_next_element(json))
		compare(json, json_array_get(expected, elements++));
	assert(elements == json_array_size(expected));
}

static void compare_string(struct voc_json_reader *json, const json_t *expected)
{
	struct voc_str value;
	assert(voc_json_read_str(json, &value));
	assert(value.len == json_string_length(expected));
	assert(memcmp(value.ptr, json_string_value(expected), value.len) == 0);
}

/* The same number with an exponent of nothing is read the long way, and must be the same. */
static void compare_ways(const struct voc_json_reader *json, struct voc_str number)
{
	if (memchr(number.ptr, 'e', number.len) || memchr(number.ptr, 'E', number.len))
		return;
	char *text;
	assert(asprintf(&text, "%.*s %.*se0", VOC_STR_ARG(number), VOC_STR_ARG(number)) > 0);
	for (int way = 0; way < 2; way++) {
		bool (*read)(struct voc_json_reader *, int64_t *) = way ? voc_json_read_milli : voc_json_read_i64;
		struct voc_json_reader plain, other;
		struct voc_error error;
		int64_t value = 0, same = 0;
		voc_json_read_begin(&plain, voc_str_of(text, number.len + 1), json->arena, 1, &error);
		bool good = read(&plain, &value);
		assert(!good || plain.at == text + number.len);
		voc_json_read_begin(&other, voc_str_from(text + number.len + 1), json->arena, 1, &error);
		assert(read(&other, &same) == good && value == same);
	}
	free(text);
}

static void compare_number(struct voc_json_reader *json, const json_t *expected)
{
	struct voc_str number;
	int64_t value;
	assert(voc_json_read_number(json, &number));
	compare_ways(json, number);
	char *text = strndup(number.ptr, number.len);
	assert(text);
	if (json_is_integer(expected)) {
		assert(voc_str_to_i64(number, &value) && value == json_integer_value(expected));
		assert(voc_json_number_to_i64(number, &value) && value == json_integer_value(expected));
	} else {
		assert(json_is_real(expected) && strtod(text, NULL) == json_real_value(expected));
		/* Exact, so as good as the double or better. */
		if (voc_json_number_to_i64(number, &value))
			assert((double)value == json_real_value(expected));
	}
	free(text);
}

static void compare(struct voc_json_reader *json, const json_t *expected)
{
	bool value;
	switch (voc_json_peek(json)) {
	case VOC_JSON_OBJECT: compare_object(json, expected); break;
	case VOC_JSON_ARRAY: compare_array(json, expected); break;
	case VOC_JSON_STRING: compare_string(json, expected); break;
	case VOC_JSON_NUMBER: compare_number(json, expected); break;
	case VOC_JSON_BOOL:
		assert(voc_json_read_bool(json, &value) && json_is_boolean(expected) &&
		       value == json_is_true(expected));
		break;
	case VOC_JSON_NULL: assert(json_is_null(expected) && voc_json_skip(json, NULL)); break;
	case VOC_JSON_FAILED: assert(false);
	}
}

/* jansson knows neither limit, and passes over a zero byte behind a number (seen with 2.14). */
static bool is_stricter(const struct voc_error *error)
{
	return error->reason == VOC_REASON_TOO_DEEP || error->reason == VOC_REASON_TOO_LARGE ||
	       error->reason == VOC_REASON_NUL_CHARACTER;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct voc_json_reader json;
	struct voc_error error;
	struct voc_arena *arena = voc_arena_new(ARENA_BYTES);
	struct voc_str text = { (const char *)data, size }, raw;
	voc_json_read_begin(&json, text, arena, VOC_JSON_MAX_DEPTH, &error);
	bool skipped = voc_json_skip(&json, &raw);
	bool accepted = voc_json_read_end(&json);
	assert(skipped || !accepted);
	assert(accepted ? error.status == VOC_OK : error.status == VOC_INVALID && error.position <= (int64_t)size);

	json_error_t jansson_error;
	json_t *expected = json_loadb(text.ptr, size, JSON_REJECT_DUPLICATES | JSON_DECODE_ANY, &jansson_error);
	assert(accepted == (expected != NULL) || is_stricter(&error));
	if (accepted) {
		voc_json_read_begin(&json, raw, arena, VOC_JSON_MAX_DEPTH, &error);
		compare(&json, expected);
		assert(voc_json_read_end(&json));
	}
	json_decref(expected);
	voc_arena_free(arena);
	return 0;
}
