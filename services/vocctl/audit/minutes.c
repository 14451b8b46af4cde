#include "minutes.h"

#include "base/arena.h"
#include "base/hash.h"
#include "core/aggregate/day_rollup.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#define NONE       UINT32_MAX
#define FIRST_ROOM 64

/* A growing array of things that are found by a hash: chains through the things, buckets of the first in each. */
struct table {
	uint32_t *buckets;
	size_t count, room; /* of the things; as many buckets as there is room */
};

struct counter {
	uint64_t hash;
	struct voc_str name; /* in the arena */
	int64_t value;
	uint32_t minute;
	uint32_t chain; /* next of the same bucket */
	uint32_t next;  /* next of the same minute */
};

struct minute {
	uint64_t hash;
	int64_t minute;
	uint32_t chain;
	uint32_t first, last; /* counters */
	bool dirty;
};

struct minutes {
	struct voc_arena *arena;
	size_t bytes, max_bytes;
	struct table minute_table, counter_table;
	struct minute *list;
	struct counter *counters;
};

struct minutes *minutes_new(size_t max_bytes)
{
	struct minutes *minutes = calloc(1, sizeof *minutes);
	if (minutes == NULL)
		return NULL;
	minutes->max_bytes = max_bytes;
	minutes->arena = voc_arena_new(max_bytes);
	if (minutes->arena == NULL) {
		free(minutes);
		return NULL;
	}
	return minutes;
}

void minutes_free(struct minutes *minutes)
{
	if (minutes == NULL)
		return;
	voc_arena_free(minutes->arena);
	free(minutes->minute_table.buckets);
	free(minutes->counter_table.buckets);
	free(minutes->list);
	free(minutes->counters);
	free(minutes);
}

static uint64_t hash_of_minute(int64_t minute)
{
	return (uint64_t)minute * UINT64_C(0x9E3779B97F4A7C15) >> 20;
}

static uint64_t hash_of_counter(uint32_t minute, struct voc_str name)
{
	return voc_hash64(name) + (uint64_t)minute * UINT64_C(0x9E3779B97F4A7C15);
}

static uint32_t *bucket_of(const struct table *table, uint64_t hash)
{
	return &table->buckets[hash & (table->room - 1)];
}

/* Room for one more of `size` bytes; the buckets are empty afterwards if there are other ones, and *ret_grown is set.
 */
static void *grow(struct minutes *minutes, struct table *table, void *things, size_t size, bool *ret_grown)
{
	*ret_grown = false;
	if (table->count < table->room)
		return things;
	size_t room = table->room != 0 ? 2 * table->room : FIRST_ROOM;
	size_t more = (room - table->room) * (size + sizeof *table->buckets);
	if (more > minutes->max_bytes - minutes->bytes || room >= NONE)
		return NULL;
	uint32_t *buckets = realloc(table->buckets, room * sizeof *buckets);
	if (buckets == NULL)
		return NULL;
	table->buckets = buckets;
	void *grown = realloc(things, room * size);
	if (grown == NULL)
		return NULL;
	memset(buckets, 0xFF, room * sizeof *buckets); /* NONE */
	minutes->bytes += more;
	table->room = room;
	*ret_grown = true;
	return grown;
}

static bool grow_minutes(struct minutes *minutes)
{
	bool grown;
	struct minute *list = grow(minutes, &minutes->minute_table, minutes->list, sizeof *minutes->list, &grown);
	if (list == NULL)
		return false;
	minutes->list = list;
	for (size_t i = 0; grown && i < minutes->minute_table.count; i++) {
		uint32_t *bucket = bucket_of(&minutes->minute_table, list[i].hash);
		list[i].chain = *bucket;
		*bucket = (uint32_t)i;
	}
	return true;
}

static bool grow_counters(struct minutes *minutes)
{
	bool grown;
	struct counter *counters =
	        grow(minutes, &minutes->counter_table, minutes->counters, sizeof *minutes->counters, &grown);
	if (counters == NULL)
		return false;
	minutes->counters = counters;
	for (size_t i = 0; grown && i < minutes->counter_table.count; i++) {
		uint32_t *bucket = bucket_of(&minutes->counter_table, counters[i].hash);
		counters[i].chain = *bucket;
		*bucket = (uint32_t)i;
	}
	return true;
}

bool minutes_find(const struct minutes *minutes, int64_t minute, size_t *ret_number)
{
	if (minutes->minute_table.room == 0)
		return false;
	for (uint32_t at = *bucket_of(&minutes->minute_table, hash_of_minute(minute)); at != NONE;
	     at = minutes->list[at].chain) {
		if (minutes->list[at].minute == minute) {
			*ret_number = at;
			return true;
		}
	}
	return false;
}

static bool find_or_add_minute(struct minutes *minutes, int64_t minute, size_t *ret_number)
{
	if (minutes_find(minutes, minute, ret_number))
		return true;
	if (!grow_minutes(minutes))
		return false;
	struct table *table = &minutes->minute_table;
	uint64_t hash = hash_of_minute(minute);
	uint32_t *bucket = bucket_of(table, hash);
	*ret_number = table->count;
	minutes->list[table->count] =
	        (struct minute){ .hash = hash, .minute = minute, .chain = *bucket, .first = NONE, .last = NONE };
	*bucket = (uint32_t)table->count++;
	return true;
}

