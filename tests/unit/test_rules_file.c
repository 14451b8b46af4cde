/* A rules file whose zone is only named: its rule is this host's, and what it makes is what an operator would write. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "core/rules/rules.h"
#include "io/service/rules_file.h"
#include "support/examples.h"

#define ZONEINFO "/usr/share/zoneinfo"
#define JANUARY  INT64_C(1768478400) /* 2026-01-15 12:00 UTC, in seconds */
#define JULY     INT64_C(1784116800) /* 2026-07-15 12:00 UTC */

static char path[] = "/tmp/voc-test-rules-XXXXXX";

/* The release's rules with this in the place of `"zone": "Asia/Seoul", "tz": "KST-9"`. */
static void write_rules(const char *zone)
{
	struct voc_buf text = example_read("deploy/rules.json");
	const char *from = strstr(voc_buf_c_str(&text), "\"zone\""), *to = strstr(from, "\"KST-9\"");
	FILE *file = fopen(path, "w");
	assert_true(from && to && file);
	fwrite(text.ptr, 1, (size_t)(from - text.ptr), file);
	fputs(zone, file);
	fputs(to + strlen("\"KST-9\""), file);
	assert_int_equal(fclose(file), 0);
	voc_buf_free(&text);
}

static enum voc_status read_rules(const char *zoneinfo, struct voc_rules *ret_rules, struct voc_error *error)
{
	struct voc_buf json;
	voc_buf_init(&json, VOC_RULES_FILE_ROOM);
	voc_error_clear(error);
	enum voc_status status = voc_rules_file_read(path, zoneinfo, &json, error);
	if (status == VOC_OK)
		status = voc_rules_parse(voc_buf_str(&json), ret_rules, error);
	voc_buf_free(&json);
	return status;
}

/* As if it had been written by hand: the same version, so the same text in the log. */
static void test_a_zone_by_its_name(void **state)
{
	(void)state;
	static const struct {
		const char *zone, *rule;
		int winter_s, summer_s;
	} cases[] = {
		{ "Asia/Seoul", "KST-9", 32400, 32400 },
		{ "Europe/Berlin", "CET-1CEST,M3.5.0,M10.5.0/3", 3600, 7200 },
		{ "America/New_York", "EST5EDT,M3.2.0,M11.1.0", -18000, -14400 },
		{ "Australia/Sydney", "AEST-10AEDT,M10.1.0,M4.1.0/3", 39600, 36000 },
		{ "Asia/Kolkata", "IST-5:30", 19800, 19800 },
	};
	static struct voc_rules named, spelt;
	struct voc_error error;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char zone[160];
		snprintf(zone, sizeof zone, "\"zone\": \"%s\"", cases[i].zone);
		write_rules(zone);
		if (read_rules(ZONEINFO, &named, &error) != VOC_OK)
			fail_msg("%s: %s", cases[i].zone, error.text);
		assert_int_equal(voc_zone_offset_s(&named.cases.hours.zone, JANUARY), cases[i].winter_s);
		assert_int_equal(voc_zone_offset_s(&named.cases.hours.zone, JULY), cases[i].summer_s);
		snprintf(zone, sizeof zone, "\"zone\": \"%s\", \"tz\": \"%s\"", cases[i].zone, cases[i].rule);
		write_rules(zone);
		assert_int_equal(read_rules("/nowhere", &spelt, &error), VOC_OK); /* nothing is looked up */
		assert_string_equal(named.version, spelt.version);
	}
}

static void refuse(const char *zone, const char *zoneinfo, const char *why)
{
	static struct voc_rules rules;
	struct voc_error error;
	write_rules(zone);
	assert_int_equal(read_rules(zoneinfo, &rules, &error), VOC_FATAL);
	assert_int_equal(error.reason, VOC_REASON_CONFIG);
	if (!strstr(error.text, why))
		fail_msg("%s: %s", zone, error.text);
}

static void test_what_is_no_zone_is_told(void **state)
{
	(void)state;
	refuse("\"zone\": \"Europe/Berlim\"", ZONEINFO, "cases.calendar.tz: missing, and no such zone here: " ZONEINFO);
	refuse("\"zone\": \"Europe\"", ZONEINFO, "cases.calendar.tz: missing, and no such zone here: ");
	refuse("\"zone\": \"Asia/Seoul\"", "/nowhere", "cases.calendar.tz: missing, and no such zone here: /nowhere");
	refuse("\"zone\": \"hostname\"", "/etc", "is no zone's file that ends in a rule");
	refuse("\"zone\": \"../passwd\"", ZONEINFO, "cases.calendar.zone: expected a zone's name");
	refuse("\"zone\": 9", ZONEINFO, "cases.calendar.zone: expected a string");
	refuse("\"x\": 1", ZONEINFO, "cases.calendar");
	refuse("\"zone\": \"Asia/Seoul\", \"tz\": \"KST\"", ZONEINFO, "cases.calendar.tz: expected a POSIX TZ rule");
	refuse("\"zone\" \"Asia/Seoul\"", ZONEINFO, "line ");
}

static int start(void **state)
{
	(void)state;
	int fd = mkstemp(path);
	return fd < 0 ? -1 : close(fd);
}

static int stop(void **state)
{
	(void)state;
	return unlink(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_zone_by_its_name),
		cmocka_unit_test(test_what_is_no_zone_is_told),
	};
	return cmocka_run_group_tests(tests, start, stop);
}
