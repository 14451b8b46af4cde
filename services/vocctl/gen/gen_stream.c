#include "gen_stream.h"

#include "gen_timeline.h"

#include <stdlib.h>

#define LINE_BYTES_MAX 65536
#define RECENT_LINES   64 /* duplicates repeat one of the last ones */
#define LATE_MINUTES   (3 * 1440)
#define OUTAGE_DRAWS   16 /* tries to find a customer of the troubled business */

struct gen_stream {
	struct gen_settings settings;
	const struct gen_texts *texts;
	struct gen_random random;
	struct gen_zipf zipf;
	struct gen_timeline timeline;
	struct gen_counts counts;
	struct voc_buf recent[RECENT_LINES]; /* ring; fresh event n stands at n modulo its size */
	struct voc_buf line, scratch;
};

struct gen_stream *gen_stream_new(const struct gen_settings *settings, const struct gen_texts *texts)
{
	struct gen_stream *stream = calloc(1, sizeof *stream);
	if (stream == NULL)
		return NULL;
	stream->settings = *settings;
	stream->texts = texts;
	stream->random.state = gen_mix(settings->seed, 0);
	for (size_t i = 0; i < RECENT_LINES; i++)
		voc_buf_init(&stream->recent[i], LINE_BYTES_MAX);
	voc_buf_init(&stream->line, LINE_BYTES_MAX);
	voc_buf_init(&stream->scratch, LINE_BYTES_MAX);
	if (gen_zipf_init(&stream->zipf, settings->customers) &&
	    gen_timeline_init(&stream->timeline, settings->seed, settings->start_ms, settings->days, settings->lines))
		return stream;
	gen_stream_free(stream);
	return NULL;
}

void gen_stream_free(struct gen_stream *stream)
{
	if (stream == NULL)
		return;
	for (size_t i = 0; i < RECENT_LINES; i++)
		voc_buf_free(&stream->recent[i]);
	voc_buf_free(&stream->line);
	voc_buf_free(&stream->scratch);
	gen_zipf_free(&stream->zipf);
	gen_timeline_free(&stream->timeline);
	free(stream);
}

const struct gen_counts *gen_stream_counts(const struct gen_stream *stream)
{
	return &stream->counts;
}

static struct gen_customer draw_customer(struct gen_stream *stream, const struct gen_outage *outage)
{
	struct gen_customer customer;
	int draws = outage != NULL ? OUTAGE_DRAWS : 1;
	do {
		uint32_t number = gen_zipf_draw(&stream->zipf, &stream->random);
		customer = gen_customer_of(stream->settings.seed, number, stream->settings.korean_percent);
	} while (--draws > 0 && (int)customer.domain != outage->domain);
	return customer;
}

static struct gen_event draw_event(struct gen_stream *stream)
{
	struct gen_random *random = &stream->random;
	const struct gen_outage *outage;
	struct gen_event event = { .time_ms = gen_timeline_next(&stream->timeline, stream->counts.lines, &outage) };
	uint32_t progress = (uint32_t)(1000 * stream->counts.lines / stream->settings.lines);
	bool troubled = outage != NULL && gen_random_chance(random, 800);
	event.customer = draw_customer(stream, troubled ? outage : NULL);
	event.mood = gen_customer_mood(&event.customer, progress, random);
	if (troubled)
		event.mood = gen_random_chance(random, 850) ? GEN_COMPLAINT : GEN_QUESTION;
	event.id[0] = gen_random_next(random);
	event.id[1] = gen_random_next(random);
	gen_event_shape(&event, random);
	if (gen_random_chance(random, stream->settings.late)) {
		event.time_ms -= (int64_t)(1 + gen_random_below(random, LATE_MINUTES)) * 60000;
		stream->counts.late++;
	}
	return event;
}

static void add_malformed(struct gen_stream *stream, struct voc_buf *out)
{
	struct gen_event event = draw_event(stream);
	size_t defect = (size_t)stream->counts.malformed % gen_defect_count;
	event.transcript = false;
	event.rating = 0;
	voc_buf_clear(&stream->line);
	gen_event_write(&stream->line, &event, stream->texts, &stream->random, &stream->scratch);
	gen_defect_write(out, voc_buf_str(&stream->line), defect);
	stream->counts.malformed++;
}

static void add_duplicate(struct gen_stream *stream, struct voc_buf *out)
{
	int64_t kept = stream->counts.fresh < RECENT_LINES ? stream->counts.fresh : RECENT_LINES;
	const struct voc_buf *line = &stream->recent[gen_random_below(&stream->random, (uint32_t)kept)];
	voc_buf_add_str(out, voc_buf_str(line));
	stream->counts.duplicates++;
}

static void add_fresh(struct gen_stream *stream, struct voc_buf *out)
{
	struct gen_event event = draw_event(stream);
	struct voc_buf *line = &stream->recent[stream->counts.fresh % RECENT_LINES];
	voc_buf_clear(line);
	gen_event_write(line, &event, stream->texts, &stream->random, &stream->scratch);
	voc_buf_add_str(out, voc_buf_str(line));
	stream->counts.fresh++;
}

bool gen_stream_next(struct gen_stream *stream, struct voc_buf *out)
{
	if (stream->counts.lines == stream->settings.lines)
		return false;
	uint32_t at = gen_random_below(&stream->random, 1000);
	if (at < stream->settings.malformed)
		add_malformed(stream, out);
	else if (at < stream->settings.malformed + stream->settings.duplicates && stream->counts.fresh > 0)
		add_duplicate(stream, out);
	else
		add_fresh(stream, out);
	voc_buf_add_char(out, '\n');
	stream->counts.lines++;
	return true;
}
