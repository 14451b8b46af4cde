#include "customer_account.h"

#include "base/arena.h"
#include "case.h"
#include "vocctl/shared/text.h"

#include <inttypes.h>

#define LABEL_COLUMNS 14 /* as in customer_page.c */
#define ARENA_BYTES   65536
#define TOLD_BYTES    65536

static struct voc_str take_until(struct voc_str *text, char mark)
{
	const char *at = text->len > 0 ? memchr(text->ptr, mark, text->len) : NULL;
	size_t len = at != NULL ? (size_t)(at - text->ptr) : text->len;
	struct voc_str taken = voc_str_of(text->ptr, len);
	size_t used = at != NULL ? len + 1 : len;
	*text = voc_str_of(text->ptr + used, text->len - used);
	return taken;
}

/* Of the field `troubles`: those that an alert of now would count. */
static int troubles_near(struct voc_str troubles, int64_t now_ms, int64_t window_ms)
{
	int near = 0;
	while (troubles.len > 0) {
		struct voc_str one = take_until(&troubles, ',');
		int64_t at_ms;
		if (voc_str_to_i64(take_until(&one, ':'), &at_ms))
			near += at_ms - now_ms <= window_ms && now_ms - at_ms <= window_ms;
	}
	return near;
}

/* What the risk alone makes of an alert. */
static enum voc_severity severity_of(const struct voc_redis_fields *fields)
{
	struct voc_str state = VOC_STR("");
	voc_redis_field_find(fields, "risk_state", &state);
	if (voc_str_is(state, "critical"))
		return VOC_SEVERITY_CRITICAL;
	return voc_str_is(state, "at_risk") ? VOC_SEVERITY_WARNING : VOC_SEVERITY_INFO;
}

static void find_priority(struct customer_account *account, const struct voc_redis_fields *fields,
                          const struct voc_value_counts *values, const struct voc_rules *rules)
{
	struct voc_str troubles = VOC_STR("");
	const struct voc_account *known = account->account;
	voc_redis_field_find(fields, "troubles", &troubles);
	account->top_fifth = known != NULL && voc_value_counts_is_top(values, known->sums[VOC_SUM_VALUE]);
	account->has_priority = rules != NULL && rules->account.on;
	if (!account->has_priority)
		return;
	const struct voc_priority_case about = {
		.severity = severity_of(fields),
		.risk = (int)voc_redis_field_i64(fields, "risk"),
		.stage = known != NULL ? (enum voc_stage)known->stage : VOC_STAGE_NONE,
		.top_fifth = account->top_fifth,
		.troubles = troubles_near(troubles, account->now_ms, rules->repeat_window_ms),
	};
	account->priority = voc_priority_of(&rules->account, &about);
}

/* One field, if it is of the account or of a case. */
static bool read_field(struct customer_account *account, const struct voc_field *field, struct voc_arena *arena)
{
	const struct voc_str prefix = VOC_STR("case:");
	bool out_of_memory = false;
	uint8_t cause;
	if (!voc_str_starts_with(field->name, prefix)) {
		enum voc_account_load loaded = voc_account_load(&account->account, field, arena);
		return loaded == VOC_ACCOUNT_LOADED || loaded == VOC_ACCOUNT_OTHER;
	}
	struct voc_str name = voc_str_of(field->name.ptr + prefix.len, field->name.len - prefix.len);
	return voc_cause_parse(name, &cause) && voc_case_read(&account->cases, cause, field->value, &out_of_memory);
}

enum voc_status customer_account_read(const struct voc_redis_fields *fields, const struct voc_value_counts *values,
                                      const struct voc_rules *rules, int64_t now_ms,
                                      struct customer_account *ret_account, struct voc_error *error)
{
	*ret_account = (struct customer_account){ .now_ms = now_ms };
	struct voc_arena *arena = voc_arena_new(ARENA_BYTES);
	bool good = arena != NULL;
	for (size_t i = 0; good && i < fields->count; i++) {
		struct voc_field field = { voc_redis_field_name(fields, i), voc_redis_field_value(fields, i) };
		good = read_field(ret_account, &field, arena);
	}
	voc_arena_free(arena);
	if (!good || (ret_account->account != NULL && voc_account_missing(ret_account->account) != NULL))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_REDIS, -1,
		                     "what is stored of this customer can't be read: another version wrote it");
	find_priority(ret_account, fields, values, rules);
	return VOC_OK;
}

