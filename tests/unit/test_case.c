/* Cases: one for each cause, the moves that people make, and what falls due. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/timestamp.h"
#include "core/customer/case.h"
#include "core/rules/rules.h"
#include "support/examples.h"

#include <stdio.h>

#define MINUTE_MS INT64_C(60000)
#define HOUR_MS   (60 * MINUTE_MS)
#define DAY_MS    (24 * HOUR_MS)

/* A Monday, 10:00 in Seoul. */
#define MONDAY INT64_C(1763946000000)

struct fixture {
	struct voc_rules rules;
	struct voc_cases cases;
	struct voc_case_changes changes;
	uint32_t opened;
	enum voc_stage stage;
};

static int setup(void **state)
{
	static struct fixture fixture;
	struct voc_error error = { 0 };
	struct voc_buf file = example_read("deploy/rules.json");
	fixture = (struct fixture){ .opened = 0 };
	assert_int_equal(voc_rules_parse(voc_buf_str(&file), &fixture.rules, &error), VOC_OK);
	assert_true(fixture.rules.cases.on);
	voc_buf_free(&file);
	*state = &fixture;
	return 0;
}

static int teardown(void **state)
{
	struct fixture *fixture = *state;
	voc_cases_free(&fixture->cases);
	return 0;
}

struct said {
	enum voc_feedback feedback;
	enum voc_satisfaction satisfaction;
	enum voc_servqual servqual;
	bool churn;
};
static const struct said complaint = { VOC_FEEDBACK_COMPLAINT, VOC_SATISFACTION_DISSATISFIED, VOC_SERVQUAL_RELIABILITY,
	                               false };
static const struct said murmur = { VOC_FEEDBACK_OPINION, VOC_SATISFACTION_DISSATISFIED, VOC_SERVQUAL_RELIABILITY,
	                            false };
static const struct said thanks = { VOC_FEEDBACK_OPINION, VOC_SATISFACTION_SATISFIED, VOC_SERVQUAL_NONE, false };
static const struct said question = { VOC_FEEDBACK_QUESTION, VOC_SATISFACTION_NEUTRAL, VOC_SERVQUAL_NONE, false };

static void say(struct fixture *fixture, const struct said *said, int64_t time_ms)
{
	struct voc_classified event = { .time_ms = time_ms,
		                        .channel = VOC_CHANNEL_WEB,
		                        .lang = "ko",
		                        .product = VOC_STR("fibre:500"),
		                        .labels = { .feedback = said->feedback,
		                                    .satisfaction = said->satisfaction,
		                                    .servqual = said->servqual,
		                                    .churn_intent = said->churn } };
	fixture->changes = (struct voc_case_changes){ .alerts = false };
	const struct voc_case_contact contact = { &event, false, fixture->stage, fixture->opened + 1 };
	assert_true(voc_cases_contact(&fixture->cases, &fixture->rules.cases, &contact, &fixture->changes));
	fixture->opened += fixture->changes.tallies[voc_cause_of(&event.labels)] >> VOC_TALLY_OPENED & 1;
}

static enum voc_case_refusal move(struct fixture *fixture, const char *id, const char *action, int64_t time_ms)
{
	fixture->changes = (struct voc_case_changes){ .alerts = false };
	return voc_cases_follow_up(&fixture->cases, &fixture->rules.cases, voc_str_from(id), voc_str_from(action),
	                           time_ms, &fixture->changes);
}

static enum voc_case_due_outcome fall_due(struct fixture *fixture, enum voc_due_kind kind, const char *id,
                                          int64_t due_ms)
{
	const struct voc_due due = { kind, voc_str_from(id), VOC_STR("C-1"), due_ms };
	fixture->changes = (struct voc_case_changes){ .alerts = false };
	return voc_cases_due(&fixture->cases, &fixture->rules.cases, &due, &fixture->changes);
}

static bool tallied(const struct fixture *fixture, enum voc_case_tally what)
{
	return fixture->changes.tallies[VOC_SERVQUAL_RELIABILITY] >> what & 1;
}

