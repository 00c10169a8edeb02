/* test_base: errors, text, containers, characters, JSON, files, places, time, the log. YAML is in test_yaml.c. */
#include <errno.h>
#include <fcntl.h>
#include <locale.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>
#include <wchar.h>

#include <cmocka.h>

#include "onesdn/base.h"

static char dir[64];

static int make_dir(void **state)
{
	(void)state;
	snprintf(dir, sizeof dir, "/tmp/onesdn-test-XXXXXX");
	return mkdtemp(dir) ? 0 : -1;
}

static int remove_dir(void **state)
{
	(void)state;
	pid_t pid = fork();
	if (pid == 0) {
		execlp("rm", "rm", "-rf", dir, (char *)NULL);
		_exit(127);
	}
	return waitpid(pid, NULL, 0) == pid ? 0 : -1;
}

/* ---- errors ---- */

static void test_err(void **state)
{
	(void)state;
	struct err err = {0};
	assert_false(err_set(&err, ERR_INVALID, "the field %s is wrong", "x"));
	assert_int_equal(err.code, ERR_INVALID);
	assert_string_equal(err.text, "the field x is wrong");
	assert_false(err_context(&err, "scenario.yaml"));
	assert_int_equal(err.code, ERR_INVALID);
	assert_string_equal(err.text, "scenario.yaml: the field x is wrong");
	assert_false(err_set(&err, ERR_LIMIT, "<%s>", err.text));
	assert_string_equal(err.text, "<scenario.yaml: the field x is wrong>");
	assert_false(err_errno(&err, ENOENT, "%s", "/x"));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_string_equal(err.text, "/x: No such file or directory");
	assert_false(err_set(NULL, ERR_INVALID, "nobody hears"));
	assert_false(err_errno(NULL, EIO, "nobody hears"));
	assert_false(err_context(NULL, "nobody hears"));
}

static void test_err_is_cut_between_characters(void **state)
{
	(void)state;
	struct err err;
	for (size_t lead = 0; lead < 4; lead++) {
		struct str text = {0};
		str_append_n(&text, "abcd", lead);
		while (text.len < 2 * ERR_TEXT_MAX)
			str_append(&text, "€");
		err_set(&err, ERR_INVALID, "%s", text.data);
		assert_in_range(strlen(err.text), ERR_TEXT_MAX - 4, ERR_TEXT_MAX - 1);
		assert_true(text_is_safe(err.text, strlen(err.text)));
		str_finish(&text);
	}
}

static void test_err_is_safe_to_print(void **state)
{
	(void)state;
	struct err err;
	err_set(&err, ERR_INVALID, "a.yaml:1: no key \"%s\"\n\tcure", "\033[31mred\302\205\xff");
	assert_string_equal(err.text, "a.yaml:1: no key \"\357\277\275[31mred\357\277\275\357\277\275\"\n\tcure");
	err_context(&err, "\r");
	assert_true(text_has_prefix(err.text, "\357\277\275: a.yaml:1"));
}

static void hook(void)
{
	ssize_t written = write(STDOUT_FILENO, "hook ", 5);
	(void)written;
}

static void test_abort_restores_first(void **state)
{
	(void)state;
	int ends[2];
	assert_int_equal(pipe(ends), 0);
	pid_t pid = fork();
	if (pid == 0) {
		dup2(ends[1], STDOUT_FILENO);
		dup2(ends[1], STDERR_FILENO);
		signal(SIGABRT, SIG_DFL);
		base_set_abort_hook(hook);
		base_abort("the %s broke", "thing");
	}
	close(ends[1]);
	char text[512] = "";
	size_t len = 0;
	for (ssize_t n; len < sizeof text - 1 && (n = read(ends[0], text + len, sizeof text - 1 - len)) > 0;)
		len += (size_t)n;
	close(ends[0]);
	int status;
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_true(WIFSIGNALED(status));
	assert_int_equal(WTERMSIG(status), SIGABRT);
	assert_true(text_has_prefix(text, "hook onesdn: the thing broke\n"));
}

/* ---- text ---- */

