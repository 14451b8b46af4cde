/* Customers in memory: found by partition and id, bounded, pinned ones kept, a partition forgotten at once. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "core/customer/customer_cache.h"

static struct voc_customer someone(uint32_t events)
{
	struct voc_customer customer;
	voc_customer_init(&customer);
	customer.counts.events = events;
	customer.last_event = events > 0 ? strdup("e") : NULL;
	return customer;
}

static struct voc_cached_customer *add(struct voc_customer_cache *cache, int32_t partition, const char *id)
{
	struct voc_customer customer = someone(1);
	struct voc_cached_customer *cached = voc_customer_cache_add(cache, partition, voc_str_from(id), &customer);
	assert_non_null(cached);
	assert_int_equal(customer.counts.events, 0); /* taken */
	return cached;
}

static void test_found_by_partition_and_id(void **state)
{
	(void)state;
	struct voc_customer_cache *cache = voc_customer_cache_new(10, SIZE_MAX);
	struct voc_cached_customer *one = add(cache, 1, "C-1"), *other = add(cache, 2, "C-1");
	assert_ptr_equal(voc_customer_cache_find(cache, 1, VOC_STR("C-1")), one);
	assert_ptr_equal(voc_customer_cache_find(cache, 2, VOC_STR("C-1")), other);
	assert_null(voc_customer_cache_find(cache, 3, VOC_STR("C-1")));
	assert_null(voc_customer_cache_find(cache, 1, VOC_STR("C-2")));
	assert_true(voc_str_is(voc_cached_customer_id(one), "C-1"));
	assert_int_equal(other->partition, 2);
	voc_customer_cache_free(cache);
}

/* Many at once are those that each alone would be, among customers enough for full buckets. */
static void test_found_many_at_once(void **state)
{
	(void)state;
	struct voc_customer_cache *cache = voc_customer_cache_new(1000, SIZE_MAX);
	char names[VOC_CACHE_FIND_MAX][16];
	struct voc_str ids[VOC_CACHE_FIND_MAX];
	struct voc_cached_customer *found[VOC_CACHE_FIND_MAX] = { NULL };
	for (int i = 0; i < 500; i += 2) {
		char id[16];
		snprintf(id, sizeof id, "C-%d", i);
		add(cache, i % 4 == 0 ? 1 : 2, id);
	}
	for (int i = 0; i < VOC_CACHE_FIND_MAX; i++) {
		snprintf(names[i], sizeof names[i], "C-%d", i);
		ids[i] = voc_str_from(names[i]);
	}
	voc_customer_cache_find_all(cache, 1, ids, VOC_CACHE_FIND_MAX, found);
	for (int i = 0; i < VOC_CACHE_FIND_MAX; i++) {
		assert_ptr_equal(found[i], voc_customer_cache_find(cache, 1, ids[i]));
		assert_true((found[i] != NULL) == (i % 4 == 0));
	}
	found[0] = NULL;
	voc_customer_cache_find_all(cache, 1, ids, 0, found);
	assert_null(found[0]);
	voc_customer_cache_free(cache);
}

static void test_a_pin_remembers_what_was(void **state)
{
	(void)state;
	struct voc_customer_cache *cache = voc_customer_cache_new(10, SIZE_MAX);
	struct voc_cached_customer *cached = add(cache, 0, "C-1");
	assert_true(cached->pinned);
	cached->customer.counts.events = 5;
	assert_true(voc_customer_cache_pin(cache, cached)); /* a second time in the batch: nothing happens */
	assert_int_equal(cached->before->counts.events, 1);
	voc_customer_cache_unpin(cache, cached);
	assert_null(cached->before);
	assert_true(voc_customer_cache_pin(cache, cached));
	assert_int_equal(cached->before->counts.events, 5);
	struct voc_customer nobody = someone(0);
	struct voc_cached_customer *fresh = voc_customer_cache_add(cache, 0, VOC_STR("C-2"), &nobody);
	assert_true(fresh->pinned);
	assert_null(fresh->before);
	voc_customer_cache_free(cache); /* pinned ones too: the leak checker looks */
}

