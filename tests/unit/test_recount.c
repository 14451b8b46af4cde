/* What verify and rebuild are made of, without Kafka and Redis: a recount of a log, and two hashes laid side by side.
 */
#include "support/classified_maker.h"
#include "support/examples.h"
#include "support/replay.h"
#include "vocctl/audit/findings.h"
#include "vocctl/audit/recount.h"
#include "vocctl/audit/survey.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include <cmocka.h>

#define PARTITION    3
#define RECORDS      120
#define CUSTOMERS    7
#define SOURCE_SIZE  32
#define TIME_MS      INT64_C(1770000000000)
#define MAX_BYTES    ((size_t)64 << 20)
#define RETENTION_MS INT64_C(3600000)

/* A log of events with copies, duplicates and a record that can't be read; its first record has the rules. */
struct log {
	struct voc_rule_book *book;
	struct voc_buf values[RECORDS];
	char sources[RECORDS][SOURCE_SIZE];
	struct replay_record records[RECORDS];
};

static void make_event(struct log *log, size_t i)
{
	char id[24], customer[24];
	size_t told = i % 10 == 9 ? i - 1 : i; /* the tenth repeats the ninth: the same sender's duplicate */
	snprintf(id, sizeof id, "e-%zu", told);
	snprintf(customer, sizeof customer, "C-%zu", told % CUSTOMERS);
	struct made_event event = { id, customer, TIME_MS + (int64_t)told * 7000, told % 3 == 0, told % 11 == 0 };
	make_classified(&log->values[i], &event);
	/* every thirteenth is a copy that a crash made */
	snprintf(log->sources[i], SOURCE_SIZE, "voc.web/0/%zu", i % 13 == 12 ? i - 1 : i);
}

static void make_rules(struct log *log)
{
	const struct voc_rule_set *set = example_rules(log->book);
	assert_true(voc_rules_record_encode(&log->values[0], set));
	log->sources[0][0] = '\0';
	voc_rule_set_release(set);
}

static struct log *log_new(void)
{
	struct log *log = calloc(1, sizeof *log);
	assert_non_null(log);
	log->book = voc_rule_book_new();
	for (size_t i = 0; i < RECORDS; i++) {
		voc_buf_init(&log->values[i], VOC_RULES_RECORD_MAX_BYTES);
		if (i == 0)
			make_rules(log);
		else if (i == 50)
			voc_buf_add_str(&log->values[i], VOC_STR("{"));
		else
			make_event(log, i);
		log->records[i] =
		        (struct replay_record){ (int64_t)i, TIME_MS, log->sources[i], voc_buf_c_str(&log->values[i]) };
	}
	return log;
}

static void log_free(struct log *log)
{
	for (size_t i = 0; i < RECORDS; i++)
		voc_buf_free(&log->values[i]);
	voc_rule_book_free(log->book);
	free(log);
}

static struct recount *recount_open(struct log *log, uint32_t share, uint32_t which, size_t max_bytes)
{
	const struct recount_settings settings = { .partition = PARTITION,
		                                   .topic = "voc.classified",
		                                   .book = log->book,
		                                   .share = share,
		                                   .which = which,
		                                   .max_bytes = max_bytes,
		                                   .rollup_retention_ms = RETENTION_MS };
	struct recount *recount = recount_new(&settings);
	assert_non_null(recount);
	recount_set_rules(recount, example_rules(log->book));
	return recount;
}

static enum voc_status count(struct recount *recount, const struct log *log, size_t from, size_t to, int64_t wall_ms,
                             struct voc_error *error)
{
	recount_begin(recount);
	for (size_t i = from; i < to; i++) {
		struct voc_agg_input input = {
			PARTITION, { (int64_t)i, TIME_MS, voc_buf_str(&log->values[i]), voc_str_from(log->sources[i]) }
		};
		assert_int_equal(recount_add(recount, &input, error), VOC_OK);
	}
	return recount_apply(recount, wall_ms, error);
}

static void count_all(struct recount *recount, const struct log *log, int64_t wall_ms)
{
	struct voc_error error = { 0 };
	for (size_t i = 0; i < RECORDS; i += 40)
		assert_int_equal(count(recount, log, i, i + 40, wall_ms, &error), VOC_OK);
}

