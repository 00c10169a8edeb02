/* Pane bytes: filter, emulator, grid and libvterm, with resizes, keys, mouse and paste in between. The byte 0xff, which is in
 * no UTF-8, starts an order: what follows it says which. After every order all that is to be seen must be safe and whole. */
#include <stdlib.h>
#include <string.h>

#include "onesdn/term.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

enum { COLS_MAX = 140, ROWS_MAX = 60 };

static void check(bool holds, const char *what)
{
	if (!holds)
		base_abort("%s", what);
}

static void check_cell(const struct cell *cell, const struct cell *next)
{
	check(cell->width <= 2, "a width");
	check(cell->width != 2 || (next && next->width == 0), "half a wide character");
	for (int i = 0; i < CELL_CHARS && cell->ch[i]; i++) {
		check(cell->ch[i] >= 0x20 && (cell->ch[i] < 0x7f || cell->ch[i] >= 0xa0) && cell->ch[i] <= 0x10ffff,
		      "a control character");
		check(i == 0 || utf8_width(cell->ch[i]) == 0, "something combines that takes columns");
	}
}

static void check_term(struct term *term)
{
	struct cell cells[COLS_MAX];
	struct str text = {0};
	int rows, cols, x, y;
	term_size(term, &rows, &cols);
	term_cursor(term, &x, &y);
	check(x >= 0 && x < cols && y >= 0 && y < rows, "the cursor is outside");
	for (int line = -term_scrollback(term); line < rows; line++) {
		term_row(term, line, cells, cols);
		for (int i = 0; i < cols; i++)
			check_cell(&cells[i], i + 1 < cols ? &cells[i + 1] : NULL);
	}
	struct canvas *canvas = canvas_create(cols, rows);
	term_paint(term, canvas, (struct rect){0, 0, cols, rows}, 3, true);
	canvas_text(canvas, &text);
	for (size_t at = 0; at < text.len; at += strcspn(text.data + at, "\n") + 1)
		check(text_is_safe(text.data + at, strcspn(text.data + at, "\n")), "a painted row is not safe");
	canvas_destroy(canvas);
	str_clear(&text);
	term_text(term, -1000, 1000, 5000, &text);
	check(text.len <= 5000, "more text than asked for");
	str_clear(&text);
	term_output_text(term, 100, &text);
	check(text.len <= 100, "more output than asked for");
	str_finish(&text);
}

static size_t order(struct term *term, const uint8_t *data, size_t size)
{
	struct term_mouse mouse = {.button = data[0] >> 3 & 7, .pressed = data[0] & 128};
	struct term_key key = {.code = TERM_KEY_NONE};
	if (size < 3)
		return size;
	switch (data[0] & 7) {
	case 0:
		term_resize(term, data[1] % ROWS_MAX, data[2] % COLS_MAX);
		break;
	case 1:
		key.code = (enum term_key_code)(data[1] % (TERM_KEY_F12 + 2));
		key.ch = data[2];
		key.modifiers = data[0] >> 3 & 7;
		term_key(term, key);
		break;
	case 2:
		mouse.x = data[1];
		mouse.y = data[2];
		term_mouse(term, mouse);
		break;
	case 3:
		term_paste(term, (const char *)data + 1, 2);
		term_focus(term, data[1] & 1);
		break;
	case 4:
		term_set_colors(term, COLOR_RGB(data[1], 0, 0), COLOR_RGB(0, data[2], 0));
		term_clean(term);
		break;
	case 5:
		if (data[1] == 0)
			term_reset(term);
		break;
	default:
		break;
	}
	check_term(term);
	return 3;
}

static void on_text(struct term *term, const char *bytes, size_t size, void *user)
{
	volatile char last = size ? bytes[size - 1] : 0;
	(void)term, (void)user, (void)last;
}

static void on_title(struct term *term, const char *title, void *user)
{
	(void)term, (void)user;
	check(strlen(title) <= 256 && text_is_safe(title, strlen(title)), "a title is not safe");
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct term_options options = {.rows = 8, .cols = 20, .scrollback = 30};
	options.events.on_input = on_text;
	options.events.on_output = on_text;
	options.events.on_clipboard = on_text;
	options.events.on_title = on_title;
	struct term *term = term_create(NULL, &options);
	for (size_t at = 0; at < size;) {
		const uint8_t *stop = memchr(data + at, 0xff, size - at);
		size_t len = stop ? (size_t)(stop - (data + at)) : size - at;
		term_feed(term, data + at, len);
		at += len + (stop ? 1 : 0);
		if (stop && at < size)
			at += order(term, data + at, size - at);
	}
	check_term(term);
	term_destroy(term);
	return 0;
}
