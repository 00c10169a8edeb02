/* Themes: the shipped ones are whole, colours go by depth, a mistake names its line. And the decoder of what the terminal
 * sends, which is as pure: bytes in, keys out. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/input.h"
#include "onesdn/theme.h"

static void test_shipped(void **state)
{
	static const char *const names[] = {"dark", "light", "colour-blind"};
	(void)state;
	setenv("ONESDN_DATA", ".", 1);
	for (size_t i = 0; i < 3; i++)
		for (int depth = THEME_MONO; depth <= THEME_RGB; depth++) {
			struct canvas_look looks[ROLE_COUNT];
			struct err err = {0};
			assert_true(theme_load(names[i], (enum theme_depth)depth, looks, &err));
			for (int role = ROLE_NONE + 1; role < ROLE_COUNT; role++) {
				struct canvas_look look = looks[role];
				assert_true(depth != THEME_MONO ||
				            (look.fg == COLOR_DEFAULT && look.bg == COLOR_DEFAULT));
				assert_true(depth != THEME_16 || COLOR_KIND(look.fg) == 0 || (look.fg & 0xff) < 16);
			}
			assert_true(depth == THEME_MONO || looks[ROLE_OK].fg != looks[ROLE_FAIL].fg);
		}
	char *listed = theme_names();
	assert_non_null(strstr(listed, "colour-blind dark light"));
	free(listed);
}

static bool parse(const char *text, enum theme_depth depth, struct canvas_look looks[ROLE_COUNT], struct err *err)
{
	return theme_parse(text, strlen(text), "mine", depth, looks, err);
}

static void test_depths(void **state)
{
	static const char text[] = "# comment\n\n  ok = #010203/17/bright-red default bold underline\r\nfail=";
	struct canvas_look looks[ROLE_COUNT] = {0};
	struct err err = {0};
	(void)state;
	assert_false(parse(text, THEME_RGB, looks, &err));
	assert_int_equal(looks[ROLE_OK].attrs, 0); /* nothing of a bad theme is taken */
	assert_non_null(strstr(err.text, "mine:4: "));
	static const char good[] = "ok = #010203/17/bright-red #0A0b0C/200/3 bold";
	assert_true(parse(good, THEME_RGB, looks, &err));
	assert_int_equal(looks[ROLE_OK].fg, COLOR_RGB(1, 2, 3));
	assert_int_equal(looks[ROLE_OK].bg, COLOR_RGB(10, 11, 12));
	assert_true(parse(good, THEME_256, looks, &err));
	assert_int_equal(looks[ROLE_OK].fg, COLOR_INDEX(17));
	assert_true(parse(good, THEME_16, looks, &err));
	assert_int_equal(looks[ROLE_OK].fg, COLOR_INDEX(9));
	assert_int_equal(looks[ROLE_OK].bg, COLOR_INDEX(3));
	assert_true(parse(good, THEME_MONO, looks, &err));
	assert_int_equal(looks[ROLE_OK].attrs, ATTR_BOLD | ATTR_REVERSE);
}

static void test_mistakes(void **state)
{
	static const char *const rows[][2] = {
	        {"nonesuch = default default", "mine:1: there is no role \"nonesuch\""},
	        {"none = default default", "mine:1: there is no role"},
	        {"\nok default default", "mine:2: this line is not whole"},
	        {"ok = default", "mine:1: this line is not whole"},
	        {"ok = red default", "mine:1: this is no colour: \"red\""},
	        {"ok = #12345/1/red default", "mine:1: this is no colour"},
	        {"ok = #1234567/1/red default", "mine:1: this is no colour"},
	        {"ok = #123456/256/red default", "mine:1: this is no colour"},
	        {"ok = #123456/1/16 default", "mine:1: this is no colour"},
	        {"ok = #123456/1 default", "mine:1: this is no colour"},
	        {"ok = default default fat", "mine:1: this is no attribute: \"fat\""},
	        {"ok = default default \xff", "mine:1: this line"},
	};
	(void)state;
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct canvas_look looks[ROLE_COUNT];
		struct err err = {0};
		assert_false(parse(rows[i][0], THEME_RGB, looks, &err));
		assert_true(text_has_prefix(err.text, rows[i][1]));
	}
	struct canvas_look looks[ROLE_COUNT];
	struct err err = {0};
	setenv("ONESDN_DATA", ".", 1);
	assert_false(theme_load("nonesuch", THEME_RGB, looks, &err));
	assert_non_null(strstr(err.text, "there are: colour-blind dark light"));
	assert_false(theme_load("../LICENSE", THEME_RGB, looks, &err));
}

/* ---- the decoder ---- */

