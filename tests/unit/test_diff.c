/* canvas_diff, read back by our own terminal: whatever two pictures there are, the change of the one makes the other. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/canvas.h"
#include "onesdn/term.h"

enum { COLS = 40, ROWS = 8, ROUNDS = 400, SEEN_ON_BLANKS = ATTR_REVERSE | ATTR_UNDERLINE | ATTR_STRIKE };

static const struct canvas_look looks[ROLE_COUNT] = {
        [ROLE_OK] = {COLOR_INDEX(2), COLOR_DEFAULT, ATTR_BOLD},
        [ROLE_FAIL] = {COLOR_RGB(255, 0, 1), COLOR_INDEX(200), 0},
        [ROLE_FOCUS] = {COLOR_INDEX(12), COLOR_RGB(1, 2, 3), ATTR_UNDERLINE},
        [ROLE_WAIT] = {COLOR_DEFAULT, COLOR_DEFAULT, ATTR_REVERSE},
};
static const enum canvas_role roles[] = {ROLE_TEXT, ROLE_OK, ROLE_FAIL, ROLE_FOCUS, ROLE_WAIT};
static const char *const words[] = {"kubectl get pods",   "日本語 wide", "─┼╌┄ ● ✓",
                                    "e\xcc\x81 combined", "x",           "        ",
                                    "a  b     c       d", "本",          "…"};

static struct term *terminal(void)
{
	struct term_options options = {.rows = ROWS, .cols = COLS, .scrollback = 1};
	return term_create(NULL, &options);
}

static bool is_blank(const struct cell *cell)
{
	return cell->ch[0] == 0 || cell->ch[0] == ' ';
}

static void expect_cell(const struct cell *seen, const struct cell *wanted, int x, int y)
{
	struct canvas_look look = canvas_cell_look(wanted, looks);
	if (is_blank(wanted) ? !is_blank(seen) : memcmp(seen->ch, wanted->ch, sizeof seen->ch) != 0)
		fail_msg("column %d, row %d: U+%04X, not U+%04X", x, y, seen->ch[0], wanted->ch[0]);
	if (seen->width != wanted->width)
		fail_msg("column %d, row %d: width %d, not %d", x, y, seen->width, wanted->width);
	bool is_bare = is_blank(wanted) && look.bg == COLOR_DEFAULT && !(look.attrs & SEEN_ON_BLANKS);
	if (is_bare && seen->bg == COLOR_DEFAULT && !(seen->attrs & SEEN_ON_BLANKS))
		return;
	if (seen->fg != look.fg || seen->bg != look.bg || (seen->attrs & 0xff) != (look.attrs & 0xff))
		fail_msg("column %d, row %d: %08x on %08x, %x; not %08x on %08x, %x", x, y, seen->fg, seen->bg,
		         seen->attrs, look.fg, look.bg, look.attrs);
}

static void expect_shown(const struct term *term, const struct canvas *canvas)
{
	struct cell row[COLS];
	int x, y;
	for (y = 0; y < ROWS; y++) {
		term_row(term, y, row, COLS);
		for (x = 0; x < COLS; x++)
			if (canvas->cells[y * COLS + x].width > 0)
				expect_cell(&row[x], &canvas->cells[y * COLS + x], x, y);
	}
	bool is_visible = term_cursor(term, &x, &y);
	assert_int_equal(is_visible, canvas->cursor_x >= 0);
	if (is_visible) {
		assert_int_equal(x, canvas->cursor_x);
		assert_int_equal(y, canvas->cursor_y);
	}
}

static struct canvas *copy_of(const struct canvas *canvas)
{
	struct canvas *copy = canvas_create(canvas->cols, canvas->rows);
	canvas_copy(copy, 0, 0, canvas);
	copy->cursor_x = canvas->cursor_x;
	copy->cursor_y = canvas->cursor_y;
	return copy;
}

static void scribble(struct canvas *canvas)
{
	int n = rand() % 5;
	for (int i = 0; i < n; i++)
		canvas_put(canvas, rand() % (COLS + 4) - 2, rand() % ROWS, rand() % COLS, roles[(size_t)rand() % 5],
		           rand() % 3 ? 0 : ATTR_ITALIC, words[(size_t)rand() % (sizeof words / sizeof *words)]);
	if (rand() % 8 == 0)
		canvas_fill(canvas, (struct rect){rand() % COLS, rand() % ROWS, rand() % COLS, rand() % ROWS},
		            roles[(size_t)rand() % 5], ' ');
	if (rand() % 30 == 0)
		canvas_clear(canvas);
	canvas->cursor_x = rand() % 3 ? rand() % COLS : -1;
	canvas->cursor_y = canvas->cursor_x < 0 ? -1 : rand() % ROWS;
}

static void expect_utf8(const struct str *text)
{
	uint32_t ch;
	for (size_t at = 0, n; at < text->len; at += n) {
		n = utf8_decode(text->data + at, text->len - at, &ch);
		assert_int_not_equal(ch, 0xfffd);
	}
}

static void test_any_change(void **state)
{
	(void)state;
	struct term *term = terminal();
	struct canvas *canvas = canvas_create(COLS, ROWS), *before = NULL;
	srand(7);
	term_feed(term, "what was there before\r\n\033[31mred", 31);
	for (int i = 0; i < ROUNDS; i++) {
		struct str out = {0};
		scribble(canvas);
		canvas_diff(before, canvas, looks, &out);
		expect_utf8(&out);
		term_feed(term, str_text(&out), out.len);
		expect_shown(term, canvas);
		str_finish(&out);
		canvas_destroy(before);
		before = copy_of(canvas);
	}
	canvas_destroy(before);
	canvas_destroy(canvas);
	term_destroy(term);
}

static void test_little(void **state)
{
	(void)state;
	struct canvas *a = canvas_create(COLS, ROWS), *b;
	struct str out = {0};
	for (int y = 0; y < ROWS; y++)
		canvas_put(a, 0, y, COLS, ROLE_OK, 0, "a row of words that is there all the time");
	b = copy_of(a);
	canvas_diff(a, b, looks, &out);
	assert_int_equal(out.len, 0); /* nothing has changed */
	canvas_put(b, 5, 2, 1, ROLE_TEXT, 0, "X");
	canvas_diff(a, b, looks, &out);
	assert_string_equal(str_text(&out), "\033[3;6HX");
	str_clear(&out);
	canvas_destroy(b);
	b = copy_of(a);
	canvas_fill(b, (struct rect){3, 4, COLS, 1}, ROLE_NONE, ' ');
	canvas_diff(a, b, looks, &out);
	assert_string_equal(str_text(&out), "\033[5;4H\033[K");
	str_clear(&out);
	b->cursor_x = 4;
	b->cursor_y = 1;
	canvas_diff(a, b, looks, &out);
	assert_string_equal(str_text(&out), "\033[5;4H\033[K\033[2;5H\033[?25h");
	str_finish(&out);
	canvas_destroy(a);
	canvas_destroy(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {cmocka_unit_test(test_any_change), cmocka_unit_test(test_little)};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
