/* Printing: characters at the cursor, wrapping, what combines, character sets. Runs of ASCII go into the grid as one. */
#include "emulator.h"

enum { ZERO_WIDTH_JOINER = 0x200d };

static const uint16_t line_drawing[] = {
        /* DEC special graphics, 0x5f to 0x7e */
        0x0020, 0x25c6, 0x2592, 0x2409, 0x240c, 0x240d, 0x240a, 0x00b0, 0x00b1, 0x2424, 0x240b,
        0x2518, 0x2510, 0x250c, 0x2514, 0x253c, 0x23ba, 0x23bb, 0x2500, 0x23bc, 0x23bd, 0x251c,
        0x2524, 0x2534, 0x252c, 0x2502, 0x2264, 0x2265, 0x03c0, 0x2260, 0x00a3, 0x00b7,
};

static uint32_t mapped(struct emulator *emulator, unsigned char c)
{
	uint8_t set = emulator->sets[emulator->single ? emulator->single : emulator->active];
	emulator->single = 0;
	if (set == '0' && c >= 0x5f)
		return line_drawing[c - 0x5f];
	return set == 'A' && c == '#' ? 0xa3 : c;
}

void print_line_feed(struct emulator *emulator)
{
	struct grid *grid = emulator->grid;
	if (!emulator->is_plain) {
		emulator_vt(emulator, "\033D", 2);
		return;
	}
	emulator->vt_is_behind = true;
	if (emulator->y < grid->rows - 1) {
		emulator->y++;
		emulator->phantom = false;
		return;
	}
	grid_scroll(grid, (struct area){0, 0, grid->cols, grid->rows}, 1, 0, &emulator->pen);
}

static void wrap(struct emulator *emulator)
{
	grid_row(emulator->grid, emulator->y)->wrapped = true;
	print_line_feed(emulator);
	emulator->x = 0;
	emulator->phantom = false;
}

static void make_room(struct emulator *emulator, int width)
{
	struct area area = {emulator->x, emulator->y, emulator->grid->cols, emulator->y + 1};
	grid_scroll(emulator->grid, area, 0, -width, &emulator->pen);
}

static void advance(struct emulator *emulator, int width)
{
	int cols = emulator->grid->cols;
	emulator->vt_is_behind = true;
	emulator->x += width;
	if (emulator->x >= cols) {
		emulator->x = cols - 1;
		emulator->phantom = emulator->autowrap;
	}
}

static void remember(struct emulator *emulator, uint32_t ch, int x, int width)
{
	emulator->last_char = ch;
	emulator->last_x = x;
	emulator->last_y = emulator->y;
	emulator->last_width = width;
}

static void print_char(struct emulator *emulator, uint32_t ch, int width)
{
	int cols = emulator->grid->cols;
	if (emulator->phantom || (emulator->x + width > cols && emulator->autowrap))
		wrap(emulator);
	if (emulator->x + width > cols)
		emulator->x = cols - width;
	if (emulator->insert)
		make_room(emulator, width);
	grid_put(emulator->grid, emulator->x, emulator->y, ch, width, &emulator->pen);
	remember(emulator, ch, emulator->x, width);
	advance(emulator, width);
}

void print_ascii(void *user, const char *bytes, size_t len)
{
	struct emulator *emulator = user;
	int cols = emulator->grid->cols;
	bool is_ascii = emulator->sets[emulator->active] == 'B' && !emulator->single;
	if (!is_ascii || emulator->insert || !emulator->autowrap) {
		for (size_t i = 0; i < len; i++)
			print_char(emulator, mapped(emulator, (unsigned char)bytes[i]), 1);
		return;
	}
	while (len > 0) {
		if (emulator->phantom)
			wrap(emulator);
		int room = cols - emulator->x;
		int n = len < (size_t)room ? (int)len : room;
		grid_put_ascii(emulator->grid, emulator->x, emulator->y, bytes, n, &emulator->pen);
		remember(emulator, (unsigned char)bytes[n - 1], emulator->x + n - 1, 1);
		advance(emulator, n);
		bytes += n;
		len -= (size_t)n;
	}
}

/* Marks that change how the outer terminal lays characters out, not what they are: left out, so that the columns counted
 * here are the columns there. */
static bool is_layout(uint32_t ch, uint32_t before)
{
	if (ch == ZERO_WIDTH_JOINER)
		return before >= 0x2000;
	return ch == 0x061c || ch == 0x200b || (ch >= 0x200e && ch <= 0x200f) || (ch >= 0x2028 && ch <= 0x202e) ||
	       (ch >= 0x2060 && ch <= 0x206f) || ch == 0xfeff || ch == 0xfe0e || ch == 0xfe0f || ch >= 0xe0000;
}

static void combine(struct emulator *emulator, uint32_t ch)
{
	int next = emulator->last_x + emulator->last_width - (emulator->phantom ? 1 : 0);
	bool follows = emulator->last_char && emulator->y == emulator->last_y && emulator->x == next;
	if (follows && !is_layout(ch, emulator->last_char))
		grid_combine(emulator->grid, emulator->last_x, emulator->last_y, ch);
}

void print_glyph(void *user, uint32_t ch)
{
	struct emulator *emulator = user;
	int width = utf8_width(ch);
	if (width == 0)
		combine(emulator, ch);
	else
		print_char(emulator, ch, width);
}

void print_again(struct emulator *emulator, int n)
{
	int width = emulator->last_width;
	if (!emulator->last_char || emulator->phantom)
		return;
	int room = emulator->grid->cols - emulator->x; /* to the end of the line, not beyond */
	for (n = n < room ? n : room; n > 0 && !emulator->phantom; n -= width)
		print_char(emulator, emulator->last_char, width);
}
