/* The aggregator's pure part: a batch in, what is to be stored and published out. */
#include "core/aggregate/aggregate_step.h"
#include "support/classified_maker.h"
#include "support/examples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define PARTITIONS  4
#define SOURCE_SIZE 64
#define MAX_RECORDS 8
#define TIME_MS     INT64_C(1770000000000)

struct fixture {
	struct voc_agg_step *step;
	struct voc_customer_cache *cache;
	struct voc_rollup *rollup;
	struct voc_rule_book *book;
	struct voc_buf values[MAX_RECORDS];
	char sources[MAX_RECORDS][SOURCE_SIZE];
	size_t value_count;
};

static int open_fixture(void **state)
{
	struct fixture *fixture = calloc(1, sizeof *fixture);
	assert_non_null(fixture);
	fixture->step = voc_agg_step_new(PARTITIONS, MAX_RECORDS);
	fixture->cache = voc_customer_cache_new(100, 1 << 20);
	fixture->rollup = voc_rollup_new(MAX_RECORDS);
	fixture->book = voc_rule_book_new();
	for (size_t i = 0; i < MAX_RECORDS; i++)
		voc_buf_init(&fixture->values[i], 65536);
	*state = fixture;
	return 0;
}

static int close_fixture(void **state)
{
	struct fixture *fixture = *state;
	for (size_t i = 0; i < MAX_RECORDS; i++)
		voc_buf_free(&fixture->values[i]);
	voc_agg_step_free(fixture->step);
	voc_customer_cache_free(fixture->cache);
	voc_rollup_free(fixture->rollup);
	voc_rule_book_free(fixture->book);
	free(fixture);
	return 0;
}

static void add(struct fixture *fixture, int32_t partition, int64_t offset, const char *id, const char *customer_id)
{
	/* The step borrows both until it is applied. */
	char *source = fixture->sources[fixture->value_count % MAX_RECORDS];
	struct voc_buf *value = &fixture->values[fixture->value_count++ % MAX_RECORDS];
	struct voc_error error = { .position = -1 };
	struct made_event event = { id, customer_id, TIME_MS + offset, true, true };
	make_classified(value, &event);
	snprintf(source, SOURCE_SIZE, "voc.web/%d/%d", (int)partition, (int)offset);
	struct voc_agg_input input = { partition, { offset, TIME_MS, voc_buf_str(value), voc_str_from(source) } };
	assert_int_equal(voc_agg_step_add(fixture->step, &input, &error), VOC_OK);
}

static void add_broken(struct fixture *fixture, int32_t partition, int64_t offset)
{
	struct voc_error error = { .position = -1 };
	struct voc_agg_input input = {
		.partition = partition,
		.record = { .offset = offset,
		            .timestamp_ms = TIME_MS,
		            .value = VOC_STR("{"),
		            .source = VOC_STR("voc.web/0/0") },
	};
	assert_int_equal(voc_agg_step_add(fixture->step, &input, &error), VOC_OK);
}

/* What the service does between add and apply, without Redis: nobody was known before. */
static void fetch(struct fixture *fixture)
{
	for (size_t i = 0; i < fixture->step->customer_count; i++) {
		struct voc_agg_customer *customer = &fixture->step->customers[i];
		struct voc_customer fresh;
		voc_customer_init(&fresh);
		customer->entry = voc_customer_cache_add(fixture->cache, customer->partition, customer->id, &fresh);
		assert_non_null(customer->entry);
	}
}

static void begin_partition(struct fixture *fixture, struct voc_partition_state *ret_state)
{
	voc_partition_state_init(ret_state);
	voc_partition_state_set_rules(ret_state, example_rules(fixture->book), -1);
}

static void apply(struct fixture *fixture, int32_t partition, struct voc_partition_state *state)
{
	struct voc_error error = { .position = -1 };
	struct voc_aggregate aggregate = { VOC_STR("voc.classified"), partition, fixture->book };
	if (voc_agg_step_apply(fixture->step, &aggregate, state, fixture->rollup, &error) != VOC_OK)
		fail_msg("%s", error.text);
}

static void test_a_customer_is_fetched_once(void **state)
{
	struct fixture *fixture = *state;
	add(fixture, 0, 0, "a", "C-1");
	add(fixture, 1, 0, "b", "C-1"); /* another partition: another customer */
	add(fixture, 0, 1, "c", "C-1");
	add(fixture, 0, 2, "d", "C-2");
	assert_int_equal(fixture->step->record_count, 4);
	assert_int_equal(fixture->step->customer_count, 3);
	assert_int_equal(fixture->step->records[0].customer, fixture->step->records[2].customer);
	assert_int_equal(fixture->step->touched_count, 2);
	assert_int_equal(fixture->step->touched[0], 0);
	assert_int_equal(fixture->step->touched[1], 1);
}

