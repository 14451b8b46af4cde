/* A move of a case: checked against what Redis holds now, and sent to voc.followups. */
#include "case.h"

#include "base/clock.h"
#include "base/json_write.h"
#include "base/timestamp.h"
#include "base/utf8.h"
#include "core/record/fact.h"
#include "core/record/topic.h"
#include "io/service/signals.h"
#include "vocctl/shared/sender.h"

#include <poll.h>
#include <stdio.h>
#include <unistd.h>

#define SOURCE          "/voc/vocctl"
#define VALUE_MAX_BYTES ((size_t)64 * 1024)
#define WAIT_MS         30000
#define LOOK_MS         200

struct move {
	const struct voc_conf *conf;
	const struct vocctl_arguments *arguments;
	enum voc_case_action action;
	enum voc_case_state next;
	struct voc_str customer_id, case_id, by;
	int64_t time_ms;
};

/* Flags that are members of the record. */
static const struct {
	enum case_flag flag;
	const char *member;
	size_t max_chars;
} texts[] = {
	{ CASE_CAUSE, "cause", 64 },
	{ CASE_OFFER, "offer", 200 },
	{ CASE_OUTCOME, "outcome", 64 },
	{ CASE_NOTE, "note", 1000 },
};
#define TEXT_COUNT (sizeof texts / sizeof *texts)

static enum voc_status check_texts(const struct move *move, struct voc_error *error)
{
	if (move->by.len > 0 && (!voc_utf8_check(move->by, NULL) || voc_utf8_count(move->by) > 64))
		return voc_error_set(error, VOC_INVALID, VOC_REASON_BAD_VALUE, -1, "--by: at most 64 characters");
	for (size_t i = 0; i < TEXT_COUNT; i++) {
		struct voc_str text = voc_str_from(move->arguments->flags[texts[i].flag].text);
		if (text.len > 0 && (!voc_utf8_check(text, NULL) || voc_utf8_count(text) > texts[i].max_chars))
			return voc_error_set(error, VOC_INVALID, VOC_REASON_BAD_VALUE, -1,
			                     "--%s: at most %zu characters of UTF-8", texts[i].member,
			                     texts[i].max_chars);
	}
	return VOC_OK;
}

/* What can be done from a state, as people call it. */
void case_add_moves(struct voc_buf *buf, enum voc_case_state state)
{
	enum voc_case_state next;
	const char *between = "";
	for (int action = 0; action < VOC_CASE_ACTION_COUNT; action++) {
		if (!voc_case_next(state, (enum voc_case_action)action, &next))
			continue;
		voc_buf_addf(buf, "%s%s", between,
		             action == VOC_CASE_ACKNOWLEDGE ? "ack"
		                                            : voc_case_action_name((enum voc_case_action)action));
		between = ", ";
	}
}

static enum voc_status check_state(struct move *move, const struct voc_cases *cases, struct voc_error *error)
{
	const struct voc_case *one = voc_cases_find_id(cases, move->case_id);
	if (!one)
		return voc_error_set(error, VOC_INVALID, VOC_REASON_BAD_VALUE, -1,
		                     "the customer has no such case; vocctl case show tells theirs");
	enum voc_case_state state = (enum voc_case_state)one->state;
	if (move->time_ms < one->changed_ms) /* by a clock that is ahead of ours: nothing is moved before that */
		move->time_ms = one->changed_ms;
	if (voc_case_next(state, move->action, &move->next))
		return VOC_OK;
	struct voc_buf can;
	voc_buf_init(&can, 256);
	case_add_moves(&can, state);
	voc_error_set(error, VOC_INVALID, VOC_REASON_BAD_VALUE, -1, "the case is %s: %s is not possible now, but %s",
	              voc_case_state_name(state), voc_case_action_name(move->action), voc_buf_c_str(&can));
	voc_buf_free(&can);
	return VOC_INVALID;
}

static bool encode(const struct move *move, struct voc_buf *value)
{
	struct voc_json_writer json;
	char time[VOC_TIMESTAMP_SIZE], id[64];
	size_t time_len = voc_timestamp_format(move->time_ms, time);
	snprintf(id, sizeof id, "%lld-%lld-%d", (long long)move->time_ms, (long long)voc_clock_us(), (int)getpid());
	voc_json_begin(&json, value);
	voc_json_object(&json);
	voc_json_member_str(&json, "specversion", VOC_STR("1.0"));
	voc_json_member_str(&json, "id", voc_str_from(id));
	voc_json_member_str(&json, "source", VOC_STR(SOURCE));
	voc_json_member_str(&json, "type", voc_str_from(voc_fact_type(VOC_FACT_FOLLOWUP)));
	voc_json_member_str(&json, "subject", move->customer_id);
	voc_json_member_str(&json, "time", voc_str_of(time, time_len));
	voc_json_member_str(&json, "datacontenttype", VOC_STR("application/json"));
	voc_json_key(&json, "data");
	voc_json_object(&json);
	voc_json_member_str(&json, "customer_id", move->customer_id);
	voc_json_member_str(&json, "case_id", move->case_id);
	voc_json_member_str(&json, "action", voc_str_from(voc_case_action_name(move->action)));
	if (move->by.len > 0)
		voc_json_member_str(&json, "by", move->by);
	for (size_t i = 0; i < TEXT_COUNT; i++) {
		const struct vocctl_value *given = &move->arguments->flags[texts[i].flag];
		if (given->given && *given->text)
			voc_json_member_str(&json, texts[i].member, voc_str_from(given->text));
	}
	voc_json_object_end(&json);
	voc_json_object_end(&json);
	return !value->failed;
}