void customer_account_free(struct customer_account *account)
{
	voc_account_free(account->account);
	voc_cases_free(&account->cases);
}

static int rule_of_case(const struct voc_case *one)
{
	if (!voc_case_is_active(one))
		return -1;
	if (one->flags & VOC_CASE_RESOLVE_OVERDUE)
		return VOC_RULE_CASE_RESOLVE_OVERDUE;
	if (one->flags & VOC_CASE_SILENT)
		return VOC_RULE_CASE_SILENT;
	if (one->flags & VOC_CASE_RESPOND_OVERDUE && one->due_ms[VOC_DUE_CASE_RESPOND] == 0)
		return one->steps > 0 ? VOC_RULE_CASE_ESCALATED : VOC_RULE_CASE_RESPOND_OVERDUE;
	return one->reopens > 0 ? VOC_RULE_CASE_REOPENED : -1;
}

/* What is furthest gone speaks first. */
int customer_account_rule(const struct customer_account *account)
{
	static const int precedence[] = { VOC_RULE_CASE_RESOLVE_OVERDUE, VOC_RULE_CASE_SILENT, VOC_RULE_CASE_ESCALATED,
		                          VOC_RULE_CASE_RESPOND_OVERDUE, VOC_RULE_CASE_REOPENED };
	for (size_t i = 0; i < sizeof precedence / sizeof *precedence; i++) {
		for (int at = 0; at < account->cases.count; at++) {
			if (rule_of_case(&account->cases.list[at]) == precedence[i])
				return precedence[i];
		}
	}
	return -1;
}

static void add_label(struct voc_buf *out, const char *label)
{
	voc_buf_addf(out, "  %-*s", LABEL_COLUMNS, label);
}

static void add_time(struct voc_buf *out, const char *before, int64_t ms)
{
	if (ms == 0)
		return;
	voc_buf_add_str(out, voc_str_from(before));
	vocctl_text_add_time(out, ms);
}

static void show_profile(struct voc_buf *out, const struct voc_account *account)
{
	bool any = false;
	for (int field = 0; field < VOC_PROFILE_FIELD_COUNT; field++) {
		if (account->profile[field] == NULL)
			continue;
		if (!any)
			add_label(out, "profile");
		voc_buf_addf(out, "%s%s ", any ? ", " : "", voc_fact_field_name(VOC_FACT_PROFILE, field));
		vocctl_text_add(out, voc_str_from(account->profile[field]));
		any = true;
	}
	if (any)
		voc_buf_add_char(out, '\n');
}

static void show_stage(struct voc_buf *out, const struct voc_account *account)
{
	add_label(out, "stage");
	voc_buf_addf(out, "%s", voc_stage_name((enum voc_stage)account->stage));
	add_time(out, " since ", account->stage_ms);
	add_time(out, "; lapsed, found at ", account->has_lapsed ? account->lapsed_ms : 0);
	add_time(out, "; lapses without an order by ", account->lapses_ms);
	voc_buf_add_char(out, '\n');
}

static void show_value(struct voc_buf *out, const struct customer_account *of)
{
	const struct voc_account *account = of->account;
	const int64_t *sums = account->sums;
	if (account->currency[0] == '\0')
		return;
	add_label(out, "value");
	voc_buf_addf(out, "%" PRId64 " %s in a lifetime%s; %" PRId64 " orders, spent %" PRId64, sums[VOC_SUM_VALUE],
	             account->currency, of->top_fifth ? ", top fifth" : "", sums[VOC_SUM_ORDERS], sums[VOC_SUM_SPENT]);
	if (sums[VOC_SUM_MARGIN_SPENT] > 0)
		voc_buf_addf(out, ", margin %" PRId64, sums[VOC_SUM_MARGIN]);
	voc_buf_addf(out, ", late %" PRId64 ", returned %" PRId64, sums[VOC_SUM_LATE], sums[VOC_SUM_RETURNED]);
	add_time(out, "; last ordered ", account->last_order_ms);
	voc_buf_add_char(out, '\n');
}

