#include "support/store_steps.h"

#include "support/examples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>

#include <cmocka.h>

static struct voc_rule_book *rule_book(void)
{
	static struct voc_rule_book *book;
	if (!book)
		book = voc_rule_book_new();
	return book;
}

const struct voc_rule_set *step_rules(void)
{
	static const struct voc_rule_set *set;
	if (!set)
		set = example_rules(rule_book());
	return set;
}

struct voc_customer step_customer(uint32_t events, int risk)
{
	static const uint8_t id[VOC_RECENT_BYTES];
	struct voc_customer customer;
	voc_customer_init(&customer);
	customer.counts.events = events;
	customer.first_ms = customer.last_ms = customer.risk.at_ms = STEP_TIME_MS;
	customer.risk.points = risk * 1000;
	customer.state = risk > 0 ? VOC_RISK_AT_RISK : VOC_RISK_NORMAL;
	voc_recent_begin(&customer.recent, events - 1);
	assert_true(voc_recent_restore(&customer.recent, id));
	customer.last_event = strdup("e");
	return customer;
}

void step_advance(struct voc_partition_state *state, int64_t offset)
{
	state->now.events += offset - state->now.offset;
	state->now.offset = offset;
	if (!state->rules)
		voc_partition_state_set_rules(state, voc_rule_set_hold(step_rules()), 0);
}

void step_gather(struct voc_store *store, int32_t partition, const struct voc_partition_state *state, const char *id,
                 uint32_t events, int risk)
{
	struct voc_error error = { .position = -1 };
	struct voc_customer customer = step_customer(events, risk);
	voc_store_step_begin(store, partition);
	voc_store_step_customer(store, voc_str_from(id), NULL, &customer);
	assert_int_equal(voc_store_step_end(store, state, &error), VOC_OK);
	voc_customer_free(&customer);
}

enum voc_step_outcome step_commit(struct voc_store *store)
{
	struct voc_error error = { .position = -1 };
	enum voc_step_outcome outcome;
	if (voc_store_commit(store, &outcome, &error) != VOC_OK)
		fail_msg("%s", error.text);
	return outcome;
}

enum voc_status step_keep_position(void *states, size_t index, const struct voc_field *fields, size_t count,
                                   struct voc_error *error)
{
	struct voc_partition_state *to = states;
	return voc_partition_state_load(fields, count, rule_book(), &to[index], error);
}

void step_load_position(struct voc_store *store, int32_t partition, struct voc_partition_state *ret_state)
{
	struct voc_error error = { .position = -1 };
	if (voc_store_load_positions(store, &partition, 1, step_keep_position, ret_state, &error) != VOC_OK)
		fail_msg("%s", error.text);
}
