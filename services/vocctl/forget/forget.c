/* vocctl forget: a customer's traces go, and a receipt says what went and what is left until when. */
#include "base/clock.h"
#include "base/hash.h"
#include "base/json_write.h"
#include "base/utf8.h"
#include "core/record/event.h"
#include "core/record/forget_record.h"
#include "core/record/topic.h"
#include "forget_alerts.h"
#include "forget_corrections.h"
#include "forget_wait.h"
#include "io/kafka/kafka_describe.h"
#include "io/service/signals.h"
#include "vocctl/commands.h"
#include "vocctl/shared/store.h"
#include "vocctl/shared/text.h"

#include <inttypes.h>
#include <stdio.h>
#include <unistd.h>

#define KAFKA_MS       10000
#define PAGE_MAX_BYTES ((size_t)64 * 1024)
#define DAY_MS         86400000

enum { FLAG_WAIT, FLAG_NOW, FLAG_YES, FLAG_JSON, FLAG_COUNT };

static const struct vocctl_flag flags[FLAG_COUNT] = {
	[FLAG_WAIT] = { "wait", VOCCTL_COUNT, "SECONDS", 0, 86400, 60, "How long each step may be waited for" },
	[FLAG_NOW] = { "now", VOCCTL_SWITCH, NULL, 0, 0, 0,
	               "Don't wait for events that are still on their way: they will come in as a new customer's" },
	[FLAG_YES] = { "yes", VOCCTL_SWITCH, NULL, 0, 0, 0, "Don't ask" },
	[FLAG_JSON] = { "json", VOCCTL_SWITCH, NULL, 0, 0, 0, "The receipt as one JSON object" },
};

/* Topics in which copies stay until they expire. */
static const enum voc_topic copies[] = { VOC_TOPIC_CALLS,  VOC_TOPIC_WEB,          VOC_TOPIC_COMPLAINTS,
	                                 VOC_TOPIC_ORDERS, VOC_TOPIC_FOLLOWUPS,    VOC_TOPIC_CLASSIFIED,
	                                 VOC_TOPIC_ALERTS, VOC_TOPIC_DEAD_LETTERS, VOC_TOPIC_FORGOTTEN };
#define COPIES (sizeof copies / sizeof *copies)

struct copy {
	char topic[VOC_TOPIC_NAME_SIZE];
	bool known;
	int64_t retention_ms; /* -1: for ever */
};

struct receipt {
	struct voc_str customer_id;
	char id[24]; /* of the request */
	int64_t time_ms;
	char topic[VOC_TOPIC_NAME_SIZE];
	int32_t partition;
	int64_t offset;    /* of the record */
	int64_t fields;    /* that stood in Redis before */
	int64_t withdrawn; /* corrections */
	int64_t unsent;    /* alerts, once for each endpoint that has yet to take it; -1: Kafka does not tell */
	bool profile;      /* was kept, and is no more */
	bool came_back;    /* an event after the record has made the customer new */
	struct copy copies[COPIES];
};

struct session {
	const struct voc_conf *conf;
	const struct vocctl_arguments *arguments;
	struct vocctl_store store;
	struct vocctl_sender sender;
	struct voc_admin *admin;
	struct receipt receipt;
};

static enum voc_status open_all(struct session *session, struct voc_error *error)
{
	const struct voc_kafka_settings settings = vocctl_kafka_settings(session->conf);
	enum voc_status status = voc_signals_install(error);
	if (status == VOC_OK)
		status = vocctl_store_open(&session->store, session->conf, error);
	if (status == VOC_OK)
		status = voc_admin_open(&settings, &session->admin, error);
	return status == VOC_OK ? vocctl_sender_open(&session->sender, session->conf, error) : status;
}

static void close_all(struct session *session)
{
	vocctl_sender_close(&session->sender);
	voc_admin_free(session->admin);
	vocctl_store_close(&session->store);
}

static enum voc_status send_to_log(struct session *session, struct voc_str value, struct voc_error *error)
{
	const struct voc_header headers[] = { { VOC_STR("content-type"), VOC_STR("application/cloudevents+json") } };
	const struct voc_outgoing record = { .topic = session->receipt.topic,
		                             .partition = session->receipt.partition,
		                             .key = session->receipt.customer_id,
		                             .value = value,
		                             .headers = headers,
		                             .header_count = 1 };
	enum voc_status status = vocctl_sender_send(&session->sender, &record, error);
	if (status == VOC_OK)
		status = vocctl_sender_drain(&session->sender, error);
	session->receipt.offset = session->sender.last_offset;
	return status;
}

/* Into the log, for the aggregator; and where it stands there, for the alerter. */
static enum voc_status send_record(struct session *session, struct voc_error *error)
{
	const struct receipt *receipt = &session->receipt;
	const struct voc_forget_record record = { voc_str_from(receipt->id), receipt->customer_id, receipt->time_ms };
	struct voc_buf value;
	voc_buf_init(&value, VOC_FORGET_RECORD_MAX_BYTES);
	enum voc_status status = VOC_OK;
	if (!voc_forget_record_encode(&value, &record))
		status = voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a request");
	if (status == VOC_OK)
		status = send_to_log(session, voc_buf_str(&value), error);
	if (status == VOC_OK) {
		const struct voc_source_position place = { voc_str_from(receipt->topic), receipt->partition,
			                                   receipt->offset };
		status = forget_tell_alerter(session->conf, &session->sender, receipt->customer_id, &place,
		                             voc_buf_str(&value), error);
	}
	voc_buf_free(&value);
	return status;
}

