/* The aggregation step: stories told event by event, and the same end whatever the batches were. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>

#include "core/aggregate/aggregate.h"
#include "support/examples.h"
#include "support/replay.h"

#define HOUR_MS  INT64_C(3600000)
#define START_MS INT64_C(1795253400000)

static struct voc_rule_book *book;
static const struct voc_rule_set *rules;

static int set_up(void **state)
{
	(void)state;
	book = voc_rule_book_new();
	rules = example_rules(book);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	voc_rule_set_release(rules);
	voc_rule_book_free(book);
	return 0;
}

/* What happened at one contact; the weights are those of deploy/rules.json. */
enum mood {
	COMPLAINT, /* 36 points, and 6 for each earlier one within 336 hours, up to 3 */
	LEAVING,   /* the same, with 40 for churn intent */
	GRUMBLE,   /* dissatisfied, no complaint: 8 */
	QUIT,      /* churn intent and nothing else: 40 */
	NEUTRAL,   /* 0 */
	HAPPY,     /* -25 */
};

static void label(struct voc_labels *labels, enum mood mood)
{
	labels->feedback = VOC_FEEDBACK_OPINION;
	labels->satisfaction = VOC_SATISFACTION_NEUTRAL;
	labels->churn_intent = mood == LEAVING || mood == QUIT;
	if (mood == COMPLAINT || mood == LEAVING) {
		labels->feedback = VOC_FEEDBACK_COMPLAINT;
		labels->satisfaction = VOC_SATISFACTION_DISSATISFIED;
		labels->servqual = VOC_SERVQUAL_RELIABILITY;
		labels->primary_factor = VOC_FACTOR_PRODUCT_SERVICE;
		labels->factors = 1U << VOC_FACTOR_PRODUCT_SERVICE;
	}
	if (mood == GRUMBLE)
		labels->satisfaction = VOC_SATISFACTION_DISSATISFIED;
	if (mood == HAPPY)
		labels->satisfaction = VOC_SATISFACTION_DELIGHTED;
}

struct contact {
	int64_t hour; /* since the start */
	enum mood mood;
	const char *expected; /* outcome, risk, state, then the alerts */
	int again;            /* 1: the id of the event before; 2: its source position too */
};

/* One partition, one customer, in memory. */
struct world {
	struct voc_aggregate aggregate;
	struct voc_partition_state state;
	struct voc_customer customer;
	struct voc_rollup *rollup;
	struct voc_arena *arena;
	int64_t offset;
	char id[32];
	struct voc_aggregate_record record;
};

static void world_open(struct world *world)
{
	*world = (struct world){ .aggregate = { VOC_STR("voc.classified"), 7, book } };
	voc_partition_state_init(&world->state);
	voc_partition_state_set_rules(&world->state, voc_rule_set_hold(rules), -1);
	voc_customer_init(&world->customer);
	world->rollup = voc_rollup_new(1000);
	world->arena = voc_arena_new(1 << 20);
	assert_non_null(world->rollup);
	assert_non_null(world->arena);
}

static void world_close(struct world *world)
{
	voc_partition_state_free(&world->state);
	voc_customer_free(&world->customer);
	voc_rollup_free(world->rollup);
	voc_arena_free(world->arena);
}

static const struct voc_aggregate_record *next_record(struct world *world, const struct contact *contact)
{
	struct voc_aggregate_record *record = &world->record;
	int64_t source_offset = contact->again == 2 ? record->source.offset : world->offset;
	if (!contact->again)
		snprintf(world->id, sizeof world->id, "e-%d", (int)world->offset);
	*record = (struct voc_aggregate_record){
		.offset = world->offset++,
		.source = { VOC_STR("voc.calls"), 3, source_offset },
		.event = {
			.id = voc_str_from(world->id),
			.source = VOC_STR("/test"),
			.customer_id = VOC_STR("C-1"),
			.time_ms = START_MS + contact->hour * HOUR_MS,
			.lang = "ko",
		},
	};
	label(&record->event.labels, contact->mood);
	return record;
}

