/* cast through its face: reading, writing, joining. What is written is read back; times are told in microseconds. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "onesdn/cast.h"

static struct cast *parse(const char *text)
{
	struct err err = {0};
	struct cast *cast = cast_parse(text, strlen(text), "x.cast", &err);
	if (!cast)
		fail_msg("%s", err.text);
	return cast;
}

static void assert_refused(const char *text, const char *why)
{
	struct err err = {0};
	struct cast *cast = cast_parse(text, strlen(text), "x.cast", &err);
	assert_null(cast);
	if (!strstr(err.text, why))
		fail_msg("\"%s\" is not in \"%s\"", why, err.text);
}

static void assert_event(const struct cast *cast, size_t i, char kind, int64_t at_us, const char *data)
{
	assert_true(i < cast->events.len);
	const struct cast_event *event = &cast->events.data[i];
	assert_int_equal(event->kind, kind);
	assert_int_equal(event->at_us, at_us);
	assert_string_equal(event->data, data);
	assert_int_equal(event->size, strlen(data));
}

static void reads_v1(void **state)
{
	(void)state;
	struct cast *cast = parse("{\n \"version\": 1, \"width\": 80, \"height\": 24, \"duration\": 1.5,\n"
	                          " \"env\": {\"TERM\": \"xterm\", \"SHELL\": \"/bin/zsh\"}, \"title\": \"t\",\n"
	                          " \"stdout\": [[0.248848, \"a\\u001b[1m\"], [1.001376, \"b\"]]}\n");
	assert_int_equal(cast->header.version, 1);
	assert_int_equal(cast->header.cols, 80);
	assert_int_equal(cast->header.rows, 24);
	assert_string_equal(cast->header.shell, "/bin/zsh");
	assert_int_equal(cast->events.len, 2);
	assert_event(cast, 0, 'o', 248848, "a\033[1m");
	assert_event(cast, 1, 'o', 1250224, "b");
	assert_int_equal(cast->duration_us, 1250224);
	cast_destroy(cast);
	cast = parse("{\"version\":1,\"width\":8,\"height\":2,\"stdout\":[[0.5,\"on one line\"]]}");
	assert_event(cast, 0, 'o', 500000, "on one line");
	cast_destroy(cast);
}

static void reads_v2(void **state)
{
	(void)state;
	struct cast *cast = parse("{\"version\": 2, \"width\": 80, \"height\": 24, \"timestamp\": 1504467315, "
	                          "\"idle_time_limit\": 1.5, \"title\": \"Demo\","
	                          "\"theme\": {\"fg\": \"#d0d0d0\", \"bg\": \"#212121\", \"palette\": "
	                          "\"#000000:#010101:#020202:#030303:#040404:#050505:#060606:#0A0b0C\"}}\n"
	                          "[0.248848, \"o\", \"x\"]\r\n"
	                          "\n"
	                          "[1, \"m\", \"one\"]\n"
	                          "[1.5, \"q\", {\"not\": \"known\"}]\n"
	                          "[2, \"i\", \"k\", \"further\"]\n"
	                          "[1.9, \"r\", \"100x50\"]\n"
	                          "[3e0, \"o\", \"\\u0000y\"]\n");
	assert_int_equal(cast->header.timestamp, 1504467315);
	assert_int_equal(cast->header.idle_limit_us, 1500000);
	assert_string_equal(cast->header.title, "Demo");
	assert_true(cast->header.theme.is_set);
	assert_int_equal(cast->header.theme.n_palette, 8);
	assert_int_equal(cast->header.theme.palette[7], 0x0a0b0c);
	assert_int_equal(cast->header.theme.palette[15], 0x0a0b0c);
	assert_int_equal(cast->events.len, 5);
	assert_event(cast, 0, 'o', 248848, "x");
	assert_event(cast, 1, 'm', 1000000, "one");
	assert_event(cast, 2, 'i', 2000000, "k");
	assert_event(cast, 3, 'r', 2000000, "100x50"); /* time does not go back */
	assert_int_equal(cast->events.data[3].cols, 100);
	assert_int_equal(cast->events.data[3].rows, 50);
	assert_int_equal(cast->events.data[4].size, 2);
	assert_memory_equal(cast->events.data[4].data, "\0y", 2);
	assert_false(cast->is_cut);
	cast_destroy(cast);
}