static enum voc_status count_fields(struct session *session, int64_t *ret_fields, struct voc_error *error)
{
	struct voc_redis_fields fields;
	enum voc_status status = vocctl_store_customer(&session->store, session->receipt.customer_id, &fields, error);
	*ret_fields = status == VOC_OK ? (int64_t)fields.count : 0;
	return status;
}

/* A copy that can't be asked about is told as unknown: the receipt must not fail for it. */
static void ask_retention(struct session *session)
{
	for (size_t i = 0; i < COPIES; i++) {
		struct copy *copy = &session->receipt.copies[i];
		struct voc_error why = { 0 };
		struct voc_topic_setting retention = { .name = "retention.ms" };
		if (!voc_topic_name(copy->topic, session->conf->topic_prefix, copies[i]))
			continue;
		copy->known = voc_admin_topic_settings(session->admin, copy->topic, &retention, 1, KAFKA_MS, &why) ==
		                      VOC_OK &&
		              voc_str_to_i64(voc_str_from(retention.value), &copy->retention_ms);
	}
}

static enum voc_status forget(struct session *session, struct voc_error *error)
{
	struct receipt *receipt = &session->receipt;
	int64_t wait_ms = session->arguments->flags[FLAG_WAIT].number * 1000, fields;
	enum voc_status status = forget_find_topic(session->admin, session->conf, error);
	if (status == VOC_OK)
		status = count_fields(session, &receipt->fields, error);
	if (status == VOC_OK)
		status =
		        forget_profile(session->conf, &session->sender, receipt->customer_id, &receipt->profile, error);
	if (status == VOC_OK && !session->arguments->flags[FLAG_NOW].given)
		status = forget_wait_for_classifier(session->admin, session->conf, wait_ms, error);
	if (status == VOC_OK)
		status = send_record(session, error);
	if (status == VOC_OK)
		status = forget_corrections(session->conf, &session->sender, receipt->customer_id, &receipt->withdrawn,
		                            error);
	if (status == VOC_OK)
		status = vocctl_sender_drain(&session->sender, error);
	if (status == VOC_OK)
		status = forget_wait_for_aggregator(&session->store, receipt->partition, receipt->offset, wait_ms,
		                                    error);
	if (status == VOC_OK)
		status = count_fields(session, &fields, error);
	if (status != VOC_OK)
		return status;
	receipt->unsent = forget_count_alerts(session->conf, session->admin, receipt->customer_id);
	receipt->came_back = fields > 0;
	ask_retention(session);
	return VOC_OK;
}

static void add_copy(struct voc_buf *page, const struct copy *copy)
{
	voc_buf_addf(page, "  %-20s ", copy->topic);
	if (!copy->known)
		voc_buf_addf(page, "its retention is not known\n");
	else if (copy->retention_ms < 0)
		voc_buf_addf(page, "no retention is set: until the topic's records are deleted\n");
	else
		voc_buf_addf(page, "%" PRId64 " days after a record came in\n", copy->retention_ms / DAY_MS);
}

static void show(struct voc_buf *page, const struct receipt *receipt)
{
	voc_buf_addf(page, "forgotten   ");
	vocctl_text_add(page, receipt->customer_id);
	voc_buf_addf(page, "\nrequest     %s, ", receipt->id);
	vocctl_text_add_time(page, receipt->time_ms);
	voc_buf_addf(page, "\nrecord      %s/%" PRId32 "/%" PRId64 ": a rebuild applies it, too\n", receipt->topic,
	             receipt->partition, receipt->offset);
	voc_buf_addf(page,
	             "erased      %" PRId64 " fields of state in Redis, the place in at_risk, what tells duplicates\n"
	             "            %" PRId64 " corrections of labels, %s profile (compaction takes their bytes)\n"
	             "not erased  sums by minute and day: they name no customer\n",
	             receipt->fields, receipt->withdrawn, receipt->profile ? "a" : "no");
	if (receipt->unsent >= 0)
		voc_buf_addf(page,
		             "not sent    %" PRId64 " alerts at most, counted for each endpoint that waits for them\n",
		             receipt->unsent);
	else
		voc_buf_addf(page,
		             "not sent    alerts that still wait for an endpoint: Kafka does not tell how many\n");
	if (receipt->came_back)
		voc_buf_addf(page, "came back   an event after the request has begun a new customer of that id\n");
	voc_buf_addf(page, "copies stay, each until it expires:\n");
	for (size_t i = 0; i < COPIES; i++)
		add_copy(page, &receipt->copies[i]);
	voc_buf_addf(page, "Receivers of webhooks and backups of Redis have copies of their own.\n");
}

