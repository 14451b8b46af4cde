/* A customer's stored fields: read, written as differences, refused when they are not ours. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>

#include "core/customer/contribution.h"
#include "core/customer/customer.h"
#include "support/fake_store.h"

static struct voc_arena *arena;

static int set_up(void **state)
{
	(void)state;
	arena = voc_arena_new(1 << 20);
	return arena ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	voc_arena_free(arena);
	return 0;
}

#define FIELD(name, value)                         \
	{                                          \
		{ (name), sizeof(name) - 1 },      \
		{                                  \
			(value), sizeof(value) - 1 \
		}                                  \
	}

/* Every kind of field. */
static const struct voc_field full[] = {
	FIELD("events", "7"),
	FIELD("duplicates", "2"),
	FIELD("churn_intents", "1"),
	FIELD("index_contacts", "6"),
	FIELD("index_points", "75"),
	FIELD("complaint", "4"),
	FIELD("dissatisfied", "5"),
	FIELD("satisfied", "1"),
	FIELD("factor:emotion", "3"),
	FIELD("servqual:reliability", "4"),
	FIELD("channel:web", "7"),
	FIELD("satisfaction_index", "12"),
	FIELD("risk", "78"),
	FIELD("risk_points", "78123"),
	FIELD("risk_at", "1795253400000"),
	FIELD("risk_state", "at_risk"),
	FIELD("first_at", "1795000000000"),
	FIELD("last_at", "1795253400000"),
	FIELD("last_event", "e-7"),
	FIELD("recent", "AAAAAAAB_-7dzLuq"),
	FIELD("troubles", "1795000000000:emotion:c,1795253400000:none:d"),
	FIELD("contributions", "[{\"id\":\"e-1\",\"x\":[1,\"]}\"]},{\"id\":\"e-7\"}]"),
	FIELD("alert:risk_raised", "1795253400000:2"),
};
#define FULL_COUNT (sizeof full / sizeof *full)

static struct voc_customer load_full(void)
{
	struct voc_customer customer;
	struct voc_error error = { 0 };
	assert_int_equal(voc_customer_load(full, FULL_COUNT, arena, &customer, &error), VOC_OK);
	return customer;
}

static void test_fields_become_values(void **state)
{
	(void)state;
	struct voc_customer customer = load_full();
	assert_int_equal(customer.counts.events, 7);
	assert_int_equal(customer.counts.duplicates, 2);
	assert_int_equal(customer.counts.feedback[VOC_FEEDBACK_COMPLAINT], 4);
	assert_int_equal(customer.counts.factor[VOC_FACTOR_EMOTION], 3);
	assert_int_equal(customer.counts.channel[VOC_CHANNEL_WEB], 7);
	assert_int_equal(customer.risk.points, 78123);
	assert_int_equal(customer.state, VOC_RISK_AT_RISK);
	assert_string_equal(customer.last_event, "e-7");
	assert_int_equal(voc_recent_count(&customer.recent), 2);
	assert_int_equal(customer.recent.next, 7);
	static const uint8_t hashes[2][VOC_RECENT_BYTES] = { { 0, 0, 0, 0, 0, 1 },
		                                             { 0xff, 0xee, 0xdd, 0xcc, 0xbb, 0xaa } };
	assert_memory_equal(voc_recent_id(&customer.recent, 5), hashes[0], VOC_RECENT_BYTES);
	assert_memory_equal(voc_recent_id(&customer.recent, 6), hashes[1], VOC_RECENT_BYTES);
	assert_int_equal(customer.trouble_count, 2);
	assert_true(customer.troubles[0].complaint);
	assert_int_equal(customer.troubles[1].factor, VOC_FACTOR_NONE);
	assert_int_equal(customer.contribution_count, 2);
	assert_string_equal(customer.contributions[1]->text, "{\"id\":\"e-7\"}");
	assert_int_equal(customer.alert_severity[VOC_RULE_RISK_RAISED], VOC_SEVERITY_WARNING);
	voc_customer_free(&customer);
}

static void test_all_fields_come_back_as_they_were(void **state)
{
	(void)state;
	struct voc_customer customer = load_full();
	struct fake_store store = { 0 };
	struct fake_hash *hash = fake_store_hash(&store, "customer");
	assert_true(voc_customer_diff(NULL, &customer, fake_hash_tell, hash));
	assert_int_equal(hash->count, FULL_COUNT);
	for (size_t i = 0; i < FULL_COUNT; i++)
		assert_string_equal(fake_hash_get(hash, full[i].name.ptr), full[i].value.ptr);
	fake_store_free(&store);
	voc_customer_free(&customer);
}

