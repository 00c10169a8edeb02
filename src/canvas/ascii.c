/* The ASCII look-alikes of box characters, arrows and the program's glyphs, for terminals and files without UTF-8.
 * The three kinds of wire stay apart: solid -|, dashed ~!, dotted .: */
#include "onesdn/canvas.h"

/* U+2500 to U+259F, sixteen a line */
static const char boxes[] = "--||..::..::++++"   /* 2500 */
                            "++++++++++++++++"   /* 2510 */
                            "++++++++++++++++"   /* 2520 */
                            "++++++++++++++++"   /* 2530 */
                            "++++++++++++~~!!"   /* 2540 */
                            "=|++++++++++++++"   /* 2550 */
                            "++++++++++++++++"   /* 2560 */
                            "+/\\X-|-|-|-|-|-|"  /* 2570 */
                            "\"____#######]|||"  /* 2580: blocks */
                            "[.:#\"|##########"; /* 2590 */
_Static_assert(sizeof boxes - 1 == 0xa0, "sixteen a line");

struct look_alike {
	uint32_t ch;
	char ascii;
};
static const struct look_alike others[] = {
        {0x00a0, ' '}, {0x00b7, '.'},  {0x00d7, 'x'},  {0x2010, '-'}, {0x2011, '-'}, {0x2012, '-'}, {0x2013, '-'},
        {0x2014, '-'}, {0x2018, '\''}, {0x2019, '\''}, {0x201c, '"'}, {0x201d, '"'}, {0x2022, '*'}, {0x2026, '.'},
        {0x2190, '<'}, {0x2191, '^'},  {0x2192, '>'},  {0x2193, 'v'}, {0x2194, '-'}, {0x21b5, '<'}, {0x21bb, '@'},
        {0x23ce, '<'}, {0x25a0, '#'},  {0x25a1, '#'},  {0x25a3, '#'}, {0x25aa, '*'}, {0x25ab, 'o'}, {0x25b2, '^'},
        {0x25b4, '^'}, {0x25b5, '^'},  {0x25b9, '>'},  {0x25bf, 'v'}, {0x25c3, '<'}, {0x25b6, '>'}, {0x25b8, '>'},
        {0x25ba, '>'}, {0x25bc, 'v'},  {0x25be, 'v'},  {0x25c0, '<'}, {0x25c2, '<'}, {0x25c4, '<'}, {0x25c6, '*'},
        {0x25c7, 'o'}, {0x25cb, 'o'},  {0x25cc, 'o'},  {0x25cf, '*'}, {0x25d0, '%'}, {0x25d1, '%'}, {0x25d2, '%'},
        {0x25d3, '%'}, {0x25ef, 'o'},  {0x2605, '*'},  {0x2713, 'v'}, {0x2714, 'v'}, {0x2715, 'x'}, {0x2716, 'x'},
        {0x2717, 'x'}, {0x2718, 'x'},  {0x276f, '>'},  {0x26a0, '!'},
};

uint32_t canvas_ascii_char(uint32_t ch)
{
	if (ch < 0x80)
		return ch;
	if (ch >= 0x2500 && ch < 0x2500 + sizeof boxes - 1)
		return (unsigned char)boxes[ch - 0x2500];
	if (ch >= 0x2800 && ch <= 0x28ff) /* braille: the frames of a spinner */
		return '*';
	for (size_t i = 0; i < sizeof others / sizeof *others; i++)
		if (others[i].ch == ch)
			return (unsigned char)others[i].ascii;
	return ch;
}