static void tell(struct world *world, const struct contact *contact, char *to, size_t size)
{
	static const char *const outcomes[] = {
		[VOC_APPLY_EVENT] = "event", [VOC_APPLY_DUPLICATE] = "duplicate", [VOC_APPLY_COPY] = "copy"
	};
	struct voc_aggregate_effects effects;
	struct voc_error error = { 0 };
	voc_arena_reset(world->arena);
	assert_int_equal(voc_aggregate_apply(&world->aggregate, &world->state, &world->customer, world->rollup,
	                                     next_record(world, contact), world->arena, &effects, &error),
	                 VOC_OK);
	int len = snprintf(to, size, "%s %d %s", outcomes[effects.outcome], voc_risk_level(world->customer.risk),
	                   voc_risk_state_name((enum voc_risk_state)world->customer.state));
	for (size_t i = 0; i < effects.alert_count; i++) {
		len += snprintf(to + len, size - (size_t)len, " %s:%s", voc_rule_name(effects.alerts[i].rule),
		                voc_severity_name(effects.alerts[i].severity));
	}
}

static void play(const struct contact *contacts, size_t count)
{
	struct world world;
	world_open(&world);
	for (size_t i = 0; i < count; i++) {
		char got[256];
		tell(&world, &contacts[i], got, sizeof got);
		if (strcmp(got, contacts[i].expected) != 0)
			fail_msg("contact %zu: '%s' instead of '%s'", i, got, contacts[i].expected);
	}
	world_close(&world);
}
#define PLAY(contacts) play(contacts, sizeof(contacts) / sizeof *(contacts))

static void test_a_rise_and_a_recovery(void **state)
{
	(void)state;
	static const struct contact contacts[] = {
		{ 0, COMPLAINT, "event 36 normal", 0 },
		{ 0, COMPLAINT, "event 78 at_risk risk_raised:warning", 0 },
		{ 0, NEUTRAL, "event 78 at_risk", 0 },
		{ 0, HAPPY, "event 53 at_risk", 0 },
		{ 0, HAPPY, "event 28 normal risk_cleared:info", 0 },
		{ 0, HAPPY, "event 3 normal", 0 },
		{ 0, HAPPY, "event 0 normal", 0 },
	};
	PLAY(contacts);
}

static void test_straight_to_critical_and_down_by_steps(void **state)
{
	(void)state;
	static const struct contact contacts[] = {
		{ 0, COMPLAINT, "event 36 normal", 0 },
		{ 0, LEAVING, "event 100 critical churn_intent:critical risk_critical:critical", 0 },
		{ 168, NEUTRAL, "event 59 at_risk", 0 },
		{ 168, HAPPY, "event 34 at_risk", 0 },
		{ 336, NEUTRAL, "event 17 normal risk_cleared:info", 0 },
	};
	PLAY(contacts);
}

static void test_a_clear_lets_the_next_rise_be_told(void **state)
{
	(void)state;
	static const struct contact contacts[] = {
		{ 0, COMPLAINT, "event 36 normal", 0 },
		{ 0, COMPLAINT, "event 78 at_risk risk_raised:warning", 0 },
		{ 0, HAPPY, "event 53 at_risk", 0 },
		{ 0, HAPPY, "event 28 normal risk_cleared:info", 0 },
		{ 1, COMPLAINT, "event 75 at_risk repeat_complaint:warning risk_raised:warning", 0 },
	};
	PLAY(contacts);
}

static void test_flapping_is_told_once(void **state)
{
	(void)state;
	static const struct contact contacts[] = {
		{ 0, QUIT, "event 40 normal churn_intent:warning", 0 },
		{ 0, QUIT, "event 80 at_risk risk_raised:warning", 0 },
		{ 0, HAPPY, "event 55 at_risk", 0 },
		{ 0, HAPPY, "event 30 at_risk", 0 },
		{ 0, HAPPY, "event 5 normal risk_cleared:info", 0 },
		{ 0, QUIT, "event 45 normal", 0 },
		{ 0, QUIT, "event 85 critical churn_intent:critical risk_critical:critical", 0 },
		{ 0, HAPPY, "event 60 critical", 0 },
		{ 0, HAPPY, "event 35 at_risk", 0 },
		/* The clear is within its cooldown: not told, and what is known of the rises stays. */
		{ 0, HAPPY, "event 10 normal", 0 },
		{ 0, QUIT, "event 50 normal", 0 },
		{ 0, QUIT, "event 90 critical", 0 },
		{ 23, HAPPY, "event 56 at_risk", 0 },
	};
	PLAY(contacts);
}

