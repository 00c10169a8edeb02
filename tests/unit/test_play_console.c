/* Consoles of virtual machines: stages that speak on one, and its life, against a virtctl that is a script: a login and a
 * real bash on the pane's own terminal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "play/console.h"
#include "show.h"

static const char head[] = "format: 1\n"
                           "title: A test\n"
                           "namespaces: [blue]\n"
                           "promises: [objects.yaml]\n"
                           "vars: {what: it's}\n"
                           "flows:\n"
                           "  - {id: one, from: blue/vm, to: 192.168.200.20, port: tcp/9000}\n"
                           "stages:\n";

static const char objects[] =
        "{apiVersion: kubevirt.io/v1, kind: VirtualMachine, metadata: {name: vm, namespace: blue}, spec: {running: true}}\n";

/* ^] interrupts, as the real one ends by it; `cut` in the guest is what another client does to this one. At the login it waits beside
 * the one that reads: a shell that traps such a signal can miss it just before it reads, or while it starts another. */
static const char virtctl[] =
        "#!/bin/bash\n"
        "cd \"$(dirname \"$0\")/..\"\n"
        "echo \"$@\" >>args\n"
        "if [ -e refuse ]; then echo 'dial tcp: it was refused' >&2; exit 1; fi\n"
        "trap 'kill $!; exit 0' INT\n"
        "stty intr '^]'\n"
        "printf 'Successfully connected to %s console. Press Ctrl+] or Ctrl+5 to exit console.\\r\\n' \"$2\" >&2\n"
        "sh ./login <&0 & wait $! || exit 1\n"
        "stty intr '^C'\n"
        "exec bash --noprofile --rcfile guestrc -i\n";

static const char login[] = "while [ ! -e shell ]; do\n"
                            "\tread -r user || exit 1\n"
                            "\tif [ -z \"$user\" ]; then printf '\\nvm login: '; continue; fi\n"
                            "\tstty -echo; printf 'Password: '; read -r password; stty echo; printf '\\n'\n"
                            "\tif [ \"$user:$password\" = fedora:secret ]; then break; fi\n"
                            "\tprintf '\\nLogin incorrect\\nvm login: '\n"
                            "done\n";

static const char guestrc[] =
        "PS1='[fedora@vm \\W]$ '\n"
        "unset HISTFILE\n"
        "cut() { printf '\\nYou were disconnected from the console. This could be caused by one of the following:\\n'; exit 1; }\n";

#define VMI(uid, phase)                                                                                                                \
	"{\"apiVersion\":\"kubevirt.io/v1\",\"kind\":\"VirtualMachineInstance\",\"metadata\":{\"name\":\"vm\",\"namespace\":\"blue\"," \
	"\"uid\":\"" uid "\"},\"status\":{\"phase\":\"" phase                                                                          \
	"\",\"phaseTransitionTimestamps\":[{\"phase\":\"Scheduling\",\"phaseTransitionTimestamp\":\"2026-01-02T03:04:05Z\"}]}}"

static size_t n_lines_of(const char *name)
{
	char *path = show_path(name);
	struct str text = {0};
	size_t n = 0;
	file_read(path, 65536, &text, NULL);
	for (size_t i = 0; i < text.len; i++)
		n += text.data[i] == '\n';
	str_finish(&text);
	free(path);
	return n;
}

/* ---- a show, and waiting for what it is to come to ---- */

static void open_show(const char *stages)
{
	show_open(head, stages, (struct play_options){0});
}

static int close_left(void **state)
{
	show_close_left(state);
	show_unlink("args");
	show_unlink("refuse");
	show_unlink("shell");
	return 0;
}

static struct play_console console(void)
{
	struct play_console out = {0};
	play_console(show.play, 0, &out);
	return out;
}

static char *screen(void)
{
	struct str text = {0};
	int rows, cols;
	if (console().term) {
		term_size(console().term, &rows, &cols);
		term_text(console().term, -term_scrollback(console().term), rows - 1, 65536, &text);
	}
	return str_take(&text);
}

static bool is_console(const void *what)
{
	return console().state == *(const enum play_console_state *)what;
}

static void wait_console(enum play_console_state state)
{
	static const char *const names[] = {"WAITING", "CONNECTING", "ATTACHED", "DROPPED", "TAKEN", "LEFT"};
	wait_until(is_console, &state, names[state]);
}

static void type(const char *text)
{
	term_write(console().term, text, strlen(text));
}