static void test_partitions_are_applied_each_for_itself(void **state)
{
	struct fixture *fixture = *state;
	struct voc_partition_state zero, three;
	begin_partition(fixture, &zero);
	begin_partition(fixture, &three);
	add(fixture, 3, 7, "a", "C-1");
	add(fixture, 0, 0, "b", "C-2");
	add(fixture, 3, 8, "a", "C-1"); /* its sender's duplicate */
	add_broken(fixture, 3, 9);
	fetch(fixture);
	apply(fixture, 3, &three);
	apply(fixture, 0, &zero);
	const struct voc_agg_partition *result = &fixture->step->partitions[3];
	assert_int_equal(result->events, 1);
	assert_int_equal(result->duplicates, 1);
	assert_int_equal(result->invalid, 1);
	assert_int_equal(three.now.offset, 10);
	assert_int_equal(zero.now.offset, 1);
	assert_int_equal(fixture->step->partitions[0].events, 1);
	assert_int_equal(fixture->step->customers[0].entry->customer.counts.events, 1);
	assert_int_equal(fixture->step->customers[0].entry->customer.counts.duplicates, 1);
	voc_partition_state_free(&zero);
	voc_partition_state_free(&three);
}

static void test_alerts_come_in_order(void **state)
{
	struct fixture *fixture = *state;
	struct voc_partition_state position;
	begin_partition(fixture, &position);
	add(fixture, 1, 0, "a", "C-1"); /* says that they leave */
	add(fixture, 1, 1, "b", "C-2");
	fetch(fixture);
	apply(fixture, 1, &position);
	const struct voc_agg_alert *alert = fixture->step->partitions[1].first_alert;
	assert_non_null(alert);
	assert_int_equal(alert->rule, VOC_RULE_CHURN_INTENT);
	assert_true(voc_str_is(alert->customer_id, "C-1"));
	assert_int_equal(alert->timestamp_ms, TIME_MS);
	while (alert->next)
		alert = alert->next;
	assert_true(voc_str_is(alert->customer_id, "C-2"));
	assert_ptr_equal(alert, fixture->step->partitions[1].last_alert);
	voc_partition_state_free(&position);
}

static void test_a_record_that_cannot_be_decoded_says_why(void **state)
{
	struct fixture *fixture = *state;
	add_broken(fixture, 2, 5);
	const struct voc_agg_record *record = &fixture->step->records[0];
	assert_null(record->decoded);
	assert_int_equal(record->error->reason, VOC_REASON_BAD_JSON);
	assert_int_equal(fixture->step->customer_count, 0);
}

static void test_rules_are_of_no_customer(void **state)
{
	struct fixture *fixture = *state;
	struct voc_partition_state position;
	struct voc_error error = { .position = -1 };
	struct voc_buf value;
	const struct voc_rule_set *other = example_other_rules(fixture->book);
	begin_partition(fixture, &position);
	voc_buf_init(&value, VOC_RULES_RECORD_MAX_BYTES);
	assert_true(voc_rules_record_encode(&value, other));
	struct voc_agg_input rules = { 1, { 1, TIME_MS, voc_buf_str(&value), VOC_STR("") } };
	add(fixture, 1, 0, "a", "C-1"); /* 82 points, */
	assert_int_equal(voc_agg_step_add(fixture->step, &rules, &error), VOC_OK);
	add(fixture, 1, 2, "b", "C-2"); /* and under the other rules 169 */
	assert_int_equal(fixture->step->customer_count, 2);
	assert_int_equal(fixture->step->records[1].customer, VOC_AGG_NONE);
	fetch(fixture);
	apply(fixture, 1, &position);
	assert_int_equal(fixture->step->partitions[1].controls, 1);
	assert_int_equal(fixture->step->partitions[1].events, 2);
	assert_ptr_equal(position.rules, other);
	assert_int_equal(position.now.rules_from, 1);
	int32_t before = fixture->step->customers[0].entry->customer.risk.points;
	assert_int_equal(fixture->step->customers[1].entry->customer.risk.points, before + 87000);
	voc_buf_free(&value);
	voc_rule_set_release(other);
	voc_partition_state_free(&position);
}

static void test_a_batch_is_bounded_and_begun_anew(void **state)
{
	struct fixture *fixture = *state;
	struct voc_error error = { .position = -1 };
	struct voc_agg_input input = { 0, { MAX_RECORDS, TIME_MS, VOC_STR("{"), VOC_STR("") } };
	for (int i = 0; i < MAX_RECORDS; i++)
		add(fixture, 0, i, "a", "C-1");
	assert_int_equal(voc_agg_step_add(fixture->step, &input, &error), VOC_FATAL);
	voc_agg_step_begin(fixture->step);
	assert_int_equal(fixture->step->record_count + fixture->step->customer_count + fixture->step->touched_count, 0);
	add(fixture, 2, 0, "b", "C-1");
	assert_int_equal(fixture->step->customer_count, 1);
	assert_int_equal(fixture->step->customers[0].partition, 2);
	assert_int_equal(fixture->step->partitions[0].first_record, VOC_AGG_NONE);
}

#define EACH(test) cmocka_unit_test_setup_teardown(test, open_fixture, close_fixture)

int main(void)
{
	const struct CMUnitTest tests[] = {
		EACH(test_a_customer_is_fetched_once), EACH(test_partitions_are_applied_each_for_itself),
		EACH(test_alerts_come_in_order),       EACH(test_a_record_that_cannot_be_decoded_says_why),
		EACH(test_rules_are_of_no_customer),   EACH(test_a_batch_is_bounded_and_begun_anew),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
