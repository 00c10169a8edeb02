/* grid: rows of cells in a ring that is screen and scrollback in one. Knows cells, not sequences. Private to term.
 *
 * A cell is 12 bytes: the character, its width and attributes in one word, then two colours. A row remembers how far it
 * was written; beyond is blank in the default colours. What combines with a character lies beside the row. Line numbers:
 * 0 to rows - 1 are the screen, negative ones the scrollback. Scrolling the whole screen moves an index, nothing else.
 */
#ifndef TERM_GRID_H
#define TERM_GRID_H

#include "onesdn/canvas.h"

#define GLYPH_CHAR 0x001fffffu /* a code point; 0 is a blank. With GLYPH_EXTRA: an index into the row's extras */
#define GLYPH_EXTRA 0x00200000u
#define GLYPH_WIDTH(n) ((uint32_t)(n) << 22)
#define GLYPH_WIDTH_OF(ch) ((ch) >> 22 & 3)
#define GLYPH_ATTRS(attrs) ((uint32_t)(attrs) << 24)
#define GLYPH_ATTRS_OF(ch) ((ch) >> 24)
#define GLYPH_BLANK GLYPH_WIDTH(1)

struct glyph {
	uint32_t ch, fg, bg;
};

struct pen {
	uint32_t attrs, fg, bg; /* ATTR_..., COLOR_... */
};

struct row {
	struct glyph *cells;
	uint32_t (*extras)[CELL_CHARS];
	uint16_t len, cap;
	uint16_t n_extras, cap_extras;
	bool wrapped; /* the text goes on in the next row */
};

struct grid {
	int rows, cols;
	struct row *ring;            /* a power of two, at least limit + rows */
	size_t mask, first, count;   /* count rows from `first` on are in use; the last `rows` are the screen */
	size_t limit;                /* rows kept above the screen */
	int64_t first_id;            /* number of the oldest row since the beginning */
	int dirty_first, dirty_last; /* rows of the screen; first > last: none */
};

void grid_init(struct grid *grid, int rows, int cols, size_t scrollback);
void grid_finish(struct grid *grid);
struct row *grid_row(const struct grid *grid, int line); /* of the scrollback or the screen */
static inline int grid_scrollback(const struct grid *grid)
{
	return (int)grid->count - grid->rows;
}
static inline int64_t grid_id(const struct grid *grid, int line) /* stays with the line when it scrolls */
{
	return grid->first_id + grid_scrollback(grid) + line;
}
void grid_touch(struct grid *grid, int first, int last);
void grid_clear_scrollback(struct grid *grid);

void grid_put_ascii(struct grid *grid, int x, int y, const char *bytes, int n,
                    const struct pen *pen); /* fits in the row */
void grid_put(struct grid *grid, int x, int y, uint32_t ch, int width, const struct pen *pen);
void grid_combine(struct grid *grid, int x, int y, uint32_t ch); /* with what stands at (x, y) */
/* In all of these: rows y..y_end - 1, columns x..x_end - 1; what becomes free has the pen's background. */
struct area {
	int x, y, x_end, y_end;
};
void grid_erase(struct grid *grid, struct area area, const struct pen *pen);
void grid_scroll(struct grid *grid, struct area area, int up, int left,
                 const struct pen *pen);                                /* negative: down, right */
int grid_chars(const struct row *row, int x, uint32_t out[CELL_CHARS]); /* code points of a cell, how many */

/* New size. Text that was wrapped is wrapped anew; every anchor (a line's id and a column) goes with its character; just
 * behind a line that fills its row its column is `cols`. The first anchor is the cursor, on line cursor_y before. */
struct anchor {
	int64_t id;
	int x;
};
void grid_rewrap(struct grid *grid, int rows, int cols, int cursor_y, struct anchor *anchors[], size_t n_anchors);
void grid_crop(struct grid *grid, int rows,
               int cols); /* the alternate screen: nothing is wrapped, there is no scrollback */

/* For rewrap.c: an empty row below the last one. */
struct row *grid_push(struct grid *grid);
void row_finish(struct row *row);
void row_append(struct row *to, const struct row *from, int x); /* the cell at x, with what combines with it */
void row_reserve(struct row *row, int cols);

#endif
