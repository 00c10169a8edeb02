/* canvas through its face: what is put, what is cut, what never gets in, and the four ways out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/canvas.h"

static const struct canvas_look looks[ROLE_COUNT] = {
        [ROLE_OK] = {COLOR_INDEX(2), COLOR_DEFAULT, ATTR_BOLD},
        [ROLE_FAIL] = {COLOR_RGB(255, 0, 1), COLOR_INDEX(200), 0},
};

static void expect_text(const struct canvas *canvas, const char *want)
{
	struct str out = {0};
	canvas_text(canvas, &out);
	assert_string_equal(str_text(&out), want);
	str_finish(&out);
}

static void test_put_cuts(void **state)
{
	(void)state;
	struct canvas *c = canvas_create(8, 3);
	assert_int_equal(canvas_put(c, 0, 0, 5, ROLE_TEXT, 0, "abcdefgh"), 5);
	assert_int_equal(canvas_put(c, 5, 1, 99, ROLE_TEXT, 0, "xyzuvw"), 3);
	assert_int_equal(canvas_put_fit(c, 0, 2, 4, ROLE_TEXT, 0, "longer"), 4);
	expect_text(c, "abcde\n     xyz\nlon…\n");
	assert_int_equal(canvas_put(c, -2, 0, 99, ROLE_TEXT, 0, "12345"), 5);
	assert_int_equal(canvas_put(c, 0, 7, 99, ROLE_TEXT, 0, "below"), 5);
	expect_text(c, "345de\n     xyz\nlon…\n");
	assert_null(canvas_at(c, 8, 0));
	assert_null(canvas_at(c, 0, -1));
	canvas_destroy(c);
	canvas_destroy(NULL);
}

static void test_wide(void **state)
{
	(void)state;
	struct canvas *c = canvas_create(6, 2);
	assert_int_equal(canvas_put(c, 0, 0, 5, ROLE_TEXT, 0, "日本語"), 4); /* the third would need column 5 */
	assert_int_equal(canvas_at(c, 0, 0)->width, 2);
	assert_int_equal(canvas_at(c, 1, 0)->width, 0);
	canvas_put(c, 1, 0, 1, ROLE_TEXT, 0, "x"); /* the right half of the first: its left half goes too */
	expect_text(c, " x本\n\n");
	canvas_put(c, 2, 0, 1, ROLE_TEXT, 0, "y");
	expect_text(c, " xy\n\n");
	canvas_put_char(c, 5, 1, ROLE_TEXT, 0, 0x65e5); /* does not fit in the last column */
	expect_text(c, " xy\n\n");
	canvas_put(c, 0, 1, 6, ROLE_TEXT, 0, "e\xcc\x81日\xcc\x81");
	assert_int_equal(canvas_at(c, 0, 1)->ch[1], 0x301);
	assert_int_equal(canvas_at(c, 1, 1)->ch[1], 0x301);
	canvas_destroy(c);
}

static void test_nothing_unsafe(void **state)
{
	(void)state;
	struct canvas *c = canvas_create(12, 1);
	canvas_put(c, 0, 0, 12, ROLE_TEXT, 0, "a\033[2J\xff\tb\xe2\x80\xae\xc2\x9b");
	expect_text(c, "a\xef\xbf\xbd[2J\xef\xbf\xbd b\xef\xbf\xbd\xef\xbf\xbd\n");
	canvas_put_char(c, 0, 0, ROLE_TEXT, 0, '\a');
	assert_int_equal(canvas_at(c, 0, 0)->ch[0], 0xfffd);
	canvas_put(c, 0, 0, 12, ROLE_TEXT, 0, "\xcc\x81z"); /* a mark with nothing before it */
	assert_int_equal(canvas_at(c, 0, 0)->ch[0], 'z');
	for (int i = 0; i < 20; i++)
		canvas_put(c, 1, 0, 12, ROLE_TEXT, 0, "e\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81\xcc\x81");
	assert_int_equal(canvas_at(c, 1, 0)->ch[CELL_CHARS - 1], 0x301);
	canvas_destroy(c);
}

static void test_box_fill_copy(void **state)
{
	(void)state;
	struct canvas *c = canvas_create(14, 3), *to = canvas_create(9, 4);
	canvas_box(c, (struct rect){0, 0, 14, 3}, BOX_ROUND, ROLE_FRAME, "a long title");
	canvas_fill(c, (struct rect){1, 1, 3, 99}, ROLE_TEXT, 0x65e5);
	expect_text(c, "╭─ a long … ─╮\n│日          │\n╰日──────────╯\n");
	canvas_copy(to, -2, 1, c);
	expect_text(to, "\n a long …\n\n ────────\n");
	canvas_copy(to, 7, 0, c);
	canvas_clear(to);
	expect_text(to, "\n\n\n\n");
	canvas_box(to, (struct rect){-3, -3, 1, 9}, BOX_SQUARE, ROLE_FRAME, NULL);
	canvas_box(to, (struct rect){0, 0, 9, 4}, BOX_DOTTED, ROLE_FRAME, "");
	expect_text(to, "┌┄┄┄┄┄┄┄┐\n┆       ┆\n┆       ┆\n└┄┄┄┄┄┄┄┘\n");
	canvas_destroy(c);
	canvas_destroy(to);
}

