/* A canvas as the change of the one before: what a terminal that shows the one is to read to show the other. Each change is
 * whole characters, so it is valid UTF-8, and begins and ends with the pen at rest, so that changes may be cut apart anywhere. */
#include "canvas/sgr.h"

#include <string.h>

enum { GAP_COLS = 4 }; /* unchanged cells that are cheaper to print again than to pass over */

struct pen {
	const struct canvas_look *looks;
	struct canvas_look look;
	int x, y; /* where the terminal's cursor is; x -1: nobody knows */
	struct str *out;
};
static const struct canvas_look plain;

static bool same_cell(const struct cell *a, const struct cell *b, const struct canvas_look *looks)
{
	struct canvas_look look_a = canvas_cell_look(a, looks), look_b = canvas_cell_look(b, looks);
	if (a->width != b->width || !sgr_same_look(&look_a, &look_b))
		return false;
	bool is_blank = sgr_is_blank(a) || (a->ch[0] == ' ' && !a->ch[1]);
	if (is_blank && (sgr_is_blank(b) || (b->ch[0] == ' ' && !b->ch[1])))
		return true;
	return memcmp(a->ch, b->ch, sizeof a->ch) == 0;
}

static bool is_bare(const struct cell *cell, const struct canvas_look *looks)
{
	struct canvas_look look = canvas_cell_look(cell, looks);
	return (sgr_is_blank(cell) || (cell->ch[0] == ' ' && !cell->ch[1])) && look.bg == COLOR_DEFAULT &&
	       !(look.attrs & (ATTR_REVERSE | ATTR_UNDERLINE | ATTR_STRIKE));
}

static void set_look(struct pen *pen, const struct canvas_look *look)
{
	if (sgr_same_look(&pen->look, look))
		return;
	pen->look = *look;
	if (sgr_same_look(look, &plain))
		str_append(pen->out, "\033[m");
	else
		sgr_append_look(pen->out, look);
}

static void move_to(struct pen *pen, int x, int y)
{
	if (pen->x == x && pen->y == y)
		return;
	if (pen->y == y && pen->x >= 0 && x > pen->x)
		str_append_f(pen->out, "\033[%dC", x - pen->x);
	else
		str_append_f(pen->out, "\033[%d;%dH", y + 1, x + 1);
	pen->x = x;
	pen->y = y;
}

static void put_cells(struct pen *pen, const struct cell *row, int from, int to, int cols)
{
	for (int x = from; x < to; x++) {
		struct canvas_look look = canvas_cell_look(&row[x], pen->looks);
		if (row[x].width == 0)
			continue;
		set_look(pen, &look);
		sgr_append_cell(pen->out, &row[x]);
		pen->x += row[x].width;
	}
	if (pen->x >= cols) /* behind the last column terminals differ */
		pen->x = -1;
}

/* From where to the end of the row nothing is to be seen. */
static int bare_from(const struct cell *row, int cols, const struct canvas_look *looks)
{
	while (cols > 0 && is_bare(&row[cols - 1], looks))
		cols--;
	return cols;
}

/* The next stretch of changed cells at or after *from, short gaps included, never from or to the middle of a wide character. */
static bool next_change(const struct pen *pen, const struct cell *was, const struct cell *is, int cols, int *from,
                        int *to)
{
	int x = *from, last;
	while (x < cols && same_cell(&was[x], &is[x], pen->looks))
		x++;
	if (x >= cols)
		return false;
	*from = last = x;
	for (; x < cols && x - last <= GAP_COLS; x++)
		if (!same_cell(&was[x], &is[x], pen->looks))
			last = x;
	while (*from > 0 && (is[*from].width == 0 || was[*from].width == 0))
		--*from;
	*to = last + 1;
	while (*to < cols && (is[*to].width == 0 || was[*to].width == 0))
		++*to;
	return true;
}

static void diff_row(struct pen *pen, const struct cell *was, const struct cell *is, int y, int cols)
{
	int end = bare_from(is, cols, pen->looks), erase = bare_from(was, cols, pen->looks);
	while (end < erase && was[end].width == 0) /* nothing is erased from the middle of a wide character on */
		end++;
	for (int from = 0, to; next_change(pen, was, is, erase > end ? end : cols, &from, &to); from = to) {
		move_to(pen, from, y);
		put_cells(pen, is, from, to, cols);
	}
	if (erase <= end)
		return;
	move_to(pen, end, y);
	set_look(pen, &plain);
	str_append(pen->out, "\033[K");
}

void canvas_diff(const struct canvas *before, const struct canvas *after, const struct canvas_look looks[ROLE_COUNT],
                 struct str *out)
{
	bool is_first = !before || before->cols != after->cols || before->rows != after->rows;
	struct canvas *blank = is_first ? canvas_create(after->cols, after->rows) : NULL;
	const struct canvas *was = is_first ? blank : before;
	struct pen pen = {looks, plain, -1, -1, out};
	size_t cols = (size_t)after->cols;
	bool has_cursor = after->cursor_x >= 0, had_cursor = was->cursor_x >= 0;
	if (is_first)
		str_append(out, "\033[m\033[2J\033[?25l");
	size_t len = out->len;
	for (int y = 0; y < after->rows; y++)
		diff_row(&pen, was->cells + (size_t)y * cols, after->cells + (size_t)y * cols, y, after->cols);
	set_look(&pen, &plain);
	bool has_moved = out->len != len || was->cursor_x != after->cursor_x || was->cursor_y != after->cursor_y;
	if (has_cursor && has_moved)
		str_append_f(out, "\033[%d;%dH", after->cursor_y + 1, after->cursor_x + 1);
	if (has_cursor != had_cursor)
		str_append(out, has_cursor ? "\033[?25h" : "\033[?25l");
	canvas_destroy(blank);
}