static void test_a_greater_severity_breaks_the_cooldown(void **state)
{
	(void)state;
	static const struct contact contacts[] = {
		{ 0, QUIT, "event 40 normal churn_intent:warning", 0 },
		{ 0, QUIT, "event 80 at_risk risk_raised:warning", 0 },
		{ 0, QUIT, "event 100 critical churn_intent:critical risk_critical:critical", 0 },
		{ 0, QUIT, "event 100 critical", 0 },
		{ 23, QUIT, "event 100 critical", 0 },
		{ 24, QUIT, "event 100 critical churn_intent:critical", 0 },
		{ 47, QUIT, "event 100 critical", 0 },
	};
	PLAY(contacts);
}

static void test_repeated_complaints_within_their_window(void **state)
{
	(void)state;
	static const struct contact contacts[] = {
		{ 0, COMPLAINT, "event 36 normal", 0 },
		{ 169, GRUMBLE, "event 25 normal", 0 },
		{ 169, COMPLAINT, "event 67 at_risk risk_raised:warning", 0 },
		{ 200, HAPPY, "event 34 at_risk", 0 },
		{ 200, HAPPY, "event 9 normal risk_cleared:info", 0 },
		{ 200, COMPLAINT, "event 57 normal", 0 }, /* the first one is out of the window */
		{ 337, HAPPY, "event 7 normal", 0 },
		{ 337, COMPLAINT, "event 55 normal repeat_complaint:warning", 0 },
		{ 337, COMPLAINT, "event 100 critical repeat_complaint:critical risk_critical:critical", 0 },
	};
	PLAY(contacts);
}

static void test_duplicates_and_copies_change_nothing(void **state)
{
	(void)state;
	static const struct contact contacts[] = {
		{ 0, COMPLAINT, "event 36 normal", 0 },
		{ 5, COMPLAINT, "duplicate 36 normal", 1 },
		{ 9, COMPLAINT, "copy 36 normal", 2 },
		{ 9, COMPLAINT, "copy 36 normal", 2 },
	};
	PLAY(contacts);
}

static void test_late_events_weigh_what_is_left(void **state)
{
	(void)state;
	static const struct contact contacts[] = {
		{ 168, COMPLAINT, "event 36 normal", 0 },
		{ 0, COMPLAINT, "event 57 normal", 0 },     /* (36 + 6) / 2 */
		{ 0, HAPPY, "event 44 normal", 0 },         /* praise of a week ago counts half, too */
		{ -6000, COMPLAINT, "event 44 normal", 0 }, /* nothing left, nothing repeated */
		{ 168, COMPLAINT, "event 92 critical repeat_complaint:critical risk_critical:critical", 0 },
		{ 0, QUIT, "event 100 critical churn_intent:critical", 0 },
	};
	PLAY(contacts);
}

/* The outcome of an event with this id, its record stamped so. */
static enum voc_apply_outcome arrive(struct world *world, const char *id, int64_t timestamp_ms)
{
	struct voc_aggregate_record record = *next_record(world, &(struct contact){ 0, NEUTRAL, NULL, 0 });
	struct voc_aggregate_effects effects;
	struct voc_error error = { 0 };
	record.event.id = voc_str_from(id);
	record.timestamp_ms = timestamp_ms;
	voc_arena_reset(world->arena);
	assert_int_equal(voc_aggregate_apply(&world->aggregate, &world->state, &world->customer, world->rollup, &record,
	                                     world->arena, &effects, &error),
	                 VOC_OK);
	return effects.outcome;
}

static void test_a_duplicate_is_known_by_its_records_time(void **state)
{
	(void)state;
	struct world world;
	char id[32];
	world_open(&world);
	/* Ten a second: the ring's mark is set at the 32nd. */
	for (int i = 0; i < 100; i++) {
		snprintf(id, sizeof id, "q-%d", i);
		assert_int_equal(arrive(&world, id, START_MS + i * 100), VOC_APPLY_EVENT);
	}
	assert_int_equal(arrive(&world, "q-0", START_MS + 599999), VOC_APPLY_DUPLICATE);
	assert_int_equal(voc_recent_count(&world.customer.recent), 100);
	/* Time is told by the records that are appended: a duplicate is none. */
	assert_int_equal(arrive(&world, "q-31", START_MS + 3100 + 600000), VOC_APPLY_DUPLICATE);
	assert_int_equal(arrive(&world, "new", START_MS + 3100 + 600000), VOC_APPLY_EVENT);
	assert_int_equal(arrive(&world, "q-32", START_MS + 3100 + 600001), VOC_APPLY_DUPLICATE);
	assert_int_equal(arrive(&world, "q-31", START_MS + 3100 + 600001), VOC_APPLY_EVENT);
	assert_int_equal(world.state.now.duplicates, 3);
	assert_int_equal(world.customer.counts.duplicates, 3);
	world_close(&world);
}