static void test_ascii(void **state)
{
	(void)state;
	struct canvas *c = canvas_create(9, 2);
	c->ascii = true;
	canvas_box(c, (struct rect){0, 0, 5, 2}, BOX_ROUND, ROLE_FRAME, NULL);
	canvas_put(c, 5, 0, 9, ROLE_TEXT, 0, "╌╎┄┆");
	canvas_put_fit(c, 5, 1, 4, ROLE_TEXT, 0, "✓▶●◐○");
	expect_text(c, "+---+~!.:\n+---+v...\n");
	canvas_destroy(c);
	for (uint32_t ch = 0x2500; ch < 0x25a0; ch++)
		assert_true(canvas_ascii_char(ch) < 0x80);
	static const uint32_t heads[] = {0x25b2, 0x25bc, 0x25b6, 0x25c0, 0x25b5, 0x25bf, 0x25b9, 0x25c3};
	for (size_t i = 0; i < sizeof heads / sizeof *heads;
	     i++) /* of the diagram: up, down, right, left; full, hollow */
		assert_int_equal(canvas_ascii_char(heads[i]), "^v><"[i % 4]);
	assert_int_equal(canvas_ascii_char(0xe9), 0xe9);
}

static void test_sgr(void **state)
{
	(void)state;
	struct canvas *c = canvas_create(10, 2);
	struct str out = {0};
	canvas_put(c, 0, 0, 9, ROLE_OK, 0, "ok");
	canvas_put(c, 3, 0, 9, ROLE_FAIL, ATTR_UNDERLINE, "no");
	canvas_at(c, 0, 1)->bg = COLOR_INDEX(9);
	canvas_ansi(c, looks, &out);
	assert_string_equal(str_text(&out),
	                    "\033[0;1;32mok\033[0m \033[0;4;38;2;255;0;1;48;5;200mno\033[0m\n\033[0;101m \033[0m\n");
	str_finish(&out);
	canvas_destroy(c);
}

static void test_svg(void **state)
{
	(void)state;
	struct canvas *c = canvas_create(10, 1);
	struct str out = {0};
	canvas_put(c, 0, 0, 9, ROLE_FAIL, 0, "<a&b>");
	canvas_svg(c, looks, "x\033<y", &out);
	assert_non_null(strstr(str_text(&out), "&lt;a&amp;b&gt;"));
	assert_non_null(strstr(str_text(&out), "<title>x\xef\xbf\xbd&lt;y</title>"));
	assert_non_null(strstr(str_text(&out), "fill=\"#ff0001\""));
	assert_null(strchr(str_text(&out), '\033'));
	str_finish(&out);
	canvas_destroy(c);
}

static void test_roles_and_same(void **state)
{
	(void)state;
	enum canvas_role role;
	for (int i = 0; i < ROLE_COUNT; i++) {
		assert_true(canvas_role_find(canvas_role_name((enum canvas_role)i), &role));
		assert_int_equal(role, i);
	}
	assert_false(canvas_role_find("nonesuch", &role));
	struct canvas *a = canvas_create(3, 1), *b = canvas_create(3, 1);
	assert_true(canvas_same(a, b));
	canvas_put(a, 0, 0, 3, ROLE_TEXT, 0, "x");
	assert_false(canvas_same(a, b));
	canvas_put(b, 0, 0, 3, ROLE_TEXT, 0, "x");
	assert_true(canvas_same(a, b));
	b->cursor_x = 1;
	assert_false(canvas_same(a, b));
	canvas_destroy(a);
	canvas_destroy(b);
	a = canvas_create(0, 5000);
	assert_int_equal(a->cols, 1);
	assert_int_equal(a->rows, 1000);
	canvas_destroy(a);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_put_cuts),
	        cmocka_unit_test(test_wide),
	        cmocka_unit_test(test_nothing_unsafe),
	        cmocka_unit_test(test_box_fill_copy),
	        cmocka_unit_test(test_ascii),
	        cmocka_unit_test(test_sgr),
	        cmocka_unit_test(test_svg),
	        cmocka_unit_test(test_roles_and_same),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
