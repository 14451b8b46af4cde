/* Torture of what each service does with a record: the classifier's step, the aggregator's batch, the alerter's job. */
#include "alerter/job.h"
#include "alerter/request.h"
#include "classifier/step.h"
#include "core/aggregate/aggregate_step.h"
#include "core/record/dead_letter.h"
#include "io/redis/redis_step.h"
#include "support/classified_maker.h"
#include "support/examples.h"
#include "support/fake_store.h"
#include "torture/torture.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define NOW_MS     INT64_C(1795253400000)
#define EVENTS     12
#define CUSTOMERS  3
#define SHA        "0123456789012345678901234567890123456789"
#define COPY_BYTES (1 << 20)

static struct voc_classifier *classifier;
static struct voc_buf rules;

static int start(void **state)
{
	(void)state;
	struct voc_error error = { .position = -1 };
	rules = example_read("deploy/rules.json");
	if (voc_classifier_open(VOC_SOURCE_DIR "/services/classifier/model.bin",
	                        VOC_SOURCE_DIR "/services/classifier/phrases.txt", &classifier, &error) != VOC_OK)
		fail_msg("%s", error.text);
	return 0;
}

static int stop(void **state)
{
	(void)state;
	voc_buf_free(&rules);
	voc_classifier_free(classifier);
	return 0;
}

/* A raw record, and what the classifier makes of it when nothing fails: the same bytes after every failure. */
struct raw {
	struct voc_str value;
	enum voc_topic from;
	struct voc_buf expected; /* empty until it was made once */
	enum voc_reason reason;
};

static enum voc_status run_step(struct voc_step *step, struct raw *raw, struct voc_error *error)
{
	const struct voc_header headers[] = { { VOC_STR("trace"), VOC_STR("t-1") } };
	const struct voc_step_input input = { .from = raw->from,
		                              .topic = VOC_STR("voc.web"),
		                              .partition = 3,
		                              .offset = 1234,
		                              .key = VOC_STR("raw-key"),
		                              .record = { raw->value, headers, 1, NOW_MS } };
	struct voc_step_output output;
	enum voc_status status = voc_step_run(step, &input, NOW_MS, &output, error);
	if (status != VOC_OK)
		return status;
	torture_pause();
	if (raw->expected.len == 0) {
		raw->reason = output.refused;
		voc_buf_add_str(&raw->expected, output.value);
	}
	assert_int_equal(output.refused, raw->reason);
	assert_true(voc_str_eq(output.value, voc_buf_str(&raw->expected)));
	torture_resume();
	return VOC_OK;
}

static enum voc_status classify(void *context, struct voc_error *error)
{
	struct voc_step *step = voc_step_new(classifier);
	if (!step)
		return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "starting");
	enum voc_status status = run_step(step, context, error);
	if (status != VOC_OK) { /* the same step goes on as if nothing had been */
		struct voc_error again = { .position = -1 };
		torture_pause();
		assert_int_equal(run_step(step, context, &again), VOC_OK);
		torture_resume();
	}
	voc_step_free(step);
	return status;
}

static void torture_raw(const char *name, enum voc_topic from, struct voc_str value)
{
	struct raw raw = { .value = value, .from = from };
	voc_buf_init(&raw.expected, VOC_STEP_MAX_BYTES);
	torture(name, classify, &raw, 0);
	voc_buf_free(&raw.expected);
}

static void test_classifier_step(void **state)
{
	(void)state;
	static const char *const files[] = { "valid/call.json", "valid/transcript.json", "valid/unknown-members.json",
		                             "invalid/bad_utf8.json", "invalid/duplicate_key.escaped.json" };
	char path[200], name[200];
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		snprintf(path, sizeof path, "schemas/examples/raw-event/%s", files[i]);
		snprintf(name, sizeof name, "classifier, %s", files[i]);
		struct voc_buf file = example_read(path);
		torture_raw(name, VOC_TOPIC_WEB, voc_buf_str(&file));
		voc_buf_free(&file);
	}
}

static void test_a_fact_through_the_classifier(void **state)
{
	(void)state;
	struct voc_buf order = example_read("schemas/examples/order/valid/placed.json");
	torture_raw("classifier, an order", VOC_TOPIC_ORDERS, voc_buf_str(&order));
	voc_buf_free(&order);
}

static void test_a_dead_letter_that_is_cut(void **state)
{
	(void)state;
	size_t len = VOC_STEP_MAX_BYTES + 100000;
	char *large = malloc(len);
	assert_non_null(large);
	memset(large, 'x', len);
	torture_raw("classifier, a record too large for Kafka", VOC_TOPIC_WEB, voc_str_of(large, len));
	free(large);
}

