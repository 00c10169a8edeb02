/* A pane through its face: bytes in, cells, text, replies out. Programs are fed by hand: no pty, no clock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/term.h"

struct fixture {
	struct term *term;
	struct str input, output, clipboard;
	int n_titles, n_bells, n_dirty, n_marks;
	struct term_mark mark;
};

static void on_input(struct term *term, const char *bytes, size_t size, void *user)
{
	(void)term;
	str_append_n(&((struct fixture *)user)->input, bytes, size);
}

static void on_output(struct term *term, const char *bytes, size_t size, void *user)
{
	(void)term;
	str_append_n(&((struct fixture *)user)->output, bytes, size);
}

static void on_clipboard(struct term *term, const char *text, size_t size, void *user)
{
	(void)term;
	str_append_n(&((struct fixture *)user)->clipboard, text, size);
}

static void on_title(struct term *term, const char *title, void *user)
{
	assert_string_equal(title, term_title(term));
	((struct fixture *)user)->n_titles++;
}

static void on_bell(struct term *term, void *user)
{
	(void)term;
	((struct fixture *)user)->n_bells++;
}

static void on_dirty(struct term *term, void *user)
{
	(void)term;
	((struct fixture *)user)->n_dirty++;
}

static void on_mark(struct term *term, const struct term_mark *mark, void *user)
{
	struct fixture *f = user;
	(void)term;
	f->mark = *mark;
	f->n_marks++;
}

static struct fixture *make(int rows, int cols)
{
	struct fixture *f = mem_alloc(sizeof *f);
	struct term_options options = {.rows = rows, .cols = cols, .scrollback = 20, .user = f};
	options.events = (struct term_events){.on_dirty = on_dirty,
	                                      .on_mark = on_mark,
	                                      .on_title = on_title,
	                                      .on_bell = on_bell,
	                                      .on_output = on_output,
	                                      .on_clipboard = on_clipboard,
	                                      .on_input = on_input};
	f->term = term_create(NULL, &options);
	return f;
}

static void drop(struct fixture *f)
{
	term_destroy(f->term);
	str_finish(&f->input);
	str_finish(&f->output);
	str_finish(&f->clipboard);
	free(f);
}

static void feed(struct fixture *f, const char *text)
{
	term_feed(f->term, text, strlen(text));
}

/* The screen as lines joined by '|', trailing blank lines left out. */
static void expect(struct fixture *f, const char *want)
{
	int rows, cols;
	struct str got = {0};
	term_size(f->term, &rows, &cols);
	struct canvas *canvas = canvas_create(cols, rows);
	term_paint(f->term, canvas, (struct rect){0, 0, cols, rows}, 0, true);
	canvas_text(canvas, &got);
	while (got.len > 0 && got.data[got.len - 1] == '\n')
		got.data[--got.len] = '\0';
	for (size_t i = 0; i < got.len; i++)
		if (got.data[i] == '\n')
			got.data[i] = '|';
	assert_string_equal(str_text(&got), want);
	canvas_destroy(canvas);
	str_finish(&got);
}

static void expect_cursor(struct fixture *f, int want_x, int want_y)
{
	int x, y;
	term_cursor(f->term, &x, &y);
	assert_int_equal(x, want_x);
	assert_int_equal(y, want_y);
}

static struct cell cell_at(struct fixture *f, int x, int line)
{
	struct cell cells[200];
	term_row(f->term, line, cells, 200);
	return cells[x];
}

/* ---- what is fed and what is then to be seen, on 4 x 10 ---- */

