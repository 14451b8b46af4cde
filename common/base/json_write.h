/*
 * Writes JSON into a voc_buf: no tree, no allocation beyond the buffer's.
 *
 * Commas are put by the writer. Strings must be well-formed UTF-8 (checked at the door); escapes are \" \\ \b \f \n
 * \r \t and \u00xx in lower case, all else as it is: the same bytes as Python's json.dumps(ensure_ascii=False,
 * separators=(",", ":")), which the oracle in tests/ relies on. Failures (buffer full, nested deeper than 32) are
 * remembered in the buffer.
 */
#ifndef VOC_BASE_JSON_WRITE_H
#define VOC_BASE_JSON_WRITE_H

#include "base/str.h"

struct voc_json_writer {
	struct voc_buf *buf; /* borrowed */
	uint32_t not_first;  /* bit n: level n already holds a value */
	unsigned depth;
};

void voc_json_begin(struct voc_json_writer *json, struct voc_buf *buf);
void voc_json_object(struct voc_json_writer *json);
void voc_json_object_end(struct voc_json_writer *json);
void voc_json_array(struct voc_json_writer *json);
void voc_json_array_end(struct voc_json_writer *json);
/* Begins a member; the next value that is written is its. The first two are for names that stand in our source, and
 * write them as they are; voc_json_key_str is for any other, and escapes what it must. */
void voc_json_own_key(struct voc_json_writer *json, struct voc_str name);
static inline void voc_json_key(struct voc_json_writer *json, const char *name)
{
	voc_json_own_key(json, voc_str_from(name));
}
void voc_json_key_str(struct voc_json_writer *json, struct voc_str name);
void voc_json_str(struct voc_json_writer *json, struct voc_str value);
void voc_json_i64(struct voc_json_writer *json, int64_t value);
void voc_json_bool(struct voc_json_writer *json, bool value);
void voc_json_null(struct voc_json_writer *json);
/* Thousandths as a decimal fraction: 934 is written 0.934, 1000 is 1.0, 0 is 0.0 (as Python writes them). */
void voc_json_milli(struct voc_json_writer *json, int64_t thousandths);
/* A value that already is JSON, verbatim. */
void voc_json_raw(struct voc_json_writer *json, struct voc_str value);

/* A member and its value in one call, with a name as for voc_json_key. */
void voc_json_own_member_str(struct voc_json_writer *json, struct voc_str name, struct voc_str value);
void voc_json_own_member_i64(struct voc_json_writer *json, struct voc_str name, int64_t value);
static inline void voc_json_member_str(struct voc_json_writer *json, const char *name, struct voc_str value)
{
	voc_json_own_member_str(json, voc_str_from(name), value);
}
static inline void voc_json_member_i64(struct voc_json_writer *json, const char *name, int64_t value)
{
	voc_json_own_member_i64(json, voc_str_from(name), value);
}
static inline void voc_json_member_bool(struct voc_json_writer *json, const char *name, bool value)
{
	voc_json_own_key(json, voc_str_from(name));
	voc_json_bool(json, value);
}

#endif
