/* test_screen: the full screen with a cluster that does not answer, so that what is tested is the screen: keys, sizes, programs in
 * terminal mode, paste, mouse, floods, every way out. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "onesdn/loop.h"
#include "onesdn/term.h"
#include "pty.h"

enum { SOON = 5000 }; /* a deadline, not a wait */

static char *onesdn;
static char kubeconfig[128];
static struct pty pty;

static int make_dirs(void **state)
{
	(void)state;
	static const char nobody[] = "apiVersion: v1\nkind: Config\ncurrent-context: nobody\n"
	                             "clusters: [{name: nobody, cluster: {server: 'http://127.0.0.1:9'}}]\n"
	                             "contexts: [{name: nobody, context: {cluster: nobody, user: ''}}]\n";
	struct err err;
	pty_make_dirs();
	onesdn = pty_program("onesdn");
	snprintf(kubeconfig, sizeof kubeconfig, "%s/kubeconfig", pty_dir());
	return file_write(kubeconfig, nobody, strlen(nobody), 0600, &err) ? 0 : -1;
}

static int remove_dirs(void **state)
{
	(void)state;
	free(onesdn);
	pty_finish_dirs();
	return 0;
}

static int end_show(void **state)
{
	(void)state;
	pty_end(&pty);
	return 0;
}

static void start_live(int cols, int rows)
{
	const char *const argv[] = {onesdn, "show", "overlay", "--type-ms", "0", "--kubeconfig", kubeconfig, NULL};
	pty_start(&pty, cols, rows, argv, NULL);
	pty_expect(&pty, SOON, "1/8", "PLANNED", cols >= 80 && rows < 28 ? "TAB shell" : "$ ");
}

/* ---- terminal mode ---- */
static void run_in_pane(const char *line)
{
	pty_type(&pty, line);
	pty_type(&pty, "\r");
}

/* Some programs throw away what was typed before they end: the next line waits for the prompt. */
static void expect_prompt(void)
{
	pty_expect(&pty, SOON, "│ admin $  ");
}

static void test_programs(void **state)
{
	(void)state;
	start_live(80, 24);
	pty_type(&pty, "i");
	pty_expect(&pty, SOON, "TERMINAL", "leave: F12", "$ ");
	run_in_pane("stty size");
	pty_expect(&pty, SOON, "19 76");
	run_in_pane("seq 1 400 | less");
	pty_expect(&pty, SOON, "\n│ 18 ");
	pty_type(&pty, "G");
	pty_expect(&pty, SOON, "400", "(END)");
	pty_type(&pty, "q");
	expect_prompt();
	run_in_pane("clear; watch -n 60 echo watched");
	pty_expect(&pty, SOON, "Every 60.0s", "watched");
	pty_type(&pty, "\003");
	expect_prompt();
	run_in_pane("clear; top");
	pty_expect(&pty, SOON, "load average", "PID");
	pty_type(&pty, "q");
	expect_prompt();
	run_in_pane("clear; vi -u NONE");
	pty_expect(&pty, SOON, "~");
	pty_type(&pty, "ihello\033:s/hello/goodbye/\r");
	pty_expect(&pty, SOON, "goodbye");
	pty_type(&pty, ":q!\r");
	expect_prompt();
	run_in_pane("clear; echo back a''gain"); /* not as the line that is typed has it */
	pty_expect(&pty, SOON, "│ back again ", "│ admin $  ");
	pty_type(&pty, "\033[24~"); /* F12 */
	pty_expect(&pty, SOON, "STAGE");
	pty_type(&pty, "z");
	pty_type(&pty, "q");
	assert_int_equal(pty_expect_end(&pty, SOON), 0);
}

static void test_escape_twice(void **state)
{
	(void)state;
	start_live(100, 30);
	pty_type(&pty, "i");
	pty_expect(&pty, SOON, "TERMINAL");
	run_in_pane("clear; echo rea''dy; cat -v");
	pty_expect(&pty, SOON, "│ ready");
	pty_type(&pty, "\033[24~\033[24~\r");
	pty_expect(&pty, SOON, "^[[24~", "TERMINAL");
	pty_type(&pty, "\003\033[24~");
	pty_expect(&pty, SOON, "STAGE");
}