/* The terms of the product, so that they can be checked by hand. */
static void show_priority(struct voc_buf *out, const struct voc_priority *priority)
{
	add_label(out, "priority");
	voc_buf_addf(out,
	             "%" PRId64 " = risk %" PRId64 " x stage %" PRId64 " %% x value %" PRId64
	             " %% x repetition %" PRId64 " %%\n",
	             priority->score, priority->risk, priority->stage, priority->value, priority->repetition);
}

static void show_due(struct voc_buf *out, const char *what, int64_t due_ms, int64_t now_ms)
{
	add_time(out, what, due_ms);
	if (due_ms != 0 && due_ms < now_ms)
		voc_buf_addf(out, " (past)");
}

static void show_case(struct voc_buf *out, const struct voc_case *one, int64_t now_ms)
{
	char id[VOC_CASE_ID_SIZE];
	add_label(out, "case");
	voc_buf_addf(out, "%s %s, %s, with ", voc_case_id(one, id),
	             voc_case_state_name((enum voc_case_state)one->state),
	             voc_severity_name((enum voc_severity)one->severity));
	vocctl_text_add(out, voc_str_from(one->team));
	voc_buf_addf(out, "; %" PRIu32 " contacts, reopened %" PRIu32 ", escalated %u%s%s%s%s%s", one->contacts,
	             one->reopens, (unsigned)one->steps, one->flags & VOC_CASE_RESPOND_OVERDUE ? ", answered late" : "",
	             one->flags & VOC_CASE_RESOLVE_OVERDUE ? ", resolved late" : "",
	             one->flags & VOC_CASE_SILENT ? ", silent" : "",
	             one->flags & VOC_CASE_RECOVERED ? ", recovered" : "",
	             one->flags & VOC_CASE_ABANDONED ? ", abandoned" : "");
	show_due(out, "; answer by ", one->due_ms[VOC_DUE_CASE_RESPOND], now_ms);
	show_due(out, "; resolve by ", one->due_ms[VOC_DUE_CASE_RESOLVE], now_ms);
	show_due(out, "; escalates ", one->due_ms[VOC_DUE_CASE_ESCALATE], now_ms);
	voc_buf_addf(out, "; can: ");
	case_add_moves(out, (enum voc_case_state)one->state);
	voc_buf_add_char(out, '\n');
}

void customer_account_show(struct voc_buf *out, const struct customer_account *account)
{
	if (account->account != NULL) {
		show_profile(out, account->account);
		show_stage(out, account->account);
		show_value(out, account);
	}
	if (account->has_priority)
		show_priority(out, &account->priority);
	for (int i = 0; i < account->cases.count; i++)
		show_case(out, &account->cases.list[i], account->now_ms);
}

static void write_cases(struct voc_json_writer *json, const struct customer_account *account, struct voc_buf *told)
{
	voc_json_key(json, "cases_now");
	voc_json_array(json);
	for (int i = 0; i < account->cases.count; i++) {
		const struct voc_case *one = &account->cases.list[i];
		voc_json_object(json);
		voc_json_member_bool(json, "overdue", case_is_overdue(one, account->now_ms));
		voc_buf_clear(told);
		case_add_moves(told, (enum voc_case_state)one->state);
		voc_json_member_str(json, "can", voc_buf_str(told));
		voc_buf_clear(told);
		voc_case_tell(one, told);
		voc_json_key(json, "case");
		voc_json_raw(json, voc_buf_str(told));
		voc_json_object_end(json);
	}
	voc_json_array_end(json);
}

void customer_account_write(struct voc_json_writer *json, const struct customer_account *account)
{
	struct voc_buf told;
	voc_buf_init(&told, TOLD_BYTES);
	if (account->account != NULL) {
		voc_account_tell(account->account, account->now_ms, account->top_fifth, &told);
		voc_json_key(json, "relationship");
		voc_json_raw(json, voc_buf_str(&told));
	}
	voc_buf_clear(&told);
	if (account->has_priority) {
		voc_priority_tell(&account->priority, &told);
		voc_json_key(json, "priority");
		voc_json_raw(json, voc_buf_str(&told));
	}
	write_cases(json, account, &told);
	voc_buf_free(&told);
}
