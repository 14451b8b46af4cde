/* vocctl: its table of commands, their arguments, times, lines and routes. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "conf/option.h"
#include "vocctl/commands.h"
#include "vocctl/dlq/dlq_tally.h"
#include "vocctl/send/send_route.h"
#include "vocctl/shared/lines.h"

#define NOW_MS INT64_C(1795340000000)

static void test_every_command_is_whole(void **state)
{
	(void)state;
	/* By name, as scripts call them: one that a merge takes out is missed. */
	static const char *const names[] = { "send",   "classify", "customer",    "at-risk", "case",
		                             "lapsed", "report",   "export",      "watch",   "dlq",
		                             "gen",    "label",    "corrections", "rules",   "shadow",
		                             "topics", "doctor",   "forget",      "verify",  "rebuild" };
	struct voc_buf buf;
	voc_buf_init(&buf, 65536);
	size_t count = 0;
	for (; vocctl_commands[count] != NULL; count++) {
		const struct vocctl_command *command = vocctl_commands[count];
		assert_ptr_equal(vocctl_command_find(command->name), command);
		assert_non_null(command->run);
		assert_true(command->flag_count <= VOCCTL_FLAGS_MAX);
		assert_true(command->operands_most <= VOCCTL_OPERANDS_MAX);
		assert_true(command->operands_least <= command->operands_most);
		voc_buf_clear(&buf);
		vocctl_help(&buf, command);
		assert_non_null(strstr(voc_buf_c_str(&buf), command->summary));
		for (size_t i = 0; i < command->flag_count; i++) {
			assert_non_null(strstr(voc_buf_c_str(&buf), command->flags[i].help));
			assert_true((command->flags[i].type == VOCCTL_SWITCH) == (command->flags[i].value == NULL));
		}
	}
	for (size_t i = 0; i < sizeof names / sizeof *names; i++)
		assert_non_null(vocctl_command_find(names[i]));
	assert_int_equal(count, sizeof names / sizeof *names);
	voc_buf_clear(&buf);
	vocctl_help(&buf, NULL);
	for (size_t i = 0; i < count; i++)
		assert_non_null(strstr(voc_buf_c_str(&buf), vocctl_commands[i]->summary));
	voc_buf_free(&buf);
}

/* An option's flag is read before the command's: one of the same name would never be. */
static void test_no_flag_hides_behind_an_option(void **state)
{
	(void)state;
	for (size_t i = 0; vocctl_commands[i] != NULL; i++) {
		for (size_t at = 0; at < vocctl_commands[i]->flag_count; at++) {
			const char *name = vocctl_commands[i]->flags[at].name;
			const struct voc_option *option = voc_option_find_flag(voc_str_from(name));
			if (option != NULL && option->programs & VOC_PROGRAM_VOCCTL)
				fail_msg("vocctl %s --%s is an option's", vocctl_commands[i]->name, name);
		}
	}
}

static void test_a_slip_is_met_with_the_nearest_name(void **state)
{
	(void)state;
	char nearest[64];
	assert_true(vocctl_command_suggest("sned", nearest, sizeof nearest));
	assert_string_equal(nearest, "send");
	assert_true(vocctl_command_suggest("atrisk", nearest, sizeof nearest));
	assert_string_equal(nearest, "at-risk");
	assert_false(vocctl_command_suggest("zzzzzzzz", nearest, sizeof nearest));
	assert_null(vocctl_command_find("sned"));
}

static const struct vocctl_flag flags[] = {
	{ "loud", VOCCTL_SWITCH, NULL, 0, 0, 0, "" },
	{ "count", VOCCTL_COUNT, "N", 1, 10, 5, "" },
	{ "since", VOCCTL_TIME, "T", 0, 0, 0, "" },
	{ "name", VOCCTL_TEXT, "S", 0, 0, 0, "" },
};
static const struct vocctl_command command = {
	.name = "test",
	.synopsis = "ONE [TWO]",
	.operands_least = 1,
	.operands_most = 2,
	.flags = flags,
	.flag_count = 4,
};

static bool parse(struct vocctl_arguments *arguments, struct voc_error *error, int argc, const char *const *argv)
{
	*error = (struct voc_error){ 0 };
	return vocctl_arguments_parse(&command, argc, (char **)(uintptr_t)argv, NOW_MS, arguments, error);
}
#define PARSE(...)                                                                                         \
	parse(&arguments, &error, (int)(sizeof((const char *[]){ "test", __VA_ARGS__ }) / sizeof(char *)), \
	      (const char *[]){ "test", __VA_ARGS__, NULL })

