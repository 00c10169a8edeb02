/* Rules against secrets: patterns, texts, streams cut everywhere, canvases. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "onesdn/cast.h"

#define JWT "eyJhbGciOiJSUzI1NiIsImtpZCI6.eyJpc3MiOiJrdWJl.c2lnbmF0dXJl-_x"

static struct cast_rules *rules_of(const struct cast_rule *rule)
{
	struct err err = {0};
	struct cast_rules *rules = cast_rules_create();
	if (!cast_rules_add(rules, rule, &err))
		fail_msg("%s", err.text);
	return rules;
}

static struct cast_rules *defaults(void)
{
	struct cast_person person = {.home = "/home/anna", .user = "anna", .host = "laptop"};
	struct cast_rules *rules = cast_rules_create();
	cast_rules_add_defaults(rules, &person);
	return rules;
}

static void assert_text(const struct cast_rules *rules, const char *text, const char *redacted)
{
	struct str out = {0};
	cast_rules_text(rules, text, strlen(text), &out);
	assert_string_equal(str_text(&out), redacted);
	str_finish(&out);
}

static void patterns(void **state)
{
	(void)state;
	static const struct {
		const char *pattern, *text, *redacted;
	} rows[] = {
	        {"abc", "xabcx", "x###x"},
	        {"a.c", "abc aXc ac a\nc", "### ### ac a\nc"},
	        {"[a-c]+", "xxabcabcxx", "xx######xx"},
	        {"[^a-z ]+", "ab12 CD", "ab## ##"},
	        {"a?b", "ab b aab", "## # a##"},
	        {"x{3}", "xx xxx xxxx", "xx ### ###x"},
	        {"x{2,3}y", "xy xxy xxxy xxxxy", "xy ### #### x####"},
	        {"[0-9]{4,}", "123 1234 123456", "123 #### ######"},
	        {"key=([a-z]+)", "key=abc", "key=###"},
	        {"key=([a-z]+);", "key=abc; key=abc", "key=###; key=abc"},
	        {"[a-z]*:([a-z]+)", "aa:bb", "aa:##"},
	        {"\\bab\\b", "ab cab abc ab", "## cab abc ##"},
	        {"[]x]+", "a]x]a", "a###a"},
	        {"[a\\]-]+", "xa]-x", "x###x"},
	        {"\\.\\*", "a.*b", "a##b"},
	        {"\xc3\xa4", "x\xc3\xa4x", "x#x"},
	};
	for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
		struct cast_rules *rules =
		        rules_of(&(struct cast_rule){.name = "r", .pattern = rows[i].pattern, .replacement = "#"});
		assert_text(rules, rows[i].text, rows[i].redacted);
		cast_rules_destroy(rules);
	}
}

static void wrong_patterns(void **state)
{
	(void)state;
	static const char *const wrong[] = {"",       "a*",
	                                    "[a",     "(a",
	                                    "a)",     "(a)(b)",
	                                    "a{",     "a{2",
	                                    "a{3,2}", "a{600}",
	                                    "*a",     "a\\b?",
	                                    "a|b",    "a\\d",
	                                    "[z-a]",  "()a",
	                                    "((a))",  "\\b\\b",
	                                    "a{,3}",  "^a",
	                                    "a\\",    "a{400}b{400}c{400}"};
	for (size_t i = 0; i < sizeof wrong / sizeof *wrong; i++) {
		struct err err = {0};
		struct cast_rules *rules = cast_rules_create();
		if (cast_rules_add(rules, &(struct cast_rule){.name = "mine", .pattern = wrong[i]}, &err))
			fail_msg("\"%s\" was taken for a pattern", wrong[i]);
		assert_non_null(strstr(err.text, "mine"));
		cast_rules_destroy(rules);
	}
	struct cast_rules *rules = cast_rules_create();
	assert_false(cast_rules_add(rules, &(struct cast_rule){.name = "r", .literal = "ab"}, NULL));
	assert_false(cast_rules_add(rules, &(struct cast_rule){.name = "r", .literal = "abc", .pattern = "abc"}, NULL));
	assert_false(cast_rules_add(rules, &(struct cast_rule){.name = "r", .literal = "abc", .replacement = "\033[m"},
	                            NULL));
	assert_false(cast_rules_add(
	        rules, &(struct cast_rule){.name = "r", .literal = "abc", .replacement = "\xe4\xb8\xad"}, NULL));
	assert_int_equal(cast_rules_count(rules), 0);
	cast_rules_destroy(rules);
}

static void default_rules(void **state)
{
	(void)state;
	struct cast_rules *rules = defaults();
	assert_text(rules, "t: " JWT ".", "t: *************************************************************.");
	assert_text(rules, "Authorization: Bearer abcdef0123456789", "Authorization: Bearer ****************");
	assert_text(rules, "http://127.0.0.1:41999/0123456789abcdef0123/api",
	            "http://127.0.0.1:41999/********************/api");
	assert_text(rules, "http://127.0.0.1:8080/healthz", "http://127.0.0.1:8080/healthz");
	assert_text(rules, "cd /home/anna/talk; ls /home/annabel", "cd ~/talk; ls /home/annabel");
	assert_text(rules, "anna@laptop:~$ ", "user@host:~$ ");
	assert_text(rules, "eyJ is short", "eyJ is short");
	struct cast_span spans[4];
	assert_int_equal(cast_rules_match(rules, "/home/anna /home/anna", 21, spans, 4), 2);
	assert_int_equal(spans[1].start, 11);
	assert_int_equal(spans[1].end, 21);
	assert_string_equal(cast_rules_name(rules, spans[1].rule), "home directory");
	cast_rules_destroy(rules);
}

