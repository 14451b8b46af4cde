/* services/alerter/outbox: order, isolation, the turn of probes; and a random run of it all. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "alerter/outbox.h"

static const struct voc_retry_policy policy = { .backoff_ms = 100, .backoff_max_ms = 10000, .tries = 6 };

static enum outbox_outcome answer(struct outbox *outbox, struct outbox_item *item, int status, int64_t now_ms)
{
	const struct outbox_answer given = { .http_status = status, .retry_after_ms = -1 };
	enum outbox_change change;
	return outbox_settle(outbox, item, &given, now_ms, &change);
}

static void add(struct outbox *outbox, struct outbox_item *item, uint64_t customer)
{
	*item = (struct outbox_item){ .customer = customer };
	outbox_add(outbox, item, OUTBOX_WAITING);
}

static void test_a_customers_alerts_go_one_after_the_other(void **state)
{
	(void)state;
	struct outbox outbox;
	struct outbox_item a1, a2, b1;
	outbox_init(&outbox, &policy, 16, 1);
	add(&outbox, &a1, 'a');
	add(&outbox, &a2, 'a');
	add(&outbox, &b1, 'b');
	assert_ptr_equal(outbox_next(&outbox, 0), &a1);
	assert_ptr_equal(outbox_next(&outbox, 0), &b1);
	assert_null(outbox_next(&outbox, 0));
	assert_int_equal(answer(&outbox, &a1, 503, 0), OUTBOX_RETRIED);
	assert_int_equal(answer(&outbox, &b1, 200, 0), OUTBOX_DELIVERED);
	outbox_remove(&outbox, &b1);
	assert_null(outbox_next(&outbox, 0));
	assert_int_equal(outbox_wait_ms(&outbox, 0, 1000), a1.due_ms);
	assert_ptr_equal(outbox_next(&outbox, a1.due_ms), &a1);
	assert_int_equal(answer(&outbox, &a1, 200, 200), OUTBOX_DELIVERED);
	outbox_remove(&outbox, &a1);
	assert_ptr_equal(outbox_next(&outbox, 200), &a2);
}

static void test_a_dying_alert_still_holds_its_place(void **state)
{
	(void)state;
	struct outbox outbox;
	struct outbox_item a1, a2;
	outbox_init(&outbox, &policy, 16, 1);
	add(&outbox, &a1, 'a');
	add(&outbox, &a2, 'a');
	assert_ptr_equal(outbox_next(&outbox, 0), &a1);
	assert_int_equal(answer(&outbox, &a1, 400, 0), OUTBOX_REJECTED);
	assert_int_equal(a1.state, OUTBOX_DYING);
	assert_null(outbox_next(&outbox, 0));
	outbox_remove(&outbox, &a1);
	assert_ptr_equal(outbox_next(&outbox, 0), &a2);
}

static void test_the_requests_under_way_are_bounded(void **state)
{
	(void)state;
	struct outbox outbox;
	struct outbox_item items[5];
	outbox_init(&outbox, &policy, 3, 1);
	for (uint64_t i = 0; i < 5; i++)
		add(&outbox, &items[i], i);
	for (int i = 0; i < 3; i++)
		assert_non_null(outbox_next(&outbox, 0));
	assert_null(outbox_next(&outbox, 0));
	assert_int_equal(outbox_wait_ms(&outbox, 0, 1000), 1000);
}

static void test_a_poison_alert_is_exhausted_by_itself(void **state)
{
	(void)state;
	struct outbox outbox;
	struct outbox_item poison;
	outbox_init(&outbox, &policy, 16, 1);
	add(&outbox, &poison, 'a');
	int64_t now_ms = 0;
	for (int try = 1; try <= 6; try++) {
		assert_ptr_equal(outbox_next(&outbox, now_ms), &poison);
		assert_int_equal(answer(&outbox, &poison, 500, now_ms), try < 6 ? OUTBOX_RETRIED : OUTBOX_EXHAUSTED);
		now_ms = poison.due_ms;
	}
	assert_int_equal(poison.state, OUTBOX_DYING);
}

/* Down for long: nothing is given up, everyone is a probe in turn, one at a time. */
static void test_an_outage_costs_no_tries_and_probes_take_turns(void **state)
{
	(void)state;
	struct outbox outbox;
	struct outbox_item items[4];
	outbox_init(&outbox, &policy, 16, 1);
	for (uint64_t i = 0; i < 4; i++)
		add(&outbox, &items[i], i);
	int64_t now_ms = 0;
	while (!outbox.breaker.open) {
		struct outbox_item *item = outbox_next(&outbox, now_ms++);
		if (item)
			assert_int_equal(answer(&outbox, item, 502, now_ms), OUTBOX_RETRIED);
	}
	int64_t tries = 0;
	for (int i = 0; i < 4; i++)
		tries += items[i].tries;
	assert_int_equal(tries, VOC_BREAKER_FAILURES);
	int probed[4] = { 0 };
	for (int i = 0; i < 400; i++) {
		now_ms += outbox_wait_ms(&outbox, now_ms, 100000);
		struct outbox_item *item = outbox_next(&outbox, now_ms);
		assert_non_null(item);
		assert_null(outbox_next(&outbox, now_ms));
		probed[item - items]++;
		assert_int_equal(answer(&outbox, item, 502, now_ms), OUTBOX_RETRIED);
	}
	for (int i = 0; i < 4; i++)
		assert_int_equal(probed[i], 100);
	/* It is back: all may go at once. */
	now_ms += outbox_wait_ms(&outbox, now_ms, 100000);
	struct outbox_item *probe = outbox_next(&outbox, now_ms);
	assert_int_equal(answer(&outbox, probe, 200, now_ms), OUTBOX_DELIVERED);
	outbox_remove(&outbox, probe);
	for (int i = 0; i < 3; i++)
		assert_non_null(outbox_next(&outbox, now_ms));
}

