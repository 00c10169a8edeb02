/* The ring of rows: writing, erasing, scrolling. Wrapping text anew is in rewrap.c. */
#include "grid.h"

#include <stdlib.h>
#include <string.h>

static const struct glyph blank = {.ch = GLYPH_BLANK};

/* ---- rows ---- */

void row_finish(struct row *row)
{
	free(row->cells);
	free(row->extras);
	*row = (struct row){0};
}

void row_reserve(struct row *row, int cols)
{
	if (cols <= row->cap)
		return;
	int cap = (cols + 31) / 32 * 32;
	row->cells = mem_resize(row->cells, (size_t)cap * sizeof *row->cells);
	row->cap = (uint16_t)cap;
}

/* Makes cells up to `cols` exist. */
static inline void row_extend(struct row *row, int cols)
{
	row_reserve(row, cols);
	for (; row->len < cols; row->len++)
		row->cells[row->len] = blank;
}

static inline void row_clear(struct row *row)
{
	row->len = 0;
	row->n_extras = 0;
	row->wrapped = false;
}

/* Only what the row's cells still use stays: a line may be rewritten for ever without being cleared. */
static void compact_extras(struct row *row)
{
	uint32_t(*kept)[CELL_CHARS] = mem_alloc(row->cap_extras * sizeof *kept);
	uint16_t n = 0;
	for (int x = 0; x < row->len; x++) {
		uint32_t *ch = &row->cells[x].ch;
		if (!(*ch & GLYPH_EXTRA))
			continue;
		memcpy(kept[n], row->extras[*ch & GLYPH_CHAR], sizeof *kept);
		*ch = (*ch & ~GLYPH_CHAR) | n++;
	}
	free(row->extras);
	row->extras = kept;
	row->n_extras = n;
}

static uint32_t row_add_extra(struct row *row, const uint32_t chars[CELL_CHARS])
{
	if (row->n_extras == row->cap_extras && row->n_extras > 2 * row->len)
		compact_extras(row);
	if (row->n_extras == row->cap_extras) {
		row->cap_extras = (uint16_t)(row->cap_extras ? row->cap_extras * 2 : 8);
		row->extras = mem_resize(row->extras, row->cap_extras * sizeof *row->extras);
	}
	memcpy(row->extras[row->n_extras], chars, sizeof *row->extras);
	return GLYPH_EXTRA | row->n_extras++;
}

int grid_chars(const struct row *row, int x, uint32_t out[CELL_CHARS])
{
	uint32_t ch = x < row->len ? row->cells[x].ch : GLYPH_BLANK;
	if (!(ch & GLYPH_EXTRA)) {
		out[0] = ch & GLYPH_CHAR;
		return out[0] ? 1 : 0;
	}
	const uint32_t *extra = row->extras[ch & GLYPH_CHAR];
	int n = 0;
	for (; n < CELL_CHARS && extra[n]; n++)
		out[n] = extra[n];
	return n;
}

static void copy_cell(struct row *to, int to_x, const struct row *from, int x)
{
	struct glyph cell = x < from->len ? from->cells[x] : blank;
	if (cell.ch & GLYPH_EXTRA && to != from) {
		uint32_t chars[CELL_CHARS] = {0};
		grid_chars(from, x, chars);
		cell.ch = (cell.ch & ~(GLYPH_CHAR | GLYPH_EXTRA)) | row_add_extra(to, chars);
	}
	to->cells[to_x] = cell;
}

void row_append(struct row *to, const struct row *from, int x)
{
	row_extend(to, to->len + 1);
	copy_cell(to, to->len - 1, from, x);
}

/* A wide character of which one half is overwritten leaves the other half behind, as in libvterm; what that looks like is the
 * outer terminal's affair (ATTR_HALF). Only what margins and the screen's edge cut is made blank. */
static inline void blank_half(struct row *row, int x)
{
	row->cells[x].ch = (row->cells[x].ch & GLYPH_ATTRS(0xff)) | GLYPH_BLANK;
}

/* ---- the ring ---- */

static size_t ring_size(size_t rows)
{
	size_t size = 64;
	while (size < rows)
		size *= 2;
	return size;
}

void grid_init(struct grid *grid, int rows, int cols, size_t scrollback)
{
	size_t size = ring_size(scrollback + (size_t)rows);
	*grid = (struct grid){.rows = rows, .cols = cols, .mask = size - 1, .limit = scrollback, .count = (size_t)rows};
	grid->ring = mem_alloc(size * sizeof *grid->ring);
	grid->dirty_last = rows - 1;
}