static void test_causes_have_names_of_their_own(void **state)
{
	(void)state;
	for (int cause = 0; cause < VOC_CAUSE_COUNT; cause++) {
		uint8_t parsed;
		assert_non_null(voc_cause_name(cause));
		assert_string_not_equal(voc_cause_name(cause), "none");
		assert_true(voc_cause_parse(voc_str_from(voc_cause_name(cause)), &parsed));
		assert_int_equal(parsed, cause);
	}
	struct voc_labels labels = { .primary_factor = VOC_FACTOR_WORD_OF_MOUTH };
	assert_string_equal(voc_cause_name(voc_cause_of(&labels)), "word_of_mouth");
	labels.servqual = VOC_SERVQUAL_EMPATHY;
	assert_string_equal(voc_cause_name(voc_cause_of(&labels)), "empathy");
	assert_string_equal(voc_cause_name(VOC_CAUSE_OTHER), "other");
}

static void test_a_complaint_opens_one_case_and_others_attach(void **state)
{
	struct fixture *fixture = *state;
	say(fixture, &question, MONDAY - HOUR_MS);
	assert_int_equal(fixture->cases.count, 0);
	say(fixture, &murmur, MONDAY);
	assert_true(tallied(fixture, VOC_TALLY_OPENED));
	struct voc_case *one = fixture->cases.list;
	assert_int_equal(one->severity, VOC_SEVERITY_INFO);
	assert_string_equal(one->team, "customer-care");
	assert_int_equal(one->due_ms[VOC_DUE_CASE_RESPOND], MONDAY + DAY_MS); /* 540 minutes, a day of work */
	say(fixture, &complaint, MONDAY + HOUR_MS);
	assert_int_equal(fixture->cases.count, 1);
	one = fixture->cases.list;
	assert_int_equal(one->contacts, 2);
	assert_int_equal(one->number, 1);
	/* It is worse than it seemed: four hours from now. */
	assert_int_equal(one->severity, VOC_SEVERITY_WARNING);
	assert_int_equal(one->due_ms[VOC_DUE_CASE_RESPOND], MONDAY + 5 * HOUR_MS);
	assert_int_equal(one->due_ms[VOC_DUE_CASE_SILENCE], MONDAY + HOUR_MS + 14 * DAY_MS);
	struct said other = complaint;
	other.servqual = VOC_SERVQUAL_EMPATHY;
	other.churn = true;
	say(fixture, &other, MONDAY + 2 * HOUR_MS);
	assert_int_equal(fixture->cases.count, 2);
	assert_int_equal(fixture->cases.list[1].severity, VOC_SEVERITY_CRITICAL);
	assert_int_equal(fixture->cases.list[1].number, 2);
}

/* The whole table, written down once more. */
static void test_each_move_is_legal_or_not(void **state)
{
	(void)state;
	static const char *const legal[] = {
		"open acknowledge acknowledged", "open contact contacted",         "reopened acknowledge acknowledged",
		"reopened contact contacted",    "acknowledged contact contacted", "acknowledged resolve resolved",
		"contacted contact contacted",   "contacted offer offered",        "contacted resolve resolved",
		"offered contact contacted",     "offered offer offered",          "offered resolve resolved",
		"resolved close closed",         "resolved reopen reopened",       "closed reopen reopened",
	};
	size_t found = 0;
	for (int from = 0; from < VOC_CASE_STATE_COUNT; from++) {
		for (int action = 0; action < VOC_CASE_ACTION_COUNT; action++) {
			enum voc_case_state to;
			char move_text[64];
			if (!voc_case_next((enum voc_case_state)from, (enum voc_case_action)action, &to))
				continue;
			snprintf(move_text, sizeof move_text, "%s %s %s",
			         voc_case_state_name((enum voc_case_state)from),
			         voc_case_action_name((enum voc_case_action)action), voc_case_state_name(to));
			size_t i = 0;
			while (i < sizeof legal / sizeof *legal && strcmp(legal[i], move_text) != 0)
				i++;
			if (i == sizeof legal / sizeof *legal)
				fail_msg("'%s' is no legal move", move_text);
			found++;
		}
	}
	assert_int_equal(found, sizeof legal / sizeof *legal);
}

