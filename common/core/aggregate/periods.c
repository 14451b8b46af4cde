#include "core/aggregate/periods.h"

#include "base/hash.h"

#include <stdlib.h>

#define GOLDEN UINT64_C(0x9E3779B97F4A7C15)

static const char *const prefixes[] = { "product:", "team:", "agent:",
#define X(symbol, name) "case:" name ":cause:", "case:" name ":team:", "case:" name ":product:",
	                                VOC_CASE_TALLIES(X)
#undef X
};
#define KIND_COUNT (sizeof prefixes / sizeof *prefixes)
_Static_assert(KIND_COUNT == VOC_NAMED_CASE(VOC_CASE_TALLY_COUNT, 0), "a prefix for each kind of name");

bool voc_periods_init(struct voc_periods *periods, size_t max)
{
	size_t buckets = 16;
	while (buckets < max * 2)
		buckets *= 2;
	*periods = (struct voc_periods){ .max = max, .bucket_mask = buckets - 1, .name_room = max * VOC_NAMED_COUNT };
	periods->buckets = calloc(buckets, sizeof *periods->buckets);
	periods->name_buckets = calloc(buckets, sizeof *periods->name_buckets);
	periods->items = calloc(max, sizeof *periods->items);
	periods->names = calloc(periods->name_room, sizeof *periods->names);
	if (!periods->buckets || !periods->name_buckets || !periods->items || !periods->names)
		return false;
	memset(periods->buckets, 0xFF, buckets * sizeof *periods->buckets); /* VOC_PLACE_NONE */
	memset(periods->name_buckets, 0xFF, buckets * sizeof *periods->name_buckets);
	return true;
}

void voc_periods_free(struct voc_periods *periods)
{
	free(periods->buckets);
	free(periods->name_buckets);
	free(periods->items);
	free(periods->names);
}

static uint32_t *bucket_of(const struct voc_periods *periods, int64_t number)
{
	return &periods->buckets[((uint64_t)number * GOLDEN >> 32) & periods->bucket_mask];
}

/* Those buckets that something is in: there is one clearing for each partition of a batch, which may have one record.
 */
void voc_periods_clear(struct voc_periods *periods)
{
	for (size_t i = 0; i < periods->count; i++)
		*bucket_of(periods, periods->items[i].number) = VOC_PLACE_NONE;
	for (size_t i = 0; i < periods->name_count; i++)
		periods->name_buckets[periods->names[i].bucket] = VOC_PLACE_NONE;
	periods->count = periods->name_count = 0;
}

uint32_t voc_periods_place(struct voc_periods *periods, int64_t number)
{
	uint32_t *bucket = bucket_of(periods, number);
	for (uint32_t at = *bucket; at != VOC_PLACE_NONE; at = periods->items[at].chain) {
		if (periods->items[at].number == number)
			return at;
	}
	if (periods->count == periods->max)
		return VOC_PLACE_NONE;
	uint32_t place = (uint32_t)periods->count++;
	periods->items[place] = (struct voc_period){ number, *bucket, VOC_PLACE_NONE, VOC_PLACE_NONE };
	*bucket = place;
	return place;
}

/* There is room for all names of contacts from the start; those of cases, which are few, make more as they need it. */
static bool make_name_room(struct voc_periods *periods)
{
	if (periods->name_count < periods->name_room)
		return true;
	size_t room = periods->name_room * 2;
	struct voc_period_name *names = realloc(periods->names, room * sizeof *names);
	if (!names)
		return false;
	periods->names = names;
	periods->name_room = room;
	return true;
}

static bool add_name(struct voc_periods *periods, const struct voc_period_name *name)
{
	if (!make_name_room(periods))
		return false;
	uint32_t added = (uint32_t)periods->name_count++;
	struct voc_period *period = &periods->items[name->place];
	periods->names[added] = *name;
	periods->name_buckets[name->bucket] = added;
	if (period->last_name == VOC_PLACE_NONE)
		period->first_name = added;
	else
		periods->names[period->last_name].next = added;
	period->last_name = added;
	return true;
}

bool voc_periods_count_name(struct voc_periods *periods, uint32_t place, int kind, struct voc_str text, int score)
{
	if (text.len == 0)
		return true;
	uint64_t hash = voc_hash64(text) + ((uint64_t)place * KIND_COUNT + (uint64_t)kind) * GOLDEN;
	uint32_t bucket = (uint32_t)(hash & periods->bucket_mask), first = periods->name_buckets[bucket];
	for (uint32_t at = first; at != VOC_PLACE_NONE; at = periods->names[at].chain) {
		struct voc_period_name *name = &periods->names[at];
		if (name->place == place && name->kind == kind && voc_str_eq(name->text, text)) {
			name->n++;
			name->sum += (uint32_t)score;
			return true;
		}
	}
	return add_name(periods, &(struct voc_period_name){ .text = text,
	                                                    .place = place,
	                                                    .bucket = bucket,
	                                                    .chain = first,
	                                                    .next = VOC_PLACE_NONE,
	                                                    .n = 1,
	                                                    .sum = (uint32_t)score,
	                                                    .kind = kind });
}

bool voc_periods_count_case(struct voc_periods *periods, uint32_t place, const struct voc_case_names *names,
                            uint32_t tallies)
{
	for (int tally = 0; tally < VOC_CASE_TALLY_COUNT; tally++) {
		for (int by = 0; by < VOC_CASE_BY_COUNT; by++) {
			if (tallies >> tally & 1 &&
			    !voc_periods_count_name(periods, place, VOC_NAMED_CASE(tally, by), names->by[by], 0))
				return false;
		}
	}
	return true;
}

struct voc_str voc_named_prefix(int kind)
{
	return voc_str_from(prefixes[kind]);
}

struct voc_str voc_named_field(char buf[VOC_NAMED_FIELD_MAX], int kind, struct voc_str text)
{
	struct voc_str prefix = voc_named_prefix(kind);
	text = voc_str_clip(text, VOC_NAMED_FIELD_MAX - prefix.len);
	memcpy(buf, prefix.ptr, prefix.len);
	memcpy(buf + prefix.len, text.ptr, text.len);
	return voc_str_of(buf, prefix.len + text.len);
}
