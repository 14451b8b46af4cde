/* The ring of recent ids: what it keeps and for how long, held against a plain list; and how it is stored. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/customer/customer.h"
#include "support/fake_store.h"

#define START_MS INT64_C(1795253400000)
#define MINUTE   INT64_C(60000)

static void id_of(uint32_t number, uint8_t id[VOC_RECENT_BYTES])
{
	for (int i = VOC_RECENT_BYTES - 1; i >= 0; i--, number >>= 8)
		id[i] = (uint8_t)number;
}

static bool has(const struct voc_recent *recent, uint32_t number)
{
	uint8_t id[VOC_RECENT_BYTES];
	id_of(number, id);
	return voc_recent_has(recent, id);
}

static void append(struct voc_recent *recent, int64_t time_ms)
{
	uint8_t id[VOC_RECENT_BYTES];
	id_of(recent->next, id);
	assert_true(voc_recent_append(recent, id, time_ms));
}

/* Just the ids from `first` on are there, whatever room they are in. */
static void check(const struct voc_recent *recent, uint32_t first)
{
	assert_int_equal(recent->first, first);
	for (uint32_t number = first > 100 ? first - 100 : 0; number < recent->next + 10; number++)
		assert_int_equal(has(recent, number), number >= first && number < recent->next);
}

static void test_a_slow_customer_has_the_last_few(void **state)
{
	(void)state;
	struct voc_recent recent = { 0 };
	for (uint32_t i = 0; i < 200; i++) {
		append(&recent, START_MS + i * 10 * MINUTE);
		check(&recent, i < 32 ? 0 : i - 31);
		assert_int_equal(recent.marked > 0, i >= 31);
		assert_in_range(voc_recent_bytes(&recent), (i < 32 ? i + 1 : 32) * VOC_RECENT_BYTES,
		                VOC_RECENT_FEW * VOC_RECENT_BYTES);
	}
	voc_recent_free(&recent);
}

static void test_ids_are_kept_for_one_to_two_periods(void **state)
{
	(void)state;
	struct voc_recent recent = { 0 };
	for (int64_t second = 0; second < 7200; second++) {
		append(&recent, START_MS + second * 1000);
		assert_true(second < 600 || recent.first <= second - 599);
		assert_true(second < 1232 || recent.first >= second - 1232);
	}
	assert_int_equal(recent.marked,
	                 31 + 11 * 600 + 1); /* each period began at the event that ended the one before */
	check(&recent, 31 + 10 * 600 + 1);
	/* Quiet again: the few are left, and memory for no more. */
	append(&recent, START_MS + 9000 * 1000);
	append(&recent, START_MS + 9600 * 1000);
	check(&recent, recent.next - 32);
	assert_int_equal(voc_recent_bytes(&recent), VOC_RECENT_FEW * VOC_RECENT_BYTES);
	voc_recent_free(&recent);
}

static void test_there_is_a_most(void **state)
{
	(void)state;
	struct voc_recent recent = { 0 };
	for (uint32_t i = 0; i < VOC_RECENT_MAX; i++)
		append(&recent, START_MS);
	check(&recent, 0);
	append(&recent, START_MS);
	check(&recent, 64);
	for (uint32_t i = 0; i < 3 * VOC_RECENT_MAX; i++)
		append(&recent, START_MS);
	assert_in_range(voc_recent_count(&recent), VOC_RECENT_MAX - 63, VOC_RECENT_MAX);
	check(&recent, recent.first);
	assert_int_equal(recent.first % 64, 0);
	assert_in_range(voc_recent_bytes(&recent), 1, 60000);
	voc_recent_free(&recent);
}

static void test_a_clock_that_was_ahead_is_forgotten(void **state)
{
	(void)state;
	struct voc_recent recent = { 0 };
	for (int i = 0; i < 40; i++)
		append(&recent, START_MS);
	append(&recent, INT64_MAX); /* a period has passed, it says */
	assert_int_equal(recent.mark_ms, VOC_RECENT_TIME_MAX);
	check(&recent, 41 - 32);
	append(&recent, START_MS + 1); /* more than a day back: time begins anew, and nothing is dropped */
	assert_int_equal(recent.mark_ms, START_MS + 1);
	assert_int_equal(recent.marked, 42);
	check(&recent, 41 - 32);
	append(&recent, START_MS - 86400000 + 1); /* a day back: late */
	assert_int_equal(recent.mark_ms, START_MS + 1);
	append(&recent, INT64_MIN);
	assert_int_equal(recent.mark_ms, 0);
	check(&recent, 41 - 32);
	voc_recent_free(&recent);
}

static void test_ids_with_equal_ends_are_told_apart(void **state)
{
	(void)state;
	struct voc_recent recent = { 0 };
	uint8_t id[VOC_RECENT_BYTES] = { 0, 0, 0, 0, 7, 7 };
	for (int i = 0; i < 255; i++) {
		id[0] = (uint8_t)i;
		assert_false(voc_recent_has(&recent, id));
		assert_true(voc_recent_append(&recent, id, START_MS));
		assert_true(voc_recent_has(&recent, id));
	}
	id[0] = 0;
	assert_true(voc_recent_has(&recent, id));
	voc_recent_free(&recent);
}

/* A customer as an event leaves it, as far as the store must know. */
static struct voc_customer make_customer(void)
{
	struct voc_customer customer;
	voc_customer_init(&customer);
	customer.last_event = strdup("e");
	return customer;
}

