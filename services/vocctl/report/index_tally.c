#include "index_tally.h"

#include "base/timestamp.h"
#include "core/aggregate/day_rollup.h"
#include "vocctl/audit/minutes.h"
#include "vocctl/shared/fields.h"

#include <stdio.h>
#include <stdlib.h>

#define ALL_DAYS   INT64_C(-1)
#define FIELD_SIZE 320
#define DAY_SIZE   16

struct index_tally {
	struct minutes *days; /* by number; ALL_DAYS is the sum of them */
	struct fields all;    /* of ALL_DAYS, sorted */
	char (*names)[DAY_SIZE];
	int64_t first_day, day_count;
	bool out_of_memory;
};

static enum voc_status out_of_memory(struct voc_error *error)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1,
	                     "the index of so many days takes too much memory: ask for fewer");
}

static void add(void *context, int64_t day, struct voc_str field, int64_t value)
{
	struct index_tally *tally = context;
	bool is_sum = voc_str_is(field, "n") || voc_str_is(field, "sum");
	if (!minutes_add(tally->days, ALL_DAYS, field, value) ||
	    (is_sum && !minutes_add(tally->days, day, field, value)))
		tally->out_of_memory = true;
}

/* "2026-11-21" of each day. */
static bool name_days(struct index_tally *tally)
{
	tally->names = calloc((size_t)tally->day_count + 1, sizeof *tally->names);
	for (int64_t i = 0; tally->names != NULL && i < tally->day_count; i++) {
		char time[VOC_TIMESTAMP_SIZE];
		voc_timestamp_format((tally->first_day + i) * VOC_DAY_MS, time);
		snprintf(tally->names[i], DAY_SIZE, "%.10s", time);
	}
	return tally->names != NULL;
}

static bool gather(struct index_tally *tally)
{
	size_t number;
	if (minutes_find(tally->days, ALL_DAYS, &number) && !minutes_tell(tally->days, number, fields_add, &tally->all))
		return false;
	fields_sort(&tally->all);
	return true;
}

enum voc_status index_tally_read(struct vocctl_store *store, int64_t first_day, int64_t days, size_t max_bytes,
                                 struct index_tally **ret_tally, struct voc_error *error)
{
	struct index_tally *tally = calloc(1, sizeof *tally);
	if (tally == NULL)
		return out_of_memory(error);
	tally->first_day = first_day;
	tally->day_count = days;
	tally->days = minutes_new(max_bytes);
	bool opened = fields_init(&tally->all) && tally->days != NULL && name_days(tally);
	enum voc_status status = VOC_OK;
	if (opened)
		status =
		        voc_redis_query_index(store->redis, store->meta.partitions, first_day, days, add, tally, error);
	if (status == VOC_OK && (!opened || tally->out_of_memory || !gather(tally)))
		status = out_of_memory(error);
	if (status == VOC_OK)
		*ret_tally = tally;
	else
		index_tally_free(tally);
	return status;
}

void index_tally_free(struct index_tally *tally)
{
	if (tally == NULL)
		return;
	minutes_free(tally->days);
	fields_free(&tally->all);
	free(tally->names);
	free(tally);
}

static int by_name(const void *name, const void *field)
{
	return voc_str_cmp(*(const struct voc_str *)name, ((const struct voc_field *)field)->name);
}

static int64_t field_of(const struct index_tally *tally, struct voc_str name)
{
	const struct voc_field *field = tally->all.count > 0 ? bsearch(&name, tally->all.list, tally->all.count,
	                                                               sizeof *tally->all.list, by_name)
	                                                     : NULL;
	int64_t value;
	return field != NULL && voc_str_to_i64(field->value, &value) ? value : 0;
}

int64_t index_tally_field(const struct index_tally *tally, const char *name)
{
	return field_of(tally, voc_str_from(name));
}

static bool append(struct index_list *list, struct voc_str name, int64_t n, int64_t sum)
{
	struct index_entry *grown = realloc(list->entries, (list->count + 1) * sizeof *grown);
	if (grown == NULL)
		return false;
	list->entries = grown;
	grown[list->count++] = (struct index_entry){ .name = name, .n = n, .sum = sum, .index = voc_index_of(n, sum) };
	return true;
}