static void test_contacts_are_dated(void **state)
{
	(void)state;
	struct world world;
	world_open(&world);
	static const struct {
		int64_t hour, first, last;
		const char *event;
	} cases[] = {
		{ 5, 5, 5, "e-0" }, { 3, 3, 5, "e-0" }, { 5, 3, 5, "e-2" }, { 4, 3, 5, "e-2" }, { 6, 3, 6, "e-4" }
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char got[256];
		tell(&world, &(struct contact){ cases[i].hour, NEUTRAL, NULL, 0 }, got, sizeof got);
		assert_int_equal(world.customer.first_ms, START_MS + cases[i].first * HOUR_MS);
		assert_int_equal(world.customer.last_ms, START_MS + cases[i].last * HOUR_MS);
		assert_string_equal(world.customer.last_event, cases[i].event);
	}
	world_close(&world);
}

static void test_lists_keep_the_last_ones(void **state)
{
	(void)state;
	struct world world;
	world_open(&world);
	char got[256];
	for (int i = 0; i < 12; i++)
		tell(&world, &(struct contact){ i, COMPLAINT, NULL, 0 }, got, sizeof got);
	assert_int_equal(world.customer.trouble_count, VOC_TROUBLES_MAX);
	assert_int_equal(world.customer.troubles[0].at_ms, START_MS + 4 * HOUR_MS);
	assert_int_equal(world.customer.contribution_count, VOC_CONTRIBUTIONS_MAX);
	assert_non_null(strstr(world.customer.contributions[0]->text, "\"id\":\"e-8\""));
	assert_non_null(strstr(world.customer.contributions[3]->text, "\"id\":\"e-11\""));
	world_close(&world);
}

static char *rules_value(const struct voc_rule_set *set)
{
	struct voc_buf buf;
	voc_buf_init(&buf, VOC_RULES_RECORD_MAX_BYTES + 1);
	assert_true(voc_rules_record_encode(&buf, set));
	voc_buf_add_char(&buf, '\0');
	return buf.ptr;
}

static void tell_rules(struct world *world, const struct voc_rule_set *set)
{
	struct voc_error error = { 0 };
	char *value = rules_value(set);
	struct voc_aggregate_input input = { world->offset++, START_MS, voc_str_from(value), VOC_STR("") };
	struct voc_aggregate_record record;
	voc_arena_reset(world->arena);
	assert_int_equal(voc_aggregate_decode(&input, world->arena, &record, &error), VOC_OK);
	assert_int_equal(record.kind, VOC_RECORD_RULES);
	assert_int_equal(voc_aggregate_rule(&world->aggregate, &world->state, &record, &error), VOC_OK);
	free(value);
}

static void test_rules_are_in_force_from_their_record_on(void **state)
{
	(void)state;
	const struct voc_rule_set *other = example_other_rules(book);
	const struct contact complaint = { 0, COMPLAINT, NULL, 0 };
	struct world world;
	char got[256];
	world_open(&world);
	world.offset = 10;
	tell(&world, &complaint, got, sizeof got);
	assert_string_equal(got, "event 36 normal");
	assert_ptr_equal(world.state.rules, rules);
	assert_int_equal(world.state.now.rules_from, 10);
	tell_rules(&world, rules); /* in force already */
	assert_int_equal(world.state.now.rules_from, 10);
	tell_rules(&world, other);
	assert_ptr_equal(world.state.rules, other);
	assert_int_equal(world.state.now.rules_from, 12);
	assert_int_equal(world.state.now.controls, 2);
	assert_int_equal(world.state.now.offset, 13);
	assert_int_equal(world.customer.risk.points, 36000); /* what was counted stays */
	tell(&world, &complaint, got, sizeof got);
	assert_int_equal(world.customer.risk.points, 165000); /* 123 and 6 for the repetition, no longer 36 and 6 */
	world_close(&world);
	voc_rule_set_release(other);
}

