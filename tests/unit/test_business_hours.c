/* Time zones and deadlines in business minutes: Seoul, both clock changes of Berlin and New York, half days, holidays.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/civil.h"
#include "base/timestamp.h"
#include "core/rules/business_hours.h"

#define SEOUL    "KST-9"
#define BERLIN   "CET-1CEST,M3.5.0,M10.5.0/3"
#define NEW_YORK "EST5EDT,M3.2.0,M11.1.0"
#define SYDNEY   "AEST-10AEDT,M10.1.0,M4.1.0/3"

static int64_t ms_of(const char *time)
{
	int64_t ms;
	if (!voc_timestamp_parse(voc_str_from(time), &ms))
		fail_msg("'%s' is no time", time);
	return ms;
}

static struct voc_zone zone_of(const char *rule)
{
	struct voc_zone zone;
	if (!voc_zone_parse(voc_str_from(rule), &zone))
		fail_msg("'%s' was refused", rule);
	return zone;
}

static void test_offsets_follow_the_law(void **state)
{
	(void)state;
	static const struct {
		const char *rule, *time;
		int offset_s;
	} cases[] = {
		{ SEOUL, "2026-07-01T00:00:00Z", 32400 },
		{ BERLIN, "2026-03-29T00:59:59Z", 3600 },
		{ BERLIN, "2026-03-29T01:00:00Z", 7200 },
		{ BERLIN, "2026-10-25T00:59:59Z", 7200 },
		{ BERLIN, "2026-10-25T01:00:00Z", 3600 },
		{ BERLIN, "2026-12-31T23:59:59Z", 3600 },
		{ NEW_YORK, "2026-03-08T06:59:59Z", -18000 },
		{ NEW_YORK, "2026-03-08T07:00:00Z", -14400 },
		{ NEW_YORK, "2026-11-01T05:59:59Z", -14400 },
		{ NEW_YORK, "2026-11-01T06:00:00Z", -18000 },
		{ SYDNEY, "2026-01-15T00:00:00Z", 39600 },
		{ SYDNEY, "2026-04-04T15:59:59Z", 39600 },
		{ SYDNEY, "2026-04-04T16:00:00Z", 36000 },
		{ SYDNEY, "2026-10-03T16:00:00Z", 39600 },
		{ "EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-27T23:59:59Z", 7200 },
		{ "EET-2EEST,M3.4.4/50,M10.4.4/50", "2026-03-28T00:00:00Z", 10800 },
		{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T01:00:00Z", -3600 },
		{ "<-02>2<-01>,M3.5.0/-1,M10.5.0/0", "2026-03-29T00:59:59Z", -7200 },
		{ "IST-1GMT0,M10.5.0,M3.5.0/1", "2026-07-01T00:00:00Z", 3600 },
		{ "IST-1GMT0,M10.5.0,M3.5.0/1", "2026-12-01T00:00:00Z", 0 },
		{ "<+0545>-5:45", "2026-12-01T00:00:00Z", 20700 },
		{ "AAA0BBB,J60/0,J365/0", "2028-03-01T00:00:00Z", 3600 },
		{ "AAA0BBB,J60/0,J365/0", "2028-02-29T23:59:59Z", 0 },
		{ "AAA0BBB,59/0,364/0", "2028-02-29T00:00:00Z", 3600 },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct voc_zone zone = zone_of(cases[i].rule);
		int64_t seconds = ms_of(cases[i].time) / 1000;
		if (voc_zone_offset_s(&zone, seconds) != cases[i].offset_s)
			fail_msg("%s at %s: %d", cases[i].rule, cases[i].time, voc_zone_offset_s(&zone, seconds));
	}
}

static void test_local_times_that_come_twice_or_never(void **state)
{
	(void)state;
	static const struct {
		const char *rule, *local, *utc;
	} cases[] = {
		{ BERLIN, "2026-03-29T02:30:00Z", "2026-03-29T01:30:00Z" }, /* skipped: 03:30 in summer time */
		{ BERLIN, "2026-03-29T03:00:00Z", "2026-03-29T01:00:00Z" },
		{ BERLIN, "2026-10-25T02:30:00Z", "2026-10-25T00:30:00Z" }, /* the first of the two */
		{ BERLIN, "2026-10-25T03:00:00Z", "2026-10-25T02:00:00Z" },
		{ NEW_YORK, "2026-03-08T02:30:00Z", "2026-03-08T07:30:00Z" },
		{ NEW_YORK, "2026-11-01T01:30:00Z", "2026-11-01T05:30:00Z" },
		{ SEOUL, "2026-01-01T08:59:59Z", "2025-12-31T23:59:59Z" },
	};
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		struct voc_zone zone = zone_of(cases[i].rule);
		assert_int_equal(voc_zone_to_utc_s(&zone, ms_of(cases[i].local) / 1000), ms_of(cases[i].utc) / 1000);
	}
}

