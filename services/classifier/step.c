#include "classifier/step.h"

#include "base/json_write.h"
#include "core/record/dead_letter.h"
#include "core/record/fact.h"
#include "core/record/trace.h"

#include <stdlib.h>

/* What decoding may need at most, and what a dead letter's headers may. */
#define ARENA_MAX_BYTES  (VOC_EVENT_ARENA_BYTES + VOC_STEP_MAX_BYTES)
#define SOURCE_MAX_BYTES 320
#define HEADER_OVERHEAD  16 /* lengths and attributes of a header, or of a record, in Kafka's format: at most */
#define CONTENT_TYPE     "application/cloudevents+json"
#define SERVICE          "voc-classifier"
#define ERASURE_SOURCE   "/voc/classifier"
#define TENANT_ATTRIBUTE "tenant" /* a CloudEvents extension */

struct voc_step {
	const struct voc_classifier *classifier;
	enum voc_text_policy policy;
	struct voc_classify_scratch *scratch;
	struct voc_arena *arena;
	struct voc_buf value;  /* of a classified event */
	struct voc_buf source; /* its voc_source */
	struct voc_header headers[3];
	struct voc_event event;
	struct voc_classification result;
	struct voc_fact fact;
	struct voc_error why; /* of the last refusal: its text is a header of the dead letter */
};

struct voc_step *voc_step_new(const struct voc_classifier *classifier)
{
	struct voc_step *step = calloc(1, sizeof *step);
	if (!step)
		return NULL;
	step->classifier = classifier;
	step->scratch = voc_classify_scratch_new();
	step->arena = voc_arena_new(ARENA_MAX_BYTES);
	voc_buf_init(&step->value, VOC_STEP_MAX_BYTES);
	voc_buf_init(&step->source, SOURCE_MAX_BYTES);
	if (step->scratch && step->arena)
		return step;
	voc_step_free(step);
	return NULL;
}

void voc_step_use(struct voc_step *step, const struct voc_classifier *classifier)
{
	step->classifier = classifier;
}

void voc_step_set_text(struct voc_step *step, enum voc_text_policy policy)
{
	step->policy = policy;
}

void voc_step_free(struct voc_step *step)
{
	if (!step)
		return;
	voc_classify_scratch_free(step->scratch);
	voc_arena_free(step->arena);
	voc_buf_free(&step->value);
	voc_buf_free(&step->source);
	free(step);
}

/* What the record says beside the words. */
static uint32_t record_of(const struct voc_event *event)
{
	bool is_below = event->rating > 0 && event->rating < event->expected;
	bool is_late = event->promised_ms > 0 && event->promised_ms < event->time_ms;
	return (is_below ? 1U << VOC_RECORD_BELOW_EXPECTATION : 0) | (is_late ? 1U << VOC_RECORD_PROMISE_PASSED : 0);
}

static void classify(struct voc_step *step, const struct voc_classifier *classifier,
                     struct voc_classification *ret_result)
{
	const struct voc_event *event = &step->event;
	struct voc_utterance utterance = {
		.text = event->text,
		.lang = event->lang,
		.rating = event->rating,
		.record = record_of(event),
		.channel = event->channel,
		.tenant = voc_event_attribute(event, TENANT_ATTRIBUTE),
		.source = event->source,
	};
	voc_classify(classifier, step->scratch, &utterance, ret_result);
	if (event->turns > 1)
		voc_course_find(classifier, step->scratch, &utterance, &ret_result->course);
}

/* What became of a good record, beside the value in step->value. */
struct made {
	struct voc_str key, trace;
};

/* It goes on. False if it doesn't fit. */
static bool hand_on(struct voc_step *step, const struct voc_step_input *input, const struct made *made,
                    struct voc_step_output *output)
{
	struct voc_source_position position = { input->topic, input->partition, input->offset };
	voc_buf_clear(&step->source);
	if (step->value.failed || !voc_source_position_format(&step->source, &position))
		return false;
	step->headers[0] = (struct voc_header){ VOC_STR(VOC_SOURCE_HEADER), voc_buf_str(&step->source) };
	step->headers[1] = (struct voc_header){ VOC_STR("content-type"), VOC_STR(CONTENT_TYPE) };
	step->headers[2] = (struct voc_header){ VOC_STR(VOC_TRACE_HEADER), made->trace };
	*output = (struct voc_step_output){
		.key = made->key,
		.value = voc_buf_str(&step->value),
		.headers = step->headers,
		.header_count = made->trace.len > 0 ? 3 : 2,
	};
	return true;
}

