/* Where a partition's reading stands: which records are taken, which are dropped, and when Kafka must seek. */
#include "aggregator/place.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

/* A partition that was loaded at an offset and is being read there. */
static struct voc_agg_place reading_at(int64_t offset)
{
	struct voc_agg_place place = { 0 };
	struct voc_partition_state state;
	voc_partition_state_init(&state);
	state.stored.offset = state.now.offset = offset;
	voc_agg_place_own(&place, true);
	voc_agg_place_load(&place, &state, offset);
	place.seek_due = false;
	return place;
}

static void test_records_are_taken_in_order(void **state)
{
	(void)state;
	struct voc_agg_place place = reading_at(5);
	assert_int_equal(voc_agg_place_judge(&place, 4), VOC_AGG_DROP); /* from before a seek */
	assert_int_equal(voc_agg_place_judge(&place, 5), VOC_AGG_TAKE);
	assert_int_equal(voc_agg_place_judge(&place, 6), VOC_AGG_TAKE);
	assert_int_equal(voc_agg_place_judge(&place, 6), VOC_AGG_DROP);
	assert_int_equal(place.next, 7);
	assert_false(place.seek_due);
}

static void test_a_gap_is_read_twice_before_it_is_believed(void **state)
{
	(void)state;
	struct voc_agg_place place = reading_at(5);
	assert_int_equal(voc_agg_place_judge(&place, 8), VOC_AGG_DROP);
	assert_true(place.seek_due);
	assert_int_equal(voc_agg_place_judge(&place, 9), VOC_AGG_DROP); /* still from before the seek */
	assert_int_equal(place.next, 5);
	place.seek_due = false;
	assert_int_equal(voc_agg_place_judge(&place, 8), VOC_AGG_TAKE);
	assert_int_equal(voc_agg_place_judge(&place, 9), VOC_AGG_TAKE);
	assert_int_equal(voc_agg_place_judge(&place, 20), VOC_AGG_DROP); /* another gap */
}

static void test_a_record_that_the_client_lost_is_read_again(void **state)
{
	(void)state;
	struct voc_agg_place place = reading_at(5);
	assert_int_equal(voc_agg_place_judge(&place, 6), VOC_AGG_DROP);
	place.seek_due = false;
	assert_int_equal(voc_agg_place_judge(&place, 5), VOC_AGG_TAKE);
	assert_int_equal(voc_agg_place_judge(&place, 6), VOC_AGG_TAKE);
}

static void test_nothing_is_taken_before_the_position_is_known(void **state)
{
	(void)state;
	struct voc_agg_place place = { 0 };
	assert_int_equal(voc_agg_place_judge(&place, 0), VOC_AGG_DROP); /* not ours */
	assert_false(place.seek_due);
	place = reading_at(0);
	place.check_due = true;
	assert_int_equal(voc_agg_place_judge(&place, 0), VOC_AGG_DROP);
	place.check_due = false;
	assert_true(place.seek_due); /* that record must be read again */
	assert_int_equal(voc_agg_place_judge(&place, 1), VOC_AGG_DROP);
	place.seek_due = false;
	place.paused = true;
	assert_int_equal(voc_agg_place_judge(&place, 0), VOC_AGG_DROP);
}

static void test_a_place_knows_its_position_and_rules(void **state)
{
	(void)state;
	struct voc_agg_place place = reading_at(5);
	struct voc_partition_state stored;
	voc_partition_state_init(&stored);
	stored.stored.offset = 5;
	assert_true(voc_agg_place_stands_at(&place, &stored));
	voc_str_copy(stored.stored.rules, sizeof stored.stored.rules, VOC_STR("other"));
	assert_false(voc_agg_place_stands_at(&place, &stored));
	stored.stored.rules[0] = '\0';
	stored.stored.offset = 4;
	assert_false(voc_agg_place_stands_at(&place, &stored));
	stored.stored.offset = 5;
	voc_agg_place_forget(&place);
	assert_false(voc_agg_place_stands_at(&place, &stored));
	assert_true(place.check_due);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records_are_taken_in_order),
		cmocka_unit_test(test_a_gap_is_read_twice_before_it_is_believed),
		cmocka_unit_test(test_a_record_that_the_client_lost_is_read_again),
		cmocka_unit_test(test_nothing_is_taken_before_the_position_is_known),
		cmocka_unit_test(test_a_place_knows_its_position_and_rules),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
