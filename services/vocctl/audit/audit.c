#include "audit.h"

#include "base/clock.h"
#include "io/service/signals.h"

#include <inttypes.h>
#include <stdio.h>

/* A minute that is about to expire may be gone from Redis already. */
#define EXPIRY_MARGIN_MS 60000

/* One key of a look. */
struct item {
	enum audit_kind kind;
	const struct voc_cached_customer *customer; /* NULL: the recount has none */
	struct voc_str customer_id;
	int64_t minute;
	struct voc_str name;
};

struct comparing {
	struct audit *audit;
	const struct item *item;
};

bool audit_init(struct audit *audit)
{
	audit->out_of_memory = false;
	if (fields_init(&audit->wanted) && fields_init(&audit->found) && fields_init(&audit->suspects))
		return true;
	audit_free(audit);
	return false;
}

void audit_free(struct audit *audit)
{
	fields_free(&audit->wanted);
	fields_free(&audit->found);
	fields_free(&audit->suspects);
}

static enum voc_status out_of_memory(struct voc_error *error)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory to compare");
}

static void tell(struct audit *audit, const struct item *item, enum audit_fault fault, const struct voc_field *wanted,
                 const struct voc_field *found)
{
	struct audit_finding finding = { .partition = audit->recount->settings.partition,
		                         .kind = item->kind,
		                         .fault = fault,
		                         .key = item->name,
		                         .customer_id = item->customer_id };
	if (wanted != NULL && found != NULL) {
		finding.field = wanted->name;
		finding.wanted = wanted->value;
		finding.found = found->value;
	}
	if (!audit->tell(audit->context, &finding))
		audit->out_of_memory = true;
}

/* What only Redis knows, or only a recount of every customer. */
static bool is_comparable(const struct audit *audit, const struct item *item, struct voc_str field)
{
	bool is_whole = audit->recount->settings.share <= 1;
	struct voc_due due = { .due_ms = 0 };
	if (item->kind == AUDIT_AT_RISK)
		return recount_holds(audit->recount, field);
	if (item->kind == AUDIT_DUE)
		return !voc_due_member_parse(field, &due) || recount_holds(audit->recount, due.customer_id);
	if (item->kind != AUDIT_POSITION)
		return true;
	static const char *const of_customers[] = { "events", "duplicates", "dues", "dues_stale", "moves_refused" };
	bool is_sum = false;
	for (size_t i = 0; i < sizeof of_customers / sizeof *of_customers; i++)
		is_sum = is_sum || voc_str_is(field, of_customers[i]);
	return !voc_str_is(field, VOC_REDIS_REBUILT_AT) && (is_whole || !is_sum);
}

static void differs(void *context, struct voc_str name, struct voc_str wanted, struct voc_str found)
{
	const struct comparing *comparing = context;
	struct voc_field want = { name, wanted }, have = { name, found };
	if (is_comparable(comparing->audit, comparing->item, name))
		tell(comparing->audit, comparing->item, AUDIT_DIFFERS, &want, &have);
}

static bool tell_wanted(struct audit *audit, const struct item *item)
{
	const struct recount *recount = audit->recount;
	size_t number;
	switch (item->kind) {
	case AUDIT_CUSTOMER:
		return item->customer == NULL || recount_tell_customer(item->customer, fields_add, &audit->wanted);
	case AUDIT_ROLLUP:
		return !minutes_find(recount->minutes, item->minute, &number) ||
		       minutes_tell(recount->minutes, number, fields_add, &audit->wanted);
	case AUDIT_POSITION: return recount_tell_position(recount, fields_add, &audit->wanted);
	case AUDIT_AT_RISK: return recount_tell_at_risk(recount, fields_add, &audit->wanted);
	case AUDIT_DUE: return recount_tell_due(recount, fields_add, &audit->wanted);
	}
	return true;
}

/* Redis says what it has in the index-th place of the snapshot. */
static bool compare(struct audit *audit, const struct item *item, const struct voc_redis_snapshot *snapshot,
                    size_t index)
{
	struct comparing comparing = { audit, item };
	bool is_list = item->kind == AUDIT_AT_RISK || item->kind == AUDIT_DUE;
	fields_clear(&audit->wanted);
	fields_clear(&audit->found);
	if (!tell_wanted(audit, item) || !voc_redis_snapshot_each(snapshot, index, fields_add, &audit->found))
		return false;
	if (!is_list && audit->wanted.count > 0 && audit->found.count == 0) {
		tell(audit, item, AUDIT_MISSING, NULL, NULL);
	} else if (!is_list && audit->wanted.count == 0 && audit->found.count > 0) {
		tell(audit, item, AUDIT_STRAY, NULL, NULL);
	} else {
		fields_sort(&audit->wanted);
		fields_sort(&audit->found);
		fields_compare(&audit->wanted, &audit->found, differs, &comparing);
	}
	return !audit->out_of_memory;
}