/* An endpoint that says that it is gone does answer: it is told as disabled, and no longer as out of reach too. */
static void test_gone_closes_the_breaker(void **state)
{
	(void)state;
	struct outbox outbox;
	struct outbox_item item;
	const struct outbox_answer gone = { .http_status = 410, .retry_after_ms = -1 };
	enum outbox_change change;
	int64_t now_ms = 0;
	outbox_init(&outbox, &policy, 16, 1);
	add(&outbox, &item, 'a');
	while (!outbox.breaker.open) {
		const struct outbox_answer none = { .connection_level = true, .retry_after_ms = -1 };
		assert_ptr_equal(outbox_next(&outbox, now_ms), &item);
		assert_int_equal(outbox_settle(&outbox, &item, &none, now_ms, &change), OUTBOX_RETRIED);
		now_ms += policy.backoff_max_ms;
	}
	assert_int_equal(change, OUTBOX_OPENED);
	assert_ptr_equal(outbox_next(&outbox, now_ms), &item);
	assert_int_equal(outbox_settle(&outbox, &item, &gone, now_ms, &change), OUTBOX_GONE);
	assert_int_equal(change, OUTBOX_CLOSED);
}

static void test_gone_keeps_the_alert(void **state)
{
	(void)state;
	struct outbox outbox;
	struct outbox_item item;
	outbox_init(&outbox, &policy, 16, 1);
	add(&outbox, &item, 'a');
	assert_ptr_equal(outbox_next(&outbox, 0), &item);
	assert_int_equal(answer(&outbox, &item, 410, 0), OUTBOX_GONE);
	assert_int_equal(item.state, OUTBOX_WAITING);
}

/* A run with a world that fails at random: what holds throughout, and that it comes to an end. */
enum { ALERTS = 3000, CUSTOMERS = 40 };

struct world {
	struct outbox outbox;
	struct outbox_item items[ALERTS];
	struct outbox_item *flying[8];
	size_t flying_count, added, finished;
	size_t last_of[CUSTOMERS]; /* 1 + index of the customer's last finished alert */
	uint64_t random;
	int64_t now_ms;
};

static uint64_t draw(struct world *world, uint64_t below)
{
	return voc_random_next(&world->random) % below;
}

static void finish(struct world *world, struct outbox_item *item)
{
	size_t index = (size_t)(item - world->items);
	assert_true(index + 1 > world->last_of[item->customer]);
	world->last_of[item->customer] = index + 1;
	outbox_remove(&world->outbox, item);
	world->finished++;
}

static void settle_one(struct world *world)
{
	static const int statuses[] = { 200, 200, 200, 500, 503, 0, 400, 429 };
	size_t pick = draw(world, world->flying_count);
	struct outbox_item *item = world->flying[pick];
	world->flying[pick] = world->flying[--world->flying_count];
	bool outage = world->now_ms / 5000 % 2 == 1;
	const struct outbox_answer given = {
		.http_status = outage ? 0 : statuses[draw(world, 8)],
		.connection_level = outage,
		.retry_after_ms = draw(world, 4) == 0 ? (int64_t)draw(world, 300) : -1,
	};
	enum outbox_change change;
	enum outbox_outcome outcome = outbox_settle(&world->outbox, item, &given, world->now_ms, &change);
	assert_true(item->tries <= policy.tries);
	if (outcome != OUTBOX_RETRIED)
		finish(world, item);
}

static void send_all(struct world *world)
{
	struct outbox_item *item;
	while ((item = outbox_next(&world->outbox, world->now_ms))) {
		for (size_t i = 0; i < world->flying_count; i++)
			assert_true(world->flying[i]->customer != item->customer);
		assert_true(world->flying_count < 8);
		world->flying[world->flying_count++] = item;
		if (world->outbox.breaker.open)
			assert_int_equal(world->flying_count, 1);
	}
}

static void test_a_random_run_keeps_order_and_ends(void **state)
{
	(void)state;
	static struct world world;
	for (uint64_t seed = 1; seed <= 20; seed++) {
		world = (struct world){ .random = seed };
		outbox_init(&world.outbox, &policy, 8, seed);
		while (world.finished < ALERTS) {
			assert_true(world.now_ms < 100000000);
			while (world.added < ALERTS && !outbox_full(&world.outbox)) {
				add(&world.outbox, &world.items[world.added], draw(&world, CUSTOMERS));
				world.added++;
			}
			send_all(&world);
			if (world.flying_count > 0 && draw(&world, 3) > 0)
				settle_one(&world);
			else
				world.now_ms += 1 + (world.flying_count > 0
				                             ? 0
				                             : outbox_wait_ms(&world.outbox, world.now_ms, 1000));
		}
		assert_int_equal(world.outbox.count, 0);
		assert_int_equal(world.outbox.in_flight, 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_customers_alerts_go_one_after_the_other),
		cmocka_unit_test(test_a_dying_alert_still_holds_its_place),
		cmocka_unit_test(test_the_requests_under_way_are_bounded),
		cmocka_unit_test(test_a_poison_alert_is_exhausted_by_itself),
		cmocka_unit_test(test_an_outage_costs_no_tries_and_probes_take_turns),
		cmocka_unit_test(test_gone_closes_the_breaker),
		cmocka_unit_test(test_gone_keeps_the_alert),
		cmocka_unit_test(test_a_random_run_keeps_order_and_ends),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
