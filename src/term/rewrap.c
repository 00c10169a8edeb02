/* A grid at a new size. The rows are read from the oldest on and written into a new ring: a row that is marked as wrapped
 * is continued by the next one, so a line of text is cut at the new width wherever it was cut before. */
#include "grid.h"

struct rewrap {
	const struct grid *from;
	struct grid *to;
	struct row *out;         /* the row that is being filled; NULL before the first */
	struct anchor **anchors; /* still to be found, by where they were */
	struct anchor *found;    /* where they are now */
	size_t n_anchors;
};

static int64_t last_id(const struct grid *grid)
{
	return grid->first_id + (int64_t)grid->count - 1;
}

static const struct row *row_at(const struct grid *grid, size_t i)
{
	return &grid->ring[(grid->first + i) & grid->mask];
}

/* Blanks at the end of a row that nobody can see are no text. */
static int text_length(const struct row *row)
{
	int len = row->len;
	while (len > 0) {
		const struct glyph *cell = &row->cells[len - 1];
		bool seen = (cell->ch & (GLYPH_CHAR | GLYPH_EXTRA)) != 0 || cell->bg != COLOR_DEFAULT ||
		            GLYPH_WIDTH_OF(cell->ch) == 0 ||
		            (GLYPH_ATTRS_OF(cell->ch) & (ATTR_REVERSE | ATTR_UNDERLINE)) != 0;
		if (seen)
			break;
		len--;
	}
	return len;
}

static void next_row(struct rewrap *rewrap)
{
	rewrap->out = grid_push(rewrap->to);
}

/* Anchors at or (in the last cell, at the end of a line) beyond (i, x) are where writing goes on now. */
static void note_anchors(struct rewrap *rewrap, size_t i, int x, bool beyond)
{
	int64_t id = rewrap->from->first_id + (int64_t)i;
	for (size_t k = 0; k < rewrap->n_anchors; k++) {
		const struct anchor *anchor = rewrap->anchors[k];
		if (anchor->id != id || (beyond ? anchor->x < x : anchor->x != x))
			continue;
		int past = beyond ? anchor->x - x : 0;
		int to_x = rewrap->out->len + past;
		rewrap->found[k].id = last_id(rewrap->to);
		rewrap->found[k].x = to_x < rewrap->to->cols || past == 0 ? to_x : rewrap->to->cols - 1;
	}
}

static void take_row(struct rewrap *rewrap, size_t i, bool continues)
{
	const struct row *row = row_at(rewrap->from, i);
	int len = continues ? row->len : text_length(row), cols = rewrap->to->cols;
	for (int x = 0; x < len; x++) {
		int width = (int)GLYPH_WIDTH_OF(row->cells[x].ch);
		if (rewrap->out->len + (width == 2 ? 2 : 1) > cols && !(width == 0 && rewrap->out->len < cols)) {
			rewrap->out->wrapped = true;
			next_row(rewrap);
		}
		note_anchors(rewrap, i, x, false);
		row_append(rewrap->out, row, x);
	}
	note_anchors(rewrap, i, len, true);
}

/* The rows that hold something: up to the last one with text or the cursor. */
static size_t used_rows(const struct grid *grid, int cursor_y)
{
	size_t least = grid->count - (size_t)grid->rows + (size_t)cursor_y + 1, n = grid->count;
	while (n > least && text_length(row_at(grid, n - 1)) == 0)
		n--;
	return n;
}

/* Where the screen begins: where it began, or further up by as many rows as it grew, or so that the last row is on it. */
static int64_t new_top(const struct grid *fresh, int64_t was_top, int grown)
{
	int64_t top = was_top - (grown > 0 ? grown : 0), least = last_id(fresh) + 1 - fresh->rows;
	top = top > least ? top : least;
	return top > fresh->first_id ? top : fresh->first_id;
}

static void rewrap_rows(struct rewrap *rewrap, size_t used)
{
	bool continues = false;
	for (size_t i = 0; i < used; i++) {
		if (!continues)
			next_row(rewrap);
		continues = row_at(rewrap->from, i)->wrapped && i + 1 < used;
		take_row(rewrap, i, continues);
	}
}

void grid_rewrap(struct grid *grid, int rows, int cols, int cursor_y, struct anchor *anchors[], size_t n_anchors)
{
	enum { ANCHORS_MAX = 8 };
	struct grid fresh;
	struct anchor top = {grid_id(grid, 0), 0}, found[ANCHORS_MAX + 1], *all[ANCHORS_MAX + 1] = {&top};
	n_anchors = n_anchors < ANCHORS_MAX ? n_anchors : ANCHORS_MAX;
	grid_init(&fresh, rows, cols, grid->limit);
	fresh.count = 0; /* filled from the top */
	fresh.first_id = grid->first_id;
	for (size_t k = 0; k <= n_anchors; k++) {
		found[k] = (struct anchor){fresh.first_id, 0};
		all[k] = k > 0 ? anchors[k - 1] : all[0];
	}
	struct rewrap rewrap = {grid, &fresh, NULL, all, found, n_anchors + 1};
	rewrap_rows(&rewrap, used_rows(grid, cursor_y));
	int64_t begin = new_top(&fresh, found[0].id, rows - grid->rows);
	while (last_id(&fresh) < begin + rows - 1)
		grid_push(&fresh);
	for (size_t k = 0; k <= n_anchors; k++) { /* what has left the ring is at its top */
		if (found[k].id < fresh.first_id)
			found[k] = (struct anchor){fresh.first_id, 0};
		*all[k] = found[k];
	}
	/* the cursor stays on the screen: what is below it gives way */
	int64_t above = n_anchors > 0 ? grid_id(&fresh, 0) - found[1].id : 0;
	if (above > 0)
		fresh.count -= (size_t)above;
	grid_finish(grid);
	*grid = fresh;
}

void grid_crop(struct grid *grid, int rows, int cols)
{
	struct grid fresh;
	grid_init(&fresh, rows, cols, 0);
	for (int y = 0; y < rows && y < grid->rows; y++) {
		struct row *to = grid_row(&fresh, y);
		const struct row *from = grid_row(grid, y);
		for (int x = 0; x < from->len && x < cols; x++) {
			bool is_half = GLYPH_WIDTH_OF(from->cells[x].ch) == 2 && x + 1 == cols;
			if (!is_half)
				row_append(to, from, x);
		}
	}
	grid_finish(grid);
	*grid = fresh;
}
