/* canvas: cells in memory, text and boxes put on them. How a canvas becomes text is in out.c, the ASCII look-alikes in
 * ascii.c. Every cell is written through set_cell, which keeps wide characters whole and lets nothing unsafe in. */
#include "onesdn/canvas.h"

#include <stdlib.h>
#include <string.h>

enum { SIDE_MAX = 1000, REPLACEMENT = 0xfffd };

static const char *const role_names[ROLE_COUNT] = {
#define X(id, name) [ROLE_##id] = name,
        CANVAS_ROLES(X)
#undef X
};

const char *canvas_role_name(enum canvas_role role)
{
	return (unsigned)role < ROLE_COUNT ? role_names[role] : role_names[ROLE_NONE];
}

bool canvas_role_find(const char *name, enum canvas_role *role)
{
	for (int i = 0; i < ROLE_COUNT; i++)
		if (text_equal(name, role_names[i])) {
			*role = (enum canvas_role)i;
			return true;
		}
	return false;
}

static const struct cell blank = {.width = 1};

static int clamp(int value, int low, int high)
{
	return value < low ? low : value > high ? high : value;
}

struct canvas *canvas_create(int cols, int rows)
{
	struct canvas *canvas = mem_alloc(sizeof *canvas);
	canvas->cols = clamp(cols, 1, SIDE_MAX);
	canvas->rows = clamp(rows, 1, SIDE_MAX);
	canvas->cells = mem_alloc((size_t)canvas->cols * (size_t)canvas->rows * sizeof *canvas->cells);
	canvas_clear(canvas);
	return canvas;
}

void canvas_destroy(struct canvas *canvas)
{
	if (!canvas)
		return;
	free(canvas->cells);
	free(canvas);
}

void canvas_clear(struct canvas *canvas)
{
	size_t n = (size_t)canvas->cols * (size_t)canvas->rows;
	for (size_t i = 0; i < n; i++)
		canvas->cells[i] = blank;
	canvas->cursor_x = canvas->cursor_y = -1;
}

struct cell *canvas_at(struct canvas *canvas, int x, int y)
{
	if (x < 0 || y < 0 || x >= canvas->cols || y >= canvas->rows)
		return NULL;
	return &canvas->cells[(size_t)y * (size_t)canvas->cols + (size_t)x];
}

bool canvas_same(const struct canvas *a, const struct canvas *b)
{
	return a->cols == b->cols && a->rows == b->rows && a->cursor_x == b->cursor_x && a->cursor_y == b->cursor_y &&
	       memcmp(a->cells, b->cells, (size_t)a->cols * (size_t)a->rows * sizeof *a->cells) == 0;
}

/* Turns what is left of a wide character into a blank when its cell at x is about to be overwritten. */
static void break_wide(struct canvas *canvas, int x, int y)
{
	struct cell *cell = canvas_at(canvas, x, y);
	if (!cell || cell->width == 1)
		return;
	struct cell *other = canvas_at(canvas, cell->width == 0 ? x - 1 : x + 1, y);
	for (int i = 0; i < 2; i++) {
		struct cell *half = i ? other : cell;
		if (!half)
			continue;
		memset(half->ch, 0, sizeof half->ch);
		half->width = 1;
	}
}

/* The one way in. Says false when the cell does not fit on the canvas. */
static bool set_cell(struct canvas *canvas, int x, int y, const struct cell *value)
{
	struct cell *cell = canvas_at(canvas, x, y);
	if (!cell || (value->width == 2 && x + 1 >= canvas->cols))
		return false;
	break_wide(canvas, x, y);
	if (value->width == 2)
		break_wide(canvas, x + 1, y);
	*cell = *value;
	if (value->width == 2) {
		cell[1] = *value;
		memset(cell[1].ch, 0, sizeof cell[1].ch);
		cell[1].width = 0;
	}
	return true;
}