static void test_str(void **state)
{
	(void)state;
	struct str s = {0};
	assert_string_equal(str_text(&s), "");
	str_clear(&s);
	str_append(&s, "");
	assert_string_equal(s.data, "");
	str_append_c(&s, 'a');
	str_append_f(&s, "%d-%s", 42, "x");
	str_append_n(&s, "y\0z", 3);
	assert_int_equal(s.len, 8);
	assert_memory_equal(s.data, "a42-xy\0z", 9);
	str_drop_front(&s, 7);
	assert_string_equal(s.data, "z");
	str_drop_front(&s, 1);
	assert_string_equal(s.data, "");
	for (int i = 0; i < 1000; i++)
		str_append_f(&s, "%0100d", i);
	assert_int_equal(s.len, 100000);
	char *text = str_take(&s);
	assert_int_equal(strlen(text), 100000);
	assert_null(s.data);
	free(text);
	text = str_take(&s);
	assert_string_equal(text, "");
	free(text);
	str_finish(&s);
}

static void test_shell(void **state)
{
	(void)state;
	static const struct {
		const char *text, *quoted;
	} cases[] = {
	        {"plain-1.2/x:y=z", "plain-1.2/x:y=z"},
	        {"", "''"},
	        {"two words", "'two words'"},
	        {"it's", "'it'\\''s'"},
	        {"$(rm -rf /)", "'$(rm -rf /)'"},
	        {"~", "'~'"},
	        {"a\nb", "'a\nb'"},
	        {"ä", "'ä'"},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		struct str s = {0};
		str_append_shell(&s, cases[i].text);
		assert_string_equal(s.data, cases[i].quoted);
		str_finish(&s);
	}
}

static void test_text(void **state)
{
	(void)state;
	assert_true(text_has_prefix("abc", "ab"));
	assert_true(text_has_prefix("abc", ""));
	assert_false(text_has_prefix("a", "ab"));
	assert_true(text_has_suffix("abc", "bc"));
	assert_false(text_has_suffix("c", "bc"));
	assert_true(text_equal(NULL, NULL));
	assert_false(text_equal(NULL, ""));
	assert_true(text_equal("a", "a"));
	char *copy = mem_strndup("abcdef", 3);
	assert_string_equal(copy, "abc");
	free(copy);
	assert_null(mem_strdup(NULL));
}

static void test_names(void **state)
{
	(void)state;
	char long_label[65];
	memset(long_label, 'a', 64);
	long_label[64] = '\0';
	assert_true(name_is_label("a") && name_is_label("0-b") && name_is_label(long_label + 1));
	assert_false(name_is_label("") || name_is_label("-a") || name_is_label("a-") || name_is_label("a.b") ||
	             name_is_label("A") || name_is_label(long_label));
	assert_true(name_is_subdomain("a.b-c.d"));
	assert_false(name_is_subdomain("") || name_is_subdomain("a..b") || name_is_subdomain("a.") || name_is_subdomain("a_b"));
	assert_true(name_is_qualified("app") && name_is_qualified("A_b.c") && name_is_qualified("k8s.io/Role-1"));
	assert_false(name_is_qualified("") || name_is_qualified("a b") || name_is_qualified("/a") || name_is_qualified("a/") ||
	             name_is_qualified("a/b/c") || name_is_qualified("K8s/a") || name_is_qualified("_a") ||
	             name_is_qualified(long_label));
	assert_true(name_is_label_value("") && name_is_label_value("v1.2_x"));
	assert_false(name_is_label_value("a b") || name_is_label_value("-") || name_is_label_value("a/b") ||
	             name_is_label_value(long_label));
}

