#include "vocctl/commands.h"

#include "gen_stream.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>

#define CHUNK_BYTES     (256 * 1024)
#define CHUNK_BYTES_MAX (1024 * 1024)

/* Long enough ago for every clock: the classifier refuses times in the future. `vocctl send --rebase-time` moves them.
 */
#define START "2025-01-01"

enum {
	FLAG_SEED,
	FLAG_EVENTS,
	FLAG_CUSTOMERS,
	FLAG_DAYS,
	FLAG_START,
	FLAG_DUPLICATES,
	FLAG_LATE,
	FLAG_MALFORMED,
	FLAG_KOREAN,
	FLAG_COUNT
};

static const struct vocctl_flag flags[FLAG_COUNT] = {
	[FLAG_SEED] = { "seed", VOCCTL_COUNT, "N", 0, INT64_MAX, 1, "The same seed and flags give the same bytes" },
	[FLAG_EVENTS] = { "events", VOCCTL_COUNT, "N", 1, 1000000000, 1000, "Lines to write, of all kinds together" },
	[FLAG_CUSTOMERS] = { "customers", VOCCTL_COUNT, "N", 1, 10000000, 500, "Customers that they come from" },
	[FLAG_DAYS] = { "days", VOCCTL_COUNT, "N", 1, 1000, 7, "Days that they are spread over" },
	[FLAG_START] = { "start", VOCCTL_TIME, "T", 0, 0, 0, "When the first day begins [" START "]" },
	[FLAG_DUPLICATES] = { "duplicates", VOCCTL_COUNT, "N", 0, 500, 0, "Lines in a thousand that repeat an event" },
	[FLAG_LATE] = { "late", VOCCTL_COUNT, "N", 0, 1000, 0,
	                "Events in a thousand up to 3 days older than their place" },
	[FLAG_MALFORMED] = { "malformed", VOCCTL_COUNT, "N", 0, 500, 0,
	                     "Lines in a thousand that are no valid events" },
	[FLAG_KOREAN] = { "korean", VOCCTL_COUNT, "PERCENT", 0, 100, 60, "Customers in a hundred who speak Korean" },
};

static bool write_chunk(struct voc_buf *chunk)
{
	bool written = !chunk->failed && fwrite(chunk->ptr, 1, chunk->len, stdout) == chunk->len;
	voc_buf_clear(chunk);
	return written;
}

static bool write_all(struct gen_stream *stream)
{
	struct voc_buf chunk;
	voc_buf_init(&chunk, CHUNK_BYTES_MAX);
	bool fine = true;
	while (fine && gen_stream_next(stream, &chunk)) {
		if (chunk.len >= CHUNK_BYTES)
			fine = write_chunk(&chunk);
	}
	fine = fine && (chunk.len == 0 || write_chunk(&chunk));
	voc_buf_free(&chunk);
	return fine;
}

static struct gen_settings settings_of(const struct vocctl_arguments *arguments)
{
	const struct vocctl_value *given = arguments->flags;
	struct gen_settings settings = {
		.seed = (uint64_t)given[FLAG_SEED].number,
		.lines = given[FLAG_EVENTS].number,
		.customers = (uint32_t)given[FLAG_CUSTOMERS].number,
		.days = (int)given[FLAG_DAYS].number,
		.start_ms = given[FLAG_START].number,
		.duplicates = (uint32_t)given[FLAG_DUPLICATES].number,
		.late = (uint32_t)given[FLAG_LATE].number,
		.malformed = (uint32_t)given[FLAG_MALFORMED].number,
		.korean_percent = (uint32_t)given[FLAG_KOREAN].number,
	};
	if (!given[FLAG_START].given)
		vocctl_time_parse(VOC_STR(START), 0, &settings.start_ms);
	return settings;
}

static int run(const struct voc_conf *conf, const struct vocctl_arguments *arguments)
{
	struct gen_settings settings = settings_of(arguments);
	struct gen_texts *texts = NULL;
	struct voc_error error = { 0 };
	if (gen_texts_open(conf->texts_path, &texts, &error) != VOC_OK) {
		fprintf(stderr, "vocctl gen: %s\n", error.text);
		return VOCCTL_USAGE;
	}
	int status = VOCCTL_FAILED;
	struct gen_stream *stream = gen_stream_new(&settings, texts);
	if (stream == NULL) {
		fprintf(stderr, "vocctl gen: out of memory\n");
	} else if (!write_all(stream)) {
		fprintf(stderr, "vocctl gen: %s\n", strerror(errno));
	} else {
		const struct gen_counts *counts = gen_stream_counts(stream);
		fprintf(stderr, "%lld lines: %lld events, %lld duplicates, %lld malformed; %lld are late\n",
		        (long long)counts->lines, (long long)counts->fresh, (long long)counts->duplicates,
		        (long long)counts->malformed, (long long)counts->late);
		status = VOCCTL_OK;
	}
	gen_stream_free(stream);
	gen_texts_free(texts);
	return status;
}

const struct vocctl_command vocctl_command_gen = {
	.name = "gen",
	.summary = "Generate realistic Korean and English events, one a line",
	.description =
	        "Few customers call often, most call once; some stories turn from good to failing to leaving, some\n"
	        "recover. Outages bring bursts. Calls have transcripts. The lines come in the order of time and\n"
	        "suit 'vocctl send'; malformed ones (one of each defect in turn) want 'send --as-is'.\n",
	.flags = flags,
	.flag_count = FLAG_COUNT,
	.run = run,
};
