#include "canvas.h"

#include "vocctl/shared/text.h"

#include <stdio.h>
#include <stdlib.h>

#define CELL_BYTES 12 /* a character and what combines with it */

struct cell {
	char bytes[CELL_BYTES];
	uint8_t len; /* 0: a space; or covered by the wide character before it */
	uint8_t style;
	bool covered;
};

struct canvas {
	int rows, columns;
	struct cell cells[];
};

/* Select Graphic Rendition parameters (ECMA-48, 8.3.117). */
static const char *const style_codes[] = {
	[CANVAS_PLAIN] = "0",     [CANVAS_BOLD] = "0;1",   [CANVAS_DIM] = "0;2",   [CANVAS_RED] = "0;31",
	[CANVAS_YELLOW] = "0;33", [CANVAS_GREEN] = "0;32", [CANVAS_CYAN] = "0;36",
};

static int within(int value, int most)
{
	return value < 1 ? 1 : value > most ? most : value;
}

struct canvas *canvas_new(int rows, int columns)
{
	rows = within(rows, CANVAS_ROWS_MAX);
	columns = within(columns, CANVAS_COLUMNS_MAX);
	struct canvas *canvas = calloc(1, sizeof *canvas + (size_t)rows * (size_t)columns * sizeof *canvas->cells);
	if (canvas == NULL)
		return NULL;
	canvas->rows = rows;
	canvas->columns = columns;
	return canvas;
}

void canvas_free(struct canvas *canvas)
{
	free(canvas);
}

int canvas_rows(const struct canvas *canvas)
{
	return canvas->rows;
}

int canvas_columns(const struct canvas *canvas)
{
	return canvas->columns;
}

static struct cell *cell_at(struct canvas *canvas, int row, int column)
{
	return &canvas->cells[row * canvas->columns + column];
}

static void cell_append(struct cell *cell, struct voc_str bytes)
{
	if (cell->len + bytes.len > CELL_BYTES)
		return;
	memcpy(cell->bytes + cell->len, bytes.ptr, bytes.len);
	cell->len = (uint8_t)(cell->len + bytes.len);
}

int canvas_text(struct canvas *canvas, int row, int column, int columns, enum canvas_style style, struct voc_str text)
{
	if (row < 0 || row >= canvas->rows || column < 0)
		return 0;
	int end = column + columns < canvas->columns ? column + columns : canvas->columns;
	int at = column;
	while (text.len > 0) {
		struct vocctl_glyph glyph = vocctl_text_take(&text);
		if (glyph.columns == 0) {
			if (at > column)
				cell_append(cell_at(canvas, row, at - 1), glyph.bytes);
			continue;
		}
		if (at + glyph.columns > end)
			break;
		*cell_at(canvas, row, at) = (struct cell){ .style = (uint8_t)style };
		cell_append(cell_at(canvas, row, at), glyph.bytes);
		if (glyph.columns == 2)
			*cell_at(canvas, row, at + 1) = (struct cell){ .style = (uint8_t)style, .covered = true };
		at += glyph.columns;
	}
	return at - column;
}

int canvas_textf(struct canvas *canvas, int row, int column, int columns, enum canvas_style style, const char *format,
                 ...)
{
	char text[4 * CANVAS_COLUMNS_MAX];
	va_list arguments;
	va_start(arguments, format);
	vsnprintf(text, sizeof text, format, arguments);
	va_end(arguments);
	return canvas_text(canvas, row, column, columns, style, voc_str_from(text));
}

void canvas_bar(struct canvas *canvas, int row, int column, int columns, enum canvas_style style, int filled)
{
	/* U+2588 is a full block, U+258F an eighth of one. */
	static const char *const eighths[] = { "", "▏", "▎", "▍", "▌", "▋", "▊", "▉" };
	int total = (columns * 8 * filled + 500) / 1000;
	for (int i = 0; i < columns && i < total / 8; i++)
		canvas_text(canvas, row, column + i, 1, style, VOC_STR("█"));
	if (total / 8 < columns)
		canvas_text(canvas, row, column + total / 8, 1, style, voc_str_from(eighths[total % 8]));
}

static int used_columns(const struct cell *line, int columns)
{
	while (columns > 0 && line[columns - 1].len == 0 && !line[columns - 1].covered)
		columns--;
	return columns;
}

static void write_line(const struct cell *line, int columns, struct voc_buf *out, bool colour)
{
	unsigned style = CANVAS_PLAIN;
	int used = used_columns(line, columns);
	for (int i = 0; i < used; i++) {
		if (line[i].covered)
			continue;
		if (colour && line[i].len > 0 && line[i].style != style) {
			style = line[i].style;
			voc_buf_addf(out, "\x1b[%sm", style_codes[style]);
		}
		if (line[i].len == 0)
			voc_buf_add_char(out, ' ');
		else
			voc_buf_add(out, line[i].bytes, line[i].len);
	}
	if (style != CANVAS_PLAIN)
		voc_buf_addf(out, "\x1b[%sm", style_codes[CANVAS_PLAIN]);
}

void canvas_write(const struct canvas *canvas, struct voc_buf *out, enum canvas_output output, bool colour)
{
	if (output == CANVAS_TERMINAL)
		voc_buf_add_str(out, VOC_STR("\x1b[H"));
	for (int row = 0; row < canvas->rows; row++) {
		write_line(&canvas->cells[row * canvas->columns], canvas->columns, out, colour);
		if (output == CANVAS_LINES)
			voc_buf_add_char(out, '\n');
		else
			voc_buf_add_str(out, row + 1 < canvas->rows ? VOC_STR("\x1b[K\r\n") : VOC_STR("\x1b[J"));
	}
}