#define LOGIN "  - {id: login, title: L, console: blue/vm, login: {user: fedora, password: secret}}\n"

/* ---- stages ---- */

static void test_login_and_type(void **state)
{
	(void)state;
	size_t n;
	open_show(
	        LOGIN
	        "  - {id: curl, title: C, console: blue/vm, type: \"echo ans''wer of {what}; echo two\", seen: one,\n"
	        "     check: [{output: answer of it}, {output-matches: '^two$'}]}\n"
	        "  - {id: more, title: M, console: blue/vm, type: \"echo $((20+3))\\ntrue\\n\", check: [{output: 23}]}\n"
	        "  - {id: bare, title: B, console: blue/vm, type: \"printf 'no line%s' s\", check: [{output-matches: '^no lines$'}]}\n"
	        "  - {id: last, title: L, console: blue/vm, type: \"printf 'no line%s' t\", check: [{output-matches: '^no linet$'}]}\n");
	show_feed(VMI("1", "Running"));
	perform(PLAY_DONE);
	assert_string_equal(play_output(show.play), "");
	char *text = screen();
	assert_has(text, "vm login: fedora");
	assert_no(text, "secret");
	free(text);
	play_next(show.play);
	perform(PLAY_DONE);
	assert_string_equal(play_output(show.play), "answer of it's\ntwo\n");
	const struct play_flow *flow = play_flows(show.play, &n);
	assert_int_equal(flow->state, PLAY_FLOW_OK);
	assert_has(flow->note, " s");
	play_next(show.play);
	perform(PLAY_DONE);
	assert_string_equal(play_output(show.play), "23\n");
	play_next(show.play);
	perform(PLAY_DONE);
	play_next(show.play);
	perform(PLAY_DONE);
	assert_int_equal(n_lines_of("args"), 1);
	assert_int_equal(play_n_consoles(show.play), 1);
}

/* What somebody has typed before, whose output stands in front of the prompt. */
static void test_typed_by_hand_before(void **state)
{
	(void)state;
	open_show(
	        LOGIN
	        "  - {id: t, title: T, console: blue/vm, type: \"printf 'no line%s' s\", check: [{output-matches: '^no lines$'}]}\n");
	show_feed(VMI("1", "Running"));
	perform(PLAY_DONE);
	type("printf 'no line%s' s\r");
	wait_screen("no lines[fedora@vm ");
	play_next(show.play);
	perform(PLAY_DONE);
}

static void test_logged_in_already(void **state)
{
	(void)state;
	open_show(LOGIN);
	show_write("shell", "", 0600);
	show_feed(VMI("1", "Running"));
	play_next(show.play);
	wait_message("a shell is logged in on blue/vm already; Space goes on");
	assert_int_equal(play_stage_state(show.play, 0), PLAY_SHOWN);
	play_next(show.play);
	wait_state(PLAY_DONE);
}

static bool has_arrived(const void *what)
{
	(void)what;
	return !play_is_going(show.play);
}

/* On the way to a stage that types nothing: what types on the console behind it finds a shell there. */
static void test_go_past_login(void **state)
{
	(void)state;
	open_show(LOGIN "  - {id: look, title: P, picture: true}\n"
	                "  - {id: type, title: T, console: blue/vm, type: echo $((20+3)), check: [{output: 23}]}\n");
	show_feed(VMI("1", "Running"));
	play_go(show.play, 1);
	wait_until(has_arrived, NULL, "the way there is over");
	assert_int_equal(play_stage_state(show.play, 0), PLAY_DONE);
	play_next(show.play); /* the picture, and on */
	perform(PLAY_DONE);
	assert_string_equal(play_output(show.play), "23\n");
}

static void test_other_user(void **state)
{
	(void)state;
	open_show("  - {id: login, title: L, console: blue/vm, login: {user: root, password: secret}}\n");
	show_write("shell", "", 0600);
	show_feed(VMI("1", "Running"));
	play_next(show.play);
	wait_state(PLAY_FAILED);
	assert_has(play_failure(show.play), "shows \"[fedora@vm ");
	assert_has(play_failure(show.play), "log out there (exit)");
}

static void test_wrong_password(void **state)
{
	(void)state;
	open_show("  - {id: login, title: L, console: blue/vm, login: {user: fedora, password: hidden}}\n");
	show_feed(VMI("1", "Running"));
	perform(PLAY_FAILED);
	assert_has(play_failure(show.play), "expected: a shell after the password");
	assert_has(play_failure(show.play), "correct the user and password");
	assert_no(play_failure(show.play), "hidden");
	char *text = screen();
	assert_no(text, "hidden");
	free(text);
}