static void test_without_rules_nothing_can_be_applied(void **state)
{
	(void)state;
	struct voc_partition_state empty;
	struct voc_error error = { 0 };
	voc_partition_state_init(&empty);
	assert_int_equal(voc_aggregate_skip(&empty, 0, &error), VOC_FATAL);
	assert_int_equal(error.reason, VOC_REASON_INTERNAL);
	voc_partition_state_free(&empty);
}

static void order(struct world *world)
{
	struct voc_fact fact = { .kind = VOC_FACT_ORDER,
		                 .customer_id = VOC_STR("C-1"),
		                 .time_ms = START_MS,
		                 .given = 1U << VOC_ORDER_ID | 1U << VOC_ORDER_STATUS | 1U << VOC_ORDER_AMOUNT |
		                          1U << VOC_ORDER_CURRENCY };
	fact.values[VOC_ORDER_ID].text = VOC_STR("O-1");
	fact.values[VOC_ORDER_AMOUNT].number = 100000;
	fact.values[VOC_ORDER_CURRENCY].text = VOC_STR("KRW");
	struct voc_aggregate_record record = { .kind = VOC_RECORD_FACT,
		                               .offset = world->offset,
		                               .source = { VOC_STR("voc.orders"), 0, world->offset },
		                               .fact = &fact };
	struct voc_aggregate_effects effects;
	world->offset++;
	assert_int_equal(voc_aggregate_apply(&world->aggregate, &world->state, &world->customer, world->rollup, &record,
	                                     world->arena, &effects, NULL),
	                 VOC_OK);
}

/* Else the partition's values would count one who is gone, and count them twice when they come again. */
static void test_a_forgotten_customer_is_worth_nothing(void **state)
{
	(void)state;
	struct world world;
	world_open(&world);
	for (int i = 0; i < 2; i++) {
		order(&world);
		assert_int_equal(world.state.values->all, 1);
		struct voc_aggregate_record forget = { .kind = VOC_RECORD_FORGET,
			                               .offset = world.offset++,
			                               .forgotten = VOC_STR("C-1") };
		assert_int_equal(voc_aggregate_forget(&world.state, &world.customer, &forget, NULL), VOC_OK);
		assert_int_equal(world.state.values->all, 0);
	}
	assert_int_equal(world.state.now.controls, 2);
	world_close(&world);
}

static void test_records_out_of_order_are_a_defect(void **state)
{
	(void)state;
	struct world world;
	struct voc_error error = { 0 };
	struct voc_aggregate_effects effects;
	world_open(&world);
	world.state.now.offset = 5;
	world.offset = 4;
	struct contact contact = { 0, NEUTRAL, NULL, 0 };
	assert_int_equal(voc_aggregate_apply(&world.aggregate, &world.state, &world.customer, world.rollup,
	                                     next_record(&world, &contact), world.arena, &effects, &error),
	                 VOC_FATAL);
	assert_int_equal(error.reason, VOC_REASON_INTERNAL);
	assert_int_equal(voc_aggregate_skip(&world.state, 4, NULL), VOC_FATAL);
	world_close(&world);
}

static void test_memory_that_runs_out_is_fatal(void **state)
{
	(void)state;
	struct world world;
	struct voc_error error = { 0 };
	struct voc_aggregate_effects effects;
	struct contact contact = { 0, QUIT, NULL, 0 };
	struct voc_arena *tiny = voc_arena_new(64);
	world_open(&world);
	/* Who it is fits, the alert does not. */
	assert_int_equal(voc_aggregate_apply(&world.aggregate, &world.state, &world.customer, world.rollup,
	                                     next_record(&world, &contact), tiny, &effects, &error),
	                 VOC_FATAL);
	assert_int_equal(error.reason, VOC_REASON_OUT_OF_MEMORY);
	voc_arena_free(tiny);
	world_close(&world);
}

static enum voc_reason refusal(const char *value, const char *source)
{
	struct voc_arena *arena = voc_arena_new(1 << 16);
	struct voc_aggregate_record record;
	struct voc_aggregate_input input = { 1, START_MS, voc_str_from(value), voc_str_from(source) };
	struct voc_error error = { 0 };
	assert_int_equal(voc_aggregate_decode(&input, arena, &record, &error), VOC_INVALID);
	voc_arena_free(arena);
	return error.reason;
}