static void test_text_to_int(void **state)
{
	(void)state;
	int64_t value = 77;
	assert_true(text_to_int("-12", -12, 12, &value));
	assert_int_equal(value, -12);
	assert_true(text_to_int("9223372036854775807", INT64_MIN, INT64_MAX, &value));
	assert_true(value == INT64_MAX);
	assert_true(text_to_int("-9223372036854775808", INT64_MIN, INT64_MAX, &value));
	assert_true(value == INT64_MIN);
	value = 77;
	static const char *const bad[] = {"",   "-",   "+1", " 1", "1 ", "0x1", "1.0", "9223372036854775808",
	                                  "13", "-13", "--1"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(text_to_int(bad[i], -12, 12, &value));
	assert_int_equal(value, 77);
}

/* ---- containers ---- */

static void test_vec(void **state)
{
	(void)state;
	struct pair {
		int a, b;
	};
	VEC(struct pair) v = {0};
	for (int i = 0; i < 100; i++)
		vec_push(&v, (struct pair){i, -i});
	assert_int_equal(v.len, 100);
	vec_remove(&v, 0);
	vec_remove(&v, 98);
	vec_remove(&v, 10);
	assert_int_equal(v.len, 97);
	assert_int_equal(v.data[0].a, 1);
	assert_int_equal(v.data[10].b, -12);
	assert_int_equal(v.data[96].a, 98);
	vec_finish(&v);
	assert_null(v.data);
}

static void test_map(void **state)
{
	(void)state;
	struct map m = {0};
	int values[200];
	for (int i = 0; i < 200; i++) {
		char key[16];
		snprintf(key, sizeof key, "k%d", i * 7919 % 200);
		assert_null(map_set(&m, key, &values[i]));
	}
	assert_int_equal(m.len, 200);
	for (size_t i = 1; i < m.len; i++)
		assert_true(strcmp(m.entries[i - 1].key, m.entries[i].key) < 0);
	for (int i = 0; i < 200; i++) {
		char key[16];
		snprintf(key, sizeof key, "k%d", i * 7919 % 200);
		assert_ptr_equal(map_find(&m, key), &values[i]);
	}
	assert_ptr_equal(map_set(&m, "k5", &values[0]), &values[195]);
	assert_ptr_equal(map_remove(&m, "k5"), &values[0]);
	assert_null(map_remove(&m, "k5"));
	assert_null(map_find(&m, "k5"));
	assert_null(map_find(&m, ""));
	assert_int_equal(m.len, 199);
	map_finish(&m);
	assert_int_equal(m.len, 0);
}

/* ---- characters ---- */

static void test_utf8_round_trip(void **state)
{
	(void)state;
	for (uint32_t cp = 0; cp <= 0x110010; cp++) {
		char out[UTF8_MAX];
		uint32_t back;
		size_t len = utf8_encode(cp, out);
		assert_int_equal(utf8_decode(out, len, &back), len);
		bool is_scalar = cp <= 0x10ffff && (cp < 0xd800 || cp > 0xdfff);
		assert_int_equal(back, is_scalar ? cp : 0xfffd);
		if (len > 1) /* cut short it is bad */
			assert_int_equal(utf8_decode(out, len - 1, &back), 1);
	}
}

static void test_utf8_bad(void **state)
{
	(void)state;
	static const char *const bad[] = {"\x80",
	                                  "\xc0\x80",
	                                  "\xc1\xbf",
	                                  "\xe0\x80\x80",
	                                  "\xed\xa0\x80",
	                                  "\xf0\x80\x80\x80",
	                                  "\xf4\x90\x80\x80",
	                                  "\xf5\x80\x80\x80",
	                                  "\xff",
	                                  "\xc3(",
	                                  "\xe2\x82("};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		uint32_t cp = 0;
		assert_int_equal(utf8_decode(bad[i], strlen(bad[i]), &cp), 1);
		assert_int_equal(cp, 0xfffd);
		assert_false(text_is_safe(bad[i], strlen(bad[i])));
	}
	uint32_t cp = 5;
	assert_int_equal(utf8_decode("", 0, &cp), 0);
	assert_int_equal(cp, 5);
}

static void test_width(void **state)
{
	(void)state;
	static const struct {
		uint32_t cp;
		int width;
	} cases[] = {
	        {'a', 1},      {0, 1},       {0x7f, 1},    {0xe9, 1},    {0xad, 1},    {0x300, 0},   {0x36f, 0},
	        {0x370, 1},    {0x200b, 0},  {0x200d, 0},  {0xfe0f, 0},  {0x2500, 1},  {0x2588, 1},  {0x2800, 1},
	        {0x25cf, 1},   {0x2713, 1},  {0x26a0, 1},  {0x26a1, 2},  {0x2705, 2},  {0x3042, 2},  {0x4e2d, 2},
	        {0xac00, 2},   {0x1160, 0},  {0xff21, 2},  {0xff61, 1},  {0x1f600, 2}, {0x1f680, 2}, {0x1f5a5, 1},
	        {0x1f3fb, 2},  {0xe0100, 0}, {0x20000, 2}, {0x3fffd, 2}, {0xe000, 1},  {0xe0b0, 1},  {0xfffd, 1},
	        {0x10ffff, 1}, {0x303f, 1},  {0x3099, 0},  {0x4dc0, 1},  {0x1f1e6, 1},
	};
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		if (utf8_width(cases[i].cp) != cases[i].width)
			fail_msg("U+%04X is %d columns, not %d", cases[i].cp, utf8_width(cases[i].cp), cases[i].width);
	}
}