static void test_not_logged_in(void **state)
{
	(void)state;
	open_show("  - {id: t, title: T, console: blue/vm, type: date}\n");
	show_feed(VMI("1", "Running"));
	play_next(show.play);
	wait_state(PLAY_FAILED);
	assert_has(play_failure(show.play), "expected: a shell's prompt");
	assert_has(play_failure(show.play), "found:    the console of blue/vm shows \"vm login:\"");
	assert_has(play_failure(show.play), "do:       run the stage that logs in first");
}

static void test_output_that_is_not_there(void **state)
{
	(void)state;
	open_show(
	        LOGIN
	        "  - {id: t, title: T, console: blue/vm, type: \"echo wr''ong\", seen: one, check: [{output: right}]}\n");
	size_t n;
	show_feed(VMI("1", "Running"));
	perform(PLAY_DONE);
	play_next(show.play);
	perform(PLAY_FAILED);
	assert_has(play_failure(show.play), "  wrong\n");
	assert_int_equal(play_flows(show.play, &n)->state, PLAY_FLOW_FAILED);
}

static void test_send_and_expect(void **state)
{
	(void)state;
	open_show(
	        LOGIN
	        "  - {id: a, title: A, console: blue/vm, send: 'cat >/dev/null', expect: {text: nothing of it, within: 500ms}}\n"
	        "  - {id: b, title: B, console: blue/vm, send: {key: ctrl-c}, expect: {pattern: 'fed[a-z]+@vm'}}\n"
	        "  - {id: c, title: C, console: blue/vm, expect: fedora@}\n"
	        "  - {id: d, title: D, console: blue/vm}\n");
	show_feed(VMI("1", "Running"));
	perform(PLAY_DONE);
	play_next(show.play);
	perform(PLAY_FAILED);
	assert_has(play_failure(show.play), "expected: the text \"nothing of it\" on the console within 0.50 s");
	assert_has(play_failure(show.play), "found:    the console of blue/vm shows \"[fedora@vm ");
	play_skip(show.play);
	perform(PLAY_DONE);
	play_next(show.play);
	play_next(show.play); /* nothing is typed: one Space */
	wait_state(PLAY_DONE);
	play_next(show.play);
	play_next(show.play);
	wait_state(PLAY_DONE);
}

static void test_limits(void **state)
{
	(void)state;
	open_show(LOGIN "  - {id: t, title: T, console: blue/vm, type: sleep 60, within: 400ms}\n"
	                "  - {id: u, title: U, console: blue/vm, type: 'echo on'}\n");
	show_feed(VMI("1", "Running"));
	perform(PLAY_DONE);
	play_next(show.play);
	perform(PLAY_FAILED);
	assert_has(play_failure(show.play), "expected: the command ends in its time");
	play_skip(show.play);
	perform(PLAY_DONE); /* Ctrl-C has made room */
}

static void test_enter_in_the_pane(void **state)
{
	(void)state;
	open_show(LOGIN
	          "  - {id: t, title: T, console: blue/vm, type: \"echo by' 'hand\", check: [{output: by hand}]}\n");
	show_feed(VMI("1", "Running"));
	perform(PLAY_DONE);
	play_next(show.play);
	type("garbage");
	play_next(show.play);
	wait_message("Space runs it");
	char *text = screen();
	assert_no(text, "garbageecho");
	free(text);
	type("\r");
	wait_state(PLAY_DONE);
}

static void test_skip_stops_the_command(void **state)
{
	(void)state;
	open_show(LOGIN
	          "  - {id: t, title: T, console: blue/vm, type: (echo go; exec sleep 60)}\n"
	          "  - {id: u, title: U, console: blue/vm, type: 'echo on', undo: \"echo un''done\", changes: true}\n");
	show_feed(VMI("1", "Running"));
	perform(PLAY_DONE);
	play_next(show.play);
	perform(PLAY_RUNNING);
	wait_screen("\ngo\n");
	play_skip(show.play);
	perform(PLAY_DONE);
	play_undo(show.play);
	wait_state(PLAY_PENDING);
	struct str shell = {0};
	term_text(play_shell(show.play, SCENARIO_ADMIN), 0, 23, 65536, &shell);
	assert_has(str_text(&shell), "undone");
	str_finish(&shell);
}