static void test_arguments_are_read(void **state)
{
	(void)state;
	struct vocctl_arguments arguments;
	struct voc_error error;
	assert_true(PARSE("a", "--loud", "--count", "7", "--since=2h", "--name", "--x", "b"));
	assert_true(arguments.flags[0].given);
	assert_int_equal(arguments.flags[1].number, 7);
	assert_int_equal(arguments.flags[2].number, NOW_MS - 7200000);
	assert_string_equal(arguments.flags[3].text, "--x");
	assert_int_equal(arguments.operand_count, 2);
	assert_string_equal(arguments.operands[1], "b");
	assert_true(PARSE("--", "--loud"));
	assert_false(arguments.flags[0].given);
	assert_false(arguments.flags[1].given);
	assert_int_equal(arguments.flags[1].number, 5);
	assert_string_equal(arguments.operands[0], "--loud");
	assert_true(PARSE("-"));
}

static void test_wrong_arguments_are_told(void **state)
{
	(void)state;
	struct vocctl_arguments arguments;
	struct voc_error error;
	assert_false(PARSE("a", "--cuont", "7"));
	assert_non_null(strstr(error.text, "did you mean --count?"));
	assert_false(PARSE("a", "--count", "11"));
	assert_non_null(strstr(error.text, "from 1 to 10"));
	assert_false(PARSE("a", "--count", "seven"));
	assert_false(PARSE("a", "--count"));
	assert_false(PARSE("a", "--loud=yes"));
	assert_false(PARSE("a", "--since", "long ago"));
	assert_false(PARSE("a", "b", "c"));
	assert_non_null(strstr(error.text, "ONE [TWO]"));
	assert_false(PARSE("--loud"));
}

static void test_times(void **state)
{
	(void)state;
	int64_t ms = -1;
	assert_true(vocctl_time_parse(VOC_STR("now"), NOW_MS, &ms));
	assert_int_equal(ms, NOW_MS);
	assert_true(vocctl_time_parse(VOC_STR("30m"), NOW_MS, &ms));
	assert_int_equal(ms, NOW_MS - 1800000);
	assert_true(vocctl_time_parse(VOC_STR("7d"), NOW_MS, &ms));
	assert_int_equal(ms, NOW_MS - INT64_C(604800000));
	assert_true(vocctl_time_parse(VOC_STR("2026-11-21"), NOW_MS, &ms));
	assert_int_equal(ms, INT64_C(1795219200000));
	assert_true(vocctl_time_parse(VOC_STR("2026-11-21T09:30:00+09:00"), NOW_MS, &ms));
	assert_int_equal(ms, INT64_C(1795221000000));
	assert_false(vocctl_time_parse(VOC_STR("2026-13-01"), NOW_MS, &ms));
	assert_false(vocctl_time_parse(VOC_STR("-3h"), NOW_MS, &ms));
	assert_false(vocctl_time_parse(VOC_STR("h"), NOW_MS, &ms));
	assert_false(vocctl_time_parse(VOC_STR(""), NOW_MS, &ms));
}

static void test_lines_come_whole(void **state)
{
	(void)state;
	struct vocctl_lines lines;
	struct voc_str line;
	FILE *file = tmpfile();
	assert_non_null(file);
	fputs("one\n\n", file);
	for (int i = 0; i < VOCCTL_LINE_MAX + 10; i++)
		fputc('x', file);
	fputs("\nlast", file);
	fflush(file);
	lseek(fileno(file), 0, SEEK_SET);
	assert_true(vocctl_lines_init(&lines, file));
	assert_int_equal(vocctl_lines_next(&lines, &line), VOCCTL_LINE_READ);
	assert_true(voc_str_is(line, "one"));
	assert_int_equal(vocctl_lines_next(&lines, &line), VOCCTL_LINE_READ);
	assert_int_equal(line.len, 0);
	assert_int_equal(vocctl_lines_next(&lines, &line), VOCCTL_LINE_TOO_LONG);
	assert_int_equal(lines.number, 3);
	assert_int_equal(vocctl_lines_next(&lines, &line), VOCCTL_LINE_READ);
	assert_true(voc_str_is(line, "last"));
	assert_int_equal(lines.bytes, 5 + VOCCTL_LINE_MAX + 11 + 4);
	assert_int_equal(vocctl_lines_next(&lines, &line), VOCCTL_LINE_END);
	vocctl_lines_free(&lines);
	fclose(file);
}