/* The system's own table is another person's work from the same standard: most must agree. */
static void test_width_beside_libc(void **state)
{
	(void)state;
	if (!setlocale(LC_CTYPE, "C.UTF-8"))
		skip();
	int differ = 0;
	for (uint32_t cp = 0xa0; cp <= 0x3ffff; cp++) {
		int theirs = wcwidth((wchar_t)cp);
		differ += theirs >= 0 && theirs != utf8_width(cp);
	}
	setlocale(LC_CTYPE, "C");
	assert_in_range(differ, 0, 250);
}

static void test_columns(void **state)
{
	(void)state;
	assert_int_equal(text_columns(""), 0);
	assert_int_equal(text_columns("aé中e\xcc\x81"), 5);
	assert_int_equal(text_cut("aé中e\xcc\x81x", 5), 9);
	assert_int_equal(text_cut("a中", 2), 1);
	assert_int_equal(text_cut("a中", 3), 4);
	assert_int_equal(text_cut("abc", 0), 0);
	assert_int_equal(text_cut("abc", -1), 0);
	assert_int_equal(text_cut("", 4), 0);
}

static void test_cut_between_characters(void **state)
{
	(void)state;
	static const struct {
		const char *text, *trimmed;
	} rows[] = {{"", ""},         {"a", "a"},          {"a\303", "a"}, {"a\303\251", "a\303\251"},
	            {"\342\202", ""}, {"\360\237\230", ""}};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		char text[8];
		snprintf(text, sizeof text, "%s", rows[i].text);
		text_trim(text);
		assert_string_equal(text, rows[i].trimmed);
	}
	assert_int_equal(text_whole("a\303\251", 3, 3), 3);
	assert_int_equal(text_whole("a\303\251", 3, 2), 1);
	assert_int_equal(text_whole("a\303\251", 3, 1), 1);
	assert_int_equal(text_whole("\303\251", 2, 0), 0);
}

static void test_safe(void **state)
{
	(void)state;
	static const char *const bad[] = {"a\n",          "\t",           "\x1b[2J",      "\x7f",     "\xc2\x9b[1m",
	                                  "\xe2\x80\xae", "\xe2\x81\xa6", "\xe2\x80\xa8", "\xd8\x9c", "\xe2\x80\x8f"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		assert_false(text_is_safe(bad[i], strlen(bad[i])));
		struct str s = {0};
		str_append_safe(&s, bad[i], strlen(bad[i]));
		assert_true(text_is_safe(s.data, s.len));
		assert_non_null(strstr(s.data, "\xef\xbf\xbd"));
		str_finish(&s);
	}
	assert_false(text_is_safe("a\0b", 3));
	assert_true(text_is_safe("größe 中 🚀 \xef\xbf\xbd", strlen("größe 中 🚀 \xef\xbf\xbd")));
	struct str s = {0};
	str_append_safe(&s, "a\xff\xe2\x82z", 5);
	assert_string_equal(s.data, "a\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbdz");
	str_finish(&s);
}

/* ---- JSON ---- */

static void test_json(void **state)
{
	(void)state;
	static const char text[] = "{\"metadata\":{\"name\":\"a\",\"n\":7,\"no\":null}}";
	struct err err = {0};
	json_t *value = json_parse(text, strlen(text), "pod", &err);
	assert_non_null(value);
	assert_string_equal(json_walk_str(value, "metadata", "name", NULL), "a");
	assert_string_equal(json_walk_str(value, "metadata", "n", NULL), "");
	assert_string_equal(json_walk_str(value, "metadata", "name", "deeper", NULL), "");
	assert_string_equal(json_walk_str(NULL, "metadata", NULL), "");
	assert_int_equal(json_walk_int(value, -1, "metadata", "n", NULL), 7);
	assert_int_equal(json_walk_int(value, -1, "metadata", "name", NULL), -1);
	assert_ptr_equal(json_walk(value, NULL), value);
	assert_null(json_walk(value, "x", "y", NULL));
	struct str out = {0};
	str_append(&out, "> ");
	str_append_json(&out, value, JSON_COMPACT);
	assert_string_equal(out.data + 2, text);
	str_finish(&out);
	json_decref(value);
}