static struct counter *find_counter(const struct minutes *minutes, uint32_t minute, struct voc_str name, uint64_t hash)
{
	if (minutes->counter_table.room == 0)
		return NULL;
	for (uint32_t at = *bucket_of(&minutes->counter_table, hash); at != NONE; at = minutes->counters[at].chain) {
		struct counter *counter = &minutes->counters[at];
		if (counter->hash == hash && counter->minute == minute && voc_str_eq(counter->name, name))
			return counter;
	}
	return NULL;
}

static struct counter *add_counter(struct minutes *minutes, uint32_t number, struct voc_str name, uint64_t hash)
{
	struct voc_str copy = voc_arena_copy(minutes->arena, name);
	if (copy.ptr == NULL || copy.len > minutes->max_bytes - minutes->bytes || !grow_counters(minutes))
		return NULL;
	minutes->bytes += copy.len;
	struct table *table = &minutes->counter_table;
	uint32_t *bucket = bucket_of(table, hash), added = (uint32_t)table->count++;
	minutes->counters[added] =
	        (struct counter){ .hash = hash, .name = copy, .minute = number, .chain = *bucket, .next = NONE };
	*bucket = added;
	struct minute *minute = &minutes->list[number];
	if (minute->last == NONE)
		minute->first = added;
	else
		minutes->counters[minute->last].next = added;
	minute->last = added;
	return &minutes->counters[added];
}

bool minutes_add(struct minutes *minutes, int64_t minute, struct voc_str field, int64_t by)
{
	size_t number;
	if (!find_or_add_minute(minutes, minute, &number))
		return false;
	uint64_t hash = hash_of_counter((uint32_t)number, field);
	struct counter *counter = find_counter(minutes, (uint32_t)number, field, hash);
	if (counter == NULL)
		counter = add_counter(minutes, (uint32_t)number, field, hash);
	if (counter == NULL)
		return false;
	counter->value += by;
	minutes->list[number].dirty = true;
	return true;
}

/* NULL if it has none of that name. */
static const struct counter *counter_of(const struct minutes *minutes, int64_t minute, struct voc_str name)
{
	size_t number;
	if (!minutes_find(minutes, minute, &number))
		return NULL;
	return find_counter(minutes, (uint32_t)number, name, hash_of_counter((uint32_t)number, name));
}

static struct voc_str prefixed(char field[VOC_NAMED_FIELD_MAX], const char *prefix, struct voc_str name)
{
	int len = snprintf(field, VOC_NAMED_FIELD_MAX, "%s%.*s", prefix, VOC_STR_ARG(name));
	return voc_str_of(field, (size_t)len < VOC_NAMED_FIELD_MAX ? (size_t)len : VOC_NAMED_FIELD_MAX - 1);
}

/* Whether the field has a place of its own; one that is new takes one, if there is any left. False when memory runs
 * out.
 */
static bool make_known(struct minutes *minutes, int64_t minute, struct voc_str field, const char *counter,
                       bool *ret_known)
{
	*ret_known = true;
	if (counter_of(minutes, minute, field) != NULL)
		return true;
	const struct counter *names = counter_of(minutes, minute, voc_str_from(counter));
	*ret_known = names == NULL || names->value < VOC_DAY_NAMES_MAX;
	return !*ret_known || minutes_add(minutes, minute, voc_str_from(counter), 1);
}

bool minutes_add_name(struct minutes *minutes, int64_t minute, struct voc_str others, struct voc_str name, int64_t n,
                      int64_t sum)
{
	char field[VOC_NAMED_FIELD_MAX];
	bool known;
	if (!make_known(minutes, minute, prefixed(field, "n:", name), VOC_DAY_NAMES, &known))
		return false;
	name = known ? name : others;
	return minutes_add(minutes, minute, prefixed(field, "n:", name), n) &&
	       minutes_add(minutes, minute, prefixed(field, "sum:", name), sum);
}

bool minutes_add_case_name(struct minutes *minutes, int64_t minute, struct voc_str others, struct voc_str field,
                           int64_t by)
{
	bool known;
	return make_known(minutes, minute, field, VOC_DAY_CASE_NAMES, &known) &&
	       minutes_add(minutes, minute, known ? field : others, by);
}

size_t minutes_count(const struct minutes *minutes)
{
	return minutes->minute_table.count;
}

int64_t minutes_at(const struct minutes *minutes, size_t number)
{
	return minutes->list[number].minute;
}

bool minutes_tell(const struct minutes *minutes, size_t number, voc_field_fn tell, void *context)
{
	for (uint32_t at = minutes->list[number].first; at != NONE; at = minutes->counters[at].next) {
		char digits[24];
		int len = snprintf(digits, sizeof digits, "%" PRId64, minutes->counters[at].value);
		struct voc_field field = { minutes->counters[at].name, voc_str_of(digits, (size_t)len) };
		if (!tell(context, &field))
			return false;
	}
	return true;
}

bool minutes_is_dirty(const struct minutes *minutes, size_t number)
{
	return minutes->list[number].dirty;
}

void minutes_clean(struct minutes *minutes, size_t number)
{
	minutes->list[number].dirty = false;
}

size_t minutes_bytes(const struct minutes *minutes)
{
	return minutes->bytes;
}
