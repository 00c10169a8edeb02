/* test_show: the full screen as a presenter has it, on a real lab of its own: the walk by Space alone, the cluster changed by
 * hand, the lab killed and brought back, programs in terminal mode, every way out. */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cmocka.h>

#include "lab.h"
#include "onesdn/loop.h"
#include "onesdn/term.h"

static struct pty pty;

static int end_show(void **state)
{
	(void)state;
	pty_end(&pty);
	lab_shell("kubectl delete namespace tenantblue tenantyellow --ignore-not-found");
	return 0;
}

static void start(int cols, int rows, const char *option, const char *value)
{
	const char *const argv[] = {lab_onesdn(), "show", "overlay", "--type-ms", "0", option, value, NULL};
	pty_start(&pty, cols, rows, argv, NULL);
}

static void start_live(int cols, int rows)
{
	start(cols, rows, NULL, NULL);
	pty_expect(&pty, LAB, "LIVE", "1/8");
}

/* ---- the walk ---- */
/* One stage: shown, run, done; then on to the next. */
static void walk_stage(int number)
{
	char title[16];
	snprintf(title, sizeof title, "%d/8 ", number);
	pty_expect(&pty, SOON, title);
	pty_type(&pty, " ");
	pty_expect(&pty, STAGE, number == 2 || number == 3 ? "SPACE apply" : "SPACE run", "$ ");
	pty_type(&pty, " ");
	pty_expect(&pty, STAGE, "✓ ", "SPACE next");
	pty_expect_gone(&pty, SOON, "◐");
}

static void walk(int cols, int rows)
{
	start_live(cols, rows);
	for (int stage = 1; stage <= 7; stage++) {
		if (stage > 1)
			pty_type(&pty, " ");
		walk_stage(stage);
		if (stage == 2)
			pty_expect(&pty, SOON, "green-network");
		if (stage == 4)
			pty_expect(&pty, SOON, "● podclient", "● blue-server", "● yellow-server", "192.168.200.");
	}
	pty_expect(&pty, SOON, "│ blue-server", "│ yellow-server", "✓ tcp/9000");
	pty_type(&pty, "f");
	pty_expect(&pty, SOON, "✓ podclient ─▶ blue-server tcp/9000 ", "✓ podclient ─▶ yellow-server tcp/9000 ",
	           "POLICIES");
	char *screen = pty_screen(&pty);
	const char *first = strstr(screen, "connected after");
	assert_true(first && strstr(first + 1, "connected after"));
	free(screen);
	pty_type(&pty, "f ");
	walk_stage(8);
	pty_expect(&pty, SOON, "○ podclient");
}

static void test_walk(void **state)
{
	(void)state;
	walk(100, 32);
}

static void test_walk_large(void **state)
{
	(void)state;
	walk(200, 60);
}

static void test_walk_small(void **state)
{
	(void)state;
	start_live(80, 24);
	pty_type(&pty, " ");
	pty_expect(&pty, STAGE, "kubectl create namespace", "shell", "SPACE run"); /* the terminal has come forward */
	pty_type(&pty, " ");
	pty_expect(&pty, STAGE, "✓ ", "╭─ tenantblue"); /* and the diagram when it is done */
	pty_type(&pty, "\t");
	pty_expect(&pty, SOON, "namespace/tenantyellow created");
	pty_type(&pty, "  ");
	pty_expect(&pty, SOON, "01-netconfig.yaml", "to be applied", "NetworkAttachmentDefinition");
	pty_type(&pty, "p");
	pty_expect(&pty, SOON, "1/8");
	pty_type(&pty, "u");
	pty_expect(&pty, SOON, "Undo \"Create");
	pty_type(&pty, "n");
	pty_expect_gone(&pty, SOON, "Undo \"Create");
	pty_type(&pty, "u");
	pty_expect(&pty, SOON, "Undo \"Create");
	pty_type(&pty, "y");
	pty_expect_gone(&pty, STAGE, "╭─ tenantblue");
}

/* With nothing happening nothing is written and nothing wakes up. */
static void test_idle(void **state)
{
	(void)state;
	start_live(100, 30);
	pty_expect_idle(&pty, 3000, LAB);
	pty_type(&pty, "?");
	pty_expect(&pty, SOON, "help");
	pty_expect_idle(&pty, 2000, LAB);
}

/* ---- the cluster changed by hand ---- */
static void test_by_hand(void **state)
{
	(void)state;
	start_live(120, 36);
	pty_expect(&pty, SOON, "┌┄");
	assert_int_equal(lab_shell("kubectl create namespace tenantblue"), 0);
	pty_expect(&pty, SOON, "╭─ tenantblue");
	assert_int_equal(
	        lab_shell(
	                "kubectl run -n tenantblue stranger --image=registry.k8s.io/e2e-test-images/agnhost:2.36 -- pause"),
	        0);
	pty_expect(&pty, STAGE, "● stranger");
	assert_int_equal(lab_shell("kubectl delete -n tenantblue pod stranger --now"), 0);
	pty_expect_gone(&pty, STAGE, "stranger");
}

static void test_lab_killed(void **state)
{
	(void)state;
	start_live(100, 30);
	assert_int_equal(
	        lab_shell(
	                "kill -9 $(sed 's/.*\"guard\":\\([0-9]*\\).*/\\1/' \"$XDG_RUNTIME_DIR\"/onesdn/lab/state.json)"),
	        0);
	pty_expect(&pty, STAGE, "STALE since ");
	pty_type(&pty, "?");
	pty_expect(&pty, SOON, "help");
	pty_type(&pty, "\033");
	free(lab_do("up"));
	pty_expect(&pty, STAGE, "LIVE");
	walk_stage(1);
	pty_expect(&pty, SOON, "╭─ tenantblue");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
	        cmocka_unit_test_teardown(test_walk, end_show),
	        cmocka_unit_test_teardown(test_idle, end_show),
	        cmocka_unit_test_teardown(test_walk_large, end_show),
	        cmocka_unit_test_teardown(test_walk_small, end_show),
	        cmocka_unit_test_teardown(test_by_hand, end_show),
	        cmocka_unit_test_teardown(test_lab_killed, end_show),
	};
	return cmocka_run_group_tests_name("show", tests, lab_set_up, lab_tear_down);
}
