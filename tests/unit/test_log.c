/* log: one valid JSON line an event, levels, bounds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/log.h"

#include <fcntl.h>
#include <jansson.h>
#include <unistd.h>

/* Standard error, caught in a pipe while `write_lines` runs. */
static size_t capture(void (*write_lines)(void), char *to, size_t size)
{
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	int saved = dup(STDERR_FILENO);
	assert_true(dup2(ends[1], STDERR_FILENO) >= 0);
	close(ends[1]);
	write_lines();
	assert_true(dup2(saved, STDERR_FILENO) >= 0);
	close(saved);
	size_t len = 0;
	for (ssize_t got; (got = read(ends[0], to + len, size - 1 - len)) > 0;)
		len += (size_t)got;
	close(ends[0]);
	to[len] = '\0';
	return len;
}

static void write_one(void)
{
	voc_log_init("voc-test", VOC_LOG_INFO);
	VOC_LOG(VOC_LOG_WARN, "hap\"pened", VOC_LOG_STR("text", "a\\b\n가\x01"), VOC_LOG_INT("number", INT64_MIN));
}

static void test_a_line_is_one_json_object(void **state)
{
	(void)state;
	char line[4096];
	size_t len = capture(write_one, line, sizeof line);
	assert_ptr_equal(strchr(line, '\n'), line + len - 1);
	json_t *root = json_loads(line, JSON_REJECT_DUPLICATES, NULL);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "level")), "warn");
	assert_string_equal(json_string_value(json_object_get(root, "service")), "voc-test");
	assert_string_equal(json_string_value(json_object_get(root, "event")), "hap\"pened");
	assert_string_equal(json_string_value(json_object_get(root, "text")), "a\\b\n가\x01");
	assert_int_equal(json_integer_value(json_object_get(root, "number")), INT64_MIN);
	assert_int_equal(json_integer_value(json_object_get(root, "pid")), getpid());
	assert_int_equal(strlen(json_string_value(json_object_get(root, "time"))), 24);
	json_decref(root);
}

static void write_levels(void)
{
	voc_log_init("voc-test", VOC_LOG_ERROR);
	VOC_LOG(VOC_LOG_WARN, "quiet");
	VOC_LOG(VOC_LOG_ERROR, "loud");
}

static void test_lesser_levels_are_left_out(void **state)
{
	(void)state;
	char line[4096];
	capture(write_levels, line, sizeof line);
	assert_null(strstr(line, "quiet"));
	assert_non_null(strstr(line, "\"loud\""));
}

static void write_error(void)
{
	struct voc_error error;
	voc_error_clear(&error);
	voc_error_set(&error, VOC_RETRY, VOC_REASON_REDIS, 12, "no answer within %d ms", 5);
	voc_error_set(&error, VOC_FATAL, VOC_REASON_KAFKA, 0, "a later failure");
	voc_log_init("voc-test", VOC_LOG_INFO);
	voc_log_error(VOC_LOG_ERROR, "failed", &error);
}

static void test_an_error_is_told_with_its_reason(void **state)
{
	(void)state;
	char line[4096];
	capture(write_error, line, sizeof line);
	assert_non_null(strstr(line, "\"reason\":\"redis\",\"error\":\"no answer within 5 ms\",\"position\":12}"));
}

static void write_long(void)
{
	static char text[3000];
	for (size_t i = 0; i + 3 < sizeof text; i += 3)
		memcpy(text + i, "가", 4);
	voc_log_init("voc-test", VOC_LOG_INFO);
	VOC_LOG(VOC_LOG_INFO, "long", VOC_LOG_STR("text", text));
}

static void test_long_texts_are_cut_between_characters(void **state)
{
	(void)state;
	char line[8192];
	capture(write_long, line, sizeof line);
	json_t *root = json_loads(line, 0, NULL); /* refuses broken UTF-8 */
	assert_non_null(root);
	assert_int_equal(json_string_length(json_object_get(root, "text")), 510);
	json_decref(root);
}

static void write_too_long(void)
{
	static char text[512];
	memset(text, '\x01', sizeof text - 1); /* six bytes each once it is written */
	voc_log_init("voc-test", VOC_LOG_INFO);
	VOC_LOG(VOC_LOG_ERROR, "lost", VOC_LOG_STR("one", text), VOC_LOG_STR("other", text));
}

static void test_an_event_is_told_even_if_its_fields_do_not_fit(void **state)
{
	(void)state;
	char line[8192];
	capture(write_too_long, line, sizeof line);
	json_t *root = json_loads(line, 0, NULL);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "event")), "lost");
	json_decref(root);
}

static void write_broken(void)
{
	voc_log_init("voc-test", VOC_LOG_INFO);
	VOC_LOG(VOC_LOG_ERROR, "broken", VOC_LOG_STR("path", "/a\xFF/\xEA\xB0"));
}

static void test_a_line_is_well_formed_whatever_is_told(void **state)
{
	(void)state;
	char line[4096];
	capture(write_broken, line, sizeof line);
	json_t *root = json_loads(line, 0, NULL);
	assert_non_null(root);
	assert_string_equal(json_string_value(json_object_get(root, "path")), "/a?/??");
	json_decref(root);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_line_is_one_json_object),
		cmocka_unit_test(test_lesser_levels_are_left_out),
		cmocka_unit_test(test_an_error_is_told_with_its_reason),
		cmocka_unit_test(test_long_texts_are_cut_between_characters),
		cmocka_unit_test(test_an_event_is_told_even_if_its_fields_do_not_fit),
		cmocka_unit_test(test_a_line_is_well_formed_whatever_is_told),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