static void test_a_record_without_its_source_is_refused(void **state)
{
	(void)state;
	assert_int_equal(refusal("{}", ""), VOC_REASON_BAD_SOURCE_POSITION);
	assert_int_equal(refusal("{}", "voc.web/1"), VOC_REASON_BAD_SOURCE_POSITION);
	assert_int_equal(refusal("{}", "voc.web/1/2"), VOC_REASON_MISSING_FIELD);
}

/* The aggregator's own records have no source; what else has none is refused for what it says it is. */
static void test_records_tell_what_they_are(void **state)
{
	(void)state;
	char *good = rules_value(rules);
	assert_int_equal(refusal(good, "voc.web/1/2"), VOC_REASON_UNKNOWN_TYPE);
	assert_int_equal(refusal("{\"type\":\"voc.classified\"}", ""), VOC_REASON_BAD_SOURCE_POSITION);
	assert_int_equal(refusal("{\"type\":7}", ""), VOC_REASON_BAD_SOURCE_POSITION);
	assert_int_equal(refusal("", ""), VOC_REASON_BAD_SOURCE_POSITION);
	assert_int_equal(refusal("{\"type\":\"voc.alert\"}", ""), VOC_REASON_UNKNOWN_TYPE);
	assert_int_equal(refusal("{\"type\":\"voc.due\"}", ""), VOC_REASON_MISSING_FIELD);
	assert_int_equal(refusal("{\"type\":\"voc.rules\"}", ""), VOC_REASON_MISSING_FIELD);
	char *weight = strstr(good, "\"complaint\":12");
	assert_non_null(weight);
	weight[13] = '3'; /* good rules, but not those that the version names */
	assert_int_equal(refusal(good, ""), VOC_REASON_BAD_VALUE);
	free(good);
}

/* ---- any cut of the same log */

#define LOG_RECORDS 700

static struct replay_record log_records[LOG_RECORDS];

static uint32_t next_random(uint32_t *seed)
{
	*seed = *seed * UINT32_C(1664525) + UINT32_C(1013904223);
	return *seed >> 8;
}

static char *make_value(uint32_t *seed, int number)
{
	char id[32], customer[32];
	struct voc_classification result = { .lang = "ko" };
	struct voc_event event = { .source = VOC_STR("/log"), .text = VOC_STR("40분을 기다렸어요") };
	/* Now and then an id again: mostly the same customer's, thus a duplicate. */
	uint32_t back = next_random(seed) % 8 == 0 ? 1 + next_random(seed) % 4 : 0;
	snprintf(id, sizeof id, "e-%d", number - (int)back);
	snprintf(customer, sizeof customer, "고객-%u", number % 3 == 0 ? 99 : (unsigned)(number / 9 % 30));
	event.id = voc_str_from(id);
	event.customer_id = voc_str_from(customer);
	event.channel = (enum voc_channel)(next_random(seed) % VOC_CHANNEL_COUNT);
	event.time_ms = START_MS + number * HOUR_MS + (int64_t)(next_random(seed) % 100) * (HOUR_MS / 3) - 20 * HOUR_MS;
	event.product = next_random(seed) % 2 ? VOC_STR("internet-500") : (struct voc_str){ NULL, 0 };
	label(&result.labels, (enum mood)(next_random(seed) % (HAPPY + 1)));
	result.evidence[0] = (struct voc_evidence){ VOC_HEAD_SATISFACTION, VOC_SATISFACTION_DISSATISFIED, 0, 5, 1 };
	result.evidence_count = next_random(seed) % 2;
	struct voc_buf buf;
	voc_buf_init(&buf, 65536);
	assert_true(voc_classified_encode(&buf, &event, &result, "m", VOC_TEXT_MASKED));
	voc_buf_add_char(&buf, '\0');
	return buf.ptr;
}

static void make_rules(struct replay_record *record, const struct voc_rule_set *set)
{
	free((char *)(uintptr_t)record->source);
	free((char *)(uintptr_t)record->value);
	record->source = strdup("");
	record->value = rules_value(set);
}