static bool list_names(const struct index_tally *tally, const char *dimension, struct index_list *list)
{
	char prefix[32], sum[FIELD_SIZE];
	snprintf(prefix, sizeof prefix, "n:%s:", dimension);
	for (size_t i = 0; i < tally->all.count; i++) {
		const struct voc_field *field = &tally->all.list[i];
		int64_t n;
		if (!voc_str_starts_with(field->name, voc_str_from(prefix)) || !voc_str_to_i64(field->value, &n))
			continue;
		snprintf(sum, sizeof sum, "sum:%.*s", (int)field->name.len - 2, field->name.ptr + 2);
		struct voc_str name = voc_str_of(field->name.ptr + strlen(prefix), field->name.len - strlen(prefix));
		if (!append(list, name, n, field_of(tally, voc_str_from(sum))))
			return false;
	}
	return true;
}

struct scores {
	int64_t n, sum;
};

static bool take_score(void *context, const struct voc_field *field)
{
	struct scores *scores = context;
	return voc_str_to_i64(field->value, voc_str_is(field->name, "n") ? &scores->n : &scores->sum);
}

static bool list_days(const struct index_tally *tally, struct index_list *list)
{
	for (int64_t i = 0; i < tally->day_count; i++) {
		struct scores scores = { 0, 0 };
		size_t number;
		if (!minutes_find(tally->days, tally->first_day + i, &number))
			continue;
		if (!minutes_tell(tally->days, number, take_score, &scores) ||
		    !append(list, voc_str_from(tally->names[i]), scores.n, scores.sum))
			return false;
	}
	return true;
}

static int by_driver(const void *a, const void *b)
{
	const struct index_entry *one = a, *other = b;
	return one->driver != other->driver ? other->driver - one->driver : voc_str_cmp(one->name, other->name);
}

/* What the intervals don't tell apart stands in the order of the names, which says nothing. */
static int by_rank(const void *a, const void *b)
{
	const struct index_entry *one = a, *other = b;
	if (one->rank.best != other->rank.best)
		return one->rank.best - other->rank.best;
	return one->rank.worst != other->rank.worst ? one->rank.worst - other->rank.worst
	                                            : voc_str_cmp(one->name, other->name);
}

static bool rank(struct index_list *list)
{
	struct voc_index *indices = calloc(list->count + 1, sizeof *indices);
	struct voc_index_rank *ranks = calloc(list->count + 1, sizeof *ranks);
	bool good = indices != NULL && ranks != NULL;
	for (size_t i = 0; good && i < list->count; i++)
		indices[i] = list->entries[i].index;
	good = good && voc_index_ranks(indices, list->count, ranks);
	for (size_t i = 0; good && i < list->count; i++)
		list->entries[i].rank = ranks[i];
	free(indices);
	free(ranks);
	return good;
}

static void weigh(const struct index_tally *tally, bool is_servqual, const int importance[VOC_SERVQUAL_COUNT],
                  struct index_entry *entry)
{
	int64_t all = index_tally_field(tally, "n");
	enum voc_servqual dimension;
	if (is_servqual && voc_servqual_parse(entry->name, &dimension))
		entry->importance = 10 * importance[dimension];
	else if (all > 0)
		entry->importance = (int)(1000 * entry->n / all);
	entry->driver = voc_index_driver(entry->importance, &entry->index);
}

bool index_tally_list(const struct index_tally *tally, const char *dimension, const int importance[VOC_SERVQUAL_COUNT],
                      struct index_list *ret_list)
{
	bool are_days = strcmp(dimension, "day") == 0, is_servqual = strcmp(dimension, "servqual") == 0;
	bool drives = is_servqual || strcmp(dimension, "factor") == 0;
	*ret_list = (struct index_list){ 0 };
	if (!(are_days ? list_days(tally, ret_list) : list_names(tally, dimension, ret_list)) || !rank(ret_list)) {
		index_list_free(ret_list);
		return false;
	}
	for (size_t i = 0; i < ret_list->count; i++)
		weigh(tally, is_servqual, importance, &ret_list->entries[i]);
	if (!are_days && ret_list->count > 1)
		qsort(ret_list->entries, ret_list->count, sizeof *ret_list->entries, drives ? by_driver : by_rank);
	return true;
}

