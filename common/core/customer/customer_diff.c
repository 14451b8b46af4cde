#include "core/customer/customer_fields.h"

#include "core/customer/contribution.h"

#include <stdio.h>

#define LIST_MAX ((VOC_CONTRIBUTION_MAX_BYTES + 1) * VOC_CONTRIBUTIONS_MAX + 2)

/* The fields told one by one; the first refusal ends it. */
struct teller {
	voc_field_fn tell;
	void *context;
	bool fresh; /* the store holds nothing yet */
	bool refused;
};

static void tell(struct teller *teller, const char *name, struct voc_str value)
{
	struct voc_field field = { voc_str_from(name), value };
	if (!teller->refused && !teller->tell(teller->context, &field))
		teller->refused = true;
}

static void tell_i64(struct teller *teller, const char *name, int64_t before, int64_t now)
{
	char digits[VOC_I64_SIZE];
	if (before == now && !teller->fresh)
		return;
	tell(teller, name, voc_str_of(digits, voc_str_put_i64(digits, now)));
}

static void tell_counters(struct teller *teller, const struct voc_customer *before, const struct voc_customer *now)
{
	for (size_t i = 0; i < VOC_COUNTER_COUNT; i++) {
		int64_t value = voc_customer_counter(now, i);
		if (voc_customer_counter_name(i) && value > 0 && value != voc_customer_counter(before, i))
			tell_i64(teller, voc_customer_counter_name(i), -1, value);
	}
}

/* A run of ids by number, from `first` to before `end`. */
struct run {
	uint32_t first, end;
};

/* The ids that stand in chunks: all but the last few. */
static struct run chunked(const struct voc_recent *recent)
{
	bool more = voc_recent_count(recent) > VOC_RECENT_FEW;
	return (struct run){ recent->first, more ? recent->next - VOC_RECENT_FEW : recent->first };
}

static struct run within_chunk(struct run run, uint32_t chunk)
{
	uint32_t first = chunk * VOC_RECENT_CHUNK, end = first + VOC_RECENT_CHUNK;
	struct run part = { run.first > first ? run.first : first, run.end < end ? run.end : end };
	return part.first < part.end ? part : (struct run){ 0, 0 };
}

static void tell_ids(struct teller *teller, const char *name, const struct voc_recent *recent, struct run run)
{
	char text[VOC_RECENT_CHUNK * VOC_HASH_CHARS];
	size_t len = 0;
	for (uint32_t number = run.first; number != run.end; number++, len += VOC_HASH_CHARS) {
		const uint8_t *id = voc_recent_id(recent, number);
		uint64_t bits = 0;
		for (int byte = 0; byte < VOC_RECENT_BYTES; byte++)
			bits = bits << 8 | id[byte];
		for (int at = VOC_HASH_CHARS - 1; at >= 0; at--, bits >>= 6)
			text[len + (size_t)at] = VOC_BASE64URL[bits & 63];
	}
	tell(teller, name, len > 0 ? voc_str_of(text, len) : (struct voc_str){ NULL, 0 });
}

static void tell_chunk(struct teller *teller, const struct voc_recent *recent, uint32_t chunk, struct run run)
{
	char name[32];
	snprintf(name, sizeof name, VOC_CHUNK_PREFIX "%u", (unsigned)chunk);
	tell_ids(teller, name, recent, run);
}

/* Chunks that are gone, then those that are new or changed. An id never changes, so a chunk is the same if it has the
 * same numbers. */
static void tell_chunks(struct teller *teller, const struct voc_recent *before, const struct voc_recent *now)
{
	struct run old = chunked(before), new = chunked(now);
	for (uint32_t chunk = old.first / VOC_RECENT_CHUNK; chunk * VOC_RECENT_CHUNK < old.end; chunk++) {
		if (within_chunk(old, chunk).end > 0 && within_chunk(new, chunk).end == 0)
			tell_chunk(teller, now, chunk, (struct run){ 0, 0 });
	}
	for (uint32_t chunk = new.first / VOC_RECENT_CHUNK; chunk *VOC_RECENT_CHUNK < new.end; chunk++) {
		struct run was = within_chunk(old, chunk), is = within_chunk(new, chunk);
		if (is.end > 0 && (is.first != was.first || is.end != was.end))
			tell_chunk(teller, now, chunk, is);
	}
}

static void tell_recent(struct teller *teller, const struct voc_recent *before, const struct voc_recent *now)
{
	uint32_t few = voc_recent_count(now) < VOC_RECENT_FEW ? voc_recent_count(now) : VOC_RECENT_FEW;
	if (before->next == now->next && !teller->fresh)
		return;
	tell_ids(teller, voc_customer_field_name(VOC_FIELD_RECENT), now, (struct run){ now->next - few, now->next });
	tell_chunks(teller, before, now);
	if (before->marked == now->marked && before->mark_ms == now->mark_ms)
		return;
	char text[48];
	int len = snprintf(text, sizeof text, "%lld:%u", (long long)now->mark_ms, (unsigned)now->marked);
	tell(teller, voc_customer_field_name(VOC_FIELD_RECENT_MARK), voc_str_of(text, (size_t)len));
}

static bool same_troubles(const struct voc_customer *a, const struct voc_customer *b)
{
	for (int i = 0; i < a->trouble_count && i < b->trouble_count; i++) {
		const struct voc_trouble *x = &a->troubles[i], *y = &b->troubles[i];
		if (x->at_ms != y->at_ms || x->factor != y->factor || x->complaint != y->complaint)
			return false;
	}
	return a->trouble_count == b->trouble_count;
}

