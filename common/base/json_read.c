#include "base/json_read.h"

#include "base/json_scan.h"
#include "base/utf8.h"

static bool fail_at(struct voc_json_reader *json, const char *at, enum voc_reason reason, const char *what)
{
	if (!json->failed)
		voc_error_set(json->error, VOC_INVALID, reason, at - json->begin, "%s", what);
	json->failed = true;
	return false;
}

bool voc_json_fail(struct voc_json_reader *json, enum voc_reason reason, const char *what)
{
	return fail_at(json, json->at, reason, what);
}

static bool fail_scan(struct voc_json_reader *json, const struct voc_json_scan *scan)
{
	return fail_at(json, scan->at, scan->reason, scan->what);
}

void voc_json_read_begin(struct voc_json_reader *json, struct voc_str text, struct voc_arena *arena, unsigned max_depth,
                         struct voc_error *error)
{
	const char *begin = text.len > 0 ? text.ptr : "";
	/* Not an initialiser: the key and level arrays need no clearing. */
	json->begin = json->at = begin;
	json->end = begin + text.len;
	json->arena = arena;
	json->error = error;
	json->depth = 0;
	json->max_depth = max_depth < VOC_JSON_MAX_DEPTH ? max_depth : VOC_JSON_MAX_DEPTH;
	json->failed = false;
	json->keys = json->few_keys;
	json->key_count = 0;
	json->key_cap = VOC_JSON_FEW_KEYS;
	voc_error_clear(error);
}

static void skip_space(struct voc_json_reader *json)
{
	const char *at = json->at;
	if (at < json->end && (unsigned char)*at > ' ') /* most values have none before them */
		return;
	while (at < json->end && (*at == ' ' || *at == '\n' || *at == '\t' || *at == '\r'))
		at++;
	json->at = at;
}

/* For a byte that does not belong where it is. A NUL or broken UTF-8 is told as that, for it is the likelier cause. */
static bool fail_unexpected(struct voc_json_reader *json, const char *what)
{
	if (json->at < json->end && *json->at == '\0')
		return fail_at(json, json->at, VOC_REASON_NUL_CHARACTER, "raw U+0000");
	if (json->at < json->end && voc_utf8_length(json->at, json->end) == 0)
		return fail_at(json, json->at, VOC_REASON_BAD_UTF8, "ill-formed UTF-8");
	return fail_at(json, json->at, VOC_REASON_BAD_JSON, what);
}

static bool take(struct voc_json_reader *json, char c, const char *what)
{
	if (json->failed)
		return false;
	skip_space(json);
	if (json->at == json->end || *json->at != c)
		return fail_unexpected(json, what);
	json->at++;
	return true;
}

bool voc_json_read_end(struct voc_json_reader *json)
{
	if (json->failed)
		return false;
	skip_space(json);
	if (json->at != json->end)
		return fail_unexpected(json, "more than one value");
	return json->depth == 0 || fail_at(json, json->at, VOC_REASON_INTERNAL, "ended inside of a value");
}

enum voc_json_type voc_json_peek(struct voc_json_reader *json)
{
	if (json->failed)
		return VOC_JSON_FAILED;
	skip_space(json);
	switch (json->at < json->end ? *json->at : '\0') {
	case '{': return VOC_JSON_OBJECT;
	case '[': return VOC_JSON_ARRAY;
	case '"': return VOC_JSON_STRING;
	case 't':
	case 'f': return VOC_JSON_BOOL;
	case 'n': return VOC_JSON_NULL;
	case '-':
	case '0':
	case '1':
	case '2':
	case '3':
	case '4':
	case '5':
	case '6':
	case '7':
	case '8':
	case '9': return VOC_JSON_NUMBER;
	default: fail_unexpected(json, "no value"); return VOC_JSON_FAILED;
	}
}

static bool expect(struct voc_json_reader *json, enum voc_json_type type, const char *what)
{
	enum voc_json_type found = voc_json_peek(json);
	return found == type || fail_at(json, json->at, VOC_REASON_BAD_TYPE, what);
}

static bool enter(struct voc_json_reader *json, bool is_object)
{
	if (json->depth == json->max_depth)
		return fail_at(json, json->at, VOC_REASON_TOO_DEEP, "nested too deep");
	struct voc_json_level *level = &json->levels[json->depth++];
	level->first_key = json->key_count;
	level->met = 0;
	level->taken = 0;
	level->is_object = is_object;
	level->started = false;
	json->at++;
	return true;
}

bool voc_json_enter_object(struct voc_json_reader *json)
{
	return expect(json, VOC_JSON_OBJECT, "not an object") && enter(json, true);
}

