/* Where a partition's reading stands: which records are taken, which are dropped, and when Kafka must seek. */
#include "aggregator/place.h"
#include "support/examples.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>

#include <cmocka.h>

static struct voc_rule_book *book;
static const struct voc_rule_set *some;

static int set_up(void **state)
{
	(void)state;
	book = voc_rule_book_new();
	some = example_rules(book);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	voc_rule_set_release(some);
	voc_rule_book_free(book);
	return 0;
}

/* A partition that was loaded at an offset and is being read there. */
static struct voc_agg_place reading_at(int64_t offset)
{
	struct voc_agg_place place = { 0 };
	struct voc_partition_state state;
	voc_partition_state_init(&state);
	state.stored.offset = state.now.offset = offset;
	state.rules = voc_rule_set_hold(some);
	voc_agg_place_own(&place, true);
	voc_agg_place_load(&place, &state, offset, offset);
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
	voc_agg_place_own(&place, false);
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
	voc_agg_place_own(&place, false);
}

static void test_a_record_that_the_client_lost_is_read_again(void **state)
{
	(void)state;
	struct voc_agg_place place = reading_at(5);
	assert_int_equal(voc_agg_place_judge(&place, 6), VOC_AGG_DROP);
	place.seek_due = false;
	assert_int_equal(voc_agg_place_judge(&place, 5), VOC_AGG_TAKE);
	assert_int_equal(voc_agg_place_judge(&place, 6), VOC_AGG_TAKE);
	voc_agg_place_own(&place, false);
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
	voc_agg_place_own(&place, false);
}

static void test_a_place_knows_its_position_and_rules(void **state)
{
	(void)state;
	struct voc_agg_place place = reading_at(5);
	struct voc_partition_state stored;
	voc_partition_state_init(&stored);
	stored.stored.offset = 5;
	assert_true(voc_agg_place_stands_at(&place, &stored));
	stored.stored_rules = some;
	assert_false(voc_agg_place_stands_at(&place, &stored));
	stored.stored_rules = NULL;
	stored.stored.rebuilt_at = 7; /* other customers than those in memory */
	assert_false(voc_agg_place_stands_at(&place, &stored));
	stored.stored.rebuilt_at = 0;
	stored.stored.offset = 4;
	assert_false(voc_agg_place_stands_at(&place, &stored));
	stored.stored.offset = 5;
	voc_agg_place_forget(&place);
	assert_false(voc_agg_place_stands_at(&place, &stored));
	assert_true(place.check_due);
}

static void test_without_rules_the_log_is_looked_through_first(void **state)
{
	(void)state;
	struct voc_agg_place place = { 0 };
	struct voc_partition_state empty;
	voc_partition_state_init(&empty);
	voc_agg_place_own(&place, true);
	voc_agg_place_load(&place, &empty, 3, 5); /* the log begins at 3 */
	place.seek_due = false;
	assert_true(place.scanning);
	assert_int_equal(voc_agg_place_judge(&place, 3), VOC_AGG_TAKE);
	assert_false(voc_agg_place_caught_up(&place));
	assert_int_equal(voc_agg_place_judge(&place, 4), VOC_AGG_TAKE);
	assert_true(voc_agg_place_caught_up(&place));
	assert_int_equal(voc_agg_place_judge(&place, 5), VOC_AGG_TAKE); /* somebody's rules */
	voc_agg_place_found_rules(&place, voc_rule_set_hold(some));
	assert_false(place.scanning || voc_agg_place_caught_up(&place)); /* what follows may still name others */
	assert_true(place.seek_due);
	assert_int_equal(place.next, 3);
	voc_agg_place_note_end(&place, 6); /* met before the seek */
	place.seek_due = false;
	assert_false(voc_agg_place_caught_up(&place));
	voc_agg_place_note_end(&place, 6); /* the last offsets may be no records */
	assert_true(voc_agg_place_caught_up(&place));
	assert_ptr_equal(place.state.rules, some);
	assert_int_equal(place.state.now.rules_from, -1); /* no record was applied yet */
	voc_agg_place_own(&place, false);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_records_are_taken_in_order),
		cmocka_unit_test(test_a_gap_is_read_twice_before_it_is_believed),
		cmocka_unit_test(test_a_record_that_the_client_lost_is_read_again),
		cmocka_unit_test(test_nothing_is_taken_before_the_position_is_known),
		cmocka_unit_test(test_a_place_knows_its_position_and_rules),
		cmocka_unit_test(test_without_rules_the_log_is_looked_through_first),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