static void test_bounded_and_the_pinned_stay(void **state)
{
	(void)state;
	struct voc_customer_cache *cache = voc_customer_cache_new(50, SIZE_MAX);
	struct voc_cached_customer *pinned = add(cache, 0, "pinned");
	char id[16];
	for (int i = 0; i < 1000; i++) {
		snprintf(id, sizeof id, "C-%d", i);
		voc_customer_cache_unpin(cache, add(cache, 0, id));
		assert_true(voc_customer_cache_count(cache) <= 52);
	}
	assert_ptr_equal(voc_customer_cache_find(cache, 0, VOC_STR("pinned")), pinned);
	assert_non_null(voc_customer_cache_find(cache, 0, VOC_STR("C-999")));
	assert_null(voc_customer_cache_find(cache, 0, VOC_STR("C-0")));
	voc_customer_cache_free(cache);
}

static void test_a_batch_of_all_pinned_goes_over_and_comes_back(void **state)
{
	(void)state;
	struct voc_customer_cache *cache = voc_customer_cache_new(100, SIZE_MAX);
	static struct voc_cached_customer *all[2000];
	char id[16];
	for (int i = 0; i < 2000; i++) {
		snprintf(id, sizeof id, "C-%d", i);
		all[i] = add(cache, 0, id);
	}
	assert_int_equal(voc_customer_cache_count(cache), 2000);
	for (int i = 0; i < 2000; i++)
		voc_customer_cache_unpin(cache, all[i]);
	assert_true(voc_customer_cache_count(cache) <= 200);
	for (int i = 0; i < 300; i++) {
		snprintf(id, sizeof id, "D-%d", i);
		voc_customer_cache_unpin(cache, add(cache, 0, id));
	}
	assert_true(voc_customer_cache_count(cache) <= 101);
	voc_customer_cache_free(cache);
}

static void test_the_used_outlive_the_unused(void **state)
{
	(void)state;
	struct voc_customer_cache *cache = voc_customer_cache_new(100, SIZE_MAX);
	char id[16];
	for (int i = 0; i < 2000; i++) {
		snprintf(id, sizeof id, "C-%d", i);
		voc_customer_cache_unpin(cache, add(cache, 0, id));
		if (i > 0)
			assert_non_null(voc_customer_cache_find(cache, 0, VOC_STR("C-0")));
	}
	voc_customer_cache_free(cache);
}

static void test_bytes_are_bounded_and_add_up(void **state)
{
	(void)state;
	struct voc_customer_cache *cache = voc_customer_cache_new(SIZE_MAX, 100000);
	char id[16];
	for (int i = 0; i < 500; i++) {
		snprintf(id, sizeof id, "C-%d", i);
		struct voc_cached_customer *cached = add(cache, i % 3, id);
		char text[1991];
		memset(text, 'x', sizeof text);
		cached->customer.contributions[0] = voc_shared_text_new(voc_str_of(text, sizeof text));
		cached->customer.contribution_count = 1;
		voc_customer_cache_unpin(cache, cached);
	}
	assert_true(voc_customer_cache_bytes(cache) <= 103000);
	assert_true(voc_customer_cache_count(cache) > 20);
	for (int32_t partition = 0; partition < 3; partition++)
		voc_customer_cache_drop(cache, partition);
	assert_int_equal(voc_customer_cache_count(cache), 0);
	assert_int_equal(voc_customer_cache_bytes(cache), 0);
	voc_customer_cache_free(cache);
}

static void test_a_dropped_partition_is_gone_the_others_stay(void **state)
{
	(void)state;
	struct voc_customer_cache *cache = voc_customer_cache_new(1000, SIZE_MAX);
	char id[16];
	for (int i = 0; i < 300; i++) {
		snprintf(id, sizeof id, "C-%d", i);
		struct voc_cached_customer *cached = add(cache, i % 3, id);
		if (i % 2)
			voc_customer_cache_unpin(cache, cached);
	}
	voc_customer_cache_drop(cache, 1);
	assert_int_equal(voc_customer_cache_count(cache), 200);
	for (int i = 0; i < 300; i++) {
		snprintf(id, sizeof id, "C-%d", i);
		bool there = voc_customer_cache_find(cache, i % 3, voc_str_from(id)) != NULL;
		assert_int_equal(there, i % 3 != 1);
	}
	voc_customer_cache_free(cache);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_found_by_partition_and_id),
		cmocka_unit_test(test_found_many_at_once),
		cmocka_unit_test(test_a_pin_remembers_what_was),
		cmocka_unit_test(test_bounded_and_the_pinned_stay),
		cmocka_unit_test(test_a_batch_of_all_pinned_goes_over_and_comes_back),
		cmocka_unit_test(test_the_used_outlive_the_unused),
		cmocka_unit_test(test_bytes_are_bounded_and_add_up),
		cmocka_unit_test(test_a_dropped_partition_is_gone_the_others_stay),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