static const struct {
	const char *bytes, *screen;
} rows[] = {
        {"hello\r\nworld", "hello|world"},
        {"0123456789ab", "0123456789|ab"},
        {"0123456789\r\nx", "0123456789|x"}, /* the pending wrap is dropped by CR */
        {"0123456789\bX", "01234567X9"},
        {"1\r\n2\r\n3\r\n4\r\n5", "2|3|4|5"},
        {"a\tb\033[3;3Hc", "a       b||  c"},
        {"abc\033[2Dx\033[K", "ax"},
        {"abcdef\033[1;3H\033[2P", "abef"},
        {"abcdef\033[1;3H\033[2@", "ab  cdef"},
        {"abcdef\033[1;3H\033[2X", "ab  ef"},
        {"1\r\n2\r\n3\033[2;1H\033[L", "1||2|3"},
        {"1\r\n2\r\n3\033[1;1H\033[M", "2|3"},
        {"1\r\n2\r\n3\r\n4\033[2;3r\033[3;1H\nX", "1|3|X|4"},
        {"1\r\n2\r\n3\r\n4\033[2;3r\033[2;1H\033MX\033[r", "1|X|2|4"},
        {"\033[2;3r\033[?6h\033[1;1Ha\033[9;1Hb\033[?6l\033[1;1Hc", "c|a|b"},
        {"\033[4hab\033[1;1HX", "Xab"},
        {"\033[?7l0123456789abc", "012345678c"},
        {"\xe6\x97\xa5\xe6\x9c\xac", "日本"},
        {"012345678\xe6\x97\xa5", "012345678|日"},
        {"\xe6\x97\xa5\033[1;2Hx", " x"},
        {"e\xcc\x81x", "e\xcc\x81x"},
        {"x\033[5b|", "xxxxxx|"},
        {"x\033[99b|", "xxxxxxxxxx||"},
        {"\033(0lqk\033(Bq", "┌─┐q"},
        {"\016x\033)0x\017x", "x│x"},
        {"a\0337\033[3;3Hb\0338c", "ac||  b"},
        {"a\033[sb\033[uc", "ac"},
        {"main\033[?1049h\033[Halt", "alt"},
        {"main\033[?1049h\033[Halt\033[?1049l!", "main!"},
        {"\033#8\033[2;1H\033[J", "EEEEEEEEEE"},
        {"junk\033[5;1m\033c", ""},
        {"a\033[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18Hb", "ab"}, /* one parameter too many: dropped */
        {"a\033[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1mb", "ab"},            /* 17, which kills libvterm */
        {"a\033_hidden\033\\b\033^x\033\\c\033Xy\033\\d", "abcd"},
        {"a\xc2\x9b"
         "2Jb",
         "a2Jb"}, /* a C1 control as UTF-8 */
        {"a\xff\xc3(\xed\xa0\x80z", "a\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz"},
        {"a\xe2\x80\xae\xe2\x80\x8f"
         "b",
         "ab"}, /* bidi */
        {"a\033[1\030b\033]2;t\032c", "abc"},
};

static void test_sequences(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct fixture *whole = make(4, 10), *chopped = make(4, 10);
		feed(whole, rows[i].bytes);
		for (const char *at = rows[i].bytes; *at; at++)
			term_feed(chopped->term, at, 1);
		expect(whole, rows[i].screen);
		expect(chopped, rows[i].screen);
		drop(whole);
		drop(chopped);
	}
}

static void test_colors(void **state)
{
	(void)state;
	struct fixture *f = make(3, 40);
	feed(f,
	     "\033[1;31ma\033[0;38;5;200;48;5;9mb\033[38;2;1;2;3;48:2::4:5:6mc\033[58;2;9;9;9;7md\033[4:3me\033[4:0mf\033[2;8mg\033[mh");
	assert_int_equal(cell_at(f, 0, 0).fg, COLOR_INDEX(1));
	assert_int_equal(cell_at(f, 0, 0).attrs, ATTR_BOLD);
	assert_int_equal(cell_at(f, 1, 0).fg, COLOR_INDEX(200));
	assert_int_equal(cell_at(f, 1, 0).bg, COLOR_INDEX(9));
	assert_int_equal(cell_at(f, 2, 0).fg, COLOR_RGB(1, 2, 3));
	assert_int_equal(cell_at(f, 2, 0).bg, COLOR_RGB(4, 5, 6));
	assert_int_equal(cell_at(f, 3, 0).attrs, ATTR_REVERSE);
	assert_int_equal(cell_at(f, 4, 0).attrs, ATTR_REVERSE | ATTR_UNDERLINE);
	assert_int_equal(cell_at(f, 5, 0).attrs, ATTR_REVERSE);
	assert_int_equal(cell_at(f, 6, 0).attrs, ATTR_REVERSE | ATTR_DIM | ATTR_CONCEAL);
	assert_int_equal(cell_at(f, 7, 0).attrs, 0);
	assert_int_equal(cell_at(f, 7, 0).fg, COLOR_DEFAULT);
	feed(f, "\033[7;44m\033[K\r\n\033[m");
	assert_int_equal(cell_at(f, 20, 0).bg, COLOR_INDEX(4));
	assert_int_equal(cell_at(f, 20, 0).attrs, 0); /* erasing takes the background, no attribute */
	feed(f, "\033[?5h");
	assert_int_equal(cell_at(f, 30, 2).attrs, ATTR_REVERSE);
	drop(f);
}