static void reads_v3(void **state)
{
	(void)state;
	struct cast *cast = parse("{\"version\": 3, \"term\": {\"cols\": 90, \"rows\": 30, \"type\": "
	                          "\"xterm-256color\"}, \"env\": {\"SHELL\": \"/bin/sh\"}}\n"
	                          "# a comment\n"
	                          "[0.1, \"o\", \"a\"]\n"
	                          "[0.25, \"m\", \"\"]\n"
	                          "[0.0000004, \"o\", \"b\"]\n"
	                          "[0.0000004, \"o\", \"c\"]\n"
	                          "[1.0, \"x\", \"0\"]\n");
	assert_int_equal(cast->header.cols, 90);
	assert_string_equal(cast->header.term, "xterm-256color");
	assert_event(cast, 0, 'o', 100000, "a");
	assert_event(cast, 1, 'm', 350000, "");
	assert_event(cast, 2, 'o', 350000, "b");
	assert_event(cast, 3, 'o', 350001, "c"); /* what was rounded off adds up */
	assert_event(cast, 4, 'x', 1350001, "0");
	cast_destroy(cast);
}

#define HEAD "{\"version\": 2, \"width\": 80, \"height\": 24}\n"

static void says_what_is_wrong(void **state)
{
	(void)state;
	assert_refused("", "x.cast is empty");
	assert_refused("hello\n", "x.cast:1: this is no asciicast");
	assert_refused("[1, 2]\n", "x.cast:1: this is no asciicast");
	assert_refused("{\"version\": 4}\n", "version 4 is not known");
	assert_refused("{\"version\": 2, \"width\": 80}\n", "\"height\" is missing");
	assert_refused("{\"version\": 2, \"width\": 0, \"height\": 24}\n", "x.cast:1: \"width\" is 0");
	assert_refused("{\"version\": 3, \"width\": 80, \"height\": 24}\n", "no \"term\"");
	assert_refused("{\"version\": 1, \"width\": 80, \"height\": 24}\n", "\"stdout\"");
	assert_refused("{\"version\": 1, \"width\": 80, \"height\": 24, \"stdout\": [[0.1, \"a\"], [0.1]]}\n",
	               "frame 2");
	assert_refused(HEAD "[0.1, \"o\", \"a\"]\n[0.2, \"o\", \"b\n[0.3, \"o\", \"c\"]\n",
	               "x.cast:3: this is no JSON");
	assert_refused(HEAD "[0.1, \"o\"]\n", "x.cast:2: an event is");
	assert_refused(HEAD "[\"0.1\", \"o\", \"a\"]\n", "time in seconds");
	assert_refused(HEAD "[0.1, \"o\", 5]\n", "data is a text");
	assert_refused(HEAD "[0.1, \"r\", \"80\"]\n", "columns x rows");
	assert_refused(HEAD "[1e300, \"o\", \"\"]\n", "out of all bounds");
}

/* One line of JSON, so large that its values would take gigabytes. */
static void bounds_v1(void **state)
{
	(void)state;
	struct err err = {0};
	struct str text = {0};
	str_append(&text, "{\"version\": 1, \"width\": 8, \"height\": 2, \"stdout\": [");
	while (text.len <= CAST_V1_SIZE_MAX)
		str_append(&text, "[0,\"0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef\"],");
	str_append(&text, "[0,\"\"]]}");
	assert_null(cast_parse(str_text(&text), text.len, "x.cast", &err));
	assert_int_equal(err.code, ERR_LIMIT);
	assert_non_null(strstr(err.text, "larger than 16 MiB"));
	str_finish(&text);
}

static void takes_a_killed_recorders_file(void **state)
{
	(void)state;
	struct cast *cast = parse(HEAD "[0.1, \"o\", \"a\"]\n[0.2, \"o\", \"b");
	assert_true(cast->is_cut);
	assert_int_equal(cast->events.len, 1);
	cast_destroy(cast);
	cast = parse(HEAD "[0.1, \"o\", \"a\"]");
	assert_false(cast->is_cut);
	assert_int_equal(cast->events.len, 1);
	cast_destroy(cast);
}

static void mends_lone_surrogates(void **state)
{
	(void)state;
	struct cast *cast = parse(HEAD "[0.1, \"o\", \"\\ud83d\\ude00 \\ud83d \\ude00 \\\\ud83d\"]\n");
	assert_event(cast, 0, 'o', 100000, "\xf0\x9f\x98\x80 \xef\xbf\xbd \xef\xbf\xbd \\ud83d");
	cast_destroy(cast);
}