/* Everything that the recount tells, as the fake store of the undisturbed run has it. */
static void store(const struct recount *recount, struct fake_store *store)
{
	char key[600];
	for (size_t i = 0; i < voc_customer_cache_count(recount->customers); i++) {
		const struct voc_cached_customer *customer = voc_customer_cache_at(recount->customers, i);
		snprintf(key, sizeof key, "customer:%.*s", VOC_STR_ARG(voc_cached_customer_id(customer)));
		assert_true(recount_tell_customer(customer, fake_hash_tell, fake_store_hash(store, key)));
	}
	for (size_t i = 0; i < minutes_count(recount->minutes); i++) {
		int64_t period = minutes_at(recount->minutes, i);
		bool is_day = voc_period_is_day(period);
		snprintf(key, sizeof key, "%s:%lld", is_day ? "index" : "rollup",
		         (long long)(is_day ? VOC_PERIOD_OF_DAY(period) : period));
		assert_true(minutes_tell(recount->minutes, i, fake_hash_tell, fake_store_hash(store, key)));
	}
	assert_true(recount_tell_position(recount, fake_hash_tell, fake_store_hash(store, "position")));
	assert_true(recount_tell_due(recount, fake_hash_tell, fake_store_hash(store, "due")));
	assert_true(recount_tell_at_risk(recount, fake_hash_tell, fake_store_hash(store, "at_risk")));
}

static void test_a_recount_is_what_the_aggregator_stores(void **state)
{
	(void)state;
	struct log *log = log_new();
	struct replay replay;
	struct fake_store again = { 0 };
	struct voc_buf wanted, found;
	voc_buf_init(&wanted, MAX_BYTES);
	voc_buf_init(&found, MAX_BYTES);
	replay_open(&replay, "voc.classified", PARTITION);
	replay_run(&replay, log->records, RECORDS, 0);
	struct recount *recount = recount_open(log, 1, 0, MAX_BYTES);
	count_all(recount, log, TIME_MS);
	store(recount, &again);
	fake_store_dump(&replay.store, &wanted);
	fake_store_dump(&again, &found);
	assert_string_equal(voc_buf_c_str(&found), voc_buf_c_str(&wanted));
	assert_true(wanted.len > 2000);
	assert_int_equal(recount->alerts, replay.alerts_sent);
	assert_true(recount->alerts > 0);
	recount_free(recount);
	replay_close(&replay);
	fake_store_free(&again);
	voc_buf_free(&wanted);
	voc_buf_free(&found);
	log_free(log);
}

static void test_a_share_has_its_customers_and_no_others(void **state)
{
	(void)state;
	struct log *log = log_new();
	struct recount *whole = recount_open(log, 1, 0, MAX_BYTES);
	count_all(whole, log, TIME_MS);
	size_t held = 0;
	for (uint32_t which = 0; which < 3; which++) {
		struct recount *share = recount_open(log, 3, which, MAX_BYTES);
		count_all(share, log, TIME_MS);
		for (size_t i = 0; i < voc_customer_cache_count(share->customers); i++) {
			const struct voc_cached_customer *customer = voc_customer_cache_at(share->customers, i);
			const struct voc_cached_customer *same = recount_find(whole, voc_cached_customer_id(customer));
			assert_memory_equal(&customer->customer.counts, &same->customer.counts,
			                    sizeof same->customer.counts);
			held++;
		}
		assert_int_equal(share->state.now.copies, whole->state.now.copies);
		assert_int_equal(share->state.now.invalid, whole->state.now.invalid);
		recount_free(share);
	}
	assert_int_equal(held, CUSTOMERS);
	recount_free(whole);
	log_free(log);
}

