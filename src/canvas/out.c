/* A canvas as text: plain lines, lines with SGR sequences, SVG. The terminal itself is served by the ui, not from here. */
#include "onesdn/canvas.h"

#include <string.h>

static bool is_blank(const struct cell *cell)
{
	return cell->width == 1 && cell->ch[0] == 0;
}

static void append_char(struct str *out, uint32_t ch)
{
	char bytes[UTF8_MAX];
	str_append_n(out, bytes, utf8_encode(ch, bytes));
}

static void append_cell(struct str *out, const struct cell *cell)
{
	if (cell->width == 0)
		return;
	append_char(out, cell->ch[0] ? cell->ch[0] : ' ');
	for (int i = 1; i < CELL_CHARS && cell->ch[0] && cell->ch[i]; i++)
		append_char(out, cell->ch[i]);
}

void canvas_text(const struct canvas *canvas, struct str *out)
{
	for (int y = 0; y < canvas->rows; y++) {
		const struct cell *row = canvas->cells + (size_t)y * (size_t)canvas->cols;
		int end = canvas->cols;
		while (end > 0 && is_blank(&row[end - 1]))
			end--;
		for (int x = 0; x < end; x++)
			append_cell(out, &row[x]);
		str_append_c(out, '\n');
	}
}

/* ---- SGR ---- */

static const struct {
	uint16_t attr;
	const char *code;
} sgr_codes[] = {
        {ATTR_BOLD, ";1"},  {ATTR_DIM, ";2"},     {ATTR_ITALIC, ";3"},  {ATTR_UNDERLINE, ";4"},
        {ATTR_BLINK, ";5"}, {ATTR_REVERSE, ";7"}, {ATTR_CONCEAL, ";8"}, {ATTR_STRIKE, ";9"},
};

static void append_sgr_color(struct str *out, uint32_t color, int base)
{
	unsigned index = color & 0xff;
	if (COLOR_KIND(color) == 2)
		str_append_f(out, ";%d;2;%u;%u;%u", base + 8, color >> 16 & 0xff, color >> 8 & 0xff, index);
	else if (COLOR_KIND(color) == 1 && index >= 16)
		str_append_f(out, ";%d;5;%u", base + 8, index);
	else if (COLOR_KIND(color) == 1)
		str_append_f(out, ";%u", (unsigned)base + (index < 8 ? index : index - 8 + 60));
}

static void append_sgr(struct str *out, const struct canvas_look *look)
{
	str_append(out, "\033[0");
	for (size_t i = 0; i < sizeof sgr_codes / sizeof *sgr_codes; i++)
		if (look->attrs & sgr_codes[i].attr)
			str_append(out, sgr_codes[i].code);
	append_sgr_color(out, look->fg, 30);
	append_sgr_color(out, look->bg, 40);
	str_append_c(out, 'm');
}

static bool same_look(const struct canvas_look *a, const struct canvas_look *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->attrs == b->attrs;
}

/* On a blank only the background and what is drawn across it can be seen. */
static bool is_empty(const struct cell *cell, const struct canvas_look *look)
{
	return is_blank(cell) && look->bg == COLOR_DEFAULT &&
	       !(look->attrs & (ATTR_REVERSE | ATTR_UNDERLINE | ATTR_STRIKE));
}

static int seen_columns(const struct cell *row, int cols, const struct canvas_look looks[ROLE_COUNT])
{
	for (; cols > 0; cols--) {
		struct canvas_look look = canvas_cell_look(&row[cols - 1], looks);
		if (!is_empty(&row[cols - 1], &look))
			break;
	}
	return cols;
}

void canvas_ansi(const struct canvas *canvas, const struct canvas_look looks[ROLE_COUNT], struct str *out)
{
	static const struct canvas_look plain;
	for (int y = 0; y < canvas->rows; y++) {
		const struct cell *row = canvas->cells + (size_t)y * (size_t)canvas->cols;
		int end = seen_columns(row, canvas->cols, looks);
		struct canvas_look pen = plain;
		for (int x = 0; x < end; x++) {
			struct canvas_look look = canvas_cell_look(&row[x], looks);
			if (!same_look(&pen, &look) && row[x].width > 0)
				append_sgr(out, &look), pen = look;
			append_cell(out, &row[x]);
		}
		str_append(out, same_look(&pen, &plain) ? "\n" : "\033[0m\n");
	}
}

/* ---- SVG ---- */

enum { CELL_COLS_PX = 9, CELL_ROWS_PX = 19, BASELINE_PX = 14, FONT_PX = 15 };
#define SVG_PAPER 0x16181du
#define SVG_INK 0xe6e6e6u

static unsigned palette_rgb(unsigned index)
{
	static const unsigned first[16] = {0x000000, 0xcd3131, 0x0dbc79, 0xe5e510, 0x2472c8, 0xbc3fbc,
	                                   0x11a8cd, 0xe5e5e5, 0x666666, 0xf14c4c, 0x23d18b, 0xf5f543,
	                                   0x3b8eea, 0xd670d6, 0x29b8db, 0xffffff};
	static const unsigned steps[6] = {0, 95, 135, 175, 215, 255};
	if (index < 16)
		return first[index];
	if (index >= 232)
		return (8 + (index - 232) * 10) * 0x010101u;
	index -= 16;
	return steps[index / 36] << 16 | steps[index / 6 % 6] << 8 | steps[index % 6];
}