static void make_log(void)
{
	uint32_t seed = 7;
	const struct voc_rule_set *other = example_other_rules(book);
	for (int i = 0; i < LOG_RECORDS; i++) {
		char source[32];
		/* Every 40th is a copy of a raw record that was seen. */
		snprintf(source, sizeof source, "voc.calls/%d/%d", i % 3, i % 40 == 39 ? i - 39 : i);
		log_records[i] = (struct replay_record){ .offset = 2 * i, /* with gaps, as Kafka's markers make */
			                                 .timestamp_ms = START_MS + i * HOUR_MS,
			                                 .source = strdup(source),
			                                 .value = make_value(&seed, i) };
		if (i > 400) /* so close together that the rings grow */
			log_records[i].timestamp_ms = START_MS + i * 1000;
		if (i % 50 == 17)
			*strchr(log_records[i].value, '"') = 'x';
	}
	make_rules(&log_records[30], rules);
	make_rules(&log_records[350], other);
	voc_rule_set_release(other);
}

static void free_log(void)
{
	for (int i = 0; i < LOG_RECORDS; i++) {
		free((char *)(uintptr_t)log_records[i].source);
		free((char *)(uintptr_t)log_records[i].value);
	}
}

static void dump(const struct replay *replay, struct voc_buf *ret_text)
{
	voc_buf_init(ret_text, (size_t)16 * 1024 * 1024);
	fake_store_dump(&replay->store, ret_text);
	fake_store_dump(&replay->alerts, ret_text);
	assert_false(ret_text->failed);
}

static int64_t count_of(const struct fake_hash *hash, const char *name)
{
	int64_t count = -1;
	const char *text = fake_hash_get(hash, name);
	assert_non_null(text);
	assert_true(voc_str_to_i64(voc_str_from(text), &count));
	return count;
}

static void test_any_cut_of_the_log_ends_the_same(void **state)
{
	(void)state;
	struct replay replay;
	struct voc_buf expected;
	make_log();
	replay_open(&replay, "voc.classified", 7);
	replay_run(&replay, log_records, LOG_RECORDS, 0);
	dump(&replay, &expected);
	size_t alerts = replay.alerts_sent, again = 0;
	const struct fake_hash *position = fake_store_hash(&replay.store, "position");
	assert_true(alerts > 50);
	assert_true(count_of(position, "events") > 400);
	assert_true(count_of(position, "duplicates") > 10);
	assert_true(count_of(position, "copies") > 10);
	assert_int_equal(count_of(position, "invalid"), LOG_RECORDS / 50);
	assert_int_equal(count_of(position, "controls"), 2);
	assert_int_equal(count_of(position, "rules_from"), 700);
	replay_close(&replay);
	for (uint32_t seed = 1; seed <= 25; seed++) {
		struct voc_buf got;
		replay_open(&replay, "voc.classified", 7);
		replay_run(&replay, log_records, LOG_RECORDS, seed);
		dump(&replay, &got);
		assert_true(voc_str_eq(voc_buf_str(&got), voc_buf_str(&expected)));
		again += replay.alerts_sent - alerts;
		voc_buf_free(&got);
		replay_close(&replay);
	}
	assert_true(again > 0); /* batches were lost after their alerts had gone out */
	voc_buf_free(&expected);
	free_log();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_rise_and_a_recovery),
		cmocka_unit_test(test_straight_to_critical_and_down_by_steps),
		cmocka_unit_test(test_a_clear_lets_the_next_rise_be_told),
		cmocka_unit_test(test_flapping_is_told_once),
		cmocka_unit_test(test_a_greater_severity_breaks_the_cooldown),
		cmocka_unit_test(test_repeated_complaints_within_their_window),
		cmocka_unit_test(test_duplicates_and_copies_change_nothing),
		cmocka_unit_test(test_late_events_weigh_what_is_left),
		cmocka_unit_test(test_a_duplicate_is_known_by_its_records_time),
		cmocka_unit_test(test_contacts_are_dated),
		cmocka_unit_test(test_lists_keep_the_last_ones),
		cmocka_unit_test(test_rules_are_in_force_from_their_record_on),
		cmocka_unit_test(test_without_rules_nothing_can_be_applied),
		cmocka_unit_test(test_records_tell_what_they_are),
		cmocka_unit_test(test_a_forgotten_customer_is_worth_nothing),
		cmocka_unit_test(test_records_out_of_order_are_a_defect),
		cmocka_unit_test(test_memory_that_runs_out_is_fatal),
		cmocka_unit_test(test_a_record_without_its_source_is_refused),
		cmocka_unit_test(test_any_cut_of_the_log_ends_the_same),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