void index_list_free(struct index_list *list)
{
	free(list->entries);
	*list = (struct index_list){ 0 };
}

static int64_t tally_of(const struct index_tally *tally, const char *what, const char *by, struct voc_str name)
{
	char field[FIELD_SIZE];
	int len = snprintf(field, sizeof field, "case:%s:%s:%.*s", what, by, VOC_STR_ARG(name));
	return len < (int)sizeof field ? field_of(tally, voc_str_of(field, (size_t)len)) : 0;
}

/* A case that was opened before the first day may be recovered within: no more than all. */
static void fill_recovery(const struct index_tally *tally, const char *by, struct recovery_entry *entry)
{
	struct voc_str name = entry->name;
	entry->begun = tally_of(tally, "opened", by, name) + tally_of(tally, "reopened", by, name);
	entry->resolved = tally_of(tally, "resolved", by, name);
	entry->recovered = tally_of(tally, "recovered", by, name);
	entry->late = tally_of(tally, "respond_overdue", by, name) + tally_of(tally, "resolve_overdue", by, name);
	entry->silent = tally_of(tally, "silent", by, name);
	int64_t counted = entry->recovered < entry->begun ? entry->recovered : entry->begun;
	entry->rate = voc_index_of(entry->begun, 100 * counted);
}

static int by_entry_name(const void *a, const void *b)
{
	return voc_str_cmp(((const struct recovery_entry *)a)->name, ((const struct recovery_entry *)b)->name);
}

static bool has_name(const struct recovery_list *list, struct voc_str name)
{
	for (size_t i = 0; i < list->count; i++) {
		if (voc_str_eq(list->entries[i].name, name))
			return true;
	}
	return false;
}

bool index_tally_recovery(const struct index_tally *tally, const char *by, struct recovery_list *ret_list)
{
	static const char *const begins[] = { "opened", "reopened" };
	*ret_list = (struct recovery_list){ .entries = calloc(tally->all.count + 1, sizeof *ret_list->entries) };
	if (ret_list->entries == NULL)
		return false;
	for (size_t i = 0; i < sizeof begins / sizeof *begins; i++) {
		char prefix[64];
		size_t len = (size_t)snprintf(prefix, sizeof prefix, "case:%s:%s:", begins[i], by);
		for (size_t at = 0; at < tally->all.count; at++) {
			struct voc_str field = tally->all.list[at].name;
			if (!voc_str_starts_with(field, voc_str_of(prefix, len)))
				continue;
			struct voc_str name = voc_str_of(field.ptr + len, field.len - len);
			/* Only what was opened can be reopened, but perhaps before the first day. */
			if (i == 0 || !has_name(ret_list, name))
				ret_list->entries[ret_list->count++] = (struct recovery_entry){ .name = name };
		}
	}
	for (size_t i = 0; i < ret_list->count; i++)
		fill_recovery(tally, by, &ret_list->entries[i]);
	qsort(ret_list->entries, ret_list->count, sizeof *ret_list->entries, by_entry_name);
	return true;
}

void recovery_list_free(struct recovery_list *list)
{
	free(list->entries);
	*list = (struct recovery_list){ 0 };
}

enum voc_status index_tally_importance(struct vocctl_store *store, int ret_importance[VOC_SERVQUAL_COUNT],
                                       struct voc_error *error)
{
	memcpy(ret_importance, voc_importance_default, sizeof voc_importance_default);
	enum voc_status status = VOC_OK;
	bool known = false;
	for (int32_t p = 0; status == VOC_OK && !known && p < store->meta.partitions; p++) {
		struct voc_rules rules;
		status = vocctl_store_rules(store, p, &rules, &known, error);
		if (known)
			memcpy(ret_importance, rules.importance, sizeof rules.importance);
	}
	return status;
}