static void kubeconfigs(void **state)
{
	(void)state;
	static const char text[] = "apiVersion: v1\n"
	                           "clusters:\n"
	                           "- name: a\n"
	                           "  cluster: {server: 'https://api.prod.example.com:6443'}\n"
	                           "- name: lab\n"
	                           "  cluster: {server: 'http://127.0.0.1:5555/d0d0cafe1234'}\n"
	                           "users:\n"
	                           "- name: me\n"
	                           "  user: {token: s3cr3t-token, client-key-data: QUJDREVGRw==}\n";
	struct err err = {0};
	struct cast_rules *rules = cast_rules_create();
	assert_true(cast_rules_add_kubeconfig(rules, text, sizeof text - 1, "kubeconfig", &err));
	assert_text(rules, "running at https://api.prod.example.com:6443/x", "running at https://server/x");
	assert_text(rules, "ping api.prod.example.com", "ping server");
	assert_text(rules, "127.0.0.1 http://127.0.0.1:5555/d0d0cafe1234/api",
	            "127.0.0.1 http://127.0.0.1:5555/************/api");
	assert_text(rules, "s3cr3t-token QUJDREVGRw==", "************ ************");
	assert_false(cast_rules_add_kubeconfig(rules, "a: [", 4, "kubeconfig", &err));
	assert_non_null(strstr(err.text, "kubeconfig:"));
	cast_rules_destroy(rules);
}

/* Text that would make a matcher that goes back slow. */
static void is_never_slow(void **state)
{
	(void)state;
	enum { SIZE = 600 };
	char *text = mem_alloc(SIZE);
	memset(text, 'a', SIZE);
	struct cast_rules *rules =
	        rules_of(&(struct cast_rule){.name = "r", .pattern = "[a-z]{2,400}a{1,100}!", .replacement = "#"});
	struct str out = {0};
	cast_rules_text(rules, text, SIZE, &out);
	assert_int_equal(out.len, SIZE);
	str_finish(&out);
	cast_rules_destroy(rules);
	free(text);
}

/* ---- a stream ---- */

struct told {
	struct str text, times; /* "0:abc 5:d " */
};

static void on_told(int64_t at_us, const char *bytes, size_t size, void *user)
{
	struct told *told = user;
	str_append_n(&told->text, bytes, size);
	str_append_f(&told->times, "%lld:%.*s ", (long long)at_us, (int)size, bytes);
}