/* Names the keys, reads them with the position, brings the recount there, compares. */
static enum voc_status look(struct audit *audit, struct item *items, size_t count, struct voc_error *error)
{
	struct voc_str names[VOC_REDIS_SNAPSHOT_KEYS];
	struct voc_redis_snapshot snapshot;
	int32_t partition = audit->recount->settings.partition;
	for (size_t i = 0; i < count; i++) {
		struct voc_redis_key *key = &audit->names[i];
		switch (items[i].kind) {
		case AUDIT_CUSTOMER: names[i] = voc_redis_key_customer(key, partition, items[i].customer_id); break;
		case AUDIT_ROLLUP: names[i] = voc_redis_key_rollup(key, partition, items[i].minute); break;
		case AUDIT_POSITION: names[i] = voc_redis_key_position(key, partition); break;
		case AUDIT_AT_RISK: names[i] = voc_redis_key_at_risk(key, partition); break;
		case AUDIT_DUE: names[i] = voc_redis_key_due(key, partition); break;
		}
		items[i].name = names[i];
	}
	enum voc_status status = voc_redis_snapshot(audit->redis, partition, names, count, &snapshot, error);
	if (status == VOC_OK && snapshot.offset < audit->recount->state.now.offset)
		return voc_error_set(error, VOC_RETRY, VOC_REASON_POSITION_LOST, -1,
		                     "partition %d: the position went back from %lld to %lld; try again",
		                     (int)partition, (long long)audit->recount->state.now.offset,
		                     (long long)snapshot.offset);
	if (status == VOC_OK)
		status = playback_advance(audit->playback, audit->recount, snapshot.offset, error);
	for (size_t i = 0; status == VOC_OK && i < count; i++) {
		/* The suspect may be a customer by now. */
		if (items[i].kind == AUDIT_CUSTOMER && items[i].customer == NULL)
			items[i].customer = recount_find(audit->recount, items[i].customer_id);
		if (!compare(audit, &items[i], &snapshot, i))
			status = out_of_memory(error);
	}
	return status;
}

/* The recount may get more customers from look to look: they come behind. */
static enum voc_status look_at_customers(struct audit *audit, struct voc_error *error)
{
	const struct voc_customer_cache *customers = audit->recount->customers;
	struct item items[VOC_REDIS_SNAPSHOT_KEYS];
	enum voc_status status = VOC_OK;
	size_t at = 0, count = 0;
	while (status == VOC_OK && at < voc_customer_cache_count(customers)) {
		const struct voc_cached_customer *customer = voc_customer_cache_at(customers, at++);
		items[count++] = (struct item){ .kind = AUDIT_CUSTOMER,
			                        .customer = customer,
			                        .customer_id = voc_cached_customer_id(customer) };
		if (count == VOC_REDIS_SNAPSHOT_KEYS || at == voc_customer_cache_count(customers)) {
			status = look(audit, items, count, error);
			count = 0;
		}
	}
	return status;
}

static bool is_about_to_expire(const struct audit *audit, int64_t minute)
{
	return recount_period_is_over(audit->recount, minute, voc_clock_wall_ms() + EXPIRY_MARGIN_MS);
}

static enum voc_status look_at_rollups(struct audit *audit, struct voc_error *error)
{
	const struct minutes *minutes = audit->recount->minutes;
	struct item items[VOC_REDIS_SNAPSHOT_KEYS];
	enum voc_status status = VOC_OK;
	size_t at = 0, count = 0;
	while (status == VOC_OK && at < minutes_count(minutes)) {
		int64_t minute = minutes_at(minutes, at++);
		if (!is_about_to_expire(audit, minute))
			items[count++] = (struct item){ .kind = AUDIT_ROLLUP, .minute = minute };
		if (count > 0 && (count == VOC_REDIS_SNAPSHOT_KEYS || at == minutes_count(minutes))) {
			status = look(audit, items, count, error);
			count = 0;
		}
	}
	return status;
}

