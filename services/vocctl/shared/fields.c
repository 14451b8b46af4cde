#include "fields.h"

#include "base/arena.h"

#include <stdlib.h>

#define ARENA_MAX_BYTES ((size_t)1 << 30)
#define FIRST_ROOM      64

bool fields_init(struct fields *fields)
{
	*fields = (struct fields){ .arena = voc_arena_new(ARENA_MAX_BYTES) };
	return fields->arena != NULL;
}

void fields_free(struct fields *fields)
{
	voc_arena_free(fields->arena);
	free(fields->list);
	*fields = (struct fields){ 0 };
}

void fields_clear(struct fields *fields)
{
	voc_arena_reset(fields->arena);
	fields->count = 0;
}

static bool make_room(struct fields *fields)
{
	if (fields->count < fields->room)
		return true;
	size_t room = fields->room != 0 ? 2 * fields->room : FIRST_ROOM;
	struct voc_field *list = realloc(fields->list, room * sizeof *list);
	if (list == NULL)
		return false;
	fields->list = list;
	fields->room = room;
	return true;
}

bool fields_add(void *context, const struct voc_field *field)
{
	struct fields *fields = context;
	if (field->value.ptr == NULL)
		return true;
	if (!make_room(fields))
		return false;
	struct voc_field copy = { voc_arena_copy(fields->arena, field->name),
		                  voc_arena_copy(fields->arena, field->value) };
	if (copy.name.ptr == NULL || copy.value.ptr == NULL)
		return false;
	fields->list[fields->count++] = copy;
	return true;
}

static int by_name(const void *a, const void *b)
{
	return voc_str_cmp(((const struct voc_field *)a)->name, ((const struct voc_field *)b)->name);
}

void fields_sort(struct fields *fields)
{
	if (fields->count > 1)
		qsort(fields->list, fields->count, sizeof *fields->list, by_name);
}

size_t fields_compare(const struct fields *wanted, const struct fields *found, fields_differ_fn *differ, void *context)
{
	size_t w = 0, f = 0, differences = 0;
	while (w < wanted->count || f < found->count) {
		int order = w == wanted->count  ? 1
		            : f == found->count ? -1
		                                : by_name(&wanted->list[w], &found->list[f]);
		struct voc_field want = { 0 }, have = { 0 };
		if (order <= 0)
			want = wanted->list[w++];
		if (order >= 0)
			have = found->list[f++];
		if (order == 0 && voc_str_eq(want.value, have.value))
			continue;
		differ(context, order <= 0 ? want.name : have.name, want.value, have.value);
		differences++;
	}
	return differences;
}
