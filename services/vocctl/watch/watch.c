#include "vocctl/commands.h"

#include "base/clock.h"
#include "io/service/signals.h"
#include "terminal.h"
#include "vocctl/shared/text.h"
#include "watch_source.h"

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define PAGE_BYTES_MAX (4 << 20)
#define ONCE_ROWS      40
#define ONCE_COLUMNS   100

enum { FLAG_ONCE, FLAG_EVERY, FLAG_COUNT };

static const struct vocctl_flag flags[FLAG_COUNT] = {
	[FLAG_ONCE] = { "once", VOCCTL_SWITCH, NULL, 0, 0, 0, "Print one picture, plainly, and end" },
	[FLAG_EVERY] = { "every", VOCCTL_COUNT, "SECONDS", 1, 3600, 1, "Pause between two looks" },
};

static bool print_frame(const struct watch_view *view, int rows, int columns, enum canvas_output output, bool colour)
{
	struct voc_buf page;
	struct canvas *canvas = canvas_new(rows, columns);
	voc_buf_init(&page, PAGE_BYTES_MAX);
	if (canvas != NULL) {
		watch_frame_draw(canvas, view);
		canvas_write(canvas, &page, output, colour);
	}
	bool fine = canvas != NULL && !page.failed && fwrite(page.ptr, 1, page.len, stdout) == page.len &&
	            fflush(stdout) == 0;
	canvas_free(canvas);
	voc_buf_free(&page);
	return fine;
}

/* Two looks, for a rate. */
static int watch_once(struct watch_source *source, struct watch_view *view)
{
	watch_source_look(source, view, true);
	watch_source_look(source, view, false);
	int rows = ONCE_ROWS, columns = ONCE_COLUMNS;
	terminal_size(STDOUT_FILENO, &rows, &columns);
	bool printed = print_frame(view, rows, columns, CANVAS_LINES, vocctl_colour_wanted(STDOUT_FILENO));
	return printed && view->redis_trouble[0] == '\0' && view->kafka_trouble[0] == '\0' ? VOCCTL_OK : VOCCTL_FAILED;
}

static int watch_on(struct watch_source *source, struct watch_view *view, int64_t every_ms)
{
	bool colour = vocctl_colour_wanted(STDOUT_FILENO), fine = true;
	enum terminal_key key = TERMINAL_NOTHING;
	int64_t look_at_ms = 0;
	if (!terminal_enter()) {
		fprintf(stderr, "vocctl watch: this terminal can't be used\n");
		return VOCCTL_FAILED;
	}
	while (fine && key != TERMINAL_QUIT) {
		int rows = 24, columns = 80;
		if (voc_clock_ms() >= look_at_ms) {
			watch_source_look(source, view, false);
			look_at_ms = voc_clock_ms() + every_ms;
		}
		terminal_size(STDOUT_FILENO, &rows, &columns);
		fine = print_frame(view, rows, columns, CANVAS_TERMINAL, colour);
		int64_t left_ms = look_at_ms - voc_clock_ms();
		key = terminal_wait(left_ms > 0 ? (int)left_ms : 0);
	}
	terminal_leave();
	return fine ? VOCCTL_OK : VOCCTL_FAILED;
}

static int run(const struct voc_conf *conf, const struct vocctl_arguments *arguments)
{
	struct voc_error error = { 0 };
	if (voc_signals_install(&error) != VOC_OK) {
		fprintf(stderr, "vocctl watch: %s\n", error.text);
		return VOCCTL_FAILED;
	}
	struct watch_source *source = watch_source_new(conf);
	struct watch_view *view = calloc(1, sizeof *view);
	int status = VOCCTL_FAILED;
	if (source == NULL || view == NULL)
		fprintf(stderr, "vocctl watch: out of memory\n");
	else if (arguments->flags[FLAG_ONCE].given || !isatty(STDOUT_FILENO))
		status = watch_once(source, view);
	else
		status = watch_on(source, view, arguments->flags[FLAG_EVERY].number * 1000);
	watch_source_free(source);
	free(view);
	return status;
}

const struct vocctl_command vocctl_command_watch = {
	.name = "watch",
	.summary = "Watch the pipeline: rates, lags, labels, customers at risk, alerts",
	.description =
	        "A live view; q or Ctrl-C ends it. Shares are of the last 5,000 events that were classified. Where\n"
	        "standard output is no terminal, one picture is printed, as with --once.\n",
	.flags = flags,
	.flag_count = FLAG_COUNT,
	.run = run,
};