static void test_paste(void **state)
{
	(void)state;
	start_live(100, 30);
	pty_type(&pty, "\033[200~q q q\033[201~");
	pty_expect(&pty, SOON, "Pasted text goes to the terminal only");
	pty_type(&pty, "i");
	pty_expect(&pty, SOON, "TERMINAL");
	run_in_pane("clear; echo rea''dy; cat -v");
	pty_expect(&pty, SOON, "│ ready");
	pty_type(&pty, "\033[200~hostile \033[31m\033]0;title\007 \001\002 text\r\033[201~\r");
	pty_expect(&pty, SOON, "hostile", "text");
	assert_false(pty_has(&pty, "^A"));
	assert_false(pty_has(&pty, "^G"));
	pty_type(&pty, "\003");
	expect_prompt();
	run_in_pane("clear; printf "
	            "'\\033[1;2;3;4;5;6;7;8;9;10;11;12;13;14;15;16;17;18;19m\\033]52;c;aGFsbG8=\\007\\033P1$"
	            "r\\033\\\\still here\\n'");
	pty_expect(&pty, SOON, "│ still here");
}

static void test_flood(void **state)
{
	(void)state;
	start_live(100, 30);
	pty_type(&pty, "i");
	pty_expect(&pty, SOON, "TERMINAL");
	run_in_pane("yes flooding the pane");
	pty_expect(&pty, SOON, "│ flooding the pane");
	pty_type(&pty, "\033[24~");
	pty_expect(&pty, 1000, "STAGE");
	for (int i = 0; i < 20; i++) {
		pty_type(&pty, "f");
		pty_expect(&pty, 1000, "FLOW");
		pty_type(&pty, "f");
		pty_expect_gone(&pty, 1000, "FLOW");
	}
	pty_type(&pty, "i\003");
	pty_expect(&pty, SOON, "TERMINAL");
}

/* ---- sizes and keys ---- */
static void test_resize(void **state)
{
	(void)state;
	start_live(100, 30);
	for (int i = 0; i < 60; i++)
		pty_resize(&pty, 20 + i * 37 % 200, 5 + i * 23 % 60);
	pty_resize(&pty, 20, 5);
	pty_expect(&pty, SOON, "1/8", "PLANNED");
	pty_resize(&pty, 10, 3);
	pty_expect(&pty, SOON, "too small");
	pty_resize(&pty, 200, 60);
	pty_expect(&pty, SOON, "Simple overlay ▸ 1/8", "podclient", "$ ", "? help");
	pty_resize(&pty, 80, 24);
	pty_expect(&pty, SOON, "TAB shell", "? help");
}

static void test_keys(void **state)
{
	(void)state;
	start_live(100, 30);
	pty_settle(&pty, 1000, SOON); /* also what it has to say of a cluster that is not there */
	char *before = pty_screen(&pty);
	pty_type(&pty, "xyzzyXYZ1234567890!@#$%^&*()_+~`\033[24~\033[15~zz\033");
	pty_settle(&pty, 300, SOON);
	char *after = pty_screen(&pty);
	assert_string_equal(before, after); /* x, Y, ! ... are nobody's; z goes and comes back */
	free(before);
	free(after);
	pty_type(&pty, ":theme li\t\r");
	pty_expect_gone(&pty, SOON, ":theme");
	pty_type(&pty, ":theme nosuch\r");
	pty_expect(&pty, SOON, "nosuch");
	pty_type(&pty, ":frobnicate\r");
	pty_expect(&pty, SOON, "There is no command \"frobnicate\"");
	pty_type(&pty, "/yellow\r");
	pty_expect(&pty, SOON, "tenantyellow/yellow-server", "/yellow");
	pty_type(&pty, "\033");
	pty_expect_gone(&pty, SOON, "/yellow ─");
	pty_type(&pty, "g");
	pty_expect(&pty, SOON, "stages", "Clean up");
	pty_type(&pty, "\033[B\033[B\r");
	pty_expect(&pty, SOON, "3/8");
	pty_type(&pty, ":stage cleanup\r");
	pty_expect(&pty, SOON, "8/8");
	pty_type(&pty, ".");
	pty_expect_gone(&pty, SOON, "8/8");
	pty_type(&pty, " ");
	pty_expect(&pty, SOON, "8/8");
	pty_type(&pty, "c");
	pty_expect(&pty, SOON, "no virtual machine");
	pty_type(&pty, "?");
	pty_expect(&pty, SOON, "Stage mode: the keys drive the show", "Space Enter");
}

