/*
 * Reads JSON (RFC 8259) piece by piece out of borrowed bytes: no tree, no recursion.
 *
 *   voc_json_read_begin(&json, text, arena, 16, &error);
 *   if (voc_json_enter_object(&json))
 *           while (voc_json_next_member(&json, &name)) {
 *                   if (voc_str_is(name, "id"))
 *                           voc_json_read_str(&json, &id);
 *                   else
 *                           voc_json_skip(&json, NULL);
 *           }
 *   return voc_json_read_end(&json);
 *
 * Every value that next_member or next_element stops at must be read, entered or skipped before the next call. The
 * first failure sticks: all later calls return false (so loops end), and _end reports it. Strings are borrowed from
 * the text; only those with escapes are built in the arena, and so is the list of keys of objects with many members.
 * Use of memory is bounded by the text's length, and time too: an object has at most VOC_JSON_MAX_MEMBERS.
 *
 * Strict, in skipped values too: well-formed UTF-8, no U+0000 raw or escaped, no control characters or lone surrogate
 * escapes in strings, no member twice (names are compared unescaped), one value and nothing after it. Numbers as
 * jansson takes them: an integer must fit 64 bits and a fraction a finite double. tests/fuzz/fuzz_json.c holds it
 * against jansson, which must accept, refuse and read the same (but for depth, members and a zero byte behind a
 * number).
 *
 * Reasons: bad_json, bad_utf8 (lone surrogates too), nul_character, duplicate_key, too_deep, too_large (members),
 * out_of_memory (the arena is full), and bad_type or bad_value where a value is not what the caller asked for.
 * One thread at a time.
 */
#ifndef VOC_BASE_JSON_READ_H
#define VOC_BASE_JSON_READ_H

#include "base/arena.h"
#include "base/err.h"

#define VOC_JSON_MAX_DEPTH   64
#define VOC_JSON_MAX_MEMBERS 1024 /* of one object */
#define VOC_JSON_FEW_KEYS    32   /* of all open objects, held without the arena */

enum voc_json_type {
	VOC_JSON_FAILED, /* no value begins here */
	VOC_JSON_OBJECT,
	VOC_JSON_ARRAY,
	VOC_JSON_STRING,
	VOC_JSON_NUMBER,
	VOC_JSON_BOOL,
	VOC_JSON_NULL,
};

struct voc_json_key {
	uint64_t front; /* some of its bytes, as a number: it differs for most names */
	struct voc_str name;
};

struct voc_json_level {
	size_t first_key; /* this object's names begin there */
	uint64_t met;     /* a bit for each name, by its bytes: where a name's is unset, the name is new */
	/* Names that voc_json_next_of took: bits 1 << index of `expected`. They are among the keys only once
	 * voc_json_next_member or voc_json_next_is had to look for a second one of the same name. */
	const struct voc_str *expected;
	uint32_t taken;
	bool is_object;
	bool started; /* a comma must come before the next */
};

/* Plain data, for the stack; private. */
struct voc_json_reader {
	const char *begin, *at, *end;
	struct voc_arena *arena;
	struct voc_error *error;
	unsigned depth, max_depth;
	bool failed;
	struct voc_json_key *keys; /* of all open objects */
	size_t key_count, key_cap;
	struct voc_json_key few_keys[VOC_JSON_FEW_KEYS];
	struct voc_json_level levels[VOC_JSON_MAX_DEPTH];
};

/* `max_depth`: nested objects and arrays, the outermost is 1; at most VOC_JSON_MAX_DEPTH. All borrowed; `error` is
 * cleared. */
void voc_json_read_begin(struct voc_json_reader *json, struct voc_str text, struct voc_arena *arena, unsigned max_depth,
                         struct voc_error *error);
/* Nothing but white space may be left. True if the whole text was good. */
VOC_MUST_CHECK bool voc_json_read_end(struct voc_json_reader *json);

/* What comes next, by its first byte; nothing is consumed. */
enum voc_json_type voc_json_peek(struct voc_json_reader *json);

bool voc_json_enter_object(struct voc_json_reader *json);
bool voc_json_enter_array(struct voc_json_reader *json);
/* False at the end, which leaves the object, or after a failure. */
bool voc_json_next_member(struct voc_json_reader *json, struct voc_str *ret_name);
/*
 * Takes the next member if its name is this one, written without escapes and without white space around it. Else false,
 * and the reader is where it was (or has failed): voc_json_next_member goes on from there. It spares a reader that
 * knows the usual order of members the comparison of names.
 */
bool voc_json_next_is(struct voc_json_reader *json, struct voc_str name);
/*
 * The same for several names: takes the next member if it is one of names[first] to names[end - 1], and returns its
 * index (at most 31), else -1. `names` must be the same table for a whole object, and `first` greater than the index of
 * every member of it met so far: a name taken here then cannot have come before, and is not searched among the others.
 */
int voc_json_next_of(struct voc_json_reader *json, const struct voc_str *names, int first, int end);
bool voc_json_next_element(struct voc_json_reader *json);

/* Each fails with bad_type if the value is of another type. */
bool voc_json_read_str(struct voc_json_reader *json, struct voc_str *ret_value);
bool voc_json_read_bool(struct voc_json_reader *json, bool *ret_value);
/* A number's text. */
bool voc_json_read_number(struct voc_json_reader *json, struct voc_str *ret_value);
/* A mathematical integer (4, 4.0 and 40e-1 are one); bad_value if it isn't or doesn't fit. */
bool voc_json_read_i64(struct voc_json_reader *json, int64_t *ret_value);
/* In thousandths, rounded half away from zero: 0.9345 gives 935. */
bool voc_json_read_milli(struct voc_json_reader *json, int64_t *ret_value);
/* Any value, checked like all others; *ret_raw (may be NULL) is its text, verbatim. */
bool voc_json_skip(struct voc_json_reader *json, struct voc_str *ret_raw);

/* Fails the reader from outside, for what the caller finds wrong, at the byte reached so far. Always false. */
bool voc_json_fail(struct voc_json_reader *json, enum voc_reason reason, const char *what);

/* A number's text as an integer; false if it is none or doesn't fit. */
bool voc_json_number_to_i64(struct voc_str number, int64_t *ret_value);

#endif
