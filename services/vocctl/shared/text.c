#include "text.h"

#include "base/timestamp.h"
#include "base/utf8.h"

#include <stdlib.h>
#include <unistd.h>
#include <wchar.h>

#define REPLACEMENT "\xef\xbf\xbd" /* U+FFFD */

/* Marks, embeddings, overrides and isolates that change the direction of what follows. */
static bool is_bidi_control(uint32_t c)
{
	return c == 0x061c || c == 0x200e || c == 0x200f || (c >= 0x202a && c <= 0x202e) ||
	       (c >= 0x2066 && c <= 0x2069);
}

struct vocctl_glyph vocctl_text_take(struct voc_str *s)
{
	const struct vocctl_glyph replaced = { VOC_STR(REPLACEMENT), 1 };
	size_t len = voc_utf8_length(s->ptr, s->ptr + s->len);
	if (len == 0) {
		s->ptr++;
		s->len--;
		return replaced;
	}
	struct voc_str bytes = voc_str_of(s->ptr, len);
	uint32_t c = voc_utf8_take(s);
	int columns = wcwidth((wchar_t)c);
	if (voc_unicode_is_control(c) || is_bidi_control(c) || columns < 0)
		return replaced;
	return (struct vocctl_glyph){ bytes, columns };
}

size_t vocctl_text_columns(struct voc_str s)
{
	size_t columns = 0;
	while (s.len > 0)
		columns += (size_t)vocctl_text_take(&s).columns;
	return columns;
}

void vocctl_text_add(struct voc_buf *buf, struct voc_str s)
{
	while (s.len > 0)
		voc_buf_add_str(buf, vocctl_text_take(&s).bytes);
}

void vocctl_text_add_lines(struct voc_buf *buf, struct voc_str s)
{
	while (s.len > 0) {
		char c = s.ptr[0];
		struct vocctl_glyph glyph = vocctl_text_take(&s);
		if (c == '\n' || c == '\t')
			voc_buf_add_char(buf, c);
		else
			voc_buf_add_str(buf, glyph.bytes);
	}
}

void vocctl_text_add_cell(struct voc_buf *buf, struct voc_str s, size_t columns)
{
	bool cut = vocctl_text_columns(s) > columns;
	size_t room = cut && columns > 0 ? columns - 1 : columns, used = 0;
	while (s.len > 0) {
		struct vocctl_glyph glyph = vocctl_text_take(&s);
		if (used + (size_t)glyph.columns > room)
			break;
		voc_buf_add_str(buf, glyph.bytes);
		used += (size_t)glyph.columns;
	}
	if (cut && columns > 0) {
		voc_buf_add_str(buf, VOC_STR("…"));
		used++;
	}
	while (used++ < columns)
		voc_buf_add_char(buf, ' ');
}

void vocctl_text_add_time(struct voc_buf *buf, int64_t ms)
{
	char text[VOC_TIMESTAMP_SIZE];
	voc_timestamp_format(ms, text);
	voc_buf_addf(buf, "%.10s %.8sZ", text, text + 11);
}

bool vocctl_colour_wanted(int fd)
{
	const char *no_color = getenv("NO_COLOR"), *term = getenv("TERM");
	return isatty(fd) && (no_color == NULL || no_color[0] == '\0') && term != NULL && strcmp(term, "dumb") != 0;
}
