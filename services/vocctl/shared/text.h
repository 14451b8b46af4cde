/*
 * Foreign text on a terminal: of known width, and unable to command it.
 *
 * Control characters (escape sequences begin with one), bidirectional overrides and broken UTF-8 become U+FFFD.
 * Widths are wcwidth's: the process must have set LC_CTYPE to a UTF-8 locale. Hangul takes two columns.
 */
#ifndef VOC_VOCCTL_TEXT_H
#define VOC_VOCCTL_TEXT_H

#include "base/str.h"

struct vocctl_glyph {
	struct voc_str bytes; /* borrowed from the text, or static */
	int columns;          /* 0 for what combines with the glyph before it */
};

/* Takes the first character of non-empty `s`, which is moved past it. */
struct vocctl_glyph vocctl_text_take(struct voc_str *s);
size_t vocctl_text_columns(struct voc_str s);
void vocctl_text_add(struct voc_buf *buf, struct voc_str s);
/* As above, but line feeds and tabs stay: for a text that is printed on lines of its own. */
void vocctl_text_add_lines(struct voc_buf *buf, struct voc_str s);
/* Cut to `columns` ("…" shows it) and filled up with spaces. */
void vocctl_text_add_cell(struct voc_buf *buf, struct voc_str s, size_t columns);
/* "2026-11-21 09:30:00Z" */
void vocctl_text_add_time(struct voc_buf *buf, int64_t ms);

/* True if the file is a terminal that shows colours, and NO_COLOR (no-color.org) isn't set. */
bool vocctl_colour_wanted(int fd);

#endif