static void limits_idle_time(void **state)
{
	(void)state;
	struct cast *cast = parse(HEAD "[5, \"o\", \"a\"]\n[5.5, \"o\", \"b\"]\n[10, \"m\", \"c\"]\n");
	cast_limit_idle(cast, 2000000);
	assert_event(cast, 0, 'o', 2000000, "a");
	assert_event(cast, 1, 'o', 2500000, "b");
	assert_event(cast, 2, 'm', 4500000, "c");
	assert_int_equal(cast->duration_us, 4500000);
	cast_destroy(cast);
}

static void finds_markers(void **state)
{
	(void)state;
	struct cast *cast = parse(HEAD "[1, \"m\", \"First stage\"]\n[2, \"o\", \"x\"]\n[3, \"m\", \"Second\"]\n[4, "
	                               "\"m\", \"Second again\"]\n");
	assert_int_equal(cast_find_marker(cast, "1"), 0);
	assert_int_equal(cast_find_marker(cast, "2"), 2);
	assert_int_equal(cast_find_marker(cast, "4"), -1);
	assert_int_equal(cast_find_marker(cast, "first"), 0);
	assert_int_equal(cast_find_marker(cast, "SECOND"), 2);
	assert_int_equal(cast_find_marker(cast, "Second a"), 3);
	assert_int_equal(cast_find_marker(cast, "Sec"), -1);
	assert_int_equal(cast_find_marker(cast, ""), -1);
	cast_destroy(cast);
}

static void reads_times(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t us;
	} rows[] = {
	        {"0", 0},        {"90", 90000000}, {"90.5", 90500000}, {"1:30", 90000000}, {"1:01:30.25", 3690250000},
	        {"0.000001", 1}, {"", -1},         {"1:", -1},         {"1:60", -1},       {"1:2:3:4", -1},
	        {"-1", -1},      {"1.", -1},       {"x", -1},          {"99999999999", -1}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		int64_t us = -1;
		assert_int_equal(cast_time_parse(rows[i].text, &us), rows[i].us >= 0);
		assert_int_equal(us, rows[i].us);
	}
	char text[24];
	cast_time_format(61999999, text);
	assert_string_equal(text, "1:01");
	cast_time_format(3690000000, text);
	assert_string_equal(text, "1:01:30");
}

/* ---- writing ---- */

static const struct cast_header plain = {.version = 2, .cols = 80, .rows = 24};

static void writes_v2(void **state)
{
	(void)state;
	struct str out = {0};
	struct cast_header header = {.version = 2,
	                             .cols = 100,
	                             .rows = 32,
	                             .timestamp = 1700000000,
	                             .idle_limit_us = 2500000,
	                             .title = "one \"SDN\"\n",
	                             .term = "xterm-256color",
	                             .shell = "/bin/bash",
	                             .theme = {.is_set = true, .fg = 0xd0d0d0, .bg = 0x1, .n_palette = 8}};
	struct cast_writer *writer = cast_writer_create_text(&out, &header, NULL);
	cast_writer_marker(writer, 0, "Stage \"1\"\033[2J");
	cast_writer_output(writer, 1, "\033[1mbold\r\n\"\\\x7f", 13);
	cast_writer_output(writer, 1234567, "later", 5);
	cast_writer_output(writer, 1000000, "back", 4);
	cast_writer_input(writer, 2000000, "k", 1);
	cast_writer_resize(writer, 3000000, 90, 20);
	assert_true(cast_writer_finish(writer, 4000000, 0, NULL));
	cast_writer_destroy(writer);
	assert_string_equal(
	        str_text(&out),
	        "{\"version\": 2, \"width\": 100, \"height\": 32, \"timestamp\": 1700000000, \"idle_time_limit\": 2.5, "
	        "\"title\": \"one \\\"SDN\\\"\xef\xbf\xbd\", \"theme\": {\"fg\": \"#d0d0d0\", \"bg\": \"#000001\", "
	        "\"palette\": "
	        "\"#000000:#000000:#000000:#000000:#000000:#000000:#000000:#000000\"}, \"env\": {\"TERM\": "
	        "\"xterm-256color\", \"SHELL\": \"/bin/bash\"}}\n"
	        "[0.000000, \"m\", \"Stage \\\"1\\\"\xef\xbf\xbd[2J\"]\n"
	        "[0.000001, \"o\", \"\\u001b[1mbold\\r\\n\\\"\\\\\\u007f\"]\n"
	        "[1.234567, \"o\", \"later\"]\n"
	        "[1.234567, \"o\", \"back\"]\n"
	        "[2.000000, \"i\", \"k\"]\n"
	        "[3.000000, \"r\", \"90x20\"]\n"
	        "[4.000000, \"o\", \"\"]\n");
	struct cast *cast = parse(str_text(&out));
	assert_int_equal(cast->duration_us, 4000000);
	assert_int_equal(cast->header.theme.bg, 1);
	cast_destroy(cast);
	str_finish(&out);
}

