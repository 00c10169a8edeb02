/* test_play: `onesdn play` in a terminal: every key, terminals smaller and larger than the recording, recordings that mean harm, and
 * what is said when it cannot play. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "onesdn/cast.h"
#include "onesdn/loop.h"
#include "onesdn/term.h"
#include "pty.h"

enum { SOON = 5000 }; /* a deadline, not a wait */
#define S ((int64_t)1000000)

static char *onesdn;
static struct pty pty;

static char *path_of(const char *name)
{
	return mem_printf("%s/%s.cast", pty_dir(), name);
}

static struct cast_writer *begin(const char *name, int version, int64_t idle_us)
{
	struct err err = {0};
	char *path = path_of(name);
	struct cast_header header = {
	        .version = version, .cols = 60, .rows = 12, .title = "A walk", .idle_limit_us = idle_us};
	struct cast_writer *writer = cast_writer_create(path, &header, NULL, &err);
	if (!writer)
		fail_msg("%s", err.text);
	free(path);
	return writer;
}

static void print(struct cast_writer *writer, int64_t at_us, const char *text)
{
	cast_writer_output(writer, at_us, text, strlen(text));
}

static void end(struct cast_writer *writer, int64_t at_us)
{
	assert_true(cast_writer_finish(writer, at_us, 0, NULL));
	cast_writer_destroy(writer);
}

/* 100 seconds, "frame N" at N seconds, a marker every 20. */
static void write_walk(int version)
{
	struct cast_writer *writer = begin(version == 3 ? "walk3" : "walk2", version, 0);
	for (int i = 0; i <= 100; i++) {
		char text[64];
		snprintf(text, sizeof text, "Stage %c", 'A' + i / 20);
		if (i % 20 == 0 && i < 100)
			cast_writer_marker(writer, i * S, text);
		snprintf(text, sizeof text, "\033[2J\033[5;5H\033[3%dmframe %d.\033[0m", i % 8, i);
		cast_writer_output(writer, i * S, text, strlen(text));
	}
	end(writer, 100 * S);
}

static void write_others(void)
{
	static const char harm[] = "\033]2;owned\a\033]52;c;b3duZWQ=\a\033[?1000h\033[?1006h\033[8;5;5t\033[c\033]10;?"
	                           "\a\033Pq#0~\033\\still here";
	struct cast_writer *writer = begin("harm", 2, 0);
	cast_writer_output(writer, 0, harm, sizeof harm - 1);
	end(writer, 60 * S);
	writer = begin("short", 2, 0);
	print(writer, 0, "\033[2Jfirst");
	print(writer, S, "\033[2Jsecond");
	end(writer, 2 * S);
	writer = begin("idle", 2, 2 * S);
	print(writer, 1000 * S, "after a long time");
	end(writer, 1000 * S);
	writer = begin("large", 2, 0);
	print(writer, 0, "\033[12;30Hbottom \033[1;1Htop\033[12;55Hright");
	cast_writer_resize(writer, 30 * S, 20, 5);
	print(writer, 30 * S, "\033[2J\033[Hsmall now");
	end(writer, 60 * S);
}

static int make_dirs(void **state)
{
	(void)state;
	pty_make_dirs();
	onesdn = pty_program("onesdn");
	write_walk(2);
	write_walk(3);
	write_others();
	return 0;
}

static int remove_dirs(void **state)
{
	(void)state;
	free(onesdn);
	pty_finish_dirs();
	return 0;
}

static int end_pty(void **state)
{
	(void)state;
	pty_end(&pty);
	return 0;
}

static void start(int cols, int rows, const char *name, const char *option, const char *value)
{
	char *path = path_of(name);
	const char *const argv[] = {onesdn, "play", path, option, value, NULL};
	pty_start(&pty, cols, rows, argv, NULL);
	free(path);
}

/* Types a key, and waits for what it brings. */
#define press(keys, ...) (pty_type(&pty, (keys)), pty_expect(&pty, SOON, __VA_ARGS__))

static void try_keys(const char *name)
{
	start(80, 24, name, "--theme", "light");
	pty_expect(&pty, SOON, "frame 0.", "A walk", "/ 1:40", "1/5 Stage A", "? keys");
	press(" ", "PAUSED 0:00");
	pty_settle(&pty, 300, SOON); /* paused, it does nothing */
	press("]", "frame 20.", "PAUSED 0:20", "2/5 Stage B");
	press("\033[6~", "frame 40.", "3/5 Stage C");
	press("[", "frame 20.", "2/5 Stage B");
	press("5", "frame 50.", "0:50");
	press("\033[C", "frame 55.", "0:55");
	press("\033[D", "frame 50.", "0:50");
	press(".", "frame 51.", "0:51");
	press(",", "frame 50.", "0:50");
	press("\033[1;2C", "frame 60.", "1:00");
	press("\033[1;2D", "frame 50.", "0:50");
	press("\033[A", "frame 100.", "END 1:40");
	press("]", "no marker after this");
	press("\033[B", "frame 40.", "0:40");
	press(">", "1.5x");
	press("<<", "0.75x");
	press("+", "PAUSED 0:40");
	pty_expect_gone(&pty, SOON, "0.75x");
	press("?", "pause, go on", "previous marker", "faster, slower");
	pty_type(&pty, "q");
	pty_expect_gone(&pty, SOON, "faster, slower");
	pty_type(&pty, "s");
	pty_expect_gone(&pty, SOON, "PAUSED");
	press("s", "PAUSED");
	press("\033[F", "frame 100.", "END");
	press(" ", "frame 0.", "▶");
	press("0 ", "PAUSED 0:00");
	pty_type(&pty, "q");
	int status = pty_expect_end(&pty, SOON);
	assert_true(WIFEXITED(status) && WEXITSTATUS(status) == 0);
}

