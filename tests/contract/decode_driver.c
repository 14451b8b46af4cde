/*
 * The C decoder behind a pipe, for tests/contract/test_decode.py.
 *
 * voc-decode-driver events: records on stdin, one JSON line each on stdout. A record is: timestamp (8 bytes), header
 * count; for each header its name and value; the value. Numbers are little-endian, of 4 bytes where not said otherwise,
 * each string stands behind its length, and the length 0xffffffff means null. voc-decode-driver tables: the names in
 * the C tables, as one JSON object. Of facts the second argument is the kind.
 */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "base/json_write.h"
#include "core/aggregate/alert.h"
#include "core/aggregate/due_record.h"
#include "core/classify/classified.h"
#include "core/record/correction.h"
#include "core/record/fact.h"
#include "core/record/forget_record.h"
#include "core/rules/rules_record.h"

#define NULL_LENGTH UINT32_MAX
#define MAX_HEADERS 64
#define MAX_LINE    ((size_t)8 * 1024 * 1024)

static bool read_bytes(void *to, size_t len)
{
	return fread(to, 1, len, stdin) == len;
}

/* In heap blocks of their exact size, so that a sanitizer sees the first byte read beyond. */
static bool read_str(struct voc_str *ret_s)
{
	uint32_t len;
	*ret_s = (struct voc_str){ NULL, 0 };
	if (!read_bytes(&len, sizeof len))
		return false;
	if (len == NULL_LENGTH)
		return true;
	char *bytes = malloc(len ? len : 1);
	if (!bytes || !read_bytes(bytes, len)) {
		free(bytes);
		return false;
	}
	*ret_s = voc_str_of(bytes, len);
	return true;
}

static bool read_record(struct voc_record *record, struct voc_header *headers)
{
	uint32_t count;
	if (!read_bytes(&record->timestamp_ms, sizeof record->timestamp_ms) || !read_bytes(&count, sizeof count) ||
	    count > MAX_HEADERS)
		return false;
	record->headers = headers;
	record->header_count = 0;
	for (; record->header_count < count; record->header_count++) {
		struct voc_header *header = &headers[record->header_count];
		if (!read_str(&header->name) || !read_str(&header->value))
			return false;
	}
	return read_str(&record->value);
}

static void free_record(struct voc_record *record)
{
	for (size_t i = 0; i < record->header_count; i++) {
		free((char *)record->headers[i].name.ptr);
		free((char *)record->headers[i].value.ptr);
	}
	free((char *)record->value.ptr);
}

static void write_event(struct voc_json_writer *json, const struct voc_event *event)
{
	voc_json_member_str(json, "id", event->id);
	voc_json_member_str(json, "source", event->source);
	voc_json_member_str(json, "type", voc_str_from(voc_channel_event_type(event->channel)));
	voc_json_member_str(json, "customer_id", event->customer_id);
	voc_json_member_i64(json, "time_ms", event->time_ms);
	voc_json_member_str(json, "text", event->text);
	voc_json_member_i64(json, "turns", event->turns);
	voc_json_member_str(json, "lang", event->lang);
	voc_json_member_i64(json, "rating", event->rating);
	voc_json_member_i64(json, "expected", event->expected);
	voc_json_member_i64(json, "promised_ms", event->promised_ms);
	voc_json_member_str(json, "channel", event->contact);
	voc_json_member_str(json, "product", event->product);
	voc_json_member_str(json, "team", event->team);
	voc_json_member_str(json, "agent_id", event->agent_id);
	voc_json_key(json, "extensions");
	voc_json_object(json);
	for (size_t i = 0; i < event->extension_count; i++) {
		voc_json_key_str(json, event->extensions[i].name);
		voc_json_raw(json, event->extensions[i].json);
	}
	voc_json_object_end(json);
}

static void write_refusal(struct voc_json_writer *json, const struct voc_error *error)
{
	voc_json_member_str(json, "reason", voc_str_from(voc_reason_name(error->reason)));
	voc_json_member_str(json, "error", voc_str_from(error->text));
	voc_json_member_i64(json, "position", error->position);
}

static void drive_event(const struct voc_record *record, struct voc_arena *arena, struct voc_buf *line)
{
	struct voc_json_writer json;
	struct voc_event event;
	struct voc_error error;
	enum voc_status status = voc_event_decode(record, arena, &event, &error);
	voc_json_begin(&json, line);
	voc_json_object(&json);
	voc_json_member_bool(&json, "accepted", status == VOC_OK);
	if (status == VOC_OK)
		write_event(&json, &event);
	else
		write_refusal(&json, &error);
	voc_json_object_end(&json);
}

static void write_verdict(struct voc_buf *line, enum voc_status status, const struct voc_error *error)
{
	struct voc_json_writer json;
	voc_json_begin(&json, line);
	voc_json_object(&json);
	voc_json_member_bool(&json, "accepted", status == VOC_OK);
	if (status != VOC_OK)
		write_refusal(&json, error);
	voc_json_object_end(&json);
}