static void test_minutes_that_are_over_are_left_out(void **state)
{
	(void)state;
	struct log *log = log_new();
	struct recount *recount = recount_open(log, 1, 0, MAX_BYTES);
	int64_t first = TIME_MS / VOC_ROLLUP_MINUTE_MS;
	/* At this moment the first minute is just over, the next has a minute left. */
	count_all(recount, log, recount_period_expires_ms(recount, first));
	size_t number;
	assert_false(minutes_find(recount->minutes, first, &number));
	assert_true(minutes_find(recount->minutes, first + 1, &number));
	/* The day goes on, and is kept for longer. */
	assert_true(minutes_find(recount->minutes, VOC_PERIOD_OF_DAY(TIME_MS / VOC_DAY_MS), &number));
	recount_free(recount);
	log_free(log);
}

static void test_what_changed_since_it_was_settled_is_known(void **state)
{
	(void)state;
	struct log *log = log_new();
	struct voc_error error = { 0 };
	struct recount *recount = recount_open(log, 1, 0, MAX_BYTES);
	assert_int_equal(count(recount, log, 0, 40, TIME_MS, &error), VOC_OK);
	recount_settle(recount);
	assert_int_equal(count(recount, log, 40, 42, TIME_MS, &error), VOC_OK);
	size_t changed = 0;
	for (size_t i = 0; i < voc_customer_cache_count(recount->customers); i++) {
		const struct voc_cached_customer *customer = voc_customer_cache_at(recount->customers, i);
		changed += customer->pinned;
		if (customer->pinned)
			assert_int_equal(customer->before->counts.events + 1, customer->customer.counts.events);
	}
	assert_int_equal(changed, 2);
	recount_free(recount);
	log_free(log);
}

static void test_the_bound_holds(void **state)
{
	(void)state;
	struct log *log = log_new();
	struct voc_error error = { 0 };
	struct recount *recount = recount_open(log, 1, 0, 4096);
	assert_int_equal(count(recount, log, 0, 60, TIME_MS, &error), VOC_FATAL);
	assert_int_equal(error.reason, VOC_REASON_TOO_LARGE);
	recount_free(recount);
	log_free(log);
}

static bool add_to_fake(void *context, const struct voc_field *field)
{
	return fake_hash_tell(context, field);
}

static void test_minutes_add_up(void **state)
{
	(void)state;
	struct minutes *minutes = minutes_new(MAX_BYTES);
	struct fake_store sums = { 0 };
	/* Enough for the tables to grow several times. */
	for (int round = 0; round < 3; round++) {
		for (int minute = 0; minute < 300; minute++) {
			char name[24];
			snprintf(name, sizeof name, "agent:%d", minute % 7);
			assert_true(minutes_add(minutes, 1000 + minute, VOC_STR("events"), 2));
			assert_true(minutes_add(minutes, 1000 + minute, voc_str_from(name), round));
		}
	}
	assert_int_equal(minutes_count(minutes), 300);
	size_t number;
	assert_true(minutes_find(minutes, 1123, &number));
	assert_false(minutes_find(minutes, 999, &number));
	assert_int_equal(minutes_at(minutes, number), 1123);
	struct fake_hash *hash = fake_store_hash(&sums, "1123");
	assert_true(minutes_tell(minutes, number, add_to_fake, hash));
	assert_int_equal(hash->count, 2);
	assert_string_equal(fake_hash_get(hash, "events"), "6");
	assert_string_equal(fake_hash_get(hash, "agent:4"), "3");
	assert_true(minutes_is_dirty(minutes, number));
	minutes_clean(minutes, number);
	assert_false(minutes_is_dirty(minutes, number));
	assert_true(minutes_is_dirty(minutes, number + 1));
	fake_store_free(&sums);
	minutes_free(minutes);
	minutes = minutes_new(4096);
	bool fits = true;
	for (int minute = 0; minute < 300 && fits; minute++)
		fits = minutes_add(minutes, minute, VOC_STR("events"), 1);
	assert_false(fits);
	minutes_free(minutes);
}

static void add_name(void *context, struct voc_str name, struct voc_str wanted, struct voc_str found)
{
	voc_buf_addf(context, "%.*s:%s%.*s:%s%.*s ", VOC_STR_ARG(name), wanted.ptr ? "=" : "-", VOC_STR_ARG(wanted),
	             found.ptr ? "=" : "-", VOC_STR_ARG(found));
}