/* Some records of a log, and what the aggregator's one batch over them makes when nothing fails. */
struct batch {
	char *values[EVENTS];
	char sources[EVENTS][32];
	size_t value_count;
	struct fake_store store; /* what stood there before */
	int64_t first_offset;
	struct voc_buf expected; /* the command to Redis and the alerts */
};

struct aggregation {
	struct voc_agg_step *step;
	struct voc_customer_cache *cache;
	struct voc_rollup *rollup;
	struct voc_rule_book *book;
	struct voc_partition_state state;
	struct voc_redis_step redis;
	struct voc_buf command;
};

static enum voc_status no_memory(struct voc_error *error)
{
	return voc_error_set(error, VOC_FATAL, VOC_REASON_OUT_OF_MEMORY, -1, "by torture");
}

static enum voc_status add_records(struct aggregation *work, const struct batch *batch, struct voc_error *error)
{
	enum voc_status status = VOC_OK;
	voc_agg_step_begin(work->step);
	for (size_t i = 0; status == VOC_OK && i < batch->value_count; i++) {
		const struct voc_agg_input input = { .record = { .offset = batch->first_offset + (int64_t)i,
			                                         .timestamp_ms = NOW_MS,
			                                         .value = voc_str_from(batch->values[i]),
			                                         .source = voc_str_from(batch->sources[i]) } };
		status = voc_agg_step_add(work->step, &input, error);
	}
	/* whatever memory did, no record became a bad one */
	for (size_t i = 0; i < work->step->record_count; i++)
		assert_true(work->step->records[i].decoded || i == 7);
	return status;
}

static enum voc_status fetch_customer(struct aggregation *work, struct batch *batch, struct voc_agg_customer *customer,
                                      struct voc_error *error)
{
	struct voc_customer loaded;
	char key[64];
	snprintf(key, sizeof key, "customer:%.*s", VOC_STR_ARG(customer->id));
	torture_pause();
	const struct fake_hash *hash = fake_store_hash(&batch->store, key);
	torture_resume();
	enum voc_status status = voc_customer_load(hash->fields, hash->count, work->step->arena, &loaded, error);
	if (status != VOC_OK)
		return status;
	customer->entry = voc_customer_cache_add(work->cache, 0, customer->id, &loaded);
	if (customer->entry)
		return VOC_OK;
	voc_customer_free(&loaded);
	return no_memory(error);
}

static enum voc_status build_command(struct aggregation *work, struct voc_error *error)
{
	voc_redis_step_begin(&work->redis, 0);
	for (uint32_t i = work->step->partitions[0].first_customer; i != VOC_AGG_NONE;
	     i = work->step->customers[i].next) {
		const struct voc_agg_customer *customer = &work->step->customers[i];
		voc_redis_step_customer(&work->redis, customer->id, customer->entry->before,
		                        &customer->entry->customer);
	}
	voc_redis_step_rollup(&work->redis, work->rollup, NOW_MS, 3600000);
	return voc_redis_step_end(&work->redis, &work->state, VOC_STR(SHA), &work->command, error);
}

static void compare(const struct aggregation *work, struct batch *batch)
{
	static char copy[COPY_BYTES];
	struct voc_buf whole = { .ptr = copy, .cap = sizeof copy, .max = sizeof copy };
	torture_pause();
	voc_buf_add_str(&whole, voc_buf_str(&work->command));
	for (const struct voc_agg_alert *alert = work->step->partitions[0].first_alert; alert; alert = alert->next)
		voc_buf_add_str(&whole, alert->json);
	assert_false(whole.failed);
	if (batch->expected.len == 0)
		voc_buf_add_str(&batch->expected, voc_buf_str(&whole));
	assert_true(voc_str_eq(voc_buf_str(&whole), voc_buf_str(&batch->expected)));
	torture_resume();
}

/* Where the partition stands, under its rules. */
static enum voc_status load_state(struct aggregation *work, struct batch *batch, struct voc_error *error)
{
	const struct voc_rule_set *set = NULL;
	torture_pause();
	const struct fake_hash *position = fake_store_hash(&batch->store, "position");
	torture_resume();
	enum voc_status status =
	        voc_partition_state_load(position->fields, position->count, work->book, &work->state, error);
	if (status == VOC_OK && !work->state.rules)
		status = voc_rule_book_read(work->book, voc_buf_str(&rules), &set, error);
	if (set)
		voc_partition_state_set_rules(&work->state, set, -1);
	return status;
}