static void drive_classified(const struct voc_record *record, struct voc_arena *arena, struct voc_buf *line)
{
	struct voc_classified classified;
	struct voc_error error;
	write_verdict(line, voc_classified_decode(record->value, arena, &classified, &error), &error);
}

static void drive_alert(const struct voc_record *record, struct voc_arena *arena, struct voc_buf *line)
{
	struct voc_alert alert;
	struct voc_error error;
	write_verdict(line, voc_alert_decode(record->value, arena, &alert, &error), &error);
}

static void drive_correction(const struct voc_record *record, struct voc_arena *arena, struct voc_buf *line)
{
	struct voc_correction correction;
	struct voc_error error;
	write_verdict(line, voc_correction_decode(record->value, arena, &correction, &error), &error);
}

/* What the decoder takes, written again. */
static void drive_correct(const struct voc_record *record, struct voc_arena *arena, struct voc_buf *line)
{
	struct voc_correction correction;
	if (voc_correction_decode(record->value, arena, &correction, NULL) == VOC_OK)
		voc_correction_encode(line, &correction);
}

static void drive_rules(const struct voc_record *record, struct voc_arena *arena, struct voc_buf *line)
{
	struct voc_rules_record rules;
	struct voc_error error;
	voc_error_clear(&error);
	write_verdict(line, voc_rules_record_decode(record->value, arena, &rules, &error), &error);
}

static enum voc_fact_kind fact_kind;

static void drive_fact(const struct voc_record *record, struct voc_arena *arena, struct voc_buf *line)
{
	struct voc_fact fact;
	struct voc_error error;
	write_verdict(line, voc_fact_decode(record, fact_kind, arena, &fact, &error), &error);
}

/* What the decoder takes, as it goes on. */
static void drive_hand_on(const struct voc_record *record, struct voc_arena *arena, struct voc_buf *line)
{
	struct voc_fact fact;
	if (voc_fact_decode(record, fact_kind, arena, &fact, NULL) == VOC_OK)
		voc_fact_encode(line, &fact);
}

static void drive_due(const struct voc_record *record, struct voc_arena *arena, struct voc_buf *line)
{
	struct voc_due due;
	struct voc_error error;
	voc_error_clear(&error);
	write_verdict(line, voc_due_record_decode(record->value, arena, &due, &error), &error);
}

static void drive_forget(const struct voc_record *record, struct voc_arena *arena, struct voc_buf *line)
{
	struct voc_forget_record forget;
	struct voc_error error;
	voc_error_clear(&error);
	write_verdict(line, voc_forget_record_decode(record->value, arena, &forget, &error), &error);
}

/* Every label and confidence comes up, whatever the texts are. */
static void make_up(const struct voc_event *event, struct voc_classification *result)
{
	uint64_t bits = voc_hash64(event->id) ^ voc_hash64(event->text);
	struct voc_labels *labels = &result->labels;
	*result = (struct voc_classification){ .evidence_count = bits % (VOC_EVIDENCE_MAX + 1) };
	labels->feedback = (enum voc_feedback)(bits % VOC_FEEDBACK_COUNT);
	labels->satisfaction = (enum voc_satisfaction)(bits >> 8 & 0xFF) % VOC_SATISFACTION_COUNT;
	labels->primary_factor = (enum voc_factor)(bits >> 16 & 0xFF) % VOC_FACTOR_COUNT;
	labels->factors = (uint32_t)(bits >> 24) & ((1U << VOC_FACTOR_COUNT) - 2);
	labels->servqual = (enum voc_servqual)(bits >> 32 & 0xFF) % VOC_SERVQUAL_COUNT;
	labels->churn_intent = bits >> 40 & 1;
	labels->feedback_confidence = (int16_t)(bits >> 41 & 0x3FF) % 1001;
	labels->churn_confidence = 1000;
	memcpy(result->lang, bits >> 52 & 1 ? "ko" : "en", 3);
	for (size_t i = 0; i < result->evidence_count; i++) {
		enum voc_head head = (enum voc_head)(i % VOC_HEAD_COUNT);
		size_t end = voc_str_clip(event->text, i * 7).len;
		result->evidence[i] =
		        (struct voc_evidence){ .head = head, .label = (int)(i % 4) + 1, .end = (uint32_t)end };
	}
}

static void drive_classify(const struct voc_record *record, struct voc_arena *arena, struct voc_buf *line)
{
	struct voc_event event;
	struct voc_classification result;
	if (voc_event_decode(record, arena, &event, NULL) != VOC_OK)
		return;
	make_up(&event, &result);
	voc_classified_encode(line, &event, &result, "made up", VOC_TEXT_MASKED);
}

static int drive(void (*each)(const struct voc_record *record, struct voc_arena *arena, struct voc_buf *line))
{
	struct voc_header headers[MAX_HEADERS];
	struct voc_arena *arena = voc_arena_new(VOC_EVENT_ARENA_BYTES);
	struct voc_buf line;
	voc_buf_init(&line, MAX_LINE);
	for (int first; (first = getchar()) != EOF;) {
		struct voc_record record;
		ungetc(first, stdin);
		if (!arena || !read_record(&record, headers))
			return 1;
		voc_arena_reset(arena);
		voc_buf_clear(&line);
		each(&record, arena, &line);
		voc_buf_add_char(&line, '\n');
		free_record(&record);
		if (line.failed || fwrite(line.ptr, 1, line.len, stdout) != line.len)
			return 1;
	}
	voc_buf_free(&line);
	voc_arena_free(arena);
	return fflush(stdout) == 0 ? 0 : 1;
}

