#include "core/customer/customer_fields.h"

#include "base/json_read.h"
#include "core/customer/contribution.h"

#include <stdlib.h>

/* Stored ids of one field. */
struct chunk {
	uint32_t number;
	struct voc_str text;
};
#define CHUNKS_MAX (VOC_RECENT_MAX / VOC_RECENT_CHUNK + 1)

struct loader {
	struct voc_customer customer;
	struct voc_str recent;
	struct chunk chunks[CHUNKS_MAX];
	size_t chunk_count;
	struct voc_arena *arena;
	int64_t index, level; /* as stored: they follow from the rest and must agree */
	unsigned seen;        /* bit 1 << VOC_FIELD_x */
	size_t account_fields;
	bool out_of_memory; /* what stands there may be good */
};

static bool load_hash(const char *text, uint8_t to[VOC_RECENT_BYTES])
{
	static const char digits[] = VOC_BASE64URL;
	uint64_t bits = 0;
	for (int i = 0; i < VOC_HASH_CHARS; i++) {
		const char *at = text[i] != '\0' ? strchr(digits, text[i]) : NULL;
		if (!at)
			return false;
		bits = bits << 6 | (uint64_t)(at - digits);
	}
	for (int i = VOC_RECENT_BYTES - 1; i >= 0; i--, bits >>= 8)
		to[i] = (uint8_t)bits;
	return true;
}

static bool load_chunk(struct loader *loader, const struct voc_field *field)
{
	size_t prefix = sizeof(VOC_CHUNK_PREFIX) - 1;
	struct voc_str digits = voc_str_of(field->name.ptr + prefix, field->name.len - prefix);
	int64_t number;
	if (!voc_field_number(digits, 0, UINT32_MAX / VOC_RECENT_CHUNK, &number) ||
	    (digits.len > 1 && digits.ptr[0] == '0') || loader->chunk_count == CHUNKS_MAX || field->value.len == 0)
		return false;
	loader->chunks[loader->chunk_count++] = (struct chunk){ (uint32_t)number, field->value };
	return true;
}

static bool load_mark(struct voc_recent *recent, struct voc_str text)
{
	int64_t marked;
	if (!voc_field_number(voc_str_take_until(&text, ':'), 0, VOC_RECENT_TIME_MAX, &recent->mark_ms) ||
	    !voc_field_number(text, VOC_RECENT_FEW, UINT32_MAX, &marked))
		return false;
	recent->marked = (uint32_t)marked;
	return true;
}

static bool restore_ids(struct loader *loader, struct voc_str text)
{
	uint8_t id[VOC_RECENT_BYTES];
	for (size_t at = 0; at < text.len; at += VOC_HASH_CHARS) {
		if (!load_hash(text.ptr + at, id))
			return false;
		if (!voc_recent_restore(&loader->customer.recent, id)) {
			loader->out_of_memory = true;
			return false;
		}
	}
	return true;
}

static int by_number(const void *a, const void *b)
{
	uint32_t one = ((const struct chunk *)a)->number, other = ((const struct chunk *)b)->number;
	return (one > other) - (one < other);
}

/* The ring from its fields, once `events` is known: the chunks must be whole, but for what the ring's ends cut off. */
static bool load_ring(struct loader *loader)
{
	struct voc_recent *recent = &loader->customer.recent;
	uint32_t marked = recent->marked, events = loader->customer.counts.events;
	int64_t mark_ms = recent->mark_ms;
	size_t chars = loader->recent.len, all = chars;
	for (size_t i = 0; i < loader->chunk_count; i++)
		all += loader->chunks[i].text.len;
	size_t few = chars / VOC_HASH_CHARS, count = all / VOC_HASH_CHARS;
	if (all % VOC_HASH_CHARS != 0 || chars % VOC_HASH_CHARS != 0 || few == 0 || few > VOC_RECENT_FEW ||
	    count > VOC_RECENT_MAX || count > events || marked > events || (marked > 0) != (few == VOC_RECENT_FEW) ||
	    (count > few && few < VOC_RECENT_FEW))
		return false;
	voc_recent_begin(recent, events - (uint32_t)count);
	recent->marked = marked;
	recent->mark_ms = mark_ms;
	qsort(loader->chunks, loader->chunk_count, sizeof *loader->chunks, by_number);
	for (size_t i = 0; i < loader->chunk_count; i++) {
		const struct chunk *chunk = &loader->chunks[i];
		uint32_t end = (chunk->number + 1) * VOC_RECENT_CHUNK, last = events - VOC_RECENT_FEW;
		uint32_t wanted = (end < last ? end : last) - recent->next;
		if (recent->next / VOC_RECENT_CHUNK != chunk->number ||
		    chunk->text.len != wanted * (size_t)VOC_HASH_CHARS || !restore_ids(loader, chunk->text))
			return false;
	}
	return restore_ids(loader, loader->recent);
}