static void test_unattended(void **state)
{
	(void)state;
	show_open(head, LOGIN, (struct play_options){.unattended = true, .limit_ms = 600});
	play_next(show.play);
	wait_state(PLAY_FAILED);
	assert_has(play_failure(show.play), "there is no virtual machine blue/vm yet");
	show_feed(VMI("1", "Running"));
	close_left(NULL);
	show_open(head, LOGIN, (struct play_options){.unattended = true});
	show_feed(VMI("1", "Running"));
	play_next(show.play);
	wait_state(PLAY_DONE);
}

/* ---- the life of a console ---- */

static void open_console(void)
{
	open_show("  - {id: p, title: P, picture: true}\n");
	assert_int_equal(play_console_open(show.play, "blue/vm", NULL), 0);
}

static void test_waits(void **state)
{
	(void)state;
	struct err err;
	open_console();
	assert_int_equal(play_console_open(show.play, "blue/other", &err), TOPO_NONE);
	assert_has(err.text, "there is no virtual machine blue/other");
	assert_int_equal(play_console_open(show.play, "blue/vm", &err), 0);
	assert_has(console().words, "there is no virtual machine blue/vm yet; the console attaches as soon as it runs");
	show_feed(VMI("1", "Scheduling"));
	assert_has(console().words, "blue/vm is Scheduling since ");
	assert_int_equal(n_lines_of("args"), 0);
	show_feed(VMI("1", "Running"));
	wait_console(PLAY_CONSOLE_ATTACHED);
	wait_screen("vm login:"); /* by the carriage return that was sent */
	assert_string_equal(console().words, "");
	assert_string_equal(console().name, "vm");
}

static void test_leave_and_come_back(void **state)
{
	(void)state;
	open_console();
	show_feed(VMI("1", "Running"));
	wait_screen("vm login:");
	type("\x1d");
	wait_console(PLAY_CONSOLE_LEFT);
	assert_has(console().words, "left by ^]");
	type("x");
	assert_int_equal(console().state, PLAY_CONSOLE_LEFT);
	type("\r");
	wait_console(PLAY_CONSOLE_ATTACHED);
	type("\x1d");
	wait_console(PLAY_CONSOLE_LEFT);
	show_feed(VMI("2", "Scheduling")); /* another machine: nobody has left that */
	wait_console(PLAY_CONSOLE_WAITING);
	char *text = screen();
	assert_has(text, "vm login:"); /* what was there stays */
	free(text);
}

static void test_taken_over(void **state)
{
	(void)state;
	show_write("shell", "", 0600);
	open_console();
	show_feed(VMI("1", "Running"));
	wait_screen("[fedora@vm ");
	type("cut\r");
	wait_console(PLAY_CONSOLE_TAKEN);
	assert_has(console().words, "another client has taken over the console of blue/vm; o takes it back");
	assert_int_equal(n_lines_of("args"), 1);
	play_console_attach(show.play, 0);
	wait_console(PLAY_CONSOLE_ATTACHED);
	type("cut\r");
	wait_console(PLAY_CONSOLE_DROPPED);
	show_feed(VMI("1", "Succeeded")); /* it was the machine that went away */
	wait_console(PLAY_CONSOLE_WAITING);
	show_feed(VMI("2", "Running"));
	wait_console(PLAY_CONSOLE_ATTACHED);
}

static void test_drops(void **state)
{
	(void)state;
	show_write("refuse", "", 0600);
	open_console();
	show_feed(VMI("1", "Running"));
	wait_console(PLAY_CONSOLE_DROPPED);
	assert_has(console().words, "was lost: dial tcp: it was refused; it is tried again by itself");
	show_unlink("refuse");
	wait_console(PLAY_CONSOLE_ATTACHED);
}

static bool is_clean(const void *what)
{
	(void)what;
	char *text = screen();
	size_t n = 0;
	for (const char *at = text; (at = strstr(at, "[fedora@vm ")); at++)
		n++;
	bool clean = n >= 1 && !strstr(text, "stty rows");
	free(text);
	return clean;
}