static enum voc_status run_batch(struct aggregation *work, struct batch *batch, struct voc_error *error)
{
	const struct voc_aggregate aggregate = { VOC_STR("voc.classified"), 0, work->book };
	enum voc_status status = load_state(work, batch, error);
	if (status == VOC_OK)
		status = add_records(work, batch, error);
	for (size_t i = 0; status == VOC_OK && i < work->step->customer_count; i++)
		status = fetch_customer(work, batch, &work->step->customers[i], error);
	if (status == VOC_OK)
		status = voc_agg_step_apply(work->step, &aggregate, &work->state, work->rollup, error);
	if (status == VOC_OK)
		status = build_command(work, error);
	if (status == VOC_OK)
		compare(work, batch);
	return status;
}

/* As the aggregator does after a failure: everything of the batch is thrown away, and it is done again. */
static void forget(struct aggregation *work)
{
	voc_customer_cache_drop(work->cache, 0);
	voc_partition_state_free(&work->state);
	voc_partition_state_init(&work->state);
	voc_buf_clear(&work->command);
}

static enum voc_status aggregate(void *context, struct voc_error *error)
{
	struct aggregation work = { .step = voc_agg_step_new(1, EVENTS),
		                    .cache = voc_customer_cache_new(100, 1 << 20),
		                    .rollup = voc_rollup_new(EVENTS),
		                    .book = voc_rule_book_new() };
	voc_partition_state_init(&work.state);
	voc_redis_step_init(&work.redis);
	voc_buf_init(&work.command, COPY_BYTES);
	bool opened = work.step && work.cache && work.rollup && work.book;
	enum voc_status status = opened ? run_batch(&work, context, error) : no_memory(error);
	if (opened && status != VOC_OK) {
		struct voc_error again = { .position = -1 };
		torture_pause();
		forget(&work);
		if (run_batch(&work, context, &again) != VOC_OK)
			fail_msg("the same batch again: %s", again.text);
		torture_resume();
	}
	voc_buf_free(&work.command);
	voc_redis_step_free(&work.redis);
	voc_partition_state_free(&work.state);
	voc_rollup_free(work.rollup);
	voc_customer_cache_free(work.cache);
	voc_agg_step_free(work.step);
	voc_rule_book_free(work.book);
	return status;
}

static void replace_by_fact(struct batch *batch, size_t at, const char *path)
{
	struct voc_buf file = example_read(path);
	free(batch->values[at]);
	batch->values[at] = strndup(file.ptr, file.len);
	snprintf(batch->sources[at], sizeof batch->sources[at], "voc.facts/0/%zu", at);
	voc_buf_free(&file);
}

/* Complaints in a row, so that alerts come of them; the eighth record can't be read. */
static void make_batch(struct batch *batch)
{
	struct voc_buf value;
	voc_buf_init(&value, 65536);
	voc_buf_init(&batch->expected, COPY_BYTES);
	for (size_t i = 0; i < EVENTS; i++) {
		char id[16], customer[16];
		snprintf(batch->sources[i], sizeof batch->sources[i], "voc.calls/%zu/%zu", i % 4, i);
		snprintf(id, sizeof id, "e-%zu", i);
		snprintf(customer, sizeof customer, "C-%zu", i % CUSTOMERS);
		const struct made_event event = { id, customer, NOW_MS + (int64_t)i, true, i % 4 == 0 };
		make_classified(&value, &event);
		batch->values[i] = i == 7 ? strdup("{\"no\":1}") : strndup(value.ptr, value.len);
	}
	batch->value_count = EVENTS;
	voc_buf_free(&value);
	replace_by_fact(batch, 8, "schemas/examples/order/valid/late.json");
	replace_by_fact(batch, 9, "schemas/examples/profile/valid/masked.json");
}

static void free_batch(struct batch *batch)
{
	for (size_t i = 0; i < EVENTS; i++)
		free(batch->values[i]);
	voc_buf_free(&batch->expected);
	fake_store_free(&batch->store);
}

static void test_aggregator_batch(void **state)
{
	(void)state;
	struct batch batch = { .value_count = 0 };
	make_batch(&batch);
	torture("aggregator, a batch of new customers", aggregate, &batch, 0);
	free_batch(&batch);
}