static void show_json(struct voc_buf *page, const struct receipt *receipt)
{
	struct voc_json_writer json;
	voc_json_begin(&json, page);
	voc_json_object(&json);
	voc_json_member_str(&json, "customer_id", receipt->customer_id);
	voc_json_member_str(&json, "request", voc_str_from(receipt->id));
	voc_json_member_i64(&json, "time_ms", receipt->time_ms);
	voc_json_member_str(&json, "topic", voc_str_from(receipt->topic));
	voc_json_member_i64(&json, "partition", receipt->partition);
	voc_json_member_i64(&json, "offset", receipt->offset);
	voc_json_member_i64(&json, "erased_fields", receipt->fields);
	voc_json_member_i64(&json, "withdrawn_corrections", receipt->withdrawn);
	voc_json_member_bool(&json, "erased_profile", receipt->profile);
	if (receipt->unsent >= 0)
		voc_json_member_i64(&json, "unsent_alerts", receipt->unsent);
	voc_json_member_bool(&json, "came_back", receipt->came_back);
	voc_json_key(&json, "copies_retention_ms");
	voc_json_object(&json);
	for (size_t i = 0; i < COPIES; i++) {
		voc_json_key(&json, receipt->copies[i].topic);
		if (receipt->copies[i].known)
			voc_json_i64(&json, receipt->copies[i].retention_ms);
		else
			voc_json_raw(&json, VOC_STR("null"));
	}
	voc_json_object_end(&json);
	voc_json_object_end(&json);
	voc_buf_add_char(page, '\n');
}

static bool is_agreed(const struct vocctl_arguments *arguments)
{
	char answer[16];
	if (arguments->flags[FLAG_YES].given)
		return true;
	if (isatty(STDIN_FILENO) != 1) {
		fputs("vocctl forget: --yes is wanted where nobody can be asked\n", stderr);
		return false;
	}
	fputs("Forget this customer, for good? [y/N] ", stderr);
	return fgets(answer, sizeof answer, stdin) != NULL && (answer[0] == 'y' || answer[0] == 'Y');
}

static int work(struct session *session)
{
	struct receipt *receipt = &session->receipt;
	struct voc_error error = { .position = -1 };
	enum voc_status status = open_all(session, &error);
	if (status == VOC_OK) {
		receipt->partition = voc_partition_of(receipt->customer_id, session->store.meta.partitions);
		status = forget(session, &error);
	}
	if (status != VOC_OK) {
		fprintf(stderr, "vocctl forget: %s\n%s", error.text,
		        receipt->offset >= 0 ? "the request is in the log; run it again for the receipt\n" : "");
		return VOCCTL_FAILED;
	}
	struct voc_buf page;
	voc_buf_init(&page, PAGE_MAX_BYTES);
	if (session->arguments->flags[FLAG_JSON].given)
		show_json(&page, receipt);
	else
		show(&page, receipt);
	fputs(voc_buf_c_str(&page), stdout);
	voc_buf_free(&page);
	return VOCCTL_OK;
}

static int run(const struct voc_conf *conf, const struct vocctl_arguments *arguments)
{
	struct session session = { .conf = conf, .arguments = arguments };
	struct receipt *receipt = &session.receipt;
	receipt->customer_id = voc_str_from(arguments->operands[0]);
	receipt->time_ms = voc_clock_wall_ms();
	receipt->offset = -1;
	snprintf(receipt->id, sizeof receipt->id, "%08" PRIx32 "%08" PRIx32, (uint32_t)voc_clock_wall_ms(),
	         (uint32_t)voc_clock_us() ^ (uint32_t)getpid() << 16);
	bool good = receipt->customer_id.len > 0 && voc_utf8_check(receipt->customer_id, NULL) &&
	            voc_utf8_count(receipt->customer_id) <= VOC_CUSTOMER_MAX_CHARS &&
	            !voc_utf8_has_control(receipt->customer_id) &&
	            voc_topic_name(receipt->topic, conf->topic_prefix, VOC_TOPIC_CLASSIFIED);
	if (!good)
		fputs("vocctl forget: that is no customer's id\n", stderr);
	if (!good || !is_agreed(arguments))
		return VOCCTL_USAGE;
	int code = work(&session);
	close_all(&session);
	return code;
}

const struct vocctl_command vocctl_command_forget = {
	.name = "forget",
	.synopsis = "CUSTOMER",
	.operands_least = 1,
	.operands_most = 1,
	.summary = "Forget a customer, and print a receipt",
	.description =
	        "Waits until the events that are there are classified, then writes a request into the customer's log:\n"
	        "the aggregator takes the state, the place in at_risk and what tells duplicates, and so does every\n"
	        "rebuild. Corrections of the customer's events and the profile are withdrawn. Alerts that still wait "
	        "for\n"
	        "an endpoint are not sent any more. A later event begins a new customer. The receipt tells what went,\n"
	        "and where copies stay until when (docs/PRIVACY.md).\n"
	        "\n"
	        "Exit status: 0 forgotten, 1 not yet (it may be run again), 2 wrong usage.\n",
	.flags = flags,
	.flag_count = FLAG_COUNT,
	.run = run,
};