static void test_mouse(void **state)
{
	(void)state;
	start_live(100, 30);
	pty_type(&pty, "\033[<0;20;24M\033[<0;20;24m");
	pty_expect(&pty, SOON, "TERMINAL");
	run_in_pane("seq 1 100");
	pty_expect(&pty, SOON, "│ 100 ");
	pty_type(&pty, "\033[<64;20;24M");
	pty_expect(&pty, SOON, "3 lines back");
	pty_type(&pty, "\033[<65;20;24M");
	pty_expect_gone(&pty, SOON, "lines back");
	pty_type(&pty, "\033[<0;20;3M\033[<0;20;3m");
	pty_expect(&pty, SOON, "STAGE");
}

/* Stopped as a job of the shell that it was started in, and brought back. */
static void test_suspend(void **state)
{
	(void)state;
	const char *const argv[] = {"bash", "--norc", "-i", NULL};
	const char *const env[] = {"PS1=outer> ", "HISTFILE", NULL};
	pty_start(&pty, 100, 30, argv, env);
	pty_expect(&pty, SOON, "outer>");
	char *line = mem_printf("%s show overlay --kubeconfig %s\r", onesdn, kubeconfig);
	pty_type(&pty, line);
	free(line);
	pty_expect(&pty, SOON, "PLANNED", "$ ", "? help");
	pty_type(&pty, "\032");
	pty_expect(&pty, SOON, "Stopped", "outer>");
	assert_false(term_is_altscreen(pty.term));
	pty_type(&pty, "fg\r");
	pty_expect(&pty, SOON, "PLANNED", "? help");
	pty_type(&pty, "f");
	pty_expect(&pty, SOON, "FLOW");
	pty_type(&pty, "fq");
	pty_expect(&pty, SOON, "outer>");
	pty_type(&pty, "exit\r");
	pty_expect_end(&pty, SOON);
}

static bool mouse_is(struct pty *of, void *user)
{
	return term_wants_mouse(of->term) == *(bool *)user;
}

/* What asks, what refuses, what is found. */
static void test_commands(void **state)
{
	(void)state;
	start_live(100, 30);
	pty_type(&pty, "u");
	pty_expect(&pty, SOON, "? Undo \"Create the tenants' namespaces\"?", "y yes  n no");
	pty_type(&pty, " ");
	pty_expect_gone(&pty, SOON, "? Undo");
	pty_type(&pty, ":act nosuch\r");
	pty_expect(&pty, SOON, "✗", "nosuch");
	static const char bad[] = "format: 1\ntitle: Bad\nstages:\n  - {id: a, titel: b, run: 'true'}\n  - {id: a, "
	                          "run: 'true', sleep: 3}\n";
	char path[160], line[200];
	snprintf(path, sizeof path, "%s/bad.yaml", pty_dir());
	assert_true(file_write(path, bad, strlen(bad), 0600, NULL));
	snprintf(line, sizeof line, ":act %s\r", path);
	pty_type(&pty, line);
	pty_expect(&pty, SOON, "✗", "bad.yaml:1:", "w more");
	pty_type(&pty, "w");
	pty_expect(&pty, SOON, "what went wrong", "bad.yaml:4:", "bad.yaml:5:");
	pty_type(&pty, "w");
	pty_expect_gone(&pty, SOON, "what went wrong");
	pty_type(&pty, ":act ov\t\r");
	pty_expect(&pty, SOON, "1/8", "$ ");
	pty_type(&pty, ":layout zoom\r:la\t\r");
	pty_expect(&pty, SOON, "Layout talk");
	pty_type(&pty, ":mouse off\r");
	pty_expect(&pty, SOON, "outer terminal");
	bool wanted = false;
	assert_true(pty_wait(&pty, SOON, mouse_is, &wanted));
	pty_type(&pty, ":mouse on\r");
	pty_expect(&pty, SOON, "The mouse is the program's");
	wanted = true;
	assert_true(pty_wait(&pty, SOON, mouse_is, &wanted));
	pty_type(&pty, ":help stage\r");
	pty_expect(&pty, SOON, ":stage [N|ID]");
	pty_type(&pty, ":shell workload-owner\r");
	pty_expect(&pty, SOON, "TERMINAL", "WORKLOAD OWNER", "$ ");
	run_in_pane("clear; echo I am $ONESDN_PERSONA");
	pty_expect(&pty, SOON, "I am workload-owner");
	pty_type(&pty, "\033[24~");
	pty_expect(&pty, SOON, "STAGE");
	pty_type(&pty, "\003");
	pty_expect(&pty, SOON, "q quits");
	pty_type(&pty, "/blue-s\r");
	pty_expect(&pty, SOON, "tenantblue/blue-server  planned");
}

