/*
 * How the parts of a rules file are read: strictly, with the member's path in the first error. Private to
 * core/rules*_json.c, each of which reads a part. No locks; for the duration of one read.
 */
#ifndef VOC_CORE_RULES_READER_H
#define VOC_CORE_RULES_READER_H

#include "core/rules/rules.h"

struct json_t; /* jansson's */

/* The JSON under reading. Once `failed`, what was read is worth nothing. */
struct voc_rules_reader {
	struct voc_error *error;
	bool failed;
};

/* A member that holds an integer, and its range. */
struct voc_rules_number {
	const char *name;
	int64_t least, most;
};

/* `group` is the path of the object that has the member; "" at the top. */
void voc_rules_fail(struct voc_rules_reader *reader, const char *group, const char *member, const char *what);
/* NULL, and failed, if the member is absent or of another type (jansson's number of it). */
struct json_t *voc_rules_take(struct voc_rules_reader *reader, struct json_t *object, const char *group,
                              const char *name, int type);
/* Fails on a member that is not among `names`; `stride` bytes lie between two names. */
void voc_rules_refuse_others(struct voc_rules_reader *reader, struct json_t *object, const char *group,
                             const void *names, size_t count, size_t stride);
int64_t voc_rules_take_number(struct voc_rules_reader *reader, struct json_t *object, const char *group,
                              const struct voc_rules_number *number);
/* A member that is an object of integers, all of them required. */
void voc_rules_take_numbers(struct voc_rules_reader *reader, struct json_t *object, const char *group, const char *name,
                            const struct voc_rules_number *numbers, size_t count, int64_t *ret_values);

/* The members `stages`, `value` and `priority`, which come together or not at all. */
void voc_rules_take_account(struct voc_rules_reader *reader, struct json_t *top, struct voc_rules *rules);
/* The member `cases`, which may be absent: then nothing is followed up. */
void voc_rules_take_cases(struct voc_rules_reader *reader, struct json_t *top, struct voc_rules *rules);

#endif