void grid_finish(struct grid *grid)
{
	if (!grid->ring)
		return;
	for (size_t i = 0; i <= grid->mask; i++)
		row_finish(&grid->ring[i]);
	free(grid->ring);
	grid->ring = NULL;
}

struct row *grid_row(const struct grid *grid, int line)
{
	return &grid->ring[(grid->first + grid->count - (size_t)grid->rows + (size_t)(ptrdiff_t)line) & grid->mask];
}

void grid_touch(struct grid *grid, int first, int last)
{
	if (first < grid->dirty_first)
		grid->dirty_first = first;
	if (last > grid->dirty_last)
		grid->dirty_last = last;
}

void grid_clear_scrollback(struct grid *grid)
{
	size_t lines = grid->count - (size_t)grid->rows;
	grid->first += lines;
	grid->first_id += (int64_t)lines;
	grid->count -= lines;
}

struct row *grid_push(struct grid *grid)
{
	struct row *row = &grid->ring[(grid->first + grid->count) & grid->mask];
	if (grid->count < grid->limit + (size_t)grid->rows) {
		grid->count++;
	} else {
		struct row *oldest = &grid->ring[grid->first & grid->mask], spare = *row;
		*row = *oldest; /* its memory serves again */
		*oldest = spare;
		grid->first++;
		grid->first_id++;
	}
	row_clear(row);
	return row;
}

static void fill_row(struct grid *grid, struct row *row, const struct pen *pen)
{
	row_clear(row);
	if (pen->bg == COLOR_DEFAULT)
		return;
	row_reserve(row, grid->cols);
	for (int x = 0; x < grid->cols; x++)
		row->cells[x] = (struct glyph){.ch = GLYPH_BLANK, .bg = pen->bg};
	row->len = (uint16_t)grid->cols;
}

/* ---- writing ---- */

void grid_put_ascii(struct grid *grid, int x, int y, const char *bytes, int n, const struct pen *pen)
{
	struct row *row = grid_row(grid, y);
	int end = x + n;
	if (row->len < end) {
		row_extend(row, x);
		row_reserve(row, end);
		row->len = (uint16_t)end;
	}
	uint32_t style = GLYPH_ATTRS(pen->attrs) | GLYPH_WIDTH(1), fg = pen->fg, bg = pen->bg;
	struct glyph *cells = row->cells + x;
	for (int i = 0; i < n; i++)
		cells[i] = (struct glyph){style | (unsigned char)bytes[i], fg, bg};
	grid_touch(grid, y, y);
}

void grid_put(struct grid *grid, int x, int y, uint32_t ch, int width, const struct pen *pen)
{
	struct row *row = grid_row(grid, y);
	int end = x + width;
	if (row->len < end)
		row_extend(row, end);
	uint32_t attrs = GLYPH_ATTRS(pen->attrs);
	row->cells[x] = (struct glyph){attrs | GLYPH_WIDTH(width) | ch, pen->fg, pen->bg};
	if (width == 2)
		row->cells[x + 1] = (struct glyph){attrs, pen->fg, pen->bg};
	grid_touch(grid, y, y);
}

void grid_combine(struct grid *grid, int x, int y, uint32_t ch)
{
	struct row *row = grid_row(grid, y);
	if (x >= row->len)
		return;
	uint32_t chars[CELL_CHARS] = {0};
	int n = grid_chars(row, x, chars);
	if (n == 0 || n == CELL_CHARS)
		return;
	uint32_t *cell = &row->cells[x].ch;
	if (*cell & GLYPH_EXTRA) {
		row->extras[*cell & GLYPH_CHAR][n] = ch;
	} else {
		chars[n] = ch;
		*cell = (*cell & ~GLYPH_CHAR) | row_add_extra(row, chars);
	}
	grid_touch(grid, y, y);
}

void grid_erase(struct grid *grid, struct area area, const struct pen *pen)
{
	for (int y = area.y; y < area.y_end; y++) {
		struct row *row = grid_row(grid, y);
		if (area.x == 0 && y > -grid_scrollback(grid))
			grid_row(grid, y - 1)->wrapped = false; /* what it went on with is gone */
		if (area.x == 0 && area.x_end >= grid->cols) {
			fill_row(grid, row, pen);
			continue;
		}
		if (area.x_end >= grid->cols) {
			row->wrapped = false;
			if (row->len > area.x)
				row->len = (uint16_t)area.x;
		}
		if (pen->bg != COLOR_DEFAULT)
			row_extend(row, area.x_end);
		for (int x = area.x; x < area.x_end && x < row->len; x++)
			row->cells[x] = (struct glyph){.ch = GLYPH_BLANK, .bg = pen->bg};
	}
	grid_touch(grid, area.y, area.y_end - 1);
}