static void test_what_is_no_rule_is_refused(void **state)
{
	(void)state;
	static const char *const rules[] = {
		"",
		"K-9",
		"KST",
		"KST-9x",
		"KST-25",
		"KST-9:60",
		"<KST-9",
		"KST-9KDT",
		"C-1CEST",
		"CET-1CEST,M3.5.0",
		"CET-1CEST,M3.5.7,M10.5.0",
		"CET-1CEST,M13.5.0,M10.5.0",
		"CET-1CEST,J0,J365",
		"CET-1CEST,M3.5.0,M10.5.0/168",
		"CET-1CEST,366,J3",
		":Europe/Berlin",
	};
	struct voc_zone zone;
	for (size_t i = 0; i < sizeof rules / sizeof *rules; i++) {
		if (voc_zone_parse(voc_str_from(rules[i]), &zone))
			fail_msg("'%s' was taken", rules[i]);
	}
}

static void test_a_zone_file_says_its_rule(void **state)
{
	(void)state;
	char bytes[64] = "TZif2";
	struct voc_str rule;
	memset(bytes + 5, 0, sizeof bytes - 5);
	memcpy(bytes + 44, "\nKST-9\n", 7);
	assert_true(voc_zone_file_rule(voc_str_of(bytes, 51), &rule));
	assert_true(voc_str_is(rule, "KST-9"));
	assert_false(voc_zone_file_rule(voc_str_of(bytes, 50), &rule));
	bytes[4] = '1';
	assert_false(voc_zone_file_rule(voc_str_of(bytes, 51), &rule));
	assert_true(voc_zone_name_is_good(VOC_STR("America/Argentina/Buenos_Aires")));
	assert_true(voc_zone_name_is_good(VOC_STR("Etc/GMT+9")));
	assert_false(voc_zone_name_is_good(VOC_STR("../etc/passwd")));
	assert_false(voc_zone_name_is_good(VOC_STR("/etc/passwd")));
	assert_false(voc_zone_name_is_good(VOC_STR("Asia//Seoul")));
	assert_false(voc_zone_name_is_good(VOC_STR("Asia/")));
}

static void open_on(struct voc_day_hours *hours, const char *span)
{
	struct voc_day_span parsed;
	assert_true(voc_day_span_parse(voc_str_from(span), &parsed));
	assert_true(voc_day_hours_add(hours, parsed));
}

/* Monday to Friday 9 to 18 with an hour's lunch, Saturday a half day. */
static struct voc_business_hours office(const char *rule)
{
	struct voc_business_hours hours = { .zone = zone_of(rule) };
	for (int day = 1; day <= 5; day++) {
		open_on(&hours.week[day], "09:00-12:00");
		open_on(&hours.week[day], "13:00-18:00");
	}
	open_on(&hours.week[6], "09:00-13:00");
	return hours;
}

static void add_holiday(struct voc_business_hours *hours, const char *date, const char *span)
{
	int64_t day;
	assert_true(voc_civil_parse(voc_str_from(date), &day));
	struct voc_holiday *holiday = &hours->holidays[hours->holiday_count++];
	holiday->day = (int32_t)day;
	if (span)
		open_on(&holiday->hours, span);
}

static void check_deadline(const struct voc_business_hours *hours, const char *from, int minutes, const char *wanted)
{
	char got[VOC_TIMESTAMP_SIZE];
	voc_timestamp_format(voc_business_deadline_ms(hours, ms_of(from), minutes), got);
	int64_t got_ms;
	assert_true(voc_timestamp_parse(voc_str_from(got), &got_ms));
	if (got_ms != ms_of(wanted))
		fail_msg("%d minutes after %s: %s, not %s", minutes, from, got, wanted);
}

