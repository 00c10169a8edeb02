/* What is to be seen of a pane: rows as cells, as text, on a canvas. */
#include "internal.h"

#include <string.h>

void term_size(const struct term *term, int *rows, int *cols)
{
	*rows = term->emulator.grid->rows;
	*cols = term->emulator.grid->cols;
}

int term_scrollback(const struct term *term)
{
	return grid_scrollback(term->emulator.grid);
}

static const struct row *row_of(const struct term *term, int line)
{
	const struct grid *grid = term->emulator.grid;
	return line >= -grid_scrollback(grid) && line < grid->rows ? grid_row(grid, line) : NULL;
}

static void fill_cell(struct cell *cell, const struct row *row, int x, uint16_t reverse)
{
	const struct glyph *glyph = &row->cells[x];
	*cell = (struct cell){.fg = glyph->fg & 0x03ffffff,
	                      .bg = glyph->bg & 0x03ffffff,
	                      .width = GLYPH_WIDTH_OF(glyph->ch),
	                      .attrs = (uint16_t)(GLYPH_ATTRS_OF(glyph->ch) ^ reverse)};
	if (glyph->ch & GLYPH_EXTRA)
		grid_chars(row, x, cell->ch);
	else
		cell->ch[0] = (glyph->ch & GLYPH_CHAR) == ' ' ? 0 : glyph->ch & GLYPH_CHAR;
}

/* Makes blanks of halves that stand alone, so that a row of cells is always whole. */
static void mark_halves(struct cell *cells, int n)
{
	int before = 1;
	for (int x = 0; x < n; x++) {
		struct cell *cell = &cells[x];
		int width = cell->width;
		bool is_left = width == 2 && (x + 1 == n || cells[x + 1].width != 0);
		if (is_left || (width == 0 && before != 2)) {
			uint32_t left = is_left ? cell->ch[0] : 0;
			memset(cell->ch, 0, sizeof cell->ch);
			cell->ch[1] = left;
			cell->width = 1;
			cell->attrs |= ATTR_HALF;
		}
		before = width;
	}
}

void term_row(const struct term *term, int line, struct cell *cells, int n)
{
	const struct row *row = row_of(term, line);
	uint16_t reverse = term->emulator.reverse ? ATTR_REVERSE : 0;
	int len = row ? row->len : 0;
	for (int x = 0; x < n && x < len; x++)
		fill_cell(&cells[x], row, x, reverse);
	for (int x = len; x < n; x++)
		cells[x] = (struct cell){.width = 1, .attrs = reverse};
	mark_halves(cells, n);
}

bool term_row_is_wrapped(const struct term *term, int line)
{
	const struct row *row = row_of(term, line);
	return row && row->wrapped;
}

bool term_cursor(const struct term *term, int *x, int *y)
{
	*x = term->emulator.x;
	*y = term->emulator.y;
	return term->emulator.visible;
}

int term_cursor_shape(const struct term *term)
{
	return term->emulator.shape;
}

bool term_is_altscreen(const struct term *term)
{
	return term->emulator.grid == &term->emulator.alt;
}

const char *term_title(const struct term *term)
{
	return term->emulator.title;
}

bool term_dirty(const struct term *term, int *first, int *last)
{
	const struct grid *grid = term->emulator.grid;
	*first = grid->dirty_first;
	*last = grid->dirty_last < grid->rows ? grid->dirty_last : grid->rows - 1;
	return *first <= *last;
}

bool term_is_held(const struct term *term)
{
	return term->emulator.held;
}

void term_clean(struct term *term)
{
	struct grid *grid = term->emulator.grid;
	grid->dirty_first = grid->rows;
	grid->dirty_last = -1;
	term->dirty_told = false;
	term->fed = 0;
}

size_t term_fed(const struct term *term, bool *more)
{
	*more = term->more;
	return term->fed;
}

void term_set_colors(struct term *term, uint32_t fg, uint32_t bg)
{
	emulator_set_colors(&term->emulator, fg, bg);
}

/* ---- as text ---- */

static void append_chars(struct str *out, const uint32_t *chars, int n)
{
	for (int i = 0; i < n; i++) {
		char bytes[UTF8_MAX];
		str_append_n(out, bytes, utf8_encode(chars[i], bytes));
	}
}