/* Control characters, what changes the direction or the line, and what is no character at all: never on a canvas. */
static uint32_t safe_char(uint32_t ch)
{
	if (ch == '\t' || ch == '\n' || ch == 0xa0)
		return ' ';
	if (ch < 0x20 || (ch >= 0x7f && ch < 0xa0) || (ch >= 0xd800 && ch < 0xe000) || ch > 0x10ffff)
		return REPLACEMENT;
	if (ch == 0x061c || ch == 0x200e || ch == 0x200f || (ch >= 0x2028 && ch <= 0x202e) ||
	    (ch >= 0x2066 && ch <= 0x2069))
		return REPLACEMENT;
	return ch;
}

static struct cell cell_of(const struct canvas *canvas, enum canvas_role role, uint16_t attrs, uint32_t ch)
{
	struct cell cell = {.attrs = attrs, .role = (uint8_t)role, .width = 1};
	ch = safe_char(ch ? ch : ' ');
	if (canvas->ascii)
		ch = canvas_ascii_char(ch);
	if (utf8_width(ch) == 2)
		cell.width = 2;
	cell.ch[0] = ch == ' ' ? 0 : ch;
	return cell;
}

static void combine(struct cell *cell, uint32_t ch)
{
	for (int i = 1; i < CELL_CHARS; i++)
		if (!cell->ch[i]) {
			cell->ch[i] = ch;
			return;
		}
}

int canvas_put(struct canvas *canvas, int x, int y, int max, enum canvas_role role, uint16_t attrs, const char *text)
{
	size_t left = strlen(text);
	int used = 0;
	struct cell *last = NULL;
	while (left > 0) {
		uint32_t ch;
		size_t bytes = utf8_decode(text, left, &ch);
		text += bytes;
		left -= bytes;
		if (utf8_width(ch) == 0 && safe_char(ch) == ch) {
			if (last && last->ch[0])
				combine(last, ch);
			continue;
		}
		struct cell cell = cell_of(canvas, role, attrs, ch);
		if (used + cell.width > max || x + used + cell.width > canvas->cols)
			break;
		last = set_cell(canvas, x + used, y, &cell) ? canvas_at(canvas, x + used, y) : NULL;
		used += cell.width;
	}
	return used;
}

int canvas_put_fit(struct canvas *canvas, int x, int y, int max, enum canvas_role role, uint16_t attrs,
                   const char *text)
{
	const char *more = canvas->ascii ? "..." : "…";
	int more_cols = canvas->ascii ? 3 : 1;
	if (text_columns(text) <= max)
		return canvas_put(canvas, x, y, max, role, attrs, text);
	int used = max > more_cols ? canvas_put(canvas, x, y, max - more_cols, role, attrs, text) : 0;
	return used + canvas_put(canvas, x + used, y, max - used, role, attrs, more);
}

void canvas_put_char(struct canvas *canvas, int x, int y, enum canvas_role role, uint16_t attrs, uint32_t ch)
{
	struct cell cell = cell_of(canvas, role, attrs, ch);
	set_cell(canvas, x, y, &cell);
}

void canvas_fill(struct canvas *canvas, struct rect area, enum canvas_role role, uint32_t ch)
{
	struct cell cell = cell_of(canvas, role, 0, ch);
	int right = clamp(area.x + clamp(area.cols, 0, SIDE_MAX), 0, canvas->cols);
	int bottom = clamp(area.y + clamp(area.rows, 0, SIDE_MAX), 0, canvas->rows);
	for (int y = clamp(area.y, 0, canvas->rows); y < bottom; y++)
		for (int x = clamp(area.x, 0, canvas->cols); x + cell.width <= right; x += cell.width)
			set_cell(canvas, x, y, &cell);
}

struct box_set {
	uint32_t top_left, top_right, bottom_left, bottom_right, across, down;
};
static const struct box_set box_sets[] = {
        [BOX_SQUARE] = {0x250c, 0x2510, 0x2514, 0x2518, 0x2500, 0x2502},
        [BOX_ROUND] = {0x256d, 0x256e, 0x2570, 0x256f, 0x2500, 0x2502},
        [BOX_DOTTED] = {0x250c, 0x2510, 0x2514, 0x2518, 0x2504, 0x2506},
};