static void check_stored(const struct voc_customer *customer, struct fake_hash *hash, struct voc_arena *arena)
{
	struct fake_store other = { 0 };
	struct voc_customer loaded;
	struct voc_error error = { 0 };
	voc_arena_reset(arena);
	if (voc_customer_load(hash->fields, hash->count, arena, &loaded, &error) != VOC_OK)
		fail_msg("%s", error.text);
	assert_int_equal(loaded.recent.first, customer->recent.first);
	assert_int_equal(loaded.recent.next, customer->recent.next);
	for (uint32_t number = loaded.recent.first; number != loaded.recent.next; number++)
		assert_memory_equal(voc_recent_id(&loaded.recent, number), voc_recent_id(&customer->recent, number),
		                    VOC_RECENT_BYTES);
	/* What differences left is what one who knows nothing would write. */
	struct fake_hash *whole = fake_store_hash(&other, "whole");
	assert_true(voc_customer_diff(NULL, &loaded, fake_hash_tell, whole));
	assert_int_equal(whole->count, hash->count);
	for (size_t i = 0; i < hash->count; i++)
		assert_true(voc_str_eq(whole->fields[i].name, hash->fields[i].name) &&
		            voc_str_eq(whole->fields[i].value, hash->fields[i].value));
	fake_store_free(&other);
	voc_customer_free(&loaded);
}

static void test_differences_add_up_to_the_ring(void **state)
{
	(void)state;
	static const int64_t paces[] = { 11 * MINUTE, 1000, 10, 0, 30000 };
	static const int batches[] = { 1, 3, 64, 100, 700 };
	struct voc_customer customer = make_customer(), before = { 0 };
	struct fake_store store = { 0 };
	struct fake_hash *hash = fake_store_hash(&store, "customer");
	struct voc_arena *arena = voc_arena_new((size_t)1 << 20), *clones = voc_arena_new((size_t)1 << 20);
	int64_t time_ms = START_MS;
	size_t most = 0;
	for (int round = 0; round < 300; round++) {
		for (int i = 0; i < batches[round % 5]; i++) {
			append(&customer.recent, time_ms += paces[round / 7 % 5]);
			customer.counts.events++;
		}
		assert_true(voc_customer_diff(round > 0 ? &before : NULL, &customer, fake_hash_tell, hash));
		check_stored(&customer, hash, arena);
		most = hash->count > most ? hash->count : most;
		voc_customer_clone_free(&before);
		voc_arena_reset(clones);
		assert_true(voc_customer_clone(&customer, clones, &before));
	}
	assert_in_range(most, 64, 90);
	fake_store_free(&store);
	voc_customer_free(&customer);
	voc_customer_clone_free(&before);
	voc_arena_free(clones);
	voc_arena_free(arena);
}

/* A busy customer's fields, with one changed: must be refused. */
static void check_refused(const char *name, const char *value)
{
	struct voc_customer customer = make_customer(), loaded;
	struct fake_store store = { 0 };
	struct fake_hash *hash = fake_store_hash(&store, "customer");
	struct voc_arena *arena = voc_arena_new((size_t)1 << 20);
	struct voc_error error = { 0 };
	for (customer.counts.events = 0; customer.counts.events < 200; customer.counts.events++)
		append(&customer.recent, START_MS);
	assert_true(voc_customer_diff(NULL, &customer, fake_hash_tell, hash));
	assert_int_equal(voc_customer_load(hash->fields, hash->count, arena, &loaded, &error), VOC_OK);
	voc_customer_free(&loaded);
	fake_hash_set(hash, &(struct voc_field){ voc_str_from(name), voc_str_from(value) });
	if (voc_customer_load(hash->fields, hash->count, arena, &loaded, &error) != VOC_FATAL)
		fail_msg("%s = %s was taken", name, value ? value : "(absent)");
	assert_int_equal(error.reason, VOC_REASON_REDIS);
	fake_store_free(&store);
	voc_customer_free(&customer);
	voc_arena_free(arena);
}

static void test_a_ring_that_is_not_whole_is_refused(void **state)
{
	(void)state;
	check_refused("events", "199"); /* then the chunks would be others */
	check_refused("recent", "AAAAAAAB");
	check_refused("recent:1", NULL);
	check_refused("recent:2", NULL);
	check_refused("recent:2", "AAAAAAA=");
	check_refused("recent:3", "AAAAAAAB");
	check_refused("recent:00", "AAAAAAAB");
	check_refused("recent:-1", "AAAAAAAB");
	check_refused("recent:", "AAAAAAAB");
	check_refused("recent:99999999999", "AAAAAAAB");
	check_refused("recent_mark", NULL);
	check_refused("recent_mark", "1795253400000");
	check_refused("recent_mark", "1795253400000:201");
	check_refused("recent_mark", "1795253400000:31");
	check_refused("recent_mark", "-1:32");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_slow_customer_has_the_last_few),
		cmocka_unit_test(test_ids_are_kept_for_one_to_two_periods),
		cmocka_unit_test(test_there_is_a_most),
		cmocka_unit_test(test_a_clock_that_was_ahead_is_forgotten),
		cmocka_unit_test(test_ids_with_equal_ends_are_told_apart),
		cmocka_unit_test(test_differences_add_up_to_the_ring),
		cmocka_unit_test(test_a_ring_that_is_not_whole_is_refused),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