static void fill(struct fields *fields, const char *const *pairs)
{
	for (; *pairs; pairs += 2) {
		struct voc_field field = { voc_str_from(pairs[0]), voc_str_from(pairs[1]) };
		assert_true(fields_add(fields, &field));
	}
	fields_sort(fields);
}

static void test_fields_are_laid_side_by_side(void **state)
{
	(void)state;
	struct fields wanted, found;
	struct voc_buf told;
	voc_buf_init(&told, 4096);
	assert_true(fields_init(&wanted) && fields_init(&found));
	fill(&wanted, (const char *[]){ "c", "3", "a", "1", "b", "2", "e", "", NULL });
	fill(&found, (const char *[]){ "b", "2", "d", "4", "a", "7", "e", "", NULL });
	assert_int_equal(fields_compare(&wanted, &found, add_name, &told), 3);
	assert_string_equal(voc_buf_c_str(&told), "a:=1:=7 c:=3:- d:-:=4 ");
	fields_clear(&found);
	assert_int_equal(fields_compare(&wanted, &found, add_name, &told), 4);
	fields_free(&wanted);
	fields_free(&found);
	voc_buf_free(&told);
}

static void check_described(const struct audit_finding *finding, const char *line)
{
	struct voc_buf buf;
	voc_buf_init(&buf, 4096);
	finding_describe(&buf, finding);
	assert_string_equal(voc_buf_c_str(&buf), line);
	voc_buf_free(&buf);
}

static void test_numbers_are_shown_and_text_is_not(void **state)
{
	(void)state;
	struct audit_finding finding = { .kind = AUDIT_CUSTOMER,
		                         .key = VOC_STR("voc:{3}:customer:C-1"),
		                         .field = VOC_STR("events"),
		                         .wanted = VOC_STR("5"),
		                         .found = VOC_STR("500") };
	check_described(&finding, "voc:{3}:customer:C-1: events is 500, the log makes it 5");
	finding.found.ptr = NULL;
	check_described(&finding, "voc:{3}:customer:C-1: events is absent, the log makes it 5");
	finding.field = VOC_STR("contributions");
	finding.found = VOC_STR("[{\"evidence\":[\"secret words\"]}]");
	check_described(&finding, "voc:{3}:customer:C-1: contributions differs");
	finding.field = VOC_STR("last_event");
	finding.found = VOC_STR("01012345678");
	check_described(&finding, "voc:{3}:customer:C-1: last_event differs");
	finding.fault = AUDIT_STRAY;
	check_described(&finding, "voc:{3}:customer:C-1: no record accounts for it");
	finding.key = VOC_STR("voc:{3}:customer:\x1b[2J");
	finding.fault = AUDIT_MISSING;
	check_described(&finding, "voc:{3}:customer:\xEF\xBF\xBD[2J: missing");
}

static void test_partition_lists(void **state)
{
	(void)state;
	bool chosen[12];
	assert_int_equal(partitions_parse("3", 12, chosen), 1);
	assert_true(chosen[3] && !chosen[0] && !chosen[11]);
	assert_int_equal(partitions_parse("0,4-6,5,11", 12, chosen), 5);
	assert_true(chosen[0] && chosen[4] && chosen[5] && chosen[6] && chosen[11] && !chosen[1]);
	static const char *const wrong[] = {
		"", "12", "-1", "1,", ",1", "5-3", "1-", "1-12", "a", "1 2", "99999999999999999999"
	};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++)
		assert_int_equal(partitions_parse(wrong[i], 12, chosen), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_recount_is_what_the_aggregator_stores),
		cmocka_unit_test(test_a_share_has_its_customers_and_no_others),
		cmocka_unit_test(test_minutes_that_are_over_are_left_out),
		cmocka_unit_test(test_what_changed_since_it_was_settled_is_known),
		cmocka_unit_test(test_the_bound_holds),
		cmocka_unit_test(test_minutes_add_up),
		cmocka_unit_test(test_fields_are_laid_side_by_side),
		cmocka_unit_test(test_numbers_are_shown_and_text_is_not),
		cmocka_unit_test(test_partition_lists),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
