#include "progress.h"

#include "base/clock.h"

#include <stdio.h>
#include <unistd.h>

#define DRAW_EVERY_US 100000
#define BAR_COLUMNS   30

void vocctl_progress_begin(struct vocctl_progress *progress, int64_t total, const char *done)
{
	*progress = (struct vocctl_progress){
		.shown = isatty(STDERR_FILENO) == 1,
		.total = total,
		.done = done,
		.began_us = voc_clock_us(),
	};
}

int64_t vocctl_progress_ms(const struct vocctl_progress *progress)
{
	int64_t ms = (voc_clock_us() - progress->began_us) / 1000;
	return ms > 0 ? ms : 1;
}

void vocctl_progress_show(struct vocctl_progress *progress, int64_t done, int64_t events)
{
	int64_t now_us = progress->shown ? voc_clock_us() : 0;
	if (!progress->shown || now_us - progress->drawn_us < DRAW_EVERY_US)
		return;
	progress->drawn_us = now_us;
	fputs("\r\x1b[K", stderr);
	if (progress->total > 0) {
		int full = (int)(done * BAR_COLUMNS / progress->total);
		fputc('[', stderr);
		for (int i = 0; i < BAR_COLUMNS; i++)
			fputs(i < full ? "█" : "·", stderr);
		fprintf(stderr, "] %3d%% ", (int)(done * 100 / progress->total));
	}
	fprintf(stderr, "%lld %s, %lld/s", (long long)events, progress->done,
	        (long long)(events * 1000 / vocctl_progress_ms(progress)));
	fflush(stderr);
}

void vocctl_progress_end(struct vocctl_progress *progress)
{
	if (progress->shown)
		fputs("\r\x1b[K", stderr);
	progress->shown = false;
}
