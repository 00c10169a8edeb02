/* The cells of a canvas as curses has them: colours and pairs, characters, and which of them have changed. */
#include "screen/state.h"

#include <string.h>
#include <wchar.h>

enum { PAIRS_MAX = 60000 }; /* of 65536: when they run out, all are made anew */

/* ---- colours ---- */

static int nearest_256(uint32_t color)
{
	static const int steps[6] = {0, 95, 135, 175, 215, 255};
	int rgb[3] = {color >> 16 & 0xff, color >> 8 & 0xff, color & 0xff}, cube = 16, distance = 0;
	for (int i = 0; i < 3; i++) {
		int step = rgb[i] < 48 ? 0 : rgb[i] < 115 ? 1 : (rgb[i] - 35) / 40;
		cube += step * (i == 0 ? 36 : i == 1 ? 6 : 1);
		distance += (rgb[i] - steps[step]) * (rgb[i] - steps[step]);
	}
	int mean = (rgb[0] + rgb[1] + rgb[2]) / 3,
	    gray = mean < 3     ? 0
	           : mean > 243 ? 23
	                        : (mean - 3) / 10,
	    gray_distance = 0;
	for (int i = 0; i < 3; i++)
		gray_distance += (rgb[i] - (8 + gray * 10)) * (rgb[i] - (8 + gray * 10));
	return gray_distance < distance ? 232 + gray : cube;
}

static int nearest_16(uint32_t color)
{
	int r = color >> 16 & 0xff, g = color >> 8 & 0xff, b = color & 0xff, most = r > g ? r : g;
	most = most > b ? most : b;
	if (most < 48)
		return 0;
	int index = (r > most * 2 / 3 ? 1 : 0) | (g > most * 2 / 3 ? 2 : 0) | (b > most * 2 / 3 ? 4 : 0);
	if (index == 7)
		return most < 100 ? 8 : most < 200 ? 7 : 15;
	return most > 180 ? index + 8 : index;
}

static int index_to_16(int index)
{
	static const int steps[6] = {0, 95, 135, 175, 215, 255};
	if (index < 16)
		return index;
	int gray = 8 + (index - 232) * 10, cube = index - 16;
	if (index >= 232)
		return nearest_16(COLOR_RGB(gray, gray, gray));
	return nearest_16(COLOR_RGB(steps[cube / 36], steps[cube / 6 % 6], steps[cube % 6]));
}

static int curses_color(uint32_t color)
{
	int index = (int)(color & 0xff);
	if (COLOR_KIND(color) == 0)
		return -1;
	if (COLORS > 256)
		return COLOR_KIND(color) == 2 ? (int)(0x1000000 | (color & 0xffffff)) : index;
	if (COLOR_KIND(color) == 2)
		index = COLORS >= 256 ? nearest_256(color) : nearest_16(color);
	else if (COLORS < 256)
		index = index_to_16(index);
	return index < COLORS ? index : index & 7;
}

static int pair_of(struct screen *screen, uint32_t fg, uint32_t bg)
{
	if ((fg == COLOR_DEFAULT && bg == COLOR_DEFAULT) ||
	    COLORS < 8) /* without colours ncurses has no pairs at all */
		return 0;
	uint32_t hash = (fg * 2654435761u) ^ (bg * 2246822519u);
	struct pair_slot *slot = &screen->pairs[(hash ^ hash >> 15) & (PAIR_SLOTS - 1)];
	if (slot->pair > 0 && slot->fg == fg && slot->bg == bg)
		return slot->pair;
	int pair = alloc_pair(curses_color(fg), curses_color(bg));
	if (pair < 0)
		return 0;
	*slot = (struct pair_slot){fg, bg, pair};
	screen->n_pairs = pair > screen->n_pairs ? pair : screen->n_pairs;
	return pair;
}

