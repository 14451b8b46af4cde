#include "support/replay.h"

#include <stdio.h>
#include <stdlib.h>

#define CACHE_CUSTOMERS 16 /* fewer than a log has, so that some are fetched again */

#define MUST(condition)                                                                                 \
	do {                                                                                            \
		if (!(condition)) {                                                                     \
			fprintf(stderr, "%s:%d: %s: %s\n", __FILE__, __LINE__, #condition, error.text); \
			abort();                                                                        \
		}                                                                                       \
	} while (0)

/* One record of the batch under way. */
struct item {
	struct voc_aggregate_record record;
	bool readable;
	struct voc_cached_customer *customer;
};

void replay_open(struct replay *replay, const char *topic, int32_t partition)
{
	*replay = (struct replay){ .aggregate = { voc_str_from(topic), partition, voc_rule_book_new() } };
	voc_partition_state_init(&replay->state);
	replay->cache = voc_customer_cache_new(CACHE_CUSTOMERS, SIZE_MAX);
	replay->rollup = voc_rollup_new(REPLAY_BATCH_MAX);
	replay->arena = voc_arena_new((size_t)16 * 1024 * 1024);
	if (!replay->cache || !replay->rollup || !replay->arena || !replay->aggregate.book)
		abort();
}

void replay_close(struct replay *replay)
{
	fake_store_free(&replay->store);
	fake_store_free(&replay->alerts);
	voc_partition_state_free(&replay->state);
	voc_customer_cache_free(replay->cache);
	voc_rollup_free(replay->rollup);
	voc_arena_free(replay->arena);
	voc_rule_book_free(replay->aggregate.book);
}

static struct fake_hash *customer_hash(struct replay *replay, struct voc_str id)
{
	char key[600];
	snprintf(key, sizeof key, "customer:%.*s", VOC_STR_ARG(id));
	return fake_store_hash(&replay->store, key);
}

/* As after a start: nothing in memory, the position from the store. */
static void reload(struct replay *replay)
{
	struct voc_error error = { 0 };
	struct fake_hash *position = fake_store_hash(&replay->store, "position");
	voc_customer_cache_drop(replay->cache, replay->aggregate.partition);
	voc_partition_state_free(&replay->state);
	MUST(voc_partition_state_load(position->fields, position->count, replay->aggregate.book, &replay->state,
	                              &error) == VOC_OK);
}

static struct voc_cached_customer *fetch(struct replay *replay, struct voc_str id)
{
	struct voc_error error = { 0 };
	int32_t partition = replay->aggregate.partition;
	struct voc_cached_customer *cached = voc_customer_cache_find(replay->cache, partition, id);
	if (cached) {
		MUST(voc_customer_cache_pin(replay->cache, cached));
		return cached;
	}
	struct fake_hash *hash = customer_hash(replay, id);
	struct voc_customer customer;
	MUST(voc_customer_load(hash->fields, hash->count, replay->arena, &customer, &error) == VOC_OK);
	cached = voc_customer_cache_add(replay->cache, partition, id, &customer);
	MUST(cached);
	return cached;
}

static void apply(struct replay *replay, const struct item *item, int64_t offset)
{
	struct voc_error error = { 0 };
	struct voc_aggregate_effects effects;
	if (!item->readable) {
		MUST(voc_aggregate_skip(&replay->state, offset, &error) == VOC_OK);
		return;
	}
	if (item->record.kind == VOC_RECORD_RULES) {
		MUST(voc_aggregate_rule(&replay->aggregate, &replay->state, &item->record, &error) == VOC_OK);
		return;
	}
	if (item->record.kind == VOC_RECORD_FORGET) {
		MUST(voc_aggregate_forget(&replay->state, &item->customer->customer, &item->record, &error) == VOC_OK);
		return;
	}
	bool due = item->record.kind == VOC_RECORD_DUE;
	MUST((due ? voc_aggregate_due : voc_aggregate_apply)(&replay->aggregate, &replay->state,
	                                                     &item->customer->customer, replay->rollup, &item->record,
	                                                     replay->arena, &effects, &error) == VOC_OK);
	struct fake_hash *told = fake_store_hash(&replay->alerts, "alerts");
	for (size_t i = 0; i < effects.alert_count; i++) {
		const struct voc_aggregate_alert *alert = &effects.alerts[i];
		const char *before = fake_hash_get(told, alert->id);
		/* A crash may send it again, but never another under the same id. */
		MUST(!before || voc_str_is(alert->json, before));
		fake_hash_set(told, &(struct voc_field){ voc_str_from(alert->id), alert->json });
		replay->alerts_sent++;
	}
}

static bool add_to_rollup(void *context, int64_t minute, struct voc_str field, int64_t by)
{
	char key[64];
	snprintf(key, sizeof key, "rollup:%lld", (long long)minute);
	fake_hash_add(fake_store_hash(context, key), field, by);
	return true;
}

static bool add_to_day(void *context, int64_t day, struct voc_str field, int64_t by)
{
	char key[64];
	snprintf(key, sizeof key, "index:%lld", (long long)day);
	fake_hash_add(fake_store_hash(context, key), field, by);
	return true;
}

/* As the store does it, short of its bound on names: no log here has so many. */
static bool add_day_name(void *context, int64_t day, struct voc_str others, struct voc_str name, int64_t n, int64_t sum)
{
	char key[64], field[VOC_NAMED_FIELD_MAX + 1];
	(void)others;
	snprintf(key, sizeof key, "index:%lld", (long long)day);
	snprintf(field, sizeof field, "n:%.*s", VOC_STR_ARG(name));
	if (!fake_hash_get(fake_store_hash(context, key), field))
		add_to_day(context, day, VOC_STR("names"), 1);
	add_to_day(context, day, voc_str_from(field), n);
	snprintf(field, sizeof field, "sum:%.*s", VOC_STR_ARG(name));
	return add_to_day(context, day, voc_str_from(field), sum);
}

static bool set_due(void *context, const struct voc_due *due, int64_t before_ms)
{
	char text[24];
	struct voc_buf member;
	(void)before_ms;
	snprintf(text, sizeof text, "%lld", (long long)due->due_ms);
	voc_buf_init(&member, VOC_DUE_MEMBER_MAX);
	voc_due_member(&member, due);
	struct voc_str value = due->due_ms != 0 ? voc_str_from(text) : (struct voc_str){ NULL, 0 };
	fake_hash_set(context, &(struct voc_field){ voc_buf_str(&member), value });
	voc_buf_free(&member);
	return true;
}

static bool add_day_case_name(void *context, int64_t day, struct voc_str others, struct voc_str field, int64_t by)
{
	char key[64], name[VOC_NAMED_FIELD_MAX + 1];
	(void)others;
	snprintf(key, sizeof key, "index:%lld", (long long)day);
	voc_str_copy(name, sizeof name, field);
	if (!fake_hash_get(fake_store_hash(context, key), name))
		add_to_day(context, day, VOC_STR("case_names"), 1);
	return add_to_day(context, day, field, by);
}

static void save_customer(struct replay *replay, struct voc_cached_customer *cached)
{
	struct voc_error error = { 0 };
	struct voc_str id = voc_cached_customer_id(cached);
	int score = 0;
	if (cached->customer.forgotten)
		fake_hash_clear(customer_hash(replay, id));
	MUST(voc_customer_diff(cached->before, &cached->customer, fake_hash_tell, customer_hash(replay, id)));
	MUST(voc_customer_due_diff(id, cached->before, &cached->customer, set_due,
	                           fake_store_hash(&replay->store, "due")));
	enum voc_at_risk_change change = voc_customer_at_risk(cached->before, &cached->customer, &score);
	char text[16];
	snprintf(text, sizeof text, "%d", score);
	struct voc_field field = { id, change == VOC_AT_RISK_SET ? voc_str_from(text) : (struct voc_str){ NULL, 0 } };
	if (change != VOC_AT_RISK_KEEP)
		fake_hash_set(fake_store_hash(&replay->store, "at_risk"), &field);
	voc_customer_cache_unpin(replay->cache, cached);
}

static void save(struct replay *replay, struct item *items, size_t count)
{
	struct voc_error error = { 0 };
	for (size_t i = 0; i < count; i++) {
		if (items[i].customer && items[i].customer->pinned)
			save_customer(replay, items[i].customer);
		for (size_t later = i + 1; later < count; later++) {
			/* Unpinned: the entry may be gone by now. */
			if (items[later].customer == items[i].customer)
				items[later].customer = NULL;
		}
	}
	static const struct voc_day_teller days = { add_to_day, add_day_name, add_day_case_name };
	MUST(voc_rollup_each(replay->rollup, add_to_rollup, &replay->store));
	MUST(voc_day_rollup_each(voc_rollup_days(replay->rollup), &days, &replay->store));
	MUST(voc_partition_state_diff(&replay->state, fake_hash_tell, fake_store_hash(&replay->store, "position")));
	voc_partition_state_saved(&replay->state);
}

static enum voc_status decode(struct replay *replay, const struct replay_record *record,
                              struct voc_aggregate_record *ret_record)
{
	struct voc_error error = { 0 };
	struct voc_aggregate_input input = { record->offset, record->timestamp_ms, voc_str_from(record->value),
		                             voc_str_from(record->source) };
	enum voc_status status = voc_aggregate_decode(&input, replay->arena, ret_record, &error);
	MUST(status != VOC_FATAL);
	return status;
}

/* As an aggregator does that finds none in force. */
static void look_for_rules(struct replay *replay, const struct replay_record *records, size_t count)
{
	struct voc_error error = { 0 };
	struct voc_aggregate_record record;
	for (size_t i = 0; i < count && !replay->state.rules; i++) {
		voc_arena_reset(replay->arena);
		if (decode(replay, &records[i], &record) != VOC_OK || record.kind != VOC_RECORD_RULES)
			continue;
		const struct voc_rule_set *set =
		        voc_rule_book_take(replay->aggregate.book, &record.rules->rules, record.rules->json);
		voc_partition_state_set_rules(&replay->state, set, -1);
	}
	MUST(replay->state.rules);
}

/* False: the batch was lost before it was written. */
static bool run_batch(struct replay *replay, const struct replay_record *records, size_t count, bool lose)
{
	static struct item items[REPLAY_BATCH_MAX];
	voc_arena_reset(replay->arena);
	voc_rollup_clear(replay->rollup);
	for (size_t i = 0; i < count; i++) {
		enum voc_status status = decode(replay, &records[i], &items[i].record);
		bool of_customer = status == VOC_OK && items[i].record.kind != VOC_RECORD_RULES;
		items[i].readable = status == VOC_OK;
		items[i].customer = of_customer ? fetch(replay, voc_aggregate_customer_id(&items[i].record)) : NULL;
	}
	for (size_t i = 0; i < count; i++)
		apply(replay, &items[i], records[i].offset);
	if (lose) {
		reload(replay);
		return false;
	}
	save(replay, items, count);
	return true;
}

/* xorshift32 */
static uint32_t next_random(uint32_t *seed)
{
	*seed ^= *seed << 13;
	*seed ^= *seed >> 17;
	*seed ^= *seed << 5;
	return *seed;
}

void replay_run(struct replay *replay, const struct replay_record *records, size_t count, uint32_t seed)
{
	reload(replay);
	size_t at = 0;
	while (at < count && records[at].offset < replay->state.now.offset)
		at++;
	while (at < count) {
		if (!replay->state.rules)
			look_for_rules(replay, records, count);
		size_t size = REPLAY_BATCH_MAX;
		if (seed)
			size = 1 + next_random(&seed) % (next_random(&seed) % 2 ? 3 : REPLAY_BATCH_MAX);
		if (size > count - at)
			size = count - at;
		bool lose = seed && next_random(&seed) % 4 == 0;
		if (run_batch(replay, records + at, size, lose))
			at += size;
		if (seed && next_random(&seed) % 4 == 0)
			reload(replay);
	}
}