/* The guest's terminal is told the size at the prompt, and nothing of it is left on the screen. */
static void test_size(void **state)
{
	(void)state;
	show_write("shell", "", 0600);
	open_show("  - {id: a, title: A, console: blue/vm, type: stty size, check: [{output: 24 80}]}\n"
	          "  - {id: b, title: B, console: blue/vm, type: stty size, check: [{output: 17 61}]}\n"
	          "  - {id: c, title: C, console: blue/vm, type: sleep 60}\n");
	show_feed(VMI("1", "Running"));
	perform(PLAY_DONE);
	wait_until(is_clean, NULL, "a screen without stty");
	term_resize(console().term, 17, 61);
	play_next(show.play);
	perform(PLAY_DONE);
	wait_until(is_clean, NULL, "a screen without stty");
	play_next(show.play);
	perform(PLAY_RUNNING);
	term_resize(console().term, 24, 80); /* no prompt: nothing is typed into the program */
	char *text = screen();
	assert_no(text, "stty rows");
	free(text);
}

static void test_lines(void **state)
{
	(void)state;
	static const struct {
		const char *line;
		enum console_line kind;
	} rows[] = {
	        {"", CONSOLE_BLANK},
	        {"^C", CONSOLE_BLANK},
	        {"vm-client login: ", CONSOLE_LOGIN},
	        {"vm-client login: fed", CONSOLE_OTHER},
	        {"Password: ", CONSOLE_PASSWORD},
	        {"fedora@10.0.2.2's password: ", CONSOLE_PASSWORD},
	        {"[fedora@vm-client ~]$ ", CONSOLE_SHELL},
	        {"[root@vm ~]# ", CONSOLE_SHELL},
	        {"root@vm:/etc# ", CONSOLE_SHELL},
	        {"fedora@vm ~ % ", CONSOLE_SHELL},
	        {"$ ", CONSOLE_SHELL},
	        {"~ # ", CONSOLE_SHELL},
	        {"bash-5.2$ ", CONSOLE_SHELL},
	        {"[fedora@vm-client ~]$ ls", CONSOLE_OTHER},
	        {"{\"Ok\":[{\"id\":1,\"name\":\"leonardo\"}]}[fedora@vm-client ~]$ ", CONSOLE_SHELL},
	        {"turtles=# ", CONSOLE_OTHER},
	        {"turtles-# ", CONSOLE_OTHER},
	        {"turtles=> ", CONSOLE_OTHER},
	        {"> ", CONSOLE_OTHER},
	        {"progress 50%", CONSOLE_OTHER},
	        {"it costs about 5$", CONSOLE_OTHER},
	        {"[   20.1] random: crng init done", CONSOLE_OTHER},
	};
	for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++) {
		if (console_line_of(rows[i].line) != rows[i].kind)
			fail_msg("\"%s\" is taken for %d, not %d", rows[i].line, (int)console_line_of(rows[i].line),
			         (int)rows[i].kind);
	}
}

static int setup(void **state)
{
	(void)state;
	if (show_make_folder(objects) != 0)
		return -1;
	show.screen = screen;
	char *bin = show_path("bin"), *path = mem_printf("%s:%s", bin, getenv("PATH"));
	assert_int_equal(mkdir(bin, 0700), 0);
	setenv("PATH", path, 1);
	unsetenv("INPUTRC");
	show_write("bin/virtctl", virtctl, 0700);
	show_write("guestrc", guestrc, 0600);
	show_write("login", login, 0600);
	free(bin);
	free(path);
	return 0;
}

static int teardown(void **state)
{
	(void)state;
	static const char *const files[] = {"bin/virtctl", "guestrc", "login"};
	for (size_t i = 0; i < sizeof files / sizeof files[0]; i++)
		show_unlink(files[i]);
	char *bin = show_path("bin");
	rmdir(bin);
	free(bin);
	return show_remove_folder();
}

/* ---- by hand, before Space has shown anything ---- */

static bool is_tried(const void *what)
{
	(void)what;
	return play_tried_by_hand(show.play);
}

static void open_attended(const char *stages)
{
	struct err err = {0};
	open_show(stages);
	play_attend(show.play, true);
	show_feed(VMI("1", "Running"));
	assert_int_not_equal(play_console_open(show.play, "blue/vm", &err), TOPO_NONE);
}

static const char by_hand[] =
        "  - {id: open, title: Open, console: blue/vm, expect: 'vm login:'}\n"
        "  - {id: login, title: Log in, console: blue/vm, login: {user: fedora, password: secret}}\n"
        "  - {id: type, title: Type, console: blue/vm, type: echo w'an'ted, check: [{output: wanted}], seen: one}\n"
        "  - {id: free, title: Free, console: blue/vm, type: echo free}\n"
        "  - {id: expect, title: Expect, console: blue/vm, type: echo g'o'; read -r x, expect: go}\n";