static enum voc_status send_value(const struct move *move, struct voc_str value, struct voc_error *error)
{
	char topic[VOC_TOPIC_NAME_SIZE];
	struct vocctl_sender sender;
	if (!voc_topic_name(topic, move->conf->topic_prefix, VOC_TOPIC_FOLLOWUPS))
		return voc_error_set(error, VOC_FATAL, VOC_REASON_CONFIG, -1, "the topic prefix is too long");
	const struct voc_header headers[] = {
		{ VOC_STR("content-type"), VOC_STR("application/cloudevents+json") },
	};
	const struct voc_outgoing record = { .topic = topic,
		                             .partition = VOC_PARTITION_BY_KEY,
		                             .key = move->customer_id,
		                             .value = value,
		                             .headers = headers,
		                             .header_count = sizeof headers / sizeof *headers };
	enum voc_status status = vocctl_sender_open(&sender, move->conf, error);
	if (status == VOC_OK)
		status = vocctl_sender_send(&sender, &record, error);
	if (status == VOC_OK)
		status = vocctl_sender_drain(&sender, error);
	vocctl_sender_close(&sender);
	return status;
}

/* Until the case says that it changed when this was done. */
static enum voc_status await(const struct move *move, struct vocctl_store *store, struct voc_error *error)
{
	int64_t until_ms = voc_clock_ms() + WAIT_MS;
	while (voc_clock_ms() < until_ms && voc_signals_received() == 0) {
		struct voc_cases cases;
		enum voc_status status = case_read(store, move->customer_id, &cases, error);
		if (status != VOC_OK)
			return status;
		const struct voc_case *one = voc_cases_find_id(&cases, move->case_id);
		bool applied = one && one->changed_ms == move->time_ms && one->state == move->next;
		voc_cases_free(&cases);
		if (applied)
			return VOC_OK;
		struct pollfd end = { .fd = voc_signals_fd(), .events = POLLIN }; /* a negative one is passed over */
		poll(&end, 1, LOOK_MS);
	}
	return voc_error_set(error, VOC_RETRY, VOC_REASON_NONE, -1,
	                     "sent, but not applied within 30 s: is voc-aggregator behind, or did another move come "
	                     "first? vocctl case show tells");
}

static void print(const struct move *move, struct vocctl_store *store)
{
	struct voc_error ignored = { 0 };
	struct voc_cases cases;
	struct voc_buf page;
	if (case_read(store, move->customer_id, &cases, &ignored) != VOC_OK)
		return;
	const struct voc_case *one = voc_cases_find_id(&cases, move->case_id);
	voc_buf_init(&page, VALUE_MAX_BYTES);
	if (one)
		case_describe(&page, move->customer_id, one, voc_clock_wall_ms(),
		              move->arguments->flags[CASE_JSON].given);
	fputs(voc_buf_c_str(&page), stdout);
	voc_buf_free(&page);
	voc_cases_free(&cases);
}

static enum voc_status do_move(struct move *move, struct vocctl_store *store, struct voc_error *error)
{
	const struct vocctl_value *given = move->arguments->flags;
	struct voc_cases cases = { 0 };
	struct voc_buf value;
	voc_buf_init(&value, VALUE_MAX_BYTES);
	enum voc_status status = check_texts(move, error);
	if (status == VOC_OK)
		status = case_read(store, move->customer_id, &cases, error);
	if (status == VOC_OK)
		status = check_state(move, &cases, error);
	if (status == VOC_OK && !encode(move, &value))
		status = voc_error_set(error, VOC_INVALID, VOC_REASON_TOO_LARGE, -1, "the record is too large");
	if (status == VOC_OK && given[CASE_DRY_RUN].given)
		puts(voc_buf_c_str(&value));
	else if (status == VOC_OK)
		status = send_value(move, voc_buf_str(&value), error);
	if (status == VOC_OK && given[CASE_WAIT].given && !given[CASE_DRY_RUN].given) {
		status = await(move, store, error);
		if (status == VOC_OK)
			print(move, store);
	}
	voc_buf_free(&value);
	voc_cases_free(&cases);
	return status;
}

int case_move(const struct voc_conf *conf, const struct vocctl_arguments *arguments, enum voc_case_action action)
{
	const struct vocctl_value *by = &arguments->flags[CASE_BY];
	struct move move = { .conf = conf,
		             .arguments = arguments,
		             .action = action,
		             .customer_id = voc_str_from(arguments->operands[1]),
		             .case_id = voc_str_from(arguments->operands[2]),
		             .by = voc_str_from(by->given ? by->text : conf->operator_id),
		             .time_ms = voc_clock_wall_ms() };
	struct voc_error error = { 0 };
	struct vocctl_store store;
	enum voc_status status = vocctl_store_open(&store, conf, &error);
	if (status == VOC_OK)
		status = do_move(&move, &store, &error);
	vocctl_store_close(&store);
	if (status == VOC_OK)
		return VOCCTL_OK;
	fprintf(stderr, "vocctl case: %s\n", error.text);
	return VOCCTL_FAILED;
}