static unsigned rgb_of(uint32_t color, unsigned otherwise)
{
	return COLOR_KIND(color) == 2   ? color & 0xffffff
	       : COLOR_KIND(color) == 1 ? palette_rgb(color & 0xff)
	                                : otherwise;
}

struct svg {
	const struct canvas *canvas;
	const struct canvas_look *looks;
	unsigned ink, paper;
	struct str *out;
};

struct svg_look {
	unsigned ink, paper;
	uint16_t attrs;
};

static struct svg_look svg_look(const struct svg *svg, const struct cell *cell)
{
	struct canvas_look look = canvas_cell_look(cell, svg->looks);
	struct svg_look seen = {rgb_of(look.fg, svg->ink), rgb_of(look.bg, svg->paper), look.attrs};
	if (look.attrs & ATTR_REVERSE) {
		unsigned ink = seen.ink;
		seen.ink = seen.paper;
		seen.paper = ink;
	}
	return seen;
}

static void svg_escaped(struct str *out, const char *text)
{
	for (; *text; text++)
		switch (*text) {
		case '&':
			str_append(out, "&amp;");
			break;
		case '<':
			str_append(out, "&lt;");
			break;
		case '>':
			str_append(out, "&gt;");
			break;
		case '"':
			str_append(out, "&quot;");
			break;
		default:
			str_append_c(out, *text);
		}
}

static void svg_background(const struct svg *svg, int y)
{
	const struct cell *row = svg->canvas->cells + (size_t)y * (size_t)svg->canvas->cols;
	for (int x = 0, end; x < svg->canvas->cols; x = end) {
		unsigned paper = svg_look(svg, &row[x]).paper;
		for (end = x + 1; end < svg->canvas->cols && svg_look(svg, &row[end]).paper == paper;)
			end++;
		if (paper != svg->paper)
			str_append_f(svg->out, "<rect x=\"%d\" y=\"%d\" width=\"%d\" height=\"%d\" fill=\"#%06x\"/>\n",
			             x * CELL_COLS_PX, y * CELL_ROWS_PX, (end - x) * CELL_COLS_PX, CELL_ROWS_PX, paper);
	}
}

static void svg_run(const struct svg *svg, int x, int end, int y, const struct svg_look *look)
{
	const struct cell *row = svg->canvas->cells + (size_t)y * (size_t)svg->canvas->cols;
	struct str text = {0};
	for (int i = x; i < end; i++)
		append_cell(&text, &row[i]);
	str_append_f(svg->out, "<text x=\"%d\" y=\"%d\" textLength=\"%d\" fill=\"#%06x\"", x * CELL_COLS_PX,
	             y * CELL_ROWS_PX + BASELINE_PX, (end - x) * CELL_COLS_PX, look->ink);
	if (look->attrs & ATTR_BOLD)
		str_append(svg->out, " font-weight=\"bold\"");
	if (look->attrs & ATTR_ITALIC)
		str_append(svg->out, " font-style=\"italic\"");
	if (look->attrs & ATTR_DIM)
		str_append(svg->out, " opacity=\"0.6\"");
	if (look->attrs & (ATTR_UNDERLINE | ATTR_STRIKE))
		str_append_f(svg->out, " text-decoration=\"%s\"",
		             look->attrs & ATTR_STRIKE ? "line-through" : "underline");
	str_append_c(svg->out, '>');
	svg_escaped(svg->out, str_text(&text));
	str_append(svg->out, "</text>\n");
	str_finish(&text);
}

/* A run ends where the look changes and at blanks, so that a viewer's font cannot shift what stands far apart. */
static void svg_text(const struct svg *svg, int y)
{
	const struct cell *row = svg->canvas->cells + (size_t)y * (size_t)svg->canvas->cols;
	for (int x = 0, end; x < svg->canvas->cols; x = end) {
		struct svg_look look = svg_look(svg, &row[x]);
		end = x + 1;
		if (is_blank(&row[x]) || (look.attrs & ATTR_CONCEAL))
			continue;
		while (end < svg->canvas->cols && !is_blank(&row[end])) {
			struct svg_look next = svg_look(svg, &row[end]);
			if (next.ink != look.ink || next.attrs != look.attrs)
				break;
			end++;
		}
		svg_run(svg, x, end, y, &look);
	}
}

void canvas_svg(const struct canvas *canvas, const struct canvas_look looks[ROLE_COUNT], const char *title,
                struct str *out)
{
	struct svg svg = {canvas, looks, rgb_of(looks[ROLE_TEXT].fg, SVG_INK), rgb_of(looks[ROLE_TEXT].bg, SVG_PAPER),
	                  out};
	int width = canvas->cols * CELL_COLS_PX, height = canvas->rows * CELL_ROWS_PX;
	struct str name = {0};
	str_append_safe(&name, title ? title : "", title ? strlen(title) : 0);
	str_append_f(
	        out,
	        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" width=\"%d\" height=\"%d\">\n<title>",
	        width, height, width, height);
	svg_escaped(out, str_text(&name));
	str_append_f(out, "</title>\n<rect width=\"%d\" height=\"%d\" fill=\"#%06x\"/>\n", width, height, svg.paper);
	for (int y = 0; y < canvas->rows; y++)
		svg_background(&svg, y);
	str_append_f(out,
	             "<g font-family=\"'DejaVu Sans Mono',Menlo,Consolas,monospace\" font-size=\"%d\" "
	             "xml:space=\"preserve\">\n",
	             FONT_PX);
	for (int y = 0; y < canvas->rows; y++)
		svg_text(&svg, y);
	str_append(out, "</g>\n</svg>\n");
	str_finish(&name);
}