static void writes_v3_without_drift(void **state)
{
	(void)state;
	struct str out = {0};
	struct cast_header header = {.version = 3, .cols = 80, .rows = 24, .term = "xterm"};
	struct cast_writer *writer = cast_writer_create_text(&out, &header, NULL);
	for (int i = 1; i <= 30000; i++)
		cast_writer_output(writer, (int64_t)i * 333333 / 7, "x", 1);
	assert_true(cast_writer_finish(writer, 2000000000, 3, NULL));
	cast_writer_destroy(writer);
	struct cast *cast = parse(str_text(&out));
	assert_int_equal(cast->header.version, 3);
	assert_int_equal(cast->events.len, 30001);
	for (int i = 1; i <= 30000; i++)
		assert_int_equal(cast->events.data[i - 1].at_us, (int64_t)i * 333333 / 7);
	assert_event(cast, 30000, 'x', 2000000000, "3");
	cast_destroy(cast);
	str_finish(&out);
}

/* Every way to cut a text in two: what is read back is the text, and every event is whole characters. */
static void never_cuts_characters(void **state)
{
	(void)state;
	static const char text[] = "a\xc3\xa4\xe2\x94\x80\xf0\x9f\x98\x80z";
	for (size_t cut = 0; cut < sizeof text; cut++) {
		struct str out = {0}, joined = {0};
		struct cast_writer *writer = cast_writer_create_text(&out, &plain, NULL);
		cast_writer_output(writer, 0, text, cut);
		cast_writer_marker(writer, 1, "between");
		cast_writer_output(writer, 2, text + cut, sizeof text - 1 - cut);
		assert_true(cast_writer_finish(writer, 3, -1, NULL));
		cast_writer_destroy(writer);
		struct cast *cast = parse(str_text(&out));
		for (size_t i = 0; i < cast->events.len; i++)
			if (cast->events.data[i].kind == 'o')
				str_append(&joined, cast->events.data[i].data);
		assert_string_equal(str_text(&joined), text);
		cast_destroy(cast);
		str_finish(&out);
		str_finish(&joined);
	}
}

static void bad_bytes_become_replacements(void **state)
{
	(void)state;
	struct str out = {0};
	struct cast_writer *writer = cast_writer_create_text(&out, &plain, NULL);
	cast_writer_output(writer, 0, "\xff\xc3(\xe2\x94", 5);
	assert_true(cast_writer_finish(writer, 0, -1, NULL));
	cast_writer_destroy(writer);
	struct cast *cast = parse(str_text(&out));
	assert_event(cast, 0, 'o', 0, "\xef\xbf\xbd\xef\xbf\xbd(");
	assert_event(cast, 1, 'o', 0, "\xef\xbf\xbd\xef\xbf\xbd");
	cast_destroy(cast);
	str_finish(&out);
}

static char *temporary(void)
{
	char *path = mem_strdup("/tmp/onesdn-cast.XXXXXX");
	int fd = mkstemp(path);
	assert_true(fd >= 0);
	close(fd);
	return path;
}

/* What stands in the file after every event is a valid cast: nothing waits in a buffer. */
static void file_is_valid_at_any_time(void **state)
{
	(void)state;
	char *path = temporary();
	struct err err = {0};
	struct cast_writer *writer = cast_writer_create(path, &plain, NULL, &err);
	assert_non_null(writer);
	for (size_t i = 0; i < 20; i++) {
		struct cast *cast = cast_read(path, &err);
		assert_non_null(cast);
		assert_int_equal(cast->events.len, i);
		assert_false(cast->is_cut);
		cast_destroy(cast);
		cast_writer_output(writer, (int64_t)i * 1000, "frame", 5);
	}
	cast_writer_destroy(writer);
	unlink(path);
	free(path);
}