static void test_business_minutes_in_seoul(void **state)
{
	(void)state;
	struct voc_business_hours hours = office(SEOUL);
	add_holiday(&hours, "2026-09-24", NULL);          /* Chuseok */
	add_holiday(&hours, "2026-12-31", "09:00-12:00"); /* a half day */
	check_deadline(&hours, "2026-11-18T10:00:00+09:00", 60, "2026-11-18T11:00:00+09:00");
	check_deadline(&hours, "2026-11-18T11:30:00+09:00", 60, "2026-11-18T13:30:00+09:00"); /* over lunch */
	check_deadline(&hours, "2026-11-18T17:30:00+09:00", 30, "2026-11-18T18:00:00+09:00"); /* just fits */
	check_deadline(&hours, "2026-11-18T17:30:00+09:00", 31, "2026-11-19T09:01:00+09:00");
	check_deadline(&hours, "2026-11-18T23:10:00+09:00", 60, "2026-11-19T10:00:00+09:00");
	check_deadline(&hours, "2026-11-20T17:00:00+09:00", 120, "2026-11-21T10:00:00+09:00"); /* into Saturday */
	check_deadline(&hours, "2026-11-21T12:30:00+09:00", 60, "2026-11-23T09:30:00+09:00");  /* over Sunday */
	check_deadline(&hours, "2026-09-23T17:00:00+09:00", 120, "2026-09-25T10:00:00+09:00");
	check_deadline(&hours, "2026-12-31T11:30:00+09:00", 60, "2027-01-01T09:30:00+09:00");
	check_deadline(&hours, "2026-11-18T10:00:00.250+09:00", 1, "2026-11-18T10:01:00.250+09:00");
	check_deadline(&hours, "2026-11-16T09:00:00+09:00", 44 * 60, "2026-11-21T13:00:00+09:00"); /* a week */
}

static void test_clock_changes(void **state)
{
	(void)state;
	struct voc_business_hours berlin = office(BERLIN), new_york = office(NEW_YORK),
	                          always = { .zone = zone_of(BERLIN) };
	check_deadline(&berlin, "2026-03-28T12:30:00+01:00", 60, "2026-03-30T09:30:00+02:00");
	check_deadline(&berlin, "2026-10-24T12:30:00+02:00", 60, "2026-10-26T09:30:00+01:00");
	check_deadline(&new_york, "2026-03-07T12:30:00-05:00", 60, "2026-03-09T09:30:00-04:00");
	check_deadline(&new_york, "2026-10-31T12:30:00-04:00", 60, "2026-11-02T09:30:00-05:00");
	for (int day = 0; day < 7; day++)
		open_on(&always.week[day], "00:00-24:00");
	/* Real time counts: the night has an hour less, or one more. */
	check_deadline(&always, "2026-03-29T00:00:00+01:00", 24 * 60, "2026-03-30T01:00:00+02:00");
	check_deadline(&always, "2026-10-25T00:00:00+02:00", 24 * 60, "2026-10-25T23:00:00+01:00");
}

static void test_hours_that_hardly_open_end_somewhere(void **state)
{
	(void)state;
	struct voc_business_hours hours = { .zone = zone_of(SEOUL) };
	assert_int_equal(voc_business_deadline_ms(&hours, 0, 1), VOC_BUSINESS_DAYS_MAX * INT64_C(86400000));
	open_on(&hours.week[0], "09:00-09:01");
	check_deadline(&hours, "2026-11-18T10:00:00+09:00", 2, "2026-11-29T09:01:00+09:00");
}

static void test_spans_are_checked(void **state)
{
	(void)state;
	static const char *const bad[] = {
		"", "9:00-18:00", "09:00-09:00", "18:00-09:00", "09:60-10:00", "00:00-24:01", "-9:00-10:00"
	};
	struct voc_day_span span;
	struct voc_day_hours hours = { 0 };
	for (size_t i = 0; i < sizeof bad / sizeof *bad; i++)
		assert_false(voc_day_span_parse(voc_str_from(bad[i]), &span));
	open_on(&hours, "09:00-12:00");
	assert_true(voc_day_span_parse(VOC_STR("12:00-13:00"), &span));
	assert_false(voc_day_hours_add(&hours, span)); /* one span, written as two */
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_offsets_follow_the_law),
		cmocka_unit_test(test_local_times_that_come_twice_or_never),
		cmocka_unit_test(test_what_is_no_rule_is_refused),
		cmocka_unit_test(test_a_zone_file_says_its_rule),
		cmocka_unit_test(test_business_minutes_in_seoul),
		cmocka_unit_test(test_clock_changes),
		cmocka_unit_test(test_hours_that_hardly_open_end_somewhere),
		cmocka_unit_test(test_spans_are_checked),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