static void test_scrollback(void **state)
{
	(void)state;
	struct fixture *f = make(3, 8);
	struct str text = {0};
	for (int i = 0; i < 40; i++) {
		str_clear(&text);
		str_append_f(&text, "%sline %d", i ? "\r\n" : "", i);
		feed(f, text.data);
	}
	expect(f, "line 37|line 38|line 39");
	assert_int_equal(term_scrollback(f->term), 20);
	str_clear(&text);
	term_text(f->term, -100, -19, 1000, &text);
	assert_string_equal(text.data, "line 17\nline 18");
	str_clear(&text);
	term_text(f->term, 0, 99, 10, &text);
	assert_string_equal(text.data, "38\nline 39");
	feed(f, "\033[3J");
	assert_int_equal(term_scrollback(f->term), 0);
	expect(f, "line 37|line 38|line 39");
	str_finish(&text);
	drop(f);
}

static void test_rewrap(void **state)
{
	(void)state;
	struct fixture *f = make(4, 10);
	feed(f, "abcdefghijklmnopqrstuvwxyz\r\n$ x");
	expect(f, "abcdefghij|klmnopqrst|uvwxyz|$ x");
	term_resize(f->term, 4, 13);
	expect(f, "abcdefghijklm|nopqrstuvwxyz|$ x");
	expect_cursor(f, 3, 2);
	assert_true(term_row_is_wrapped(f->term, 0));
	term_resize(f->term, 4, 5);
	expect(f, "pqrst|uvwxy|z|$ x");
	expect_cursor(f, 3, 3);
	assert_int_equal(term_scrollback(f->term), 3);
	term_resize(f->term, 8, 40);
	expect(f, "abcdefghijklmnopqrstuvwxyz|$ x");
	assert_int_equal(term_scrollback(f->term), 0);
	feed(f, "!");
	expect(f, "abcdefghijklmnopqrstuvwxyz|$ x!");
	term_resize(f->term, 1, 1); /* never below 2 x 2 */
	int n_rows, n_cols;
	term_size(f->term, &n_rows, &n_cols);
	assert_int_equal(n_rows * 10 + n_cols, 22);
	term_resize(f->term, 4, 10);
	feed(f, "\033[H\033[2J\xe6\x97\xa5\xe6\x97\xa5\xe6\x97\xa5");
	term_resize(f->term, 4, 3); /* a wide character is never cut */
	expect(f, "日|日|日");
	drop(f);
}

static void test_rewrap_cursor(void **state)
{
	(void)state;
	struct fixture *f = make(6, 20);
	feed(f, "1\r\n2\r\n3\r\n4\r\n5\r\n6\033[2;1H");
	term_resize(f->term, 3, 20); /* the line of the cursor stays on the screen */
	expect_cursor(f, 0, 0);
	feed(f, "X");
	expect(f, "X|3|4");
	feed(f, "\033[H\033[2J\033[1;1H01234567890123456789");
	term_resize(f->term, 3, 30); /* a pending wrap becomes a free column */
	feed(f, "z");
	expect(f, "01234567890123456789z");
	feed(f, "\033[?1049h\033[2J\033[3;28Halt");
	term_resize(f->term, 2, 10);
	feed(f, "\033[H+");
	expect(f, "+");
	feed(f, "\033[?1049l");
	term_resize(f->term, 3, 30);
	expect(f, "1|01234567890123456789z"); /* the screen grew: a line comes back */
	drop(f);
}

static void test_marks(void **state)
{
	(void)state;
	struct fixture *f = make(4, 12);
	struct str text = {0};
	term_output_text(f->term, 100, &text);
	assert_int_equal(text.len, 0);
	feed(f, "\033]133;A\a$ \033]133;B\als\r\n\033]133;C\aone\r\ntwo\r\n");
	term_output_text(f->term, 100, &text);
	assert_string_equal(text.data, "one\ntwo");
	feed(f, "\033]133;D;42\033\\\033]133;A\a$ ");
	assert_int_equal(f->n_marks, 5);
	assert_int_equal(f->mark.kind, TERM_MARK_PROMPT);
	assert_false(f->mark.is_secondary);
	str_clear(&text);
	term_output_text(f->term, 100, &text);
	assert_string_equal(text.data, "one\ntwo\n");
	feed(f, "\033]133;D;7\a");
	assert_int_equal(f->mark.status, 7);
	feed(f, "\033]133;D\a");
	assert_int_equal(f->mark.status, -1);
	feed(f, "\033]133;D;999\a\033]133;Z\a\033]133;\a");
	assert_int_equal(f->mark.status, -1);
	feed(f, "\033]133;C\aa line that is longer than the pane\r\n");
	term_resize(f->term, 5, 7);
	str_clear(&text);
	term_output_text(f->term, 100, &text);
	assert_string_equal(text.data, "a line that is longer than the pane");
	str_finish(&text);
	drop(f);
}