bool voc_json_enter_array(struct voc_json_reader *json)
{
	return expect(json, VOC_JSON_ARRAY, "not an array") && enter(json, false);
}

/* At the next member or element: true, or false if the level ended here (and was left) or is broken. */
static bool advance(struct voc_json_reader *json, char bracket)
{
	if (json->failed)
		return false;
	struct voc_json_level *level = &json->levels[json->depth - 1];
	skip_space(json);
	if (json->at < json->end && *json->at == bracket) {
		json->at++;
		json->key_count = level->first_key;
		json->depth--;
		return false;
	}
	if (level->started && !take(json, ',', "no comma or end of the object or array"))
		return false;
	level->started = true;
	return true;
}

bool voc_json_next_element(struct voc_json_reader *json)
{
	return advance(json, ']');
}

/* `at` is the opening quote. With `build` escapes are resolved, in the arena; else they are only checked. */
static bool take_string(struct voc_json_reader *json, bool build, struct voc_str *ret_value)
{
	struct voc_json_scan scan;
	const char *from = json->at + 1, *plain = voc_json_skip_plain(from, json->end);
	if (plain < json->end && *plain == '"') {
		*ret_value = voc_str_of(from, (size_t)(plain - from));
		json->at = plain + 1;
		return true;
	}
	if (!voc_json_scan_string(plain, json->end, &scan))
		return fail_scan(json, &scan);
	struct voc_str value = voc_str_of(from, (size_t)(scan.at - from));
	if (build && scan.special) {
		char *to = voc_arena_alloc(json->arena, value.len);
		if (!to)
			return fail_at(json, json->at, VOC_REASON_OUT_OF_MEMORY, "the arena is full");
		value = voc_str_of(to, voc_json_unescape(to, value));
	}
	json->at = scan.at + 1;
	*ret_value = value;
	return true;
}

static bool grow_keys(struct voc_json_reader *json)
{
	size_t cap = json->key_cap * 2;
	struct voc_json_key *keys = voc_arena_alloc(json->arena, cap * sizeof *keys);
	if (!keys)
		return fail_at(json, json->at, VOC_REASON_OUT_OF_MEMORY, "the arena is full");
	memcpy(keys, json->keys, json->key_count * sizeof *keys);
	json->keys = keys;
	json->key_cap = cap;
	return true;
}

/* Up to eight bytes of the name in one number: names for which it differs are different. */
static uint64_t front_of(struct voc_str name)
{
	uint32_t low, high;
	uint64_t whole;
	const unsigned char *bytes = (const unsigned char *)name.ptr;
	if (name.len >= sizeof whole) {
		memcpy(&whole, bytes, sizeof whole);
		return whole;
	}
	if (name.len >= sizeof low) {
		memcpy(&low, bytes, sizeof low);
		memcpy(&high, bytes + name.len - sizeof high, sizeof high);
		return (uint64_t)high << 32 | low;
	}
	if (name.len == 0)
		return 0;
	return bytes[0] | (uint64_t)bytes[name.len / 2] << 8 | (uint64_t)bytes[name.len - 1] << 16;
}

static bool put_key(struct voc_json_reader *json, const char *at, struct voc_json_level *level, struct voc_json_key key,
                    uint64_t bit)
{
	if (json->key_count - level->first_key == VOC_JSON_MAX_MEMBERS)
		return fail_at(json, at, VOC_REASON_TOO_LARGE, "an object with too many members");
	if (json->key_count == json->key_cap && !grow_keys(json))
		return false;
	level->met |= bit;
	json->keys[json->key_count++] = key;
	return true;
}

static uint64_t bit_of(uint64_t front, struct voc_str name)
{
	return UINT64_C(1) << ((front ^ name.len) * UINT64_C(0x9E3779B97F4A7C15) >> 58);
}

/* The expected names that were taken, with the others: one that comes now may be one of them. */
static bool put_taken(struct voc_json_reader *json, const char *at, struct voc_json_level *level)
{
	bool good = true;
	for (; good && level->taken; level->taken &= level->taken - 1) {
		struct voc_str name = level->expected[__builtin_ctz(level->taken)];
		uint64_t front = front_of(name);
		good = put_key(json, at, level, (struct voc_json_key){ front, name }, bit_of(front, name));
	}
	return good;
}

/*
 * Remembers a name of the innermost object, unless it is there already. A plain search: objects are small, and
 * VOC_JSON_MAX_MEMBERS bounds what a hostile one can cost, which no hash function would do alone.
 */