/* Before they run out and ncurses gives a pair that is on the screen new colours. */
void screen_renew_pairs(struct screen *screen)
{
	if (screen->n_pairs < PAIRS_MAX || screen->n_pairs < COLOR_PAIRS - PAIR_SLOTS / 4)
		return;
	reset_color_pairs();
	memset(screen->pairs, 0, sizeof screen->pairs);
	screen->n_pairs = 0;
	screen->redraw = true;
}

/* ---- cells ---- */

static attr_t curses_attrs(uint16_t attrs)
{
	static const struct {
		uint16_t ours;
		attr_t theirs;
	} rows[] = {
	        {ATTR_BOLD, A_BOLD},           {ATTR_DIM, A_DIM},     {ATTR_ITALIC, A_ITALIC},
	        {ATTR_UNDERLINE, A_UNDERLINE}, {ATTR_BLINK, A_BLINK}, {ATTR_REVERSE, A_REVERSE},
	        {ATTR_CONCEAL, A_INVIS},
	};
	attr_t result = 0;
	for (size_t i = 0; attrs && i < sizeof rows / sizeof *rows; i++)
		if (attrs & rows[i].ours)
			result |= rows[i].theirs;
	return result;
}

/* The characters of a cell as curses may have them; the columns that they take there. What curses counts in another way
 * than we do would shift the rest of the row: a replacement stands in. */
static int cell_chars(const struct screen *screen, const struct cell *cell, wchar_t text[CELL_CHARS + 1])
{
	uint32_t ch = cell->ch[0] ? cell->ch[0] : ' ';
	int n = 1;
	text[0] = (wchar_t)ch;
	if (ch >= 0x80) {
		if (screen->is_ascii)
			ch = canvas_ascii_char(ch);
		text[0] = screen->is_ascii && ch >= 0x80 ? L'?' : (wchar_t)ch;
		if (ch >= 0x80 && wcwidth(text[0]) != cell->width)
			text[0] = screen->is_ascii ? L'?' : L'\xfffd';
	}
	for (int i = 1; i < CELL_CHARS && cell->ch[0] && cell->ch[i] && !screen->is_ascii; i++)
		if (wcwidth((wchar_t)cell->ch[i]) == 0)
			text[n++] = (wchar_t)cell->ch[i];
	text[n] = L'\0';
	return text[0] < 0x80 || text[0] == 0xfffd ? 1 : cell->width;
}

/* Columns first..end - 1, whole characters. */
static void draw_cells(struct screen *screen, int y, const struct cell *cells, int first, int end)
{
	int n = 0;
	for (int x = first; x < end;) {
		const struct cell *cell = &cells[x];
		wchar_t text[CELL_CHARS + 1];
		int width = cell_chars(screen, cell, text), pair = pair_of(screen, cell->fg, cell->bg);
		attr_t attrs = curses_attrs(cell->attrs);
		setcchar(&screen->row[n++], text, attrs, 0, &pair);
		if (width < cell->width)
			setcchar(&screen->row[n++], L" ", attrs, 0, &pair);
		x += cell->width > 0 ? cell->width : 1;
	}
	mvwadd_wchnstr(stdscr, y, first, screen->row, n);
}

/* The cell as it is to be seen. */
static struct cell resolved(const struct cell *cell, const struct canvas_look looks[ROLE_COUNT])
{
	struct cell result = *cell;
	if (cell->role != ROLE_NONE) {
		struct canvas_look look = canvas_cell_look(cell, looks);
		result.fg = look.fg;
		result.bg = look.bg;
		result.attrs = look.attrs;
	}
	return result;
}

