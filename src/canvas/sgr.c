/* sgr: see sgr.h. */
#include "canvas/sgr.h"

bool sgr_is_blank(const struct cell *cell)
{
	return cell->width == 1 && cell->ch[0] == 0;
}

static void append_char(struct str *out, uint32_t ch)
{
	char bytes[UTF8_MAX];
	str_append_n(out, bytes, utf8_encode(ch, bytes));
}

void sgr_append_cell(struct str *out, const struct cell *cell)
{
	if (cell->width == 0)
		return;
	append_char(out, cell->ch[0] ? cell->ch[0] : ' ');
	for (int i = 1; i < CELL_CHARS && cell->ch[0] && cell->ch[i]; i++)
		append_char(out, cell->ch[i]);
}

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

void sgr_append_look(struct str *out, const struct canvas_look *look)
{
	str_append(out, "\033[0");
	for (size_t i = 0; i < sizeof sgr_codes / sizeof *sgr_codes; i++)
		if (look->attrs & sgr_codes[i].attr)
			str_append(out, sgr_codes[i].code);
	append_sgr_color(out, look->fg, 30);
	append_sgr_color(out, look->bg, 40);
	str_append_c(out, 'm');
}

bool sgr_same_look(const struct canvas_look *a, const struct canvas_look *b)
{
	return a->fg == b->fg && a->bg == b->bg && a->attrs == b->attrs;
}