/* The customer's id or the minute that a live key is about; false for all other keys. */
static bool name_parse(const struct audit *audit, struct voc_str key, struct item *ret_item)
{
	char prefix[32];
	int32_t partition = audit->recount->settings.partition;
	int len = snprintf(prefix, sizeof prefix, "voc:{%" PRId32 "}:", partition);
	if (!voc_str_starts_with(key, voc_str_of(prefix, (size_t)len)))
		return false;
	struct voc_str rest = voc_str_of(key.ptr + len, key.len - (size_t)len);
	const struct voc_str customer = VOC_STR("customer:"), rollup = VOC_STR("rollup:"), index = VOC_STR("index:");
	if (voc_str_starts_with(rest, customer)) {
		*ret_item =
		        (struct item){ .kind = AUDIT_CUSTOMER,
			               .customer_id = voc_str_of(rest.ptr + customer.len, rest.len - customer.len) };
		return true;
	}
	*ret_item = (struct item){ .kind = AUDIT_ROLLUP };
	bool is_day = voc_str_starts_with(rest, index);
	struct voc_str kind = is_day ? index : rollup;
	int64_t number;
	if (!voc_str_starts_with(rest, kind) ||
	    !voc_str_to_i64(voc_str_of(rest.ptr + kind.len, rest.len - kind.len), &number) || number < 0)
		return false;
	ret_item->minute = is_day ? VOC_PERIOD_OF_DAY(number) : number;
	return true;
}

/* Keeps the name if the recount has nothing of it (yet). */
static bool suspect(void *context, struct voc_str key)
{
	struct audit *audit = context;
	struct item item;
	size_t number;
	if (!name_parse(audit, key, &item))
		return true;
	bool is_known = item.kind == AUDIT_CUSTOMER
	                        ? !recount_holds(audit->recount, item.customer_id) ||
	                                  recount_find(audit->recount, item.customer_id) != NULL
	                        : audit->recount->settings.share > 1 || is_about_to_expire(audit, item.minute) ||
	                                  minutes_find(audit->recount->minutes, item.minute, &number);
	struct voc_field name = { key, VOC_STR("") };
	return is_known || fields_add(&audit->suspects, &name);
}

static enum voc_status look_at_suspects(struct audit *audit, struct voc_error *error)
{
	struct item items[VOC_REDIS_SNAPSHOT_KEYS];
	enum voc_status status = VOC_OK;
	for (size_t at = 0; status == VOC_OK && at < audit->suspects.count;) {
		size_t count = 0;
		for (; at < audit->suspects.count && count < VOC_REDIS_SNAPSHOT_KEYS; at++)
			count += name_parse(audit, audit->suspects.list[at].name, &items[count]);
		status = look(audit, items, count, error);
	}
	return status;
}

static enum voc_status tell_suspects(struct audit *audit, struct voc_error *error)
{
	for (size_t i = 0; i < audit->suspects.count; i++) {
		struct item item;
		if (!name_parse(audit, audit->suspects.list[i].name, &item))
			continue;
		item.name = audit->suspects.list[i].name;
		tell(audit, &item, AUDIT_STRAY, NULL, NULL);
	}
	return audit->out_of_memory ? out_of_memory(error) : VOC_OK;
}

/* Goes through the names of all the partition's keys in Redis, `act` upon the suspects of each page. */
static enum voc_status scan(struct audit *audit, enum voc_status (*act)(struct audit *, struct voc_error *),
                            struct voc_error *error)
{
	char pattern[32];
	uint64_t cursor = 0;
	int32_t partition = audit->recount->settings.partition;
	enum voc_status status;
	snprintf(pattern, sizeof pattern, "voc:{%" PRId32 "}:*", partition);
	do {
		fields_clear(&audit->suspects);
		status = voc_redis_scan(audit->redis, partition, pattern, &cursor, suspect, audit, error);
		if (status == VOC_OK && voc_signals_received() != 0)
			status = voc_error_set(error, VOC_RETRY, VOC_REASON_INTERNAL, -1, "stopped by a signal");
		if (status == VOC_OK)
			status = act(audit, error);
	} while (status == VOC_OK && cursor != 0);
	return status;
}

enum voc_status audit_strays(struct audit *audit, struct voc_error *error)
{
	return scan(audit, tell_suspects, error);
}

enum voc_status audit_run(struct audit *audit, struct voc_error *error)
{
	struct item whole[] = { { .kind = AUDIT_POSITION }, { .kind = AUDIT_AT_RISK }, { .kind = AUDIT_DUE } };
	enum voc_status status = look_at_customers(audit, error);
	if (status == VOC_OK)
		status = look_at_rollups(audit, error);
	if (status == VOC_OK)
		status = look(audit, whole, sizeof whole / sizeof *whole, error);
	return status == VOC_OK ? scan(audit, look_at_suspects, error) : status;
}
