/* test_doctor_keys: onesdn doctor in a terminal: what it says of it, and the keys of a remote, named as they are pressed; the line is
 * as it was afterwards, whatever ended it. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "onesdn/loop.h"
#include "onesdn/term.h"
#include "pty.h"

enum { SOON = 20000 };
static struct pty pty;

static int set_up(void **state)
{
	static const char *const argv[] = {"bash", "--norc", "--noprofile", NULL};
	(void)state;
	pty_make_dirs();
	char *program = pty_program("onesdn");
	char *env[] = {mem_printf("ONESDN=%s", program), mem_printf("PLACE=%s", pty_dir()), mem_strdup("PS1=$ "), NULL};
	pty_start(&pty, 90, 100, argv, (const char *const *)env);
	for (size_t i = 0; env[i]; i++)
		free(env[i]);
	free(program);
	pty_expect(&pty, SOON, "$");
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	pty_type(&pty, "exit\r"); /* bash does not care for SIGTERM */
	pty_expect_end(&pty, SOON);
	pty_end(&pty);
	pty_finish_dirs();
	return 0;
}

static void listen(void)
{
	pty_type(&pty, "cd $PLACE; stty -a > before; clear; sh -c 'echo $$ > pid; exec $ONESDN doctor --keys'\r");
	pty_expect(&pty, SOON, "Press the remote's buttons");
}

static void expect_line_as_before(void)
{
	pty_type(&pty, "stty -a | cmp - before && echo as be''fore\r");
	pty_expect(&pty, SOON, "as before");
}

static void test_keys(void **state)
{
	(void)state;
	listen();
	pty_type(&pty, "\033[6~");
	pty_expect(&pty, SOON, "pagedown", "next: shows the command");
	pty_type(&pty, "\033[5~");
	pty_expect(&pty, SOON, "pageup", "back one stage");
	pty_type(&pty, "\033[15~");
	pty_expect(&pty, SOON, "f5 ", "close what is open");
	pty_type(&pty, ".");
	pty_expect(&pty, SOON, "blank the screen");
	pty_type(&pty, "\033"); /* alone: the key */
	pty_expect(&pty, SOON, "escape ");
	pty_type(&pty, "\033[21~");
	pty_expect(&pty, SOON, "f10 ", "does nothing in the show");
	pty_type(&pty, "q");
	pty_expect(&pty, SOON, "quit, after asking");
	pty_type(&pty, "q");
	pty_expect(&pty, SOON, "was seen: pageup, pagedown, ., f5, escape", "not seen: b");
	expect_line_as_before();
}

static void test_keys_are_interrupted(void **state)
{
	(void)state;
	listen();
	pty_type(&pty, "\003");
	pty_expect(&pty, SOON, "was seen: none");
	expect_line_as_before();
	listen();
	pty_type(&pty, "x");
	pty_expect(&pty, SOON, "  x ");
	char *terminate = mem_printf("kill -TERM $(cat %s/pid)", pty_dir());
	assert_int_equal(pty_run(&pty, SOON, NULL, (const char *const[]){"sh", "-c", terminate, NULL}), 0);
	free(terminate);
	pty_expect(&pty, SOON, "was seen: none");
	expect_line_as_before();
}

static void test_terminal(void **state)
{
	(void)state;
	pty_type(&pty, "clear; $ONESDN doctor --keys < /dev/null; echo "
	               "st''atus $?\r");
	pty_expect(&pty, SOON, "keys come from a terminal", "status 1");
	/* a PATH without anything: quick, and the terminal is told all the same */
	pty_type(&pty, "clear; PATH=/nowhere $ONESDN doctor overlay; echo st''atus $?\r");
	pty_expect(&pty, SOON, "90 columns, 100 rows", "24-bit colours, TERM=xterm-256color", "the remote's buttons",
	           "status 1");
	pty_resize(&pty, 79, 100);
	pty_type(&pty, "clear; PATH=/nowhere NO_COLOR=1 $ONESDN doctor overlay; echo st''atus $?\r");
	pty_expect(&pty, SOON, "the acts want 80x24", "no colours (TERM=xterm-256color)", "status 1");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_setup_teardown(test_keys, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_keys_are_interrupted, set_up, tear_down),
	        cmocka_unit_test_setup_teardown(test_terminal, set_up, tear_down),
	};
	return cmocka_run_group_tests(tests, NULL, NULL);
}