static bool add_key(struct voc_json_reader *json, const char *at, struct voc_str name)
{
	struct voc_json_level *level = &json->levels[json->depth - 1];
	uint64_t front = front_of(name), bit = bit_of(front, name);
	size_t first = level->first_key;
	if (level->taken && !put_taken(json, at, level))
		return false;
	for (size_t i = level->met & bit ? first : json->key_count; i < json->key_count; i++)
		if (json->keys[i].front == front && voc_str_eq(json->keys[i].name, name))
			return fail_at(json, at, VOC_REASON_DUPLICATE_KEY, "the same member twice");
	return put_key(json, at, level, (struct voc_json_key){ front, name }, bit);
}

bool voc_json_next_member(struct voc_json_reader *json, struct voc_str *ret_name)
{
	if (!advance(json, '}'))
		return false;
	skip_space(json);
	const char *at = json->at;
	if (at == json->end || *at != '"')
		return fail_unexpected(json, "no member name");
	struct voc_str name;
	if (!take_string(json, true, &name) || !add_key(json, at, name) || !take(json, ':', "no colon"))
		return false;
	skip_space(json);
	*ret_name = name;
	return true;
}

bool voc_json_next_is(struct voc_json_reader *json, struct voc_str name)
{
	if (json->failed)
		return false;
	struct voc_json_level *level = &json->levels[json->depth - 1];
	const char *quote = json->at + level->started; /* behind the comma */
	if ((size_t)(json->end - json->at) < level->started + name.len + 3 || (level->started && *json->at != ',') ||
	    quote[0] != '"' || quote[name.len + 1] != '"' || quote[name.len + 2] != ':' ||
	    memcmp(quote + 1, name.ptr, name.len) != 0) /* compared last: the end of the name tells most others apart */
		return false;
	if (!add_key(json, quote, voc_str_of(quote + 1, name.len)))
		return false;
	level->started = true;
	json->at = quote + name.len + 3;
	skip_space(json);
	return true;
}

static inline bool same_eight(const char *a, const char *b)
{
	uint64_t x, y;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return x == y;
}

static inline bool same_four(const char *a, const char *b)
{
	uint32_t x, y;
	memcpy(&x, a, sizeof x);
	memcpy(&y, b, sizeof y);
	return x == y;
}

/* As memcmp(a, b, len) == 0, for the few bytes of a name: without a call. The last word may reach back over what was
 * compared already. */
static inline bool same_bytes(const char *a, const char *b, size_t len)
{
	if (len >= 8) {
		for (size_t at = 0; at + 8 < len; at += 8) {
			if (!same_eight(a + at, b + at))
				return false;
		}
		return same_eight(a + len - 8, b + len - 8);
	}
	if (len >= 4)
		return same_four(a, b) && same_four(a + len - 4, b + len - 4);
	while (len > 0 && a[len - 1] == b[len - 1])
		len--;
	return len == 0;
}

int voc_json_next_of(struct voc_json_reader *json, const struct voc_str *names, int first, int end)
{
	if (json->failed)
		return -1;
	struct voc_json_level *level = &json->levels[json->depth - 1];
	const char *quote = json->at + level->started; /* behind the comma */
	size_t room = (size_t)(json->end - json->at);
	if (room < 4 || (level->started && *json->at != ',') || *quote != '"')
		return -1;
	room -= level->started;
	for (int i = first; i < end; i++) {
		struct voc_str name = names[i];
		if (room < name.len + 3 || quote[name.len + 1] != '"' || quote[name.len + 2] != ':' ||
		    !same_bytes(quote + 1, name.ptr, name.len))
			continue;
		level->started = true;
		level->expected = names;
		level->taken |= UINT32_C(1) << i;
		json->at = quote + name.len + 3;
		skip_space(json);
		return i;
	}
	return -1;
}

bool voc_json_read_str(struct voc_json_reader *json, struct voc_str *ret_value)
{
	/* Mostly the string is just here, and nothing needs to be looked for. */
	bool here = !json->failed && json->at < json->end && *json->at == '"';
	return (here || expect(json, VOC_JSON_STRING, "not a string")) && take_string(json, true, ret_value);
}

static bool take_word(struct voc_json_reader *json, struct voc_str word)
{
	size_t left = (size_t)(json->end - json->at);
	if (left < word.len || memcmp(json->at, word.ptr, word.len) != 0)
		return fail_at(json, json->at, VOC_REASON_BAD_JSON, "no value");
	json->at += word.len;
	return true;
}

bool voc_json_read_bool(struct voc_json_reader *json, bool *ret_value)
{
	if (!expect(json, VOC_JSON_BOOL, "not true or false"))
		return false;
	bool value = *json->at == 't';
	if (!take_word(json, value ? VOC_STR("true") : VOC_STR("false")))
		return false;
	*ret_value = value;
	return true;
}