static void keys_of_v2(void **state)
{
	(void)state;
	try_keys("walk2");
}

static void keys_of_v3(void **state)
{
	(void)state;
	try_keys("walk3");
}

static void starts_where_asked(void **state)
{
	(void)state;
	static const char *const wanted[][2] = {
	        {"1:15", "frame 75."}, {"stage d", "frame 60."}, {"#2", "frame 20."}, {"30", "frame 30."}};
	for (size_t i = 0; i < 4; i++) {
		start(80, 24, "walk2", "--start", wanted[i][0]);
		pty_expect(&pty, SOON, wanted[i][1]);
		pty_end(&pty);
	}
	start(80, 24, "walk2", "--pause-at-markers", "--speed=32");
	pty_expect(&pty, SOON, "PAUSED 0:20", "frame 20.");
}

static void plays_to_the_end(void **state)
{
	(void)state;
	start(80, 24, "walk2", "--speed", "32");
	pty_expect(&pty, SOON, "32x");
	pty_expect(&pty, SOON, "frame 100.", "END 1:40 / 1:40");
}

static void cuts_pauses(void **state)
{
	(void)state;
	start(80, 24, "idle", "--speed", "4");
	pty_expect(&pty, SOON, "after a long time", "END 0:02 / 0:02");
	pty_end(&pty);
	start(80, 24, "idle", "--idle-limit", "0");
	pty_expect(&pty, SOON, "/ 16:40");
}

static void loops(void **state)
{
	(void)state;
	start(80, 24, "short", "--loop", "--speed=8");
	for (int i = 0; i < 3; i++) {
		pty_expect(&pty, SOON, "first");
		pty_expect(&pty, SOON, "second");
	}
	assert_false(pty_has(&pty, "END"));
}

static void harms_nobody(void **state)
{
	(void)state;
	start(80, 24, "harm", NULL, NULL);
	pty_expect(&pty, SOON, "still here");
	press(" ", "PAUSED");
	assert_string_equal(term_title(pty.term), "onesdn: A walk");
	assert_false(term_wants_mouse(pty.term));
	assert_false(pty_has(&pty, "owned"));
}

static void other_sizes(void **state)
{
	(void)state;
	start(40, 8, "large", NULL, NULL);
	press(" ", "40x7 of 60x12");
	press("kkkhhhh", "top");
	press("jjllll", "right", "bottom");
	pty_resize(&pty, 62, 15);
	pty_expect(&pty, SOON, "╭─ A walk", "top", "right");
	press("5", "small now");
	pty_resize(&pty, 20, 5); /* as large as the recording is now */
	pty_expect(&pty, SOON, "small now", "PAUSED");
	press("0", "PAUSED 0:00");
	pty_expect_gone(&pty, SOON, "small now");
	pty_resize(&pty, 8, 2);
	pty_settle(&pty, 100, SOON);
	pty_resize(&pty, 80, 24);
	pty_expect(&pty, SOON, "top", "right", "PAUSED 0:00");
}

static void gives_the_terminal_back(void **state)
{
	(void)state;
	start(80, 24, "walk2", NULL, NULL);
	pty_expect(&pty, SOON, "frame 0.");
	assert_true(term_is_altscreen(pty.term));
	pty_type(&pty, "\003");
	pty_expect_end(&pty, SOON);
	assert_false(term_is_altscreen(pty.term));
}

static void says_why_not(void **state)
{
	(void)state;
	struct str out = {0};
	char *walk = path_of("walk2"), *words = mem_printf("exec '%s' play '%s' </dev/null 2>&1", onesdn, walk);
	const char *const argv[] = {"/bin/sh", "-c", words, NULL};
	start(80, 24, "walk2", NULL, NULL);
	assert_int_equal(pty_run(&pty, SOON, &out, argv), 1);
	pty_end(&pty);
	assert_non_null(strstr(str_text(&out), "not a terminal"));
	assert_non_null(strstr(str_text(&out), "onesdn export"));
	assert_non_null(strstr(str_text(&out), "--txt"));
	str_finish(&out);
	free(words);
	free(walk);
	start(80, 24, "walk2", "--start", "Stage Q");
	pty_expect(&pty, SOON, "there is no marker \"Stage Q\"", "2 Stage B");
	assert_int_equal(WEXITSTATUS(pty_expect_end(&pty, SOON)), 1);
	pty_end(&pty);
	start(80, 24, "nowhere", NULL, NULL);
	pty_expect(&pty, SOON, "nowhere.cast");
	assert_int_equal(WEXITSTATUS(pty_expect_end(&pty, SOON)), 1);
	pty_end(&pty);
	start(80, 24, "walk2", "--speed", "fast");
	pty_expect(&pty, SOON, "--speed takes a number");
	assert_int_equal(WEXITSTATUS(pty_expect_end(&pty, SOON)), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(keys_of_v2, end_pty),
	        cmocka_unit_test_teardown(keys_of_v3, end_pty),
	        cmocka_unit_test_teardown(starts_where_asked, end_pty),
	        cmocka_unit_test_teardown(plays_to_the_end, end_pty),
	        cmocka_unit_test_teardown(cuts_pauses, end_pty),
	        cmocka_unit_test_teardown(loops, end_pty),
	        cmocka_unit_test_teardown(harms_nobody, end_pty),
	        cmocka_unit_test_teardown(other_sizes, end_pty),
	        cmocka_unit_test_teardown(gives_the_terminal_back, end_pty),
	        cmocka_unit_test_teardown(says_why_not, end_pty),
	};
	return cmocka_run_group_tests(tests, make_dirs, remove_dirs);
}
