/*
 * The characters of a text that phrases are compared by: "안 돼요" is to find "안돼요", "don't" "dont".
 *
 * Pure; one object belongs to one thread, and borrows the text.
 */
#ifndef VOC_CORE_STREAM_H
#define VOC_CORE_STREAM_H

#include "core/classify/normalize.h"

struct voc_stream {
	const struct voc_normal *text;
	uint32_t symbols[VOC_NORMAL_MAX_CHARS + 1]; /* one more than `count`, for voc_automaton_begin */
	uint16_t places[VOC_NORMAL_MAX_CHARS];      /* which of the text's characters each is */
	size_t count;
};

/* Without spaces and apostrophes; `across_lines`: without line ends, too. */
void voc_stream_make(const struct voc_normal *text, bool across_lines, struct voc_stream *ret_stream);

#endif