static size_t headers_size(const struct voc_header *headers, size_t count)
{
	size_t bytes = 0;
	for (size_t i = 0; i < count; i++)
		bytes += headers[i].name.len + headers[i].value.len + HEADER_OVERHEAD;
	return bytes;
}

/* Adds the header that tells of a cut, and cuts. False if memory ran out. */
static bool cut(struct voc_step *step, struct voc_step_output *output, size_t room)
{
	struct voc_header *headers = voc_arena_alloc(step->arena, (output->header_count + 1) * sizeof *headers);
	char text[24];
	struct voc_buf digits = { .ptr = text, .cap = sizeof text, .max = sizeof text };
	voc_buf_add_i64(&digits, (int64_t)output->value.len);
	struct voc_str was = voc_arena_copy(step->arena, voc_buf_str(&digits));
	if (!headers || !was.ptr)
		return false;
	memcpy(headers, output->headers, output->header_count * sizeof *headers);
	headers[output->header_count] = (struct voc_header){ VOC_STR(VOC_STEP_CUT_HEADER), was };
	output->headers = headers;
	output->header_count++;
	output->value.len = room;
	return true;
}

/*
 * What Kafka would refuse must never be produced: a record that can't be delivered stops the classifier for good. A
 * raw record may be as large as Kafka takes, or far larger once it is decompressed, before our headers join it.
 */
static bool fit(struct voc_step *step, const struct voc_dead_letter *letter, struct voc_step_output *output)
{
	size_t fixed = output->key.len + headers_size(output->headers, output->header_count) + HEADER_OVERHEAD;
	if (fixed + output->value.len <= VOC_STEP_MAX_BYTES)
		return true;
	if (fixed > VOC_STEP_MAX_BYTES / 2) { /* a key or headers so large carry nothing that helps */
		output->key = voc_str_of(output->key.ptr, 0);
		if (!voc_dead_letter_encode(letter, NULL, 0, step->arena, &output->headers, &output->header_count))
			return false;
		fixed = headers_size(output->headers, output->header_count) + HEADER_OVERHEAD;
	}
	size_t room = VOC_STEP_MAX_BYTES - fixed - sizeof VOC_STEP_CUT_HEADER - 24 - HEADER_OVERHEAD;
	return output->value.len <= room || cut(step, output, room);
}

static enum voc_status refuse(struct voc_step *step, const struct voc_step_input *input, int64_t now_ms,
                              struct voc_step_output *output, struct voc_error *error)
{
	const struct voc_error *why = &step->why;
	struct voc_dead_letter letter = {
		.reason = why->reason,
		.error = voc_str_from(why->text),
		.position = why->position,
		.origin_topic = input->topic,
		.origin_partition = input->partition,
		.origin_offset = input->offset,
		.origin_timestamp_ms = input->record.timestamp_ms,
		.service = VOC_STR(SERVICE),
		.time_ms = now_ms,
	};
	/* the decoder's leavings make room */
	voc_arena_reset(step->arena);
	*output = (struct voc_step_output){
		.refused = why->reason,
		.error_position = why->position,
		.key = input->key,
		.value = input->record.value,
	};
	if (voc_dead_letter_encode(&letter, input->record.headers, input->record.header_count, step->arena,
	                           &output->headers, &output->header_count) &&
	    fit(step, &letter, output))
		return VOC_OK;
	/* its room is sized for any record */
	return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a dead letter");
}

/* Labels the event, and writes it down with them. */
static enum voc_status make_classified(struct voc_step *step, const struct voc_step_input *input, struct made *ret_made)
{
	enum voc_status status = voc_event_decode(&input->record, step->arena, &step->event, &step->why);
	if (status != VOC_OK)
		return status;
	classify(step, step->classifier, &step->result);
	voc_classified_encode(&step->value, &step->event, &step->result, step->result.version, step->policy);
	ret_made->key = step->event.customer_id;
	ret_made->trace = voc_trace_of_event(input->record.headers, input->record.header_count, &step->event);
	return VOC_OK;
}

