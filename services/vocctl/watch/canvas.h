/*
 * A grid of character cells: drawn on in any order, then written out as lines. Foreign text is made safe (text.h).
 * One thread.
 */
#ifndef VOC_VOCCTL_CANVAS_H
#define VOC_VOCCTL_CANVAS_H

#include "base/str.h"

enum canvas_style { CANVAS_PLAIN, CANVAS_BOLD, CANVAS_DIM, CANVAS_RED, CANVAS_YELLOW, CANVAS_GREEN, CANVAS_CYAN };

#define CANVAS_ROWS_MAX    200
#define CANVAS_COLUMNS_MAX 400

struct canvas;

/* Sizes are kept within the maxima. NULL when memory runs out. */
struct canvas *canvas_new(int rows, int columns);
/* NULL is fine. */
void canvas_free(struct canvas *canvas);
int canvas_rows(const struct canvas *canvas);
int canvas_columns(const struct canvas *canvas);

/* Draws at most `columns` columns of the text, cut at the edge; returns how many it took. Outside is nowhere. */
int canvas_text(struct canvas *canvas, int row, int column, int columns, enum canvas_style style, struct voc_str text);
int canvas_textf(struct canvas *canvas, int row, int column, int columns, enum canvas_style style, const char *format,
                 ...) __attribute__((format(printf, 6, 7)));
/* A bar of `columns` columns, `filled` thousandths of it full, in eighths of a column. */
void canvas_bar(struct canvas *canvas, int row, int column, int columns, enum canvas_style style, int filled);

enum canvas_output {
	CANVAS_LINES,    /* plain lines, without the spaces at their ends */
	CANVAS_TERMINAL, /* over what is there: from the home position, each line erased to its end */
};
void canvas_write(const struct canvas *canvas, struct voc_buf *out, enum canvas_output output, bool colour);

#endif
