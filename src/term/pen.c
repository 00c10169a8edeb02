/* SGR (ECMA-48 8.3.117, ISO 8613-6 for the colours): parameters to a pen and back. */
#include "emulator.h"

static const struct {
	uint8_t on, off;
	uint8_t attr;
} switches[] = {
        {1, 22, ATTR_BOLD},       {2, 22, ATTR_DIM},    {3, 23, ATTR_ITALIC}, {4, 24, ATTR_UNDERLINE},
        {21, 24, ATTR_UNDERLINE}, {5, 25, ATTR_BLINK},  {6, 25, ATTR_BLINK},  {7, 27, ATTR_REVERSE},
        {8, 28, ATTR_CONCEAL},    {9, 29, ATTR_STRIKE},
};

static uint32_t byte_of(int value)
{
	return value < 0 ? 0 : value > 255 ? 255 : (uint32_t)value;
}

/* Parameter i is 38, 48 or 58. Gives the parameters that belong to it, itself included; the colour in *color, unchanged
 * when it is none that we know. Forms: 38;5;N 38;2;R;G;B 38:5:N 38:2:R:G:B 38:2:SPACE:R:G:B, SPACE often empty. */
static int extended_color(const struct csi *csi, int i, uint32_t *color)
{
	int joined = 1;
	while (i + joined < csi->n && csi->joined[i + joined])
		joined++;
	const int *p = csi->param + i + 1;
	int n = joined > 1 ? joined - 1 : csi->n - i - 1; /* that may belong to it */
	if (n >= 2 && p[0] == 5) {
		*color = COLOR_INDEX(byte_of(p[1]));
		return joined > 1 ? joined : 3;
	}
	if (n >= 4 && p[0] == 2) {
		const int *rgb = joined > 1 && n >= 5 ? p + 2 : p + 1;
		*color = COLOR_RGB(byte_of(rgb[0]), byte_of(rgb[1]), byte_of(rgb[2]));
		return joined > 1 ? joined : 5;
	}
	return joined > 1 ? joined : n + 1;
}

static void set_attribute(struct pen *pen, int value)
{
	for (size_t i = 0; i < sizeof switches / sizeof *switches; i++) {
		if (value == switches[i].on)
			pen->attrs |= switches[i].attr;
		if (value == switches[i].off)
			pen->attrs &= ~(uint32_t)switches[i].attr;
	}
}

static void set_one(struct pen *pen, int value)
{
	if (value <= 0)
		*pen = (struct pen){0};
	else if (value < 30)
		set_attribute(pen, value);
	else if (value <= 37)
		pen->fg = COLOR_INDEX(value - 30);
	else if (value == 39)
		pen->fg = COLOR_DEFAULT;
	else if (value >= 40 && value <= 47)
		pen->bg = COLOR_INDEX(value - 40);
	else if (value == 49)
		pen->bg = COLOR_DEFAULT;
	else if (value >= 90 && value <= 97)
		pen->fg = COLOR_INDEX(value - 90 + 8);
	else if (value >= 100 && value <= 107)
		pen->bg = COLOR_INDEX(value - 100 + 8);
}

void pen_sgr(struct pen *pen, const struct csi *csi)
{
	uint32_t unused;
	if (csi->n == 0)
		*pen = (struct pen){0};
	for (int i = 0; i < csi->n;) {
		int value = csi->param[i];
		if (value == 38 || value == 48 || value == 58) {
			i += extended_color(csi, i, value == 38 ? &pen->fg : value == 48 ? &pen->bg : &unused);
			continue;
		}
		bool no_underline =
		        value == 4 && i + 1 < csi->n && csi->joined[i + 1] && csi->param[i + 1] == 0; /* 4:0 */
		set_one(pen, no_underline ? 24 : value);
		for (i++; i < csi->n && csi->joined[i];) /* 4:3 and the like: one underline is drawn for all */
			i++;
	}
}

static void describe_color(uint32_t color, int base, struct str *out)
{
	unsigned low = color & 0xff;
	if (COLOR_KIND(color) == 2)
		str_append_f(out, ";%d:2::%u:%u:%u", base + 8, color >> 16 & 0xff, color >> 8 & 0xff, low);
	else if (COLOR_KIND(color) == 1 && low >= 16)
		str_append_f(out, ";%d:5:%u", base + 8, low);
	else if (COLOR_KIND(color) == 1)
		str_append_f(out, ";%u", (unsigned)base + low + (low < 8 ? 0 : 52));
}

void pen_describe(const struct pen *pen, struct str *out)
{
	str_append(out, "0");
	for (size_t i = 0; i < sizeof switches / sizeof *switches; i++)
		if (pen->attrs & switches[i].attr && switches[i].on != 21 && switches[i].on != 6)
			str_append_f(out, ";%d", switches[i].on);
	describe_color(pen->fg, 30, out);
	describe_color(pen->bg, 40, out);
}