/* However the stream is cut into writes, what comes out is the same. */
static void assert_stream(const char *text, const char *redacted)
{
	struct cast_rules *rules = defaults();
	size_t len = strlen(text);
	for (size_t first = 0; first <= len; first++)
		for (size_t second = first; second <= len; second += 1 + len / 20) {
			struct told told = {0};
			struct cast_redactor *redactor = cast_redactor_create(rules, on_told, &told);
			cast_redactor_feed(redactor, 0, text, first);
			cast_redactor_feed(redactor, 1, text + first, second - first);
			cast_redactor_feed(redactor, 2, text + second, len - second);
			cast_redactor_flush(redactor);
			assert_string_equal(str_text(&told.text), redacted);
			cast_redactor_destroy(redactor);
			str_finish(&told.text);
			str_finish(&told.times);
		}
	struct told told = {0};
	struct cast_redactor *redactor = cast_redactor_create(rules, on_told, &told);
	for (size_t i = 0; i < len; i++)
		cast_redactor_feed(redactor, (int64_t)i, text + i, 1);
	cast_redactor_flush(redactor);
	assert_string_equal(str_text(&told.text), redacted);
	cast_redactor_destroy(redactor);
	str_finish(&told.text);
	str_finish(&told.times);
	cast_rules_destroy(rules);
}

static void streams(void **state)
{
	(void)state;
	assert_stream("plain \033[1mtext\033[0m\r\n\033[2;3Hend", "plain \033[1mtext\033[0m\r\n\033[2;3Hend");
	assert_stream("cd /home/anna/x\r\n", "cd ~/x\r\n");
	assert_stream("token " JWT "\r\nnext",
	              "token *************************************************************\r\nnext");
	assert_stream("\033[32manna\033[0m@\033[1;34mlaptop\033[0m:~$ ",
	              "\033[32muser@host\033[0m\033[1;34m\033[0m:~$ ");
	assert_stream("/home/an\033]0;title\a"
	              "na/",
	              "~\033]0;title\a"
	              "/");
	assert_stream("/home/an\033[Hna/", "/home/an\033[Hna/"); /* painted in pieces: not one text */
	assert_stream("/home/an\r\nna/", "/home/an\r\nna/");
	assert_stream("x/home/anna", "x/home/anna");
	assert_stream("\033[?25l/home/\033[?25hanna", "\033[?25l~\033[?25h");
	assert_stream("\xc3\xa4\xe2\x94\x80 Bearer abcdefgh\xc3\xa4", "\xc3\xa4\xe2\x94\x80 Bearer ********\xc3\xa4");
	assert_stream("end \033", "end \033");
	assert_stream("\033]52;c;" JWT "\a",
	              "\033]52;c;" JWT "\a"); /* a sequence is nothing to be seen: `term` lets none through */
}

static void keeps_times(void **state)
{
	(void)state;
	struct cast_rules *rules = defaults();
	struct told told = {0};
	struct cast_redactor *redactor = cast_redactor_create(rules, on_told, &told);
	cast_redactor_feed(redactor, 10, "ab /ho", 6);
	assert_string_equal(str_text(&told.times), "10:ab  ");
	cast_redactor_feed(redactor, 20, "me/", 3);
	assert_string_equal(str_text(&told.times), "10:ab  ");
	cast_redactor_feed(redactor, 30, "b/home/", 7);
	cast_redactor_feed(redactor, 40, "anna/x", 6);
	assert_string_equal(str_text(&told.times),
	                    "10:ab  10:/ho 20:me/ 30:b/home/ 40:anna/x "); /* behind a b it is another path */
	str_clear(&told.times);
	cast_redactor_feed(redactor, 50, " /home/", 7);
	cast_redactor_feed(redactor, 60, "anna/x", 6);
	assert_string_equal(str_text(&told.times), "50:  50:~ 60:/x ");
	cast_redactor_destroy(redactor);
	cast_rules_destroy(rules);
	str_finish(&told.text);
	str_finish(&told.times);
}