/* A record of voc.profiles without a value, which compaction makes of a key that is to go: nothing is known any more.
 */
static bool is_erasure(const struct voc_step_input *input, enum voc_fact_kind kind)
{
	return kind == VOC_FACT_PROFILE && !input->record.value.ptr && input->key.len > 0;
}

/* The empty profile, as an event: it replaces what was known. */
static enum voc_status spell_erasure(struct voc_step *step, const struct voc_step_input *input,
                                     struct voc_record *ret_record)
{
	struct voc_source_position position = { input->topic, input->partition, input->offset };
	struct voc_json_writer json;
	voc_buf_clear(&step->source);
	voc_buf_clear(&step->value);
	voc_source_position_format(&step->source, &position);
	voc_json_begin(&json, &step->value);
	voc_json_object(&json);
	voc_json_member_str(&json, "specversion", VOC_STR("1.0"));
	voc_json_member_str(&json, "id", voc_buf_str(&step->source));
	voc_json_member_str(&json, "source", VOC_STR(ERASURE_SOURCE));
	voc_json_member_str(&json, "type", voc_str_from(voc_fact_type(VOC_FACT_PROFILE)));
	voc_json_key(&json, "data");
	voc_json_object(&json);
	voc_json_member_str(&json, "customer_id", input->key);
	voc_json_object_end(&json);
	voc_json_object_end(&json);
	*ret_record = (struct voc_record){ .value = voc_arena_copy(step->arena, voc_buf_str(&step->value)),
		                           .timestamp_ms = input->record.timestamp_ms };
	bool whole = !step->value.failed && !step->source.failed && ret_record->value.ptr;
	voc_buf_clear(&step->value);
	return whole ? VOC_OK
	             : voc_error_set(&step->why, VOC_RETRY, VOC_REASON_OUT_OF_MEMORY, -1, "no memory for a profile");
}

static enum voc_status make_fact(struct voc_step *step, const struct voc_step_input *input, struct made *ret_made)
{
	enum voc_fact_kind kind = (enum voc_fact_kind)(input->from - VOC_RAW_TOPIC_COUNT);
	struct voc_record record = input->record;
	enum voc_status status = is_erasure(input, kind) ? spell_erasure(step, input, &record) : VOC_OK;
	if (status == VOC_OK)
		status = voc_fact_decode(&record, kind, step->arena, &step->fact, &step->why);
	if (status != VOC_OK)
		return status;
	voc_fact_encode(&step->value, &step->fact);
	ret_made->key = step->fact.customer_id;
	ret_made->trace = voc_trace_of_headers(input->record.headers, input->record.header_count);
	return VOC_OK;
}

enum voc_status voc_step_run(struct voc_step *step, const struct voc_step_input *input, int64_t now_ms,
                             struct voc_step_output *ret_output, struct voc_error *error)
{
	struct made made;
	voc_error_clear(&step->why);
	voc_arena_reset(step->arena);
	voc_buf_clear(&step->value);
	enum voc_status status =
	        input->from < VOC_RAW_TOPIC_COUNT ? make_classified(step, input, &made) : make_fact(step, input, &made);
	if (status == VOC_RETRY) /* memory ran out: the record is not at fault */
		return voc_error_set(error, VOC_FATAL, step->why.reason, -1, "%s", step->why.text);
	if (status != VOC_OK)
		return refuse(step, input, now_ms, ret_output, error);
	if (hand_on(step, input, &made, ret_output))
		return VOC_OK;
	if (step->value.out_of_memory || step->source.out_of_memory) /* no fault of the record's */
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1,
		                     "no memory for a classified event");
	voc_error_set(&step->why, VOC_INVALID, VOC_REASON_TOO_LARGE, -1, "the classified event is too large");
	return refuse(step, input, now_ms, ret_output, error);
}

void voc_step_compare(struct voc_step *step, const struct voc_classifier *other, struct voc_labels *ret_labels,
                      struct voc_labels *ret_others)
{
	struct voc_classification result;
	classify(step, other, &result);
	*ret_labels = step->result.labels;
	*ret_others = result.labels;
}
