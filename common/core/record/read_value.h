/*
 * Values of our own records (classified, alert, contribution) out of a JSON reader: names, times, labels.
 *
 * Every function reads one value and fails the reader (bad_type, bad_value, too_large, ...) with `what` as the text if
 * it is not as it should be; the result is that of base/json_read.h: true if there is a value. Pure.
 */
#ifndef VOC_CORE_READ_VALUE_H
#define VOC_CORE_READ_VALUE_H

#include "base/json_read.h"
#include "core/record/labels.h"

/* Members of an object that we give no meaning. */
enum voc_others {
	VOC_OTHERS_ANY,
	VOC_OTHERS_PLAIN, /* a string, number or boolean, as CloudEvents' extension attributes are */
	VOC_OTHERS_NONE,
};

/* The members of an object that mean something. */
struct voc_members {
	const struct voc_str *names;
	int count;
	uint32_t required; /* bit 1 << index of the name */
	enum voc_others others;
};
#define VOC_MEMBER(name)                 \
	{                                \
		(name), sizeof(name) - 1 \
	}

/* The next member of `members`, -1 at the object's end or after a failure. `seen` gathers what was met. */
int voc_members_next(struct voc_json_reader *json, const struct voc_members *members, uint32_t *seen);
/* After the end: fails with missing_field and the name if one that is required was not met. */
bool voc_members_check(struct voc_json_reader *json, const struct voc_members *members, uint32_t seen);

/* Reads the value of the member with this index into `ret`. */
typedef void (*voc_read_member_fn)(struct voc_json_reader *json, int member, void *ret);
/* A whole object, its members in any order, none that is required missing. */
bool voc_read_object(struct voc_json_reader *json, const struct voc_members *members, voc_read_member_fn read,
                     void *ret);

/* The value of a member that is given no meaning: passed over, or refused. */
void voc_read_other(struct voc_json_reader *json, enum voc_others others);

/* What a failed read means for the record: VOC_INVALID, but VOC_FATAL (in `error` too) if the arena was full. */
enum voc_status voc_read_failure(struct voc_error *error);

/* Not empty, at most `max_chars` code points. */
bool voc_read_name(struct voc_json_reader *json, const char *what, size_t max_chars, struct voc_str *ret_value);
/* As a name, not blank and without control characters: what others know a thing by. */
bool voc_read_identity(struct voc_json_reader *json, const char *what, size_t max_chars, struct voc_str *ret_value);
/* As voc_timestamp_format writes it. */
bool voc_read_time(struct voc_json_reader *json, const char *what, int64_t *ret_ms);
bool voc_read_int(struct voc_json_reader *json, const char *what, int64_t least, int64_t most, int64_t *ret_value);
/* "ko" or "en". */
bool voc_read_lang(struct voc_json_reader *json, const char *what, char ret_lang[3]);
/* Exactly this string; `reason` if it is another. */
bool voc_read_constant(struct voc_json_reader *json, const char *what, const char *constant, enum voc_reason reason);

bool voc_read_feedback(struct voc_json_reader *json, const char *what, enum voc_feedback *ret_value);
bool voc_read_satisfaction(struct voc_json_reader *json, const char *what, enum voc_satisfaction *ret_value);
bool voc_read_factor(struct voc_json_reader *json, const char *what, enum voc_factor *ret_value);
bool voc_read_servqual(struct voc_json_reader *json, const char *what, enum voc_servqual *ret_value);
bool voc_read_trend(struct voc_json_reader *json, const char *what, enum voc_trend *ret_value);
bool voc_read_channel(struct voc_json_reader *json, const char *what, enum voc_channel *ret_value);

#endif