static void full_disk_leaves_whole_lines(void **state)
{
	(void)state;
	char *path = temporary();
	struct err err = {0};
	struct rlimit before, small;
	getrlimit(RLIMIT_FSIZE, &before);
	small = (struct rlimit){1000, before.rlim_max};
	signal(SIGXFSZ, SIG_IGN);
	setrlimit(RLIMIT_FSIZE, &small);
	struct cast_writer *writer = cast_writer_create(path, &plain, NULL, &err);
	for (int i = 0; i < 100; i++)
		cast_writer_output(writer, i, "0123456789", 10);
	bool is_good = cast_writer_finish(writer, 100, -1, &err);
	setrlimit(RLIMIT_FSIZE, &before);
	assert_false(is_good);
	assert_non_null(strstr(err.text, path));
	cast_writer_destroy(writer);
	struct cast *cast = cast_read(path, &err);
	assert_non_null(cast);
	assert_false(cast->is_cut);
	assert_in_range(cast->events.len, 20, 40);
	cast_destroy(cast);
	assert_null(cast_writer_create("/nowhere/at/all.cast", &plain, NULL, &err));
	assert_non_null(strstr(err.text, "/nowhere/at/all.cast cannot be written"));
	unlink(path);
	free(path);
}

/* ---- joining ---- */

static char *write_take(int version, int cols, const char *title, int64_t end_us)
{
	char *path = temporary();
	struct err err = {0};
	struct cast_header header = {.version = version, .cols = cols, .rows = 24, .title = title, .term = "xterm"};
	struct cast_writer *writer = cast_writer_create(path, &header, NULL, &err);
	cast_writer_marker(writer, 0, title);
	cast_writer_output(writer, 500000, title, strlen(title));
	assert_true(cast_writer_finish(writer, end_us, 0, &err));
	cast_writer_destroy(writer);
	return path;
}

static void joins_takes(void **state)
{
	(void)state;
	char *path = temporary();
	const char *takes[] = {write_take(2, 80, "one", 1500000), write_take(3, 80, "two", 2000000),
	                       write_take(2, 81, "three", 1)};
	struct err err = {0};
	struct cast_header header = {.version = 3, .cols = 80, .rows = 24, .title = "all"};
	for (int version = 2; version <= 3; version++) {
		assert_true(cast_join(path, version == 3 ? &header : NULL, takes, 2, &err));
		struct cast *cast = cast_read(path, &err);
		assert_non_null(cast);
		assert_int_equal(cast->header.version, version);
		assert_string_equal(cast->header.title, version == 3 ? "all" : "one");
		assert_event(cast, 0, 'm', 0, "one");
		assert_event(cast, 1, 'o', 500000, "one");
		assert_event(cast, 2, 'o', 1500000, "");
		assert_int_equal(cast->events.data[3].at_us, 1500000);
		assert_non_null(strstr(cast->events.data[3].data, "\033[2J"));
		assert_event(cast, 4, 'm', 1500000, "two");
		assert_event(cast, 5, 'o', 2000000, "two");
		assert_event(cast, 6, 'o', 3500000, "");
		assert_int_equal(cast->events.len, 7);
		cast_destroy(cast);
	}
	assert_false(cast_join(path, NULL, takes, 3, &err));
	assert_non_null(strstr(err.text, takes[2]));
	assert_non_null(strstr(err.text, "81x24"));
	assert_false(cast_join(path, NULL, takes, 0, &err));
	for (size_t i = 0; i < 3; i++) {
		unlink(takes[i]);
		free((char *)takes[i]);
	}
	unlink(path);
	free(path);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(reads_v1),
	        cmocka_unit_test(reads_v2),
	        cmocka_unit_test(reads_v3),
	        cmocka_unit_test(says_what_is_wrong),
	        cmocka_unit_test(bounds_v1),
	        cmocka_unit_test(takes_a_killed_recorders_file),
	        cmocka_unit_test(mends_lone_surrogates),
	        cmocka_unit_test(limits_idle_time),
	        cmocka_unit_test(finds_markers),
	        cmocka_unit_test(reads_times),
	        cmocka_unit_test(writes_v2),
	        cmocka_unit_test(writes_v3_without_drift),
	        cmocka_unit_test(never_cuts_characters),
	        cmocka_unit_test(bad_bytes_become_replacements),
	        cmocka_unit_test(file_is_valid_at_any_time),
	        cmocka_unit_test(full_disk_leaves_whole_lines),
	        cmocka_unit_test(joins_takes),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