static void test_replies(void **state)
{
	static const char *const pairs[][2] = {
	        {"\033[3;4H\033[6n", "\033[3;4R"},
	        {"\033[5n", "\033[0n"},
	        {"\033[18t", "\033[8;4;10t"},
	        {"\033P$qm\033\\", "\033P1$r0m\033\\"},
	        {"\033[1;38;5;200;41m\033P$qm\033\\", "\033P1$r0;1;38:5:200;41m\033\\"},
	        {"\033[?2026$p", "\033[?2026;2$y"},
	        {"\033[?2026h\033[?2026$p", "\033[?2026;1$y"},
	        {"\033[?2004h\033[?2004$p", "\033[?2004;1$y"},
	        {"\033P+q544e\033\\", "\033P0+r\033\\"},
	        {"\033[6 q\033P$q q\033\\", "\033P1$r6 q\033\\"},
	        {"\033P$qx\033\\", "\033P0$r\033\\"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++) {
		struct fixture *f = make(4, 10);
		feed(f, pairs[i][0]);
		assert_string_equal(str_text(&f->input), pairs[i][1]);
		drop(f);
	}
	struct fixture *f = make(4, 10);
	feed(f, "\033]11;?\a");
	assert_int_equal(f->input.len, 0); /* not known yet */
	term_set_colors(f->term, COLOR_RGB(1, 2, 3), COLOR_RGB(0x1e, 0x20, 0xff));
	assert_string_equal(str_text(&f->input), "\033]11;rgb:1e1e/2020/ffff\033\\");
	drop(f);
}

static void press(struct fixture *f, enum term_key_code code, uint32_t ch, int modifiers, const char *want)
{
	str_clear(&f->input);
	term_key(f->term, (struct term_key){code, ch, modifiers});
	assert_string_equal(str_text(&f->input), want);
}

static void test_keys(void **state)
{
	(void)state;
	struct fixture *f = make(4, 10);
	press(f, TERM_KEY_NONE, 'a', 0, "a");
	press(f, TERM_KEY_NONE, 0xe9, TERM_ALT, "\033\xc3\xa9");
	press(f, TERM_KEY_NONE, 'c', TERM_CTRL, "\003");
	press(f, TERM_KEY_NONE, 'i', TERM_CTRL, "\t");
	press(f, TERM_KEY_ENTER, 0, 0, "\r");
	press(f, TERM_KEY_TAB, 0, TERM_SHIFT, "\033[Z");
	press(f, TERM_KEY_BACKSPACE, 0, 0, "\x7f");
	press(f, TERM_KEY_UP, 0, 0, "\033[A");
	press(f, TERM_KEY_UP, 0, TERM_CTRL, "\033[1;5A");
	press(f, TERM_KEY_F1 + 4, 0, TERM_SHIFT, "\033[15;2~");
	feed(f, "\033[?1h");
	press(f, TERM_KEY_UP, 0, 0, "\033OA");
	drop(f);
}

static void test_paste_mouse_focus(void **state)
{
	(void)state;
	struct fixture *f = make(30, 100);
	term_paste(f->term,
	           "a\r\nb\nc\033[201~\x03\xc2\x9b"
	           "d\t",
	           17);
	assert_string_equal(str_text(&f->input), "a\rb\rc[201~d\t");
	str_clear(&f->input);
	feed(f, "\033[?2004h");
	term_paste(f->term, "x", 1);
	assert_string_equal(str_text(&f->input), "\033[200~x\033[201~");
	str_clear(&f->input);
	struct term_mouse click = {.x = 9, .y = 4, .button = 1, .pressed = true};
	assert_false(term_mouse(f->term, click));
	term_focus(f->term, true);
	assert_int_equal(f->input.len, 0);
	feed(f, "\033[?1000;1006h\033[?1004h"); /* several modes in one sequence */
	assert_true(term_mouse(f->term, click));
	assert_string_equal(str_text(&f->input), "\033[<0;10;5M");
	assert_false(term_wants_motion(f->term, false));
	str_clear(&f->input);
	term_focus(f->term, false);
	assert_string_equal(str_text(&f->input), "\033[O");
	feed(f, "\033c");
	assert_false(term_wants_mouse(f->term));
	drop(f);
}

static void test_events(void **state)
{
	(void)state;
	struct fixture *f = make(4, 10);
	int first, last;
	feed(f, "a");
	feed(f, "b");
	assert_int_equal(f->n_dirty, 1); /* once until it is clean */
	assert_true(term_dirty(f->term, &first, &last));
	term_clean(f->term);
	assert_false(term_dirty(f->term, &first, &last));
	feed(f, "\033[3;1Hx");
	assert_true(term_dirty(f->term, &first, &last));
	assert_int_equal(first * 10 + last, 22);
	feed(f, "\a\033]2;t\xc3\xa4\xff\a\033]0;zwei\033\\\033]52;c;aGVsbG8=\a\033]52;c;?\a\033]52;c;!!\a");
	assert_int_equal(f->n_bells, 1);
	assert_int_equal(f->n_titles, 2);
	assert_string_equal(term_title(f->term), "zwei");
	char *title =
	        mem_printf("\033]2;%0*d\xc3\xa4\xc3\xa4\xc3\xa4\a", 252, 7); /* too long: cut between characters */
	feed(f, title);
	free(title);
	assert_int_equal(strlen(term_title(f->term)), 255);
	assert_string_equal(term_title(f->term) + 250, "07\u2026");
	assert_string_equal(str_text(&f->clipboard), "hello");
	term_clean(f->term);
	f->n_dirty = 0;
	feed(f, "\033[?2026hy");
	assert_true(term_is_held(f->term));
	assert_int_equal(f->n_dirty, 0);
	feed(f, "\033[?2026l");
	assert_false(term_is_held(f->term));
	assert_int_equal(f->n_dirty, 1);
	drop(f);
}

static void test_recorded(void **state)
{
	(void)state;
	struct fixture *f = make(4, 10), *again = make(4, 10);
	feed(f,
	     "a\xff\033[1;3Hb\033[0;38:2::1:2:3mc\033]2;t\a\033_x\033\\\033[1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1;1mz");
	assert_string_equal(str_text(&f->output), "a\xef\xbf\xbd\033[1;3Hb\033[0;38:2::1:2:3mc\033]2;t\033\\z");
	feed(again, str_text(&f->output));
	expect(again, "a\xef\xbf\xbd"
	              "bcz");
	drop(f);
	drop(again);
}

static void test_view(void **state)
{
	(void)state;
	struct fixture *f = make(3, 8);
	struct str text = {0};
	feed(f, "1\r\n2\r\n3\r\n4\r\n5");
	struct canvas *canvas = canvas_create(12, 5);
	canvas_box(canvas, (struct rect){0, 0, 10, 5}, BOX_ROUND, ROLE_FRAME, NULL);
	term_paint(f->term, canvas, (struct rect){1, 1, 8, 3}, 2, true);
	canvas_text(canvas, &text);
	assert_string_equal(text.data, "╭────────╮\n│1       │\n│2       │\n│3       │\n╰────────╯\n");
	assert_int_equal(canvas->cursor_x, -1); /* scrolled out of sight */
	term_paint(f->term, canvas, (struct rect){1, 1, 8, 3}, 0, true);
	assert_int_equal(canvas->cursor_x, 2);
	assert_int_equal(canvas->cursor_y, 3);
	feed(f, "\033[?25l\033[4 q");
	term_paint(f->term, canvas, (struct rect){1, 1, 8, 3}, 0, true);
	assert_int_equal(canvas->cursor_x, -1);
	assert_int_equal(term_cursor_shape(f->term), 4);
	str_finish(&text);
	canvas_destroy(canvas);
	drop(f);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_sequences),         cmocka_unit_test(test_colors),
	        cmocka_unit_test(test_scrollback),        cmocka_unit_test(test_rewrap),
	        cmocka_unit_test(test_rewrap_cursor),     cmocka_unit_test(test_marks),
	        cmocka_unit_test(test_replies),           cmocka_unit_test(test_keys),
	        cmocka_unit_test(test_paste_mouse_focus), cmocka_unit_test(test_events),
	        cmocka_unit_test(test_recorded),          cmocka_unit_test(test_view),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