static void test_routes_are_found(void **state)
{
	(void)state;
	struct voc_arena *arena = voc_arena_new(1 << 16);
	struct send_route route;
	struct voc_error error = { 0 };
	struct voc_str line =
	        VOC_STR("{\"time\":\"2026-01-01T00:00:00Z\",\"data\":{\"text\":\"x\",\"customer_id\":\"C\"},"
	                "\"type\":\"voc.complaint\"}");
	assert_int_equal(send_route_find(line, arena, &route, &error), VOC_OK);
	assert_int_equal(route.topic, VOC_TOPIC_COMPLAINTS);
	assert_true(voc_str_is(route.key, "C"));
	assert_int_equal(route.time.ptr - line.ptr, 9);
	assert_int_equal(route.time.len, 20);
	error = (struct voc_error){ 0 };
	assert_int_equal(send_route_find(VOC_STR("{\"type\":\"voc.call\",\"data\":{}}"), arena, &route, &error),
	                 VOC_INVALID);
	assert_int_equal(error.reason, VOC_REASON_MISSING_FIELD);
	assert_int_equal(route.topic, VOC_TOPIC_CALLS);
	assert_null(route.key.ptr);
	error = (struct voc_error){ 0 };
	assert_int_equal(send_route_find(VOC_STR("{\"type\":\"voc.fax\",\"data\":{\"customer_id\":\"C\"}}"), arena,
	                                 &route, &error),
	                 VOC_INVALID);
	assert_int_equal(error.reason, VOC_REASON_UNKNOWN_TYPE);
	assert_int_equal(route.topic, VOC_TOPIC_WEB);
	static const struct {
		const char *line;
		enum voc_topic topic;
	} facts[] = {
		{ "{\"type\":\"voc.profile\",\"data\":{\"customer_id\":\"C\"}}", VOC_TOPIC_PROFILES },
		{ "{\"type\":\"voc.order\",\"data\":{\"customer_id\":\"C\"}}", VOC_TOPIC_ORDERS },
		{ "{\"type\":\"voc.followup\",\"data\":{\"customer_id\":\"C\"}}", VOC_TOPIC_FOLLOWUPS },
	};
	for (size_t i = 0; i < sizeof facts / sizeof *facts; i++) {
		error = (struct voc_error){ 0 };
		assert_int_equal(send_route_find(voc_str_from(facts[i].line), arena, &route, &error), VOC_OK);
		assert_int_equal(route.topic, facts[i].topic);
	}
	voc_arena_free(arena);
}

static void test_dead_letters_are_tallied(void **state)
{
	(void)state;
	struct dlq_tally *tally = calloc(1, sizeof *tally);
	struct voc_buf out;
	voc_buf_init(&out, 65536);
	dlq_tally_add(tally, VOC_STR("bad_json"), VOC_STR("voc.web"), 2000);
	dlq_tally_add(tally, VOC_STR("bad_utf8"), VOC_STR("voc.web"), 5000);
	dlq_tally_add(tally, VOC_STR("bad_utf8"), VOC_STR("voc.web"), 3000);
	dlq_tally_print(&out, tally, "from");
	assert_string_equal(
	        voc_buf_c_str(&out),
	        "   count  reason                from                  first                 last\n"
	        "       2  bad_utf8              voc.web               1970-01-01 00:00:03Z  1970-01-01 00:00:05Z\n"
	        "       1  bad_json              voc.web               1970-01-01 00:00:02Z  1970-01-01 00:00:02Z\n");
	voc_buf_clear(&out);
	dlq_tally_json(&out, tally);
	assert_string_equal(
	        voc_buf_c_str(&out),
	        "{\"count\":2,\"reason\":\"bad_utf8\",\"topic\":\"voc.web\",\"first_at\":3000,\"last_at\":5000}\n"
	        "{\"count\":1,\"reason\":\"bad_json\",\"topic\":\"voc.web\",\"first_at\":2000,\"last_at\":2000}\n");
	for (int i = 0; i < 2 * DLQ_TALLY_ROWS; i++) {
		char topic[16];
		snprintf(topic, sizeof topic, "t%d", i);
		dlq_tally_add(tally, VOC_STR("bad_json"), voc_str_from(topic), 1);
	}
	assert_int_equal(tally->row_count, DLQ_TALLY_ROWS);
	assert_int_equal(tally->total, 3 + 2 * DLQ_TALLY_ROWS);
	voc_buf_free(&out);
	free(tally);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_every_command_is_whole),
		cmocka_unit_test(test_no_flag_hides_behind_an_option),
		cmocka_unit_test(test_a_slip_is_met_with_the_nearest_name),
		cmocka_unit_test(test_arguments_are_read),
		cmocka_unit_test(test_wrong_arguments_are_told),
		cmocka_unit_test(test_times),
		cmocka_unit_test(test_lines_come_whole),
		cmocka_unit_test(test_routes_are_found),
		cmocka_unit_test(test_dead_letters_are_tallied),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
