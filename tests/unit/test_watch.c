/* vocctl watch: frames of fixed views; the canvas; text made safe and measured; the window of shares. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <locale.h>
#include <stdio.h>
#include <stdlib.h>

#include "vocctl/shared/text.h"
#include "vocctl/watch/canvas.h"
#include "vocctl/watch/watch_frame.h"
#include "vocctl/watch/watch_window.h"

static struct voc_buf page;

static int set_up(void **state)
{
	(void)state;
	voc_buf_init(&page, 1 << 20);
	return setlocale(LC_CTYPE, "C.UTF-8") != NULL ? 0 : -1;
}

static int tear_down(void **state)
{
	(void)state;
	voc_buf_free(&page);
	return 0;
}

static const struct watch_view *busy_view(void)
{
	static struct watch_view view;
	view = (struct watch_view){
		.now_ms = INT64_C(1795340000000),
		.events = 1234567,
		.rates = { 1234500, 617000, 0 },
		.rate_count = 3,
		.window = 5000,
		.feedback = { 10, 600, 300, 100 },
		.satisfaction = { 0, 500, 300, 100, 100 },
		.factor = { 100, 400, 50, 25, 25, 0 },
		.servqual = { 500, 10, 20, 30, 40, 0 },
		.channel = { 600, 300, 100 },
		.groups = { { "voc-classifier", 0 }, { "voc-aggregator", 1500 }, { "voc-alerter-crm", -1 } },
		.group_count = 3,
		.at_risk = { { "C-000123", 82, "critical" }, { "고객-가나다", 61, "at_risk" } },
		.at_risk_count = 2,
		.at_risk_total = 17,
		.alerts = { { INT64_C(1795339980000), "C-000123", VOC_RULE_RISK_CRITICAL, VOC_SEVERITY_CRITICAL, 82 } },
		.alert_count = 1,
	};
	view.dead_letters[VOC_REASON_BAD_JSON] = 3;
	return &view;
}

static const char *frame(const struct watch_view *view, int rows, int columns)
{
	struct canvas *canvas = canvas_new(rows, columns);
	watch_frame_draw(canvas, view);
	voc_buf_clear(&page);
	canvas_write(canvas, &page, CANVAS_LINES, false);
	canvas_free(canvas);
	return voc_buf_c_str(&page);
}

/* The line with this beginning, up to its end. */
static const char *line_of(const char *text, const char *beginning)
{
	static char line[1024];
	const char *at = strstr(text, beginning);
	if (at == NULL)
		fail_msg("no '%s' in\n%s", beginning, text);
	while (at > text && at[-1] != '\n')
		at--;
	voc_str_copy(line, sizeof line, voc_str_of(at, strcspn(at, "\n")));
	return line;
}

static void assert_fits(const char *text, size_t rows, size_t columns)
{
	size_t count = 0;
	for (const char *line = text; *line != '\0'; line += strcspn(line, "\n") + 1, count++) {
		struct voc_str content = voc_str_of(line, strcspn(line, "\n"));
		if (vocctl_text_columns(content) > columns)
			fail_msg("%zu columns: %.*s", vocctl_text_columns(content), VOC_STR_ARG(content));
	}
	assert_int_equal(count, rows);
}

static void test_a_small_terminal_shows_what_counts(void **state)
{
	(void)state;
	const char *text = frame(busy_view(), 24, 80);
	assert_fits(text, 24, 80);
	assert_string_equal(line_of(text, "voice of"),
	                    "voice of customer  redis and kafka answer                   2026-11-22 09:33:20Z");
	assert_string_equal(line_of(text, "classified"), "classified 1234567  1234.5/s   ▄█");
	assert_string_equal(line_of(text, "lag"), "lag  voc-classifier 0  voc-aggregator 1500  voc-alerter-crm ?");
	assert_string_equal(line_of(text, "dead"), "dead letters 3  bad_json 3");
	assert_string_equal(line_of(text, "complaint"), "complaint 불만              ███▋    60%  "
	                                                "product_service 제품·서비스 ████▊   80%");
	assert_non_null(strstr(text, "C-000123       82 critical ████████▎"));
	assert_non_null(strstr(text, "고객-가나다    61 at_risk  ██████▏"));
	assert_non_null(strstr(text, "09:33 risk_critical     82 C-000123"));
	assert_null(strstr(text, "SERVQUAL"));
}

static void test_a_large_terminal_shows_all(void **state)
{
	(void)state;
	const char *text = frame(busy_view(), 40, 120);
	assert_fits(text, 40, 120);
	assert_non_null(strstr(text, "SERVQUAL 서비스 품질"));
	assert_non_null(strstr(text, "CHANNEL 채널"));
	assert_non_null(strstr(line_of(text, "empathy"), "40%"));
}

static void test_no_size_is_too_small(void **state)
{
	(void)state;
	for (int rows = 1; rows < 40; rows += 3) {
		for (int columns = 1; columns < 140; columns += 7)
			assert_fits(frame(busy_view(), rows, columns), (size_t)rows, (size_t)columns);
	}
}