static void test_no_fields_are_a_new_customer(void **state)
{
	(void)state;
	struct voc_customer customer;
	struct voc_error error = { 0 };
	assert_int_equal(voc_customer_load(NULL, 0, arena, &customer, &error), VOC_OK);
	assert_int_equal(customer.counts.events, 0);
	assert_int_equal(voc_customer_satisfaction_index(&customer), 50);
	struct fake_store store = { 0 };
	struct fake_hash *hash = fake_store_hash(&store, "customer");
	assert_true(voc_customer_diff(NULL, &customer, fake_hash_tell, hash));
	assert_int_equal(hash->count, 0);
	fake_store_free(&store);
}

/* Loads the full customer with one field changed (value NULL: left out), or one more field. */
static void check_refused(const char *name, const char *value)
{
	struct voc_field fields[FULL_COUNT + 1];
	struct voc_customer customer;
	struct voc_error error = { 0 };
	size_t count = 0;
	bool replaced = false;
	for (size_t i = 0; i < FULL_COUNT; i++) {
		bool here = voc_str_is(full[i].name, name);
		replaced = replaced || here;
		if (here && !value)
			continue;
		fields[count] = full[i];
		if (here)
			fields[count].value = voc_str_from(value);
		count++;
	}
	if (!replaced)
		fields[count++] = (struct voc_field){ voc_str_from(name), voc_str_from(value) };
	memset(&customer, 0x5A, sizeof customer);
	if (voc_customer_load(fields, count, arena, &customer, &error) != VOC_FATAL)
		fail_msg("%s = %s was taken", name, value ? value : "(absent)");
	assert_int_equal(error.reason, VOC_REASON_REDIS);
	assert_non_null(strstr(error.text, name));
	assert_int_equal(customer.state, 0x5A);
}

