#include "core/rules/rules_reader.h"

#include <jansson.h>
#include <stdio.h>

#define PATH_SIZE 96

void voc_rules_fail(struct voc_rules_reader *reader, const char *group, const char *member, const char *what)
{
	reader->failed = true;
	voc_error_set(reader->error, VOC_FATAL, VOC_REASON_CONFIG, -1, "%s%s%s: %s", group,
	              *group && *member ? "." : "", member, what);
}

static const char *expected(int type)
{
	switch ((json_type)type) {
	case JSON_OBJECT: return "expected an object";
	case JSON_ARRAY: return "expected an array";
	case JSON_INTEGER: return "expected an integer";
	default: return "expected a string";
	}
}

struct json_t *voc_rules_take(struct voc_rules_reader *reader, struct json_t *object, const char *group,
                              const char *name, int type)
{
	json_t *value = json_object_get(object, name);
	if (!value) {
		voc_rules_fail(reader, group, name, "missing");
		return NULL;
	}
	if (json_typeof(value) != (json_type)type) {
		voc_rules_fail(reader, group, name, expected(type));
		return NULL;
	}
	return value;
}

void voc_rules_refuse_others(struct voc_rules_reader *reader, struct json_t *object, const char *group,
                             const void *names, size_t count, size_t stride)
{
	const char *key;
	json_t *value;
	json_object_foreach(object, key, value)
	{
		bool known = false;
		for (size_t i = 0; i < count && !known; i++)
			known = strcmp(key, *(const char *const *)((const char *)names + i * stride)) == 0;
		if (!known)
			voc_rules_fail(reader, group, key, "unknown member");
	}
}

int64_t voc_rules_take_number(struct voc_rules_reader *reader, struct json_t *object, const char *group,
                              const struct voc_rules_number *number)
{
	json_t *value = voc_rules_take(reader, object, group, number->name, JSON_INTEGER);
	if (!value)
		return 0;
	json_int_t got = json_integer_value(value);
	if (got < number->least || got > number->most) {
		char what[80];
		snprintf(what, sizeof what, "expected %lld to %lld", (long long)number->least, (long long)number->most);
		voc_rules_fail(reader, group, number->name, what);
		return 0;
	}
	return got;
}

void voc_rules_take_numbers(struct voc_rules_reader *reader, struct json_t *object, const char *group, const char *name,
                            const struct voc_rules_number *numbers, size_t count, int64_t *ret_values)
{
	char path[PATH_SIZE];
	snprintf(path, sizeof path, "%s%s%s", group, *group ? "." : "", name);
	json_t *member = voc_rules_take(reader, object, group, name, JSON_OBJECT);
	for (size_t i = 0; i < count; i++)
		ret_values[i] = member ? voc_rules_take_number(reader, member, path, &numbers[i]) : 0;
	if (member)
		voc_rules_refuse_others(reader, member, path, numbers, count, sizeof *numbers);
}
