/*
 * The generator: a stream of lines, a function of its settings alone. Pure but for the texts' file.
 */
#ifndef VOC_VOCCTL_GEN_STREAM_H
#define VOC_VOCCTL_GEN_STREAM_H

#include "gen_event.h"

struct gen_settings {
	uint64_t seed;
	int64_t lines; /* of all kinds together */
	uint32_t customers;
	int days;
	int64_t start_ms;
	uint32_t duplicates, late, malformed; /* in a thousand */
	uint32_t korean_percent;
};

struct gen_counts {
	int64_t lines, fresh, late, duplicates, malformed;
};

struct gen_stream;

/* `texts` is borrowed. NULL when memory runs out. */
struct gen_stream *gen_stream_new(const struct gen_settings *settings, const struct gen_texts *texts);
void gen_stream_free(struct gen_stream *stream);
/* Appends the next line with its newline; false after the last. */
bool gen_stream_next(struct gen_stream *stream, struct voc_buf *out);
const struct gen_counts *gen_stream_counts(const struct gen_stream *stream);

#endif
