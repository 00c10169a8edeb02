/* A canvas as text: plain lines, lines with SGR sequences, SVG. The terminal itself is served by the ui, not from here. */
#include "canvas/sgr.h"

#include <string.h>

void canvas_text(const struct canvas *canvas, struct str *out)
{
	for (int y = 0; y < canvas->rows; y++) {
		const struct cell *row = canvas->cells + (size_t)y * (size_t)canvas->cols;
		int end = canvas->cols;
		while (end > 0 && sgr_is_blank(&row[end - 1]))
			end--;
		for (int x = 0; x < end; x++)
			sgr_append_cell(out, &row[x]);
		str_append_c(out, '\n');
	}
}

/* ---- SGR ---- */

/* On a blank only the background and what is drawn across it can be seen. */
static bool is_empty(const struct cell *cell, const struct canvas_look *look)
{
	return sgr_is_blank(cell) && look->bg == COLOR_DEFAULT &&
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
			if (!sgr_same_look(&pen, &look) && row[x].width > 0)
				sgr_append_look(out, &look), pen = look;
			sgr_append_cell(out, &row[x]);
		}
		str_append(out, sgr_same_look(&pen, &plain) ? "\n" : "\033[0m\n");
	}
}

/* ---- SVG ---- */

enum { CELL_COLS_PX = 9, CELL_ROWS_PX = 19, BASELINE_PX = 14, FONT_PX = 15 };
/* The ground and the ink of a terminal that does not say its own: a dark one's, a light one's. */
static const unsigned papers[2] = {0x16181d, 0xffffff}, inks[2] = {0xe6e6e6, 0x1f2328};

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

bool canvas_is_for_light(const struct canvas_look looks[ROLE_COUNT])
{
	unsigned title = rgb_of(looks[ROLE_TITLE].fg, 0xffffff);
	return (title >> 16 & 0xff) * 3 + (title >> 8 & 0xff) * 6 + (title & 0xff) <= 1280;
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
		sgr_append_cell(&text, &row[i]);
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

/* A run ends where the look or the width changes and at blanks, so that a viewer's font cannot shift what stands far apart. */
static void svg_text(const struct svg *svg, int y)
{
	const struct cell *row = svg->canvas->cells + (size_t)y * (size_t)svg->canvas->cols;
	for (int x = 0, end; x < svg->canvas->cols; x = end) {
		struct svg_look look = svg_look(svg, &row[x]);
		end = x + 1;
		if (sgr_is_blank(&row[x]) || (look.attrs & ATTR_CONCEAL))
			continue;
		while (end < svg->canvas->cols && !sgr_is_blank(&row[end])) {
			struct svg_look next = svg_look(svg, &row[end]);
			bool is_other_width = row[end].width > 0 && row[end].width != row[x].width;
			if (next.ink != look.ink || next.attrs != look.attrs || is_other_width)
				break;
			end++;
		}
		svg_run(svg, x, end, y, &look);
	}
}

void canvas_svg(const struct canvas *canvas, const struct canvas_look looks[ROLE_COUNT], const char *title,
                struct str *out)
{
	bool light = canvas_is_for_light(looks);
	struct svg svg = {canvas, looks, rgb_of(looks[ROLE_TEXT].fg, inks[light]),
	                  rgb_of(looks[ROLE_TEXT].bg, papers[light]), out};
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