/* ---- ways out ---- */
static void test_quit_asks(void **state)
{
	(void)state;
	start_live(100, 30);
	pty_type(&pty, " ");
	pty_expect(&pty, SOON, "SPACE run");
	pty_type(&pty, "i\033[24~");
	pty_type(&pty, "q");
	assert_int_equal(pty_expect_end(&pty, SOON), 0); /* shown, not run: nothing to ask about */
}

static void test_quit_asks_of_a_program(void **state)
{
	(void)state;
	start_live(100, 30);
	pty_type(&pty, "iecho begun-$((6*7)); sleep 600\r");
	pty_expect(&pty, SOON, "begun-42");
	pty_type(&pty, "\033[24~q");
	pty_expect(&pty, SOON, "A program runs in the terminal");
	pty_type(&pty, "y");
	assert_int_equal(pty_expect_end(&pty, SOON), 0);
}

static void start_in_shell(const char *command)
{
	char *line = mem_printf("%s; echo \"status $?\"; stty -a; echo all of it", command);
	const char *const argv[] = {"bash", "-c", line, NULL};
	pty_start(&pty, 100, 40, argv, NULL);
	free(line);
}

static void test_locale(void **state)
{
	static const struct {
		const char *locale, *frame;
	} cases[] = {{"LC_ALL=C", "+- overlay"},
	             {"LC_ALL= LC_CTYPE= LANG=POSIX", "+- overlay"},
	             {"LC_ALL=nn_NN.UTF-8", "╭─ overlay"},
	             {"LC_ALL= LC_CTYPE= LANG=", "╭─ overlay"}};
	(void)state;
	for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
		char *line = mem_printf("env %s %s show overlay --kubeconfig %s", cases[i].locale, onesdn, kubeconfig);
		start_in_shell(line);
		free(line);
		pty_expect(&pty, SOON, cases[i].frame, "PLANNED");
		pty_type(&pty, "q");
		pty_expect(&pty, SOON, "all of it");
		end_show(state);
	}
}

static void expect_restored(void)
{
	pty_expect(&pty, SOON, "all of it", "isig icanon", " echo ", "opost ");
	assert_false(term_is_altscreen(pty.term));
	assert_false(term_wants_mouse(pty.term));
	int x, y;
	assert_true(term_cursor(pty.term, &x, &y));
}

static void expect_restored_after(int signum)
{
	/* exec leaves the pid that was noted to the program */
	char *line = mem_printf("(echo $BASHPID >%s/pid; exec %s show overlay --kubeconfig %s)", pty_dir(), onesdn,
	                        kubeconfig);
	start_in_shell(line);
	free(line);
	pty_expect(&pty, SOON, "PLANNED", "? help");
	assert_true(term_is_altscreen(pty.term));
	struct err err;
	struct str text = {0};
	char path[128];
	int64_t pid;
	snprintf(path, sizeof path, "%s/pid", pty_dir());
	assert_true(file_read(path, 100, &text, &err));
	text.data[strcspn(text.data, "\n")] = '\0';
	assert_true(text_to_int(text.data, 2, INT32_MAX, &pid));
	str_finish(&text);
	kill((pid_t)pid, signum);
	expect_restored();
}

