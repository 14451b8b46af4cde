#include "core/classify/stream.h"

void voc_stream_make(const struct voc_normal *text, bool across_lines, struct voc_stream *ret_stream)
{
	const uint32_t line_end = across_lines ? '\n' : ' ';
	size_t count = 0;
	for (size_t i = 0; i < text->count; i++) {
		uint32_t c = text->chars[i];
		ret_stream->symbols[count] = c; /* without a branch: where words end can't be foretold */
		ret_stream->places[count] = (uint16_t)i;
		count += (c != ' ') & (c != '\'') & (c != line_end);
	}
	ret_stream->symbols[count] = 0;
	ret_stream->text = text;
	ret_stream->count = count;
}