static void test_a_case_is_followed_up_to_its_end(void **state)
{
	struct fixture *fixture = *state;
	say(fixture, &complaint, MONDAY);
	assert_int_equal(move(fixture, "reliability-1", "resolve", MONDAY + HOUR_MS), VOC_CASE_ILLEGAL_MOVE);
	assert_int_equal(move(fixture, "reliability-2", "contact", MONDAY + HOUR_MS), VOC_CASE_NO_SUCH_CASE);
	assert_int_equal(move(fixture, "reliability-1", "dance", MONDAY + HOUR_MS), VOC_CASE_UNKNOWN_ACTION);
	assert_int_equal(move(fixture, "reliability-1", "acknowledge", MONDAY + HOUR_MS), VOC_CASE_TAKEN);
	assert_int_equal(fixture->cases.list->due_ms[VOC_DUE_CASE_RESPOND], 0);
	assert_int_equal(move(fixture, "reliability-1", "acknowledge", MONDAY + HOUR_MS), VOC_CASE_ILLEGAL_MOVE);
	assert_int_equal(move(fixture, "reliability-1", "contact", MONDAY + 2 * HOUR_MS), VOC_CASE_TAKEN);
	assert_int_equal(fixture->cases.list->due_ms[VOC_DUE_CASE_SILENCE], 0);
	assert_int_equal(move(fixture, "reliability-1", "offer", MONDAY + 3 * HOUR_MS), VOC_CASE_TAKEN);
	assert_int_equal(move(fixture, "reliability-1", "resolve", MONDAY + 4 * HOUR_MS), VOC_CASE_TAKEN);
	assert_true(tallied(fixture, VOC_TALLY_RESOLVED));
	assert_false(tallied(fixture, VOC_TALLY_RESOLVE_OVERDUE));
	int64_t settles_ms = MONDAY + 4 * HOUR_MS + 7 * DAY_MS;
	for (int kind = 0; kind < VOC_CASE_DUE_COUNT; kind++)
		assert_int_equal(fixture->cases.list->due_ms[kind], kind == VOC_DUE_CASE_SETTLE ? settles_ms : 0);
	assert_int_equal(fall_due(fixture, VOC_DUE_CASE_SETTLE, "reliability-1", settles_ms), VOC_CASE_DUE_DONE);
	assert_int_equal(fixture->cases.list->state, VOC_CASE_CLOSED);
	settles_ms += 30 * DAY_MS;
	assert_int_equal(fall_due(fixture, VOC_DUE_CASE_SETTLE, "reliability-1", settles_ms), VOC_CASE_DUE_DONE);
	assert_int_equal(fixture->cases.count, 0);
	say(fixture, &complaint, settles_ms);
	assert_int_equal(fixture->cases.list->number, 2);
}

/* A follow-up that comes again, late, finds the case moved on; right behind itself it changes nothing. */
static void test_a_copy_of_a_follow_up_moves_nothing(void **state)
{
	struct fixture *fixture = *state;
	say(fixture, &complaint, MONDAY);
	assert_int_equal(move(fixture, "reliability-1", "contact", MONDAY - 1), VOC_CASE_STALE_MOVE);
	assert_int_equal(move(fixture, "reliability-1", "contact", MONDAY + HOUR_MS), VOC_CASE_TAKEN);
	assert_int_equal(move(fixture, "reliability-1", "contact", MONDAY + HOUR_MS), VOC_CASE_TAKEN);
	assert_int_equal(move(fixture, "reliability-1", "offer", MONDAY + 2 * HOUR_MS), VOC_CASE_TAKEN);
	assert_int_equal(move(fixture, "reliability-1", "contact", MONDAY + HOUR_MS), VOC_CASE_STALE_MOVE);
	assert_int_equal(fixture->cases.list->state, VOC_CASE_OFFERED);
	assert_int_equal(move(fixture, "reliability-1", "resolve", MONDAY + 3 * HOUR_MS), VOC_CASE_TAKEN);
	say(fixture, &complaint, MONDAY + DAY_MS);
	assert_int_equal(move(fixture, "reliability-1", "contact", MONDAY + DAY_MS + HOUR_MS), VOC_CASE_TAKEN);
	assert_int_equal(move(fixture, "reliability-1", "resolve", MONDAY + 3 * HOUR_MS), VOC_CASE_STALE_MOVE);
	assert_int_equal(fixture->cases.list->state, VOC_CASE_CONTACTED);
}