#define X(symbol, name, ...) name,
static const char *const reasons[] = { VOC_REASONS(X) NULL };
static const char *const feedback_types[] = { VOC_FEEDBACK_TYPES(X) NULL };
static const char *const satisfactions[] = { VOC_SATISFACTIONS(X) NULL };
static const char *const trends[] = { VOC_TRENDS(X) NULL };
static const char *const factors[] = { VOC_FACTORS(X) NULL };
static const char *const servquals[] = { VOC_SERVQUALS(X) NULL };
static const char *const heads[] = { VOC_HEADS(X) NULL };
static const char *const channels[] = { VOC_CHANNELS(X) NULL };
static const char *const rules[] = { VOC_RULES(X) NULL };
static const char *const weights[] = { VOC_WEIGHTS(X) NULL };
static const char *const severities[] = { VOC_SEVERITIES(X) NULL };
#undef X
#define X(symbol, name, type) type,
static const char *const fact_types[] = { VOC_FACT_KINDS(X) NULL };
#undef X
#define X(symbol, name, ...) name,
static const char *const stages[] = { VOC_STAGES(X) NULL };
static const char *const order_statuses[] = { VOC_ORDER_STATUSES(X) NULL };
static const char *const profile_fields[] = { VOC_PROFILE_FIELDS(X) NULL };
static const char *const order_fields[] = { VOC_ORDER_FIELDS(X) NULL };
static const char *const followup_fields[] = { VOC_FOLLOWUP_FIELDS(X) NULL };
#undef X
#define X(symbol, name, type, topic) type,
static const char *const event_types[] = { VOC_CHANNELS(X) NULL };
#undef X
#define X(symbol, name, type, topic) topic,
static const char *const topics[] = { VOC_CHANNELS(X) NULL };
#undef X

static void write_table(struct voc_json_writer *json, const char *name, const char *const *names)
{
	voc_json_key(json, name);
	voc_json_array(json);
	for (; *names; names++)
		voc_json_str(json, voc_str_from(*names));
	voc_json_array_end(json);
}

static int print_tables(void)
{
	struct voc_json_writer json;
	struct voc_buf line;
	voc_buf_init(&line, 100000);
	voc_json_begin(&json, &line);
	voc_json_object(&json);
	write_table(&json, "reasons", reasons);
	write_table(&json, "feedback_types", feedback_types);
	write_table(&json, "satisfactions", satisfactions);
	write_table(&json, "trends", trends);
	write_table(&json, "factors", factors);
	write_table(&json, "servquals", servquals);
	write_table(&json, "heads", heads);
	write_table(&json, "channels", channels);
	write_table(&json, "event_types", event_types);
	write_table(&json, "topics", topics);
	write_table(&json, "rules", rules);
	write_table(&json, "weights", weights);
	write_table(&json, "fact_types", fact_types);
	write_table(&json, "stages", stages);
	write_table(&json, "order_statuses", order_statuses);
	write_table(&json, "profile", profile_fields);
	write_table(&json, "order", order_fields);
	write_table(&json, "followup", followup_fields);
	write_table(&json, "severities", severities);
	voc_json_object_end(&json);
	printf("%s\n", voc_buf_c_str(&line));
	voc_buf_free(&line);
	return 0;
}

int main(int argc, char **argv)
{
	const char *what = argc == 2 || argc == 3 ? argv[1] : "";
	char type[32] = "";
	if (argc == 3)
		snprintf(type, sizeof type, "voc.%s", argv[2]);
	if (argc == 3 && voc_fact_kind_parse(voc_str_from(type), &fact_kind)) {
		if (strcmp(what, "facts") == 0)
			return drive(drive_fact);
		if (strcmp(what, "hand-on") == 0)
			return drive(drive_hand_on);
	}
	if (strcmp(what, "events") == 0)
		return drive(drive_event);
	if (strcmp(what, "classified") == 0)
		return drive(drive_classified);
	if (strcmp(what, "alerts") == 0)
		return drive(drive_alert);
	if (strcmp(what, "rules") == 0)
		return drive(drive_rules);
	if (strcmp(what, "due") == 0)
		return drive(drive_due);
	if (strcmp(what, "forget") == 0)
		return drive(drive_forget);
	if (strcmp(what, "classify") == 0)
		return drive(drive_classify);
	if (strcmp(what, "corrections") == 0)
		return drive(drive_correction);
	if (strcmp(what, "correct") == 0)
		return drive(drive_correct);
	if (strcmp(what, "tables") == 0)
		return print_tables();
	fprintf(stderr,
	        "usage: %s facts KIND|hand-on "
	        "KIND|events|classified|alerts|corrections|rules|due|forget|classify|correct|tables\n",
	        argv[0]);
	return 2;
}