static bool load_troubles(struct voc_customer *customer, struct voc_str text)
{
	while (text.len > 0) {
		if (customer->trouble_count == VOC_TROUBLES_MAX)
			return false;
		struct voc_trouble *trouble = &customer->troubles[customer->trouble_count++];
		struct voc_str one = voc_str_take_until(&text, ',');
		enum voc_factor factor;
		if (!voc_field_time(voc_str_take_until(&one, ':'), &trouble->at_ms) ||
		    !voc_factor_parse(voc_str_take_until(&one, ':'), &factor))
			return false;
		trouble->factor = (uint8_t)factor;
		trouble->complaint = voc_str_is(one, "c");
		if (!trouble->complaint && !voc_str_is(one, "d"))
			return false;
	}
	return customer->trouble_count > 0;
}

static char *copy_text(struct loader *loader, struct voc_str text)
{
	char *copy = strndup(text.ptr, text.len);
	loader->out_of_memory = loader->out_of_memory || !copy;
	return copy;
}

static bool load_contributions(struct loader *loader, struct voc_str text)
{
	struct voc_customer *customer = &loader->customer;
	struct voc_json_reader json;
	struct voc_error error;
	voc_json_read_begin(&json, text, loader->arena, 8, &error);
	if (!voc_json_enter_array(&json))
		return false;
	while (voc_json_next_element(&json)) {
		struct voc_str one;
		bool object = voc_json_peek(&json) == VOC_JSON_OBJECT;
		if (!object || !voc_json_skip(&json, &one) || one.len > VOC_CONTRIBUTION_MAX_BYTES ||
		    customer->contribution_count == VOC_CONTRIBUTIONS_MAX)
			break;
		struct voc_shared_text *copy = voc_shared_text_new(one);
		loader->out_of_memory = loader->out_of_memory || !copy;
		if (!copy)
			return false;
		customer->contributions[customer->contribution_count++] = copy;
	}
	bool good = voc_json_read_end(&json) && customer->contribution_count > 0;
	loader->out_of_memory = loader->out_of_memory || error.reason == VOC_REASON_OUT_OF_MEMORY;
	return good;
}

static bool load_last_event(struct loader *loader, struct voc_str text)
{
	struct voc_customer *customer = &loader->customer;
	if (text.len == 0 || customer->last_event || memchr(text.ptr, '\0', text.len))
		return false;
	customer->last_event = copy_text(loader, text);
	return customer->last_event != NULL;
}

static bool load_plain(struct loader *loader, enum voc_customer_field which, struct voc_str value)
{
	struct voc_customer *customer = &loader->customer;
	enum voc_risk_state state;
	int64_t points;
	switch (which) {
	case VOC_FIELD_INDEX: return voc_field_number(value, 0, 100, &loader->index);
	case VOC_FIELD_RISK: return voc_field_number(value, 0, 100, &loader->level);
	case VOC_FIELD_POINTS:
		if (!voc_field_number(value, 0, VOC_RISK_POINTS_MAX, &points))
			return false;
		customer->risk.points = (int32_t)points;
		return true;
	case VOC_FIELD_RISK_AT: return voc_field_time(value, &customer->risk.at_ms);
	case VOC_FIELD_STATE:
		if (!voc_risk_state_parse(value, &state))
			return false;
		customer->state = (uint8_t)state;
		return true;
	case VOC_FIELD_FIRST: return voc_field_time(value, &customer->first_ms);
	case VOC_FIELD_LAST: return voc_field_time(value, &customer->last_ms);
	case VOC_FIELD_LAST_EVENT: return load_last_event(loader, value);
	case VOC_FIELD_RECENT: loader->recent = value; return true;
	case VOC_FIELD_TROUBLES: return load_troubles(customer, value);
	case VOC_FIELD_CONTRIBUTIONS: return load_contributions(loader, value);
	case VOC_FIELD_RECENT_MARK: return load_mark(&customer->recent, value);
	case VOC_FIELD_COUNT: break;
	}
	return false;
}

static bool load_alert(struct voc_customer *customer, const struct voc_field *field)
{
	enum voc_rule rule;
	size_t prefix = sizeof(VOC_ALERT_PREFIX) - 1;
	struct voc_str value = field->value;
	int64_t severity;
	if (!voc_rule_parse(voc_str_of(field->name.ptr + prefix, field->name.len - prefix), &rule) ||
	    (int)rule >= VOC_RULE_MARKED_COUNT ||
	    !voc_field_time(voc_str_take_until(&value, ':'), &customer->alert_ms[rule]) ||
	    !voc_field_number(value, VOC_SEVERITY_INFO, VOC_SEVERITY_CRITICAL, &severity))
		return false;
	customer->alert_severity[rule] = (uint8_t)severity;
	return true;
}