void canvas_box(struct canvas *canvas, struct rect area, enum canvas_box box, enum canvas_role role, const char *title)
{
	if (area.cols < 2 || area.rows < 2)
		return;
	const struct box_set *set = &box_sets[box];
	int right = area.x + area.cols - 1, bottom = area.y + area.rows - 1;
	for (int x = area.x + 1; x < right; x++) {
		canvas_put_char(canvas, x, area.y, role, 0, set->across);
		canvas_put_char(canvas, x, bottom, role, 0, set->across);
	}
	for (int y = area.y + 1; y < bottom; y++) {
		canvas_put_char(canvas, area.x, y, role, 0, set->down);
		canvas_put_char(canvas, right, y, role, 0, set->down);
	}
	canvas_put_char(canvas, area.x, area.y, role, 0, set->top_left);
	canvas_put_char(canvas, right, area.y, role, 0, set->top_right);
	canvas_put_char(canvas, area.x, bottom, role, 0, set->bottom_left);
	canvas_put_char(canvas, right, bottom, role, 0, set->bottom_right);
	int room = area.cols - 6; /* corner, one dash and a space on either side */
	if (!title || !*title || room < 1)
		return;
	int used = canvas_put_fit(canvas, area.x + 3, area.y, room, role, 0, title);
	canvas_put_char(canvas, area.x + 2, area.y, role, 0, ' ');
	canvas_put_char(canvas, area.x + 3 + used, area.y, role, 0, ' ');
}

void canvas_copy(struct canvas *to, int x, int y, const struct canvas *from)
{
	for (int row = clamp(-y, 0, from->rows); row < from->rows && y + row < to->rows; row++) {
		const struct cell *cells = from->cells + (size_t)row * (size_t)from->cols;
		for (int col = clamp(-x, 0, from->cols); col < from->cols && x + col < to->cols; col++) {
			struct cell cell = cells[col];
			bool is_half = cell.width == 0 || (cell.width == 2 && x + col + 1 >= to->cols);
			if (cell.width == 0 && col > 0 && x + col > 0 && cells[col - 1].width == 2)
				continue; /* came with its left half */
			if (is_half) {
				memset(cell.ch, 0, sizeof cell.ch);
				cell.width = 1;
			}
			set_cell(to, x + col, y + row, &cell);
		}
	}
}

struct canvas_look canvas_cell_look(const struct cell *cell, const struct canvas_look looks[ROLE_COUNT])
{
	struct canvas_look look = looks[cell->role < ROLE_COUNT ? cell->role : ROLE_NONE];
	if (cell->fg != COLOR_DEFAULT)
		look.fg = cell->fg;
	if (cell->bg != COLOR_DEFAULT)
		look.bg = cell->bg;
	look.attrs |= cell->attrs;
	return look;
}

/* Where a line of at most `cols` columns ends: in its second half at a blank, else behind a slash, a dash or a colon. */
static size_t line_end(const char *text, size_t len, int cols)
{
	char *rest = mem_strndup(text, len);
	size_t fit = text_cut(rest, cols);
	bool is_whole = fit >= strlen(rest);
	free(rest);
	if (is_whole)
		return len;
	for (size_t i = fit; i > fit / 2; i--)
		if (text[i] == ' ')
			return i;
	for (size_t i = fit; i > fit / 2; i--)
		if (strchr("/-:,", text[i - 1]))
			return i;
	return fit ? fit : len;
}

int canvas_put_wrapped(struct canvas *canvas, struct rect area, enum canvas_role role, const char *text, size_t len)
{
	int rows = 0;
	while (rows < area.rows && (len > 0 || rows == 0)) {
		size_t end = line_end(text, len, area.cols);
		char *part = mem_strndup(text, end);
		canvas_put(canvas, area.x, area.y + rows++, area.cols, role, 0, part);
		free(part);
		text += end;
		len -= end;
		while (len > 0 && *text == ' ') {
			text++;
			len--;
		}
	}
	return rows;
}