/* A record twice, one of another time, one of a case that went: nothing. */
static void test_what_is_not_waited_for_is_stale(void **state)
{
	struct fixture *fixture = *state;
	say(fixture, &complaint, MONDAY);
	int64_t due_ms = fixture->cases.list->due_ms[VOC_DUE_CASE_RESPOND];
	assert_int_equal(fall_due(fixture, VOC_DUE_CASE_RESPOND, "reliability-1", due_ms + 1), VOC_CASE_DUE_STALE);
	assert_int_equal(fall_due(fixture, VOC_DUE_CASE_RESPOND, "reliability-7", due_ms), VOC_CASE_DUE_STALE);
	assert_int_equal(fall_due(fixture, VOC_DUE_CASE_SILENCE, "reliability-1", 0), VOC_CASE_DUE_STALE);
	assert_int_equal(fall_due(fixture, VOC_DUE_CASE_RESPOND, "reliability-1", due_ms), VOC_CASE_DUE_DONE);
	assert_true(fixture->changes.alerts);
	assert_int_equal(fixture->changes.rule, VOC_RULE_CASE_RESPOND_OVERDUE);
	assert_int_equal(fixture->changes.severity, VOC_SEVERITY_WARNING);
	assert_int_equal(fall_due(fixture, VOC_DUE_CASE_RESPOND, "reliability-1", due_ms), VOC_CASE_DUE_STALE);
	assert_false(fixture->changes.alerts);
}

static void test_steps_of_escalation_come_once_each(void **state)
{
	struct fixture *fixture = *state;
	say(fixture, &complaint, MONDAY);
	static const char *const teams[] = { "team-lead", "customer-office" };
	for (int step = 0; step < 2; step++) {
		int64_t due_ms = fixture->cases.list->due_ms[VOC_DUE_CASE_ESCALATE];
		assert_int_equal(due_ms, MONDAY + (step == 0 ? 2 * DAY_MS : 7 * DAY_MS)); /* over a weekend */
		assert_int_equal(fall_due(fixture, VOC_DUE_CASE_ESCALATE, "reliability-1", due_ms), VOC_CASE_DUE_DONE);
		assert_int_equal(fixture->changes.rule, VOC_RULE_CASE_ESCALATED);
		assert_string_equal(fixture->cases.list->team, teams[step]);
		assert_int_equal(fall_due(fixture, VOC_DUE_CASE_ESCALATE, "reliability-1", due_ms), VOC_CASE_DUE_STALE);
	}
	assert_int_equal(fixture->cases.list->due_ms[VOC_DUE_CASE_ESCALATE], 0);
	assert_int_equal(fixture->cases.list->steps, 2);
}

static void resolve(struct fixture *fixture, int64_t time_ms)
{
	assert_int_equal(move(fixture, "reliability-1", "contact", time_ms), VOC_CASE_TAKEN);
	assert_int_equal(move(fixture, "reliability-1", "resolve", time_ms), VOC_CASE_TAKEN);
}

static void test_trouble_that_comes_back_reopens_its_case(void **state)
{
	struct fixture *fixture = *state;
	say(fixture, &complaint, MONDAY);
	resolve(fixture, MONDAY + HOUR_MS);
	say(fixture, &complaint, MONDAY + HOUR_MS - 1); /* said before it was resolved, heard after */
	assert_int_equal(fixture->cases.list->state, VOC_CASE_RESOLVED);
	assert_int_equal(fixture->cases.list->contacts, 2);
	say(fixture, &complaint, MONDAY + 37 * DAY_MS + HOUR_MS); /* the last moment: 7 days and 30 */
	struct voc_case *one = fixture->cases.list;
	assert_int_equal(one->state, VOC_CASE_REOPENED);
	assert_int_equal(one->severity, VOC_SEVERITY_CRITICAL);
	assert_int_equal(one->number, 1);
	assert_int_equal(one->reopens, 1);
	assert_true(tallied(fixture, VOC_TALLY_REOPENED));
	assert_int_equal(fixture->changes.rule, VOC_RULE_CASE_REOPENED);
	assert_int_not_equal(one->due_ms[VOC_DUE_CASE_RESPOND], 0);
	resolve(fixture, MONDAY + 40 * DAY_MS);
	say(fixture, &complaint, MONDAY + 77 * DAY_MS + 1); /* too late for that */
	assert_int_equal(fixture->cases.list->number, 2);
	assert_true(tallied(fixture, VOC_TALLY_OPENED));
}