static void holds_no_more_than_a_bound(void **state)
{
	(void)state;
	struct cast_rules *rules = defaults();
	struct told told = {0};
	struct cast_redactor *redactor = cast_redactor_create(rules, on_told, &told);
	cast_redactor_feed(redactor, 0, "Bearer ", 7);
	char piece[4096];
	memset(piece, 'x', sizeof piece);
	for (int i = 0; i < 25; i++)
		cast_redactor_feed(redactor, i, piece, sizeof piece);
	assert_true(told.text.len > 65536); /* told before the end, and hidden as far as a match goes */
	assert_null(memchr(told.text.data + 7, 'x', 65536 - 7));
	cast_redactor_flush(redactor);
	cast_redactor_destroy(redactor);
	cast_rules_destroy(rules);
	str_finish(&told.text);
	str_finish(&told.times);
}

/* ---- through the writer ---- */

static void writer_redacts(void **state)
{
	(void)state;
	struct cast_rules *rules = defaults();
	struct str out = {0};
	struct cast_header header = {.version = 2, .cols = 80, .rows = 24, .title = "in /home/anna"};
	struct cast_writer *writer = cast_writer_create_text(&out, &header, rules);
	cast_writer_output(writer, 1000000, "a /home", 7);
	cast_writer_output(writer, 2000000, "/anna x", 7);
	cast_writer_marker(writer, 3000000, "at /home/anna");
	assert_true(cast_writer_finish(writer, 3000000, -1, NULL));
	cast_writer_destroy(writer);
	assert_string_equal(str_text(&out), "{\"version\": 2, \"width\": 80, \"height\": 24, \"title\": \"in ~\"}\n"
	                                    "[1.000000, \"o\", \"a \"]\n"
	                                    "[1.000000, \"o\", \"~\"]\n"
	                                    "[2.000000, \"o\", \" x\"]\n"
	                                    "[3.000000, \"m\", \"at ~\"]\n");
	cast_rules_destroy(rules);
	str_finish(&out);
}

/* ---- a canvas ---- */

static void canvases(void **state)
{
	(void)state;
	struct cast_rules *rules = defaults();
	struct canvas *canvas = canvas_create(30, 6);
	struct str out = {0};
	canvas_put(canvas, 0, 0, 30, ROLE_TEXT, 0, "cd /home/anna/talk  && ls");
	canvas_put(canvas, 0, 1, 30, ROLE_OK, ATTR_BOLD, "Bearer abcdefgh0123 x");
	canvas_put(canvas, 0, 2, 30, ROLE_TEXT, 0, "see \xe4\xb8\xad token: eyJhbGciOiJSUzI1");
	canvas_put(canvas, 0, 3, 30, ROLE_TEXT, 0, "NiIs.eyJpc3MiOiJr.c2ln end");
	canvas_put(canvas, 0, 4, 30, ROLE_TEXT, 0,
	           "\xe2\x94\x82"
	           "anna@laptop"
	           "\xe2\x94\x82 /home/anna\xe2\x94\x82");
	assert_int_equal(cast_rules_canvas(rules, canvas, (struct rect){0, 0, 30, 6}), 5);
	canvas_text(canvas, &out);
	assert_string_equal(str_text(&out), "cd ~/talk           && ls\n"
	                                    "Bearer ************ x\n"
	                                    "see \xe4\xb8\xad token: ****************\n"
	                                    "********************** end\n"
	                                    "\xe2\x94\x82user@host  \xe2\x94\x82 ~         \xe2\x94\x82\n"
	                                    "\n");
	assert_int_equal(canvas_at(canvas, 7, 1)->role, ROLE_OK);
	assert_int_equal(canvas_at(canvas, 7, 1)->attrs, ATTR_BOLD);
	assert_int_equal(cast_rules_canvas(rules, canvas, (struct rect){0, 0, 30, 6}), 0);
	assert_int_equal(cast_rules_canvas(rules, canvas, (struct rect){28, 4, 300, 300}), 0);
	canvas_destroy(canvas);
	cast_rules_destroy(rules);
	str_finish(&out);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(patterns),       cmocka_unit_test(wrong_patterns),
	        cmocka_unit_test(default_rules),  cmocka_unit_test(kubeconfigs),
	        cmocka_unit_test(is_never_slow),  cmocka_unit_test(streams),
	        cmocka_unit_test(keeps_times),    cmocka_unit_test(holds_no_more_than_a_bound),
	        cmocka_unit_test(writer_redacts), cmocka_unit_test(canvases),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
