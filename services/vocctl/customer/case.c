/* vocctl case: what dissatisfied customers are owed, and what people do about it. */
#include "case.h"

#include "base/clock.h"
#include "base/json_write.h"
#include "vocctl/shared/text.h"

#include <stdio.h>

#define PAGE_BYTES_MAX ((size_t)1 << 20)
#define TOP_MAX        100000

static const struct vocctl_flag flags[CASE_FLAG_COUNT] = {
	[CASE_TEAM] = { "team", VOCCTL_TEXT, "T", 0, 0, 0, "list: of this owner only" },
	[CASE_STATE] = { "state", VOCCTL_TEXT, "S", 0, 0, 0, "list: in this state only" },
	[CASE_OVERDUE] = { "overdue", VOCCTL_SWITCH, NULL, 0, 0, 0, "list: only what missed a deadline" },
	[CASE_TOP] = { "top", VOCCTL_COUNT, "N", 1, TOP_MAX, 50, "list: how many, the earliest deadline first" },
	[CASE_BY] = { "by", VOCCTL_TEXT, "ID", 0, 0, 0, "Who does it; otherwise VOC_OPERATOR" },
	[CASE_CAUSE] = { "cause", VOCCTL_TEXT, "TEXT", 0, 0, 0, "resolve: what it came from" },
	[CASE_OFFER] = { "offer", VOCCTL_TEXT, "TEXT", 0, 0, 0, "offer: what the customer was offered" },
	[CASE_OUTCOME] = { "outcome", VOCCTL_TEXT, "TEXT", 0, 0, 0, "resolve: how it ended" },
	[CASE_NOTE] = { "note", VOCCTL_TEXT, "TEXT", 0, 0, 0, "For whoever reads it later; personal data is masked" },
	[CASE_WAIT] = { "wait", VOCCTL_SWITCH, NULL, 0, 0, 0, "Until the aggregator has applied it" },
	[CASE_DRY_RUN] = { "dry-run", VOCCTL_SWITCH, NULL, 0, 0, 0, "Tell what would be sent, send nothing" },
	[CASE_JSON] = { "json", VOCCTL_SWITCH, NULL, 0, 0, 0, "One JSON object per case and line" },
};

int64_t case_deadline(const struct voc_case *one)
{
	int64_t respond_ms = one->due_ms[VOC_DUE_CASE_RESPOND], resolve_ms = one->due_ms[VOC_DUE_CASE_RESOLVE];
	if (respond_ms == 0 || (resolve_ms != 0 && resolve_ms < respond_ms))
		return resolve_ms;
	return respond_ms;
}

bool case_is_overdue(const struct voc_case *one, int64_t now_ms)
{
	int64_t deadline_ms = case_deadline(one);
	return voc_case_is_active(one) && ((one->flags & (VOC_CASE_RESPOND_OVERDUE | VOC_CASE_RESOLVE_OVERDUE)) ||
	                                   (deadline_ms != 0 && deadline_ms < now_ms));
}

enum voc_status case_read(struct vocctl_store *store, struct voc_str customer_id, struct voc_cases *ret_cases,
                          struct voc_error *error)
{
	const struct voc_str prefix = VOC_STR("case:");
	struct voc_redis_fields fields;
	bool out_of_memory = false;
	*ret_cases = (struct voc_cases){ 0 };
	enum voc_status status = vocctl_store_customer(store, customer_id, &fields, error);
	if (status == VOC_OK && fields.count == 0)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_NONE, -1, "nothing is known of this customer");
	for (size_t i = 0; status == VOC_OK && i < fields.count; i++) {
		struct voc_str name = voc_redis_field_name(&fields, i);
		uint8_t cause;
		if (!voc_str_starts_with(name, prefix))
			continue;
		if (!voc_cause_parse(voc_str_of(name.ptr + prefix.len, name.len - prefix.len), &cause) ||
		    !voc_case_read(ret_cases, cause, voc_redis_field_value(&fields, i), &out_of_memory)) {
			voc_cases_free(ret_cases);
			return voc_error_set(error, VOC_FATAL, VOC_REASON_REDIS, -1,
			                     "a case of this customer can't be read: another version wrote it");
		}
	}
	return status;
}

static void add_line(struct voc_buf *page, const char *label, int64_t ms, bool late)
{
	if (ms == 0)
		return;
	voc_buf_addf(page, "  %-14s", label);
	vocctl_text_add_time(page, ms);
	voc_buf_addf(page, "%s\n", late ? "  (late)" : "");
}