static void test_a_content_customer_has_recovered(void **state)
{
	struct fixture *fixture = *state;
	say(fixture, &complaint, MONDAY);
	say(fixture, &thanks, MONDAY); /* not after it */
	assert_false(tallied(fixture, VOC_TALLY_RECOVERED));
	resolve(fixture, MONDAY + HOUR_MS);
	say(fixture, &thanks, MONDAY + DAY_MS);
	assert_true(tallied(fixture, VOC_TALLY_RECOVERED) && tallied(fixture, VOC_TALLY_CLOSED));
	assert_int_equal(fixture->cases.list->state, VOC_CASE_CLOSED);
	assert_int_equal(fixture->cases.list->due_ms[VOC_DUE_CASE_SETTLE], MONDAY + 31 * DAY_MS);
	say(fixture, &thanks, MONDAY + 2 * DAY_MS);
	assert_false(tallied(fixture, VOC_TALLY_RECOVERED)); /* once a round */
	say(fixture, &complaint, MONDAY + 3 * DAY_MS);
	say(fixture, &thanks, MONDAY + 4 * DAY_MS);
	assert_true(tallied(fixture, VOC_TALLY_RECOVERED));
	assert_int_equal(fixture->cases.list->state, VOC_CASE_REOPENED); /* somebody must still resolve it */
}

/* Whether the record of a deadline or the follow-up is read first: it counts as late either way, and once. */
static void test_late_is_late_in_any_order(void **state)
{
	struct fixture *fixture = *state;
	say(fixture, &complaint, MONDAY);
	int64_t due_ms = fixture->cases.list->due_ms[VOC_DUE_CASE_RESPOND];
	assert_int_equal(move(fixture, "reliability-1", "contact", due_ms + 1), VOC_CASE_TAKEN);
	assert_true(tallied(fixture, VOC_TALLY_RESPOND_OVERDUE));
	assert_false(fixture->changes.alerts);
	assert_int_equal(fall_due(fixture, VOC_DUE_CASE_RESPOND, "reliability-1", due_ms), VOC_CASE_DUE_STALE);
}

static void test_silence_is_told_once_and_any_word_breaks_it(void **state)
{
	struct fixture *fixture = *state;
	say(fixture, &complaint, MONDAY);
	say(fixture, &question, MONDAY + DAY_MS);
	int64_t due_ms = fixture->cases.list->due_ms[VOC_DUE_CASE_SILENCE];
	assert_int_equal(due_ms, MONDAY + 15 * DAY_MS);
	assert_int_equal(fall_due(fixture, VOC_DUE_CASE_SILENCE, "reliability-1", due_ms), VOC_CASE_DUE_DONE);
	assert_int_equal(fixture->changes.rule, VOC_RULE_CASE_SILENT);
	say(fixture, &question, MONDAY + 16 * DAY_MS);
	assert_int_equal(fixture->cases.list->due_ms[VOC_DUE_CASE_SILENCE], 0);
}

static void test_a_case_that_nobody_ends_ends(void **state)
{
	struct fixture *fixture = *state;
	say(fixture, &complaint, MONDAY);
	assert_int_equal(move(fixture, "reliability-1", "contact", MONDAY + HOUR_MS), VOC_CASE_TAKEN);
	int64_t due_ms = MONDAY + 180 * DAY_MS;
	assert_int_equal(fall_due(fixture, VOC_DUE_CASE_SETTLE, "reliability-1", due_ms), VOC_CASE_DUE_DONE);
	assert_true(tallied(fixture, VOC_TALLY_ABANDONED) && tallied(fixture, VOC_TALLY_CLOSED));
	assert_int_equal(fixture->cases.list->state, VOC_CASE_CLOSED);
	assert_int_equal(fixture->cases.list->flags, VOC_CASE_ABANDONED);
	assert_int_equal(fixture->cases.list->due_ms[VOC_DUE_CASE_RESOLVE], 0);
}

static void test_rules_without_cases_open_none(void **state)
{
	struct fixture *fixture = *state;
	fixture->rules.cases = (struct voc_case_rules){ .on = false };
	say(fixture, &complaint, MONDAY);
	assert_int_equal(fixture->cases.count, 0);
}

static void test_routes_are_asked_in_order(void **state)
{
	struct fixture *fixture = *state;
	struct voc_case_rules *rules = &fixture->rules.cases;
	rules->routes[0] = (struct voc_case_route){ .team = "empathy-desk",
		                                    .has_servqual = true,
		                                    .servqual = VOC_SERVQUAL_EMPATHY };
	rules->routes[1] = (struct voc_case_route){ .team = "fibre-desk", .product = "fibre:500" };
	rules->route_count = 2;
	say(fixture, &complaint, MONDAY);
	assert_string_equal(fixture->cases.list->team, "fibre-desk");
	rules->routes[1].from_team[0] = 'x';
	struct said other = complaint;
	other.servqual = VOC_SERVQUAL_TANGIBLES;
	say(fixture, &other, MONDAY);
	assert_string_equal(fixture->cases.list[1].team, "customer-care");
	rules->routes[1] =
	        (struct voc_case_route){ .team = "partner-desk", .has_stage = true, .stage = VOC_STAGE_PARTNER };
	other.servqual = VOC_SERVQUAL_ASSURANCE;
	say(fixture, &other, MONDAY);
	assert_string_equal(voc_cases_find(&fixture->cases, VOC_SERVQUAL_ASSURANCE)->team, "customer-care");
	fixture->stage = VOC_STAGE_PARTNER;
	other.servqual = VOC_SERVQUAL_NONE;
	say(fixture, &other, MONDAY);
	assert_string_equal(voc_cases_find(&fixture->cases, VOC_CAUSE_OTHER)->team, "partner-desk");
}