bool voc_json_read_number(struct voc_json_reader *json, struct voc_str *ret_value)
{
	struct voc_json_scan scan;
	if (!expect(json, VOC_JSON_NUMBER, "not a number"))
		return false;
	if (!voc_json_scan_number(json->at, json->end, &scan))
		return fail_scan(json, &scan);
	struct voc_str number = voc_str_of(json->at, (size_t)(scan.at - json->at));
	int64_t integer;
	if (scan.special ? !voc_json_number_is_finite(number) : number.len > 18 && !voc_str_to_i64(number, &integer))
		return fail_at(json, json->at, VOC_REASON_BAD_JSON, "number out of range");
	json->at = scan.at;
	*ret_value = number;
	return true;
}

bool voc_json_number_to_i64(struct voc_str number, int64_t *ret_value)
{
	int64_t value;
	bool exact;
	if (!voc_json_scale_number(number, 0, &value, &exact) || !exact)
		return false;
	*ret_value = value;
	return true;
}

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/*
 * The plain case of a number, read in units of 10^-decimals: up to nine digits, then at most as many as that behind a
 * point, and something that ends it. False, with nothing taken, for all others.
 */
static bool take_plain_number(struct voc_json_reader *json, int decimals, int64_t *ret_value)
{
	const char *at = json->at, *end = json->end;
	int64_t value = 0;
	if (json->failed)
		return false;
	while (at < end && is_digit(*at) && at - json->at < 9)
		value = value * 10 + (*at++ - '0');
	if (at == json->at || (*json->at == '0' && at - json->at > 1))
		return false;
	if (at < end && *at == '.' && decimals > 0) {
		const char *point = at++;
		for (; at < end && is_digit(*at) && decimals > 0; decimals--)
			value = value * 10 + (*at++ - '0');
		if (at == point + 1)
			return false;
	}
	if (at == end || is_digit(*at) || *at == '.' || *at == 'e' || *at == 'E')
		return false;
	for (; decimals > 0; decimals--)
		value *= 10;
	json->at = at;
	*ret_value = value;
	return true;
}

bool voc_json_read_i64(struct voc_json_reader *json, int64_t *ret_value)
{
	if (take_plain_number(json, 0, ret_value))
		return true;
	const char *at = json->at;
	struct voc_str number;
	if (!voc_json_read_number(json, &number))
		return false;
	return voc_json_number_to_i64(number, ret_value) || fail_at(json, at, VOC_REASON_BAD_VALUE, "not an integer");
}

bool voc_json_read_milli(struct voc_json_reader *json, int64_t *ret_value)
{
	if (take_plain_number(json, 3, ret_value))
		return true;
	const char *at = json->at;
	struct voc_str number;
	int64_t value;
	bool exact;
	if (!voc_json_read_number(json, &number))
		return false;
	if (!voc_json_scale_number(number, 3, &value, &exact))
		return fail_at(json, at, VOC_REASON_BAD_VALUE, "number out of range");
	*ret_value = value;
	return true;
}

/* Enters an object or array; takes any other value. */
static bool step_in(struct voc_json_reader *json)
{
	struct voc_str ignored;
	bool ignored_bool;
	enum voc_json_type type = voc_json_peek(json);
	switch (type) {
	case VOC_JSON_OBJECT:
	case VOC_JSON_ARRAY: return enter(json, type == VOC_JSON_OBJECT);
	case VOC_JSON_STRING: return take_string(json, false, &ignored);
	case VOC_JSON_NUMBER: return voc_json_read_number(json, &ignored);
	case VOC_JSON_BOOL: return voc_json_read_bool(json, &ignored_bool);
	case VOC_JSON_NULL: return take_word(json, VOC_STR("null"));
	case VOC_JSON_FAILED: break;
	}
	return false;
}

/* The next value of whatever is open; false if that ended. */
static bool step_on(struct voc_json_reader *json)
{
	struct voc_str ignored;
	if (json->levels[json->depth - 1].is_object)
		return voc_json_next_member(json, &ignored);
	return voc_json_next_element(json);
}

bool voc_json_skip(struct voc_json_reader *json, struct voc_str *ret_raw)
{
	unsigned outside = json->depth;
	if (!json->failed)
		skip_space(json);
	const char *from = json->at;
	do {
		if (!step_in(json))
			return false;
		while (json->depth > outside && !step_on(json))
			if (json->failed)
				return false;
	} while (json->depth > outside);
	if (ret_raw)
		*ret_raw = voc_str_of(from, (size_t)(json->at - from));
	return true;
}