static void tell_troubles(struct teller *teller, const struct voc_customer *before, const struct voc_customer *now)
{
	char bytes[VOC_TROUBLES_MAX * 64];
	struct voc_buf text = { .ptr = bytes, .cap = sizeof bytes, .max = sizeof bytes };
	if (same_troubles(before, now))
		return;
	for (int i = 0; i < now->trouble_count; i++) {
		const struct voc_trouble *trouble = &now->troubles[i];
		if (i > 0)
			voc_buf_add_char(&text, ',');
		voc_buf_add_i64(&text, trouble->at_ms);
		voc_buf_add_char(&text, ':');
		voc_buf_add_str(&text, voc_str_from(voc_factor_name((enum voc_factor)trouble->factor)));
		voc_buf_add_str(&text, trouble->complaint ? VOC_STR(":c") : VOC_STR(":d"));
	}
	tell(teller, voc_customer_field_name(VOC_FIELD_TROUBLES), voc_buf_str(&text));
}

static bool same_contributions(const struct voc_customer *a, const struct voc_customer *b)
{
	for (int i = 0; i < a->contribution_count && i < b->contribution_count; i++) {
		if (!voc_shared_text_eq(a->contributions[i], b->contributions[i]))
			return false;
	}
	return a->contribution_count == b->contribution_count;
}

static void tell_contributions(struct teller *teller, const struct voc_customer *before, const struct voc_customer *now)
{
	if (same_contributions(before, now))
		return;
	char bytes[LIST_MAX];
	struct voc_buf list = { .ptr = bytes, .cap = sizeof bytes, .max = sizeof bytes };
	if (voc_customer_contributions(now, &list))
		tell(teller, voc_customer_field_name(VOC_FIELD_CONTRIBUTIONS), voc_buf_str(&list));
	else
		teller->refused = true;
}

static void tell_alerts(struct teller *teller, const struct voc_customer *before, const struct voc_customer *now)
{
	for (int rule = 0; rule < VOC_RULE_MARKED_COUNT; rule++) {
		char name[64], value[32];
		int severity = now->alert_severity[rule];
		if (severity == before->alert_severity[rule] && now->alert_ms[rule] == before->alert_ms[rule])
			continue;
		snprintf(name, sizeof name, VOC_ALERT_PREFIX "%s", voc_rule_name((enum voc_rule)rule));
		int len = snprintf(value, sizeof value, "%lld:%d", (long long)now->alert_ms[rule], severity);
		bool gone = severity == VOC_SEVERITY_NONE;
		tell(teller, name, gone ? (struct voc_str){ NULL, 0 } : voc_str_of(value, (size_t)len));
	}
}

static void tell_cases(struct teller *teller, const struct voc_cases *before, const struct voc_cases *now)
{
	for (int cause = 0; (before->count > 0 || now->count > 0) && cause < VOC_CAUSE_COUNT; cause++) {
		const struct voc_case *was = voc_cases_find(before, cause), *is = voc_cases_find(now, cause);
		char name[64], bytes[VOC_CASE_TEXT_BYTES];
		struct voc_buf text = { .ptr = bytes, .cap = sizeof bytes, .max = sizeof bytes };
		if ((!was && !is) || (was && is && voc_case_equals(was, is)))
			continue;
		snprintf(name, sizeof name, VOC_CASE_PREFIX "%s", voc_cause_name(cause));
		if (is)
			voc_case_write(is, &text);
		tell(teller, name, is ? voc_buf_str(&text) : (struct voc_str){ NULL, 0 });
		teller->refused |= text.failed;
	}
}

bool voc_customer_diff(const struct voc_customer *before, const struct voc_customer *now, voc_field_fn tell_field,
                       void *context)
{
	static const struct voc_customer nobody;
	if (!before || now->forgotten)
		before = &nobody;
	struct teller teller = { .tell = tell_field, .context = context, .fresh = before->counts.events == 0 };
	if (!voc_account_diff(before->account, now->account, tell_field, context))
		return false;
	if (now->counts.events == 0)
		return true;
	tell_counters(&teller, before, now);
	tell_i64(&teller, voc_customer_field_name(VOC_FIELD_INDEX), voc_customer_satisfaction_index(before),
	         voc_customer_satisfaction_index(now));
	tell_i64(&teller, voc_customer_field_name(VOC_FIELD_RISK), voc_risk_level(before->risk),
	         voc_risk_level(now->risk));
	tell_i64(&teller, voc_customer_field_name(VOC_FIELD_POINTS), before->risk.points, now->risk.points);
	tell_i64(&teller, voc_customer_field_name(VOC_FIELD_RISK_AT), before->risk.at_ms, now->risk.at_ms);
	if (teller.fresh || before->state != now->state)
		tell(&teller, voc_customer_field_name(VOC_FIELD_STATE),
		     voc_str_from(voc_risk_state_name((enum voc_risk_state)now->state)));
	tell_i64(&teller, voc_customer_field_name(VOC_FIELD_FIRST), before->first_ms, now->first_ms);
	tell_i64(&teller, voc_customer_field_name(VOC_FIELD_LAST), before->last_ms, now->last_ms);
	if (teller.fresh || strcmp(before->last_event, now->last_event) != 0)
		tell(&teller, voc_customer_field_name(VOC_FIELD_LAST_EVENT), voc_str_from(now->last_event));
	tell_recent(&teller, &before->recent, &now->recent);
	tell_troubles(&teller, before, now);
	tell_contributions(&teller, before, now);
	tell_alerts(&teller, before, now);
	tell_cases(&teller, &before->cases, &now->cases);
	return !teller.refused;
}