static bool load_case(struct loader *loader, const struct voc_field *field)
{
	uint8_t cause;
	size_t prefix = sizeof(VOC_CASE_PREFIX) - 1;
	return voc_cause_parse(voc_str_of(field->name.ptr + prefix, field->name.len - prefix), &cause) &&
	       voc_case_read(&loader->customer.cases, cause, field->value, &loader->out_of_memory);
}

static bool load_counter(struct voc_customer *customer, const struct voc_field *field)
{
	for (size_t i = 0; i < VOC_COUNTER_COUNT; i++) {
		int64_t value;
		if (!voc_customer_counter_name(i) || !voc_str_is(field->name, voc_customer_counter_name(i)))
			continue;
		if (!voc_field_number(field->value, 1, UINT32_MAX, &value))
			return false;
		voc_customer_counter_set(customer, i, (uint32_t)value);
		return true;
	}
	return false;
}

static bool load_account(struct loader *loader, const struct voc_field *field)
{
	enum voc_account_load loaded = voc_account_load(&loader->customer.account, field, loader->arena);
	loader->account_fields += loaded == VOC_ACCOUNT_LOADED;
	loader->out_of_memory = loader->out_of_memory || loaded == VOC_ACCOUNT_NO_MEMORY;
	return loaded == VOC_ACCOUNT_LOADED;
}

static bool load_field(struct loader *loader, const struct voc_field *field)
{
	if (voc_str_starts_with(field->name, VOC_STR(VOC_ALERT_PREFIX)))
		return load_alert(&loader->customer, field);
	if (voc_str_starts_with(field->name, VOC_STR(VOC_CASE_PREFIX)))
		return load_case(loader, field);
	if (voc_str_starts_with(field->name, VOC_STR(VOC_CHUNK_PREFIX)))
		return load_chunk(loader, field);
	for (int i = 0; i < VOC_FIELD_COUNT; i++) {
		if (!voc_str_is(field->name, voc_customer_field_name((enum voc_customer_field)i)))
			continue;
		bool again = loader->seen >> i & 1;
		loader->seen |= 1U << i;
		return !again && load_plain(loader, (enum voc_customer_field)i, field->value);
	}
	return load_counter(&loader->customer, field) || load_account(loader, field);
}

/* NULL if the fields that were read make a whole; else the name of one that is missing or contradicts the rest. */
static const char *missing(struct loader *loader, size_t count)
{
	const struct voc_customer *customer = &loader->customer;
	const char *gone = customer->account ? voc_account_missing(customer->account) : NULL;
	if (gone || count == loader->account_fields)
		return gone;
	for (int i = 0; i < VOC_FIELD_COUNT; i++) {
		if (VOC_FIELDS_REQUIRED >> i & ~loader->seen >> i & 1)
			return voc_customer_field_name((enum voc_customer_field)i);
	}
	if (customer->counts.events == 0)
		return "events";
	if (loader->index != voc_customer_satisfaction_index(customer))
		return voc_customer_field_name(VOC_FIELD_INDEX);
	if (loader->level != voc_risk_level(customer->risk))
		return voc_customer_field_name(VOC_FIELD_RISK);
	if (!load_ring(loader))
		return voc_customer_field_name(VOC_FIELD_RECENT);
	return NULL;
}

enum voc_status voc_customer_load(const struct voc_field *fields, size_t count, struct voc_arena *arena,
                                  struct voc_customer *ret_customer, struct voc_error *error)
{
	struct loader loader = { .arena = arena, .chunk_count = 0 };
	struct voc_str bad = { NULL, 0 };
	for (size_t i = 0; i < count && !bad.ptr; i++) {
		if (!load_field(&loader, &fields[i]))
			bad = fields[i].name;
	}
	if (count > 0 && !bad.ptr)
		bad = voc_str_from(missing(&loader, count));
	if (bad.ptr) {
		voc_customer_free(&loader.customer);
		if (loader.out_of_memory)
			return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1,
			                     "no memory for a customer");
		return voc_error_set(error, VOC_FATAL, VOC_REASON_REDIS, -1,
		                     "customer: field '%.*s' is not what belongs there",
		                     VOC_STR_ARG(voc_str_clip(bad, 80)));
	}
	*ret_customer = loader.customer;
	return VOC_OK;
}