/* Applies an event of each customer and stores what comes of it, as an earlier batch. */
static void store_earlier(struct batch *batch)
{
	struct voc_error error = { .position = -1 };
	struct voc_partition_state state;
	const struct voc_rule_set *set = NULL;
	struct voc_aggregate work = { VOC_STR("voc.classified"), 0, voc_rule_book_new() };
	struct voc_arena *arena = voc_arena_new(1 << 20);
	struct voc_rollup *rollup = voc_rollup_new(CUSTOMERS);
	voc_partition_state_init(&state);
	assert_int_equal(voc_rule_book_read(work.book, voc_buf_str(&rules), &set, &error), VOC_OK);
	voc_partition_state_set_rules(&state, set, -1);
	for (int i = 0; i < CUSTOMERS; i++) {
		struct voc_aggregate_effects effects;
		struct voc_aggregate_record record;
		struct voc_customer customer;
		char key[32];
		const struct voc_aggregate_input input = { i, NOW_MS, voc_str_from(batch->values[i]),
			                                   VOC_STR("voc.web/0/1") };
		snprintf(key, sizeof key, "customer:C-%d", i);
		voc_customer_init(&customer);
		assert_int_equal(voc_aggregate_decode(&input, arena, &record, &error), VOC_OK);
		record.source.offset = i;
		record.event.id = VOC_STR("earlier");
		assert_int_equal(
		        voc_aggregate_apply(&work, &state, &customer, rollup, &record, arena, &effects, &error),
		        VOC_OK);
		assert_true(voc_customer_diff(NULL, &customer, fake_hash_tell, fake_store_hash(&batch->store, key)));
		voc_customer_free(&customer);
	}
	assert_true(voc_partition_state_diff(&state, fake_hash_tell, fake_store_hash(&batch->store, "position")));
	batch->first_offset = CUSTOMERS;
	voc_partition_state_free(&state);
	voc_rollup_free(rollup);
	voc_arena_free(arena);
	voc_rule_book_free(work.book);
}

/* The customers are there already, as an earlier batch left them: they are loaded from their fields. */
static void test_aggregator_batch_of_known_customers(void **state)
{
	(void)state;
	struct batch batch = { .value_count = 0 };
	make_batch(&batch);
	store_earlier(&batch);
	torture("aggregator, a batch of known customers", aggregate, &batch, 0);
	free_batch(&batch);
}

struct delivery {
	struct voc_str value;
	struct voc_endpoint endpoint;
};

static enum voc_status prepare(struct job *job, const struct delivery *delivery, struct voc_arena *scratch,
                               struct voc_error *error)
{
	struct request_headers headers;
	enum voc_status status = VOC_OK;
	enum job_fate fate = job_prepare(job, &delivery->endpoint, scratch, error);
	if (fate == JOB_FAILED)
		return error->status;
	assert_int_equal(fate, JOB_SEND); /* never a dead letter */
	if (!request_headers_make(&headers, &delivery->endpoint, job->id, job->body, job->trace, NOW_MS / 1000))
		status = no_memory(error);
	request_headers_free(&headers);
	return status;
}

static enum voc_status deliver(void *context, struct voc_error *error)
{
	const struct delivery *delivery = context;
	struct voc_message message = { .topic = VOC_STR("voc.alerts"),
		                       .timestamp_ms = NOW_MS,
		                       .value = delivery->value };
	struct voc_arena *scratch = voc_arena_new(1 << 20);
	struct job *job = scratch ? job_new(&message, NULL, 0) : NULL;
	enum voc_status status = job ? prepare(job, delivery, scratch, error) : no_memory(error);
	job_free(job);
	voc_arena_free(scratch);
	return status;
}

static void test_alerter_job(void **state)
{
	(void)state;
	struct voc_buf alert = example_read("schemas/examples/alert/valid/risk-raised.json");
	struct delivery delivery = { .value = voc_buf_str(&alert),
		                     .endpoint = { .format = VOC_WEBHOOK_CLOUDEVENTS, .rules = UINT32_MAX } };
	assert_true(
	        voc_webhook_secret_parse(VOC_STR("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"), &delivery.endpoint.secret));
	torture("alerter, a signed CloudEvent", deliver, &delivery, 0);
	delivery.endpoint.format = VOC_WEBHOOK_SLACK;
	delivery.endpoint.secret.len = 0;
	torture("alerter, a message to Slack", deliver, &delivery, 0);
	voc_buf_free(&alert);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_classifier_step),
		cmocka_unit_test(test_a_fact_through_the_classifier),
		cmocka_unit_test(test_a_dead_letter_that_is_cut),
		cmocka_unit_test(test_aggregator_batch),
		cmocka_unit_test(test_aggregator_batch_of_known_customers),
		cmocka_unit_test(test_alerter_job),
	};
	torture_begin();
	return cmocka_run_group_tests(tests, start, stop);
}