static void test_crash(void **state)
{
	(void)state;
	expect_restored_after(SIGSEGV);
	pty_expect(&pty, SOON, "status 139");
}

static void test_term(void **state)
{
	(void)state;
	expect_restored_after(SIGTERM);
	pty_expect(&pty, SOON, "status 0");
}

static void test_hangup(void **state)
{
	(void)state;
	expect_restored_after(SIGHUP);
	pty_expect(&pty, SOON, "status 0");
}

/* ---- before the screen ---- */
static void expect_refused(int status, const char *line, const char *words)
{
	char *all = mem_printf("%s; echo \"status $?.\"", line), want[32];
	const char *const argv[] = {"bash", "-c", all, NULL};
	snprintf(want, sizeof want, "status %d.", status);
	pty_start(&pty, 100, 30, argv, NULL);
	pty_expect(&pty, SOON, want, words);
	assert_false(term_is_altscreen(pty.term));
	free(all);
	pty_end(&pty);
}

static void test_refused(void **state)
{
	(void)state;
	char path[160], line[512];
	struct err err;
	snprintf(path, sizeof path, "%s/bad.yaml", pty_dir());
	static const char bad[] = "title: Bad\nstages:\n  - {id: a, titel: b, run: 'true'}\n";
	assert_true(file_write(path, bad, strlen(bad), 0600, &err));
	snprintf(line, sizeof line, "cd %s; %s show ./bad.yaml", pty_dir(), onesdn);
	expect_refused(1, line, "bad.yaml:3:");
	snprintf(line, sizeof line, "%s show --nosuch", onesdn);
	expect_refused(2, line, "unknown option --nosuch");
	snprintf(line, sizeof line, "%s nosuchact", onesdn);
	expect_refused(2, line, "neither a command nor an act");
	snprintf(line, sizeof line, "TERM=dumb %s", onesdn);
	expect_refused(1, line, "TERM is dumb");
	snprintf(line, sizeof line, "TERM=nosuchterm %s", onesdn);
	expect_refused(1, line, "nosuchterm");
	snprintf(line, sizeof line, "%s </dev/null", onesdn);
	expect_refused(1, line, "standard input is not a terminal");
	snprintf(line, sizeof line,
	         "mkdir -p $XDG_CONFIG_HOME/onesdn; echo 'layuot: talk' >$XDG_CONFIG_HOME/onesdn/config.yaml; %s; "
	         "s=$?; rm $XDG_CONFIG_HOME/onesdn/config.yaml; (exit $s)",
	         onesdn);
	expect_refused(1, line, "config.yaml:1: there is no setting");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(test_programs, end_show),
	        cmocka_unit_test_teardown(test_escape_twice, end_show),
	        cmocka_unit_test_teardown(test_paste, end_show),
	        cmocka_unit_test_teardown(test_flood, end_show),
	        cmocka_unit_test_teardown(test_resize, end_show),
	        cmocka_unit_test_teardown(test_keys, end_show),
	        cmocka_unit_test_teardown(test_mouse, end_show),
	        cmocka_unit_test_teardown(test_quit_asks, end_show),
	        cmocka_unit_test_teardown(test_quit_asks_of_a_program, end_show),
	        cmocka_unit_test_teardown(test_locale, end_show),
	        cmocka_unit_test_teardown(test_crash, end_show),
	        cmocka_unit_test_teardown(test_term, end_show),
	        cmocka_unit_test_teardown(test_hangup, end_show),
	        cmocka_unit_test_teardown(test_refused, end_show),
	        cmocka_unit_test_teardown(test_suspend, end_show),
	        cmocka_unit_test_teardown(test_commands, end_show),
	};
	return cmocka_run_group_tests_name("screen", tests, make_dirs, remove_dirs);
}