static void test_a_stored_case_is_read_back(void **state)
{
	struct fixture *fixture = *state;
	say(fixture, &complaint, MONDAY);
	struct voc_case *one = fixture->cases.list;
	struct voc_cases copy = { 0 }, clone = { 0 };
	struct voc_buf text;
	bool out_of_memory = false;
	voc_buf_init(&text, VOC_CASE_TEXT_BYTES);
	voc_case_write(one, &text);
	assert_true(voc_case_read(&copy, one->cause, voc_buf_str(&text), &out_of_memory));
	assert_true(voc_case_equals(one, copy.list));
	assert_true(voc_cases_clone(&fixture->cases, &clone));
	assert_true(voc_case_equals(one, clone.list));
	assert_int_equal(voc_cases_bytes(&fixture->cases), voc_cases_bytes(&clone));
	assert_false(voc_case_read(&copy, one->cause, voc_buf_str(&text), &out_of_memory)); /* a second one */
	voc_cases_free(&copy);
	for (size_t len = 0; len < text.len - strlen(one->product) - 1; len++) {
		if (voc_case_read(&copy, one->cause, voc_str_of(text.ptr, len), &out_of_memory) &&
		    copy.list->team[0] == '\0')
			fail_msg("%zu bytes were taken", len);
		voc_cases_free(&copy);
	}
	assert_false(out_of_memory);
	/* no clock stands where adding to it would overflow */
	one->due_ms[VOC_DUE_CASE_SETTLE] = INT64_MAX;
	voc_buf_clear(&text);
	voc_case_write(one, &text);
	assert_false(voc_case_read(&copy, one->cause, voc_buf_str(&text), &out_of_memory));
	voc_cases_free(&clone);
	voc_buf_free(&text);
}

static void test_members_of_the_due_set(void **state)
{
	(void)state;
	struct voc_due due = { VOC_DUE_CASE_SILENCE, VOC_STR("equity-3"), VOC_STR("C/1 x"), 5 }, back = { .due_ms = 5 };
	struct voc_buf buf;
	voc_buf_init(&buf, VOC_DUE_MEMBER_MAX);
	assert_true(voc_due_member(&buf, &due));
	assert_string_equal(voc_buf_c_str(&buf), "case_silence/equity-3/C/1 x");
	assert_true(voc_due_member_parse(voc_buf_str(&buf), &back));
	assert_true(back.kind == due.kind && back.due_ms == 5);
	assert_true(voc_str_eq(back.subject, due.subject) && voc_str_eq(back.customer_id, due.customer_id));
	static const char *const bad[] = {
		"", "case_silence", "case_silence//C", "case_silence/x", "case_silence/x/", "case_x/x/C", "/x/C"
	};
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(voc_due_member_parse(voc_str_from(bad[i]), &back));
	voc_buf_free(&buf);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(test_causes_have_names_of_their_own),
		TEST(test_a_complaint_opens_one_case_and_others_attach),
		TEST(test_each_move_is_legal_or_not),
		TEST(test_a_case_is_followed_up_to_its_end),
		TEST(test_a_copy_of_a_follow_up_moves_nothing),
		TEST(test_what_is_not_waited_for_is_stale),
		TEST(test_steps_of_escalation_come_once_each),
		TEST(test_trouble_that_comes_back_reopens_its_case),
		TEST(test_a_content_customer_has_recovered),
		TEST(test_late_is_late_in_any_order),
		TEST(test_silence_is_told_once_and_any_word_breaks_it),
		TEST(test_a_case_that_nobody_ends_ends),
		TEST(test_rules_without_cases_open_none),
		TEST(test_routes_are_asked_in_order),
		TEST(test_a_stored_case_is_read_back),
		TEST(test_members_of_the_due_set),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