static void describe_text(struct voc_buf *page, struct voc_str customer_id, const struct voc_case *one, int64_t now_ms)
{
	char id[VOC_CASE_ID_SIZE];
	voc_buf_addf(page, "%s of ", voc_case_id(one, id));
	vocctl_text_add(page, customer_id);
	voc_buf_addf(page, ": %s, %s, with %s\n", voc_case_state_name((enum voc_case_state)one->state),
	             voc_severity_name((enum voc_severity)one->severity), one->team);
	if (one->product) {
		voc_buf_add_str(page, VOC_STR("  product       "));
		vocctl_text_add(page, voc_str_from(one->product));
		voc_buf_add_char(page, '\n');
	}
	voc_buf_addf(page, "  contacts      %u, reopened %u, escalated %u%s%s%s%s%s\n", (unsigned)one->contacts,
	             (unsigned)one->reopens, (unsigned)one->steps,
	             one->flags & VOC_CASE_RESPOND_OVERDUE ? ", answered late" : "",
	             one->flags & VOC_CASE_RESOLVE_OVERDUE ? ", resolved late" : "",
	             one->flags & VOC_CASE_SILENT ? ", silent" : "",
	             one->flags & VOC_CASE_RECOVERED ? ", recovered" : "",
	             one->flags & VOC_CASE_ABANDONED ? ", abandoned" : "");
	add_line(page, "opened", one->opened_ms, false);
	add_line(page, "last contact", one->last_ms, false);
	add_line(page, "changed", one->changed_ms, false);
	add_line(page, "answer by", one->due_ms[VOC_DUE_CASE_RESPOND], one->due_ms[VOC_DUE_CASE_RESPOND] < now_ms);
	add_line(page, "resolve by", one->due_ms[VOC_DUE_CASE_RESOLVE], one->due_ms[VOC_DUE_CASE_RESOLVE] < now_ms);
	add_line(page, "escalates", one->due_ms[VOC_DUE_CASE_ESCALATE], false);
	add_line(page, one->state == VOC_CASE_CLOSED ? "forgotten" : "closes", one->due_ms[VOC_DUE_CASE_SETTLE], false);
}

void case_describe(struct voc_buf *page, struct voc_str customer_id, const struct voc_case *one, int64_t now_ms,
                   bool as_json)
{
	struct voc_json_writer json;
	struct voc_buf told;
	if (!as_json) {
		describe_text(page, customer_id, one, now_ms);
		return;
	}
	voc_buf_init(&told, PAGE_BYTES_MAX);
	voc_case_tell(one, &told);
	voc_json_begin(&json, page);
	voc_json_object(&json);
	voc_json_member_str(&json, "customer_id", customer_id);
	voc_json_member_bool(&json, "overdue", case_is_overdue(one, now_ms));
	voc_json_key(&json, "case");
	voc_json_raw(&json, voc_buf_str(&told));
	voc_json_object_end(&json);
	voc_buf_add_char(page, '\n');
	voc_buf_free(&told);
}

static void show_all(const struct vocctl_arguments *arguments, const struct voc_cases *cases)
{
	struct voc_buf page;
	voc_buf_init(&page, PAGE_BYTES_MAX);
	for (int i = 0; i < cases->count; i++) {
		const struct voc_case *one = &cases->list[i];
		char id[VOC_CASE_ID_SIZE];
		if (arguments->operand_count > 2 && strcmp(arguments->operands[2], voc_case_id(one, id)) != 0)
			continue;
		case_describe(&page, voc_str_from(arguments->operands[1]), one, voc_clock_wall_ms(),
		              arguments->flags[CASE_JSON].given);
	}
	fputs(voc_buf_c_str(&page), stdout);
	if (page.len == 0)
		fputs("vocctl case: the customer has no such case\n", stderr);
	voc_buf_free(&page);
}

static int show(const struct voc_conf *conf, const struct vocctl_arguments *arguments)
{
	struct voc_error error = { 0 };
	struct vocctl_store store;
	struct voc_cases cases = { 0 };
	enum voc_status status = vocctl_store_open(&store, conf, &error);
	if (status == VOC_OK)
		status = case_read(&store, voc_str_from(arguments->operands[1]), &cases, &error);
	if (status == VOC_OK)
		show_all(arguments, &cases);
	else
		fprintf(stderr, "vocctl case: %s\n", error.text);
	voc_cases_free(&cases);
	vocctl_store_close(&store);
	return status == VOC_OK ? VOCCTL_OK : VOCCTL_FAILED;
}

static int wrong(const char *text)
{
	fprintf(stderr, "vocctl case: %s; 'vocctl help case' tells how\n", text);
	return VOCCTL_USAGE;
}

static int run(const struct voc_conf *conf, const struct vocctl_arguments *arguments)
{
	struct voc_str what = voc_str_from(arguments->operands[0]);
	enum voc_case_action action;
	if (voc_str_is(what, "list"))
		return arguments->operand_count == 1 ? case_list(conf, arguments) : wrong("list takes no customer");
	if (voc_str_is(what, "show"))
		return arguments->operand_count > 1 ? show(conf, arguments) : wrong("a customer is wanted");
	if (voc_str_is(what, "ack"))
		what = VOC_STR("acknowledge");
	if (!voc_case_action_parse(what, &action))
		return wrong("list, show, ack, contact, offer, resolve, close or reopen is wanted");
	return arguments->operand_count == 3 ? case_move(conf, arguments, action)
	                                     : wrong("a customer and a case are wanted");
}

const struct vocctl_command vocctl_command_case = {
	.name = "case",
	.synopsis = "list | show CUSTOMER [CASE] | ack|contact|offer|resolve|close|reopen CUSTOMER CASE",
	.operands_least = 1,
	.operands_most = 3,
	.summary = "Follow up dissatisfied customers",
	.description =
	        "A dissatisfied contact opens a case, one for each customer and cause. Each step is a record of\n"
	        "voc.followups, which the aggregator applies in its turn; what a case can't do from the state it is "
	        "in\n"
	        "is refused here already:\n"
	        "\n"
	        "  open, reopened   ack, contact\n"
	        "  acknowledged     contact, resolve\n"
	        "  contacted        contact, offer, resolve\n"
	        "  offered          contact, offer, resolve\n"
	        "  resolved         close, reopen\n"
	        "  closed           reopen\n"
	        "\n"
	        "Exit status: 0 done, 1 refused or failed, 2 wrong usage.\n",
	.flags = flags,
	.flag_count = CASE_FLAG_COUNT,
	.run = run,
};