static void test_json_bad(void **state)
{
	(void)state;
	static const char *const bad[] = {"", "{", "{} x", "[1,]", "\"\xff\"", "nul", "\"a\\u0000b\"", "[1e999]"};
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
		struct err err = {0};
		assert_null(json_parse(bad[i], strlen(bad[i]), "reply", &err));
		assert_int_equal(err.code, ERR_INVALID);
		assert_true(text_has_prefix(err.text, "reply:1: "));
	}
	struct err err = {0};
	struct str deep = {0};
	for (int i = 0; i < 100000; i++)
		str_append_c(&deep, '[');
	assert_null(json_parse(deep.data, deep.len, "deep", &err));
	str_finish(&deep);
	json_t *value = json_parse("3", 1, "n", NULL);
	assert_true(json_is_integer(value));
	json_decref(value);
}

/* ---- files and places ---- */

static void test_files(void **state)
{
	(void)state;
	struct err err = {0};
	char *path = mem_printf("%s/a/b//c/file", dir), *parent = mem_printf("%s/a/b//c/", dir);
	assert_false(file_write(path, "x", 1, 0600, &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_true(file_make_dirs(parent, 0700, &err));
	assert_true(file_make_dirs(parent, 0700, &err));
	assert_true(file_write(path, "first", 5, 0600, &err));
	assert_true(file_write(path, "seco\0nd", 7, 0640, &err));
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0640);
	struct str text = {0};
	str_append(&text, "> ");
	assert_true(file_read(path, 7, &text, &err));
	assert_int_equal(text.len, 9);
	assert_memory_equal(text.data, "> seco\0nd", 10);
	assert_false(file_read(path, 6, &text, &err));
	assert_int_equal(err.code, ERR_LIMIT);
	assert_int_equal(text.len, 9);
	assert_false(file_read(parent, 6, &text, &err));
	assert_false(file_read("/nonexistent/x", 6, &text, &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	assert_non_null(strstr(err.text, "/nonexistent/x"));
	char *below_file = mem_printf("%s/x", path);
	assert_false(file_make_dirs(below_file, 0700, &err));
	str_finish(&text);
	free(below_file);
	free(parent);
	free(path);
}

static void test_path_user(void **state)
{
	(void)state;
	struct err err = {0};
	setenv("XDG_RUNTIME_DIR", dir, 1);
	char *path = path_user(PATH_RUNTIME, &err), *expected = mem_printf("%s/onesdn", dir);
	assert_string_equal(path, expected);
	struct stat st;
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0700);
	free(path);
	assert_int_equal(chmod(expected, 0755), 0);
	assert_null(path_user(PATH_RUNTIME, &err));
	assert_int_equal(err.code, ERR_DENIED);
	assert_int_equal(rmdir(expected), 0);
	assert_int_equal(symlink("/tmp", expected), 0);
	assert_null(path_user(PATH_RUNTIME, &err));
	assert_int_equal(unlink(expected), 0);
	free(expected);
	unsetenv("XDG_CACHE_HOME");
	setenv("HOME", dir, 1);
	path = path_user(PATH_CACHE, &err);
	expected = mem_printf("%s/.cache/onesdn", dir);
	assert_string_equal(path, expected);
	free(path);
	free(expected);
	setenv("XDG_STATE_HOME", "relative/is/ignored", 1);
	path = path_user(PATH_STATE, &err);
	expected = mem_printf("%s/.local/state/onesdn", dir);
	assert_string_equal(path, expected);
	free(path);
	free(expected);
	unsetenv("XDG_STATE_HOME");
	unsetenv("XDG_RUNTIME_DIR");
}

static void test_path_data(void **state)
{
	(void)state;
	struct err err = {0};
	unsetenv("ONESDN_DATA");
	/* This test runs from a build directory in the source tree. */
	char *path = path_data("include/onesdn/base.h", &err);
	assert_non_null(path);
	assert_int_equal(access(path, R_OK), 0);
	free(path);
	assert_null(path_data("no/such/thing", &err));
	assert_int_equal(err.code, ERR_NOT_FOUND);
	static const char *const outside[] = {"../x", "a/../../x", "/etc/passwd", "", ".."};
	for (size_t i = 0; i < sizeof outside / sizeof outside[0]; i++) {
		assert_null(path_data(outside[i], &err));
		assert_int_equal(err.code, ERR_INVALID);
	}
	char *file = mem_printf("%s/..x", dir);
	assert_true(file_write(file, "", 0, 0600, &err));
	setenv("ONESDN_DATA", dir, 1);
	path = path_data("..x", &err);
	assert_string_equal(path, file);
	free(path);
	free(file);
	path = path_data("include/onesdn/base.h", &err); /* what is not there is looked for further */
	assert_non_null(path);
	free(path);
	unsetenv("ONESDN_DATA");
}

static void test_path_program(void **state)
{
	(void)state;
	char *path = path_program("sh");
	assert_non_null(path);
	assert_int_equal(path[0], '/');
	free(path);
	assert_null(path_program("no-such-program-of-onesdn"));
	assert_null(path_program(""));
	assert_null(path_program("/tmp"));
	path = path_program("/bin/sh");
	assert_string_equal(path, "/bin/sh");
	free(path);
	path = path_self("no-such-program-of-onesdn");
	assert_string_equal(path, "no-such-program-of-onesdn");
	free(path);
	path = path_self("test_base");
	assert_int_equal(path[0], '/');
	free(path);
}

/* ---- time ---- */

static void test_time(void **state)
{
	(void)state;
	static const struct {
		const char *text;
		int64_t ms;
	} good[] = {
	        {"1970-01-01T00:00:00Z", 0},
	        {"2026-11-23T03:38:28Z", 1795405108000},
	        {"2026-11-23T03:38:28.123456Z", 1795405108123},
	        {"2026-11-23t05:38:28.5+02:00", 1795405108500},
	        {"2000-02-29T00:00:00-00:30", 951784200000},
	        {"1969-12-31T23:59:59Z", -1000},
	        {"0001-01-01T00:00:00Z", -62135596800000},
	};
	for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
		int64_t ms = 1;
		assert_true(time_parse(good[i].text, &ms));
		assert_true(ms == good[i].ms);
	}
	static const char *const bad[] = {"",
	                                  "2026-11-23",
	                                  "2026-11-23T03:38:28",
	                                  "2026-13-01T00:00:00Z",
	                                  "2025-02-29T00:00:00Z",
	                                  "1900-02-29T00:00:00Z",
	                                  "2026-11-23T24:00:00Z",
	                                  "2026-11-23T03:38:28.Z",
	                                  "2026-11-23T03:38:28Zx",
	                                  "2026-11-23T03:38:28+0200",
	                                  "26-11-23T03:38:28Z",
	                                  "2026-00-10T00:00:00Z"};
	int64_t ms = 5;
	for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
		assert_false(time_parse(bad[i], &ms));
	assert_int_equal(ms, 5);
}

static void test_time_format(void **state)
{
	(void)state;
	char out[32];
	for (int64_t ms = -70000000000000; ms < 200000000000000; ms += 777777777777) {
		int64_t back;
		time_format(ms, out);
		if (ms < -62167219200000)
			continue; /* before the year 0 */
		assert_true(time_parse(out, &back));
		assert_true(back <= ms && ms - back < 1000);
	}
	time_format(-1, out);
	assert_string_equal(out, "1969-12-31T23:59:59Z");
	time_format(INT64_MAX, out);
	assert_string_equal(out, "9999-12-31T23:59:59Z");
	time_format(INT64_MIN, out);
	assert_string_equal(out, "0000-01-01T00:00:00Z");
	assert_true(time_wall_ms() > 1700000000000);
}

static void test_age(void **state)
{
	(void)state;
	static const struct {
		int64_t seconds;
		const char *age;
	} cases[] = {
	        {-2, "<invalid>"},  {-1, "0s"},        {0, "0s"},          {119, "119s"},      {120, "2m"},
	        {125, "2m5s"},      {599, "9m59s"},    {600, "10m"},       {10799, "179m"},    {10800, "3h"},
	        {10920, "3h2m"},    {28799, "7h59m"},  {28800, "8h"},      {172799, "47h"},    {172800, "2d"},
	        {176400, "2d1h"},   {691200, "8d"},    {432000, "5d"},     {63071999, "729d"}, {63072000, "2y"},
	        {63158400, "2y1d"}, {252288000, "8y"}, {315360000, "10y"},
	};
	char out[16];
	for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
		time_age(cases[i].seconds * 1000, out);
		assert_string_equal(out, cases[i].age);
	}
	time_age(INT64_MAX, out);
	assert_string_equal(out, "292471208y");
	time_age(INT64_MIN, out);
	assert_string_equal(out, "<invalid>");
}