static void test_what_this_code_does_not_write_is_refused(void **state)
{
	(void)state;
	static const struct {
		const char *name, *value;
	} cases[] = {
		{ "events", NULL },
		{ "events", "0" },
		{ "events", "-1" },
		{ "events", "4294967296" },
		{ "events", "7.0" },
		{ "duplicates", "" },
		{ "unknown", "1" },
		{ "factor:none", "1" },
		{ "factor:luck", "1" },
		{ "satisfaction_index", NULL },
		{ "satisfaction_index", "13" },
		{ "risk", "79" },
		{ "risk", NULL },
		{ "risk_points", "200001" },
		{ "risk_points", "-1" },
		{ "risk_at", "253402300800000" },
		{ "risk_state", "fine" },
		{ "first_at", "yesterday" },
		{ "last_event", "" },
		{ "recent", NULL },
		{ "recent", "" },
		{ "recent", "AAAAAAA" },
		{ "recent", "AAAAAAA=" },
		{ "recent", "AAAAAAABAAAAAAABAAAAAAABAAAAAAABAAAAAAABAAAAAAABAAAAAAABAAAAAAAB" }, /* of 7 events */
		{ "troubles", "" },
		{ "troubles", "1:emotion:x" },
		{ "troubles", "1:emotion" },
		{ "troubles", "1:love:c" },
		{ "troubles", "1:none:c,2:none:c,3:none:c,4:none:c,5:none:c,6:none:c,7:none:c,8:none:c,9:none:c" },
		{ "contributions", "[]" },
		{ "contributions", "[1]" },
		{ "contributions", "[{}" },
		{ "contributions", "{}" },
		{ "contributions", "[{},{},{},{},{}]" },
		{ "alert:risk_raised", "1:4" },
		{ "alert:risk_raised", "1:0" },
		{ "alert:risk_raised", "2" },
		{ "alert:unheard_of", "1:1" },
		{ "surprise", "1" },
		{ "", "1" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++)
		check_refused(cases[i].name, cases[i].value);
	/* longer than any that was written: no alert could hold it */
	char contributions[VOC_CONTRIBUTION_MAX_BYTES + 16];
	snprintf(contributions, sizeof contributions, "[{\"id\":\"%0*d\"}]", VOC_CONTRIBUTION_MAX_BYTES, 7);
	check_refused("contributions", contributions);
}

static void test_a_difference_names_only_what_changed(void **state)
{
	(void)state;
	struct voc_customer before = load_full(), now;
	struct fake_store store = { 0 };
	struct fake_hash *hash = fake_store_hash(&store, "customer");
	struct voc_arena *clones = voc_arena_new(1 << 16);
	assert_true(voc_customer_clone(&before, clones, &now));
	assert_true(voc_customer_diff(&before, &now, fake_hash_tell, hash));
	assert_int_equal(hash->count, 0);
	now.counts.events++;
	now.risk.points = 78999;
	now.alert_severity[VOC_RULE_RISK_RAISED] = VOC_SEVERITY_NONE;
	now.alert_ms[VOC_RULE_RISK_RAISED] = 0;
	now.alert_severity[VOC_RULE_CHURN_INTENT] = VOC_SEVERITY_CRITICAL;
	now.alert_ms[VOC_RULE_CHURN_INTENT] = 5;
	for (size_t i = 0; i < FULL_COUNT; i++)
		fake_hash_set(hash, &full[i]);
	assert_true(voc_customer_diff(&before, &now, fake_hash_tell, hash));
	assert_int_equal(hash->count, FULL_COUNT); /* one alert went, one came */
	assert_string_equal(fake_hash_get(hash, "events"), "8");
	assert_string_equal(fake_hash_get(hash, "risk_points"), "78999");
	assert_string_equal(fake_hash_get(hash, "risk"), "78");
	assert_null(fake_hash_get(hash, "alert:risk_raised"));
	assert_string_equal(fake_hash_get(hash, "alert:churn_intent"), "5:3");
	fake_store_free(&store);
	voc_customer_free(&before);
	voc_customer_clone_free(&now);
	voc_arena_free(clones);
}

static bool refuse(void *context, const struct voc_field *field)
{
	(void)field;
	++*(int *)context;
	return false;
}

static void test_a_refusal_ends_the_telling(void **state)
{
	(void)state;
	struct voc_customer customer = load_full();
	int told = 0;
	assert_false(voc_customer_diff(NULL, &customer, refuse, &told));
	assert_int_equal(told, 1);
	voc_customer_free(&customer);
}

static void test_a_clone_stands_alone(void **state)
{
	(void)state;
	struct voc_customer customer = load_full(), copy;
	struct voc_arena *clones = voc_arena_new(1 << 16);
	assert_true(voc_customer_clone(&customer, clones, &copy));
	size_t ids = voc_recent_bytes(&customer.recent); /* which a clone is not asked for */
	assert_int_equal(voc_customer_bytes(&copy) + ids, voc_customer_bytes(&customer));
	voc_customer_free(&customer);
	assert_string_equal(copy.last_event, "e-7");
	assert_string_equal(copy.contributions[1]->text, "{\"id\":\"e-7\"}");
	voc_customer_clone_free(&copy);
	assert_int_equal(voc_customer_bytes(&copy), sizeof copy);
	voc_arena_free(clones);
}

static void test_a_customer_stays_small(void **state)
{
	(void)state;
	assert_true(sizeof(struct voc_customer) <= 472);
}

static void test_changes_of_the_at_risk_set(void **state)
{
	(void)state;
	struct voc_customer normal = { 0 }, risky = { .state = VOC_RISK_AT_RISK, .risk = { .points = 61999 } };
	struct voc_customer same = risky, riskier = risky;
	int score = -1;
	same.risk.points = 61001;
	riskier.risk.points = 62000;
	assert_int_equal(voc_customer_at_risk(NULL, &normal, &score), VOC_AT_RISK_KEEP);
	assert_int_equal(voc_customer_at_risk(&risky, &same, &score), VOC_AT_RISK_KEEP);
	assert_int_equal(voc_customer_at_risk(&risky, &normal, &score), VOC_AT_RISK_REMOVE);
	assert_int_equal(score, -1);
	assert_int_equal(voc_customer_at_risk(&risky, &riskier, &score), VOC_AT_RISK_SET);
	assert_int_equal(score, 62);
	assert_int_equal(voc_customer_at_risk(NULL, &risky, &score), VOC_AT_RISK_SET);
	assert_int_equal(score, 61);
	normal.risk.points = 61000; /* the same level, but not yet in the set */
	assert_int_equal(voc_customer_at_risk(&normal, &risky, &score), VOC_AT_RISK_SET);
}

static void test_the_satisfaction_index(void **state)
{
	(void)state;
	static const struct {
		uint32_t contacts, points;
		int index;
	} cases[] = { { 0, 0, 50 }, { 1, 0, 0 }, { 1, 75, 75 }, { 9, 900, 100 }, { 3, 175, 58 }, { UINT32_MAX, 0, 0 } };
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct voc_customer customer = { 0 };
		customer.counts.index_contacts = cases[i].contacts;
		customer.counts.index_points = cases[i].points;
		customer.counts.satisfaction[VOC_SATISFACTION_NEUTRAL] = 1000;
		assert_int_equal(voc_customer_satisfaction_index(&customer), cases[i].index);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_fields_become_values),
		cmocka_unit_test(test_all_fields_come_back_as_they_were),
		cmocka_unit_test(test_no_fields_are_a_new_customer),
		cmocka_unit_test(test_what_this_code_does_not_write_is_refused),
		cmocka_unit_test(test_a_difference_names_only_what_changed),
		cmocka_unit_test(test_a_refusal_ends_the_telling),
		cmocka_unit_test(test_a_clone_stands_alone),
		cmocka_unit_test(test_a_customer_stays_small),
		cmocka_unit_test(test_changes_of_the_at_risk_set),
		cmocka_unit_test(test_the_satisfaction_index),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