static void note(const struct input_event *event, void *user)
{
	static const char *const codes[] = {"char",   "enter", "tab",  "backspace", "escape",
	                                    "up",     "down",  "left", "right",     "insert",
	                                    "delete", "home",  "end",  "pageup",    "pagedown"};
	struct str *out = user;
	struct term_key key = event->key;
	switch (event->kind) {
	case INPUT_KEY:
		str_append_f(out, "%s%s%s", key.modifiers & TERM_CTRL ? "C-" : "", key.modifiers & TERM_ALT ? "A-" : "",
		             key.modifiers & TERM_SHIFT ? "S-" : "");
		if (key.code >= TERM_KEY_F1)
			str_append_f(out, "f%d ", key.code - TERM_KEY_F1 + 1);
		else if (key.code == TERM_KEY_NONE)
			str_append_f(out, "%x ", key.ch);
		else
			str_append_f(out, "%s ", codes[key.code]);
		break;
	case INPUT_MOUSE:
		str_append_f(out, "mouse %d,%d %d%s ", event->mouse.x, event->mouse.y, event->mouse.button,
		             event->mouse.pressed ? "+" : "-");
		break;
	case INPUT_PASTE:
		str_append_f(out, "paste %.*s ", (int)event->size, event->text);
		break;
	case INPUT_FOCUS:
		str_append_f(out, "focus %d ", event->focused);
		break;
	case INPUT_COLOR:
		str_append_f(out, "color %d %x ", event->number, event->color);
		break;
	case INPUT_MODE:
		str_append_f(out, "mode %d %d ", event->number, event->value);
		break;
	default:
		str_append(out, "attributes ");
	}
}

static const struct {
	const char *bytes, *want;
} decoded[] = {
        {"a\xc3\xa9", "61 e9 "},
        {"\r\t\x7f\x01\x1c", "enter tab backspace C-61 C-5c "},
        {"\033[A\033OB\033[1;5C\033[1;2D", "up down C-right S-left "},
        {"\033[15~\033[15;2~\033OP\033[1;3P\033[24~\033[[B", "f5 S-f5 f1 A-f1 f12 f2 "},
        {"\033[3~\033[H\033[1~\033OF\033[Z\033[7^", "delete home home end S-tab C-home "},
        {"\033x\033\xe4\xb8\xad\033\r", "A-78 A-4e2d A-enter "},
        {"\033\033[A", "escape up "},
        {"\033[<0;10;5M\033[<0;10;5m\033[<35;1;1M\033[<64;2;2M",
         "mouse 9,4 1+ mouse 9,4 1- mouse 0,0 0+ mouse 1,1 4+ "},
        {"\033[M !!\033[M#!!", "mouse 0,0 1+ mouse 0,0 1- "},
        {"\033[200~a\033[Ab\033[201~c", "paste a\033[Ab 63 "},
        {"\033[200~\033[201~", "paste  "},
        {"\033[I\033[O", "focus 1 focus 0 "},
        {"\033]11;rgb:1e1e/2020/3030\033\\\033]10;rgb:ff/ff/f0\a", "color 11 21e2030 color 10 2fffff0 "},
        {"\033[?2026;2$y\033[?62;c", "mode 2026 2 attributes "},
        {"\033[97;5u\033[99999999999;1u", "C-61 fffd "},
        {"\033[12;34;56;78z\033[?1;2;3;4;5;6;7;8;9;10;11xq", "71 "},
        {"\xff\xc3(", "fffd fffd 28 "},
};

static void test_decoder(void **state)
{
	(void)state;
	for (size_t i = 0; i < sizeof decoded / sizeof *decoded; i++)
		for (size_t piece = 1; piece <= strlen(decoded[i].bytes); piece++) { /* cut at every place */
			struct str out = {0};
			struct input *input = input_create(note, &out);
			const char *bytes = decoded[i].bytes;
			for (size_t left = strlen(bytes); left > 0;) {
				size_t n = piece < left ? piece : left;
				input_feed(input, bytes, n);
				bytes += n;
				left -= n;
			}
			assert_false(input_is_waiting(input));
			assert_string_equal(str_text(&out), decoded[i].want);
			input_destroy(input);
			str_finish(&out);
		}
}

static void test_waiting(void **state)
{
	struct str out = {0};
	struct input *input = input_create(note, &out);
	(void)state;
	input_add(input, "\033[Ox", (struct term_key){TERM_KEY_HOME, 0, 0});
	input_feed(input, "\033", 1);
	assert_true(input_is_waiting(input));
	input_expire(input);
	input_feed(input, "\033[", 2);
	input_expire(input);
	input_feed(input, "\033[1;", 4);
	input_expire(input);
	input_feed(input, "\033[Ox", 4);
	input_expire(input);
	assert_string_equal(str_text(&out), "escape A-5b home ");
	str_clear(&out);
	char *big = mem_alloc(3u << 20);
	memset(big, 'x', 3u << 20);
	input_feed(input, "\033[200~", 6);
	assert_false(input_is_waiting(input)); /* a paste may take its time */
	input_feed(input, big, 3u << 20);
	input_feed(input, "\033[201~y", 7);
	assert_true(text_has_suffix(str_text(&out), " 79 "));
	assert_true(out.len > 3u << 20);
	str_clear(&out);
	memset(big, '1', 4096);
	input_feed(input, "\033[", 2);
	input_feed(input, big, 4096); /* a sequence that never ends is dropped */
	input_feed(input, "z", 1);
	assert_true(text_has_suffix(str_text(&out), "7a "));
	free(big);
	input_destroy(input);
	str_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_shipped), cmocka_unit_test(test_depths),  cmocka_unit_test(test_mistakes),
	        cmocka_unit_test(test_decoder), cmocka_unit_test(test_waiting),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