static void test_all_by_hand(void **state)
{
	(void)state;
	size_t n;
	open_attended(by_hand);
	wait_console(PLAY_CONSOLE_ATTACHED);
	assert_int_equal(play_stage_state(show.play, 0), PLAY_PENDING);
	type("\r");
	wait_state(PLAY_DONE);
	assert_has(play_checked(show.play, 0), "the console shows \"vm login:\"");
	play_next(show.play);
	type("fedora\r");
	wait_screen("fedora\nPassword:");
	type("wrong\r");
	wait_screen("Login incorrect");
	assert_int_equal(play_stage_state(show.play, 1), PLAY_PENDING);
	type("fedora\r");
	wait_screen("incorrect\nvm login: fedora\nPassword:");
	type("secret\r");
	wait_state(PLAY_DONE);
	assert_has(play_checked(show.play, 1), "logged in on blue/vm");
	play_next(show.play);
	type("\r"); /* an empty line is no command */
	type("echo other\r");
	wait_until(is_tried, NULL, "a command by hand");
	assert_int_equal(play_stage_state(show.play, 2), PLAY_PENDING);
	type("printf %s wan ted\r"); /* and the prompt stands behind it */
	wait_state(PLAY_DONE);
	assert_has(play_checked(show.play, 2), "the output has \"wanted\"");
	assert_no(play_output(show.play), "printf"); /* what was typed is no output */
	assert_int_equal(play_flows(show.play, &n)[0].state, PLAY_FLOW_OK);
	play_next(show.play);
	type("true\r"); /* nothing but the command itself tells */
	wait_until(is_tried, NULL, "a command by hand");
	assert_int_equal(play_stage_state(show.play, 3), PLAY_PENDING);
	type("echo free\r");
	wait_state(PLAY_DONE);
	play_next(show.play);
	type("echo g''o; read -r x\r");
	wait_state(PLAY_DONE);
	assert_int_equal(n_lines_of("args"), 1);
}

/* What stood there before the stage came into view is nobody's doing; and Space does what is left. */
static void test_by_hand_before(void **state)
{
	(void)state;
	show_write("shell", "", 0600);
	open_attended(LOGIN
	              "  - {id: type, title: T, console: blue/vm, type: echo w'an'ted, check: [{output: wanted}]}\n");
	wait_screen("[fedora@vm");
	type("echo wan''ted\r");
	wait_screen("\nwanted\n");
	play_cluster_changed(show.play);
	play_skip(show.play);
	type("unfinished");
	wait_screen("unfinished");
	assert_int_equal(play_stage_state(show.play, 1), PLAY_PENDING);
	perform(PLAY_DONE);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test(test_lines),
	        cmocka_unit_test_teardown(test_login_and_type, close_left),
	        cmocka_unit_test_teardown(test_typed_by_hand_before, close_left),
	        cmocka_unit_test_teardown(test_logged_in_already, close_left),
	        cmocka_unit_test_teardown(test_go_past_login, close_left),
	        cmocka_unit_test_teardown(test_other_user, close_left),
	        cmocka_unit_test_teardown(test_wrong_password, close_left),
	        cmocka_unit_test_teardown(test_not_logged_in, close_left),
	        cmocka_unit_test_teardown(test_output_that_is_not_there, close_left),
	        cmocka_unit_test_teardown(test_send_and_expect, close_left),
	        cmocka_unit_test_teardown(test_limits, close_left),
	        cmocka_unit_test_teardown(test_enter_in_the_pane, close_left),
	        cmocka_unit_test_teardown(test_skip_stops_the_command, close_left),
	        cmocka_unit_test_teardown(test_unattended, close_left),
	        cmocka_unit_test_teardown(test_waits, close_left),
	        cmocka_unit_test_teardown(test_leave_and_come_back, close_left),
	        cmocka_unit_test_teardown(test_taken_over, close_left),
	        cmocka_unit_test_teardown(test_drops, close_left),
	        cmocka_unit_test_teardown(test_size, close_left),
	        cmocka_unit_test_teardown(test_all_by_hand, close_left),
	        cmocka_unit_test_teardown(test_by_hand_before, close_left),
	};
	cmocka_set_test_filter(getenv("TEST_FILTER"));
	return cmocka_run_group_tests_name("console", tests, setup, teardown);
}