/* ---- scrolling ---- */

static void reverse_rows(struct grid *grid, int from, int end)
{
	while (from < --end) {
		struct row *a = grid_row(grid, from++), *b = grid_row(grid, end), swap = *a;
		*a = *b;
		*b = swap;
	}
}

/* Rows from..end - 1 move up by n, what leaves at the top comes in at the bottom. */
static void rotate_rows(struct grid *grid, int from, int end, int n)
{
	if (n == 1) { /* nearly always */
		struct row top = *grid_row(grid, from);
		for (int y = from; y + 1 < end; y++)
			*grid_row(grid, y) = *grid_row(grid, y + 1);
		*grid_row(grid, end - 1) = top;
		return;
	}
	reverse_rows(grid, from, from + n);
	reverse_rows(grid, from + n, end);
	reverse_rows(grid, from, end);
}

static void scroll_rows(struct grid *grid, int from, int end, int up, const struct pen *pen)
{
	int height = end - from;
	int n = up > 0 ? up : -up;
	n = n > height ? height : n;
	if (up > 0 && from == 0 && grid->limit > 0) { /* what leaves the screen at its top is kept */
		for (int i = 0; i < n; i++) {
			fill_row(grid, grid_push(grid), pen);
			if (end < grid->rows)
				rotate_rows(grid, end - 1, grid->rows, grid->rows - end);
		}
		return;
	}
	rotate_rows(grid, from, end, up > 0 ? n : height - n);
	for (int i = 0; i < n; i++)
		fill_row(grid, grid_row(grid, up > 0 ? end - 1 - i : from + i), pen);
	if (up < 0 && from > 0)
		grid_row(grid, from - 1)->wrapped = false;
}

static void shift_row(struct grid *grid, struct row *row, struct area area, int left, const struct pen *pen)
{
	int n = left > 0 ? left : -left, width = area.x_end - area.x;
	n = n > width ? width : n;
	row_extend(row, area.x_end);
	struct glyph *cells = row->cells + area.x;
	size_t moved = (size_t)(width - n) * sizeof *cells;
	if (left > 0)
		memmove(cells, cells + n, moved);
	else
		memmove(cells + n, cells, moved);
	int free_x = left > 0 ? width - n : 0;
	for (int i = 0; i < n; i++)
		cells[free_x + i] = (struct glyph){.ch = GLYPH_BLANK, .bg = pen->bg};
	if (area.x_end >= grid->cols)
		row->wrapped = false;
}

static void copy_part(struct grid *grid, struct area area, int to_y, int from_y)
{
	struct row *to = grid_row(grid, to_y), *from = grid_row(grid, from_y);
	row_extend(to, area.x_end);
	for (int x = area.x; x < area.x_end; x++)
		copy_cell(to, x, from, x);
	if (GLYPH_WIDTH_OF(to->cells[area.x].ch) == 0)
		blank_half(to, area.x);
	if (GLYPH_WIDTH_OF(to->cells[area.x_end - 1].ch) == 2)
		blank_half(to, area.x_end - 1);
}

/* Between left and right margins: cells are copied. */
static void scroll_part(struct grid *grid, struct area area, int up, const struct pen *pen)
{
	int height = area.y_end - area.y, n = up > 0 ? up : -up;
	n = n > height ? height : n;
	for (int i = 0; i < height - n; i++) {
		int y = up > 0 ? area.y + i : area.y_end - 1 - i;
		copy_part(grid, area, y, up > 0 ? y + n : y - n);
	}
	struct area freed = area;
	if (up > 0)
		freed.y = area.y_end - n;
	else
		freed.y_end = area.y + n;
	grid_erase(grid, freed, pen);
}

void grid_scroll(struct grid *grid, struct area area, int up, int left, const struct pen *pen)
{
	if (area.x_end <= area.x || area.y_end <= area.y)
		return;
	if (up != 0 && area.x == 0 && area.x_end >= grid->cols)
		scroll_rows(grid, area.y, area.y_end, up, pen);
	else if (up != 0)
		scroll_part(grid, area, up, pen);
	if (left != 0)
		for (int y = area.y; y < area.y_end; y++)
			shift_row(grid, grid_row(grid, y), area, left, pen);
	grid_touch(grid, area.y, up != 0 && area.y == 0 ? grid->rows - 1 : area.y_end - 1);
}