static void test_an_empty_view_is_fine(void **state)
{
	(void)state;
	struct watch_view view = { .redis_trouble = "Redis is away", .kafka_trouble = "Kafka too" };
	const char *text = frame(&view, 24, 80);
	assert_fits(text, 24, 80);
	assert_non_null(strstr(text, "Redis is away; Kafka too"));
	assert_non_null(strstr(text, "complaint 불만                       0%"));
}

static void test_colour_and_screen_control_come_only_when_asked(void **state)
{
	(void)state;
	assert_null(strchr(frame(busy_view(), 24, 80), '\x1b'));
	struct canvas *canvas = canvas_new(2, 10);
	canvas_text(canvas, 0, 0, 10, CANVAS_RED, VOC_STR("red"));
	voc_buf_clear(&page);
	canvas_write(canvas, &page, CANVAS_TERMINAL, true);
	assert_string_equal(voc_buf_c_str(&page), "\x1b[H\x1b[0;31mred\x1b[0m\x1b[K\r\n\x1b[J");
	voc_buf_clear(&page);
	canvas_write(canvas, &page, CANVAS_TERMINAL, false);
	assert_string_equal(voc_buf_c_str(&page), "\x1b[Hred\x1b[K\r\n\x1b[J");
	canvas_free(canvas);
}

static void test_foreign_text_commands_no_terminal(void **state)
{
	(void)state;
	struct watch_view view = *busy_view();
	voc_str_copy(view.at_risk[0].id, sizeof view.at_risk[0].id, VOC_STR("\x1b]0;x\x07\x1b[2J\xc2\x9b\xff\u202e"));
	const char *text = frame(&view, 24, 80);
	assert_null(strpbrk(text, "\x1b\x07\xff"));
	assert_null(strstr(text, "\xc2\x9b"));
	assert_null(strstr(text, "\u202e"));
	assert_fits(text, 24, 80);
}

static void test_cells_hold_wide_and_combining_characters(void **state)
{
	(void)state;
	assert_int_equal(vocctl_text_columns(VOC_STR("한글 a")), 6);
	assert_int_equal(vocctl_text_columns(VOC_STR("e\u0301")), 1);
	voc_buf_clear(&page);
	vocctl_text_add_cell(&page, VOC_STR("한글한글"), 5);
	voc_buf_add_char(&page, '|');
	vocctl_text_add_cell(&page, VOC_STR("한글한글"), 4);
	voc_buf_add_char(&page, '|');
	vocctl_text_add_cell(&page, VOC_STR("한"), 4);
	assert_string_equal(voc_buf_c_str(&page), "한글…|한… |한  ");
	struct canvas *canvas = canvas_new(1, 5);
	assert_int_equal(canvas_text(canvas, 0, 0, 5, CANVAS_PLAIN, VOC_STR("e\u0301한글")), 5);
	assert_int_equal(canvas_text(canvas, 0, 4, 5, CANVAS_PLAIN, VOC_STR("한")), 0);
	voc_buf_clear(&page);
	canvas_write(canvas, &page, CANVAS_LINES, false);
	assert_string_equal(voc_buf_c_str(&page), "e\u0301한글\n");
	canvas_free(canvas);
}

static void test_the_window_forgets_the_oldest(void **state)
{
	(void)state;
	struct watch_window *window = calloc(1, sizeof *window);
	struct watch_view view = { 0 };
	const struct voc_labels first = { .feedback = VOC_FEEDBACK_COMPLAINT, .factors = 1u << VOC_FACTOR_EQUITY };
	const struct voc_labels later = { .feedback = VOC_FEEDBACK_QUESTION };
	watch_window_add(window, &first, VOC_CHANNEL_CALL, &view);
	for (int i = 0; i < WATCH_WINDOW_EVENTS - 1; i++)
		watch_window_add(window, &later, VOC_CHANNEL_WEB, &view);
	assert_int_equal(view.feedback[VOC_FEEDBACK_COMPLAINT], 1);
	assert_int_equal(view.factor[VOC_FACTOR_EQUITY], 1);
	watch_window_add(window, &later, VOC_CHANNEL_WEB, &view);
	assert_int_equal(view.feedback[VOC_FEEDBACK_COMPLAINT], 0);
	assert_int_equal(view.factor[VOC_FACTOR_EQUITY], 0);
	assert_int_equal(view.feedback[VOC_FEEDBACK_QUESTION], WATCH_WINDOW_EVENTS);
	assert_int_equal(view.channel[VOC_CHANNEL_WEB], WATCH_WINDOW_EVENTS);
	assert_int_equal(view.window, WATCH_WINDOW_EVENTS);
	free(window);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_a_small_terminal_shows_what_counts),
		cmocka_unit_test(test_a_large_terminal_shows_all),
		cmocka_unit_test(test_no_size_is_too_small),
		cmocka_unit_test(test_an_empty_view_is_fine),
		cmocka_unit_test(test_colour_and_screen_control_come_only_when_asked),
		cmocka_unit_test(test_foreign_text_commands_no_terminal),
		cmocka_unit_test(test_cells_hold_wide_and_combining_characters),
		cmocka_unit_test(test_the_window_forgets_the_oldest),
	};
	return cmocka_run_group_tests(tests, set_up, tear_down);
}