/* ---- the log ---- */

static void test_log(void **state)
{
	(void)state;
	struct err err = {0};
	char *path = mem_printf("%s/log", dir);
	log_write(LOG_ERROR, "before it is open");
	assert_false(log_open("/nonexistent/log", LOG_INFO, &err));
	assert_true(log_open(path, LOG_INFO, &err));
	log_write(LOG_INFO, "a %s", "b\nc\x1b");
	log_write(LOG_DEBUG, "below the level");
	struct str text = {0};
	assert_true(file_read(path, 1000, &text, &err));
	int64_t when;
	assert_true(text.len > 20);
	text.data[20] = '\0';
	assert_true(time_parse(text.data, &when));
	assert_string_equal(text.data + 21, "info a b\xef\xbf\xbd"
	                                    "c\xef\xbf\xbd\n");
	assert_int_equal(text.len, 21 + strlen(text.data + 21));
	str_finish(&text);
	free(path);
}

/* ---- processes ---- */
static void test_processes(void **state)
{
	(void)state;
	int gate[2];
	assert_true(process_is_alive(getpid()));
	assert_true(process_started(getpid()) > 0);
	assert_false(process_is_alive(0));
	assert_int_equal(process_started(0), -1);
	assert_int_equal(pipe2(gate, O_CLOEXEC), 0);
	pid_t pid = fork();
	if (pid == 0) {
		char byte;
		prctl(PR_SET_NAME, "a ) Z 1 (");
		_exit(read(gate[0], &byte, 1) == 1 ? 0 : 1);
	}
	assert_true(pid > 0);
	assert_true(process_is_alive(pid));
	int64_t started = process_started(pid);
	assert_true(started >= process_started(getpid()));
	assert_int_equal(write(gate[1], "x", 1), 1);
	siginfo_t info;
	assert_int_equal(waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT), 0); /* and stays a zombie */
	assert_int_equal(kill(pid, 0), 0);
	assert_false(process_is_alive(pid));
	assert_int_equal(process_started(pid), -1);
	assert_int_equal(waitpid(pid, NULL, 0), pid);
	assert_false(process_is_alive(pid));
	close(gate[0]);
	close(gate[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_err),
	        cmocka_unit_test(test_err_is_cut_between_characters),
	        cmocka_unit_test(test_err_is_safe_to_print),
	        cmocka_unit_test(test_abort_restores_first),
	        cmocka_unit_test(test_str),
	        cmocka_unit_test(test_shell),
	        cmocka_unit_test(test_text),
	        cmocka_unit_test(test_names),
	        cmocka_unit_test(test_text_to_int),
	        cmocka_unit_test(test_vec),
	        cmocka_unit_test(test_map),
	        cmocka_unit_test(test_utf8_round_trip),
	        cmocka_unit_test(test_utf8_bad),
	        cmocka_unit_test(test_width),
	        cmocka_unit_test(test_width_beside_libc),
	        cmocka_unit_test(test_columns),
	        cmocka_unit_test(test_cut_between_characters),
	        cmocka_unit_test(test_safe),
	        cmocka_unit_test(test_json),
	        cmocka_unit_test(test_json_bad),
	        cmocka_unit_test_setup_teardown(test_files, make_dir, remove_dir),
	        cmocka_unit_test_setup_teardown(test_path_user, make_dir, remove_dir),
	        cmocka_unit_test_setup_teardown(test_path_data, make_dir, remove_dir),
	        cmocka_unit_test(test_path_program),
	        cmocka_unit_test(test_time),
	        cmocka_unit_test(test_time_format),
	        cmocka_unit_test(test_age),
	        cmocka_unit_test(test_processes),
	        cmocka_unit_test_setup_teardown(test_log, make_dir, remove_dir),
	};
	return cmocka_run_group_tests_name("base", tests, NULL, NULL);
}