/* Compares the row as it came, and draws from the first to the last cell that differ. */
bool screen_update_row(struct screen *screen, int y, const struct canvas *canvas,
                       const struct canvas_look looks[ROLE_COUNT])
{
	struct cell *shown = screen->shown + (size_t)y * (size_t)screen->cols;
	const struct cell *cells = canvas->cells + (size_t)y * (size_t)canvas->cols;
	int cols = y >= canvas->rows             ? 0
	           : canvas->cols < screen->cols ? canvas->cols
	                                         : screen->cols,
	    first = 0, end = cols;
	if (screen->redraw) {
		end = screen->cols;
	} else {
		while (first < end && memcmp(&shown[first], &cells[first], sizeof *cells) == 0)
			first++;
		while (end > first && memcmp(&shown[end - 1], &cells[end - 1], sizeof *cells) == 0)
			end--;
	}
	if (first == end)
		return false;
	/* characters that lie across an end, now or before, belong to what is drawn */
	while (first > 0 && (shown[first].width == 0 || (first < cols && cells[first].width == 0)))
		first--;
	while (end < cols && (shown[end].width == 0 || cells[end].width == 0))
		end++;
	for (int x = first; x < end; x++) {
		static const struct cell blank = {.width = 1};
		if (shown[x].attrs & ATTR_HALF) /* curses does not know what stands there */
			wredrawln(stdscr, y, 1);
		shown[x] = x < cols ? cells[x] : blank;
		screen->line[x] = resolved(&shown[x], looks);
		if (screen->line[x].width == 2 && x + 1 == screen->cols)
			screen->line[x] = blank;
	}
	draw_cells(screen, y, screen->line, first, end);
	return true;
}

/* ---- halves: a wide character of which half was overwritten. curses cannot say this; the terminal is sent what the program
 * sent: the character, then what covers half of it. Most show a blank then, some the half. ---- */

/* The cell, or `ch` in its looks over two columns. */
static void append_cell(struct screen *screen, int x, int y, const struct cell *cell, uint32_t ch)
{
	static const struct canvas_look plain[ROLE_COUNT];
	struct cell cells[2] = {*cell, {.width = 0}};
	struct canvas canvas = {.cols = cell->width == 2 || ch ? 2 : 1, .rows = 1, .cells = cells};
	cells[0].attrs &= (uint16_t)~ATTR_HALF;
	cells[0].width = (uint8_t)canvas.cols;
	if (ch)
		memset(cells[0].ch, 0, sizeof cells[0].ch), cells[0].ch[0] = ch;
	str_append_f(&screen->out, "\033[%d;%dH", y + 1, x + 1);
	size_t before = screen->out.len;
	canvas_ansi(&canvas, plain, &screen->out);
	screen->out.len--; /* the line feed */
	if (screen->out.len == before)
		str_append_c(&screen->out, ' ');
}

static void append_half(struct screen *screen, const struct cell *row, int x, int y)
{
	enum { WIDE_BLANK = 0x3000 };
	if (row[x].ch[1]) { /* the left half: what covers the right one follows */
		append_cell(screen, x, y, &row[x], row[x].ch[1]);
		if (x + 1 < screen->cols)
			append_cell(screen, x + 1, y, &row[x + 1], 0);
	} else if (x > 0) { /* the right half of anything wide; then what stands before it */
		int before = row[x - 1].width == 0 && x > 1 ? x - 2 : x - 1;
		append_cell(screen, x - 1, y, &row[x], WIDE_BLANK);
		append_cell(screen, before, y, &row[before], 0);
	}
}

void screen_append_halves(struct screen *screen, int y, const struct canvas_look looks[ROLE_COUNT])
{
	const struct cell *shown = screen->shown + (size_t)y * (size_t)screen->cols;
	bool any = false;
	for (int x = 0; x < screen->cols; x++) {
		screen->line[x] = resolved(&shown[x], looks);
		any |= (shown[x].attrs & ATTR_HALF) != 0;
	}
	if (!any || screen->is_ascii || !screen->is_xterm)
		return;
	str_append(&screen->out, "\0337");
	for (int x = 0; x < screen->cols; x++)
		if (screen->line[x].attrs & ATTR_HALF)
			append_half(screen, screen->line, x, y);
	str_append(&screen->out, "\0338");
}