static void append_row(struct str *out, const struct row *row, int from, int end)
{
	size_t start = out->len, kept = out->len;
	for (int x = from; x < end && x < row->len; x++) {
		uint32_t chars[CELL_CHARS];
		int n = grid_chars(row, x, chars);
		if (GLYPH_WIDTH_OF(row->cells[x].ch) == 0 && x > 0 && GLYPH_WIDTH_OF(row->cells[x - 1].ch) == 2)
			continue;
		if (n == 0)
			str_append_c(out, ' ');
		else
			append_chars(out, chars, n);
		if (n > 0 && !(n == 1 && chars[0] == ' '))
			kept = out->len;
	}
	if (!row->wrapped && out->len > kept) {
		out->len = kept > start ? kept : start;
		if (out->data)
			out->data[out->len] = '\0';
	}
}

/* Drops from the front, at a character's beginning. */
static void keep_end(struct str *out, size_t start, size_t max)
{
	if (out->len - start <= max)
		return;
	size_t cut = out->len - max;
	while (cut < out->len && ((unsigned char)out->data[cut] & 0xc0) == 0x80)
		cut++;
	memmove(out->data + start, out->data + cut, out->len - cut + 1);
	out->len -= cut - start;
}

/* From column first_x of line `first` to before column last_x of line `last`. */
static void append_text(const struct grid *grid, int first, int first_x, int last, int last_x, size_t max,
                        struct str *out)
{
	size_t start = out->len;
	for (int line = first; line <= last; line++) {
		const struct row *row = grid_row(grid, line);
		append_row(out, row, line == first ? first_x : 0, line == last ? last_x : grid->cols);
		if (line < last && !row->wrapped)
			str_append_c(out, '\n');
		if (out->len - start > 2 * max + 65536)
			keep_end(out, start, max);
	}
	keep_end(out, start, max);
}

void term_text(const struct term *term, int first, int last, size_t max, struct str *out)
{
	const struct grid *grid = term->emulator.grid;
	first = first < -grid_scrollback(grid) ? -grid_scrollback(grid) : first;
	last = last >= grid->rows ? grid->rows - 1 : last;
	append_text(grid, first, 0, last, grid->cols, max, out);
}

static bool is_empty(const struct row *row)
{
	for (int x = 0; x < row->len; x++)
		if ((row->cells[x].ch & (GLYPH_CHAR | GLYPH_EXTRA)) != 0)
			return false;
	return true;
}

void term_output_text(const struct term *term, size_t max, struct str *out)
{
	const struct emulator *emulator = &term->emulator;
	const struct grid *grid = &emulator->main;
	if (emulator->output.id < 0)
		return;
	int64_t screen = grid_id(grid, 0);
	int first = (int)(emulator->output.id - screen), first_x = emulator->output.x;
	int last = grid->rows - 1, last_x = grid->cols;
	if (emulator->done.id >= 0) {
		last = (int)(emulator->done.id - screen);
		last_x = emulator->done.x;
	}
	if (first < -grid_scrollback(grid)) { /* its beginning is gone */
		first = -grid_scrollback(grid);
		first_x = 0;
	}
	while (emulator->done.id < 0 && last > first && is_empty(grid_row(grid, last)))
		last--;
	if (last >= first)
		append_text(grid, first, first_x, last < grid->rows ? last : grid->rows - 1, last_x, max, out);
}

/* ---- on a canvas ---- */

static void paint_row(const struct term *term, struct canvas *canvas, struct rect area, int line, int y)
{
	struct cell *to = canvas_at(canvas, area.x, y);
	if (!to)
		return;
	term_row(term, line, to, area.cols);
	if (!canvas->ascii)
		return;
	for (int x = 0; x < area.cols; x++)
		if (to[x].ch[0])
			to[x].ch[0] = canvas_ascii_char(to[x].ch[0]);
}

void term_paint(const struct term *term, struct canvas *canvas, struct rect area, int back, bool focused)
{
	int x, y, most = term_scrollback(term);
	back = back < 0 ? 0 : back > most ? most : back;
	if (area.x < 0 || area.y < 0)
		return;
	if (area.cols > canvas->cols - area.x)
		area.cols = canvas->cols - area.x;
	if (area.rows > canvas->rows - area.y)
		area.rows = canvas->rows - area.y;
	for (int row = 0; row < area.rows; row++)
		paint_row(term, canvas, area, row - back, area.y + row);
	if (!focused)
		return;
	bool visible = term_cursor(term, &x, &y) && x < area.cols && y + back < area.rows;
	canvas->cursor_x = visible ? area.x + x : -1;
	canvas->cursor_y = visible ? area.y + y + back : -1;
}
